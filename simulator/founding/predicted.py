"""Every published number of the founding cohort: observed, as the model has it, and in cohorts of that size."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from simulator.evidence.targets import CELLS, OF_AMPUTATED, OF_HEALED, Founding
from simulator.founding.founding import FoundingCohort
from simulator.founding.summaries import DOSE_CELLS, INDEX, summarise, table_of_moves
from simulator.scenario.scenario import Scenario
from simulator.statistics.endpoints.exact_interval import exact_interval

Array = NDArray[np.float64]


def observed_targets(data: Founding) -> Iterator[tuple[str, float, float, float]]:
    """Name, observed value, low and high of each target. Shares have exact binomial, means and SDs normal 95% limits."""
    n = data.n
    below, at_least = f"below_{data.tcpo2_split:g}", f"at_least_{data.tcpo2_split:g}"
    for when, counts in (("year_1", data.cells_1_year), ("end", data.cells_end)):
        for cell, count in enumerate(counts):
            status = "alive" if cell < 4 else "dead"
            yield f"{when}_{status}_{CELLS[cell % 4]}", count / n, *exact_interval(count, n)
        yield (
            f"{when}_major_amputation",
            counts[OF_AMPUTATED].sum() / n,
            *exact_interval(counts[OF_AMPUTATED].sum(), n),
        )
        yield f"{when}_death", counts[4:].sum() / n, *exact_interval(counts[4:].sum(), n)
        yield f"{when}_healing", counts[OF_HEALED].sum() / n, *exact_interval(counts[OF_HEALED].sum(), n)
    for dose in (1, 2, 3):
        count = data.doses[:, dose - 1].sum()
        yield f"doses_{dose}", count / n, *exact_interval(count, n)
    for high, dose in DOSE_CELLS:
        count = data.doses[high, dose - 1]
        yield f"doses_{dose}_{at_least if high else below}", count / n, *exact_interval(count, n)
    count = data.doses[1].sum()
    yield f"last_{at_least}", count / n, *exact_interval(count, n)
    for name, (mean, sd, size) in {
        "enrolment": data.enrolment,
        "last": data.last,
        f"last_{below}": data.last_low,
        f"last_{at_least}": data.last_high,
    }.items():
        half = 1.96 * sd / size**0.5
        yield f"tcpo2_mean_{name}", mean, mean - half, mean + half
        half = 1.96 * sd / (2 * (size - 1)) ** 0.5
        yield f"tcpo2_sd_{name}", sd, sd - half, sd + half
    for name, (mean, sd, size) in {
        "healed": data.last_healed,
        "unhealed": data.last_unhealed,
    }.items():
        half = 1.96 * sd / size**0.5
        yield f"tcpo2_mean_{name}", mean, mean - half, mean + half
    for name, (days, se) in {"year_1": data.healing_days_1_year, "end": data.healing_days_end}.items():
        yield f"healing_days_{name}", days, days - 1.96 * se, days + 1.96 * se
    for k, share in enumerate((0.25, 0.5, 0.75)):
        # A quartile's interval: the published value stands between order statistics, here on the share scale.
        yield f"left_by_{data.follow_up_years[k]:g}_years", share, *exact_interval(share * n, n)
    yield "walking_end", data.walking_end / n, *exact_interval(data.walking_end, n)
    k, total = data.below_knee
    yield "below_knee", k / total, *exact_interval(k, total)


def simulated_targets(statistics: Array) -> Array:
    """The model's counterparts in the order of `observed_targets`, shape (rows, targets)."""
    table = table_of_moves(statistics)
    out = []
    for shares in (table.sum(axis=-1), table.sum(axis=-2)):
        out += [shares[:, cell] for cell in range(8)]
        out += [shares[:, OF_AMPUTATED].sum(1), shares[:, 4:].sum(1), shares[:, OF_HEALED].sum(1)]

    def value(name: str) -> Array:
        return np.asarray(statistics[:, INDEX[name]])

    doses = [[value(f"doses_{d}_{where}_40") for d in (1, 2, 3)] for where in ("below", "at_least")]
    out += [doses[0][d] + doses[1][d] for d in range(3)]
    out += [doses[high][dose - 1] for high, dose in DOSE_CELLS]
    out.append(doses[1][0] + doses[1][1] + doses[1][2])
    for name in ("enrolment", "last", "low", "high"):
        out += [value(f"tcpo2_{name}_mean"), value(f"tcpo2_{name}_sd")]
    out += [value("tcpo2_healed_mean"), value("tcpo2_unhealed_mean")]
    out += [value("healing_days_1_year"), value("healing_days_end")]
    quarters = np.cumsum([value(f"follow_up_quarter_{q}") for q in (1, 2, 3)], axis=0)
    out += [*quarters, value("walking_end"), value("below_knee_share")]
    return np.stack(out, axis=1)


def predictive_table(scenario: Scenario, data: Founding, draws: NDArray[np.void], seed: int) -> pd.DataFrame:
    """Every target with its 95% predictive interval at the study's n: one cohort of that size per posterior draw.

    Columns target, observed, predicted, low, high, inside; `draws` are engine parameters (draws,).
    """
    cohort = FoundingCohort(scenario, data, data.n, seed)
    statistics = np.array([summarise(cohort.lives(params, first=k * data.n), data) for k, params in enumerate(draws)])
    simulated = simulated_targets(statistics)
    low, high = np.nanquantile(simulated, [0.025, 0.975], axis=0)
    observed = list(observed_targets(data))
    table = pd.DataFrame(
        {
            "target": [name for name, *_ in observed],
            "observed": [value for _, value, *_ in observed],
            "predicted": np.nanmean(simulated, axis=0),
            "low": low,
            "high": high,
        }
    )
    table["inside"] = (table["observed"] >= table["low"] - 1e-9) & (table["observed"] <= table["high"] + 1e-9)
    return table
