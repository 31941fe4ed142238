"""Work that another process takes over is the same work, whoever does it, and draws that are kept are nobody's to change."""

from __future__ import annotations

import pickle
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from scipy.stats import norm

from simulator.evidence.distributions import FEW, sample
from simulator.evidence.register import load_register
from simulator.statistics.decision.voi import _unseen
from simulator.telling.studio import Studio
from simulator.words.errors import BadInput, Problem
from simulator.work.beside import later


class Gone:
    """A pool whose process somebody ended, before or after work was handed to it."""

    def __init__(self, *, at_once: bool) -> None:
        self.at_once = at_once

    def submit(self, *_: Any) -> Future[Any]:
        """Refuse, or never finish."""
        if self.at_once:
            raise BrokenProcessPool
        never: Future[Any] = Future()
        never.set_exception(BrokenProcessPool())
        return never


class Late:
    """A pool that begins with its work only once somebody waits for it."""

    def submit(self, function: Any, *args: Any) -> Any:
        """Work that is not begun yet."""
        return SimpleNamespace(result=partial(function, *args))


@pytest.mark.parametrize("studio", [Studio(), Studio(Gone(at_once=True)), Studio(Gone(at_once=False))])  # type: ignore[arg-type]
def test_work_is_done_here_where_no_other_process_is_left(studio: Studio) -> None:
    """Whatever becomes of the other process, the result is that of this one."""
    assert studio.beside(divmod, 17, 5)() == (3, 2)


def test_other_process_works_with_what_it_was_handed_whatever_becomes_of_it_here() -> None:
    """A scenario that was still being packed while this process went on ended a whole analysis in an error."""
    numbers = [3, 4]
    wait = Studio(Late()).beside(sum, numbers)  # type: ignore[arg-type]
    numbers.append(5)
    assert wait() == 7


def test_without_another_process_work_begins_when_its_result_is_asked_for() -> None:
    """Nothing is done for a result that nobody asks for."""
    done: list[int] = []
    wait = later(done.append, 1)
    assert not done
    wait()
    assert done == [1]


def test_bad_input_found_by_the_other_process_is_told_as_it_is_here() -> None:
    """The message crosses from one process to another."""
    bad = BadInput([Problem("value", "draws", "1", "2 or more")])
    assert pickle.loads(pickle.dumps(bad)).problems == bad.problems


def test_draws_that_are_kept_cannot_be_changed_by_who_asked_for_them() -> None:
    """Asked for again, few draws have the bits that they had, and those of many."""
    register = load_register()
    first = sample(register, 5, 1)
    before = first.copy()
    for name in register.names():
        first[name] = -1.0
    assert sample(register, 5, 1).tobytes() == before.tobytes()
    many = sample(register, FEW + 1, 1)[:5]
    for name in register.names():
        np.testing.assert_array_max_ulp(many[name], before[name], 1)


def test_what_no_fit_shows_is_the_unit_normal_loss_to_the_bit() -> None:
    """The loss written out is that of SciPy's normal distribution."""
    refits = np.random.default_rng(1).normal(0.0, 300.0, (3, 20, 50))
    best = np.array([0.0, -120.0, -750.0])
    by_scipy = [
        s * norm.pdf(m / s) - m * norm.sf(m / s)
        for m, s in zip(best.max() - best, refits.std(axis=(1, 2)), strict=True)
    ]
    assert _unseen(refits, best) == max(by_scipy)
