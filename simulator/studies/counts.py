"""The counts of published studies: which of them predictions are scored on, what is pooled with what, and of how many people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from simulator.studies.measures import outcome_of
from simulator.studies.naive import Count
from simulator.studies.study import Care, Quantity, Study

LARGEST = 2_000
"""Counts of more people are scored as so many, which the Monte Carlo error of a prediction does not tell apart."""


def scorable(quantity: Quantity, study: Study) -> bool:
    """Whether a number is scored: a count of grade A or B that was not recalled."""
    graded = (quantity.grade or study.grade) in ("A", "B") and quantity.evidence != "recalled"
    return quantity.usable and graded and quantity.counted is not None


def arm_of(study: Study, quantity: Quantity) -> str:
    """What the people of a number received, see `kind_of_care`."""
    return kind_of_care([study.groups[name].care for name in quantity.groups])


def kind_of_care(cares: Sequence[Care]) -> str:
    """therapy (angioplasty or another, also with cells), cells, or conservative care."""
    if any(care.therapies for care in cares):
        return "therapy"
    return "cells" if any(care.cell_therapy.doses for care in cares) else "conservative"


def what_is_counted(measure: str) -> tuple[str, bool]:
    """The outcome that a measure is pooled under, and whether it counts those without it."""
    survived = measure == "amputation_free_survival"
    return ("amputation or death" if survived else outcome_of(measure)), survived


def published_counts(studies: Mapping[str, Study]) -> list[Count]:
    """Every count of these studies that predictions are scored on, as the naive competitor reads it."""
    return [
        count_of(key, study, quantity)
        for key, study in studies.items()
        for quantity in study.quantity
        if scorable(quantity, study)
    ]


def count_of(key: str, study: Study, quantity: Quantity) -> Count:
    """A number as the naive competitor reads it; limbs of one person count once."""
    events, n = quantity.counted or (0, 1)
    people = quantity.people or n
    about, survived = what_is_counted(quantity.measure)
    outcome = " ".join([about, *(f"among {word}" for word in quantity.among)])
    events, n = as_scored(events * people / n, people)
    return Count(key, outcome, arm_of(study, quantity), max(sum(quantity.times) / 2.0, 1e-3), events, n, survived)


def as_scored(events: float, n: int) -> tuple[int, int]:
    """A count, or one of so many that it is scored as one of fewer."""
    return (round(events), n) if n <= LARGEST else (round(events * LARGEST / n), LARGEST)
