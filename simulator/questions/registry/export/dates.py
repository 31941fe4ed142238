"""Dates as exports write them, as days since 1 January 1970."""

from __future__ import annotations

import datetime
import math
import re
import unicodedata
from collections.abc import Iterable

EPOCH = datetime.date(1970, 1, 1).toordinal()
PARTS = re.compile(r"(\d{1,4})[-./\s](\d{1,2})[-./\s](\d{1,4})(?:[T\s]\d{1,2}:\d{2}.*)?")
WORDS = re.compile(
    r"(?:(?P<day>\d{1,2})[-./\s]*(?P<month>[^\W\d]{3,})[-./\s]*|(?P<first>[^\W\d]{3,})[-./\s]*(?P<second>\d{1,2}),?[-./\s]+)"
    r"(?P<year>\d{4}|\d{2})"
)
MONTHS: tuple[tuple[str, ...], ...] = (
    ("jan", "gen", "ene"), ("feb", "fev"), ("mar", "mrt", "maa", "mae"), ("apr", "avr", "abr"),
    ("may", "mai", "mag", "mei", "maj"), ("jun", "juin", "giu"), ("jul", "juil", "lug"), ("aug", "ago", "aou"),
    ("sep", "set"), ("oct", "okt", "ott", "out"), ("nov",), ("dec", "dez", "dic"),
)  # fmt: skip
"""How months begin in English, German, Italian, French, Dutch, Spanish, Portuguese and Scandinavian languages."""
EXCEL = {"excel-1900": datetime.date(1899, 12, 30).toordinal(), "excel-1904": datetime.date(1904, 1, 1).toordinal()}
"""Day 0 of Excel's calendars; that of 1900 counts a 29 February that never was, hence the 30 December."""
OLDEST, LATEST = datetime.date(1880, 1, 1).toordinal(), datetime.date(2200, 1, 1).toordinal()


def day_in(text: str, order: str, born: bool = False) -> float:
    """The day of a cell; infinite if it holds no date in this order. A month in words tells its place itself.

    Years of two digits are of 1930 to 2029, and of 1920 to 2019 where somebody was `born`.
    """
    text = text.strip()
    named = _with_a_named_month(text)
    if named is not None:
        text, order = named, "day-month-year"
    elif len(text) == 8 and text.isdecimal():
        text = f"{text[:4]}-{text[4:6]}-{text[6:]}"
    if order in EXCEL:
        if not text.isdecimal():
            return math.inf
        day = EXCEL[order] + int(text)
        return float(day - EPOCH) if OLDEST <= day <= LATEST else math.inf
    match = PARTS.fullmatch(text)
    if match is None:
        return math.inf
    first, second, third = match.groups()
    if len(first) == 4:
        year, month, day = int(first), int(second), int(third)
    elif order == "day-month-year":
        year, month, day = _year(third, born), int(second), int(first)
    elif order == "month-day-year":
        year, month, day = _year(third, born), int(first), int(second)
    else:
        return math.inf
    try:
        found = datetime.date(year, month, day).toordinal()
    except ValueError:
        return math.inf
    return float(found - EPOCH) if OLDEST <= found <= LATEST else math.inf


def _year(text: str, born: bool) -> int:
    year, first = int(text), 20 if born else 30
    return year if len(text) > 2 else 1900 + year if year >= first else 2000 + year


def _with_a_named_month(text: str) -> str | None:
    """Day, month and year of a date whose month is a word, before or after the day; None for any other cell."""
    found = WORDS.fullmatch(text)
    if found is None:
        return None
    day, month = (found["day"], found["month"]) if found["day"] else (found["second"], found["first"])
    low = "".join(sign for sign in unicodedata.normalize("NFKD", month).lower() if sign.isascii())
    number = next((k for k, begun in enumerate(MONTHS, 1) if low.startswith(begun)), None)
    return None if number is None else f"{day}-{number}-{found['year']}"


def order_of(cells: Iterable[str]) -> str:
    """The order in which all cells are dates: its name, ``?`` where several are, empty where none is."""
    seen = [cell for cell in cells if cell]
    if not seen:
        return ""
    orders = ("year-month-day", "day-month-year", "month-day-year")
    share = {order: sum(math.isfinite(day_in(cell, order)) for cell in seen) / len(seen) for order in orders}
    good = [order for order in orders if share[order] > 0.98]
    if "year-month-day" in good:
        return "year-month-day"
    if len(good) == 2:
        # A single cell whose day is beyond 12 tells the order, even in a column with a few odd cells.
        exact = [order for order in good if share[order] == 1.0]
        return exact[0] if len(exact) == 1 else "?"
    if good:
        return good[0]
    if all(cell.isdecimal() and 10_000 <= int(cell) <= 80_000 for cell in seen):
        return "excel-1900"
    return ""
