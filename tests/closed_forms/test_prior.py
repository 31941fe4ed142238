"""What a design believes of a rate before the trial."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.questions.trial.design import prior as module
from simulator.questions.trial.design.prior import READ_WITH, EarlierStudy, Prior
from simulator.statistics.beliefs.beta_rules import BetaMixture

TWO = [{"patients": 20, "successes": 8}, {"patients": 30, "successes": 15}]


def test_a_stated_mixture() -> None:
    """Uniform unless stated; a vague part comes last and takes its share of the others."""
    assert Prior().mixture == BetaMixture((1.0,), (1.0,), (1.0,))
    own = Prior(weight=[0.75, 0.25], a=[2.0, 3.0], b=[4.0, 5.0], vague=0.2)
    assert own.informative == BetaMixture((0.75, 0.25), (2.0, 3.0), (4.0, 5.0))
    assert own.mixture.weight == pytest.approx((0.6, 0.2, 0.2)) and own.mixture.a == (2.0, 3.0, 1.0)


def test_a_prior_of_earlier_studies(monkeypatch: pytest.MonkeyPatch) -> None:
    """Predicted from their counts and how much they may differ."""
    module._predicted.cache_clear()
    monkeypatch.setattr(module, "historical_prior", lambda *asked: asked)
    own = Prior(taken_from="studies", studies=TWO, heterogeneity=0.5)
    assert own.mixture == ([8, 15], [20, 30], 0.5)  # type: ignore[comparison-overlap]
    module._predicted.cache_clear()
    assert own.studies[0] == EarlierStudy(patients=20, successes=8)


def test_a_prior_from_hospitals_has_to_be_simulated() -> None:
    """And is then stated."""
    with pytest.raises(ValueError, match="nobody has simulated"):
        _ = Prior(taken_from="hospitals").mixture
    own = Prior(taken_from="hospitals", weight=[1.0], a=[2.0], b=[3.0])
    assert own.mixture == BetaMixture((1.0,), (2.0,), (3.0,))


VALUES: dict[str, Any] = {
    "weight": [1.0],
    "a": [2.0],
    "b": [2.0],
    "studies": TWO,
    "heterogeneity": 0.5,
    "policy": "care",
}


@pytest.mark.parametrize("way", ["stated", "studies", "hospitals"])
def test_keys_of_each_way(way: str) -> None:
    """Those of another are told, each with its own."""
    assert list(VALUES) == list(READ_WITH)
    own = {key: value for key, value in VALUES.items() if READ_WITH[key] == way}
    assert list(Prior(taken_from=way, **own).faults()) == []
    rows = list(Prior(taken_from=way, **VALUES).faults())
    assert rows == [
        (f"prior.{key}", "given", f"only with taken_from {other!r}") for key, other in READ_WITH.items() if other != way
    ]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"taken_from": "studies", "studies": TWO[:1]}, [("prior.studies", 1)]),
        ({"taken_from": "studies"}, [("prior.studies", 0)]),
        (
            {"taken_from": "studies", "studies": [TWO[0], {"patients": 5, "successes": 6}]},
            [("prior.studies[2].successes", 6)],
        ),
        ({"taken_from": "studies", "studies": [TWO[0], {"patients": 5, "successes": 5}]}, []),
        ({"weight": [0.5, 0.5], "a": [1.0], "b": [1.0, 1.0]}, [("prior.weight", [0.5, 0.5])]),
        ({"weight": [0.5, 0.5], "a": [1.0, 1.0], "b": [1.0]}, [("prior.weight", [0.5, 0.5])]),
        ({"weight": [0.5, 0.4], "a": [1.0, 2.0], "b": [1.0, 2.0]}, [("prior.weight", [0.5, 0.4])]),
        ({"weight": [0.5, 0.6], "a": [1.0, 2.0], "b": [1.0, 2.0]}, [("prior.weight", [0.5, 0.6])]),
        ({"weight": [0.5, 0.5000005], "a": [1.0, 2.0], "b": [1.0, 2.0]}, []),
        ({"weight": [0.5, 0.500002], "a": [1.0, 2.0], "b": [1.0, 2.0]}, [("prior.weight", [0.5, 0.500002])]),
    ],
)
def test_faults(given: dict[str, Any], told: list[Any]) -> None:
    """Too few studies, more successes than patients, parts of different numbers, weights that are not one."""
    rows = list(Prior(**given).faults())
    assert [row[:2] for row in rows] == told
    if told and "patients" in str(rows[0][2]):
        assert rows[0][2] == "at most its 5 patients"


@pytest.mark.parametrize(
    ("key", "low", "high", "wrong"),
    [
        ("a", [0.01], [1e6], ([0.009], [1.1e6])),
        ("heterogeneity", 0.05, 5.0, (0.04, 5.1)),
        *(
            ("studies", [{"patients": 1, name: least}], [{"patients": 1_000_000, "successes": 1_000_000}], wrong)
            for name, least, wrong in [
                ("successes", 0, ([{"patients": 0, "successes": 0}], [{"patients": 1_000_001, "successes": 1}])),
                ("successes", 0, ([{"patients": 2, "successes": -1}], [{"patients": 2, "successes": 1_000_001}])),
                ("successes", 0, ([{"patients": 2.0, "successes": 1}], [{"patients": 2, "successes": 1.0}])),
            ]
        ),
    ],
)
def test_what_numbers_may_be(key: str, low: Any, high: Any, wrong: Any) -> None:
    """Their ends are within their range."""
    for value in (low, high):
        assert getattr(Prior(**{key: value}), key)
    for value in wrong:
        with pytest.raises(ValueError):
            Prior(**{key: value})
