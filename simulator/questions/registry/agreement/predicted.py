"""What the model expects of each person: risks by a time, at the hospital before and after its own people were seen."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.evidence.hospitals import at_hospital, columns_of
from simulator.living.room import new_room
from simulator.living.setting import new_setting
from simulator.questions.registry.offsets.offsets import Update
from simulator.rules.population.criteria import CRITERIA
from simulator.scenario import Scenario
from simulator.scenario.arrays import parameter_draws as engine_draws
from simulator.scenario.arrays import policy_records
from simulator.studies.lives import SEEN, observe
from simulator.words.luck import generator, seed_of

Array = NDArray[np.float64]
OUTCOMES = ("amputated", "died", "healed", "amputated_or_died")
LIVES = 4
"""Lives of each person in each draw of the parameters."""


def risks(given: Array, params: NDArray[np.void], scenario: Scenario, times: tuple[float, ...], seed: int) -> Array:
    """Risk of each of `OUTCOMES` by each time (years), shape (people, outcomes, times), under conservative care.

    Means over engine parameters `params` (draws,) and `LIVES` of each person in each; `given` has shape (people, columns), NaN
    where unknown. Healing is that of a limb that has not been lost.
    """
    people, room = len(given), new_room()
    policy = policy_records([scenario.policies["conservative"]], scenario.register.therapies)
    total = np.zeros((people, len(OUTCOMES), len(times)))
    nobody = np.zeros(1, CRITERIA)[0]
    clock = (max(times), 0.0, 0.0)
    for j in range(len(params)):
        own = seed_of(seed, "risks", j) >> 1
        each: Any = params[j]
        setting = new_setting(each, policy, nobody, given, own, scenario.life_table_arrays, clock)
        out: Any = np.zeros(people * LIVES, SEEN)
        observe(setting, 0, room, out, np.zeros((people * LIVES, 0)))
        lost, died = out["amputated_at"], out["died_at"]
        heals = np.where(out["healed_at"] < lost, out["healed_at"], np.inf)
        for place, when in enumerate((lost, died, heals, np.minimum(lost, died))):
            for k, time in enumerate(times):
                total[:, place, k] += (when <= time).reshape(LIVES, people).sum(axis=0)
    return np.asarray(total / (LIVES * len(params)))


def before_and_after(
    given: Array, update: Update, scenario: Scenario, times: tuple[float, ...], seed: int = 1
) -> tuple[Array, Array]:
    """Risks at a hospital drawn from the population, and at this one; as `risks`, with the same luck."""
    luck = generator(seed, "before and after")
    table = engine_draws(scenario.register, scenario.view, update.drawn)
    chosen = luck.integers(0, update.offsets.shape[1], len(table))
    after = update.offsets[np.arange(len(table)), chosen]
    before = update.before[luck.choice(len(update.before), len(table), replace=False)]
    one, other = (risks(given, at_hospital(table, columns_of(each)), scenario, times, seed) for each in (before, after))
    return one, other
