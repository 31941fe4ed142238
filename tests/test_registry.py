"""Exports of registries: read to the same people whatever their shape, and asked about where a guess would count."""

from __future__ import annotations

import io
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_up_exports import SHAPES, made_up
from openpyxl import Workbook

from simulator.face.patients import propose_mapping
from simulator.questions.registry.export.cells import Export, export_in
from simulator.questions.registry.export.dates import day_in, order_of
from simulator.questions.registry.export.fields import FIELDS, grade_in, number_in
from simulator.questions.registry.export.header import place_of
from simulator.questions.registry.export.mapping import Mapping, Source, read_mapping
from simulator.questions.registry.export.proposal import mapping_toml, propose
from simulator.questions.registry.export.values import Values
from simulator.questions.registry.people.baseline import ckd_epi
from simulator.questions.registry.people.described import class_shares
from simulator.questions.registry.people.people import People, people_of
from simulator.questions.registry.synthetic.truth import Truth
from simulator.rules.population.patient import COLUMNS, TISSUE_LOSS
from simulator.telling.formulas import no_formula
from simulator.telling.outputs import OutputFolder
from simulator.words.errors import BadInput, CheckFailed, StorageFailed

MAJOR = {'amputations = "?"': 'amputations = "major"'}
ANSWERS = {
    "german": MAJOR,
    "procedures": {'row = "?"': 'row = "procedure"'},
    "limbs": {'row = "?"': 'row = "limb"'},
    "visits": MAJOR | {'row = "?"': 'row = "visit"', '"1" = "?"': '"1" = "male"', '"2" = "?"': '"2" = "female"'},
}
"""What must be answered in a shape, because no export tells it: what the file asks, and the answer."""
TRUTH = made_up(60, seed=4)


def column(people: People, name: str) -> np.ndarray:
    """A column of the patients."""
    return people.given[:, COLUMNS.index(name)]


def is_truth(people: People, truth: Truth) -> None:
    """The people read are those behind the export, with the courses that they had."""
    assert len(people) == len(truth)
    order = np.argsort(people.rows)
    assert column(people, "age")[order] == pytest.approx(truth.age, abs=0.01)
    assert (column(people, "male")[order] == truth.male).all()
    assert column(people, "tcpo2_measured")[order] == pytest.approx(truth.tcpo2, abs=0.01)
    assert (column(people, "rutherford")[order] == truth.rutherford).all()
    assert (column(people, "right_limb")[order] == truth.right).all()
    assert (column(people, "infection")[order] == truth.infection).all()
    assert ((column(people, "renal")[order] == 3.0) == truth.dialysis).all()
    for place, days in enumerate((truth.amputated, truth.died, truth.healed)):
        wanted = np.where(np.isnan(days), np.inf, days / 365.25)
        assert np.allclose(people.low[order, place], wanted, atol=1e-9)
        assert np.allclose(people.high[order, place], wanted, atol=1e-9)
    assert people.followed[order] == pytest.approx(truth.followed / 365.25)


def test_every_field_that_a_mapping_may_name_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """No column is asked for, or taken for known, that nothing of a person is made of."""
    read = {"person"}
    plain = Values.at

    def noted(values: Values, name: str, place: int) -> object:
        read.add(name)
        return plain(values, name, place)

    monkeypatch.setattr(Values, "at", noted)
    for shape in ("plain", "limbs", "stages"):
        export = export_in(SHAPES[shape](TRUTH), "export.csv")
        people_of(export, propose(export).mapping)
    assert read == set(FIELDS)


@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_is_read_to_the_same_people(shape: str, tmp_path: Path) -> None:
    """The proposed mapping, with what it asks for answered, gives the people and courses behind the export."""
    export = export_in(SHAPES[shape](TRUTH), "export.csv")
    proposal = propose(export)
    text = mapping_toml(proposal, export)
    assert proposal.questions == len(ANSWERS.get(shape, {})), text
    for asked, answer in ANSWERS.get(shape, {}).items():
        text = text.replace(asked, answer)
    file = tmp_path / "mapping.toml"
    file.write_text(text, encoding="utf-8")
    mapping, _ = read_mapping(file, export)
    is_truth(people_of(export, mapping), TRUTH)


def test_a_workbook_is_read_as_its_cells() -> None:
    """Dates, numbers and words of an .xlsx give the same people as CSV."""
    lines = [line.split(",") for line in SHAPES["plain"](TRUTH).decode().splitlines()]
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(lines[0])
    for line in lines[1:]:
        sheet.append([float(cell) if place in {2, 4} else cell for place, cell in enumerate(line)])
    content = io.BytesIO()
    book.save(content)
    export = export_in(content.getvalue(), "export.xlsx")
    is_truth(people_of(export, propose(export).mapping), TRUTH)


def in_sheets(**sheets: list[list[str]]) -> bytes:
    """A workbook."""
    book = Workbook()
    book.remove(book.worksheets[0])
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def test_the_sheet_with_people_is_read() -> None:
    """A legend before the sheet of people is left out and told; two sheets of people are one message."""
    people = [line.split(",") for line in SHAPES["plain"](TRUTH).decode().splitlines()]
    export = export_in(
        in_sheets(Legend=[["column", "meaning"], ["sex", "M or F"]], Data=[["Title"], *people]), "x.xlsx"
    )
    is_truth(people_of(export, propose(export).mapping), TRUTH)
    assert "'Data' is read, not 'Legend'" in export.left_out
    assert export.numbers[0] == 3
    with pytest.raises(BadInput, match="One, Two"):
        export_in(in_sheets(One=people, Two=people), "x.xlsx")


def asks(header: str, *cells: str) -> str:
    """What the proposal asks of a column of an export with one more column."""
    rows = tuple((cell, str(40 + place)) for place, cell in enumerate(cells))
    export = Export("x.csv", (header, "age"), rows)
    return "; ".join(f"{key} {value}" for key, value, _ in propose(export).mapping.faults(export))


@pytest.mark.parametrize(
    ("header", "cells", "asked"),
    [
        ("tcpo2", ("2.1", "3.9", "4.4"), "unit"),  # kPa or very low mmHg
        ("tcpo2", ("12", "31", "44"), ""),
        ("tcpo2_kpa", ("12", "31", "44"), "unit"),  # beyond 16 kPa
        ("sex", ("1", "2", "1"), "codes"),
        ("sex", ("h", "m", "h"), "codes 'h'"),  # hombre and mujer, or homme and something
        ("sex", ("m", "w", "m"), ""),
        ("dialysis", ("0", "1", "2"), "codes"),  # 1 may be a working transplant
        ("dialysis", ("1", "2", "2"), "codes"),
        ("dialysis", ("0", "1", "9"), ""),  # 9 is nothing known
        ("dialysis", ("yes", "no", "perhaps"), "codes"),
        ("sex", ("h", "f", "h"), ""),  # homme and femme
        ("sex", ("h", "m", "h"), "codes 'h'"),  # hombre and mujer, or homme and male
        ("side", ("g", "d", "d"), "codes"),
        ("side", ("both", "right", "left"), "codes"),  # two limbs in one row
        ("index_date", ("01/02/2020", "03/04/2020", "05/06/2021"), "date"),
        ("index_date", ("01/02/2020", "03/14/2020", "05/06/2021"), ""),
        ("creatinine", ("1.1", "2.0", "0.9"), ""),
        ("creatinine", ("110", "200", "90"), ""),
        ("creatinine", ("20", "20", "20"), ""),
        ("creatinine", ("25", "25", "25"), ""),
        ("creatinine", ("22", "22", "22"), "unit"),  # neither is likely
        ("creatinine_umol", ("1.1", "2.0", "0.9"), "unit"),
        ("procedure", ("Unterschenkelamputation", "Amputation", "Bypass"), "codes.*'amputation'"),  # of no level
        ("amputation_date", ("2020-01-02", "", "2020-05-06"), "amputations"),  # toes, perhaps
        ("major amputation", ("yes", "no", "no"), ""),
        ("date of death", ("2020-01-02", "", "2020-05-06"), "fields.index_date"),
    ],
)
def test_a_guess_that_would_count_is_asked_for(header: str, cells: tuple[str, ...], asked: str) -> None:
    """Units, codes and orders that names and values leave open are questions, and only those."""
    found = asks(header, *cells)
    assert re.search(asked, found) if asked else not found, found


def test_of_several_columns_that_could_be_one_field_the_user_chooses() -> None:
    """Two dates of a start that differ are a question that names both; two that are alike are none."""
    head = ("Date of referral", "Surgery date", "age")
    for other, asked in (("2020-03-01", "'?' Date of referral or Surgery date"), ("2020-01-02", "")):
        rows = (("2020-01-02", other, "70"), ("2020-05-01", "2020-05-01", "71"))
        mapping = propose(Export("x.csv", head, rows)).mapping
        told = "; ".join(f"{value} {allowed}" for key, value, allowed in mapping.faults(Export("x.csv", head, rows)))
        assert told == asked


def test_a_choice_of_columns_leaves_open_what_only_one_of_them_says() -> None:
    """That the limb was lost is taken for granted where every column that could be meant says so."""
    for first, asked in (("Amputation date", "?"), ("Major amputation on", "major")):
        head = (first, "Major amputation date", "Date of referral")
        rows = (("2020-02-01", "2020-03-01", "2020-01-02"), ("2020-06-01", "2020-05-01", "2020-01-03"))
        mapping = propose(Export("x.csv", head, rows)).mapping
        assert mapping.fields["amputation_date"].column.startswith("? ")
        assert mapping.amputations == asked


def test_a_known_name_goes_before_one_that_holds_it() -> None:
    """No question is asked where one column is told and another only guessed, whichever comes first."""
    rows = (("30", "20"), ("40", "25"))
    for head in (("Worst tcpo2 seen (mmHg)", "tcpo2_mmhg"), ("tcpo2_mmhg", "Worst tcpo2 seen (mmHg)")):
        mapping = propose(Export("x.csv", head, rows)).mapping
        assert (mapping.fields["tcpo2"].column, list(mapping.unused)) == ("tcpo2_mmhg", ["Worst tcpo2 seen (mmHg)"])


def test_a_cell_that_is_like_a_name_is_no_line_of_names() -> None:
    """Names that nobody knows stay in the first line, unless at least two that are known stand further down."""
    known = {"age", "sex"}.__contains__
    assert place_of([["A", "B"], ["7", "age"]], known) == (0, 0)
    assert place_of([["A", "B"], ["sex", "age"]], known) == (1, 2)


def test_a_column_with_the_word_or_in_its_name_is_one_column() -> None:
    """It is not told as unused where it is used."""
    rows = (("yes", "70"), ("no", "71"))
    mapping = propose(Export("x.csv", ("Wound infection or abscess", "age"), rows)).mapping
    assert (mapping.fields["infection"].column, mapping.unused) == ("Wound infection or abscess", [])


@pytest.mark.parametrize(
    "name",
    [
        "Prior amputation date",
        "Date of toe amputation",
        "Discharge date",
        "Date of amputation or death",
        "Datum Kontrolle",
    ],
)
def test_a_date_of_something_else_is_no_date_of_the_course(name: str) -> None:
    """Dates of earlier or minor amputations, of discharge, and of one thing or another are left unused."""
    mapping = propose(Export("x.csv", (name, "age"), (("2020-01-02", "70"), ("2020-05-01", "71")))).mapping
    assert list(mapping.fields) == ["age"]
    assert list(mapping.unused) == [name]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "columns"),
        (b"a,b\n", "rows"),
        (b"age,age\n1,2\n", "each name once"),
        (b"age,sex\n70\n", "another number of cells"),
        (b"age,sex\n=1+1,m\n", "a formula"),
        (b"\xd0\xcf\x11\xe0xxxx", "old Excel"),
        (b"PK\x03\x04broken", "workbook"),
        (b"c," * 1_000_000 + b"c\n1\n", "at most 2,000"),
    ],
)
def test_bad_files_are_one_message(content: bytes, told: str) -> None:
    """What no mapping could mend is told at once, without a traceback."""
    with pytest.raises(BadInput, match=told):
        export_in(content, "x.csv")


def people(text: str, **changed: object) -> People:
    """People of a small export."""
    export = export_in(text.encode(), "x.csv")
    mapping = propose(export).mapping.model_copy(update={"amputations": "major", **changed})
    return people_of(export, mapping)


def test_what_cannot_be_is_named_by_row() -> None:
    """Dates before birth or start, somebody twice, and cells without a meaning are faults; implausible values are told."""
    head = "patient_id,birth_date,index_date,death_date,tcpo2,rutherford,gangrene\n"
    with pytest.raises(BadInput, match="before birth"):
        people(head + "1,1950-01-01,1949-01-01,,20,5,no\n")
    with pytest.raises(BadInput, match="before the start"):
        people(head + "1,1950-01-01,2019-01-01,2018-01-01,20,5,no\n")
    with pytest.raises(BadInput, match="after death"):
        lost = "patient_id,index_date,amputation_date,death_date\n"
        people(lost + "1,2019-01-01,2019-06-01,2019-05-01\n2,2019-01-01,2019-05-01,2019-05-01\n")
    with pytest.raises(BadInput, match="each person once"):
        people(head + "1,1950-01-01,2019-01-01,,20,5,no\n1,1950-01-01,2019-02-01,,20,5,no\n", row="person")
    found = people(head + "1,1950-01-01,2019-01-01,,70,4,yes\n2,1950-01-01,2019-01-01,,20,3,no\n")
    assert [words for _, words in found.odd] == [
        "rest pain alone with gangrene: Rutherford class taken as unknown",
        "TcPO2 above 60 mmHg",
    ]
    assert len(found) == 1
    assert sum(found.dropped.values()) == 1


def test_what_only_visits_or_the_end_tell_came_in_an_interval() -> None:
    """What a visit reports came after the last that denied it; what a person's line reports, up to when they were last seen."""
    visits = [
        "a,2020-01-01,no,no,5",
        "a,2020-04-01,no,,5",
        "a,2020-07-01,yes,yes,5",
        "b,2020-01-01,no,no,5",
        "b,2020-02-01,no,no,5",
    ]
    found = people("\n".join(["patient_id,visit_date,major_amputation,healed,rutherford", *visits]), row="visit")
    assert found.low[0] * 365.25 == pytest.approx([91, np.nan, 0], nan_ok=True)
    assert found.high[0] * 365.25 == pytest.approx([182, np.nan, 182], nan_ok=True)
    assert (found.high[1, [0, 2]] == np.inf).all()
    lines = ["a,2020-01-01,yes,2020-12-31", "b,2020-01-01,no,2020-12-31", "c,2020-01-01,yes,2020-01-01"]
    found = people("\n".join(["patient_id,visit_date,major_amputation,last_contact", *lines]))
    assert found.low[:, 0] * 365.25 == pytest.approx([0, np.inf, np.nan], nan_ok=True)
    assert found.high[:, 0] * 365.25 == pytest.approx([365, np.inf, np.nan], nan_ok=True)
    assert [words for _, words in found.odd] == ["the limb was lost at the start already: not counted"]


def test_a_death_is_when_somebody_was_last_seen() -> None:
    """Of a limb lost without a date nobody knows when before the death it was; of one kept, that it was until then."""
    lines = ["a,2020-01-01,yes,2020-01-31", "b,2020-01-01,no,2020-01-31"]
    found = people("\n".join(["patient_id,index_date,major_amputation,date_of_death", *lines]))
    assert found.low[:, 0] * 365.25 == pytest.approx([0, np.inf])
    assert found.high[:, 0] * 365.25 == pytest.approx([30, np.inf])
    assert not found.odd


def test_lines_of_procedures_without_a_known_person_are_asked_for() -> None:
    """An identifier that nobody knows would make each procedure a person; one that is known brings the lines together."""
    lines = ("7,2020-01-01,Bypass,70", "7,2020-03-01,Below knee amputation,70", "8,2020-01-05,Angioplasty,71")
    for name, asked in (("Foo key", "no column is known"), ("NHS number", "people come several times")):
        text = "\n".join([f"{name},Date of procedure,Procedure type,age", *lines])
        proposal = propose(export_in(text.encode(), "export.csv"))
        assert proposal.mapping.row == "?" and asked in proposal.row_hint


@pytest.mark.parametrize(
    ("last", "people"), [("n =,60,,,,", 1), ("Summe:,60,,,,", 1), ("n,60,4,m,1,0", 2), ("9,60,,,,", 2)]
)
def test_a_line_of_totals_is_nobody(last: str, people: int) -> None:
    """A line that begins with the word for a total and is mostly empty; one that is filled, or begins otherwise, is a case."""
    text = f"patient_id,age,rutherford,sex,dialysis,infection\n1,70,5,m,0,1\n{last}\n"
    assert len(export_in(text.encode(), "export.csv").rows) == people


def test_fontaine_stages_are_rest_pain_and_tissue_loss() -> None:
    """Stage III is Rutherford 4; stage IV is 5 or 6 and never drawn as rest pain; a class beside it goes before it."""
    found = people("age,fontaine,rutherford\n70,III,\n71,IV,\n72,IV,6\n73,4,\n")
    assert column(found, "rutherford").tolist() == pytest.approx([4.0, np.nan, 6.0, np.nan], nan_ok=True)
    assert found.lived[:, COLUMNS.index("rutherford")].tolist() == [4.0, TISSUE_LOSS, 6.0, TISSUE_LOSS]
    assert found.some(np.array([1, 2])).with_tissue_loss.tolist() == [True, False]


def test_pressures_are_critical_below_a_limit_by_class() -> None:
    """TASC II: below 50 mmHg in rest pain, below 70 with tissue loss."""
    found = people("age,rutherford,ankle_pressure_mmhg\n70,4,49\n71,4,50\n72,4,69\n73,5,69\n74,5,70\n75,6,\n")
    assert column(found, "ankle_pressure_low").tolist() == pytest.approx([1, 0, 0, 1, 0, np.nan], nan_ok=True)


def test_people_with_tissue_loss_do_not_vanish_from_the_share_with_rest_pain() -> None:
    """Of 80 people 20 have Fontaine III: a quarter has rest pain, and of 5 and 6 nothing can be said."""
    found = people("age,fontaine\n" + "70,III\n" * 20 + "71,IV\n" * 60)
    assert class_shares(found, "rutherford", [4.0, 5.0, 6.0]) == pytest.approx([0.25, np.nan, np.nan], nan_ok=True)


def test_no_kidney_disease_is_known_and_nothing_said_is_not() -> None:
    """The word that elsewhere stands for nothing known is a class of kidney function."""
    found = people("age,sex,ckd_stage,infection\n70,m,none,none\n71,f,moderate,yes\n72,m,,no\n73,f,severe,no\n")
    assert column(found, "renal").tolist() == pytest.approx([0.0, 1.0, np.nan, 2.0], nan_ok=True)
    assert column(found, "infection").tolist() == pytest.approx([np.nan, 1.0, 0.0, 0.0], nan_ok=True)


def test_the_other_legs_perfusion_is_not_guessed_to_be_this_ones() -> None:
    """A name that holds a known one and says that it is of something else is left unused."""
    rows = (("30", "70"), ("40", "71"))
    for name, used in (("Other leg tcpo2 mmHg", []), ("Worst tcpo2 mmHg", ["tcpo2"])):
        mapping = propose(Export("x.csv", (name, "age"), rows)).mapping
        assert [field for field in mapping.fields if field != "age"] == used


def test_amputations_of_any_level_tell_nothing_of_limbs() -> None:
    """Where toes are among the amputations and no column tells which, nobody is taken to have lost or kept a limb."""
    text = "patient_id,index_date,amputation_date,last_contact\n1,2020-01-01,2020-02-01,2021-01-01\n2,2020-01-01,,2021-01-01\n"
    assert people(text).high[:, 0] * 365.25 == pytest.approx([31, np.inf])
    assert np.isnan(people(text, amputations="any").high[:, 0]).all()


def test_names_in_several_lines_or_very_long_are_names() -> None:
    """A name that a spreadsheet shows in two lines is one with a blank; a long one is taken as it is."""
    export = export_in(f'"TcPO2\n(mmHg)","age\t","{"healed " * 30}"\n20,70,yes\n30,71,no\n'.encode(), "x.csv")
    fields = propose(export).mapping.fields
    assert (fields["tcpo2"].column, fields["age"].column) == ("TcPO2 (mmHg)", "age")
    assert len(fields["healed"].column) > 200


def test_lines_are_numbered_as_a_spreadsheet_numbers_them() -> None:
    """Titles, empty lines and totals do not move the number that a message names."""
    text = "Registry of feet,,\n\npatient_id,age,sex\n1,70,m\n,,\n2,many,f\n3,71,m\nTotal: 3\n"
    export = export_in(text.encode(), "x.csv")
    assert export.numbers == (4, 6, 7)
    assert "1, 8" in export.left_out
    mapping = Mapping(fields={"age": Source(column="age")})
    with pytest.raises(BadInput, match="row 6, age"):
        people_of(export, mapping)


def test_creatinine_below_zero_tells_nothing() -> None:
    """A value that cannot be leaves the kidneys unknown."""
    found = people("age,sex,creatinine_umol\n70,m,-90\n70,m,110\n70,f,0\n")
    assert np.isnan(column(found, "renal")).tolist() == [True, False, True]


def test_renal_function_from_creatinine() -> None:
    """Creatinine at the borders of the classes, as the equation of 2021 gives them at 75 years."""
    for mg, rate in ((1.25, 60.0), (2.23, 30.0), (3.97, 15.0)):
        assert ckd_epi(mg, 75.0, True) == pytest.approx(rate, abs=0.5)
    for mg, rate in ((0.98, 60.0), (1.75, 30.0), (3.12, 15.0)):
        assert ckd_epi(mg, 75.0, False) == pytest.approx(rate, abs=0.5)


@pytest.mark.parametrize(
    ("text", "grade"),
    [
        ("5", "5"),
        ("Rutherford 5", "5"),
        ("IIb", "2b"),
        ("Stage III", "3"),
        ("W2", "2"),
        ("fI1", "1"),
        ("G3a", "3a"),
        ("none", ""),
        ("120", ""),
    ],
)
def test_grades_without_the_name_of_their_scale(text: str, grade: str) -> None:
    """A grade is found under the names that scales give it."""
    assert grade_in(text) == grade


def test_numbers_and_days() -> None:
    """Commas, ends of scales, Excel's calendar with its false 29 February."""
    assert number_in("1.234,5", True) == 1234.5
    assert number_in("<10", False) == 5.0
    assert number_in(">120", False) == 120.0
    assert number_in("90+", False) == 90.0
    assert number_in("12.5", True) == number_in("12,5", False) == 12.5
    assert number_in("many", False) == np.inf
    assert day_in("1", "excel-1900") - day_in("61", "excel-1900") == -60.0
    assert (
        day_in("43831", "excel-1900") == day_in("2020-01-01", "year-month-day") == day_in("01.01.20", "day-month-year")
    )
    for text in ("1-Jan-2020", "Jan 1, 2020", "01JAN2020", "1. Januar 20", "1 ene 2020", "20200101"):
        assert day_in(text, "month-day-year") == day_in("2020-01-01", "year-month-day"), text
    assert day_in("3-März-2020", "?") == day_in("3 maa 2020", "?") == day_in("2020-03-03", "?")
    assert day_in("1.2.25", "day-month-year", born=True) == day_in("1925-02-01", "year-month-day")
    assert order_of(["13/01/2020", "02/03/2020"]) == "day-month-year"


@given(st.text(max_size=20))
def test_no_cell_is_run_by_a_spreadsheet(text: str) -> None:
    """What would be a formula gets a mark in front; a number stays one."""
    written = no_formula(text)
    assert not written.startswith("=")
    assert written.removeprefix("'") == text.removeprefix("'") or written == text


def test_tables_are_written_without_formulas(tmp_path: Path) -> None:
    """A label that begins like a formula is marked in the CSV; numbers, also as words, and other labels stay."""
    table = pd.DataFrame({"label": ["=1+1", "@cmd", "+plus", "-3,5", "usual", None], "value": [-1.0, 2, 3, 4, 5, 6]})
    with OutputFolder(tmp_path / "out", command=["clti"], inputs={}, seed=1) as folder:
        folder.table("labels", table)
    lines = (tmp_path / "out" / "labels.csv").read_text(encoding="utf-8").splitlines()
    assert lines == ["label,value", "'=1+1,-1.0", "'@cmd,2.0", "'+plus,3.0", '"-3,5",4.0', "usual,5.0", ",6.0"]


def test_mappings_tell_all_their_faults(tmp_path: Path) -> None:
    """An unknown field, an absent column, a wrong unit and an open question are one message."""
    file = tmp_path / "m.toml"
    lines = ['row = "?"', "[fields.ages]", 'column = "age"', "[fields.tcpo2]", 'column = "po2"', 'unit = "bar"']
    file.write_text("\n".join([*lines, "[fields.sex]", 'column = "s"', 'codes = { x = "?" }']))
    export = export_in(b"age,tcpo2,s\n70,20,x\n", "x.csv")
    with pytest.raises(BadInput) as bad:
        read_mapping(file, export)
    keys = {"row", "fields.ages", "fields.tcpo2.column", "fields.tcpo2.unit", "fields.sex.codes"}
    assert {problem.key for problem in bad.value.problems} >= keys


def test_a_mapping_is_the_same_after_it_was_written(tmp_path: Path) -> None:
    """What is proposed and what its file says are the same mapping, whatever the column is called."""
    export = export_in(b'"age ""x""\t",sex\n70,m\n', "x.csv")
    proposal = propose(Export("x.csv", ("age", 's"e\\x'), (("70", "m"),)))
    assert isinstance(proposal.mapping, Mapping)
    assert export.header[1] == "sex"
    file = tmp_path / "m.toml"
    file.write_text(mapping_toml(proposal, Export("x.csv", ("age", 's"e\\x'), (("70", "m"),))), encoding="utf-8")
    read, _ = read_mapping(file, Export("x.csv", ("age", 's"e\\x'), (("70", "m"),)))
    assert read.fields == proposal.mapping.fields


def test_a_mapping_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    """Beside an export on a disk that nobody may write, or where a mapping lies already, one sentence says so."""
    file, mapping = tmp_path / "export.csv", tmp_path / "export.mapping.toml"
    file.write_bytes(SHAPES["plain"](TRUTH))
    with pytest.raises(StorageFailed, match=r"export\.mapping\.toml cannot be written: Not a directory"):
        propose_mapping(file, file / "export.mapping.toml")
    propose_mapping(file, mapping)
    with pytest.raises(CheckFailed, match="is there already: answer what it asks"):
        propose_mapping(file, mapping)
