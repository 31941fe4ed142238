"""The rules written a second time, in plain Python from MODEL.md, and compared with the compiled ones in drawn situations.

All pages are imported here, so that the book is whole, and its pages have the same numbers, whoever asks for one of them.
"""

from __future__ import annotations

from simulator.questions.verify.rulebook import (
    care_stated,
    cells_stated,
    course_stated,
    events_stated,
    hazards_stated,
    people_stated,
    procedures_stated,
)
from simulator.questions.verify.rulebook.book import BOOK

__all__ = [
    "BOOK",
    "care_stated",
    "cells_stated",
    "course_stated",
    "events_stated",
    "hazards_stated",
    "people_stated",
    "procedures_stated",
]
