"""What trials did under a truth: shares, means and their Monte Carlo errors, and when a level counts as held, by hand."""

from __future__ import annotations

import re
from math import inf, isnan, nan, sqrt
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from scipy import stats
from scipy.special import ndtri

from simulator.questions.trial.conduct.decisions import Reason
from simulator.questions.trial.design.endpoint import EITHER, KNOWN_SIZE, Habit
from simulator.questions.trial.design.selection import Enrichment, Selection
from simulator.questions.trial.results import operating
from simulator.questions.trial.results.operating import alone, mean_and_se, share_and_se, succeeded
from simulator.telling.columns import labels

pytestmark = pytest.mark.filterwarnings("error")

PRIMARY = SimpleNamespace(name="afs", test="logrank", by_events=True, stratified=False)
OTHER = SimpleNamespace(name="death", test="chi_square", by_events=False, stratified=False)


def design(**changed: Any) -> Any:
    """Two arms, one-sided at 2.5%, nothing else."""
    usual: dict[str, Any] = {
        "arms": [SimpleNamespace(name="control", allocation=1), SimpleNamespace(name="cells", allocation=1)],
        **dict.fromkeys(
            (
                *("looks", "reestimation", "blinded_review", "predictive", "two_stage", "stages", "selection"),
                *("enrichment", "multiplicity", "futility", "blinding", "crossover"),
            )
        ),
        "alpha": 0.025,
        "sides": 1,
        "primary": PRIMARY,
        "stops_for_futility": False,
        "drop_out": SimpleNamespace(by_arm={}, unhealed_ratio=1.0),
        "size": SimpleNamespace(patients=200),
        "randomisation": SimpleNamespace(strata=()),
    }
    return SimpleNamespace(**(usual | changed))


def conduct(plan: Any, endpoints: tuple[Any, ...] = (PRIMARY,), looks: int = 1, **changed: Any) -> Any:
    """A design ready to be carried out, every endpoint a hypothesis."""
    usual: dict[str, Any] = {
        "design": plan,
        "looks": looks,
        "hypotheses": tuple((each.name, each, 1) for each in endpoints),
        "others": (),
        "marked": SimpleNamespace(patients=20),
        "rule": SimpleNamespace(boundaries=(SimpleNamespace(binding=False),)),
    }
    return SimpleNamespace(**(usual | changed))


def test_mean_of_what_has_a_value() -> None:
    """1, 3 and 5, the one that cannot be estimated aside: mean 3, SD 2, error 2 / sqrt(3)."""
    assert mean_and_se(np.array([1.0, nan, 3.0, 5.0])) == pytest.approx((3.0, 2.0 / sqrt(3.0)))
    assert mean_and_se(np.array([4.0]))[0] == 4.0
    assert isnan(mean_and_se(np.array([4.0]))[1])
    assert all(isnan(each) for each in mean_and_se(np.array([nan, inf])))


def test_trials_that_share_a_row_are_one_cluster() -> None:
    """Rows (1, 3) and (5, 7) about the mean 4: sums -4 and 4, error sqrt((16 + 16) * 2) / 4 = 2; each its own: as plain."""
    values = np.array([1.0, 3.0, 5.0, 7.0, nan])
    assert mean_and_se(values, np.array([8, 8, 2, 2, 2])) == pytest.approx((4.0, 2.0))
    assert mean_and_se(values, np.arange(5)) == pytest.approx(mean_and_se(values))
    assert isnan(mean_and_se(values, np.zeros(5, np.int64))[1])


def test_share_of_trials() -> None:
    """3 of 4: error sqrt(.75 * .25 / 4); none or all of 4: half of 1 / 5, of two clusters half of 1 / 3."""
    some = np.array([True, True, True, False])
    assert share_and_se(some) == pytest.approx((0.75, sqrt(0.75 * 0.25 / 4.0)))
    rows = np.array([1, 1, 0, 0])
    # Residuals .25, .25, .25, -.75: sums .5 and -.5.
    assert share_and_se(some, rows) == pytest.approx((0.75, sqrt(0.5 * 2.0) / 4.0))
    assert share_and_se(np.zeros(4, bool)) == pytest.approx((0.0, 0.1))
    assert share_and_se(np.ones(4, bool)) == pytest.approx((1.0, 0.1))
    assert share_and_se(np.ones(4, bool), rows) == pytest.approx((1.0, 0.5 / 3.0))


def test_ratio_of_means() -> None:
    """Screened (10, 20, 30) for (5, 10, 12) patients: 60 / 27, and the delta method's error."""
    top, bottom = np.array([10.0, 20.0, 30.0]), np.array([5.0, 10.0, 12.0])
    left = np.array([10.0 - 5.0 * 60 / 27, 20.0 - 10.0 * 60 / 27, 30.0 - 12.0 * 60 / 27])
    se = sqrt((left**2).sum() / 2.0) / sqrt(3.0) / 9.0
    assert operating._ratio(top, bottom) == pytest.approx((60.0 / 27.0, se))
    assert isnan(operating._ratio(top[:1], bottom[:1])[1])


def test_a_test_alone_at_the_full_alpha() -> None:
    """One-sided at 2.5% or two-sided at 5% the limit is 1.95996; harm counts only where both directions do."""
    columns = {
        "z_at_end:afs": np.array([1.9599, 1.9601, -3.0, nan]),
        "against_at_end:afs": np.array([-1.9599, -1.9601, 3.0, nan]),
    }
    for plan in (design(), design(alpha=0.05, sides=2)):
        assert list(alone(conduct(plan), columns, "afs")) == [False, True, False, False]
    limit = -ndtri(0.025)
    at = {"z_at_end:afs": np.array([limit]), "against_at_end:afs": np.array([-limit])}
    assert alone(conduct(design()), at, "afs").all(), "at the limit is enough"
    swapped = {"z_at_end:afs": np.array([-limit]), "against_at_end:afs": np.array([limit])}
    assert alone(conduct(design(alpha=0.05, sides=2)), swapped, "afs", either=True).all()
    assert list(alone(conduct(design()), columns, "afs", either=True)) == [False, True, False, False]
    both = conduct(design(alpha=0.05, sides=2))
    assert list(alone(both, columns, "afs", either=True)) == [False, True, True, False]


def test_success_is_the_first_endpoints() -> None:
    """All hypotheses of the first endpoint; where arms are dropped any of them."""
    columns = {
        "rejected:afs": np.array([1.0, 1.0, 0.0]),
        "rejected:afs2": np.array([1.0, 0.0, 0.0]),
        "rejected:death": np.array([0.0, 0.0, 1.0]),
        "any_rejected": np.array([0.0, 1.0, 1.0]),
    }
    three = (("afs", PRIMARY, 1), ("afs2", PRIMARY, 2), ("death", OTHER, 1))
    assert list(succeeded(conduct(design(), hypotheses=three), columns)) == [True, False, False]
    dropping = conduct(design(selection=Selection(keep=1)), hypotheses=three)
    assert list(succeeded(dropping, columns)) == [False, True, True]


def test_exact_level_of_a_single_arm() -> None:
    """20 patients at the rate to be beaten, 30%: the binomial tail from the first count whose p value is 5% or less."""
    primary = SimpleNamespace(name="alive", test="exact_binomial", null_rate=0.3, prior=None)
    plan = design(alpha=0.05, primary=primary)
    limit = next(k for k in range(21) if stats.binom.sf(k - 1, 20, 0.3) <= 0.05)
    assert operating._exact_type_i_error(conduct(plan)) == pytest.approx(stats.binom.sf(limit - 1, 20, 0.3))
    # Two stages: more than 1 of 8, and in the end more than 5 of 20.
    stages = SimpleNamespace(n1=8, r1=1, n=20, r=5)
    hand = sum(stats.binom.pmf(k, 8, 0.3) * stats.binom.sf(5 - k, 12, 0.3) for k in range(2, 9))
    assert operating._exact_type_i_error(conduct(design(primary=primary, stages=stages))) == pytest.approx(hand)
    staged = SimpleNamespace(name="alive", test="posterior", null_rate=0.3, prior=None)
    assert operating._exact_type_i_error(conduct(design(primary=staged, stages=stages))) == pytest.approx(hand)
    # A uniform prior: beta(1 + k, 21 - k) above 30% with 95%.
    bayes = design(alpha=0.05, primary=SimpleNamespace(name="alive", test="posterior", null_rate=0.3, prior=None))
    claimed = next(k for k in range(21) if stats.beta.sf(0.3, 1 + k, 21 - k) >= 0.95)
    assert operating._exact_type_i_error(conduct(bayes)) == pytest.approx(stats.binom.sf(claimed - 1, 20, 0.3))


@pytest.mark.parametrize(
    ("hits", "verdict", "reason"),
    [
        (250, "held", ""),
        (380, "liberal", "b"),
        (130, "conservative", "a; c"),
        (290, "held", ""),
        (291, "liberal", "b"),
        (210, "held", ""),
        (209, "conservative", "a; c"),
    ],
)
def test_a_level_is_held_within_its_monte_carlo_error(hits: int, verdict: str, reason: str) -> None:
    """2.5% of 10,000 trials has an error of .1561%, 2.576 of which are .402%: 2.10 to 2.90% is held, 2.09 and 2.91% are not."""
    wrong = np.arange(10_000) < hits
    known = [Habit("conservative", "a"), Habit("liberal", "b"), Habit(EITHER, "c")]
    if verdict == "liberal":
        known = known[:2]
    found = operating._level(conduct(design()), "afs", "logrank", wrong, known)
    assert found[:4] == ("afs", "logrank", 0.025, hits / 10_000)
    assert found[5:] == (verdict, reason)


def test_a_level_that_nobody_foresaw() -> None:
    """Without a known habit in that direction the reason is not foreseen."""
    found = operating._level(conduct(design()), "afs", "logrank", np.arange(1_000) < 100, [Habit("conservative", "a")])
    assert found[5:] == ("liberal", operating.UNFORESEEN)


def test_every_reason_has_a_sentence() -> None:
    """What a table names is told by `labels.toml`, and nothing else is."""
    named = re.findall(r'Habit\((?:EITHER|"\w+"), "(\w+)"\)', Path(operating.__file__).read_text(encoding="utf-8"))
    known = [habit.reason for habit in KNOWN_SIZE.values()]
    assert {*named, *known, operating.UNFORESEEN} == set(labels()["level_reason"])


def notes(plan: Any, *endpoints: Any, looks: int = 1) -> list[str]:
    """On which sides a design's level is known to lie."""
    return [habit.side for habit in operating.whole_design_habits(conduct(plan, endpoints or (PRIMARY,), looks))]


def test_what_is_known_of_a_designs_level() -> None:
    """Each departure from a plain trial of two arms is named with its direction; a plain one has none."""
    assert notes(design()) == []
    futility = SimpleNamespace(binding=False)
    assert notes(design(futility=futility)) == ["conservative"]
    assert notes(design(futility=SimpleNamespace(binding=True))) == []
    holm = SimpleNamespace(rule="holm")
    assert notes(design(multiplicity=holm), PRIMARY, OTHER) == ["conservative"]
    assert notes(design(multiplicity=holm)) == []
    assert notes(design(multiplicity=SimpleNamespace(rule="fixed_sequence")), PRIMARY, OTHER) == []
    assert notes(design(selection=Selection(keep=1)), PRIMARY, OTHER) == ["conservative"]
    counts = design(primary=OTHER)
    assert notes(counts, OTHER, looks=2) == [EITHER]
    assert notes(counts, OTHER) == ["liberal"], "the habit of a chi-square test is told of one look alone"
    events = SimpleNamespace(**(vars(OTHER) | {"by_events": True}))
    assert notes(design(primary=events), events, looks=2) == []
    exact = SimpleNamespace(**(vars(OTHER) | {"test": "fisher"}))
    assert notes(design(primary=exact), exact, looks=2) == [EITHER]
    assert notes(design(), looks=2) == []
    ordinary = SimpleNamespace(test="ordinary")
    assert notes(design(reestimation=ordinary), looks=2) == ["liberal"]
    assert notes(design(reestimation=SimpleNamespace(test="weighted")), looks=2) == []


def test_what_is_known_of_stops_by_predicted_success() -> None:
    """They cost level where they stop for futility; a test's own habit is told of them too, whose looks are no boundaries."""
    assert notes(design(predictive=SimpleNamespace(futility=0.1)), looks=2) == ["conservative"]
    assert notes(design(predictive=SimpleNamespace(futility=0.0)), looks=2) == []
    counts = design(primary=OTHER, predictive=SimpleNamespace(futility=0.0))
    assert notes(counts, OTHER, looks=2)[-1] == "liberal"


def test_what_is_known_of_arms_and_tests() -> None:
    """Open arms, losses by arm, few patients, strata that the test ignores, unequal arms."""
    seen = SimpleNamespace(hidden_from="patients", found_out=0.0)
    assert notes(design(blinding=seen)) == ["liberal"]
    hidden = SimpleNamespace(hidden_from="everybody", found_out=0.0)
    assert notes(design(blinding=hidden)) == []
    assert notes(design(blinding=SimpleNamespace(hidden_from="everybody", found_out=0.1))) == ["liberal"]
    assert notes(design(drop_out=SimpleNamespace(by_arm={"cells": 0.1}, unhealed_ratio=1.0))) == [EITHER]
    assert notes(design(drop_out=SimpleNamespace(by_arm={}, unhealed_ratio=2.0))) == [EITHER]
    for patients, told in ((50, ["liberal"]), (51, []), (None, [])):
        assert notes(design(size=SimpleNamespace(patients=patients))) == told
    strata = SimpleNamespace(strata=("renal",))
    assert notes(design(randomisation=strata)) == ["conservative"]
    stratified = SimpleNamespace(**(vars(PRIMARY) | {"stratified": True}))
    assert notes(design(randomisation=strata, primary=stratified), stratified) == []
    ratio = SimpleNamespace(**(vars(PRIMARY) | {"test": "risk_ratio", "aim": "non_inferiority"}))
    assert notes(design(primary=ratio), ratio)[-1] == "liberal"
    unequal = [SimpleNamespace(name="control", allocation=1), SimpleNamespace(name="cells", allocation=2)]
    assert notes(design(arms=unequal)) == [EITHER]


@pytest.mark.parametrize(
    ("changed", "reasons"),
    [
        ({}, {Reason.EFFICACY}),
        ({"stops_for_futility": True}, {Reason.EFFICACY, Reason.FUTILITY}),
        ({"sides": 2}, {Reason.EFFICACY, Reason.HARM}),
        ({"two_stage": 1}, {Reason.FUTILITY}),
        ({"selection": Selection(keep=1)}, {Reason.EFFICACY}),
        ({"selection": Selection(z=0.0)}, {Reason.EFFICACY, Reason.FUTILITY}),
        ({"selection": Selection(z=0.0, combination="fisher")}, {Reason.FUTILITY}),
        (
            {"enrichment": Enrichment(tcpo2_below=20.0, z_everybody=1.0, z_subgroup=0.0)},
            {Reason.EFFICACY, Reason.FUTILITY},
        ),
        ({"predictive": SimpleNamespace(futility=0.1, efficacy=None)}, {Reason.FUTILITY}),
        ({"predictive": SimpleNamespace(futility=0.0, efficacy=0.9)}, {Reason.EFFICACY}),
    ],
)
def test_why_a_design_can_stop_early(changed: dict[str, Any], reasons: set[Reason]) -> None:
    """Only for what its rules look at."""
    assert operating._possible(conduct(design(**changed))) == reasons


def columns(**changed: Any) -> dict[str, Any]:
    """Four trials of two looks: the first stops for efficacy at look 1, the second for futility."""
    usual = {
        "look": np.array([1.0, 1.0, 2.0, 2.0]),
        "reason": np.array([1.0, 2.0, 1.0, 0.0]),
        "patients": np.array([10.0, 10.0, 20.0, 20.0]),
        "screened": np.array([15.0, 20.0, 45.0, 40.0]),
        "months": np.array([6.0, 6.0, 12.0, 12.0]),
        "rejected:afs": np.array([1.0, 0.0, 1.0, 0.0]),
        "any_rejected": np.array([1.0, 0.0, 1.0, 0.0]),
        "all_rejected": np.array([1.0, 0.0, 1.0, 0.0]),
        "estimate:afs": np.array([-2.0, 0.0, -1.0, -0.5]),
        "estimate_at_end:afs": np.array([-1.0, -0.5, -1.0, -0.5]),
        "z_at_end:afs": np.array([2.0, 1.0, 2.0, 1.0]),
        "against_at_end:afs": np.array([-2.0, -1.0, -2.0, -1.0]),
    }
    return usual | changed


def table(plan: Any, truth: str = "scenario", **changed: Any) -> dict[str, float]:
    """Measures of the four trials by name."""
    found = operating.operating_characteristics(conduct(plan, looks=2), {truth: columns(**changed)})
    assert (found["truth"] == truth).all()
    return dict(zip(found["measure"], found["value"], strict=True))


def test_operating_characteristics_by_hand() -> None:
    """Two of four trials succeed; 15 of 10, 20 of 10, 45 of 20, 40 of 20 screened; stopping made the effect .125 larger."""
    found = table(design(stops_for_futility=True))
    assert found["power"] == 0.5
    assert (found["stop_look_1_efficacy"], found["stop_look_1_futility"]) == (0.25, 0.25)
    assert (found["stop_look_2_efficacy"], found["stop_look_2_end"]) == (0.25, 0.25)
    assert "stop_look_2_futility" not in found and "stop_look_1_harm" not in found
    assert (found["expected_patients"], found["expected_months"], found["expected_screened"]) == (15.0, 9.0, 30.0)
    assert (found["expected_screen_failures"], found["screened_per_patient"]) == (15.0, 2.0)
    assert (found["estimate_afs"], found["unstopped_afs"]) == (-0.875, -0.75)
    assert found["bias_afs"] == -0.125
    assert found["alone_afs"] == 0.5
    assert not any(name.startswith("stop_look") and name[10] not in "12" for name in found)
    assert not any(name.startswith(("power_", "type_i_error")) for name in found), "one hypothesis is told once"
    single = operating.operating_characteristics(conduct(design()), {"scenario": columns(look=np.ones(4))})
    assert not set(single["measure"]) & {"unstopped_afs", "bias_afs", "stop_look_2_end"}
    # One trial stopped for each reason: no mean of such trials.
    assert not any(name.startswith("bias_efficacy") for name in found)


@pytest.mark.parametrize("truth", ["stated", "stated_no_effect", "stated_null"])
def test_nobody_is_screened_for_stated_rates(truth: str) -> None:
    """Stated rates are those of people who have entered: no measure tells of screening, the others stay."""
    found = table(design(), truth)
    assert found["expected_patients"] == 15.0
    assert not [name for name in found if "screen" in name]


def test_bias_of_those_that_stopped_early() -> None:
    """Two trials stop at once with -2 and -1 where -0.75 is true: -0.75 too much; under a posterior nobody says so."""
    early = {"look": np.array([1.0, 2.0, 1.0, 2.0]), "reason": np.array([1.0, 0.0, 1.0, 1.0])}
    assert table(design(), **early)["bias_efficacy_afs"] == pytest.approx(-0.75)
    rows = {operating.ROW: np.array([0, 0, 1, 2])}
    assert "bias_efficacy_afs" not in table(design(), "posterior", **early, **rows)
    assert table(design(), "posterior", **early, **rows)["assurance"] == 0.5
    kept = table(design(), **early, **{"kept:afs": np.array([0.0, 1.0, 0.0, 1.0])})
    assert (kept["kept_afs"], kept["bias_kept_afs"]) == (0.5, pytest.approx(0.5))


def test_the_same_under_the_null() -> None:
    """Any rejection or harm is an error; of several hypotheses each is listed, of a single arm the exact level."""
    harm = {"reason": np.array([3.0, 2.0, 1.0, 0.0]), "any_rejected": np.array([0.0, 0.0, 1.0, 0.0])}
    found = table(design(sides=2, alpha=0.05), "no_effect", **harm)
    assert found["type_i_error"] == 0.5
    assert found["stop_look_1_harm"] == 0.25
    overruled = table(design(), "no_effect", any_rejected_overruled=np.array([1.0, 1.0, 1.0, 0.0]))
    assert overruled["type_i_error_futility_overruled"] == 0.75
    assert "power_futility_overruled" not in table(design(), any_rejected_overruled=np.ones(4))


def test_optional_measures() -> None:
    """Events, losses, crossing over, enlargement and nuisance where trials have them."""
    more = {
        "events": np.array([4.0, 6.0, 8.0, 10.0]),
        "lost": np.array([0.0, 0.0, 1.0, 1.0]),
        "crossed": np.array([2.0, 2.0, 0.0, 0.0]),
        "target_reached": np.array([0.0, 1.0, 1.0, 1.0]),
        "grown": np.array([1.0, 1.0, 1.0, 2.0]),
        "nuisance": np.array([0.1, 0.3, 0.2, nan]),
    }
    found = table(design(reestimation=SimpleNamespace(test="weighted")), **more)
    assert (found["expected_events"], found["expected_lost"], found["expected_crossed"]) == (7.0, 0.5, 1.0)
    assert (found["event_target_reached"], found["enlarged"], found["enlargement"]) == (0.75, 0.25, 1.25)
    assert found["nuisance"] == pytest.approx(0.2)
    plain = table(design(), **more)
    assert "enlarged" not in plain
    blind = table(design(blinded_review=SimpleNamespace()), **more)
    assert blind["enlarged"] == 0.25
    assert "nuisance" not in table(design())


def test_several_hypotheses() -> None:
    """Power of any, of all and of each; under a one-sided null each, under a two-sided one only the whole."""
    two = {
        "rejected:death": np.array([0.0, 1.0, 1.0, 0.0]),
        "any_rejected": np.array([1.0, 1.0, 1.0, 0.0]),
        "all_rejected": np.array([0.0, 0.0, 1.0, 0.0]),
        **{
            f"{of}:death": columns()[f"{of}:afs"]
            for of in ("estimate", "estimate_at_end", "z_at_end", "against_at_end")
        },
    }
    both = conduct(design(), (PRIMARY, OTHER), looks=2)

    def named(truth: str, ready: Any = both) -> dict[str, float]:
        found = operating.operating_characteristics(ready, {truth: columns(**two)})
        return dict(zip(found["measure"], found["value"], strict=True))

    found = named("scenario")
    assert [found[f"power{end}"] for end in ("", "_any", "_all", "_afs", "_death")] == [0.5, 0.75, 0.25, 0.5, 0.5]
    null = named("no_effect")
    assert (null["type_i_error"], null["type_i_error_death"]) == (0.75, 0.5)
    assert "type_i_error_any" not in null
    assert "type_i_error_death" not in named("no_effect", conduct(design(sides=2), (PRIMARY, OTHER), looks=2))


def test_levels_of_the_whole_design_and_of_each_test() -> None:
    """First the whole, then futility overruled, then each test alone, harm included in a two-sided trial."""
    plan = design(sides=2, alpha=0.05)
    found = operating.type_i_errors(conduct(plan), columns(any_rejected_overruled=np.array([1.0, 1.0, 1.0, 0.0])))
    assert list(found["endpoint"]) == [operating.WHOLE, operating.OVERRULED, "afs"]
    assert list(found["value"]) == [0.5, 0.75, 0.5]
    assert list(found["test"]) == ["", "", "logrank"]
    assert list(found["verdict"]) == ["liberal"] * 3
    binding = conduct(plan, rule=SimpleNamespace(boundaries=(SimpleNamespace(binding=True),)))
    assert operating.type_i_errors(conduct(plan), columns(reason=np.array([0.0, 3.0, 1.0, 0.0])))["value"][0] == 0.75
    told = operating.type_i_errors(binding, columns(any_rejected_overruled=np.ones(4)))["reason"]
    assert "futility_binding" in told[1] and "futility_binding" not in told[0]


def test_a_single_arm_has_no_null_among_simulated_patients() -> None:
    """Patients without treatment give a chance of success; the level at the rate to be beaten is exact."""
    primary = SimpleNamespace(name="afs", test="exact_binomial", null_rate=0.3, prior=None, by_events=False)
    plan = design(arms=[SimpleNamespace(name="cells", allocation=1)], primary=primary, alpha=0.05)
    found = operating.operating_characteristics(conduct(plan, (primary,)), {"no_effect": columns()})
    values = {(truth, measure): value for truth, measure, value, _ in found.itertuples(index=False)}
    assert values["no_effect", "success_untreated"] == 0.5
    assert list(found["se"])[-1] == 0.0
    assert values["null_rate", "type_i_error"] == pytest.approx(operating._exact_type_i_error(conduct(plan)))
