"""Which boundary a trial meets at its looks: the one for the information that it saw, by formula and from published tables."""

from __future__ import annotations

from math import inf, sqrt
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from scipy.special import ndtr, ndtri

from simulator.questions.trial.conduct.stopping_rule import stopping_rule
from simulator.statistics.sequential.spending import Spending
from simulator.statistics.sequential.stopping_plan import Futility
from simulator.words.errors import BadInput

HALF = np.array([[0.5, 1.0]])


def design(kind: str | None = None, futility: Any = None, **changed: Any) -> Any:
    """A one-sided trial at 2.5% with one hypothesis."""
    named = dict.fromkeys(("delta", "gamma", "early_z", "rho")) | {"points": (), "shares": ()}
    usual: dict[str, Any] = {
        "file": "trial.toml",
        "looks": None if kind is None else SimpleNamespace(type=kind, **(named | changed.pop("looks", {}))),
        "alpha": 0.025,
        "sides": 1,
        "size": SimpleNamespace(power=0.9),
        "futility": futility,
        "stops_for_futility": futility is not None,
        "multiplicity": None,
        "confirmatory": (1,),
        "comparisons": (1,),
    }
    return SimpleNamespace(**(usual | changed))


def conditional(assumed: str) -> Any:
    """Stop below a conditional power of 20%."""
    rule = Futility("conditional-power", threshold=0.2, assumed=assumed)
    return SimpleNamespace(rule="conditional-power", threshold=0.2, assumed=assumed, rule_of_plan=rule)


def test_without_looks_the_boundary_is_the_quantile_of_alpha() -> None:
    """1.96 at 2.5% one-sided or 5% two-sided; half of it for the second of two hypotheses; nothing stops for futility."""
    found = stopping_rule(design(confirmatory=(1, 2)), ())
    assert found.looks == 1
    upper = found.upper(np.array([[0.7], [1.0]]))
    assert upper.shape == (2, 2, 1)
    assert upper[0] == pytest.approx(-ndtri(0.025)) and upper[1] == pytest.approx(-ndtri(0.0125))
    two = stopping_rule(design(alpha=0.05, sides=2), ())
    assert two.upper(np.ones((1, 1))) == pytest.approx(-ndtri(0.025))
    assert found.lower(np.ones((2, 1))).tolist() == [[-inf], [-inf]]
    alone = stopping_rule(design(futility=conditional("trend")), ())
    assert alone.lower(np.ones((1, 1))).tolist() == [[-inf]]


@pytest.mark.parametrize(
    ("kind", "looks", "wanted"),
    [
        ("pocock", {}, (2.178, 2.178)),
        ("obf", {}, (2.797, 1.977)),
        ("wang-tsiatis", {"delta": 0.0}, (2.797, 1.977)),
        ("wang-tsiatis", {"delta": 0.5}, (2.178, 2.178)),
        ("haybittle-peto", {"early_z": 3.0}, (3.0, 1.967)),
        ("ld-obf", {}, (2.963, 1.969)),
        ("kim-demets", {"rho": 1.0}, (-ndtri(0.0125), None)),
        ("hsd", {"gamma": 0.0}, (-ndtri(0.0125), None)),
        ("hsd", {"gamma": -4.0}, (-ndtri(0.025 * (1.0 - np.exp(2.0)) / (1.0 - np.exp(4.0))), None)),
        ("custom", {"points": (0.5,), "shares": (0.1,)}, (-ndtri(0.0025), None)),
    ],
)
def test_boundaries_of_two_equal_looks(kind: str, looks: dict[str, Any], wanted: tuple[float, float | None]) -> None:
    """Jennison and Turnbull 2000, tables 2.1, 2.2, 7.2; a first look spends what the function says."""
    found = stopping_rule(design(kind, looks=looks), (0.5,))
    assert found.looks == 2 and found.planned.tolist() == [0.5, 1.0]
    first, last = found.upper(HALF)[0, 0]
    assert first == pytest.approx(wanted[0], abs=1e-3)
    assert wanted[1] is None or last == pytest.approx(wanted[1], abs=1e-3)


def lan_demets(share: float) -> float:
    """The first boundary of the O'Brien-Fleming-like function of Lan and DeMets: 2 (1 - Phi(z_(alpha/2) / sqrt t))."""
    return float(-ndtri(2.0 * (1.0 - ndtr(-ndtri(0.0125) / sqrt(share)))))


def test_spending_follows_the_information_that_was_seen() -> None:
    """A look at 40% in place of 50% spends less and asks for more; the trial that kept to its plan keeps its boundary."""
    found = stopping_rule(design("ld-obf"), (0.5,))
    upper = found.upper(np.array([[0.5, 1.0], [0.4, 1.0]]))[0]
    assert upper[0].tolist() == found.boundaries[0].upper.tolist()
    assert upper[1, 0] == pytest.approx(lan_demets(0.4), abs=1e-5)
    assert upper[1, 0] > upper[0, 0]
    barely = found.upper(np.array([[0.5 + 1e-10, 1.0]]))[0, 0]
    assert barely.tolist() == found.boundaries[0].upper.tolist()


def test_another_endpoint_spends_at_its_own_information() -> None:
    """Whatever it was planned for: solved anew for every trial, which finds the same where it is the same."""
    found = stopping_rule(design("ld-obf"), (0.5,))
    other = found.upper(np.array([[0.5, 1.0], [0.3, 1.0]]), first=False)[0]
    assert other[0] == pytest.approx(found.boundaries[0].upper, abs=1e-5)
    assert other[1, 0] == pytest.approx(lan_demets(0.3), abs=1e-5)


def test_boundaries_of_a_given_shape_stay() -> None:
    """Pocock's is 2.178 at a look that came early too, for another endpoint as well."""
    found = stopping_rule(design("pocock"), (0.5,))
    for first in (True, False):
        assert found.upper(np.array([[0.3, 1.0]]), first=first)[0, 0] == pytest.approx([2.178, 2.178], abs=1e-3)


def test_nothing_stops_for_futility_without_a_rule() -> None:
    """Whatever the trial shows."""
    assert stopping_rule(design("ld-obf"), (0.5,)).lower(HALF).tolist() == [[-inf, -inf]]


@pytest.mark.parametrize("assumed", ["trend", "design"])
def test_conditional_power_follows_the_information(assumed: str) -> None:
    """The z at which the chance of passing the last boundary is 20%, if the trend goes on or the planned drift comes true."""
    found = stopping_rule(design("ld-obf", conditional(assumed)), (0.5,))
    last, drift = found.boundaries[0].upper[-1], found.boundaries[0].drift
    lower = found.lower(np.array([[0.5, 1.0], [0.25, 1.0]]))
    assert lower[:, 1].tolist() == [-inf, -inf]
    for z, t in zip(lower[:, 0], (0.5, 0.25), strict=True):
        ahead = (z / sqrt(t) if assumed == "trend" else drift) * (1.0 - t)
        assert ndtr((z * sqrt(t) + ahead - last) / sqrt(1.0 - t)) == pytest.approx(0.2)
    early, late = found.lower(np.array([[0.0, 1.0], [1.2, 1.0]]))[:, 0]
    assert np.isfinite(early) and late == pytest.approx(last, abs=1e-3)


def test_planned_futility_stays() -> None:
    """Beta spending one-sided gives the z that was solved for, two-sided the wedge's half width; neither at the last look."""
    rule = Futility("beta", Spending("ld-obf"))
    spent = SimpleNamespace(rule="beta", rule_of_plan=rule)
    for sides, alpha in ((1, 0.025), (2, 0.05)):
        found = stopping_rule(design("ld-obf", spent, sides=sides, alpha=alpha), (0.5,))
        planned = found.boundaries[0].lower if sides == 1 else found.boundaries[0].inner
        assert planned is not None
        lower = found.lower(np.array([[0.5, 1.0], [0.4, 1.0]]))
        assert lower[:, 0].tolist() == [planned[0]] * 2 and lower[:, 1].tolist() == [-inf] * 2
        assert 0.0 <= planned[0] < found.boundaries[0].upper[0]


def test_what_has_no_boundary_is_told_once() -> None:
    """Two levels of a plan that cannot be, and one message of each kind."""
    with pytest.raises(BadInput) as bad:
        stopping_rule(design("haybittle-peto", looks={"early_z": 1.0}, comparisons=(1, 2)), (0.5,))
    assert len(bad.value.problems) == len(set(bad.value.problems)) >= 1
