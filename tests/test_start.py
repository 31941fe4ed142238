"""What a command imports before it answers."""

from __future__ import annotations

import subprocess
import sys

import pytest

ASK = """
import sys
from simulator.cli.app import build
try:
    build()(sys.argv[1:])
except SystemExit as end:
    assert not end.code
print(*(name for name in ("matplotlib", "numba", "scipy.optimize", "scipy.stats") if name in sys.modules))
"""


@pytest.mark.parametrize(
    ("words", "needed"),
    [
        ("samplesize survival --hazard-ratio 0.7 --power 0.8", ""),
        ("samplesize single-arm --p0 0.5 --p1 0.7", "scipy.optimize scipy.stats"),
    ],
)
def test_a_table_needs_no_figures_and_no_compiler(words: str, needed: str) -> None:
    """A sample size comes within half a second, because only what its formula needs is imported."""
    done = subprocess.run([sys.executable, "-c", ASK, *words.split()], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == needed


def test_parameters_are_drawn_without_scipys_distributions() -> None:
    """Drawing every parameter and reading its limits imports neither scipy.stats nor the optimizers, half a second each."""
    ask = (
        "import sys; from simulator.evidence import load_register; from simulator.evidence.distributions import limits, sample;"
        "register = load_register(); sample(register, 3, 1); print([limits(each) for each in register.parameters][:1]);"
        "print(*(name for name in ('scipy.optimize', 'scipy.stats') if name in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == ""
