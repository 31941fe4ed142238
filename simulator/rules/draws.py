"""A patient's luck: draws that are pure functions of (seed, patient, stream, occurrence).

Generator: Philox4x32-10, counter-based (Salmon, Moraes, Dror, Shaw. Parallel random numbers: as easy as 1, 2, 3.
SC11 2011, doi:10.1145/2063384.2063405). The counter is (patient low word, patient high word, stream, occurrence) and
the key is the seed, so no draw depends on how many were made before, by whom or where.
"""

from __future__ import annotations

from math import log, sqrt
from typing import Any

import numpy as np

from simulator.compiling import compiled, compiled_in_place

Word = int | np.uint64

_MASK = np.uint64(0xFFFFFFFF)
_SHIFT = np.uint64(32)
_ROUND_A = np.uint64(0xD2511F53)
_ROUND_B = np.uint64(0xCD9E8D57)
_WEYL_A = np.uint64(0x9E3779B9)
_WEYL_B = np.uint64(0xBB67AE85)
_DROP = np.uint64(6)


@compiled_in_place
def philox(c0: Word, c1: Word, c2: Word, c3: Word, k0: Word, k1: Word) -> tuple[Word, Word, Word, Word]:
    """Ten rounds of Philox4x32 on 32-bit words held in unsigned 64-bit integers."""
    x0, x1, x2, x3 = np.uint64(c0), np.uint64(c1), np.uint64(c2), np.uint64(c3)
    a, b = np.uint64(k0), np.uint64(k1)
    for _ in range(10):
        p0 = _ROUND_A * x0
        p1 = _ROUND_B * x2
        x0, x1, x2, x3 = (p1 >> _SHIFT) ^ x1 ^ a, p1 & _MASK, (p0 >> _SHIFT) ^ x3 ^ b, p0 & _MASK
        a = (a + _WEYL_A) & _MASK
        b = (b + _WEYL_B) & _MASK
    return x0, x1, x2, x3


@compiled_in_place
def draw(seed: Word, patient: Word, stream: int, occurrence: int) -> float:
    """Uniform on the open interval (0, 1), on a grid of 2**52 midpoints, so that neither end can occur."""
    s, p = np.uint64(seed), np.uint64(patient)
    x0, x1, _, _ = philox(p & _MASK, p >> _SHIFT, np.uint64(stream), np.uint64(occurrence), s & _MASK, s >> _SHIFT)
    return (float(x0 >> _DROP) * 67108864.0 + float(x1 >> _DROP) + 0.5) * 2.220446049250313e-16


@compiled
def uniform(seed: Word, patient: Word, stream: int, occurrence: int) -> float:
    """One `draw`."""
    return draw(seed, patient, stream, occurrence)


@compiled
def fill(u: Any, streams: Any, seed: Word, patient: Word, occurrence: int) -> None:
    """The draws of several streams, into `u`: together they take a ninth of the time, because the compiler makes vectors.

    It does so for a multiple of eight, and because all that a draw takes is written into this loop.
    """
    for k in range(u.shape[0]):
        u[k] = draw(seed, patient, streams[k], occurrence)


@compiled
def budget(seed: Word, patient: Word, stream: int, occurrence: int) -> float:
    """Unit-exponential budget of cumulative hazard."""
    return -log(uniform(seed, patient, stream, occurrence))


@compiled
def normal(seed: Word, patient: Word, stream: int, occurrence: int) -> float:
    """Standard normal deviate, by inversion, so that it moves smoothly with its parameters."""
    return normal_quantile(uniform(seed, patient, stream, occurrence))


@compiled
def normal_quantile(p: float) -> float:
    """Quantile of the standard normal distribution, about 16 digits.

    Source: algorithm AS 241 (PPND16), Wichura, J R Stat Soc C 1988;37:477, doi:10.2307/2347330.
    """
    q = p - 0.5
    if abs(q) <= 0.425:
        r = 0.180625 - q * q
        num = (
            (
                (
                    (
                        ((2509.0809287301226727 * r + 33430.575583588128105) * r + 67265.770927008700853) * r
                        + 45921.953931549871457
                    )
                    * r
                    + 13731.693765509461125
                )
                * r
                + 1971.5909503065514427
            )
            * r
            + 133.14166789178437745
        ) * r + 3.387132872796366608
        den = (
            (
                (
                    (
                        ((5226.495278852545925 * r + 28729.085735721942674) * r + 39307.89580009271061) * r
                        + 21213.794301586595867
                    )
                    * r
                    + 5394.1960214247511077
                )
                * r
                + 687.1870074920579083
            )
            * r
            + 42.313330701600911252
        ) * r + 1.0
        return q * num / den
    r = p if q < 0.0 else 1.0 - p
    r = sqrt(-log(r))
    if r <= 5.0:
        r -= 1.6
        num = (
            (
                (
                    (
                        ((7.7454501427834140764e-4 * r + 0.0227238449892691845833) * r + 0.24178072517745061177) * r
                        + 1.27045825245236838258
                    )
                    * r
                    + 3.64784832476320460504
                )
                * r
                + 5.7694972214606914055
            )
            * r
            + 4.6303378461565452959
        ) * r + 1.42343711074968357734
        den = (
            (
                (
                    (
                        ((1.05075007164441684324e-9 * r + 5.475938084995344946e-4) * r + 0.0151986665636164571966) * r
                        + 0.14810397642748007459
                    )
                    * r
                    + 0.68976733498510000455
                )
                * r
                + 1.6763848301838038494
            )
            * r
            + 2.05319162663775882187
        ) * r + 1.0
    else:
        r -= 5.0
        num = (
            (
                (
                    (
                        ((2.01033439929228813265e-7 * r + 2.71155556874348757815e-5) * r + 0.0012426609473880784386) * r
                        + 0.026532189526576123093
                    )
                    * r
                    + 0.29656057182850489123
                )
                * r
                + 1.7848265399172913358
            )
            * r
            + 5.4637849111641143699
        ) * r + 6.6579046435011037772
        den = (
            (
                (
                    (
                        ((2.04426310338993978564e-15 * r + 1.4215117583164458887e-7) * r + 1.8463183175100546818e-5) * r
                        + 7.868691311456132591e-4
                    )
                    * r
                    + 0.0148753612908506148525
                )
                * r
                + 0.13692988092273580531
            )
            * r
            + 0.59983220655588793769
        ) * r + 1.0
    return -num / den if q < 0.0 else num / den
