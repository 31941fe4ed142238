"""What the page asks for, as plain tables of numbers: each question is put to the engine, and nothing is worked out here.

Answers that take time come in parts, each better than the one before. A part has the `kind` of its question; whoever lets
go of the generator stops the work behind it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any, TypeAlias

import numpy as np

from simulator.evidence.perspective import perspectives
from simulator.evidence.posterior import parameter_draws
from simulator.explorer.controls import PRODUCT, WORTH, compared, described, price_name, scenario_of, start_of
from simulator.living.census import STATE
from simulator.living.courses import COURSES
from simulator.living.ledger import FIELDS
from simulator.living.outcomes import OUTCOMES
from simulator.questions.value.lives import Simulations, for_money
from simulator.questions.value.valuation import (
    cost_table,
    item_costs,
    qalys_by_state,
    with_price_apart,
    worth,
)
from simulator.questions.value.values import Drawn, Values, values_of
from simulator.run import Courses, courses, simulate
from simulator.run.result import STATES
from simulator.scenario import Scenario
from simulator.words.errors import BadInput, Problem
from simulator.words.vocabulary import Event, State

Moved: TypeAlias = Mapping[str, Any]
Part: TypeAlias = dict[str, Any]

SAVED = "explored.toml"
"""What the saved scenario is called."""
SEED = 1
"""The seed that every command has unless one is given."""
MONTHS = 12
SHOWN_YEARS = 5
"""Years that curves show; lives go on to the horizon."""
PATH_YEARS = 2
PARTS = (1_000, 2_000, 5_000, 10_000, 20_000, 50_000)
"""Numbers of people after which a picture is drawn."""
HUNDRED = 100
LUCK_DRAWS, LUCK_PEOPLE = 60, 300
"""Draws of the evidence and people of each, the same people in every draw, behind an interval of the evidence."""
STAGES = ((200, 100), (500, 400))
"""Draws of the evidence and people of each, behind costs and QALYs: first quickly, then refined."""
PEOPLE, TRIAL_DRAWS, TRIAL_DRAW_PEOPLE = 10_000, 60, 400
"""People at the values in force; draws of the evidence and people of each, for a trial."""
TRIAL_OUTCOMES = ("amputation_free_survival", "major_amputation", "healing_without_amputation")
HEADLINES = ("major_amputation", "death", "healing_without_amputation")
ARM_SIZES = tuple(range(10, 1_000, 10))
ALPHA = 0.05
"""Two-sided, as trials have it."""
STORY_YEARS = 3.0


def opened(scenario: Scenario) -> Part:
    """What a page needs before its first question: controls, policies compared, how things are drawn."""
    from simulator.telling.figures.compare import STATES as GROUPS

    reference, beside, mine = compared(scenario)
    return {
        "label": scenario.label,
        "description": scenario.settings.description,
        "scenario": scenario.name,
        "compared": {"reference": reference, "beside": beside, "mine": mine},
        "labels": {name: policy.label for name, policy in scenario.policies.items()} | {mine: "Your policy"},
        "year": scenario.times[0],
        "shown_years": SHOWN_YEARS,
        "at_risk": _at_risk(),
        "states": [
            {"name": name, "members": [STATES.index(member) for member in members], "colour": colour}
            for name, (members, colour) in GROUPS.items()
        ],
        "payers": payers(scenario, [scenario.settings.economics.perspective]),
        **described(scenario),
    }


def payers(scenario: Scenario, names: Sequence[str] | None = None) -> Part:
    """What is known of each payer (default: all) that has a price for whatever the policies compared cause, by name."""
    found = {}
    products = [each["value"] for c in described(scenario)["controls"] if c["key"] == PRODUCT for each in c["choices"]]
    for name in (*perspectives(), scenario.settings.economics.perspective) if names is None else names:
        try:
            found[name] = _payer(scenario, name, products)
        except BadInput:
            continue  # it has gaps
    return found


def _payer(scenario: Scenario, name: str, products: Sequence[str]) -> Part:
    """What the page's amounts are in under a payer, and what it has for each product and a QALY, in that money."""
    own: dict[str, Any] = (
        {} if name == scenario.settings.economics.perspective else {"economics": {"perspective": name}}
    )
    usual = values_of(scenario.with_(**own) if own else scenario)
    prices, names = {}, {}
    start = scenario.policies[start_of(scenario)]
    for product in products:
        cells = start.cell_therapy.model_copy(update={"product": product, "doses": max(1, start.cell_therapy.doses)})
        policy = start.model_copy(update={"cell_therapy": cells})
        price = price_name(policy, replace(usual, policies={"p": policy}), charged=usual.perspective.prices.names())
        if price is not None:
            names[product] = price
            prices[product] = usual.perspective.prices[price].value * usual.money.factor
    return {
        "label": usual.perspective.conventions.perspective.label,
        "currency": usual.money.currency,
        "threshold": usual.threshold,
        "prices": prices,
        "names": names,
        "group": f"prices {usual.perspective.name}",
    }


def _at_risk() -> dict[str, list[int]]:
    """Of each curve: the states in which somebody is still at risk of what it counts."""
    alive = [place for place, name in enumerate(STATES) if name != "dead"]
    limb = [place for place in alive if not STATES[place].startswith(("below_knee", "above_knee"))]
    wound = [place for place in alive if "ulcer" in STATES[place]]
    return {"major_amputation": limb, "death": alive, "healing_without_amputation": wound}


def curves(scenario: Scenario, state: Moved) -> Iterator[Part]:
    """Cumulative incidences, states, TcPO2 and treatments by policy, after more and more people."""
    asked = scenario_of(scenario, state)
    if asked.settings.capacity is not None:
        raise BadInput(
            [Problem("page", "capacity", "a shared resource", "a scenario without one; clti compare has queues")]
        )
    times = months(asked)
    people = asked.patients
    for known in courses(asked, seed=SEED, times=times, seen=PATH_YEARS):
        if known.people in PARTS or known.people == people:
            yield _curves(asked, known, people)


def months(scenario: Scenario) -> list[float]:
    """Every month up to where curves end, and the time of the headline."""
    end = min(float(SHOWN_YEARS), scenario.horizon)
    every = (k / MONTHS for k in range(round(end * MONTHS) + 1))
    return sorted({*(t for t in every if t <= scenario.horizon), scenario.times[0]})


def _curves(scenario: Scenario, known: Courses, of: int) -> Part:
    counts = {name: f"count_{name}" for name in ("dose", "treated")}
    ledger = {name: known.ledger.mean[:, FIELDS.index(field)] for name, field in counts.items()}
    return {
        "kind": "curves",
        "people": known.people,
        "of": of,
        "policies": list(known.policies),
        "view": scenario.view,
        "hospital": getattr(scenario.settings.evidence, "centre", None),
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
        asked, _two(reference, mine), min(HUNDRED, asked.people_up_to(HUNDRED)), SEED, times=times, keep_patients=True
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
        one = asked.with_(evidence={"view": view}, compare=_two(reference, mine), **short)
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
        one = asked.with_(evidence={"view": view}, compare=_two(reference, mine), **short)
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


def money(scenario: Scenario, state: Moved) -> Iterator[Part]:
    """Costs and QALYs of draws of the evidence, with the product's price left free.

    Draws, people and luck are those of `clti economics` with as many draws and patients. The price and the worth of a QALY
    are not looked at, because the page moves them by itself.
    """
    changes = {
        key: value for key, value in state.get("changes", {}).items() if not key.startswith(("economics.price", WORTH))
    }
    asked = scenario_of(scenario, {**state, "changes": changes})
    _, _, mine = compared(scenario)
    values = values_of(asked)
    priced = for_money(asked, values.discounting)
    product = price_name(asked.policies[mine], values)
    for draws, patients in STAGES:
        parameters = priced.parameter_draws(parameter_draws(priced.register, draws, SEED))
        drawn = values.sample(draws, SEED)
        for lives in Simulations(None).growing(priced, parameters, patients, SEED):
            n = len(lives.parameters)
            if patients == STAGES[0][1] or n == draws:
                prices = {name: each[:n] for name, each in drawn.prices.items()}
                first = Drawn(prices, {name: each[:n] for name, each in drawn.utilities.items()})
                yield _money(asked, values, lives.ledgers, lives.parameters, first, product, draws, lives.people)
            else:
                yield {"kind": "refining", "draws": n, "of": draws}


def _money(
    scenario: Scenario,
    values: Values,
    ledgers: Any,
    parameters: Any,
    drawn: Drawn,
    product: str | None,
    of: int,
    people: int,
) -> Part:
    if product is None:
        found, often = worth(ledgers, parameters, drawn, values), np.zeros(ledgers.shape[:2])
        free = drawn
    else:
        found, often = with_price_apart(ledgers, parameters, drawn, values, product)
        free = Drawn({**drawn.prices, product: np.zeros(1)}, drawn.utilities)
    costs = item_costs(ledgers, parameters, free, values)
    table = cost_table(costs, costs, values)
    payer = values.perspective.conventions.perspective
    price = None if product is None else values.perspective.prices[product]
    return {
        "kind": "money",
        "draws": len(parameters),
        "of": of,
        "people": people,
        "policies": list(scenario.compare),
        "cost": np.round(found.cost, 2),
        "qalys": np.round(found.qalys, 6),
        "often": np.round(often, 6),
        "costs_by": table[["policy", "category", "state", "kind", "mean"]].to_dict("records"),
        "qalys_by": qalys_by_state(ledgers, drawn, values).mean(axis=0),
        "states": [state.name.lower() for state in State],
        "product": product,
        "drawn_price": None if product is None else np.round(drawn.prices[product] * values.money.factor, 4),
        "price_label": "" if price is None else price.label,
        "thresholds": list(values.thresholds),
        "currency": values.money.currency,
        "price_year": values.money.price_year,
        "payer": payer.label,
    }


def trial(scenario: Scenario, state: Moved) -> Iterator[Part]:
    """Power and assurance by size of a trial of the page's policy against the reference, in those whom it would treat."""
    from simulator.scenario.policy import stricter
    from simulator.statistics.proportion_sizes import superiority

    asked = scenario_of(scenario, state)
    reference, _, mine = compared(scenario)
    until = min(asked.horizon, asked.times[0])
    entry = stricter(asked.settings.entry, asked.policies[mine].eligibility).model_dump(exclude_none=True)
    short = asked.with_(
        compare=_two(reference, mine),
        entry=entry,
        follow_up={"horizon_years": until, "report_at_years": [until]},
    )
    places = [OUTCOMES.index(name) for name in TRIAL_OUTCOMES]
    found = simulate(short, patients=short.people_up_to(PEOPLE), seed=SEED, times=[until])
    point = found.outcome_estimates.mean[:, 0, places]
    good = [name != "major_amputation" for name in TRIAL_OUTCOMES]

    def power(rates: Any, o: int) -> tuple[list[float], float]:
        control, treated = (float(rate) for rate in rates[:, o])
        if not (0.0 < control < 1.0 and 0.0 < treated < 1.0) or control == treated:
            return [ALPHA / 2.0] * len(ARM_SIZES), math.inf
        formula = superiority(control, treated, ALPHA / 2.0)[0]
        if (treated > control) is not good[o]:
            return [0.0] * len(ARM_SIZES), math.inf
        return [formula.power(2.0 * n) for n in ARM_SIZES], formula.size(0.9) / 2.0

    at_point = [power(point, o) for o in range(len(places))]
    part = {
        "kind": "trial",
        "outcomes": list(TRIAL_OUTCOMES),
        "policies": list(short.compare),
        "sizes": ARM_SIZES,
        "rates": point,
        "power": [each[0] for each in at_point],
        "for_90": [math.ceil(each[1]) if math.isfinite(each[1]) else None for each in at_point],
        "people": found.people,
        "draws": 0,
        "draw_people": TRIAL_DRAW_PEOPLE,
        "until": until,
        "design": design(asked, mine, reference),
    }
    yield part
    draws = parameter_draws(short.register, TRIAL_DRAWS, SEED)
    drawn = simulate(
        short, patients=short.people_up_to(TRIAL_DRAW_PEOPLE), seed=SEED, times=[until], draws=draws
    ).draw_outcomes[:, :, 0][..., places]
    powers = np.array([[power(rates, o)[0] for o in range(len(places))] for rates in drawn])
    yield part | {"draws": TRIAL_DRAWS, "assurance": powers.mean(axis=0), "drawn": drawn}


def design(scenario: Scenario, mine: str, reference: str) -> str:
    """A design file for `clti trial` beside the saved scenario: the starter of `clti new design`, with this trial's arms."""
    import tomllib
    from importlib.resources import files

    import tomli_w

    from simulator.scenario.policy import stricter

    starter = tomllib.loads(files("simulator").joinpath("starters", "design.toml").read_text(encoding="utf-8"))
    entry = stricter(scenario.settings.entry, scenario.policies[mine].eligibility).model_dump(exclude_defaults=True)
    until = min(scenario.horizon, scenario.times[0])
    endpoint = {"name": "alive with the limb", "outcome": TRIAL_OUTCOMES[0], "test": "chi_square"}
    own: dict[str, Any] = {
        "label": "Trial of the explored policy",
        "description": f"{scenario.policies[mine].label} against {scenario.policies[reference].label.lower()}.",
        "scenario": SAVED,
        "alpha": ALPHA,
        "sides": 2,
        "arms": [{"name": "control", "policy": reference}, {"name": "treated", "policy": mine}],
        "entry": {key: value for key, value in entry.items() if value is not None},
        "follow_up": {"months": MONTHS * until},
        "endpoints": [{**endpoint, "at_months": MONTHS * until}],
    }
    return tomli_w.dumps(starter | own)


def story(scenario: Scenario, state: Moved, patient: Any = None) -> Iterator[Part]:
    """One patient's life under the reference and the page's policy; by default a typical one whom it treats."""
    from simulator.questions.story import watch
    from simulator.questions.story.finding import typical
    from simulator.questions.story.findings import findings
    from simulator.telling.columns import named
    from simulator.telling.page import voice

    asked = scenario_of(scenario, state)
    reference, _, mine = compared(scenario)
    names = _two(reference, mine)
    if patient is not None and (isinstance(patient, bool) or not isinstance(patient, int) or not 0 <= patient < 2**32):
        raise BadInput([Problem("page", "patient", str(patient)[:40], f"a whole number, 0 to {2**32 - 1:,}")])
    number = typical(asked, names, None, SEED) if patient is None else patient
    lives = [watch(asked, name, number, SEED) for name in names]
    found = findings(lives, asked, number, SEED)
    speak, when = voice(found), named("when").number
    yield {
        "kind": "story",
        "patient": number,
        "opening": speak("opening"),
        "hidden": speak("hidden"),
        "twins": [speak("twin", life.policy) for life in lives[1:]],
        "years": STORY_YEARS,
        "lives": [
            {
                "policy": life.policy,
                "label": asked.policies[life.policy].label,
                "end": life.end,
                "times": life.times[life.times <= STORY_YEARS],
                "path": life.path[life.times <= STORY_YEARS],
                "told": [[when(each["time"]), each["time"], speak("moment", each)] for each in told["moments"]],
                "measured": [
                    [moment.time, moment.tcpo2]
                    for moment in life.moments
                    if moment.event in (Event.VISIT, Event.REFERRAL) and moment.time <= STORY_YEARS
                ],
                "doses": [moment.time for moment in life.moments if moment.event is Event.DOSE],
            }
            for life, told in zip(lives, found.facts["lives"], strict=True)
        ],
    }


@cache
def sources() -> Part:
    """Every number that the model reads: value, unit, limits, grade, note and sources."""
    from simulator.evidence.catalogue import catalogue
    from simulator.evidence.distributions import limits

    rows = []
    for register in catalogue():
        for each in register.parameters:
            rows.append(
                {
                    "name": each.name,
                    "group": each.group,
                    "label": each.label,
                    "value": each.value,
                    "unit": each.unit,
                    "limits": list(limits(each)),
                    "grade": each.grade,
                    "note": each.note,
                    "fitted": each.fitted,
                    "sources": [
                        {"citation": register.sources[key].citation, "read": register.sources[key].read}
                        for key in each.source
                    ],
                }
            )
    return {"kind": "sources", "numbers": rows}


def reliance(scenario: Scenario, state: Moved) -> Iterator[Part]:
    """Which headline results lean on recalled or assumed numbers, and by how much."""
    from simulator.face.register import moved

    del scenario, state
    table = moved()
    strongest = table[table["swing"] > 0].groupby("outcome", sort=False).head(5)
    yield {"kind": "reliance", "rows": strongest.to_dict("records")}


def saved(scenario: Scenario, state: Moved) -> Part:
    """The page's scenario as a file, its hash, and how the same picture is had without the page."""
    import pprint

    asked = scenario_of(scenario, state)
    changed = {
        k: v
        for k, v in _difference(asked).items()
        if k not in {"extends", "label", "description", "compare", "reference"}
    }
    draws, patients = STAGES[-1]
    words = pprint.pformat(changed, sort_dicts=False, width=100)
    return {
        "kind": "saved",
        "toml": asked.to_toml(),
        "hash": asked.hash,
        "commands": [
            f"clti compare {SAVED}",
            f"clti economics {SAVED} --draws {draws} --patients {patients}",
            "clti trial explored_trial.toml",
        ],
        "python": "\n".join(
            (
                "import simulator as sim",
                "",
                f"difference = {words}",
                "found = sim.compare(",
                f"    {_source(asked)!r}, policies={list(asked.compare)!r}, overrides=difference, seed={SEED}",
                ")",
                "print(found.differences)",
            )
        ),
    }


def report(scenario: Scenario, state: Moved, tell: Callable[[int, int], None] | None = None) -> Iterator[Part]:
    """The full report of `clti compare` as one page of HTML; `tell` is called with lives done and to do."""
    import tempfile
    from pathlib import Path

    from simulator.face.compare import compare

    asked = scenario_of(scenario, state)
    found = compare(asked, seed=SEED, progress=tell)
    with tempfile.TemporaryDirectory() as folder:
        page = found.report(Path(folder) / "report.html").read_text(encoding="utf-8")
    yield {"kind": "report", "html": page}


def _difference(scenario: Scenario) -> dict[str, Any]:
    import tomllib

    return tomllib.loads(scenario.to_toml())


def _source(scenario: Scenario) -> str:
    return str(_difference(scenario)["extends"])


def _two(reference: str, mine: str) -> list[str]:
    return list(dict.fromkeys((reference, mine)))


def plain(value: Any) -> Any:
    """A value as JSON has it: lists for arrays, nothing for numbers that are not finite, seven decimals."""
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, Mapping):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, float):
        return round(value, 7) if math.isfinite(value) else None
    return value


__all__ = [
    "curves", "design", "hundred", "money", "opened", "plain", "reliance", "report", "saved", "sources", "story", "trial",
    "views",
]  # fmt: skip
