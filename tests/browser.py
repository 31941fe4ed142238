"""Reports in a real browser: which columns of tables a reader cannot see, and which words are cut."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

WINDOWS = ((1400, "screen"), (420, "screen"), (673, "print"))
"""Pixels and medium: a wide window, a phone, and A4 between its margins."""
NAMES = ("wide", "phone", "A4")

LOOK = """() => {
  // Too short to be hyphenated: a word of which a part stands in another line is cut.
  const cutWord = (table) => {
    const walker = document.createTreeWalker(table, NodeFilter.SHOW_TEXT), range = document.createRange();
    while (walker.nextNode()) for (const word of walker.currentNode.data.matchAll(/[A-Za-z]+/g)) {
      if (word[0].length > 5) continue;
      range.setStart(walker.currentNode, word.index);
      range.setEnd(walker.currentNode, word.index + word[0].length);
      const rows = [...range.getClientRects()].map((box) => Math.round(box.top));
      if (new Set(rows).size > 1) return word[0];
    }
  };
  const width = document.documentElement.clientWidth, found = [], scrolling = [];
  if (document.documentElement.scrollWidth > width + 1) found.push('the page is wider than the window');
  for (const table of document.querySelectorAll('table')) {
    const box = table.closest('.scroll') || table.parentElement, edge = box.getBoundingClientRect().right;
    const name = table.getAttribute('aria-labelledby');
    if (edge > width + 1) found.push(name + ' leaves the window');
    const way = getComputedStyle(box).overflowX === 'auto' && box.tabIndex === 0;
    if (table.getBoundingClientRect().right > edge + 1) (way ? scrolling : found).push(name + ' is wider than its place');
    const cut = cutWord(table);
    if (cut) found.push(name + ' cuts the word ' + cut);
  }
  return [found, scrolling];
}"""


def columns_out_of_sight(file: Path, width: int, media: str) -> tuple[list[str], list[str]]:
    """What a page hides or cuts, and which of its tables show all of their columns only when they are scrolled.

    Skips the test where there is no browser.
    """
    playwright = pytest.importorskip("playwright.sync_api")
    browser = shutil.which("chromium") or shutil.which("chromium-browser")
    if browser is None:
        pytest.skip("no Chromium")
    with playwright.sync_playwright() as started:
        window = started.chromium.launch(executable_path=browser, args=["--no-sandbox"]).new_page(
            viewport={"width": width, "height": 900}
        )
        window.emulate_media(media=media)
        window.goto(f"file://{file}")
        hidden, scrolling = window.evaluate(LOOK)
    return hidden, scrolling
