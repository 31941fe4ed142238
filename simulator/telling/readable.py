"""A table together with the way in which people read it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pandas as pd

from simulator.telling.formats import Formats


@dataclass(frozen=True)
class Readable:
    """A table with the formats and headings in which people read it."""

    table: pd.DataFrame
    formats: Formats = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
