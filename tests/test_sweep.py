"""The machinery of sweeps beyond sensitivity studies: the economics and the validation run, resume and refuse alike."""

from __future__ import annotations

import errno
import os
import pickle
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from simulator.evidence import load_register
from simulator.evidence.posterior import parameter_draws
from simulator.questions.validate.validation import draws_for
from simulator.questions.value.consequences.subgroups import SubgroupSums
from simulator.run import simulate
from simulator.scenario import Scenario, load_scenario
from simulator.studies import re_enactment
from simulator.studies.prediction import predict
from simulator.studies.reading import load_studies
from simulator.valuation import lives as economic_lives
from simulator.valuation.lives import Simulations
from simulator.words.errors import BadInput, StorageFull
from simulator.work import execution
from simulator.work.execution import Task, evaluate, run_rows
from simulator.work.model import Evaluation
from simulator.work.processes import Processes
from simulator.work.shards import FOLDER

REGISTER = load_register()
DRAWS = 60


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    return load_scenario(policies=["conservative", "protocol"])


@pytest.fixture(scope="module")
def draws(scenario: Scenario) -> Any:
    return scenario.parameter_draws(parameter_draws(scenario.register, DRAWS, 1))


def shard_files(folder: Path) -> list[Path]:
    return sorted((folder / FOLDER).rglob("*.npz"))


def test_probabilistic_analysis_has_the_same_bits_in_two_processes(
    scenario: Scenario, draws: Any, tmp_path: Path
) -> None:
    """Draws made by two worker processes, read back from their shards, are those made here and kept nowhere."""
    here = Simulations(None).probabilistic("", scenario, draws, 6, 1)
    there = Simulations(tmp_path, way=Processes(2)).probabilistic("", scenario, draws, 6, 1)
    again = Simulations(tmp_path).probabilistic("", scenario, draws, 6, 1)
    for part in ("halves", "outcomes", "outcome_errors"):
        assert getattr(there, part).tobytes() == getattr(here, part).tobytes()
        assert getattr(again, part).tobytes() == getattr(here, part).tobytes()
    assert len(shard_files(tmp_path)) == 4  # 60 draws in blocks of 50, two halves


def test_more_draws_simulate_only_the_new_ones(
    scenario: Scenario, draws: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A larger probabilistic analysis goes on inside a block, with the patients that those draws would always have had."""
    Simulations(tmp_path).probabilistic("", scenario, draws[:30], 6, 1)
    made: list[int] = []

    def counted(*args: Any, **options: Any) -> Any:
        made.append(len(options["draws"]))
        return simulate(*args, **options)

    monkeypatch.setattr(economic_lives, "simulate", counted)
    grown = Simulations(tmp_path).probabilistic("", scenario, draws, 6, 1)
    assert made == [20, 10, 20, 10]
    whole = Simulations(None).probabilistic("", scenario, draws, 6, 1)
    assert grown.halves.tobytes() == whole.halves.tobytes()


def test_a_damaged_cache_heals(
    scenario: Scenario, draws: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whatever happens to kept ledgers, they are lived again with the same bits, and one line says so."""
    kept = Simulations(tmp_path).twins("", scenario, draws[:2], 4, 1)
    file = shard_files(tmp_path)[0]
    whole = file.read_bytes()
    for damaged in (whole[:100], b"", whole[:-1] + b"x", whole + b"x", whole[:200] + b"x" + whole[201:]):
        file.write_bytes(damaged)
        found = Simulations(tmp_path).twins("", scenario, draws[:2], 4, 1)
        assert found.halves.tobytes() == kept.halves.tobytes()
        assert file.read_bytes() == whole
    assert capsys.readouterr().err.count("made again") == 1


def test_patients_kept_one_by_one_have_the_same_bits_from_shards(
    scenario: Scenario, draws: Any, tmp_path: Path
) -> None:
    """Subgroup sums, which need every patient, resume as ledgers do."""
    from simulator.questions.value.consequences.subgroups import subgroup_lives

    first = subgroup_lives(scenario, draws[:7], 20, 1, Simulations(tmp_path))
    again = subgroup_lives(scenario, draws[:7], 20, 1, Simulations(tmp_path))
    assert first.ledgers.tobytes() == again.ledgers.tobytes()
    # Blocks of five draws share a seed.
    alone = SubgroupSums()(
        simulate(
            scenario,
            patients=20,
            seed=economic_lives._seed(1, 1, 0),
            draws=draws[5:7],
            fresh_patients=True,
            times=[scenario.horizon],
            keep_patients=True,
        )
    )
    assert np.moveaxis(alone["ledgers"], 0, 1).tobytes() == np.ascontiguousarray(first.ledgers[:, 5:7]).tobytes()


def test_full_disk_stops_the_economics_with_every_finished_shard_kept(
    scenario: Scenario, draws: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A cache with room for one shard keeps it and says so; with room again the bits are those of an unbroken run."""
    real = os.fsync

    def full(handle: int) -> None:
        if shard_files(tmp_path) and stat.S_ISREG(os.fstat(handle).st_mode):
            raise OSError(errno.ENOSPC, "No space left on device")
        real(handle)

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(StorageFull, match="Finished work is safe"):
            Simulations(tmp_path).probabilistic("", scenario, draws, 6, 1)
    assert len(shard_files(tmp_path)) == 1
    resumed = Simulations(tmp_path).probabilistic("", scenario, draws, 6, 1)
    whole = Simulations(None).probabilistic("", scenario, draws, 6, 1)
    assert resumed.halves.tobytes() == whole.halves.tobytes()


class Sent:
    """Runs tasks as another process would find them, which starts with what was packed and nothing else."""

    def run(self, tasks: Iterator[Task]) -> Iterator[tuple[Task, Evaluation]]:
        for task in tasks:
            yield task, evaluate(pickle.loads(pickle.dumps(task)))


def test_validation_resumes_with_the_same_bits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An interrupted prediction keeps its finished shards; resumed, or packed for another, it is what it was in one go."""
    study = load_studies(REGISTER, ["bali"])[0]["bali"]
    draws = draws_for(REGISTER, 130, 1)
    whole = predict("bali", study, REGISTER, draws, 40, 1)[0]
    real, calls = re_enactment.StudyOfDraws.evaluate, []

    def interrupted(self: Any, *args: Any) -> Evaluation:
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return real(self, *args)

    with monkeypatch.context() as patch:
        patch.setattr(re_enactment.StudyOfDraws, "evaluate", interrupted)
        with pytest.raises(KeyboardInterrupt):
            predict("bali", study, REGISTER, draws, 40, 1, cache=tmp_path)
    assert len(shard_files(tmp_path)) == 1
    with monkeypatch.context() as patch:
        patch.setattr(re_enactment.StudyOfDraws, "evaluate", interrupted)
        resumed = predict("bali", study, REGISTER, draws, 40, 1, cache=tmp_path)[0]
    assert len(calls) == 4  # the first shard was there
    apart = predict("bali", study, REGISTER, draws, 40, 1, way=Sent())[0]
    for found in (resumed, apart):
        assert [each.draws.tobytes() for each in found] == [each.draws.tobytes() for each in whole]
        assert [(e.mean, e.low, e.high) for e in found] == [(e.mean, e.low, e.high) for e in whole]


def test_shards_of_another_study_are_never_used(tmp_path: Path) -> None:
    """A study that differs in one published number, or in its seed, has shards of its own."""
    study = load_studies(REGISTER, ["bali"])[0]["bali"]
    draws = draws_for(REGISTER, 2, 1)
    predict("bali", study, REGISTER, draws, 40, 1, cache=tmp_path)
    predict("bali", study, REGISTER, draws, 40, 1, cache=tmp_path)
    assert len(shard_files(tmp_path)) == 1
    predict("bali", study, REGISTER, draws, 40, 2, cache=tmp_path)
    longer = study.model_copy(update={"follow_up_years": study.follow_up_years + 1.0})
    predict("bali", longer, REGISTER, draws, 40, 1, cache=tmp_path)
    assert len(shard_files(tmp_path)) == 3


class Refusing:
    """A model that somebody's input breaks."""

    kind, parameters, outputs, patients, seed = "refusing", ("x",), ("y",), 0, 0

    def runner(self) -> Refusing:
        return self

    def family(self) -> str:
        return "0" * 64

    def evaluate(self, inputs: Any, row_ids: Any, replicate: int) -> Evaluation:
        raise BadInput([])


class Doubling(Refusing):
    """A model that gives twice what it is given."""

    def evaluate(self, inputs: Any, row_ids: Any, replicate: int) -> Evaluation:
        return Evaluation(2.0 * inputs, np.zeros_like(inputs))


def test_bad_input_inside_a_run_stays_bad_input() -> None:
    """What somebody typed wrongly is told as such (exit code 2), although a worker found it."""
    with pytest.raises(BadInput):
        run_rows(Refusing(), np.ones((1, 1)), None)


def test_a_cache_is_looked_through_after_writing_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is read back makes nothing to forget: an analysis of stored draws does not walk the whole cache again."""
    swept: list[Path] = []
    monkeypatch.setattr(execution, "forget_oldest", lambda root, most: swept.append(root))
    found = [run_rows(Doubling(), np.ones((1, 1)), tmp_path)]
    assert swept == [tmp_path]
    found.append(run_rows(Doubling(), np.ones((1, 1)), tmp_path))
    assert swept == [tmp_path]
    assert found[0].tobytes() == found[1].tobytes() == np.full((1, 1, 1), 2.0).tobytes()


def test_worker_with_other_code_is_refused(scenario: Scenario) -> None:
    """A task planned by another version of the program is not run."""
    from simulator.work.model import RunFailed

    task = Task(Refusing(), "another", 0, np.zeros(1, np.int64), np.ones((1, 1)))
    with pytest.raises(RunFailed, match="another version"):
        evaluate(task)
