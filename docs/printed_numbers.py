"""The numbers in README.md and MODEL.md: recomputed from fixed seeds, checked, and put in with --write.

In the text a number stands after its mark, as in ``<!-- number: NAME -->16.0%``; a table stands between
``<!-- table: NAME -->`` and ``<!-- end -->``. The figure's mark, ``<!-- figure: views DIGEST -->``, names what it shows.

Run `python docs/printed_numbers.py --write` after anything that changes a result; a test says when that was forgotten.
"""

from __future__ import annotations

import hashlib
import re
import sys
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from difflib import ndiff
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from simulator.evidence import GRADES, Parameter, Register, shipped
from simulator.evidence.distributions import limits, quantile
from simulator.evidence.hospitals import learned_response
from simulator.evidence.posterior import joint_names, posterior_table
from simulator.evidence.targets import CELLS, load_targets
from simulator.questions.calibrate.check import targets_table
from simulator.questions.compare import Comparison
from simulator.questions.compare.views import evidence_views
from simulator.questions.validate.open_series import with_and_without
from simulator.run import Result, simulate
from simulator.scenario import Scenario, load_scenario
from simulator.telling.columns import label, labels, named

ROOT = Path(__file__).parent.parent
PAGES = ("README.md", "MODEL.md")
FIGURE = ROOT / "docs" / "views.png"
SEED = 1
TARGET_PATIENTS = 20_000
"""The number of patients of `clti calibrate --check`, whose table the numbers repeat."""
POLICY = "protocol"
YEAR = 1.0

NUMBER = re.compile(r"<!-- number: (?P<name>[\w.]+) -->(?P<text>[−+]?\d+(?:,\d{3})*(?:\.\d+)?%?)")
TABLE = re.compile(r"<!-- table: (?P<name>\w+) -->\n(?P<text>.*?)<!-- end -->", re.DOTALL)
DRAWN = re.compile(r"<!-- figure: (?P<name>\w+) (?P<text>\w+) -->")
MARK = re.compile(r"<!-- (?:number|table|figure): (\w[\w.]*)")

OUTCOMES = {
    "major_amputation": "Major amputation",
    "death": "Death",
    "amputation_free_survival": "Alive without major amputation",
    "healing_without_amputation": "Healed without major amputation",
}
SUMMARIES = (
    "doses_1",
    "doses_2",
    "doses_3",
    "doses_1_below_40",
    "doses_1_at_least_40",
    "doses_2_below_40",
    "doses_2_at_least_40",
    "doses_3_below_40",
    "doses_3_at_least_40",
    "tcpo2_mean_enrolment",
    "tcpo2_sd_enrolment",
    "tcpo2_mean_last",
    "tcpo2_sd_last",
    "last_at_least_40",
    "tcpo2_mean_last_below_40",
    "tcpo2_mean_last_at_least_40",
    "tcpo2_mean_healed",
    "tcpo2_mean_unhealed",
    "healing_days_year_1",
    "healing_days_end",
    "left_by_0.55_years",
    "left_by_1.46_years",
    "left_by_2.01_years",
    "walking_end",
    "below_knee",
    "risk_ratio_central",
    "tcpo2_difference_central",
    "risk_ratio_sceptical",
)


def percent(share: float) -> str:
    """A share as reports tell it."""
    return named("percent").cell({"": share}, "")


def per_hundred(share: float) -> str:
    """A share as reports tell it, without its sign of percent."""
    return named("percent").number(share)


def points(difference: float) -> str:
    """A difference of two shares as reports tell it, in percentage points with its sign."""
    return named("points").cell({"": difference}, "")


def short(value: float, digits: int = 3) -> str:
    """A number with few significant digits and no exponent."""
    return f"{float(f'{value:.{digits}g}'):g}".replace("-", "−")


def markdown(header: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A table in Markdown, the first column left and the others right."""
    names = list(header)
    rule = "|---|" + "---:|" * (len(names) - 1)
    return "".join(
        f"{line}\n" for line in ("| " + " | ".join(names) + " |", rule, *("| " + " | ".join(r) + " |" for r in rows))
    )


@dataclass(frozen=True)
class Found:
    """What the simulations say; each runs when it is first asked for."""

    @cached_property
    def scenario(self) -> Scenario:
        """The referral population."""
        return load_scenario()

    @cached_property
    def founding(self) -> Scenario:
        """The founding study."""
        return load_scenario("founding_cohort")

    @cached_property
    def register(self) -> Register:
        """The clinical register with the fitted values."""
        return self.scenario.register

    @cached_property
    def result(self) -> Result:
        """What `clti compare` simulates without arguments."""
        return simulate(self.scenario, seed=SEED)

    @cached_property
    def at_founding(self) -> Result:
        """The same referrals at the founding hospital."""
        return simulate(load_scenario(overrides={"evidence": {"centre": "founding"}}), seed=SEED)

    @cached_property
    def views(self) -> pd.DataFrame:
        """The published protocol under the three views."""
        return evidence_views(self.scenario, POLICY, self.scenario.patients, SEED)

    @cached_property
    def founding_views(self) -> pd.DataFrame:
        """The same in people as the founding study enrolled them."""
        return evidence_views(self.founding, POLICY, self.founding.patients, SEED)

    @cached_property
    def open_series(self) -> pd.DataFrame:
        """The headline with and without what open series say of treatment."""
        return with_and_without(learned_response() or {}, self.scenario.patients, SEED)

    @cached_property
    def targets(self) -> dict[str, dict[Any, Any]]:
        """Observed against simulated, by target."""
        data, contrasts = load_targets()
        table = targets_table(self.founding, data, contrasts, TARGET_PATIENTS, SEED)
        return {str(row["target"]): row.to_dict() for _, row in table.iterrows()}

    def figure(self) -> bytes:
        """The figure of the three views, as `clti compare` draws it."""
        from simulator.telling.figures.compare import views_figure
        from simulator.telling.images import image
        from simulator.words.findings import Findings

        kept = Comparison(self.scenario, self.result, pd.DataFrame(), {}, self.result.times, self.views, None)
        facts = {
            "labels": {"policy": {name: kept.label(name) for name in kept.policies}},
            "policies": [{"name": name} for name in kept.policies],
            "reference": kept.reference,
            "main": kept.main,
            "first_time": kept.first_time,
            "times": list(self.scenario.times),
        }
        drawn = views_figure(Findings("compare", {"views": self.views}, facts))
        return image(drawn, "png", with_caption=False)


def at_year(table: pd.DataFrame, outcome: str) -> pd.DataFrame:
    """The rows of an outcome at one year."""
    return table[(table["outcome"] == outcome) & (table["time_years"] == YEAR)]


def outcomes(found: Found) -> str:
    """Policies side by side at one year."""
    return side_by_side(found, found.result)


def outcomes_founding(found: Found) -> str:
    """The same at the founding hospital."""
    return side_by_side(found, found.at_founding)


def side_by_side(found: Found, result: Result) -> str:
    """Policies of a result side by side at one year."""
    rows = []
    for outcome, words in OUTCOMES.items():
        own = at_year(result.outcomes, outcome).set_index("policy")
        rows.append(
            [f"{words}, %", *(f"{per_hundred(own['mean'][p])} ± {per_hundred(own['se'][p])}" for p in result.policies)]
        )
    return markdown(["By one year", *(found.scenario.policies[p].label for p in result.policies)], rows)


def changes(found: Found) -> str:
    """What the protocol changes under each view, in percentage points and months of life."""
    rows = []
    last = found.scenario.horizon
    for view, own in found.views.groupby("view", sort=False):
        cells = []
        for outcome in OUTCOMES:
            row = at_year(own, outcome).iloc[0]
            cells.append(f"{points(row['difference'])} ± {per_hundred(row['difference_se'])}")
        lived = own[(own["outcome"] == "life_years") & (own["time_years"] == last)].iloc[0]
        months = f"{12 * lived['difference']:+.1f}".replace("-", "−")
        rows.append([str(view), percent(own["share"].iloc[0]), *cells, f"{months} ± {12 * lived['difference_se']:.1f}"])
    header = ["View", "Share of recovery caused", *(f"{label}, points" for label in OUTCOMES.values()), "Life, months"]
    return markdown(header, rows)


def open_series(found: Found) -> str:
    """What the protocol changes at one year with and without what open series say of treatment."""
    rows = []
    for series, own in found.open_series.groupby("series", sort=False):
        values = own.set_index("outcome")
        changed = [
            f"{points(values.loc[name, 'difference'])} ± {per_hundred(values.loc[name, 'difference_se'])}"
            for name in OUTCOMES
        ]
        log_odds = f"{values['log_odds'].iloc[0]:+.2f}".replace("-", "−")
        rows.append([labels()["open_series"][str(series)], log_odds, *changed])
    return markdown(["Open series", "Log odds of response", *(f"{label}, points" for label in OUTCOMES.values())], rows)


def no_treatment(found: Found) -> str:
    """Conservative care in people like the founding study's under each view, and the protocol beside it."""
    rows = []
    for view, own in found.founding_views.groupby("view", sort=False):
        cells = [at_year(own, outcome).iloc[0] for outcome in OUTCOMES]
        rows.append(
            [str(view), *(percent(c["reference_mean"]) for c in cells), *(percent(c["mean"]) for c in cells[:1])]
        )
    return markdown(["View", *OUTCOMES.values(), "Major amputation, protocol"], rows)


def cells(found: Found) -> str:
    """The sixteen cells in patients of 50."""
    n = load_targets()[0].n
    rows = []
    for status in ("alive", "dead"):
        for cell in CELLS:
            row = [label("target", f"end_{status}_{cell}").partition(": ")[2]]
            for when in ("year_1", "end"):
                t = found.targets[f"{when}_{status}_{cell}"]
                row += [
                    f"{n * t['observed']:.0f}",
                    f"{n * t['low']:.1f} to {n * t['high']:.1f}",
                    f"{n * t['simulated']:.1f}",
                ]
            rows.append(row)
    header = ["Patients of 50", "1 year", "95% interval", "simulated", "end", "95% interval", "simulated"]
    return markdown(header, rows)


def summaries(found: Found) -> str:
    """The other targets."""
    rows = []
    for name in SUMMARIES:
        t = found.targets[name]
        interval = f"{short(t['low'])} to {short(t['high'])}"
        rows.append(
            [
                label("target", name),
                short(t["observed"]),
                interval,
                f"{short(t['simulated'])} ± {short(t['se'], 1)}",
            ]
        )
    return markdown(["Target", "Observed", "95% interval", "Simulated"], rows)


def fitted_parameters(register: Register) -> list[Parameter]:
    """The parameters that the posterior draws, in the register's order."""
    return [p for p in register.parameters if p.name in joint_names(register)]


def fitted(found: Found) -> str:
    """Prior and posterior of every fitted parameter."""
    draws = posterior_table()
    assert draws is not None
    rows = []
    for p in fitted_parameters(found.register):
        low, high = limits(p)
        below, middle, above = draws[p.name].quantile([0.025, 0.5, 0.975])
        before = f"{short(float(quantile(p, 0.5)))} ({short(low)} to {short(high)})"
        rows.append([f"`{p.name}`", p.unit, before, f"{short(middle)} ({short(below)} to {short(above)})"])
    return markdown(["Parameter", "Unit", "Prior median (95%)", "Posterior median (95%)"], rows)


def grades(found: Found) -> str:
    """How many parameters of each group have which grade."""
    rows = []
    for group in (*found.register.groups, "all"):
        own = [p for p in found.register.parameters if group in (p.group, "all")]
        rows.append([group, *(str(sum(p.grade == grade for p in own)) for grade in GRADES), str(len(own))])
    return markdown(["Group", *GRADES, "all"], rows)


TABLES: Mapping[str, Callable[[Found], str]] = {
    "outcomes": outcomes,
    "outcomes_founding": outcomes_founding,
    "changes": changes,
    "no_treatment": no_treatment,
    "open_series": open_series,
    "cells": cells,
    "summaries": summaries,
    "fitted": fitted,
    "grades": grades,
}


def numbers(found: Found) -> dict[str, str]:
    """Every number that stands in running text, by name."""
    targets, register = found.targets, found.register
    provenance = tomllib.loads((shipped("calibration") / "fitted.toml").read_text(encoding="utf-8"))["provenance"]
    change = found.result.differences
    amputation = at_year(change, "major_amputation").set_index("policy")
    free = found.founding_views
    conservative = at_year(free[free["view"] == "central"], "amputation_free_survival").iloc[0]["reference_mean"]
    doses = at_year(found.result.outcomes, "doses").set_index("policy")["mean"]
    ledger = found.result.ledger.set_index(["policy", "field"])["mean"]
    return {
        "founding.amputation": percent(targets["year_1_major_amputation"]["simulated"]),
        "founding.death": percent(targets["year_1_death"]["simulated"]),
        "founding.free_conservative": percent(conservative),
        "targets.inside": str(sum(bool(row["inside"]) for row in targets.values())),
        "targets.all": str(len(targets)),
        "change.amputation": points(amputation["mean"][POLICY]),
        "change.amputation.error": per_hundred(amputation["se"][POLICY]),
        "treated.protocol": percent(float(ledger[POLICY, "count_treated"])),
        "doses.protocol": f"{doses[POLICY]:.2f}",
        "doses.response_guided": f"{doses['response_guided']:.2f}",
        "register.parameters": str(len(register)),
        "register.fitted": str(len(fitted_parameters(register))),
        "share.sceptical": percent(register["attributable_share_sceptical"].value),
        "share.central": percent(register["attributable_share_central"].value),
        "posterior.draws": f"{provenance['draws']:,}",
        "posterior.effective": f"{provenance['effective_draws']:,}",
    }


def digest(views: pd.DataFrame) -> str:
    """What the figure shows, to four digits, as eight hexadecimal digits."""
    from simulator.telling.figures.compare import CHANGES

    drawn = views[views["outcome"].isin([*CHANGES, "life_years"])]
    shown = drawn[["view", "outcome", "time_years", "difference", "difference_se"]]
    return hashlib.sha256(shown.to_csv(index=False, float_format="%.4f").encode()).hexdigest()[:8]


def renewed(page: str, found: Found, known: Mapping[str, str]) -> str:
    """A page with every marked number, table and figure as it is now. Raises KeyError for an unknown name."""
    page = NUMBER.sub(lambda m: f"<!-- number: {m['name']} -->{known[m['name']]}", page)
    page = TABLE.sub(lambda m: f"<!-- table: {m['name']} -->\n{TABLES[m['name']](found)}<!-- end -->", page)
    return DRAWN.sub(lambda m: f"<!-- figure: {m['name']} {digest(found.views)} -->", page)


def difference(page: str, made: str) -> list[str]:
    """The lines of a page that are not what they would be made now, and those."""
    lines = ndiff(page.splitlines(keepends=True), made.splitlines(keepends=True))
    return [line for line in lines if line.startswith(("- ", "+ "))]


def main(write: bool) -> int:
    """Check the pages, or write them and the figure; 1 if a number drifted."""
    found = Found()
    known = numbers(found)
    drifted = 0
    for name in PAGES:
        file = ROOT / name
        page = file.read_text(encoding="utf-8")
        made = renewed(page, found, known)
        if made != page:
            drifted = 1
            sys.stdout.write(f"{name}: {'renewed' if write else 'numbers drifted'}\n")
            sys.stdout.writelines(difference(page, made))
        if write:
            file.write_text(made, encoding="utf-8")
    if write:
        FIGURE.write_bytes(found.figure())
        return 0
    return drifted


if __name__ == "__main__":
    raise SystemExit(main("--write" in sys.argv[1:]))
