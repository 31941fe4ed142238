"""Which tests are asked about which source file: the quick ones of its area, its own first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Area:
    """Source files (patterns below the package) and the tests that are asked about each of them."""

    sources: tuple[str, ...]
    tests: tuple[str, ...]

    def files(self) -> Iterator[str]:
        """The files, from the root of the repository."""
        for pattern in self.sources:
            yield from (path.relative_to(ROOT).as_posix() for path in sorted((ROOT / "simulator").glob(pattern)))


AREAS = (
    Area(("pathway/*.py", "perfusion.py", "hazards.py", "draws.py"), ("tests/rules",)),
    Area(
        tuple(f"population/{name}.py" for name in ("arteries", "criteria", "description", "enrolment", "patient")),
        ("tests/rules",),
    ),
)


def tests_of(file: str) -> list[str]:
    """The tests of a source file: those named after it, then those of its area."""
    own = [path for path in (f"tests/rules/test_{Path(file).stem}.py",) if (ROOT / path).exists()]
    return own + [test for area in AREAS if file in set(area.files()) for test in area.tests]
