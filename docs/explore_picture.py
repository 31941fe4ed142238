"""Take the picture of `clti explore` that the README begins with: ``python docs/explore_picture.py``.

Its numbers are the model's of the day, so it is taken again when results move. All colours are kept: palettes gave an open wound
and an amputation the same orange, or the page a tint. Needs Chromium, playwright and Pillow.
"""

from __future__ import annotations

import io
import json
import shutil
from pathlib import Path
from urllib.parse import quote

from PIL import Image
from playwright.sync_api import sync_playwright

from simulator.explorer.running import Running
from simulator.scenario import load_scenario

PICTURE = Path(__file__).with_name("explore.png")
MOVED = {
    "changes": {"policy.cell_therapy.doses": 2, "policy.repeat.rule": "until_tcpo2", "evidence.view": "optimistic"}
}
WIDTH, HEIGHT = 1280, 960
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def main() -> None:
    """Open the page, move three controls, and write what it shows."""
    found = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    with Running(load_scenario()) as running, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT}, color_scheme="light")
        page.goto(f"{running.url}#{quote(json.dumps(MOVED))}")
        page.wait_for_selector("body[data-rest]", state="attached", timeout=180_000)
        shot = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
        browser.close()
    shot.save(PICTURE, optimize=True)


if __name__ == "__main__":
    main()
