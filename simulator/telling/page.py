"""A page or a text from a template: the sentences are the template's, the numbers the findings'.

A template sees `facts`, and calls

    table("outcomes", "Caption.", where={"time_years": 1}, rows="outcome", across="policy", shows="mean")
    figure("incidence", alt="What it shows.")
    value("outcomes", "mean", policy="protocol", outcome="death", time_years=1)
    label("policy", "protocol"),  {{ 0.123 | percent }},  {{ -0.046 | points }},  {{ 1.5 | years }}

All text is escaped: what a user typed as the name of a policy is shown, never run.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from functools import cache
from typing import Any

import pandas as pd
from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from simulator.telling.colours import colour_sheet
from simulator.telling.columns import Labels, called, columns, decimals, labels, named, said, told
from simulator.telling.drawing import Drawn
from simulator.telling.formats import TextTable, short
from simulator.telling.phrases import capital, listed, lower, one_line, paid_back_where, years
from simulator.telling.provenance import told as changed
from simulator.words.findings import Findings

ALWAYS_TOLD = ("major_amputation", "death")
EQUAL = 4e-4
"""Shares that differ by less are shown as equal."""


def _quoting(values: Mapping[str, float]) -> dict[str, dict[str, str]]:
    """The program's own labels, with the values of parameters that they quote."""
    return {
        kind: {name: text.format_map(values) if "{" in text and values else text for name, text in names.items()}
        for kind, names in labels().items()
    }


class Telling:
    """What a template can ask of findings. One object tells one page, because tables and figures are numbered."""

    def __init__(self, findings: Findings, figures: Mapping[str, Any] | None = None) -> None:
        self.findings = findings
        self.figures = figures or {}
        ours, own = _quoting(findings.facts.get("values", {})), findings.facts.get("labels", {})
        self.labels: Labels = {kind: {**ours.get(kind, {}), **own.get(kind, {})} for kind in {**ours, **own}}
        self.colours: set[str] = set()
        self.currency = self._before(findings.facts.get("currency", ""))
        self._numbers = {"table": 0, "figure": 0}

    def _before(self, currency: str) -> str:
        """A currency as it stands before an amount: a sign close to it, a code apart."""
        sign = self.labels["currency"].get(currency, currency)
        return sign + ("\N{NO-BREAK SPACE}" if sign[-1:].isalpha() else "")

    def money(self, amount: float | None, digits: int = 0) -> str:
        """An amount in the currency of the findings."""
        return named("money", digits=digits, prefix=self.currency).cell({"": amount}, "")

    def threshold(self, value: float) -> str:
        """A threshold as somebody wrote it; a large one with a fraction, as of restated money, to its hundredths."""
        in_full = value < 1000 or value == round(value)
        return self.currency + (f"{value:,.10g}" if in_full else f"{value:,.2f}")

    def frame(self, name: str) -> pd.DataFrame:
        """A table of the findings; an unknown name is a `KeyError`."""
        return self.findings.tables[name]

    def has(self, name: str) -> bool:
        """Whether there is such a table, with at least one row."""
        return name in self.findings.tables and len(self.findings.tables[name]) > 0

    def text_table(self, name: str, /, **how: Any) -> TextTable:
        """A table as text; `how` is that of `columns.told`."""
        return told(self.frame(name), how.pop("like", name), self.labels, currency=self.currency, **how)

    def value(self, name: str, column: str, /, *, like: str | None = None, **where: Any) -> str:
        """One number as text, with its error or interval: of the only row that has these values."""
        row = self.row(name, **where)
        look = columns(like or name)
        look = {n: each.fitted(self.frame(name)[n], self.currency) for n, each in look.items() if n in row}
        return look[column].cell(row, column, self.labels) if column in look else str(row[column])

    def number(self, name: str, column: str, /, **where: Any) -> Any:
        """One bare number, to decide or to compute with."""
        return self.row(name, **where)[column]

    def row(self, name: str, /, **where: Any) -> Mapping[str, Any]:
        """The only row with these values. None or several are a `LookupError`."""
        frame = self.frame(name)
        for key, wanted in where.items():
            frame = frame[frame[key] == wanted]
        if len(frame) != 1:
            raise LookupError(f"{name} has {len(frame)} rows with {where}")
        return {str(name): value for name, value in frame.iloc[0].items()}

    def rows(self, name: str, /, **where: Any) -> list[Mapping[str, Any]]:
        """All rows with these values, in order."""
        frame = self.frame(name)
        for key, wanted in where.items():
            frame = frame[frame[key].isin(wanted if isinstance(wanted, list | tuple) else [wanted])]
        return frame.to_dict("records")  # type: ignore[return-value]

    def names_like(self, name: str, column: str, *patterns: str) -> list[str]:
        """Names in a column that fit a pattern (``expected_*``), pattern by pattern, each once."""
        there = [str(each) for each in self.frame(name)[column].drop_duplicates()]
        return list(dict.fromkeys(each for pattern in patterns for each in there if fnmatchcase(each, pattern)))

    def label(self, kind: str, name: Any) -> str:
        """What people call a policy, an outcome, a state, a parameter."""
        return called(self.labels.get(kind, {}), str(name)) or said(str(name))

    @staticmethod
    def in_parts(names: Sequence[str], most: int) -> list[Sequence[str]]:
        """Parts of at most so many names, of nearly equal length."""
        parts = -(-len(names) // most)
        return [names[part * len(names) // parts : (part + 1) * len(names) // parts] for part in range(parts)]

    def telling_outcomes(self, name: str, time: float, leave_out: Sequence[str] = ()) -> list[str]:
        """Outcomes of a table that say something at a time: not the same 0 or 1 everywhere, and not what was said before."""
        frame = self.frame(name)
        first, found = frame["time_years"].min(), []
        for outcome, own in frame.groupby("outcome", sort=False):
            now = own.loc[own["time_years"] == time, "mean"].to_numpy()
            before = own.loc[own["time_years"] == first, "mean"].to_numpy()
            settled = outcome not in ALWAYS_TOLD and time > first and (now == before).all()
            constant = (abs(now) < EQUAL).all() or (abs(now - 1.0) < EQUAL).all()
            if now.size and outcome not in leave_out and not constant and not settled:
                found.append(str(outcome))
        return found or list(ALWAYS_TOLD)

    def first_of(self, name: str, column: str, most: int, **where: Any) -> list[Any]:
        """The first so many values of a column among the rows with these values."""
        return [row[column] for row in self.rows(name, **where)][:most]

    def with_numbers(self, name: str, by: str, column: str) -> list[Any]:
        """Values of the column `by` for which another column has a number in some row."""
        frame = self.frame(name)
        return list(dict.fromkeys(frame.loc[frame[column].notna(), by]))

    def has_numbers(self, name: str, column: str) -> bool:
        """Whether a column has any number at all."""
        return bool(self.frame(name)[column].notna().any())

    def sign_changes(self, name: str, policy: str) -> list[str]:
        """Scenarios in which the net benefit of a policy has another sign than in the first row."""
        own = self.rows(name, policy=policy)
        return [str(row["scenario"]) for row in own[1:] if row["net_benefit"] * own[0]["net_benefit"] < 0]

    def on_the_frontier(self) -> list[str]:
        """Options that nothing dominates, from the cheapest to the most effective."""
        frame = self.frame("frontier")
        return [str(option) for option in frame.loc[frame["dominated_by"].isna(), "option"]]

    @staticmethod
    def decimals_of(values: Sequence[float]) -> int:
        """Decimals with which numbers in a sentence have four significant digits."""
        return decimals(values, 4)

    def round_times(self, name: str) -> list[float]:
        """The times of a table that are told: the start, half a year, and whole years ever farther apart."""
        there = set(self.frame(name)["time_years"])
        return [time for time in (0.0, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 40.0) if time in there]

    def next_number(self, kind: str) -> int:
        """The number of the next table or figure."""
        self._numbers[kind] += 1
        return self._numbers[kind]


def page(findings: Findings, figures: Mapping[str, Any], provenance: Mapping[str, Any] | None = None) -> str:
    """`report.html`: one file that needs no network. `provenance` (label -> text or texts) closes it.

    `figures` maps names to matplotlib figures or what is drawn of them. The template is that of the question.
    """
    telling = Telling(findings, figures)
    template = _environment().get_template(f"{findings.question}.html.jinja")
    body = template.render(**_context(telling), provenance=provenance or {})
    return body.replace("/* colours of figures */", colour_sheet(telling.colours)).strip() + "\n"


def sentences(findings: Findings, macro: str = "summary") -> str:
    """The sentences of a macro in the question's `NAME.words.jinja`, as plain text: the summary of a result."""
    return voice(findings)(macro)


def voice(findings: Findings) -> Callable[..., str]:
    """Speaks the macros of the question's `NAME.words.jinja`, by name and arguments, as plain text."""
    template = _environment(plain=True).get_template(f"{findings.question}.words.jinja")
    module = template.make_module(_context(Telling(findings)))

    def speak(macro: str, *arguments: Any) -> str:
        text: str = getattr(module, macro)(*arguments)
        return "\n\n".join(one_line(part) for part in text.split("\n\n") if part.strip())

    return speak


def texts(findings: Findings) -> dict[str, str]:
    """Text files that templates tell, by name: `QUESTION.story.txt.jinja` gives ``story.txt``."""
    start, end = f"{findings.question}.", ".txt.jinja"
    context = _context(Telling(findings))
    return {
        name.removeprefix(start).removesuffix(".jinja"): _environment(plain=True).get_template(name).render(**context)
        for name in _environment(plain=True).list_templates()
        if name.startswith(start) and name.endswith(end)
    }


def console_tables(findings: Findings, width: int) -> Iterator[tuple[str, TextTable]]:
    """Titles and tables that the question shows in a terminal of so many columns, from `NAME.console.jinja`."""
    telling = Telling(findings)
    shown: list[tuple[str, TextTable]] = []

    def table(name: str, title: str = "", **how: Any) -> str:
        shown.append((title, telling.text_table(name, **how)))
        return ""

    context = _context(telling) | {"table": table, "width": width}
    _environment(plain=True).get_template(f"{findings.question}.console.jinja").render(**context)
    return iter(shown)


def _context(telling: Telling) -> dict[str, Any]:
    asked = ("frame", "has", "value", "number", "row", "rows", "label", "text_table", "next_number", "money")
    return {
        "telling": telling,
        "facts": {"warnings": (), "changes": (), **telling.findings.facts},
        "tables": telling.findings.tables,
        "table": _table,
        "figure": _figure,
        **{name: getattr(telling, name) for name in asked},
    }


@pass_context
def _table(context: Context, name: str, caption: str, note: str = "", *, file: bool = True, **how: Any) -> Markup:
    """A numbered table with its caption, a note, and a link to the file that holds it in full."""
    telling: Telling = context["telling"]
    content = telling.text_table(name, **how)
    whole = f"{name}.parquet" if name in telling.findings.per_row else f"{name}.csv"
    template = context.environment.get_template("table.html.jinja")
    return Markup(
        template.render(
            content=content,
            caption=caption,
            note=note,
            file=whole if file else "",
            number=telling.next_number("table"),
        )
    )


@pass_context
def _figure(context: Context, name: str, alt: str = "", caption: str = "") -> Markup:
    """A numbered figure with the caption that its drawing carries; nothing where there is no such figure."""
    telling: Telling = context["telling"]
    if name not in telling.figures:
        return Markup("")
    drawn = Drawn.of(telling.figures[name], name)
    telling.colours |= drawn.colours
    words = caption or drawn.caption
    template = context.environment.get_template("figure.html.jinja")
    return Markup(
        template.render(
            panels=drawn.panels,
            caption=words,
            alt=alt or words,
            number=telling.next_number("figure"),
            file=f"{name}.svg",
        )
    )


def _filter(name: str) -> Callable[..., str]:
    def show(value: Any, digits: int | None = None, **more: Any) -> str:
        look = named(name, **more) if digits is None else named(name, digits=digits, **more)
        return look.cell({"": value}, "")

    return show


def _labelling(kind: str) -> Callable[[Context, Any], str]:
    @pass_context
    def show(context: Context, name: Any) -> str:
        telling: Telling = context["telling"]
        return telling.label(kind, name)

    return show


@pass_context
def _threshold(context: Context, value: float) -> str:
    """A threshold in the currency of the findings."""
    telling: Telling = context["telling"]
    return telling.threshold(value)


LONG_WORD = re.compile(r"\S{20,}")
"""What a narrow column cannot hold in a line: addresses, names of files and of parameters."""


def _breakable(text: str) -> Markup:
    """A cell whose long words may break behind their own marks, so that no other word of its column is cut."""
    found, at = Markup(""), 0
    for word in LONG_WORD.finditer(text):
        pieces = re.split(r"(?<=[/_.:;=,?&-])(?=\w)", word.group())
        found += Markup("{}{}").format(text[at : word.start()], Markup("<wbr>").join(pieces))
        at = word.end()
    return found + text[at:]


FOLDERS = ("reports", "words", "console", "parts")
"""Where templates lie: a page, the sentences and the terminal's tables of each question, and what pages are made of."""


@cache
def _environment(*, plain: bool = False) -> Environment:
    environment = Environment(
        loader=ChoiceLoader([PackageLoader("simulator.telling", f"templates/{folder}") for folder in FOLDERS]),
        autoescape=not plain,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        name: _filter(name) for name in ("number", "percent", "points", "days", "months", "money", "time", "when")
    }
    environment.filters |= {
        "short": short,
        "years": years,
        "listed": listed,
        "lower": lower,
        "paid_back_where": paid_back_where,
        "capital": capital,
        "changed": changed,
        "one_line": one_line,
        "breakable": _breakable,
    }
    environment.filters |= {f"{kind}_label": _labelling(kind) for kind in ("policy", "number", "event")}
    environment.filters |= {"threshold": _threshold}
    environment.tests |= {"number_there": pd.notna}
    return environment
