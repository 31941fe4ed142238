"""Adds a dated entry to `docs/forecasts.md`: every shipped trial forecast, sealed and hashed.

`python docs/forecasts.py 2026-11-26` forecasts the trials in `scenarios/forecasts`, keeps file and forecast of each in
a folder of its date in `scenarios/forecasts/dated` and adds a section to the page. An entry that is there is never written
again: a changed model makes a new entry, under a new date (or 2026-11-26.2, where a day has two).
"""

from __future__ import annotations

import datetime
import re
import shutil
import subprocess
import sys
from pathlib import Path

import simulator as sim
from simulator.evidence.shipped import shipped
from simulator.questions.forecast.sealed import sha256
from simulator.work.code import running_code

ROOT = Path(__file__).parent.parent
PAGE = Path(__file__).with_name("forecasts.md")
HEAD = """\
# Forecasts of registered trials

Written down before the results are known, and never changed afterwards. Each entry keeps the trial's file and the forecast
in a folder of its date in `scenarios/forecasts/dated`; `sha256sum` of these files gives the hashes below. The chance is
that of the comparison named in the trial's file, under the sceptical, central and optimistic view of the evidence, for a hospital
drawn at random; the fourth chance is that of whoever averages published arms.
`clti forecast` makes a forecast; `python docs/forecasts.py DATE` adds an entry. No trial of the list has reported yet, as far
as was seen on the day that its file names.
"""


def named(word: str) -> str:
    """The entry's name: a date, or DATE.2 for the second of a day and so on. Any other word ends with a message."""
    day, dot, number = word.partition(".")
    try:
        date = datetime.date.fromisoformat(day).isoformat()
    except ValueError:
        date = ""
    if not date or (dot and not re.fullmatch("[2-9]|[1-9][0-9]+", number)):
        raise SystemExit(f"{word!r} names no entry: 2026-11-26 does, and 2026-11-26.2 the second of that day")
    return date + dot + number


def entry(date: str) -> str:
    """Make the forecasts of a date, keep their files, and return the section of the page."""
    folder = shipped("scenarios") / "forecasts"
    kept = folder / "dated" / date
    if kept.exists():
        raise SystemExit(f"{kept.relative_to(ROOT)} exists: an entry is never overwritten")
    found = sim.forecast()
    commit = subprocess.run(["git", "-C", str(ROOT), "rev-parse", "HEAD"], capture_output=True, text=True, check=False)
    kept.mkdir(parents=True)
    lines = [
        f"## {date}",
        "",
        f"Version {sim.__version__}, on commit {commit.stdout.strip() or 'unknown'}, code {running_code()}, seed 1,"
        f" {found.facts['draws']} draws.",
        "",
        "| trial | registration | sceptical | central | optimistic | average of published arms |"
        " SHA-256 of the trial's file | SHA-256 of the forecast |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for trial in found.facts["trials"]:
        name = trial["name"]
        shutil.copyfile(folder / f"{name}.toml", kept / f"{name}.toml")
        content = found.findings.files[f"forecast_{name}.json"].encode()
        (kept / f"forecast_{name}.json").write_bytes(content)
        own = found.chances[(found.chances["trial"] == name) & found.chances["primary"].astype(bool)]
        chances = " | ".join(f"{chance:.0%}" for chance in own["chance"])
        hashes = " | ".join(f"`{sha256(each)}`" for each in ((kept / f"{name}.toml").read_bytes(), content))
        lines.append(f"| {trial['label']} | {trial['registration']} | {chances} | {hashes} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Add the entry of the date given on the command line."""
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    date = named(sys.argv[1])
    page = PAGE.read_text(encoding="utf-8") if PAGE.exists() else HEAD
    PAGE.write_text(page + "\n" + entry(date), encoding="utf-8")


if __name__ == "__main__":
    main()
