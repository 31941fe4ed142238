"""Carrying an amount of money from one year, currency or country to another."""

from __future__ import annotations

import csv
from functools import lru_cache
from pathlib import Path

from simulator.evidence.shipped import shipped
from simulator.words.errors import BadInput, Problem

EUR = "EUR"


def inflate(amount: float, country: str, from_year: int, to_year: int = 2024) -> float:
    """`amount` of a country's money of one year in that country's prices of another year.

    Consumer prices (World Bank). Raises BadInput for a country or year without an index.
    """
    return amount * _index(country, from_year) / _index(country, to_year)


def exchange(amount: float, from_currency: str, to_currency: str, year: int) -> float:
    """`amount` in another currency at the mean rate of a year (European Central Bank).

    Raises BadInput for a currency or year without a rate.
    """
    return amount * _rate(to_currency, year) / _rate(from_currency, year)


def transfer(amount: float, from_country: str, year: int, to_country: str, to_year: int = 2024) -> float:
    """A foreign unit cost as a domestic one.

    Purchasing-power parity of the price year, then the destination's consumer prices:
    x * PPP(to, year) / PPP(from, year) * CPI(to, year -> to_year). It overstates prices where health care is cheap
    relative to other goods. Raises BadInput for a country or year without a parity or index.
    """
    local = amount * _parity(to_country, year) / _parity(from_country, year)
    return inflate(local, to_country, year, to_year)


def _index(country: str, year: int) -> float:
    return _lookup("price_indices.csv", country, year)


def _parity(country: str, year: int) -> float:
    return _lookup("ppp.csv", country, year)


def _rate(currency: str, year: int) -> float:
    return 1.0 if currency == EUR else _lookup("exchange_rates.csv", currency, year)


def _lookup(file: str, where: str, year: int) -> float:
    table = _table(shipped("calibration") / "economics" / file)
    if (where, year) not in table:
        years = sorted(y for w, y in table if w == where)
        have = ", ".join(map(str, years)) or ", ".join(sorted({w for w, _ in table}))
        raise BadInput([Problem(f"calibration/economics/{file}", f"{where} {year}", "no entry", have)])
    return table[where, year]


@lru_cache
def _table(file: Path) -> dict[tuple[str, int], float]:
    with file.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.reader(stream))[1:]
    return {(where, int(year)): float(number) for where, year, number in rows}
