"""How findings are told: columns as data, figures cut into panels, numbers needed, and one number for one quantity."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgb

import simulator as sim
from simulator.face.result import Result
from simulator.living.outcomes import OUTCOMES
from simulator.questions.compare.per_hundred import Z, _compared
from simulator.telling.colours import colour_sheet, luminance, on_dark
from simulator.telling.columns import columns, labels, told
from simulator.telling.drawing import panels
from simulator.telling.page import Telling
from simulator.telling.phrases import listed, lower, years
from simulator.telling.style import house_style, new_figure
from simulator.words.citations import joined


@pytest.fixture(scope="module")
def found() -> Result:
    """Two policies in a few patients."""
    return sim.compare(policies=["conservative", "protocol"], patients=300, reliance=False)


def test_a_number_needed_is_the_inverse_of_the_difference() -> None:
    """Of 100 people 30 lose the limb without and 20 with treatment, ten spared and nobody harmed: one in ten is spared."""
    before = np.repeat([1.0, 0.0], [30, 70])
    after = np.repeat([1.0, 0.0], [20, 80])
    before_mean, before_se, after_mean, after_se, difference, se, needed, low, high = _compared(before, after)
    assert (before_mean, after_mean, difference) == pytest.approx((0.3, 0.2, -0.1))
    assert before_se == pytest.approx(math.sqrt(0.3 * 0.7 / 99))
    assert after_se == pytest.approx(math.sqrt(0.2 * 0.8 / 99))
    # Ten changes of -1 among 100: their standard deviation, not that of two groups.
    assert se == pytest.approx(math.sqrt(0.1 * 0.9 / 99))
    assert needed == pytest.approx(10.0)
    assert (low, high) == pytest.approx((1 / (0.1 + Z * se), 1 / (0.1 - Z * se)))


def test_no_number_is_needed_where_the_interval_holds_zero_or_one_person_is_all() -> None:
    """One spared of a hundred may be chance, and one person has no interval at all."""
    spared = _compared(np.repeat([1.0, 0.0], [1, 99]), np.zeros(100))
    assert np.isnan(spared[6:]).all()
    assert np.isnan(_compared(np.ones(1), np.zeros(1))[6:]).all()


def test_referred_people_have_one_number_everywhere(found: Result) -> None:
    """Amputation and death by one year are the same in outcomes, differences and the page for clinicians."""
    mine = found.per_hundred[(found.per_hundred["group"] == "referred") & (found.per_hundred["time_years"] == 1.0)]
    by_outcome = mine.set_index("outcome")
    level = found.outcomes.set_index(["policy", "outcome", "time_years"])["mean"]
    change = found.differences.set_index(["outcome", "time_years"])["mean"]
    for outcome in ("major_amputation", "death", "healing"):
        row = by_outcome.loc[outcome]
        assert row["mean"] == pytest.approx(level["protocol", outcome, 1.0], abs=1e-12)
        assert row["reference_mean"] == pytest.approx(level["conservative", outcome, 1.0], abs=1e-12)
        assert row["difference"] == pytest.approx(change[outcome, 1.0], abs=1e-12)


def test_whoever_is_not_treated_is_not_changed(found: Result) -> None:
    """The difference of everybody is that of the treated, times their share."""
    rows = found.per_hundred.set_index(["group", "outcome", "time_years"])
    for key in (("major_amputation", 1.0), ("death", 2.0), ("healing", 5.0)):
        all_, treated = rows.loc[("referred", *key)], rows.loc[("treated", *key)]
        assert 0 < treated["people"] < all_["people"] == 300
        assert all_["difference"] * 300 == pytest.approx(treated["difference"] * treated["people"])


def test_people_at_risk_are_those_left(found: Result) -> None:
    """At the start everybody lives with the limb; later they are who lives without major amputation, of 300."""
    at_risk = found.at_risk.set_index(["policy", "group", "time_years"])["people"]
    free = found.curves[found.curves["outcome"] == "amputation_free_survival"].set_index(["policy", "time_years"])[
        "mean"
    ]
    for policy in ("conservative", "protocol"):
        assert at_risk[policy, "limb_kept", 0.0] == at_risk[policy, "alive", 0.0] == 300
        assert at_risk[policy, "limb_kept", 1.0] == pytest.approx(300 * free[policy, 1.0])
        assert at_risk[policy, "wound_open", 1.0] < at_risk[policy, "limb_kept", 1.0] < at_risk[policy, "alive", 1.0]


def test_a_cell_is_told_by_its_row() -> None:
    """Shares in percent with their error, months from years, points with a sign, names by their labels."""
    frame = pd.DataFrame(
        {
            "policy": ["a", "a", "b", "b"],
            "outcome": ["death", "life_years"] * 2,
            "mean": [-0.025, 0.5, 0.031, -0.25],
            "se": [0.01, 0.05, 0.02, 0.1],
        }
    )
    names = {"policy": {"a": "Plan A"}, "difference": {"death": "Death", "life_years": "Months"}}
    text = told(frame, "differences", names, rows="outcome", across="policy", shows="mean")
    assert text.headings == ("Difference", "Plan A", "B")
    assert text.rows == (("Death", "−2.5 ± 1.0", "+3.1 ± 2.0"), ("Months", "+6.00 ± 0.60", "−3.00 ± 1.20"))
    assert text.numeric == (False, True, True)
    some = told(frame, "differences", names, where={"policy": "b", "outcome": ["death"]}, keep=["policy", "mean"])
    assert some.rows == (("B", "+3.1 ± 2.0"),)
    with pytest.raises(ValueError, match="two cells"):
        told(pd.concat([frame, frame]), "differences", names, rows="outcome", across="policy", shows="mean")


def test_a_template_asks_for_one_row(found: Result) -> None:
    """A number in a sentence comes from the only row that has the values asked for; none or two are an error."""
    page = Telling(found.findings)
    assert page.number("outcomes", "mean", policy="protocol", outcome="doses", time_years=1.0) > 0
    with pytest.raises(LookupError, match="0 rows"):
        page.row("outcomes", policy="nobody")
    with pytest.raises(LookupError, match="rows"):
        page.row("outcomes", policy="protocol")


def test_every_outcome_has_a_label_and_a_format() -> None:
    """Its level and its difference; without them it would go by its own name, as a bare number."""
    for table, kind in (("outcomes", "outcome"), ("differences", "difference")):
        assert set(labels()[kind]) == set(columns(table)["mean"].choices or ()) == set(OUTCOMES)


def test_panels_stand_alone_and_take_the_colours_of_the_page() -> None:
    """Two panels are two drawings side by side whose names cannot collide with another figure's; no colour is fixed."""
    with house_style():
        figure, axes = new_figure(6, 2, 1, 2)
        for each in axes:
            each.plot([0, 1], [0, 1], color="#0072B2")
            each.set_xlabel("years")
    found, colours = panels(figure, "one")
    assert [(panel.row, panel.column) for panel in found] == [(0, 0), (0, 1)]
    assert {"#0072b2", "#222222"} <= colours
    for panel in found:
        assert "var(--c0072b2)" in panel.svg
        assert "stroke: #" not in panel.svg
        assert 'id="one-' in panel.svg
        assert 'href="#one-' in panel.svg
    sheet = colour_sheet(colours)
    assert "--c0072b2:#0072b2" in sheet.split("@media")[0]
    assert "--c0072b2:#0072b2" not in sheet.split("@media")[1]


def test_every_colour_can_be_read_on_a_dark_page() -> None:
    """Paper and ink change places; a hue is light enough for text (4.5 to 1 against the dark paper)."""
    dark = luminance(to_rgb(on_dark("#ffffff")))
    assert dark < 0.02
    assert luminance(to_rgb(on_dark("#000000"))) > 0.8
    for colour in ("#0072B2", "#D55E00", "#009E73", "#222222"):
        assert (luminance(to_rgb(on_dark(colour))) + 0.05) / (dark + 0.05) >= 4.4


def test_words_of_sentences() -> None:
    """Times, lists and labels as people say them."""
    assert [years(value) for value in (0.5, 1.0, 2.5)] == ["6 months", "one year", "2.5 years"]
    assert listed(["a", "b", "c"]) == "a, b and c"
    assert listed(["a"]) == "a"
    assert (lower("Conservative care"), lower("PTA and cells"), lower("TcPO2")) == (
        "conservative care",
        "PTA and cells",
        "TcPO2",
    )


def test_publications_are_listed_once_and_in_order() -> None:
    """By the DOI, however they are written; without one by the citation. A method may have several."""
    known = [
        {"citation": "Zola E. Nana 1880.", "doi": ""},
        {"citation": "Miller, Lancet 2001;1:2. doi:10.1/x", "doi": "10.1/x"},
    ]
    found = joined(
        known,
        ["Miller AB. Lancet 2001;1:2, doi 10.1/x; Abel N. J Math 1826;1:3, doi 10.1/y", "", "Zola E. Nana 1880."],
    )
    assert [each["doi"] for each in found] == ["10.1/y", "10.1/x", ""]
    assert [each["citation"][:4] for each in found] == ["Abel", "Mill", "Zola"]
