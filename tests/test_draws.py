"""A patient's luck: the generator, its distributions, its independence, and the numbers that may never change."""

from __future__ import annotations

from enum import IntEnum

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special, stats

from simulator.compiling import compiled
from simulator.rules.draws import budget, normal, normal_quantile, philox, uniform
from simulator.words import vocabulary

WORD = 0xFFFFFFFF


@compiled
def many(kind: int, seed: int, count: int, stream: int) -> np.ndarray:
    """Draws of `count` patients: uniforms (0), budgets (1) or normals (2)."""
    draws = np.empty(count)
    for i in range(count):
        if kind == 0:
            draws[i] = uniform(seed, i, stream, 0)
        elif kind == 1:
            draws[i] = budget(seed, i, stream, 0)
        else:
            draws[i] = normal(seed, i, stream, 0)
    return draws


@pytest.mark.parametrize(
    ("counter", "key", "answer"),
    [  # Random123 1.14, tests/kat_vectors, philox4x32 with 10 rounds
        ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
        ((WORD,) * 4, (WORD,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
        (
            (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
            (0xA4093822, 0x299F31D0),
            (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
        ),
    ],
)
def test_philox_gives_its_published_answers(
    counter: tuple[int, ...], key: tuple[int, ...], answer: tuple[int, ...]
) -> None:
    """Philox4x32-10 reproduces the known answers of its authors."""
    assert tuple(int(word) for word in philox(*counter, *key)) == answer


@given(st.integers(0, 2**64 - 1), st.integers(0, 2**63 - 1), st.integers(0, 2**31 - 1), st.integers(0, 2**31 - 1))
@settings(max_examples=200, deadline=None)
def test_uniform_uses_every_bit_of_its_address(seed: int, patient: int, stream: int, occurrence: int) -> None:
    """A uniform is the upper 26 bits of two Philox words of (patient, stream, occurrence) under the seed, in (0, 1)."""
    x0, x1, _, _ = philox(patient & WORD, patient >> 32, stream, occurrence, seed & WORD, seed >> 32)
    expected = ((int(x0) >> 6) * 2**26 + (int(x1) >> 6) + 0.5) / 2**52
    drawn = uniform(np.uint64(seed), np.uint64(patient), stream, occurrence)
    assert 0.0 < drawn < 1.0
    assert drawn == expected


@pytest.mark.parametrize(("kind", "law"), [(0, stats.uniform()), (1, stats.expon()), (2, stats.norm())])
@pytest.mark.parametrize("stream", [0, 31])
def test_draws_follow_their_distribution(kind: int, law: stats.rv_continuous, stream: int) -> None:
    """100,000 uniforms, budgets and normals pass Kolmogorov-Smirnov (p above 1 in 1,000, seed fixed)."""
    assert stats.kstest(many(kind, 2024, 100_000, stream), law.cdf).pvalue > 1e-3


def test_streams_and_neighbours_are_uncorrelated() -> None:
    """Streams of one patient, and neighbouring patients and seeds, correlate less than 4 standard errors."""
    n = 100_000
    one, other = many(2, 7, n, 5), many(2, 7, n, 6)
    for a, b in [(one, other), (one[:-1], one[1:]), (one, many(2, 8, n, 5))]:
        assert abs(np.corrcoef(a, b)[0, 1]) < 4.0 / np.sqrt(n)


@given(st.floats(1e-300, 1.0 - 1e-16))
@settings(max_examples=500, deadline=None)
def test_normal_quantile_is_accurate(p: float) -> None:
    """The normal quantile agrees with scipy's to 14 digits, or 1e-15 near zero."""
    assert normal_quantile(p) == pytest.approx(special.ndtri(p), rel=1e-14, abs=1e-15)


PINNED = {
    "Stream": "AGE SEX DIABETES_YEARS ISCHAEMIC_HEART_DISEASE INFECTION OSTEOMYELITIS HEEL SIDE TCPO2 SCREENING_ERROR "
    "ANKLE_PRESSURE RENAL RUTHERFORD LEIDEN MTHFR EV_CLASS EV_LEVEL ANGIOPLASTY_SUITABLE VESSEL_FACTOR VESSEL RESPONSE "
    "RESPONSE_DOSE GAIN JUDGEMENT DECISION_ERROR LAST_ERROR VISIT_ERROR MARKER_TEST BACKGROUND_DEATH HEALING "
    "MINOR_AMPUTATION MAJOR_AMPUTATION DISEASE_DEATH RECURRENCE STUMP_HEALING CONVERSION POSTOPERATIVE_DEATH "
    "AMPUTATION_LEVEL WALKING PROCEDURE_SUCCESS PROCEDURE_RISE PROCEDURE_LOSS PROCEDURE_REPETITION ARRIVAL ENTRY_DATE "
    "DROP_OUT ARM GANGRENE TABLE_ROW FRAILTY WALKING_AT_REFERRAL WALKING_LOSS EXCESS_DEATH BEYOND_SALVAGE "
    "MINOR_AMPUTATION_SUCCESS NEW_WOUND_CLASS NEW_WOUND_INFECTION NEW_WOUND_GANGRENE OTHER_LIMB DIALYSIS_START "
    "COMPLETION PROCEDURAL_DEATH PRIMARY_AMPUTATION MINOR_WITH RESPONSE_ERROR GIVEN_COURSE DIALYSIS_DEATH",
    "Risk": "EXCESS_DEATH MAJOR_AMPUTATION MINOR_AMPUTATION HEALING RECURRENCE",
    "Event": "REFERRAL BACKGROUND_DEATH DISEASE_DEATH POSTOPERATIVE_DEATH BELOW_KNEE_AMPUTATION ABOVE_KNEE_AMPUTATION "
    "CONVERSION MINOR_AMPUTATION HEALED STUMP_HEALED NEW_WOUND WALKS PROCEDURE LOSS REPEAT_PROCEDURE DOSE "
    "STOPS_TREATMENT VISIT HORIZON CROSSES_OVER PAIN_RELIEVED WALKS_NO_MORE OTHER_LIMB_AMPUTATION STARTS_DIALYSIS "
    "PROCEDURAL_DEATH EFFECT_ENDS",
    "Wound": "NONE OPEN HEALED RECURRED",
    "Limb": "INTACT MINOR_AMPUTATION BELOW_KNEE ABOVE_KNEE",
    "State": "REST_PAIN ULCER SEVERE_ULCER RECURRENT_ULCER HEALED HEALED_AFTER_MINOR BELOW_KNEE BELOW_KNEE_WALKING "
    "ABOVE_KNEE ABOVE_KNEE_WALKING",
    "Renal": "NORMAL MODERATE SEVERE DIALYSIS",
    "Marker": "NONE SMALL_EV THROMBOPHILIA",
    "Repeat": "ALWAYS CLINICAL_JUDGEMENT UNTIL_TCPO2",
    "Start": "REFERRAL NO_RESPONSE LOSS",
    "View": "SCEPTICAL CENTRAL OPTIMISTIC",
}


@pytest.mark.parametrize("name", PINNED)
def test_numbers_of_words_never_change(name: str) -> None:
    """Saved results and draws depend on these numbers, so a list may only grow at its end."""
    words: type[IntEnum] = getattr(vocabulary, name)
    pinned = PINNED[name].split()
    assert [(word.name, word.value) for word in words][: len(pinned)] == [(w, i) for i, w in enumerate(pinned)]
    assert sorted(word.value for word in words) == list(range(len(words)))
