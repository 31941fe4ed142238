"""The explorer's page in a real browser. Where none is installed these tests say so and are skipped."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

pytest.importorskip("starlette", reason="the extra `explore` is not installed")
pytest.importorskip("playwright", reason="playwright is not installed")

from playwright.sync_api import Page, expect, sync_playwright

from simulator.evidence.economics.perspective import perspectives
from simulator.explorer.controls import described
from simulator.explorer.opening import payers
from simulator.explorer.running import Running
from simulator.living.outcomes import OUTCOMES
from simulator.run import simulate
from simulator.scenario import load_scenario

BROWSER = next(
    (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), None
)
AXE = Path(os.environ.get("CLTI_AXE", "axe-core/axe.min.js"))
"""Where axe-core was unpacked, as `npm pack axe-core` gives it."""
TABS = ("course", "money", "trial", "patient", "sources")
PATIENCE = 60_000
pytestmark = [pytest.mark.skipif(BROWSER is None, reason="no Chromium is installed"), pytest.mark.slow]


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    """A server that listens."""
    with Running(load_scenario()) as server:
        yield server


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Chromium."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def opened(browser: Any, running: Running) -> tuple[Page, list[str]]:
    """The one page that all tests look at, and what goes wrong on it: an exception, an error, another host that is asked.

    A new page is two processes more, which take longer than opening an address.
    """
    page = browser.new_page(accept_downloads=True)
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
    own = (running.url.split("?")[0], "blob:", "data:", "about:blank")
    page.on("request", lambda asked: None if asked.url.startswith(own) else wrong.append(asked.url))
    return page, wrong


@pytest.fixture
def window(opened: tuple[Page, list[str]]) -> Iterator[Page]:
    """A page that has not been opened yet, in a wide light window. It fails at its end if anything went wrong on it."""
    page, wrong = opened
    page.set_viewport_size({"width": 1400, "height": 900})
    page.emulate_media(media="screen", color_scheme="light")
    wrong.clear()
    yield page
    page.goto("about:blank")
    assert not wrong, wrong


@pytest.fixture
def page(window: Page, running: Running) -> Page:
    """A page at its defaults, at rest."""
    go(window, running)
    return window


def go(page: Page, running: Running, state: dict[str, Any] | None = None) -> None:
    """Open the page in a state, and wait until it is at rest."""
    page.goto("about:blank")  # another state alone would not load the page again
    page.goto(running.url + ("" if state is None else f"#{quote(json.dumps(state))}"))
    at_rest(page, {} if state is None else state.get("changes", {}))


def at_rest(page: Page, changes: dict[str, Any]) -> None:
    """Wait until every answer about these changes is there."""
    question = json.dumps({"start": "protocol", "changes": changes}, separators=(",", ":"))
    expect(page.locator("body")).to_have_attribute("data-rest", question, timeout=PATIENCE)


def headline(page: Page) -> str:
    """The sentence."""
    return page.inner_text("#headline")


def thousand(share: float) -> int:
    """People in a thousand, from the percentage that tables print."""
    return round(10 * float(f"{100 * share:.1f}"))


def drag(page: Page, control: str, steps: list[int]) -> None:
    """Move a slider over values as a hand does, and let go at the last."""
    slider = page.locator(f"#c-{control.replace('.', '-')}")
    for value in steps:
        slider.evaluate("(e, v) => { e.value = v; e.dispatchEvent(new Event('input', {bubbles: true})); }", value)
        page.wait_for_timeout(60)
    slider.evaluate("e => e.dispatchEvent(new Event('change', {bubbles: true}))")


def test_the_sentence_has_the_numbers_of_compare(page: Page) -> None:
    """At the defaults the page says what `clti compare base` finds, to the digit that is printed, with its error."""
    found = simulate(load_scenario(), ["conservative", "protocol"])
    said = headline(page)
    for name in ("major_amputation", "death", "healing_without_amputation"):
        place = OUTCOMES.index(name)
        conservative, protocol = (thousand(mean) for mean in found.outcome_estimates.mean[:, 0, place])
        change, error = found.difference_estimates.mean[1, 0, place], found.difference_estimates.se[1, 0, place]
        assert f"{protocol} " in said
        assert f"instead of {conservative} " in said
        assert f"{100 * change:+.1f} ± {100 * error:.1f}".replace("-", "−") in said
    assert "Over the uncertainty of the evidence (central view)" in said
    assert "points (95% interval)" in said
    assert "± is the Monte Carlo standard error" in said


def test_a_saved_scenario_reproduces_the_page(page: Page, tmp_path: Path) -> None:
    """The file that is saved gives the page's numbers, and the numbers that are saved are those drawn."""
    drag(page, "policy.cell_therapy.doses", [2, 1])
    at_rest(page, {"policy.cell_therapy.doses": 1})
    page.click("#save")
    with page.expect_download() as download:
        page.get_by_role("button", name="Save scenario").click()
    download.value.save_as(tmp_path / "explored.toml")
    with page.expect_download() as download:
        page.get_by_role("button", name="Save numbers").click()
    download.value.save_as(tmp_path / "explored.csv")
    found = simulate(load_scenario(tmp_path / "explored.toml"))
    place = found.policies.index("mine")
    assert f"{thousand(found.outcome_estimates.mean[place, 0, 0])} lose the leg" in headline(page)
    rows = (tmp_path / "explored.csv").read_text(encoding="utf-8").splitlines()
    row = next(line for line in rows if line.startswith("mine,major_amputation,1,"))
    assert float(row.split(",")[4]) == pytest.approx(found.outcome_estimates.mean[place, 0, 0], abs=6e-8)


def test_a_link_restores_and_undo_gives_back(page: Page, running: Running) -> None:
    """Undo gives earlier numbers and redo later ones; the address of a state opened elsewhere says the same."""
    first = headline(page)
    drag(page, "policy.eligibility.tcpo2_below", [35, 40, 48])
    at_rest(page, {"policy.eligibility.tcpo2_below": 48})
    second, address = headline(page), page.evaluate("() => location.href")
    assert second != first
    page.click("#undo")
    at_rest(page, {})
    assert headline(page) == first
    page.keyboard.press("Control+Shift+Z")
    at_rest(page, {"policy.eligibility.tcpo2_below": 48})
    assert headline(page) == second
    page.goto("about:blank")
    page.goto(address)
    at_rest(page, {"policy.eligibility.tcpo2_below": 48})
    assert headline(page) == second


def test_the_way_of_a_drag_leaves_no_trace(page: Page, running: Running) -> None:
    """Numbers at the end of a long way, with questions given up on it, are those of going there at once."""
    drag(page, "parameters.renal_dialysis_share", [0, 0.5, 0.1, 0.44, 0.02, 0.31])
    at_rest(page, {"parameters.renal_dialysis_share": 0.31})
    wandered = headline(page)
    go(page, running, {"changes": {"parameters.renal_dialysis_share": 0.31}})
    assert headline(page) == wandered


def test_price_and_worth_ask_nothing(window: Page, running: Running) -> None:
    """Moving the price changes the table at once, without a question to the server."""
    go(window, running, {"tab": "money"})
    asked: list[str] = []
    window.on("request", lambda request: asked.append(request.url))
    table = window.locator("#money table").first
    before = table.inner_text()
    drag(window, "economics.price", [5_000, 8_000])
    assert table.inner_text() != before
    drag(window, "economics.worth", [60_000])
    assert "Net benefit at 60" in table.inner_text()
    assert not asked


def test_two_names_of_one_policy_are_equally_often_the_best(window: Page, running: Running) -> None:
    """At the defaults your policy is the published protocol, and neither of the two is beaten by the other."""
    go(window, running, {"tab": "money"})
    window.wait_for_function("() => document.body.dataset.money")
    chart = window.locator("#money svg[role=img]").nth(1)
    lines = {
        role: chart.locator(f"path.p-{role}, polyline.p-{role}").first.get_attribute("d") for role in ("beside", "mine")
    }
    assert lines["mine"] == lines["beside"]


def test_the_price_is_that_of_what_is_given(page: Page) -> None:
    """Cells give way to arterialisation, and the price to that of its device, with a card; a sham has none and says so."""
    price = page.locator("#c-economics-price")
    page.select_option("#start", "arterialisation")
    expect(price).to_have_attribute("aria-valuetext", "20000 EUR")
    expect(page.locator("#headline")).to_contain_text("have deep vein arterialisation, 1.", timeout=PATIENCE)
    page.get_by_role("button", name="About: Price of a treatment").click()
    expect(page.locator("#card-body")).to_contain_text("arterialisation_device", timeout=PATIENCE)
    expect(page.locator("#card-body")).to_contain_text("assumption")
    page.keyboard.press("Escape")
    page.select_option("#start", "sham")
    expect(price).to_be_disabled()
    expect(page.locator("#c-economics-price-why")).to_contain_text("nothing is given that has a price")


def test_what_does_nothing_is_disabled_and_says_why(page: Page) -> None:
    """With one treatment the interval is disabled with a reason, and comes back with two."""
    interval = page.locator("#c-policy-cell_therapy-interval_days")
    assert interval.is_enabled()
    drag(page, "policy.cell_therapy.doses", [1])
    assert interval.is_disabled()
    assert "one treatment has no interval" in page.locator("#c-policy-cell_therapy-interval_days-why").inner_text()
    page.click("#undo")
    assert interval.is_enabled()


def test_own_counts_stand_for_the_hospital(page: Page) -> None:
    """Whole counts of one's own replace the hospital and move the sentence; impossible ones are marked and ask nothing;
    undo and emptied fields give the first hospital back.
    """
    before = headline(page)
    page.click("details.own summary")
    events, people = (page.get_by_label(f"amputations: {what}") for what in ("events", "people"))
    for field, typed in ((events, "90"), (people, "60")):
        field.fill(typed)
        field.press("Enter")
    assert events.get_attribute("aria-invalid") == people.get_attribute("aria-invalid") == "true"
    assert page.evaluate("() => location.hash") == ""
    own = {"evidence.centre": {"amputations": [90, 300]}}
    people.fill("300")
    people.press("Enter")
    at_rest(page, own)
    assert events.get_attribute("aria-invalid") == "false"
    assert headline(page) != before
    page.click("#undo")
    at_rest(page, {})
    assert headline(page) == before
    assert events.input_value() == ""
    page.click("#redo")
    at_rest(page, own)
    assert (events.input_value(), people.input_value()) == ("90", "300")
    for field in (events, people):
        field.fill("")
        field.press("Enter")
    at_rest(page, {})
    assert headline(page) == before


def test_payers_without_prices_cannot_be_chosen(page: Page) -> None:
    """Every payer that lacks prices of what is compared is disabled and says so; another brings its own currency."""
    known = payers(load_scenario())
    options = page.locator("#c-economics-perspective option")
    expect(options.filter(has_text="(being read)")).to_have_count(0, timeout=PATIENCE)
    states = options.evaluate_all("all => all.map(each => [each.textContent, each.disabled])")
    assert [text.endswith("(prices missing)") for text, _ in states] == [disabled for _, disabled in states]
    assert sum(not disabled for _, disabled in states) == len(known)
    assert sum(disabled for _, disabled in states) > 0
    chosen = next(name for name, each in known.items() if each["currency"] != known["italy"]["currency"])
    choices = next(c for c in described(load_scenario())["controls"] if c["key"] == "economics.perspective")["choices"]
    place = [choice["value"] for choice in choices].index(chosen)
    page.select_option("#c-economics-perspective", value=str(place))
    at_rest(page, {"economics.perspective": chosen})
    shown = page.locator("#c-economics-worth").locator("xpath=ancestor::div[contains(@class, 'control')]")
    assert known[chosen]["currency"] in shown.inner_text()


def test_a_link_with_a_payer_without_prices_opens_all_the_same(window: Page, running: Running) -> None:
    """A payer without prices is left aside with a word, whether the page opens with it or the address gets it later."""
    lacking = next(name for name in perspectives() if name not in payers(load_scenario()))
    strange = {"changes": {"economics.perspective": lacking, "economics.worth": 1}}
    window.goto("about:blank")
    window.goto(f"{running.url}#{quote(json.dumps(strange))}")
    at_rest(window, {})
    said = window.locator("#problems")
    expect(said).to_contain_text("payer that cannot be chosen")
    drag(window, "policy.cell_therapy.doses", [2])
    expect(said).to_be_hidden()
    window.evaluate("link => { location.hash = link; }", quote(json.dumps(strange)))
    at_rest(window, {})
    expect(said).to_contain_text("payer that cannot be chosen")


def test_values_of_the_wrong_kind_in_a_link_are_refused_by_name(
    window: Page, running: Running, opened: tuple[Page, list[str]]
) -> None:
    """The page says what is wrong with a link's values instead of failing itself, and a reset brings numbers."""
    wrong = {"changes": {"policy.therapies": 5, "evidence.centre": {"amputations": 3}}}
    window.goto(f"{running.url}#{quote(json.dumps(wrong))}")
    for key in wrong["changes"]:
        expect(window.locator("#problems")).to_contain_text(key, timeout=PATIENCE)
    window.click("#reset")
    at_rest(window, {})
    expect(window.locator("#problems")).to_be_hidden()
    # The browser itself notes that the server refused; nothing else goes wrong.
    assert opened[1] and all("status of 422" in each for each in opened[1])
    opened[1].clear()


def test_the_keyboard_does_everything(page: Page) -> None:
    """Arrow keys go through all tabs; Tab and arrows reach a slider, a person and the person's story."""
    page.locator("#tab-course").focus()
    for name in (*TABS[1:], TABS[0]):
        page.keyboard.press("ArrowRight")
        expect(page.locator(f"#tab-{name}")).to_be_focused()
        expect(page.locator(f"#{name}")).to_be_visible()
        assert [other for other in TABS if page.locator(f"#{other}").is_visible()] == [name]
    page.locator("#c-policy-cell_therapy-doses").focus()
    page.keyboard.press("ArrowLeft")
    at_rest(page, {"policy.cell_therapy.doses": 2})
    page.locator("#course circle.dot").first.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(page.locator("#patient h2").first).to_contain_text("Patient 11 under two policies", timeout=PATIENCE)


def test_bad_words_in_a_field_are_marked(page: Page) -> None:
    """A number out of bounds is marked and asks nothing; what the model refuses is said by name, and the page goes on."""
    field = page.get_by_label("Most treatments, typed")
    field.fill("99")
    field.press("Enter")
    assert field.get_attribute("aria-invalid") == "true"
    assert page.evaluate("() => location.hash") == ""


def test_payers_that_are_read_late_leave_what_is_typed(window: Page, running: Running) -> None:
    """The page can be used before all payers have been read; when they have, a number that was refused meanwhile still stands."""
    held: list[Any] = []

    def hold(asked: Any) -> None:
        held.append(asked)

    window.route("**/payers*", hold)
    go(window, running)
    field = window.get_by_label("Most treatments, typed")
    field.fill("99")
    field.press("Enter")
    (late,) = held
    late.continue_()
    window.wait_for_function(
        "() => ![...document.querySelectorAll('#controls option')].some(e => e.textContent.endsWith('(being read)'))"
    )
    window.unroute("**/payers*")
    assert (field.input_value(), field.get_attribute("aria-invalid")) == ("99", "true")


OUTSIDE = """width => [...document.querySelectorAll('main svg text, main h2, main .note, button, legend, label')]
.filter(e => { const box = e.getBoundingClientRect(); return box.width && (box.left < -1 || box.right > width + 1); })
.map(e => e.textContent)"""


LETTERS = """() => { const all = [...document.querySelectorAll('#patient svg')]; if (all.length !== 1) return [0, 0, 0];
const box = all[0].querySelector('text').getBoundingClientRect();
return [box.height, all[0].viewBox.baseVal.width, all[0].querySelectorAll('path').length]; }"""
"""Of the pictures of a patient, if it is one: pixels of a letter, units across, and what is drawn."""


SERIOUS = """async () => (await axe.run({ resultTypes: ['violations'] })).violations
.filter(each => ['serious', 'critical'].includes(each.impact))
.map(each => [each.id, each.nodes.slice(0, 3).map(node => node.html.slice(0, 200))])"""
"""What axe finds serious. Only that is handed over: what passes is megabytes."""


@pytest.mark.parametrize("tab", TABS)
def test_nothing_is_clipped_and_axe_finds_nothing(window: Page, running: Running, tab: str) -> None:
    """Each tab fits 360 and 1400 px in light and dark, and axe-core (if it was unpacked) finds nothing serious.

    Axe takes more than a second a look. Colours do not change with the width, nor what is there with the colours: two looks
    see both widths and both schemes.
    """
    go(window, running, {"tab": tab})
    if AXE.is_file():
        window.evaluate(AXE.read_text(encoding="utf-8"))
    for width, scheme in ((360, "light"), (360, "dark"), (1400, "light"), (1400, "dark")):
        window.set_viewport_size({"width": width, "height": 900})
        window.emulate_media(color_scheme=scheme)
        assert window.evaluate("() => document.documentElement.scrollWidth") <= width
        assert not window.evaluate(OUTSIDE, width), (width, scheme)
        if AXE.is_file() and (width < 1000) == (scheme == "light"):
            assert not window.evaluate(SERIOUS), (width, scheme)


def test_letters_of_a_patients_picture_are_legible_when_the_window_becomes_narrow(
    window: Page, running: Running
) -> None:
    """At 360 px a picture drawn for a wide window would have letters of four pixels; wide again, it is wide again."""
    go(window, running, {"tab": "patient"})
    wide = window.evaluate(LETTERS)
    for width in (360, 1400):
        window.set_viewport_size({"width": width, "height": 900})
        window.wait_for_function(f"width => ({LETTERS})()[1] === (width < 700 ? 430 : 900)", arg=width)
        height, _, lines = window.evaluate(LETTERS)
        assert height >= 7.0, width
        assert lines == wide[2] > 0
    assert window.evaluate(LETTERS) == wide


def test_the_printed_page_cuts_no_table(window: Page, running: Running, tmp_path: Path) -> None:
    """On A4 no card is wider than the sheet, and controls are left out."""
    go(window, running, {"tab": "money"})
    window.emulate_media(media="print")
    window.set_viewport_size({"width": 680, "height": 960})
    assert window.evaluate("() => document.documentElement.scrollWidth") <= 680
    assert not window.locator("#controls").is_visible()
    for body in window.locator("#money .scroll").all():
        assert body.evaluate("e => e.scrollWidth <= e.clientWidth + 1")
    pdf = tmp_path / "window.pdf"
    pdf.write_bytes(window.pdf(format="A4"))
    assert pdf.stat().st_size > 10_000
