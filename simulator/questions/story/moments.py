"""What a life has to tell: each event with what a sentence about it needs, as plain facts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import inf, isnan
from typing import Any

import pandas as pd

from simulator.evidence.reporting import division
from simulator.questions.story.watching import Moment, Watched, barred_by
from simulator.scenario import Scenario
from simulator.words.vocabulary import ARTERIES, DAYS_PER_YEAR, Event, Limb, Renal, Repeat, Wound

MONTHS_TOLD = (1, 3, 6, 9, 12)
"""Months of the first year whose visits are told, and after it one visit a year."""
NEAR_A_MONTH, NEAR_A_YEAR = 0.025, 0.06
"""Years by which a visit may miss the month, or later the year, that it stands for: one that came weeks before, because the next
was never to come, would tell what lay ahead."""
SAME_DAY = 1.0 / DAYS_PER_YEAR
"""Years within which two measurements would be of one day."""
RISEN = 0.5
"""mmHg from which on a change is told."""
DEATHS = (Event.BACKGROUND_DEATH, Event.DISEASE_DEATH, Event.POSTOPERATIVE_DEATH)
MAJOR = (Event.BELOW_KNEE_AMPUTATION, Event.ABOVE_KNEE_AMPUTATION)
FLAGS = (
    "male",
    "ischaemic_heart_disease",
    "right_limb",
    "infection",
    "gangrene",
    "osteomyelitis",
    "ankle_pressure_low",
    "heel",
    "angioplasty_suitable",
    "walks",
    "leiden",
    "mthfr",
)
NUMBERS = ("age", "diabetes_years", "rutherford", "tcpo2_measured", "tcpo2", "small_ev")


def person(lives: Sequence[Watched], scenario: Scenario) -> dict[str, Any]:
    """Who the patient is at referral, and what nobody at the bedside can know of the limb (mmHg, days).

    What cells would add is that of the last life in which cells are to be given and do anything.
    """
    p, life, params = lives[0].patient, lives[0].life, scenario.params()
    caused = [gain for each in lives if (gain := float(each.life["caused_gain"])) > 0.0]
    return {
        **{name: bool(p[name]) for name in FLAGS},
        **{name: float(p[name]) for name in NUMBERS},
        "tcpo2_measured": _read(float(p["tcpo2_measured"])),
        "age": float(p["age"]) // 1.0,
        "renal": Renal(int(p["renal"])).name.lower(),
        "arteries": [name for name in ARTERIES if p[f"artery_{name}"]],
        "natural_gain": _told(float(life["natural_gain"])),
        "natural_days": float(params["natural_days"]),
        "caused_gain": caused[-1] if caused else 0.0,
        "published_doses": float(params["published_doses"]),
    }


def moments(watched: Watched, scenario: Scenario) -> list[dict[str, Any]]:
    """What is told of a life, in order: `time` (years), `kind`, and what the sentence about it needs."""
    plan = _plan(watched, scenario)
    found = [{"time": 0.0, **plan}] if plan else []
    for place, moment in enumerate(watched.moments[1:], start=1):
        if moment.event is not Event.VISIT:
            found.append({"time": moment.time, **_of(watched, scenario, place, moment)})
    found.extend(_visits(watched, [each["time"] for each in found if each.get("measured") is not None]))
    return sorted(found, key=lambda each: each["time"])


def _plan(watched: Watched, scenario: Scenario) -> dict[str, Any]:
    policy = scenario.policies[watched.policy]
    if not policy.treats:
        return {"kind": "begins", "policy": watched.policy}
    barred = barred_by(scenario, watched.policy, watched.patient)
    if barred:
        asked = policy.eligibility.model_dump()
        return {"kind": "barred", "criteria": [{"name": name, "value": asked[name]} for name in barred]}
    if watched.life["beyond_salvage"]:
        return {"kind": "beyond_salvage"}
    if watched.life["tested"] and not watched.life["treated"] and not policy.therapies:
        return {"kind": "tested"}
    return {}


def _of(watched: Watched, scenario: Scenario, place: int, moment: Moment) -> dict[str, Any]:
    """The facts of one event that is no visit."""
    before, event = watched.moments[place - 1], moment.event
    kind = event.name.lower()
    if event is Event.DOSE:
        days = float(scenario.params()["recovery_days"])
        return {
            "kind": kind,
            "number": moment.doses,
            "measured": _decided(moment),
            "rise": moment.rise if moment.rise >= RISEN else 0.0,
            "days": days,
            "cut_short": _limb_until(watched) < moment.time + days / DAYS_PER_YEAR,
        }
    if event is Event.STOPS_TREATMENT:
        return {"kind": kind, **_stop(watched, moment, scenario)}
    if event in MAJOR:
        return {"kind": kind, "tcpo2": _last_true(watched, moment.time)}
    if event in DEATHS:
        return {
            "kind": kind,
            "age": (float(watched.patient["age"]) + moment.time) // 1.0,
            "state": _state(watched, before),
            "operated": _just_operated(watched, place),
        }
    if moment.step >= 0:
        therapy = scenario.register.therapies[scenario.policies[watched.policy].given[moment.step]]
        return {"kind": f"therapy_{kind}", "therapy": therapy.label, "lost": therapy.lost, "works": moment.works}
    return {
        "kind": kind,
        "first": moment.wound == Wound.OPEN,
        "amputated": moment.limb >= Limb.BELOW_KNEE,
        "walked": before.walking,
        **(_minor_amputation(watched, place) if event is Event.MINOR_AMPUTATION else {}),
    }


def _minor_amputation(watched: Watched, place: int) -> dict[str, bool]:
    """What is taken off, which on a heel is no toe, and whether it is the first time."""
    before = watched.moments[1:place]
    return {
        "further": any(m.event is Event.MINOR_AMPUTATION for m in before),
        "on_heel": bool(watched.patient["heel"]) and not any(m.event is Event.NEW_WOUND for m in before),
    }


def _relieved(watched: Watched, moment: Moment) -> bool:
    """Whether the limb is without wound because its rest pain has gone and not because a wound has healed."""
    return bool(
        moment.wound == Wound.HEALED and moment.limb < Limb.BELOW_KNEE and watched.life["healed_at"] > moment.time
    )


def _state(watched: Watched, before: Moment) -> str:
    """In which state of the limb somebody dies."""
    if _relieved(watched, before):
        return "relieved"
    return "amputated" if before.limb >= Limb.BELOW_KNEE else Wound(before.wound).name.lower()


def _limb_until(watched: Watched) -> float:
    """Years until the limb is lost or its owner dies; infinite if neither was seen."""
    return min([m.time for m in watched.moments if m.event in (*MAJOR, *DEATHS, Event.PROCEDURAL_DEATH)], default=inf)


def _just_operated(watched: Watched, place: int) -> bool:
    """Whether a major operation came within the days in which everybody calls a death postoperative."""
    since = watched.moments[place].time - division("postoperative_days") / DAYS_PER_YEAR
    operations = (*MAJOR, Event.CONVERSION, Event.OTHER_LIMB_AMPUTATION)
    return any(m.event in operations and m.time >= since for m in watched.moments[:place])


def _stop(watched: Watched, moment: Moment, scenario: Scenario) -> dict[str, Any]:
    """Why treatment stops: `why`, whether there was any, what was measured, and the value it was compared with."""
    repeat = scenario.policies[watched.policy].repeat
    rule = Repeat[repeat.rule.upper()]
    found: dict[str, Any] = {
        "any": moment.doses > 0,
        "measured": _decided(moment),
        "limit": repeat.stop_at_tcpo2,
        "judged": rule is Repeat.CLINICAL_JUDGEMENT,
        "therapy": None,
    }
    if moment.omitted >= 0:
        found |= _omitted(watched, moment, scenario)
    if moment.wound == Wound.HEALED:
        found["why"] = "relieved" if _relieved(watched, moment) else "healed"
    elif moment.omitted >= 0:
        found["why"] = "risen"
    elif moment.near:
        found["why"] = moment.near
    elif isnan(moment.decided_on):
        found["why"] = "unsaid"
    elif rule is not Repeat.UNTIL_TCPO2 and moment.decided_on >= scenario.params()["judgement_never_tcpo2"]:
        found["why"] = "well"
    elif repeat.stop_at_tcpo2 is not None and moment.decided_on >= repeat.stop_at_tcpo2:
        found["why"] = "reached"
    else:
        found["why"] = "rule"
    return found


def _omitted(watched: Watched, moment: Moment, scenario: Scenario) -> dict[str, Any]:
    """Which therapy was due and not done, whether it would have been a repeat, and the rise (mmHg) that made it needless."""
    policy = scenario.policies[watched.policy]
    start = policy.therapies[moment.omitted].start
    before = [m for m in watched.moments if m.time < moment.time and m.event is Event.PROCEDURE]
    return {
        "therapy": scenario.register.therapies[policy.given[moment.omitted]].label,
        "repeat": any(m.step == moment.omitted for m in before),
        "rise": None if start is None else start.rise_below,
    }


def _told(mmhg: float) -> float:
    return mmhg if abs(mmhg) >= RISEN else 0.0


def _read(mmhg: float) -> float:
    """A measured TcPO2 as it is told, in whole mmHg: what lies below a policy's limit is never told as having reached it."""
    return mmhg // 1.0


def _decided(moment: Moment) -> float | None:
    """What was measured for a decision, as it is told; None where nothing was."""
    return None if isnan(moment.decided_on) else _read(moment.decided_on)


def _last_true(watched: Watched, time: float) -> float:
    seen = (watched.times <= time) & ~pd.isna(watched.path)
    return float(watched.path[seen][-1])


def _visits(watched: Watched, decided: list[float]) -> Iterator[dict[str, Any]]:
    """The visits nearest to the months that are told, while TcPO2 can be measured, and not on a day of a decision: the
    decision has a measurement of its own, and nobody measures twice on a day."""
    seen = [m for m in watched.moments if m.event is Event.VISIT and not isnan(m.tcpo2)]
    wanted = [month / 12 for month in MONTHS_TOLD] + [float(year) for year in range(2, 1 + int(watched.end))]
    for time in wanted:
        near = min(seen, key=lambda m: abs(m.time - time), default=None)
        if near is None or abs(near.time - time) >= (NEAR_A_YEAR if time > 1.0 else NEAR_A_MONTH):
            continue
        if all(abs(near.time - each) >= SAME_DAY for each in decided):
            yield {"time": near.time, "kind": "visit", "measured": _read(near.tcpo2)}
