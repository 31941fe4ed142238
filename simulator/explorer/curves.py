"""Curves, the first hundred people one by one, and what the views of the evidence change."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from simulator.centre.own import at_its_centre
from simulator.evidence.posterior import parameter_draws
from simulator.explorer.controls import compared
from simulator.explorer.parts import PAGE, PEOPLE, SEED, Moved, Part, months, the_two
from simulator.explorer.state import scenario_of
from simulator.living.census import STATE
from simulator.living.courses import COURSES
from simulator.living.ledger import FIELDS
from simulator.living.outcomes import OUTCOMES
from simulator.run import Courses, courses, simulate
from simulator.scenario import Scenario
from simulator.scenario.therapies import step_columns
from simulator.words.errors import BadInput, Problem

PATH_YEARS = 2
PARTS = (1_000, 2_000, 5_000, 10_000, 20_000, 50_000)
"""Numbers of people after which a picture is drawn."""
HUNDRED = 100
LUCK_DRAWS, LUCK_PEOPLE = 60, 300
"""Draws of the evidence and people of each, the same people in every draw, behind an interval of the evidence."""
HEADLINES = ("major_amputation", "death", "healing_without_amputation")


def curves(scenario: Scenario, state: Moved) -> Iterator[Part]:
    """Cumulative incidences, states, TcPO2 and treatments by policy, after more and more people."""
    asked = scenario_of(scenario, state)
    if asked.settings.capacity is not None:
        raise BadInput(
            [Problem(PAGE, "capacity", "a shared resource", "a scenario without one; clti compare has queues")]
        )
    times = months(asked)
    people = asked.patients
    for known in courses(asked, seed=SEED, times=times, seen=PATH_YEARS):
        if known.people in PARTS or known.people == people:
            yield _curves(asked, known, people)


def _given(scenario: Scenario, known: Courses) -> list[list[Part]]:
    """Of each policy: the therapies beside cells, the share of people who have each, and how often per person referred."""
    found: list[list[Part]] = []
    for place, name in enumerate(known.policies):
        policy = scenario.policies[name]
        often = {called: known.ledger.mean[place, FIELDS.index(of)] for of, called in step_columns(policy).items()}
        labels = {therapy: scenario.register.therapies[therapy].label for therapy in policy.given}
        found.append(
            [
                {
                    "label": label,
                    "people": often[f"count_{one}"],
                    "times": often[f"count_{one}"] + often[f"count_repeat_{one}"],
                }
                for one, label in labels.items()
            ]
        )
    return found


def _curves(scenario: Scenario, known: Courses, of: int) -> Part:
    counts = {name: f"count_{name}" for name in ("dose", "treated")}
    ledger = {name: known.ledger.mean[:, FIELDS.index(field)] for name, field in counts.items()}
    return {
        "kind": "curves",
        "people": known.people,
        "of": of,
        "policies": list(known.policies),
        "given": _given(scenario, known),
        "view": scenario.view,
        "hospital": scenario.centre,
        "times": known.times,
        "at": int(np.searchsorted(known.times, scenario.times[0])),
        "outcomes": {
            name: {
                "mean": known.outcomes.mean[..., o],
                "se": known.outcomes.se[..., o],
                "difference": known.differences.mean[..., o],
                "difference_se": known.differences.se[..., o],
            }
            for o, name in enumerate(COURSES)
        },
        "states": known.states.mean,
        "tcpo2": {"mean": known.perfusion.mean, "se": known.perfusion.se, "sd": known.spread},
        "life_years": known.ledger.mean[:, FIELDS.index("clock_alive")],
        **ledger,
    }


def hundred(scenario: Scenario, state: Moved) -> Iterator[Part]:
    """The first hundred people one by one: the state of each in every month under the reference and the page's policy."""
    asked = scenario_of(scenario, state)
    reference, _, mine = compared(scenario)
    times = months(asked)
    found = simulate(
        asked,
        the_two(reference, mine),
        min(HUNDRED, asked.people_up_to(HUNDRED)),
        SEED,
        times=times,
        keep_patients=True,
    )
    table = found.patients
    first = table[table["policy"] == found.policies[0]]
    yield {
        "kind": "hundred",
        "times": times,
        "states": {each.policy: each.what.censuses[:, :, STATE] for each in found.kept},  # type: ignore[union-attr]
        "who": [
            f"{'Man' if row.male else 'Woman'} of {row.age:.0f}, Rutherford {row.rutherford}, "
            f"TcPO₂ {row.tcpo2_measured:.0f} mmHg{', on dialysis' if row.renal == 'dialysis' else ''}"
            for row in first.itertuples()
        ],
        "treated": {
            name: rows["treated"].to_list() for name, rows in table.groupby("policy", sort=False, observed=True)
        },
    }


def views(scenario: Scenario, state: Moved) -> Iterator[Part]:
    """What the page's policy changes under each view of the evidence: at the values in force, then over draws of them.

    Every draw has the same people with the same luck, so an interval says how far the evidence carries and does not jump.
    """
    asked = scenario_of(scenario, state)
    reference, _, mine = compared(scenario)
    until = min(asked.horizon, asked.times[0])
    short = {"follow_up": {"horizon_years": until, "report_at_years": [until]}}
    places = [OUTCOMES.index(name) for name in HEADLINES]
    from simulator.face.asked import VIEWS

    order = sorted(VIEWS, key=lambda view: view != asked.view)
    people = min(asked.patients, PEOPLE)
    rows: dict[str, Part] = {}
    for view in order:
        one = at_its_centre(asked.with_(evidence={"view": view}, compare=the_two(reference, mine), **short))
        found = simulate(one, patients=one.people_up_to(people), seed=SEED, times=[until])
        differences = found.difference_estimates
        rows[view] = {
            "share": float(one.params()["attributable_share"]),
            "reference": found.outcome_estimates.mean[0, 0, places],
            "difference": differences.mean[1, 0, places],
            "se": differences.se[1, 0, places],
        }
        yield _views(rows, asked, found.people, 0)
    for view in order:
        one = at_its_centre(asked.with_(evidence={"view": view}, compare=the_two(reference, mine), **short))
        draws = parameter_draws(one.register, LUCK_DRAWS, SEED)
        found = simulate(one, patients=one.people_up_to(LUCK_PEOPLE), seed=SEED, times=[until], draws=draws)
        change = (found.draw_outcomes[:, 1] - found.draw_outcomes[:, 0])[:, 0][:, places]
        rows[view] |= {"low": np.quantile(change, 0.025, axis=0), "high": np.quantile(change, 0.975, axis=0)}
        yield _views(rows, asked, people, LUCK_DRAWS)


def _views(rows: Mapping[str, Part], scenario: Scenario, people: int, draws: int) -> Part:
    from simulator.face.asked import VIEWS

    return {
        "kind": "views",
        "outcomes": list(HEADLINES),
        "order": list(VIEWS),
        "view": scenario.view,
        "views": {name: dict(row) for name, row in rows.items()},
        "people": people,
        "draws": draws,
        "draw_people": LUCK_PEOPLE,
    }
