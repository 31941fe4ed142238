"""Payers beyond the first three: numbers that follow from their sources, transfers that say so, gaps that cannot be run."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from simulator import load_scenario
from simulator.evidence.economics.perspective import load_perspective, perspectives
from simulator.evidence.economics.population_norm import load_population_norm
from simulator.evidence.economics.price_transfer import inflate, transfer
from simulator.evidence.shipped import shipped
from simulator.face.value import inputs_of
from simulator.questions.value.analysis import economic_analysis
from simulator.valuation.inventory import impact_inventory
from simulator.valuation.ledger_columns import COLUMN
from simulator.valuation.lives import Simulations
from simulator.valuation.valuation import effect_weights
from simulator.valuation.values import Values, values_of
from simulator.words.errors import BadInput

RUNNABLE = ("germany", "netherlands", "spain", "usa")
RULES_ALONE = ("australia", "canada", "france", "japan", "norway", "sweden")
MONFALCONE = 4888.0 / 169.0 * 365.25 / 12.0


def paid_by(payer: str, policies: list[str] | None = None, **economics: Any) -> Values:
    return values_of(load_scenario(policies=policies, overrides={"economics": {"perspective": payer, **economics}}))


def value(payer: str, price: str) -> float:
    return load_perspective(payer).prices[price].value


@pytest.mark.parametrize(
    ("payer", "price", "expected"),
    [
        ("netherlands", "rehabilitation_year_1", inflate(15_750.0, "Netherlands", 2018)),
        ("netherlands", "theatre_hour", inflate(11.09 * 60.0, "Netherlands", 2022)),
        ("netherlands", "dialysis_year", inflate(50_853.0, "Netherlands", 2020)),
        ("netherlands", "wound_all_in_month", transfer(MONFALCONE, "Italy", 2018, "Netherlands")),
        ("germany", "major_amputation_admission", inflate(14_284.0, "Germany", 2015)),
        ("germany", "dialysis_year", inflate(4.0 * 6_130.0, "Germany", 2015)),
        ("germany", "rehabilitation_year_2", transfer(7_375.0, "Netherlands", 2018, "Germany")),
        ("spain", "rehabilitation_later_year", inflate(918.0, "Spain", 2017)),
        ("spain", "theatre_hour", transfer(9.45 * 60.0, "Netherlands", 2018, "Spain")),
        ("spain", "major_amputation_admission", inflate(11_333.0, "Spain", 2017)),
        ("usa", "rehabilitation_later_year", inflate(8_084.0, "USA", 2017)),
        ("usa", "dialysis_year", inflate(38_670.0, "USA", 2017)),
        ("usa", "wound_all_in_month", inflate(11_710.0, "USA", 2012) / 12.0),
        ("usa", "final_year_increment", transfer(9_588.0, "Spain", 2020, "USA")),
    ],
)
def test_prices_follow_from_the_figures_that_their_notes_quote(payer: str, price: str, expected: float) -> None:
    """Carried by the tables of indices and parities, a source's figure gives the payer's price within rounding."""
    assert value(payer, price) == pytest.approx(expected, rel=0.01)


def test_the_year_of_an_american_amputation_is_split_and_not_added_to() -> None:
    """Admission and rehabilitation of the first year are together the any-level Medicare cost of that year."""
    both = value("usa", "major_amputation_admission") + value("usa", "rehabilitation_year_1")
    assert both == pytest.approx(inflate(38_982.0, "USA", 2017), rel=0.01)


@pytest.mark.parametrize("payer", RUNNABLE)
def test_transfers_say_so_and_are_wide(payer: str) -> None:
    """A price from another country begins its note with that word and spreads by .4; study means spread by .25."""
    prices = load_perspective(payer).prices
    moved = [p for p in prices.parameters if p.note.startswith("Transfer: ")]
    assert moved
    for p in prices.parameters:
        if p.distribution.kind == "gamma":
            assert p.distribution.sd / p.value == pytest.approx(0.4 if p in moved else 0.25, rel=0.01), p.name


@pytest.mark.parametrize("payer", RUNNABLE)
def test_payers_with_figures_value_the_base_policies(payer: str) -> None:
    """What the base policies incur has a price in each of the four; only Germany must be told a threshold."""
    found = paid_by(payer, thresholds=[50_000.0])
    assert {"dialysis_year", "wound_all_in_month", "final_year_increment"} <= set(found.price_names)
    if payer == "germany":
        with pytest.raises(BadInput, match="germany has none of its own"):
            paid_by(payer)
    else:
        assert paid_by(payer).threshold > 0.0


@pytest.mark.parametrize("payer", RULES_ALONE)
def test_rules_alone_cannot_be_run_by_accident(payer: str) -> None:
    """Every price that the policies incur is named as a gap, with what was looked for; and so are rates that fall within the
    horizon."""
    with pytest.raises(BadInput) as refused:
        paid_by(payer)
    named = {p.key: p for p in refused.value.problems if p.value == "a gap"}
    assert {"prices.major_amputation_admission", "prices.dialysis_year", "prices.pbmnc_kit"} <= set(named)
    assert all("[economics.prices]" in p.allowed for p in named.values())
    own = dict.fromkeys(load_perspective("italy").price_names("all_in"), 1.0)
    own = {name: 1.0 for name in own if f"prices.{name}" in named}
    if payer in ("australia", "japan"):
        with pytest.raises(BadInput, match="population_norms"):
            paid_by(payer, prices=own, thresholds=[1e6])
    else:
        if payer == "france":
            with pytest.raises(BadInput, match="until_year = a horizon of 40 years; allowed: at most 30 years"):
                paid_by(payer, prices=own, thresholds=[1e6])
        rates = {"discounting": {"costs": 0.025, "effects": 0.025}} if payer == "france" else {}
        assert paid_by(payer, prices=own, thresholds=[1e6], **rates).perspective.prices["dialysis_year"].value == 1.0


def test_society_in_america_adds_what_its_file_says_to_the_health_care_sector() -> None:
    """The second reference case has every price of the first, bears nursing homes and unpaid care, and its inventory says so."""
    sector, society = load_perspective("usa"), load_perspective("usa_society")
    assert society.prices.values() == sector.prices.values()
    assert society.conventions.discount == sector.conventions.discount
    found = {payer: paid_by(payer) for payer in ("usa", "usa_society")}
    more = set(found["usa_society"].price_names) - set(found["usa"].price_names)
    hours = {f"informal_hours_{of}" for of in ("wound", "walking", "not_walking")}
    assert more == {"institutional_share", "institutional_care_day", "informal_care_hour"} | hours
    counted = {
        payer: impact_inventory(values.scope).set_index("impact")["counted"]["Time of unpaid carers"]
        for payer, values in found.items()
    }
    assert counted == {"usa": "no", "usa_society": "yes"}


DIALYSIS = """[prices.dialysis_year]
label = "Dialysis"
value = 50000.0
unit = "{money} per year"
distribution = {{ kind = "fixed" }}
range = [0.0, inf]
source = []
grade = "assumption"
note = "Our own."
"""


def test_a_payer_based_on_one_that_is_based_on_another_has_its_own_price_and_the_others_of_theirs(
    tmp_path: Path,
) -> None:
    """Prices are grouped by the payer whose they are, and every file that was read is among the inputs."""
    file = tmp_path / "ours.toml"
    file.write_text('based_on = "usa_society"\n' + DIALYSIS.format(money="USD"), encoding="utf-8")
    ours, theirs = load_perspective(str(file)).prices, load_perspective("usa").prices
    assert ours.values() == {**theirs.values(), "dialysis_year": 50_000.0}
    groups = {p.name: p.group for p in ours.parameters}
    assert groups == {p.name: p.group for p in theirs.parameters} | {"dialysis_year": "prices ours"}
    scenario = load_scenario(overrides={"economics": {"perspective": str(file)}})
    read = {Path(name).name for name in inputs_of(scenario, values_of(scenario))}
    assert {"ours.toml", "usa_society.toml", "usa.toml"} <= read


def test_a_price_of_ones_own_closes_the_gap_of_the_payer_below(tmp_path: Path) -> None:
    """Where no national figure was read, a file that is based on the payer may state one."""
    file = tmp_path / "ours.toml"
    price = DIALYSIS.format(money="AUD").replace("dialysis_year", "rehabilitation_year_1")
    file.write_text('based_on = "australia"\n' + price, encoding="utf-8")
    ours = load_perspective(str(file))
    assert set(load_perspective("australia").gaps) - set(ours.gaps) == {"rehabilitation_year_1"}
    assert ours.prices["rehabilitation_year_1"].value == 50_000.0


def test_payers_that_are_based_on_each_other_are_told_so(tmp_path: Path) -> None:
    """One message of the file that closes the circle, and of a payer that there is not."""
    folder = tmp_path / "calibration"
    shutil.copytree(shipped("calibration") / "economics", folder / "economics")
    shutil.copy(shipped("calibration") / "sources.toml", folder)
    file = folder / "economics" / "usa.toml"
    file.write_text('based_on = "usa_society"\n' + file.read_text(encoding="utf-8"), encoding="utf-8")
    with pytest.raises(BadInput, match=r"economics/usa\.toml: based_on = 'usa_society'; allowed") as caught:
        load_perspective("usa_society", folder)
    assert len(caught.value.problems) == 1


def test_infarctions_can_be_left_out_and_change_nothing_else() -> None:
    """Without them their four prices are read by nothing; everything else is read as before."""
    whole, without = (set(paid_by("italy", vascular_events=on).price_names) for on in (True, False))
    assert whole - without == {"infarction", "after_infarction_year", "stroke", "after_stroke_year"}
    assert without < whole


@pytest.mark.parametrize("ending", ["infarction", "stroke"])
def test_years_after_an_infarction_cost_quality_of_life_unless_left_out(ending: str) -> None:
    """A year after one loses what the utility set says, and nothing where these events are left out; dialysis is as before."""
    whole, without = (paid_by("italy", vascular_events=on) for on in (True, False))
    weights = [effect_weights(values.at_base(), values)[0] for values in (whole, without)]
    after, dialysis = (COLUMN[f"effect_clock_{clock}"] for clock in (f"after_{ending}", "dialysis"))
    assert weights[0][after] == -whole.utility_set.states[f"after_{ending}"].value < 0.0
    assert weights[1][after] == 0.0
    assert weights[0][dialysis] == weights[1][dialysis] < 0.0


def test_a_gap_is_filled_by_a_number_of_ones_own_within_its_range() -> None:
    """Marrow cells cannot be costed in the Netherlands until somebody says their price, and not with a negative one."""
    policies = ["conservative", "bmmnc"]
    with pytest.raises(BadInput, match=r"prices\.bmmnc_point_of_care"):
        paid_by("netherlands", policies)
    with pytest.raises(BadInput, match="bmmnc_point_of_care"):
        paid_by("netherlands", policies, prices={"bmmnc_point_of_care": -1.0})
    found = paid_by("netherlands", policies, prices={"bmmnc_point_of_care": 3000.0})
    price = found.perspective.prices["bmmnc_point_of_care"]
    assert (price.value, price.grade, price.unit) == (3000.0, "assumption", "EUR per treatment")


def test_scenarios_that_a_gap_forbids_are_left_out(tmp_path: Path) -> None:
    """The Dutch analysis runs whole, without the rows of split wounds, whose prices its file does not know."""
    overrides: dict[str, Any] = {"economics": {"perspective": "netherlands", "draws": 4, "patients": 10}}
    overrides["life_table"] = {"country": "Netherlands"}
    scenario = load_scenario(policies=["conservative", "protocol"], overrides=overrides)
    found = economic_analysis(scenario, 1, Simulations(tmp_path))
    rows = set(found.scenarios["scenario"])
    assert "wound_costs_split" not in rows
    assert {"without_institutional_care", "without_informal_care"} <= rows
    assert {"wound_admission", "wound_admissions_per_year"} <= set(found.valued_by.perspective.gaps)
    assert found.valued_by.discounting.effects == 0.015


def test_every_payer_cites_what_it_claims() -> None:
    """No number graded published or derived is without a source, thresholds and discount rates included."""
    for name in perspectives():
        conventions = load_perspective(name).conventions
        for each in (conventions.discount, *conventions.thresholds):
            assert each.source or each.grade in ("recalled", "assumption"), (name, each)


def test_norms_of_new_countries_pass_through_their_tables() -> None:
    """Quadratics in age hit the printed figures: Germany, Spain and the Netherlands by age and sex, the USA by band."""
    for country, age, male, female, within in (
        ("Germany", 75.0, 0.851, 0.812, 0.005),
        ("Spain", 75.0, 0.834, 0.774, 0.004),
        ("Netherlands", 75.0, 0.863, 0.804, 0.004),
        ("USA", 70.0, 0.87, 0.84, 0.02),
    ):
        norm = load_population_norm(country)
        assert norm.at(age, male=True) == pytest.approx(male, abs=within), country
        assert norm.at(age, male=False) == pytest.approx(female, abs=within), country
    assert load_population_norm("France").polynomial == load_population_norm("Germany").polynomial


def test_a_norm_that_stands_on_another_cites_the_sources_of_both() -> None:
    """Italy's is England's times a ratio: who checks a QALY finds where either comes from, and nothing twice."""
    italy, uk = load_population_norm("Italy"), load_population_norm("UK")
    assert italy.ratio != 1.0
    assert set(uk.source) < set(italy.source)
    assert len(set(italy.source)) == len(italy.source)
    assert uk.grade and italy.grade and italy.note
