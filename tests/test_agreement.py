"""Observed beside expected on a hospital's page: in all, in groups, over calendar time, and beside scores, by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from simulator.questions.registry.agreement.agreement import TIMES, accuracy_table, calendar_table, calibration_table
from simulator.questions.registry.agreement.predicted import OUTCOMES
from simulator.questions.registry.agreement.published_scores import order_table
from simulator.questions.registry.people.described import course
from simulator.questions.registry.people.observed import may_be_told
from simulator.questions.registry.people.people import People
from simulator.rules.population.patient import COLUMNS

NEVER = np.inf


def hospital(lost: np.ndarray, **known: np.ndarray) -> People:
    """People followed for three years: those of `lost` (people,) are amputated after half a year, nobody dies or heals."""
    given = np.full((len(lost), len(COLUMNS)), np.nan)
    for name, values in known.items():
        given[:, COLUMNS.index(name)] = values
    at = np.full((len(lost), 3), NEVER)
    at[lost, 0] = 0.5
    year = 2010.5 + np.arange(len(lost)) // (len(lost) // 10)
    return People(given, at, at.copy(), np.full(len(lost), 3.0), year, np.arange(len(lost), dtype=np.int64))


def same_risk(values: np.ndarray) -> dict[str, np.ndarray]:
    """A prediction that gives each person one risk for every outcome and time."""
    return {"model": np.broadcast_to(values[:, None, None], (len(values), len(OUTCOMES), len(TIMES)))}


def test_accuracy_by_hand() -> None:
    """Forty of a hundred lose the leg where 18 were expected, all of them among those with the higher risk."""
    lost = np.arange(100) < 40
    row = accuracy_table(hospital(lost), same_risk(np.where(lost, 0.3, 0.1)), 0).iloc[0]
    assert tuple(row[["outcome", "time_years", "people", "observed"]]) == ("amputated", 1.0, 100.0, 0.4)
    assert row["expected"] == pytest.approx(0.18) and row["ratio"] == pytest.approx(0.4 / 0.18, abs=1e-4)
    # The error of a share of 0.4 of a hundred people, relative to it.
    half = 1.96 * np.sqrt(0.4 * 0.6 / 100) / 0.4
    assert row["ratio_low"] == pytest.approx(0.4 / 0.18 * np.exp(-half), rel=0.01)
    assert row["ratio_high"] == pytest.approx(0.4 / 0.18 * np.exp(half), rel=0.01)
    assert row["c"] == 1.0
    assert row["brier"] == pytest.approx(0.4 * 0.7**2 + 0.6 * 0.1**2)
    assert row["better"] == pytest.approx(1.0 - row["brier"] / (0.4 * 0.6), abs=1e-4)
    assert row["brier_low"] < row["brier"] < row["brier_high"]


def test_groups_of_like_risk_begin_with_the_lowest() -> None:
    """Of a hundred people in ten tenths by risk, one more of ten is lost in each: expected and observed rise together."""
    tenth, place = np.divmod(np.arange(100), 10)
    lost = place < np.maximum(tenth, 1)
    table = calibration_table(hospital(lost), same_risk(np.arange(100) / 100), 0)
    table = table[(table["outcome"] == "amputated") & (table["time_years"] == 1.0)]
    assert table["group"].tolist() == list(range(1, 11))
    assert table["people"].tolist() == [10.0] * 10
    assert table["observed"].tolist() == [0.1, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]
    assert table["expected"].tolist() == pytest.approx(np.arange(10) / 10 + 0.045, abs=0.006)
    assert (table["low"] < table["observed"]).all() and (table["observed"] < table["high"]).all()


def test_few_people_make_fewer_groups() -> None:
    """Where counts up to ten are hidden, a hundred people of whom every other is lost make four groups, and thirty none."""
    lost = np.arange(100) % 2 == 0
    told = calibration_table(hospital(lost), same_risk(np.arange(100) / 100), 10)
    assert told.query("outcome == 'amputated' and time_years == 1")["group"].tolist() == [1, 2, 3, 4]
    assert calibration_table(hospital(lost[:30]), same_risk(np.arange(30) / 100), 10).empty


def test_what_the_curve_withholds_no_other_table_gives_away() -> None:
    """Forty of a hundred are lost by half a year and six more within the year: at one year the six could be worked out."""
    lost = np.arange(100) < 46
    people = hospital(lost)
    late = np.where(np.arange(100) < 40, 0.4, 0.8)
    at = np.where(lost[:, None], np.stack([late, np.full(100, NEVER), np.full(100, NEVER)], axis=1), NEVER)
    people = replace(people, low=at, high=at.copy())
    curve = course(people, 10).query("event == 'amputated'").set_index("time_years")["value"]
    assert curve[0.5] == 0.4 and np.isnan(curve[1.0])
    risk = same_risk(np.arange(100) / 100)
    for table in (
        accuracy_table(people, risk, 10),
        calibration_table(people, risk, 10),
        calendar_table(people, risk, 10),
    ):
        assert table[(table["outcome"] == "amputated") & (table["time_years"] == 1.0)].empty
    assert len(accuracy_table(people, risk, 0).query("outcome == 'amputated' and time_years == 1"))


def test_a_share_is_told_again_once_enough_came_since_the_last_one() -> None:
    """Twelve by a quarter, fifteen by half a year (three more), 25 by one (thirteen since the last told), none since by two."""
    time = np.concatenate([np.full(12, 0.2), np.full(3, 0.4), np.full(10, 0.8), np.full(75, 2.5)])
    code = np.repeat([1, 0], [25, 75])
    assert may_be_told(time, code, (0.25, 0.5, 1.0, 2.0, 3.0), 10).tolist() == [True, False, True, True, False]


def test_calendar_time_is_told_from_year_to_year() -> None:
    """People of ten years in five periods of two, more of whom lose the leg from one to the next; of five years in five."""
    lost = np.arange(100) % 20 < 2 + 3 * (np.arange(100) // 20)
    table = calendar_table(hospital(lost), same_risk(np.full(100, 0.25)), 0).query("outcome == 'amputated'")
    assert table["group"].tolist() == [f"{year} to {year + 1}" for year in range(2010, 2020, 2)]
    assert table["observed"].tolist() == [0.1, 0.25, 0.4, 0.55, 0.7]
    assert table["expected"].tolist() == [0.25] * 5
    five = replace(hospital(lost), calendar=2010.5 + np.arange(100) // 20)
    table = calendar_table(five, same_risk(np.full(100, 0.25)), 0).query("outcome == 'amputated'")
    assert table["group"].tolist() == [str(year) for year in range(2010, 2015)]


def test_low_tcpo2_and_age_order_people_as_danger_does() -> None:
    """Where those who lose the leg are the oldest with the lowest TcPO2, each alone orders everybody, and so does the model."""
    lost = np.arange(40) < 16
    people = hospital(lost, tcpo2_measured=np.where(lost, 10.0, 30.0), age=np.where(lost, 80.0, 60.0))
    table = order_table(people, same_risk(np.where(lost, 0.6, 0.2)), 0).query("time_years == 1")
    assert set(table["outcome"]) == {"amputated_or_died"}, "nobody dies"
    assert dict(zip(table["score"], table["c"], strict=True)) == {
        "tcpo2_alone": 1.0,
        "age_alone": 1.0,
        "model_model": 1.0,
    }
