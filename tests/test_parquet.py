"""Parquet files: Arrow is loaded for them and for nothing else."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pandas as pd
import pyarrow.parquet
import pytest

from simulator.work.parquet import parquet, read_parquet

TABLE = pd.DataFrame(
    {
        "patient": [3, 4],
        "policy": ["protocol", "=own"],
        "wound": pd.Categorical(["open", "none"], categories=["none", "open"]),
        "died_at_years": [0.5, float("nan")],
        "treated": [True, False],
    }
)
ABOUT = {"seed": 1, "settings": {"view": "central"}}
ALONE = """
import sys
from pathlib import Path
from simulator.cli import app

sys.argv = ["clti", *sys.argv[1:]]
try:
    app.main()
except SystemExit as ended:
    assert not ended.code, ended.code
print("pyarrow.lib" in sys.modules)
from simulator.work.parquet import parquet, read_parquet
import pandas as pd
file = Path("table.parquet")
file.write_bytes(parquet(pd.DataFrame({"word": ["a", "b"], "number": [1.0, 2.0]}), {"seed": 1}))
print(read_parquet(file).to_dict("list"), "pyarrow.lib" in sys.modules)
"""


def test_a_table_comes_back_as_it_was(tmp_path: Path) -> None:
    """Columns keep their kinds and values, and the schema says where the table is from."""
    file = tmp_path / "table.parquet"
    file.write_bytes(parquet(TABLE, ABOUT))
    pd.testing.assert_frame_equal(read_parquet(file), TABLE)
    assert pyarrow.parquet.read_schema(file).metadata[b"clti"] == b'{"seed": 1, "settings": {"view": "central"}}'
    (tmp_path / "none.parquet").write_bytes(b"PAR1 and nothing else")
    with pytest.raises(ValueError, match="Parquet"):
        read_parquet(tmp_path / "none.parquet")


def test_a_command_without_parquet_loads_no_arrow(tmp_path: Path) -> None:
    """`clti samplesize` goes without Arrow, and whoever then wants a Parquet file in the same process gets it."""
    words = ["samplesize", "survival", "--hazard-ratio", "0.7", "--power", "0.8"]
    run = subprocess.run(
        [sys.executable, "-c", ALONE, *words], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    lines = run.stdout.splitlines()
    assert lines[-2:] == ["False", "{'word': ['a', 'b'], 'number': [1.0, 2.0]} True"]


LEARNS = """
from simulator.work.parquet import keep_arrow_out

keep_arrow_out()
import numpy as np
from simulator.founding.founding import ALL
from simulator.questions.calibrate.surface import fit_surface

luck = np.random.default_rng(1)
print(np.isfinite(fit_surface(luck.normal(size=(40, 2)), luck.uniform(0.1, 0.9, (40, len(ALL)))).relative_error).all())
"""


def test_a_surface_is_fitted_where_arrow_was_kept_out() -> None:
    """scikit-learn looks for Arrow among the modules that are loaded; `clti calibrate` ended there in a traceback."""
    run = subprocess.run([sys.executable, "-c", LEARNS], capture_output=True, text=True, check=True)
    assert run.stdout == "True\n"
