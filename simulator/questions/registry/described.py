"""Who a hospital's patients are and what became of them, as numbers about many and never about one."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit, logit

from simulator.questions.registry.people import FOLLOWED, People
from simulator.questions.registry.privacy import SMALLEST, hidden, hidden_parts, told
from simulator.rules.population.patient import COLUMNS
from simulator.scenario import Scenario
from simulator.scenario.policy import Criteria, stricter
from simulator.statistics.competing_tests import cumulative_incidence
from simulator.words.vocabulary import Renal

Array = NDArray[np.float64]
MEANS = ("age", "diabetes_years", "tcpo2_measured")
SHARES = ("male", "ischaemic_heart_disease", "infection", "osteomyelitis", "gangrene", "heel", "right_limb", "ankle_pressure_low", "angioplasty_suitable")  # fmt: skip
CLASSES = {
    "rutherford": {f"rutherford_{k}": float(k) for k in (4, 5, 6)},
    "renal": {f"renal_{r.name.lower()}": float(r) for r in Renal},
}
TIMES = (0.25, 0.5, 1.0, 2.0, 3.0)
"""Years at which the course is told."""
COMPETES = {"amputated": ("died",), "died": (), "healed": ("amputated", "died")}
"""What makes an event impossible."""
WHO = ["characteristic", "statistic", "value", "known", "base", "founding"]
ELIGIBLE = ["policy", "yes", "no", "unknown"]
COURSE = ["event", "time_years", "people", "value", "low", "high"]


def column(people: People, name: str) -> Array:
    """A column of the patients."""
    return np.asarray(people.given[:, COLUMNS.index(name)])


def who(people: People, beside: pd.DataFrame, founding: pd.DataFrame, smallest: int = SMALLEST) -> pd.DataFrame:
    """Characteristics with how many are known, beside the base referral mix and the founding cohort.

    `beside` and `founding` are tables of the same characteristics and statistics. Shares of few people are missing.
    """
    rows: list[tuple[str, str, float, int]] = []
    for name in MEANS:
        values = column(people, name)
        known = values[np.isfinite(values)]
        enough = len(known) > smallest
        rows.append((name, "mean", float(known.mean()) if enough else math.nan, len(known)))
        rows.append((name, "sd", float(known.std(ddof=1)) if enough else math.nan, len(known)))
    for name in SHARES:
        values = column(people, name)
        known = values[np.isfinite(values)]
        hide = len(known) <= smallest or hidden([int(known.sum())], len(known), smallest)[0]
        rows.append((name, "share", math.nan if hide else told(int(known.sum()), len(known)), len(known)))
    for name, levels in CLASSES.items():
        values = column(people, name)
        n = int(np.isfinite(values).sum())
        counts = [int((values == level).sum()) for level in levels.values()]
        hide_parts = hidden_parts(counts, smallest) if n > smallest else np.ones(len(counts), np.bool_)
        for level, count, hide in zip(levels, counts, hide_parts, strict=True):
            rows.append((level, "share", math.nan if hide else told(count, n), n))
    table = pd.DataFrame(rows, columns=WHO[:4])
    for name, other in (("base", beside), ("founding", founding)):
        values = other.set_index(["characteristic", "statistic"])["value"]
        table[name] = [
            float(values.get((c, s), np.nan)) for c, s in zip(table["characteristic"], table["statistic"], strict=True)
        ]
    return table


def missing_counts(people: People) -> pd.DataFrame:
    """How many people lack each characteristic: characteristic, known, missing."""
    names = [*MEANS, *SHARES, *CLASSES]
    known = [int(np.isfinite(column(people, name)).sum()) for name in names]
    return pd.DataFrame({"characteristic": names, "known": known, "missing": [len(people) - k for k in known]})


def odd_counts(people: People, smallest: int = SMALLEST) -> pd.DataFrame:
    """What is implausible, by kind: what, rows; few rows are told as `few`."""
    counted = Counter(words for _, words in people.odd)
    told_as = [str(n) if n > smallest else f"1 to {smallest}" for n in counted.values()]
    return pd.DataFrame({"what": list(counted), "rows": told_as})


def eligible(people: People, scenario: Scenario, smallest: int = SMALLEST) -> pd.DataFrame:
    """Share of people who meet each policy's criteria, who do not, and of whom too little is known."""
    rows = []
    for name in scenario.compare:
        policy = scenario.policies[name]
        if not policy.treats:
            continue
        yes, no = meets(people, stricter(scenario.settings.entry, policy.eligibility))
        parts = [int(yes.sum()), int(no.sum()), len(people) - int((yes | no).sum())]
        hide = hidden_parts(parts, smallest)
        rows.append((name, *(math.nan if h else told(n, len(people)) for n, h in zip(parts, hide, strict=True))))
    return pd.DataFrame(rows, columns=ELIGIBLE)


def meets(people: People, criteria: Criteria) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Who surely meets the criteria, and who surely does not; of the others too little is known."""
    tcpo2, low_pressure = column(people, "tcpo2_measured"), column(people, "ankle_pressure_low")
    age, rutherford, renal = (column(people, name) for name in ("age", "rutherford", "renal"))
    suitable = column(people, "angioplasty_suitable")
    checks: list[tuple[NDArray[np.bool_], Array]] = []
    if criteria.tcpo2_below is not None:
        below = tcpo2 < criteria.tcpo2_below
        checks.append((below | ((low_pressure == 1.0) & criteria.ankle_pressure_counts), tcpo2))
    if criteria.tcpo2_at_least > 0.0:
        checks.append((tcpo2 >= criteria.tcpo2_at_least, tcpo2))
    if criteria.age_at_least > 0.0 or criteria.age_below is not None:
        checks.append(((age >= criteria.age_at_least) & (age < (criteria.age_below or math.inf)), age))
    if (criteria.rutherford_at_least, criteria.rutherford_at_most) != (4, 6):
        inside = (rutherford >= criteria.rutherford_at_least) & (rutherford <= criteria.rutherford_at_most)
        checks.append((inside, rutherford))
    if not criteria.dialysis:
        checks.append((renal != Renal.DIALYSIS, renal))
    if not criteria.severe_renal:
        checks.append((renal != Renal.SEVERE, renal))
    if criteria.angioplasty_suitable != "any":
        checks.append((suitable == float(criteria.angioplasty_suitable == "yes"), suitable))
    yes, no = np.ones(len(people), np.bool_), np.zeros(len(people), np.bool_)
    for good, read in checks:
        known = np.isfinite(read)
        yes &= good & known
        no |= ~good & known
    return yes, no


def events(people: People, name: str) -> tuple[Array, NDArray[np.int64]]:
    """Time (years) and code (1 the event, 2 what makes it impossible, 0 last seen free of both) of those who were followed.

    An event that came in an interval counts at its middle.
    """
    place = FOLLOWED.index(name)
    middle = np.where(np.isinf(people.high), np.inf, 0.5 * (people.low + people.high))
    own = middle[:, place]
    others = [middle[:, FOLLOWED.index(other)] for other in COMPETES[name]]
    rival = np.min(np.nan_to_num(np.array(others), nan=np.inf), axis=0) if others else np.full(len(people), np.inf)
    kept = np.isfinite(people.followed) & ~np.isnan(own)
    time = np.minimum(np.minimum(own, rival), people.followed)
    code = np.where(own <= np.minimum(rival, people.followed), 1, np.where(rival <= people.followed, 2, 0))
    return time[kept], code[kept].astype(np.int64)


def course(people: People, smallest: int = SMALLEST) -> pd.DataFrame:
    """Cumulative incidence of each event with competing events and people at risk, from more than `smallest` events on.

    Columns event, time_years, people (at risk), value, low, high: 95% limits on the logit scale. Numbers that few events
    carry are missing, as are those beyond the time at which more than `smallest` people are at risk.
    """
    rows = []
    for name in COMPETES:
        time, code = events(people, name)
        for at in TIMES:
            at_risk = int((time >= at).sum())
            happened = int(((code == 1) & (time <= at)).sum())
            value = low = high = math.nan
            if at_risk > smallest and not hidden([happened], len(time), smallest)[0]:
                found = cumulative_incidence(time, code, np.zeros(len(time), np.int64), at)
                value, se = float(found.value[0, 0]), float(found.se[0, 0])
                if 0.0 < value < 1.0:
                    half = 1.96 * se / (value * (1.0 - value))
                    low, high = (float(expit(logit(value) + sign * half)) for sign in (-1.0, 1.0))
            shown = at_risk if at_risk == 0 or at_risk > smallest else -1
            rows.append((name, at, shown, value, low, high))
    return pd.DataFrame(rows, columns=COURSE)


def one_year(people: People, years: float = 1.0) -> dict[str, tuple[int, int]]:
    """Events and people by `years`, of those followed so long or to the event: amputations, deaths, healed."""
    found = {}
    for key, name in (("amputations", "amputated"), ("deaths", "died"), ("healed", "healed")):
        time, code = events(people, name)
        done = (code > 0) & (time <= years)
        settled = done | (time >= years)
        if settled.sum() and (code[settled] >= 0).any():
            found[key] = (int(((code == 1) & (time <= years)).sum()), int(settled.sum()))
    return found
