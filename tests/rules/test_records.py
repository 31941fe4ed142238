"""Records: each on the memory of its array, which compiled code gets without NumPy's description of all fields."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from simulator.compiling import compiled, record_dtype
from simulator.records import Record, record_at

PERSON = record_dtype([("age", np.float64), ("doses", np.int64)])


@compiled
def treat(person: object) -> None:
    """One dose, a year later."""
    person.age += 1.0  # type: ignore[attr-defined]
    person.doses += 1  # type: ignore[attr-defined]


@pytest.mark.parametrize("place", [0, 2, -1])
def test_a_record_is_a_place_of_its_array(place: int) -> None:
    """What a rule writes into the record stands in the array at that place, and nowhere else."""
    people = np.zeros(3, PERSON)
    people["age"] = [60.0, 70.0, 80.0]
    one = record_at(people, place)
    treat(one)
    treat(one)
    expected = [60.0, 70.0, 80.0]
    expected[place] += 2.0
    assert people["age"].tolist() == expected
    assert people["doses"].tolist() == [2 * (k == place % 3) for k in range(3)]
    assert (one.age, one["doses"]) == (expected[place], 2)


def test_a_record_of_every_second_place() -> None:
    """An array that steps over places gives the records that it shows."""
    people = np.zeros(6, PERSON)
    treat(record_at(people[1::2], 1))
    assert people["doses"].tolist() == [0, 0, 0, 1, 0, 0]


def test_memory_known_and_unknown_is_the_same() -> None:
    """The bytes that compiled code is given are those that NumPy gives of the same record, whose array they are."""
    people = np.zeros(2, PERSON)
    people["doses"] = [3, 4]
    known, unknown = record_at(people, 1), people[1]
    assert isinstance(unknown, Record)
    assert bytes(known.data) == bytes(unknown.data) == people[1:].tobytes()
    known["doses"] = 9
    assert bytes(known.data) == people[1:].tobytes()


def test_a_place_that_is_not_there() -> None:
    """There is no record beyond the end."""
    with pytest.raises(IndexError):
        record_at(np.zeros(2, PERSON), 2)


def test_records_travel() -> None:
    """An array of records arrives in another process as it left, and so does one record."""
    people = np.zeros(2, PERSON)
    people["age"] = [61.0, 62.0]
    assert np.array_equal(pickle.loads(pickle.dumps(people)), people)
    assert pickle.loads(pickle.dumps(people[1])).age == 62.0
