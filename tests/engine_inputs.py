"""Inputs for the engines' tests: parameters, policies, entry criteria and the fixed arrays of a run."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from math import log
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.evidence import load_life_table, load_register
from simulator.evidence.distributions import sample
from simulator.living import blocks
from simulator.living.cohort_arrays import Followed
from simulator.living.ledger import visit_table
from simulator.living.setting import Setting
from simulator.living.visits import visit_times
from simulator.rules.pathway.crossover import NO_CROSSOVER
from simulator.rules.pathway.policy import POLICY
from simulator.rules.population.criteria import CRITERIA
from simulator.rules.population.patient import COLUMNS
from simulator.scenario.arrays import parameter_draws, parameter_dtype
from simulator.words.vocabulary import Marker, Repeat

HORIZON = 50.0
TIMES = np.array([0.0, 1.0, 2.0, 5.0, HORIZON])
NOBODY_GIVEN = np.zeros((0, len(COLUMNS)))
THERAPIES = {name: float(place) for place, name in enumerate(load_register().therapies)}
IN_THE_MUSCLE = {"product": THERAPIES["pbmnc"], "route": THERAPIES["intramuscular"]}
ANYBODY = {
    "tcpo2_below": 1e9,
    "age_below": 200.0,
    "rutherford_at_most": 6.0,
    "severe_renal": 1.0,
    "dialysis": 1.0,
    "angioplasty_suitable": -1.0,
    "beyond_salvage": 1.0,
}
NO_OPTION = ANYBODY | {"tcpo2_below": 30.0, "ankle_pressure_counts": 1.0, "dialysis": 0.0}
PROTOCOL = NO_OPTION | {
    "doses": 3.0,
    "interval": 45 / 365.25,
    "repeat_rule": float(Repeat.CLINICAL_JUDGEMENT),
    "stop_at_tcpo2": 40.0,
}
POLICIES: dict[str, dict[str, float]] = {
    "conservative": NO_OPTION,
    "single_dose": PROTOCOL | {"doses": 1.0},
    "protocol": PROTOCOL,
    "response_guided": PROTOCOL | {"repeat_rule": float(Repeat.UNTIL_TCPO2)},
    "four_doses": PROTOCOL | {"doses": 4.0, "repeat_rule": float(Repeat.ALWAYS)},
    "angioplasty": ANYBODY | {"angioplasty": 1.0, "angioplasty_suitable": 1.0, "waiting": 10 / 365.25},
    "angioplasty_and_cells": PROTOCOL | {"angioplasty": 1.0, "angioplasty_suitable": 1.0},
    "ev_selected": PROTOCOL
    | {
        "marker": float(Marker.SMALL_EV),
        "marker_threshold": 15.0,
        "marker_sensitivity": 0.9,
        "marker_specificity": 0.8,
        "marker_treat_positive": 1.0,
    },
    "thrombophilia_selected": PROTOCOL
    | {"marker": float(Marker.THROMBOPHILIA), "marker_sensitivity": 1.0, "marker_specificity": 0.95},
    "include_dialysis": PROTOCOL | {"dialysis": 1.0},
    "intra_arterial": PROTOCOL | {"route": THERAPIES["intra_arterial"], "waiting": 30 / 365.25},
    "bmmnc": PROTOCOL | {"product": THERAPIES["bmmnc"]},
}


def record(dtype: np.dtype[Any], values: dict[str, float]) -> Any:
    """One record of `dtype` with these fields; the others are zero."""
    made = np.zeros(1, dtype)
    for name, value in values.items():
        made[0][name] = value
    return made[0]


def parameters(**changed: float) -> Any:
    """The register's values in the central view, some of them changed, beyond the register's ranges if need be.

    What the rules read is set as it stands; what becomes something else on the way to them goes through the register.
    """
    register = load_register()
    plain = {name: value for name, value in changed.items() if name in (parameter_dtype(register).names or ())}
    others = {name: value for name, value in changed.items() if name not in plain}
    row = np.zeros(1, [(name, np.float64) for name in others])
    for name, value in others.items():
        row[name] = value
    made = parameter_draws(register, "central", row if others else None)[0]
    for name, value in plain.items():
        made[name] = value
    return made


def drawn_parameters(count: int, seed: int) -> list[Any]:
    """Draws of the whole register, in the central view."""
    return list(parameter_draws(load_register(), "central", sample(load_register(), count, seed)))


def policy(name: str, **changed: float) -> Any:
    """A policy by name, some of its fields changed."""
    return policy_record(POLICIES[name] | changed)


def policy_record(fields: dict[str, float]) -> Any:
    """A policy by its fields; `angioplasty` stands for a dilatation of suitable arteries at referral, before the cells."""
    fields = dict(fields)
    dilated = fields.pop("angioplasty", 0.0) > 0.5
    made = record(POLICY, {**IN_THE_MUSCLE, **fields, "cells_after": -1.0})
    if dilated:
        made["step_count"] = 1
        step = {**ANYBODY, "angioplasty_suitable": 1.0, "therapy": THERAPIES["angioplasty"], "after": -1.0}
        for field, value in {**step, "wait": fields.get("waiting", 0.0), "slot": 1.0}.items():
            made["steps"][field][0] = value
    return made


def entry(**changed: float) -> Any:
    """Criteria that everybody meets, some of them changed."""
    return record(CRITERIA, ANYBODY | changed)


@cache
def fixed_arrays(horizon: float = HORIZON, yearly: float = 0.03) -> dict[str, NDArray[np.float64]]:
    """Life table, clock and visits of a run with one yearly discount rate."""
    ages, log_hazards = load_life_table().to_arrays()
    rate = log(1.0 + yearly)
    visits = visit_times(15.0, 91.3125, horizon)
    return {
        "ages": ages,
        "log_hazards": log_hazards,
        "clock": np.array([horizon, rate, rate]),
        "visits": visits,
        "discounted_visits": visit_table(visits, rate),
        "times": np.array([*TIMES[horizon > TIMES], horizon]),
    }


def setting(
    params: Any,
    policy: Any,
    seed: int = 1,
    who: Any = None,
    given: NDArray[np.float64] = NOBODY_GIVEN,
    **arrays: Any,
) -> Setting:
    """What lives under one policy share; `who` may enter (default: anybody)."""
    fixed = fixed_arrays() | arrays
    horizon, effect_rate, cost_rate = map(float, fixed.pop("clock"))
    return Setting(
        params=params,
        policies=np.array([policy], POLICY),
        entry=entry() if who is None else who,
        given=given,
        seed=np.uint64(seed),
        horizon=horizon,
        effect_rate=effect_rate,
        cost_rate=cost_rate,
        crossover=NO_CROSSOVER,
        **fixed,
    )


def follow(
    params: Any,
    policy: Any,
    seed: int = 1,
    first: int = 0,
    count: int = 200,
    who: Any = None,
    given: NDArray[np.float64] = NOBODY_GIVEN,
    engine: Callable[..., Followed] = blocks.follow,
    events: bool = True,
    **arrays: Any,
) -> Followed:
    """Follow patients who meet `who` (default: anybody) with an engine."""
    return engine(setting(params, policy, seed, who, given, **arrays), 0, first, count, events)


SCRATCH = {"remaining", "hazard", "exponent", "cumulative", "looked", "ramp_start", "ramp_duration", "ramp_height"}
"""Fields in which the rules keep notes that mean nothing afterwards; ramps are compared as far as they count."""


def assert_same(a: Followed, b: Followed, what: str = "", history: bool = True) -> None:
    """Every number of two cohorts is equal, and NaN where the other is NaN."""
    for name in ("patients", "lives", "history") if history else ("patients", "lives"):
        one, other = getattr(a, name), getattr(b, name)
        assert one.shape == other.shape, (what, name, one.shape, other.shape)
        for field in set(one.dtype.names) - SCRATCH:
            same = np.array_equal(one[field], other[field], equal_nan=one[field].dtype.kind == "f")
            assert same, (what, name, field)
    counts = np.arange(a.lives["ramp_start"].shape[1]) < a.lives["ramps"][:, None]
    for field in ("ramp_start", "ramp_duration", "ramp_height"):
        assert np.array_equal(a.lives[field][counts], b.lives[field][counts]), (what, field)
    assert a.barred == b.barred, what
    for name in ("ledgers", "censuses", "paths", "outcomes"):
        one, other = getattr(a, name), getattr(b, name)
        assert np.array_equal(one, other, equal_nan=one.dtype.kind == "f"), (what, name)
