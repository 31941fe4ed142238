"""Estimates of trials that may stop early: the naive one, the scale of the adjusted one, and how they fare, by hand."""

from __future__ import annotations

from math import sqrt
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from scipy.special import ndtri

from simulator.questions.trial.conduct import stopped as module
from simulator.questions.trial.conduct.stopped import Adjusted, adjustable, at_the_stop, naive
from simulator.questions.trial.design.selection import Selection


def design(**changed: Any) -> Any:
    """A one-sided trial with looks and one hypothesis."""
    usual: dict[str, Any] = {
        "looks": 1,
        "confirmatory": (1,),
        "comparisons": (1,),
        "reestimation": None,
        "selection": None,
        "enrichment": None,
        "sides": 1,
        "futility": None,
        "alpha": 0.025,
        "primary": SimpleNamespace(good=True),
    }
    return SimpleNamespace(**(usual | changed))


@pytest.mark.parametrize(
    ("changed", "there_is"),
    [
        ({}, True),
        ({"looks": None}, False),
        ({"confirmatory": (1, 2)}, False),
        ({"comparisons": (1, 2)}, False),
        ({"reestimation": SimpleNamespace(test="ordinary")}, False),
        ({"reestimation": SimpleNamespace(test="weighted")}, True),
        ({"selection": Selection(keep=1)}, False),
        ({"sides": 2}, True),
        ({"futility": SimpleNamespace(binding=True)}, True),
        ({"sides": 2, "futility": SimpleNamespace(binding=True)}, False),
        ({"sides": 2, "futility": SimpleNamespace(binding=False)}, True),
    ],
)
def test_when_there_is_an_adjusted_estimate(changed: dict[str, Any], there_is: bool) -> None:
    """With looks, one hypothesis, and no wedge that must be obeyed."""
    assert adjustable(design(**changed)) is there_is


COLUMNS = {
    "estimate:x": np.array([1.0, -2.0]),
    "se:x": np.array([0.5, 1.0]),
    "seen_at_stop": np.array([0.25, 1.0]),
    "plain_z_at_stop": np.array([2.0, -2.0]),
}


def test_the_naive_interval() -> None:
    """1.96 standard errors either way at 2.5% one-sided or 5% two-sided; no p value."""
    for plan in (design(), design(alpha=0.05, sides=2)):
        found = naive(plan, None, COLUMNS, "x")  # type: ignore[arg-type]
        reach = -ndtri(0.025)
        assert found.low == pytest.approx([1.0 - 0.5 * reach, -2.0 - reach])
        assert found.high == pytest.approx([1.0 + 0.5 * reach, -2.0 + reach])
        assert found.estimate.tolist() == [1.0, -2.0] and np.isnan(found.p).all()


@pytest.mark.parametrize("good", [True, False])
def test_drifts_on_the_scale_of_the_test(good: bool) -> None:
    """A drift of 3 at a quarter of the information is a z of 1.5, .5 less than was seen: half of a half less gain."""
    drifts = np.array([3.0, -2.0]), np.array([1.0, -4.0]), np.array([5.0, 0.0])
    middle, low, high = module._on_scale(design(primary=SimpleNamespace(good=good)), COLUMNS, "x", drifts)
    sign = 1.0 if good else -1.0
    assert middle == pytest.approx([1.0 - 0.25 * sign, -2.0])
    ends = [[1.0 + sign * 0.5 * (z * 0.5 - 2.0), -2.0 + sign * (w + 2.0)] for z, w in ((1.0, -4.0), (5.0, 0.0))]
    assert low == pytest.approx(np.min(ends, axis=0)) and high == pytest.approx(np.max(ends, axis=0))


def test_how_an_estimator_fares() -> None:
    """Estimates 1, 2, 3 and one that there is not, of a true 1.5: bias .5, two of three above, two of three intervals hold it."""
    estimate = np.array([1.0, 2.0, 3.0, np.nan])
    made = Adjusted(estimate, estimate - 1.0, estimate + np.array([1.0, 1.0, 3.0, 1.0]), estimate)
    n, true, mean, se, bias, bias_se, above, above_se, covered, covered_se, width = module._summary(made, 1.5)
    assert (n, true, mean, bias) == pytest.approx((3.0, 1.5, 2.0, 0.5))
    assert se == bias_se == pytest.approx(1.0 / sqrt(3.0))
    assert (above, covered) == pytest.approx((2.0 / 3.0, 2.0 / 3.0))
    assert above_se == covered_se == pytest.approx(sqrt(2.0 / 9.0 / 3.0))
    assert width == pytest.approx(2.0)
    nothing = list(module._summary(Adjusted(*(np.array([np.nan]),) * 4), 1.5))
    assert nothing[:2] == [0.0, 1.5] and np.isnan(nothing[2:]).all() and len(nothing) == 11
    one = Adjusted(*(np.array([2.0]),) * 4)
    found = list(module._summary(one, 1.5))
    assert np.isnan(found[3]) and found[6] == 1.0
    # With all above the error is that of half a trial more: sqrt(.25 / 2^2 / 1).
    assert found[7] == pytest.approx(0.25)


def test_what_is_kept_of_the_look_that_stopped() -> None:
    """Statistics of each trial's own last look, and the information of every look."""
    looks = np.array([[1.0, 2.0], [3.0, 4.0]])
    gone: Any = SimpleNamespace(planned=looks / 10.0, z=looks, seen=looks / 5.0, slope=looks * 2.0)
    analyses: Any = [[SimpleNamespace(z=np.array([0.1, 0.3]))], [SimpleNamespace(z=np.array([0.2, 0.4]))]]
    found = at_the_stop(gone, np.array([1, 0]), analyses)
    assert found["information_look_1"].tolist() == [0.1, 0.3] and found["information_look_2"].tolist() == [0.2, 0.4]
    assert found["z_at_stop"].tolist() == [2.0, 3.0] and found["plain_z_at_stop"].tolist() == [0.2, 0.3]
    assert found["seen_at_stop"].tolist() == [0.4, 0.6] and found["slope_at_stop"].tolist() == [4.0, 6.0]


def test_a_table_of_estimators() -> None:
    """The true value is the mean of the same trials had none stopped; no table without an adjusted estimate."""
    columns = COLUMNS | {"estimate_at_end:x": np.array([0.5, -1.5, np.nan])[:2]}
    assert module.adjusted_table(design(looks=None), None, {"scenario": columns}, "x") is None  # type: ignore[arg-type]
    assert module.adjusted_trials(design(looks=None), None, columns, "x", 2) is None  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", ["stagewise", "weighted"])
def test_the_table_names_both_estimators(monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    """The naive and the adjusted one, each with its bias."""
    monkeypatch.setattr(module, "adjusted", lambda *_: Adjusted(*(np.array([0.0, 0.0]),) * 4))
    columns = COLUMNS | {"estimate_at_end:x": np.array([0.5, -1.5])}
    plan = design(reestimation=SimpleNamespace(test="weighted") if kind == "weighted" else None)
    found = module.adjusted_table(plan, None, {"scenario": columns}, "x")  # type: ignore[arg-type]
    assert found is not None
    assert list(found["estimator"]) == ["naive", kind] and set(found["truth"]) == {"scenario"}
    assert list(found["true_value"]) == [-0.5, -0.5] and list(found["bias"]) == pytest.approx([0.0, 0.5])


STOPPED = COLUMNS | {
    "z_at_stop": np.array([2.5, 0.3]),
    "slope_at_stop": np.array([0.7, 0.9]),
    "look": np.array([1.0, 2.0]),
    "reason": np.array([1.0, 0.0]),
    "information_look_1": np.array([0.5, 0.4]),
    "information_look_2": np.array([1.0, 0.8]),
}
UPPER = np.array([[2.4, 2.0], [2.6, 2.1]])
LOWER = np.array([[0.1, 2.0], [0.2, 2.1]])


def a_rule(binding: bool = False) -> Any:
    """Two looks with boundaries for all of alpha, and others that are not asked about."""

    def upper(shares: Any) -> Any:
        assert shares.tolist() == [[0.5, 1.0], [0.4, 0.8]]
        return np.stack([UPPER, UPPER + 1.0, UPPER + 2.0])

    bounds = (SimpleNamespace(binding=binding), SimpleNamespace(binding=not binding))
    return SimpleNamespace(looks=2, upper=upper, lower=lambda _: LOWER, boundaries=bounds)


@pytest.mark.parametrize(
    ("changed", "binding", "lower", "tail", "obeyed"),
    [
        ({"stops_for_futility": False}, False, LOWER, 0.025, True),
        ({"stops_for_futility": True}, False, LOWER, 0.025, False),
        ({"stops_for_futility": True}, True, LOWER, 0.025, True),
        ({"sides": 2, "alpha": 0.05, "stops_for_futility": True}, False, -UPPER, 0.025, True),
    ],
)
def test_what_the_stagewise_ordering_is_asked(
    monkeypatch: pytest.MonkeyPatch, changed: dict[str, Any], binding: bool, lower: Any, tail: float, obeyed: bool
) -> None:
    """Boundaries at the looks' information, a lower one that is the upper's mirror on two sides, and whether it is obeyed."""
    asked: list[Any] = []
    ends = [np.array([3.0, -2.0]), np.array([1.0, -4.0]), np.array([5.0, 0.0])]

    def ordered(*words: Any) -> Any:
        asked.extend(words)
        return SimpleNamespace(estimate=ends[0], low=ends[1], high=ends[2], p=np.array([0.01, 0.4]))

    monkeypatch.setattr(module, "after_stopping", ordered)
    plan = design(**changed)
    found = module.adjusted(plan, a_rule(binding), STOPPED, "x")
    shares, low, high, looks, z, level, obeys = asked
    assert shares.tolist() == [[0.5, 1.0], [0.4, 0.8]] and looks.tolist() == [1, 2] and z.tolist() == [2.5, 0.3]
    assert np.array_equal(low, lower) and np.array_equal(high, UPPER) and low.flags.c_contiguous
    assert (level, obeys) == (pytest.approx(tail), obeyed)
    scaled = module._on_scale(plan, STOPPED, "x", tuple(ends))  # type: ignore[arg-type]
    assert found.p.tolist() == [0.01, 0.4]
    for own, expected in zip((found.estimate, found.low, found.high), scaled, strict=True):
        assert own.tolist() == expected.tolist()


def test_a_trial_that_grew_has_repeated_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """By the boundary of the look that stopped it, and without a p value."""
    asked: list[Any] = []

    def repeated(*words: Any) -> Any:
        asked.extend(each.tolist() for each in words)
        return SimpleNamespace(estimate=np.array([3.0, -2.0]), low=np.array([1.0, -4.0]), high=np.array([5.0, 0.0]))

    monkeypatch.setattr(module, "repeated_interval", repeated)
    found = module.adjusted(design(reestimation=SimpleNamespace(test="weighted")), a_rule(), STOPPED, "x")
    assert asked == [[2.5, 0.3], [0.7, 0.9], [2.4, 2.1]]
    assert np.isnan(found.p).all() and found.p.shape == (2,)
    assert found.estimate == pytest.approx([0.75, -2.0])


def test_trials_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first so many, counted from one, with what stopped them and both estimates."""
    own = Adjusted(np.array([0.5]), np.array([0.1]), np.array([0.9]), np.array([0.01]))

    def made(plan: Any, rule: Any, columns: Any, name: str) -> Adjusted:
        assert (plan.sides, rule.looks, columns["look"].tolist(), name) == (1, 2, [1.0], "x")
        return own

    monkeypatch.setattr(module, "adjusted", made)
    found = module.adjusted_trials(design(), a_rule(), STOPPED, "x", 1)
    assert found is not None
    (row,) = found.to_dict("records")
    reach = -0.5 * float(ndtri(0.025))
    assert row == pytest.approx(
        {
            **{"trial": 1, "look": 1, "reason": 1, "z": 2.5, "p": 0.01, "estimate": 1.0},
            **{"low": 1.0 - reach, "high": 1.0 + reach, "adjusted": 0.5, "adjusted_low": 0.1, "adjusted_high": 0.9},
        }
    )


def test_errors_begin_with_two_trials_and_limits_hold_what_they_touch() -> None:
    """Two trials have an error; a true value on a limit is held, and on an estimate is not below it."""
    both = Adjusted(np.array([1.0, 2.0]), np.array([1.0, 0.0]), np.array([3.0, 1.0]), np.zeros(2))
    found = list(module._summary(both, 1.0))
    assert found[3] == pytest.approx(0.5) and found[6] == 0.5 and found[8] == 1.0
    assert module.MOST == 1_000


def test_every_look_of_more_trials_than_looks_is_kept() -> None:
    """Three trials of two looks have two columns of information."""
    looks = np.arange(6.0).reshape(3, 2)
    gone: Any = SimpleNamespace(planned=looks, z=looks, seen=looks, slope=looks)
    analyses: Any = [[SimpleNamespace(z=looks[:, k])] for k in range(2)]
    found = at_the_stop(gone, np.zeros(3, np.int64), analyses)
    assert [name for name in found if name.startswith("information")] == ["information_look_1", "information_look_2"]
