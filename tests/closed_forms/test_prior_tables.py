"""What a prior is worth and what it costs, by hand."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import beta

from simulator.questions.trial.results import prior_tables as module
from simulator.questions.trial.results.prior_tables import prior_table, prior_tables
from simulator.statistics.beliefs.beta_rules import UNIFORM, BetaMixture
from simulator.statistics.beliefs.effective_size import elir_size, moment_size

MIXED = BetaMixture((0.6, 0.15, 0.25), (3.0, 2.0, 1.0), (5.0, 2.0, 1.0))


def test_a_row_for_each_part_and_for_the_whole() -> None:
    """Means and quantiles of each; what the whole is worth in patients."""
    table = prior_table(MIXED)
    assert table["part"].tolist() == ["1", "2", "3", "whole"] and table["weight"].tolist() == [0.6, 0.15, 0.25, 1.0]
    assert table["a"].tolist() == pytest.approx([3.0, 2.0, 1.0, np.nan], nan_ok=True)
    assert table["b"].tolist() == pytest.approx([5.0, 2.0, 1.0, np.nan], nan_ok=True)
    first = table.iloc[0]
    assert first[["mean", "low", "median", "high"]].tolist() == pytest.approx(
        [3 / 8, *beta.ppf([0.025, 0.5, 0.975], 3.0, 5.0)], abs=1e-6
    )
    assert table["mean"].iloc[3] == pytest.approx(0.6 * 3 / 8 + 0.2)
    assert table["elir"].tolist() == pytest.approx([np.nan] * 3 + [elir_size(MIXED)], nan_ok=True)
    assert table["moment"].iloc[3] == pytest.approx(moment_size(MIXED))


def test_what_comes_before_a_vague_part_has_a_row_of_its_own() -> None:
    """Four fifths and a fifth of it."""
    table = prior_table(MIXED, True)
    assert table["part"].tolist() == ["1", "2", "3", "earlier", "whole"]
    earlier, rest = table.iloc[3], BetaMixture((0.8, 0.2), (3.0, 2.0), (5.0, 2.0))
    assert (earlier["weight"], earlier["mean"]) == pytest.approx((0.75, 0.8 * 3 / 8 + 0.1))
    assert np.isnan(earlier["a"]) and np.isnan(earlier["b"])
    assert (earlier["elir"], earlier["moment"]) == pytest.approx((elir_size(rest), moment_size(rest)))
    assert earlier["low"] == pytest.approx(rest.quantile(0.025))


def conduct(test: str, prior: Any = None) -> Any:
    """A rule for one endpoint, of fifty patients, at 95%."""
    primary = SimpleNamespace(test=test, prior=prior, null_rate=0.4)
    return SimpleNamespace(
        design=SimpleNamespace(primary=primary, alpha=0.05),
        marked=SimpleNamespace(patients=50),
        hypotheses=[("first", primary, 1), ("second", primary, 1)],
    )


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What is asked of the tables."""
    given: list[Any] = []
    for name in ("conflict_table", "borrowing_table"):
        monkeypatch.setattr(module, name, lambda *all_of_it: given.append(all_of_it) or {"rate": [0.5]})
    monkeypatch.setattr(module, "rule_of", lambda design, endpoint, n: (endpoint.test, n))
    monkeypatch.setattr(module, "prior_table", lambda prior, vague: (prior, vague))
    return given


def test_no_prior_without_a_posterior_rule(asked: list[Any]) -> None:
    """Other tests believe nothing."""
    assert prior_tables(conduct("logrank"), {}) == (None, None) and not asked


@pytest.mark.parametrize("vague", [0.0, 0.2])
def test_one_arm(asked: list[Any], vague: float) -> None:
    """The prior against its null at true rates from 5% to 95%; uniform where none is stated."""
    told, conflict = prior_tables(conduct("posterior", SimpleNamespace(mixture=MIXED, vague=vague)), {})
    assert told == (MIXED, vague > 0.0) and isinstance(conflict, pd.DataFrame)  # type: ignore[comparison-overlap]
    ((prior, n, null, certainty, rates),) = asked
    assert (prior, n, null, certainty) == (MIXED, 50, 0.4, 0.95)
    assert rates.tolist() == pytest.approx([0.05 * k for k in range(1, 20)])
    assert prior_tables(conduct("posterior"), {})[0] == (UNIFORM, False)  # type: ignore[comparison-overlap]


@pytest.mark.parametrize(
    ("control", "other", "odds"),
    [([0.4, np.nan, 0.6], [0.8], 4.0), ([0.5], [0.2], 0.25), ([0.5], [1.0], 999.0), ([0.0], [0.5], 999.0)],
)
def test_two_arms(asked: list[Any], control: list[float], other: list[float], odds: float) -> None:
    """The odds ratio of the trials' mean rates, which are kept off none and all by a thousandth."""
    columns: Any = {"rate_0_at_end:first": np.array(control), "rate_1_at_end:first": np.array(other)}
    prior_tables(conduct("posterior_difference"), columns)
    ((rule, rates, ratio),) = asked
    assert rule == ("posterior_difference", 50) and rates is module.RATES and ratio == pytest.approx(odds)
