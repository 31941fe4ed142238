"""What is said about bad input: short, quick, in the reader's terms, and without tricks of the input's own."""

from __future__ import annotations

import codecs
import time
from collections.abc import Callable
from pathlib import Path

import pytest

import simulator as sim
from simulator import load_scenario
from simulator.questions.sweep.study_reading import load_study, read_study
from simulator.questions.trial.reading.design_reading import load_design
from simulator.questions.value.reading import read_results
from simulator.rules.population.table import patients_in
from simulator.telling.provenance import Provenance
from simulator.words.errors import BadInput, Problem, nearest
from simulator.words.label import is_label, label_from

SCENARIO = 'label = "Größe"\n[population]\npatients = 100\n'


def told(path: Path, text: str) -> str:
    path.write_text(text, encoding="utf-8")
    with pytest.raises(BadInput) as caught:
        load_scenario(path)
    return str(caught.value)


def test_many_mistakes_of_a_kind_are_counted(tmp_path: Path) -> None:
    """Of 20,000 unknown keys the first ten are told and the others counted, within seconds, beside another mistake."""
    begun = time.monotonic()
    keys = "".join(f"k{i} = 1\n" for i in range(20_000))
    message = told(tmp_path / "many.toml", f"colour = 1\n[parameters]\n{keys}")
    assert time.monotonic() - begun < 20
    lines = message.splitlines()
    assert lines[0] == "20,001 problem(s) in the input:"
    assert sum("parameters.k" in line for line in lines) == 10
    assert any("colour" in line for line in lines)
    assert lines[-1] == "  and 19,990 more"


def test_a_file_of_endless_keys_is_refused_at_once(tmp_path: Path) -> None:
    """A file with more keys than any real one is told in one line that names the table, before its keys are checked."""
    keys = "".join(f"k{i} = 1\n" for i in range(60_000))
    (line,) = told(tmp_path / "endless.toml", f"[parameters]\n{keys}").splitlines()[1:]
    assert "parameters = 60,001 keys" in line


def test_a_few_mistakes_are_all_told() -> None:
    """Twenty problems are told one by one, even in one table; the count names all."""
    lines = str(BadInput([Problem("f", f"t.k{i}", "1", "2") for i in range(20)])).splitlines()
    assert len(lines) == 21


def test_messages_cannot_steer_the_terminal() -> None:
    """Control characters of a key or value are shown as codes, and long values are cut with their length."""
    text = str(Problem("f", "k\x1b[31m\n", "v\u202e" + "x" * 5000, "a number"))
    assert text.isprintable()
    assert "\\x1b" in text
    assert "(5,002 characters)" in text
    assert len(text) < 400


def test_a_part_of_a_name_finds_the_names() -> None:
    """An unknown word that is part of known names is answered with those."""
    assert nearest("tcpo2", ["tcpo2_visit_extra", "heal", "last_tcpo2"]) == "one of last_tcpo2, tcpo2_visit_extra"
    assert nearest("zz", [f"n{i:02}" for i in range(40)]) == "one of 40 names, such as n00, n01, n02, n03, n04"


def read_people(file: Path) -> tuple[object, tuple[str, ...]]:
    """Patients of a CSV file, and its columns."""
    return patients_in(file.read_bytes(), str(file))


def test_files_with_the_mark_of_windows_are_read(tmp_path: Path) -> None:
    """UTF-8 with a byte-order mark and lines that end as on Windows are the same as without."""
    plain, marked = tmp_path / "plain.toml", tmp_path / "marked.toml"
    plain.write_bytes(SCENARIO.encode())
    marked.write_bytes(codecs.BOM_UTF8 + SCENARIO.replace("\n", "\r\n").encode())
    assert load_scenario(marked).hash == load_scenario(plain).hash
    people = tmp_path / "people.csv"
    people.write_bytes(codecs.BOM_UTF8 + b"age,male\r\n70,yes\r\n")
    assert read_people(people)[1] == ("age", "male")
    results = tmp_path / "results.csv"
    results.write_bytes(codecs.BOM_UTF8 + b"cost_a,effect_a,cost_b,effect_b\r\n1,2,3,4\r\n2,3,4,5\r\n")
    assert read_results(results).options == ("a", "b")


@pytest.mark.parametrize(
    ("encoding", "words"),
    [
        ("utf-16", "saved as UTF-16; allowed: a {kind} file saved as UTF-8"),
        ("utf-16-le", "saved as UTF-16"),
        ("utf-32", "saved as UTF-32"),
        ("latin-1", "a byte that is not UTF-8 in line 1 (0xf6)"),
    ],
)
def test_another_encoding_is_named(tmp_path: Path, encoding: str, words: str) -> None:
    """Every reader of files says how a file was saved, and how to save it."""
    toml, people, results = (tmp_path / name for name in ("a.toml", "people.csv", "results.csv"))
    toml.write_bytes(SCENARIO.encode(encoding))
    people.write_bytes("age,größe\n70,1\n".encode(encoding))
    results.write_bytes("cost_ö,effect_a\n1,2\n".encode(encoding))
    for read, kind, file in (
        (load_scenario, "TOML", toml),
        (load_study, "TOML", toml),
        (load_design, "TOML", toml),
        (read_people, "CSV", people),
        (read_results, "CSV", results),
    ):
        with pytest.raises(BadInput) as caught:
            read(file)
        assert words.format(kind=kind) in str(caught.value), (kind, str(caught.value))


@pytest.mark.parametrize("label", ["", " ", "x" * 101, "two\nlines", "\x1b[31mred", "turned \u202e about", "\u2028"])
def test_a_label_that_would_spoil_a_page_is_refused(tmp_path: Path, label: str) -> None:
    """Labels are one line of readable characters, of a length that leaves room; a file with another one is told so."""
    written = "".join(f"\\U{ord(c):08X}" for c in label)
    message = told(tmp_path / "a.toml", f'[policies.a]\nextends = "protocol"\nlabel = "{written}"\n')
    assert "policies.a.label" in message
    assert "one line of 1 to 100 characters" in message
    with pytest.raises(BadInput, match="one line of 1 to 100"):
        file = tmp_path / "results.csv"
        file.write_text(f'draw,option,cost,effect\n0,"{label}",1,2\n0,b,1,2\n', encoding="utf-8", newline="")
        read_results(file)


def test_labels_of_all_scripts_are_taken() -> None:
    """Writing of any language, money and punctuation make a label; a file's name becomes one."""
    for label in ("Kit #1 at $2,000", "Größe ≥ 3", "治療", "علاج", "नमस्ते", "x" * 100, "\\bad{ $a_b"):
        assert is_label(label)
    assert label_from("a\nb\u202e" + "x" * 300) == "ab" + "x" * 98
    assert is_label(label_from("\n"))


@pytest.mark.parametrize(
    ("read", "source", "words"),
    [
        (load_scenario, "protocol", "clti compare --policy protocol"),
        (load_scenario, "two_stage", "clti trial two_stage"),
        (load_scenario, "base.tml", "did you mean 'base'?"),
        (load_design, "protocol", "clti compare --policy protocol"),
        (load_design, "two_stge", "did you mean 'two_stage'?"),
        (load_study, "one_wy", "did you mean 'one_way'?"),
        (load_study, "base", "clti compare base"),
    ],
)
def test_a_slip_in_a_name_is_answered_with_what_to_type(read: Callable[[str], object], source: str, words: str) -> None:
    """A missing file is told with a near name, or with the command that the name belongs to."""
    with pytest.raises(BadInput) as caught:
        read(source)
    assert words in str(caught.value)


def test_a_file_nearly_of_that_name_is_found(tmp_path: Path) -> None:
    """A slip in the name of one's own file is answered with the file beside it."""
    (tmp_path / "my_policy.toml").touch()
    for read in (load_scenario, load_design, load_study):
        with pytest.raises(BadInput, match=r"did you mean '.*my_policy\.toml'"):
            read(tmp_path / "my_polcy.toml")


@pytest.mark.parametrize("name", ["a" * 5000, "a\0b.toml", "", ".", "~", "a/" * 3000 + "b.csv", "x\n"])
def test_names_that_no_file_can_have_are_told(name: str) -> None:
    """Whatever is typed as a file's name, every reader answers in one message."""
    for read in (load_scenario, load_design, load_study, read_results):
        with pytest.raises(BadInput):
            read(name)


@pytest.mark.parametrize("question", ["sweep", "compare"])
def test_a_hospital_that_is_none_is_told_by_the_argument(question: str) -> None:
    """Whoever asked for a centre reads `centre`, and not that something was laid over the scenario."""
    with pytest.raises(BadInput) as refused:
        sim.sweep("one_way", centre="nowhere") if question == "sweep" else sim.compare(centre="nowhere")
    assert [(each.file, each.key) for each in refused.value.problems] == [(question, "centre")]


def test_a_missing_scenario_does_not_hide_what_else_is_wrong_with_a_sensitivity_study() -> None:
    """What it may define itself (policies, therapies) is not judged; parameters and sizes are."""
    study = {
        "method": "morris", "size": 4, "seed": 1, "outputs": ["mine.death@1"], "patients": 0,
        "model": {"kind": "clti", "settings": {"scenario": "nowhere.toml"}},
        "parameters": {"names": ["amputation_rat"], "ranges": {"age_mean": [80.0, 60.0], "therapies.mine.rise": [0.0, 1.0]}},
    }  # fmt: skip
    with pytest.raises(BadInput) as refused:
        read_study(study, "s.toml")
    assert sorted((each.file, each.key) for each in refused.value.problems) == [
        ("nowhere.toml", "file"),
        ("s.toml", "parameters.names"),
        ("s.toml", "parameters.ranges.age_mean"),
        ("s.toml", "patients"),
    ]


def test_unknown_payer_and_utilities_are_told_beside_wrong_keys() -> None:
    """A scenario that cannot be read hides neither the payer nor the set of utilities that nobody knows."""
    economics = {"perspective": "nowhere", "utility_set": "Q", "draws": -3}
    with pytest.raises(BadInput) as refused:
        sim.value(overrides={"economics": economics})
    told = "\n".join(map(str, refused.value.problems))
    assert all(word in told for word in ("economics.draws", "'nowhere'", "'Q'"))


def test_unknown_payer_of_a_file_is_told_beside_its_wrong_keys(tmp_path: Path) -> None:
    """A file's payer and utilities are looked up though other keys of the file, or of what it extends, are wrong; those
    that are asked for in their place count."""
    (tmp_path / "below.toml").write_text('[economics]\nutility_set = "Q"\ndraws = -3\n', "utf-8")
    file = tmp_path / "own.toml"
    file.write_text(
        'extends = "below.toml"\n[evidence]\nveiw = "central"\n[economics]\nperspective = "nowhere"\n', "utf-8"
    )
    with pytest.raises(BadInput) as refused:
        sim.value(file)
    told = "\n".join(map(str, refused.value.problems))
    assert all(told.count(word) == 1 for word in ("economics.draws", "veiw", "'nowhere'", "'Q'"))
    with pytest.raises(BadInput) as refused:
        sim.value(file, perspective="italy")
    assert "nowhere" not in "\n".join(map(str, refused.value.problems))


def test_settings_are_told_as_files_have_them() -> None:
    """A line a key, true and false in small letters, and no dictionary of Python's."""
    settings = {
        "view": "central",
        "economics": {"strict_payer": None, "deal": {}, "volume": [{"above": 3.0}], "on": True},
    }
    told = Provenance.now(["clti", "economics"], {}, 1, settings).for_readers()["Settings"]
    assert told == [
        "view = central",
        "economics.strict_payer = none",
        "economics.volume.1.above = 3.0",
        "economics.on = true",
    ]
