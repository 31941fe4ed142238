"""Observed against simulated: every published number finds its own counterpart, with its interval, by hand."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from scipy.stats import binom

from simulator.evidence.targets import Founding
from simulator.founding import predicted
from simulator.founding.predicted import observed_targets, predictive_table, simulated_targets
from simulator.founding.summaries import LAST, STATISTICS, summarise
from simulator.questions.calibrate import check
from simulator.questions.calibrate.check import contrast_rows, targets_table
from simulator.statistics.endpoints.exact_interval import exact_interval

DATA = Founding(
    n=40,
    cells_1_year=np.array([1, 2, 3, 14, 4, 5, 6, 5]),
    cells_end=np.array([1, 2, 4, 9, 4, 5, 7, 8]),
    doses=np.array([[3, 4, 5], [9, 8, 11]]),
    tcpo2_split=40.0,
    follow_up_years=np.array([0.5, 1.0, 2.0]),
    enrolment=(18.0, 5.0, 40.0),
    last=(42.0, 12.0, 36.0),
    last_low=(30.0, 6.0, 12.0),
    last_high=(48.0, 7.0, 24.0),
    last_healed=(50.0, 8.0, 16.0),
    last_unhealed=(35.0, 9.0, 20.0),
    healing_days_1_year=(200.0, 10.0),
    healing_days_end=(300.0, 20.0),
    walking_end=22,
    below_knee=(6, 9),
    shortest=1.0,
    longest=3.0,
    contrast_years=0.5,
    contrast_tcpo2_years=0.5,
    early_tcpo2_years=0.1,
)


def test_exact_limits_leave_two_and_a_half_per_cent_on_either_side() -> None:
    """Of 3 among 20: at the lower limit 3 or more have 2.5%, at the upper 3 or fewer; none has no lower, all no upper limit."""
    low, high = exact_interval(3, 20)
    assert binom.sf(2, 20, low) == pytest.approx(0.025) and binom.cdf(3, 20, high) == pytest.approx(0.025)
    assert exact_interval(0, 20) == (0.0, pytest.approx(1.0 - 0.025 ** (1 / 20)))
    assert exact_interval(20, 20) == (pytest.approx(0.025 ** (1 / 20)), 1.0)


def test_the_published_numbers_meet_their_own_counterparts() -> None:
    """A simulation that gave what was published is on every target: the two lists are in one order."""
    observed = list(observed_targets(DATA))
    simulated = simulated_targets(DATA.statistics[None])
    assert simulated.shape == (1, len(observed)) and len({name for name, *_ in observed}) == len(observed)
    for (name, value, low, high), found in zip(observed, simulated[0], strict=True):
        assert found == pytest.approx(value), name
        assert low < value < high, name


def test_quarters_of_follow_up_add_up() -> None:
    """Those who have left by the end of each of the first three; the last quarter leaves nobody to tell."""
    statistics = DATA.statistics.copy()
    for quarter, share in enumerate((0.1, 0.2, 0.3, 0.4), 1):
        statistics[list(STATISTICS).index(f"follow_up_quarter_{quarter}")] = share
    names = [name for name, *_ in observed_targets(DATA)]
    left = {
        name: value
        for name, value in zip(names, simulated_targets(statistics[None])[0], strict=True)
        if "left_by" in name
    }
    assert list(left.values()) == pytest.approx([0.1, 0.3, 0.6])


@pytest.mark.parametrize(
    ("name", "value", "low", "high"),
    [
        ("year_1_alive_limb_kept_unhealed", 14 / 40, *exact_interval(14, 40)),
        ("end_dead_limb_kept_healed", 7 / 40, *exact_interval(7, 40)),
        ("year_1_major_amputation", 12 / 40, *exact_interval(12, 40)),
        ("year_1_death", 20 / 40, *exact_interval(20, 40)),
        ("year_1_healing", 14 / 40, *exact_interval(14, 40)),
        ("end_death", 24 / 40, *exact_interval(24, 40)),
        ("end_healing", 16 / 40, *exact_interval(16, 40)),
        ("doses_1", 12 / 40, *exact_interval(12, 40)),
        ("doses_3", 16 / 40, *exact_interval(16, 40)),
        ("doses_2_below_40", 4 / 40, *exact_interval(4, 40)),
        ("doses_2_at_least_40", 8 / 40, *exact_interval(8, 40)),
        ("last_at_least_40", 28 / 40, *exact_interval(28, 40)),
        ("tcpo2_mean_last", 42.0, 42.0 - 1.96 * 2.0, 42.0 + 1.96 * 2.0),
        ("tcpo2_sd_last_at_least_40", 7.0, 7.0 - 1.96 * 7.0 / 46**0.5, None),
        ("tcpo2_sd_enrolment", 5.0, None, 5.0 + 1.96 * 5.0 / 78**0.5),
        ("tcpo2_mean_healed", 50.0, 46.08, 53.92),
        ("healing_days_end", 300.0, 260.8, 339.2),
        ("left_by_2_years", 0.75, *exact_interval(30, 40)),
        ("walking_end", 22 / 40, *exact_interval(22, 40)),
        ("below_knee", 6 / 9, *exact_interval(6, 9)),
    ],
)
def test_a_published_number_and_its_interval(name: str, value: float, low: float | None, high: float | None) -> None:
    """Shares have exact limits, means 1.96 SD / sqrt n, standard deviations 1.96 SD / sqrt(2 (n - 1))."""
    found = {each: limits for each, *limits in observed_targets(DATA)}[name]
    assert found[0] == pytest.approx(value)
    assert low is None or found[1] == pytest.approx(low)
    assert high is None or found[2] == pytest.approx(high)


class Cohort:
    """Simulated people whose statistics are known: those of the whole, and of each part by where it begins."""

    made: list[tuple[int, int]] = []  # noqa: RUF012

    def __init__(self, scenario: Any, data: Founding, patients: int, seed: int) -> None:
        self.scenario, self.data, self.patients, self.seed = scenario, data, patients, seed
        self.made.append((patients, seed))

    def lives(self, params: Any, first: int = 0) -> Any:
        """People who differ by their number, in the columns of an observed cohort."""
        found = np.random.default_rng([self.seed, first, int(params)]).uniform(0.1, 3.0, (self.patients, 12))
        found[:, LAST] *= 25.0
        return found

    def statistics(self, params: Any, first: int = 0) -> Any:
        """The arms of trials, which move with the patients' numbers."""
        return (
            params["share"] * np.ones(len(STATISTICS) + 6)
            + np.r_[np.zeros(len(STATISTICS)), 1.0 + first / 1000.0 * np.arange(6)]
        )


@pytest.fixture
def cohort(monkeypatch: pytest.MonkeyPatch) -> type[Cohort]:
    Cohort.made.clear()
    for module in (check, predicted):
        monkeypatch.setattr(module, "FoundingCohort", Cohort)
    return Cohort


def test_the_simulation_s_error_is_that_between_batches(cohort: type[Cohort], monkeypatch: pytest.MonkeyPatch) -> None:
    """2,000 people are 40 batches of 50, fewer would be too; the error is the batches' standard deviation over sqrt 40."""
    monkeypatch.setattr(
        check, "contrast_rows", lambda *_: iter([{"target": "ratio", "low": 1.0, "high": 2.0, "simulated": 1.5}])
    )
    scenario: Any = SimpleNamespace(params=lambda: 7)
    table = targets_table(scenario, DATA, {}, 1_000, 3)
    assert cohort.made == [(2_000, 3)]
    lives = cohort(None, DATA, 2_000, 3).lives(7)
    whole = simulated_targets(summarise(lives, DATA)[None])[0]
    parts = np.stack([simulated_targets(summarise(lives[k : k + 50], DATA)[None])[0] for k in range(0, 2_000, 50)])
    assert table["simulated"].to_numpy()[:-1] == pytest.approx(whole)
    assert table["se"].to_numpy()[:-1] == pytest.approx(np.nanstd(parts, axis=0, ddof=1) / 40**0.5)
    assert table["target"].tolist()[:-1] == [name for name, *_ in observed_targets(DATA)]
    assert table["inside"].tolist() == [row.low <= row.simulated <= row.high for row in table.itertuples()]
    targets_table(scenario, DATA, {}, 4_000, 3)
    assert cohort.made[-1] == (4_000, 3)


def test_randomised_contrasts_of_each_view(monkeypatch: pytest.MonkeyPatch, cohort: type[Cohort]) -> None:
    """Ratio, difference in TcPO2 and the control arm's changes: with 1.96 errors as published, simulated at the view's share."""
    register = {
        "attributable_share_central": SimpleNamespace(value=0.5),
        "attributable_share_sceptical": SimpleNamespace(value=0.0),
    }
    scenario: Any = SimpleNamespace(register=register, params=lambda given: {"share": given["attributable_share"]})
    monkeypatch.setattr(check, "contrasts", lambda rows: (np.log(rows[:, -1]), rows[:, -2]))
    monkeypatch.setattr(check, "changes", lambda rows: rows[:, [-3, -4]])
    arms = (SimpleNamespace(early=True, change=5.0, sd=1.0), SimpleNamespace(early=False, change=8.0, sd=2.0))
    both = SimpleNamespace(log_risk_ratio=np.log(0.8), log_risk_ratio_se=0.1, tcpo2=6.0, tcpo2_se=1.5, arms=arms)
    ratio = SimpleNamespace(log_risk_ratio=0.0, log_risk_ratio_se=0.2, tcpo2=None, tcpo2_se=None, arms=())
    whole = cohort(scenario, DATA, 400, 1)
    rows = list(contrast_rows(scenario, whole, {"central": both, "sceptical": ratio}))  # type: ignore[arg-type, dict-item]
    assert cohort.made[-1] == (10, 1)
    assert [row["target"] for row in rows] == [
        "risk_ratio_central",
        "tcpo2_difference_central",
        "tcpo2_untreated_early",
        "tcpo2_untreated_later",
        "risk_ratio_sceptical",
    ]
    assert [row["observed"] for row in rows] == pytest.approx([0.8, 6.0, 5.0, 8.0, 1.0])
    assert [row["low"] for row in rows] == pytest.approx([0.8 * np.exp(-0.196), 3.06, 3.04, 4.08, np.exp(-0.392)])
    assert [row["high"] for row in rows] == pytest.approx([0.8 * np.exp(0.196), 8.94, 6.96, 11.92, np.exp(0.392)])
    # Statistics of the whole are the share + 1; of the parts at 0, 10, ... 390 they rise by a thousandth times their place.
    assert [row["simulated"] for row in rows] == pytest.approx([1.5, 1.5, 1.5, 1.5, 1.0])
    firsts = np.arange(40) * 10 / 1000.0
    spread = [np.std(each, ddof=1) / 40**0.5 for each in (np.log(1.5 + 5 * firsts), 4 * firsts, 3 * firsts, 2 * firsts)]
    assert [row["se"] for row in rows[:4]] == pytest.approx([1.5 * spread[0], *spread[1:]])
    assert rows[4]["se"] == pytest.approx(np.std(np.log(1.0 + 5 * firsts), ddof=1) / 40**0.5)


def test_predictive_intervals_at_the_study_s_size(cohort: type[Cohort]) -> None:
    """A cohort of the study's size for each draw, each with people of its own: mean and the middle 95% of them."""
    draws: Any = np.arange(30)
    table = predictive_table(SimpleNamespace(), DATA, draws, 5)  # type: ignore[arg-type]
    assert cohort.made == [(40, 5)]
    people = cohort(None, DATA, 40, 5)
    each = np.stack([simulated_targets(summarise(people.lives(k, first=40 * k), DATA)[None])[0] for k in range(30)])
    assert table["predicted"].to_numpy() == pytest.approx(np.nanmean(each, axis=0))
    assert table["low"].to_numpy() == pytest.approx(np.nanquantile(each, 0.025, axis=0))
    assert table["high"].to_numpy() == pytest.approx(np.nanquantile(each, 0.975, axis=0))
    inside = (table["observed"] >= table["low"] - 1e-9) & (table["observed"] <= table["high"] + 1e-9)
    assert table["inside"].tolist() == inside.tolist() and 0 < inside.sum() < len(table)
    assert table["observed"].to_numpy() == pytest.approx([value for _, value, *_ in observed_targets(DATA)])


def test_limits_count_as_inside(cohort: type[Cohort], monkeypatch: pytest.MonkeyPatch) -> None:
    """A cohort that always gives what was published holds every number."""
    monkeypatch.setattr(predicted, "summarise", lambda lives, data: data.statistics)
    table = predictive_table(SimpleNamespace(), DATA, np.arange(2), 5)  # type: ignore[arg-type]
    assert table["inside"].all() and table["low"].to_numpy() == pytest.approx(table["high"].to_numpy())
