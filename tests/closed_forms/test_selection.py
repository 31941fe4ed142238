"""Arms and people that are left after a look, and how many recruits that can take, by hand."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from simulator.questions.trial.design.endpoint import Endpoint
from simulator.questions.trial.design.selection import (
    Enrichment,
    Selection,
    adaptation,
    going_on,
    most_recruits,
    selection_faults,
)

ALL = np.ones((1, 3), bool)


def left(rule: Selection | Enrichment, z: list[float], kept: list[bool]) -> list[bool]:
    return going_on(rule, np.array([z]), np.array([kept]))[0].tolist()  # type: ignore[no-any-return]


def test_arms_that_are_left() -> None:
    """The best one; the best two of those that were left; those at or above a limit; a missing statistic is none."""
    three = [True, True, True]
    assert left(Selection(keep=1), [0.5, 1.5, 1.0], three) == [False, True, False]
    assert left(Selection(keep=2), [2.0, 1.5, 1.0], [False, True, True]) == [False, True, True]
    assert left(Selection(keep=1), [1.0, 1.0, 0.0], three) == [True, False, False]
    assert left(Selection(z=1.0), [0.5, 1.5, 1.0], three) == [False, True, True]
    assert left(Selection(keep=1, z=2.0), [0.5, 1.5, 1.0], three) == [False, False, False]
    assert left(Selection(keep=2), [np.nan, 1.5, 1.0], three) == [False, True, True]
    assert left(Selection(z=-10.0), [np.nan, 1.5, 1.0], [True, True, False]) == [False, True, False]


def test_everybody_or_the_subgroup() -> None:
    """Everybody from a z of 1 on; else the subgroup from 0.5 on; else nobody; who is not left does not come back."""
    rule = Enrichment(tcpo2_below=20.0, z_everybody=1.0, z_subgroup=0.5)
    assert left(rule, [1.0, -3.0], [True, True]) == [True, True]
    assert left(rule, [0.9, 0.5], [True, True]) == [False, True]
    assert left(rule, [0.9, 0.4], [True, True]) == [False, False]
    assert left(rule, [3.0, 0.6], [False, True]) == [False, True]
    assert left(rule, [np.nan, 0.6], [True, True]) == [False, True]


def design(arms: tuple[float, ...] = (1.0, 1.0, 2.0), **own: Any) -> Any:
    usual = {
        "arms": [SimpleNamespace(allocation=part) for part in arms],
        "selection": None,
        "enrichment": None,
        "most_growth": 1.0,
        "block": 4,
        "randomisation": SimpleNamespace(strata=(), method="blocks"),
        "stated": (),
        "looks": SimpleNamespace(at=(0.5,), type="ld-obf", model_fields_set={"by", "at"}, by="information"),
        "primary": Endpoint(name="e", outcome="death", test="logrank"),
        "multiplicity": None,
        "sides": 1,
        "size": SimpleNamespace(events=None),
        "futility": None,
        "reestimation": None,
        "blinded_review": None,
        "estimands": (),
    }
    return SimpleNamespace(**(usual | own))


def test_recruits_that_a_trial_can_come_to_go_through() -> None:
    """Nothing dropped: as far as it may grow. The smaller of two arms left: 4/2 of the patients and a block a stratum."""
    assert most_recruits(design(most_growth=1.25), 101) == 127
    assert most_recruits(design(selection=Selection(keep=1, patients="fewer")), 100) == 100
    assert most_recruits(design(selection=Selection(keep=1)), 101) == 202 + 4
    strata = (SimpleNamespace(cut=None), SimpleNamespace(cut=75.0))
    own = SimpleNamespace(strata=strata, method="blocks")
    assert most_recruits(design(selection=Selection(keep=1), randomisation=own), 100) == 200 + 4 * 8
    many = SimpleNamespace(strata=strata * 3, method="blocks")
    assert most_recruits(design(selection=Selection(keep=1), randomisation=many), 100) == 200 + 4 * 50
    assert most_recruits(design(selection=Selection(keep=1), block=0), 100) == int(np.ceil(200 + 5 * np.sqrt(200)))
    assert most_recruits(design((2.0, 1.0, 3.0), selection=Selection(keep=1)), 100) == 200 + 4
    enriched = Enrichment(tcpo2_below=20.0, z_everybody=1.0, z_subgroup=0.5, longest=1.505)
    assert most_recruits(design(enrichment=enriched), 100) == 151


def keys(**own: Any) -> list[str]:
    return [key for key, _, _ in selection_faults(design(**own))]


BEST = Selection(keep=1)
RICH = Enrichment(tcpo2_below=20.0, z_everybody=1.0, z_subgroup=0.5)
FISHER = SimpleNamespace(at=(0.5, 0.7), type="ld-obf", model_fields_set={"by", "at", "gamma"}, by="months", gamma=1.0)


@pytest.mark.parametrize(
    ("own", "wrong"),
    [
        ({}, []),
        ({"selection": BEST}, []),
        ({"enrichment": RICH, "arms": (1.0, 1.0)}, []),
        ({"selection": Selection(keep=2, z=0.0)}, []),
        ({"selection": Selection()}, ["selection.keep"]),
        ({"selection": Selection(keep=2)}, ["selection.keep"]),
        ({"selection": BEST, "arms": (1.0, 1.0)}, ["selection", "selection.keep"]),
        ({"selection": BEST, "enrichment": RICH}, ["enrichment"]),
        ({"enrichment": RICH}, ["enrichment"]),
        ({"enrichment": RICH, "arms": (1.0, 1.0), "stated": (1,)}, ["stated"]),
        ({"selection": BEST, "looks": None}, ["looks"]),
        (
            {"selection": Selection(keep=1, combination="fisher"), "looks": FISHER},
            ["selection.combination", "looks.gamma"],
        ),
        ({"selection": Selection(keep=1, combination="fisher")}, []),
        ({"selection": BEST, "primary": Endpoint(name="e", outcome="death", test="cox")}, ["endpoints.e.test"]),
        ({"selection": BEST, "multiplicity": SimpleNamespace(rule="holm")}, ["multiplicity.rule"]),
        ({"selection": BEST, "sides": 2}, ["sides"]),
        (
            {
                "selection": BEST,
                "primary": Endpoint(
                    name="e", outcome="death", test="risk_difference", at_months=6.0, aim="equivalence", margin=0.1
                ),
            },
            ["endpoints.e.aim"],
        ),
        ({"selection": BEST, "size": SimpleNamespace(events=50)}, ["size.events"]),
        (
            {"selection": BEST, "looks": SimpleNamespace(at=(0.5,), type="triangular", model_fields_set=set())},
            ["looks.type"],
        ),
        (
            {"selection": BEST, "futility": 1, "reestimation": 1, "blinded_review": 1},
            ["futility", "reestimation", "blinded_review"],
        ),
        (
            {"selection": BEST, "randomisation": SimpleNamespace(strata=(), method="minimised")},
            ["randomisation.method"],
        ),
        ({"selection": BEST, "estimands": (1,)}, ["estimands"]),
    ],
)
def test_what_dropping_does_not_go_with(own: dict[str, Any], wrong: list[str]) -> None:
    """Each by its key, and nothing else."""
    assert keys(**own) == wrong


@pytest.mark.parametrize("z", [-10.1, 10.1])
def test_limits_and_what_is_usual(z: float) -> None:
    """z from -10 to 10; twice as long at most; Dunnett's intersection and the inverse normal combination."""
    assert (Selection(z=10.0).z, Selection(z=-10.0).z, Selection(keep=1).intersection) == (10.0, -10.0, "dunnett")
    assert (RICH.longest, RICH.intersection, RICH.combination) == (2.0, "dunnett", "inverse_normal")
    with pytest.raises(ValidationError, match="z"):
        Selection(z=z)


def test_what_a_design_drops() -> None:
    """Arms, people, or nothing."""
    assert adaptation(design(selection=BEST)) is BEST and adaptation(design(enrichment=RICH)) is RICH
    assert adaptation(design()) is None
