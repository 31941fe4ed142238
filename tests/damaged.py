"""Damaged files of every kind, and what reads each: shared by the tests and by `benchmarks/abuse.py`.

Shipped files are damaged line by line: lines deleted, doubled, renamed, given another value, cut short, or spoilt byte by
byte. Whatever a file says, reading it gives a result or tells what is wrong with it; never another exception.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import strategies as st

from simulator import load_scenario, simulate
from simulator.evidence.economics.perspective import load_perspective
from simulator.evidence.register import load_register
from simulator.evidence.shipped import shipped
from simulator.questions.sweep.policy_sweep import sweep_of
from simulator.questions.sweep.study_reading import study_tables
from simulator.questions.trial.reading.design_reading import load_design, shipped_designs
from simulator.questions.value.reading import read_results
from simulator.rules.population.table import KINDS, patients_in
from simulator.studies.reading import load_studies
from simulator.words.errors import BadInput

VALUES = (
    "-1", "0", "1", "3", "0.5", "-45", "1e-300", "1e308", "1e999", "-0.0", "nan", "-nan", "inf", "-inf",
    "99999999999999999999999", "-99999999999999999999999", "9007199254740993", "1" + "0" * 400,
    '""', '" "', '"x"', '"base"', '"protocol"', '"conservative"', '"."', '"/"', '"nowhere.csv"', '"../../.."', '"a.b"',
    '"\\u0000"', '"\\u0000.toml"', '"\\uFFFF"', '"<b>&amp;"', f'"{"a" * 5000}"', f'"{"a" * 5000}.toml"', '"~"', '"C:\\\\x"',
    "true", "false", "[]", "{}", "[[]]", '[1, "a"]', "[1, 1]", '["protocol", "protocol"]', "[nan]", "[true]", "[-1.0, 1e9]",
    "{ a = 1 }", "{ extends = 3 }", "2018-08-01", "2018-13-01", "0001-01-01", "9999-12-31", "2018-08-01T00:00:00Z", "12:30:00",
    "0x1F", "1_000", "1__0", "+", "None", "", "'''", '"""',
)  # fmt: skip
KEYS = (
    '""',
    '"a.b"',
    '"\\u0000"',
    "a.b",
    "extends",
    "label",
    "patients",
    "policies",
    "x",
    '"<script>"',
    "csv",
    "__class__",
)
CELLS = (
    "", " ", "-1", "0", "1", "yes", "NO", "maybe", "nan", "inf", "-inf", "1e999", "1e-300", "75,2", "1;2", '"', '""', '"a', "é",
    "4.0", "٤", "²", "1_0", "0x10", "\x00", "dialysis", "DIALYSIS", "9" * 400, "a" * 200_000, "=1+1", "\r", "None",
)  # fmt: skip


def text_of(file: str) -> str:
    return (shipped("scenarios") / file).read_text(encoding="utf-8")


def as_own_policy(file: Path) -> str:
    """A shipped policy as a scenario's own, because that is where people write theirs."""
    text = file.read_text(encoding="utf-8")
    inside = re.sub(r"^\[([a-z_]+)\]", r"[policies.mine.\1]", text, flags=re.MULTILINE)
    return f'compare = ["conservative", "mine"]\n[policies.mine]\n{inside}'


EVERYTHING = """
extends = "base"
compare = ["conservative", "mine"]
[population]
patients = 20
csv = "people.csv"
[parameters]
healing_rate = 2.0
renal_severe_share = 0.1
[capacity]
slots_per_week = 2
arrivals_per_week = 1.5
queue = "worst_tcpo2"
[economics]
thresholds = [20000, 30000.0]
two_way = ["attributable_share", "pbmnc_kit"]
[economics.prices]
pbmnc_kit = 3000.0
[economics.scenarios.mine]
label = "Mine"
parameters = { recovery_waning_share = 0.5 }
[policies.mine]
extends = "response_guided"
eligibility = { tcpo2_below = 25.0, age_below = 80 }
cell_therapy = { doses = 5, interval_days = 30, waiting_days = 14, product = "bmmnc", route = "intra_arterial" }
repeat = { stop_at_tcpo2 = 50.0 }
selection = { marker = "thrombophilia", sensitivity = 0.9, specificity = 0.8, treat = "negative" }
"""
SCENARIOS = [
    EVERYTHING,
    *(file.read_text(encoding="utf-8") for file in sorted(shipped("scenarios").glob("*.toml"))),
    *(as_own_policy(file) for file in sorted((shipped("scenarios") / "policies").glob("*.toml"))),
]
# A model with a formula stands for the simulation, whose catalogue takes seconds to make.
STUDIES = [
    re.sub(r"outputs = \[.*?\]", 'outputs = ["y"]', text, flags=re.DOTALL).replace('kind = "clti"', 'kind = "ishigami"')
    for text in (file.read_text(encoding="utf-8") for file in sorted((shipped("scenarios") / "studies").glob("*.toml")))
]
DESIGNS = [file.read_text(encoding="utf-8") for file in shipped_designs().values()]
VALIDATIONS = [
    file.read_text(encoding="utf-8")
    for file in sorted((shipped("scenarios") / "validation").glob("*.toml"))
    if file.stem != "not_evaluable"
]
PERSPECTIVES = [
    (shipped("calibration") / f"economics/{name}.toml").read_text("utf-8") for name in ("italy", "template")
]
PEOPLE = """age,male,diabetes_years,tcpo2_measured,renal,rutherford,infection,small_ev,artery_dorsalis_pedis
75,yes,20,18.5,moderate,5,no,30.0,yes
68.5,0,,,dialysis,6,1,,
80,TRUE,30,0,,4,no,,0
"""
RESULTS = """draw,option,cost,effect,rate
0,conservative,1000,2.5,0.1
0,protocol,2000,2.7,0.1
1,conservative,1100,2.4,0.2
1,protocol,2100,2.9,0.2
"""


@st.composite
def damaged(draw: Callable[..., Any], texts: list[str], values: tuple[str, ...] = VALUES) -> bytes:
    """One of the texts after one to four kinds of damage."""
    lines = draw(st.sampled_from(texts)).splitlines()
    for _ in range(draw(st.integers(1, 4))):
        if not lines:
            break
        at = draw(st.integers(0, len(lines) - 1))
        line = lines[at]
        key, equals, value = line.partition("=")
        match draw(
            st.sampled_from(("value", "value", "value", "key", "delete", "double", "move", "case", "add", "section"))
        ):
            case "value":
                new = draw(
                    st.sampled_from(values)
                    | st.floats().map(repr)
                    | st.integers().map(str)
                    | st.text(max_size=8).map(quoted)
                )
                lines[at] = f"{key}{equals} {new}" if equals else line
            case "key":
                new = draw(st.sampled_from(KEYS) | st.just(key.strip() + "s") | st.just(key.strip()[:-1]))
                lines[at] = f"{new} {equals}{value}" if equals else line
            case "delete":
                del lines[at]
            case "double":
                lines.insert(at, line)
            case "move":
                lines.insert(draw(st.integers(0, len(lines) - 1)), lines.pop(at))
            case "case":
                lines[at] = line.swapcase()
            case "add":
                lines.insert(at, f"{draw(st.sampled_from(KEYS))} = {draw(st.sampled_from(values))}")
            case "section":
                name = draw(
                    st.sampled_from(
                        ("population", "policies.mine", "policies", "economics.prices", "parameters", "x", "prices")
                    )
                )
                lines.insert(at, draw(st.sampled_from((f"[{name}]", f"[[{name}]]", f"[{name}.x]"))))
    return spoilt(draw, "\n".join(lines).encode("utf-8", "surrogatepass"))


def quoted(text: str) -> str:
    """A TOML string of any characters."""
    return '"' + "".join(f"\\U{ord(c):08X}" for c in text) + '"'


def spoilt(draw: Callable[..., Any], content: bytes) -> bytes:
    """Mostly the same content; now and then cut short, marked, or with bytes that do not belong."""
    at = draw(st.integers(0, len(content)))
    match draw(st.sampled_from((*["leave"] * 12, "cut", "bytes", "mark", "lines", "null", "utf16"))):
        case "cut":
            return content[:at]
        case "bytes":
            stray: bytes = draw(st.binary(min_size=1, max_size=6))
            return content[:at] + stray + content[at:]
        case "mark":
            return b"\xef\xbb\xbf" + content
        case "lines":
            return content.replace(b"\n", draw(st.sampled_from((b"\r\n", b"\r", b"\n\n"))))
        case "null":
            return content[:at] + b"\x00" + content[at:]
        case "utf16":
            return content.decode("utf-8", "replace").encode("utf-16", "replace")
    return content


@st.composite
def damaged_table(draw: Callable[..., Any], text: str, columns: tuple[str, ...]) -> bytes:
    """A CSV file after one to four kinds of damage to its cells, rows and columns."""
    rows = [line.split(",") for line in text.splitlines()]
    for _ in range(draw(st.integers(1, 4))):
        if not rows:
            break
        at = draw(st.integers(0, len(rows) - 1))
        place = draw(st.integers(0, max(0, len(rows[at]) - 1)))
        cell = draw(st.sampled_from(CELLS) | st.floats().map(repr) | st.text(max_size=5))
        match draw(
            st.sampled_from(("cell", "cell", "cell", "column", "delete", "double", "shorten", "lengthen", "quote"))
        ):
            case "cell":
                rows[at][place : place + 1] = [cell]
            case "column":
                rows[0][place : place + 1] = [draw(st.sampled_from((*columns, *CELLS)))]
            case "delete":
                del rows[at]
            case "double":
                rows.insert(at, list(rows[at]))
            case "shorten":
                rows[at] = rows[at][:-1]
            case "lengthen":
                rows[at] = [*rows[at], cell]
            case "quote":
                rows[at] = [f'"{each}"' for each in rows[at]]
    separator = draw(st.sampled_from((",", ",", ",", ",", ", ", ";", "\t")))
    return spoilt(draw, "\n".join(separator.join(row) for row in rows).encode("utf-8", "surrogatepass"))


def result_or_told(read: Callable[[], Any]) -> Any:
    """What was read, or None after a message that says what is allowed."""
    try:
        return read()
    except BadInput as bad:
        assert bad.problems
        assert all(problem.allowed for problem in bad.problems), str(bad)
        assert len(str(bad)) < 100_000
        str(bad).encode("utf-8")
        return None


def _scenario(folder: Path, content: bytes) -> None:
    """A damaged scenario has everything that engines need, and two of its people can be simulated."""
    (folder / "people.csv").write_text("age,male\n70,yes\n82,no\n", encoding="utf-8")
    scenario = result_or_told(lambda: load_scenario(_written(folder, "scenario.toml", content)))
    if scenario is not None:
        assert len(scenario.hash) == 64
        assert len(scenario.policy_records()) == len(scenario.compare) > 0
        found = result_or_told(lambda: simulate(scenario, patients=2, workers=1))
        assert found is None or np.isfinite(found.outcome_estimates.mean).all()


def _patients(_: Path, content: bytes) -> None:
    """A damaged table of patients gives rows whose numbers lie inside the ranges of their columns."""
    found = result_or_told(lambda: patients_in(content, "people.csv"))
    if found is not None:
        given_patients, columns = found
        assert len(given_patients) > 0
        assert set(columns) <= set(KINDS)
        assert not np.isinf(given_patients).any()


def _study(folder: Path, content: bytes) -> None:
    """A damaged sensitivity study of either kind is a study."""
    result_or_told(lambda: sweep_of(*study_tables(_written(folder, "study.toml", content))))


def _design(folder: Path, content: bytes) -> None:
    """A damaged trial design is a design with its scenario."""
    result_or_told(lambda: load_design(_written(folder, "design.toml", content)))


def _payer(folder: Path, content: bytes) -> None:
    """A damaged payer of a user's own is a perspective."""
    result_or_told(lambda: load_perspective(str(_written(folder, "payer.toml", content))))


def _validation(folder: Path, content: bytes) -> None:
    """A damaged published study is a study."""
    file = _written(folder, "published.toml", content)
    result_or_told(lambda: load_studies(load_register(), files=[file]))


def _register(folder: Path, content: bytes) -> None:
    """A damaged file of the register is a register whose values are finite."""
    root = folder / "calibration"
    (root / "register").mkdir(parents=True, exist_ok=True)
    (root / "sources.toml").write_bytes((shipped("calibration") / "sources.toml").read_bytes())
    _written(root / "register", "healing.toml", content)
    register = result_or_told(lambda: load_register(root))
    assert register is None or np.isfinite(list(register.values().values())).all()


def _results(folder: Path, content: bytes) -> None:
    """A damaged table of costs and effects is results."""
    result_or_told(lambda: read_results(_written(folder, "results.csv", content)))


def _written(folder: Path, name: str, content: bytes) -> Path:
    (folder / name).write_bytes(content)
    return folder / name


@dataclass(frozen=True)
class Kind:
    """A kind of file: damaged ones, and what reads one in a folder of its own (an AssertionError: not as promised)."""

    damaged: st.SearchStrategy[bytes]
    read: Callable[[Path, bytes], None]


FILES = {
    "scenario": Kind(damaged(SCENARIOS), _scenario),
    "patients": Kind(damaged_table(PEOPLE, tuple(KINDS)), _patients),
    "study": Kind(damaged(STUDIES), _study),
    "design": Kind(damaged(DESIGNS), _design),
    "payer": Kind(damaged(PERSPECTIVES), _payer),
    "validation": Kind(damaged(VALIDATIONS), _validation),
    "register": Kind(damaged([(shipped("calibration") / "register" / "healing.toml").read_text("utf-8")]), _register),
    "results": Kind(damaged_table(RESULTS, ("draw", "option", "cost", "effect", "cost_a", "effect_a")), _results),
}
"""Kinds of file by name. Policies are those of scenarios, and so are prices beside those of payers."""
