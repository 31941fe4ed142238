"""Records of NumPy that compiled code takes without delay."""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np
from numpy.typing import NDArray


class Record(np.record):  # type: ignore[misc]  # NumPy's stubs call scalars final, and its own record is none
    """A record that may know where its memory is.

    Numba asks each record that it is given for its `data`. NumPy answers with a description of all fields, which takes as long
    as a short life for a record of two hundred parameters.
    """

    @property
    def data(self) -> Any:
        """The bytes of the record."""
        return vars(self).get("memory") or np.record.data.__get__(self)


def record_at(records: NDArray[np.void], place: int) -> Any:
    """The record at a place of an array of `Record`s, on the array's own memory, which it knows.

    Raises IndexError for a place that is not there.
    """
    record: Any = records[place]
    address = records.ctypes.data + (place % len(records)) * records.strides[0]
    vars(record)["memory"] = (ctypes.c_char * records.itemsize).from_address(address)
    return record
