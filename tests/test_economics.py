"""Economic values of simulated lives: dot products, errors, re-pricing without simulation, and the whole analysis."""

from __future__ import annotations

import json
import re
import sys
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import typer
from numpy.polynomial.legendre import leggauss
from scipy.integrate import quad
from scipy.stats import norm
from typer.testing import CliRunner

from simulator import load_scenario
from simulator.cli import app
from simulator.cli.economics import main
from simulator.evidence.economics.population_norm import load_population_norm
from simulator.evidence.economics.price_transfer import exchange, inflate
from simulator.evidence.posterior import joint_names, parameter_draws
from simulator.evidence.shipped import shipped
from simulator.living.ledger import COUNTS
from simulator.questions.trial.reading.design_reading import load_design
from simulator.questions.trial.simulation.simulation import Simulation
from simulator.questions.trial.sizes.curves import summaries_for_economics
from simulator.questions.value.analysis import EconomicAnalysis, Effort, base_lives, economic_analysis
from simulator.questions.value.consequences.budget import _within_capacity
from simulator.questions.value.consequences.luck import evpi_without_luck, luck_table
from simulator.questions.value.consequences.subgroups import members, stratified_value
from simulator.questions.value.draws import draws_table
from simulator.questions.value.reading import read_results, results_from
from simulator.questions.value.research.proposed_trial import can_be_paid, in_money, simulated_trial_worth
from simulator.questions.value.research.simulated_trial import load_simulated_trial
from simulator.questions.value.sensitivity.one_way import centre_of, one_way
from simulator.questions.value.sensitivity.price_by_view import price_table
from simulator.questions.value.sensitivity.two_way import pair_of
from simulator.questions.value.sensitivity.variants import varied
from simulator.questions.value.sensitivity.views import Seen
from simulator.rules.draws import uniform
from simulator.run import Result, simulate
from simulator.scenario import Scenario
from simulator.scenario.arrays import SHARE
from simulator.scenario.economics import Trial, Variant
from simulator.scenario.policy import Criteria, stricter
from simulator.statistics.decision.incremental import incremental_analysis
from simulator.statistics.decision.net_benefit import acceptability, net_monetary_benefit
from simulator.statistics.decision.population import Population
from simulator.statistics.decision.results import Array, CostEffectResults
from simulator.statistics.decision.voi import evpi, evppi
from simulator.telling.outputs import OutputFolder
from simulator.valuation import lives as lives_module
from simulator.valuation import unread
from simulator.valuation.cost_items import ALL_IN, INCLUDED, SPLIT, Scope, cost_items
from simulator.valuation.lives import PARTS, Lives, Simulations, for_money
from simulator.valuation.quality_of_life import LOST_IN, UTILITY_OF, age_ratio
from simulator.valuation.unread import unread_problems
from simulator.valuation.valuation import Worth, cost_table, item_costs, lost, with_price_apart, worth
from simulator.valuation.values import Drawn, Money, Values, values_of
from simulator.words.errors import BadInput
from simulator.words.vocabulary import DAYS_PER_YEAR, State, Stream
from simulator.work.model import RunFailed

POLICIES = ("conservative", "protocol", "ev_selected", "pta_act")
SMALL = {"draws": 50, "patients": 24}


def scenario_with(policies: tuple[str, ...] | None = None, view: str = "central", **economics: Any) -> Scenario:
    evidence = {"view": view, "centre": "founding"}
    return load_scenario(policies=policies, overrides={"economics": SMALL | economics, "evidence": evidence})


def money_of(**economics: Any) -> tuple[Scenario, Values]:
    scenario = scenario_with(POLICIES, **economics)
    values = values_of(scenario)
    return for_money(scenario, values.discounting), values


@pytest.fixture(scope="module")
def followed() -> Result:
    """Fifty patients one by one under four policies, by the rates of the Italian payer."""
    scenario, _ = money_of()
    return simulate(scenario, patients=50, seed=3, events=True)


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("ledgers")


@pytest.fixture(scope="module")
def found(cache: Path) -> EconomicAnalysis:
    """A whole analysis of the base scenario, small."""
    return economic_analysis(scenario_with(), 1, Simulations(cache))


# --- Ledgers times values -------------------------------------------------------------------------------------------


def sojourns(
    events: pd.DataFrame, severe: bool, wound: bool, next_severe: bool, horizon: float
) -> Iterator[tuple[str, float, float]]:
    """States of one life with their start and end, read off its event history and how severe its first wounds are."""
    limb, open_, recurred, healed, walking, minor, start = "kept", wound, False, False, False, False, 0.0
    painless = False

    def state() -> str:
        if limb != "kept":
            return f"{limb}_walking" if walking else limb
        if open_:
            return "recurrent_ulcer" if recurred else "severe_ulcer" if severe else "ulcer"
        if not healed and not painless:
            return "rest_pain"
        return "healed_after_minor" if minor else "healed"

    for t, event in zip(events["time_years"], events["event"].astype(str), strict=True):
        before = state()
        died = event.endswith("_death")
        if event == "healed":
            open_, healed = False, True
        elif event == "pain_relieved":
            painless = True
        elif event == "new_wound":
            open_, recurred, walking, severe = True, healed, False, next_severe
        elif event == "minor_amputation":
            minor = True
        elif event in ("below_knee_amputation", "above_knee_amputation", "conversion"):
            limb, walking = ("below_knee" if event.startswith("below") else "above_knee"), False
        elif event in ("walks", "walks_no_more", "other_limb_amputation"):
            walking = event == "walks"
        if died or state() != before:
            yield before, start, t
            start = t
        if died:
            return
    yield state(), start, horizon


def life_value(
    life: pd.DataFrame,
    person: pd.Series[Any],
    next_severe: bool,
    policy: str,
    way: str,
    v: dict[str, float],
    rate: float,
    norms: tuple[Callable[[float, bool], float], ...],
) -> Array:
    """Cost and, by each of the norms, QALYs of one life, summed event by event and integrated over every sojourn."""
    dose = v["theatre_hour"] * v["theatre_hours_per_treatment"] + v["anaesthesia_per_treatment"] + v["pbmnc_kit"]
    dose += v["pbmnc_complication"] * v["harvest_complication"]
    above = v["major_amputation_admission"] * v["above_knee_ratio"]
    prices = {
        "dose": dose,
        "angioplasty": v["angioplasty"],
        "repeat_angioplasty": v["angioplasty"],
        "minor_amputation": v["minor_amputation"],
        "below_knee_amputation": v["major_amputation_admission"],
        "above_knee_amputation": above,
        "conversion": above,
        "other_limb_amputation": v["major_amputation_admission"],
    }
    if way == SPLIT:
        prices["visit"] = v["tcpo2_visit"]
    cost = v["small_ev_test"] * bool(person["tested"]) if policy == "ev_selected" else 0.0
    for t, event in zip(life["time_years"], life["event"].astype(str), strict=True):
        cost += prices.get(event, 0.0) * np.exp(-rate * t)
        if event.endswith("_death"):
            last = max(0.0, t - 1.0)
            lived = (np.exp(-rate * last) - np.exp(-rate * t)) / rate if rate else t - last
            cost += v["final_year_increment"] * lived
    begun = life.loc[life["event"].astype(str) == "starts_dialysis", "time_years"]
    ended = life.loc[life["event"].astype(str).str.endswith("_death"), "time_years"]
    dialysed = 0.0 if person["renal"] == "dialysis" else begun.min() if len(begun) else np.inf
    end = ended.min() if len(ended) else 40.0
    if dialysed < end:
        cost += v["dialysis_year"] * span_of(dialysed, end, rate)
    severe = person["rutherford"] > 5.5 or bool(person["infection"])
    qalys, operated = np.zeros(len(norms)), None
    nodes, shares = leggauss(16)
    for state, start, end in sojourns(life, severe, person["rutherford"] > 4.5, next_severe, 40.0):
        years = np.linspace(start, end, 3)
        for low, high in pairwise(years):
            t = (high + low) / 2 + (high - low) / 2 * nodes
            weight = (high - low) / 2 * shares * np.exp(-rate * t)
            ages = np.array([[norm_of(person["age"] + each, bool(person["male"])) for each in t] for norm_of in norms])
            qalys += v[UTILITY_OF[State[state.upper()]]] * (ages @ weight)
            yearly = 0.0
            if state.endswith("ulcer") and way == ALL_IN:
                yearly += 12 * v["wound_all_in_month"]
            elif state.endswith("ulcer"):
                yearly += 12 * v["wound_outpatient_month"] + v["wound_admission"] * v["wound_admissions_per_year"]
            elif way == ALL_IN:
                yearly += v["tcpo2_visit"] * DAYS_PER_YEAR / 91.3125
            cost += yearly * float(weight.sum())
        if "knee" in state:
            operated = start if operated is None else operated
    other = life.loc[life["event"].astype(str) == "other_limb_amputation", "time_years"]
    losses = sorted([*([] if operated is None else [operated]), *other])
    for gone, until in pairwise([*losses, end]):
        for year, name in enumerate(("year_1", "year_2", "later_year")):
            high = min(until, gone + year + 1) if year < 2 else until
            cost += v[f"rehabilitation_{name}"] * span_of(gone + year, high, rate)
    if len(other):
        qalys -= v["other_limb_lost"] * span_of(other.min(), end if operated is None else operated, rate)
    qalys -= v["on_dialysis"] * span_of(dialysed, end, rate)
    heart = v["vascular_hr_heart"] if person["ischaemic_heart_disease"] else 1.0
    years, behind = span_of(0.0, end, rate), quad(lambda t: t * np.exp(-rate * t), 0.0, end, epsrel=1e-12)[0]
    for event in ("infarction", "stroke"):
        cost += heart * v[f"{event}_rate"] * (v[event] * years + v[f"after_{event}_year"] * behind)
        qalys -= heart * v[f"{event}_rate"] * v[f"after_{event}"] * behind
    given = life.loc[life["event"].astype(str) == "dose", "time_years"].to_numpy()
    qalys -= (
        v["intramuscular_utility_loss"]
        * v["intramuscular_utility_loss_days"]
        / DAYS_PER_YEAR
        * np.exp(-rate * given).sum()
    )
    return np.array([cost, *qalys])


def span_of(start: float, end: float, rate: float) -> float:
    """Discounted years from a start to an end, none if it comes before."""
    if end <= start:
        return 0.0
    return float((np.exp(-rate * start) - np.exp(-rate * end)) / rate) if rate else end - start


def first_new_wound_severe(followed: Result, seed: int, patient: int) -> bool:
    """Whether the first new wound of somebody's limb is of the highest class or infected, by the same luck."""
    parameters = followed.parameters[0]
    return bool(
        uniform(seed, patient, Stream.NEW_WOUND_CLASS, 1) < parameters["recurrent_severe_share"]
        or uniform(seed, patient, Stream.NEW_WOUND_INFECTION, 1) < parameters["infection_share"]
    )


@pytest.mark.parametrize(("way", "discounted"), [(ALL_IN, True), (SPLIT, True), (SPLIT, False)])
def test_dot_products_equal_lives_valued_event_by_event(followed: Result, way: str, discounted: bool) -> None:
    """Costs, and QALYs by the ledger's quadratic norm of both sexes, agree to rounding; by each sex's own norm within 0.2%."""
    _, values = money_of(wound_costs=way)
    values = replace(values, discounted=discounted)
    drawn = values.at_base()
    ours = worth(followed.draw_ledgers, followed.parameters, drawn, values)
    scenario = scenario_with(POLICIES)
    v = scenario.register.values() | values.perspective.prices.values() | values.utility_set.states.values()
    base = {male: values.norm.at(70.0, male) for male in (True, False)}
    constant, slope, square = age_ratio(values.norm, 70.0, values.male_share)

    def of_both(age: float, male: bool) -> float:
        return float(constant + slope * (age - 75.0) + square * (age - 75.0) ** 2)

    def of_own_sex(age: float, male: bool) -> float:
        return values.norm.at(age, male) / base[male]

    rate = np.log(1.03) if discounted else 0.0
    patients = followed.patients.set_index(["policy", "patient"])
    events = dict(list(followed.events.groupby(["policy", "patient"], observed=True)))
    severe = [first_new_wound_severe(followed, 3, i) for i in range(50)]

    def recounted(policy: str) -> Any:
        lives = [(events[policy, i], patients.loc[(policy, i)], severe[i]) for i in range(50)]
        return np.mean([life_value(*life, policy, way, v, rate, (of_both, of_own_sex)) for life in lives], axis=0)

    gained = []
    for place, policy in enumerate(POLICIES):
        cost, qalys, of_own = recounted(policy)
        np.testing.assert_allclose([ours.cost[0, place], ours.qalys[0, place]], [cost, qalys], rtol=1e-9)
        gained.append(of_own)
    np.testing.assert_allclose(ours.qalys[0], gained, rtol=2e-3)
    np.testing.assert_allclose(ours.qalys[0] - ours.qalys[0, 0], np.array(gained) - gained[0], atol=5e-4)


def test_costs_add_up_by_category_by_state_and_by_kind(followed: Result) -> None:
    """Every way of adding the table up gives the whole cost, and one-off costs are those of events."""
    _, values = money_of()
    drawn, plain = values.at_base(), replace(values, discounted=False)
    parts = [item_costs(followed.draw_ledgers, followed.parameters, drawn, v) for v in (values, plain)]
    whole = worth(followed.draw_ledgers, followed.parameters, drawn, values).cost[0]
    table = cost_table(parts[0], parts[1], values)
    for keys in (["category"], ["state"], ["kind"], ["category", "state", "kind"]):
        summed = table.groupby(["policy", *keys])["mean"].sum().groupby("policy").sum()
        np.testing.assert_allclose(summed[list(POLICIES)], whole, rtol=1e-12)
    assert set(table.loc[table["kind"] == "one-off", "state"]) == {"event"}
    assert "event" not in set(table.loc[table["kind"] == "running", "state"])
    kinds = dict(zip(table["category"], table["kind"], strict=True))
    assert (kinds["cell product"], kinds["wound care"], kinds["major amputation"]) == ("one-off", "running", "one-off")


def test_every_event_has_a_price_or_a_reason_and_every_state_a_utility() -> None:
    """Under either way of pricing wounds nothing that the ledger counts is forgotten."""
    therapies = scenario_with().register.therapies
    # The steps of a policy are priced by the therapies done in them.
    done = {
        f"count_{often}{name}"
        for name, each in therapies.items()
        if each.record.charges and each.record.kind == "procedure"
        for often in ("", "repeat_")
    }
    others = {f"count_{name}" for name in COUNTS if name not in INCLUDED and "step_" not in name}
    for way in (ALL_IN, SPLIT):
        charged = {column for item in cost_items(way, Scope(), therapies) for column in item.columns}
        assert others | done <= charged
        assert {f"time_{state.name.lower()}" for state in State if way == ALL_IN} <= charged
    assert set(UTILITY_OF) == set(State)
    chosen = values_of(scenario_with()).utility_set
    assert set(LOST_IN.values()) == set(chosen.losses)
    assert set(UTILITY_OF.values()) | set(chosen.losses) == set(chosen.states.names())


@pytest.mark.parametrize("discounted", [True, False])
def test_utilities_of_one_give_life_years_and_prices_of_zero_cost_nothing(followed: Result, discounted: bool) -> None:
    """Without age adjustment a year at utility 1 is a QALY but for what sessions cost; nothing at no price costs 0 exactly."""
    chosen = values_of(scenario_with()).utility_set
    names = {name: float(name not in chosen.losses) for name in chosen.states.names()}
    _, values = money_of(age_adjusted=False, utilities=names)
    values = replace(values, discounted=discounted)
    free = dict.fromkeys(values.price_names, np.zeros(1))
    got = worth(followed.draw_ledgers, followed.parameters, values.at_base(free), values)
    sessions = lost(followed.draw_ledgers, followed.parameters, values)
    np.testing.assert_allclose(got.qalys + sessions, got.life_years, rtol=1e-14)
    assert (sessions[:, 1] > 0.0).all()
    assert (got.cost == 0.0).all()


def test_identical_policies_differ_by_nothing_at_all() -> None:
    """The protocol, and the protocol with its exclusion of dialysis spelled out: increments are exactly 0."""
    scenario = scenario_with(("protocol", "exclude_dialysis"))
    values = values_of(scenario)
    scenario = for_money(scenario, values.discounting)
    draws = scenario.parameter_draws(None)
    got = Simulations(None).probabilistic("", scenario, draws, 200, 1)
    both = worth(got.ledgers, got.parameters, values.at_base(), values)
    assert both.cost[0, 0] == both.cost[0, 1]
    assert both.qalys[0, 0] == both.qalys[0, 1]


def test_age_ratio_is_exact_for_the_uk_norm_and_within_a_hundredth_for_italy() -> None:
    """A quadratic norm is met to rounding from 50 to 100 years; the Italian one, which bends at 80, within 0.01."""
    ages = np.arange(50.0, 101.0)
    for country, tolerance in (("UK", 1e-12), ("Italy", 0.01)):
        population = load_population_norm(country)
        coefficients = age_ratio(population, 70.0, 0.6)
        level = [0.6 * population.at(a, male=True) + 0.4 * population.at(a, male=False) for a in (*ages, 70.0)]
        exact = np.array(level[:-1]) / level[-1]
        close = np.polynomial.polynomial.polyval(ages - 75.0, coefficients)
        np.testing.assert_allclose(close, exact, atol=tolerance)


def test_all_in_and_split_wound_prices_are_never_mixed() -> None:
    """Each way reads its own prices, and admissions are charged in one of them only."""
    names = {way: set(values_of(scenario_with(wound_costs=way)).price_names) for way in (ALL_IN, SPLIT)}
    only = {"wound_outpatient_month", "wound_admission", "wound_admissions_per_year"}
    assert names[ALL_IN] - names[SPLIT] == {"wound_all_in_month"}
    assert names[SPLIT] - names[ALL_IN] == only


# --- Errors ---------------------------------------------------------------------------------------------------------


def refused(*parts: str, **economics: Any) -> None:
    with pytest.raises(BadInput) as bad:
        values_of(scenario_with(**economics))
    for part in parts:
        assert part in str(bad.value), str(bad.value)


def test_a_price_for_an_event_that_no_policy_has_is_refused() -> None:
    """Marrow, angioplasty and a test are priced, but no policy compared incurs them; all are told together."""
    own = {"bmmnc_point_of_care": 3000.0, "angioplasty": 1.0, "small_ev_test": 1.0, "pbmnc_kit": 1.0}
    refused("3 problem(s)", "bmmnc_point_of_care", "angioplasty", "small_ev_test", prices=own)
    refused("wound_outpatient_month", "wound_costs = 'all_in'", prices={"wound_outpatient_month": 10.0})
    refused("institutional_care_day", prices={"institutional_care_day": 10.0})


def test_impossible_values_are_refused_with_the_nearest_name() -> None:
    """Negative costs, utilities above 1, misspelt names and sets: each is told, with what was allowed."""
    refused("pbmnc_kit = -5.0; allowed: a number, 0 to inf", prices={"pbmnc_kit": -5.0})
    refused("ulcer = 1.2; allowed: a number, 0 to 1", utilities={"ulcer": 1.2})
    refused("did you mean 'pbmnc_kit'?", "did you mean 'healed'?", prices={"pbmnc_kt": 5.0}, utilities={"heeled": 0.5})
    refused("did you mean 'italy'?", "one of A, B, C, D", perspective="itly", utility_set="EQ")
    refused(
        "one of A, B, C, D",
        "pbmnc_kit = -5.0",
        "angioplasty",
        utility_set="EQ",
        prices={"pbmnc_kit": -5.0, "angioplasty": 1.0},
    )
    with pytest.raises(BadInput, match=r"economics\.draws = 1; allowed: a whole number, 2"):
        scenario_with(draws=1)
    with pytest.raises(BadInput, match=r"economics\.wound_costs = 'both'"):
        scenario_with(wound_costs="both")


def own_payer(folder: Path, change: Callable[[str], str]) -> Path:
    """A payer of one's own beside a scenario that names it."""
    text = (shipped("calibration") / "economics" / "italy.toml").read_text("utf-8")
    (folder / "mine.toml").write_text(change(text), "utf-8")
    file = folder / "scenario.toml"
    compare = 'compare = ["conservative", "ev_selected"]\nreference = "conservative"\n'
    file.write_text(f'label = "Mine"\n{compare}\n[economics]\nperspective = "mine.toml"\n', "utf-8")
    return file


def without(name: str, text: str) -> str:
    before, after = text.split(f"[prices.{name}]\n")
    return before + after[after.index("\n\n") + 2 :]


def test_a_missing_price_is_refused_where_a_policy_needs_it(tmp_path: Path) -> None:
    """A payer without a price for the test cannot pay for a policy that tests, and can for others."""
    file = own_payer(tmp_path, partial(without, "small_ev_test"))
    with pytest.raises(BadInput, match=r"prices\.small_ev_test = missing"):
        values_of(load_scenario(file))
    assert values_of(load_scenario(file, policies=["conservative", "protocol"])).perspective.name == "mine"


def test_a_price_that_the_model_cannot_charge_is_refused(tmp_path: Path) -> None:
    """A payer's price of a bypass would be read by nothing, because nobody has one."""
    file = own_payer(tmp_path, lambda text: text.replace("[prices.theatre_hour]", "[prices.bypass]", 1))
    with pytest.raises(BadInput, match=r"prices\.bypass = charged by nothing"):
        values_of(load_scenario(file))


def test_an_event_without_a_price_stops_the_valuation(followed: Result) -> None:
    """Ledgers with doses cannot be valued as if the policy gave none."""
    _, values = money_of()
    plain = values.policies["conservative"]
    wrong = replace(values, policies=values.policies | {"protocol": plain})
    with pytest.raises(BadInput, match=r"policy protocol, dose = has no price"):
        worth(followed.draw_ledgers, followed.parameters, wrong.at_base(), wrong)


def test_a_drawn_number_that_nothing_reads_is_refused() -> None:
    """Draws of a price that is not charged, or of nothing known, are an error with the nearest name."""
    _, values = money_of()
    with pytest.raises(BadInput, match=r"wound_outpatient_month = read by nothing"):
        values.at_base({"wound_outpatient_month": np.ones(3)})
    drawn = values.sample(5, 1)
    assert set(drawn.prices) == set(values.price_names)
    with pytest.raises(BadInput, match="unknown parameter"):
        scenario_with().parameter_draws(pd.DataFrame({"healing_rat": [1.0]}))


def test_a_parameter_that_no_code_reads_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A drawn parameter that no line names, and a posterior column that is no parameter, stop the analysis; others do not."""
    scenario = scenario_with()
    assert not list(unread_problems(scenario.register))
    stray = scenario.register["healing_rate"].model_copy(update={"name": "death_rate_of_no_rule", "fitted": False})
    register = replace(scenario.register, parameters=(*scenario.register.parameters, stray))
    posterior = pd.DataFrame({"healing_rate": [1.0, 2.0], "amputation_rat": [1.0, 2.0]})
    monkeypatch.setattr(unread, "posterior_table", lambda: posterior)
    told = [str(problem) for problem in unread_problems(register)]
    assert len(told) == 2
    assert (
        "death_rate_of_no_rule = drawn, but read by nothing; allowed: a parameter that some rule reads; did you mean"
        in told[0]
    )
    assert "amputation_rat = drawn, but read by nothing; allowed: did you mean 'amputation_rate'?" in told[1]
    with pytest.raises(BadInput, match="2 problem"):
        economic_analysis(replace(scenario, register=register), 1, Simulations(None))


def test_a_number_asked_for_that_nothing_reads_is_refused() -> None:
    """A two-way analysis refuses what does not vary, what no policy compared reads and a price that is not charged."""
    read = ("healing_rate", "attributable_share_central")
    for name, policies in (
        ("visit_interval_days", ("conservative", "protocol")),
        ("amputation_rate", ("conservative", "protocol")),
        ("small_ev_test", ("conservative", "protocol")),
        ("attributable_share", ("conservative", "pta")),
    ):
        scenario = scenario_with(policies, two_way=["healing_rate", name])
        with pytest.raises(BadInput, match=rf"two_way = '{name}'; allowed: a number that varies and that a rule"):
            pair_of(policies[1], scenario, values_of(scenario), read, 1)
    plain = scenario_with(("conservative", "pta"))
    assert pair_of("pta", plain, values_of(plain), read, 1) is None
    priced = scenario_with(("conservative", "protocol"), prices={"pbmnc_kit": 1000.0})
    around = pair_of("protocol", priced, values_of(priced), read, 1)
    assert around is not None
    assert (around[1].name, around[1].low, around[1].base, around[1].high) == ("pbmnc_kit", 0.0, 1000.0, 2000.0)
    usual = scenario_with(("conservative", "protocol"))
    found = pair_of("protocol", usual, values_of(usual), read, 1)
    assert found is not None
    assert [each.name for each in found] == ["attributable_share", "pbmnc_kit"]


def test_numbers_that_only_other_policies_read_are_told(found: EconomicAnalysis) -> None:
    """Drawn numbers that these policies do not read have no value of information, no column of draws, and are listed."""
    silent = set(found.one_way.unread)
    assert "heel_share" in silent
    # They change no life and are charged: money, and quality of life.
    assert {"pbmnc_complication", "intramuscular_utility_loss"} <= set(found.one_way.read)
    # What only a therapy reads that no policy gives is not drawn, so there is nothing to tell of it.
    assert "angioplasty_success" not in silent | set(found.one_way.read) | set(found.information["parameters"])
    assert not silent & set(found.one_way.read)
    assert not silent & set(found.information["parameters"])
    assert not silent & set(draws_table(found).columns)


def test_each_product_has_a_price_of_its_own() -> None:
    """Cells and a device have a row each; at its price an option is exactly worth its cost, while the other's stays as drawn."""
    scenario = scenario_with(("conservative", "protocol", "arterialisation"))
    values = values_of(scenario)
    scenario = for_money(scenario, values.discounting)
    lives, drawn = base_lives(scenario, 6, 40, 1, Simulations(None)), values.sample(6, 1)
    table = price_table(scenario, values, [Seen("central", 0.5, 0.5, lives, values)], drawn)
    priced = table[table["threshold"] == values.threshold].set_index("option")["price"]
    assert priced.index.tolist() == ["protocol", "arterialisation"]
    for place, (option, price) in enumerate(priced.items(), start=1):
        name = values.price_name(str(option))
        assert name is not None
        at = Drawn({**drawn.prices, name: np.full(6, price / values.money.factor)}, drawn.utilities)
        got = worth(lives.ledgers, lives.parameters, at, values)
        benefit = values.threshold * got.qalys - got.cost
        assert (benefit[:, place] - benefit[:, 0]).mean() == pytest.approx(0.0, abs=1e-6)


def test_a_payer_of_another_currency_is_analysed_without_the_trial(tmp_path: Path) -> None:
    """The template filled in for a currency without exchange rates works; the trial, priced in euros, is left out and told."""
    text = (shipped("calibration") / "economics" / "template.toml").read_text("utf-8").replace("{currency}", "CHF")
    (tmp_path / "mine.toml").write_text(re.sub(r"= nan$", "= 0.5", text, flags=re.MULTILINE), "utf-8")
    change = {"economics": {"draws": 4, "patients": 4, "perspective": str(tmp_path / "mine.toml")}}
    found = economic_analysis(
        load_scenario(policies=["conservative", "protocol"], overrides=change), 1, Simulations(None)
    )
    assert found.trial is None
    assert not can_be_paid(found.scenario.settings.economics.trial, found.valued_by)
    assert found.valued_by.money.currency == "CHF"


def test_one_policy_is_nothing_to_decide_between() -> None:
    """An economic analysis of a single policy is refused before anything is simulated."""
    with pytest.raises(BadInput, match="at least 2 policies"):
        economic_analysis(scenario_with(("protocol",)), 1, Simulations(None))


def test_scenario_rows_and_two_way_names_are_checked() -> None:
    """A row of the scenario table with an unknown parameter or life table, and an unknown number, are refused."""
    with pytest.raises(BadInput, match="healing_rat"):
        varied(scenario_with(), Variant(label="x", parameters={"healing_rat": 1.0}))
    with pytest.raises(BadInput, match="1900"):
        varied(scenario_with(), Variant(label="x", life_table_period="1900"))
    with pytest.raises(BadInput, match="did you mean 'pbmnc_kit'"):
        economic_analysis(scenario_with(two_way=["attributable_share", "pbmnc_kits"]), 1, Simulations(None))


# --- Money ----------------------------------------------------------------------------------------------------------


def test_restating_in_another_currency_changes_no_decision(followed: Result) -> None:
    """In pounds every cost and threshold is the euro one times the year's mean rate; 2020 prices divide by inflation."""
    _, euros = money_of()
    _, pounds = money_of(currency="GBP", price_year=2020)
    factor = inflate(1.0, "Italy", 2024, 2020) * exchange(1.0, "EUR", "GBP", 2020)
    assert factor == pytest.approx(0.8897 / 1.176)
    first, second = (worth(followed.draw_ledgers, followed.parameters, v.at_base(), v) for v in (euros, pounds))
    np.testing.assert_allclose(second.cost, factor * first.cost, rtol=1e-12)
    np.testing.assert_allclose(pounds.thresholds, np.multiply(factor, euros.thresholds), rtol=1e-12)
    assert pounds.money == Money("GBP", 2020, pytest.approx(factor))


def test_a_trial_is_paid_in_its_own_currency_and_year() -> None:
    """EUR 100 of 2024 are GBP 84.66 at that year's rate; GBP 100 of 2020 are 122.0 in British prices of 2024."""
    trial = Trial(
        patients_per_arm=(10,), years=1.0, fixed_cost=0.0, cost_per_patient=0.0, currency="EUR", price_year=2024
    )
    assert in_money(100.0, trial, Money("GBP", 2024), "UK") == pytest.approx(84.66)
    older = trial.model_copy(update={"currency": "GBP", "price_year": 2020})
    assert in_money(100.0, older, Money("GBP", 2024), "UK") == pytest.approx(122.0)


def test_discount_rates_are_the_payers_unless_the_scenario_says_otherwise() -> None:
    """3.5% in Britain, 3% in Italy and Czechia, and the user's own in [economics.discounting]."""
    rates = {name: values_of(scenario_with(perspective=name)).discounting.costs for name in ("italy", "uk", "czechia")}
    assert rates == {"italy": 0.03, "uk": 0.035, "czechia": 0.03}
    own = scenario_with(perspective="uk", discounting={"effects": 0.015, "costs": 0.0})
    assert for_money(own, values_of(own).discounting).clock.tolist() == pytest.approx([40.0, np.log(1.015), 0.0])


# --- Lives are simulated once ---------------------------------------------------------------------------------------


def fail(*_args: Any, **_options: Any) -> Result:
    raise AssertionError("a life was simulated")


def test_other_prices_and_utilities_simulate_nothing(
    found: EconomicAnalysis, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With other prices, utilities, wound costs and thresholds the whole analysis runs on the ledgers it has."""
    monkeypatch.setattr(lives_module, "simulate", fail)
    other = economic_analysis(
        scenario_with(
            prices={"pbmnc_kit": 500.0},
            utility_set="D",
            wound_costs="split",
            thresholds=[20000.0],
            strict_payer=False,
            # At other prices another policy may be best, whose budget years would be others' lives.
            focus=found.policy,
        ),
        1,
        Simulations(cache),
    )
    cost = {name: each.totals.set_index(["option", "quantity"])["mean"] for name, each in (("a", found), ("b", other))}
    assert cost["b"]["protocol", "cost"] != cost["a"]["protocol", "cost"]
    assert cost["b"]["protocol", "life_years"] == cost["a"]["protocol", "life_years"]
    with pytest.raises(RunFailed, match="a life was simulated"):
        economic_analysis(scenario_with(discounting={"effects": 0.0, "costs": 0.0}), 1, Simulations(cache))


@pytest.mark.parametrize(
    "change",
    [
        {"parameters": {"healing_rate": 2.0}},
        {"follow_up": {"horizon_years": 39.0}},
        {"life_table": {"period": "2020-25"}},
        {"entry": {"age_at_least": 50.0}},
        {"evidence": {"view": "optimistic"}},
        {"seed": 2},
        {"policies": ("conservative", "single_dose", "protocol")},
    ],
    ids=lambda change: next(iter(change)),
)
def test_what_decides_lives_is_never_read_from_older_lives(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: dict[str, Any]
) -> None:
    """Other parameters, horizons, life tables, criteria, views, seeds or policies are simulated, not taken from the cache."""

    def lives(change: dict[str, Any]) -> Lives:
        seed, policies = change.get("seed", 1), change.get("policies")
        overrides = {key: value for key, value in change.items() if key not in ("seed", "policies")}
        scenario = load_scenario(policies=policies, overrides={"economics": SMALL} | overrides)
        valued = for_money(scenario, values_of(scenario).discounting)
        return base_lives(valued, 10, 4, seed, Simulations(tmp_path))

    made = lives({})
    monkeypatch.setattr(lives_module, "simulate", fail)
    np.testing.assert_array_equal(lives({"economics": SMALL | {"prices": {"pbmnc_kit": 1.0}}}).halves, made.halves)
    with pytest.raises(RunFailed, match="a life was simulated"):
        lives(change)


def test_an_interrupted_run_goes_on_where_it_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks that were finished before an interruption are not simulated again, and the result is the same."""
    scenario = scenario_with(("conservative", "protocol"))
    draws = scenario.parameter_draws(parameter_draws(scenario.register, 120, 1))
    whole = Simulations(None).probabilistic("", scenario, draws, 4, 1)
    calls = []

    def interrupted(*args: Any, **options: Any) -> Result:
        calls.append(1)
        if len(calls) == 4:
            raise KeyboardInterrupt
        return simulate(*args, **options)

    monkeypatch.setattr(lives_module, "simulate", interrupted)
    with pytest.raises(KeyboardInterrupt):
        Simulations(tmp_path).probabilistic("", scenario, draws, 4, 1)
    resumed = Simulations(tmp_path).probabilistic("", scenario, draws, 4, 1)
    assert len(calls) == 7  # six blocks: three before the interruption, three after, and the one that failed
    np.testing.assert_array_equal(resumed.halves, whole.halves)


def test_more_draws_leave_the_first_ones_as_they_were() -> None:
    """Draw i has the same parameters, patients and luck however many follow it."""
    scenario = scenario_with(("conservative", "protocol"))
    draws = scenario.parameter_draws(parameter_draws(scenario.register, 70, 1))
    few = Simulations(None).probabilistic("", scenario, draws[:60], 4, 1)
    many = Simulations(None).probabilistic("", scenario, draws, 4, 1)
    np.testing.assert_array_equal(many.first(60).halves, few.halves)


# --- Luck -----------------------------------------------------------------------------------------------------------


def test_patients_luck_is_told_from_parameters() -> None:
    """Increments with an SD of 2 from parameters and 3 from luck in each half: both parts within 10%, n = 4,000."""
    random = np.random.default_rng(5)
    truth = random.normal(1.0, 2.0, 4000)
    halves = []
    for _ in range(2):
        effect = np.column_stack([np.zeros(4000), truth + random.normal(0.0, 3.0, 4000)])
        halves.append(Worth(np.zeros_like(effect), effect, effect))
    table = luck_table(halves, ("a", "b"), "a", 1.0).set_index(["policy", "quantity"])
    row = table.loc[("b", "incremental effect")]
    assert row["sd"] == pytest.approx(2.0, rel=0.1)
    assert row["patients_share"] == pytest.approx(4.5 / 8.5, rel=0.1)
    assert row["bottleneck"] == "patients"
    assert row["se_patients"] == pytest.approx(np.sqrt(4.5 / 4000), rel=0.1)
    # E[max(0, N(1, 2))] - 1, and the same with the luck that is left in the mean of both halves.
    exact, noisy = (norm.cdf(1 / s) + s * norm.pdf(1 / s) - 1 for s in (2.0, np.sqrt(8.5)))
    plain, less = evpi_without_luck([half.qalys for half in halves])
    assert plain == pytest.approx(noisy, abs=0.05)
    assert abs(less - exact) < abs(plain - exact) / 3


# --- The parts of an analysis ---------------------------------------------------------------------------------------


def test_totals_and_frontier_agree_with_the_draws(found: EconomicAnalysis) -> None:
    """Tables are means of the draws; undiscounted values exceed discounted ones."""
    totals = found.totals.set_index(["option", "quantity"])
    for place, policy in enumerate(found.scenario.compare):
        assert totals.loc[(policy, "cost"), "mean"] == pytest.approx(found.results.cost[:, place].mean())
        for quantity in ("cost", "effect", "life_years"):
            plain = totals.loc[(policy, f"{quantity}_undiscounted"), "mean"]
            assert plain > totals.loc[(policy, quantity), "mean"]
    summed = found.costs.groupby("policy")["mean"].sum()
    for policy in found.scenario.compare:
        assert summed[policy] == pytest.approx(totals.loc[(policy, "cost"), "mean"], rel=1e-12)
    pd.testing.assert_frame_equal(found.decision.frontier, incremental_analysis(found.results))


def test_at_its_value_based_price_a_policy_is_exactly_worth_it(found: EconomicAnalysis) -> None:
    """With the product at that price in every draw the mean incremental net benefit is 0 to rounding."""
    row = found.price[(found.price["view"] == "central") & (found.price["option"] == "protocol")].iloc[0]
    drawn = found.drawn
    at = replace(drawn, prices={**drawn.prices, "pbmnc_kit": np.full(found.results.draws, row["price"])})
    both = worth(found.lives.ledgers, found.lives.parameters, at, found.valued_by)
    benefit = row["threshold"] * both.qalys - both.cost
    protocol = found.scenario.compare.index("protocol")
    assert (benefit[:, protocol] - benefit[:, 0]).mean() == pytest.approx(0.0, abs=1e-6)
    assert set(found.price["view"]) == {"sceptical", "central", "optimistic"}
    assert "conservative" not in set(found.price["option"])


def test_prices_tell_the_share_that_their_view_credits(found: EconomicAnalysis) -> None:
    """The mean share of the draws stands beside each price; the central one is that of the lives that were valued."""
    share = found.price.groupby("view")["share"].agg(["min", "max"])
    assert (share["min"] == share["max"]).all()
    assert share.loc["optimistic", "min"] == 1.0
    assert share.loc["central", "min"] == pytest.approx(found.lives.parameters[SHARE].mean(), rel=1e-12)
    assert share.loc["sceptical", "min"] < share.loc["central", "min"]


def test_views_differ_in_the_reference_only(found: EconomicAnalysis, cache: Path) -> None:
    """The more of the recovery cells cause, the more a treatment is worth: optimistic above central."""
    prices = found.price[found.price["option"] == "protocol"].groupby("view")["price"].mean()
    assert prices["optimistic"] > prices["central"]


def test_a_price_moves_net_benefit_in_a_straight_line(found: EconomicAnalysis) -> None:
    """A price moves net benefit in a straight line, so both ends and its switching value follow from the doses given."""
    table = found.one_way.tornado.set_index(["policy", "name"])
    row = table.loc[("protocol", "pbmnc_kit")]
    slope = (row["at_high"] - row["at_low"]) / (row["high"] - row["low"])
    assert row["net_benefit"] == pytest.approx(row["at_low"] + slope * (row["base"] - row["low"]), rel=1e-9)
    assert slope < 0
    assert row["effect_at_low"] == 0.0
    switch = found.one_way.switching.set_index(["policy", "name"]).loc[("protocol", "pbmnc_kit"), "switches_at"]
    exact = row["base"] - row["net_benefit"] / slope
    if row["low"] <= exact <= row["high"]:
        assert switch == pytest.approx(exact, rel=1e-9)
    else:
        assert np.isnan(switch)
    assert "attributable_share_central" in found.one_way.read
    assert not {"attributable_share_optimistic", "response_or_bmmnc", "drop_out_rate"} & set(found.one_way.read)


def test_monte_carlo_errors_of_the_tornado_come_from_parts_of_the_people(found: EconomicAnalysis, cache: Path) -> None:
    """A price's swing is its range times the treatments paid, whose error is that of means over twenty parts of the people."""
    scenario, values = found.scenario, found.valued_by
    draws = scenario.parameter_draws(pd.DataFrame([centre_of(scenario, 1)]))
    people = Effort.beside(scenario.settings.economics.draws, scenario.settings.economics.patients).twins
    parts = Simulations(cache).in_parts("", scenario, draws, people, 1)
    twins = Simulations(None).twins("", scenario, draws, people, 1)
    np.testing.assert_allclose(parts.whole(), twins.ledgers, rtol=1e-9, atol=1e-12)
    assert parts.people.sum() == people and np.ptp(parts.people) <= 1
    _, often = with_price_apart(parts.ledgers[0], draws[[0] * PARTS], values.at_means(), values, "pbmnc_kit")
    row = found.one_way.tornado.set_index(["policy", "name"]).loc[("protocol", "pbmnc_kit")]
    paid = often[:, scenario.compare.index("protocol")] * (row["high"] - row["low"])
    assert row["swing"] == pytest.approx(float(parts.people @ paid) / people, rel=1e-9)
    assert row["swing_se"] == pytest.approx(paid.std(ddof=1) / np.sqrt(PARTS), rel=1e-9)
    share = found.one_way.tornado.set_index(["policy", "name"]).loc[("protocol", "attributable_share_central")]
    assert (
        share["net_benefit_se"]
        == row["net_benefit_se"]
        == found.one_way.errors.net_benefit[scenario.compare.index("protocol")]
        > 0.0
    )
    # The same patients at both limits: what a number does is surer than either net benefit.
    assert 0.0 < share["swing_se"] < np.hypot(share["at_low_se"], share["at_high_se"])


def test_a_number_that_nothing_reads_moves_nothing() -> None:
    """Marrow's odds ratio is read once a policy gives marrow, and only then."""
    read = []
    for policies in (("conservative", "protocol"), ("conservative", "bmmnc")):
        scenario = scenario_with(policies)
        values = values_of(scenario)
        read.append(one_way(for_money(scenario, values.discounting), values, Simulations(None), 24, 1).read)
    assert "response_or_bmmnc" not in read[0]
    assert "response_or_bmmnc" in read[1]


def test_two_way_analysis_meets_the_base_case(found: EconomicAnalysis) -> None:
    """Net benefit falls with the price and rises with the share that cells cause, at every point of the grid."""
    grid = found.two_way
    assert grid is not None
    assert (np.diff(grid.net_benefit, axis=1) < 0).all()
    assert grid.net_benefit[-1, 0] > grid.net_benefit[0, 0]
    assert len(grid.table()) == grid.net_benefit.size


def test_scenario_table_begins_with_the_base_case(found: EconomicAnalysis) -> None:
    """The base row is the probabilistic result; undiscounted increments and every utility set have a row."""
    rows = found.scenarios[found.scenarios["policy"] == "protocol"].set_index("scenario")
    base = found.results.cost[:, found.scenario.compare.index("protocol")] - found.results.cost[:, 0]
    assert rows.loc["base case", "incremental_cost"] == pytest.approx(base.mean())
    assert rows.loc["base case", "change"] == 0.0
    wanted = {"wound_costs_split", "procedures_off", "utilities_B", "utilities_C", "utilities_D", "undiscounted"}
    wanted |= {
        "tariff_lower_bound",
        "upper_amputation_cost",
        "pandemic",
        "one_year",
        "view_sceptical",
        "without_dialysis",
    }
    assert wanted <= set(rows.index)
    assert rows.loc["tariff_lower_bound", "incremental_effect"] == rows.loc["base case", "incremental_effect"]
    assert abs(rows.loc["one_year", "incremental_effect"]) < abs(rows.loc["base case", "incremental_effect"])


def test_subgroups_add_up_to_everybody(found: EconomicAnalysis) -> None:
    """Levels weighted by shares add up to the one result for all, and nobody outside the criteria gains anything."""
    table = found.subgroups[found.subgroups["policy"] == "protocol"]
    shares = table[table["subgroup"] != "everybody"].groupby("subgroup")["share"].sum()
    np.testing.assert_allclose(shares, 1.0)
    whole = found.net_benefit.query("option == 'protocol'").set_index("threshold")["net_monetary_benefit"]
    weighted = table["share"] * table["net_benefit"]
    for subgroup, own in weighted.groupby(table["subgroup"]):
        assert own.sum() == pytest.approx(whole[found.valued_by.threshold], rel=1e-9), subgroup
    assert len(set(found.stratified["one_for_all"])) == 1
    dialysis = table[table["level"] == "dialysis"].iloc[0]
    assert (dialysis["incremental_cost"], dialysis["incremental_effect"]) == (0.0, 0.0)
    assert (found.stratified["gain"] >= -1e-9).all()


def test_choosing_by_subgroup_is_worth_what_a_hand_calculation_says() -> None:
    """Two halves of the people gain 10 and lose 4: one policy for all is worth 3, choosing by subgroup 5."""
    table = pd.DataFrame(
        {
            "subgroup": ["everybody", "age", "age"],
            "level": ["all", "young", "old"],
            "share": [1.0, 0.5, 0.5],
            "policy": ["act", "act", "act"],
            "net_benefit": [3.0, 10.0, -4.0],
        }
    )
    row = stratified_value(table, "none").iloc[0]
    assert (row["one_for_all"], row["by_subgroup"], row["gain"]) == (3.0, 5.0, 2.0)
    assert row["choices"] == "young: act; old: none"


def test_members_of_subgroups_are_told_at_the_cuts(followed: Result) -> None:
    """Every patient is in exactly one level of every subgroup."""
    patients = followed.kept[0].what.patients  # type: ignore[union-attr]
    found = members(patients)
    for subgroup in {name for name, _ in found}:
        count = sum(belongs.astype(int) for (name, _), belongs in found.items() if name == subgroup)
        assert (count == 1).all(), subgroup


def test_budget_respects_uptake_and_capacity() -> None:
    """Ten people a year, 1.5 treatments in the first and 0.5 in the second year of a course, twelve a year at most."""
    uptake, given = _within_capacity(np.full(3, 10.0), np.array([0.5, 1.0, 1.0]), np.array([1.5, 0.5, 0.0]), 12.0)
    # Year 2: 5 people's second year takes 2.5, so 9.5 / 15 of the new ones; year 3: 6.333 people's takes 3.1667.
    np.testing.assert_allclose(uptake, [0.5, 9.5 / 15, (12 - 9.5 / 3) / 15])
    np.testing.assert_allclose(given, [7.5, 12.0, 12.0])


def test_budget_adds_up(found: EconomicAnalysis) -> None:
    """Categories sum to the total of every year; spending without the policy grows with the people in care."""
    table = found.budget.table
    parts = table[table["quantity"] != "total"].groupby("year")["change"].sum()
    total = table[table["quantity"] == "total"].set_index("year")
    np.testing.assert_allclose(parts, total["change"], rtol=1e-9)
    assert (np.diff(total["without"]) > 0).all()
    assert found.budget.people["uptake"].tolist() == [0.2, 0.4, 0.6, 0.8, 1.0]


def test_information_has_single_numbers_and_groups(found: EconomicAnalysis) -> None:
    """Everything read that varies is valued, no value exceeds EVPI, and a trial is worth no more than its truth."""
    table = found.information[found.information["threshold"] == found.valued_by.threshold]
    names = set(table["parameters"])
    assert {"all", "all of perfusion", "all prices", "pbmnc_kit", "utility_quantile", "healing_rate"} <= names
    evpi_row = table[table["measure"] == "EVPI"].iloc[0]
    assert (table["value"] <= evpi_row["value"] + 1e-9).all()
    assert found.trial is not None
    assert (found.trial.table["evsi"] <= found.trial.most.value).all()
    assert found.trial.table["patients"].tolist() == [100, 200, 400, 800, 1600]
    assert found.trial.table["evsi"].is_monotonic_increasing


def trial_folder(folder: Path, seed: int = 1, draws: int = 4000) -> tuple[Path, np.ndarray[Any, Any]]:
    """What `clti trial` would write about a trial that observes p1 ~ N(1, 1) with SD 1, and the draws of p1."""
    random = np.random.default_rng(7)
    truth = random.normal(1.0, 1.0, draws)
    rows = []
    for size in (10, 100):
        seen = truth + random.normal(0.0, 1.0 / np.sqrt(size), draws)
        own = {"patients": size, "draw": np.arange(draws), "patients_entered": 0.8 * size, "months": 18.0 + size / 10}
        rows.append(pd.DataFrame({**own, "estimate_effect": np.where(np.arange(draws) == 3, np.nan, seen)}))
    folder.mkdir()
    pd.concat(rows).to_csv(folder / "trial_summaries.csv", index=False)
    manifest = {"seed": seed, "inputs": {"calibration/register/care.toml": sha256(b"care").hexdigest()}}
    (folder / "manifest.json").write_text(json.dumps(manifest), "utf-8")
    return folder, truth


def test_a_simulated_trial_is_worth_its_closed_form(tmp_path: Path) -> None:
    """EVSI of 10 and 100 observations read from a folder is within four errors of 0.0723251 and 0.0821176."""
    folder, truth = trial_folder(tmp_path / "trial")
    simulated = load_simulated_trial(folder, 1, {"calibration/register/care.toml": b"care"})
    assert simulated.enrolled == {10: pytest.approx(8.0), 100: pytest.approx(80.0)}
    assert simulated.years == {10: pytest.approx(19.0 / 12), 100: pytest.approx(28.0 / 12)}
    costs = Trial(
        patients_per_arm=(10,), years=9.0, fixed_cost=5.0, cost_per_patient=2.0, currency="EUR", price_year=2024
    )
    benefit = np.column_stack([truth, np.zeros(len(truth))])
    people, money = Population(100.0, 10.0), Money("EUR", 2024, 1.0)
    found = simulated_trial_worth(simulated, benefit, costs, people, money, "Italy", 1).table.set_index("patients")
    for size, expected in ((10, 0.0723251), (100, 0.0821176)):
        assert found["evsi"][size] == pytest.approx(expected, abs=4 * found["se"][size])
        assert found["cost"][size] == pytest.approx(5.0 + 2.0 * 0.8 * size)
        assert found["people"][size] == pytest.approx(100.0 * (10.0 - found["years"][size]))


def test_a_trial_of_other_draws_is_refused(tmp_path: Path) -> None:
    """Another seed, other evidence, too few draws, missing draws and a folder without summaries are each told."""

    def told(folder: Path, seed: int = 1, evidence: bytes = b"care") -> str:
        with pytest.raises(BadInput) as bad:
            load_simulated_trial(folder, seed, {"calibration/register/care.toml": evidence})
        return str(bad.value)

    folder, _ = trial_folder(tmp_path / "trial")
    said = told(folder, seed=2, evidence=b"other")
    assert "seed = 1; allowed: 2, the seed of this analysis" in said
    assert "inputs.calibration/register/care.toml = other evidence" in said
    few, _ = trial_folder(tmp_path / "few", draws=20)
    assert "draws = 20; allowed: at least 50" in told(few)
    table = pd.read_csv(folder / "trial_summaries.csv")
    table[table["draw"] != 5].to_csv(folder / "trial_summaries.csv", index=False)
    assert "every draw once, from 0 without gaps" in told(folder)
    table.drop(columns=["months", "estimate_effect"]).to_csv(folder / "trial_summaries.csv", index=False)
    assert "no 'months'" in told(folder)
    assert "none begins with 'estimate_'" in told(folder)
    assert "without --quick" in told(tmp_path)


def test_a_trial_simulated_by_the_program_has_its_worth(
    found: EconomicAnalysis, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Summaries that the trial simulation makes for the same seed give EVSI at every size, no more than EVPI.

    The analysis given again with them lives nobody and has the same totals.
    """
    planned = load_design("rct")
    simulation = Simulation(planned, 1, SMALL["draws"])
    with OutputFolder(tmp_path / "trial", command=["clti", "trial"], inputs=planned.inputs, seed=1) as folder:
        folder.table("trial_summaries", summaries_for_economics(simulation, (40, 120)))
    simulated = load_simulated_trial(tmp_path / "trial", 1, planned.inputs)
    assert simulated.draws == SMALL["draws"]
    monkeypatch.setattr(lives_module, "simulate", fail)
    other = economic_analysis(scenario_with(), 1, Simulations(cache), simulated)
    assert other.trial is not None
    table = other.trial.table
    assert table["patients"].tolist() == [40, 120]
    assert table["evsi"].between(0.0, other.trial.most.value).all()
    assert table["years"].between(1.0, 5.0).all()
    pd.testing.assert_frame_equal(other.totals, found.totals)


def test_a_trial_enrols_only_those_who_meet_both_criteria() -> None:
    """The stricter of each pair of limits holds; a low ankle pressure counts only if it counts wherever TcPO2 does."""
    one = Criteria(tcpo2_below=40.0, ankle_pressure_counts=True, rutherford_at_most=5)
    other = Criteria(tcpo2_below=30.0, ankle_pressure_counts=True, rutherford_at_least=5, dialysis=False)
    both = stricter(one, other)
    assert (both.tcpo2_below, both.ankle_pressure_counts, both.dialysis) == (30.0, True, False)
    assert (both.rutherford_at_least, both.rutherford_at_most) == (5, 5)
    assert stricter(Criteria(), other) == other


# --- Report and command ---------------------------------------------------------------------------------------------


def run_economics(*words: str) -> Any:
    app = typer.Typer(pretty_exceptions_enable=False)
    app.command()(main)
    return CliRunner().invoke(app, list(words))


@pytest.mark.usefixtures("undrawn")
def test_command_writes_tables_and_a_report(tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`clti economics` writes its contract's files; its draws give the same frontier through `clti cea`."""
    out = tmp_path / "out"
    monkeypatch.setattr(lives_module, "Simulations", partial(Simulations, cache))
    words = [
        "--draws",
        "10",
        "--patients",
        "10",
        "--perspective",
        "uk",
        "--policy",
        "conservative",
        "--policy",
        "protocol",
    ]
    done = run_economics(*words, "--out", str(out))
    assert done.exit_code == 0, done.exception
    for name in ("totals", "frontier", "ceac", "voi", "costs", "price", "tornado", "subgroups", "budget", "scenarios"):
        assert (out / f"{name}.csv").is_file(), name
    page = (out / "report.html").read_text("utf-8")
    assert '<tr><th scope="row">28</th>' in page
    for heading in ("CHEERS 2022", "£", "Monte Carlo error", "bottleneck", "Budget impact"):
        assert heading in page
    theirs = incremental_analysis(read_results(out / "draws.parquet"))
    ours = pd.read_csv(out / "frontier.csv")
    np.testing.assert_allclose(theirs["cost"], ours["cost"], rtol=1e-12)
    assert theirs["option"].tolist() == ours["option"].tolist()


def test_command_refuses_bad_input_and_writes_nothing(tmp_path: Path) -> None:
    """Faults of the file, of the options and of the payer are told together, and no folder appears."""
    file = tmp_path / "mine.toml"
    file.write_text("[economics]\ndraws = 0\n[economics.population]\nper_year = -1\n", "utf-8")
    out = tmp_path / "out"
    done = run_economics(
        str(file), "--view", "rosy", "--perspective", "ruritania", "--threshold", "-1", "--out", str(out)
    )
    assert isinstance(done.exception, BadInput)
    for words in ("economics.draws = 0", "per_year = -1", "--view", "ruritania", "command line: --threshold = -1"):
        assert words in str(done.exception), words
    assert not out.exists()


@pytest.mark.parametrize(
    ("keys", "fault"),
    [
        ("prices = { pbmnc_kit = -5.0 }", "prices: pbmnc_kit = -5.0; allowed: a number, 0 to inf"),
        ("utilities = { ulcer = 1.2 }", "utilities: ulcer = 1.2; allowed: a number, 0 to 1"),
        ("utilities = { ulcer = nan }", "utilities: ulcer = nan; allowed: a number, 0 to 1"),
        ("draws = 1", "economics.draws = 1; allowed: a whole number, 2"),
        ("prices = { angioplasty = 9.0 }", "prices: angioplasty = charged to nobody; allowed: one of"),
        ('two_way = ["healing_rate", "pbmnc_kt"]', "two_way = 'pbmnc_kt'; allowed: did you mean 'pbmnc_kit'?"),
    ],
)
def test_every_kind_of_bad_value_ends_with_code_two(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], keys: str, fault: str
) -> None:
    """Negative costs, utilities above 1, NaN, one draw and prices of nothing: file, key, value, allowed, and no folder."""
    (tmp_path / "mine.toml").write_text(f"[economics]\n{keys}\n", "utf-8")
    monkeypatch.setattr(sys, "argv", ["clti", "economics", str(tmp_path / "mine.toml"), "--out", str(tmp_path / "out")])
    with pytest.raises(SystemExit) as ended:
        app.main()
    said = capsys.readouterr().err
    assert ended.value.code == 2
    line = next(line for line in said.splitlines() if fault in line)
    assert "mine" in line
    assert "Nothing was written." in said
    assert [path.name for path in tmp_path.iterdir()] == ["mine.toml"]


def first_of_the_best(results: CostEffectResults, threshold: float) -> Any:
    """How often each option is best, ties going to the first; ties shared are what the model itself must say."""
    benefit = net_monetary_benefit(results, threshold)
    best = benefit == benefit.max(axis=1, keepdims=True)
    ours = acceptability(results, [threshold]).set_index("option")["probability"]
    np.testing.assert_allclose((best / best.sum(axis=1, keepdims=True)).mean(axis=0), ours[list(results.options)])
    return np.bincount(best.argmax(axis=1), minlength=len(results.options)) / results.draws


def test_independent_package_agrees_on_the_models_own_draws(found: EconomicAnalysis) -> None:
    """heormodel finds the same ICERs, acceptability, loss and EVPI; its EVPPI is within two standard errors."""
    run = pytest.importorskip("heormodel.run")
    cea, voi = pytest.importorskip("heormodel.cea"), pytest.importorskip("heormodel.voi")
    table = draws_table(found)
    results = results_from(table, "draws")
    columns = {"draw": "iteration", "option": "intervention", "effect": "qaly"}
    theirs = run.as_outcomes(table[["draw", "option", "cost", "effect"]].rename(columns=columns))
    ours = incremental_analysis(results).set_index("option")
    np.testing.assert_allclose(ours["icer"], cea.icer_table(theirs)["icer"][ours.index], rtol=1e-9)
    at = [0.0, found.valued_by.threshold, 60000.0]
    curves = acceptability(results, at)
    for column, other in (
        ("probability", cea.ceac(theirs, wtp=at)),
        ("expected_loss", cea.expected_loss(theirs, wtp=at)),
    ):
        wide = curves.pivot_table(index="threshold", columns="option", values=column)
        if column == "probability":
            # A draw whose best policies are equal to the digit is shared between them here and the first one's there.
            wide = pd.DataFrame([first_of_the_best(results, each) for each in at], wide.index, results.options)
        np.testing.assert_allclose(wide, other[wide.columns], rtol=1e-9, atol=1e-9)
    benefit = net_monetary_benefit(results, found.valued_by.threshold)
    assert evpi(benefit).value == pytest.approx(float(voi.evpi(theirs, found.valued_by.threshold)))
    assert results.parameters is not None
    # Of a parameter that is worth nothing in so few draws their spline, which takes no chance off, still finds something.
    worth = {
        name: evppi(benefit, results.parameters[name])
        for name in joint_names(found.scenario.register)
        if name in results.parameters
    }
    name = max(worth, key=lambda each: worth[each].value)
    share, draws = worth[name], results.parameters.rename_axis("iteration")
    other = voi.evppi(theirs, draws, [name], found.valued_by.threshold)
    assert share.value > 0.0
    assert share.value == pytest.approx(other, abs=2 * share.se + 1e-9)


def test_shipped_scenario_files_can_be_valued() -> None:
    """Both shipped scenarios have sound economic settings for every shipped payer and utility set."""
    for name in ("base", "founding_cohort"):
        for payer in ("italy", "uk", "czechia"):
            for chosen in "ABCD":
                change = {"economics": {"perspective": payer, "utility_set": chosen}}
                assert values_of(load_scenario(name, overrides=change)).thresholds
    settings = tomllib.loads((shipped("scenarios") / "base.toml").read_text("utf-8"))["economics"]
    assert (settings["draws"], settings["patients"]) == (1000, 1000)


def test_lives_know_their_draws() -> None:
    """The first draws of lives are those of the whole, in both halves."""
    array = np.arange(24.0).reshape(2, 3, 2, 2)
    lives = Lives(("a", "b"), array, array, array, np.zeros(3, [("x", float)]), 4)
    assert lives.first(2).halves.shape == (2, 2, 2, 2)
    np.testing.assert_array_equal(lives.ledgers, array.mean(axis=0))
    assert CostEffectResults(("a", "b"), array[0, :, :, 0], array[0, :, :, 1]).draws == 3
