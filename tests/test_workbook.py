"""The workbook of an economic analysis: formulas that give Python's numbers, at shipped and at changed inputs."""

from __future__ import annotations

import re
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pandas as pd
import pytest
from recalculated import Cells, differences, named, needs_libreoffice, shelf_recalculated, stored
from told import decision_book, workbook_of

from simulator import load_scenario
from simulator.cli import app
from simulator.questions.value.analysis import EconomicAnalysis, economic_analysis
from simulator.statistics.decision.decision import Decision, decide
from simulator.statistics.decision.population import Population
from simulator.statistics.decision.results import CostEffectResults
from simulator.telling.workbook.book import Book, cell, letters
from simulator.valuation.lives import Simulations

SMALL: dict[str, Any] = {"draws": 24, "patients": 20}
FUNCTIONS = {"ABS", "AND", "AVERAGE", "COUNT", "IF", "INDEX", "ISNUMBER", "MATCH", "MAX", "MIN", "OR", "ROW", "SQRT"}
FUNCTIONS |= {"STDEV", "SUM", "SUMIF", "SUMPRODUCT"}
"""Functions that Excel 2016 and LibreOffice both know under these names."""


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("ledgers")


def analysed(cache: Path, **economics: Any) -> EconomicAnalysis:
    return economic_analysis(load_scenario(overrides={"economics": SMALL | economics}), 1, Simulations(cache))


@pytest.fixture(scope="module")
def found(cache: Path) -> EconomicAnalysis:
    return analysed(cache)


@pytest.fixture(scope="module")
def content(found: EconomicAnalysis) -> bytes:
    return workbook_of(found, "A title", ["A warning"])


def numbers(cells: Cells) -> int:
    return sum(isinstance(value, int | float) for value in cells.values())


def column(cells: Cells, sheet: str, letter: str, first: int, rows: int) -> list[Any]:
    return [cells.get((sheet, f"{letter}{first + row}")) for row in range(rows)]


def check_totals(cells: Cells, found: EconomicAnalysis) -> None:
    """Totals, net benefit, probability best, EVPI, prices and the budget's total equal the tables of an analysis."""
    policies = found.results.options
    called = [found.scenario.policies[name].label for name in policies]
    assert column(cells, "Results", "B", 5, len(policies)) == pytest.approx(found.results.cost.mean(0), rel=1e-9)
    assert column(cells, "Results", "D", 5, len(policies)) == pytest.approx(found.results.effect.mean(0), rel=1e-9)
    at = found.decision.curves
    assert at is not None
    at = at[at["threshold"] == found.valued_by.threshold].set_index("option").loc[list(policies)]
    assert column(cells, "Results", "I", 5, len(policies)) == pytest.approx(at["net_benefit"].tolist(), rel=1e-9)
    assert column(cells, "Results", "L", 5, len(policies)) == pytest.approx(at["probability"].tolist(), rel=1e-9)
    evpi = found.information[found.information["threshold"] == found.valued_by.threshold].iloc[0]["value"]
    assert cells["Results", f"B{5 + len(policies) + 1}"] == pytest.approx(evpi, rel=1e-9)
    price = found.price[(found.price["view"] == found.scenario.view)]
    price = price[price["threshold"] == found.valued_by.threshold].set_index("option")["price"]
    shown = dict(zip(policies, column(cells, "Price", "E", 5, len(policies)), strict=True))
    assert [shown[option] for option in price.index] == pytest.approx(price.tolist(), rel=1e-9)
    frontier = found.decision.frontier
    assert column(cells, "Results", "A", 5, len(policies)) == called
    order = [called[policies.index(name)] for name in frontier["option"]]
    assert column(cells, "Frontier", "A", 5, len(policies)) == order
    assert column(cells, "Frontier", "D", 5, len(policies)) == frontier["status"].tolist()
    ratios = [x for x in column(cells, "Frontier", "H", 5, len(policies)) if isinstance(x, float | int)]
    assert ratios == pytest.approx(frontier["icer"].dropna().tolist(), rel=1e-9)
    total = found.budget.table[found.budget.table["quantity"] == "total"]
    rows = [place for (sheet, place), value in cells.items() if sheet == "Budget" and value == "Total"]
    for row, quantity in zip(sorted(int(place[1:]) for place in rows), ("without", "change"), strict=True):
        spent = [cells["Budget", f"{letters(2 + year)}{row}"] for year in range(len(total))]
        assert spent == pytest.approx(total[quantity].tolist(), rel=1e-9), quantity


CHANGED: list[tuple[dict[str, Any], dict[str, float]]] = [
    (
        {"thresholds": [50_000.0], "prices": {"pbmnc_kit": 4321.0}, "utilities": {"ulcer": 0.5}},
        {"threshold": 50_000.0, "own_pbmnc_kit": 4321.0, "own_ulcer": 0.5},
    ),
    (
        {"prices": {"dialysis_year": 30_000.0}, "deal": {"discount": 0.25}},
        {"own_dialysis_year": 30_000.0, "deal_discount": 0.25},
    ),
]
"""What is asked of Python, and the named cells that say the same: a threshold, a product's price and a utility; another price and
a discount on the product's price of the list."""


def together() -> tuple[dict[str, Any], dict[str, float]]:
    """All changes at once."""
    asked: dict[str, Any] = {}
    for each, _ in CHANGED:
        for key, value in each.items():
            asked[key] = asked.get(key, {}) | value if isinstance(value, dict) else value
    return asked, {name: value for _, cells in CHANGED for name, value in cells.items()}


THERAPIES = ["conservative", "arterialisation", "placental_cells", "cells_then_arterialisation"]
OWN: tuple[dict[str, float], dict[str, float]] = {"arterialisation_device": 9_000.0}, {"on_dialysis": 0.3}
"""Another price and utility among therapies."""


def of_therapies(cache: Path, **economics: Any) -> EconomicAnalysis:
    scenario = load_scenario(policies=THERAPIES, overrides={"economics": SMALL | economics})
    return economic_analysis(scenario, 1, Simulations(cache))


@pytest.fixture(scope="module")
def on_terms(cache: Path) -> EconomicAnalysis:
    """Waste, cheaper repeats, another currency and year, split wound costs and decrements."""
    terms = {"wasted": 0.2, "repeat_price": 0.5}
    how = {"wound_costs": "split", "strict_payer": False, "utility_set": "C", "currency": "EUR", "price_year": 2020}
    return analysed(cache, perspective="uk", deal=terms, **how)


@pytest.fixture(scope="module")
def therapies(cache: Path) -> EconomicAnalysis:
    """A therapy that is bought by the limb, sessions that hurt and a sequence with cells."""
    return of_therapies(cache)


@pytest.fixture(scope="module")
def decisions() -> dict[bool, Decision]:
    """Decisions between anybody's options, without ties and with."""
    return {
        ties: decide(random_results(ties), [3000.0, 9000.0], comparator="B", population=Population(10, 5))
        for ties in (False, True)
    }


@pytest.fixture(scope="module")
def written(
    content: bytes, on_terms: EconomicAnalysis, therapies: EconomicAnalysis, decisions: dict[bool, Decision]
) -> dict[str, bytes]:
    """The workbooks that LibreOffice is given, by name."""
    return {
        "base": content,
        "terms": workbook_of(on_terms, "Another"),
        "therapies": workbook_of(therapies, "Therapies"),
        **{f"decision {ties}": decision_book(found) for ties, found in decisions.items()},
    }


@pytest.fixture(scope="module")
def recalculations(written: dict[str, bytes], tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Cells]]:
    """What LibreOffice finds, started once: each workbook as written, then after changes."""

    def cells(name: str, *changes: dict[str, float]) -> list[dict[tuple[str, str], float]]:
        return [{}, *({named(written[name], cell): value for cell, value in each.items()} for each in changes)]

    prices, utilities = OWN
    asked = {
        "base": cells("base", *(cells for _, cells in CHANGED), together()[1]),
        "terms": cells("terms"),
        "therapies": cells("therapies", {f"own_{name}": value for name, value in (prices | utilities).items()}),
    }
    for name in (f"decision {ties}" for ties in (False, True)):
        asked[name] = cells(name, {"threshold": 9000.0})
        asked[name][1] |= {("Draws", f"{letters(1 + 2)}{5 + 7}"): 1.0}
    folder = tmp_path_factory.mktemp("recalculated")
    return shelf_recalculated({name: (written[name], changes) for name, changes in asked.items()}, folder)


@needs_libreoffice
def test_libreoffice_finds_every_value_that_was_written(
    content: bytes, found: EconomicAnalysis, recalculations: dict[str, list[Cells]]
) -> None:
    """With all stored values removed, LibreOffice gives each formula its written value and the analysis its tables."""
    stands, again = stored(content), recalculations["base"][0]
    assert numbers(stands) > 2000
    assert differences(stands, again) == []
    check_totals(again, found)


@needs_libreoffice
def test_changed_cells_give_what_the_command_gives_for_the_same_changes(
    cache: Path, recalculations: dict[str, list[Cells]]
) -> None:
    """Threshold, product price, another price, a utility and a discount, changed by hand some at a time and all together: the
    same as asked of Python."""
    for again, (asked, _) in zip(recalculations["base"][1:], [*CHANGED, together()], strict=True):
        check_totals(again, analysed(cache, **asked))


@needs_libreoffice
def test_terms_money_and_split_wounds_are_in_the_formulas(
    written: dict[str, bytes], on_terms: EconomicAnalysis, recalculations: dict[str, list[Cells]]
) -> None:
    """Waste, cheaper repeats, another currency and year, split wound costs and decrements recalculate to Python's numbers."""
    (again,) = recalculations["terms"]
    assert differences(stored(written["terms"]), again) == []
    check_totals(again, on_terms)


@needs_libreoffice
def test_therapies_and_losses_beside_the_state_stand_in_the_workbook(
    cache: Path, written: dict[str, bytes], therapies: EconomicAnalysis, recalculations: dict[str, list[Cells]]
) -> None:
    """A therapy that is bought by the limb, sessions that hurt and a sequence with cells recalculate to Python's numbers, prices
    of what each buys included; so does another price of the device and another loss on dialysis."""
    again, changed = recalculations["therapies"]
    assert differences(stored(written["therapies"]), again) == []
    check_totals(again, therapies)
    prices, utilities = OWN
    check_totals(changed, of_therapies(cache, prices=prices, utilities=utilities))


def test_a_reader_finds_what_amputations_cost(content: bytes, found: EconomicAnalysis) -> None:
    """One table of sheet Costs adds up admissions, rehabilitation and all else of amputations, as the analysis does."""
    sheet = openpyxl.load_workbook(BytesIO(content), data_only=True)["Costs"]
    title = next(
        row for row in range(1, 90) if str(sheet.cell(row, 1).value).startswith("What amputations cost over 40")
    )
    total = next(row for row in range(title, 120) if sheet.cell(row, 1).value == "Total")
    of = {"minor amputation", "major amputation", "rehabilitation and prosthesis"}
    assert {sheet.cell(row, 1).value for row in range(title + 2, total)} == of
    for place, policy in enumerate(found.results.options):
        own = found.costs[found.costs["policy"] == policy]
        spent = own[own["category"].isin(of)]["mean"].sum()
        assert sheet.cell(total, 3 + place).value == pytest.approx(spent, rel=1e-9)
        assert sheet.cell(total + 1, 3 + place).value == pytest.approx(spent / own["mean"].sum(), rel=1e-9)


def test_formulas_use_only_functions_that_both_programs_know(content: bytes) -> None:
    """No formula needs a program newer than Excel 2016, and none is longer than Excel reads."""
    used: set[str] = set()
    for sheet in openpyxl.load_workbook(BytesIO(content)):
        for row in sheet.iter_rows():
            for each in row:
                if each.data_type == "f":
                    assert len(each.value) < 8192
                    used |= set(re.findall(r"([A-Z][A-Z0-9.]*)\(", each.value))
    assert used <= FUNCTIONS


def test_same_analysis_gives_the_same_bytes(found: EconomicAnalysis, content: bytes) -> None:
    """The workbook holds no time and no order of its own."""
    assert workbook_of(found, "A title", ["A warning"]) == content


def test_reviewer_finds_where_the_cost_of_amputations_comes_from(content: bytes, found: EconomicAnalysis) -> None:
    """Sheet Costs names amputations, their rehabilitation, amounts, unit costs and sources; they add up to the total."""
    book = openpyxl.load_workbook(BytesIO(content), data_only=True)["Costs"]
    rows = [[each.value for each in row] for row in book.iter_rows(min_row=6, max_row=40)]
    amputations = [row for row in rows if row[0] in ("major amputation", "rehabilitation and prosthesis")]
    amputations = [row for row in amputations if isinstance(row[5], str)]
    assert len(amputations) == 5
    for row in amputations:
        assert row[4] * row[7] == pytest.approx(row[8], rel=0.2)
        assert len(row[5]) > 20
    costs = found.costs[found.costs["policy"] == "conservative"].groupby("category")["mean"].sum()
    ours = sum(row[8] for row in amputations)
    assert ours == pytest.approx(costs["major amputation"] + costs["rehabilitation and prosthesis"], rel=1e-9)


def random_results(ties: bool) -> CostEffectResults:
    """Six options, one of them extendedly dominated; with ties two are the same in every draw."""
    rng = np.random.default_rng(5)
    cost = np.array([0.0, 1000.0, 2600.0, 3000.0, 3500.0, 2000.0]) + 5000.0 + rng.normal(0, 300, (40, 6))
    effect = np.array([0.0, 0.30, 0.35, 0.60, 0.55, 0.10]) + 2.0 + rng.normal(0, 0.05, (40, 6))
    if ties:
        cost[:, 5], effect[:, 5] = cost[:, 3], effect[:, 3]
    return CostEffectResults([*"ABCDE", "=1+1"], cost, effect)


@needs_libreoffice
@pytest.mark.parametrize("ties", [False, True])
def test_dominance_and_ties_of_anybodys_results_are_worked_out_in_cells(
    written: dict[str, bytes], decisions: dict[bool, Decision], recalculations: dict[str, list[Cells]], ties: bool
) -> None:
    """Statuses, ratios and shared ties equal Python's; an option called =1+1 stays a text."""
    results, found = random_results(ties), decisions[ties]
    again, after = recalculations[f"decision {ties}"]
    assert differences(stored(written[f"decision {ties}"]), again) == []
    frontier = found.frontier
    assert column(again, "Frontier", "A", 5, 6) == frontier["option"].tolist()
    assert column(again, "Frontier", "D", 5, 6) == frontier["status"].tolist()
    statuses = set(frontier["status"])
    assert {"reference", "frontier", "equal" if ties else "dominated", "extendedly dominated"} <= statuses
    assert column(again, "Acceptability", "H", 6, 41) == pytest.approx([1.0] * 41)
    # A changed draw and threshold: an independent analysis of the changed table.
    cost = results.cost.copy()
    cost[7, 2] = 1.0
    changed = CostEffectResults(results.options, cost, results.effect)
    other = decide(changed, [9000.0], comparator="B")
    assert column(after, "Frontier", "D", 5, 6) == other.frontier["status"].tolist()
    at = other.at_thresholds().set_index("option").loc[list(results.options)]
    assert column(after, "Results", "L", 5, 6) == pytest.approx(at["probability"].tolist())


def test_words_never_become_formulas() -> None:
    """Labels that begin with =, +, - or @ are texts, whatever they say."""
    with Book("=TITLE()") as book:
        sheet = book.sheet("Sheet")
        for row, words in enumerate(("=1+1", "+1", "-1", "@SUM(A1)", "{=1}")):
            sheet.text(row, 0, words)
    own = openpyxl.load_workbook(BytesIO(book.content))["Sheet"]
    assert [own.cell(row, 1).data_type for row in range(1, 6)] == ["s"] * 5


def test_cells_have_the_names_that_spreadsheets_use() -> None:
    """Columns count A to Z, AA to ZZ, AAA; dollar signs go where they were asked for."""
    assert [letters(place) for place in (0, 25, 26, 701, 702)] == ["A", "Z", "AA", "ZZ", "AAA"]
    assert (cell(0, 1), cell(0, 1, fixed="$"), cell(0, 1, fixed="row")) == ("B1", "$B$1", "B$1")


def test_commands_write_workbooks_only_where_they_can(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`clti cea --workbook` needs a folder, draws and no more options than formulas can hold; all faults at once."""
    table = pd.DataFrame(
        {"draw": np.repeat([1, 2], 15), "option": [f"o{i}" for i in range(15)] * 2, "cost": 1.0, "effect": 1.0}
    )
    table.to_csv(tmp_path / "many.csv", index=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["clti", "cea", "many.csv", "--workbook"])
    with pytest.raises(SystemExit) as stopped:
        app.main()
    assert stopped.value.code == 2
    said = capsys.readouterr().err
    assert "only together with --out" in said
    assert "at most 14 in a workbook" in said
    assert list(tmp_path.iterdir()) == [tmp_path / "many.csv"]
