"""The validation as people read it: the answer in words, every miss discussed, figures, and the files in the output folder."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure

from simulator.questions.course import Check
from simulator.questions.validate.structural import StructuralResult
from simulator.questions.validate.validation import ALIKE, FOUNDING, NO_REASON, Validation
from simulator.telling.course import with_course, write_course
from simulator.telling.formats import Formats, number, percent
from simulator.telling.html import Report
from simulator.telling.outputs import OutputFolder
from simulator.telling.validation_figures import (
    WANTED,
    calibration_plot,
    coverage_figure,
    forest,
    ladder_figure,
    structural_figure,
)

GOOD = "grade A and B"
INDEPENDENT = "grade A and B, cited by no parameter of the clinical course"
UNEXPLAINED = "No reason"
"""How a reason begins that admits that there is none."""
TRIALS = ("blinded trial", "open trial", "observational comparison", "single arm")
SHARE_AXIS, TCPO2_AXIS = "share of people", "TcPO2 (mmHg)"
PLAIN: Formats = {
    "observed": number(3, low="low", high="high"),
    "predicted": number(3, low="predicted_low", high="predicted_high"),
}
LABELS = {"observed": "Observed (95%)", "predicted": "Predicted (95%)"}
COVERED: Formats = {"share": percent(0, low="low", high="high")}


def answer(validation: Validation) -> str:
    """How many numbers of grades A and B lie inside, said plainly."""
    rows = {str(row["of"]): row for row in validation.coverage.to_dict("records")}
    if GOOD not in rows:
        return "No number of grade A or B was predicted."
    good = rows[GOOD]
    verdict = "as many as asked for" if good["share"] >= WANTED else "fewer than asked for"
    text = (
        f"{good['inside']} of {good['quantities']} published numbers of grade A and B ({good['share']:.1%}) lie "
        f"inside their 95% predictive intervals: {verdict} ({WANTED:.0%})."
    )
    if ALIKE in rows:
        alike = rows[ALIKE]
        text += f" With hospitals and wounds like the founding cohort's it would be {alike['inside']} ({alike['share']:.0%})."
    if INDEPENDENT in rows:
        own = rows[INDEPENDENT]
        text += (
            f" Of studies that no parameter of the clinical course cites: {own['inside']} of"
            f" {own['quantities']} ({own['share']:.0%})."
        )
    return text


def patterns(validation: Validation) -> list[str]:
    """What is predicted and what is not, by kind of outcome, with the direction of the misses and of all predictions.

    Wide intervals can hold most numbers and still lie to one side of them, so the side is told as well.
    """
    whole = validation.rows
    whole = whole[whole["usable"] & whole["grade"].isin(["A", "B"])]
    lines = []
    for outcome, rows in whole.groupby("outcome", sort=False):
        inside = int(rows["inside"].sum())
        ways = rows["direction"].value_counts()
        told = ", ".join(f"{count} {way}" for way, count in ways.items() if way)
        above = int((rows["predicted"] > rows["observed"]).sum())
        lines.append(
            f"{str(outcome)[:1].upper()}{str(outcome)[1:]}: {inside} of {len(rows)} inside"
            + (f"; {told}" if told else "")
            + f". The prediction is above the observed number in {above} and below it in {len(rows) - above}."
        )
    own = whole[whole["study"] != FOUNDING]
    wider = (own["predicted_high"] - own["predicted_low"]) / (own["alike_high"] - own["alike_low"])
    if len(own):
        lines.append(
            "Intervals are wider than with hospitals and wounds like the founding cohort's by a factor of "
            f"{wider.median():.2f} (median)."
        )
    return lines


def validation_report(
    validation: Validation,
    ladder: pd.DataFrame,
    structural: StructuralResult | None,
    figures: dict[str, Figure],
    course: tuple[Check, Figure] | None = None,
) -> Report:
    """The report; `figures` are those of `draw_figures`, `course` the course check with its figure."""
    whole, misses = validation.rows, validation.misses
    report = Report("Validation against published studies", answer(validation))
    report = report.section(
        "How it was done",
        "Each study is re-enacted from a file that states its population, entry criteria, care, follow-up and results. Every "
        "joint draw of the clinical parameters lives the study's people in samples of the study's size, and each number is "
        "formed with the study's own estimator. What a study does not report is a range that widens the prediction. In the "
        "shipped files the ranges were set before the predictions were seen, but for those of wounds; no fit reads any of "
        "them.\n\n"
        "Two things were put in after the first predictions had been seen, each from published effects and by one rule for "
        "all studies, and the coverage without them stands beside the coverage with them. Hospitals differ in how many of like "
        "patients lose the limb, heal and die: a study is predicted for hospitals drawn at random. Their rates differ as "
        "published (amputation_between_centres_sd, healing_between_centres_sd, death_between_centres_sd), and so do those of "
        "the founding cohort's hospital from the mean of all, which nobody knows; a study there is predicted with its rates. "
        "And wounds differ: in the founding cohort all had gangrene, 40% were infected and all were larger than 5 cm². Where a "
        "study reports nothing of it, any share with gangrene, up to 60% with infection and a typical area of a tenth to all "
        "of the founding cohort's are possible; in foot clinics at most a quarter with gangrene and 0.03 to 0.6 of the "
        "area. Three files were corrected on reading again: Losordo 2012 counted amputations at any level, Namgoong 2018 had "
        "three groups of feet and not two, and everybody in Redlich 2011 was scheduled for amputation.\n\n"
        "The central view of the evidence was fitted to a meta-analysis that pools several of the randomised trials below, "
        "so differences between their arms are not wholly new to the model; the levels of their arms are.",
    )
    report = report.section("What is predicted, and what is not").points(patterns(validation))
    report = report.figure(figures["coverage"]).table(
        validation.coverage, "Numbers inside their 95% predictive intervals.", COVERED, file="coverage.csv"
    )
    if "calibration_plot" in figures:
        report = report.figure(figures["calibration_plot"])
    report = report.section("Every miss, discussed", _on_misses(misses))
    if len(misses):
        shown = misses.assign(reason=misses["reason"].where(misses["reason"] != "", NO_REASON))
        columns = [
            "label",
            "quantity",
            "grade",
            "observed",
            "low",
            "high",
            "predicted",
            "predicted_low",
            "predicted_high",
        ]
        report = report.table(
            shown[[*columns, "direction", "reason"]],
            "Observed numbers outside their predictive intervals.",
            PLAIN,
            labels={**LABELS, "label": "Study"},
            file="validation.csv",
        )
    report = report.section("Observed and predicted, study by study")
    for name, figure in figures.items():
        if name.startswith("forest"):
            report = report.figure(figure)
    if len(ladder):
        report = report.section(
            "The control-arm ladder",
            "Published control arms range from 2% to over 60%. The model reaches the grey range by case mix alone.",
        ).figure(figures["ladder"])
    used = whole[whole["kind"] != "listed"]
    columns = ["label", "quantity", "grade", "evidence", "observed", "low", "high", "n", "predicted", "predicted_low",
               "predicted_high", "inside", "note"]  # fmt: skip
    report = report.section("All numbers").table(
        used[columns], "Every number of every study.", {**PLAIN, "n": number(0)}, labels={**LABELS, "label": "Study"},
        file="validation.csv",
    )  # fmt: skip
    if course is not None:
        report = with_course(report, *course)
    report = _studies(report, validation)
    listed = whole[whole["kind"] == "listed"]
    if len(listed):
        report = report.section("Studies that cannot be predicted").table(
            listed[["label", "grade", "note"]].rename(columns={"note": "why"}), "Listed so that none is silently missing.",
            labels={"label": "Study"},
        )  # fmt: skip
    return _structures(report, structural, figures)


def _on_misses(misses: pd.DataFrame) -> str:
    if not len(misses):
        return "None."
    without = int(misses["reason"].map(lambda words: not words or words.startswith(UNEXPLAINED)).sum())
    return (
        f"{len(misses)} numbers lie outside. The reasons were written after the predictions were seen; they explain and do "
        f"not excuse. For {without} it is admitted that no reason is known that a clinician would accept as certain."
    )


def _studies(report: Report, validation: Validation) -> Report:
    if not validation.studies:
        return report
    cited = validation.details.drop_duplicates("study").set_index("study")["cited_by"]
    rows = [
        {
            "study": study.label,
            "what": study.description,
            "assumed": " ".join(study.assumptions),
            "ranges": "; ".join(f"{name} {low:g} to {high:g}" for name, (low, high) in study.assumed.items()),
            "cited_by": cited.get(key, ""),
        }
        for key, study in validation.studies.items()
    ]
    report = report.section("What was assumed").table(
        pd.DataFrame(rows),
        "Each study, what it did not report, and the parameters of the clinical course that cite it.",
    )
    discussed = [f"{study.label}: {study.discussion}" for study in validation.studies.values() if study.discussion]
    return report.points(discussed) if discussed else report


def _structures(report: Report, structural: StructuralResult | None, figures: dict[str, Figure]) -> Report:
    if structural is None:
        return report
    report = report.section(
        "Structural uncertainty",
        "The same headline results under other assumptions. An alternative that would spoil the fit to the founding cohort is "
        "refitted first: one parameter moves until the cohort's one-year result is what it was.",
    )
    for name, figure in figures.items():
        if name.startswith("structural"):
            report = report.figure(figure)
    first = float(structural.table["time_years"].min())
    rows = structural.table[(structural.table["time_years"] == first)].drop(columns=["time_years", "reference"])
    formats: Formats = {"mean": percent(1, se="se"), "difference": percent(1, signed=True, se="difference_se")}
    report = report.table(rows, f"Headline results after {first:g} year.", formats, file="structural.csv")
    if len(structural.refits):
        report = report.table(
            structural.refits,
            "What the refits moved, in the founding cohort under the published protocol.",
            {"wanted": percent(1), "reached": percent(1)},
            file="structural_refits.csv",
        )
    return report


def draw_figures(
    validation: Validation, ladder: pd.DataFrame, structural: StructuralResult | None
) -> dict[str, Figure]:
    """The figures by file name."""
    usable = validation.rows[validation.table["usable"]]
    share = usable["share"].astype(bool)
    figures = {"coverage": coverage_figure(validation.coverage)}
    if share.any():
        figures["calibration_plot"] = calibration_plot(usable[share])
    parts = {
        "forest_trials": (share & usable["kind"].isin(TRIALS), SHARE_AXIS, "Treatment trials and series"),
        "forest_courses": (
            share & ~usable["kind"].isin([*TRIALS, "founding study"]), SHARE_AXIS, "Natural history, perfusion, amputees",
        ),
        "forest_founding": (
            share & (usable["kind"] == "founding study"), SHARE_AXIS, "Founding cohort after its first year",
        ),
        "forest_tcpo2": (usable["outcome"] == "TcPO2", TCPO2_AXIS, "TcPO2 over time"),
    }  # fmt: skip
    for name, (chosen, unit, heading) in parts.items():
        rows = usable[chosen & ~((unit == TCPO2_AXIS) & share)]
        if len(rows):
            figures[name] = forest(rows, unit, heading)
    if len(ladder):
        figures["ladder"] = ladder_figure(ladder)
    if structural is not None:
        table = structural.table
        policy = next(str(p) for p in table["policy"] if p != table["reference"].iloc[0])
        outcomes = list(dict.fromkeys(table["outcome"]))
        for time in sorted(set(table["time_years"])):
            figures[f"structural_{time:g}_years".replace(".", "-")] = structural_figure(table, policy, time, outcomes)
    return figures


def tables_of(
    validation: Validation, ladder: pd.DataFrame, structural: StructuralResult | None
) -> dict[str, pd.DataFrame]:
    """The tables of the studies by the names of their files."""
    tables = {"validation": validation.table, "quantities": validation.details, "coverage": validation.coverage}
    if len(ladder):
        tables["ladder"] = ladder
    if structural is not None:
        tables |= {"structural": structural.table, "structural_refits": structural.refits}
    return tables


def write_validation(
    folder: OutputFolder,
    validation: Validation,
    ladder: pd.DataFrame,
    structural: StructuralResult | None,
    course: Check | None = None,
) -> None:
    """Put the tables, figures and report into an output folder."""
    for name, table in tables_of(validation, ladder, structural).items():
        folder.table(name, table)
    figures = draw_figures(validation, ladder, structural)
    for name, figure in figures.items():
        folder.figure(name, figure)
    page = None if course is None else (course, write_course(folder, course))
    folder.report(validation_report(validation, ladder, structural, figures, page))
