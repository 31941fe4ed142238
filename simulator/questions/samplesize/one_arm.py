"""Calculators of trials with one arm: the exact binomial test, and Simon's two stages."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from simulator.questions.samplesize.answer import Answer, Inputs, Note
from simulator.statistics.sizes import exact_binomial

CLOPPER = "exact binomial; A'Hern RP. Stat Med 2001;20:859-866, doi 10.1002/sim.721"


def single_arm(values: Inputs) -> Answer:
    """One arm against a rate, by the exact binomial test."""
    p0, p1, alpha, power = (values[name] for name in ("p0", "p1", "alpha", "power"))
    lost = values.get("lost", 0.0)
    # A rate that is to fall is a rate of the opposite that is to rise.
    falls = p1 < p0
    low, high = (1.0 - p0, 1.0 - p1) if falls else (p0, p1)
    notes = [Note("exact_binomial", p0=p0, p1=p1, alpha=alpha)]
    if falls:
        notes.append(Note("falls_single"))
    if "n" in values:
        n = int(values["n"] * (1.0 - lost))
        row = {
            "method": "exact binomial",
            "patients": values["n"],
            "evaluable": n,
            "reject_from": int(exact_binomial.rejection_limit(n, low, alpha)),
            "power": float(exact_binomial.power(n, low, high, alpha)),
            "citation": CLOPPER,
        }
        grid = np.arange(max(2, n // 2), n + 15)
    else:
        size = exact_binomial.single_arm_size(low, high, alpha, power)
        wanted = np.array([size.first, size.stable])
        grid = np.arange(max(2, size.first // 2), size.stable + 15)
    curve = pd.DataFrame(
        {"method": "exact binomial", "patients": grid, "power": exact_binomial.power(grid, low, high, alpha)}
    )
    if "n" in values:
        return Answer("single-arm", pd.DataFrame([row]), curve, tuple(notes))
    table = pd.DataFrame(
        {
            "method": ["first n that reaches the power", "n from which on every n does"],
            "patients": [math.ceil(k / (1.0 - lost) - 1e-9) for k in wanted],
            "evaluable": wanted,
            "reject_from": exact_binomial.rejection_limit(wanted, low, alpha),
            "power": exact_binomial.power(wanted, low, high, alpha),
            "citation": CLOPPER,
        }
    )
    if (p0, p1, alpha, power) == (0.5, 0.7, 0.05, 0.85):
        notes.append(Note("founding_study"))
    return Answer("single-arm", table, curve, tuple(notes), size.table())


def two_stage(values: Inputs) -> Answer:
    """Simon's optimal and minimax designs in two stages."""
    from simulator.statistics.sizes import simon

    p0, p1, alpha, power = (values[name] for name in ("p0", "p1", "alpha", "power"))
    lost = values.get("lost", 0.0)
    falls = p1 < p0
    low, high = (1.0 - p0, 1.0 - p1) if falls else (p0, p1)
    designs = simon.two_stage(low, high, alpha, power)
    citation = "Simon R. Control Clin Trials 1989;10:1-10, doi 10.1016/0197-2456(89)90015-9"
    table = pd.DataFrame(
        [
            {
                "method": d.kind,
                "patients": math.ceil(d.n / (1.0 - lost) - 1e-9),
                "n1": d.n1,
                "r1": d.r1,
                "n": d.n,
                "r": d.r,
                "actual_alpha": d.alpha,
                "power": d.power,
                "early_stop_if_p0": d.early_stop,
                "expected_n_if_p0": d.expected_n,
                "citation": citation,
            }
            for d in designs
        ]
    )
    rates = np.linspace(max(0.0, low - 0.15), min(1.0, high + 0.15), 61)
    curves = [
        pd.DataFrame(
            {
                "method": d.kind,
                "true_rate": rates,
                "power": [simon.promising(float(p), d.n1, d.r1, d.n, d.r) for p in rates],
            }
        )
        for d in designs
    ]
    notes = [Note("two_stages")]
    if falls:
        notes.append(Note("falls_two_stage"))
    return Answer("simon", table, pd.concat(curves, ignore_index=True), tuple(notes))
