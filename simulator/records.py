"""Records of NumPy that compiled code takes without delay."""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np
from numpy.typing import NDArray


class Record(np.record):  # type: ignore[misc]  # NumPy's stubs call scalars final, and its own record is none
    """A record that knows where its memory is, once it has been asked.

    Numba asks each record that it is given for its `data`. NumPy answers with a description of all fields, which takes as long
    as a short life for a record of two hundred parameters.
    """

    @property
    def data(self) -> Any:
        """The bytes of the record."""
        own = vars(self)
        if "memory" not in own:
            described = np.frombuffer(np.record.data.__get__(self), np.uint8)
            own["memory"] = _bytes_at(described.ctypes.data, described.size)
        return own["memory"]


def record_at(records: NDArray[np.void], place: int) -> Any:
    """The record at a place of an array of `Record`s, on the array's own memory, which it knows without being asked.

    Raises IndexError for a place that is not there.
    """
    record: Any = records[place]
    address = records.ctypes.data + (place % len(records)) * records.strides[0]
    vars(record)["memory"] = _bytes_at(address, records.itemsize)
    return record


def _bytes_at(address: int, count: int) -> Any:
    """Memory that somebody else keeps alive: a record its own or its array's. It is not asked to, lest they keep each other."""
    return (ctypes.c_char * count).from_address(address)
