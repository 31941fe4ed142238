"""The people of a published study, for figures of the course that come from it."""

from __future__ import annotations

from simulator.evidence.register import Register
from simulator.scenario import Scenario
from simulator.studies.baseline import solved
from simulator.studies.study import Group, Study


def as_enrolled(scenario: Scenario, study: Study, group: str, register: Register) -> Scenario:
    """The scenario with the people, entry criteria and life table of a study, or of one group of it.

    What the study reports stands as reported; of what is unknown, the middle of the range that `clti validate` draws from.
    """
    chosen = study.groups[group] if group else Group(n=1)
    values, ranges, tcpo2 = study.baseline(chosen)
    values = values | {key: (low + high) / 2.0 for key, (low, high) in ranges.items()}
    if tcpo2 is not None:
        values |= solved(register, tcpo2, study.criteria(chosen), values)[0]
    return scenario.with_(
        parameters=values,
        life_table=study.life_table.model_dump(),
        entry=study.criteria(chosen).model_dump(exclude_unset=True),
    )
