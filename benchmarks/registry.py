"""How long does an export take? `python benchmarks/registry.py [people] [fit]`.

Prints seconds of processor time for reading cells, proposing a mapping and reading people, of an export with a line a person and
one with a line a visit; with `fit`, also for placing the hospital and setting observed beside expected. Wanted: 100,000 rows
read and mapped in 10 s, fitted in two minutes on two cores.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from made_up_exports import SHAPES, made_up  # noqa: E402

from simulator.questions.registry.export.cells import export_in  # noqa: E402
from simulator.questions.registry.export.proposal import propose  # noqa: E402
from simulator.questions.registry.people.people import people_of  # noqa: E402

PEOPLE = 100_000
ANSWERS = {"titled": {}, "visits": {"row": "visit", "amputations": "major"}}
"""Shapes measured, and what their mapping wants answered."""


def main() -> None:
    """Measure both shapes at the size asked for."""
    people = int(sys.argv[1]) if len(sys.argv) > 1 else PEOPLE
    for shape, answers in ANSWERS.items():
        content = SHAPES[shape](made_up(people if shape == "titled" else people // 3, 3))
        begun = time.process_time()
        export = export_in(content, "export.csv")
        read = time.process_time()
        mapping = propose(export).mapping
        if answers:
            sex = mapping.fields["sex"].model_copy(update={"codes": {"1": "male", "2": "female"}})
            mapping = mapping.model_copy(update={**answers, "fields": {**mapping.fields, "sex": sex}})
        proposed = time.process_time()
        found = people_of(export, mapping)
        done = time.process_time()
        print(
            f"{shape}: {len(export.rows):,} rows, {len(found):,} people: cells {read - begun:.1f} s,"
            f" mapping {proposed - read:.1f} s, people {done - proposed:.1f} s, in all {done - begun:.1f} s"
        )
        if shape == "titled" and "fit" in sys.argv:
            fitted(content)


def fitted(content: bytes) -> None:
    """Time the whole command on an export, by the clock and by processor time."""
    from simulator.face.patients import patients

    with TemporaryDirectory() as folder:
        file = Path(folder) / "export.csv"
        file.write_bytes(content)
        clock, begun = time.perf_counter(), time.process_time()
        patients(file)
        print(
            f"whole: {time.perf_counter() - clock:.0f} s by the clock, {time.process_time() - begun:.0f} s of processors"
        )


if __name__ == "__main__":
    main()
