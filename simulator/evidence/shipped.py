"""Where the data that travel with the program are: in a checkout and in an installed wheel alike."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

PACKAGE = Path(__file__).resolve().parent.parent


def shipped(folder: Literal["calibration", "scenarios"]) -> Path:
    """Folder of shipped data.

    In a checkout (a `pyproject.toml` lies beside the package) it is the folder at the top level, so an edit
    takes effect at once. In an installation it is the copy inside the package.

    Raises FileNotFoundError when the installation lacks the folder.
    """
    checkout = PACKAGE.parent
    place = checkout / folder if (checkout / "pyproject.toml").is_file() else PACKAGE / "shipped" / folder
    if not place.is_dir():
        raise FileNotFoundError(f"the installation is incomplete: {place} is missing")
    return place
