"""What a calibration leaves behind: the fitted values and the posterior draws, as text with their provenance."""

from __future__ import annotations

import io
from collections.abc import Mapping

import pandas as pd

from simulator.questions.calibrate.posterior import Posterior, point_of, table_of


def fitted_text(posterior: Posterior, provenance: Mapping[str, str | float | int]) -> str:
    """Content of `calibration/fitted.toml`: provenance, and the fitted parameters at the posterior's centre."""
    lines = [
        "# Written by `clti calibrate`; do not edit. The most central point of the posterior at which the results at one year",
        "# are their posterior means, given the founding cohort and the randomised contrasts (calibration/targets.toml) and the",
        "# priors of the register. Joint uncertainty is in posterior.csv.",
        "",
        "[provenance]",
    ]
    lines += [
        f"{key} = {value if isinstance(value, int | float) else repr_text(value)}" for key, value in provenance.items()
    ]
    lines += ["", "[values]"]
    lines += [f"{name} = {float(f'{value:.5g}')!r}" for name, value in point_of(posterior).items()]
    return "\n".join(lines) + "\n"


def repr_text(value: str) -> str:
    """A TOML basic string."""
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def posterior_text(posterior: Posterior) -> str:
    """Content of `calibration/posterior.csv`: one row per joint draw, six significant digits."""
    table = pd.DataFrame(table_of(posterior))
    out = io.StringIO()
    table.to_csv(out, index=False, float_format="%.6g", lineterminator="\n")
    return out.getvalue()
