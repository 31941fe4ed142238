"""The course check as people read it: how many figures agree, each figure beside the model's, and the picture of all ratios."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from simulator.questions.course import Check
from simulator.questions.course.check import FAR
from simulator.telling.formats import ByRow, Format, Formats, number, percent
from simulator.telling.html import Report
from simulator.telling.outputs import OutputFolder
from simulator.telling.style import INK, OKABE_ITO, caption, house_style, interval_rows, new_figure
from simulator.words.vocabulary import DAYS_PER_YEAR

AGREES, OUTSIDE, NO_CHECK = OKABE_ITO["blue"], OKABE_ITO["vermillion"], OKABE_ITO["sky"]
LINE = 0.21
ENDS = 0.12, 8.0
"""Ends of the axis of ratios; what lies beyond is drawn at its end."""
COVERED: Formats = {"share": percent(0)}
LABELS = {"at_years": "At", "published": "Published (interval)", "model": "Model ± Monte Carlo SE", "sets_rule": "Sets"}
SHOWN = ["label", "at_years", "published", "low", "high", "model", "se", "ratio", "inside", "sets_rule"]


def formats() -> Formats:
    """Published numbers with their interval and the model's with its error, each in its unit."""
    return {
        "published": ByRow("unit", _by_unit("low", "high", None), number(2, low="low", high="high")),
        "model": ByRow("unit", _by_unit(None, None, "se"), number(2, se="se")),
        "ratio": number(2),
    }


def _by_unit(low: str | None, high: str | None, se: str | None) -> dict[str, Format]:
    digits = {"days": 0, "mmHg": 1, "years": 1}
    numbers = {unit: number(places, se=se, low=low, high=high) for unit, places in digits.items()}
    return {"share": percent(1, se=se, low=low, high=high)} | numbers


def answer(check: Check) -> str:
    """How many figures agree, said plainly."""
    rows = {str(row["of"]): row for row in check.coverage.to_dict("records")}
    words = []
    for of in ("that set no rule", "all"):
        if of in rows:
            row = rows[of]
            words.append(f"{row['inside']} of {row['figures']} {of if of != 'all' else 'in all'} ({row['share']:.0%})")
    if not words:
        return "No figure counts."
    forced = int((check.far["founding"] != "").sum())
    return (
        f"Published figures of the course inside their interval: {', '.join(words)}. {len(check.far)} are off by more than a "
        f"factor of {FAR:g}, {forced} of them forced by the founding cohort's own counts."
    )


def readable(rows: pd.DataFrame) -> pd.DataFrame:
    """The columns that people read, the time in words."""
    return rows.assign(at_years=rows["at_years"].map(_time))[[*SHOWN, "unit"]]


def _time(years: float) -> str:
    if years == 0.0:
        return "referral"
    months = years * 12.0
    if years < 1.0:
        whole = abs(months - round(months)) < 0.01
        return f"{months:.0f} months" if whole and months > 1.5 else f"{years * DAYS_PER_YEAR:.0f} days"
    return "1 year" if years == 1.0 else f"{years:g} years"


def ratio_figure(check: Check) -> Figure:
    """Every figure that counts as a ratio of model to published, with the published interval as a ratio too."""
    rows = check.table[check.table["counts"] & (check.table["published"] != 0.0)]
    times = rows.groupby("figure")["at_years"].transform("size")
    names = []
    for (_, row), several in zip(rows.iterrows(), times > 1, strict=True):
        first = str(row["source"]).split(";", maxsplit=1)[0]
        names.append(f"{row['label']}{', ' + _time(row['at_years']) if several else ''} · {first}")
    inside = rows["inside"].to_numpy(bool)
    colours = np.where(~inside, OUTSIDE, np.where(rows["sets_rule"] == "", AGREES, NO_CHECK)).tolist()
    with house_style():
        figure, (axes,) = new_figure(10.2, 1.2 + LINE * len(rows))
        low, high = rows["low"] / rows["published"], rows["high"] / rows["published"]
        interval_rows(axes, names, np.clip(rows["ratio"], *ENDS), np.clip(low, *ENDS), np.clip(high, *ENDS), colours)
        axes.axvline(1.0, color=INK, linewidth=0.8)
        axes.set_xscale("log")
        axes.set_xlim(ENDS[0] * 0.95, ENDS[1] * 1.05)
        marks = [0.125, 0.25, 0.5, 0.67, 1.0, 1.5, 2.0, 4.0, 8.0]
        axes.set_xticks(marks, [f"{mark:g}" for mark in marks])
        axes.set_xticks([], minor=True)
        axes.tick_params(axis="y", labelsize=7.5)
        axes.set_xlabel("model / published")
        axes.set_title("The course: model against published figures")
    caption(
        figure,
        "Each figure of the course as a ratio of the model's number to the published one (dot) and the interval in which they "
        f"agree (line). Blue agrees, light blue agrees but set a rule, red lies outside ({int((~inside).sum())} of {len(rows)}).",
    )
    return figure


def with_course(report: Report, check: Check, figure: Figure) -> Report:
    """The page of the course, added to a report."""
    report = report.section(
        "The course",
        f"{answer(check)}\n\n"
        "Each figure says what follows what: death after healing, healing at a TcPO2, walking after an amputation. It is formed "
        "from simulated lives at the fitted values, central view, by the definition given. Nothing is fitted to these figures; "
        "those from which a rule was set say so, and their agreement is no evidence. The interval is the one printed, the span "
        "of several series, or the exact one of counts but no closer than a factor of 1.25; without any of these a factor of "
        "1.25 to both sides.",
    ).table(check.coverage, "Figures inside their interval.", COVERED, file="course_coverage.csv")
    report = report.figure(figure)
    for theme, rows in check.table.groupby("theme", sort=False):
        heading = f"{str(theme)[:1].upper()}{str(theme)[1:]}: published and simulated."
        report = report.table(readable(rows), heading, formats(), labels=LABELS, file="course.csv")
    forced = check.table[(check.table["founding"] != "") & ~check.table["inside"]]
    if len(forced):
        report = report.points(
            [f"{row['label']}, {_time(row['at_years'])}: {row['founding']}" for _, row in forced.iterrows()]
        )
    return report


def tables_of(check: Check) -> dict[str, pd.DataFrame]:
    """The tables of the course by the names of their files."""
    return {"course": check.table, "course_coverage": check.coverage}


def write_course_page(folder: OutputFolder, check: Check) -> None:
    """Put the course and a report of it alone into an output folder."""
    page = Report("The course of the disease", answer(check))
    folder.report(with_course(page, check, write_course(folder, check)))


def write_course(folder: OutputFolder, check: Check) -> Figure:
    """Put the tables and the figure into an output folder."""
    for name, table in tables_of(check).items():
        folder.table(name, table)
    figure = ratio_figure(check)
    folder.figure("course", figure)
    return figure
