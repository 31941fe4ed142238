"""Diseased arteries, and what else no rule reads of a patient."""

from __future__ import annotations

from math import nan, sqrt
from statistics import NormalDist

import numpy as np
import pytest

from rules.people import KEY, PATIENT_NUMBER, SEED, deviate, values
from simulator.rules.population.arteries import diseased_arteries, draw_sites
from simulator.rules.population.description import described, fill_small_ev
from simulator.rules.population.patient import COLUMNS, PATIENT, small_ev_level
from simulator.words.vocabulary import ARTERIES, Stream

PATIENTS = np.array([PATIENT_NUMBER], np.int64)
CLASSES = {"small_ev_low_mean": 10.0, "small_ev_low_sd": 4.0, "small_ev_high_mean": 30.0, "small_ev_high_sd": 8.0}
SHARES = {f"{name}_share": (i + 1) / 12 for i, name in enumerate(ARTERIES)}


def latent(site: int, correlation: float) -> float:
    """The value that decides about a site: a factor of the patient and one of the site, of total variance 1."""
    own = deviate(Stream.VESSEL, site)
    return sqrt(correlation) * deviate(Stream.VESSEL_FACTOR) + sqrt(1.0 - correlation) * own


@pytest.mark.parametrize("correlation", [0.0, 0.3, 1.0])
def test_a_site_is_diseased_where_its_latent_value_lies_below_its_limit(correlation: float) -> None:
    """A hair above it, and not below."""
    for aside, diseased in [(1e-9, 1.0), (-1e-9, 0.0)]:
        sites = np.full((1, 2), 9.0)
        limits = np.array([latent(site, correlation) + aside for site in range(2)])
        draw_sites(sites, PATIENTS, limits, correlation, KEY)
        assert sites.tolist() == [[diseased, diseased]]


@pytest.mark.parametrize("correlation", [0.0, 0.4])
def test_each_site_has_its_own_share(correlation: float) -> None:
    """The limit is the share's normal quantile."""
    found = diseased_arteries(values(**SHARES, vessel_correlation=correlation), SEED, PATIENTS)[0]
    wanted = [latent(i, correlation) < NormalDist().inv_cdf((i + 1) / 12) for i in range(len(ARTERIES))]
    assert found.tolist() == [float(is_diseased) for is_diseased in wanted]
    assert 0 < sum(wanted) < len(wanted)


@pytest.mark.parametrize(("share", "sites"), [(0.0, 0.0), (1.0, 11.0), (-1.0, 0.0), (2.0, 11.0)])
def test_nobody_or_everybody_has_a_site_of_share_zero_or_one(share: float, sites: float) -> None:
    """Whatever the draws."""
    shares = dict.fromkeys(SHARES, share)
    found = diseased_arteries(values(**shares, vessel_correlation=0.4), SEED, np.arange(40))
    assert found.sum(axis=1).tolist() == [sites] * 40


def cohort(count: int = 3) -> np.ndarray:
    """Patients of whom arteries and small vesicles are unknown; the second has a known level."""
    people = np.zeros(count, PATIENT)
    people["small_ev"], people["screened"] = nan, 1.0
    people["small_ev"][1] = 12.5
    return people


def test_only_unknown_levels_are_drawn() -> None:
    """Each by the patient's own number, counted from the first."""
    people = cohort()
    fill_small_ev(people, values(**CLASSES), KEY, PATIENT_NUMBER)
    wanted = [small_ev_level(people[j], values(**CLASSES), KEY, PATIENT_NUMBER + j) for j in range(3)]
    assert people["small_ev"].tolist() == [wanted[0], 12.5, wanted[2]]


PARAMS = {**CLASSES, **dict.fromkeys(SHARES, 0.5), "vessel_correlation": 0.3}


def test_people_are_described_and_the_originals_left_alone() -> None:
    """Arteries by number from the first patient on, and the level of small vesicles."""
    people = cohort()
    filled = described(people, np.zeros((0, len(COLUMNS))), values(**PARAMS), SEED, PATIENT_NUMBER)
    sites = diseased_arteries(values(**PARAMS), SEED, PATIENT_NUMBER + np.arange(3))
    assert np.array([filled[f"artery_{name}"] for name in ARTERIES]).T.tolist() == sites.tolist()
    assert np.isfinite(filled["small_ev"]).all()
    assert np.isnan(people["small_ev"]).sum() == 2


def test_known_arteries_of_real_patients_are_kept() -> None:
    """Three patients are rows 1, 0 and 1 of two: what the row knows is kept, and what it does not is drawn."""
    given = np.full((2, len(COLUMNS)), nan)
    given[0, COLUMNS.index(f"artery_{ARTERIES[0]}")] = 5.0
    given[1, COLUMNS.index(f"artery_{ARTERIES[0]}")] = 6.0
    filled = described(cohort(), given, values(**PARAMS), SEED, PATIENT_NUMBER)
    sites = diseased_arteries(values(**PARAMS), SEED, PATIENT_NUMBER + np.arange(3))
    assert filled[f"artery_{ARTERIES[0]}"].tolist() == [6.0, 5.0, 6.0]
    for site, name in enumerate(ARTERIES[1:], start=1):
        assert filled[f"artery_{name}"].tolist() == sites[:, site].tolist()
