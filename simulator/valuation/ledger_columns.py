"""Where a ledger keeps what is charged and valued: the place of each of its columns."""

from __future__ import annotations

from simulator.living.ledger import FIELDS

COLUMN = {name: place for place, name in enumerate(FIELDS)}
