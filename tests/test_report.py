"""The border to people: output folder, report, figures, formats and terminal."""

from __future__ import annotations

import errno
import hashlib
import io
import itertools
import json
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.text import Text
from scipy.optimize import isotonic_regression

from simulator.telling import colours, console, direct_labels, style
from simulator.telling.columns import named
from simulator.telling.formats import Format, text_table
from simulator.telling.images import Picture, image
from simulator.telling.outputs import OutputFolder
from simulator.telling.page import page
from simulator.words.errors import BadInput, StorageFull
from simulator.words.findings import Findings

NASTY = "<script>alert('x')</script> & \"q\" [bold]b[/bold] $a_b$"
COMMAND = ["/somewhere/bin/clti", "compare", "--seed", "7"]


def outcomes() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "policy": ["conservative", NASTY],
            "outcome": ["death", "death"],
            "mean": [0.1 + 0.2, 1 / 3],
            "se": [0.004, np.nan],
        }
    )


def curves() -> Figure:
    with style.house_style():
        figure, (axes,) = style.new_figure(4, 3)
        x = np.linspace(0, 3, 20)
        for rate, name in ((0.2, "conservative"), (0.21, NASTY)):
            axes.plot(x, 1 - np.exp(-rate * x), label=name, **style.looks([name])[name].line)
        style.percent_axis(axes)
        direct_labels.direct_label(axes)
        style.caption(figure, f"Two policies, hardly apart: {NASTY}")
    return figure


def findings(text: str = NASTY) -> Findings:
    """The course of the disease with one figure outside its interval, in which everything that can be typed is `text`."""
    row = {
        **{
            "figure": "one",
            "theme": text,
            "label": text,
            "at_years": 1.0,
            "unit": "share",
            "published": 0.5,
            "low": 0.4,
        },
        **{"high": 0.6, "model": 0.7, "se": 0.01, "ratio": 1.4, "inside": False, "counts": True, "sets_rule": text},
        **{"source": text, "founding": text},
    }
    coverage = pd.DataFrame({"of": ["all"], "figures": [1], "inside": [0], "share": [0.0]})
    facts = {
        "themes": [text],
        "far": 0,
        "far_factor": 1.5,
        "forced": 0,
        "warnings": [text],
        "references": [{"citation": text, "doi": "10.1000/one"}],
    }
    return Findings("course", {"course": pd.DataFrame([row]), "course_coverage": coverage}, facts)


def report(text: str = NASTY, provenance: dict[str, object] | None = None) -> str:
    told = findings(text)
    return page(told, {"course": curves()}, provenance or {"Seed": "1"})


def fill(folder: OutputFolder) -> None:
    folder.table("outcomes", outcomes())
    folder.per_patient("patients", pd.DataFrame({"patient": range(5), "age": np.linspace(50, 80, 5)}))
    folder.figure("curves", curves())
    folder.text("story.txt", "One patient.\n")
    folder.text("report.html", report())


def write(path: Path) -> dict[str, bytes]:
    with OutputFolder(path, [*COMMAND, "--out", str(path)], inputs={"base.toml": b"x = 1"}, seed=7) as folder:
        fill(folder)
    return {file.name: file.read_bytes() for file in path.iterdir() if file.is_file()}


class Page(HTMLParser):
    """Tags with their attributes, and the visible text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words += data


def test_what_a_user_typed_is_shown_and_never_run() -> None:
    """A policy named like a script appears as text in every place of the report, and no script element does."""
    shown = Page(report(provenance={"Command": NASTY, "Inputs": [NASTY]}))
    assert "script" not in {tag for tag, _ in shown.tags}
    # Warning, heading of the table, its two cells, what the cohort forces twice, reference, figure twice, provenance twice.
    assert shown.words.count(NASTY) >= 10


@given(st.text(min_size=1, max_size=30))
def test_any_text_is_escaped(text: str) -> None:
    """Whatever is typed, the page has the same elements."""
    told = [page(findings(each), {}) for each in (text, "a")]
    assert [tag for tag, _ in Page(told[0]).tags] == [tag for tag, _ in Page(told[1]).tags]


def test_the_report_needs_no_network() -> None:
    """Nothing is loaded from elsewhere: drawings and styles are inside, links lead to the page, its files and publications."""
    text = report()
    for tag, attributes in Page(text).tags:
        assert (attributes.get("src") or "data:").startswith("data:"), tag
        link = attributes.get("href") or "#"
        assert link.startswith(("#", "https://doi.org/")) or re.fullmatch(r"[a-z_]+\.(csv|svg)", link), link
        assert tag not in {"link", "script", "iframe", "object", "img"}
    assert "url(" not in text.replace("url(#", "")
    assert "@import" not in text


def test_the_report_is_accessible() -> None:
    """Language, one title, labelled tables with scoped headings, links that lead somewhere, unique ids."""
    shown = Page(report())
    tags = [tag for tag, _ in shown.tags]
    assert ("html", {"lang": "en"}) in shown.tags
    assert tags.count("h1") == 1
    assert all(attributes.get("scope") in {"col", "row"} for tag, attributes in shown.tags if tag == "th")
    ids = [attributes["id"] for _, attributes in shown.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    for _, attributes in shown.tags:
        link = attributes.get("href") or ""
        for target in (link[1:] if link.startswith("#") else "", attributes.get("aria-labelledby") or ""):
            assert target in {*ids, ""}


def test_a_repeat_writes_the_same_bytes(tmp_path: Path) -> None:
    """Two runs into two folders differ only in the manifest."""
    first, second = write(tmp_path / "a"), write(tmp_path / "b")
    assert set(first) == set(second)
    assert {name for name in first if first[name] != second[name]} == {"manifest.json"}


def test_the_manifest_tells_everything(tmp_path: Path) -> None:
    """Every file is listed with its hash, and command, seed, inputs and versions are there."""
    files = write(tmp_path / "out")
    manifest = json.loads(files.pop("manifest.json"))
    assert {name: entry["sha256"] for name, entry in manifest["files"].items()} == {
        name: hashlib.sha256(content).hexdigest() for name, content in files.items()
    }
    assert manifest["command"] == f"clti compare --seed 7 --out {tmp_path / 'out'}"
    assert manifest["seed"] == 7
    assert manifest["inputs"] == {"base.toml": hashlib.sha256(b"x = 1").hexdigest()}
    assert {"python", "numpy", "numba", "scipy", "pandas", "simpy", "SALib"} <= set(manifest["versions"])
    assert {"platform", "started", "duration_seconds", "package", "settings"} <= set(manifest)


def test_parquet_carries_its_provenance(tmp_path: Path) -> None:
    """The Parquet schema holds command, seed and versions beside the data."""
    files = write(tmp_path / "out")
    schema = pq.read_schema(io.BytesIO(files["patients.parquet"]))
    assert json.loads(schema.metadata[b"clti"])["command"] == "clti compare --seed 7"
    assert pd.read_parquet(io.BytesIO(files["patients.parquet"])).shape == (5, 2)


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt, SystemExit])
@pytest.mark.parametrize("exists", [False, True])
def test_an_error_leaves_nothing_written(tmp_path: Path, error: type[BaseException], exists: bool) -> None:
    """An error or an interruption before the end writes no file and makes no folder."""
    out = tmp_path / "new" / "out"
    if exists:
        out.mkdir(parents=True)
    before = sorted(tmp_path.rglob("*"))

    def interrupted() -> None:
        with OutputFolder(out, COMMAND) as folder:
            fill(folder)
            raise error

    with pytest.raises(error):
        interrupted()
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("exists", [False, True])
def test_an_interruption_while_staging_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, exists: bool
) -> None:
    """Ctrl-C in the middle of writing leaves what was there before, without a trace."""
    out = tmp_path / "out"
    if exists:
        write(out)
    before = {file: file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()}
    folder = OutputFolder(out, COMMAND)
    fill(folder)
    folder.table("more", outcomes())
    count = itertools.count()
    real = Path.write_bytes

    def failing(self: Path, data: bytes) -> int:
        if next(count) == 3:
            raise KeyboardInterrupt
        return real(self, data)

    monkeypatch.setattr(Path, "write_bytes", failing)
    with pytest.raises(KeyboardInterrupt):
        folder.write()
    assert {file: file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()} == before
    assert out.exists() == exists


def test_other_files_of_an_existing_folder_stay_and_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Writing into a folder leaves what is not ours, and says so on standard error and in the manifest."""
    (tmp_path / "mine.txt").write_text("mine")
    (tmp_path / "folder").mkdir()
    (tmp_path / "outcomes.csv").write_text("old")
    files = write(tmp_path)
    assert files["mine.txt"] == b"mine"
    assert files["outcomes.csv"].startswith(b"policy,")
    assert not [name for name in files if name.startswith(".")]
    assert json.loads(files["manifest.json"])["not_of_this_run"] == ["folder/", "mine.txt"]
    assert f"Also in {tmp_path}, not of this run: folder/, mine.txt" in capsys.readouterr().err


def test_outputs_of_an_earlier_run_go(tmp_path: Path) -> None:
    """What an earlier run wrote and this one does not is removed, but not what somebody changed since."""
    write(tmp_path)
    changed = tmp_path / "curves.svg"
    changed.write_bytes(changed.read_bytes() + b"<!-- mine -->")
    with OutputFolder(tmp_path, COMMAND) as folder:
        folder.text("other.txt", "other")
    assert sorted(file.name for file in tmp_path.iterdir()) == ["curves.svg", "manifest.json", "other.txt"]
    assert json.loads((tmp_path / "manifest.json").read_text())["not_of_this_run"] == ["curves.svg"]


KILLED = """
import os, sys
from pathlib import Path
from simulator.telling.outputs import OutputFolder
real, left = Path.{call}, [{after}]
def dying(self, *args):
    left[0] -= 1
    if left[0] < 0:
        os._exit(9)
    return real(self, *args)
Path.{call} = dying
with OutputFolder(Path(sys.argv[1]), ["clti"]) as folder:
    for name in "abc":
        folder.text(f"{{name}}.txt", "killed")
"""


@pytest.mark.parametrize(("call", "after"), [("write_bytes", 2), ("replace", 2), ("rename", 0)])
def test_a_killed_run_leaves_nothing_to_the_next(tmp_path: Path, call: str, after: int) -> None:
    """Whatever a run killed while it wrote has left, staged or moved, is gone after the next run of any command."""
    out = tmp_path / "out"
    if call != "rename":
        out.mkdir()
    done = subprocess.run([sys.executable, "-c", KILLED.format(call=call, after=after), str(out)], check=False)
    assert done.returncode == 9
    assert list(tmp_path.rglob(".clti-*"))
    with OutputFolder(out, COMMAND) as folder:
        folder.text("d.txt", "whole")
    assert sorted(file.name for file in out.iterdir()) == ["d.txt", "manifest.json"]
    assert [file.name for file in tmp_path.iterdir()] == ["out"]
    assert "not_of_this_run" not in json.loads((out / "manifest.json").read_text())


def test_a_full_disk_is_called_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that fills up while results are written is no problem of the input, and leaves what was there."""
    before = write(tmp_path / "out")
    folder = OutputFolder(tmp_path / "out", COMMAND)
    folder.text("more.txt", "more")

    def full(self: Path, content: bytes) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_bytes", full)
        with pytest.raises(StorageFull, match=r"No room left for .*out .*give the same command again"):
            folder.write()
    assert {file.name: file.read_bytes() for file in (tmp_path / "out").iterdir()} == before


def test_links_that_lead_nowhere_are_named(tmp_path: Path) -> None:
    """A dangling link, a loop, and a file in place of a work folder are each one message with the path."""
    (tmp_path / "dangling").symlink_to("nowhere")
    (tmp_path / "loop").symlink_to("loop")
    for name in ("dangling", "loop"):
        for path in (tmp_path / name, tmp_path / name / "below"):
            with pytest.raises(BadInput, match=f"{name} is a link that leads nowhere"):
                OutputFolder(path, COMMAND)
    (tmp_path / "shards").write_text("")
    with pytest.raises(BadInput, match="shards; allowed: a folder, or nothing"):
        OutputFolder(tmp_path, COMMAND).keep("shards/", "study.json")


def test_an_impossible_folder_is_refused_before_the_work(tmp_path: Path) -> None:
    """A path that is a file, or lies below one, is bad input at once."""
    (tmp_path / "file").write_text("")
    for path in (tmp_path / "file", tmp_path / "file" / "out"):
        with pytest.raises(BadInput, match="--out"):
            OutputFolder(path, COMMAND)


def test_file_names_are_plain_and_unique(tmp_path: Path) -> None:
    """A name cannot leave the folder, occur twice or shadow the manifest; a meaningful index is not dropped."""
    folder = OutputFolder(tmp_path / "out", COMMAND)
    folder.table("outcomes", outcomes())
    for name in ("../outcomes", "a/b", "", "outcomes"):
        with pytest.raises(ValueError, match=r"name|already"):
            folder.table(name, outcomes())
    with pytest.raises(ValueError, match="already"):
        folder.text("manifest.json", "")
    with pytest.raises(ValueError, match="reset_index"):
        folder.table("indexed", outcomes().set_index("policy"))


def test_settings_that_cannot_be_kept_fail_before_the_work(tmp_path: Path) -> None:
    """A setting that is not finite stops at once, not after a long run."""
    with pytest.raises(ValueError, match="JSON"):
        OutputFolder(tmp_path / "out", COMMAND, settings={"threshold": float("nan")})


@given(st.lists(st.floats(allow_nan=False), min_size=1, max_size=20))
def test_csv_keeps_every_bit(values: list[float]) -> None:
    """Floats written to CSV read back as the same numbers."""
    from simulator.telling.outputs import _csv

    back = pd.read_csv(io.BytesIO(_csv(pd.DataFrame({"x": values}))), float_precision="round_trip")
    assert back["x"].astype(float).tolist() == values


def test_images_hold_no_time_and_no_address() -> None:
    """Image files of equal figures are equal and tell neither date nor program."""
    for kind in ("svg", "png"):
        assert image(curves(), kind) == image(curves(), kind)  # type: ignore[arg-type]
    svg = image(curves(), "svg").decode()
    assert "<dc:date>" not in svg
    assert "<script" not in svg
    assert re.search(rb"Software|matplotlib", image(curves(), "png")) is None


def test_the_caption_stands_below_the_file_but_not_in_the_embedded_drawing() -> None:
    """The file of a figure is taller by its caption; drawing it leaves the figure as it was."""
    figure = curves()
    alone = image(figure, "svg", with_caption=False)
    assert image(figure, "svg") != alone
    assert image(figure, "svg", with_caption=False) == alone


def test_a_policy_looks_the_same_in_every_company() -> None:
    """A shipped policy keeps its look whoever else is drawn; names in one figure differ from each other."""
    names = [*colours.FIRST_CHOICE, "mine", "yours", "theirs"]
    everyone = style.looks(names)
    assert len(set(map(str, everyone.values()))) == len(names)
    assert all(style.looks([name])[name] == everyone[name] for name in colours.FIRST_CHOICE)
    assert style.looks(reversed(names)) == everyone
    # The hash of “yours” is the place of the protocol, beside which it moves on to the next.
    assert colours.places(["yours"])["yours"] == colours.places(["protocol"])["protocol"] == 1
    assert colours.places(["protocol", "yours"])["yours"] == 2


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_labels_never_overlap_and_keep_their_order(wanted: list[float]) -> None:
    """Labels end up a gap apart in the order of their lines, as near as can be, and stay where they are when there is room."""
    placed = direct_labels.apart(wanted, 0.05)
    order = np.argsort(wanted, kind="stable")
    assert (np.diff(placed[order]) >= 0.05 - 1e-9).all()
    if (np.diff(np.sort(wanted)) >= 0.05).all():
        np.testing.assert_allclose(placed, wanted, atol=1e-9)
    steps = 0.05 * np.arange(len(wanted))
    nearest = isotonic_regression(np.array(wanted)[order] - steps).x + steps
    np.testing.assert_allclose(placed[order], nearest, atol=1e-9)


def test_labels_of_near_lines_do_not_overlap_on_the_page() -> None:
    """Two lines a hair apart get two legible names right of the panel, inside the saved image."""
    figure = curves()
    figure.draw_without_rendering()
    boxes = [text.get_window_extent() for text in figure.axes[0].texts]
    assert len(boxes) == 2
    assert not boxes[0].overlaps(boxes[1])
    assert min(box.x0 for box in boxes) >= figure.axes[0].get_window_extent().x1


def test_label_colours_can_be_read() -> None:
    """Text in a line's colour has a contrast of at least 4.5 to 1 on white, and black stays black."""
    from matplotlib.colors import to_rgb

    for colour in style.LINE_COLOURS:
        rgb = np.array(to_rgb(colours.readable(colour)))
        linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
        assert 1.05 / (linear @ (0.2126, 0.7152, 0.0722) + 0.05) >= 4.45
    assert colours.readable("#000000") == "#000000"


def test_the_house_style_leaves_no_trace() -> None:
    """Settings of the caller are back after drawing."""
    import matplotlib as mpl

    before = dict(mpl.rcParams)
    curves()
    assert dict(mpl.rcParams) == before


@pytest.mark.parametrize(
    ("form", "row", "text"),
    [
        (named("percent"), {"v": 0.162}, "16.2%"),
        (named("percent", se="s"), {"v": 0.162, "s": 0.0041}, "16.2% ± 0.4"),
        (named("percent", low="l", high="h"), {"v": 0.162, "l": 0.141, "h": 0.18}, "16.2% (14.1 to 18.0)"),
        (named("points", se="s"), {"v": -0.061, "s": 0.003}, "−6.1 ± 0.3"),
        (named("points", low="l", high="h"), {"v": 0.004, "l": -0.001, "h": 0.009}, "+0.4 (−0.1 to +0.9)"),
        (named("points"), {"v": -0.0001}, "0.0"),
        (named("days", suffix=" days"), {"v": 1.0}, "365 days"),
        (named("money", prefix="€"), {"v": -12340.4}, "−€12,340"),
        (named("money", prefix="CHF "), {"v": 10.0}, "CHF 10"),
        (named("number"), {"v": float("nan")}, "–"),
        (named("number"), {"v": float("inf")}, "∞"),
        (named("money", prefix="€"), {"v": float("-inf")}, "−€∞"),
        (named("time"), {"v": 0.0}, "referral"),
        (named("time"), {"v": 30 / 365.25}, "30 days"),
        (named("time"), {"v": 0.25}, "3 months"),
        (named("time"), {"v": 1.0}, "1 year"),
        (named("when"), {"v": 0.5}, "day 183"),
        (named("when"), {"v": 3.21}, "year 3.21"),
        (named("when"), {"v": float("nan")}, "–"),
    ],
)
def test_numbers_look_as_people_write_them(form: Format, row: dict[str, object], text: str) -> None:
    """Percent, points, money, intervals, errors and times read as in a journal."""
    assert form.cell(row, "v") == text


def test_the_terminal_shows_names_as_they_are() -> None:
    """Markup in a name is printed, not obeyed, and piped tables are not cut."""
    stream = io.StringIO()
    console.print_text(text_table(outcomes()), NASTY, on=console.console(stream))
    assert stream.getvalue().count(NASTY) == 2


def test_progress_without_a_terminal_is_a_line_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    """Quick work says nothing; long work says how far it is and how long it will take, counting resumed steps."""
    clock = iter([0.0, 1.0, 12.0, 13.0])
    monkeypatch.setattr(console.time, "monotonic", lambda: next(clock))
    stream = io.StringIO()
    with console.progress("Simulating", 100, done=40, stream=stream) as advance:
        for _ in range(3):
            advance(10)
    # After 12 s, 20 steps of this run are done and 40 remain.
    assert stream.getvalue() == "Simulating: 60 of 100, about 24 s left\n"


def test_the_last_word_names_the_page_to_open(tmp_path: Path) -> None:
    """The message points at the report where there is one."""
    stream = io.StringIO()
    console.say_where(tmp_path, on=console.console(stream))
    assert "report.html" not in stream.getvalue()
    write(tmp_path)
    console.say_where(tmp_path, on=console.console(stream))
    assert f"open {tmp_path / 'report.html'} in a browser" in stream.getvalue()


def test_labels_in_drawings_are_text_and_leave_room() -> None:
    """Dollar signs stand as typed, no formula; of a long label the middle is left out and both ends stay."""
    long = "First words " + 60 * "x" + " last words"
    with style.house_style():
        figure, (axes,) = style.new_figure(6, 3)
        axes.set_title("#1 at $2,000, #2 at $3,000")
        axes.plot([0, 1], [0, 1], label="one")
        direct_labels.direct_label(axes, {"one": long})
        image(figure, "png")
        rows, (wide,) = style.new_figure(7.2, 3)
        style.interval_rows(wide, ["$a_b$ and $\\bad{", long * 3], [1, 2], [0, 1], [2, 3])
        image(rows, "png")
    assert wide.get_window_extent().width > 0.2 * rows.bbox.width
    assert not any(text.get_parse_math() for text in figure.findobj(Text) + rows.findobj(Text) if text.get_text())
    assert axes.get_window_extent().width > 0.3 * figure.bbox.width
    (end,) = [text.get_text() for text in axes.texts]
    assert end.startswith("First words")
    assert end.endswith("last words")
    assert direct_labels.shortened("Published protocol") == "Published protocol"
    assert len(direct_labels.shortened(long)) <= 34


def test_leaders_go_from_the_box_of_a_label_to_just_before_its_point() -> None:
    """Out of the box by its left side, or by its lower one where the way is steep; straight, and a stated way short."""
    box = Rectangle((98, 95), 40, 10)
    (x, y), (u, v) = direct_labels.leader((100, 100), (0, 100), patchA=box, patchB=None, shrinkA=0, shrinkB=3).vertices
    assert (x, y, u, v) == pytest.approx((98, 100, 3, 100))
    steep = direct_labels.leader((100, 100), (97, 0), patchA=box, shrinkB=0).vertices
    assert steep[0] == pytest.approx((99.85, 95))
    assert steep[1] == pytest.approx((97, 0))
    assert direct_labels.leader((100, 100), (0, 100), patchA=None, shrinkB=0).vertices[0] == pytest.approx((100, 100))


def test_the_extent_of_a_drawing_is_that_of_matplotlib() -> None:
    """Panels, titles over all of them and legends included, each panel measured once."""
    with style.house_style():
        figure, axes = style.new_figure(6, 3, 1, 2)
        for each in axes:
            each.plot([0, 1], [0, 1], label="one")
            direct_labels.direct_label(each)
        figure.suptitle("Both")
        figure.legend(loc="outside lower center")
        picture = Picture(figure)
        assert picture.extent.extents == pytest.approx(figure.get_tightbbox().extents, abs=1e-12)
        assert len(picture.extents) == 2


def test_headings_of_panels_fit_a_third_of_the_page() -> None:
    """A label becomes at most three lines of 26 characters, and a short one stays."""
    assert direct_labels.heading("Published protocol") == "Published protocol"
    lines = direct_labels.heading("Kit #1 at $2,000, kit #2 at $3,000, and kit #3 at $4,000 if TcPO2 stays low").split(
        "\n"
    )
    assert len(lines) <= 3
    assert max(map(len, lines)) <= 26


def test_a_number_reads_alike_whether_it_was_scaled_before_or_here() -> None:
    """A difference of 11 in 2,000 people is 0.55 of a hundred in every table, whatever multiplied it by a hundred."""
    assert named("points").number(-0.0055) == named("number").number(-0.55) == named("number").number(100 * -0.0055)
