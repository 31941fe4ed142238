"""Where a trial's patients come from: one of the sites that are open, with equal chances, and at its own hospital's rates."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from simulator.evidence.hospitals import OFFSETS, REFERRAL
from simulator.questions.trial.design import sites
from simulator.questions.trial.design.accrual import PLACES
from simulator.questions.trial.design.sites import hospitals_in, site_offsets, site_params, sites_of
from simulator.rules.draws import uniform
from simulator.words.vocabulary import Stream


class Population:
    """Three rows of a fit, in which a hospital's offsets are its row, then its own luck."""

    digest = "three rows"
    rows = (0, 1, 2)

    def placed(self, rows: Any, kind: Any, luck: Any) -> Any:
        assert kind is REFERRAL and luck.shape == (len(rows), len(OFFSETS) + 1)
        return np.column_stack([rows, luck[:, : len(OFFSETS) - 1]])


def design(hospitals: str = "different", number: int | None = 2) -> Any:
    return SimpleNamespace(accrual=SimpleNamespace(hospitals=hospitals, sites=number))


def test_patients_come_from_the_sites_that_are_open() -> None:
    """All from the first while it is alone; from each of four a quarter once four are open (4 standard errors)."""
    assert not sites_of(1, 0, np.array([[0, 1, 1]])).any()
    found = sites_of(1, 0, np.full((40, 100), 4))
    assert found.shape == (40, 100) and found.dtype == np.int16
    shares = np.bincount(found.ravel(), minlength=4) / found.size
    assert np.abs(shares - 0.25).max() < 4.0 * (0.25 * 0.75 / found.size) ** 0.5
    assert set(np.unique(found)) == {0, 1, 2, 3}


def test_the_luck_of_a_place_in_a_trial_is_its_own() -> None:
    """Patient i of trial j has the entry's second draw, whichever trials are made together and however many sites others have."""
    some = np.array([[3, 1, 3], [3, 3, 2]])
    found = sites_of(7, 5, some)
    for j in range(2):
        for i in range(3):
            drawn = int(uniform(7, (5 + j) * PLACES + i, Stream.ENTRY_DATE, 1) * some[j, i]) if some[j, i] > 1 else 0
            assert found[j, i] == drawn
    assert found[1:].tolist() == sites_of(7, 6, some[1:]).tolist()


def test_hospitals_of_a_trial_share_a_row_of_the_fit() -> None:
    """Trials have their own, in whatever company, and more sites leave the first ones as they were; rows come equally often."""
    population: Any = Population()
    found = site_offsets(population, 3, 11, 0, 300)
    assert found.shape == (300, 3, len(OFFSETS))
    assert (found[:, :, 0] == found[:, :1, 0]).all()
    assert (np.diff(found[:, :, 1], axis=1) != 0.0).all()
    counts = np.bincount(found[:, 0, 0].astype(int), minlength=3)
    assert len(counts) == 3 and np.abs(counts - 100).max() < 4.0 * (300 * 2 / 9) ** 0.5
    assert (site_offsets(population, 3, 11, 4, 2) == found[4:6]).all()
    assert (site_offsets(population, 5, 11, 4, 2)[:, :3, 0] == found[4:6, :, 0]).all()
    assert (site_offsets(population, 5, 11, 4, 2)[:, :3] == found[4:6]).all()
    assert (site_offsets(population, 3, 12, 4, 2) != found[4:6]).any()


@pytest.mark.parametrize("alike", [design("alike"), design(number=None)])
def test_sites_that_are_alike_live_under_one_set_of_parameters(alike: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is drawn for them; kept work has no population to know."""
    monkeypatch.setattr(sites, "load_hospitals", Population)
    params: Any = object()
    found, number = site_params(alike, None, params, 1, 0, 3)  # type: ignore[arg-type]
    assert found is params and number == 0
    assert hospitals_in(alike) == ("" if alike.accrual.hospitals == "alike" else "three rows")


def test_each_site_has_the_rates_of_its_hospital(monkeypatch: pytest.MonkeyPatch) -> None:
    """Trial after trial, site after site: a trial's own parameters, times the exponentials of its hospitals' offsets."""
    from simulator.scenario import load_scenario

    scenario = load_scenario()
    one = scenario.params()
    trials = np.stack([one.copy(), one.copy(), one.copy()]).reshape(3)
    trials["amputation_rate"] *= [1.0, 2.0, 3.0]
    offsets = np.arange(3 * 2 * len(OFFSETS)).reshape(3, 2, -1) / 100.0
    monkeypatch.setattr(sites, "load_hospitals", Population)
    monkeypatch.setattr(sites, "site_offsets", lambda *_: offsets)
    found, number = site_params(design(), scenario, trials, 1, 0, 3)
    assert number == 2 and found.shape == (6,)
    wanted = np.repeat(trials["amputation_rate"], 2) * np.exp(offsets.reshape(6, -1)[:, 0])
    assert found["amputation_rate"] == pytest.approx(wanted)
    assert found["healing_rate"] == pytest.approx(float(one["healing_rate"]) * np.exp(offsets.reshape(6, -1)[:, 1]))
    shared, _ = site_params(design(), scenario, trials[:1], 1, 0, 3)
    assert shared["amputation_rate"] == pytest.approx(
        float(one["amputation_rate"]) * np.exp(offsets.reshape(6, -1)[:, 0])
    )
