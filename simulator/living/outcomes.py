"""Outcomes of one life at given times, from what happened in it."""

from __future__ import annotations

from enum import IntEnum
from math import nan
from typing import Any

from simulator.compiling import compiled
from simulator.living.census import DEAD, DOSES_SO_FAR, STATE, WALKS
from simulator.rules.draws import normal_quantile
from simulator.rules.pathway.life import Luck
from simulator.rules.perfusion import tcpo2
from simulator.rules.population.patient import measured
from simulator.words.vocabulary import DAYS_PER_YEAR


class Outcome(IntEnum):
    """Outcomes by a time, and their places in saved results: append-only."""

    MAJOR_AMPUTATION = 0
    """This and all that do not say otherwise: cumulative incidence, death competing."""
    DEATH = 1
    AMPUTATION_FREE_SURVIVAL = 2
    """Share alive with the limb."""
    HEALING = 3
    HEALING_WITHOUT_AMPUTATION = 4
    WALKING = 5
    """Share alive and walking then."""
    DOSES = 6
    """Treatments given."""
    TCPO2_LAST = 7
    """mmHg, measured on one and the same day after referral whatever the policy, see `outcomes_of`."""
    TCPO2_LAST_40 = 8
    """Share of whom that is enough to be judged recovered."""
    MINOR_AMPUTATION = 9
    LIFE_YEARS = 10
    """Years lived, restricted to the time."""


OUTCOMES = tuple(outcome.name.lower() for outcome in Outcome)
"""What the outcomes are called in tables and files."""
MAIN = ("major_amputation", "death", "healing_without_amputation")
"""What hospitals count, and what is set side by side where there is room for few."""
WIDTH = len(Outcome)


@compiled
def last_error(life: Any) -> float:
    """The error of the last TcPO2 measurement, in standard deviations: one and the same, whenever that is."""
    return normal_quantile(life.luck[Luck.LAST_ERROR])


@compiled
def tcpo2_measured_at(life: Any, params: Any, when: float, error: float) -> float:
    """TcPO2 (mmHg) measured at `when` (years); death or amputation before then make it the last value there was."""
    when = min(when, min(life.died_at, life.amputated_at))
    return measured(tcpo2(life, when), params.measurement_sd, error)


@compiled
def last_tcpo2(life: Any, params: Any, by: float) -> float:
    """Measured TcPO2 (mmHg) after the last treatment as known at `by` (years), as a study of one arm reports it.

    Measured `last_tcpo2_days` after the last dose, so not on one day: nothing to compare policies by. In people never
    treated it is that of the schedule.
    """
    when = life.last_tcpo2_at
    if life.doses > 0:
        when = life.last_dose_at + params.last_tcpo2_days / DAYS_PER_YEAR
    return tcpo2_measured_at(life, params, min(when, by), last_error(life))


@compiled
def outcomes_at(out: Any, life: Any, params: Any, t: float, census: Any, seen: float) -> None:
    """Fill `out` (one row, `WIDTH` values) with the outcomes by time t (years), at which the census was so (one row).

    `seen` is `tcpo2_last` (mmHg) as it was known by then.
    """
    amputated = life.amputated_at <= t
    healed = life.healed_at <= t
    alive = census[STATE] != DEAD
    out[Outcome.MAJOR_AMPUTATION] = 1.0 if amputated else 0.0
    out[Outcome.DEATH] = 0.0 if alive else 1.0
    out[Outcome.AMPUTATION_FREE_SURVIVAL] = 1.0 if alive and not amputated else 0.0
    out[Outcome.HEALING] = 1.0 if healed else 0.0
    out[Outcome.HEALING_WITHOUT_AMPUTATION] = 1.0 if healed and not amputated else 0.0
    out[Outcome.WALKING] = 1.0 if alive and census[WALKS] else 0.0
    out[Outcome.DOSES] = census[DOSES_SO_FAR]
    out[Outcome.TCPO2_LAST] = seen
    out[Outcome.TCPO2_LAST_40] = 1.0 if seen >= params.judgement_tcpo2 else 0.0
    out[Outcome.MINOR_AMPUTATION] = 1.0 if life.minor_amputation_at <= t else 0.0
    out[Outcome.LIFE_YEARS] = min(t, life.died_at)


@compiled
def outcomes_of(out: Any, life: Any, params: Any, times: Any, censuses: Any) -> None:
    """Fill `out` (times, outcomes) with the outcomes of a life that is over, with its census (times, census WIDTH).

    `tcpo2_last` is measured on the day of the published schedule's last measurement, or at the time asked for if that is
    earlier. The day is the same in every arm, so that arms can be set against each other: `last_tcpo2_days` after the
    schedule's third date, whatever was given and when.
    """
    day, seen, error = nan, nan, last_error(life)
    for k in range(times.shape[0]):
        t = times[k]
        if min(life.last_tcpo2_at, t) != day:
            day = min(life.last_tcpo2_at, t)
            seen = tcpo2_measured_at(life, params, day, error)
        outcomes_at(out[k], life, params, t, censuses[k], seen)
