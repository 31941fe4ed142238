"""The tables of a comparison as people read them, in the terminal and in the report."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import pandas as pd

from simulator.comparison import Comparison
from simulator.comparison.population import treatment_table
from simulator.evidence.parameter import GRADES
from simulator.evidence.register import Register
from simulator.report.formats import MISSING, ByRow, Format, number, percent, points
from simulator.report.readable import Readable

SHARES = {
    "major_amputation": "Major amputation",
    "death": "Death",
    "amputation_free_survival": "Alive without major amputation",
    "healing": "Healed (wound or stump)",
    "healing_without_amputation": "Healed without major amputation",
    "walking": "Walking",
    "minor_amputation": "Minor amputation",
    "tcpo2_last_40": "TcPO2 on one day {judgement_tcpo2:g} or above",
}
"""What people call shares; a name in braces stands for that parameter's value."""
MEANS = {
    "doses": ("Cell treatments given", 2),
    "tcpo2_last": ("TcPO2 on one day, mmHg", 1),
    "life_years": ("Years lived by then", 3),
}
RELIANCE_SHOWN = ("death", "major_amputation", "healing_without_amputation", "life_years")
"""Headline results, by the beginning of their names, that the report shows; the others are in the file."""
CHANGED = {
    "major_amputation": "major amputation",
    "healing_without_amputation": "healing without major amputation",
    "amputation_free_survival": "amputation-free survival",
}
LEAST = 4e-4
"""Shares that differ by less are shown as equal."""


def outcome_label(outcome: str, register: Register) -> str:
    """What people call an outcome, without its unit."""
    if outcome in MEANS:
        return MEANS[outcome][0]
    return SHARES.get(outcome, outcome.replace("_", " ").capitalize()).format_map(register.values())


def years(time: float) -> str:
    """A time in words: ``1 year``, ``2.6 years``."""
    return f"{time:g} year" + ("" if time == 1 else "s")


def chunks(names: Sequence[str], most: int) -> Iterator[Sequence[str]]:
    """Parts of at most so many names, of nearly equal length."""
    parts = -(-len(names) // most)
    for part in range(parts):
        yield names[part * len(names) // parts : (part + 1) * len(names) // parts]


def results_readable(comparison: Comparison, time: float, policies: Sequence[str]) -> Readable:
    """Outcomes by a time: a line per outcome, a column per policy."""
    return _by_outcome(comparison, comparison.outcomes, time, policies, signed=False)


def differences_readable(comparison: Comparison, time: float, policies: Sequence[str]) -> Readable:
    """Paired differences to the reference by a time: a line per outcome, a column per policy."""
    return _by_outcome(comparison, comparison.differences, time, policies, signed=True)


def _by_outcome(
    comparison: Comparison, table: pd.DataFrame, time: float, policies: Sequence[str], *, signed: bool
) -> Readable:
    # Columns have numbers for names, because a policy may be called like a column.
    names = {f"p{place}": policy for place, policy in enumerate(policies)}
    table = table[table["policy"].isin(policies)]
    shown = _telling(table, time)
    named = {outcome: _with_unit(outcome, comparison.scenario.register, signed=signed) for outcome in shown}
    frame = pd.DataFrame({"outcome": list(named.values())})
    for column, policy in names.items():
        at = (table["policy"] == policy) & (table["time_years"] == time)
        own = table[at].set_index("outcome").loc[shown]
        frame[column], frame[f"{column}_se"] = own["mean"].to_numpy(), own["se"].to_numpy()
    formats = {
        column: ByRow("outcome", {named[o]: _format(o, f"{column}_se", signed=signed) for o in shown})
        for column in names
    }
    labels = {"outcome": "Difference" if signed else "By " + years(time)}
    return Readable(frame, formats, labels | {column: comparison.label(policy) for column, policy in names.items()})


def _telling(table: pd.DataFrame, time: float) -> list[str]:
    """Outcomes that say something at a time: not the same 0 or 1 in all policies, and not what was said already."""
    telling = []
    first = table["time_years"].min()
    for outcome in (*SHARES, *MEANS):
        own = table[table["outcome"] == outcome]
        now = own.loc[own["time_years"] == time, "mean"].to_numpy()
        before = own.loc[own["time_years"] == first, "mean"].to_numpy()
        settled = outcome not in ("major_amputation", "death") and time > first and (now == before).all()
        constant = (abs(now) < LEAST).all() or (abs(now - 1.0) < LEAST).all()
        if now.size and not constant and not settled:
            telling.append(outcome)
    return telling or ["major_amputation", "death"]


def _with_unit(outcome: str, register: Register, *, signed: bool) -> str:
    unit = "" if outcome in MEANS else ", points" if signed else ", %"
    return outcome_label(outcome, register) + unit


def _format(outcome: str, se: str, *, signed: bool) -> Format:
    if outcome in MEANS:
        return number(MEANS[outcome][1], signed=signed, se=se)
    return Format(digits=1, scale=100.0, signed=signed, se=se)


def policies_readable(comparison: Comparison) -> Readable:
    """What each policy is, and how many of everybody it treats."""
    treated = treatment_table(comparison.people).pivot(index="policy", columns="measure", values="mean")  # noqa: PD010
    rows = []
    for name in comparison.policies:
        policy, own = comparison.scenario.policies[name], treated.loc[name]
        rows.append(
            {
                "policy": policy.label + (" (reference)" if name == comparison.reference else ""),
                "name": name,
                "what": policy.description,
                "treated": own["treated"],
                "doses": own["doses_per_person_treated"],
                "dilated": own["dilated"],
                "tested": own["tested"],
            }
        )
    table = pd.DataFrame(rows)
    formats: dict[str, Format] = {
        "treated": percent(0),
        "doses": number(1),
        "dilated": percent(0),
        "tested": percent(0),
    }
    for column in ("dilated", "tested"):
        if not table[column].any():
            table = table.drop(columns=column)
            del formats[column]
    labels = {"what": "What is done", "treated": "Treated with cells", "doses": "Treatments each"}
    labels |= {"dilated": "Angioplasty", "tested": "Tested"}
    return Readable(table, formats, {name: label for name, label in labels.items() if name in table.columns})


def population_readable(table: pd.DataFrame) -> Readable:
    """Characteristics as ``75.2 (SD 10.0)`` or ``62%``, simulated and published; `table` is `population_table`'s."""
    rows = []
    for name, group in table.groupby("characteristic", sort=False):
        by = group.set_index("statistic")
        rows.append(
            {
                "characteristic": name,
                "simulated": _characteristic({str(key): float(value) for key, value in by["value"].items()}),
                "published": _characteristic({str(key): float(value) for key, value in by["published"].items()}),
            }
        )
    labels = {"simulated": "Simulated patients", "published": "Published, n = 50"}
    return Readable(pd.DataFrame(rows), {}, labels)


def _characteristic(found: Mapping[str, float]) -> str:
    if "share" in found:
        return percent(0).cell(found, "share")
    spread = number(1).number(found["sd"])
    return number(1).cell(found, "mean") + ("" if spread == MISSING else f" (SD {spread})")


def founding_readable(table: pd.DataFrame) -> Readable:
    """The founding study observed and simulated."""
    shown = table.drop(columns="n")
    return Readable(
        shown,
        {"observed": percent(0, low="low", high="high"), "simulated": percent(1, se="se")},
        {"observed": "Observed in 50 (95% interval)", "inside": "Inside the interval"},
    )


def views_readable(comparison: Comparison, outcomes: Sequence[str]) -> Readable:
    """The main policy and the reference under the three views, at the first time reported."""
    views = comparison.views
    assert views is not None
    shown = views[(views["time_years"] == comparison.first_time) & views["outcome"].isin(outcomes)]
    order = shown["outcome"].map({name: place for place, name in enumerate(outcomes)})
    shown = shown.assign(order=order).sort_values("order", kind="stable")
    words = [outcome_label(outcome, comparison.scenario.register) for outcome in shown["outcome"]]
    table = pd.DataFrame({"outcome": words, "view": shown["view"].str.capitalize()})
    for column in ("share", "reference_mean", "reference_se", "mean", "se", "difference", "difference_se"):
        table[column] = shown[column]
    formats = {
        "share": percent(0),
        "reference_mean": percent(1, se="reference_se"),
        "mean": percent(1, se="se"),
        "difference": points(1, se="difference_se"),
    }
    labels = {"share": "Recovery caused by cells", "difference": "Difference, points"}
    labels |= {"reference_mean": comparison.label(comparison.reference), "mean": comparison.label(str(comparison.main))}
    return Readable(table.reset_index(drop=True), formats, labels)


def grades_readable(comparison: Comparison) -> Readable:
    """How many numbers of the model have which grade, and what the grade means."""
    meaning = {
        "published": "Read in the publication cited",
        "derived": "Calculated from published numbers, or fitted to them",
        "recalled": "Known to be published, but not seen when it was entered",
        "assumption": "Chosen, because nothing was found or it is a convention",
    }
    parameters = comparison.scenario.register.parameters
    rows = [(grade, meaning[grade], sum(p.grade == grade for p in parameters)) for grade in GRADES]
    return Readable(pd.DataFrame(rows, columns=["grade", "meaning", "numbers"]), {}, {"numbers": "Numbers"})


def reliance_readable(table: pd.DataFrame, register: Register, most: int) -> Readable:
    """The recalled or assumed values that move each result of a table of reliance most."""
    moving = table[table["swing"] > 0].groupby("outcome", sort=False).head(most).reset_index(drop=True)
    labels = {parameter.name: parameter.label for parameter in register.parameters}
    results = [headline_label(name, register) for name in moving["outcome"]]
    limits = zip(moving["low_value"], moving["high_value"], strict=True)
    frame = pd.DataFrame(
        {
            "result": results,
            "value": moving["parameter"].map(labels) + " (" + moving["grade"] + ")",
            "limits": [f"{low:.3g} to {high:.3g}" for low, high in limits],
            "base": moving["base"],
            "low": moving["base"] + moving["at_low"],
            "high": moving["base"] + moving["at_high"],
        }
    )
    units = {label: _headline_format(name) for label, name in zip(results, moving["outcome"], strict=True)}
    formats = {name: ByRow("result", units) for name in ("base", "low", "high")}
    headings = {"value": "Value that is recalled or assumed", "limits": "95% limits"}
    headings |= {"base": "As it is", "low": "At the low limit", "high": "At the high limit"}
    return Readable(frame, formats, headings)


def _headline_format(name: str) -> Format:
    if " minus " not in name:
        return percent(1)
    return number(3, signed=True) if name.startswith("life_years") else points(1)


def headline_label(name: str, register: Register) -> str:
    """A headline result in words: its name holds outcome, policy or contrast, and time."""
    outcome, who, time = name.split(", ")
    at = years(float(time.removesuffix(" y")))
    if " minus " not in who:
        return f"{outcome_label(outcome, register)} by {at}, %, {who}"
    if outcome == "life_years":
        return f"Change in years lived within {at}"
    return f"Change in {CHANGED[outcome]} by {at}, points"


def waits_readable(comparison: Comparison, table: pd.DataFrame) -> Readable:
    """How waits ended and how long they took."""
    words = table.assign(
        policy=table["policy"].map(comparison.label),
        procedure=table["procedure"].astype(str).str.replace("_", " "),
        end=table["end"].astype(str).str.replace("_", " "),
    )
    formats = {
        "share": percent(1, se="share_se"),
        "mean_days": number(1, se="mean_days_se"),
        "median_days": number(0),
        "p90_days": number(0),
    }
    labels = {
        "end": "How the wait ended",
        "mean_days": "Mean wait, days",
        "median_days": "Median",
        "p90_days": "90% within",
    }
    return Readable(words, formats, labels)


def slots_readable(comparison: Comparison, table: pd.DataFrame) -> Readable:
    """Use of the slots."""
    words = table.assign(policy=table["policy"].map(comparison.label))
    formats = {"used_per_week": number(2), "utilisation": percent(0), "mean_queue": number(1)}
    return Readable(words, formats, {"mean_queue": "Waiting on average"})
