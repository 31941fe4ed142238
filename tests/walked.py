"""Pages walked through: their tables, and the numbers in them that the files beneath do not hold."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html.parser import HTMLParser

import numpy as np
import pandas as pd


@dataclass
class Shown:
    """A table of the page: its rows of cells, and the file that has it in full."""

    rows: list[list[str]]
    file: str = ""


class Tables(HTMLParser):
    """Every table of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[Shown] = []
        self.cell: list[str] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "table":
            self.found.append(Shown([]))
        elif tag == "tr":
            self.found[-1].rows.append([])
        elif tag in ("td", "th"):
            self.cell = []
        elif tag == "a" and self.found and str(dict(attrs).get("href")).endswith(".csv"):
            self.found[-1].file = self.found[-1].file or str(dict(attrs)["href"])

    def handle_data(self, data: str) -> None:
        if self.cell is not None:
            self.cell.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th") and self.cell is not None:
            self.found[-1].rows[-1].append(" ".join("".join(self.cell).split()))
            self.cell = None


NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?")


def numbers(text: str) -> Iterator[tuple[float, float]]:
    """Numbers of three digits and more in a text, and half of the last digit of each."""
    for match in NUMBER.findall(text):
        digits = match.replace(",", "").rstrip(",")
        if len(digits.replace(".", "").lstrip("0")) >= 3:
            yield float(digits), 0.5 * 10.0 ** -len(digits.partition(".")[2])


def tables_of(page: str) -> list[Shown]:
    """The tables of a page."""
    parser = Tables()
    parser.feed(page)
    return parser.found


def unexplained(
    shown: list[Shown], tables: Mapping[str, pd.DataFrame], scales: Sequence[float] = (1.0, 100.0)
) -> list[str]:
    """Numbers on the page that are no rounding of a number of the file beneath their table, times one of `scales`."""
    missing = []
    for each in shown:
        name = each.file.removesuffix(".csv")
        if name not in tables:
            continue
        values = tables[name].select_dtypes("number").to_numpy(dtype=np.float64).ravel()
        words = " ".join(str(cell) for column in tables[name].select_dtypes("object") for cell in tables[name][column])
        values = np.abs(np.append(values[np.isfinite(values)], [number for number, _ in numbers(words)]))
        for row in each.rows[1:]:
            for cell in row:
                if re.search(r"[A-Za-z]{2}", cell.replace(" to ", " ")):
                    continue  # words, whose numbers are names
                for number, half in numbers(cell):
                    scaled = (scale * values for scale in scales)
                    if not any((np.abs(some - number) <= half * 1.0001 + 1e-9).any() for some in scaled):
                        missing.append(f"{name}: {cell}")
    return missing
