"""How far a limb's perfusion changes, without cell therapy and through it.

Every limb has a rank among all limbs. Under the whole published treatment its TcPO2 changes by a gain that is linear in the
rank, bounded and wide; in the lowest ranks it falls. A share of a rise is caused by the cells, spread over the doses; the
rest, and every fall, comes without them.
"""

from __future__ import annotations

from typing import Any

from simulator.compiling import compiled
from simulator.rules.pathway.life import Luck
from simulator.rules.perfusion import add_ramp
from simulator.words.vocabulary import DAYS_PER_YEAR, Renal

PUBLISHED = -1.0
"""Instead of the number of a product or route: the founding study's, against which odds ratios are stated."""


@compiled
def response_odds(patient: Any, params: Any, product: float, route: float) -> float:
    """What this patient's traits, a product and a route multiply the odds of any larger gain with.

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
    return float(ratio * odds_of(params, product) * odds_of(params, route))


@compiled
def odds_of(params: Any, therapy: float) -> float:
    """The odds ratio of a larger gain that a cell product or route has, by its number among the therapies."""
    return 1.0 if therapy == PUBLISHED else float(params.therapies[int(therapy)].response_or)


@compiled
def response_rank(u: float, ratio: float, probability: float, polarity: float) -> float:
    """Rank of a limb, from 0 (worst) to 1, that has drawn u: odds(rank) = (ratio odds(probability) odds(u)) ** polarity.

    A fraction `probability` of limbs with a ratio of 1 ranks above one half, and the odds of a rank above any given one are
    proportional to the ratio, whatever the polarity. With a polarity of 1 and even odds ranks are uniform; a large one leaves
    two points, which is a response that is there or not.
    """
    odds = ratio * probability / (1.0 - probability) * (u / (1.0 - u))
    # The power is taken on the side where it underflows instead of overflowing.
    if odds > 1.0:
        return float(1.0 / (1.0 + (1.0 / odds) ** polarity))
    power = odds**polarity
    return float(power / (1.0 + power))


@compiled
def total_gain(life: Any, patient: Any, params: Any, product: float, route: float) -> float:
    """Change of TcPO2 (mmHg) under the whole published treatment with a product and route; below 0 the limb comes down."""
    ratio = response_odds(patient, params, product, route)
    rank = response_rank(life.luck[Luck.RESPONSE], ratio, params.response_probability, params.response_polarity)
    gain = params.recovery_gain + params.recovery_spread * (rank - 0.5)
    return float(gain - params.recovery_gain_baseline * (patient.tcpo2 - params.reference_tcpo2))


@compiled
def change_naturally(life: Any, patient: Any, params: Any) -> None:
    """Settle the limb's gain, and let what no cells cause of it happen from referral on, whoever is treated.

    The gain is that under the product and route of the founding study.
    """
    life.gain = total_gain(life, patient, params, PUBLISHED, PUBLISHED)
    life.natural_gain = life.gain - params.attributable_share * max(life.gain, 0.0)
    life.caused_gain, life.given_gain = 0.0, 0.0
    change_by(life, params, 0.0, params.natural_days / DAYS_PER_YEAR, life.natural_gain)


@compiled
def caused_gain(life: Any, patient: Any, params: Any, policy: Any) -> float:
    """Rise (mmHg) that the published number of doses of a policy's product by its route cause, 0 or more."""
    total = life.gain
    if odds_of(params, policy.product) != 1.0 or odds_of(params, policy.route) != 1.0:
        total = total_gain(life, patient, params, policy.product, policy.route)
    return float(max(0.0, total - life.natural_gain))


@compiled
def share_of_dose(number: int, q: float, published: float) -> float:
    """What dose `number` (from 1) adds, as a share of what the `published` number of doses add together.

    Each dose adds the fraction q of what is still to come: q (1 - q)^(number - 1) of an endless series.
    """
    return float(q * (1.0 - q) ** (number - 1) / (1.0 - (1.0 - q) ** published))


@compiled
def respond_to_dose(life: Any, params: Any, t: float) -> None:
    """Let perfusion rise from t (years) on by what the dose just given (number `life.doses`) adds."""
    rise = life.caused_gain * share_of_dose(life.doses, params.dose_share, params.published_doses)
    life.given_gain += rise
    change_by(life, params, t, params.recovery_days / DAYS_PER_YEAR, rise)


@compiled
def change_by(life: Any, params: Any, t: float, duration: float, height: float) -> None:
    """Let perfusion change by `height` mmHg within `duration` years from t on; a rise wanes later, if rises do."""
    if height == 0.0:
        return
    add_ramp(life, t, duration, height)
    if params.recovery_waning_share > 0.0 and height > 0.0:
        wanes = t + duration + params.recovery_waning_delay_years
        add_ramp(life, wanes, params.recovery_waning_years, -params.recovery_waning_share * height)
