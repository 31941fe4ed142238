"""Reports in a real browser: which columns of tables a reader cannot see, and which words are cut."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

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


class _Window:
    """A browser that is started when it is first asked for and then looks at every page, because starting takes seconds.

    It lives in a thread of its own: the loop that it leaves running would be in the way of whatever else a test starts.
    """

    def __init__(self) -> None:
        self.thread: ThreadPoolExecutor | None = None
        self.started: Any = None
        self.browser: Any = None
        self.page: Any = None

    def look(self, file: Path, width: int, media: str) -> tuple[list[str], list[str]]:
        """What `LOOK` finds on a page that is loaded anew, in the one tab there is: another is two processes more."""
        if self.thread is None:
            self.thread = ThreadPoolExecutor(1)
        return self.thread.submit(self._look, file, width, media).result()

    def _look(self, file: Path, width: int, media: str) -> tuple[list[str], list[str]]:
        from playwright.sync_api import sync_playwright

        if self.browser is None:
            self.started = sync_playwright().start()
            self.browser = self.started.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
            self.page = self.browser.new_page()
        self.page.set_viewport_size({"width": width, "height": 900})
        self.page.emulate_media(media=media)
        self.page.goto(f"file://{file}")
        hidden, scrolling = self.page.evaluate(LOOK)
        return hidden, scrolling

    def close(self) -> None:
        """End the browser, if there is one."""
        if self.thread is not None:
            for each, end in ((self.browser, "close"), (self.started, "stop")):
                if each is not None:
                    self.thread.submit(getattr(each, end)).result()
            self.thread.shutdown()
            self.thread = self.browser = self.started = self.page = None


_window = _Window()


def chromium() -> str | None:
    """The browser's program, if one is installed."""
    return shutil.which("chromium") or shutil.which("chromium-browser")


@contextmanager
def closed_at_the_end() -> Iterator[None]:
    """Afterwards the browser that looked at reports is gone."""
    try:
        yield
    finally:
        _window.close()


def columns_out_of_sight(file: Path, width: int, media: str) -> tuple[list[str], list[str]]:
    """What a page hides or cuts, and which of its tables show all of their columns only when they are scrolled.

    Skips the test where there is no browser.
    """
    pytest.importorskip("playwright.sync_api")
    if chromium() is None:
        pytest.skip("no Chromium")
    return _window.look(file, width, media)
