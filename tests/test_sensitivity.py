"""Sensitivity studies: the right indices, the same bits by every way, and nothing lost."""

from __future__ import annotations

import errno
import importlib.util
import math
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import typer
from typer.testing import CliRunner

import simulator as sim
from simulator.cli import merge as merge_command
from simulator.cli import sensitivity as sensitivity_command
from simulator.cli.ways import way_of
from simulator.questions.sweep.findings import findings
from simulator.questions.sweep.methods import publications
from simulator.questions.sweep.methods.designs import METHODS, make_design
from simulator.questions.sweep.methods.emulator import fit_emulator
from simulator.questions.sweep.methods.indices import _ESTIMATES, HEADLINE, SIGNED, strengths
from simulator.questions.sweep.methods.inputs import Catalogue, Input, JointDraws, uniform_between
from simulator.questions.sweep.methods.known_models import Additive
from simulator.questions.sweep.methods.model import Model
from simulator.questions.sweep.methods.space import build_space
from simulator.questions.sweep.results import Results, analyse
from simulator.questions.sweep.study import Study
from simulator.questions.sweep.study_reading import load_study, read_study
from simulator.questions.sweep.sweep import NotFinite, Runs, Sweep
from simulator.telling.columns import labels
from simulator.telling.page import sentences
from simulator.words.errors import BadInput, StorageFull
from simulator.work import processes, shards
from simulator.work.execution import Part, Plan, ThisProcess, make_plan
from simulator.work.model import Evaluation, RunFailed
from simulator.work.processes import EveryCore, Processes
from simulator.work.shards import BadShard, MissingRuns

# Closed forms for a = 7, b = 0.1 (Ishigami and Homma 1990; Sobol' and Levitan 1999).
S1 = {"x1": 0.3139, "x2": 0.4424, "x3": 0.0}
ST = {"x1": 0.5576, "x2": 0.4424, "x3": 0.2437}


def study(**changes: Any) -> Study:
    tables: dict[str, Any] = {
        "method": "sobol",
        "size": 64,
        "seed": 1,
        "outputs": ["y"],
        "model": {"kind": "ishigami"},
        "parameters": {"all": True},
    }
    return read_study(tables | changes, "study.toml")


def additive(**changes: Any) -> Study:
    settings = {"settings": changes.pop("settings")} if "settings" in changes else {}
    return study(**{"outputs": ["sum"], "model": {"kind": "additive", **settings}} | changes)


def finished(of: Study, folder: Path, **how: Any) -> tuple[Sweep, Runs]:
    sweep = Sweep.of(of)
    store = sweep.store(folder)
    sweep.execute(store, **how)
    return sweep, sweep.runs(store)


def results(of: Study, folder: Path) -> Results:
    return analyse(*finished(of, folder))


@dataclass(frozen=True)
class Row:
    value: float
    low: float
    high: float
    se: float
    noise: float

    def holds(self, truth: float) -> bool:
        return self.low <= truth <= self.high


def rows_of(table: pd.DataFrame, index: str, output: str | None = None) -> dict[str, Row]:
    """Rows of an indices table by parameter."""
    chosen = (table["index"] == index) & ((table["output"] == output) if output else True)
    columns = ["value", "low", "high", "se", "noise"]
    return {str(row["parameter"]): Row(*(float(row[c]) for c in columns)) for _, row in table[chosen].iterrows()}


def values(found: Results, index: str, output: str | None = None) -> dict[str, Row]:
    return rows_of(found.indices, index, output)


def plan_of(of: Study, folder: Path) -> Plan:
    sweep = Sweep.of(of)
    return make_plan(
        sweep.model,
        sweep.inputs,
        sweep.store(folder).read(),
        replicates=of.replicates,
        rows_per_shard=of.rows_per_shard,
    )


def shard_files(folder: Path) -> list[Path]:
    return sorted((folder / shards.FOLDER).rglob("*.npz"))


# Indices


@pytest.mark.parametrize("seed", [0, 1])
def test_ishigami_sobol(tmp_path: Path, seed: int) -> None:
    """Sobol' indices of the Ishigami function lie within their intervals of the closed form, for a seed of 0 too."""
    found = results(study(size=1024, seed=seed, second_order=True), tmp_path)
    for index, truth in (("S1", S1), ("ST", ST)):
        rows = values(found, index)
        for name, true in truth.items():
            assert rows[name].holds(true)
            assert rows[name].se < 0.06
    assert values(found, "S2")["x1 × x3"].holds(ST["x1"] - S1["x1"])


def test_ishigami_fast(tmp_path: Path) -> None:
    """FAST gives the closed form to 0.02, which is what its neglected harmonics leave."""
    found = results(study(method="fast", size=3), tmp_path)
    for index, truth in (("S1", S1), ("ST", ST)):
        for name, true in truth.items():
            assert values(found, index)[name].value == pytest.approx(true, abs=0.02)


def test_ishigami_rbd_fast(tmp_path: Path) -> None:
    """RBD-FAST gives the first-order indices within their intervals."""
    rows = values(results(study(method="rbd_fast", size=512), tmp_path), "S1")
    for name, true in S1.items():
        assert rows[name].holds(true)


def test_ishigami_dgsm(tmp_path: Path) -> None:
    """The derivative-based measure gives its closed form within its interval and bounds the total indices.

    Mean squared slopes on (-pi, pi): x1 7.7195, x2 24.5, x3 10.99; times (2 pi)^2 / (13.8446 pi^2), the variance.
    """
    rows = values(results(study(method="dgsm", size=512), tmp_path), "dgsm")
    b, pi = 0.1, math.pi
    slopes = {"x1": 0.5 * (1 + 2 * b * pi**4 / 5 + b**2 * pi**8 / 9), "x2": 24.5, "x3": 8 * b**2 * pi**6 / 7}
    for name, slope in slopes.items():
        true = 4 * slope / 13.8446
        assert rows[name].holds(true)
        assert rows[name].value > ST[name]


@pytest.mark.parametrize("method", ["pawn", "regional"])
def test_distribution_methods_rank(tmp_path: Path, method: str) -> None:
    """Methods that compare distributions put the larger weight of a sum first and a weight of zero last."""
    of = additive(method=method, size=1024, settings={"weights": [1.0, 3.0, 0.0]})
    found = results(of, tmp_path)
    assert found.ranking["rank_correlation"].iloc[-1] == pytest.approx(1.0)
    rows = values(found, HEADLINE[method])
    assert rows["x2"].value > 2 * rows["x1"].value > 2 * rows["x3"].value
    assert rows["x3"].value < 0.15


def test_additive_first_is_total(tmp_path: Path) -> None:
    """A sum has no interactions: S1 = ST = its share of the variance, within intervals."""
    found = results(additive(size=512), tmp_path)
    first, total = values(found, "S1"), values(found, "ST")
    for name, weight in (("x1", 1.0), ("x2", 2.0), ("x3", 3.0)):
        share = weight**2 / 14
        assert first[name].holds(share)
        assert total[name].holds(share)
        assert abs(first[name].value - total[name].value) < 3 * first[name].se


def test_morris_of_a_sum_is_exact(tmp_path: Path) -> None:
    """The elementary effects of a sum are its weights times the central 95% of each range, without spread."""
    found = results(additive(method="morris", size=8), tmp_path)
    for name, weight in (("x1", 1.0), ("x2", 2.0), ("x3", 3.0)):
        assert values(found, "mu_star")[name].value == pytest.approx(0.95 * weight, rel=1e-9)
        assert values(found, "sigma")[name].value == pytest.approx(0.0, abs=1e-9)


def test_morris_groups(tmp_path: Path) -> None:
    """Asked by group, Morris has one index per group of the register's tree."""
    found = results(study(method="morris", size=8, parameters={"all": True, "index_by": "group"}), tmp_path)
    assert list(values(found, "mu_star")) == ["waves.first", "waves.second", "powers"]


def test_a_group_has_no_direction(tmp_path: Path) -> None:
    """Morris gives a group of several parameters mu* alone; a group of one has its mean and spread, too."""
    of = additive(
        method="morris", size=8, settings={"correlation": 0.8}, parameters={"all": True, "correlated": "group"}
    )
    found = results(of, tmp_path).indices
    assert list(found.loc[found["parameter"] == "draws", "index"]) == ["mu_star"]
    assert list(found.loc[found["parameter"] == "x3", "index"]) == ["mu_star", "mu", "sigma"]
    assert found[["index", "value"]].notna().all(axis=None)


COVERAGE = Path(__file__).resolve().parents[1] / "benchmarks" / "index_coverage.py"


@pytest.mark.parametrize(
    ("method", "size", "functions"), [("sobol", 64, 2), ("morris", 8, 2), ("dgsm", 32, 1), ("rbd_fast", 64, 1)]
)
def test_intervals_hold_the_truth(method: str, size: int, functions: int) -> None:
    """At the smallest size with intervals, 95% intervals hold the known index in 40 repeats as often as chance allows.

    Intervals that are drawn again from every repeat's points take a tenth of a second each, so of those one function.
    The whole measurement is `benchmarks/index_coverage.py`: every size and function, 200 repeats.
    """
    spec = importlib.util.spec_from_file_location("index_coverage", COVERAGE)
    assert spec is not None and spec.loader is not None
    coverage = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = coverage
    spec.loader.exec_module(coverage)
    lines = [line for known in coverage.FUNCTIONS[:functions] for line in coverage.measure(method, size, known, 40)]
    judged = [line for line in lines if line.has_interval]
    assert judged
    bound = coverage.least(40, 4 * len(judged))
    assert not [(line.function, line.index, line.parameter, line.held) for line in judged if line.held < bound]
    for line in judged:
        assert abs(line.bias) <= 4 * line.sd / math.sqrt(40) + 0.02 * max(line.truth, 1.0), line


@pytest.mark.parametrize(
    ("method", "size"), [("sobol", 32), ("morris", 4), ("dgsm", 16), ("fast", 3), ("pawn", 1024), ("regional", 128)]
)
def test_what_is_not_held_is_not_printed(tmp_path: Path, method: str, size: int) -> None:
    """Where intervals are known to miss the truth too often there are none, and one sentence says why."""
    found = results(study(method=method, size=size), tmp_path)
    assert found.indices["value"].notna().all()
    assert found.indices[["low", "high", "se"]].isna().all(axis=None)
    assert found.convergence[["low", "high"]].isna().all(axis=None)
    assert [each["method"] for each in found.notes if each["about"] == "no_intervals"] == [method]


def test_rbd_fast_sees_no_waves_of_other_parameters(tmp_path: Path) -> None:
    """A parameter without influence has no share of the variance in RBD-FAST, to 0.03 in each of two seeds.

    Sobol' points sorted by it show the order of the others, which reads as a share of 0.1.
    """
    for seed in range(2):
        of = additive(method="rbd_fast", size=1024, seed=seed, settings={"weights": [3.0, 1.0, 0.0, 0.0]})
        rows = values(results(of, tmp_path / str(seed)), "S1")
        assert max(abs(rows[name].value) for name in ("x3", "x4")) < 0.03


def test_one_way_swings_around_the_base(tmp_path: Path) -> None:
    """A one-way study moves each parameter of a sum over its range with the others at their base."""
    of = additive(method="one_way", size=3, parameters={"all": True, "ranges": {"x1": [0.0, 1.0]}})
    found = results(of, tmp_path)
    swing = values(found, "swing")
    assert swing["x1"].value == pytest.approx(1.0)
    assert swing["x3"].value == pytest.approx(3 * 0.95)
    assert values(found, "at_low")["x1"].value == pytest.approx(0.5 * 6 - 0.5)


def test_grid_main_effects(tmp_path: Path) -> None:
    """On a full grid of a sum the main effects are the shares of the variance and add up to one."""
    rows = values(results(additive(method="grid", size=4), tmp_path), "main_effect")
    assert sum(row.value for row in rows.values()) == pytest.approx(1.0)
    assert rows["x3"].value == pytest.approx(9 / 14)


def test_seed_zero_is_a_seed(tmp_path: Path) -> None:
    """Intervals are the same twice for seed 0 and other for another seed, and NumPy's own generator is left alone."""
    before = repr(np.random.get_state())  # noqa: NPY002
    sweep, runs = finished(study(seed=0), tmp_path)
    first, again = analyse(sweep, runs), analyse(sweep, runs)
    pd.testing.assert_frame_equal(first.indices, again.indices, check_exact=True)
    other = Sweep(sweep.study.model_copy(update={"seed": 5}), sweep.space, sweep.design, sweep.model, sweep.inputs)
    assert not analyse(other, runs).indices["low"].equals(first.indices["low"])
    assert before == repr(np.random.get_state())  # noqa: NPY002


def test_infinite_rows_are_named(tmp_path: Path) -> None:
    """Every infinite output is counted, the first are spelled out, and the finished runs stay on disk."""
    of = additive(outputs=["inverse"], settings={"weights": [0.0, 0.0]}, size=16)
    sweep = Sweep.of(of)
    store = sweep.store(tmp_path)
    sweep.execute(store)
    with pytest.raises(NotFinite, match=r"64 output\(s\) are not numbers") as stop:
        sweep.runs(store)
    assert "row 0, replicate 0: inverse = inf" in str(stop.value)
    assert f"with x1 = {float(sweep.inputs[0, 0])!r}, x2 = " in str(stop.value)
    assert "and 56 more" in str(stop.value)
    assert shard_files(tmp_path)


def test_constant_output_has_no_indices(tmp_path: Path) -> None:
    """An output that never moves gets missing indices and a sentence, and does not disturb the others."""
    found = results(additive(outputs=["constant", "sum"], size=32), tmp_path)
    assert all(math.isnan(row.value) for row in values(found, "ST", "constant").values())
    assert all(math.isfinite(row.value) for row in values(found, "ST", "sum").values())
    assert {"about": "constant", "output": "constant"} in found.notes


def test_large_offset_changes_nothing(tmp_path: Path) -> None:
    """A constant of a million under the output leaves its indices as they were, to 6 digits."""
    found = results(study(outputs=["y", "shifted", "half"]), tmp_path)
    for output in ("shifted", "half"):
        for index in ("S1", "ST"):
            for name, row in values(found, index, output).items():
                assert row.value == pytest.approx(values(found, index, "y")[name].value, abs=1e-6)


# Noise


def test_noise_inflates_and_is_removed(tmp_path: Path) -> None:
    """With noise as large as the signal a null total index reads about 0.5; replicates measure that and remove it."""
    # Var of the sum of weights 3, 4, 0 is 25/12; noise of one patient is given the same variance, over 2 replicates.
    sd = math.sqrt(2 * 25 / 12)
    of = additive(
        size=1024, replicates=2, patients=1, settings={"weights": [3.0, 4.0, 0.0], "noise": sd}, rows_per_shard=5000
    )
    found = results(of, tmp_path)
    plain, free = values(found, "ST"), values(found, "ST_noise_free")
    assert plain["x3"].value == pytest.approx(0.5, abs=4 * plain["x3"].se)
    assert plain["x3"].noise == pytest.approx(0.5, abs=0.05)
    for name, true in (("x1", 9 / 25), ("x2", 16 / 25), ("x3", 0.0)):
        assert free[name].value == pytest.approx(true, abs=4 * free[name].se)
    noise = found.noise
    assert noise["noise_share"].item() == pytest.approx(0.5, abs=0.02)
    assert noise["patients_needed"].item() == pytest.approx(2 * 49, rel=0.1)
    assert not noise["enough"].item()
    assert any(note["about"] == "noisy" and note["needed"] is not None for note in found.notes)


def test_single_replicate_believes_standard_errors(tmp_path: Path) -> None:
    """With one replicate the noise is that of the standard errors which the model reports."""
    of = additive(patients=25, settings={"noise": 5.0}, size=256)
    noise = results(of, tmp_path).noise
    assert noise["noise_sd"].item() == pytest.approx(1.0)
    assert not noise["measured"].item()
    assert noise["signal_sd"].item() == pytest.approx(math.sqrt(14 / 12), rel=0.15)


# Designs and space


def test_a_method_is_known_everywhere() -> None:
    """Each has an estimate, an index that ranks, a publication, and its name where methods are listed to people."""
    assert set(METHODS) == set(_ESTIMATES) == set(HEADLINE) == set(publications.METHODS)
    assert set(METHODS) >= SIGNED
    for listed in (sim.sweep.__doc__, sensitivity_command.main.__doc__):
        assert set(METHODS) <= set(re.findall(r"\w+", str(listed)))


@pytest.mark.parametrize("name", [name for name, method in METHODS.items() if method.grows])
def test_smaller_designs_are_the_first_part_of_larger_ones(name: str) -> None:
    """A design that grows keeps its points, has the promised number of rows and stays in the cube."""
    size = max(METHODS[name].smallest, 4)
    small, large = make_design(name, size, 3, 7), make_design(name, 2 * size, 3, 7)
    assert np.array_equal(small.points, large.points[large.first(size)])
    assert len(large.points) == METHODS[name].rows(2 * size, 3, 3)
    assert large.points.min() >= 0 and large.points.max() <= 1
    assert not np.array_equal(small.points, make_design(name, size, 3, 8).points)


def test_correlated_parameters_need_a_word(tmp_path: Path) -> None:
    """Parameters estimated together are never taken as independent: the study must say how to handle them."""
    del tmp_path
    with pytest.raises(BadInput, match="'group' or 'transformation', because x1, x2 were estimated together"):
        additive(settings={"correlation": 0.8})


def test_correlated_parameters_keep_their_correlation() -> None:
    """Transformed designs reproduce the rank correlation of the draws, and quantiles their margins."""
    of = additive(settings={"correlation": 0.8}, size=1024, parameters={"all": True, "correlated": "transformation"})
    sweep = Sweep.of(of)
    assert sweep.space.factors == ("x1", "x2 (given x1)", "x3")
    base = sweep.inputs[:: sweep.design.block]
    ranks = pd.DataFrame(base).corr("spearman").to_numpy()
    # Rank correlation of a normal pair: 6/pi asin(rho/2) = 0.786; standard error about 0.015 at 1,024 points.
    assert ranks[0, 1] == pytest.approx(0.786, abs=0.03)
    assert abs(ranks[0, 2]) < 0.05
    assert np.quantile(base[:, 1], [0.1, 0.5, 0.9]) == pytest.approx([0.1, 0.5, 0.9], abs=0.03)


def test_correlated_transformation_gives_ordered_indices(tmp_path: Path) -> None:
    """Of a correlated pair the first has all it shares; the second what it adds (normal pair, share 1 - rho^2).

    The sum of x1 and x2 with weights 0 and 1 depends on x1 through the correlation alone.
    """
    of = additive(
        settings={"correlation": 0.8, "weights": [0.0, 1.0]},
        size=1024,
        parameters={"all": True, "correlated": "transformation"},
    )
    found = values(results(of, tmp_path), "S1")
    # For uniform margins the share of x2 explained by x1 is the squared Pearson correlation up to the copula's bend.
    assert found["x1"].value == pytest.approx(0.786**2, abs=3 * found["x1"].se + 0.01)
    assert found["x2 (given x1)"].value < 0.45


def test_correlated_group_has_one_index(tmp_path: Path) -> None:
    """Handled as a group, correlated parameters share one index."""
    of = additive(settings={"correlation": 0.8}, parameters={"all": True, "correlated": "group"})
    assert list(values(results(of, tmp_path), "ST")) == ["draws", "x3"]


def test_inputs_of_one_stream_move_together() -> None:
    """Inputs that share a stream stand at the same quantile and count as one factor."""
    two = tuple(Input(name, 0.5, uniform_between(0, scale), stream="s") for name, scale in (("a", 1.0), ("b", 2.0)))
    other = Input("c", 0.5, uniform_between(0, 1))
    space = build_space((*two, other), {}, (), by_group=False, joint_as_group=False)
    assert space.factors == ("s", "c")
    rows = space.to_inputs(np.random.default_rng(1).random((10, 2)))
    assert rows[:, 1] == pytest.approx(2 * rows[:, 0])


# Study files


def test_all_mistakes_at_once(tmp_path: Path) -> None:
    """A study file with mistakes of every kind is answered with all of them, and with what is allowed."""
    file = tmp_path / "bad.toml"
    file.write_text(
        """
        method = "sobl"
        size = 0
        seed = -1
        outputs = ["z", "y", "y"]
        sise = 3
        policies = ["x"]
        [model]
        kind = "ishigami"
        settings = { noise = -1, nois = 2 }
        [parameters]
        names = ["x1", "x9"]
        groups = ["wave"]
        index_by = "params"
        ranges = { x1 = [3.0, 1.0], x2 = [0.0, 9.0] }
        """
    )
    with pytest.raises(BadInput) as bad:
        load_study(file)
    keys = [problem.key for problem in bad.value.problems]
    assert sorted(set(keys)) == sorted(
        {
            "method",
            "size",
            "seed",
            "sise",
            "outputs",
            "policies",
            "patients",
            "model.settings.noise",
            "model.settings.nois",
            "parameters.names",
            "parameters.groups",
            "parameters.index_by",
            "parameters.ranges.x1",
            "parameters.ranges.x2",
        }
    )
    text = str(bad.value)
    assert "bad.toml: method = 'sobl'; allowed: did you mean 'sobol'?" in text
    assert "did you mean 'size'?" in text
    assert "did you mean 'waves'?" in text


@pytest.mark.parametrize(
    ("changes", "key", "allowed"),
    [
        ({"size": 1000}, "size", "a power of two for sobol: 512 or 1024"),
        ({"method": "pawn", "second_order": True, "size": 1024}, "second_order", "only sobol"),
        ({"method": "fast", "size": 3, "parameters": {"all": True, "index_by": "group"}}, "method", "morris, sobol"),
        ({"method": "delta", "size": 2048}, "method", "pawn, which answers the same"),
        ({"parameters": {"names": ["x1"]}}, "parameters", "two or more"),
        ({"parameters": {}}, "parameters", "names, groups, ranges, or all = true"),
        ({"method": "one_way", "size": 2, "parameters": {"ranges": {"x1": [1.0, 2.0]}}}, "ranges.x1", "around it"),
        ({"method": "grid", "size": 1000}, "size", "at most"),
        ({"model": {"kind": "os:system"}}, "model.kind", "one of additive, clti, ishigami"),
        ({"model": "ishigami"}, "model", "a table"),
        ({"model": {"kind": "ishigami", "settings": {"noise": math.nan}}}, "model.settings", "finite numbers"),
        ({"outputs": [["y"], "y"]}, "outputs", "string"),
        ({"method": None, "size": "many"}, "method", "string"),
    ],
)
def test_each_mistake_is_told(changes: dict[str, Any], key: str, allowed: str) -> None:
    """A study that cannot work says which key and what is allowed instead."""
    with pytest.raises(BadInput) as bad:
        study(**changes)
    assert any(key in problem.key and allowed in problem.allowed for problem in bad.value.problems), str(bad.value)


def test_selection_by_group_and_range() -> None:
    """Groups select what is below them, ranges select what they name, in the model's order."""
    sweep = Sweep.of(study(parameters={"groups": ["waves"], "ranges": {"x3": [0.0, 1.0]}}))
    assert sweep.space.names == ("x1", "x2", "x3")
    assert sweep.inputs[:, 2].min() >= 0 and sweep.inputs[:, 2].max() <= 1


# Running: the same bits by every way


WORK = {"seconds": 0.002}


def slow(**changes: Any) -> Study:
    return study(**{"size": 32, "rows_per_shard": 8, "model": {"kind": "ishigami", "settings": WORK}} | changes)


@pytest.fixture(scope="module")
def serial(tmp_path_factory: pytest.TempPathFactory) -> Runs:
    return finished(slow(), tmp_path_factory.mktemp("serial"))[1]


def assert_same_bits(left: Runs, right: Runs) -> None:
    assert left.values.tobytes() == right.values.tobytes()  # noqa: PD011 -- not a DataFrame
    assert left.errors.tobytes() == right.errors.tobytes()
    assert left.inputs.tobytes() == right.inputs.tobytes()


def test_two_workers_give_the_same_bits(tmp_path: Path, serial: Runs) -> None:
    """Two processes give what one gives, bit for bit."""
    assert_same_bits(finished(slow(), tmp_path, way=Processes(2))[1], serial)


def test_jobs_of_a_queue_give_the_same_bits(tmp_path: Path, serial: Runs) -> None:
    """Three jobs into three folders make every run once, and joined they are the whole study, again where a copy was damaged."""
    sweep = Sweep.of(slow())
    plans = [sweep.execute(sweep.store(tmp_path / str(i)), part=Part(i, 3)) for i in (1, 2, 3)]
    assert sum(plan.runs for plan in plans) == len(sweep.inputs)
    together = sweep.store(tmp_path / "all")
    with pytest.raises(MissingRuns, match="160 of 160 runs are missing"):
        sweep.runs(together)
    together.take(sweep.store(tmp_path / str(i)) for i in (1, 2, 3))
    assert_same_bits(sweep.runs(together), serial)
    copies = sorted(together.folder.glob("*.npz"))
    assert len(copies) > 2
    for file in copies[:2]:
        file.write_bytes(file.read_bytes()[:-9])
    together.take(sweep.store(tmp_path / str(i)) for i in (1, 2, 3))
    assert_same_bits(sweep.runs(together), serial)


def test_shard_size_changes_no_bit(tmp_path: Path, serial: Runs) -> None:
    """Cutting the study into other shards changes no result."""
    assert_same_bits(finished(slow(rows_per_shard=7), tmp_path)[1], serial)


def test_killed_worker_is_replaced(tmp_path: Path, serial: Runs) -> None:
    """A worker process that dies by kill -9 costs time and nothing else."""
    sweep = Sweep.of(slow())
    store = sweep.store(tmp_path)
    ours = os.getpid()
    killed: list[int] = []

    def started(_plan: Plan) -> Any:
        def advance(_runs: int) -> None:
            if not killed:
                children = Path(f"/proc/{ours}/task/{ours}/children").read_text().split()
                workers = [int(c) for c in children if b"spawn_main" in Path(f"/proc/{c}/cmdline").read_bytes()]
                killed.append(workers[-1])
                os.kill(workers[-1], signal.SIGKILL)

        return advance

    if not Path(f"/proc/{ours}/task/{ours}/children").exists():
        pytest.skip("needs /proc to find the workers")
    sweep.execute(store, way=Processes(2), started=started)
    assert killed
    assert_same_bits(sweep.runs(store), serial)


RUN_STUDY = """
import sys
from pathlib import Path
from simulator.questions.sweep.study_reading import load_study
from simulator.questions.sweep.sweep import Sweep

sweep = Sweep.of(load_study(sys.argv[1]))
sweep.execute(sweep.store(sys.argv[2]))
"""


def test_kill_9_loses_only_what_is_in_flight(tmp_path: Path, serial: Runs) -> None:
    """After kill -9 in mid-run every shard on disk is whole, and the restart ends with the bits of an unbroken run."""
    file = tmp_path / "study.toml"
    file.write_text(
        'method = "sobol"\nsize = 32\nseed = 1\noutputs = ["y"]\nrows_per_shard = 8\n'
        '[model]\nkind = "ishigami"\nsettings = { seconds = 0.02 }\n[parameters]\nall = true\n'
    )
    out = tmp_path / "out"
    process = subprocess.Popen([sys.executable, "-c", RUN_STUDY, str(file), str(out)])
    try:
        deadline = time.monotonic() + 60
        while len(shard_files(out)) < 3:
            assert process.poll() is None and time.monotonic() < deadline
            time.sleep(0.02)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    sweep = Sweep.of(load_study(file))
    store = sweep.store(out)
    there = len(store.read().values)
    assert 24 <= there < 160 and there % 8 == 0
    plan = sweep.execute(store)
    assert plan.finished == there
    assert_same_bits(sweep.runs(store), serial)


def test_growth_reuses_every_run(tmp_path: Path) -> None:
    """A larger study of more replicates makes only the runs it lacks, although its shards are cut elsewhere."""
    small = slow(size=16)
    finished(small, tmp_path)
    plan = plan_of(slow(size=32), tmp_path)
    assert (plan.runs, plan.finished) == (160, 80)
    plan = plan_of(slow(size=16, replicates=3), tmp_path)
    assert (plan.runs, plan.finished) == (240, 80)
    assert plan_of(slow(size=16, seed=2), tmp_path).finished == 0


def test_repeated_rows_run_once(tmp_path: Path) -> None:
    """A one-way study whose levels meet the base runs the base once."""
    of = additive(method="one_way", size=3)
    plan = plan_of(of, tmp_path)
    assert len(Sweep.of(of).inputs) == 10
    assert plan.runs < 10


def test_dask_cluster_gives_the_same_bits(tmp_path: Path, serial: Runs) -> None:
    """A Dask cluster of processes gives the same bits, also when a worker dies by kill -9 in mid-run."""
    distributed = pytest.importorskip("distributed")
    from simulator.work.cluster import Cluster

    sweep = Sweep.of(slow())
    store = sweep.store(tmp_path)
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, silence_logs=50
    ) as cluster:
        victims = [worker.process.pid for worker in cluster.workers.values()]

        def started(_plan: Plan) -> Any:
            def advance(_runs: int) -> None:
                if len(victims) > 1:
                    os.kill(victims.pop(), signal.SIGKILL)

            return advance

        sweep.execute(store, way=Cluster(cluster.scheduler_address), started=started)
    assert len(victims) == 1
    assert_same_bits(sweep.runs(store), serial)


def test_a_cluster_that_goes_away_is_one_message(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the scheduler ends in mid-run one sentence says what is safe, and no traceback is printed."""
    distributed = pytest.importorskip("distributed")
    from simulator.work import cluster as module
    from simulator.work.cluster import Cluster

    monkeypatch.setattr(module, "CONNECT_SECONDS", 3)

    store = Sweep.of(slow()).store(tmp_path)
    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=1, processes=False, dashboard_address=None, silence_logs=50
    ) as cluster:

        def started(_plan: Plan) -> Any:
            return lambda _runs: cluster.close()

        with pytest.raises(RunFailed, match="went away: give the same command again") as failed:
            Sweep.of(slow()).execute(store, way=Cluster(cluster.scheduler_address), started=started)
    assert "runs are safe in" in failed.value.__notes__[0]
    assert "Traceback" not in capfd.readouterr().err


def test_absent_scheduler_is_bad_input(monkeypatch: pytest.MonkeyPatch) -> None:
    """An address where nobody answers is told before any work."""
    pytest.importorskip("distributed")
    from simulator.work import cluster

    monkeypatch.setattr(cluster, "CONNECT_SECONDS", 0.2)
    with pytest.raises(BadInput, match="the address of a Dask scheduler"):
        cluster.Cluster("tcp://127.0.0.1:9").check()


def test_model_that_fails_names_its_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An exception inside the model names the runs and keeps the shards before them."""

    def fail(self: Additive, inputs: Any, row_ids: Any, replicate: int) -> Evaluation:
        if row_ids[0] >= 8:
            raise ZeroDivisionError("no limb left")
        return original(self, inputs, row_ids, replicate)

    original = Additive.evaluate
    monkeypatch.setattr(Additive, "evaluate", fail)
    with pytest.raises(RunFailed, match="runs 8 to 15, replicate 0: ZeroDivisionError: no limb left"):
        finished(additive(size=16, rows_per_shard=8), tmp_path)
    assert len(shard_files(tmp_path)) == 1


# Shards


@pytest.fixture
def made(tmp_path: Path) -> Iterator[tuple[Sweep, Path]]:
    of = slow(size=16)
    finished(of, tmp_path)
    yield Sweep.of(of), tmp_path


def test_damaged_shards_are_made_again(made: tuple[Sweep, Path], capsys: pytest.CaptureFixture[str]) -> None:
    """Shards with a flipped bit, a cut end or no content are never used: one line says so and their runs are repeated."""
    sweep, folder = made
    whole = sweep.runs(sweep.store(folder))
    flipped, cut, empty, *_ = shard_files(folder)
    content = bytearray(flipped.read_bytes())
    content[len(content) // 2] ^= 1
    flipped.write_bytes(content)
    cut.write_bytes(cut.read_bytes()[:-20])
    empty.write_bytes(b"")
    plan = sweep.execute(sweep.store(folder))
    assert plan.runs - plan.finished == 3 * 8
    assert_same_bits(sweep.runs(sweep.store(folder)), whole)
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 1 and "is damaged (its content does not match its hash)" in said[0]


def test_foreign_shards_are_named(made: tuple[Sweep, Path], tmp_path_factory: pytest.TempPathFactory) -> None:
    """A shard of another seed is named and not used; a renamed one and a stranger's file are no shards at all."""
    sweep, folder = made
    own = shard_files(folder)[0]
    home = own.parent
    other = tmp_path_factory.mktemp("other")
    finished(slow(size=16, seed=2), other)
    guest = home / shard_files(other)[0].name
    guest.write_bytes(shard_files(other)[0].read_bytes())
    renamed = home / f"{'0' * 64}.npz"
    renamed.write_bytes(own.read_bytes())
    with pytest.raises(BadShard) as bad:
        sweep.runs(sweep.store(folder))
    assert f"{guest}: foreign, from another model" in str(bad.value)
    assert "1 shard(s)" in str(bad.value)
    assert not renamed.exists()


def test_merge_repairs_nothing_of_others(made: tuple[Sweep, Path], tmp_path_factory: pytest.TempPathFactory) -> None:
    """A damaged shard in a folder that is merged is named, and stays as it is: its owner may have a whole copy."""
    sweep, folder = made
    cut = shard_files(folder)[0]
    cut.write_bytes(cut.read_bytes()[:-20])
    joined = sweep.store(tmp_path_factory.mktemp("joined"))
    with pytest.raises(BadShard, match=f"{cut.name}: damaged"):
        joined.take([sweep.store(folder)])
    assert cut.exists() and not shard_files(joined.root)


def test_contradicting_shards_are_named(made: tuple[Sweep, Path]) -> None:
    """Two whole shards that give different results for one run are never averaged."""
    sweep, folder = made
    store = sweep.store(folder)
    liar = store.write(0, sweep.inputs[3:5], Evaluation(np.zeros((2, 1)), np.zeros((2, 1))))
    with pytest.raises(BadShard, match="other results than another shard") as bad:
        store.read()
    assert liar.exists() and "1 shard(s)" in str(bad.value)


def test_other_models_do_not_mix(made: tuple[Sweep, Path]) -> None:
    """Changing the settings, outputs, seed or parameters of a study leaves its old shards unused."""
    sweep, folder = made
    for change in (
        {"seed": 9},
        {"outputs": ("half",)},
        {"patients": 3},
        {"settings": "{}"},
        {"parameters": ("x3", "x2", "x1")},
    ):
        other = replace(sweep.model, **change)
        assert not shards.ShardStore.of(folder, other).read().values  # noqa: PD011 -- not a DataFrame


def test_full_disk_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, serial: Runs) -> None:
    """A full disk is told in plain words, leaves no half-written file, and the next start goes on."""
    sweep = Sweep.of(slow())
    store = sweep.store(tmp_path)
    real = os.fsync
    calls = 0

    def full(handle: int) -> None:
        nonlocal calls
        calls += 1
        if calls > 10:
            raise OSError(errno.ENOSPC, "No space left on device")
        real(handle)

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(StorageFull, match="Finished work is safe"):
            sweep.execute(store)
    kept = shard_files(tmp_path)
    assert 0 < len(kept) < 20
    assert sorted(store.folder.iterdir()) == sorted([*kept, store.folder / shards.ABOUT])
    assert sweep.execute(store).finished == 8 * len(kept)
    assert_same_bits(sweep.runs(store), serial)


def test_not_a_number_survives_storage(tmp_path: Path) -> None:
    """Shards keep NaN with all its bits, so their hash holds."""
    sweep = Sweep.of(slow(size=16))
    store = sweep.store(tmp_path)
    odd = np.array([[np.nan], [-np.nan], [np.inf], [-0.0]])
    store.write(0, sweep.inputs[:4], Evaluation(odd, odd))
    found = store.read()
    assert np.array(found.values).tobytes() == odd.tobytes()


# Emulator and commands


def test_emulator_knows_its_error(tmp_path: Path) -> None:
    """The emulator of a smooth function is right to a few per cent on runs it has not seen, and says so."""
    sweep, runs = finished(study(method="rbd_fast", size=256), tmp_path)
    emulator = fit_emulator(sweep.design.points, runs.means[:, 0], runs.mean_errors[:, 0], seed=1)
    assert emulator.r2 > 0.98
    points = np.random.default_rng(1).random((200, 3))
    truth = sweep.model.runner().evaluate(sweep.space.to_inputs(points), np.arange(200), 0)
    mean, _ = emulator.predict(points)
    missed = mean - truth.values[:, 0]  # noqa: PD011 -- not a DataFrame
    assert float(np.sqrt(np.mean(missed**2))) < 3 * emulator.rmse


def test_emulated_study(tmp_path: Path) -> None:
    """A study that asks for it gets Sobol' indices from the emulator, near the closed form."""
    found = results(study(method="rbd_fast", size=256, emulator=True), tmp_path)
    rows = rows_of(found.emulated, "ST")
    for name, true in ST.items():
        assert rows[name].value == pytest.approx(true, abs=0.05)


@pytest.fixture
def commands() -> typer.Typer:
    app = typer.Typer()
    app.command("sensitivity")(sensitivity_command.main)
    app.command("merge")(merge_command.main)
    return app


STUDY = """
title = "Ties & <b>noise</b>"
method = "morris"
size = 8
seed = 4
outputs = ["y", "half"]
rows_per_shard = 4
[model]
kind = "ishigami"
[parameters]
all = true
"""


@pytest.mark.usefixtures("undrawn")
def test_command_and_merge_write_the_same(tmp_path: Path, commands: typer.Typer) -> None:
    """`clti sensitivity`, a queue joined by `clti merge` and the kept study.json give the same files, byte for byte."""
    file = tmp_path / "study.toml"
    file.write_text(STUDY)
    run = CliRunner().invoke
    whole = run(commands, ["sensitivity", str(file), "--out", str(tmp_path / "whole")], catch_exceptions=False)
    assert whole.exit_code == 0 and "driven most by" in whole.output
    for i in (1, 2):
        part = run(commands, ["sensitivity", str(file), "--shard", f"{i}/2", "--out", str(tmp_path / f"p{i}")])
        assert part.exit_code == 0 and not (tmp_path / f"p{i}" / "indices.csv").exists()
    first = run(commands, ["merge", str(tmp_path / "p1")])
    assert isinstance(first.exception, MissingRuns)
    joined = run(commands, ["merge", str(tmp_path / "p1"), str(tmp_path / "p2"), "--out", str(tmp_path / "joined")])
    assert joined.exit_code == 0, joined.output
    kept = tmp_path / "whole" / "study.json"
    run(commands, ["sensitivity", str(kept), "--out", str(tmp_path / "again")], catch_exceptions=False)
    files = {each.relative_to(tmp_path / "whole") for each in (tmp_path / "whole").rglob("*") if each.is_file()}
    assert {Path("report.html"), Path("runs.parquet"), Path("indices_y.png")} < files
    for folder in ("joined", "again"):
        assert files == {
            each.relative_to(tmp_path / folder) for each in (tmp_path / folder).rglob("*") if each.is_file()
        }
        for name in files - {Path("manifest.json")}:
            assert (tmp_path / "whole" / name).read_bytes() == (tmp_path / folder / name).read_bytes(), name
    table = pd.read_csv(tmp_path / "whole" / "indices.csv")
    assert list(table.columns[:6]) == ["output", "parameter", "index", "value", "low", "high"]
    page = (tmp_path / "whole" / "report.html").read_text()
    assert "Ties &amp; &lt;b&gt;noise" in page and "<b>noise" not in page


@pytest.mark.usefixtures("undrawn")
@pytest.mark.parametrize(("method", "size"), [(each.name, max(each.smallest, 4)) for each in METHODS.values()])
def test_every_method_runs_from_a_file(tmp_path: Path, commands: typer.Typer, method: str, size: int) -> None:
    """Every method goes from a study file to indices, runs and a report, and says what drives the output."""
    file = tmp_path / "study.toml"
    file.write_text(
        f'method = "{method}"\nsize = {size}\nseed = 1\noutputs = ["sum"]\n[model]\nkind = "additive"\n'
        "settings = { weights = [1.0, 4.0] }\n[parameters]\nall = true\n"
    )
    out = tmp_path / "out"
    done = CliRunner().invoke(commands, ["sensitivity", str(file), "--out", str(out)], catch_exceptions=False)
    assert done.exit_code == 0
    assert "sum is driven most by x2" in done.output
    assert len(pd.read_parquet(out / "runs.parquet")) == METHODS[method].rows(size, 2, 2)
    assert HEADLINE[method] in set(pd.read_csv(out / "indices.csv")["index"])
    assert (out / "report.html").is_file()


def test_what_has_no_influence_is_not_called_a_driver(tmp_path: Path) -> None:
    """The answer in words names what matters and leaves out parameters that do nothing."""
    sweep, runs = finished(additive(method="one_way", size=2, settings={"weights": [2.0, 0.0, -1.0]}), tmp_path)
    words = sentences(findings(sweep, runs, analyse(sweep, runs)))
    assert "x1 (2), x3 (−1)" in words or "x1 (1.9), x3 (−0.95)" in words, words
    assert "x2" not in words


def test_an_index_below_zero_is_no_strength() -> None:
    """A share of the variance estimated below zero ranks last; a swing ranks by its size."""
    values = pd.Series([0.1, -0.3, 0.0])
    assert strengths("rbd_fast", values).idxmax() == 0
    assert strengths("one_way", values).idxmax() == 1


def test_an_emulator_answers_what_if(tmp_path: Path) -> None:
    """Asked for values of parameters, the emulator of a sum gives the sum to 1% of its range, correlated inputs too."""
    of = additive(
        method="rbd_fast",
        size=128,
        settings={"weights": [1.0, 2.0, 3.0], "correlation": 0.6},
        parameters={"all": True, "correlated": "transformation"},
    )
    sweep, runs = finished(of, tmp_path)
    emulator = fit_emulator(sweep.design.points, runs.means[:, 0], runs.mean_errors[:, 0], seed=1)
    for asked in ({}, {"x1": 0.8}, {"x1": 0.3, "x3": 0.9}):
        truth = sum(w * asked.get(f"x{i}", 0.5) for i, w in enumerate((1.0, 2.0, 3.0), 1))
        mean, sd = emulator.predict(sweep.space.point_at(asked)[None, :])
        assert abs(float(mean[0]) - truth) < 0.06, (asked, mean, truth)
        assert sd[0] < 0.1
    with pytest.raises(BadInput, match="x9"):
        sweep.space.point_at({"x9": 1.0})


def test_another_output_is_told_to_need_its_lives_again(tmp_path: Path, commands: typer.Typer) -> None:
    """Runs that lie there and are of no use to a changed study are named, with what sets them apart."""
    file = tmp_path / "study.toml"

    def run(text: str) -> str:
        file.write_text(text)
        words = ["sensitivity", str(file), "--shard", "1/2", "--out", str(tmp_path / "out")]
        return CliRunner().invoke(commands, words).output

    one = STUDY.replace('["y", "half"]', '["y"]')
    assert "Not used" not in run(one)
    assert "no lives: half needs all of them again" in run(STUDY)
    assert "which have the seed 4" in run(STUDY.replace("seed = 4", "seed = 5"))
    assert "Not used" not in run(STUDY)


def test_a_study_lies_with_the_other_outputs(
    tmp_path: Path, commands: typer.Typer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without --out a study is in clti-out/sensitivity under its own name."""
    monkeypatch.chdir(tmp_path)
    Path("waves.toml").write_text(STUDY)
    assert CliRunner().invoke(commands, ["sensitivity", "waves.toml", "--shard", "1/2"]).exit_code == 0
    assert Path("clti-out/sensitivity/waves/study.json").is_file()
    assert sorted(each.name for each in tmp_path.iterdir()) == ["clti-out", "waves.toml"]


def test_every_core_takes_over_after_a_short_while(
    tmp_path: Path, serial: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Unless told otherwise the first runs are made here and the others on every core, with the same bits."""
    handed: list[int] = []

    def run(self: Processes, tasks: Iterator[Any]) -> Any:
        handed.append(self.workers)
        return ThisProcess().run(tasks)

    monkeypatch.setattr(processes, "cores", lambda: 3)
    monkeypatch.setattr(Processes, "run", run)
    finished(slow(), tmp_path / "short", way=EveryCore())
    assert not [each for each in handed if each != 3]
    handed.clear()
    monkeypatch.setattr(processes, "SHORT", 0.0)
    runs = finished(slow(), tmp_path / "long", way=EveryCore())[1]
    assert handed == [3]
    assert_same_bits(runs, serial)
    problems: list[Any] = []
    assert isinstance(way_of(None, None, problems, otherwise=EveryCore()), EveryCore)
    assert way_of(1, None, problems, otherwise=EveryCore()) is None and not problems


def test_command_tells_all_mistakes_and_writes_nothing(tmp_path: Path, commands: typer.Typer) -> None:
    """Mistakes on the command line and in the file come together, and no folder appears."""
    file = tmp_path / "study.toml"
    file.write_text(STUDY.replace("size = 8", "size = 2").replace('"half"', '"quarter"'))
    out = tmp_path / "out"
    result = CliRunner().invoke(
        commands, ["sensitivity", str(file), "--shard", "4/3", "--workers", "0", "--out", str(out)]
    )
    assert isinstance(result.exception, BadInput)
    keys = {problem.key for problem in result.exception.problems}
    assert keys == {"--shard", "--workers", "size", "outputs"}
    assert not out.exists()


def test_merge_refuses_other_studies(tmp_path: Path, commands: typer.Typer) -> None:
    """Folders of different studies, or of none, are not merged."""
    for i, text in enumerate((STUDY, STUDY.replace("seed = 4", "seed = 5"))):
        file = tmp_path / f"s{i}.toml"
        file.write_text(text)
        CliRunner().invoke(commands, ["sensitivity", str(file), "--shard", "1/2", "--out", str(tmp_path / f"o{i}")])
    result = CliRunner().invoke(commands, ["merge", str(tmp_path / "o0"), str(tmp_path / "o1"), str(tmp_path / "no")])
    assert isinstance(result.exception, BadInput)
    assert {problem.value for problem in result.exception.problems} == {"another study", "missing"}


def test_catalogue_groups_form_a_tree() -> None:
    """Every group above a group can be named."""
    inputs = (Input("a", 0.0, group="care.doses.first"), Input("b", 0.0, group="care"))
    assert Catalogue(inputs).groups == ("care", "care.doses", "care.doses.first")
    assert inputs[0].within("care") and not inputs[1].within("care.doses")


def test_single_varied_parameter_of_joint_draws_keeps_its_quantiles() -> None:
    """One parameter of a posterior, varied alone, has the quantiles of its own draws and no partner."""
    posterior = np.random.default_rng(1).normal(size=(500, 2))
    draws = JointDraws("posterior", ("a", "b"), posterior)
    space = build_space((Input("a", 0.0),), {}, (draws,), by_group=False, joint_as_group=False)
    assert not space.copulas
    assert space.to_inputs(np.array([[0.5]]))[0, 0] == pytest.approx(np.median(posterior[:, 0]))


def test_family_changes_with_evidence(monkeypatch: pytest.MonkeyPatch) -> None:
    """Edited evidence opens a new family of shards."""
    model = Model("additive", ("x1",), ("sum",))
    before = model.family()
    monkeypatch.setattr(Additive, "evidence", lambda _self: "edited")
    assert model.family() != before


def test_every_method_says_what_it_answers() -> None:
    """And why it has no intervals, where it has none from the smallest size on."""
    told = labels()
    assert set(told["sweep_answers"]) == set(METHODS)
    silent = {name for name, method in METHODS.items() if not method.has_intervals(method.smallest)}
    assert set(told["sweep_without_intervals"]) == silent
