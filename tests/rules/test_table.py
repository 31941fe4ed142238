"""Real patients from a table: what a file may say, and how its faults are told."""

from __future__ import annotations

import numpy as np
import pytest

from simulator.rules.population.patient import COLUMNS
from simulator.rules.population.table import KINDS, MOST_TOLD, Measure, patients_in
from simulator.words.errors import BadInput
from simulator.words.vocabulary import Renal


def read(text: str) -> tuple[np.ndarray, tuple[str, ...]]:
    """The patients of a table called people.csv, and its columns."""
    return patients_in(text.encode(), "people.csv")


def faults(text: str) -> list[str]:
    """What is wrong with a table, line by line."""
    with pytest.raises(BadInput) as caught:
        read(text)
    return [str(problem) for problem in caught.value.problems]


def test_a_table_may_have_any_columns_and_gaps() -> None:
    """Words and numbers become the model's codes, empty cells stay unknown, and so do all other columns."""
    given, columns = read("renal,age,male,tcpo2_measured,rutherford,heel\nsevere,70.5,yes,12,5,0\n,,No,,6,TRUE\n\n")
    assert columns == ("renal", "age", "male", "tcpo2_measured", "rutherford", "heel")
    assert given.shape == (2, len(COLUMNS))
    known = {name: given[:, COLUMNS.index(name)].tolist() for name in columns}
    nan = pytest.approx(np.nan, nan_ok=True)
    assert known["renal"] == [Renal.SEVERE, nan]
    assert known["age"] == [70.5, nan]
    assert known["male"] == [1.0, 0.0]
    assert known["tcpo2_measured"] == [12.0, nan]
    assert known["rutherford"] == [5.0, 6.0]
    assert known["heel"] == [0.0, 1.0]
    others = [place for place, name in enumerate(COLUMNS) if name not in columns]
    assert np.isnan(given[:, others]).all()


def test_all_faults_of_a_table_are_told_with_their_rows() -> None:
    """Unknown columns and impossible values come in one message; true TcPO2 cannot be given."""
    text = (
        "age,tcpo2,sexx,renal,rutherford,heel,diabetes_years\n170,1,1,bad,4,yes,10\n60,1,1,normal,7,maybe,61\n70,1,1\n"
    )
    with pytest.raises(BadInput) as caught:
        read(text)
    lines = [str(problem) for problem in caught.value.problems]
    for said in (
        "column = 'tcpo2'; allowed: did you mean 'tcpo2_measured'?",
        "column = 'sexx'",
        "row 2, age = '170'; allowed: a number, 18 to 110 years",
        "row 2, renal = 'bad'; allowed: normal, moderate, severe, dialysis",
        "row 2, heel = yes; allowed: no: Rutherford 4 has no wound",
        "row 3, rutherford = '7'; allowed: 4, 5 or 6",
        "row 3, heel = 'maybe'; allowed: yes or no",
        "row 3, diabetes_years = 61; allowed: at most age, 60",
        "row 4 = 3 cells; allowed: 7",
    ):
        assert sum(said in line for line in lines) == 1, (said, lines)
    assert len(lines) == 9


def test_a_long_list_of_faults_is_cut_and_counted() -> None:
    """Twenty faults are listed and the others counted, so that a wrong column does not flood the screen."""
    text = "age\n" + "x\n" * 300
    with pytest.raises(BadInput) as caught:
        read(text)
    assert len(caught.value.problems) == 21
    assert caught.value.problems[-1].value == "280"


@pytest.mark.parametrize("text", ["", "age\n", "age,age\n1,2\n"])
def test_a_table_needs_columns_once_and_rows(text: str) -> None:
    """An empty file, a file without rows and a doubled column are faults."""
    with pytest.raises(BadInput):
        read(text)


def test_every_column_but_the_unknowable_ones_can_be_given() -> None:
    """True TcPO2, frailty and the number screened are the only columns of a patient that no table can have."""
    assert set(COLUMNS) - set(KINDS) == {"tcpo2", "frailty", "screened"}


def test_a_fault_far_down_is_told_with_its_line() -> None:
    """Faults after thousands of sound rows, and blank lines on the way, are told with the number of their line."""
    content = ("age,rutherford,heel\n" + "85,6,\n" * 15_000 + "\n,,\n" + "55,4,yes\n" + "x,4,\n").encode()
    with pytest.raises(BadInput) as caught:
        patients_in(content, "people.csv")
    assert [str(problem.key) for problem in caught.value.problems] == ["row 15004, heel", "row 15005, age"]
    given, _ = patients_in(content.replace(b"yes", b"no").replace(b"x,", b"50,"), "people.csv")
    assert len(given) == 15_002


def test_whole_numbers_may_have_a_point_and_a_zero() -> None:
    """What programs write for a column with gaps, 1.0 and 5.0, is read as 1 and 5; 1.5 is refused."""
    given, _ = patients_in(b"rutherford,male\n5.0,1.0\n6.0,0.0\n,\n4,\n", "people.csv")
    assert given[0, COLUMNS.index("rutherford")] == 5
    assert given[1, COLUMNS.index("male")] == 0
    with pytest.raises(BadInput):
        patients_in(b"male\n1.5\n", "people.csv")


@pytest.mark.parametrize("number", ["18", "110", "18.0", " 50 "])
def test_both_ends_of_a_range_belong_to_it(number: str) -> None:
    """Ages from 18 to 110 years, with blanks around them."""
    given, _ = read(f"age,male\n{number},1\n")
    assert given[0, COLUMNS.index("age")] == float(number)


@pytest.mark.parametrize("number", ["17.9", "110.1", "nan", "inf", "-inf", "x"])
def test_what_lies_outside_a_range_or_is_no_number_is_refused(number: str) -> None:
    """The message says what is allowed."""
    assert faults(f"age\n{number}\n") == [
        f"people.csv: row 2, age = {number!r}; allowed: a number, 18 to 110 years, or nothing if unknown"
    ]


def test_a_measure_without_upper_limit_takes_finite_numbers_only() -> None:
    """An infinite value is none."""
    assert Measure(0.0, float("inf"), "mmHg", "").read("inf") is None
    assert Measure(0.0, float("inf"), "mmHg", "").read("1e9") == 1e9


@pytest.mark.parametrize(
    ("word", "code"), [("yes", 1.0), ("NO", 0.0), ("True", 1.0), ("false", 0.0), ("1", 1.0), ("0", 0.0)]
)
def test_yes_and_no_may_be_written_in_three_ways(word: str, code: float) -> None:
    """In any case of letters."""
    assert read(f"male\n{word}\n")[0][0, COLUMNS.index("male")] == code


@pytest.mark.parametrize("renal", Renal)
def test_renal_classes_are_words(renal: Renal) -> None:
    """Each stands for its number."""
    assert read(f"renal\n{renal.name.lower()}\n")[0][0, COLUMNS.index("renal")] == float(renal)


@pytest.mark.parametrize("feature", ["infection", "osteomyelitis", "gangrene", "heel"])
def test_rest_pain_has_no_wound(feature: str) -> None:
    """A feature of a wound goes with Rutherford 5 and 6 only; that it is absent may always be said."""
    assert faults(f"rutherford,{feature}\n4,yes\n") == [
        f"people.csv: row 2, {feature} = yes; allowed: no: Rutherford 4 has no wound"
    ]
    given, _ = read(f"rutherford,{feature}\n4,no\n5,yes\n6,yes\n,yes\n4,\n")
    assert len(given) == 5


def test_diabetes_may_be_as_old_as_the_patient() -> None:
    """And not older; of somebody whose age is unknown it may last any time."""
    given, _ = read("age,diabetes_years\n50,50\n,90\n50,\n")
    assert given[:2, COLUMNS.index("diabetes_years")].tolist() == [50.0, 90.0]
    assert len(faults("age,diabetes_years\n50,50.5\n")) == 1


def test_hints_about_columns() -> None:
    """True TcPO2 is none, a slip of the pen is named, and so are the marks of another kind of file."""
    assert faults("tcpo2\n1\n") == ["people.csv: column = 'tcpo2'; allowed: did you mean 'tcpo2_measured'?"]
    assert "age" in faults("agee\n1\n")[0]
    for mark in (";", "\t"):
        assert "commas between columns and points in decimals" in faults(f"age{mark}male\n1\n")[0]


def test_an_empty_file_lacks_its_first_line() -> None:
    """And a file with nothing else than that line lacks patients."""
    assert len(faults("")) == 1
    assert "columns = none" in faults("")[0]
    assert faults("age\n") == ["people.csv: rows = none; allowed: at least one patient"]
    assert faults("age\n\n ,\n"[:6]) == ["people.csv: rows = none; allowed: at least one patient"]


def test_as_many_faults_as_are_listed_are_not_cut() -> None:
    """The next one is counted."""
    assert len(faults("age\n" + "x\n" * MOST_TOLD)) == MOST_TOLD
    told = faults("age\n" + "x\n" * (MOST_TOLD + 1))
    assert len(told) == MOST_TOLD + 1
    assert told[-1] == f"people.csv: further faults = 1; allowed: none; the first {MOST_TOLD} are listed"


def test_a_row_with_a_cell_too_many_or_too_few_is_told() -> None:
    """Whatever its cells say, and the others are read."""
    assert faults("age,male\n50\n50,1,1\n50,1\n") == [
        "people.csv: row 2 = 1 cells; allowed: 2, one for each column",
        "people.csv: row 3 = 3 cells; allowed: 2, one for each column",
    ]


def test_a_cell_without_end_is_a_fault() -> None:
    """A quotation mark that is never closed swallows the file until a cell is too long."""
    assert "a CSV file with short cells" in faults('age\n"' + "5" * 200_000 + "\n")[0]
