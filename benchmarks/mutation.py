"""Do the tests see mistakes? `python benchmarks/mutation.py [--only pathway] [--sample N] [--changed REF] [--hours N]`.

Every line of the rules, the loop and the closed forms is changed in every way of `mutation_operators.py`, one at a time, and
the quick tests of its file (`mutation_areas.py`) run without the compiler. A change that no test notices is a survivor; those
that nothing observable depends on are listed with the reason in `mutation_survivors.toml`.

Cosmic Ray says what to change and its operators change it; `mutant_sessions.py` runs the tests. Results are kept in --results,
and a second run takes only what is missing there. A run that --hours cuts short tries as large a share of every file as it can,
in an order drawn once by --seed, so that its score is that of a fair sample; where that is too little to try any, it tries the
files that come first, which are drawn in proportion to their mutants. What is running when the time is up is left out.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import importlib
import json
import os
import random
import sys
import time
import tomllib
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from mutant_sessions import judge_all
from mutants import ROOT, Mutant, changed_since, mutants_of
from mutation_areas import AREAS, tests_of

REASONS = Path(__file__).with_name("mutation_survivors.toml")
WANTED = 0.95
"""The share of mutants that tests must notice."""
HEAVY = (
    "numpy",
    "numba",
    "scipy.stats",
    "scipy.optimize",
    "scipy.integrate",
    "pandas",
    "simpy",
    "pytest",
    "hypothesis",
)


def digest(*texts: str) -> str:
    """A name for texts."""
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()[:16]


def state_of_tests(tests: Iterable[str]) -> str:
    """Changes with every test file and what tests share."""
    files = {file for test in tests for file in ([ROOT / test] if test.endswith(".py") else (ROOT / test).glob("*.py"))}
    return digest(
        *(file.read_text(encoding="utf-8") for file in sorted(files | set((ROOT / "tests").glob("[!t]*.py"))))
    )


class Results:
    """Outcomes so far, one line of JSON each: a result holds for the same text of the file and the same tests."""

    def __init__(self, path: Path, trust_kills: bool) -> None:
        self.path, self.trust_kills = path, trust_kills
        self._known: dict[str, dict[str, str]] = {}
        self._states: dict[str, str] = {}
        if path.exists():
            for line in path.read_text(encoding="utf-8").splitlines():
                row = json.loads(line)
                self._known[row["mutant"]] = row

    def _marks(self, mutant: Mutant) -> dict[str, str]:
        if mutant.file not in self._states:
            self._states[mutant.file] = state_of_tests(tests_of(mutant.file))
        return {"text": digest(mutant.text), "tests": self._states[mutant.file]}

    def of(self, mutant: Mutant) -> str | None:
        """The outcome, if it is known for this text and these tests."""
        row = self._known.get(mutant.name)
        if row is None:
            return None
        if self.trust_kills and row["outcome"] != "survived":
            return row["outcome"]
        return row["outcome"] if row | self._marks(mutant) == row else None

    def add(self, mutant: Mutant, found: str) -> None:
        """Keep an outcome, and say so if the mutant survives."""
        row = {"mutant": mutant.name, "operator": mutant.operator, "outcome": found} | self._marks(mutant)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")
        if found == "survived":
            sys.stderr.write(f"survives: {mutant.name}\n")


def reasons() -> dict[str, str]:
    """Why nothing observable depends on a change, by mutant."""
    if not REASONS.exists():
        return {}
    rows = tomllib.loads(REASONS.read_text(encoding="utf-8")).get("survivor", [])
    return {f"{row['file']}::{row['function']}: {row['change']}": row["reason"] for row in rows}


def report(mutants: list[Mutant], results: Results, whole: bool) -> bool:
    """Print the score per file and the survivors. Whether enough mutants die and every survivor has its reason.

    With every mutant of the `whole` files, reasons for changes that are none any more are told.
    """
    known = reasons()
    unexplained = []
    print(f"\n{'file':<48}{'mutants':>8}{'run':>7}{'noticed':>9}{'score':>8}")
    total = noticed = 0
    for file in sorted({mutant.file for mutant in mutants}):
        of_file = [mutant for mutant in mutants if mutant.file == file]
        found = {mutant: results.of(mutant) for mutant in of_file}
        run = [mutant for mutant in of_file if found[mutant] is not None]
        dead = [mutant for mutant in run if found[mutant] != "survived"]
        total, noticed = total + len(run), noticed + len(dead)
        share = f"{len(dead) / len(run):.1%}" if run else ""
        print(f"{file:<48}{len(of_file):>8}{len(run):>7}{len(dead):>9}{share:>8}")
        unexplained += [mutant for mutant in run if found[mutant] == "survived" and mutant.name not in known]
        for mutant in run:
            if found[mutant] == "survived":
                why = known.get(mutant.name, "NO REASON")
                print(f"    {mutant.function or 'module'}: {mutant.change}\n        {why}")
    if not total:
        print("\nno mutant was tried" if mutants else "\nnothing to change")
        return not mutants
    names = {mutant.name for mutant in mutants}
    files = {mutant.file for mutant in mutants}
    gone = [name for name in known if whole and name.split("::")[0] in files and name not in names]
    for name in gone:
        print(f"\nlisted, but no change of the program as it is: {name}")
    noticed_share = noticed / total
    print(
        f"\n{noticed} of {total} mutants noticed ({noticed_share:.1%}); {len(unexplained)} survivors without a reason"
    )
    return noticed_share >= WANTED and not unexplained and not gone


def first_of_each_file(mutants: list[Mutant], number: int) -> list[Mutant]:
    """The first so many of each file, in the order that they have."""
    taken: Counter[str] = Counter()
    chosen = []
    for mutant in mutants:
        taken[mutant.file] += 1
        if taken[mutant.file] <= number:
            chosen.append(mutant)
    return chosen


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--only", default="", help="files whose path contains this")
    parser.add_argument("--sample", type=int, metavar="N", help="at most so many mutants of each file, drawn by --seed")
    parser.add_argument("--changed", metavar="REF", help="only functions that differ from this commit")
    parser.add_argument("--hours", type=float, default=1e3, help="stop after so long with what there is")
    parser.add_argument("--seed", type=int, default=1, help="of the order of mutants, and so of files in a short run")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--results", type=Path, default=ROOT / "clti-out" / "mutation.jsonl")
    parser.add_argument("--trust-kills", action="store_true", help="do not try again what other tests noticed")
    parser.add_argument("--list", action="store_true", help="print the mutants and run nothing")
    chosen = parser.parse_args()
    deadline = time.monotonic() + 3600.0 * chosen.hours
    files = sorted({file for area in AREAS for file in area.files() if chosen.only in file})
    mutants = [
        mutant
        for file in files
        for mutant in mutants_of(file, None if chosen.changed is None else changed_since(chosen.changed, file))
    ]
    random.Random(chosen.seed).shuffle(mutants)
    whole = chosen.changed is None and chosen.sample is None
    if chosen.sample is not None:
        mutants = first_of_each_file(mutants, chosen.sample)
    if chosen.list:
        for mutant in mutants:
            print(mutant.name)
        return 0
    results = Results(chosen.results, chosen.trust_kills)
    missing = [mutant for mutant in mutants if results.of(mutant) is None]
    print(f"{len(mutants)} mutants, {len(missing)} to run")
    os.environ |= {"NUMBA_DISABLE_JIT": "1", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    os.chdir(ROOT)
    sys.path.insert(0, str(ROOT))
    for name in HEAVY:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    judge_all(missing, deadline, chosen.workers, results.add)
    results = Results(chosen.results, chosen.trust_kills)
    return 0 if report(mutants, results, whole) else 1


if __name__ == "__main__":
    raise SystemExit(main())
