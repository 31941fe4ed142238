"""Lives of trials kept between runs: what names a piece, what is read, what is made, and the bits that come back."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from small_trials import NEVER, trial

from simulator.questions.trial.analysis.data import TrialData
from simulator.questions.trial.simulation import kept_lives as module
from simulator.questions.trial.simulation.kept_lives import KeptLives, arrays_of, joined, packed, unpacked


def same(one: TrialData, other: TrialData) -> bool:
    """Whether all arrays are equal, bit for bit, and of one kind."""
    pairs = [(getattr(one, each.name), getattr(other, each.name)) for each in fields(one)]
    return all(np.array_equal(a, b, equal_nan=a.dtype.kind == "f") and a.dtype == b.dtype for a, b in pairs)


def lives(first: int, trials: int, patients: int = 3) -> TrialData:
    """Trials whose numbers can be told from their times; the patients beyond two are lost early."""
    number = np.arange(first, first + trials)[:, None] + np.arange(patients) / 10.0
    late = np.arange(patients) >= 2
    return trial(
        visits=(0.5, 1.0),
        arm=np.broadcast_to(np.arange(patients) % 2, number.shape),
        entry=number,
        died=np.where((number * 10).astype(int) % 3 == 0, number, NEVER),
        lost=np.where(late, 0.1, NEVER) + 0.0 * number,
        tcpo2=np.stack([number, number + 0.5], axis=-1),
        walking=np.full((*number.shape, 2), np.nan),
        walked=np.zeros((*number.shape, 2)),
        stratum=number.astype(int),
    )


def test_pieces_come_back_bit_for_bit() -> None:
    """Two packed pieces are the four trials that they were, and with fewer patients the first ones of each."""
    parts = [arrays_of(packed(lives(first, 2))) for first in (0, 2)]
    whole = unpacked(parts, 3)
    seeds = np.concatenate([lives(0, 2).luck, lives(2, 2).luck])
    assert same(whole, module.replace(lives(0, 4), luck=seeds))
    fewer = unpacked(parts, 2)
    assert fewer.shape == (4, 2) and np.isinf(fewer.lost).all()
    assert fewer.died.tolist() == whole.died[:, :2].tolist() and fewer.luck.tolist() == whole.luck.tolist()


def test_pieces_of_different_sizes_go_together() -> None:
    """Each says how many patients it has."""
    whole = unpacked([arrays_of(packed(lives(0, 2, 3))), arrays_of(packed(lives(2, 2, 5)))], 3)
    three = unpacked([arrays_of(packed(lives(first, 2))) for first in (0, 2, 4)], 3)
    assert three.died.tolist() == lives(0, 6).died.tolist()
    assert whole.died.tolist() == lives(0, 4).died.tolist() and whole.lost.tolist() == lives(0, 4).lost.tolist()


def test_only_times_that_come_are_packed() -> None:
    """Where they stand, counted through all trials; the list before them ends on a word of eight bytes."""
    piece = packed(lives(0, 2))
    (whole,) = piece.values()
    length = int.from_bytes(whole[:8].tobytes(), "little")
    assert list(piece) == [module.PIECE] and length % 8 == 0 and whole.dtype == np.uint8
    arrays = arrays_of(piece)
    assert arrays["lost_at"].tolist() == [2, 5] and arrays["lost"].tolist() == [0.1, 0.1]
    assert arrays["died_at"].dtype == np.int32 and arrays["crossed"].size == 0
    for patients in (2, 10, 100, 1_000):
        (other,) = packed(lives(0, 2, patients)).values()
        assert int.from_bytes(other[:8].tobytes(), "little") % 8 == 0
    sizes = [each.itemsize for each in arrays.values()]
    assert sizes == sorted(sizes, reverse=True)


def test_parts_are_joined_in_their_order() -> None:
    """One after another, visits once."""
    whole = joined([lives(0, 2), lives(2, 1)])
    assert whole.entry.tolist() == lives(0, 3).entry.tolist() and whole.visits.tolist() == [0.5, 1.0]


class Pieces(dict[str, Any]):
    """A store in memory."""

    def read(self, key: str) -> Any:
        """A piece, or None."""
        return self.get(key)

    def write(self, key: str, arrays: Any) -> None:
        """Keep one."""
        self[key] = arrays

    def file(self, key: str) -> str:
        """Where it lies."""
        return f"file of {key}"


class Kept:
    """Lives kept in pieces of four trials, and what was made of them."""

    def __init__(self, patch: pytest.MonkeyPatch, patients: int = 3) -> None:
        self.made: list[tuple[int, int]] = []
        self.removed: list[str] = []
        self.patients = patients
        patch.setattr(module, "UNIT", 4)
        patch.setattr(module, "remove", self.removed.append)
        patch.setattr(KeptLives, "key", lambda _self, truth, first, patients, longer: f"{truth} {first} {longer}")
        self.kept = KeptLives(Path(), SimpleNamespace(), "s", 1)  # type: ignore[arg-type]
        self.pieces = vars(self.kept)["_store"] = Pieces()

    def make(self, first: int, trials: int) -> TrialData:
        """Trials that are not there."""
        self.made.append((first, trials))
        return lives(first, trials, self.patients)

    def ask(self, first: int, trials: int) -> list[list[float]]:
        """Who entered when, in some trials."""
        self.made.clear()
        found = self.kept.lives("t", first, trials, self.patients, 0.5, self.make)  # type: ignore[arg-type]
        assert found.entry.tolist() == lives(first, trials, self.patients).entry.tolist()
        assert found.died.tolist() == lives(first, trials, self.patients).died.tolist()
        return found.entry.tolist()  # type: ignore[no-any-return]


def test_whole_pieces_are_kept_and_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """Trials 3 to 13 hold the pieces from 4 and from 8; what is before and after them is made every time."""
    run = Kept(monkeypatch)
    run.ask(3, 11)
    assert run.made == [(3, 1), (4, 8), (12, 2)] and list(run.pieces) == ["t 4 0.5", "t 8 0.5"]
    run.ask(3, 11)
    assert run.made == [(3, 1), (12, 2)]
    run.ask(4, 8)
    assert run.made == []
    run.ask(4, 5)
    assert run.made == [(8, 1)]
    run.ask(0, 16)
    assert run.made == [(0, 4), (12, 4)]
    del run.pieces["t 4 0.5"], run.pieces["t 12 0.5"]
    run.ask(0, 16)
    assert run.made == [(4, 4), (12, 4)]
    run.pieces.clear()
    run.ask(0, 8)
    assert run.made == [(0, 8)] and len(run.pieces) == 2


def test_less_than_a_piece_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    """And so are trials that are too large to be kept."""
    run = Kept(monkeypatch)
    for first, trials in ((0, 3), (1, 6), (5, 3)):
        run.ask(first, trials)
        assert run.made == [(first, trials)] and not run.pieces
    monkeypatch.setattr(module, "MOST_PATIENTS", 3)
    run.ask(0, 4)
    assert len(run.pieces) == 1
    monkeypatch.setattr(module, "MOST_PATIENTS", 2)
    run.ask(0, 4)
    assert run.made == [(0, 4)]


def test_smaller_pieces_are_made_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """A piece with fewer patients is of no use and goes; one with more serves."""
    run = Kept(monkeypatch)
    run.ask(0, 4)
    run.patients = 4
    run.ask(0, 4)
    assert run.made == [(0, 4)] and run.removed == ["file of t 0 0.5"]
    run.patients = 2
    run.ask(0, 4)
    assert run.made == [] and len(run.removed) == 1


def test_the_oldest_go(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Where all lives of a folder take more than two gigabytes; a full disk is no fault."""
    asked: list[Any] = []
    monkeypatch.setattr(module, "forget_oldest", lambda *given: asked.append(given))
    kept = KeptLives(tmp_path, SimpleNamespace(), "s", 1)  # type: ignore[arg-type]
    kept.tidy()
    assert asked == [(tmp_path, 2**31)]
    assert (kept._store.folder, kept._store.spare) == (tmp_path, True)


def design(**changed: Any) -> Any:
    """All of a design that decides a life."""
    usual = {
        name: name for name in ("entry", "accrual", "drop_out", "blinding", "visits", "randomisation", "block")
    } | {
        "follow_up": SimpleNamespace(until="own"),
        "arms": [SimpleNamespace(allocation=1), SimpleNamespace(allocation=2)],
        "endpoints": [
            SimpleNamespace(at_months=6.0, needs_visit=True),
            SimpleNamespace(at_months=9.0, needs_visit=False),
        ],
    }
    return SimpleNamespace(**usual | changed)


def truth(**changed: Any) -> Any:
    """The numbers of a truth; parameters of some trials from a first one on."""
    usual = {
        "params_of": lambda first, trials: np.arange(first, first + trials, dtype=float),
        "policies": np.zeros(2),
        "arm_policy": np.array([0, 1]),
        "crossover": (1.0, 2.0),
    }
    return SimpleNamespace(**usual | changed)


def test_what_names_a_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything that decides a life or when it is seen changes the name; endpoints without visits and the size do not."""
    monkeypatch.setattr(module, "running_code", lambda: "code")
    monkeypatch.setattr(module, "hospitals_in", lambda design: getattr(design, "hospitals", ""))

    def name(
        first: int = 0,
        patients: int = 10,
        longer: float = 0.0,
        scenario: str = "s",
        seed: int = 1,
        of: Any = None,
        **own: Any,
    ) -> str:
        return KeptLives(Path(), design(**own), scenario, seed).key(of or truth(), first, patients, longer)

    plain = name()
    visits = design().endpoints
    for changed in (
        *({key: "other"} for key in ("entry", "accrual", "drop_out", "blinding", "visits", "randomisation", "block")),
        {"hospitals": "other"},
        {"follow_up": SimpleNamespace(until="own", months=3.0)},
        {"arms": [SimpleNamespace(allocation=2), SimpleNamespace(allocation=1)]},
        {"endpoints": [SimpleNamespace(at_months=7.0, needs_visit=True)]},
        *({"first": 32}, {"longer": 0.5}, {"scenario": "other"}, {"seed": 2}),
        {"of": truth(params_of=lambda first, trials: np.arange(first, first + trials - 1, dtype=float))},
        {"of": truth(policies=np.ones(2))},
        {"of": truth(arm_policy=np.array([1, 0]))},
        {"of": truth(crossover=(1.0, 3.0))},
    ):
        assert name(**changed) != plain, changed  # type: ignore[arg-type]
    assert (
        name() == name(patients=20) == name(endpoints=visits[:1]) == name(endpoints=[*visits[::-1], visits[0]]) == plain
    )
    last = {"follow_up": SimpleNamespace(until="last")}
    assert name(**last) != name(**last, patients=20)
    monkeypatch.setattr(module, "running_code", lambda: "other code")
    assert name() != plain
