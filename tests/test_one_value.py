"""One quantity of one analysis has one value in every file, on the page and on the console, however many draws stand behind it.

The analysis walked through has fewer draws for scenarios than for its base case and fewer yet for subgroups, as by default.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import pairwise
from math import isclose
from typing import Any

import numpy as np
import pandas as pd
import pytest
from blank import blank_pictures
from sums import HELD, RULES, Rule, broken, tables_read
from walked import Shown, tables_of, unexplained

import simulator as sim
from simulator.face.result import Result
from simulator.questions.value.analysis import Effort
from simulator.telling.page import console_tables, page, sentences

ERRORS = ("", "_se", "_low", "_high")
INCREMENTS = ("incremental_cost", "incremental_effect")


def with_errors(*names: str) -> dict[str, str]:
    return {f"{name}{error}": f"{name}{error}" for name in names for error in ERRORS}


ICER = {"icer": "icer", "icer_se": "icer_se"}
AT_HOSPITAL = {each: each for each in (*INCREMENTS, "icer", "net_benefit", "change", "draws")}
AT_HOSPITAL |= {"se": "net_benefit_se", "low": "net_benefit_low", "high": "net_benefit_high", "probability": "above"}
FIXED = {"net_benefit": "net_benefit_deterministic"}
SHARED: dict[str, dict[str, str]] = {
    "options": with_errors("cost", "effect", "life_years", *INCREMENTS, "net_benefit")
    | {each: each for each in ("price", "price_low", "price_high")}
    | {"probability": "above"}
    | ICER
    | {each: each for each in ("net_benefit_deterministic", "net_benefit_deterministic_se")}
    | {"probability_best": "probability_best", "sequential_icer": "sequential_icer"},
    "totals": {"mean": "", "se": "_se", "low": "_low", "high": "_high"},
    "frontier": {"cost": "cost", "effect": "effect", "icer": "sequential_icer"},
    "against": with_errors(*INCREMENTS) | ICER,
    "views": with_errors(*INCREMENTS, "net_benefit") | ICER | {"probability": "above"},
    "scenarios": AT_HOSPITAL,
    "hospitals": AT_HOSPITAL,
    "net_benefit": {f"net_monetary_benefit{error}": f"net_benefit{error}" for error in ERRORS}
    | {"net_health_benefit": "net_health_benefit", "probability": "above"},
    "ceac": {"probability": "probability_best"},
    "price": {"price": "price", "low": "price_low", "high": "price_high"},
    "monte_carlo_error": {"mean": "", "se": "_se"},
    "severity": {"net_benefit": "net_benefit"},
    "tornado": FIXED | {"net_benefit_se": "net_benefit_deterministic_se"},
    "switching": FIXED,
    "subgroups": {each: each for each in (*INCREMENTS, "net_benefit", "share")},
    "equity": {each: each for each in (*INCREMENTS, "share")},
    "equity_weighted": {"weighted_effect": "incremental_effect", "net_health_benefit": "net_health_benefit"},
    "centres": {each: each for each in ("reference_mean", "mean", "difference")},
    "per_hundred": {each: each for each in ("reference_mean", "mean", "difference")},
    "costs_by_category": {"mean": "spent"},
    "costs_by_state": {"mean": "spent"},
    "states": {"mean": "", "se": "_se", "low": "_low", "high": "_high", "undiscounted": "_undiscounted"},
}
"""Columns that tell what another table tells, too: what each is called here. An ending is added to the row's own quantity."""

ALONE = {
    # Their own quantities, whose sums and formulas other tests compute again.
    *(
        "conventions",
        "events",
        "costs",
        "budget",
        "budget_people",
        "stratified",
        "trial_worth",
        "two_way",
        "severity_bands",
    ),
    *("dialysis", "voi", "ellipses", "curves", "at_risk", "observed", "values", "impact_inventory", "draws"),
}
QUANTITIES = {"added cost": "incremental_cost", "QALYs gained": "incremental_effect"}
QUANTITIES |= {"incremental net benefit": "net_benefit", "incremental cost": "incremental_cost"}
QUANTITIES |= {"incremental effect": "incremental_effect"}
AT_THRESHOLD = ("net", "price", "above", "probability", "change")


@pytest.fixture(scope="module")
def found() -> Iterator[Result]:
    """Fifty draws in the base case, thirty-five of scenarios and hospitals, twenty of subgroups."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Effort, "beside", classmethod(lambda cls, _draws, patients: cls(35, 20, 2 * patients, 100)))
        own = {"mine": {"label": "A scenario of one's own", "prices": {"pbmnc_kit": 900.0}}}
        economics = {"prices": {"pbmnc_kit": 1800.0}, "scenarios": own, "thresholds": [30000.0, 20000.0]}
        asked = {"economics": economics, "evidence": {"view": "sceptical"}}
        policies = ["conservative", "single_dose", "protocol"]
        yield sim.value(policies=policies, draws=50, patients=24, overrides=asked, keep=False)


Key = tuple[str, ...]


def told(name: str, table: pd.DataFrame, facts: Mapping[str, Any]) -> Iterator[tuple[Key, float]]:
    """Every number of a table that another may tell, by what it is a value of."""
    for row in table.to_dict("records"):
        of = where(name, row, facts)
        if of is None:
            continue
        for column, called in SHARED[name].items():
            quantity = called
            if name in ("totals", "monte_carlo_error", "states"):
                quantity = QUANTITIES.get(row["quantity"], row["quantity"]) + called
            threshold = (
                [f"at {row.get('threshold', facts['threshold']):g}"] if quantity.startswith(AT_THRESHOLD) else []
            )
            value = row[column]
            if value is not None and not pd.isna(value):
                yield (quantity, *of, *threshold), float(value)


def where(name: str, row: Mapping[str, Any], facts: Mapping[str, Any]) -> Key | None:
    """Option, view, hospital, scenario and group of a row; None for rows that tell nothing another table could."""
    if name in ("centres", "per_hundred"):
        chosen = row.get("group", "referred") == "referred" and row.get("policy", facts["focus"]) == facts["focus"]
        same = row.get("centre", facts["centre"]) == facts["centre"] and row["time_years"] == 1.0
        return (row["outcome"],) if chosen and same else None
    option = str(row.get("option", row.get("policy")))
    if name == "costs_by_category":
        return (option,) if row["category"] == "total" else None
    if name == "costs_by_state":
        return (option,) if row["state"] == "total" else None
    if name == "states" and row["state"] != "total":
        return None
    view, centre, scenario = row.get("view", facts["view"]), row.get("centre", facts["centre"]), ""
    kind, _, rest = str(row.get("scenario", "")).partition("_")
    if kind == "view":
        view = rest
    elif kind == "centre":
        centre = rest
    elif kind and row["scenario"] != "base case":
        scenario = str(row["scenario"])
    group = str(row.get("subgroup", row.get("grouping", "")))
    if name == "equity_weighted":
        if row["epsilon"] != 0.0:
            return None
        group, centre = "", "new" if group == "hospital" else centre
    group = "" if group == "everybody" else f"{group} {row.get('level', '')}" if group else ""
    return (option, view, centre, scenario, group)


Said = Mapping[str, list[tuple[Key, float]]]
"""What each table has `told`."""


@pytest.fixture(scope="module")
def said(found: Result) -> Said:
    return {name: list(told(name, found.tables[name], found.facts)) for name in SHARED}


def differences(said: Said) -> list[str]:
    """Quantities that have more than one value."""
    seen: dict[Key, list[tuple[str, float]]] = {}
    for name in SHARED:
        for key, value in said[name]:
            seen.setdefault(key, []).append((name, value))
    return [
        f"{' '.join(key)}: {one} in {a}, {other} in {b}"
        for key, every in seen.items()
        for (a, one), (b, other) in pairwise(every)
        if not isclose(one, other, rel_tol=1e-9, abs_tol=1e-9)
    ]


def test_every_table_is_walked_through_or_stands_alone(found: Result, said: Said) -> None:
    """A table that is new says which of its columns others tell, too; each does share some quantity with another."""
    assert set(found.tables) == set(SHARED) | ALONE
    homes: dict[Key, set[str]] = {}
    for name in SHARED:
        for key, _ in said[name]:
            homes.setdefault(key, set()).add(name)
    shared = [names for names in homes.values() if len(names) > 1]
    assert set().union(*shared) == set(SHARED)
    assert len(shared) > 100


def test_no_quantity_has_two_values(found: Result, said: Said) -> None:
    """Whatever two files tell of one option, view, hospital, scenario, group and threshold, they tell alike."""
    assert {int(each) for each in found.tables["scenarios"]["draws"]} == {35, 50}
    assert set(found.tables["subgroups"]["draws"]) == {20}
    assert differences(said) == []
    for row in found.tables["options"].query("option != 'conservative'").itertuples():
        for ending in ("", "_deterministic"):
            cost, effect, benefit = (getattr(row, f"{name}{ending}") for name in (*INCREMENTS, "net_benefit"))
            assert benefit == pytest.approx(found.facts["threshold"] * effect - cost)
    spent = found.tables["costs_by_category"].query("category == 'dialysis'").groupby("policy")["mean"].sum()
    for row in found.tables["dialysis"].itertuples():
        assert row.cost == pytest.approx(spent[row.option], rel=1e-9)
    numbers = [found.tables[name].set_index(["policy", "name"]) for name in ("tornado", "switching")]
    assert list(numbers[0].index) == list(numbers[1].index)
    assert (numbers[0]["swing"] == numbers[1]["swing"]).all()
    ends = numbers[0][["net_benefit", "at_low", "at_high"]]
    assert np.allclose(numbers[0]["swing"], ends.max(axis=1) - ends.min(axis=1))
    least = found.tables["ceac"].query("frontier").set_index("threshold")["expected_loss"]
    for row in found.tables["voi"].query("measure == 'EVPI'").itertuples():
        assert row.value == pytest.approx(least[row.threshold], rel=1e-9)


@pytest.mark.parametrize("name", sorted(SHARED))
def test_a_table_of_other_draws_would_be_noticed(found: Result, said: Said, name: str) -> None:
    """The walk finds a table that tells each of its shared columns a thousandth higher than the others do."""
    for column in SHARED[name]:
        table = found.tables[name].copy()
        if table[column].notna().any() and table[column].abs().max() > 1e-6 and column != "sequential_icer":
            table[column] = table[column] * 1.001
            assert differences({**said, name: list(told(name, table, found.facts))}), column


@pytest.fixture(scope="module")
def rules(found: Result) -> Mapping[str, list[Rule]]:
    """The rules by the tables that they read."""
    read = {rule: tables_read(rule, found.tables, found.facts) for rule in RULES}
    return {name: [rule for rule, names in read.items() if name in names] for name in found.tables}


def test_tables_that_stand_alone_add_up(found: Result) -> None:
    """What no other table tells follows from other columns: sums, differences, products with people, shortfalls, courses."""
    assert broken(RULES, found.tables, found.facts) == []


@pytest.mark.parametrize(("name", "column"), [(name, column) for name in HELD for column in HELD[name]])
def test_one_number_changed_alone_would_be_noticed(
    found: Result, rules: Mapping[str, list[Rule]], name: str, column: str
) -> None:
    """A single number, drawn anew for each column, that is a hundredth higher breaks what its table must add up to.

    Of a column of noughts one becomes a hundredth of the table's largest number.
    """
    table = found.tables[name].astype({column: "float64"}).reset_index(drop=True)
    sizes = table[column].abs().fillna(0.0).to_numpy()
    some = sizes > 1e-6
    row = np.random.default_rng([len(name), len(column)]).choice(np.flatnonzero(some if some.any() else sizes >= 0.0))
    largest = table.select_dtypes("number").abs().max().max()
    table.loc[row, column] += 0.01 * (table.loc[row, column] if some.any() else largest)
    assert broken(rules[name], {**found.tables, name: table}, found.facts) != []


# --- The page and the console -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def html(found: Result) -> str:
    with blank_pictures():
        return page(found.findings, {}, {})


@pytest.fixture(scope="module")
def shown(html: str) -> list[Shown]:
    return tables_of(html)


def test_the_page_prints_numbers_of_its_files(found: Result, shown: list[Shown]) -> None:
    """Every number of three digits in a table of the page is one of the file beneath it, rounded."""
    files = {each.file.removesuffix(".csv") for each in shown}
    assert files >= {"options", "views", "hospitals", "scenarios", "subgroups", "price", "totals", "equity", "budget"}
    assert unexplained(shown, found.tables) == []


@pytest.mark.parametrize("name", ["options", "views", "scenarios", "subgroups", "totals", "price", "budget"])
def test_a_page_of_other_draws_would_be_noticed(found: Result, shown: list[Shown], name: str) -> None:
    """Were the numbers of a file two hundredths higher, the page would not print them."""
    table = found.tables[name]
    moved = table.assign(**{c: 1.02 * table[c] for c in table.select_dtypes("float")})
    assert len(unexplained(shown, {**found.tables, name: moved})) > 5


def test_the_console_prints_rows_of_the_page(found: Result, html: str, shown: list[Shown]) -> None:
    """Each row of the console's tables has the cells of a row of the page, and each number of its sentences stands there."""
    rows = [set(row) for each in shown for row in each.rows]
    for title, table in console_tables(found.findings, 160):
        for row in table.rows:
            cells = {" ".join(str(cell).split()) for cell in row}
            assert any(cells <= other for other in rows), (title, row)
    text = re.sub(r"<[^>]+>", " ", html)
    for number in re.findall(r"[−+]?€[\d,.]*\d|\d+\.\d+", sentences(found.findings)):
        assert number in text, number
