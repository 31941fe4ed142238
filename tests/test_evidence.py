"""The evidence register: what it refuses, what it draws, and that everything shipped is complete."""

from __future__ import annotations

import csv
import importlib
import json
import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

import simulator as sim
from simulator.cli.evidence import main as evidence
from simulator.evidence import load_life_table, load_register, load_sources, shipped
from simulator.evidence.catalogue import catalogue
from simulator.evidence.distributions import _moment, limits, mean, quantile, sample, scipys, sd
from simulator.evidence.economics.perspective import load_perspective, perspectives
from simulator.evidence.economics.population_norm import load_population_norm
from simulator.evidence.economics.price_transfer import exchange, inflate
from simulator.evidence.economics.utilities import load_utilities, utility_sets
from simulator.evidence.parameter import KINDS
from simulator.evidence.posterior import joint_names, parameter_draws, posterior_rows, posterior_table
from simulator.evidence.register import Register
from simulator.evidence.reliance import reliance
from simulator.face.register import leaning
from simulator.telling.page import voice
from simulator.words.errors import BadInput
from simulator.words.findings import Findings

SOURCES = """
[panunzi2022]
authors = "Panunzi et al."
journal = "Cardiovasc Diabetol"
year = 2022
volume = "21"
pages = "196"
doi = "10.1186/s12933-022-01629-y"
read = "full text"
"""


def parameter(name: str, value: object, distribution: str, low: str = "-inf", high: str = "inf", more: str = "") -> str:
    """A parameter's table with everything required."""
    grade = "" if "grade" in more else 'grade = "published"\n'
    return (
        f'[{name}]\nlabel = "A {name}"\nvalue = {value}\nunit = "mmHg"\ndistribution = {{ {distribution} }}\n'
        f'range = [{low}, {high}]\nsource = ["panunzi2022"]\nnote = "Table 1."\n{grade}{more}\n'
    )


EVERY_KIND = "".join(
    [
        parameter("a_fixed", 3.0, 'kind = "fixed"'),
        parameter("a_normal", 17.2, 'kind = "normal", sd = 11.6'),
        parameter("a_truncated_normal", 0.74, 'kind = "normal", sd = 0.4', "0.0", "1.0"),
        parameter("a_lognormal", 0.69, 'kind = "lognormal", sd_log = 0.16', "0.0"),
        parameter("a_beta_n", 0.58, 'kind = "beta", n = 50', "0.0", "1.0"),
        parameter("a_beta_sd", 0.58, 'kind = "beta", sd = 0.04', "0.0", "1.0"),
        parameter("a_gamma", 14800.0, 'kind = "gamma", sd = 2220', "0.0"),
        parameter("a_uniform", 0.9, 'kind = "uniform", low = 0.5, high = 1.5'),
        parameter("a_log_uniform", 2200.0, 'kind = "log_uniform", low = 1200, high = 4000'),
        parameter("a_triangular", 1.0, 'kind = "triangular", low = 0.9, high = 1.15'),
    ]
)


def folder(root: Path, files: Mapping[str, str], fitted: str | None = None) -> Path:
    """A calibration folder with these register files."""
    calibration = root / "calibration"
    (calibration / "register").mkdir(parents=True)
    (calibration / "sources.toml").write_text(SOURCES)
    for name, text in files.items():
        (calibration / "register" / f"{name}.toml").write_text(text)
    if fitted is not None:
        (calibration / "fitted.toml").write_text(fitted)
    return calibration


@pytest.fixture
def every_kind(tmp_path: Path) -> Register:
    return load_register(folder(tmp_path, {"kinds": EVERY_KIND}))


def said(bad: pytest.ExceptionInfo[BadInput]) -> set[tuple[str, str]]:
    """File name and key of every problem."""
    return {(Path(problem.file).name, problem.key) for problem in bad.value.problems}


def test_all_faults_of_all_files_come_in_one_message(tmp_path: Path) -> None:
    """A loader that stops at the first fault makes people mend one line at a time."""
    first = (
        parameter("too_high", 1.74, 'kind = "normal", sd = -0.4', "0.0", "1.0")
        + parameter("typo", 5.0, 'kind = "gama", sd = 1.0', more='grade = "publishd"\nnotee = "x"')
        + parameter("unsourced", 5.0, 'kind = "fixed"').replace("panunzi2022", "panunzi2023")
        + parameter("impossible_beta", 0.5, 'kind = "beta", sd = 0.6', "0.0", "1.0")
        + parameter("two_spreads", 0.5, 'kind = "beta", sd = 0.1, n = 5', "0.0", "1.0")
        + parameter("not_a_number", "nan", 'kind = "fixed"')
        + parameter("a_truth", "true", 'kind = "fixed"')
        + parameter("off_its_ends", 5.0, 'kind = "uniform", low = 0.0, high = 1.0')
        + parameter("upside_down", 5.0, 'kind = "fixed"', "9.0", "1.0")
        + '[bare]\nvalue = 1.0\n["no name"]\n'
    )
    second = parameter("too_high", 1.0, 'kind = "fixed"')
    with pytest.raises(BadInput) as bad:
        load_register(folder(tmp_path, {"first": first, "second": second, "third": "[broken"}))
    assert said(bad) >= {
        ("first.toml", "too_high.value"),
        ("first.toml", "too_high.distribution.sd"),
        ("first.toml", "typo.distribution.kind"),
        ("first.toml", "typo.grade"),
        ("first.toml", "typo.notee"),
        ("first.toml", "unsourced.source"),
        ("first.toml", "impossible_beta.distribution.sd"),
        ("first.toml", "two_spreads.distribution"),
        ("first.toml", "not_a_number.value"),
        ("first.toml", "a_truth.value"),
        ("first.toml", "off_its_ends.value"),
        ("first.toml", "upside_down.range"),
        ("first.toml", "bare.label"),
        ("first.toml", "bare.grade"),
        ("first.toml", "no name"),
        ("second.toml", "too_high"),
        ("third.toml", "file"),
    }
    allowed = {problem.key: problem.allowed for problem in bad.value.problems}
    assert allowed["typo.notee"] == "did you mean 'note'?"
    assert allowed["typo.distribution.kind"] == "did you mean 'gamma'?"
    assert "panunzi2022" in allowed["unsourced.source"]
    assert allowed["too_high.value"] == "0 to 1"


def test_a_claim_needs_a_source(tmp_path: Path) -> None:
    """A published or derived number without a source is refused; an assumption may stand alone."""
    claimed = parameter("claimed", 1.0, 'kind = "fixed"').replace('["panunzi2022"]', "[]")
    assumed = parameter("assumed", 1.0, 'kind = "fixed"', more='grade = "assumption"').replace('["panunzi2022"]', "[]")
    with pytest.raises(BadInput) as bad:
        load_register(folder(tmp_path, {"group": claimed + assumed}))
    assert said(bad) == {("group.toml", "claimed.source")}


def test_an_empty_folder_is_told(tmp_path: Path) -> None:
    """No register at all is a fault, not an empty register."""
    with pytest.raises(BadInput) as bad:
        load_register(tmp_path / "nowhere")
    assert said(bad) == {("sources.toml", "file"), ("register", "files")}


FREE = parameter("free", 0.7, 'kind = "beta", n = 6', "0.0", "1.0", "fitted = true")
HELD = parameter("held", 0.5, 'kind = "fixed"')


def test_fitted_values_take_the_place_of_the_registers_own(tmp_path: Path) -> None:
    """The value in force is the fitted one, while the prior and the grade stay as declared."""
    fitted = "[provenance]\nseed = 1\n[values]\nfree = 0.61\n"
    found = load_register(folder(tmp_path, {"group": FREE + HELD}, fitted))
    before = load_register(folder(tmp_path / "unfitted", {"group": FREE + HELD}))
    assert (found["free"].value, found["free"].centre, found["free"].grade) == (0.61, 0.7, "published")
    assert limits(found["free"]) == limits(before["free"])
    assert before["free"].value == 0.7
    assert found.hash() != before.hash()


def test_fitted_values_must_match_what_the_register_asks_for(tmp_path: Path) -> None:
    """Unknown, unasked-for, missing and impossible fitted values are all told at once."""
    other = FREE.replace("free", "other")
    third = FREE.replace("free", "third")
    fitted = '[value]\n[values]\nfre = 0.6\nheld = 0.5\nother = 1.6\nthird = "x"\n'
    with pytest.raises(BadInput) as bad:
        load_register(folder(tmp_path, {"group": FREE + HELD + other + third}, fitted))
    keys = {"value", "values.fre", "values.held", "values.free", "values.other", "values.third"}
    assert said(bad) == {("fitted.toml", key) for key in keys}


def test_overrides_are_checked_and_then_fixed(every_kind: Register) -> None:
    """A user's number replaces value, distribution and grade, because the evidence was about another number."""
    changed = every_kind.with_values({"a_gamma": 9000.0})
    assert changed["a_gamma"].value == 9000.0
    assert limits(changed["a_gamma"]) == (9000.0, 9000.0)
    assert changed["a_gamma"].grade == "assumption"
    assert every_kind["a_gamma"].value == 14800.0
    for wrong in ({"a_gama": 1.0, "a_beta_n": 1.5, "a_gamma": math.nan},):
        with pytest.raises(BadInput) as bad:
            every_kind.with_values(wrong)
        assert {problem.key for problem in bad.value.problems} == set(wrong)
        with pytest.raises(BadInput):
            every_kind.record(wrong)


def test_the_record_holds_every_value_in_order(every_kind: Register) -> None:
    """Engines read a field by attribute; fields are the register's names, all of them float64."""
    record = every_kind.record({"a_fixed": 4.0})
    assert record.dtype.names == every_kind.names()
    assert record.a_fixed == 4.0
    assert record["a_gamma"] == 14800.0
    assert {record.dtype[name] for name in record.dtype.names} == {np.dtype(np.float64)}


def test_compiled_code_reads_the_record_by_attribute(every_kind: Register) -> None:
    """Numba sees a record of the values and a record of draws as the same thing."""
    numba = pytest.importorskip("numba")

    @numba.njit
    def product(p):  # type: ignore[no-untyped-def]
        return p.a_fixed * p.a_gamma

    assert product(every_kind.record()) == 3.0 * 14800.0
    draws = sample(every_kind, 2, seed=1)
    assert product(draws[1]) == 3.0 * draws["a_gamma"][1]


def test_an_unknown_name_is_answered_with_the_nearest(every_kind: Register) -> None:
    """A misspelt parameter in code is named together with what was meant."""
    with pytest.raises(KeyError, match="a_gamma"):
        every_kind["a_gama"]


@pytest.mark.parametrize(
    "name", sorted(f"a_{kind}" for kind in (KINDS.keys() - {"beta"}) | {"truncated_normal", "beta_n", "beta_sd"})
)
def test_draws_have_the_moments_and_limits_of_their_distribution(every_kind: Register, name: str) -> None:
    """Mean within 4 standard errors, standard deviation within 3%, 2.5% below each limit within 4 standard errors."""
    n = 20_000
    draws = sample(every_kind, n, seed=11, names=[name])[name]
    known = every_kind[name]
    assert np.all((draws >= known.range[0]) & (draws <= known.range[1]))
    assert abs(draws.mean() - mean(known)) <= 4 * sd(known) / math.sqrt(n)
    assert draws.std() == pytest.approx(sd(known), rel=0.03, abs=1e-12)
    low, high = limits(known)
    if low < high:
        tail = 4 * math.sqrt(0.025 * 0.975 / n)
        assert np.mean(draws < low) == pytest.approx(0.025, abs=tail)
        assert np.mean(draws > high) == pytest.approx(0.025, abs=tail)


@pytest.mark.parametrize(("name", "ends"), [("a_truncated_normal", (0.0, 1.0)), ("a_lognormal", (0.4, 1.1))])
@pytest.mark.parametrize("power", [1, 2])
def test_moments_of_truncated_laws_are_those_of_scipy(
    every_kind: Register, name: str, ends: tuple[float, float], power: int
) -> None:
    """To the last bit, although densities are worked out here."""
    known = every_kind[name]
    law, shapes, place, scale = scipys(known.distribution, known.centre)
    expected = law.expect(lambda x: x**power, shapes, place, scale, *ends, conditional=True)
    assert _moment(known.distribution, known.centre, *ends, power) == expected


def test_each_kind_puts_the_value_where_it_says(every_kind: Register) -> None:
    """Mean for beta and gamma, median for log-normal, mode for triangular; checked against hand arithmetic."""
    assert mean(every_kind["a_beta_n"]) == pytest.approx(0.58)
    assert sd(every_kind["a_beta_n"]) == pytest.approx(math.sqrt(0.58 * 0.42 / 51))
    assert sd(every_kind["a_beta_sd"]) == pytest.approx(0.04)
    assert (mean(every_kind["a_gamma"]), sd(every_kind["a_gamma"])) == pytest.approx((14800, 2220))
    assert quantile(every_kind["a_lognormal"], 0.5) == pytest.approx(0.69)
    assert quantile(every_kind["a_log_uniform"], 0.5) == pytest.approx(math.sqrt(1200 * 4000))
    assert mean(every_kind["a_triangular"]) == pytest.approx((0.9 + 1.0 + 1.15) / 3)
    # A normal of mean .74 and sd .4 cut to [0, 1]: mu + sd (phi(a) - phi(b)) / (Phi(b) - Phi(a)), a = -1.85, b = .65.
    assert mean(every_kind["a_truncated_normal"]) == pytest.approx(0.5986431, abs=1e-6)


def test_another_parameter_changes_nobodys_draws(tmp_path: Path) -> None:
    """A parameter's draws depend on the seed and its name only: not on its neighbours, their order or the count."""
    small = load_register(folder(tmp_path / "small", {"group": HELD + FREE}))
    large = load_register(folder(tmp_path / "large", {"before": EVERY_KIND, "group": FREE + HELD}))
    assert np.array_equal(sample(small, 50, 7)["free"], sample(large, 90, 7)["free"][:50])
    assert not np.array_equal(sample(small, 50, 7)["free"], sample(small, 50, 8)["free"])


def test_draws_of_different_parameters_are_not_correlated(every_kind: Register) -> None:
    """Streams named differently are independent: correlation within 4 standard errors of 0."""
    n = 20_000
    draws = sample(every_kind, n, 3)
    assert abs(np.corrcoef(draws["a_normal"], draws["a_gamma"])[0, 1]) < 4 / math.sqrt(n)


def test_parameters_outside_the_list_keep_their_value(every_kind: Register) -> None:
    """Only the named parameters vary; unknown names and seeds are refused together."""
    draws = sample(every_kind, 5, 1, names=["a_normal"])
    assert np.all(draws["a_gamma"] == 14800.0)
    assert len(set(draws["a_normal"])) == 5
    with pytest.raises(BadInput) as bad:
        sample(every_kind, 5, -1, names=["a_norml"])
    assert {problem.key for problem in bad.value.problems} == {"names", "seed"}


def test_parameters_of_one_stream_keep_their_order(tmp_path: Path) -> None:
    """States of one utility set are drawn at one quantile, so a worse state never overtakes a better one."""
    states = load_utilities("A").states
    draws = sample(states, 500, 1)
    for worse, better in (("severe_ulcer", "ulcer"), ("ulcer", "healed"), ("above_knee_walking", "below_knee_walking")):
        assert np.all(draws[worse] < draws[better])


def test_the_hash_follows_the_content(every_kind: Register, tmp_path: Path) -> None:
    """The same content gives the same hash, and a change of a note another one."""
    again = load_register(folder(tmp_path / "again", {"kinds": EVERY_KIND}))
    edited = load_register(folder(tmp_path / "edited", {"kinds": EVERY_KIND.replace("Table 1.", "Table 2.", 1)}))
    assert every_kind.hash() == again.hash() != edited.hash()


def test_everything_shipped_loads_with_every_field_and_source() -> None:
    """Each parameter, price and utility has a label, unit, note and known sources, and limits around sound numbers."""
    sources = load_sources()
    registers = catalogue()
    groups = {p.group for name in perspectives() for p in load_perspective(name).prices.parameters}
    # Multipliers that all payers share stand with the first, prices of a payer that another is based on with that one.
    assert {p.group for each in registers for p in each.parameters} >= groups
    # Utilities by another value set stand in one register beside those of the sets.
    assert len(registers) == 1 + len(groups) + len(utility_sets()) + 1
    for register in registers:
        for p in register.parameters:
            assert p.label and p.unit and p.note, p.name
            assert set(p.source) <= set(sources) | set(register.sources), p.name
            low, high = limits(p)
            assert p.range[0] <= low <= high <= p.range[1], p.name
            assert not any(word in p.note for word in ("TODO", ".md")), p.name


def test_money_and_utilities_stay_out_of_the_engines_record() -> None:
    """No clinical parameter is in money, and no name of a price or a utility is a field of the clinical record."""
    clinical, *others = catalogue()
    assert not any(p.unit.startswith(("EUR", "GBP", "CZK", "utility")) for p in clinical.parameters)
    for register in others:
        assert not set(register.names()) & set(clinical.names())


def test_citations_read_as_people_write_them() -> None:
    """Authors, journal, year, volume, pages and doi in one line; an unknown detail is left out."""
    sources = load_sources()
    assert sources["panunzi2022"].citation == (
        "Panunzi et al., Cardiovasc Diabetol 2022;21:196. doi:10.1186/s12933-022-01629-y"
    )
    assert sources["rooke1989"].citation == "Rooke, Angiology 1989;40:695."
    assert len({source.citation for source in sources.values()}) == len(sources)


# Remaining life expectancy at 65, men and women: United Nations, World Population Prospects 2024.
@pytest.mark.parametrize(
    ("country", "period", "men", "women"),
    [
        ("Italy", "2015-20", 18.96, 22.14),
        ("UK", "2015-20", 18.50, 20.89),
        ("Czechia", "2015-20", 15.90, 19.53),
        ("Italy", "2020-25", 19.11, 22.30),
        ("UK", "2020-25", 18.60, 21.04),
        ("Czechia", "2020-25", 15.90, 19.65),
    ],
)
def test_life_tables_give_the_published_life_expectancy(country: str, period: str, men: float, women: float) -> None:
    """Within 0.15 years, the price of log-linear hazards between the middles of five-year groups."""
    table = load_life_table(country, period)
    assert table.life_expectancy(65, male=True) == pytest.approx(men, abs=0.15)
    assert table.life_expectancy(65, male=False) == pytest.approx(women, abs=0.15)


@pytest.mark.parametrize("age", [40.0, 52.5, 71.3, 104.0])
def test_survival_to_many_ages_is_the_product_of_survival_between_them(age: float) -> None:
    """In one pass over the knots as step by step, from an age at a knot, between two, or beyond the last."""
    table, years = load_life_table(), [0.0, 0.25, 2.5, 2.5, 7.5, 33.1]
    found = table.survivals(age, years, male=True)
    assert found == [table.survival(age, year, male=True) for year in years]
    steps = [table.survival(age + a, b - a, male=True) for a, b in pairwise(years)]
    assert found == pytest.approx([1.0, *np.cumprod(steps)])


def test_life_tables_give_the_yearly_probabilities_of_log_linear_hazards() -> None:
    """Italy 2015-20, worked out apart from the code with the same interpolation: q75 .02923, .01678, to 1e-5."""
    table = load_life_table()
    assert 1 - table.survival(75, 1, male=True) == pytest.approx(0.02923, abs=1e-5)
    assert 1 - table.survival(75, 1, male=False) == pytest.approx(0.01678, abs=1e-5)
    ages, logs = table.to_arrays()
    assert ages[0] == 42.5
    assert logs.shape == (2, len(ages))
    assert ages[2] == 52.5
    assert logs[1, 2] == math.log(0.00302)
    assert logs[0, 2] == math.log(0.00182)


def test_faults_of_a_life_table_are_told_together(tmp_path: Path) -> None:
    """A wrong sex, a negative rate and a missing group are one message; so is a country that is not there."""
    rows = list(csv.reader((shipped("calibration") / "life_tables.csv").open(encoding="utf-8")))
    rows[1][2], rows[2][4] = "men", "-0.1"
    (tmp_path / "life_tables.csv").write_text("\n".join(",".join(row) for row in rows))
    with pytest.raises(BadInput) as bad:
        load_life_table(path=tmp_path)
    assert {"line 2, sex", "line 3, mx", "Italy 1985-90"} <= {problem.key for problem in bad.value.problems}
    with pytest.raises(BadInput, match="did you mean 'Italy'"):
        load_life_table("Itally")
    with pytest.raises(BadInput, match=r"Italy in 1985-90, .*2020-25"):
        load_life_table("Italy", "1890-95")


def test_perspectives_price_the_same_things_in_their_own_money() -> None:
    """Every payer prices the same things or says that it does not, never in mixed currencies, and wounds in one way at a time."""
    found = {name: load_perspective(name) for name in perspectives()}
    italy = found["italy"].prices.names()
    whole = [each for each in found.values() if not each.gaps]
    assert {each.name for each in whole} == {"czechia", "italy", "uk"}
    for perspective in found.values():
        assert {*perspective.prices.names(), *perspective.gaps} == set(italy)
        assert load_life_table(perspective.conventions.perspective.country).ages[0] < 60.0
    for perspective in whole:
        assert perspective.prices.names() == italy
        every = set(perspective.prices.names())
        whole_year, split = (set(perspective.price_names(way)) for way in ("all_in", "split"))
        assert "wound_all_in_month" in whole_year - split
        assert {"wound_outpatient_month", "wound_admission"} <= split - whole_year
        assert every - whole_year - split == {"institutional_share", "institutional_care_day", "informal_care_hour"}
    assert (found["italy"].conventions.discount.costs, found["uk"].conventions.discount.costs) == (0.03, 0.035)


def test_an_alternative_changes_its_prices_only() -> None:
    """The tariff lower bound moves the admission for an amputation and leaves the perspective it came from alone."""
    italy = load_perspective("italy")
    lower = italy.with_alternative("tariff_lower_bound")
    moved = {name for name in italy.prices.names() if lower.prices[name].value != italy.prices[name].value}
    assert moved == {"major_amputation_admission"}
    with pytest.raises(BadInput, match="tariff_lower_bound"):
        italy.with_alternative("tariff_lower_bond")


def test_the_template_says_what_is_still_blank() -> None:
    """Every price and rate of the template is refused until it is filled in, all in one message."""
    with pytest.raises(BadInput) as bad:
        load_perspective(str(shipped("calibration") / "economics" / "template.toml"))
    blank = {problem.key for problem in bad.value.problems}
    italy = load_perspective("italy").prices
    own = [name for name in italy.names() if italy[name].group != "prices everywhere"]
    assert {f"prices.{name}.value" for name in own} <= blank
    assert {"perspective.currency", "discount.costs", "discount.effects", "thresholds[1].value"} <= blank


def test_faults_between_tables_of_a_perspective_are_told(tmp_path: Path) -> None:
    """Foreign money, a threshold in it, names that nothing defines and a misspelt key inside a table."""
    text = (shipped("calibration") / "economics" / "uk.toml").read_text(encoding="utf-8")
    text = text.replace('"GBP per hour"', '"EUR per hour"').replace('"GBP per QALY"', '"EUR per QALY"', 1)
    text = text.replace('prices = ["wound_all_in_month"]', 'prices = ["wound_all_in_moth"]')
    text = text.replace("major_amputation_admission = 10000.0", "major_amputation_admission = -1.0, other = 1.0")
    mine = tmp_path / "mine.toml"
    mine.write_text(text, encoding="utf-8")
    with pytest.raises(BadInput) as bad:
        load_perspective(str(mine))
    assert {problem.key for problem in bad.value.problems} == {
        "prices.theatre_hour.unit",
        "prices.informal_care_hour.unit",
        "thresholds[1].unit",
        "wound_costing.all_in.prices",
        "alternatives.tariff_lower_bound.values",
        "alternatives.tariff_lower_bound.values.major_amputation_admission",
    }
    mine.write_text(text.replace("effects = 0.035", "efects = 0.035"), encoding="utf-8")
    with pytest.raises(BadInput, match=r"discount\.efects = 0\.035; allowed: did you mean 'effects'"):
        load_perspective(str(mine))


def test_utility_sets_value_the_same_states_and_say_their_form() -> None:
    """Sets are alternatives: each is complete, so none has to borrow from another."""
    found = {name: load_utilities(name) for name in utility_sets()}
    assert set(found) == {"A", "B", "C", "D"}
    assert len({each.states.names() for each in found.values()}) == 1
    assert {name: each.method.form for name, each in found.items()} == {
        "A": "level",
        "B": "level",
        "C": "level",
        "D": "decrement",
    }
    with pytest.raises(BadInput, match="one of A, B, C, D"):
        load_utilities("EQ")


def test_population_norms_give_the_published_values() -> None:
    """Ara and Brazier's table at 50, 75 and 95, and the Italian values at 75 that its ratio was derived to give."""
    uk = load_population_norm("UK")
    assert [round(uk.at(age, male=True), 3) for age in (50, 75, 95)] == [0.876, 0.766, 0.648]
    assert [round(uk.at(age, male=False), 3) for age in (50, 75, 95)] == [0.855, 0.745, 0.627]
    italy = load_population_norm("Italy")
    assert (round(italy.at(75, male=True), 3), round(italy.at(75, male=False), 3)) == (0.900, 0.851)
    assert italy.at(90, male=True) == pytest.approx(1.191 * uk.at(90, male=True))
    assert load_population_norm("Czechia").at(80, male=True) == uk.at(80, male=True)


def test_prices_are_carried_by_parity_and_consumer_prices() -> None:
    """Derived numbers of the price files: EUR 16,576, GBP 17,760 and CZK 366,000 from EUR 16,000 in the Netherlands, by
    purchasing power of the price year and consumer prices since then."""
    with (shipped("calibration") / "economics" / "ppp.csv").open(encoding="utf-8", newline="") as file:
        parity = {place: float(value) for place, year, value in csv.reader(file) if year == "2018"}

    def carried(country: str) -> float:
        return inflate(16_000 * parity[country] / parity["Netherlands"], country, 2018)

    assert carried("Italy") == pytest.approx(16576, rel=1e-3)
    assert carried("UK") == pytest.approx(17760, rel=1e-3)
    assert carried("Czechia") == pytest.approx(366_000, rel=1e-3)
    assert inflate(9546, "UK", 2012) == pytest.approx(13209, rel=1e-3)
    assert exchange(2200, "EUR", "GBP", 2024) == pytest.approx(1862.5, abs=0.1)
    assert exchange(exchange(100, "GBP", "CZK", 2024), "CZK", "GBP", 2024) == pytest.approx(100)
    with pytest.raises(BadInput, match="Atlantis 2012 = no entry"):
        inflate(1, "Atlantis", 2012)


def test_reliance_ranks_weak_values_by_what_they_move(tmp_path: Path) -> None:
    """A linear result moves by its slope times the distance to the limits; published values are left alone."""
    weak = 'grade = "assumption"'
    text = (
        parameter("strong", 1.0, 'kind = "uniform", low = 0.0, high = 2.0')
        + parameter("minor", 1.0, 'kind = "uniform", low = 0.0, high = 2.0', more=weak)
        + parameter("major", 1.0, 'kind = "uniform", low = 0.0, high = 4.0', more='grade = "recalled"')
        + parameter("unmoved", 1.0, 'kind = "fixed"', more=weak)
    )
    register = load_register(folder(tmp_path, {"group": text}))

    def outcomes(sets: Sequence[Mapping[str, float]]) -> list[dict[str, float]]:
        return [
            {"limb": 10 + values["minor"] - 2 * values["major"] + 100 * values["strong"], "life": values["minor"]}
            for values in sets
        ]

    table = reliance(register, outcomes)
    limb = table[table["outcome"] == "limb"]
    assert list(limb["parameter"]) == ["major", "minor", "unmoved"]
    first = limb.iloc[0]
    assert (first["low_value"], first["high_value"]) == pytest.approx((0.1, 3.9))
    assert (first["at_low"], first["at_high"], first["swing"]) == pytest.approx((1.8, -5.8, 7.6))
    assert limb["swing"].isna().tolist() == [False, False, True]
    facts = {"shown": "reliance", "groups": [], "grades": {}, "count": 0}
    say = voice(Findings("register", {"reliance": table}, facts))
    assert "less than 10%" in say("resting", "limb")
    assert "minor (assumption" in say("resting", "life")
    assert say("summary").endswith("Assumed without limits, so not moved: unmoved.")
    with pytest.raises(ValueError, match="major"):
        reliance(register, lambda sets: [{"limb": math.inf if values["major"] > 3 else 0.0} for values in sets])


def test_shipped_data_are_found_in_a_checkout_and_in_an_installation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beside the package when a project file is there, inside the package otherwise, and a gap is told."""

    from simulator.evidence import shipped as _  # noqa: F401

    module = importlib.import_module("simulator.evidence.shipped")
    package = tmp_path / "site" / "simulator"
    inside = package / "shipped" / "calibration"
    inside.mkdir(parents=True)
    monkeypatch.setattr(module, "PACKAGE", package)
    assert shipped("calibration") == inside
    with pytest.raises(FileNotFoundError, match="scenarios"):
        shipped("scenarios")
    (tmp_path / "site" / "pyproject.toml").write_text("")
    (tmp_path / "site" / "calibration").mkdir()
    assert shipped("calibration") == tmp_path / "site" / "calibration"


def run(*arguments: str):  # type: ignore[no-untyped-def]
    import typer

    from simulator.cli.evidence import main

    app = typer.Typer()
    app.command()(main)
    return CliRunner().invoke(app, list(arguments))


def test_the_command_lists_filters_and_writes(tmp_path: Path) -> None:
    """What is printed is what was asked for, and --out writes the same rows with their citations."""
    out = tmp_path / "out"
    result = run("--group", "death", "--grade", "published", "--out", str(out))
    assert result.exit_code == 0, result.output
    assert "death_hr_heart" in result.output
    assert "recovery_gain" not in result.output
    rows = list(csv.DictReader((out / "evidence.csv").open(encoding="utf-8")))
    assert {row["group"] for row in rows} == {"death"}
    assert {row["grade"] for row in rows} == {"published"}
    assert all(row["source"] for row in rows)
    assert (out / "sources.csv").is_file()
    assert (out / "manifest.json").is_file()


def test_the_command_shows_a_full_card() -> None:
    """A card has the note and the whole citation."""
    result = run("--name", "death_hr_heart")
    assert result.exit_code == 0
    assert "Diabetes Care 2009;32:822" in result.output
    assert "Note" in result.output


def test_the_command_refuses_all_unknown_words_at_once(tmp_path: Path) -> None:
    """Misspelt options are told together with the nearest, and nothing is written."""
    result = run("--grade", "recaled", "--name", "death_hr_hart", "--group", "deaths", "--out", str(tmp_path / "out"))
    assert isinstance(result.exception, BadInput)
    assert {problem.key for problem in result.exception.problems} == {"--grade", "--name", "--group"}
    assert not (tmp_path / "out").exists()


def test_rows_of_the_posterior_follow_the_seed() -> None:
    """Two seeds take the rows in other orders, one seed always in the same, and every pass uses each row once."""
    one, other = posterior_rows(50, 120, 1), posterior_rows(50, 120, 2)
    assert (one == posterior_rows(50, 120, 1)).all()
    assert (one[:50] != other[:50]).sum() > 40
    for start in (0, 50):
        assert sorted(one[start : start + 50]) == list(range(50))
    assert (one[:50] != one[50:100]).sum() > 40
    assert len(set(one[100:])) == 20


@pytest.mark.parametrize("n", [0, 1, 49, 50, 51, 100])
def test_a_draw_is_the_same_however_many_follow(n: int) -> None:
    """Draw i takes the same row for every number of draws above i, across the end of the posterior too."""
    assert (posterior_rows(50, n, 7) == posterior_rows(50, 130, 7)[:n]).all()


def test_fitted_parameters_follow_the_seed_and_stay_together() -> None:
    """Draws of the fitted parameters are whole rows of the posterior, none twice before all are used, by the seed."""
    register, table = load_register(), posterior_table()
    assert table is not None
    names = list(joint_names(register))
    one, other = (parameter_draws(register, 300, seed) for seed in (1, 999))
    assert all((one[name] != other[name]).mean() > 0.5 for name in names)
    rows = posterior_rows(len(table), 300, 1)
    assert len(set(rows.tolist())) == 300
    for name in names:
        assert (one[name] == table[name].to_numpy()[rows]).all()


def test_the_command_counts_groups_and_finds_words(tmp_path: Path) -> None:
    """Without options groups are counted in a screenful; a part of a name lists every value whose name holds it."""
    short = run()
    assert short.exit_code == 0
    assert len(short.output.splitlines()) <= 31
    assert "death_hr_heart" not in short.output
    assert "death_hr_heart" in run("--all").output
    found = run("--name", "TCPO2", "--out", str(tmp_path / "out"))
    rows = list(csv.DictReader((tmp_path / "out" / "evidence.csv").open(encoding="utf-8")))
    names = {p.name for register in catalogue() for p in register.parameters if "tcpo2" in p.name}
    assert {row["name"] for row in rows} == names
    assert all(name in found.output for name in names)
    counted = {row["group"]: row for row in csv.DictReader((tmp_path / "out" / "groups.csv").open(encoding="utf-8"))}
    grades = [
        p.grade for register in catalogue() for p in register.parameters if p.name in names and p.group == "perfusion"
    ]
    told = {key: int(counted["perfusion"][key]) for key in ("values", "derived", "assumption", "published")}
    assert told == {"values": len(grades)} | {key: grades.count(key) for key in ("derived", "assumption", "published")}
    assert len(set(told.values())) > 1


def test_what_leans_on_weak_numbers_is_told_of_any_policy() -> None:
    """A policy that no summary speaks of stands beside the reference; the reference itself and unknown names are refused, and so
    is a policy without the question."""
    asked = leaning("base", "arterialisation")
    assert asked.compare == ("conservative", "arterialisation")
    assert leaning("base", None).headline == "protocol"
    for name in ("conservative", "arterialization"):
        with pytest.raises(BadInput, match="arterialisation"):
            leaning("base", name)
    with pytest.raises(BadInput, match="only with --reliance"):
        evidence(policy="arterialisation", scenario="base")


def test_what_leans_on_weak_numbers_says_of_which_scenario(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Manifest and report of `sim.register(reliance=True)` hold the scenario's file and what it changes, the seed, the policy and
    the number of people; a file that was changed meanwhile is read again."""
    monkeypatch.setattr("simulator.questions.compare.job.RELIANCE_PATIENTS", 50)
    file = tmp_path / "own.toml"
    bases = []
    for rate in (0.1, 4.0):
        file.write_text(f"[parameters]\namputation_rate = {rate}\n", encoding="utf-8")
        found = sim.register(name="amputation_rate", reliance=True, scenario=str(file), policy="arterialisation")
        bases.append(found.tables["reliance"]["base"].iloc[0])
    assert bases[0] < bases[1]
    found.save(tmp_path / "out")
    manifest = json.loads((tmp_path / "out/manifest.json").read_text(encoding="utf-8"))
    assert manifest["seed"] == 1
    assert (manifest["settings"]["policy"], manifest["settings"]["patients"]) == ("arterialisation", 50)
    assert [each["key"] for each in manifest["changed_from_base"]] == ["compare", "parameters.amputation_rate"]
    assert str(file) in manifest["inputs"]
    page = (tmp_path / "out/report.html").read_text(encoding="utf-8")
    assert "in the same 50 people" in page


def test_limits_of_what_is_drawn_jointly_lie_around_its_value() -> None:
    """At another hospital than the founding one an offset's 95% limits are 1.96 SDs of its draws to either side of its value."""
    draws = {"hospital_death": np.array([0.1, 0.3])}
    own = load_register().with_joint(draws, {"hospital_death": 0.2})
    assert limits(own["hospital_death"]) == pytest.approx((0.2 - 1.96 * 0.1, 0.2 + 1.96 * 0.1), abs=1e-4)
