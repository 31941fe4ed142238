"""The story in plain sentences. What nobody at the bedside can know stands in square brackets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import inf, isnan
from typing import Any

import pandas as pd

from simulator.evidence.therapy import Therapy
from simulator.questions.story.watching import Moment, Watched, barred_by, first_difference
from simulator.scenario import Scenario
from simulator.scenario.therapies import event_word
from simulator.words.vocabulary import ARTERIES, DAYS_PER_YEAR, Event, Limb, Renal, Repeat, Wound

MONTHS_TOLD = (1, 3, 6, 9, 12)
"""Months of the first year whose visits are told, and after it one visit a year."""
ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
CRITERIA = {
    "tcpo2_at_least": "measured TcPO2 is not at least {} mmHg",
    "tcpo2_below": "measured TcPO2 is not below {} mmHg and ankle pressure is no reason",
    "age_at_least": "age is not at least {}",
    "age_below": "age is not below {}",
    "rutherford_at_least": "tissue loss is below Rutherford {}",
    "rutherford_at_most": "tissue loss is above Rutherford {}",
    "severe_renal": "severe renal impairment is excluded",
    "dialysis": "dialysis is excluded",
    "beyond_salvage": "the limb is beyond salvage",
    "angioplasty_suitable": "the policy asks for {}",
}
"""Why a criterion bars somebody; the braces hold its value."""
SUITABLE = {"yes": "a vessel that could be dilated", "no": "a limb without a vessel to dilate"}


def when(time: float) -> str:
    """A time since referral: ``day 143``, later ``year 3.2``."""
    return f"day {round(time * DAYS_PER_YEAR)}" if time < 2.0 else f"year {time:.1f}"


def opening(watched: Watched, number: int) -> str:
    """Who the patient is, as a referral letter would say it."""
    p = watched.patient
    sex, whose = ("man", "his") if p["male"] else ("woman", "her")
    illness = [f"diabetes for {p['diabetes_years']:.0f} years"]
    if p["ischaemic_heart_disease"]:
        illness.append("ischaemic heart disease")
    renal = {
        Renal.NORMAL: "normal renal function",
        Renal.MODERATE: "moderate renal impairment",
        Renal.SEVERE: "severe renal impairment",
        Renal.DIALYSIS: "end-stage renal disease on dialysis",
    }
    illness.append(renal[Renal(int(p["renal"]))])
    side = "right" if p["right_limb"] else "left"
    if p["rutherford"] < 4.5:
        foot = f"ischaemic rest pain of the {side} foot without a wound"
    else:
        found = [name for name in ("infection", "gangrene", "osteomyelitis") if p[name]]
        foot = f"{'extensive tissue loss' if p['rutherford'] > 5.5 else 'an ulcer'} of the {side}"
        foot += f" {'heel' if p['heel'] else 'foot'}" + (f" with {_listed(found)}" if found else "")
    arteries = [name.replace("_", " ") for name in ARTERIES if p[f"artery_{name}"]]
    option = "A vessel could be dilated." if p["angioplasty_suitable"] else "There is no option for revascularisation."
    walks = "walks" if p["walks"] else "cannot walk"
    return (
        f"Patient {number} is a {sex} of {p['age']:.0f} with {_listed(illness)}, referred for {foot}"
        f" (Rutherford {p['rutherford']:.0f}), and {walks}. TcPO2 on {whose} foot was measured at {p['tcpo2_measured']:.0f} mmHg."
        f" Diseased arteries: {_listed(arteries) or 'not recorded in detail'}. {option}"
    )


def hidden(watched: Watched, scenario: Scenario) -> str:
    """What nobody at the bedside can know: the true perfusion and the latent response."""
    p, life = watched.patient, watched.life
    text = f"True TcPO2 at referral is {p['tcpo2']:.0f} mmHg."
    traits = [label for name, label in (("leiden", "factor V Leiden"), ("mthfr", "MTHFR 677 TT")) if p[name]]
    traits.append(f"{p['small_ev']:.0f}% small vesicles")
    text += f" This limb, with {_listed(traits)}, {_change(life['natural_gain'])} without cells within"
    text += f" {scenario.params()['natural_days']:.0f} days"
    if life["caused_gain"] > 0.0:
        text += f"; all {scenario.params()['published_doses']:.0f} treatments would add {life['caused_gain']:.0f} mmHg"
    return f"{text}."


def _change(mmhg: float) -> str:
    if abs(mmhg) < 0.5:
        return "keeps its TcPO2"
    return f"{'gains' if mmhg > 0.0 else 'loses'} {abs(mmhg):.0f} mmHg"


def told(watched: Watched, scenario: Scenario) -> list[tuple[float, str]]:
    """The life as pairs of years since referral and a sentence, in order."""
    plan = _plan(watched, scenario)
    lines = [(0.0, plan)] if plan else []
    for place, moment in enumerate(watched.moments[1:], start=1):
        if moment.event is Event.VISIT:
            continue
        lines.append((moment.time, _sentence(watched, scenario, place, moment)))
    lines.extend(_visits(watched))
    return sorted(lines, key=lambda line: line[0])


def _plan(watched: Watched, scenario: Scenario) -> str:
    policy = scenario.policies[watched.policy]
    if not policy.treats:
        return f"Begins {policy.label.lower()}."
    barred = barred_by(scenario, watched.policy, watched.patient)
    if barred:
        criteria = policy.eligibility.model_dump()
        why = _listed([CRITERIA[name].format(_plain(criteria[name])) for name in barred])
        return f"Not treated, because {why}; has conservative care."
    if watched.life["beyond_salvage"]:
        return "Not treated, because the limb is beyond salvage; has conservative care."
    if watched.life["tested"] and not watched.life["treated"] and not policy.therapies:
        return "The biomarker test speaks against treatment; has conservative care."
    return ""


def _plain(value: object) -> str:
    """A criterion's value in words."""
    if value in SUITABLE:
        return SUITABLE[str(value)]
    return f"{value:g}" if isinstance(value, float) else str(value)


def _sentence(watched: Watched, scenario: Scenario, place: int, moment: Moment) -> str:
    before = watched.moments[place - 1]
    event = moment.event
    if event is Event.DOSE:
        return _dose(moment, scenario)
    if event is Event.STOPS_TREATMENT:
        return _stop(watched, moment, scenario)
    if event in (Event.BELOW_KNEE_AMPUTATION, Event.ABOVE_KNEE_AMPUTATION):
        level = "below" if event is Event.BELOW_KNEE_AMPUTATION else "above"
        last = _last_true(watched, moment.time)
        return f"The limb is lost: major amputation {level} the knee [at a true TcPO2 of {last:.0f} mmHg]."
    if event in DEATHS:
        age = watched.patient["age"] + moment.time
        return f"Dies at {age:.0f}, {_cause(watched, event, before)}."
    if moment.step >= 0:
        return _of_therapy(event, scenario.register.therapies[scenario.policies[watched.policy].given[moment.step]])
    if event is Event.WALKS:
        return "Walks with a prosthesis." if moment.limb >= Limb.BELOW_KNEE else "Walks again."
    if event is Event.NEW_WOUND:
        return "A first wound opens." if moment.wound == Wound.OPEN else "A new wound opens."
    return {
        Event.CONVERSION: "The stump fails: amputation above the knee.",
        Event.MINOR_AMPUTATION: _minor_amputation(watched, place),
        Event.HEALED: "The wound has healed.",
        Event.PAIN_RELIEVED: "The foot no longer hurts at rest.",
        Event.STUMP_HEALED: "The stump has healed.",
        Event.HORIZON: "End of follow-up, alive.",
        Event.WALKS_NO_MORE: "Can walk no longer.",
        Event.OTHER_LIMB_AMPUTATION: f"The other leg is amputated{', too' if moment.limb >= Limb.BELOW_KNEE else ''}.",
        Event.STARTS_DIALYSIS: "Begins dialysis.",
    }[event]


def _of_therapy(event: Event, therapy: Therapy) -> str:
    """What a therapy did, by its name."""
    label = therapy.label
    return {
        Event.PROCEDURE: f"{label}.",
        Event.REPEAT_PROCEDURE: f"{label} again.",
        Event.LOSS: f"{label}: what it gained is lost ({therapy.lost.replace('_', ' ')}).",
        Event.EFFECT_ENDS: f"[{label}: its effect on hazards ends.]",
        Event.PROCEDURAL_DEATH: f"Dies of the procedure ({label[0].lower()}{label[1:]}).",
    }[event]


def _minor_amputation(watched: Watched, place: int) -> str:
    """What is taken off, which on a heel is no toe, and whether it is the first time."""
    before = watched.moments[1:place]
    again = any(m.event is Event.MINOR_AMPUTATION for m in before)
    on_heel = watched.patient["heel"] and not any(m.event is Event.NEW_WOUND for m in before)
    what = "resection at the heel" if on_heel else "toe, ray or midfoot amputation"
    return f"{f'A further {what}' if again else what.capitalize()}; the wound stays open."


DEATHS = (Event.BACKGROUND_DEATH, Event.DISEASE_DEATH, Event.POSTOPERATIVE_DEATH)


def _relieved(watched: Watched, moment: Moment) -> bool:
    """Whether the limb is without wound because its rest pain has gone and not because a wound has healed."""
    return moment.wound == Wound.HEALED and moment.limb < Limb.BELOW_KNEE and watched.life["healed_at"] > moment.time


def _cause(watched: Watched, event: Event, before: Moment) -> str:
    state = "after the amputation"
    if _relieved(watched, before):
        state = "with the rest pain relieved"
    elif before.limb < Limb.BELOW_KNEE:
        state = {
            int(Wound.OPEN): "with the wound open",
            int(Wound.RECURRED): "with a new wound open",
            int(Wound.HEALED): "with the wound healed",
            int(Wound.NONE): "with rest pain",
        }[before.wound]
    if event is Event.BACKGROUND_DEATH:
        return f"of a cause apart from the limb, {state}"
    if event is Event.POSTOPERATIVE_DEATH:
        return "of the amputation"
    return f"of vascular and diabetic disease, {state}"


def _dose(moment: Moment, scenario: Scenario) -> str:
    number = ORDINALS[moment.doses - 1] if moment.doses <= len(ORDINALS) else f"{moment.doses}th"
    text = f"{number.capitalize()} treatment with cells."
    if not isnan(moment.decided_on):
        text = f"TcPO2 is measured at {moment.decided_on:.0f} mmHg. {text}"
    if moment.rise >= 0.5:
        days = float(scenario.params()["recovery_days"])
        return f"{text} [It lets perfusion rise by {moment.rise:.0f} mmHg over {days:.0f} days.]"
    return f"{text} [It does nothing for perfusion.]"


def _stop(watched: Watched, moment: Moment, scenario: Scenario) -> str:
    if _relieved(watched, moment):
        return "No further treatment: the pain has gone."
    if moment.wound == Wound.HEALED:
        return "No further treatment: the wound has healed."
    treatment = "further treatment" if moment.doses else "treatment with cells"
    if watched.life["died_at"] <= moment.time + watched.life["dying_within"]:
        return f"No {treatment}: the patient is dying."
    if isnan(moment.decided_on):
        return f"No {treatment}."
    repeat = scenario.policies[watched.policy].repeat
    seen = f"TcPO2 is measured at {moment.decided_on:.0f} mmHg"
    if repeat.stop_at_tcpo2 is not None and moment.decided_on >= repeat.stop_at_tcpo2:
        return f"{seen}, {repeat.stop_at_tcpo2:g} or above: no further treatment."
    judgement = Repeat[repeat.rule.upper()] is Repeat.CLINICAL_JUDGEMENT
    return f"{seen}; no further treatment" + (", by clinical judgement." if judgement else ".")


def _last_true(watched: Watched, time: float) -> float:
    seen = (watched.times <= time) & ~pd.isna(watched.path)
    return float(watched.path[seen][-1])


def _visits(watched: Watched) -> Iterator[tuple[float, str]]:
    """Sentences of the visits nearest to the months that are told, while TcPO2 can be measured."""
    seen = [m for m in watched.moments if m.event is Event.VISIT and not isnan(m.tcpo2)]
    wanted = [month / 12 for month in MONTHS_TOLD] + [float(year) for year in range(2, 1 + int(watched.end))]
    for time in wanted:
        near = min(seen, key=lambda m: abs(m.time - time), default=None)
        if near is not None and abs(near.time - time) < 0.06:
            yield near.time, f"Visit: TcPO2 is measured at {near.tcpo2:.0f} mmHg."


def twins(lives: Sequence[Watched], scenario: Scenario) -> list[str]:
    """How long each other life is the same as the first one."""
    said = []
    first = scenario.policies[lives[0].policy].label.lower()
    for other in lives[1:]:
        label, differ = scenario.policies[other.policy].label, first_difference(lives[0], other)
        if differ == inf:
            said.append(f"But for the treatment itself, this life is the same under {label.lower()} and {first}.")
        else:
            said.append(f"Under {label.lower()} this life goes another way than under {first} from {when(differ)} on.")
    return said


def spending_table(lives: Sequence[Watched]) -> pd.DataFrame:
    """Every budget, its share spent by one year and in the end, and the time of its event (NaN if it never came)."""
    rows = [
        {
            "policy": life.policy,
            "risk": own.risk,
            "occurrence": own.occurrence,
            "budget": own.budget,
            "share_spent_1_year": own.share_at(1.0),
            "share_spent": own.share[-1],
            "happened_years": own.happened,
        }
        for life in lives
        for own in life.spending
    ]
    return pd.DataFrame(rows).astype({"happened_years": float})


def event_table(lives: Sequence[Watched], scenario: Scenario) -> pd.DataFrame:
    """Every event: policy, time_years, event, tcpo2, decided_on (mmHg, NaN where nothing was decided)."""
    rows: list[dict[str, Any]] = [
        {
            "policy": life.policy,
            "time_years": m.time,
            "event": _word(life, m, scenario),
            "tcpo2": m.tcpo2,
            "decided_on": m.decided_on,
        }
        for life in lives
        for m in life.moments
    ]
    return pd.DataFrame(rows)


def _word(life: Watched, moment: Moment, scenario: Scenario) -> str:
    """What a table calls an event: one that a therapy brings about by the therapy's name."""
    if moment.step < 0:
        return moment.event.name.lower()
    name = scenario.policies[life.policy].given[moment.step]
    return event_word(moment.event, scenario.register.therapies[name])


def _listed(words: Sequence[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
