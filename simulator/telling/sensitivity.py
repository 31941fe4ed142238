"""A sensitivity study as people read it: the answer in words, the report, and the files in the output folder."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from simulator.questions.sweep.convergence import TOP
from simulator.questions.sweep.emulator import LARGER
from simulator.questions.sweep.indices import HEADLINE, strengths
from simulator.questions.sweep.noise import ALLOWED, DROWNED
from simulator.questions.sweep.results import Results
from simulator.questions.sweep.sweep import Runs, Sweep
from simulator.telling.formats import Formats, number, percent, short
from simulator.telling.html import Report
from simulator.telling.outputs import OutputFolder
from simulator.telling.sensitivity_figures import MOST, draw_figures, file_names

NAMED = 3
"""Parameters that the answer in words names, at most."""
WEAK = 0.01
"""Share of the strongest index below which a parameter is not called a driver."""
IN_UNITS_OF_THE_OUTPUT = {"one_way", "morris"}


def answer(sweep: Sweep, results: Results) -> str:
    """What the study says: the strongest parameters of each output."""
    sentences = []
    for output in dict.fromkeys(results.indices["output"]):
        ranked = ranking(sweep, results, str(output))
        noise = results.noise.set_index("output").loc[output, "noise_share"]
        if noise > DROWNED:
            sentences.append(f"{output} shows hardly anything but Monte Carlo noise.")
        elif len(ranked):
            strong = strengths(sweep.design.method.name, ranked["value"])
            matter = ranked[(strong > WEAK * strong.max()) & (strong > ranked["noise"].fillna(0.0))].head(NAMED)
            named = matter if len(matter) else ranked.head(1)
            first = ", ".join(
                f"{name} ({short(value)})" for name, value in zip(named["parameter"], named["value"], strict=True)
            )
            sentences.append(f"{output} is driven most by {first}.")
    return " ".join(sentences) or "No output moves."


def ranking(sweep: Sweep, results: Results, output: str) -> pd.DataFrame:
    """The ranking index of one output, strongest parameter first; empty for an output that never moves."""
    table = results.indices
    chosen = table[(table["output"] == output) & (table["index"] == HEADLINE[sweep.design.method.name])]
    order = strengths(sweep.design.method.name, chosen["value"]).sort_values(ascending=False, kind="stable").index
    return chosen.loc[order].dropna(subset=["value"]).reset_index(drop=True)


def reading(sweep: Sweep, ranked: pd.DataFrame) -> tuple[pd.DataFrame, Formats, dict[str, str]]:
    """A ranking for people, of the columns that say something: the table, its formats and its headings."""
    labels = {"value": HEADLINE[sweep.design.method.name], "se": "Standard error", "noise": "Noise, at most"}
    said = ["value", *(name for name in ("se", "noise") if ranked[name].notna().any())]
    largest = float(ranked["value"].abs().max()) if len(ranked) else 1.0
    in_units = sweep.design.method.name in IN_UNITS_OF_THE_OUTPUT
    digits = int(np.clip(3 - np.floor(np.log10(largest)), 0, 8)) if in_units and largest > 0 else 3
    formats = {name: number(digits) for name in said} | {"value": number(digits, low="low", high="high")}
    return ranked[["parameter", "low", "high", *said]], formats, {name: labels[name] for name in said}


def study_report(sweep: Sweep, runs: Runs, results: Results, figures: Mapping[str, Figure]) -> Report:
    """The report of a study."""
    study, method = sweep.study, sweep.design.method
    lives = f", {study.patients:,} patients each" if study.patients else ""
    report = Report(study.title, answer(sweep, results)).section(
        "The study",
        f"Method {method.name}: {method.answers}. Size {study.size:,} ({method.counts}), {len(runs.inputs):,} runs"
        f" in {study.replicates} replicate(s){lives}, seed {study.seed}, intervals at {study.confidence:.0%}."
        f" It varies {len(runs.names)} parameters as {len(sweep.space.labels)} factors.",
    )
    for warning in results.warnings:
        report = report.note(warning)
    if sweep.space.copulas:
        report = report.note(
            "Parameters that were estimated together keep their rank correlations (Gaussian copula). "
            + (
                "Each such block counts as one factor."
                if sweep.study.parameters.correlated == "group"
                else "The first of a block has an index of its own; each later one has the index of what it does not"
                " share with those before it."
            )
        )
    endings = file_names(runs.outputs)
    for output in runs.outputs:
        table, formats, labels = reading(sweep, ranking(sweep, results, output))
        if not len(table):
            continue
        report = report.section(output).table(
            table.head(MOST),
            f"{output}: {HEADLINE[method.name]} of the strongest parameters.",
            formats=formats,
            labels=labels,
            note="Noise is the most that the luck of simulated patients may have added to the value."
            if "noise" in table
            else "",
            file="indices.csv",
        )
        for name, figure in figures.items():
            if name.partition("_")[2] == endings[output]:
                report = report.figure(figure)
    report = report.section("Can it be trusted?").table(
        results.noise.drop(columns=["enough"]),
        "Monte Carlo noise in each output.",
        formats={"noise_share": percent(1), "patients_needed": number(0), "patients": number(0)},
        note=f"A share up to {ALLOWED:.0%} is enough: noise then adds that much to a total index at most.",
        file="noise.csv",
    )
    if method.grows:
        report = report.table(
            results.ranking,
            f"Ranking of the parameters in the first part of the runs against all of them (the first {TOP}).",
            formats={"rank_correlation": number(2)},
            file="ranking.csv",
        )
    if len(results.emulators):
        report = report.table(
            results.emulators,
            "Emulators judged on runs they have not seen.",
            formats={"r2": number(4), "inside": percent(0)},
            note="`inside` is the share of held-out runs within 95% intervals: well below 95%, it is too sure of itself.",
            file="emulators.csv",
        )
        larger = results.emulated.loc[results.emulated["index"] == "ST", ["output", "parameter", "value"]]
        report = report.table(
            larger.sort_values(["output", "value"], ascending=[True, False], kind="stable").reset_index(drop=True),
            f"Total indices of the emulators, from a Sobol' study of {LARGER:,} base points on each.",
            formats={"value": number(3)},
            labels={"value": "ST"},
            note="They have no intervals: what an emulator gets wrong is most of their error (see rmse above).",
            file="emulated.csv",
        )
    return report


def tables_of(sweep: Sweep, runs: Runs, results: Results) -> dict[str, pd.DataFrame]:
    """Every table by the name of its file; `runs` has a row a run."""
    tables = {"indices": results.indices, "noise": results.noise}
    if sweep.design.method.grows:
        tables |= {"convergence": results.convergence, "ranking": results.ranking}
    if sweep.study.emulator:
        tables |= {"emulators": results.emulators, "emulated": results.emulated}
    return tables | {"runs": runs.table()}


def write_study(folder: OutputFolder, sweep: Sweep, runs: Runs, results: Results) -> None:
    """Put the tables, figures, runs and report of a study into an output folder."""
    for name, table in tables_of(sweep, runs, results).items():
        (folder.per_patient if name == "runs" else folder.table)(name, table)
    figures = draw_figures(sweep, runs, results)
    for name, figure in figures.items():
        folder.figure(name, figure)
    folder.report(study_report(sweep, runs, results, figures))
