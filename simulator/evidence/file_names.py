"""What to type instead of the name of a file that is not there."""

from __future__ import annotations

from difflib import get_close_matches
from pathlib import Path
from typing import Literal, TypeAlias

from simulator.evidence.shipped import shipped
from simulator.words.errors import nearest

Kind: TypeAlias = Literal["scenario", "policy", "design", "study", "validation", "forecast"]

FOLDERS: dict[Kind, str] = {
    "scenario": "",
    "policy": "policies",
    "design": "designs",
    "study": "studies",
    "validation": "validation",
    "forecast": "forecasts",
}
"""Where in `scenarios` files of a kind are shipped."""
USES: dict[Kind, str] = {
    "scenario": "a scenario (clti compare {name})",
    "policy": "a policy (clti compare --policy {name})",
    "design": "a trial design (clti trial {name})",
    "study": "a sensitivity study (clti sensitivity {name})",
    "validation": "a published study (clti validate --study {name})",
    "forecast": "a registered trial (clti forecast {name})",
}


def is_file(path: Path) -> bool:
    """Whether a file is there, for any path that people can type: too long, or with characters that no name has."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def names_of(kind: Kind) -> list[str]:
    """Names of the shipped files of a kind."""
    return sorted(file.stem for file in (shipped("scenarios") / FOLDERS[kind]).glob("*.toml"))


def instead(source: str | Path, kind: Kind) -> str:
    """What is allowed where a file of a `kind` was looked for in vain: near names, and what else has the name."""
    path = Path(source)
    known = names_of(kind)
    others = [
        USES[other].format(name=path.stem)
        for other in USES
        if (other != kind or kind == "validation") and path.stem in names_of(other)
    ]
    near = _near(path)
    if others:
        here = "" if kind == "validation" else f", or one of {', '.join(known)}"
        return f"a TOML file at this place{here}; {path.stem!r} is {' and '.join(others)}"
    if near:
        return f"a TOML file at this place; did you mean {str(near)!r}?"
    shipped_ones = nearest(path.stem, known)
    return shipped_ones if shipped_ones.startswith("did") else f"a TOML file at this place, or {shipped_ones}"


def _near(path: Path) -> Path | None:
    """A TOML file beside the missing one with nearly its name."""
    try:
        beside = [file.name for file in path.parent.glob("*.toml")]
    except (OSError, ValueError):
        return None
    close = get_close_matches(path.with_suffix(".toml").name if path.name else "", beside, n=1, cutoff=0.75)
    return path.parent / close[0] if close else None
