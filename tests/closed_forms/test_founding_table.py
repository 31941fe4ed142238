"""The founding study beside simulated people: which of its cells each share is read from."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from simulator.questions.compare import founding as module
from simulator.statistics.endpoints.exact_interval import exact_interval


def test_every_share_of_the_study(monkeypatch: pytest.MonkeyPatch) -> None:
    """Alive 1 amputated and healed, 2 amputated, 4 healed, 8 neither; dead 16, 32, 64 and 128 in the same order."""
    study = SimpleNamespace(n=255, cells_1_year=2 ** np.arange(8), doses=np.array([[10, 20, 30], [1, 2, 3]]))
    monkeypatch.setattr(module, "load_targets", lambda: (study, {}))
    never = np.full(4, np.inf)
    people = pd.DataFrame({"policy": "protocol", "doses": [1, 2, 3, 3], "followed_years": 2.0})
    for name in ("died_at_years", "amputated_at_years", "healed_at_years"):
        people[name] = never
    people.loc[0, "healed_at_years"] = 0.5
    table = module.founding_table(people).set_index("quantity")
    counts = {
        "major_amputation": 1 + 2 + 16 + 32,
        "death": 16 + 32 + 64 + 128,
        "amputation_free_survival": 4 + 8,
        "healing": 1 + 4 + 16 + 64,
        "healing_without_amputation": 4 + 64,
        "treated_once": 11,
        "treated_twice": 22,
        "treated_three_times": 33,
    }
    assert table["observed"].to_dict() == pytest.approx({name: count / 255 for name, count in counts.items()})
    assert table.loc["death", ["low", "high"]].tolist() == pytest.approx(exact_interval(240, 255))
    assert table["simulated"].tolist() == [0.0, 0.0, 1.0, 0.25, 0.25, 0.25, 0.25, 0.5]
    assert table.loc["healing", "se"] == pytest.approx((0.25 * 0.75 / 4) ** 0.5) and not table.loc["death", "inside"]
