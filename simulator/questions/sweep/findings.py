"""A sensitivity study as tables and facts: indices, their ranking, what the strongest inputs do, and whether to trust them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from simulator.questions.sweep.methods.emulator import LARGER
from simulator.questions.sweep.methods.indices import HEADLINE, strengths
from simulator.questions.sweep.methods.inputs import Floats
from simulator.questions.sweep.methods.noise import ALLOWED, DROWNED
from simulator.questions.sweep.methods.publications import methods_cited
from simulator.questions.sweep.results import Results
from simulator.questions.sweep.sweep import Runs, Sweep
from simulator.words.citations import joined
from simulator.words.findings import Findings

STUDY = "study.json"
"""What a reader calls the whole study."""
NAMED = 3
"""Parameters that the answer in words names, at most."""
WEAK = 0.01
"""Share of the strongest index below which a parameter is not called a driver."""
MOST = 15
"""Parameters that a figure shows; the table has them all."""
PANELS = 4
"""Inputs of an output whose effect is drawn."""
BINS = 12
"""Parts of its range into which an input is cut to draw its effect."""


def findings(sweep: Sweep, runs: Runs, results: Results) -> Findings:
    """Tables as the files have them, with a row a run in ``runs``, and the facts that sentences and figures need."""
    study, method = sweep.study, sweep.design.method
    ranked = {output: ranking(method.name, results.indices, output) for output in runs.outputs}
    tables = {"indices": results.indices, "noise": results.noise}
    if method.grows:
        tables |= {"convergence": results.convergence, "ranking": results.ranking}
    if study.emulator:
        tables |= {"emulators": results.emulators, "emulated": results.emulated}
    if method.name not in {"one_way", "grid"}:
        tables["effects"] = effects(sweep, runs, ranked)
    if method.name == "grid" and len(sweep.space.factors) == 2:
        tables["grid"] = grid(sweep, runs)
    centre, elsewhere = sweep.elsewhere
    tables |= elsewhere
    noise = results.noise.set_index("output")["noise_share"]
    names = file_names(runs.outputs)
    methods = methods_cited(method.name, correlated=bool(sweep.space.copulas), emulator=study.emulator)
    facts: dict[str, Any] = {
        "title": study.title,
        "method": {
            "name": method.name, "counts": method.counts, "grows": method.grows,
            "size": sweep.design.size, "headline": HEADLINE[method.name],
        },
        "seed": study.seed, "size": study.size, "patients": study.patients, "replicates": study.replicates,
        "confidence": study.confidence, "runs": len(runs.inputs), "parameters": len(runs.names),
        "factors": len(sweep.space.labels),
        "correlated": study.parameters.correlated if sweep.space.copulas else "",
        "allowed_noise": ALLOWED, "larger": LARGER, "most": MOST,
        "outputs": [
            {
                "name": output, "file": names[output], "drowned": bool(noise[output] > DROWNED),
                "ranked": list(ranked[output]["parameter"]), "drivers": drivers(method.name, ranked[output]),
                "has_se": bool(ranked[output]["se"].notna().any()), "has_noise": bool(ranked[output]["noise"].notna().any()),
                "base": float(runs.means[0, place]), "digits": digits(method.name, ranked[output]),
            }
            for place, output in enumerate(runs.outputs)
        ],
        "warnings": [*sweep.notes], "changes": sweep.changes, "references": joined(sweep.publications, methods),
        "notes": [*results.notes], **centre,
    }  # fmt: skip
    content = (study.model_dump_json(indent=2) + "\n").encode()
    return Findings(
        "sweep",
        tables | {"runs": runs.table()},
        facts,
        frozenset({"runs"}),
        {STUDY: content},
        study.seed,
        study.model_dump(mode="json"),
    )


def ranking(method: str, indices: pd.DataFrame, output: str) -> pd.DataFrame:
    """The ranking index of one output, strongest parameter first; empty for an output that never moves."""
    chosen = indices[(indices["output"] == output) & (indices["index"] == HEADLINE[method])]
    order = strengths(method, chosen["value"]).sort_values(ascending=False, kind="stable").index
    return chosen.loc[order].dropna(subset=["value"]).reset_index(drop=True)


def drivers(method: str, ranked: pd.DataFrame) -> list[dict[str, Any]]:
    """The strongest parameters of an output (parameter, value), without those that noise or hardly anything explains."""
    if not len(ranked):
        return []
    strong = strengths(method, ranked["value"])
    matter = ranked[(strong > WEAK * strong.max()) & (strong > ranked["noise"].fillna(0.0))].head(NAMED)
    named = matter if len(matter) else ranked.head(1)
    return [{"parameter": str(each["parameter"]), "value": float(each["value"])} for each in named.to_dict("records")]


def digits(method: str, ranked: pd.DataFrame) -> int:
    """Decimals of an index: three, or four digits of the largest where it has the output's unit."""
    largest = float(ranked["value"].abs().max()) if len(ranked) else 1.0
    in_units = method in {"one_way", "morris"}
    return int(np.clip(3 - np.floor(np.log10(largest)), 0, 8)) if in_units and largest > 0 else 3


def effects(sweep: Sweep, runs: Runs, ranked: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Mean output over equal parts of the range of its strongest inputs, with the middle 80% of the runs.

    Columns output, input, unit, centre, mean, low, high.
    """
    space = sweep.space
    labels = space.factors if space.groups is None else space.groups
    rows = []
    for number, output in enumerate(runs.outputs):
        strongest = list(ranked[output]["parameter"][:MOST])
        inputs = [i for label in strongest for i, c in enumerate(space.column) if labels[c] == label][:PANELS]
        for i in inputs:
            x, values = runs.inputs[:, i], runs.means[:, number]
            place = _bins(x)
            for part in np.unique(place):
                inside = values[place == part]
                low, high = np.quantile(inside, (0.1, 0.9))
                centre = x[place == part].mean()
                unit = space.inputs[i].unit or ""
                rows.append((output, space.names[i], unit, centre, inside.mean(), low, high))
    return pd.DataFrame(rows, columns=["output", "input", "unit", "centre", "mean", "low", "high"])


def grid(sweep: Sweep, runs: Runs) -> pd.DataFrame:
    """Every output over a grid of two factors: output, across, up, x, y, value."""
    columns = [int(np.flatnonzero(sweep.space.column == factor)[0]) for factor in (1, 0)]
    names = [sweep.space.names[column] for column in columns]
    x, y = (runs.inputs[:, column] for column in columns)
    parts = [
        pd.DataFrame({"output": output, "across": names[0], "up": names[1], "x": x, "y": y, "value": runs.means[:, k]})
        for k, output in enumerate(runs.outputs)
    ]
    return pd.concat(parts, ignore_index=True)


def _bins(x: Floats) -> NDArray[np.intp]:
    """The part of its range, of about equal numbers of runs, to which each value belongs; levels are kept apart."""
    levels, place = np.unique(x, return_inverse=True)
    if len(levels) <= BINS:
        return place
    edges = np.unique(np.quantile(x, np.linspace(0, 1, BINS + 1)))
    return np.clip(np.searchsorted(edges, x, side="right") - 1, 0, len(edges) - 2)


def file_names(outputs: tuple[str, ...]) -> dict[str, str]:
    """A plain name for every output, different for different outputs."""
    names: dict[str, str] = {}
    for number, output in enumerate(outputs):
        plain = "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in output)
        names[output] = f"{plain}-{number + 1}" if plain in names.values() else plain
    return names
