"""Prices that a comparison reads: those of therapies in the payer's money, and those that are missing or charged to nobody."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from simulator import load_scenario
from simulator.evidence.distributions import mean, sd
from simulator.evidence.economics.perspective import load_perspective
from simulator.evidence.economics.price_transfer import exchange, inflate
from simulator.valuation.cost_items import SITE_PRICES, Scope
from simulator.valuation.prices_read import read_prices, scaled, therapy_prices, unusable

PAYER = load_perspective("italy")
SCOPE = Scope(institutional_care=False, informal_care=False, vascular_events=True)


def of(*policies: str) -> Any:
    """These policies, and what is known of therapies."""
    scenario = load_scenario(policies=policies)
    own = {name: scenario.policies[name] for name in policies}
    return SimpleNamespace(policies=own, therapies=scenario.register.therapies)


def test_a_price_in_twice_the_money_is_twice_as_uncertain() -> None:
    """Value, range, mean and SD; a spread that is relative stays, and so does a number of people that a share rests on."""
    price = PAYER.prices["dialysis_year"].model_copy(update={"range": (1.0, 9e5)})
    twice = scaled(price, 2.0, "USD per year")
    assert (twice.value, twice.centre, twice.unit) == (2.0 * price.value, 2.0 * price.centre, "USD per year")
    assert twice.range == (2.0 * price.range[0], 2.0 * price.range[1])
    assert (mean(twice), sd(twice)) == pytest.approx((2.0 * mean(price), 2.0 * sd(price)))
    assert type(twice.distribution) is type(price.distribution)


def test_a_therapy_s_prices_become_the_payer_s_money() -> None:
    """Euros of 2019 by consumer prices alone, pounds first at the rate of their year; hours stay hours."""
    scenario = of("conservative", "gene_therapy", "arterialisation")
    therapies, problems = scenario.therapies, list[Any]()
    (session,) = therapies["gene_therapy"].prices
    hours = next(price for price in therapies["deep_vein_arterialisation"].prices if price.unit == "hours")
    found = therapy_prices(PAYER, scenario.policies, therapies, problems)
    payer = PAYER.conventions.perspective
    risen = inflate(1.0, payer.country, 2019, payer.price_year)
    assert (session.unit, payer.currency) == ("EUR per session, 2019", "EUR") and risen > 1.0 and not problems
    assert found["plasmid_session"].value == pytest.approx(session.value * risen)
    assert found["plasmid_session"].unit == "EUR per session"
    assert found[hours.name] == hours
    pounds = session.model_copy(update={"unit": "GBP per session, 2019"})
    of_pounds = {**therapies, "gene_therapy": SimpleNamespace(prices=(pounds,))}
    found = therapy_prices(PAYER, {"gene_therapy": scenario.policies["gene_therapy"]}, of_pounds, problems)  # type: ignore[arg-type]
    assert found["plasmid_session"].value == pytest.approx(session.value * exchange(1.0, "GBP", "EUR", 2019) * risen)


def test_money_that_nobody_exchanges_is_told_once() -> None:
    """A price in a currency without rates is a fault under its own key, and not missing of the payer besides."""
    scenario = of("conservative", "gene_therapy")
    therapies, problems = scenario.therapies, list[Any]()
    (session,) = therapies["gene_therapy"].prices
    shells = session.model_copy(update={"unit": "XXX per session, 2019"})
    brought: Any = {**therapies, "gene_therapy": SimpleNamespace(prices=(shells,))}
    found = therapy_prices(PAYER, scenario.policies, brought, problems)
    assert [problem.file for problem in problems] == ["therapies.gene_therapy.prices.plasmid_session"]
    assert "or a number of your own under [economics.prices], in EUR" in problems[0].allowed
    assert (found["plasmid_session"].value, found["plasmid_session"].unit) == (session.value, "EUR per session")
    problems.clear()
    found = therapy_prices(PAYER, scenario.policies, brought, problems, ["plasmid_session"])
    assert not problems and found["plasmid_session"].value == session.value


def test_the_payer_s_own_price_counts() -> None:
    """Where both name a price, that of the therapy's file is left alone; therapies that nobody has bring nothing along."""
    scenario = of("conservative", "gene_therapy")
    therapies = scenario.therapies
    (session,) = therapies["gene_therapy"].prices
    own = session.model_copy(update={"name": "dialysis_year"})
    hours = session.model_copy(update={"name": "hours", "unit": "hours"})
    brought: Any = {**therapies, "gene_therapy": SimpleNamespace(prices=(own, hours, session))}
    found = therapy_prices(PAYER, scenario.policies, brought, [])
    assert found["dialysis_year"] == PAYER.prices["dialysis_year"]
    assert found.names() == (*PAYER.prices.names(), "hours", "plasmid_session")
    assert (found.sources, found.therapies) == (PAYER.prices.sources, PAYER.prices.therapies)
    care = {"conservative": scenario.policies["conservative"]}
    assert therapy_prices(PAYER, care, therapies, []).names() == PAYER.prices.names()


def test_which_prices_are_read() -> None:
    """A kit where cells are given, what a site pays where it makes them, angioplasty where it is given; none for care alone."""
    scenario = of("conservative", "protocol", "mesenchymal", "pta", "bmmnc")
    therapies = scenario.therapies

    def read(*names: str) -> set[str]:
        return read_prices({name: scenario.policies[name] for name in names}, "all_in", SCOPE, therapies)

    care = read("conservative")
    assert "pbmnc_kit" not in care and "angioplasty" not in care and "dialysis_year" in care
    assert "pbmnc_kit" in read("conservative", "protocol") and not set(SITE_PRICES) & read("protocol")
    assert "angioplasty" in read("pta")
    made = {
        name
        for name in ("mesenchymal", "bmmnc")
        if therapies[scenario.policies[name].cell_therapy.product].record.made_on_site
    }
    for name in ("mesenchymal", "bmmnc"):
        assert (set(SITE_PRICES) <= read(name)) is (name in made)
        assert (set(SITE_PRICES) <= read("conservative", name)) is (name in made)
    assert made


def told(perspective: Any, **prices: float) -> list[tuple[str, str, str]]:
    """File, key and value of what is wrong with a payer's prices and one's own, conservative care and cells being compared."""
    scenario = of("conservative", "protocol")
    settings: Any = SimpleNamespace(wound_costs="all_in", prices=prices)
    therapies = scenario.therapies
    found = unusable(perspective, scenario.policies, settings, SCOPE, "mine", therapies)
    return [(problem.file, problem.key, problem.value) for problem in found]


def test_prices_that_are_idle_missing_or_charged_to_nobody() -> None:
    """Of the payer: a price that the model cannot charge, a gap and a missing one that cells need. Of one's own: for what no
    policy has."""
    assert told(PAYER) == []

    def payer(more: tuple[str, ...] = (), less: str = "", **gaps: str) -> Any:
        names = _Named([name for name in PAYER.prices.names() if name != less] + [*more])
        return SimpleNamespace(name="italy", prices=names, gaps=gaps)

    assert told(payer(more=("helicopter",))) == [("italy", "prices.helicopter", "charged by nothing")]
    assert told(payer(less="pbmnc_kit")) == [("italy", "prices.pbmnc_kit", "missing")]
    gap = payer(less="pbmnc_kit", pbmnc_kit="nobody publishes it")
    assert told(gap) == [("italy", "prices.pbmnc_kit", "a gap")]
    assert told(PAYER, angioplasty=9.0) == [("mine", "angioplasty", "charged to nobody")]
    assert told(PAYER, pbmnc_kit=9.0) == []


class _Named(list[str]):
    """Prices of which only the names matter."""

    def names(self) -> list[str]:
        """Their names."""
        return list(self)
