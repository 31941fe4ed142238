"""Libraries that only some commands need and that an extra of the package brings."""

from __future__ import annotations

from importlib.util import find_spec

from simulator.words.errors import BadInput, Problem


def check_extra(extra: str, *modules: str, question: str, key: str) -> None:
    """Raise BadInput where one of the modules is missing that an extra brings; the problem is the question's, under `key`."""
    missing = [module for module in modules if find_spec(module) is None]
    if missing:
        allowed = f'the extra that it needs: pip install "clti-simulator[{extra}]"'
        raise BadInput([Problem(question, key, f"{', '.join(missing)} not installed", allowed)])
