"""Expected health of a population with a constant hazard and utility, and what rules make of a shortfall, by hand."""

from __future__ import annotations

from collections.abc import Iterable
from math import exp, log
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from simulator.questions.value.consequences import severity
from simulator.questions.value.consequences.severity import expected_of, expected_qalys, severity_table


class Table:
    """A hazard of 10% a year in men and 5% in women, at any age."""

    def survivals(self, age: float, years: Iterable[float], male: bool) -> list[float]:
        return [exp(-(0.1 if male else 0.05) * year) if age < 200.0 else 0.0 for year in years]


class Norm:
    """A utility of 0.8 in men and 0.9 in women, at any age."""

    def at(self, age: float, male: bool) -> float:
        return (0.8 if male else 0.9) if age < 200.0 else 0.0


TABLE, NORM = Table(), Norm()


def qalys(male: bool, years: float, rate: float) -> float:
    """The integral of utility x survival x discount."""
    hazard = (0.1 if male else 0.05) + log(1.0 + rate)
    return (0.8 if male else 0.9) * (1.0 - exp(-hazard * years)) / hazard


def expected(age: float, male: bool, rate: float) -> float:
    return expected_qalys(age, male, TABLE, NORM, rate)  # type: ignore[arg-type]


def test_expected_health_is_an_integral_to_the_age_of_110() -> None:
    """By sex, from 70 on over forty years, discounted or not; half a year at least where somebody is older."""
    for male in (False, True):
        for rate in (0.0, 0.03):
            assert expected(70.0, male, rate) == pytest.approx(qalys(male, 40.0, rate), rel=1e-6)
    assert expected(120.0, True, 0.0) == pytest.approx(qalys(True, 0.5, 0.0), rel=1e-4)


def test_people_are_averaged_at_whole_years() -> None:
    """A man of 69.6 counts as one of 70; two women of 80 weigh twice."""
    people = pd.DataFrame({"age": [69.6, 80.2, 79.9], "male": [1.0, 0.0, 0.0]})
    found = expected_of(people, TABLE, NORM, 0.0)  # type: ignore[arg-type]
    assert found == pytest.approx((qalys(True, 40.0, 0.0) + 2.0 * qalys(False, 30.0, 0.0)) / 3.0, rel=1e-6)


def test_what_rules_make_of_a_shortfall(monkeypatch: pytest.MonkeyPatch) -> None:
    """A weight of 2 from an absolute shortfall of 4 on, a threshold by proportional shortfall, and one in another currency."""
    rules = {
        "weights": SimpleNamespace(
            discounted=True,
            rate=0.035,
            weighs=True,
            currency="GBP",
            at=lambda a, _p: np.where(np.asarray(a) >= 4.0, 2.0, 1.0),
        ),
        "thresholds": SimpleNamespace(
            discounted=False,
            weighs=False,
            currency="EUR",
            at=lambda _a, p: np.where(np.asarray(p) > 0.5, 80_000.0, 20_000.0),
        ),
        "elsewhere": SimpleNamespace(
            discounted=True, rate=None, weighs=False, currency="NOK", at=lambda _a, p: 5.0 + 0.0 * p
        ),
    }
    monkeypatch.setattr(severity, "load_severity", lambda: rules)
    values = SimpleNamespace(
        discounting=SimpleNamespace(effects=0.03),
        norm=NORM,
        money=SimpleNamespace(currency="EUR"),
        threshold=30_000.0,
    )
    people = pd.DataFrame({"age": [70.0], "male": [1.0]})
    whole, plain = qalys(True, 40.0, 0.03), qalys(True, 40.0, 0.0)
    care, care_plain = np.array([whole - 3.0, whole - 4.5, whole - 6.0, whole - 6.5]), np.full(4, 0.25 * plain)
    care_plain[3] = 0.75 * plain
    increments = pd.DataFrame({"option": ["new"], "cost": [10_000.0], "effect": [0.5]})
    table, bands = severity_table(people, TABLE, values, care, care_plain, increments)  # type: ignore[arg-type]
    rows = table.set_index("rule")
    weights, thresholds, elsewhere = (rows.loc[name] for name in rules)
    assert (weights["option"], weights["rate"], thresholds["rate"]) == ("new", 0.03, 0.0)
    assert (weights["own_rate"], thresholds["own_rate"]) == (0.035, 0.0) and np.isnan(elsewhere["own_rate"])
    assert weights["expected"] == pytest.approx(whole, rel=1e-6)
    assert weights["care"] == pytest.approx(whole - 5.0) and thresholds["care"] == pytest.approx(0.375 * plain)
    assert weights["absolute"] == pytest.approx(5.0, abs=1e-4)
    assert weights["proportional"] == pytest.approx(5.0 / whole, abs=1e-4)
    assert (weights["absolute_low"], weights["absolute_high"]) == pytest.approx((3.1125, 6.4625), abs=1e-4)
    assert weights["proportional_high"] == pytest.approx(6.4625 / whole, abs=1e-4)
    assert (weights["weight"], weights["threshold"]) == (2.0, 30_000.0)
    assert weights["net_benefit"] == 5_000.0 and weights["net_benefit_weighted"] == 20_000.0
    assert np.isnan(thresholds["weight"]) and thresholds["threshold"] == 80_000.0
    assert thresholds["net_benefit_weighted"] == 30_000.0 and thresholds["net_benefit"] == 5_000.0
    assert np.isnan([elsewhere["threshold"], elsewhere["net_benefit_weighted"], elsewhere["weight"]]).all()
    told = {(row["rule"], row["value"]): row["probability"] for row in bands.to_dict("records")}
    assert told == {
        ("weights", 1.0): 0.25,
        ("weights", 2.0): 0.75,
        ("thresholds", 20_000.0): 0.25,
        ("thresholds", 80_000.0): 0.75,
        ("elsewhere", 5.0): 1.0,
    }
