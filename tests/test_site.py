"""The documentation builds to a static site that needs no network and in which every link leads somewhere."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).parent.parent
sys.path.append(str(ROOT / "docs"))

import website  # noqa: E402
from executed_notebooks import committed, executed  # noqa: E402
from notebook_cells import Cell, Shown  # noqa: E402


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site as a reader has it."""
    out = tmp_path_factory.mktemp("documents") / "site"
    assert website.build(out) == []
    return out


def test_every_document_is_a_page() -> None:
    """No Markdown file or notebook is missing from the menu, and none is there that does not exist."""
    folders = {"": "*.md", "docs": "*.md", "benchmarks": "*.md", "notebooks": "*.*", "scenarios/designs": "*.md"}
    files = {file.relative_to(ROOT).as_posix() for place, kind in folders.items() for file in (ROOT / place).glob(kind)}
    assert set(website.PAGES) - {website.API} == {name for name in files if name.endswith((".md", ".py"))}


def test_the_page_of_the_api_tells_every_public_name(site: Path) -> None:
    """Every name of the package has a heading, its docstring and, where it is called, its arguments."""
    import inspect

    import simulator as sim

    text = (site / website.target_of(website.API)).read_text(encoding="utf-8")
    for name in sim.__all__:
        thing = getattr(sim, name)
        assert f">{name}</h2>" in text
        assert inspect.isclass(thing) or f"sim.{name}" in re.sub(r"<[^>]*>", "", text)


def test_pages_are_whole(site: Path) -> None:
    """Every page is written with its title and the menu; nothing of Markdown, TeX or Mermaid is left to the reader."""
    for source in website.PAGES:
        text = (site / website.target_of(source)).read_text(encoding="utf-8")
        assert text.count("<h1") == 1
        assert text.count('aria-current="page"') == 2
        for raw in ("```", "$$", "mermaid", "<!-- "):
            assert raw not in text, (source, raw)


def test_the_index_finds_every_heading_and_term(site: Path) -> None:
    """Without scripts one page lists all headings and every term of the glossary, and leads to each."""
    index = website.Addresses()
    index.feed((site / website.INDEX).read_text(encoding="utf-8"))
    terms = re.findall(r"^### (.+)$", (ROOT / "docs/glossary.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert len(terms) > 50
    anchors = {link.partition("#")[2] for link in index.links if link.startswith("docs/glossary.html#")}
    assert {term.lower().replace(",", "").replace(" ", "-") for term in terms} < anchors
    for source in website.PAGES:
        assert website.target_of(source).as_posix() in index.links
    assert {"docs/commands.html#clti-compare", "MODEL.html#22-base-model"} <= set(index.links)


def test_every_section_can_be_searched(site: Path) -> None:
    """Each page asks the search page, which has the text of every section, under an address that is there."""
    text = (site / website.SECTIONS).read_text(encoding="utf-8")
    found = json.loads(text.removeprefix("const SECTIONS = ").rstrip().removesuffix(";"))
    assert {address.partition("#")[0] for address, *_ in found} == {
        website.target_of(source).as_posix() for source in website.PAGES
    }
    places = {address: (heading, words) for address, heading, _, words in found}
    heading, words = places["docs/commands.html#clti-compare"]
    assert heading == "clti compare" and "clti compare" in words
    for address, *_ in found:
        page, _, anchor = address.partition("#")
        assert not anchor or f'id="{anchor}"' in (site / page).read_text(encoding="utf-8")
    for source in website.PAGES:
        target = website.target_of(source)
        up = "../" * (len(target.parts) - 1)
        assert f'role="search" action="{up}{website.INDEX}"' in (site / target).read_text(encoding="utf-8")


def test_nothing_is_fetched(site: Path) -> None:
    """Only the search runs scripts; they, the style sheet and images come with the pages."""
    for file in site.rglob("*.html"):
        text = file.read_text(encoding="utf-8")
        assert ("<script" in text) == (file == site / website.INDEX)
        page = website.Addresses()
        page.feed(text)
        assert page.loaded
        assert all("//" not in address for address in page.loaded)
    assert "url(" not in (site / "website.css").read_text(encoding="utf-8")


def test_formulas_are_drawn_by_the_browser(site: Path) -> None:
    """TeX becomes MathML, displayed formulas as such."""
    text = (site / "MODEL.html").read_text(encoding="utf-8")
    assert text.count('display="block"') == (ROOT / "MODEL.md").read_text(encoding="utf-8").count("$$") // 2
    assert 'display="inline"' in text


@pytest.mark.parametrize(
    ("link", "fault"),
    [
        ('<a href="nowhere.html">', "leads nowhere"),
        ('<a href="#nothing">', "leads to no place"),
        ('<a href="other.html#nothing">', "leads to no place"),
        ('<a href="../outside.html">', "leads nowhere"),
        ('<img src="figure.svg">', "leads nowhere"),
        ('<script src="https://example.org/x.js"></script>', "from elsewhere"),
        ('<link rel="stylesheet" href="//example.org/x.css">', "from elsewhere"),
    ],
)
def test_faults_are_found(link: str, fault: str, tmp_path: Path) -> None:
    """A broken link or anchor, a missing image and anything from the network are told, and nothing else is."""
    folder = tmp_path / "site"
    folder.mkdir()
    (tmp_path / "outside.html").write_text("")
    (folder / "other.html").write_text('<h1 id="there">Other</h1>')
    good = '<a href="other.html#there"></a><a href="https://example.org"></a><a href="#here" id="here"></a>'
    (folder / "page.html").write_text(good)
    assert website.faults(folder) == []
    (folder / "page.html").write_text(good + link)
    (only,) = website.faults(folder)
    assert only.startswith("page.html: ")
    assert fault in only


def test_a_link_to_a_missing_file_stops_the_build() -> None:
    """A page that links to a file that is not there is told with the link."""
    with pytest.raises(website.Fault, match=r"README.md: the link docs/missing.md"):
        website.Markdown("README.md", set()).html("# Title\n\nSee [this](docs/missing.md).\n")


def test_a_notebook_is_shown_as_it_was_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What cells showed is read from the committed notebook as it was written; drawings land where the README names them."""
    shown = [
        Shown("text", "seen\n"),
        Shown("table", "<table></table>"),
        Shown("svg", "A caption", b"<svg/>"),
        Shown("png", "", b"\x89PNG"),
    ]
    cells = [(Cell(False, "# Title\n", 0), []), (Cell(True, "draw()\n", 0), shown)]
    file = tmp_path / "notebooks/one.ipynb"
    file.parent.mkdir()
    file.write_text(executed(cells), encoding="utf-8")
    nbformat.validate(nbformat.read(file, as_version=4))
    assert committed(file) == [cells[0], (cells[1][0], [*shown[:3], Shown("png", "a figure", b"\x89PNG")])]
    monkeypatch.setattr(website, "ROOT", tmp_path)
    monkeypatch.chdir(tmp_path)
    copied: set[str] = set()
    page = website.notebook_page("notebooks/one.py", Path("site"), copied)
    assert (tmp_path / "site/notebooks/one.1.svg").read_bytes() == b"<svg/>"
    assert (tmp_path / "site/notebooks/one.2.png").read_bytes() == b"\x89PNG"
    assert page.body.count("<img") == 2
    assert 'href="one.ipynb"' in page.body
    assert copied == {"notebooks/one.py", "notebooks/one.ipynb"}


def test_a_strange_folder_is_left_alone(tmp_path: Path) -> None:
    """A folder that holds something else than a site is not written into."""
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(website.Fault, match="not empty"):
        website.build(tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == ["thesis.txt"]
