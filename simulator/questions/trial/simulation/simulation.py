"""Simulated trials in blocks on all processors: the same results whatever the blocks and workers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.compiling import announced
from simulator.questions.trial.analysis.data import TrialData, cut, limited
from simulator.questions.trial.analysis.looks import end_of_trial, event_dates, foreseen, information, look_dates, marks
from simulator.questions.trial.conduct.conduct import Columns, Conduct
from simulator.questions.trial.conduct.stopping_rule import stopping_rule
from simulator.questions.trial.design.design import Design
from simulator.questions.trial.design.endpoint import Endpoint
from simulator.questions.trial.design.limits import MOST_PATIENTS
from simulator.questions.trial.design.selection import adaptation, most_recruits
from simulator.questions.trial.reading.design_reading import Planned
from simulator.questions.trial.simulation.finished import FinishedTrials
from simulator.questions.trial.simulation.kept_lives import MOST_PATIENTS as MOST_KEPT
from simulator.questions.trial.simulation.kept_lives import UNIT, KeptLives
from simulator.questions.trial.simulation.margin import AtMargin, at_margin, luck_of
from simulator.questions.trial.simulation.recruits import Recruitment, nobody
from simulator.questions.trial.simulation.stated_trials import stated_trials
from simulator.questions.trial.simulation.truth import STATED, Truth, truth_named
from simulator.rules.pathway.policy import POLICY
from simulator.rules.population.arrival import make_patient, recruited_from
from simulator.rules.population.criteria import may_enter
from simulator.rules.population.patient import PATIENT
from simulator.words.errors import BadInput, Problem, in_toml
from simulator.work.threads import in_order

LIVES = 25_000
"""Lives in one block of trials, about; memory is a few blocks for each worker."""
PIECE = 20
"""Blocks whose results are kept together: a second or two of work, which is all that an interruption can lose."""
PILOT = 400
"""Trials from which the information at the end is foreseen where nothing fixes it, at most."""
POOL = 400_000
"""Patients of whom everything is held at once, about."""
ASKED = 300
"""Patients who are asked whether any of them could have each arm's treatment."""

Progress = Callable[[int], None]


@dataclass(frozen=True, eq=False)
class Simulation:
    """A design, its scenario and a seed, from which any number of trials can be made.

    `kept` holds finished trials, `cache` is the folder of lives that are kept between runs; None keeps none.
    """

    planned: Planned
    seed: int
    trials: int
    workers: int | None = None
    kept: FinishedTrials | None = None
    cache: Path | None = None

    @property
    def design(self) -> Design:
        """The design."""
        return self.planned.design

    @property
    def recruitment(self) -> Recruitment:
        """Where its patients come from."""
        return Recruitment(self.design, self.planned.scenario, self.seed)

    def with_trials(self, trials: int) -> Simulation:
        """The same with another number of trials."""
        return replace(self, trials=trials)

    def truth(self, name: str) -> Truth:
        """A truth by name."""
        return truth_named(name, self.design, self.planned.scenario, self.trials, self.seed)

    @property
    def foreseen_truth(self) -> Truth:
        """The truth that a protocol foresees: what it states, or else the scenario."""
        return self.truth(STATED if self.design.stated else "scenario")

    def conduct(self, patients: int | None = None) -> Conduct:
        """The design at a size (default: its own), with its boundaries.

        Where the information at the end is not fixed in advance it is what the scenario leads to on average, as a
        protocol would foresee it, and grows in proportion to the size.
        """
        design, marked = self.design, marks(self.design, patients)
        if design.stages is not None:
            rule = stopping_rule(design, (marked.at[0] / marked.patients,))
            return Conduct(design, marked, rule, (float(marked.patients),))
        if design.predictive is not None:
            return Conduct(design, marked, stopping_rule(design, ()), (float(marked.patients),))
        if foreseen(design):
            first = float(marked.events or marked.patients)
            shares = tuple(at / first for at in marked.at)
        else:
            shares = self.pilot[1]
            first = float(marked.events or self._foreseen_information(design.primary, marked.patients))
            if not all(earlier < later for earlier, later in pairwise((0.0, *shares, 1.0))):
                raise BadInput([_no_information(design, self.pilot[2])])
        others = (self._foreseen_information(other, marked.patients) for other in design.confirmatory[1:])
        return Conduct(design, marked, stopping_rule(design, shares), (first, *others))

    def _foreseen_information(self, endpoint: Endpoint, patients: int) -> float:
        if self.design.looks is None or not endpoint.by_events:
            return float(patients)
        return self.pilot[0][endpoint.name] * patients / self.design.patients

    @cached_property
    def pilot(self) -> tuple[dict[str, float], tuple[float, ...], float]:
        """Some trials of the scenario: mean information of each confirmatory endpoint at the end; shares of the first
        one's at the interim looks; mean date of the end (years)."""
        design, own = self.design, marks(self.design)
        data = self.lives(self.foreseen_truth, 0, at_once(PILOT, own.patients), own.patients)
        data = limited(data, own.patients)
        dates = look_dates(design, data, own)
        seen = [cut(data, date) for date in dates.T]
        means = [float(information(design.primary, each).mean()) for each in seen]
        end = float(own.events or means[-1])
        # A trial without a single event in its pilot foresees one, so that shares of it exist.
        ends = {each.name: max(1.0, float(information(each, seen[-1]).mean())) for each in design.confirmatory}
        return ends, tuple(value / max(end, 1.0) for value in means[:-1]), float(dates[:, -1].mean())

    def lives(self, truth: Truth, first: int, trials: int, patients: int, every_visit: bool = False) -> TrialData:
        """Lives for trials first, first + 1, ..."""
        longer = 0.0
        own = self.design
        lengthens = own.reestimation is not None or own.two_stage is not None or adaptation(own) is not None
        if own.most_growth > 1.0 or lengthens:
            longer = float(own.accrual.date(patients)) + own.follow_up.months / 12.0
        if truth.stated is not None:
            data = stated_trials(self.design, truth.stated, self.seed, first, trials, patients, longer)
        else:
            data = self._lived(truth, first, trials, patients, every_visit, longer)
        for arm, change in truth.changes:
            data = change.applied(data, luck_of(self.seed, first, trials, patients), arm)
        if not truth.at_margin:
            return data
        worse = self._stated_margin if truth.stated is not None else self._margin
        return worse.applied(data, luck_of(self.seed, first, trials, patients))

    def _lived(
        self, truth: Truth, first: int, trials: int, patients: int, every_visit: bool, longer: float
    ) -> TrialData:
        def make(start: int, count: int) -> TrialData:
            return self.recruitment.trials(truth, start, count, patients, every_visit, longer)

        if self.kept_lives is None or every_visit:
            return make(first, trials)
        return self.kept_lives.lives(truth, first, trials, patients, longer, make)

    @cached_property
    def kept_lives(self) -> KeptLives | None:
        """The lives that are kept between runs."""
        scenario = self.planned.scenario
        return None if self.cache is None else KeptLives(self.cache, self.design, scenario.hash, self.seed)

    @cached_property
    def _margin(self) -> AtMargin:
        return self._at_margin("null")

    @cached_property
    def _stated_margin(self) -> AtMargin:
        return self._at_margin("stated_null")

    def _at_margin(self, null: str) -> AtMargin:
        """What puts arms that are alike on the margin, from a pool of their patients."""
        n = self.design.patients
        alike = self.lives(replace(self.truth(null), at_margin=False), 0, max(1, POOL // (4 * n)), n)
        ended = cut(alike, end_of_trial(self.design, alike, None))
        return at_margin(self.design.primary, ended, self.seed, self.design.file)

    def run(
        self,
        truth: Truth,
        conducts: Sequence[Conduct],
        advance: Progress | None = None,
        first: int = 0,
        trials: int | None = None,
    ) -> list[Columns]:
        """Carry out the trials first, first + 1, ... at one or several sizes; one table of columns for each, in order.

        All sizes have the same lives. With `kept`, finished pieces are read instead of simulated and new ones kept.
        """
        patients = max(longest(conduct) for conduct in conducts)
        size = max(1, LIVES // patients)
        if self.cache is not None and patients <= MOST_KEPT:
            size = -(-size // UNIT) * UNIT
        end = first + (self.trials if trials is None else trials)
        pieces = [(start, min(start + PIECE * size, end)) for start in range(first, end, PIECE * size)]
        keys = {piece: self.kept.key(truth, conducts, *piece) for piece in pieces} if self.kept is not None else {}
        done: dict[tuple[int, int], list[Columns]] = {}
        for piece, key in keys.items():
            found = self.kept.read(key, len(conducts)) if self.kept is not None else None
            if found is not None:
                done[piece] = found
                if advance is not None:
                    advance(piece[1] - piece[0])
        blocks = [
            (start, min(start + size, piece[1]), piece)
            for piece in pieces
            if piece not in done
            for start in range(*piece, size)
        ]

        def block(item: tuple[int, int, tuple[int, int]]) -> list[Columns]:
            data = self.lives(truth, item[0], item[1] - item[0], patients)
            return [conduct.run(data) for conduct in conducts]

        parts: list[list[Columns]] = []
        for (start, stop, piece), part in zip(blocks, in_order(block, blocks, self.workers), strict=True):
            parts.append(part)
            if stop == piece[1]:
                done[piece] = [_joined([part[k] for part in parts]) for k in range(len(conducts))]
                parts.clear()
                if self.kept is not None:
                    self.kept.write(keys[piece], done[piece])
            if advance is not None:
                advance(stop - start)
        return [_joined([done[piece][k] for piece in pieces]) for k in range(len(conducts))]

    def check(self, lives: bool = True) -> dict[str, float]:
        """Compile, and see that patients can enter and that every arm's treatment can be given to some of them.

        Returns the share of patients eligible for each policy that treats; nothing without `lives`, for trials of stated
        rates alone. Raises BadInput.
        """
        if not lives:
            self._check_events()
            return {}
        # A whole piece where lives are kept: what there is of it needs no engine.
        first = UNIT if self.kept_lives is not None and self.design.patients <= MOST_KEPT else 1
        with announced("the trial simulation"):
            self.lives(self.truth("scenario"), 0, first, self.design.patients if first > 1 else 2)
        with announced("the tests " + " ".join(sorted({endpoint.test for endpoint in self.design.endpoints}))):
            conduct = self.conduct()
            replace(self, kept=None).run(self.truth("scenario"), [conduct], trials=first)
        self._check_events()
        scenario, entry = self.planned.scenario, self.recruitment.entry_record
        params, patient = scenario.params(), np.zeros(1, PATIENT)
        row = patient.view(np.float64)
        key: Any = np.uint64(self.seed)
        problems = []
        named = [(f"arms.{arm.name}.policy", arm.policy) for arm in self.design.arms]
        if self.design.crossover is not None:
            named.append(("crossover.to", self.design.crossover.to))
        records = scenario.policy_records([policy for _, policy in named])
        takes = np.zeros(len(named), int)
        for i in range(ASKED):
            if not make_patient(patient[0], row, recruited_from(scenario.given, key, i), params, entry, key, i):
                raise nobody(self.design)
            takes += [bool(may_enter(record, patient[0])) for record in records]
        for (key, policy), record, count in zip(named, records, takes, strict=True):
            if count == 0 and _treats(record):
                allowed = f"a policy for patients who may enter: none of {ASKED} is eligible for it ({_limits(record)})"
                problems.append(Problem(self.design.file, key, repr(policy), allowed))
        if problems:
            raise BadInput(problems)
        shares = zip(named, records, takes, strict=True)
        return {policy: float(count) / ASKED for (_, policy), record, count in shares if _treats(record)}

    def _check_events(self) -> None:
        """Refuse an end or a first look at more events than any of some trials sees by its planned end."""
        design, own = self.design, marks(self.design)
        first_look = own.at[0] if own.by == "events" and own.at else 0.0
        if own.events is None and not first_look:
            return
        data = limited(
            self.lives(self.foreseen_truth, 0, at_once(PILOT // 4, own.patients), own.patients), own.patients
        )
        dates, end = event_dates(design.primary, data), end_of_trial(design, data, None)
        seen = (dates <= end[:, None]).sum(axis=1)
        most = int(seen.max())
        allowed = (
            f"at most {most}: the most that any of {len(seen)} simulated trials had seen {12.0 * end.mean():.1f} months after "
            f"it opened, when it was planned to end; {seen.mean():.1f} on average"
        )
        problems = []
        if own.events is not None and own.events > most:
            problems.append(Problem(design.file, "size.events", str(own.events), allowed))
        if first_look > most and design.looks is not None and design.looks.by == "events":
            problems.append(Problem(design.file, "looks.at", in_toml(design.looks.at), allowed))
        if problems:
            raise BadInput(problems)


def at_once(trials: int, patients: int) -> int:
    """How many of these trials can be held in memory as a whole, at least four."""
    return min(trials, max(4, POOL // patients))


def longest(conduct: Conduct) -> int:
    """The most patients that trials of this size can come to have."""
    most = most_recruits(conduct.design, conduct.marked.patients)
    if most > MOST_PATIENTS:
        raise BadInput([Problem(conduct.design.file, "size.patients", str(most), f"at most {MOST_PATIENTS:,}")])
    return most


def _joined(parts: list[Columns]) -> Columns:
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _treats(record: NDArray[np.void]) -> bool:
    return bool(record["doses"] > 0.5 or record["step_count"] > 0.5)


def _limits(record: NDArray[np.void]) -> str:
    """A policy's eligibility in words, without what admits everybody."""
    words = []
    for name in POLICY.names or ():
        value = float(record[name])
        if name == "marker":
            break
        if name in ("severe_renal", "dialysis"):
            words += [] if value else [f"{name} excluded"]
        elif name == "angioplasty_suitable":
            words += [] if value < 0.0 else [f"{name} = {'yes' if value else 'no'}"]
        elif np.isfinite(value) and not (name.endswith("at_least") and value in (0.0, 4.0)):
            words += [] if name == "rutherford_at_most" and value == 6.0 else [f"{name} = {value:g}"]
    return ", ".join(words)


def _no_information(design: Design, end: float) -> Problem:
    looks = design.looks
    assert looks is not None
    allowed = (
        f"looks that bring information one after another and before the end: on average the trial ends after "
        f"{12.0 * end:.1f} months, and a patient counts after {design.primary.waits * 12.0:g}"
    )
    return Problem(design.file, "looks.at", str(list(looks.at)), allowed)
