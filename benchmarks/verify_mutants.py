"""Does `clti verify` see mistakes? `python benchmarks/verify_mutants.py --seed 1 --number 100 [--examples] [--hours N]`.

Mutants of the rules are drawn by a seed among those that the tests notice, or else nine mistakes that a reader chose
(--examples). All are in one copy of the program (`switched_mutants.py`), which is compiled once; with each of them in force the
base scenario is checked until a check fails (`checking_mutants.py`). The answers are printed, and the share that fails.

Answers are kept in --results, so that a run that --hours cut short goes on where it ended; one counts as long as the mutant's
file reads as it did. --again asks once more about those that failed no check, after the checks were sharpened.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from checking_mutants import NO_ANSWER, NONE_FAILS, SILENT, UNFIT
from mutants import ROOT, Mutant, mutants_of
from mutation import digest, reasons
from mutation_areas import AREAS
from switched_mutants import changed_function, write_switched

UNFINISHED = "not finished"
RULES = "simulator/rules/pathway"
EXAMPLES = (
    (f"{RULES}/procedure.py", "therapy.plateau_sd * z - tcpo2(life, t))", "therapy.plateau_sd * z)"),
    (f"{RULES}/procedure.py", "life.step_next[k] = t + therapy.loss_days / DAYS_PER_YEAR", "life.step_next[k] = t"),
    (f"{RULES}/procedure.py", "number < therapy.most", "number <= therapy.most"),
    (
        f"{RULES}/referral.py",
        "policy.marker_sensitivity if present else 1.0 - policy.marker_specificity",
        "policy.marker_specificity if present else 1.0 - policy.marker_sensitivity",
    ),
    ("simulator/living/outcomes.py", "when = life.last_dose_at + params", "when = life.first_dose_at + params"),
    (f"{RULES}/repeat_dose.py", "Stream.DECISION_ERROR, life.doses)", "Stream.DECISION_ERROR, 0)"),
    (f"{RULES}/risks.py", "(params.reference_tcpo2 - params.recurrence_reference_tcpo2)", "0.0"),
    (f"{RULES}/response.py", "-params.recovery_waning_share * height", "params.recovery_waning_share * height"),
    (f"{RULES}/response.py", "if patient.small_ev_high > 0.5 else", "if patient.small_ev_high < 0.5 else"),
)
"""Nine mistakes: file, what it reads, what it reads now."""


def examples() -> list[Mutant]:
    """The nine mistakes. Raises ValueError if a file no longer reads so."""
    found = []
    for file, before, after in EXAMPLES:
        text = (ROOT / file).read_text(encoding="utf-8")
        if text.count(before) != 1:
            raise ValueError(f"{file} does not read {before!r} once")
        found.append(Mutant(file, "", "example", f"{before} -> {after}", text.replace(before, after)))
    return found


def named(mutant: Mutant) -> tuple[str, str]:
    """What an answer holds for: the change, in this text."""
    return mutant.name, digest(mutant.text)


class Answers:
    """What `clti verify` says of mutants, one line of JSON each."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        self._known = {(row["mutant"], row["text"]): row["answer"] for row in map(json.loads, lines)}

    def of(self, mutant: Mutant) -> str | None:
        """The last answer, if there is one for this text."""
        return self._known.get(named(mutant))

    def found_by(self) -> dict[str, int]:
        """How many mutants each check found."""
        return Counter(answer.split()[0] for answer in self._known.values() if answer not in (*SILENT, UNFIT))


def drawn(seed: int, number: int) -> list[Mutant]:
    """Mutants of the rules that the tests notice (`mutation.py` lists the others), in an order drawn by the seed."""
    files = sorted({file for area in AREAS for file in area.files() if file.startswith("simulator/rules/")})
    unnoticed = reasons()
    mutants = [mutant for file in files for mutant in mutants_of(file) if mutant.name not in unnoticed]
    random.Random(seed).shuffle(mutants)
    return mutants[:number]


def ask(
    mutants: list[Mutant], missing: list[Mutant], patients: int, cache: Path, answers: Answers, deadline: float
) -> None:
    """Have those `missing` of the mutants checked, in one copy of the program that holds all, so that it is compiled once; those
    that no function can hold have a copy each, compiled anew."""
    with tempfile.TemporaryDirectory() as folder:
        sources = sorted((ROOT / "simulator").rglob("*.py"))
        state = digest(*(file.read_text(encoding="utf-8") for file in sources))
        seconds = answers.path.with_name(f"verify_seconds_{state}_{patients}.json").resolve()
        together = [mutant for mutant in mutants if changed_function(mutant)]
        shared = [mutant for mutant in missing if mutant in together]
        for some in [shared] * bool(shared) + [[mutant] for mutant in missing if mutant not in together]:
            if time.monotonic() > deadline:
                return
            program = Path(tempfile.mkdtemp(dir=folder))
            for part in ("simulator", "calibration", "scenarios"):
                shutil.copytree(ROOT / part, program / part, ignore=shutil.ignore_patterns("__pycache__"))
            shutil.copy(ROOT / "pyproject.toml", program)  # by which a checkout is known
            write_switched(program, together)
            if some is not shared:
                (program / some[0].file).write_text(some[0].text, encoding="utf-8")
            request = {
                "mutants": [(together.index(each) + 1 if some is shared else 0, *named(each)) for each in some],
                "found_by": answers.found_by(),
                "until": time.time() + deadline - time.monotonic(),
                "answers": str(answers.path.resolve()),
                "seconds": str(seconds),
            }
            (program / "request.json").write_text(json.dumps(request), encoding="utf-8")
            script = str(Path(__file__).with_name("checking_mutants.py"))
            own = {"CLTI_CACHE": str(cache.resolve()), "PYTHONPATH": str(program)}
            subprocess.run(
                [sys.executable, script, str(patients)], cwd=program, env=os.environ | own, check=some is shared
            )


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--number", type=int, default=100)
    parser.add_argument("--patients", type=int, default=4_000)
    parser.add_argument("--examples", action="store_true", help="nine mistakes that a reader chose")
    parser.add_argument("--hours", type=float, default=1e3, help="stop after so long with what there is")
    parser.add_argument(
        "--cache", type=Path, default=ROOT / "clti-out" / "cache", help="compiled code, named by content"
    )
    parser.add_argument("--results", type=Path, default=ROOT / "clti-out" / "verify_mutants.jsonl")
    parser.add_argument("--again", action="store_true", help="ask once more about those that failed no check")
    chosen = parser.parse_args()
    deadline = time.monotonic() + 3600.0 * chosen.hours
    answers = Answers(chosen.results)
    mutants = examples() if chosen.examples else drawn(chosen.seed, chosen.number)
    again = SILENT if chosen.again else (None,)
    missing = [mutant for mutant in mutants if answers.of(mutant) in (None, *again)]
    ask(mutants, missing, chosen.patients, chosen.cache, answers, deadline)
    answers = Answers(chosen.results)  # of processes of their own
    found = {mutant: answers.of(mutant) or UNFINISHED for mutant in mutants}
    for mutant in mutants:
        print(f"{mutant.name}\n    {found[mutant]}")
    told = Counter(found.values())
    seen = len(mutants) - told[NONE_FAILS] - told[NO_ANSWER] - told[UNFINISHED]
    print(
        f"{seen} of {len(mutants)} mutants fail a check of clti verify, {told[NONE_FAILS]} fail none; {told[NO_ANSWER]} gave no "
        f"answer and {told[UNFINISHED]} were not finished"
    )
    return 0 if seen >= 0.8 * len(mutants) else 1


if __name__ == "__main__":
    raise SystemExit(main())
