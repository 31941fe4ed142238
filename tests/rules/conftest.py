"""Every test of this folder is one of the rules', so that `pytest -m rules` runs it."""

from pathlib import Path

import numba
import pytest

from simulator.rules.population import arrival

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.rules)


@pytest.fixture
def few_referrals(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the compiler criteria count as impossible after ten referrals; compiled, ten thousand are quick."""
    if numba.config.DISABLE_JIT:
        monkeypatch.setattr(arrival, "MOST_REFERRALS", 10)
