"""Whether this tree and another commit write the same tables: `python benchmarks/same_tables.py COMMIT [--only WORD ...]`.

Both trees run every command over all shipped scenarios, policies, payers, designs, studies and forecasts, at sizes that a
machine can afford, each in a folder and with stores of its own. Every CSV and Parquet file is compared column by column, cells as
they are written; what differs is told with its columns, so that a column of words is seen to be one. Files that hold times,
costs in seconds or the commit (manifests, reports, figures) are not tables. Each line is told as soon as both trees have run it.
`--only boundaries --only samplesize --only evidence` (74 tables) takes seven minutes of one core, most of them for two of its
lines; all but those and `verify` took an hour and twenty minutes of two cores that had other work.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import monotonic

from checkout import ROOT, checked_out

from simulator.statistics.sequential.stopping_plan import KINDS

Columns = dict[str, str]
"""The digest of each column of a table."""

SMALL_STUDIES = {
    "morris": ("size = 10", "size = 4", "patients = 2500", "patients = 60"),
    "one_way": ("size = 2", "size = 2", "patients = 2000", "patients = 60", "replicates = 5", "replicates = 2"),
    "policies": ("patients = 2000", "patients = 60", "replicates = 10", "replicates = 2"),
    "sobol": ("size = 512", "size = 16", "patients = 3500", "patients = 60"),
}
"""Shipped studies, and what makes them small: pieces of the file and what stands there instead."""
SCARCE = """
extends = "base"
compare = ["conservative", "protocol", "response_guided"]
[capacity]
slots_per_week = 1
arrivals_per_week = 2.0
"""
"""A scenario with a queue."""
MAPPING = """
row = "visit"
amputations = "any"
date = "day-month-year"
decimal_comma = true
[fields]
person = { column = "Patient no" }
side = { column = "Side" }
age = { column = "Age" }
sex = { column = "Sex", codes = { "1" = "male", "2" = "female" } }
infection = { column = "Infection" }
tcpo2 = { column = "TcPO2 (mmHg)", unit = "mmHg" }
dialysis = { column = "Dialysis" }
creatinine = { column = "Creatinine (µmol/l)", unit = "umol/l" }
rutherford = { column = "Rutherford" }
index_date = { column = "Visit date" }
amputation_date = { column = "Date of amputation" }
death_date = { column = "Date of death" }
healing_date = { column = "Date healed" }
last_contact = { column = "Last contact" }
"""
"""How the export of `clti new registry` is read."""
COSTS = "cost_a,cost_b,cost_c,effect_a,effect_b,effect_c\n" + "".join(
    f"{100 + 7 * i % 13},{150 + 11 * i % 17},{240 + 5 * i % 19},{1 + i % 3 / 10},{1.2 + i % 5 / 10},{1.3 + i % 7 / 10}\n"
    for i in range(40)
)
"""Costs and effects of three options, a row a draw."""


def lines(tree: Path) -> Iterator[str]:
    """What is typed after `clti`, with `--out NAME` at its end and what must be made first before a semicolon. Later lines read
    what earlier ones wrote."""
    policies = " ".join(f"--policy {file.stem}" for file in sorted((tree / "scenarios/policies").glob("*.toml")))
    yield f"compare base --patients 200 {policies} --out compare-base"
    yield f"compare founding_cohort --patients 200 {policies} --out compare-founding"
    for view in ("sceptical", "optimistic"):
        yield f"compare base --patients 200 --view {view} --no-reliance --out compare-{view}"
    yield "compare base --patients 200 --centre new --no-reliance --out compare-new"
    yield "compare base --patients 60 --engine simpy --no-reliance --out compare-simpy"
    yield "compare scarce.toml --patients 100 --engine simpy --no-reliance --out compare-scarce"
    yield f"compare {tree}/scenarios/registry.toml --no-reliance --out compare-registry"
    for scenario in ("base", "founding_cohort"):
        yield f"trace {scenario} --patient 3 --out trace-{scenario}"
    yield "evidence --out evidence"
    yield "evidence --reliance --out evidence-reliance"
    yield "calibrate --check --patients 2000 --out calibrate-check"
    yield "calibrate --smoke --cohorts 2 --patients 2000 --out calibrate-smoke"
    yield f"calibrate --add-study {tree}/scenarios/validation/tamaris.toml --out calibrate-add"
    yield "validate --draws 20 --patients 40 --out validate"
    yield "validate --course --out validate-course"
    yield "forecast --draws 20 --patients 40 --out forecast"
    yield f"patients {tree}/scenarios/registry.csv --smallest 0 --rows --out patients-own"
    yield "new registry export; patients export.csv --mapping mapping.toml --rows --smallest 0 --out patients"
    for study in SMALL_STUDIES:
        yield f"sensitivity {study}.toml --workers 1 --out sensitivity-{study}"
    for part in (1, 2):
        yield f"sensitivity morris.toml --workers 1 --shard {part}/2 --out part-{part}"
    yield "merge part-1 part-2 --out merge"
    for design in sorted((tree / "scenarios/designs").glob("*.toml")):
        yield f"trial {design.stem} --trials 40 --quick --export 2 --out trial-{design.stem}"
    yield "trial rct --trials 40 --out trial"
    for payer in ("italy", "uk", "czechia", "netherlands", "usa", "usa_society", "germany", "spain"):
        draws = 60 if payer == "italy" else 20  # of which `cea` values a group of parameters
        yield f"economics base --perspective {payer} --draws {draws} --patients 40 --out economics-{payer}"
    yield "economics founding_cohort --draws 20 --patients 40 --workbook --out economics-founding"
    yield "economics base --draws 20 --patients 40 --trial trial --out economics-trial"
    yield "cea economics-italy/draws.parquet -t 33004 --group response=recovery_gain,recovery_spread --out cea-draws"
    yield "cea costs.csv --threshold 300 --threshold 900 --out cea"
    for kind in KINDS:
        if kind == "custom":  # which takes points, not looks
            continue
        yield f"boundaries --looks 4 --type {kind} --effect hazard-ratio:0.6 --out boundaries-{kind}"
    yield "boundaries --looks 3 --sides 2 --alpha 0.05 --futility beta:kim-demets:2 --out boundaries-futility"
    for name, asked in SIZES.items():
        yield f"samplesize {asked} --out samplesize-{name}"
    for scenario in ("base", "founding_cohort"):
        yield f"verify {scenario} --patients 400 --out verify-{scenario}"
    yield "new therapy therapy; verify therapy.toml --patients 400 --out verify-therapy"


SIZES = {
    "single-arm": "single-arm --p0 0.5 --p1 0.7",
    "simon": "simon --p0 0.55 --p1 0.7",
    "binary": "binary --p0 0.3 --p1 0.6",
    "power": "binary --p0 0.3 --p1 0.6 --n 95",
    "non-inferiority": "binary --p0 0.8 --aim non-inferiority --margin -0.1",
    "survival": "survival --median-0 3 --median-1 5 --accrual 12 --follow-up 6 --power 0.8",
    "pieces": "survival --hazard-0 0.4:3,0.2 --hazard-1 0.3:3,0.15 --accrual 10:6,20:12 --follow-up 6 --dropout 0.05 --until 6",
    "rates": "survival --rate-0 0.28 --rate-1 0.232 --at 3 --accrual 2 --follow-up 3 --power 0.8",
    "means": "means --difference 5 --sd 12 --correlation 0.5 --cluster-size 1.5 --icc 0.3",
    "win-ratio": "win-ratio --win-ratio 1.5 --ties 0.2",
    "looks": "binary --p0 0.3 --p1 0.6 --looks 3 --lost 0.1 --ratio 2",
}
"""Sample sizes that are asked for."""


def inputs(tree: Path, folder: Path) -> None:
    """Write the files that the lines read."""
    for study, pieces in SMALL_STUDIES.items():
        text = (tree / f"scenarios/studies/{study}.toml").read_text(encoding="utf-8")
        for piece, instead in zip(pieces[::2], pieces[1::2], strict=True):
            text = text.replace(piece, instead)
        (folder / f"{study}.toml").write_text(text, encoding="utf-8")
    (folder / "scarce.toml").write_text(SCARCE, encoding="utf-8")
    (folder / "mapping.toml").write_text(MAPPING, encoding="utf-8")
    (folder / "costs.csv").write_text(COSTS, encoding="utf-8")


def clti(tree: Path, folder: Path, words: list[str]) -> str:
    """Run a command of a tree in a folder; the last line of what it says where it fails, nothing otherwise."""
    environment = os.environ | {
        "PYTHONPATH": str(tree),
        "PYTHONWARNINGS": "ignore",
        "CLTI_CACHE": str(folder / "cache"),
    }
    program = [sys.executable, "-c", "from simulator.cli.app import main; main()", *words]
    run = subprocess.run(program, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    said = [line for line in run.stderr.splitlines() if line.strip()]
    return f"exit code {run.returncode}: {said[-1] if said else ''}" if run.returncode else ""


def columns_of(file: Path) -> Columns:
    """The digest of each column of a CSV or Parquet file, its cells as they are written."""
    if file.suffix == ".parquet":
        import pandas as pd

        table = pd.read_parquet(file)
        cells: Iterable[tuple[str, Iterable[str]]] = ((str(name), map(repr, table[name])) for name in table)
    else:
        with file.open(encoding="utf-8", newline="") as text:
            header, *rows = [*csv.reader(text)] or [[]]
        cells = ((name, (row[place] if place < len(row) else "" for row in rows)) for place, name in enumerate(header))
    return {name: hashlib.sha256("\x1f".join(column).encode()).hexdigest() for name, column in cells}


def tables(tree: Path, folder: Path, line: str) -> dict[str, Columns]:
    """The columns of every table that a line of a tree writes into a folder, and what it says where it fails."""
    out = line.rsplit(maxsplit=1)[-1]
    failed = next(filter(None, (clti(tree, folder, part.split()) for part in line.split(";"))), "")
    found = {f"{out} (ends well)": {"": failed}}
    for file in sorted((folder / out).rglob("*")):
        if file.suffix in {".csv", ".parquet"}:
            found[f"{out}/{file.relative_to(folder / out).as_posix()}"] = columns_of(file)
    return found


def differences(mine: dict[str, Columns], theirs: dict[str, Columns]) -> Iterator[str]:
    """What differs between the tables of two trees, or failed in both."""
    for name in sorted(mine.keys() | theirs.keys()):
        here, other = mine.get(name), theirs.get(name)
        if here is None or other is None:
            yield f"{name}: only {'there' if here is None else 'here'}"
        elif here.get("") or here != other:
            moved = ", ".join(column for column in {**here, **other} if here.get(column) != other.get(column))
            ends = f"{here.get('') or 'yes'}; there {other.get('') or 'yes'}"
            yield f"{name}: {ends if '' in here else moved or 'order of columns'}"


def main() -> None:
    """Compare line by line and print; exit code 1 where anything differs or fails."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("commit", help="the other commit")
    parser.add_argument(
        "--only", action="append", default=[], metavar="WORD", help="outputs whose folder holds this word"
    )
    asked = parser.parse_args()
    compared = different = 0
    with checked_out(asked.commit) as there, tempfile.TemporaryDirectory() as place, ThreadPoolExecutor(2) as pool:
        trees = (ROOT, there)
        folders = [Path(place) / name for name in ("here", "there")]
        for tree, folder in zip(trees, folders, strict=True):
            folder.mkdir()
            inputs(tree, folder)
        for line, other in zip(lines(ROOT), lines(there), strict=True):
            if asked.only and not any(word in line.split()[-1] for word in asked.only):
                continue
            begun = monotonic()
            mine, theirs = pool.map(tables, trees, folders, (line, other))
            found = list(differences(mine, theirs))
            print(f"{monotonic() - begun:4.0f} s: {line[:100]}", *found, sep="\n    ", flush=True)
            compared, different = compared + len(mine.keys() | theirs.keys()), different + len(found)
    print(f"{compared - different} of {compared} tables are those of {asked.commit}")
    raise SystemExit(1 if different else 0)


if __name__ == "__main__":
    main()
