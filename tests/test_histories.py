"""Stored event histories: the shipped policies give the lives that they gave when therapies became files.

`python tests/test_histories.py` writes the file anew, after a rule was changed on purpose. Parameters are stored with it, so that
a new fit moves nothing here.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from simulator import load_scenario, simulate

FILE = Path(__file__).with_name("histories.json")
POLICIES = ("conservative", "protocol", "bmmnc", "intra_arterial", "pta", "pta_act")
PEOPLE = 60


def histories(values: dict[str, float]) -> dict[str, list[list[object]]]:
    """Every event but visits of each policy: patient, time in years, what it was."""
    scenario = load_scenario()
    row = np.zeros(1, [(name, np.float64) for name in values])
    for name, value in values.items():
        row[name] = value
    events = simulate(scenario, POLICIES, patients=PEOPLE, seed=3, draws=row, events=True).events
    events = events[events["event"] != "visit"]
    return {
        str(policy): [[int(r.patient), float(r.time_years), str(r.event)] for r in own.itertuples()]
        for policy, own in events.groupby("policy", observed=True)
    }


@pytest.fixture(scope="module")
def stored() -> dict[str, dict[str, list[list[object]]]]:
    """What was stored: parameters, and events by policy."""
    return dict(json.loads(FILE.read_text(encoding="utf-8")))


def test_shipped_policies_give_the_lives_that_were_stored(stored: dict[str, dict[str, object]]) -> None:
    """Events exactly and in order, times to 1e-9 years, under every policy that gives cells or dilates."""
    values = {name: value for name, value in stored["values"].items() if name in load_scenario().register}
    found = histories(values)  # type: ignore[arg-type]
    assert found.keys() == stored["events"].keys()
    for policy, before in stored["events"].items():
        now = found[policy]
        assert [(each[0], each[2]) for each in now] == [(each[0], each[2]) for each in before], policy  # type: ignore[union-attr]
        times = [each[1] for each in before]  # type: ignore[union-attr,index]
        assert [each[1] for each in now] == pytest.approx(times, abs=1e-9), policy


def test_what_is_stored_holds_what_therapies_do(stored: dict[str, dict[str, object]]) -> None:
    """Doses, angioplasties, restenoses and repeated angioplasties are all among the stored events."""
    words = {each[2] for own in stored["events"].values() for each in own}  # type: ignore[union-attr,attr-defined]
    assert {"dose", "angioplasty", "restenosis", "repeat_angioplasty", "stops_treatment"} <= words


if __name__ == "__main__":
    known = load_scenario().register.values()
    FILE.write_text(json.dumps({"values": known, "events": histories(known)}) + "\n", encoding="utf-8")
