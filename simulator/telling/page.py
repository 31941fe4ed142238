"""A page or a text from a template: the sentences are the template's, the numbers the findings'.

A template sees `facts`, and calls

    table("outcomes", "Caption.", where={"time_years": 1}, rows="outcome", across="policy", shows="mean")
    figure("incidence", alt="What it shows.")
    value("outcomes", "mean", policy="protocol", outcome="death", time_years=1)
    label("policy", "protocol"),  {{ 0.123 | percent }},  {{ -0.046 | points }},  {{ 1.5 | years }}

All text is escaped: what a user typed as the name of a policy is shown, never run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from functools import cache
from typing import Any

import pandas as pd
from jinja2 import Environment, PackageLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from simulator.telling.columns import Labels, called, columns, labels, named, said, told
from simulator.telling.drawing import colour_sheet, panels
from simulator.telling.formats import MISSING, TextTable, short
from simulator.telling.style import caption_of
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
        own, more = _quoting(findings.facts.get("values", {})), findings.facts.get("labels", {})
        self.labels: Labels = {kind: {**own.get(kind, {}), **more.get(kind, {})} for kind in {**own, **more}}
        self.colours: set[str] = set()
        self._numbers = {"table": 0, "figure": 0}

    def frame(self, name: str) -> pd.DataFrame:
        """A table of the findings; an unknown name is a `KeyError`."""
        return self.findings.tables[name]

    def has(self, name: str) -> bool:
        """Whether there is such a table, with at least one row."""
        return name in self.findings.tables and len(self.findings.tables[name]) > 0

    def text_table(self, name: str, **how: Any) -> TextTable:
        """A table as text; `how` is that of `columns.told`."""
        return told(self.frame(name), how.pop("like", name), self.labels, **how)

    def value(self, name: str, column: str, *, like: str | None = None, **where: Any) -> str:
        """One number as text, with its error or interval: of the only row that has these values."""
        row = self.row(name, **where)
        look = columns(like or name)
        return look[column].cell(row, column, self.labels) if column in look else str(row[column])

    def number(self, name: str, column: str, **where: Any) -> Any:
        """One bare number, to decide or to compute with."""
        return self.row(name, **where)[column]

    def row(self, name: str, **where: Any) -> Mapping[str, Any]:
        """The only row with these values. None or several are a `LookupError`."""
        frame = self.frame(name)
        for key, wanted in where.items():
            frame = frame[frame[key] == wanted]
        if len(frame) != 1:
            raise LookupError(f"{name} has {len(frame)} rows with {where}")
        return {str(name): value for name, value in frame.iloc[0].items()}

    def rows(self, name: str, **where: Any) -> list[Mapping[str, Any]]:
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

    def next_number(self, kind: str) -> int:
        """The number of the next table or figure."""
        self._numbers[kind] += 1
        return self._numbers[kind]


def page(findings: Findings, figures: Mapping[str, Any], provenance: Mapping[str, Any] | None = None) -> str:
    """`report.html`: one file that needs no network. `provenance` (label -> text or texts) closes it.

    `figures` maps names to matplotlib figures. The template is that of the question.
    """
    telling = Telling(findings, figures)
    template = _environment().get_template(f"{findings.question}.html.jinja")
    body = template.render(**_context(telling), provenance=provenance or {})
    return body.replace("/* colours of figures */", colour_sheet(telling.colours)).strip() + "\n"


def sentences(findings: Findings, macro: str = "summary") -> str:
    """The sentences of a macro in the question's `NAME.words.jinja`, as plain text: the summary of a result."""
    telling = Telling(findings)
    source = f"{{% import '{findings.question}.words.jinja' as words with context %}}{{{{ words.{macro}() }}}}"
    text = _environment(plain=True).from_string(source).render(**_context(telling))
    return "\n\n".join(" ".join(part.split()) for part in text.split("\n\n") if part.strip())


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
    asked = ("frame", "has", "value", "number", "row", "rows", "label", "text_table", "next_number")
    return {
        "telling": telling,
        "facts": {"warnings": [], "references": [], **telling.findings.facts},
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
    figure = telling.figures[name]
    found, colours = panels(figure, name)
    telling.colours |= colours
    words = caption or caption_of(figure)
    template = context.environment.get_template("figure.html.jinja")
    return Markup(
        template.render(
            panels=found, caption=words, alt=alt or words, number=telling.next_number("figure"), file=f"{name}.svg"
        )
    )


def _filter(name: str) -> Callable[..., str]:
    def show(value: Any, digits: int | None = None, **more: Any) -> str:
        look = named(name, **more) if digits is None else named(name, digits=digits, **more)
        return look.cell({"": value}, "")

    return show


def years(value: float) -> str:
    """A time in words: ``six months``, ``one year``, ``2.5 years``."""
    if value < 1.0:
        months = value * 12.0
        words = f"{months:.3g}"
        return f"{words} month" + ("" if words == "1" else "s")
    return "one year" if value == 1.0 else f"{value:g} years"


def listed(items: Sequence[str], last: str = "and") -> str:
    """Words as people list them: ``a, b and c``."""
    items = list(items)
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} {last} {items[-1]}" if items else MISSING


def lower(text: str) -> str:
    """A label inside a sentence: without its capital, unless the word is an abbreviation or a name (PTA, TcPO2)."""
    first = text.split(" ", 1)[0].split("-", 1)[0]
    return text if first != first.capitalize() else text[:1].lower() + text[1:]


@cache
def _environment(*, plain: bool = False) -> Environment:
    environment = Environment(
        loader=PackageLoader("simulator.telling", "templates"),
        autoescape=not plain,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {name: _filter(name) for name in ("number", "percent", "points", "days", "months", "money")}
    environment.filters |= {"short": short, "years": years, "listed": listed, "lower": lower}
    return environment
