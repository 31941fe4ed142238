"""A forecast as one file whose hash can be published before the results exist."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from simulator.questions.forecast.predicted import Forecast
from simulator.words.errors import BadInput, Problem


def sealed(forecast: Forecast, settings: Mapping[str, Any], inputs: Mapping[str, bytes]) -> bytes:
    """The forecast, what decided it and the SHA-256 of every input, as JSON in UTF-8: the same bytes whenever it is made."""
    content = {
        "settings": dict(settings),
        "inputs": {name: sha256(data) for name, data in sorted(inputs.items())},
        "tables": {name: _plain(table) for name, table in forecast.tables.items()},
    }
    return (json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode()


def _plain(table: pd.DataFrame) -> dict[str, Any]:
    """Columns and rows of a table as JSON has them."""
    return {"columns": list(table.columns), "data": [list(row) for row in table.astype(object).itertuples(index=False)]}


def opened(file: Path, of: Mapping[str, bytes]) -> tuple[dict[str, pd.DataFrame], dict[str, Any]]:
    """Tables of a sealed forecast, and its settings.

    `of` is the trial's file as it is now. Raises BadInput for a file that is no forecast, and for one made from another file.
    """
    try:
        content = json.loads(file.read_bytes())
        tables = {name: pd.DataFrame(**table) for name, table in content["tables"].items()}
        settings: dict[str, Any] = content["settings"]
        made_from = set(content["inputs"].values())
        missing = {"arms", "contrasts", "chances", "risks"} - set(tables)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadInput([Problem(str(file), "file", str(error) or type(error).__name__, "a forecast (JSON)")]) from None
    if missing:
        raise BadInput([Problem(str(file), "tables", ", ".join(sorted(missing)), "no table missing")])
    other = [called for called, data in of.items() if sha256(data) not in made_from]
    if other:
        allowed = f"a forecast of {', '.join(other)} as it is now; its copy of that day may be named"
        raise BadInput([Problem(str(file), "inputs", "not made from it", allowed)])
    return tables, settings


def sha256(content: bytes) -> str:
    """The hash in hexadecimal that anybody can recompute, as with ``sha256sum``."""
    return hashlib.sha256(content).hexdigest()
