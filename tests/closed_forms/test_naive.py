"""The average of other studies by hand."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import binom, t

from simulator.studies.naive import NODES, Count, naive_pmf, naive_shares

Array = NDArray[np.float64]


def count(study: str, events: int, n: int = 100, years: float = 1.0, **changed: str | bool) -> Count:
    """Amputations under conservative care, unless `changed`."""
    return Count(
        **{"outcome": "amputation", "arm": "conservative"} | changed, study=study, years=years, events=events, n=n
    )  # type: ignore[arg-type]


def point(events: int, n: int, years: float) -> tuple[float, float, float]:
    """Log cumulative hazard with half a person added to either side, its variance by the delta method, and log time."""
    share = (events + 0.5) / (n + 1)
    hazard = -np.log(1.0 - share)
    return np.log(hazard), share / ((n + 1) * (1.0 - share) * hazard**2), np.log(years)


def by_hand(points: list[tuple[float, float, float]], years: float, sloped: bool) -> Array:
    """Shares of a new study: matrices as in a textbook of meta-regression, the method of moments by the projection matrix."""
    y, variance, x = (np.array(each) for each in zip(*points, strict=True))
    design = np.column_stack([np.ones(len(x)), x]) if sloped else np.ones((len(x), 1))
    if not sloped:
        y = y - x
    w = np.diag(1.0 / variance)
    projection = w - w @ design @ np.linalg.inv(design.T @ w @ design) @ design.T @ w
    freedom = len(y) - design.shape[1]
    between = max(0.0, (y @ projection @ y - freedom) / np.trace(projection))
    w = np.diag(1.0 / (variance + between))
    inverse = np.linalg.inv(design.T @ w @ design)
    row = np.array([1.0, np.log(years)])[: design.shape[1]]
    middle = row @ inverse @ design.T @ w @ y + (0.0 if sloped else np.log(years))
    sd = np.sqrt(between + row @ inverse @ row)
    levels = middle + sd * t.ppf((np.arange(400) + 0.5) / 400, max(1, freedom - 1))
    return np.asarray(1.0 - np.exp(-np.exp(np.clip(levels, -30.0, 3.5))))


MINE = count("mine", 90)


@pytest.mark.parametrize(
    ("others", "years", "sloped"),
    [
        pytest.param([(30, 100, 1.0), (30, 100, 1.0)], 2.0, False, id="two that agree"),
        pytest.param([(10, 100, 1.0), (50, 80, 2.0)], 0.5, False, id="two that differ"),
        pytest.param([(10, 90, 0.5), (20, 100, 1.0), (60, 110, 3.0)], 2.0, False, id="three at three times"),
        pytest.param([(5, 90, 1.0), (20, 100, 1.0), (60, 110, 1.0), (30, 70, 1.0)], 2.0, False, id="four at one time"),
        pytest.param([(5, 90, 0.5), (40, 100, 1.0), (30, 110, 3.0), (60, 70, 2.0)], 1.5, True, id="four, a line"),
        pytest.param([(5, 90, 1.0), (40, 99, 1.1), (30, 80, 2.0), (60, 70, 1.6)], 1.5, True, id="four within a year"),
        pytest.param(
            [(20, 90, 0.5), (31, 100, 1.0), (60, 110, 3.0), (33, 70, 2.0), (3, 9, 1.0)], 0.7, True, id="five that agree"
        ),
    ],
)
def test_shares_of_a_new_study(others: list[tuple[int, int, float]], years: float, sloped: bool) -> None:
    """Random-effects mean, or line through log time from four counts at several times, with a t distribution."""
    studies = [count(f"s{k}", *each) for k, each in enumerate(others)]
    found = naive_shares(count("mine", 0, 10, years), studies)
    assert found.shape == (NODES,)
    assert found == pytest.approx(by_hand([point(*each) for each in others], years, sloped), rel=1e-9)


def test_those_without_the_event() -> None:
    """30 of 100 kept are 70 with the event, and what is predicted is the share kept."""
    studies = [count(f"s{k}", kept, survived=True) for k, kept in enumerate((30, 40))]
    wanted = 1.0 - by_hand([point(100 - kept, 100, 1.0) for kept in (30, 40)], 2.0, False)
    assert naive_shares(count("mine", 0, years=2.0, survived=True), studies) == pytest.approx(wanted, rel=1e-9)
    # Those with the event and those without are of one outcome and are averaged together.
    mixed = [count("s0", 30, survived=True), count("s1", 60)]
    assert naive_shares(MINE, mixed) == pytest.approx(
        by_hand([point(70, 100, 1.0), point(60, 100, 1.0)], 1.0, False), rel=1e-9
    )


def test_who_is_averaged() -> None:
    """Other studies of the outcome and the arm; of any arm with fewer than two of it; nothing with fewer than two at all."""
    same = [count("a", 20), count("b", 40)]
    cells = [count("c", 5, arm="cells"), count("d", 60, outcome="death"), count("mine", 99, years=0.1)]
    of_arm = by_hand([point(20, 100, 1.0), point(40, 100, 1.0)], 1.0, False)
    assert naive_shares(MINE, [*same, *cells]) == pytest.approx(of_arm, rel=1e-9)
    of_any = by_hand([point(20, 100, 1.0), point(5, 100, 1.0)], 1.0, False)
    assert naive_shares(MINE, [same[0], *cells]) == pytest.approx(of_any, rel=1e-9)
    # Two counts of one study are one study: the arm is not enough, nor is it alone.
    twice = [count("a", 20), count("a", 40)]
    of_two = by_hand([point(20, 100, 1.0), point(40, 100, 1.0), point(5, 100, 1.0)], 1.0, False)
    assert naive_shares(MINE, [*twice, cells[0]]) == pytest.approx(of_two, rel=1e-9)
    for few in ([], twice, [same[0], cells[1]], [same[0], cells[2]]):
        assert naive_shares(MINE, few) == pytest.approx((np.arange(400) + 0.5) / 400)


def test_counts_of_a_new_study() -> None:
    """Binomial at equally likely shares; every count alike where nothing is known."""
    studies = [count("a", 20), count("b", 40)]
    shares = by_hand([point(20, 100, 1.0), point(40, 100, 1.0)], 1.0, False)
    found = naive_pmf(count("mine", 3, 5), studies)
    wanted = np.mean([binom.pmf(np.arange(6), 5, share) for share in shares], axis=0)
    assert found == pytest.approx(wanted, rel=1e-8) and found.sum() == pytest.approx(1.0, abs=1e-12)
    assert naive_pmf(count("mine", 3, 4), []) == pytest.approx(np.full(5, 0.2))


def test_nothing_is_impossible() -> None:
    """However much others agree and however early or late: hazards end at e to -30 and to 3.5, shares at a trillionth."""
    nobody = [count(f"s{k}", 0, 10**6) for k in range(9)]
    everybody = [count(f"s{k}", 10**6, 10**6) for k in range(9)]
    early, late = count("mine", 1, 1, 1e-10), count("mine", 1, 1, 100.0)
    assert naive_shares(early, nobody) == pytest.approx(np.full(NODES, np.exp(-30.0)), rel=0.01, abs=0.0)
    kept = naive_shares(count("mine", 1, 1, 100.0, survived=True), everybody)
    assert kept == pytest.approx(np.full(NODES, np.exp(-np.exp(3.5))), rel=0.1, abs=0.0)
    for pmf, never in ((naive_pmf(early, nobody), 1), (naive_pmf(late, everybody), 0)):
        assert pmf[never] == pytest.approx(1e-12, rel=1e-3, abs=0.0)
