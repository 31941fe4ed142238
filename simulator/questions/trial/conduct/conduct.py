"""Trials from their patients' lives to their results: looks, decisions, and what is known when a trial stops."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from simulator.questions.trial.analysis.analysis import Analysis, analyse, good_counts
from simulator.questions.trial.analysis.data import TrialData, cut, limited
from simulator.questions.trial.analysis.looks import Marks, end_of_trial, information, look_dates
from simulator.questions.trial.analysis.seen import good_outcomes, through
from simulator.questions.trial.conduct.adaptive import carried_out
from simulator.questions.trial.conduct.blinded_review import reviewed
from simulator.questions.trial.conduct.decisions import Decisions, Reason, decide, decide_as, decide_stages
from simulator.questions.trial.conduct.growth import Progress, grow
from simulator.questions.trial.conduct.stopped import adjustable, at_the_stop
from simulator.questions.trial.conduct.stopping_rule import StoppingRule
from simulator.questions.trial.design.design import Design
from simulator.questions.trial.design.endpoint import Endpoint
from simulator.questions.trial.design.predictive import rule_of
from simulator.questions.trial.design.selection import adaptation

Array = NDArray[np.float64]
POPULATIONS = (":everybody", ":subgroup")
"""What follows an endpoint's name where it is tested in both."""
Columns = dict[str, NDArray[Any]]
"""Results by name, one value per trial."""


@dataclass(frozen=True, eq=False)
class Conduct:
    """A design at one size, ready to be carried out: its numbers, boundaries and the information at its planned end.

    `whole` is that information for every confirmatory endpoint, the first one first. `described`: whether the endpoints
    that are not confirmatory are analysed too.
    """

    design: Design
    marked: Marks
    rule: StoppingRule
    whole: tuple[float, ...]
    described: bool = True

    @property
    def looks(self) -> int:
        """Number of looks, the last analysis included."""
        return len(self.marked.at) + 1

    @property
    def hypotheses(self) -> tuple[tuple[str, Endpoint, int], ...]:
        """Name, endpoint and arm of every confirmatory hypothesis."""
        return hypotheses(self.design, self.design.confirmatory)

    @property
    def others(self) -> tuple[tuple[str, Endpoint, int], ...]:
        """The same of the endpoints that are described only."""
        chosen = self.design.confirmatory
        return hypotheses(self.design, tuple(e for e in self.design.endpoints if self.described and e not in chosen))

    def run(self, lives: TrialData) -> Columns:
        """Carry out every trial of `lives`, which hold at least as many patients as the trial can come to have."""
        if adaptation(self.design) is not None:
            return self._adapted(lives)
        if self.design.two_stage is not None:
            return self._two_stages(lives)
        review = None if self.design.blinded_review is None else reviewed(self.design, self.marked, lives)
        data = limited(lives, self.marked.patients) if review is None else review.data
        dates = look_dates(self.design, data, self.marked)
        if self.design.predictive is not None:
            return self._predictive(data, dates)
        happens = np.ones(dates.shape, dtype=bool)
        happens[:, :-1] = dates[:, :-1] < dates[:, -1:]
        endpoints = self.design.confirmatory
        analyses, every = [], np.empty((len(endpoints), *dates.shape))
        for k in range(dates.shape[1]):
            seen = cut(data, dates[:, k])
            analyses.append([analyse(endpoint, seen, arm) for _, endpoint, arm in self.hypotheses])
            for e, (endpoint, whole) in enumerate(zip(endpoints, self.whole, strict=True)):
                every[e, :, k] = information(endpoint, seen) / whole
        # A look that does not happen brings no information; the order of the looks stays.
        for k in range(dates.shape[1] - 1):
            every[:, ~happens[:, k], k] = every[:, ~happens[:, k], k - 1] if k else 0.0
        z, against = (_stack(analyses, name) for name in ("z", "against"))
        gone = Progress(
            data,
            dates,
            happens,
            z[:, :, 0],
            against[:, :, 0],
            every[0],
            every[0],
            np.sqrt(every[0]),
            np.ones(len(dates)),
        )
        if self.design.reestimation is not None:
            last = float(self.rule.boundaries[0].upper[-1])
            gone = grow(self.design, self.marked, self.whole[0], last, lives, gone, analyses, self.rule.planned)
            z[:, :, 0], against[:, :, 0], happens = gone.z, gone.against, gone.happens
        z[~happens], against[~happens] = np.nan, np.nan
        # Every endpoint spends its alpha at its own information, whatever the first one has reached by then.
        uppers = [self.rule.upper(gone.planned), *(self.rule.upper(other, first=False) for other in every[1:])]
        upper = np.repeat(np.stack(uppers, axis=-1), len(self.design.comparisons), axis=-1)
        lower = self.rule.lower(gone.planned)
        made = decide(self.design, z, against, upper, lower)
        # Where nothing grows the last look has seen the end already.
        columns = self._results(gone.data, gone.dates, analyses, made, seen if gone.data is data else None)
        # Whoever had stopped by then was not enlarged.
        columns["grown"] = np.where(made.stop > self.design.reestimated_at, gone.grown, 1.0)
        if review is not None:
            columns["grown"], columns["nuisance"] = review.grown, review.nuisance
        if self.described and adjustable(self.design):
            columns |= at_the_stop(gone, made.stop, analyses)
        if self.design.stops_for_futility:
            obeyed = decide(self.design, z, against, upper, np.full_like(lower, -np.inf))
            wrong = obeyed.rejected.any(axis=1) | (obeyed.reason == Reason.HARM)
            columns["any_rejected_overruled"] = np.asarray(wrong, float)
        return columns

    def _results(
        self,
        data: TrialData,
        dates: Array,
        analyses: list[list[Analysis]],
        made: Decisions,
        whole: TrialData | None = None,
    ) -> Columns:
        """Columns of the trials; `whole` is what is seen at the end where it is known."""
        rows = np.arange(len(dates))
        stop_date = dates[rows, made.stop]
        if whole is None:
            whole = cut(data, dates[:, -1])
        seen = whole if (stop_date == dates[:, -1]).all() else cut(data, stop_date)
        columns: Columns = {
            "look": made.stop + 1.0,
            "reason": made.reason * 1.0,
            "patients": seen.entered.sum(axis=1) * 1.0,
            "screened": seen.screened.sum(axis=1),
            "months": stop_date * 12.0,
            "lost": np.isfinite(seen.lost).sum(axis=1) * 1.0,
        }
        if self.design.crossover is not None:
            columns["crossed"] = np.isfinite(seen.crossed).sum(axis=1) * 1.0
        if self.design.primary.by_events:
            columns["events"] = information(self.design.primary, seen)
            if self.marked.events is not None:
                columns["target_reached"] = (information(self.design.primary, whole) >= self.marked.events) * 1.0
        for h, (name, _, _) in enumerate(self.hypotheses):
            columns[f"rejected:{name}"] = made.rejected[:, h] * 1.0
            for field in ("estimate", "se"):
                values = _stack(analyses, field)[:, :, h]
                columns[f"{field}:{name}"] = values[rows, made.stop]
                columns[f"{field}_at_end:{name}"] = values[:, -1]
            columns[f"z_at_end:{name}"] = _stack(analyses, "z")[:, -1, h]
            columns[f"against_at_end:{name}"] = _stack(analyses, "against")[:, -1, h]
            columns |= {f"{share}_at_end:{name}": values for share, values in analyses[-1][h].shares.items()}
        columns["any_rejected"] = np.asarray(made.rejected.any(axis=1), float)
        columns["all_rejected"] = np.asarray(made.rejected.all(axis=1), float)
        columns["success"] = (made.reason == Reason.EFFICACY) * 1.0
        if self.others:
            for name, endpoint, arm in self.others:
                found = analyse(endpoint, whole, arm)
                columns[f"estimate_at_end:{name}"], columns[f"se_at_end:{name}"] = found.estimate, found.se
                columns[f"z_at_end:{name}"], columns[f"against_at_end:{name}"] = found.z, found.against
                columns |= {f"{share}_at_end:{name}": values for share, values in found.shares.items()}
        return columns

    def _adapted(self, lives: TrialData) -> Columns:
        """A trial that drops arms, or whoever is not in the subgroup."""
        found = carried_out(self, lives)
        columns = self._results(found.data, found.dates, found.analyses, found.made)
        rows = np.arange(len(found.dates))
        for place, (name, _, _) in enumerate(self.hypotheses):
            columns[f"kept:{name}"] = found.kept[rows, found.made.stop, place] * 1.0
        return columns

    def _predictive(self, data: TrialData, dates: Array) -> Columns:
        """Two arms with a posterior rule, stopped by the predictive probability of success."""
        design, rule = self.design, self.design.predictive
        assert rule is not None
        _, endpoint, arm = self.hypotheses[0]
        final = rule_of(design, endpoint, self.marked.patients)
        analyses = []
        success, futile = np.zeros(dates.shape, bool), np.zeros(dates.shape, bool)
        for k in range(dates.shape[1]):
            seen = cut(data, dates[:, k])
            analyses.append([analyse(endpoint, seen, arm)])
            if k == dates.shape[1] - 1:
                success[:, k] = analyses[-1][0].z >= -ndtri(design.alpha)
                continue
            chance = final.predictive(*good_counts(endpoint, seen, arm))
            happens = dates[:, k] < dates[:, -1]
            futile[:, k] = happens & (chance < rule.futility)
            success[:, k] = happens & (chance >= (np.inf if rule.efficacy is None else rule.efficacy))
        return self._results(data, dates, analyses, decide_as(success, futile))

    def _two_stages(self, lives: TrialData) -> Columns:
        design, stages = self.design, self.design.stages
        assert stages is not None and design.two_stage is not None
        n, n1 = self.marked.patients, int(self.marked.at[0])
        endpoint = self.design.primary
        first = lives.entry[:, n1 - 1] + endpoint.waits
        held = first if design.two_stage.pause else None
        data = limited(lives, n, after=n1, held_until=held)
        dates = np.column_stack([first, end_of_trial(design, data, None)])
        successes, analyses = np.empty(dates.shape), []
        for k in range(2):
            seen = limited(cut(data, dates[:, k]), n1 if k == 0 else n)
            good, _ = good_outcomes(endpoint, seen)
            successes[:, k] = (good & through(endpoint, seen)).sum(axis=1)
            analyses.append([analyse(endpoint, seen)])
        return self._results(data, dates, analyses, decide_stages(successes, (stages.r1, stages.r)))


def hypotheses(design: Design, endpoints: tuple[Endpoint, ...]) -> tuple[tuple[str, Endpoint, int], ...]:
    """Name, endpoint and arm of the comparisons of some endpoints; the arm is named where there are several, and the population
    where the first endpoint is tested in two."""
    if design.enrichment is not None:
        return tuple(
            (f"{endpoint.name}{population}", endpoint, 1)
            for endpoint in endpoints
            for population in (POPULATIONS if endpoint is design.primary else ("",))
        )
    several = len(design.comparisons) > 1
    return tuple(
        (f"{endpoint.name}:{design.arms[arm].name}" if several else endpoint.name, endpoint, arm)
        for endpoint in endpoints
        for arm in design.comparisons
    )


def _stack(analyses: list[list[Analysis]], field: str) -> Array:
    """One field of all analyses, shape (trials, looks, hypotheses)."""
    return np.stack([np.stack([getattr(found, field) for found in look], axis=-1) for look in analyses], axis=1)
