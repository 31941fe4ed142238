"""Who a hospital's patients are and what became of them, as numbers about many and never about one."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from simulator.questions.registry.people.follow_up import FOLLOWED
from simulator.questions.registry.people.observed import may_be_told, observed, seen
from simulator.questions.registry.people.people import People
from simulator.questions.registry.people.privacy import SMALLEST, hidden, hidden_parts, rounded, share
from simulator.scenario import Scenario
from simulator.scenario.policy import Criteria, stricter
from simulator.words.vocabulary import Renal

Array = NDArray[np.float64]
MEANS = ("age", "diabetes_years", "tcpo2_measured")
SHARES = (
    "male", "ischaemic_heart_disease", "infection", "osteomyelitis", "gangrene", "heel", "right_limb", "ankle_pressure_low",
    "angioplasty_suitable",
)  # fmt: skip
CLASSES = {
    "rutherford": {f"rutherford_{k}": float(k) for k in (4, 5, 6)},
    "renal": {f"renal_{r.name.lower()}": float(r) for r in Renal},
}
TIMES = (0.25, 0.5, 1.0, 2.0, 3.0)
"""Years at which the course is told."""
WHO = ["characteristic", "statistic", "value", "base", "founding"]
ELIGIBLE = ["policy", "yes", "no", "unknown"]
COURSE = ["event", "time_years", "people", "value", "low", "high"]


def who(people: People, beside: pd.DataFrame, founding: pd.DataFrame, smallest: int = SMALLEST) -> pd.DataFrame:
    """Characteristics beside the base referral mix and the founding cohort, rounded so that nobody can be worked out.

    `beside` and `founding` are tables of the same characteristics and statistics. Shares of few people are missing.
    """
    rows: list[tuple[str, str, float]] = []
    for name in MEANS:
        values = people.column(name)
        known = values[np.isfinite(values)]
        enough = len(known) > smallest
        rows.append((name, "mean", round(float(known.mean()), 1) if enough else math.nan))
        rows.append((name, "sd", round(float(known.std(ddof=1)), 1) if enough else math.nan))
    for name in SHARES:
        values = people.column(name)
        known = values[np.isfinite(values)]
        hide = len(known) <= smallest or hidden(int(known.sum()), len(known), smallest)
        rows.append((name, "share", math.nan if hide else share(int(known.sum()), len(known))))
    for name, levels in CLASSES.items():
        parts = class_shares(people, name, list(levels.values()), smallest)
        rows += [(level, "share", part) for level, part in zip(levels, parts, strict=True)]
    table = pd.DataFrame(rows, columns=WHO[:3])
    keys = list(zip(table["characteristic"], table["statistic"], strict=True))
    for called, other in (("base", beside), ("founding", founding)):
        simulated = other.set_index(["characteristic", "statistic"])["value"]
        table[called] = [float(simulated.get(key, np.nan)) for key in keys]
    return table


def class_shares(people: People, name: str, levels: list[float], smallest: int = SMALLEST) -> list[float]:
    """Share of each class among those known; missing where few people could be worked out.

    Those who are known not to be on dialysis, and no more, are shared out as the others without dialysis are, those known to
    have lost tissue as the others of Rutherford 5 and 6: counted as unknown they would leave the people on dialysis, or with
    rest pain, among themselves.
    """
    values = people.column(name)
    apart, halfway = {
        "renal": (float(Renal.DIALYSIS), people.without_dialysis),
        "rutherford": (4.0, people.with_tissue_loss),
    }.get(name, (math.nan, np.zeros(len(people), np.bool_)))
    n, half_known = int(np.isfinite(values).sum()), int(halfway.sum())
    if n <= smallest:
        return [math.nan] * len(levels)
    counts = [int((values == level).sum()) for level in levels]
    hide_parts = hidden_parts(counts, smallest)
    if not half_known:
        return [math.nan if hide else share(count, n) for count, hide in zip(counts, hide_parts, strict=True)]
    one = counts[levels.index(apart)]
    told, others = n + half_known, n - one
    parts = []
    for level, count, hide in zip(levels, counts, hide_parts, strict=True):
        if level == apart:
            parts.append(math.nan if hide or hidden(one, told, smallest) else share(one, told))
        else:
            parts.append(math.nan if hide or not others else round(count / others * (told - one) / told, 2))
    return parts


def missing_counts(people: People, smallest: int = SMALLEST) -> pd.DataFrame:
    """Of how many people each characteristic is known, and of how many not; rounded: characteristic, known, missing."""
    names = [*MEANS, *SHARES, *CLASSES]
    known = [int(np.isfinite(people.column(name)).sum()) for name in names]
    hide = [hidden(k, len(people), smallest) for k in known]
    told = {
        "known": [math.nan if h else rounded(k, smallest) for k, h in zip(known, hide, strict=True)],
        "missing": [math.nan if h else rounded(len(people) - k, smallest) for k, h in zip(known, hide, strict=True)],
    }
    return pd.DataFrame({"characteristic": names, **told})


def odd_counts(people: People, smallest: int = SMALLEST) -> pd.DataFrame:
    """What is implausible, by kind: what, rows; few rows are told as `few`."""
    counted = Counter(words for _, words in people.odd)
    told_as = [str(n) if n > smallest else f"1 to {smallest}" for n in counted.values()]
    return pd.DataFrame({"what": list(counted), "rows": told_as})


def eligible(people: People, scenario: Scenario, smallest: int = SMALLEST) -> pd.DataFrame:
    """How many people meet each policy's criteria, do not, or are too little known to tell; rounded."""
    rows = []
    for name in scenario.compare:
        policy = scenario.policies[name]
        if not policy.treats:
            continue
        yes, no = meets(people, stricter(scenario.settings.entry, policy.eligibility))
        parts = [int(yes.sum()), int(no.sum()), len(people) - int((yes | no).sum())]
        hide = hidden_parts(parts, smallest)
        rows.append((name, *(math.nan if h else rounded(n, smallest) for n, h in zip(parts, hide, strict=True))))
    return pd.DataFrame(rows, columns=ELIGIBLE)


def meets(people: People, criteria: Criteria) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Who surely meets the criteria, and who surely does not; of the others too little is known."""
    tcpo2, low_pressure = people.column("tcpo2_measured"), people.column("ankle_pressure_low")
    age, rutherford, renal = (people.column(name) for name in ("age", "rutherford", "renal"))
    suitable = people.column("angioplasty_suitable")
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
        # That somebody is not on dialysis may be all that is known of the kidneys.
        checks.append((renal != Renal.DIALYSIS, np.where(people.without_dialysis, 0.0, renal)))
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


def course(people: People, smallest: int = SMALLEST) -> pd.DataFrame:
    """Cumulative incidence of each event with competing events and people at risk; of healing in those who had a wound.
    An event of which the export tells nothing is left out, if there are others.

    Columns event, time_years, people (at risk, rounded), value, low, high: 95% limits on the logit scale, in whole per
    cent. Missing where at most `smallest` people are at risk, and where at most `smallest` events came since the last time
    told, or by the first one.
    """
    rows = []
    each = {name: seen(people, name)[1:] for name in FOLLOWED}
    known = {name: (time, code) for name, (time, code) in each.items() if len(time)}
    for name, (time, code) in (known or each).items():
        for at, may in zip(TIMES, may_be_told(time, code, TIMES, smallest), strict=True):
            at_risk = int((time >= at).sum())
            value = low = high = math.nan
            if may:
                value, low, high, _ = observed(time, code, at)
            rows.append((name, at, rounded(at_risk, smallest), *(round(x, 2) for x in (value, low, high))))
    return pd.DataFrame(rows, columns=COURSE)
