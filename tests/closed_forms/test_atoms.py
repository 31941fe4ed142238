"""What a study says of its hospital: points as normal kernels, and how the points are found."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy.stats import multivariate_normal, norm

from simulator.centre import atoms as module
from simulator.centre.atoms import BANDWIDTH, NARROW, Atoms, atoms
from simulator.centre.offsets import log_evidence
from simulator.centre.surface import FURTHEST, features
from simulator.evidence.hospitals import RATES, Hospitals, Kind


def test_kernels_keep_a_normal_likelihood_where_hospitals_hardly_differ() -> None:
    """600 atoms of a study that saw all offsets with an error of 0.4: the likelihood of populations with an SD of 0.05 is that of
    normal theory, which as many points miss by several units."""
    seen, error, wide, sd = np.array([0.9, -0.3, 0.2, 0.5]), 0.4, 2.0, 0.05
    luck = np.random.default_rng(2)
    variance = 1.0 / (1.0 / error**2 + 1.0 / wide**2)
    points = variance / error**2 * seen + np.sqrt(variance) * luck.standard_normal((600, 4))
    prior = norm.logpdf(points, 0.0, wide).sum(axis=1)
    rows = pd.DataFrame(
        {"mean_amputation": np.linspace(0.3, 1.5, 7), "mean_response": 0.4, "tails": np.inf, "sd_response": sd}
    )
    for name in RATES:
        rows[f"sd_{name}"] = sd
    population = Hospitals(rows, pd.DataFrame())
    wanted = norm.logpdf(population.means(), seen, np.hypot(error, sd)).sum(axis=1)

    def gap(each: Atoms) -> float:
        found = log_evidence(population, each, Kind())
        return float(np.abs(found - found[3] - (wanted - wanted[3])).max())

    assert gap(Atoms(points, prior, True, None, (np.zeros(4), np.full(4, wide)))) < 0.5
    assert gap(Atoms(points, prior, True)) > 2.0


def test_kernels_share_the_variance_of_atoms_with_their_centres() -> None:
    """Under a prior that says next to nothing means and covariances stay; atoms wider than the prior get kernels that are not."""
    luck = np.random.default_rng(3)
    points = luck.normal([0.9, -0.3, 0.2, 0.5], 0.4, (600, 4)) @ (np.eye(4) + 0.3 * np.eye(4, k=1))
    flat = Atoms(points, np.zeros(600), True, None, (np.zeros(4), np.full(4, 1e4))).kernels
    assert flat.centres.mean(axis=0) == pytest.approx(points.mean(axis=0), abs=1e-6)
    whole = np.cov(flat.centres.T) + flat.covariance
    assert whole == pytest.approx(np.cov(points.T) + (BANDWIDTH * NARROW) ** 2 * np.eye(4), abs=1e-6)
    wide = Atoms(4.0 * luck.standard_normal((600, 4)), np.zeros(600), True, None, (np.zeros(4), np.ones(4))).kernels
    sizes = np.linalg.eigvalsh(wide.covariance)
    assert sizes.min() > 0.0
    assert sizes.max() <= BANDWIDTH**2 / (1.0 - BANDWIDTH**2) + 1e-9


def test_a_study_that_knows_its_hospital_well_has_many_atoms(monkeypatch: pytest.MonkeyPatch) -> None:
    """A likelihood a fiftieth as wide as the prior in four offsets, which its own points would hit a few times in a million,
    and no number is read further out than people were lived."""
    monkeypatch.setattr("simulator.centre.atoms.POINTS_OF_ALL", 6_000)

    def narrow(offsets: np.ndarray) -> np.ndarray:
        return norm.logpdf(offsets, 0.7, 0.1).sum(axis=2)

    known = SimpleNamespace(coefficients=np.zeros((2, 1, 1)), treated=True, log_likelihood=narrow)
    found = atoms(known, np.zeros(4), np.full(4, 2.0), 300, np.random.default_rng(1))  # type: ignore[arg-type]
    assert len(np.unique(found.offsets, axis=0)) > 150
    assert found.offsets.mean(axis=0) == pytest.approx(np.full(4, 0.7), abs=0.03)
    assert found.offsets.std(axis=0) == pytest.approx(np.full(4, 0.1), abs=0.02)
    assert (features(np.full((1, 4), 9.0)) == features(np.full((1, 4), FURTHEST))).all()


def test_points_are_kernels_without_width() -> None:
    """Where nothing is said of the prior they were drawn under, each weighs what that prior took."""
    points, taken = np.arange(8.0).reshape(2, 4), np.array([0.5, -2.0])
    found = Atoms(points, taken, True).kernels
    assert found.centres is points and found.log_weight.tolist() == [-0.5, 2.0]
    assert found.covariance.shape == (4, 4) and not found.covariance.any()


@pytest.mark.parametrize("treated", [True, False])
@pytest.mark.parametrize("size", [0.4, 3.0])
def test_a_kernel_times_the_prior_is_the_normal_law_of_its_atom(treated: bool, size: float) -> None:
    """Of BANDWIDTH squared of the atoms' variance, which is no wider than the prior, about the atom drawn to their mean.

    Offsets that the study does not know stay as they were drawn.
    """
    luck = np.random.default_rng(4)
    points = luck.normal([0.9, -0.3, 0.2, 0.5], size, (40, 4)) @ (np.eye(4) + 0.3 * np.eye(4, k=1))
    centre, spread = np.array([0.3, 0.1, -0.2, 0.4]), np.array([1.0, 2.0, 1.5, 0.8])
    each = Atoms(points, np.zeros(40), treated, None, (centre, spread))
    known = 4 if treated else len(RATES)
    assert each.known == known
    total = np.cov(points[:, :known].T) + 0.05**2 * np.eye(known)
    widest = np.linalg.eigvalsh(np.diag(1.0 / spread[:known]) @ total @ np.diag(1.0 / spread[:known])).max()
    assert (widest > 1.0) == (size == 3.0)
    total /= max(1.0, widest)
    own = points[:, :known] - centre[:known]
    middles = centre[:known] + np.sqrt(1.0 - 0.3**2) * own + (1.0 - np.sqrt(1.0 - 0.3**2)) * own.mean(axis=0)
    found = each.kernels
    for atom in (0, 7):
        for at in (np.zeros(known), np.array([0.5, -0.4, 0.3, 0.2])[:known]):
            kernel = multivariate_normal(found.centres[atom, :known], found.covariance[:known, :known])
            density = found.log_weight[atom] + kernel.logpdf(at)
            density += norm.logpdf(at, centre[:known], spread[:known]).sum()
            assert density == pytest.approx(multivariate_normal(middles[atom], 0.3**2 * total).logpdf(at), abs=1e-6)
    assert (found.centres[:, known:] == points[:, known:]).all()
    assert not found.covariance[known:].any() and not found.covariance[:, known:].any()


def test_atoms_of_a_study_that_treats_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """Response is that of the prior, whose density is of the rates alone; each knows its particle, and all are drawn evenly."""
    monkeypatch.setattr(module, "POINTS_OF_ALL", 6_000)
    heights = np.array([0.0, np.log(3.0)])

    def likelihood(offsets: np.ndarray) -> np.ndarray:
        # The second particle is three times as likely and lies one further.
        gaps = offsets[:, :, 0] - np.array([0.0, 1.0])[:, None]
        return np.asarray(norm.logpdf(gaps, 0.0, 0.5) + heights[:, None])

    surface = SimpleNamespace(coefficients=np.zeros((2, 1, 1)), treated=False, log_likelihood=likelihood)
    centre, spread = np.array([0.5, 0.0, 0.0, 1.0]), np.array([1.0, 2.0, 2.0, 0.7])
    found = atoms(surface, centre, spread, 4_000, np.random.default_rng(1))  # type: ignore[arg-type]
    assert found.offsets.shape == (4_000, 4) and not found.treated and found.particle is not None
    assert found.log_prior == pytest.approx(norm.logpdf(found.offsets, centre, spread)[:, :3].sum(axis=1))
    assert found.wide is not None and found.wide[0] is centre and found.wide[1] is spread
    assert set(found.particle) == {0, 1} and found.particle.mean() == pytest.approx(0.75, abs=0.03)
    # A normal observation 0.5 off its prior with SD 0.5 against 1.
    for particle, seen in enumerate((0.0, 1.0)):
        own = found.offsets[found.particle == particle, 0]
        assert own.mean() == pytest.approx((seen / 0.25 + 0.5) / 5.0, abs=0.05)
        assert own.std() == pytest.approx(np.sqrt(0.2), abs=0.05)
    assert found.offsets[:, 3].mean() == pytest.approx(1.0, abs=0.06)
    assert found.offsets[:, 3].std() == pytest.approx(0.7, abs=0.06)
    # Not in the order of the points, which is that of the particles.
    assert abs(found.particle[:2_000].mean() - found.particle[2_000:].mean()) < 0.06
