"""Monte Carlo error of the deterministic analysis, by hand."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from simulator.living.ledger import FIELDS
from simulator.questions.value import deterministic as module
from simulator.questions.value.deterministic import BATCHES, errors, ledgers_in_batches

PEOPLE = 2 * BATCHES
SCENARIO: Any = SimpleNamespace(compare=("old", "new"), reference="old")
VALUES: Any = SimpleNamespace(left=None, threshold=10.0, at_means=lambda: None)


class Cohort:
    """People with ledgers of which every column holds the same."""

    def __init__(self, amounts: np.ndarray) -> None:
        self.ledgers = np.repeat(amounts[:, None], len(FIELDS), axis=1)


def test_every_fortieth_person_is_of_one_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    """Person k and person k + 40 are averaged, by policy; what is no cohort of lives is passed over."""
    monkeypatch.setattr(module, "Followed", Cohort)
    who = np.arange(PEOPLE, dtype=float)
    kept = [
        SimpleNamespace(what=Cohort(who), draw=0, policy="new"),
        SimpleNamespace(what=Cohort(3.0 * who), draw=0, policy="old"),
        SimpleNamespace(what="nothing", draw=0, policy="old"),
    ]
    result: Any = SimpleNamespace(draw_ids=[0], policies=["old", "new"], kept=kept)
    found = ledgers_in_batches(result)["ledgers"]
    assert found.shape == (1, BATCHES, 2, len(FIELDS))
    assert found[0, :, 1, 0] == pytest.approx(np.arange(BATCHES) + BATCHES / 2)
    assert found[0, :, 0, -1] == pytest.approx(3.0 * (np.arange(BATCHES) + BATCHES / 2))


def error(amounts: np.ndarray) -> float:
    """Of the mean of batches."""
    return float(np.sqrt(((amounts - amounts.mean()) ** 2).sum() / (BATCHES - 1) / BATCHES))


def test_errors_are_those_of_the_increments(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of what the new policy adds in the same people: luck that both share cancels, and money bought by QALYs that cost it."""
    rng = np.random.default_rng(1)
    shared, cost, effect, lived = rng.normal(size=(4, BATCHES))
    worths = SimpleNamespace(
        cost=np.stack([shared, shared + cost], axis=1),
        qalys=np.stack([shared, shared + effect], axis=1),
        life_years=np.stack([shared, shared + lived], axis=1),
    )
    monkeypatch.setattr(module, "worth", lambda *_: worths)
    asked = []

    def reduced(_what: str, *how: Any, fresh: bool) -> dict[str, Any]:
        asked.append((how, fresh))
        return {"ledgers": [None]}

    simulations: Any = SimpleNamespace(reduced=reduced)
    lives: Any = SimpleNamespace(people=PEOPLE, parameters=np.arange(3))
    found = errors(SCENARIO, VALUES, lives, PEOPLE, 7, simulations)
    # The first of the twins, in their own patients.
    ((_, first, patients, seed, reduce, _), fresh), *more = asked
    assert (first.tolist(), patients, seed, reduce, fresh, more) == ([0], PEOPLE, 7, ledgers_in_batches, False, [])
    assert found.cost == pytest.approx([0.0, error(cost)])
    assert found.effect == pytest.approx([0.0, error(effect)])
    assert found.life_years == pytest.approx([0.0, error(lived)])
    assert found.net_benefit == pytest.approx([0.0, error(10.0 * effect - cost)])


def test_too_few_patients_have_no_error() -> None:
    """With less than two in each batch nothing is simulated and nothing is said."""
    lives: Any = SimpleNamespace(people=PEOPLE - 1, parameters=np.arange(3))
    found = errors(SCENARIO, VALUES, lives, PEOPLE - 1, 7, SimpleNamespace())  # type: ignore[arg-type]
    assert np.isnan([found.cost, found.effect, found.life_years, found.net_benefit]).all()
