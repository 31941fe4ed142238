"""Run `clti verify` with one mutant after the other in force, in a program that `switched_mutants.py` wrote.

    python benchmarks/checking_mutants.py PATIENTS        # in the program's folder, which has a request.json

Each mutant is a fork of the process that has read the compiled code, in which checks run until one fails, those first that
found most mutants, then those that take least time; the long ones only once every mutant has met the short ones. An answer is a
line of JSON.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

NO_ANSWER, NONE_FAILS = "no answer", "no check fails"
SILENT = (NO_ANSWER, NONE_FAILS)
"""Answers that are no failed check."""
UNFIT = "every check stops with an error: it cannot be compiled"
SHORT = 8.0
"""Processor seconds of the checks that every mutant meets first."""
LONGEST = 900.0
"""Seconds of the clock after which a mutant is given up."""


def cpu() -> float:
    """Seconds of the processor that this process and those that it began have taken."""
    both = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(each.ru_utime + each.ru_stime for each in both)


def first_failure(checks: Sequence[Any], seconds: dict[str, float], patients: int) -> str:
    """What the first check says that fails; "" if none does. Ends this process where a check takes ten times as long as it does
    on the program as it is."""
    from simulator.questions.verify.subject.subject import Subject
    from simulator.questions.verify.verification import FAIL, _run
    from simulator.scenario import load_scenario

    subject = Subject.of(load_scenario(), patients, 1)
    for check in checks:
        # What loops forever does not come back to the interpreter: the signal ends the process.
        signal.setitimer(signal.ITIMER_PROF, 10.0 * seconds.get(check.id, LONGEST) + 10.0)
        found, status = _run(check, subject)
        if status == FAIL:
            return f"{check.id} {check.changed} | {found}"
    signal.setitimer(signal.ITIMER_PROF, 0.0)
    return ""


def sound_seconds(patients: int) -> dict[str, float]:
    """Processor seconds of each check on the program as it is. Raises SystemExit if one fails."""
    from simulator.questions.verify.subject.subject import Subject
    from simulator.questions.verify.verification import FAIL, _run, all_checks
    from simulator.scenario import load_scenario

    subject = Subject.of(load_scenario(), patients, 1)
    seconds = {}
    for check in all_checks():
        before = cpu()
        found, status = _run(check, subject)
        if status == FAIL:
            raise SystemExit(f"a check fails without any change: {check.id} {check.changed} | {found}")
        seconds[check.id] = cpu() - before
    return seconds


def answer_of(checks: Sequence[Any], seconds: dict[str, float], patients: int, number: int) -> str:
    """The answer of a mutant, from a fork of this process."""
    from simulator.mutant_switch import choose

    out, into = os.pipe()
    child = os.fork()
    if child == 0:
        os.setsid()
        choose(number)
        said = first_failure(checks, seconds, patients)
        os.write(into, (said.replace("\n", " ")[:1_000] or NONE_FAILS).encode())
        os._exit(0)
    os.close(into)
    end = time.monotonic() + LONGEST
    while os.waitpid(child, os.WNOHANG) == (0, 0):
        if time.monotonic() > end:
            os.killpg(child, signal.SIGKILL)
        time.sleep(0.05)
    with os.fdopen(out, "rb") as pipe:
        said = pipe.read().decode()
    return said or NO_ANSWER


def within(checks: Sequence[Any], seconds: dict[str, float], longest: float) -> int:
    """How many checks, in their order, take so many processor seconds together."""
    spent = 0.0
    for number, check in enumerate(checks):
        spent += seconds[check.id]
        if spent > longest:
            return number
    return len(checks)


def main() -> None:
    """The command."""
    from simulator.questions.verify.verification import all_checks

    patients, request = int(sys.argv[1]), json.loads(Path("request.json").read_text(encoding="utf-8"))
    kept = Path(request["seconds"])
    if kept.exists():
        seconds = json.loads(kept.read_text(encoding="utf-8"))
        # What is read of the compiled code before the fork is read once.
        first_failure([check for check in all_checks() if check.id in ("A16", "B01")], seconds, patients)
    else:
        seconds = sound_seconds(patients)
        kept.write_text(json.dumps(seconds), encoding="utf-8")
        sys.stderr.write(f"all checks pass on the program as it is, in {sum(seconds.values()):.0f} s\n")
    unfit_file = Path("simulator/unfit.txt")
    unfit = set(map(int, unfit_file.read_text().split())) if unfit_file.exists() else set()
    found_by = Counter[str](request["found_by"])
    met: dict[int, set[str]] = {}
    for longest in (SHORT, LONGEST):
        for number, mutant, text in request["mutants"]:
            if time.time() > request["until"]:
                return
            if longest > SHORT and number not in met:
                continue
            order = sorted(all_checks(), key=lambda check: (-found_by[check.id], seconds[check.id]))
            checks = [check for check in order if check.id not in met.get(number, ())]
            checks = checks[: within(checks, seconds, longest)]
            answer = UNFIT if number in unfit else answer_of(checks, seconds, patients, number)
            if answer == NONE_FAILS and longest == SHORT:
                met[number] = {check.id for check in checks}
                continue
            if answer not in (*SILENT, UNFIT):
                found_by[answer.split()[0]] += 1
            with Path(request["answers"]).open("a", encoding="utf-8") as file:
                file.write(json.dumps({"mutant": mutant, "text": text, "answer": answer}) + "\n")


if __name__ == "__main__":
    main()
