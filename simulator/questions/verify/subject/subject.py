"""The scenario under test, and the small changes that checks make to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.evidence.hospitals import FIELDS, RATES, RESPONSE_PROBABILITY
from simulator.evidence.life_table import LifeTable
from simulator.evidence.register import Register
from simulator.living.cohort_arrays import Followed, joined
from simulator.run import Result, simulate
from simulator.run.job import Engine
from simulator.scenario import Policy, Scenario
from simulator.scenario.arrays import DEATH_LEVEL
from simulator.scenario.economics import Discounting
from simulator.scenario.policy import Criteria

NOTHING = "(no care)"
"""Name of a policy under which nobody is treated; no file can use it as a bare key."""
TWIN = "(same policy)"
NO_DEATH = {
    "background_hr": 0.0,
    "death_rate_wound": 0.0,
    "death_rate_healed": 0.0,
    "dialysis_death_rate": 0.0,
    "postoperative_death_rate": 0.0,
}
STEADY = {
    f"{risk}_{what}": 0.0
    for risk in ("amputation", "healing", "death", "recurrence", "minor_amputation")
    for what in ("per_mmhg", "trend")
}
"""Hazards that change neither with perfusion nor with time."""


def _founded(scenario: Scenario) -> Register:
    """The register with the rates of the scenario's hospital and view as its own: what a check sets is then in force."""
    register = scenario.register
    level = f"{DEATH_LEVEL}_{scenario.view}"
    if not any(register[name].value for name in FIELDS.values()) and level not in register:
        return register
    params = scenario.params()
    rates = {
        name: float(params[name]) for name in (*(r for each in RATES.values() for r in each), RESPONSE_PROBABILITY)
    }
    levels = {level: 1.0} if level in register else {}
    return register.with_values({**rates, **dict.fromkeys(FIELDS.values(), 0.0), **levels})


@dataclass(frozen=True, eq=False)
class Subject:
    """A scenario in which nobody waits, `n` patients and a seed.

    Where the scenario has a shared resource it is taken out, because lives then depend on each other; what is checked is
    the course of lives, the bookkeeping and the analysis.
    """

    scenario: Scenario
    n: int
    seed: int

    @classmethod
    def of(cls, scenario: Scenario, n: int, seed: int) -> Subject:
        """The scenario without its queue, and with a policy under which nothing is done."""
        settings = scenario.settings.model_copy(update={"capacity": None})
        policies = {**scenario.policies, NOTHING: Policy(label="No care")}
        at_rest = replace(scenario, settings=settings, policies=policies, register=_founded(scenario))
        return cls(at_rest, scenario.people_up_to(n), seed)

    @property
    def policies(self) -> tuple[str, ...]:
        """The policies compared."""
        return self.scenario.compare

    @property
    def with_cells(self) -> tuple[str, ...]:
        """The policies compared that give cells."""
        return tuple(p for p in self.policies if self.scenario.policies[p].cell_therapy.doses > 0)

    @cached_property
    def params(self) -> Any:
        """The parameters in force."""
        return self.scenario.params()

    @property
    def nobody_dies(self) -> dict[str, float]:
        """Parameters under which nobody dies, of a procedure neither."""
        therapies = self.scenario.register.therapies.values()
        return {
            **NO_DEATH,
            **{each.names["procedural_death"]: 0.0 for each in therapies if "procedural_death" in each.names},
        }

    def value(self, name: str) -> float:
        """A parameter in force."""
        register = self.scenario.register
        return register[name].value if name in register.of_therapies else float(self.params[name])

    def changed(
        self,
        *,
        entry: Criteria | None = None,
        given: NDArray[np.float64] | None = None,
        horizon: float | None = None,
        discounting: tuple[float, float] | None = None,
        life_table: LifeTable | None = None,
        policies: Mapping[str, Policy] | None = None,
        reference: str | None = None,
    ) -> Scenario:
        """The scenario with what is named replaced, unchecked, so that extremes can be tried too."""
        update: dict[str, Any] = {}
        settings = self.scenario.settings
        if entry is not None:
            update["entry"] = entry
        if reference is not None:
            update["reference"] = reference
        if discounting is not None:
            update["discounting"] = Discounting.model_construct(effects=discounting[0], costs=discounting[1])
        if horizon is not None:
            times = tuple(t for t in settings.follow_up.report_at_years if t <= horizon)
            change = {"horizon_years": horizon, "report_at_years": times}
            update["follow_up"] = settings.follow_up.model_copy(update=change)
        return replace(
            self.scenario,
            settings=settings.model_copy(update=update),
            policies={**self.scenario.policies, **(policies or {})},
            life_table=life_table or self.scenario.life_table,
            given=self.scenario.given if given is None else given,
        )

    def run(
        self,
        values: Mapping[str, float] | None = None,
        scenario: Scenario | None = None,
        policies: Sequence[str] | None = None,
        n: int | None = None,
        *,
        seed: int | None = None,
        times: Sequence[float] | None = None,
        engine: Engine = "compiled",
        keep: bool = False,
        events: bool = False,
        workers: int | None = None,
    ) -> Result:
        """Simulate with some parameters replaced; by default all policies compared."""
        return simulate(
            scenario or self.scenario,
            policies=self.policies if policies is None else policies,
            patients=(scenario or self.scenario).people_up_to(n or self.n),
            seed=self.seed if seed is None else seed,
            engine=engine,
            draws=one_draw(values) if values else None,
            times=times,
            keep_patients=keep,
            events=events,
            workers=workers,
        )

    def lives(
        self,
        values: Mapping[str, float] | None = None,
        scenario: Scenario | None = None,
        policies: Sequence[str] | None = None,
        n: int | None = None,
        times: Sequence[float] | None = None,
        engine: Engine = "compiled",
        events: bool = False,
    ) -> dict[str, Followed]:
        """Patients one by one under each policy."""
        kept = self.run(values, scenario, policies, n, times=times, engine=engine, keep=True, events=events)
        return cohorts(kept)

    @cached_property
    def base(self) -> dict[str, Followed]:
        """Patients one by one under the policies compared, with their events, at eight times and the scenario's."""
        return self.lives(times=self.times, events=True)

    @cached_property
    def result(self) -> Result:
        """The result for the same patients and times."""
        return self.run(times=self.times)

    @cached_property
    def times(self) -> tuple[float, ...]:
        """Times of the census: eight spread over the horizon, and those that the scenario reports."""
        return tuple(sorted({0.0, *np.linspace(0.0, self.scenario.horizon, 8)[1:].tolist(), *self.scenario.times}))


def one_draw(values: Mapping[str, float]) -> NDArray[np.void]:
    """One parameter draw with these values."""
    row = np.zeros(1, [(name, np.float64) for name in values])
    for name, value in values.items():
        row[name] = value
    return row


def cohorts(result: Result) -> dict[str, Followed]:
    """The kept patients of each policy, all blocks together."""
    found: dict[str, Followed] = {}
    for policy in result.policies:
        parts = [k.what for k in result.kept if k.policy == policy and isinstance(k.what, Followed)]
        names = ("patients", "lives", "ledgers", "censuses", "paths", "outcomes")
        arrays = {name: np.concatenate([getattr(part, name) for part in parts]) for name in names}
        history = joined([part.history for part in parts])
        found[policy] = Followed(**arrays, history=history, barred=sum(part.barred for part in parts))
    return found


def stacked(lives: Mapping[str, Followed], field: str) -> NDArray[np.float64]:
    """A field of the lives or a column of the ledger under every policy, one after another."""
    from simulator.living.ledger import FIELDS

    if field in FIELDS:
        return np.concatenate([c.ledgers[:, FIELDS.index(field)] for c in lives.values()])
    return np.concatenate([np.asarray(c.lives[field], np.float64) for c in lives.values()])


def life_years(lives: Mapping[str, Followed]) -> NDArray[np.float64]:
    """Years lived up to the horizon under every policy, one after another."""
    return stacked(lives, "clock_alive")
