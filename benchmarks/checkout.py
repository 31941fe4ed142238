"""Another commit beside this tree, for what compares the two."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
"""This tree."""


@contextmanager
def checked_out(commit: str) -> Iterator[Path]:
    """The folder of a temporary worktree that holds a commit; it is gone afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        there = Path(folder) / "other"
        worktree = ["git", "worktree"]
        subprocess.run([*worktree, "add", "--detach", there, commit], cwd=ROOT, check=True, capture_output=True)
        try:
            yield there
        finally:
            subprocess.run([*worktree, "remove", "--force", there], cwd=ROOT, check=True, capture_output=True)
