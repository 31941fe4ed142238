"""Lives for trials: who enters, into which arm, and what a trial could ever see of them.

Patient i of trial t is patient number t * PLACES + i, with luck of their own, so that trials are independent, a larger
trial begins with the patients of a smaller one, and the same patients live under every truth.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.compiling import compiled
from simulator.errors import BadInput, Problem
from simulator.living.visits import seen_at_visit
from simulator.rules.draws import budget
from simulator.rules.pathway.happening import care_for, clinical_event, planned_care, suffer
from simulator.rules.pathway.life import LIFE
from simulator.rules.pathway.referral import begin_life
from simulator.rules.population.patient import MOST_REFERRALS, PATIENT, make_patient, recruited_from
from simulator.scenario import Scenario
from simulator.scenario.arrays import entry_record
from simulator.trials.accrual import PLACES
from simulator.trials.allocation import allocate, stratum_of, stratum_rules
from simulator.trials.crossover import switch, switches
from simulator.trials.data import TOUCH, TrialData
from simulator.trials.design import Design
from simulator.trials.truth import Truth
from simulator.vocabulary import Stream

Array = NDArray[np.float64]

HEALED, AMPUTATED, DIED, LOST, CROSSED, ENTRY_TCPO2, SCREENED, CAUSED = range(8)
COLUMNS = 8


@compiled
def record_visits(
    life: Any, params: Any, visits: Any, wanted: Any, v: int, start: float, end: float, walked: float, seen: Any
) -> int:
    """Record TcPO2, walking and years walked at the visits in [start, end); returns the next visit's number."""
    while v < visits.shape[0] and visits[v] < end:
        if wanted[v] >= 0:
            k = wanted[v]
            seen[0, k] = seen_at_visit(life, params, v, visits[v]) if life.alive else np.nan
            seen[1, k] = life.walking if life.alive else 0.0
            seen[2, k] = walked + (visits[v] - start if life.alive and life.walking else 0.0)
        v += 1
    return v


@compiled
def follow_recruit(
    life: Any,
    patient: Any,
    params: Any,
    policies: Any,
    p: int,
    crossing: Any,
    horizon: float,
    visits: Any,
    wanted: Any,
    seen: Any,
) -> float:
    """Follow a life that has begun for `horizon` years; returns when the patient switched policy (infinite if never).

    `crossing` holds the time, the number of the other policy, the share who switch and the limit of TcPO2. `wanted`
    says where in `seen` (3, recorded visits) each visit goes, -1 for nowhere.
    """
    crossed, switch_at = np.inf, crossing[0]
    walked = 0.0
    v = 0
    changed = True
    clinical, risk = 0.0, -1
    while life.alive:
        if changed:
            clinical, risk = clinical_event(life, horizon)
        care, kind = planned_care(life)
        t = min(clinical, care, switch_at)
        over = not (clinical <= horizon) and min(care, switch_at) >= horizon
        if over:
            t = horizon
        v = record_visits(life, params, visits, wanted, v, life.time, t + TOUCH if over else t, walked, seen)
        if life.walking:
            walked += t - life.time
        life.time = t
        if over:
            return crossed
        if clinical <= t:
            suffer(life, params, clinical, risk)
            changed = True
        elif care <= t:
            _, changed = care_for(life, params, policies[p], care, kind)
        else:
            switch_at, changed = np.inf, False
            if switches(life, params, t, crossing[2], crossing[3]):
                p = int(crossing[1])
                switch(life, patient, params, policies[p], t)
                crossed = t
    record_visits(life, params, visits, wanted, v, life.time, horizon + TOUCH, walked, seen)
    return crossed


@compiled
def recruit(
    params: Any,
    policies: Any,
    arm_policy: Any,
    crossing: Any,
    entry: Any,
    given: Any,
    seed: int,
    first: int,
    ages: Any,
    log_hazards: Any,
    ends: Any,
    loss: float,
    parts: Any,
    block: int,
    rules: Any,
    left: Any,
    visits: Any,
    wanted: Any,
    life: Any,
    patient: Any,
    row: Any,
    arm: Any,
    stratum: Any,
    out: Any,
    seen: Any,
) -> int:
    """Fill trials first, first + 1, ...; returns how many patients could not be found among the referrals.

    params: (1,), or (trials,) if every trial has its own. arm_policy (arms,): number in `policies`. ends (trials,
    patients): years from entry to the end of follow-up. loss: rate per year, negative for the parameters' own. rules:
    `stratum_rules`; left: (strata, arms). arm, stratum: (trials, patients); out: (COLUMNS, trials, patients); seen:
    (trials, patients, 3, recorded visits).
    """
    barred = 0
    nowhere = np.array([np.inf, 0.0, 0.0, 0.0])
    for j in range(arm.shape[0]):
        of = j if params.shape[0] > 1 else 0
        rate = loss if loss >= 0.0 else params[of].drop_out_rate
        left[:, :] = 0.0
        for i in range(arm.shape[1]):
            number = (first + j) * PLACES + i
            if not make_patient(patient, row, recruited_from(given, seed, number), params[of], entry, seed, number):
                barred += 1
                return barred
            s = stratum_of(row, rules)
            a = allocate(left[s], parts, block, seed, number)
            arm[j, i], stratum[j, i] = a, s
            lost = budget(seed, number, Stream.DROP_OUT, 0) / rate if rate > 0.0 else np.inf
            horizon = min(ends[j, i], lost)
            p = arm_policy[a]
            begin_life(life, patient, params[of], policies[p], seed, number, ages, log_hazards)
            crossed = follow_recruit(
                life,
                patient,
                params[of],
                policies,
                p,
                crossing if a == 0 else nowhere,
                horizon,
                visits,
                wanted,
                seen[j, i],
            )
            out[HEALED, j, i] = life.healed_at
            out[AMPUTATED, j, i] = life.amputated_at
            out[DIED, j, i] = life.died_at
            out[LOST, j, i] = lost if lost < min(ends[j, i], life.died_at) else np.inf
            out[CROSSED, j, i] = crossed
            out[ENTRY_TCPO2, j, i] = patient.tcpo2_measured
            out[SCREENED, j, i] = patient.screened
            out[CAUSED, j, i] = 1.0 if life.recovery_start < np.inf and life.recovers_anyway == 0 else 0.0
    return barred


@dataclass(frozen=True, eq=False)
class Recruitment:
    """A design and its scenario made ready to be filled with patients."""

    design: Design
    scenario: Scenario
    seed: int

    @property
    def entry_record(self) -> Any:
        """The design's entry criteria, or the scenario's."""
        entry = self.design.entry
        return self.scenario.entry_record if entry is None else entry_record(entry)

    def recorded(self, every_visit: bool) -> NDArray[np.int64]:
        """Numbers of the visits that are kept: all, or those at which an endpoint is read."""
        visits = self.design.visits.at_months
        read = {endpoint.at_months for endpoint in self.design.endpoints if endpoint.needs_visit}
        kept = [k for k, visit in enumerate(visits) if every_visit or visit in read]
        return np.array(kept, np.int64)

    def trials(
        self,
        truth: Truth,
        first: int,
        trials: int,
        patients: int,
        every_visit: bool = False,
        longer: float = 0.0,
    ) -> TrialData:
        """Trials first, first + 1, ... of so many patients each, followed as far as the design ever does.

        `longer` (years) is how much later than planned the trial may end. Raises BadInput if nobody can enter.
        """
        design = self.design
        key: Any = np.uint64(self.seed)
        entries = design.accrual.entries(key, first, trials, patients)
        months = design.follow_up.months / 12.0
        ends = np.full((trials, patients), months)
        if design.follow_up.until == "last":
            ends = entries[:, -1:] + months + longer - entries
        visits = np.array(design.visits.at_months, np.float64) / 12.0
        kept = self.recorded(every_visit)
        wanted = np.full(len(visits), -1, np.int64)
        wanted[kept] = np.arange(len(kept))
        rules = stratum_rules(design.randomisation.strata)
        parts = np.array([float(arm.allocation) for arm in design.arms])
        ages, log_hazards = self.scenario.life_table_arrays
        patient = np.zeros(1, PATIENT)
        arm, stratum = np.zeros((trials, patients), np.int8), np.zeros((trials, patients), np.int32)
        out = np.zeros((COLUMNS, trials, patients))
        seen = np.full((trials, patients, 3, len(kept)), np.nan)
        rate = design.drop_out.per_year
        barred = recruit(
            truth.params_of(first, trials),
            truth.policies,
            truth.arm_policy,
            truth.crossing,
            self.entry_record,
            self.scenario.given,
            key,
            first,
            ages,
            log_hazards,
            ends,
            -1.0 if rate is None else rate,
            parts,
            design.block,
            rules,
            np.zeros((int(np.prod(rules[:, 3])), len(parts))),
            visits,
            wanted,
            np.zeros(1, LIFE)[0],
            patient[0],
            patient.view(np.float64),
            arm,
            stratum,
            out,
            seen,
        )
        if barred:
            raise nobody(design)
        return TrialData(
            arm=arm,
            entry=entries,
            end=ends,
            lost=out[LOST],
            healed=out[HEALED],
            amputated=out[AMPUTATED],
            died=out[DIED],
            crossed=out[CROSSED],
            tcpo2_entry=out[ENTRY_TCPO2],
            stratum=stratum,
            screened=out[SCREENED],
            caused=out[CAUSED],
            visits=visits[kept],
            tcpo2=np.ascontiguousarray(seen[:, :, 0]),
            walking=np.ascontiguousarray(seen[:, :, 1]),
            walked=np.ascontiguousarray(seen[:, :, 2]),
        )


def nobody(design: Design) -> BadInput:
    """Entry criteria that no referral meets."""
    allowed = f"criteria that more than one in {MOST_REFERRALS:,} referrals of the scenario meets"
    return BadInput([Problem(design.file, "entry", "nobody can enter", allowed)])
