"""Whether a dose that is due is given."""

from __future__ import annotations

from math import inf

import pytest

from rules.people import a_life, a_policy, chance, deviate, just_above, values
from simulator.rules.pathway.repeat_dose import decision_tcpo2, dose_is_given
from simulator.words.vocabulary import Death, Limb, Repeat, Risk, Start, Stream, Wound

EXACT = {"measurement_sd": 0.0, "judgement_never_tcpo2": 60.0}


@pytest.mark.parametrize("doses", [0, 1, 2])
def test_clinicians_decide_on_a_measurement_with_an_error_of_its_own(doses: int) -> None:
    """A limb at 20 + 4 t mmHg is seen at 22 + 5 z after half a year, z being the error of this very decision."""
    life = a_life(tcpo2_slope=4.0, doses=doses)
    seen = decision_tcpo2(life, values(measurement_sd=5.0), 0.5)
    assert seen == pytest.approx(22.0 + 5.0 * deviate(Stream.DECISION_ERROR, doses))


@pytest.mark.parametrize(
    ("limb", "wound", "given"),
    [
        (Limb.INTACT, Wound.OPEN, True),
        (Limb.INTACT, Wound.NONE, True),
        (Limb.MINOR_AMPUTATION, Wound.RECURRED, True),
        (Limb.INTACT, Wound.HEALED, False),
        (Limb.BELOW_KNEE, Wound.OPEN, False),
        (Limb.ABOVE_KNEE, Wound.OPEN, False),
    ],
)
@pytest.mark.parametrize("doses", [0, 1])
def test_no_dose_after_major_amputation_or_healing(limb: Limb, wound: Wound, given: bool, doses: int) -> None:
    """Whatever the rule for repeats says; a first dose is otherwise always given."""
    life = a_life(limb=limb, wound=wound, doses=doses)
    assert dose_is_given(life, values(**EXACT), a_policy(repeat_rule=Repeat.ALWAYS, stop_at_tcpo2=40.0), 0.5) == given


@pytest.mark.parametrize("rule", list(Repeat))
def test_the_first_dose_needs_no_measurement(rule: Repeat) -> None:
    """A perfusion above the limit stops repeats, not the first dose."""
    policy = a_policy(repeat_rule=rule, stop_at_tcpo2=5.0)
    assert dose_is_given(a_life(doses=0), values(judgement_stop=1.0, judgement_stop_recovered=1.0), policy, 0.5)


@pytest.mark.parametrize("doses", [0, 1])
@pytest.mark.parametrize("start", list(Start))
def test_only_first_doses_that_wait_for_no_response_ask_whether_there_was_one(start: Start, doses: int) -> None:
    """A limb that rose by 8 mmHg since referral has none of the cells kept for rises below 5; repeats follow their own rule.

    One that rises by 4 mmHg a year has risen by 2 when it is asked for after half a year.
    """
    life = a_life(doses=doses, tcpo2_seen=12.0)
    policy = a_policy(repeat_rule=Repeat.ALWAYS, cells_start=float(start), cells_rise_below=5.0)
    asked = doses == 0 and start == Start.NO_RESPONSE
    assert dose_is_given(life, values(**EXACT), policy, 0.5) is not asked
    slow = a_life(doses=doses, tcpo2_seen=20.0, tcpo2_slope=4.0)
    assert dose_is_given(slow, values(**EXACT), policy, 0.5)


def test_repeats_until_perfusion_reaches_a_value() -> None:
    """Measured 20 mmHg, a dose is repeated while the limit is higher, and no more when it is reached."""
    life = a_life(doses=1)
    for limit, given in [(just_above(20.0), True), (20.0, False), (15.0, False)]:
        policy = a_policy(repeat_rule=Repeat.UNTIL_TCPO2, stop_at_tcpo2=limit)
        assert dose_is_given(life, values(**EXACT), policy, 0.5) == given


@pytest.mark.parametrize("doses", [1, 2])
@pytest.mark.parametrize("limit", [20.0, 15.0, 40.0, inf])
def test_clinical_judgement_stops_one_share_when_restored_and_another_otherwise(limit: float, doses: int) -> None:
    """Restored means that the measured 20 mmHg reach the limit. The draw of this decision stops below its share.

    Otherwise the second dose has a share of its own.
    """
    u = chance(Stream.JUDGEMENT, doses)
    restored = limit <= 20.0
    policy, life = a_policy(repeat_rule=Repeat.CLINICAL_JUDGEMENT, stop_at_tcpo2=limit), a_life(doses=doses)
    for share, given in [(u, True), (just_above(u), False)]:
        other = 0.0 if not given else 1.0
        stops = {
            "judgement_stop_recovered": share if restored else other,
            "judgement_stop_first": share if doses == 1 and not restored else other,
            "judgement_stop": share if doses > 1 and not restored else other,
        }
        assert dose_is_given(life, values(**EXACT, **stops), policy, 0.5) == given


@pytest.mark.parametrize("rule", list(Repeat))
def test_a_limb_plainly_well_has_no_further_dose(rule: Repeat) -> None:
    """Seen at 60 mmHg it has none, whatever the policy's rule; seen just below, one. The first dose asks for nothing."""
    policy = a_policy(repeat_rule=rule, stop_at_tcpo2=100.0)
    params = values(**EXACT, judgement_stop_first=0.0, judgement_stop=0.0, judgement_stop_recovered=0.0)
    for start, given in [(60.0, False), (59.9, True)]:
        assert dose_is_given(a_life(doses=1, tcpo2_start=start), params, policy, 0.5) is given
    assert dose_is_given(a_life(doses=0, tcpo2_start=60.0), params, policy, 0.5)


@pytest.mark.parametrize("doses", [0, 1])
@pytest.mark.parametrize(
    ("risk", "when", "spared"),
    [
        (-1, 0.6, True),
        (Risk.EXCESS_DEATH, 0.6, True),
        (Death.POSTOPERATIVE, 0.6, True),
        (Risk.MAJOR_AMPUTATION, 0.6, True),
        (Risk.MINOR_AMPUTATION, 0.6, False),
        (Risk.EXCESS_DEATH, 0.61, False),
        (Risk.MAJOR_AMPUTATION, 0.61, False),
    ],
)
def test_a_share_of_the_plainly_dying_and_of_failing_limbs_is_spared_the_dose(
    doses: int, risk: int, when: float, spared: bool
) -> None:
    """Death or loss of the limb comes next, within 0.1 years; the draw of this decision spares below its share."""
    u = chance(Stream.JUDGEMENT, doses)
    life = a_life(doses=doses, clinical_risk=risk, clinical_at=when - 1e-12, dying_within=0.1)
    policy = a_policy(repeat_rule=Repeat.ALWAYS)
    assert dose_is_given(life, values(**EXACT, judgement_dying=just_above(u)), policy, 0.5) is not spared
    assert dose_is_given(life, values(**EXACT, judgement_dying=u), policy, 0.5)
