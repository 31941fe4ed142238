"""Lives for trials: who enters, into which arm, and what a trial could ever see of them.

Patient i of trial t is patient number t * PLACES + i, with luck of their own, so that trials are independent, a larger
trial begins with the patients of a smaller one, and the same patients live under every truth.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from simulator.compiling import compiled_in_place, compiled_on_given_memory, record_dtype
from simulator.living.next_event import care_under, foresee, live, refer
from simulator.living.room import new_room
from simulator.living.setting import new_setting, with_params
from simulator.living.visits import seen_at_visit
from simulator.questions.trial.analysis.data import TOUCH, TrialData, luck_of_trials
from simulator.questions.trial.design import sites
from simulator.questions.trial.design.accrual import PLACES
from simulator.questions.trial.design.allocation import allocate, minimise, stratum_of, stratum_rules
from simulator.questions.trial.design.blinding import (
    Knowledge,
    decision_ratio,
    knowledge_of,
    reports_walking,
    withdrawal_ratio,
)
from simulator.questions.trial.design.design import Design
from simulator.questions.trial.design.drop_out import leaves_at
from simulator.questions.trial.simulation.truth import Truth
from simulator.rules.draws import budget, uniform
from simulator.rules.pathway.course import spend_until
from simulator.rules.pathway.life import limb_kept
from simulator.rules.pathway.procedure import scale
from simulator.rules.population.arrival import MOST_REFERRALS, find_patient, recruited_from
from simulator.rules.population.patient import COLUMNS, DESCRIBED
from simulator.scenario import Scenario
from simulator.scenario.arrays import entry_record
from simulator.words.errors import BadInput, Problem
from simulator.words.vocabulary import Event, Risk, Stream

Array = NDArray[np.float64]

CONTROL = 0
"""The arm whose patients may cross over."""
RECRUIT = record_dtype(
    [
        ("arm", np.int8),
        ("stratum", np.int32),
        ("healed", np.float64),
        ("amputated", np.float64),
        ("died", np.float64),
        ("lost", np.float64),
        ("crossed", np.float64),
        ("reintervened", np.float64),
        ("tcpo2_entry", np.float64),
        ("screened", np.float64),
        ("caused", np.float64),
    ]
)
"""A patient of a trial, by the names of `TrialData`."""
DIARY = record_dtype(
    [
        ("visit", np.int64),
        ("walked", np.float64),
        ("reintervened", np.float64),
        ("reports", np.int64),
        ("decision_hr", np.float64),
    ]
)
"""Number of the visit that comes next, years walked until the last event, when the first reintervention came, whether walking is
reported out of expectation, and how many times as high the hazard of amputation is because the surgeon knows the arm."""
TCPO2, WALKING, WALKED = range(3)
"""Rows of what is seen at visits."""


class Diary(NamedTuple):
    """What a trial sees of one life at its visits. `wanted` says where in `seen` (3, recorded visits) each visit goes, -1
    for nowhere; `now` is a record of DIARY."""

    now: Any
    wanted: Any
    seen: Any


class Plan(NamedTuple):
    """What recruits are given. arm_policy (arms,): number of each arm's policy. ends (trials, patients): years from entry
    to the end of follow-up. loss (arms,): rate per year, negative for the parameters' own; unhealed_ratio: as in `DropOut`.
    parts (arms,), block: allocation; follow: probability of minimisation, negative without. rules: `stratum_rules`; described:
    whether they read what no rule of the lives does; left: room of shape (strata, arms); counts: room of shape (factors,
    levels, arms). site (trials, patients); sites: how many have parameters of their own. wanted: as in `Diary`."""

    arm_policy: Any
    ends: Any
    loss: Any
    unhealed_ratio: float
    parts: Any
    block: int
    follow: float
    rules: Any
    described: bool
    left: Any
    counts: Any
    site: Any
    sites: int
    knowledge: Knowledge
    wanted: Any


@compiled_in_place
def record_visits(diary: Any, life: Any, setting: Any, start: float, end: float) -> None:
    """Record TcPO2, walking and years walked at the visits in [start, end)."""
    now, seen, visits = diary.now, diary.seen, setting.visits
    while now.visit < visits.shape[0] and visits[now.visit] < end:
        t, k = visits[now.visit], diary.wanted[now.visit]
        if k >= 0:
            seen[TCPO2, k] = seen_at_visit(life, setting.params, now.visit, t) if life.alive else np.nan
            seen[WALKING, k] = life.walking if life.alive else 0.0
            if now.reports and life.alive and limb_kept(life):
                seen[WALKING, k] = 1.0
            seen[WALKED, k] = now.walked + (t - start if life.alive and life.walking else 0.0)
        now.visit += 1


@compiled_in_place
def time_passes(diary: Any, life: Any, setting: Any, t: float, kind: int) -> None:
    """Record the visits up to the next event, and at the end of follow-up the visit that falls on it."""
    record_visits(diary, life, setting, life.time, t + TOUCH if kind == Event.HORIZON else t)
    if life.walking:
        diary.now.walked += t - life.time


@compiled_in_place
def event_happens(diary: Any, life: Any, patient: Any, setting: Any, t: float, event: int) -> None:
    """Note the first reintervention; after death, record that nothing is seen at the visits that are left.

    Somebody who has crossed over is not decided about as a control patient any more.
    """
    again = event == Event.REPEAT_PROCEDURE or (event == Event.PROCEDURE and life.crossed_at < np.inf)
    if again and diary.now.reintervened == np.inf:
        diary.now.reintervened = t
    if event == Event.CROSSES_OVER and life.crossed_at < np.inf and diary.now.decision_hr != 1.0:
        spend_until(life, t)
        scale(life, Risk.MAJOR_AMPUTATION, 1.0 / diary.now.decision_hr)
        diary.now.decision_hr = 1.0
        foresee(life)
    if not life.alive:
        record_visits(diary, life, setting, t, life.horizon + TOUCH)


@compiled_in_place
def forget(life: Any, diary: Any, visits: Any, lost: float) -> None:
    """Leave nothing of what happened after the loss of a patient (years from entry)."""
    life.healed_at = life.healed_at if life.healed_at <= lost else np.inf
    life.amputated_at = life.amputated_at if life.amputated_at <= lost else np.inf
    life.died_at = life.died_at if life.died_at <= lost else np.inf
    life.crossed_at = life.crossed_at if life.crossed_at <= lost else np.inf
    diary.now.reintervened = diary.now.reintervened if diary.now.reintervened <= lost else np.inf
    if life.died_at < np.inf:
        return
    for visit in range(visits.shape[0]):
        if diary.wanted[visit] >= 0 and visits[visit] > lost:
            for seen in range(diary.seen.shape[0]):
                diary.seen[seen, diary.wanted[visit]] = np.nan


@compiled_on_given_memory
def recruit(setting: Any, params: Any, plan: Any, first: int, room: Any, now: Any, out: Any, seen: Any) -> int:
    """Fill trials first, first + 1, ...; returns how many patients could not be found among the referrals.

    params: (1,), (trials,) if every trial has its own, or (trials * sites,). out: (trials, patients) of RECRUIT; seen:
    (trials, patients, 3, recorded visits).
    """
    life, patient, row, drawn = room
    for j in range(out.shape[0]):
        of = j if params.shape[0] > 1 else 0
        own = with_params(setting, params[of])
        plan.left[:, :] = 0.0
        plan.counts[:, :, :] = 0.0
        for i in range(out.shape[1]):
            number = (first + j) * PLACES + i
            site = plan.site[j, i]
            if plan.sites > 0:
                of = j * plan.sites + site
                own = with_params(setting, params[of])
            given = recruited_from(own.given, own.seed, number)
            if not find_patient(patient, row, drawn, given, own.params, own.entry, own.seed, number, plan.described):
                return 1
            stratum = stratum_of(row, plan.rules, site)
            if plan.follow >= 0.0:
                arm = minimise(plan.counts, row, plan.rules, site, plan.follow, own.seed, number)
            else:
                arm = allocate(plan.left[stratum], plan.parts, plan.block, own.seed, number)
            learns = uniform(own.seed, number, Stream.ARM, 3)
            control, knows = plan.knowledge.control[arm], learns < plan.knowledge.patients
            rate = plan.loss[arm] if plan.loss[arm] >= 0.0 else params[of].drop_out_rate
            rate = rate * withdrawal_ratio(control, knows, params[of])
            stays = budget(own.seed, number, Stream.DROP_OUT, 0)
            lost = stays / rate if rate > 0.0 else np.inf
            informative = plan.unhealed_ratio != 1.0
            policy = plan.arm_policy[arm]
            # Where losses hang on healing, the life is lived first and forgotten from the loss on.
            refer(life, patient, own, policy, number, plan.ends[j, i] if informative else min(plan.ends[j, i], lost))
            if arm == CONTROL:
                life.next_crossover = own.crossover.after
            now.visit, now.walked, now.reintervened = 0, 0.0, np.inf
            expects = uniform(own.seed, number, Stream.ARM, 4)
            now.reports = reports_walking(control, knows, plan.knowledge.chance, params[of], expects)
            now.decision_hr = decision_ratio(control, learns < plan.knowledge.surgeons, params[of])
            if now.decision_hr != 1.0:
                scale(life, Risk.MAJOR_AMPUTATION, now.decision_hr)
                foresee(life)
            diary = Diary(now, plan.wanted, seen[j, i])
            live(life, patient, own, care_under(own, policy), time_passes, event_happens, diary)
            if informative:
                lost = leaves_at(stays, rate, plan.unhealed_ratio, life.healed_at)
                forget(life, diary, setting.visits, lost)
            recruited = out[j, i]
            recruited.arm, recruited.stratum = arm, stratum
            recruited.healed, recruited.amputated, recruited.died = life.healed_at, life.amputated_at, life.died_at
            recruited.lost = lost if lost < min(plan.ends[j, i], life.died_at) else np.inf
            recruited.crossed, recruited.reintervened = life.crossed_at, now.reintervened
            recruited.tcpo2_entry, recruited.screened = patient.tcpo2_measured, patient.screened
            recruited.caused = life.given_gain
    return 0


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
        site = sites.sites_of(key, first, design.accrual.open_sites(entries))
        rules = stratum_rules(design.randomisation.strata, design.accrual.sites or 1)
        parts = np.array([float(arm.allocation) for arm in design.arms])
        described = any(column >= 0 and COLUMNS[int(column)] in DESCRIBED for column in rules[:, 0])
        rates = [design.drop_out.rate_of(arm.name) for arm in design.arms]
        scenario = self.scenario
        params, of_sites = sites.site_params(design, scenario, truth.params_of(first, trials), self.seed, first, trials)
        plan = Plan(
            arm_policy=truth.arm_policy,
            ends=ends,
            loss=np.array([-1.0 if rate is None else rate for rate in rates]),
            unhealed_ratio=design.drop_out.unhealed_ratio,
            parts=parts,
            block=design.block,
            follow=design.randomisation.follow if design.randomisation.method == "minimised" else -1.0,
            rules=rules,
            described=described,
            left=np.zeros((int(np.prod(rules[:, 3])), len(parts))),
            counts=np.zeros((len(rules), int(rules[:, 3].max(initial=1.0)), len(parts))),
            site=site,
            sites=of_sites,
            knowledge=knowledge_of(design),
            wanted=wanted,
        )
        setting = new_setting(
            params[0],
            truth.policies,
            self.entry_record,
            scenario.given,
            self.seed,
            scenario.life_table_arrays,
            scenario.clock,
        )._replace(visits=visits, crossover=truth.crossover)
        out = np.zeros((trials, patients), RECRUIT)
        seen = np.full((trials, patients, 3, len(kept)), np.nan)
        if recruit(setting, params, plan, first, new_room(), np.zeros(1, DIARY)[0], out, seen):
            raise nobody(design)
        return TrialData(
            **{name: np.ascontiguousarray(out[name]) for name in RECRUIT.names or ()},
            entry=entries,
            end=ends,
            site=site,
            visits=visits[kept],
            tcpo2=np.ascontiguousarray(seen[:, :, TCPO2]),
            walking=np.ascontiguousarray(seen[:, :, WALKING]),
            walked=np.ascontiguousarray(seen[:, :, WALKED]),
            luck=luck_of_trials(self.seed, first, trials),
        )


def nobody(design: Design) -> BadInput:
    """Entry criteria that no referral meets."""
    allowed = f"criteria that more than one in {MOST_REFERRALS:,} referrals of the scenario meets"
    return BadInput([Problem(design.file, "entry", "nobody can enter", allowed)])
