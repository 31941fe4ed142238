"""Whether, at which dose and how far a limb recovers perfusion, with and without cell therapy.

A latent uniform says whether the limb can recover, a latent geometric number at which dose it does. A share of what recovers
under treatment is caused by it; the rest would have recovered under conservative care, at the time at which the published
schedule would have given that dose.
"""

from __future__ import annotations

from math import floor, inf, log
from typing import Any

from simulator.compiling import compiled
from simulator.rules.draws import normal, uniform
from simulator.rules.perfusion import add_ramp
from simulator.words.vocabulary import DAYS_PER_YEAR, Renal, Stream

PUBLISHED = -1.0
"""Instead of the number of a product or route: the founding study's, against which odds ratios are stated."""


@compiled
def with_odds_ratio(probability: float, odds_ratio: float) -> float:
    """The probability after multiplying its odds."""
    odds = odds_ratio * probability / (1.0 - probability)
    return odds / (1.0 + odds)


@compiled
def response_probability(patient: Any, params: Any, product: float, route: float) -> float:
    """Probability that this patient's limb can recover under a product and route.

    The small-vesicle effect is centred at its share of the population, so that the average stays what was fitted.
    """
    ratio = 1.0
    if patient.leiden > 0.5:
        ratio *= params.response_or_leiden
    if patient.mthfr > 0.5:
        ratio *= params.response_or_mthfr
    if patient.renal >= Renal.SEVERE.value:
        ratio *= params.response_or_severe_renal
    share = params.small_ev_high_share
    ratio *= params.response_or_small_ev ** ((1.0 - share) if patient.small_ev_high > 0.5 else -share)
    if product != PUBLISHED:
        ratio *= params.therapies[int(product)].response_or
    if route != PUBLISHED:
        ratio *= params.therapies[int(route)].response_or
    return with_odds_ratio(params.response_probability, ratio)


@compiled
def response_dose(u: float, q: float) -> int:
    """The dose at which a limb that can recover does so: geometric with success probability q, by inversion."""
    if q >= 1.0:
        return 1
    return 1 + int(min(floor(log(u) / log(1.0 - q)), 1e6))


@compiled
def draw_response(life: Any, patient: Any, params: Any, policy: Any) -> None:
    """Settle the limb's latent recovery, and start it where it happens without treatment."""
    seed, i = life.seed, life.patient
    u = uniform(seed, i, Stream.RESPONSE, 0)
    life.can_recover = 1 if u < response_probability(patient, params, policy.product, policy.route) else 0
    natural = (1.0 - params.attributable_share) * response_probability(patient, params, PUBLISHED, PUBLISHED)
    life.recovers_anyway = 1 if u < natural else 0
    life.response_dose = response_dose(uniform(seed, i, Stream.RESPONSE_DOSE, 0), params.response_dose_probability)
    gain = params.recovery_gain - params.recovery_gain_baseline * (patient.tcpo2 - params.reference_tcpo2)
    life.gain = max(0.0, gain + params.recovery_gain_sd * normal(seed, i, Stream.GAIN, 0))
    life.recovery_start = inf
    if life.recovers_anyway:
        start_recovery(life, params, (life.response_dose - 1) * (params.natural_interval_days / DAYS_PER_YEAR))


@compiled
def start_recovery(life: Any, params: Any, t: float) -> None:
    """Let perfusion rise from time t (years) to the limb's own gain, and wane later if it does."""
    duration = params.recovery_days / DAYS_PER_YEAR
    life.recovery_start = t
    add_ramp(life, t, duration, life.gain)
    if params.recovery_waning_share > 0.0:
        wanes = t + duration + params.recovery_waning_delay_years
        add_ramp(life, wanes, params.recovery_waning_years, -params.recovery_waning_share * life.gain)


@compiled
def responds_to(life: Any) -> bool:
    """Whether the dose just given (number `life.doses`) starts a recovery that was not under way."""
    return bool(life.can_recover == 1 and life.recovers_anyway == 0 and life.doses == life.response_dose)
