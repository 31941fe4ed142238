"""Does `clti verify` see mistakes? `python benchmarks/verify_mutants.py --seed 1 --number 100 [--examples] [--hours N]`.

Mutants of the rules are drawn by a seed among those that the tests notice, or else nine mistakes that a reader chose
(--examples). Each is written into a copy of the program, which is compiled anew (a minute or two) and checked on the base
scenario until a check fails. The share that fails is printed, and what does not fail is named.

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
from pathlib import Path

from mutant_sessions import judge_all
from mutants import ROOT, Mutant, mutants_of
from mutation import digest
from mutation_areas import AREAS

LONGEST = 900.0
"""Seconds after which a mutant is given up: it gives no answer, which is not a failed check."""
PROGRAM = """
import sys
from simulator.questions.verify.subject.subject import Subject
from simulator.questions.verify.verification import _run, all_checks
from simulator.scenario import load_scenario

subject = Subject.of(load_scenario(), int(sys.argv[1]), 1)
for check in all_checks():
    found, status = _run(check, subject)
    if status == "fail":
        print(check.id, check.changed, "|", found)
        raise SystemExit(1)
"""
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


class Answers:
    """What is known of mutants, one line of JSON each: whether the tests notice one, and which check fails."""

    def __init__(self, path: Path) -> None:
        self.path = path
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        self._known = {(row["what"], row["mutant"], row["text"]): row["answer"] for row in map(json.loads, lines)}

    def of(self, what: str, mutant: Mutant) -> str | None:
        """The answer to `what` ("tests" or "verify"), if it is known for this text."""
        return self._known.get((what, mutant.name, digest(mutant.text)))

    def add(self, what: str, mutant: Mutant, answer: str) -> None:
        """Keep an answer: the last one counts."""
        row = {"what": what, "mutant": mutant.name, "text": digest(mutant.text), "answer": answer}
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")
        self._known[what, mutant.name, row["text"]] = answer


def drawn(seed: int, number: int, deadline: float, answers: Answers) -> list[Mutant]:
    """Mutants of the rules that the tests notice, the first so many in an order drawn by the seed."""
    files = sorted({file for area in AREAS for file in area.files() if file.startswith("simulator/rules/")})
    mutants = [mutant for file in files for mutant in mutants_of(file)]
    random.Random(seed).shuffle(mutants)
    mutants = mutants[: number + number // 10 + 1]
    before = dict(os.environ)
    os.environ |= {"NUMBA_DISABLE_JIT": "1", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    sys.path.insert(0, str(ROOT))
    missing = [mutant for mutant in mutants if answers.of("tests", mutant) is None]
    judge_all(missing, deadline, 1, lambda mutant, outcome: answers.add("tests", mutant, outcome))
    os.environ.clear()
    os.environ |= before
    answers = Answers(answers.path)  # the sessions are processes of their own
    return [mutant for mutant in mutants if answers.of("tests", mutant) == "killed"][:number]


def verified(mutant: Mutant, patients: int, cache: Path) -> str:
    """What the first failed check says; "" if none fails; "no answer" after too long."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "program"
        for part in ("simulator", "calibration", "scenarios"):
            shutil.copytree(ROOT / part, copy / part, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(ROOT / "pyproject.toml", copy)  # by which a checkout is known
        (copy / mutant.file).write_text(mutant.text, encoding="utf-8")
        own = {"CLTI_CACHE": str(cache.resolve()), "PYTHONPATH": str(copy)}
        try:
            run = subprocess.run(
                [sys.executable, "-c", PROGRAM, str(patients)],
                cwd=copy,
                env=os.environ | own,
                capture_output=True,
                text=True,
                timeout=LONGEST,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return "no answer"
    if run.returncode == 0:
        return ""
    return (run.stdout or run.stderr).strip().splitlines()[-1]


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
    mutants = examples() if chosen.examples else drawn(chosen.seed, chosen.number, deadline, answers)
    answers = Answers(chosen.results)
    if not mutants:
        print("no mutant that the tests notice was found in the time")
        return 1
    sound = Mutant(mutants[0].file, "", "", "", (ROOT / mutants[0].file).read_text(encoding="utf-8"))
    if fault := verified(sound, chosen.patients, chosen.cache):
        print(f"a check fails without any change: {fault}")
        return 1
    seen = tried = silent = 0
    for mutant in mutants:
        found = answers.of("verify", mutant)
        if found is None or (chosen.again and not found):
            if time.monotonic() > deadline:
                continue
            found = verified(mutant, chosen.patients, chosen.cache)
            answers.add("verify", mutant, found)
        tried += 1
        silent += found == "no answer"
        seen += found not in {"", "no answer"}
        print(f"{mutant.name}\n    {found or 'NO CHECK FAILS'}", flush=True)
    print(f"{seen} of {tried} mutants fail a check of clti verify; {silent} gave no answer")
    return 0 if seen >= 0.8 * tried else 1


if __name__ == "__main__":
    raise SystemExit(main())
