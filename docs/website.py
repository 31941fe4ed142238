"""Builds the documentation as a static site: `python docs/website.py --out site`, then open `site/index.html`.

Pages are the repository's own Markdown files and notebooks; notebooks are shown as they were last run.
Nothing is fetched, neither now nor by who reads the pages. A link that leads nowhere fails the build with exit code 1.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape, unescape
from html.parser import HTMLParser
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import unquote, urlsplit

import api
from executed_notebooks import committed
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from latex2mathml.converter import convert
from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup
from mdit_py_plugins.anchors import anchors_plugin
from mdit_py_plugins.dollarmath import dollarmath_plugin
from notebook_cells import Shown
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name

ROOT = Path(__file__).parent.parent
API = "docs/api.md"
"""A page that is no file: it is made of the docstrings of the package."""
MARK = ".site-of-clti"
"""A file that says that a folder holds a site of this script, which may be replaced."""

NAVIGATION: dict[str, dict[str, str]] = {
    "Start": {
        "README.md": "What it is",
        "docs/coming-from.md": "Coming from hesim, TreeAge or a spreadsheet",
        "docs/glossary.md": "Glossary",
    },
    "Notebooks": {
        "notebooks/README.md": "Overview",
        "notebooks/first_run.py": "First run",
        "notebooks/one_patient.py": "One patient's story",
        "notebooks/calibration_and_validation.py": "Calibration and validation",
        "notebooks/worth_its_cost.py": "Is it worth its cost?",
        "notebooks/planning_a_trial.py": "Planning a trial",
        "notebooks/what_drives_the_answer.py": "What drives the answer",
        "notebooks/own_policy.py": "A policy, a therapy and a parameter of your own",
        "notebooks/own_study.py": "A study of your own",
    },
    "Use": {
        "docs/commands.md": "Commands",
        "docs/forecasts.md": "Forecasts of registered trials",
        "docs/api.md": "Python",
        "docs/sensitivity.md": "Sensitivity studies",
        "docs/own_hospital.md": "Your own hospital",
        "docs/planning_trials.md": "Trials planned",
        "docs/published_sizes.md": "Sizes that trials have stated",
        "scenarios/designs/README.md": "Shipped trial designs",
        "docs/reference.md": "Every key of every file",
    },
    "Model": {
        "MODEL.md": "The model",
        "benchmarks/README.md": "Speed and memory",
    },
    "Project": {
        "VISION.md": "Vision",
        "CONTRIBUTING.md": "Contributing",
        "docs/house.md": "How the house is built",
        "CHANGELOG.md": "Changelog",
    },
}
"""Headings of the menu, and under each the files and what they are called there."""
INDEX = PurePosixPath("headings.html")
"""The page that searches the site, and lists every heading and term for whoever runs no scripts."""
SECTIONS = "search-sections.js"
"""What is searched. A script and no data file, because a page opened from a folder may not fetch."""
PAGES = tuple(source for group in NAVIGATION.values() for source in group)


@dataclass(frozen=True)
class Page:
    """A page's file in the site, its title, its body in HTML and its headings as (level, anchor, text)."""

    target: PurePosixPath
    title: str
    body: str
    headings: tuple[tuple[int, str, str], ...]


class Fault(Exception):
    """Something that the site cannot show; the message says where."""


def target_of(source: str) -> PurePosixPath:
    """Where a page of the repository stands in the site."""
    if source == "README.md":
        return PurePosixPath("index.html")
    path = PurePosixPath(source)
    return path.with_name("index.html") if path.name == "README.md" else path.with_suffix(".html")


def linked(source: str, address: str, copied: set[str]) -> str:
    """The address that a link of a page has in the site; files that are not pages join `copied`."""
    parts = urlsplit(address)
    if parts.scheme or not parts.path:
        return address
    path = os.path.normpath(PurePosixPath(source).parent / unquote(parts.path))
    if (ROOT / path / "README.md").is_file():
        path = (PurePosixPath(path) / "README.md").as_posix()
    if path in PAGES:
        goal = target_of(path)
    elif (ROOT / path).is_file() and not path.startswith(".."):
        copied.add(path)
        goal = PurePosixPath(path)
    else:
        raise Fault(f"{source}: the link {address} leads to no page and no file")
    fragment = f"#{parts.fragment}" if parts.fragment else ""
    return PurePosixPath(os.path.relpath(goal, target_of(source).parent)).as_posix() + fragment


def _code(text: str, language: str, _attributes: str = "") -> str:
    """A block of code in colours, or as it is where the language is not known."""
    if language not in ("python", "toml", "console"):
        return f"<pre><code>{escape(text)}</code></pre>\n"
    lexer = get_lexer_by_name("bash" if language == "console" else language)
    return f"<pre><code>{highlight(text, lexer, HtmlFormatter(nowrap=True))}</code></pre>\n"


def _formula(text: str, options: dict[str, Any]) -> str:
    """TeX as MathML, which browsers draw themselves."""
    return str(convert(text, display="block" if options["display_mode"] else "inline"))


def parser() -> MarkdownIt:
    """Markdown as the repository's pages use it: tables, anchors as on code-hosting sites, formulas."""
    found = MarkdownIt("commonmark", {"highlight": _code}).enable("table")
    anchors_plugin(found, max_level=4)
    dollarmath_plugin(found, renderer=_formula, double_inline=True)
    # The formulas' own renderer says only what is inside; MathML needs no box around it.
    found.add_render_rule(
        "math_inline", lambda _self, tokens, i, *_: _formula(tokens[i].content, {"display_mode": False})
    )
    found.add_render_rule(
        "math_block", lambda _self, tokens, i, *_: _formula(tokens[i].content, {"display_mode": True})
    )
    found.add_render_rule("html_block", _html)
    found.add_render_rule("html_inline", _html)
    found.add_render_rule("table_open", lambda *_: '<div class="scroll"><table>\n')
    found.add_render_rule("table_close", lambda *_: "</table></div>\n")
    return found


def _html(_self: Any, tokens: list[Token], place: int, *_: Any) -> str:
    """HTML in a page: only the comments that mark numbers, which readers need not see."""
    text = tokens[place].content.strip()
    if not (text.startswith("<!--") and text.endswith("-->")):
        raise Fault(f"HTML other than a comment: {text[:60]}")
    return ""


class Markdown:
    """Turns the Markdown of one page into HTML and collects its headings; anchors stay apart between its pieces."""

    def __init__(self, source: str, copied: set[str]) -> None:
        self.source, self.copied = source, copied
        self.parser = parser()
        self.headings: list[tuple[int, str, str]] = []

    def html(self, text: str) -> str:
        """One piece."""
        environment: dict[str, Any] = {}
        tokens = self.parser.parse(text, environment)
        for place, token in enumerate(tokens):
            for each in (token, *(token.children or ())):
                for key in ("href", "src"):
                    if key in each.attrs:
                        each.attrs[key] = linked(self.source, str(each.attrs[key]), self.copied)
            if token.type == "heading_open":
                inner = tokens[place + 1]
                words = "".join(c.content for c in inner.children or () if c.type in ("text", "code_inline"))
                self.headings.append((int(token.tag[1:]), str(token.attrs.get("id", "")), words))
        return str(self.parser.renderer.render(tokens, self.parser.options, environment))

    def page(self, body: str) -> Page:
        """The page with its body."""
        if not self.headings or self.headings[0][0] != 1:
            raise Fault(f"{self.source}: no title")
        (_, _, title), *rest = self.headings
        return Page(target_of(self.source), title, body, tuple(each for each in rest if each[0] <= 3))


def notebook_page(source: str, out: Path, copied: set[str]) -> Page:
    """A notebook with its prose, its code and what the code showed; drawings are written into `out`."""
    markdown = Markdown(source, copied)
    whole = PurePosixPath(source).with_suffix(".ipynb")
    copied |= {source, whole.as_posix()}
    drawn, parts = 0, []
    for cell, found in committed(ROOT / whole):
        parts.append(_code(cell.text, "python") if cell.code else markdown.html(cell.text))
        for each in found:
            drawn += bool(each.drawing)
            parts.append(_output(each, target_of(source).with_suffix(f".{drawn}.{each.kind}"), out))
    name = PurePosixPath(source).name
    note = f'<p class="note">This page is a notebook: <a href="{name}">{name}</a> is its text, which '
    note += "Jupyter opens with the jupytext extension. "
    note += f'With its outputs, for Jupyter as it is: <a href="{whole.name}">{whole.name}</a>. '
    note += "Everything below its code was made by running it.</p>\n"
    parts.insert(1, note)
    return markdown.page("".join(parts))


def _output(each: Shown, place: PurePosixPath, out: Path) -> str:
    """Something that a cell showed."""
    if each.kind == "text":
        return f'<pre class="output">{escape(each.text)}</pre>\n'
    if each.kind == "table":
        return f'<div class="output scroll">{each.text}</div>\n'
    (out / place).parent.mkdir(parents=True, exist_ok=True)
    (out / place).write_bytes(each.drawing)
    caption = f"<figcaption>{escape(each.text)}</figcaption>" if each.text else ""
    alternative = escape(each.text or "Figure drawn by the code above", quote=True)
    return f'<figure class="output"><img src="{place.name}" alt="{alternative}">{caption}</figure>\n'


def pages(out: Path, copied: set[str]) -> Iterator[Page]:
    """Every page, in the order of the menu."""
    for source in PAGES:
        if source.endswith(".py"):
            yield notebook_page(source, out, copied)
        else:
            markdown = Markdown(source, copied)
            text = api.page() if source == API else (ROOT / source).read_text(encoding="utf-8")
            yield markdown.page(markdown.html(text))


def index_page(made: list[Page]) -> Page:
    """Every heading of the pages in alphabetical order, terms of the glossary among them, each with the page that it is on."""
    found: dict[str, list[tuple[str, str]]] = {}
    for page in made:
        for _, anchor, text in ((1, "", page.title), *page.headings):
            letters = text.lstrip("`*[(. ")
            address = page.target.as_posix() + (f"#{anchor}" if anchor else "")
            beside = f' <span class="note">{escape(page.title)}</span>' if anchor else ""
            shown = f'<li><a href="{escape(address, quote=True)}">{escape(text)}</a>{beside}</li>\n'
            found.setdefault(letters[0].upper() if letters[0].isalpha() else "0", []).append(
                (letters.casefold(), shown)
            )
    parts = [
        "<h1>Search</h1>\n"
        '<div id="found" aria-live="polite"><p>Without scripts, use the browser\'s own search (Ctrl+F) on the headings below.</p>'
        '</div>\n<h2 id="headings">All headings and terms</h2>\n'
    ]
    for letter, own in sorted(found.items()):
        title = "0 to 9" if letter == "0" else letter
        parts.append(f'<h3 id="{letter.lower()}">{title}</h3>\n<ul>\n{"".join(line for _, line in sorted(own))}</ul>\n')
    parts.append(f'<script src="{SECTIONS}"></script>\n<script src="website.js"></script>\n')
    letters_here = tuple((3, letter.lower(), "0 to 9" if letter == "0" else letter) for letter in sorted(found))
    return Page(INDEX, "Search", "".join(parts), ((2, "headings", "All headings and terms"), *letters_here))


def sections(made: list[Page]) -> str:
    """The script that holds the text of every section of the pages: address, heading, title of the page, text."""
    found = []
    for page in made:
        titles = {anchor: text for _, anchor, text in page.headings}
        anchor, heading = "", page.title
        for part in re.split(r'(<h[1-4] id="[^"]*")', page.body):
            if opened := re.fullmatch(r'<h[1-4] id="([^"]*)"', part):
                anchor, heading = opened[1], titles.get(opened[1], page.title)
                continue
            text = " ".join(unescape(re.sub(r"<[^>]*>", " ", part.removeprefix(">"))).split())
            if text:
                address = page.target.as_posix() + (f"#{anchor}" if anchor in titles else "")
                found.append([address, heading.replace("`", ""), page.title, text])
    return f"const SECTIONS = {json.dumps(found, ensure_ascii=False)};\n"


def build(out: Path) -> list[str]:
    """Write the site into a folder that is new, empty or an earlier site; returns what is wrong with it.

    Raises Fault for what cannot be shown at all.
    """
    if out.exists() and any(out.iterdir()) and not (out / MARK).is_file():
        raise Fault(f"{out}: not empty, and not a site made before")
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    (out / MARK).touch()
    copied: set[str] = set()
    made = list(pages(out, copied))
    (out / SECTIONS).write_text(sections(made), encoding="utf-8")
    shutil.copyfile(Path(__file__).with_suffix(".js"), out / "website.js")
    made.append(index_page(made))
    place = Environment(loader=FileSystemLoader(Path(__file__).parent), undefined=StrictUndefined, autoescape=True)
    template = place.get_template("website.html.jinja")
    for number, page in enumerate(made):
        here = page.target.parent

        def to(target: PurePosixPath, here: PurePosixPath = here) -> str:
            return PurePosixPath(os.path.relpath(target, here)).as_posix()

        menu = {
            group: [(to(target_of(source)), label, target_of(source) == page.target) for source, label in own.items()]
            for group, own in NAVIGATION.items()
        }
        menu["Start"].append((to(INDEX), made[-1].title, page.target == INDEX))
        beside = [(to(made[n].target), made[n].title) if 0 <= n < len(made) else None for n in (number - 1, number + 1)]
        text = template.render(
            page=page, body=Markup(page.body), menu=menu, beside=beside, home=to(PurePosixPath("index.html")),
            style=to(PurePosixPath("website.css")), search=to(INDEX),
        )  # fmt: skip
        (out / page.target).parent.mkdir(parents=True, exist_ok=True)
        (out / page.target).write_text(text, encoding="utf-8")
    for name in sorted(copied):
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, out / name)
    colours = "".join(
        f"{before}{HtmlFormatter(style=style).get_style_defs('pre')}{after}\n"
        for before, style, after in (
            ("", "friendly", ""),
            ("@media (prefers-color-scheme: dark) {\n", "github-dark", "\n}"),
        )
    )
    (out / "website.css").write_text(colours + Path(__file__).with_suffix(".css").read_text("utf-8"), encoding="utf-8")
    return faults(out)


class Addresses(HTMLParser):
    """Collects the anchors of a page, where its links lead, and what a browser would load with it."""

    def __init__(self) -> None:
        super().__init__()
        self.anchors: set[str] = set()
        self.links: list[str] = []
        self.loaded: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """One element."""
        for name, value in attrs:
            if name == "id" and value:
                self.anchors.add(value)
            elif name in ("href", "src", "srcset", "data", "poster"):
                (self.links if tag == "a" else self.loaded).append(value or "")


def faults(folder: Path) -> list[str]:
    """Links of a site's pages that lead nowhere inside it, and everything that a browser would have to fetch."""
    read: dict[Path, Addresses] = {}
    for file in sorted(folder.rglob("*.html")):
        read[file] = Addresses()
        read[file].feed(file.read_text(encoding="utf-8"))
    found = []
    for file, page in read.items():
        name = file.relative_to(folder).as_posix()
        found += [f"{name}: loads {a} from elsewhere" for a in page.loaded if urlsplit(a).scheme or a.startswith("//")]
        for address in (*page.links, *page.loaded):
            parts = urlsplit(address)
            if parts.scheme or parts.netloc:
                continue
            goal = (file.parent / unquote(parts.path)).resolve() if parts.path else file.resolve()
            target = next((each for each in read if each.resolve() == goal), None)
            if not goal.is_file() or not goal.is_relative_to(folder.resolve()):
                found.append(f"{name}: the link {address or '(empty)'} leads nowhere")
            elif parts.fragment and (target is None or unquote(parts.fragment) not in read[target].anchors):
                found.append(f"{name}: the link {address} leads to no place in its page")
    return found


def main() -> int:
    """Build the site that the command line asks for."""
    options = argparse.ArgumentParser(description="Build the documentation as a static site.")
    options.add_argument("--out", type=Path, default=Path("site"), help="Folder of the site. Default: site.")
    out = options.parse_args().out
    try:
        wrong = build(out)
    except Fault as fault:
        wrong = [str(fault)]
    if wrong:
        sys.stderr.write("\n".join(wrong) + "\n")
        return 1
    sys.stdout.write(f"Open {out / 'index.html'} in a browser.\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
