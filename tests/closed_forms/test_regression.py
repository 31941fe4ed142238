"""Regressions of net benefit: what they reproduce exactly, their terms, and their penalties."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.interpolate import CubicSpline

from simulator.statistics.decision.regression import (
    DRAWS_PER_KNOT,
    Terms,
    _curves,
    _orthonormal,
    _shrinkage,
    _square_root,
    conditional_mean,
    smooth_terms,
)

LUCK = np.random.default_rng(4)
X = LUCK.normal(size=(400, 2))


def test_terms_are_orthonormal_and_their_number_is_known() -> None:
    """One input: constant, line and ten curves of twelve knots; the free ones first; a constant input has no terms."""
    terms = Terms.of(X[:, :1])
    assert terms.basis.shape == (400, 12) and terms.fixed == 2 and terms.strength.shape == (10,)
    assert terms.basis.T @ terms.basis == pytest.approx(np.eye(12), abs=1e-8)
    assert Terms.of(np.full((400, 1), 3.0)).basis == pytest.approx(np.full((400, 1), 1 / 20))
    assert (terms.strength > 0.0).all()


@pytest.mark.parametrize(
    ("inputs", "draws", "linear", "curved"),
    [
        (1, 400, 1, 10),
        (1, 60, 1, 1),
        (1, 40, 1, 1),
        (1, 100, 1, 3),
        (2, 400, 2, 2 * 5 + 6 * 6),
        (3, 400, 3, 3 * 3 + 3 * 2 * 2),
        (8, 400, 8, 8 * 3 + 28 * 4),
        (9, 400, 9, 9 * 3 + 36),
    ],
)
def test_how_many_terms_inputs_have(inputs: int, draws: int, linear: int, curved: int) -> None:
    """A knot for every twenty draws; two inputs have products of all terms, more of line and smoothest curve, many of lines."""
    assert DRAWS_PER_KNOT == 20
    lines, curves = smooth_terms(LUCK.normal(size=(draws, inputs)) * 5.0 + 7.0)
    assert lines.shape == (draws, linear) and curves.shape == (draws, curved)
    assert lines.mean(axis=0) == pytest.approx(np.zeros(linear), abs=1e-12)
    assert lines.std(axis=0) == pytest.approx(np.ones(linear))


def test_curves_have_a_curvature_of_one() -> None:
    """The integral of the squared second derivative of each is 1 and of any two 0; two values have no curve."""
    values = np.linspace(-1.0, 1.0, 201)
    found = _curves(values, 5)
    bends = np.array([CubicSpline(values, each, bc_type="natural")(np.linspace(-1, 1, 4001), 2) for each in found.T])
    assert bends.shape[0] == 3
    assert bends @ bends.T * 2.0 / 4000 == pytest.approx(np.eye(3), abs=0.02)
    # The smoothest first: as curved, it reaches furthest from a straight line.
    straight = np.column_stack([np.ones(201), values])
    away = [np.linalg.norm(each - straight @ np.linalg.lstsq(straight, each, rcond=None)[0]) for each in found.T]
    assert away == sorted(away, reverse=True)
    assert _curves(np.tile([0.0, 1.0], 20), 5).shape == (40, 0)
    assert _curves(np.tile([0.0, 1.0, 3.0], 20), 5).shape == (60, 1)


def test_straight_lines_are_found_exactly() -> None:
    """Net benefit linear in two inputs, in whatever units: its mean is itself, less the best option's."""
    benefit = np.column_stack([np.full(400, 2.0), 3.0 + X @ [1.5, -2.0], X[:, 0]])
    for inputs in (X, X * [1e6, 1e-3] + 50.0):
        fit = conditional_mean(benefit, inputs)
        best = benefit.mean(axis=0).argmax()
        assert fit.mean == pytest.approx(benefit - benefit[:, [best]], abs=1e-7)
    assert conditional_mean(benefit, Terms.of(X)).mean == pytest.approx(fit.mean, abs=1e-7)
    assert conditional_mean(benefit, np.ones((400, 1))).mean[:, best] == pytest.approx(0.0)


def test_a_curve_is_found_and_noise_is_not() -> None:
    """x squared with little noise; of pure noise little more than its mean and slope is kept."""
    curve = conditional_mean(np.column_stack([np.zeros(400), X[:, 0] ** 2 + LUCK.normal(0, 0.01, 400)]), X[:, :1])
    middle = np.abs(X[:, 0]) < 2.0
    assert np.abs(curve.mean[:, 0] + X[:, 0] ** 2)[middle].max() < 0.05
    noise = conditional_mean(np.column_stack([np.zeros(400), LUCK.normal(0, 1.0, 400) - 9.0]), X[:, :1])
    assert noise.kept[2:, 1].sum() < 2.0 and noise.kept[:2].tolist() == [[1.0, 1.0]] * 2


def test_smoother_terms_are_kept_more() -> None:
    """The odds that a term is kept are in proportion to its squared strength, with one penalty for all of an option."""
    benefit = np.column_stack([np.zeros(400), np.sin(3.0 * X[:, 0]) + LUCK.normal(0, 0.5, 400)])
    terms = Terms.of(X[:, :1])
    kept = conditional_mean(benefit, terms).kept[terms.fixed :]
    for option in (0, 1):
        odds = kept[:, option] / (1.0 - kept[:, option])
        assert np.ptp(np.log(odds / terms.strength**2)) < 1e-6 or (odds < 1e-6).all()


def test_refits_vary_as_the_noise_does() -> None:
    """In pairs around the doubly shrunk fit, with the covariance of what is left over, per degree of freedom."""
    left = LUCK.normal(size=400)
    fit = conditional_mean(np.column_stack([np.zeros(400), X[:, 0] - 5.0 + left]), X[:, :1], seed=3)
    refits = fit.refits()
    assert refits.shape == (2, 100, 400)
    centre = fit.basis @ (fit.kept * fit.kept * fit.data)
    assert pytest.approx(centre, abs=1e-9) == refits.mean(axis=1).T
    free = 400 - fit.kept[:, 1].sum()
    residual = X[:, 0] - 5.0 + left - fit.mean[:, 1]
    assert (fit.noise @ fit.noise.T)[1, 1] == pytest.approx(residual @ residual / free)
    assert refits[1].std(axis=0).mean() == pytest.approx(np.sqrt(fit.kept[:, 1] @ fit.kept[:, 1] / 400), rel=0.3)
    assert np.array_equal(fit.refits(), refits)


def test_many_draws_are_refitted_at_some() -> None:
    """Some five thousand of them, evenly taken."""
    fit = conditional_mean(np.zeros((12_000, 2)), np.arange(12_000.0)[:, None])
    assert fit.rows == slice(None, None, 2) and fit.refits().shape == (2, 100, 6_000)


def test_directions_that_say_nothing_are_dropped() -> None:
    """A column and its double are one direction, of singular value root 5 times its own."""
    column = LUCK.normal(size=(50, 1))
    basis, strength = _orthonormal(np.column_stack([column, 2.0 * column]))
    assert basis.shape == (50, 1) and strength == pytest.approx([np.linalg.norm(column) * np.sqrt(5.0)])
    assert np.abs(basis) == pytest.approx(np.abs(column / np.linalg.norm(column)))
    assert _orthonormal(np.empty((50, 0)))[1].shape == (0,)


def test_the_penalty_has_the_highest_restricted_likelihood() -> None:
    """A squared coefficient of 4 beside 9 of noise in nine others has F = 4 and is kept by 1 - 1/F; one of 0.1 not at all.

    With a single penalised direction the restricted likelihood is highest where its ratio of variances makes F.
    """
    kept = _shrinkage(np.array([[4.0]]), np.array([13.0]), np.array([1.0]), 10)
    f = 4.0 / (9.0 / 9.0)
    assert kept[0, 0] == pytest.approx(1.0 - 1.0 / f, abs=0.03)
    none = _shrinkage(np.array([[0.1]]), np.array([9.1]), np.array([1.0]), 10)
    assert none[0, 0] < 1e-5


def test_square_roots_of_covariances() -> None:
    """Also where one is singular."""
    for covariance in (np.array([[2.0, 1.0], [1.0, 3.0]]), np.array([[1.0, 1.0], [1.0, 1.0]])):
        root = _square_root(covariance)
        assert root @ root.T == pytest.approx(covariance)
