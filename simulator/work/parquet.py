"""Parquet files. Arrow, the library behind them, is loaded for them alone.

pandas takes it along wherever it is installed, which costs each start 0.05 s and 35 MB.
"""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

ARROW = "pyarrow"


def keep_arrow_out() -> None:
    """In a process of our own, before pandas is imported: let it do without Arrow. Files can be made and read nevertheless."""
    if "pandas" not in sys.modules:
        sys.modules.setdefault(ARROW, None)  # type: ignore[arg-type]


def arrow_is_out() -> bool:
    """Whether this process does without Arrow, and no file has been made or read yet."""
    return sys.modules.get(ARROW, sys) is None


def let_arrow_in() -> None:
    """Before scikit-learn works: it looks among the modules that are loaded, where a missing Arrow is no module to it."""
    if arrow_is_out():
        del sys.modules[ARROW]


def _arrow() -> Any:
    let_arrow_in()
    import pyarrow.parquet

    return pyarrow


def parquet(frame: pd.DataFrame, about: Mapping[str, Any]) -> bytes:
    """A table as the bytes of a file, without its index; `about`, plain JSON, is what its schema says of where it is from."""
    arrow = _arrow()
    content = arrow.Table.from_pandas(frame, preserve_index=False)
    metadata = {**(content.schema.metadata or {}), b"clti": json.dumps(about).encode("utf-8")}
    buffer = io.BytesIO()
    arrow.parquet.write_table(content.replace_schema_metadata(metadata), buffer, compression="zstd")
    return buffer.getvalue()


def read_parquet(path: Path) -> pd.DataFrame:
    """The table of a file. Raises OSError and ValueError for what is none."""
    frame: pd.DataFrame = _arrow().parquet.read_table(path).to_pandas()
    return frame
