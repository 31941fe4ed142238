"""Publications as reports list them: citation and DOI."""

from __future__ import annotations

import re
from collections.abc import Iterable


def cited(text: str) -> list[dict[str, str]]:
    """The publications in a citation, ``Authors. Journal 2001;20:859-866, doi 10.1002/sim.721; ...``: citation and DOI."""
    parts = [part.strip() for part in text.split("; ")]
    found = [re.fullmatch(r"(.+?)[,.]? doi:? ?(10\.\S+?)[.)]?", part) for part in parts]
    return [{"citation": match[1], "doi": match[2]} for match in found if match] or [{"citation": text, "doi": ""}]


def joined(publications: Iterable[dict[str, str]], methods: Iterable[str] = ()) -> list[dict[str, str]]:
    """The `publications` and those in the citations of `methods`, each once, in alphabetical order."""
    found = [*publications, *(each for method in methods if method for each in cited(method))]
    return sorted(
        {(each["doi"] or each["citation"]): each for each in found}.values(), key=lambda each: each["citation"]
    )
