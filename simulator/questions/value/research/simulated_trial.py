"""What `clti trial` wrote about a trial's results under every parameter draw: the summaries that its value is computed from.

The trial and the analysis must speak of the same draws. Draw d of both has the same parameters if they have the same seed
and the same evidence, which the trial's manifest tells.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from simulator.statistics.decision.results import Array
from simulator.statistics.decision.voi import FEWEST_DRAWS
from simulator.words.errors import BadInput, Problem

SUMMARIES, MANIFEST = "trial_summaries.csv", "manifest.json"
NEEDED = ("patients", "draw", "patients_entered", "months")
ESTIMATE = "estimate_"
TOLD = "the output folder of clti trial, run without --quick"


@dataclass(frozen=True, eq=False)
class SimulatedTrial:
    """A simulated trial of several sizes.

    `statistics` maps the number of patients planned to the endpoints' estimates, shape (draws, statistics); an estimate
    that could not be made is the median of the others, with a further column that says so. `enrolled` and `years` are
    the means over draws of the patients who entered and of the time until the result.
    """

    label: str
    statistics: Mapping[int, Array]
    enrolled: Mapping[int, float]
    years: Mapping[int, float]

    @property
    def draws(self) -> int:
        """How many draws every size has."""
        return min(len(found) for found in self.statistics.values())


def load_simulated_trial(folder: Path, seed: int, evidence: Mapping[str, bytes] | None = None) -> SimulatedTrial:
    """The trial in an output folder of `clti trial`.

    `seed` is the analysis's own; `evidence` maps names of input files to their content, and those that the trial read
    too must be the same. Raises BadInput with everything that does not fit.
    """
    table, manifest = _table(folder / SUMMARIES), _manifest(folder / MANIFEST)
    problems: list[Problem] = []
    said = str(folder / MANIFEST)
    if manifest.get("seed") != seed:
        allowed = f"{seed}, the seed of this analysis: draws of another seed are other draws"
        problems.append(Problem(said, "seed", str(manifest.get("seed")), allowed))
    inputs = manifest.get("inputs", {})
    for name, content in (evidence or {}).items():
        if name.startswith("calibration/register") and inputs.get(name, "") != sha256(content).hexdigest():
            problems.append(Problem(said, f"inputs.{name}", "other evidence", "the file that this analysis reads"))
    found: dict[int, pd.DataFrame] = {}
    for size, own in table.groupby("patients"):
        found[int(str(size))] = own.sort_values("draw")
        if own["draw"].nunique() != len(own) or own["draw"].min() != 0 or own["draw"].max() != len(own) - 1:
            allowed = "every draw once, from 0 without gaps"
            problems.append(Problem(str(folder / SUMMARIES), f"draw, {size} patients", f"{len(own)} rows", allowed))
    fewest = min(len(own) for own in found.values())
    if fewest < FEWEST_DRAWS:
        problems.append(Problem(str(folder / SUMMARIES), "draws", str(fewest), f"at least {FEWEST_DRAWS}"))
    if problems:
        raise BadInput(problems)
    return SimulatedTrial(
        str(manifest.get("settings", {}).get("design", {}).get("label", folder.name)),
        {size: _statistics(own) for size, own in found.items()},
        {size: float(own["patients_entered"].mean()) for size, own in found.items()},
        {size: float(own["months"].mean()) / 12.0 for size, own in found.items()},
    )


def _table(file: Path) -> pd.DataFrame:
    name = str(file)
    if not file.is_file():
        raise BadInput([Problem("command line", "--trial", name, f"{TOLD}; no such file")])
    try:
        table = pd.read_csv(file)
    except (OSError, ValueError) as fault:
        raise BadInput([Problem(name, "file", f"unreadable ({' '.join(str(fault).split())})", TOLD)]) from None
    missing = [column for column in NEEDED if column not in table]
    problems = [Problem(name, "column", f"no {column!r}", f"the columns {', '.join(NEEDED)}") for column in missing]
    if not any(str(column).startswith(ESTIMATE) for column in table):
        problems.append(Problem(name, "column", f"none begins with {ESTIMATE!r}", "an estimate of every endpoint"))
    if not problems and table.empty:
        problems.append(Problem(name, "rows", "none", "a row per size and draw"))
    for column in NEEDED if not problems else ():
        values = pd.to_numeric(table[column], errors="coerce")
        if not (np.isfinite(values) & (values >= 0)).all():
            problems.append(Problem(name, column, "not a number, or negative", "a number, 0 or more, in every row"))
    if problems:
        raise BadInput(problems)
    return table


def _manifest(file: Path) -> dict[str, Any]:
    try:
        read = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError):
        read = None
    if not isinstance(read, dict):
        raise BadInput(
            [Problem(str(file), "file", "missing or unreadable", f"{TOLD}, which tells the seed of its draws")]
        )
    return read


def _statistics(own: pd.DataFrame) -> Array:
    columns = []
    for name in own.columns:
        if str(name).startswith(ESTIMATE):
            values = pd.to_numeric(own[name], errors="coerce").to_numpy(dtype=np.float64)
            made = np.isfinite(values)
            if made.any():
                columns.append(np.where(made, values, np.median(values[made])))
            if not made.all():
                columns.append(made.astype(np.float64))
    return np.column_stack(columns)
