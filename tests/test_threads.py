"""Work on threads: answers in order, few items ahead, and nothing begun that nobody waits for."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from simulator.work.threads import in_order


def test_answers_come_in_the_order_of_the_items() -> None:
    """An item that takes long is waited for, while those behind it are done."""
    behind = threading.Event()

    def work(item: int) -> int:
        if item == 0:
            assert behind.wait(10.0)
        if item == 1:
            behind.set()
        return item * item

    assert list(in_order(work, range(6), threads=2)) == [0, 1, 4, 9, 16, 25]


def test_items_are_asked_for_as_threads_come_free() -> None:
    """No more items are taken than the threads and those ahead of them need, whatever there is."""
    asked: list[int] = []

    def items() -> Iterator[int]:
        for item in range(1_000):
            asked.append(item)
            yield item

    found = in_order(lambda item: item, items(), threads=2, ahead=3)
    assert [next(found), next(found)] == [0, 1]
    # Six wait for two threads; one more is in hand when the next answer is asked for.
    assert len(asked) == 9
    found.close()
    assert len(asked) == 9


def test_an_error_ends_the_work() -> None:
    """The error of an item comes in its turn, and items that have not begun are left out."""
    done: list[int] = []

    def work(item: int) -> int:
        if item == 1:
            raise RuntimeError("broken")
        done.append(item)
        return item

    found = in_order(work, range(100), threads=1)
    assert next(found) == 0
    with pytest.raises(RuntimeError, match="broken"):
        next(found)
    assert len(done) < 5
