"""How fast the page of `clti explore` is, measured in a real browser: ``python benchmarks/explore.py [--moves 40]``.

Times run from the movement of a slider to the frame in which the new numbers are drawn. Processor milliseconds are those of
the server, all threads together. Targets on a quiet machine of two cores: a first picture (1,000 people) within 100 ms at
the 95th percentile, 10,000 people under three policies within 250 ms, price and worth of a QALY within 50 ms without a
question, and eight pictures a second while a hand drags.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import sys
import time
from typing import Any

from playwright.sync_api import sync_playwright

from simulator.explorer.running import Running
from simulator.scenario import load_scenario

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
MOVE = """([id, value, rest]) => { const e = document.getElementById(id); e.value = value;
e.dispatchEvent(new Event('input', {bubbles: true})); if (rest) e.dispatchEvent(new Event('change', {bubbles: true})); }"""
TIMED = """([id, value, people]) => new Promise(resolve => {
const e = document.getElementById(id), body = document.body, before = Number(body.dataset.pictures), begun = performance.now();
let first = null;
const look = () => {
  const now = performance.now();
  if (first === null && Number(body.dataset.pictures) > before) first = now - begun;
  if (first !== null && Number(body.dataset.people) === people) resolve([first, now - begun]);
  else requestAnimationFrame(look);
};
e.value = value;
e.dispatchEvent(new Event('input', {bubbles: true}));
e.dispatchEvent(new Event('change', {bubbles: true}));
requestAnimationFrame(look);
})"""
PRICED = """([id, value]) => new Promise(resolve => {
const e = document.getElementById(id), begun = performance.now();
e.value = value;
e.dispatchEvent(new Event('input', {bubbles: true}));
requestAnimationFrame(() => resolve(performance.now() - begun));
})"""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--moves", type=int, default=40, help="movements of each kind")
    moves = parser.parse_args().moves
    found = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if found is None:
        sys.exit("no Chromium is installed")
    with Running(load_scenario()) as running, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1400, "height": 1000})
        page.goto(running.url)
        page.wait_for_selector("body[data-rest]", state="attached", timeout=180_000)
        pictures(page, moves)
        dragging(page)
        money(page, moves)
        browser.close()


def pictures(page: Any, moves: int) -> None:
    """From one movement to the first picture and to the whole."""
    first, whole, spent = [], [], []
    for move in range(moves):
        page.wait_for_timeout(900)
        begun = time.process_time()
        one, all_of_them = page.evaluate(
            TIMED, ["c-parameters-renal_dialysis_share", 0.1 + 0.3 * (move % 17) / 17, 10_000]
        )
        spent.append(1_000 * (time.process_time() - begun))
        first.append(one)
        whole.append(all_of_them)
    tell("first picture, 1,000 people x 3", first, 100)
    tell("whole picture, 10,000 people x 3", whole, 250)
    print(f"{'processor of the server, each':40} {statistics.median(spent):7.0f} ms in the middle")


def dragging(page: Any, seconds: float = 4.0) -> None:
    """Pictures a second while a slider moves every 30 ms."""
    before, begun, step = int(page.evaluate("() => document.body.dataset.pictures")), time.monotonic(), 0
    spent = time.process_time()
    while time.monotonic() - begun < seconds:
        page.evaluate(MOVE, ["c-policy-eligibility-tcpo2_below", 15 + step % 40, False])
        page.wait_for_timeout(30)
        step += 1
    shown = (int(page.evaluate("() => document.body.dataset.pictures")) - before) / (time.monotonic() - begun)
    spent = time.process_time() - spent
    print(
        f"{'pictures a second while dragging':40} {shown:7.1f}    at least 8 wanted; server {spent / seconds:.0%} of one core"
    )


def money(page: Any, moves: int) -> None:
    """From a movement of the price, or of the worth of a QALY, to the next frame."""
    page.click("#tab-money")
    page.wait_for_selector("body[data-money$=' 500']", state="attached", timeout=60_000)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    taken = [
        page.evaluate(PRICED, [f"c-economics-{which}", 1_000 + 500 * move])
        for move in range(moves)
        for which in ("price", "worth")
    ]
    tell("price and worth of a QALY, 500 draws", taken, 50)
    print(f"{'questions asked by them':40} {len(asked):7}")


def tell(what: str, taken: list[float], wanted: float) -> None:
    """Middle and 95th percentile of wall milliseconds."""
    late = statistics.quantiles(taken, n=20)[-1] if len(taken) > 1 else taken[0]
    print(
        f"{what:40} {statistics.median(taken):7.0f} ms in the middle, {late:.0f} at the 95th percentile; {wanted:.0f} wanted"
    )


if __name__ == "__main__":
    main()
