"""What a reader must know where a scenario leaves what was studied: sentences with their condition and source, from a file."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Annotated

from pydantic import BeforeValidator, Field

from simulator.evidence.parameter import as_tuple
from simulator.evidence.posterior import spent
from simulator.evidence.reading import Frozen, checked, read_toml, spelled
from simulator.evidence.shipped import shipped
from simulator.evidence.sources import load_sources
from simulator.scenario.policy import Criteria, stricter
from simulator.scenario.scenario import Scenario
from simulator.words.errors import BadInput, Problem, nearest

FILE = "caveats.toml"


class Beyond(Frozen):
    """A limit of a criterion and which side of it was not studied."""

    below: float | None = None
    above: float | None = None


class Caveat(Frozen):
    """One sentence and the criteria of the people treated with cells under which it must be said."""

    sentence: Annotated[str, Field(pattern=r"\{policies\}")]
    source: Annotated[tuple[str, ...], BeforeValidator(as_tuple), Field(min_length=1)]
    when: Annotated[dict[str, bool | Beyond], Field(min_length=1)]

    def concerns(self, treated: Criteria) -> bool:
        """Whether people who meet these criteria may be some of those whom the sentence is about."""
        return all(_meets(getattr(treated, key), asked) for key, asked in self.when.items())


def _meets(value: float | bool | None, asked: bool | Beyond) -> bool:
    if isinstance(asked, bool):
        return value is asked
    number = math.inf if value is None else float(value)
    return (asked.below is None or number < asked.below) and (asked.above is None or number > asked.above)


@lru_cache(maxsize=1)
def load_caveats() -> tuple[Caveat, ...]:
    """Every caveat of the shipped file. Raises BadInput with every fault."""
    root = shipped("calibration")
    name, problems, sources = spelled(root / FILE, root), list[Problem](), load_sources(root)
    found = []
    for key, table in read_toml(root / FILE, name, problems).items():
        caveat = checked(Caveat, table, name, key, problems)
        if caveat is None:
            continue
        found.append(caveat)
        for source in caveat.source:
            if source not in sources:
                problems.append(Problem(name, f"{key}.source", repr(source), nearest(source, sources)))
        for criterion in caveat.when:
            if criterion not in Criteria.model_fields:
                allowed = nearest(criterion, Criteria.model_fields)
                problems.append(Problem(name, f"{key}.when", repr(criterion), allowed))
    if problems:
        raise BadInput(problems)
    return tuple(found)


def caveats(
    scenario: Scenario, policies: Iterable[str] | None = None, draws: int = 0, entry: Criteria | None = None
) -> tuple[str, ...]:
    """What must be said about policies (default: those compared) and about so many draws of the posterior.

    `entry` (default: the scenario's) says who takes part at all; real patients of a table are never turned away.
    """
    names = scenario.compare if policies is None else tuple(dict.fromkeys(policies))
    entry = Criteria() if len(scenario.given) else entry or scenario.settings.entry
    sources = load_sources()
    said = []
    for caveat in load_caveats():
        who = [
            name
            for name in names
            if scenario.policies[name].cell_therapy.doses > 0
            and caveat.concerns(stricter(entry, scenario.policies[name].eligibility))
        ]
        if who:
            cited = ", ".join(sources[key].short for key in caveat.source)
            labels = " and ".join(_listed([scenario.policies[name].label for name in who]))
            said.append(f"{caveat.sentence.format(policies=labels)} ({cited})")
    exhausted = spent(scenario.register, draws)
    return (*said, exhausted) if exhausted else tuple(said)


def _listed(labels: Sequence[str]) -> list[str]:
    """The labels as parts that " and " joins."""
    return [", ".join(labels[:-1]), labels[-1]] if len(labels) > 1 else list(labels)
