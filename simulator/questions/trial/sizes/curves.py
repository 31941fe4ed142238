"""How a design's results move with its size, the view of the evidence and the speed of accrual; events over time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from simulator.questions.trial.analysis.data import limited
from simulator.questions.trial.analysis.looks import end_of_trial, event_dates
from simulator.questions.trial.conduct.conduct import hypotheses
from simulator.questions.trial.design.endpoint import Endpoint
from simulator.questions.trial.results.operating import mean_and_se, share_and_se, succeeded
from simulator.questions.trial.simulation.simulation import Simulation, at_once
from simulator.questions.trial.simulation.truth import VIEWS
from simulator.questions.trial.sizes.size_search import power_curve, sizes_around

SPEEDS = (0.5, 0.75, 1.0, 1.5, 2.0)
POINTS = 25
"""Dates on the calendar."""

Advance = Callable[[int], None]


def view_curves(simulation: Simulation, advance: Advance | None = None) -> pd.DataFrame:
    """Power against size under each view of the evidence: view, patients, power, se."""
    sizes = sizes_around(simulation.conduct())
    frames = []
    for view in VIEWS:
        curve, _ = power_curve(simulation, view, sizes, advance)
        curve.insert(0, "view", view)
        frames.append(curve)
    return pd.concat(frames, ignore_index=True)


def accrual_curve(simulation: Simulation, advance: Advance | None = None) -> pd.DataFrame:
    """The design at other speeds of accrual: speed (1 is as planned), measure (power, months, patients), value, se."""
    design = simulation.design
    rows = []
    for speed in SPEEDS:
        changed = design.model_copy(update={"accrual": design.accrual.faster(speed)})
        other = replace(simulation, planned=replace(simulation.planned, design=changed))
        conduct = replace(other.conduct(), described=False)
        columns = other.run(other.truth("scenario"), [conduct], advance)[0]
        rows.append((speed, "power", *share_and_se(succeeded(conduct, columns))))
        rows += [(speed, name, *mean_and_se(columns[name])) for name in ("months", "patients")]
    return pd.DataFrame(rows, columns=["speed", "measure", "value", "se"])


def calendar_table(simulation: Simulation, truths: Sequence[str]) -> pd.DataFrame:
    """Patients entered and events of the first endpoint by calendar date, if no look stops the trial.

    Columns: truth, months, measure (patients, events), value, se. For an endpoint that is no time to an event the events
    are amputations and deaths.
    """
    conduct = simulation.conduct()
    design, n = simulation.design, conduct.marked.patients
    endpoint = design.primary
    if not endpoint.by_events:
        endpoint = Endpoint(name="events", outcome="amputation_free_survival", test="logrank")
    rows: list[tuple[str, float, str, float, float]] = []
    for truth in truths:
        data = limited(simulation.lives(simulation.truth(truth), 0, at_once(simulation.trials, n), n), n)
        end = end_of_trial(design, data, conduct.marked.events)
        events, entries = event_dates(endpoint, data), np.where(data.entered, data.entry, np.inf)
        for month in np.linspace(0.0, float(end.max()) * 12.0, POINTS):
            by = np.minimum(month / 12.0, end)[:, None]
            for measure, dates in (("patients", entries), ("events", events)):
                rows.append((truth, float(month), measure, *mean_and_se((dates <= by).sum(axis=1) * 1.0)))
    return pd.DataFrame(rows, columns=["truth", "months", "measure", "value", "se"])


def summaries_for_economics(
    simulation: Simulation, sizes: Sequence[int], advance: Advance | None = None
) -> pd.DataFrame:
    """One row per size and posterior draw: what the trial would have shown if that draw were the truth.

    Columns: patients, draw, success, patients_entered, screened, months, and `estimate_NAME` and `se_NAME` of every
    endpoint when the trial stops (of endpoints that are described only, at its planned end). Draw d has the parameters
    that any probabilistic analysis of the same scenario and seed uses as its draw d, which is what the expected value of
    sample information needs.
    """
    conducts = [simulation.conduct(size) for size in sizes]
    tables = simulation.run(simulation.truth("posterior"), conducts, advance)
    frames = []
    for conduct, columns in zip(conducts, tables, strict=True):
        draws = np.arange(simulation.trials)
        frame = {
            "patients": np.full(draws.size, conduct.marked.patients),
            "draw": draws,
            "success": succeeded(conduct, columns),
            "patients_entered": columns["patients"],
            "screened": columns["screened"],
            "months": columns["months"],
        }
        tested = {name for name, _, _ in conduct.hypotheses}
        for name, _, _ in hypotheses(conduct.design, conduct.design.endpoints):
            when = "" if name in tested else "_at_end"
            for field in ("estimate", "se"):
                frame[f"{field}_{name}"] = columns[f"{field}{when}:{name}"]
        frames.append(pd.DataFrame(frame))
    return pd.concat(frames, ignore_index=True)
