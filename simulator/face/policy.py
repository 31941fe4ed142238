"""`sim.Policy`: a policy of care made in Python, checked as its file would be."""

from __future__ import annotations

from typing import Any

from simulator.evidence.reading import checked
from simulator.scenario import policy as written
from simulator.words.errors import BadInput, Problem, shown

HERE = "Policy"


class Policy(written.Policy):
    """A policy of care, with the keys of a policy's file; tables are dictionaries.

    `extends` names the policy that it differs from; without it nothing is done but what the keys say. Whether what it
    inherits goes together with its own keys is found out where the policy is used.

    Raises BadInput with every key or value that a policy cannot have.

    >>> import simulator as sim
    >>> three = sim.Policy(extends="protocol", label="Three doses", cell_therapy={"doses": 3})
    >>> found = sim.compare(policies={"conservative": None, "three": three}, patients=200, reliance=False)
    >>> sorted(set(found.outcomes["policy"]))
    ['conservative', 'three']
    """

    def __init__(self, **keys: Any) -> None:
        problems: list[Problem] = []
        sound = checked(written.Policy, keys, HERE, "", problems)
        if sound is not None and sound.extends is None:
            problems += [Problem(HERE, key, shown(value), allowed) for key, value, allowed in sound.faults()]
        if problems:
            raise BadInput(problems)
        super().__init__(**keys)
