"""Where one hospital lies, given its points and a population of hospitals, against SciPy's distributions."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.special import logsumexp
from scipy.stats import multivariate_normal, multivariate_t, norm

from simulator.centre.atoms import Atoms
from simulator.centre.offsets import informed, log_evidence, own_atoms, own_offsets, wide_prior
from simulator.evidence.hospitals import OFFSETS, RATES, Hospitals, Kind

MEANS = {"mean_amputation": [0.4, -0.2], "mean_death": [0.1, 0.3], "mean_response": [0.2, -0.1]}
SPREADS = {"sd_amputation": [0.5, 0.4], "sd_healing": [0.8, 0.6], "sd_death": [0.3, 0.9], "sd_response": [0.7, 0.5]}
TOGETHER = {"corr_amputation_death": [0.5, -0.3], "corr_healing_death": [0.2, 0.1], "tails": [5.0, np.inf]}
TWO = Hospitals(pd.DataFrame(MEANS | SPREADS | TOGETHER), pd.DataFrame())
"""Two rows: heavy tails and normal ones."""
POINTS = np.random.default_rng(2).normal(scale=0.5, size=(6, len(OFFSETS)))
TAKEN = np.linspace(-1.0, 1.0, 6)
WIDE = (np.array([0.1, 0.0, -0.1, 0.2]), np.array([1.5, 2.0, 1.0, 1.2]))


def test_a_prior_that_covers_hospitals() -> None:
    """1.6 times the ninth tenth of the SDs with that of the means, each at least 0.3; about the means, and 0 of response."""
    rows = pd.DataFrame(
        {
            **{
                "mean_amputation": [0.0, 1.0],
                "mean_healing": [0.2, 0.2],
                "mean_death": [-0.4, 0.0],
                "mean_response": [5.0, 5.0],
            },
            **{
                "sd_amputation": [0.0, 1.0],
                "sd_healing": [0.1, 0.1],
                "sd_death": [0.3, 0.3],
                "sd_response": [0.2, 0.7],
            },
        }
    )
    centre, spread = wide_prior(rows)
    assert centre == pytest.approx([0.5, 0.2, -0.2, 0.0])
    wanted = [np.sqrt(0.9**2 + 0.5), 0.3, np.sqrt(0.3**2 + 0.08), 0.65]
    assert spread == pytest.approx([1.6 * each for each in wanted])
    assert wide_prior(rows.assign(sd_response=0.1))[1][3] == pytest.approx(1.6 * 0.3)


class Luck:
    """Uniform numbers and normal ones as they are given."""

    def __init__(self, rows: list[float], atoms: list[float], normal: float = 0.0) -> None:
        self.rows, self.atoms, self.normal = rows, iter(atoms), normal

    def random(self, n: int | None = None) -> Any:
        """For so many rows, or for the next atom."""
        return next(self.atoms) if n is None else np.array(self.rows[:n])

    def standard_normal(self) -> float:
        """Always the same."""
        return self.normal


def chances(row: int, treated: bool) -> np.ndarray:
    """How likely each point is in a row: the law of its hospitals without the prior that it was drawn under."""
    root = TWO.roots()[row, :3, :3]
    middle = TWO.means()[row]
    law = multivariate_t(middle[:3], root @ root.T, 5.0) if row == 0 else multivariate_normal(middle[:3], root @ root.T)
    level = law.logpdf(POINTS[:, :3]) - TAKEN
    if treated:
        level = level + norm.logpdf(POINTS[:, 3], middle[3], SPREADS["sd_response"][row])
    return np.asarray(np.exp(level - logsumexp(level)))


@pytest.mark.parametrize("treated", [True, False])
@pytest.mark.parametrize("row", [0, 1])
def test_a_point_is_taken_as_often_as_it_is_likely(row: int, treated: bool) -> None:
    """Just before and just after each step of the distribution; the offset of response is drawn where the study has none."""
    steps = np.cumsum(chances(row, treated))
    each = Atoms(POINTS, TAKEN, treated)
    lucks = [step + side for step in steps[:-1] for side in (-1e-6, 1e-6)] + [0.999999]
    wanted = [place + side for place in range(5) for side in (0, 1)] + [5]
    rows = [0.25 + 0.5 * row] * len(lucks)
    found, places = own_atoms(TWO, each, Kind(), len(lucks), Luck(rows, lucks, 2.0))  # type: ignore[arg-type]
    assert places.tolist() == wanted
    assert (found[:, :3] == POINTS[wanted, :3]).all()
    response = POINTS[wanted, 3] if treated else MEANS["mean_response"][row] + 2.0 * SPREADS["sd_response"][row]
    assert found[:, 3] == pytest.approx(response)
    alone = own_offsets(TWO, each, Kind(), len(lucks), Luck(rows, lucks, 2.0))  # type: ignore[arg-type]
    assert (alone == found).all()


def test_rows_are_taken_by_their_weights() -> None:
    """A hospital that informs the rows takes the second in seven tenths."""
    luck = Luck([0.29, 0.31], [0.5, 0.5], 1.0)
    found = own_offsets(TWO, Atoms(POINTS, TAKEN, False), Kind(), 2, luck, np.array([0.3, 0.7]))  # type: ignore[arg-type]
    assert found[:, 3] == pytest.approx([0.2 + 0.7, -0.1 + 0.5])


def test_a_population_without_a_spread_of_response() -> None:
    """Is taken to have one of a thousandth."""
    sure = Hospitals(TWO.rows.drop(columns="sd_response"), pd.DataFrame())
    points = POINTS.copy()
    points[:, 3] = 0.2
    points[4, 3] = 0.201
    level = np.log(chances(0, False)) - 0.5 * ((points[:, 3] - 0.2) / 1e-3) ** 2
    step = np.cumsum(np.exp(level - logsumexp(level)))[3]
    for side, wanted in ((-1e-6, 3), (1e-6, 4)):
        luck = Luck([0.25], [step + side])
        assert own_atoms(sure, Atoms(points, TAKEN, True), Kind(), 1, luck)[1] == [wanted]  # type: ignore[arg-type]


def test_hospitals_of_another_kind_lie_elsewhere() -> None:
    """The mean of people who were chosen, in what is drawn and in what is likely."""
    moved = Hospitals(TWO.rows.assign(chosen_amputation=0.7, chosen_response=0.4), pd.DataFrame())
    there = Hospitals(TWO.rows.assign(mean_amputation=[1.1, 0.5], mean_response=[0.6, 0.3]), pd.DataFrame())
    each, chosen = Atoms(POINTS, TAKEN, False), Kind("chosen")
    lucks: Any = [Luck([0.25, 0.75], [0.4, 0.6]) for _ in range(2)]
    assert own_offsets(moved, each, chosen, 2, lucks[0]) == pytest.approx(own_offsets(there, each, Kind(), 2, lucks[1]))
    assert log_evidence(moved, each, chosen) == pytest.approx(log_evidence(there, each, Kind()))
    assert informed(moved, each, chosen) == pytest.approx(informed(there, each, Kind()))


def test_the_likelihood_with_heavy_tails_is_that_of_scipy() -> None:
    """Student's t of three rates, the normal law of response, and the wide prior taken off, atom by atom."""
    row = {"mean_amputation": 0.4, "tails": 5.0, "corr_amputation_death": 0.5, "sd_response": 0.7}
    row |= {f"sd_{name}": sd for name, sd in zip(RATES, (0.5, 0.8, 0.3), strict=True)}
    one = Hospitals(pd.DataFrame([row]), pd.DataFrame())
    points = np.random.default_rng(2).normal(size=(50, len(OFFSETS)))
    each = Atoms(points, np.linspace(-1.0, 1.0, 50), True)
    root = one.roots()[0, :3, :3]
    law = multivariate_t([0.4, 0.0, 0.0], root @ root.T, 5.0).logpdf(points[:, :3])
    level = law + norm.logpdf(points[:, 3], 0.0, 0.7) - each.log_prior
    assert log_evidence(one, each, Kind())[0] == pytest.approx(np.log(np.exp(level).mean()), rel=1e-6)


@pytest.mark.parametrize("treated", [True, False])
def test_the_likelihood_of_kernels(treated: bool) -> None:
    """The spread of hospitals and that of a kernel add up; response is normal given the gap in the rates that a kernel shares."""
    each = Atoms(POINTS, TAKEN, treated, None, WIDE)
    kernels, wanted = each.kernels, []
    for row in (0, 1):
        root = TWO.roots()[row]
        whole = root @ root.T + kernels.covariance
        gaps = kernels.centres - TWO.means()[row]
        rates = whole[:3, :3]
        law = multivariate_t(np.zeros(3), rates, 5.0) if row == 0 else multivariate_normal(np.zeros(3), rates)
        level = law.logpdf(gaps[:, :3]) + kernels.log_weight
        if treated:
            slope = np.linalg.solve(rates, whole[:3, 3])
            level = level + norm.logpdf(gaps[:, 3], gaps[:, :3] @ slope, np.sqrt(whole[3, 3] - whole[:3, 3] @ slope))
        wanted.append(logsumexp(level) - np.log(6))
    assert log_evidence(TWO, each, Kind()) == pytest.approx(wanted, rel=1e-6)


def test_rows_weigh_by_what_a_hospital_saw() -> None:
    """In proportion to what they weighed before and to its likelihood; alike before where nothing is said."""
    each = Atoms(POINTS, TAKEN, True)
    likely = np.exp(log_evidence(TWO, each, Kind()))
    assert informed(TWO, each, Kind()) == pytest.approx(likely / likely.sum())
    before = np.array([0.2, 0.8])
    assert informed(TWO, each, Kind(), before) == pytest.approx(before * likely / (before @ likely))
