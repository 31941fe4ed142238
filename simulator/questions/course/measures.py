"""How each kind of figure is formed from simulated lives: once for everybody, and again without a share of them for its error."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from simulator.questions.course.figures import Against, Figure
from simulator.questions.course.lives import EVENTS, STATES, Bools, Lives
from simulator.words.vocabulary import DAYS_PER_YEAR

Array = NDArray[np.float64]
Statistic = Callable[[Bools], float]
"""A number of some of the people."""

GROUPS = 20
"""Parts of the people, each left out once."""


def with_error(statistic: Statistic, people: int) -> tuple[float, float]:
    """The number of all people and its Monte Carlo standard error, by a jackknife that leaves out one of `GROUPS` at a time.

    Source: delete-a-group jackknife, Kott, J Off Stat 2001;17:521.
    """
    value = statistic(np.ones(people, np.bool_))
    group = np.arange(people) % GROUPS
    others = np.array([statistic(group != k) for k in range(GROUPS)])
    return value, math.sqrt((GROUPS - 1) / GROUPS * float(np.sum((others - others.mean()) ** 2)))


def survival(time: Array, happened: Bools, t: float) -> float:
    """Kaplan-Meier share without the event at t years (years of each person; False = censored then). NaN without people."""
    if not len(time):
        return math.nan
    times, deaths = np.unique(time[happened & (time <= t)], return_counts=True)
    at_risk = len(time) - np.searchsorted(np.sort(time), times, side="left")
    return float(np.prod(1.0 - deaths / at_risk))


def incidence(lives: Lives, figure: Figure, at: float, against: Against | None = None) -> Statistic:
    """Share with the event by `at` years since the start, of those still without it `from_years` after the start.

    Whatever is in `censored_by` ends a person's time at risk; a share that nothing censors is a crude one.
    """
    since = (against.since if against and against.since else None) or figure.since
    among = against.among if against and against.among else figure.among
    landmark = (figure.landmark_days or 0.0) / DAYS_PER_YEAR
    start = lives.start(since, landmark)
    chosen = lives.chosen(among, landmark) & np.isfinite(start)
    event = lives.happening(str(figure.event), start)
    end = np.full(len(lives), lives.horizon)
    for name in figure.censored_by:
        end = np.minimum(end, lives.happening(name, start))
    time = np.minimum(event, end)[chosen] - start[chosen]
    happened = (event <= end)[chosen]
    places = np.flatnonzero(chosen)

    def share(rows: Bools) -> float:
        kept = rows[places]
        first = survival(time[kept], happened[kept], figure.from_years) if figure.from_years > 0.0 else 1.0
        return 1.0 - survival(time[kept], happened[kept], at) / first

    return share


def share_of_events(lives: Lives, figure: Figure, at: float) -> Statistic:
    """Share of the incidence by `within_years` that is reached by `at` years."""
    early, whole = incidence(lives, figure, at), incidence(lives, figure, figure.within_years or math.inf)
    return lambda rows: early(rows) / whole(rows)


def share_before(lives: Lives, figure: Figure, at: float) -> Statistic:
    """Share of those whose time starts within `at` years of referral who had the event by then, or as its start."""
    start = lives.start(figure.since, 0.0)
    reached = lives.chosen(figure.among, 0.0) & (start <= at)
    had = lives.happening(str(figure.event), np.full(len(lives), -1.0)) <= start
    return lambda rows: float(np.mean(had[rows & reached]))


def ratio(lives: Lives, figure: Figure, at: float) -> Statistic:
    """Ratio of risks, of hazards taken as proportional, or of odds: `among` to `against`."""
    one, other = incidence(lives, figure, at), incidence(lives, figure, at, figure.against)
    scale: dict[str, Callable[[float], float]] = {
        "risk_ratio": lambda p: p,
        "hazard_ratio": lambda p: -math.log1p(-p),
        "odds_ratio": lambda p: p / (1.0 - p),
    }
    of = scale[figure.measure]

    def value(rows: Bools) -> float:
        p, q = one(rows), other(rows)
        return of(p) / of(q) if 0.0 < q < 1.0 and p < 1.0 else math.nan

    return value


def rate_ratio(lives: Lives, figure: Figure, at: float) -> Statistic:
    """Deaths a person-year in one state over those in the other, in the first `at` years after referral."""
    spells = lives.spells
    stop = np.minimum(spells.stop, at)
    years = np.maximum(stop - np.minimum(spells.start, at), 0.0)
    died = spells.died & (spells.stop <= at)
    chosen = lives.chosen(figure.among, 0.0)[spells.row]
    sides = [
        chosen & np.isin(spells.state, STATES[str(name)])
        for name in (figure.state, figure.against.state if figure.against else None)
    ]

    def value(rows: Bools) -> float:
        kept = rows[spells.row]
        deaths, exposure = zip(*((died[kept & s].sum(), years[kept & s].sum()) for s in sides), strict=True)
        return float(deaths[0] / exposure[0] / (deaths[1] / exposure[1]))

    return value


def count_ratio(lives: Lives, figure: Figure, at: float) -> Statistic:
    """Number of one event for each of another, in the first `at` years after referral."""
    chosen = lives.chosen(figure.among, 0.0)
    early = lives.time <= at
    counts = []
    for name in (figure.event, figure.per):
        these = lives.are(EVENTS[str(name)]) & early
        counts.append(np.bincount(lives.row[these], minlength=len(lives)))

    def value(rows: Bools) -> float:
        a, b = (count[rows & chosen].sum() for count in counts)
        return float(a / b) if b else math.nan

    return value


def mean_days(lives: Lives, figure: Figure, at: float) -> Statistic:
    """Mean days from the start to the event, of those in whom it comes within `at` years and before anything that censors."""
    start = lives.start(figure.since, 0.0)
    event = lives.happening(str(figure.event), start)
    days = (event - np.where(np.isfinite(start), start, 0.0)) * DAYS_PER_YEAR
    chosen = lives.chosen(figure.among, 0.0) & np.isfinite(start) & (days <= at * DAYS_PER_YEAR)
    for name in figure.censored_by:
        chosen &= event <= lives.happening(name, start)
    return lambda rows: float(np.mean(days[rows & chosen]))


def walking(lives: Lives, figure: Figure, at: float) -> Statistic:
    """Share who walk `at` years after the start, of the living or of all who started."""
    start = lives.start(figure.since, 0.0)
    chosen = lives.chosen(figure.among, 0.0) & np.isfinite(start)
    then = np.where(np.isfinite(start), start, 0.0) + at
    if figure.of == "alive":
        chosen &= lives.first(("background_death", "disease_death", "postoperative_death")) > then
    walks = lives.walking(then)
    return lambda rows: float(np.mean(walks[rows & chosen]))


def tcpo2(lives: Lives, figure: Figure, at: float) -> Statistic:
    """Measured TcPO2 at a visit, or its change from referral, in the living with the limb: mean, SD or share below."""
    seen = lives.measured(at)
    chosen = lives.chosen(figure.among, 0.0) & np.isfinite(seen)
    values = seen if figure.measure == "tcpo2" else seen - lives.measured(0.0)
    match figure.measure:
        case "tcpo2_change_sd":
            return lambda rows: float(np.std(values[rows & chosen], ddof=1))
        case "tcpo2_change_below":
            return lambda rows: float(np.mean(values[rows & chosen] < (figure.threshold or 0.0)))
    return lambda rows: float(np.mean(values[rows & chosen]))


def years_lost(lives: Lives, figure: Figure, at: float) -> Statistic:
    """Life expectancy of the population at the same age and sex less the years lived, up to `at` years."""
    chosen = lives.chosen(figure.among, 0.0)
    lived = np.minimum(lives.first(("background_death", "disease_death", "postoperative_death")), at)
    ages, male = lives.people["age"].to_numpy(), lives.people["male"].to_numpy()
    expected = np.zeros(len(lives))
    for sex in (False, True):
        of = chosen & (male == sex)
        if of.any():
            grid = np.linspace(ages[of].min(), ages[of].max(), 25)
            expected[of] = np.interp(ages[of], grid, [lives.life_table.life_expectancy(float(a), sex) for a in grid])
    return lambda rows: float(np.mean((expected - lived)[rows & chosen]))


def statistic(lives: Lives, figure: Figure, at: float) -> Statistic:
    """The figure at one time as a number of some of the people."""
    made: dict[str, Callable[[Lives, Figure, float], Statistic]] = {
        "incidence": incidence,
        "share_of_events": share_of_events,
        "share_before": share_before,
        "risk_ratio": ratio,
        "hazard_ratio": ratio,
        "odds_ratio": ratio,
        "rate_ratio": rate_ratio,
        "count_ratio": count_ratio,
        "mean_days": mean_days,
        "walking": walking,
        "tcpo2": tcpo2,
        "tcpo2_change": tcpo2,
        "tcpo2_change_sd": tcpo2,
        "tcpo2_change_below": tcpo2,
        "years_lost": years_lost,
    }
    return made[figure.measure](lives, figure, at)
