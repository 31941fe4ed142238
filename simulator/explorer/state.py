"""A state of the page, and the scenario that it means.

A state is the policy that one starts from and the controls that were moved from it. It becomes a scenario here and nowhere else:
as a difference laid over the scenario that the page was opened with.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from simulator.evidence.economics.perspective import load_perspective
from simulator.explorer.controls import PRICE, WORTH, Entry, compared, control_of, entries, price_name, start_of
from simulator.explorer.keys import POLICY
from simulator.explorer.parts import PAGE
from simulator.face import asked
from simulator.scenario import Policy, Scenario
from simulator.valuation.values import values_of
from simulator.words.errors import BadInput, Problem, nearest, said


def scenario_of(scenario: Scenario, state: Mapping[str, Any]) -> Scenario:
    """The scenario that a state of the page means: ``{"start": "protocol", "changes": {"policy.cell_therapy.doses": 2}}``.

    It compares the reference, the policy shown beside it and the page's own. Raises BadInput for whatever is not known, not
    of the right kind or out of bounds, all at once. The last
    few are remembered, because several questions are put to one state.
    """
    try:
        text = json.dumps(state, sort_keys=True)
    except (TypeError, ValueError, RecursionError):
        raise BadInput([Problem(PAGE, "changes", said(state), "what JSON can say")]) from None
    return _remembered(scenario, text)


@lru_cache(maxsize=8)
def _remembered(scenario: Scenario, text: str) -> Scenario:
    return _scenario_of(scenario, json.loads(text))


def _scenario_of(scenario: Scenario, state: Mapping[str, Any]) -> Scenario:
    """The scenario of a state that was not asked for lately."""
    start, changes = state.get("start", start_of(scenario)), state.get("changes", {})
    problems = [
        Problem(PAGE, str(key), "unknown", "start, changes") for key in state if key not in {"start", "changes"}
    ]
    if not isinstance(start, str) or start not in scenario.policies:
        problems.append(Problem(PAGE, "start", said(start), nearest(str(start), scenario.policies)))
    if not isinstance(changes, Mapping):
        raise BadInput([*problems, Problem(PAGE, "changes", said(changes), "a table of controls")])
    known = {entry.key: entry for entry in entries()}
    tables: dict[str, Any] = {}
    own: dict[str, Any] = {}
    money: dict[str, float] = {}
    for key, value in changes.items():
        entry = known.get(key)
        if entry is None:
            problems.append(Problem(PAGE, str(key), said(value), nearest(str(key), known)))
            continue
        fault, fitting = _fitting(entry, value, scenario)
        if fault is not None:
            problems.append(Problem(PAGE, key, said(value), fault))
        elif key in (PRICE, WORTH):
            money[key] = fitting
        elif key.startswith(POLICY):
            steps = isinstance(fitting, list) and isinstance(start, str) and start in scenario.policies
            _put(own, key.removeprefix(POLICY), _steps(fitting, scenario.policies[start]) if steps else fitting)
        else:
            _put(tables, key, fitting)
    if problems:
        raise BadInput(problems)
    reference, beside, mine = compared(scenario)
    names = list(dict.fromkeys((reference, beside, mine)))
    policy = {"extends": start, "label": "Your policy", **own}
    rates = tables.get("economics", {}).get("discounting")
    if rates is not None:
        usual = values_of(scenario.with_(**_money(tables))).discounting
        tables["economics"]["discounting"] = {"effects": usual.effects, "costs": usual.costs} | rates
    perspective = tables.get("economics", {}).get("perspective")
    if perspective is not None and perspective != scenario.settings.economics.perspective:
        country = load_perspective(perspective).conventions.perspective.country
        tables["life_table"] = {"country": country}
    difference = {"compare": names, "reference": reference, "policies": {mine: policy}, **tables}
    found = asked.scenario_of(scenario, overrides=difference, question=PAGE)
    return _priced(found, mine, money) if money else found


def _priced(scenario: Scenario, mine: str, money: Mapping[str, float]) -> Scenario:
    """The scenario with the page's price and worth, which the page has in the money of results."""
    values = values_of(scenario)
    economics: dict[str, Any] = {}
    if WORTH in money:
        economics["thresholds"] = [max(money[WORTH], 0.01)]
    name = price_name(scenario.policies[mine], values)
    if PRICE in money and name is not None:
        economics["prices"] = {name: money[PRICE] / values.money.factor}
    return scenario.with_(economics=economics) if economics else scenario


def _money(tables: Mapping[str, Any]) -> dict[str, Any]:
    payer = tables.get("economics", {}).get("perspective")
    return {} if payer is None else {"economics": {"perspective": payer}}


def _fitting(entry: Entry, value: Any, scenario: Scenario) -> tuple[str | None, Any]:
    """What is allowed in place of a value that a control cannot have, or None and the value as its key takes it."""
    about = control_of(entry, scenario)
    if about is None:
        return "nothing: this scenario has no such key", None
    if about["kind"] == "switch":
        return (None, value) if isinstance(value, bool) else ("true or false", None)
    if about["kind"] == "several":
        names = [each["value"] for each in about["choices"]]
        fits = (
            isinstance(value, list) and all(each in names for each in value) and len({*map(str, value)}) == len(value)
        )
        return (None, value) if fits else ("a list, each once, of " + ", ".join(names), None)
    if about["kind"] == "choice" and isinstance(value, dict) and about.get("counts"):
        fits = len(value) > 0 and all(key in about["counts"] and _is_count(each) for key, each in value.items())
        return (None, value) if fits else ("events and people of " + ", ".join(about["counts"]), None)
    if about["kind"] == "choice":
        options = [each["value"] for each in about["choices"]]
        fits = any(value == each and type(value) is type(each) for each in options)
        return (None, value) if fits else ("one of " + ", ".join(map(str, options)), None)
    low, high = about["low"], entry.span[1] * 100 if about["high"] is None else about["high"]
    allowed = f"a {'whole ' if about.get('whole') else ''}number, {low:,g} to {high:,g}"
    if (
        isinstance(value, bool)
        or not isinstance(value, int | float)
        or not math.isfinite(value)
        or not low <= value <= high
    ):
        return allowed, None
    if about.get("whole"):
        return (None, int(value)) if value == int(value) else (allowed, None)
    return None, float(value)


def _is_count(value: Any) -> bool:
    """Whether a value is two whole numbers, the first at most the second."""
    return (
        isinstance(value, list) and len(value) == 2 and all(type(n) is int for n in value) and 0 <= value[0] <= value[1]
    )


def _steps(names: list[str], start: Policy) -> list[Any]:
    """Therapies as a policy's file lists them; those that the policy had already keep their times and conditions."""
    had = {step.therapy: step.model_dump(exclude_unset=True) for step in getattr(start, "therapies", ())}
    return [had.get(name, name) for name in names]


def _put(table: dict[str, Any], key: str, value: Any) -> None:
    *parts, last = key.split(".")
    for part in parts:
        table = table.setdefault(part, {})
    table[last] = value
