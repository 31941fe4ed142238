"""Synthetic cohorts analysed as the real one: what they would have published, and whether intervals hold the truth."""

from __future__ import annotations

from math import inf
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from simulator.evidence.targets import Arm, Contrast, load_targets
from simulator.founding.cohort import COLUMNS
from simulator.founding.summaries import summarise
from simulator.questions.calibrate import coverage as module
from simulator.questions.calibrate.coverage import FOUND, LEVEL, OUTCOMES, coverage, observe
from simulator.words.luck import generator

DATA = load_targets()[0]


def test_a_synthetic_cohort_is_published_as_the_real_one() -> None:
    """Its summaries, and every joint table of moves with the margins at a year and at the end: one dies late, one heals late."""
    lives = np.zeros((4, len(COLUMNS)))
    for name in ("healed_at", "amputated_at", "died_at", "first_walked_at"):
        lives[:, COLUMNS.index(name)] = inf
    lives[:, COLUMNS.index("followed")] = [2.0, 1.8, 0.3, 2.0]
    lives[0, COLUMNS.index("healed_at")] = 1.5
    lives[1, COLUMNS.index("died_at")], lives[2, COLUMNS.index("died_at")] = 1.8, 0.3
    found = observe(lives, DATA)
    tables, _ = found.moves
    assert tables.sum(axis=(1, 2)).tolist() == [4.0] * len(tables)
    assert (tables.sum(axis=2) == [0, 0, 0, 3, 0, 0, 0, 1]).all() and (
        tables.sum(axis=1) == [0, 0, 1, 1, 0, 0, 0, 2]
    ).all()
    assert np.array_equal(found.statistics, summarise(lives, DATA), equal_nan=True)


CONTRAST = Contrast("s", -0.4, 0.2, 10.0, 2.0, (Arm("a", True, 3.0, 1.5), Arm("b", False, 9.0, 2.5)))
N = 5
SHARES = np.array([[0.1 * k, 0.2 * k, 0.05 * k] for k in range(N)])
"""What is true of the outcomes in each draw of the posterior."""


class Analysed:
    """A posterior of five draws of two parameters, and what analysing a cohort with it is told and finds."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.seen: list[Any] = []
        self.starts: list[Any] = []
        self.posterior: Any = SimpleNamespace(
            z=np.column_stack([np.arange(N) / 10.0, np.arange(N) % 2 / 50.0]),
            weights=np.full(N, 0.2),
            chosen=np.arange(N),
            statistics=np.arange(N),
            wide=SimpleNamespace(statistics=lambda z: np.asarray(z)[:, 0]),
            prior=SimpleNamespace(values=lambda z: {"z": z[:, 0]}),
            scatter="scatter",
        )
        self.scenario: Any = SimpleNamespace(hash="x", parameter_draws=lambda table: table)
        for name, does in {
            "outcomes_at_1_year": self.outcomes,
            "contrasts": lambda _s: (np.arange(N) / 100.0, np.arange(N) * 1.0),
            "changes": lambda _s: np.column_stack([np.arange(N) * 2.0, np.arange(N) * 3.0]),
            "as_table": lambda values: values["z"],
            "FoundingCohort": self.cohort,
            "observe": lambda lives, data: (lives, data),
            "total_log_likelihood": self.likelihood,
            "sample_chains": self.chains,
        }.items():
            monkeypatch.setattr(module, name, does)

    def outcomes(self, statistics: Any) -> Any:
        """Of the posterior's own draws what is true; of sampled ones, three shares that run from 0 to their value."""
        if len(statistics) == N:
            return SHARES
        return np.asarray(statistics)[:, None] * np.array([1.0, 0.5, 0.01])

    def cohort(self, scenario: Any, data: Any, patients: int, seed: int) -> Any:
        """Lives by the first patient's number."""
        assert scenario is self.scenario and (data, patients) == (DATA, DATA.n)
        return SimpleNamespace(lives=lambda params, first: (float(params), first, seed))

    def likelihood(self, known: Any, seen: Any, scatter: str, contrast: Contrast) -> Any:
        """Highest at .2."""
        assert scatter == "scatter"
        self.seen.append((seen, contrast))
        return -((np.asarray(known) - 0.2) ** 2) * 1e3

    def chains(self, level: Any, start: Any, *, steps: int, keep_every: int, luck: Any) -> Any:
        """Draws from 0 to 1 in steps of a hundredth."""
        self.starts.append((start, level(start), steps, keep_every, luck.random()))
        return np.column_stack([np.linspace(0.0, 1.0, 101), np.zeros(101)])


def test_each_cohort_has_its_truth_limits_and_rank(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sampled shares run evenly from 0 to 1, .5 and .01: 90% limits leave a twentieth on either side, ranks are places."""
    told, analysed = list[int](), Analysed(monkeypatch)
    table = coverage(analysed.scenario, DATA, CONTRAST, analysed.posterior, N, 3, told.append)
    assert list(table.columns) == ["cohort", "outcome", *FOUND] and LEVEL == 0.9
    assert table["cohort"].tolist() == [k for k in range(N) for _ in OUTCOMES] and told == [1] * N
    rows = table[table["outcome"] == "major_amputation"]
    assert sorted(rows["truth"]) == pytest.approx(sorted(SHARES[:, 0]))
    for name, scale in zip(OUTCOMES, (1.0, 0.5, 0.01), strict=True):
        own = table[table["outcome"] == name]
        assert own["low"].tolist() == pytest.approx([0.05 * scale] * N)
        assert own["high"].tolist() == pytest.approx([0.95 * scale] * N)
        assert own["inside"].tolist() == ((own["truth"] >= own["low"]) & (own["truth"] <= own["high"])).tolist()
        assert own["rank"].tolist() == pytest.approx([np.mean(np.linspace(0.0, scale, 101) < t) for t in own["truth"]])
    assert 0 < table["inside"].sum() < len(table)


def test_what_a_cohort_publishes_has_the_published_errors(monkeypatch: pytest.MonkeyPatch) -> None:
    """True contrasts of its draw plus noise of the stated errors; patients of its own; chains start where it is most likely."""
    analysed = Analysed(monkeypatch)
    table = coverage(analysed.scenario, DATA, CONTRAST, analysed.posterior, N, 3, lambda _: None)
    noise = generator(3, "coverage").normal(size=(N, 4))
    truths = (table["truth"].to_numpy()[::3] / 0.1).round().astype(int)
    for number, truth in enumerate(truths):
        seen, published = analysed.seen[2 * number]
        assert seen[0][:2] == (pytest.approx(truth / 10.0), number * DATA.n)
        assert published.log_risk_ratio == pytest.approx(truth / 100.0 + 0.2 * noise[number, 0])
        assert published.tcpo2 == pytest.approx(truth + 2.0 * noise[number, 1])
        early, late = published.arms
        assert early.change == pytest.approx(2.0 * truth + 1.5 * noise[number, 2])
        assert late.change == pytest.approx(3.0 * truth + 2.5 * noise[number, 3])
        assert (early.sd, late.sd, published.log_risk_ratio_se) == (1.5, 2.5, 0.2)
    starts, levels, steps, keep_every, luck = analysed.starts[0]
    assert (len(starts), steps, keep_every) == (module.CHAINS, module.STEPS, module.KEEP_EVERY)
    assert starts[:, 0] == pytest.approx(np.full(len(starts), 0.2), abs=0.05)
    assert levels == pytest.approx(-0.5 * (starts**2).sum(axis=1) - 1e3 * (starts[:, 0] - 0.2) ** 2)
    assert len({each[-1] for each in analysed.starts}) == N
    assert luck == generator(3, "coverage", "chains", 0).random()


class Kept(dict[str, Any]):
    """A store in memory."""

    def read(self, name: str) -> Any:
        """What lies there."""
        return self.get(name)

    def write(self, name: str, found: Any) -> None:
        """Keep it."""
        self[name] = found


def test_what_lies_in_the_store_is_not_analysed_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same table from the store, told at once; another seed, scenario or posterior has cohorts of its own."""
    analysed, store, told = Analysed(monkeypatch), Kept(), list[int]()
    first = coverage(analysed.scenario, DATA, CONTRAST, analysed.posterior, N, 3, told.append, store=store)  # type: ignore[arg-type]
    assert len(store) == N and told == [1] * N
    told.clear()
    del store[next(iter(store))]
    again = coverage(analysed.scenario, DATA, CONTRAST, analysed.posterior, N, 3, told.append, store=store)  # type: ignore[arg-type]
    assert again.equals(first) and told == [N - 1, 1] and len(analysed.starts) == N + 1
    coverage(analysed.scenario, DATA, CONTRAST, analysed.posterior, N, 4, told.append, store=store)  # type: ignore[arg-type]
    analysed.scenario.hash = "y"
    coverage(analysed.scenario, DATA, CONTRAST, analysed.posterior, N, 3, told.append, store=store)  # type: ignore[arg-type]
    assert len(store) == 3 * N and len(analysed.starts) == 3 * N + 1
    # The same draws with other weights are another posterior, whose cohorts have other truths.
    analysed.posterior.weights = np.array([0.96, 0.01, 0.01, 0.01, 0.01])
    coverage(analysed.scenario, DATA, CONTRAST, analysed.posterior, N, 3, told.append, store=store)  # type: ignore[arg-type]
    assert len(store) == 4 * N and len(analysed.starts) == 4 * N + 1
