"""Sizes by formula beside simulated ones: what of the pooled patients enters them."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from small_trials import NEVER, trial

from simulator.questions.trial.analysis.analysis import analyse
from simulator.questions.trial.analysis.seen import time_to_event
from simulator.questions.trial.design.endpoint import Endpoint
from simulator.questions.trial.sizes import closed_form as module
from simulator.questions.trial.sizes.closed_form import Formula, _proportions
from simulator.statistics.endpoints import competing_tests, survival_tests
from simulator.statistics.sizes import samplesize
from simulator.statistics.sizes.samplesize import two_proportions
from simulator.words.errors import BadInput

POOL: Any = SimpleNamespace(data="data", ratio=2.0)


@pytest.mark.parametrize(("test", "pooled"), [("chi_square", True), ("risk_difference", False)])
def test_a_tenth_missing_makes_a_trial_a_ninth_larger(monkeypatch: pytest.MonkeyPatch, test: str, pooled: bool) -> None:
    """The formula's patients by the share of patients who are seen: n / 0.9."""
    shares = {"rate_0": np.array([0.5]), "rate_1": np.array([0.3]), "missing": np.array([0.1])}

    def analyse(endpoint: Any, data: str, comparison: int) -> Any:
        assert (endpoint.test, data, comparison) == (test, "data", 1)
        return SimpleNamespace(shares=shares)

    monkeypatch.setattr(module, "analyse", analyse)
    (found,) = _proportions(POOL, SimpleNamespace(test=test), 1, 0.025, 0.8)  # type: ignore[arg-type]
    assert found.patients == pytest.approx(two_proportions(0.5, 0.3, 0.025, 0.8, 2.0, pooled=pooled) / 0.9)
    assert "50.0% in the control arm, 30.0% in the other; 10.0% missing" in found.inputs


LOGRANK = Endpoint(name="e", outcome="death", test="logrank")


def pooled(data: Any, events: int | None = None, primary: str = "e", **design: Any) -> Any:
    """A pool of two arms of equal size, a hundred patients in half a year followed for a year."""
    usual: dict[str, Any] = {
        "alpha": 0.05,
        "sides": 2,
        "patients": 100,
        "follow_up": SimpleNamespace(months=12.0, until="own"),
        "accrual": SimpleNamespace(date=lambda n: n / 200.0),
        "primary": SimpleNamespace(name=primary),
    }
    return SimpleNamespace(
        data=data,
        trials=data,
        ratio=1.5,
        design=SimpleNamespace(**usual | design),
        conduct=SimpleNamespace(marked=SimpleNamespace(events=events)),
    )


TESTS = {
    "_means": ("ancova", "t_test"),
    "_wins": ("win_ratio", "win_odds", "net_benefit"),
    "_survival": ("logrank", "cox"),
    "_competing": ("gray", "subdistribution_logrank", "fine_gray"),
    "_proportions": ("chi_square", "risk_difference", "fisher", "cumulative_incidence", "km"),
}


def told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each way to a size says what it was given; an estimate of 0.4 with an error of 0.05."""
    for name in (*TESTS, "_one_arm"):
        made = lambda *given, name=name: [Formula(name, float(given[-2]), repr(given[2:]))]  # noqa: E731
        monkeypatch.setattr(module, name, made)
    effect = SimpleNamespace(estimate=np.array([-0.4]), se=np.array([0.05]))
    monkeypatch.setattr(module, "analyse", lambda _endpoint, data, arm: effect if (data, arm) == ("data", 2) else None)


def endpoint(test: str, outcome: str = "death") -> Any:
    """An endpoint by its test alone."""
    return SimpleNamespace(test=test, outcome=outcome)


def test_each_test_has_its_formula(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the level of a side; the logarithm of a size is twice as uncertain as the effect, relatively."""
    told(monkeypatch)
    pool = pooled("data")
    for name, tests in TESTS.items():
        for test in tests:
            (found,) = module.formulas(pool, endpoint(test), 0.8, 2)
            assert (found.method, found.patients, found.inputs) == (name, 0.025, "(2, 0.025, 0.8)")
            assert found.error == pytest.approx(2.0 * 0.05 / 0.4)
    (hierarchy,) = module.formulas(pool, endpoint("win_ratio", "hierarchy"), 0.8, 2)
    assert hierarchy.error == 0.0
    (one,) = module.formulas(pooled("data", sides=1), endpoint("exact_binomial"), 0.8)
    assert (one.method, one.inputs, one.error) == ("_one_arm", "(0.05, 0.8)", 0.0)


@pytest.mark.parametrize(
    "test",
    ["rmst", "km_difference", "km_ratio", "posterior", "posterior_difference", "fleming_harrington", "max_combo"],
)
def test_tests_without_a_formula(monkeypatch: pytest.MonkeyPatch, test: str) -> None:
    """Have no size."""
    told(monkeypatch)
    assert module.formulas(pooled("data"), endpoint(test), 0.8, 2) == []


def test_inputs_that_no_formula_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    """No effect at all, say, has no size either."""
    told(monkeypatch)

    def refuse(*_: Any) -> Any:
        raise BadInput([])

    monkeypatch.setattr(module, "_means", refuse)
    assert module.formulas(pooled("data"), endpoint("t_test"), 0.8, 2) == []


# Controls die at 0.5, 1.0 and 1.5; of the others one at 1.2, one is lost at 0.4; a third arm and two who never came.
DEATHS = trial(
    arm=[0, 0, 0, 0, 1, 1, 1, 1, 2, -1],
    died=[0.5, 1.0, 1.5, NEVER, 1.2, NEVER, NEVER, NEVER, 0.1, 0.1],
    lost=[NEVER, NEVER, NEVER, NEVER, NEVER, 0.4, NEVER, NEVER, 0.05, 0.05],
)
CONTROL_YEARS, OTHER_YEARS = 0.5 + 1.0 + 1.5 + 2.0, 1.2 + 0.4 + 2.0 + 2.0


def ratio_of(comparison: int = 1) -> float:
    """The hazard ratio of the deaths above."""
    group = np.where(DEATHS.arm == comparison, 1, np.where(DEATHS.arm == 0, 0, -1))
    time = np.minimum(np.minimum(DEATHS.died, DEATHS.lost), 2.0)
    return math.exp(survival_tests.cox(time, DEATHS.died <= time, group).wald.estimate[0])


def test_a_hazard_of_so_many_events_a_year() -> None:
    """Three deaths among controls in five years, one loss among all in 10.6; the ratio is the model's."""
    ratio, hazard, gone = ratio_of(), 3 / CONTROL_YEARS, 1 / (CONTROL_YEARS + OTHER_YEARS)
    plain, exact = module._survival(pooled(DEATHS), LOGRANK, 1, 0.025, 0.8)
    given = (hazard, hazard * ratio, 0.0, 1.0, gone, 0.025, 0.8, 1.5)
    for found, size in (
        (plain, samplesize.schoenfeld(*given)),
        (exact, samplesize.lachin_foulkes(*given)),
    ):
        assert (found.patients, found.events) == (pytest.approx(size.patients), pytest.approx(size.events))
    assert (plain.method, exact.method) == ("Schoenfeld", "Lachin-Foulkes")
    told = f"hazard ratio {ratio:.3f}; control hazard 0.600 a year, losses and competing events 0.094"
    assert plain.inputs == exact.inputs == told


def test_deaths_before_an_amputation_are_withdrawals() -> None:
    """One in the 5.2 years of five patients."""
    died = [NEVER, NEVER, NEVER, 0.5, NEVER]
    data = trial(arm=[0, 0, 1, 1, 1], amputated=[0.5, 1.2, 1.0, NEVER, NEVER], died=died)
    amputation = Endpoint(name="e", outcome="major_amputation", test="logrank")
    assert "competing events 0.192" in module._survival(pooled(data), amputation, 1, 0.025, 0.8)[0].inputs


@pytest.mark.parametrize(
    ("at", "until", "accrual", "years"),
    [(None, "own", 0.0, 2.0), (15.0, "own", 0.0, 1.25), (30.0, "own", 0.0, 2.0), (None, "last", 0.5, 2.0)],
)
def test_how_long_patients_are_followed(at: float | None, until: str, accrual: float, years: float) -> None:
    """Each for two years or to the endpoint's own time, or all until the last one has been."""
    follow_up = SimpleNamespace(months=24.0, until=until)
    timed = LOGRANK if at is None else LOGRANK.model_copy(update={"at_months": at})
    found = module._survival(pooled(DEATHS, follow_up=follow_up), timed, 1, 0.025, 0.8)[0]
    seen = time_to_event(timed, DEATHS)
    group = np.where(DEATHS.arm == 2, -1, DEATHS.arm)
    ratio = math.exp(survival_tests.cox(seen.time, seen.code == 1, group).wald.estimate[0])
    hazard = float((seen.code[group == 0] == 1).sum() / seen.time[group == 0].sum())
    gone = 1.0 / float(seen.time[group >= 0].sum())
    given = (hazard, hazard * ratio, accrual, years, gone, 0.025, 0.8, 1.5)
    assert found.patients == pytest.approx(samplesize.schoenfeld(*given).patients)


def test_a_trial_that_events_end() -> None:
    """Schoenfeld's events among the half of the patients who have one; another endpoint is sized by years."""
    (found,) = module._survival(pooled(DEATHS, events=30), LOGRANK, 1, 0.025, 0.8)
    events = samplesize.schoenfeld_events(ratio_of(), 0.025, 0.8, 1.5)
    assert (found.method, found.events) == ("Schoenfeld", pytest.approx(events))
    assert found.patients == pytest.approx(2.0 * events)
    assert found.inputs == f"hazard ratio {ratio_of():.3f}; 50.0% have the event by the end"
    assert len(module._survival(pooled(DEATHS, events=30, primary="other"), LOGRANK, 1, 0.025, 0.8)) == 2


def test_competing_events() -> None:
    """The subdistribution's ratio, and the five in eight who lose a limb."""
    data = trial(
        arm=[0, 0, 0, 0, 1, 1, 1, 1],
        amputated=[0.5, 1.0, 1.5, NEVER, 1.2, 0.9, NEVER, NEVER],
        died=[NEVER, NEVER, NEVER, 0.2, NEVER, NEVER, 0.3, NEVER],
    )
    gray = Endpoint(name="e", outcome="major_amputation", test="gray")
    seen = time_to_event(gray, data)
    effect = competing_tests.fine_gray(seen.time, seen.code, data.arm, np.full(data.shape, 2.0))
    ratio = math.exp(effect.wald.estimate[0])
    (found,) = module._competing(pooled(data), gray, 1, 0.025, 0.8)
    assert found.patients == pytest.approx(samplesize.schoenfeld_events(ratio, 0.025, 0.8, 1.5) / 0.625)
    assert found.inputs.startswith(f"subdistribution hazard ratio {ratio:.3f}; 62.5%")


def test_incidences_at_a_time() -> None:
    """Three of four controls by two years and one of four others, none missing."""
    data = trial(arm=[0] * 4 + [1] * 4, amputated=[0.5, 1.0, 1.5, NEVER, 1.2, NEVER, NEVER, NEVER], end=2.0)
    at = Endpoint(name="e", outcome="major_amputation", test="cumulative_incidence", at_months=24.0)
    (found,) = module._proportions(pooled(data), at, 1, 0.025, 0.8)
    assert found.patients == pytest.approx(samplesize.two_proportions(0.75, 0.25, 0.025, 0.8, 1.5, pooled=False))
    assert found.inputs == "75.0% in the control arm, 25.0% in the other; 0.0% missing"
    assert found.method == "two proportions, unpooled variance"


def test_an_exact_test_has_its_exact_power(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first size of the test by its name in the tables, a tenth of them missing."""
    shares = {"rate_0": np.array([0.5]), "rate_1": np.array([0.3]), "missing": np.array([0.1])}
    monkeypatch.setattr(module, "analyse", lambda *_: SimpleNamespace(shares=shares))
    asked: list[Any] = []
    monkeypatch.setattr(module, "exact_sizes", lambda *given: asked.append(given) or (90.0, 95.0))
    (found,) = _proportions(POOL, SimpleNamespace(test="fisher"), 1, 0.025, 0.8)  # type: ignore[arg-type]
    assert found.patients == pytest.approx(100.0) and found.method == "exact power of the test"
    assert asked == [(module.EXACT["fisher"], 0.5, 0.3, 0.025, 0.8, 2.0)]


def test_one_arm(monkeypatch: pytest.MonkeyPatch) -> None:
    """A rate a fifth above the null's half, known within 4%: the size within 40%."""
    monkeypatch.setattr(
        module,
        "single_arm_size",
        lambda p0, p1, alpha, power: SimpleNamespace(first=p0 + 2 * p1 + 4 * alpha + 8 * power),
    )
    for rate in (0.7, 0.3):
        effect = SimpleNamespace(estimate=np.array([rate]), se=np.array([0.04]))
        monkeypatch.setattr(module, "analyse", lambda *_, effect=effect: effect)
        (found,) = module._one_arm(pooled("data"), SimpleNamespace(null_rate=0.5), 0.05, 0.85)  # type: ignore[arg-type]
        assert (found.method, found.error) == ("exact binomial", pytest.approx(0.4))
        assert found.patients == pytest.approx(0.5 + 2 * rate + 4 * 0.05 + 8 * 0.85)
        assert found.inputs == f"{rate:.1%} succeed, against 50.0%"


# Six controls, of whom one is not measured and one not followed; five of arm 2; and one of arm 1.
VALUES = [20.0, 24.0, 28.0, 32.0, np.nan, 90.0, 40.0, 42.0, 46.0, 48.0, 50.0, 99.0]
ENTRY = [18.0, 20.0, 19.0, 24.0, 20.0, 20.0, 21.0, 19.0, 24.0, 22.0, 26.0, 20.0]
MEASURED = trial(
    visits=(0.5, 1.0),
    arm=[0] * 6 + [2] * 5 + [1],
    end=[2.0] * 5 + [0.2] + [2.0] * 6,
    tcpo2=[[value, 7.0] for value in VALUES],
    walked=[[value / 10.0, 7.0] for value in VALUES],
    tcpo2_entry=ENTRY,
)


@pytest.mark.parametrize("test", ["t_test", "ancova"])
def test_means_of_those_who_are_measured(test: str) -> None:
    """Nine of ten; deviations within arms, weighted by their sizes; the mean of the correlations within."""
    control, other = np.array(VALUES[:4]), np.array(VALUES[6:11])
    sd = math.sqrt((4 * control.var(ddof=1) + 5 * other.var(ddof=1)) / 9)
    within = [np.corrcoef(ENTRY[:4], control)[0, 1], np.corrcoef(ENTRY[6:11], other)[0, 1]]
    correlation = float(np.mean(within)) if test == "ancova" else 0.0
    at_six = Endpoint(name="e", outcome="tcpo2", test=test, at_months=6.0)
    difference = float(analyse(at_six, MEASURED, 2).estimate[0])
    (found,) = module._means(pooled(MEASURED), at_six, 2, 0.025, 0.8)
    n = samplesize.two_means(difference, sd, 0.025, 0.8, 1.5, correlation)
    assert found.patients == pytest.approx(n / 0.9)
    assert found.method == ("ANCOVA" if test == "ancova" else "t test")
    assert found.inputs.endswith(f"SD {sd:.2f}, correlation {correlation:.2f}; 90% measured")
    if test == "t_test":
        assert difference == pytest.approx(other.mean() - control.mean())
        walked = Endpoint(name="e", outcome="walking_time", test=test, at_months=6.0)
        (years,) = module._means(pooled(MEASURED), walked, 2, 0.025, 0.8)
        assert years.patients == pytest.approx(found.patients)


def test_pairs_within_trials(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ninety wins and sixty losses in two hundred pairs; the error is that of the mean over the trials that have a ratio."""
    estimates = np.array([0.2, 0.4, np.nan, 0.6, np.inf])
    found = SimpleNamespace(
        wins=np.array([30.0, 60.0, np.nan]),
        losses=np.array([20.0, 40.0, np.nan]),
        pairs=np.array([100.0, 100.0, np.nan]),
        win_ratio=SimpleNamespace(estimate=estimates),
    )
    asked: list[Any] = []
    monkeypatch.setattr(module, "pair_statistics", lambda *given: asked.append(given) or found)
    (formula,) = module._wins(pooled("trials"), "endpoint", 2, 0.025, 0.8)  # type: ignore[arg-type]
    assert asked == [("endpoint", "trials", 2)]
    assert formula.patients == pytest.approx(samplesize.win_ratio(1.5, 0.25, 0.025, 0.8, 1.5))
    assert formula.error == pytest.approx(2.0 * 0.2 / math.sqrt(3) / math.log(1.5))
    assert (formula.method, formula.inputs) == ("Yu-Ganju", "win ratio 1.500, 25.0% of pairs tied")


def test_a_pool_is_cut_at_its_planned_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """As many trials as the pool has room for, one at least, with all of their patients in one; arms by their shares."""
    asked: list[Any] = []
    simulation: Any = SimpleNamespace(
        truth=lambda name: f"truth {name}", lives=lambda *given: asked.append(given) or "lives"
    )
    arms = [SimpleNamespace(allocation=2), SimpleNamespace(allocation=3)]
    design = SimpleNamespace(arms=arms)
    conduct: Any = SimpleNamespace(marked=SimpleNamespace(patients=100, events=7), design=design)
    monkeypatch.setattr(module, "limited", lambda *given: given)
    monkeypatch.setattr(module, "end_of_trial", lambda *given: given)
    monkeypatch.setattr(module, "cut", lambda data, end: SimpleNamespace(pooled=lambda: (data, end)))
    found = module.pool(simulation, conduct)
    assert found.design is design and found.ratio == 1.5
    assert found.data == (("lives", 100), (design, ("lives", 100), 7))  # type: ignore[comparison-overlap]
    conduct.marked.patients = 2 * module.POOL
    module.pool(simulation, conduct, "other")
    assert asked == [("truth scenario", 0, module.POOL // 100, 100), ("truth other", 0, 1, 2 * module.POOL)]
    design.arms = arms[:1]
    assert found.ratio == 1.0
    design.arms = [*arms, SimpleNamespace(allocation=9)]
    assert found.ratio == 1.5
