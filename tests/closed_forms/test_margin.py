"""Arms on a margin: cumulative hazards by hand, events that come sooner, are thinned or moved, and the ratio that does it."""

from __future__ import annotations

from dataclasses import replace
from math import exp, inf, log
from typing import Any

import numpy as np
import pytest
from small_trials import NEVER, trial

from simulator.questions.trial.analysis.analysis import analyse
from simulator.questions.trial.design.endpoint import Endpoint
from simulator.questions.trial.simulation.margin import AtMargin, at_margin, cumulative_hazard, luck_of, replace_cut
from simulator.rules.draws import budget
from simulator.words.errors import BadInput
from simulator.words.vocabulary import Stream


def endpoint(outcome: str, test: str = "cox", **more: Any) -> Endpoint:
    """A first endpoint."""
    return Endpoint(name="e", outcome=outcome, test=test, **more)


def test_the_endpoint_followed_to_the_end() -> None:
    """Whatever its test and cut-off, a plain time to an event."""
    found = replace_cut(endpoint("death", "chi_square", at_months=6.0))
    assert (found.at_months, found.test, found.outcome) == (None, "cox", "death")


def test_cumulative_hazard_by_hand() -> None:
    """Deaths of 5 at risk at .2, of two among 4 at .5 and of the last at 1; who is not in the trial counts nowhere."""
    pool = trial(
        arm=[0, 0, 0, 0, 0, -1],
        died=[0.2, 0.5, 0.5, 1.0, NEVER, 0.1],
        lost=[NEVER, NEVER, NEVER, NEVER, 0.7, NEVER],
    )
    times, hazard = cumulative_hazard(endpoint("death"), pool)
    assert list(times) == [0.0, 0.2, 0.5, 1.0]
    assert hazard == pytest.approx([0.0, 1 / 5, 1 / 5 + 2 / 4, 1 / 5 + 2 / 4 + 1.0])
    none = cumulative_hazard(endpoint("healing"), pool)
    assert [list(each) for each in none] == [[0.0], [0.0]]


def made(outcome: str, ratio: float, luck: float = 9.0, **columns: Any) -> Any:
    """The data of a hazard of one a year for two years, made worse (or better) in the second arm by the ratio."""
    at = AtMargin(endpoint(outcome), ratio, times=np.array([0.0, 2.0]), hazard=np.array([0.0, 2.0]))
    data = trial(**columns)
    return at.applied(data, np.full(data.shape, luck))


def test_the_same_luck_at_twice_the_hazard() -> None:
    """Death at 1.2 comes at .6 in the second arm; the first arm, and arms that are not meant, keep theirs."""
    found = made("death", 2.0, arm=[0, 1, 1, 2], died=[1.2, 1.2, 0.4, 1.2])
    assert found.died[0] == pytest.approx([1.2, 0.6, 0.2, 0.6])


def test_one_arm_alone() -> None:
    """Only the arm that is named is moved."""
    at = AtMargin(endpoint("death"), 2.0, times=np.array([0.0, 2.0]), hazard=np.array([0.0, 2.0]))
    data = trial(arm=[0, 1, 2], died=[1.2, 1.2, 1.2])
    assert at.applied(data, np.ones((1, 3)), arm=2).died[0] == pytest.approx([1.2, 1.2, 0.6])
    assert at.applied(data, np.ones((1, 3)), arm=0).died[0] == pytest.approx([0.6, 1.2, 1.2])


def test_whoever_had_no_event_has_more_luck_to_spend() -> None:
    """Seen for a year without: luck of .6 more is spent at (1 + .6) / 2 = .8; of 1.2 more beyond the year: still none."""
    assert made("death", 2.0, luck=0.6, arm=[1], end=1.0).died[0] == pytest.approx([0.8])
    assert made("death", 2.0, luck=1.2, arm=[1], end=1.0).died[0] == pytest.approx([inf])


def test_half_the_hazard_thins_events() -> None:
    """At half the hazard .4 becomes .8, and 1.2 would be 2.4, beyond all that is known."""
    assert made("death", 0.5, arm=[1, 1], died=[0.4, 1.2]).died[0] == pytest.approx([0.8, inf])


def test_a_competing_event_goes_first() -> None:
    """Limbs of who died at .7: .6 more luck is spent at .65, before; 1.0 more at .85, after."""
    assert made("major_amputation", 2.0, luck=0.6, arm=[1], died=0.7).amputated[0] == pytest.approx([0.65])
    assert made("major_amputation", 2.0, luck=1.0, arm=[1], died=0.7).amputated[0] == pytest.approx([inf])
    assert made("major_amputation", 2.0, arm=[1], died=0.7).died[0] == pytest.approx([0.7])


def test_an_endpoint_of_two_events() -> None:
    """A limb lost at .8 is lost at .4, a death at .8 comes at .4; what is new is an amputation; a later death stays a death."""
    found = made(
        "amputation_free_survival",
        2.0,
        luck=0.5,
        arm=[1, 1, 1],
        amputated=[0.8, NEVER, NEVER],
        died=[1.5, 0.8, NEVER],
        end=1.0,
    )
    assert found.amputated[0] == pytest.approx([0.4, inf, 0.75])
    assert found.died[0] == pytest.approx([1.5, 0.4, inf])


def test_what_death_comes_before_does_not_happen() -> None:
    """Death moved from 1.2 to .6: healing at .8, loss at .9 and dilatation at .7 are gone, healing at .5 stays."""
    found = made(
        "death", 2.0, arm=[1, 1], died=[1.2, 1.2], healed=[0.8, 0.5], lost=[NEVER, 1.3], reintervened=[0.7, 0.2]
    )
    assert found.healed[0] == pytest.approx([inf, 0.5])
    assert found.lost[0] == pytest.approx([inf, inf])
    assert found.reintervened[0] == pytest.approx([inf, 0.2])
    control = made("death", 2.0, arm=[0], died=[0.6], healed=[0.8])
    assert control.healed[0] == pytest.approx([0.8])


def test_values_are_shifted() -> None:
    """TcPO2 or walked years of every arm but the first, by the same amount."""
    data = trial(visits=(0.5,), arm=[0, 1, 2], tcpo2=[20.0, 30.0, 40.0], walked=[0.1, 0.2, 0.3])
    oxygen = AtMargin(endpoint("tcpo2", "ancova", at_months=6.0), shift=-5.0).applied(data, np.ones((1, 3)))
    assert oxygen.tcpo2.ravel() == pytest.approx([20.0, 25.0, 35.0])
    assert oxygen.walked.ravel() == pytest.approx([0.1, 0.2, 0.3])
    walked = AtMargin(endpoint("walking_time", "t_test", at_months=6.0), shift=-0.1).applied(
        data, np.ones((1, 3)), arm=1
    )
    assert walked.walked.ravel() == pytest.approx([0.1, 0.1, 0.3])
    assert walked.tcpo2.ravel() == pytest.approx([20.0, 30.0, 40.0])


def test_luck_of_nobody_else() -> None:
    """Patient i of trial t has budget number 1 of the stream of losses, whose number 0 is when they are lost."""
    found = luck_of(5, 3, 2, 4)
    for j in range(2):
        for i in range(4):
            assert found[j, i] == budget(np.uint64(5), (3 + j) * 2**20 + i, Stream.DROP_OUT, 1)


def exponential(n: int, rate: float) -> Any:
    """Patients whose deaths lie at the quantiles of an exponential law, followed for two years."""
    died = -np.log1p(-(np.arange(n) + 0.5) / n) / rate
    # Ten more who are not in the trial and would spoil it.
    arm = np.append(np.arange(n) % 2, np.full(10, -1))
    return trial(arm=arm, died=np.append(np.where(died < 2.0, died, np.inf), np.full(10, 0.001)))


@pytest.mark.parametrize("aim", ["non_inferiority"])
def test_a_shift_is_the_margin_itself(aim: Any) -> None:
    """TcPO2 5 mmHg lower is worse."""
    found = at_margin(endpoint("tcpo2", "ancova", at_months=6.0, aim=aim, margin=5.0), exponential(10, 1.0), 1, "x")
    assert found.shift == -5.0 and found.ratio == 1.0


def test_a_hazard_ratio_is_the_margin_itself() -> None:
    """With a margin of 1.3 on the hazard ratio of death the hazards' ratio is 1.3, as far as a Cox estimate tells."""
    of = endpoint("death", "cox", aim="non_inferiority", margin=1.3)
    alike = exponential(600, 0.8)
    found = at_margin(of, alike, 1, "x")
    assert found.ratio == pytest.approx(1.3, rel=0.06) and found.shift == 0.0
    worse = found.applied(alike, luck_of(2, 0, *alike.shape))
    assert float(analyse(of, worse).estimate[0]) == pytest.approx(log(1.3), abs=0.15)


def test_a_difference_of_shares() -> None:
    """Deaths within a year of 1 - exp(-.8), a tenth more allowed: 1 - exp(-.8 r) = 1 - exp(-.8) + .1."""
    of = endpoint("death", "risk_difference", at_months=12.0, aim="non_inferiority", margin=0.1)
    found = at_margin(of, exponential(2_000, 0.8), 1, "x")
    assert found.ratio == pytest.approx(-log(exp(-0.8) - 0.1) / 0.8, rel=0.06)


def test_healing_is_lost_by_a_smaller_hazard() -> None:
    """For healing the margin is reached by a hazard below one."""
    data = exponential(1_000, 0.8)
    data = replace(data, healed=data.died, died=np.full(data.shape, np.inf))
    of = endpoint("healing", "risk_difference", at_months=12.0, aim="non_inferiority", margin=0.1)
    found = at_margin(of, data, 1, "x")
    assert found.ratio == pytest.approx(-log(exp(-0.8) + 0.1) / 0.8, rel=0.06)


def test_a_margin_without_room() -> None:
    """Where nobody has the event no ratio reaches the margin: the key says so."""
    of = endpoint("death", "risk_difference", at_months=12.0, aim="non_inferiority", margin=0.1)
    with pytest.raises(BadInput, match="margin") as caught:
        at_margin(of, trial(arm=[0, 1, 0, 1]), 1, "design.toml")
    problem = caught.value.problems[0]
    assert (problem.key, problem.value) == ("endpoints.e.margin", "0.1") and "leaves room" in problem.allowed


def test_a_ratio_where_the_best_and_worst_have_no_estimate() -> None:
    """Twenty people: at the lowest hazard nobody dies and at the highest all do, and the margin between them is found."""
    of = endpoint("death", "cox", aim="non_inferiority", margin=2.0)
    assert 1.2 < at_margin(of, exponential(20, 0.8), 1, "x").ratio < 4.0
    heals = exponential(20, 0.8)
    heals = replace(heals, healed=heals.died, died=np.full(heals.shape, np.inf))
    of = endpoint("healing", "cox", aim="non_inferiority", margin=2.0)
    assert 0.2 < at_margin(of, heals, 1, "x").ratio < 0.8
