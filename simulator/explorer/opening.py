"""What a page needs before its first question: controls, policies compared, payers, how things are drawn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from simulator.evidence.economics.perspective import perspectives
from simulator.explorer.controls import PRODUCT, THERAPIES, compared, described
from simulator.explorer.parts import SHOWN_YEARS, Part
from simulator.run.result import STATES
from simulator.scenario import Policy, Scenario
from simulator.valuation.cost_items import product_price
from simulator.valuation.prices_read import therapy_prices
from simulator.valuation.values import values_of
from simulator.words.errors import BadInput, Problem

GROUND = "#f4f5f7"
"""Of the light page (`--ground` of its style sheet), on which words have the colours of policies."""


def opened(scenario: Scenario) -> Part:
    """What a page needs before its first question: controls, policies compared, how things are drawn."""
    from simulator.explorer.curves import HEADLINES
    from simulator.explorer.trial import TRIAL_OUTCOMES
    from simulator.telling.colours import on_dark, policy_colours, readable
    from simulator.telling.columns import labels
    from simulator.telling.figures.compare import STATES as GROUPS

    reference, beside, mine = compared(scenario)
    roles = {"reference": reference, "beside": beside, "mine": mine}
    colour = policy_colours(roles.values())
    return {
        "label": scenario.label,
        "description": scenario.settings.description,
        "scenario": scenario.name,
        "compared": roles,
        "colours": {
            role: {"drawn": colour[name], "written": readable(colour[name], GROUND), "on_dark": on_dark(colour[name])}
            for role, name in roles.items()
        },
        "labels": {name: policy.label for name, policy in scenario.policies.items()} | {mine: "Your policy"},
        "outcomes": {name: labels()["outcome"][name] for name in (*HEADLINES, *TRIAL_OUTCOMES)},
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
    controls = {control["key"]: control.get("choices", ()) for control in described(scenario)["controls"]}
    treatments = [each["value"] for key in (PRODUCT, THERAPIES) for each in controls.get(key, ())]
    for name in (*perspectives(), scenario.settings.economics.perspective) if names is None else names:
        try:
            found[name] = _payer(scenario, name, treatments)
        except BadInput:
            continue  # it has gaps
    return found


def _payer(scenario: Scenario, name: str, treatments: Sequence[str]) -> Part:
    """What the page's amounts are in under a payer, and what it has for each treatment and a QALY, in that money."""
    own: dict[str, Any] = (
        {} if name == scenario.settings.economics.perspective else {"economics": {"perspective": name}}
    )
    usual = values_of(scenario.with_(**own) if own else scenario)
    prices, names = {}, {}
    problems: list[Problem] = []
    for treatment in treatments:
        bought = product_price(usual.therapies[treatment])
        given = {"p": Policy.model_validate({"therapies": [treatment]})}
        charged = therapy_prices(usual.perspective, given, usual.therapies, problems)
        if bought is not None and bought in charged:
            names[treatment] = bought
            prices[treatment] = charged[bought].value * usual.money.factor
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
