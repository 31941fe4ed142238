"""From names to streams of luck: the one scheme for everything random that is not a patient's own.

A use of luck has a name (``"chains", "2"``). Its stream is Philox4x64 with the SHA-256 of the name and the seed as key, so
that no two uses share numbers, a new use changes no other, and nobody adds constants to seeds. Where a whole simulation
wants a seed of its own, `seed_of` gives one. A patient's own luck is drawn by `simulator.draws` from (seed, patient,
stream, occurrence).
"""

from __future__ import annotations

import hashlib

import numpy as np

SEPARATOR = ":"


def _word(name: str) -> int:
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "little")


def generator(seed: int, *name: object) -> np.random.Generator:
    """The stream of a use of luck: a function of `seed` (0 to 2**64 - 1) and the words of its name."""
    key = np.array([_word(SEPARATOR.join(map(str, name))), seed], dtype=np.uint64)
    return np.random.Generator(np.random.Philox(key=key))


def seed_of(seed: int, *name: object) -> int:
    """A seed (0 to 2**64 - 1) for a simulation of its own, by the words of its name."""
    return _word(SEPARATOR.join(map(str, (seed, *name))))
