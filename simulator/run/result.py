"""What a simulation found, as tidy tables that are made when somebody looks at them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from simulator.living.capacity import Waiting
from simulator.living.cohort_arrays import Followed
from simulator.living.ledger import FIELDS
from simulator.living.outcomes import OUTCOMES
from simulator.rules.population.taking import Taken
from simulator.run.people import event_table, patient_table, queue_table, wait_table
from simulator.run.sums import Estimate, Floats
from simulator.scenario import Scenario
from simulator.scenario.therapies import step_columns
from simulator.words.vocabulary import State

STATES = (*(state.name.lower() for state in State), "dead")


@dataclass(frozen=True, eq=False)
class Kept:
    """The patients (or the waiting list) of one policy under one draw, from patient number `first` on.

    `taken` says which of a table they are.
    """

    draw: int
    policy: str
    first: int
    what: Followed | Waiting
    taken: Taken


@dataclass(frozen=True, eq=False, repr=False)
class Result:
    """Tables and the arrays behind them, as `simulate` gives them.

    Estimates hold means and Monte Carlo standard errors: outcomes and differences (policies, times, outcomes), states
    (policies, times, states, dead last), ledger (policies, fields; none where it was not kept). Arrays per draw begin with
    an axis of draws.
    `perfusion_sums` (policies, times, 3) holds number, sum and sum of squares of the true TcPO2 of kept limbs.

    >>> import simulator as sim
    >>> sim.simulate(sim.load_scenario("base"), ["conservative", "protocol"], patients=50, times=[1.0])
    Result of scenario 'base': conservative, protocol; 50 patients, 1 draw, at 1 years
    tables: outcomes, differences, states, perfusion, ledger
    """

    scenario: Scenario
    policies: tuple[str, ...]
    reference: str
    times: Floats
    people: int
    seed: int
    engine: str
    parameters: NDArray[np.void]
    draw_ids: NDArray[Any]
    outcome_estimates: Estimate
    difference_estimates: Estimate
    state_estimates: Estimate
    perfusion_estimates: Estimate
    ledger_estimates: Estimate
    perfusion_sums: Floats
    draw_outcomes: Floats
    draw_outcome_errors: Floats
    draw_difference_errors: Floats
    draw_ledgers: Floats
    kept: tuple[Kept, ...] = ()

    def __repr__(self) -> str:
        draws = len(self.draw_ids)
        return (
            f"Result of scenario {self.scenario.name!r}: {', '.join(self.policies)}; {self.people:,} patients, "
            f"{draws:,} draw{'s' if draws != 1 else ''}, at {', '.join(f'{t:g}' for t in self.times)} years\n"
            "tables: outcomes, differences, states, perfusion, ledger"
        )

    @cached_property
    def outcomes(self) -> pd.DataFrame:
        """Each policy's outcomes: policy, outcome, time_years, mean, se."""
        return self._by_outcome(self.policies, *self.outcome_estimates)

    @cached_property
    def differences(self) -> pd.DataFrame:
        """Paired differences to the reference in the same people: policy, reference, outcome, time_years, mean, se."""
        others = [p for p, name in enumerate(self.policies) if name != self.reference]
        mean, se = (array[others] for array in self.difference_estimates)
        table = self._by_outcome([self.policies[p] for p in others], mean, se)
        table.insert(1, "reference", self.reference)
        return table

    @cached_property
    def states(self) -> pd.DataFrame:
        """Share of people in each state, the dead included: policy, time_years, state, share, se."""
        keys = {"policy": self.policies, "time_years": self.times, "state": STATES}
        share, se = self.state_estimates
        return tidy(keys, share=share, se=se)

    @cached_property
    def perfusion(self) -> pd.DataFrame:
        """True TcPO2 (mmHg) of limbs kept by the living, over all draws: policy, time_years, mean, se, sd, n."""
        n, total, squares = np.moveaxis(self.perfusion_sums, -1, 0)
        with np.errstate(invalid="ignore", divide="ignore"):
            mean = total / n
            sd = np.sqrt(np.maximum(squares - n * mean * mean, 0.0) / (n - 1))
        keys = {"policy": self.policies, "time_years": self.times}
        return tidy(keys, mean=mean, se=self.perfusion_estimates.se, sd=sd, n=n.astype(np.int64))

    @cached_property
    def ledger(self) -> pd.DataFrame:
        """Mean ledger of a life: policy, field, mean, se. Fields as in `simulator.living.ledger`, a step's by its therapy."""
        self._need_ledger()
        mean, se = self.ledger_estimates
        table = tidy({"policy": self.policies, "field": FIELDS}, mean=mean, se=se)
        table["field"] = [name for policy in self.policies for name in self._field_names(policy)]
        return table[table["field"] != ""].reset_index(drop=True)

    @cached_property
    def draws(self) -> pd.DataFrame:
        """Outcomes of each draw: draw, policy, time_years, outcome, mean, se, difference, difference_se."""
        reference = self.policies.index(self.reference)
        return tidy(
            {"draw": self.draw_ids, "policy": self.policies, "time_years": self.times, "outcome": OUTCOMES},
            mean=self.draw_outcomes,
            se=self.draw_outcome_errors,
            difference=self.draw_outcomes - self.draw_outcomes[:, [reference]],
            difference_se=self.draw_difference_errors,
        )

    @cached_property
    def draw_ledger(self) -> pd.DataFrame:
        """Mean ledgers of each draw, a column per field: draw, policy, then the fields."""
        self._need_ledger()
        keys = tidy({"draw": self.draw_ids, "policy": self.policies})
        columns = dict.fromkeys(name for policy in self.policies for name in self._field_names(policy) if name)
        fields = {name: np.zeros(self.draw_ledgers.shape[:2]) for name in columns}
        for p, policy in enumerate(self.policies):
            for f, name in enumerate(self._field_names(policy)):
                if name:
                    fields[name][:, p] = self.draw_ledgers[:, p, f]
        return pd.concat([keys, pd.DataFrame({name: values.ravel() for name, values in fields.items()})], axis=1)

    def _need_ledger(self) -> None:
        if not self.ledger_estimates.mean.shape[-1]:
            raise LookupError("ledgers were not kept: simulate(..., ledger=True)")

    def _field_names(self, policy: str) -> list[str]:
        """What the ledger's columns are called under a policy: a step's by its therapy, empty for one not in use."""
        own = step_columns(self.scenario.policies[policy])
        return [own.get(field, "" if "step_" in field else field) for field in FIELDS]

    @cached_property
    def patients(self) -> pd.DataFrame:
        """One row per draw, policy and patient: who they were, and when what happened first (years, NaN if never)."""
        parts = [
            patient_table(k.what, self.scenario, k.policy, self.parameters[k.draw], self.seed, k.first, k.taken)
            for k in self._kept(Followed, "keep_patients=True")
        ]
        return self._labelled(parts, Followed)

    @cached_property
    def events(self) -> pd.DataFrame:
        """Every event: draw, policy, patient, time_years, event, tcpo2 (mmHg; measured at referral and visits)."""
        kept = self._kept(Followed, "events=True")
        if not any(len(k.what.history) for k in kept):
            raise LookupError("events were not kept: simulate(..., events=True)")
        return self._labelled([event_table(k.what, self.scenario, k.policy) for k in kept], Followed)

    @cached_property
    def waits(self) -> pd.DataFrame:
        """One row per request for a slot of a shared resource, and how the wait ended."""
        return self._labelled(
            [wait_table(k.what, self.scenario, k.policy) for k in self._kept(Waiting, "a scenario with [capacity]")],
            Waiting,
        )

    @cached_property
    def queue(self) -> pd.DataFrame:
        """The waiting list over calendar time: draw, policy, date_years, queue, busy, from each change on."""
        return self._labelled([queue_table(k.what) for k in self._kept(Waiting, "a scenario with [capacity]")], Waiting)

    def _by_outcome(self, policies: Sequence[str], mean: Floats, se: Floats) -> pd.DataFrame:
        keys = {"policy": policies, "outcome": OUTCOMES, "time_years": self.times}
        return tidy(keys, mean=mean.swapaxes(1, 2), se=se.swapaxes(1, 2))

    def _kept(self, kind: type[Any], how: str) -> list[Any]:
        kept = [k for k in self.kept if isinstance(k.what, kind)]
        if not kept:
            raise LookupError(f"nothing of this kind was kept: it needs {how}")
        return kept

    def _labelled(self, parts: list[pd.DataFrame], kind: type[Any]) -> pd.DataFrame:
        """Tables of single cohorts as one, with draw and policy in front."""
        for part, k in zip(parts, self._kept(kind, ""), strict=True):
            part.insert(0, "policy", k.policy)
            part.insert(0, "draw", self.draw_ids[k.draw])
        return pd.concat(parts, ignore_index=True)


def tidy(keys: dict[str, Any], **values: NDArray[Any]) -> pd.DataFrame:
    """One row per combination of keys, in order; each array of values has an axis per key."""
    index = pd.MultiIndex.from_product([np.asarray(levels) for levels in keys.values()], names=list(keys))
    table = index.to_frame(index=False)
    for name, array in values.items():
        table[name] = np.ascontiguousarray(array).ravel()
    return table
