"""Trials of therapies that do nothing: blinded nulls stay null, and whoever responds to a test fares better all the same."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from trial_designs import lives, simulation

from simulator.questions.trial.results.operating import alone
from simulator.questions.trial.simulation.simulation import Simulation

ENTRY = {"rutherford_at_least": 5, "rutherford_at_most": 6, "dialysis": False, "angioplasty_suitable": "no"}


def against_sham(folder: Path, trials: int, therapy: str, patients: int) -> Simulation:
    """A double-blind trial of a shipped therapy against sham, amputation as its endpoint."""
    return simulation(
        folder,
        trials,
        arms=[{"name": "control", "policy": "sham"}, {"name": "therapy", "policy": therapy}],
        entry=ENTRY | {"tcpo2_below": 30.0},
        accrual={"per_month": 100.0},
        blinding={"hidden_from": "everybody"},
        visits={"at_months": [1.0]},
        follow_up={"months": 9.0},
        size={"patients": patients, "power": 0.8},
        endpoints=[
            {"name": "amputation", "outcome": "major_amputation", "test": "chi_square", "at_months": 9.0},
            {"name": "tcpo2", "outcome": "tcpo2", "test": "ancova", "at_months": 1.0},
        ],
    )


def test_alprostadil_stays_null(tmp_path: Path) -> None:
    """At the sceptical ratio of 1, trials of 840 people are significant at the nominal rate in either direction."""
    trials = 400
    sim = against_sham(tmp_path, trials, "alprostadil", 840)
    conduct = sim.conduct()
    columns = sim.run(sim.truth("sceptical"), [conduct])[0]
    error = (0.025 * 0.975 / trials) ** 0.5
    for name in ("amputation", "tcpo2"):
        better = alone(conduct, columns, name).mean()
        worse = (columns[f"z_at_end:{name}"] <= -1.959964).mean()
        assert abs(better - 0.025) < 4.0 * error, name
        assert abs(worse - 0.025) < 4.0 * error, name


def test_responders_to_a_test_differ_where_nothing_was_done(tmp_path: Path) -> None:
    """With a ratio of 1, those treated whose TcPO2 is 30 mmHg after a month keep more legs than those below; the arms do not
    differ."""
    data = lives(against_sham(tmp_path, 10, "alprostadil", 400), 10, "sceptical").pooled()
    tested = np.isfinite(data.tcpo2[0, :, 0]) & (data.arm[0] == 1)
    lost = np.isfinite(data.amputated[0])
    matched = data.tcpo2[0, :, 0] >= 30.0
    shares = [lost[tested & group] for group in (matched, ~matched)]
    gap = shares[1].mean() - shares[0].mean()
    error = float(np.sqrt(sum(share.var() / share.size for share in shares)))
    assert gap > max(0.05, 5.0 * error)
    arms = [lost[data.arm[0] == arm] for arm in (0, 1)]
    assert abs(arms[1].mean() - arms[0].mean()) < 4.0 * float(np.sqrt(sum(arm.var() / arm.size for arm in arms)))
