"""The special case with constant hazards: a continuous-time Markov chain, whose answers are matrix exponentials."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import log, log1p
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import expm

from simulator.evidence.life_table import LifeTable
from simulator.living.cohort_arrays import Followed
from simulator.living.ledger import FIELDS
from simulator.questions.verify.subject.subject import NOTHING, STEADY, Subject
from simulator.words.vocabulary import State

HORIZON = 8.0
TIMES = (0.5, 1.0, 3.0, HORIZON)
YEARLY = (0.02, 0.05)
BACKGROUND = 0.08
# Rates a year and shares that make every transition frequent: a test case, not evidence.
RATES = {
    "amputation_rate": 0.5,
    "minor_amputation_rate": 0.7,
    "healing_rate": 1.1,
    "pain_relief_rate": 0.9,
    "recurrence_rate": 0.6,
    "death_rate_wound": 0.25,
    "death_rate_healed": 0.05,
    "postoperative_death_rate": 0.3,
    "stump_healing_rate_below_knee": 1.4,
    "stump_healing_rate_above_knee": 0.9,
    "conversion_rate": 0.4,
}
RATIOS = {
    "amputation_hr_rest_pain": 0.4,
    "recurrence_hr_minor": 1.8,
    "postoperative_hr_above_knee": 1.5,
    "below_knee_share": 0.6,
    "amputation_hr_recurrent": 1.3,
    "amputation_hr_minor": 0.6,
    "death_ratio_amputee": 1.7,
    "death_causal_share": 1.0,
    "walking_share_below_knee": 0.7,
    "walking_share_above_knee": 0.35,
}
PLAIN = {
    **STEADY,
    "conversion_trend": 0.0,
    "other_limb_rate": 0.0,
    **dict.fromkeys(("dialysis_rate_normal", "dialysis_rate_moderate", "dialysis_rate_severe"), 0.0),
    **dict.fromkeys(("beyond_salvage_share_4", "beyond_salvage_share_5", "beyond_salvage_share_6"), 0.0),
    "frailty_sd": 0.0,
    "healing_per_mmhg_short": 0.0,
    "stump_healing_lag_days": 0.0,
    "minor_amputation_lag_days": 0.0,
    "healing_lag_days": 0.0,
    "recurrence_lag_days": 0.0,
    "dialysis_death_rate": 0.0,
    "prosthesis_fitting_days": 0.0,
    "most_minor_amputations": 100.0,
    "walking_share_referral": 1.0,
    "walking_loss_rate": 0.0,
    "minor_amputation_hr_no_gangrene": 1.0,
    "healing_hr_gangrene": 1.0,
    "postoperative_death_trend": 0.0,
    "death_per_year_of_age": 0.0,
    "prosthesis_days_below_knee": 0.0,
    "prosthesis_days_above_knee": 0.0,
    "background_hr": 1.0,
    **dict.fromkeys(
        (
            "death_hr_heart",
            "death_hr_renal_moderate",
            "death_hr_renal_severe",
            "death_hr_dialysis",
            "death_hr_rutherford_6",
            "death_hr_rest_pain",
            "disease_death_hr_rest_pain",
            "healing_hr_dialysis",
            "healing_hr_rutherford_6",
            "healing_hr_no_gangrene",
            "healing_hr_infection",
            "wound_area_ratio",
            "wound_age_ratio",
            "amputation_hr_dialysis",
            "amputation_hr_rutherford_6",
            "recurrence_hr_dialysis",
        ),
        1.0,
    ),
}
STATE_OF = {
    "rest": (State.REST_PAIN,),
    "relieved": (State.HEALED,),
    "ulcer": (State.ULCER, State.SEVERE_ULCER),
    "ulcer_minor": (State.ULCER, State.SEVERE_ULCER),
    "healed": (State.HEALED,),
    "healed_minor": (State.HEALED_AFTER_MINOR,),
    "again": (State.RECURRENT_ULCER,),
    "again_minor": (State.RECURRENT_ULCER,),
    "below": (State.BELOW_KNEE,),
    "below_walks": (State.BELOW_KNEE_WALKING,),
    "below_sits": (State.BELOW_KNEE,),
    "above": (State.ABOVE_KNEE,),
    "above_walks": (State.ABOVE_KNEE_WALKING,),
    "above_sits": (State.ABOVE_KNEE,),
}
CHAIN = list(STATE_OF)
GROUPS = sorted(set(STATE_OF.values()))
GROUPED = np.array([[float(STATE_OF[c] == group) for group in GROUPS] for c in CHAIN])
OF_AMPUTATION = {
    "rest": "amputation_hr_rest_pain",
    "ulcer_minor": "amputation_hr_minor",
    "again": "amputation_hr_recurrent",
    "again_minor": "amputation_hr_minor",
}
LIMB = ("rest", "ulcer", "ulcer_minor", "again", "again_minor")

Means: TypeAlias = tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]
"""Means, their standard errors and what is expected."""


def transitions() -> dict[tuple[str, str], float]:
    """Rates (per year) between the states of the chain, without death."""
    r, ratio = RATES, RATIOS
    rates: dict[tuple[str, str], float] = {
        ("rest", "relieved"): r["pain_relief_rate"],
        ("rest", "ulcer"): r["recurrence_rate"],
        ("relieved", "ulcer"): r["recurrence_rate"],
    }
    for wound in ("ulcer", "again"):
        rates[wound, f"{wound}_minor"] = r["minor_amputation_rate"]
        rates[wound, "healed"] = rates[f"{wound}_minor", "healed_minor"] = r["healing_rate"]
    rates["healed", "again"] = r["recurrence_rate"]
    rates["healed_minor", "again_minor"] = r["recurrence_rate"] * ratio["recurrence_hr_minor"]
    for state in LIMB:
        amputation = r["amputation_rate"] * ratio.get(OF_AMPUTATION.get(state, ""), 1.0)
        rates[state, "below"] = amputation * ratio["below_knee_share"]
        rates[state, "above"] = amputation - rates[state, "below"]
    rates["below", "above"] = r["conversion_rate"]
    for level in ("below", "above"):
        walks = ratio[f"walking_share_{level}_knee"]
        healing = r[f"stump_healing_rate_{level}_knee"]
        rates[level, f"{level}_walks"] = healing * walks
        rates[level, f"{level}_sits"] = healing * (1.0 - walks)
    return rates


def death_rate(state: str) -> float:
    """Death (per year) in a state of the chain."""
    r = RATES
    if state.startswith(("below", "above")):
        peak = RATIOS["postoperative_hr_above_knee"] if state.startswith("above") else 1.0
        disease = r["death_rate_healed"] * RATIOS["death_ratio_amputee"]
        return BACKGROUND + disease + r["postoperative_death_rate"] * peak
    # With all of the association causal an excess lasts as long as rest pain or an open wound, and does not fade here.
    excess = r["death_rate_wound"] if state in LIMB else 0.0
    return BACKGROUND + r["death_rate_healed"] + excess


@dataclass(frozen=True, eq=False)
class Chain:
    """The scenario's own patients under constant hazards, and what the chain says of them."""

    lives: Followed
    starts: NDArray[np.float64]

    @classmethod
    def of(cls, subject: Subject) -> Chain:
        """Simulate them under no care, with one rate of background death for everybody."""
        flat = LifeTable("none", "constant", np.array([0.0, 200.0]), np.full((2, 2), log(BACKGROUND)))
        scenario = subject.changed(horizon=HORIZON, discounting=YEARLY, life_table=flat)
        lives = subject.lives({**RATES, **RATIOS, **PLAIN}, scenario, [NOTHING], times=TIMES)[NOTHING]
        resting = float((lives.patients["rutherford"] < 4.5).mean())
        starts = np.array([{"rest": resting, "ulcer": 1.0 - resting}.get(state, 0.0) for state in CHAIN])
        return cls(lives, starts)

    @cached_property
    def generator(self) -> NDArray[np.float64]:
        """Q among the living."""
        Q = np.zeros((len(CHAIN), len(CHAIN)))
        for (start, end), rate in transitions().items():
            Q[CHAIN.index(start), CHAIN.index(end)] = rate
        for i, state in enumerate(CHAIN):
            Q[i, i] = -Q[i].sum() - death_rate(state)
        return Q

    def years(self, yearly: float) -> NDArray[np.float64]:
        """Expected discounted years in each state of the chain: start (Q - rI)^-1 (expm((Q - rI) T) - I)."""
        A = self.generator - log1p(yearly) * np.eye(len(CHAIN))
        return np.asarray(self.starts @ np.linalg.solve(A, expm(A * HORIZON) - np.eye(len(CHAIN))))

    def occupancy(self) -> Means:
        """Shares of people in each group of states at each time, their errors, and start expm(Q t)."""
        expected = np.array([self.starts @ expm(self.generator * t) @ GROUPED for t in TIMES])
        state = self.lives.censuses[:, :, 0]
        found = np.stack([np.isin(state, [int(s) for s in group]).mean(axis=0) for group in GROUPS], axis=-1)
        return found, np.sqrt(expected * (1.0 - expected) / len(state)), expected

    def state_years(self, kind: str, yearly: float) -> Means:
        """Mean ledger years in each group of states, their errors, and the closed form. `kind`: time, effect or cost."""
        columns = [[FIELDS.index(f"{kind}_{state.name.lower()}") for state in group] for group in GROUPS]
        found = np.stack([self.lives.ledgers[:, of].sum(axis=1) for of in columns], axis=-1)
        return found.mean(axis=0), found.std(axis=0) / np.sqrt(len(found)), self.years(yearly) @ GROUPED

    def counts(self, kind: str, yearly: float) -> Means:
        """Mean counts of events, their errors, and rates times years at risk. `kind`: count or cost_count."""
        years, r = dict(zip(CHAIN, self.years(yearly), strict=True)), RATES
        rates = transitions()

        def into(*ends: str, start: tuple[str, ...] = tuple(CHAIN)) -> float:
            return float(sum(rate * years[s] for (s, e), rate in rates.items() if e in ends and s in start))

        closed = ("healed", "healed_minor", "rest", "relieved")
        expected = {
            "minor_amputation": r["minor_amputation_rate"] * sum(years[s] for s in LIMB if s != "rest"),
            "below_knee_amputation": into("below"),
            "above_knee_amputation": into("above", start=LIMB),
            "conversion": into("above", start=("below",)),
            "new_wound": into("ulcer", "again", "again_minor", start=closed),
            "healed": into("healed", "healed_minor"),
            "stump_healed": into("below_walks", "below_sits", "above_walks", "above_sits"),
            "prosthesis_below_knee": into("below_walks"),
            "prosthesis_above_knee": into("above_walks"),
            "death": sum(death_rate(state) * time for state, time in years.items()),
        }
        found = self.lives.ledgers[:, [FIELDS.index(f"{kind}_{name}") for name in expected]]
        return found.mean(axis=0), found.std(axis=0) / np.sqrt(len(found)), np.array(list(expected.values()))
