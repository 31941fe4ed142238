"""Lives that policies share are lived once, and nobody can tell from the sums."""

from __future__ import annotations

import numpy as np
import pytest

from simulator import load_scenario
from simulator.living.alike import AT_REFERRAL, OF_REPEATS, alike
from simulator.living.blocks import add_block, follow
from simulator.living.setting import Setting
from simulator.living.sums import Sums, add_up
from simulator.run.setting import setting_of
from simulator.scenario import Scenario

PEOPLE = 150
POLICIES = (
    "conservative",
    "single_dose",
    "response_guided",
    "protocol",
    "four_doses",
    "bmmnc",
    "exclude_dialysis",
    "ev_selected",
    "thrombophilia_selected",
    "moderate_ischaemia",
    "pta",
    "pta_act",
    "sham",
)
"""Some treat the same people alike, some part at a repeat dose, some test, some have steps."""


def shared(scenario: Scenario, names: tuple[str, ...]) -> Setting:
    """What their lives share."""
    return setting_of(scenario, names, 1, [0.1, 0.5, 5.0, scenario.horizon])


@pytest.mark.parametrize("name", ["base", "founding_cohort"])
def test_shared_lives_are_those_that_each_policy_lives_alone(name: str) -> None:
    """Every sum of a block under thirteen policies at once has the bits of patients lived one by one under each."""
    setting = shared(load_scenario(name), POLICIES)
    together, apart = (Sums.zero(len(POLICIES), len(setting.times)) for _ in range(2))
    assert add_block(setting, 0, PEOPLE, 2, together) == 0
    alone = [follow(setting, p, 0, PEOPLE, events=False) for p in range(len(POLICIES))]
    ledgers, censuses = (np.stack([getattr(own, part) for own in alone]) for part in ("ledgers", "censuses"))
    paths, outcomes = (np.stack([getattr(own, part) for own in alone]) for part in ("paths", "outcomes"))
    add_up(apart, ledgers, censuses, paths, outcomes, 2)
    for field, one, other in zip(Sums._fields, together, apart, strict=True):
        assert one.tobytes() == other.tobytes(), field


def test_the_order_of_policies_changes_no_life() -> None:
    """Backwards, each policy has the same sums."""
    scenario, sums = load_scenario(), []
    for names in (POLICIES, POLICIES[::-1]):
        sums.append(Sums.zero(len(names), 4))
        add_block(shared(scenario, names), 0, PEOPLE, 0, sums[-1])
    forwards, backwards = (own.ledger for own in sums)
    assert forwards.tobytes() == np.ascontiguousarray(backwards[::-1]).tobytes()


def test_policies_are_alike_where_all_that_is_read_later_is() -> None:
    """Who is eligible or tested does not matter, nor the product; the number of doses does, but for who part later."""
    names = ("protocol", "ev_selected", "exclude_dialysis", "bmmnc", "response_guided", "single_dose", "pta_act")
    records = load_scenario().policy_records(names)
    assert alike(records, AT_REFERRAL).tolist() == [0, 0, 0, 0, 1, 2, 3]
    assert alike(records, AT_REFERRAL | OF_REPEATS).tolist() == [0, 0, 0, 0, 0, 0, 1]
    records["interval"][5] += 0.1
    assert alike(records, AT_REFERRAL | OF_REPEATS).tolist() == [0, 0, 0, 0, 0, 1, 2]
