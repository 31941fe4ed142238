"""The impact inventory: what each reference case asks for, and what an analysis counts of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulator.valuation import inventory
from simulator.valuation.cost_items import Scope
from simulator.valuation.inventory import impact_inventory, load_inventory
from simulator.words.errors import BadInput


def counted(scope: Scope) -> dict[str, str]:
    """Whether each impact is counted, by its name."""
    return {row["impact"]: row["counted"] for row in impact_inventory(scope).to_dict("records")}


@pytest.mark.parametrize("informal", [True, False])
def test_what_is_counted(informal: bool) -> None:
    """Always, never, or where the analysis says so."""
    scope = Scope(institutional_care=not informal, informal_care=informal, vascular_events=False)
    found = counted(scope)
    for each in load_inventory().impact:
        own = {"always": True, "never": False, "informal_care": informal, "institutional_care": not informal}
        assert found[each.impact] == ("yes" if own.get(each.counted, False) else "no")
    assert found["Length of life"] == "yes" and found["Quality of life of carers"] == "no"
    assert {"yes", "no"} == set(found.values())


def test_rows_of_the_template() -> None:
    """Sector and cases with a capital, and the note."""
    (first, *_) = impact_inventory(Scope()).to_dict("records")
    assert first == {
        "sector": "Health outcomes",
        "impact": "Length of life",
        "asked_by": "Health care sector and society",
        "counted": "yes",
        "note": "",
    }


def test_a_template_with_faults(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Each by its key, and the file as it lies in the package."""
    (tmp_path / "economics").mkdir()
    (tmp_path / "economics" / "impact_inventory.toml").write_text(
        'source = []\nnote = 1\nimpact = [{ sector = "x" }]\n'
    )
    monkeypatch.setattr(inventory, "shipped", lambda _: tmp_path)
    with pytest.raises(BadInput) as told:
        load_inventory()
    keys = {problem.key for problem in told.value.problems}
    assert {problem.file for problem in told.value.problems} == {f"{tmp_path.name}/economics/impact_inventory.toml"}
    assert len(keys) >= 4 and "note" in keys
    sound = 'source = []\nnote = ""\nimpact = []\n'
    (tmp_path / "economics" / "impact_inventory.toml").write_text(sound)
    assert load_inventory().impact == ()
    (tmp_path / "economics" / "impact_inventory.toml").write_text(sound + "source = []\n")
    with pytest.raises(BadInput) as told:
        load_inventory()
    first = told.value.problems[0]
    assert (first.file, first.key) == (f"{tmp_path.name}/economics/impact_inventory.toml", "file")
