"""A scenario that was read and checked: everything that decides a result besides patients, luck and parameter draws."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from simulator.evidence.hospitals import FIELDS
from simulator.evidence.life_table import LifeTable
from simulator.evidence.register import Register
from simulator.evidence.therapies.therapy_numbers import NUMBERS
from simulator.records import record_at
from simulator.rules.population.taking import Taken, at_least, at_most, fault_of, take
from simulator.scenario.arrays import BY_VIEW, clock, entry_record, parameter_draws, policy_records
from simulator.scenario.policy import Policy
from simulator.scenario.settings import Settings
from simulator.scenario.writing import toml_of
from simulator.words.errors import BadInput, Problem, nearest
from simulator.words.vocabulary import View

if TYPE_CHECKING:
    from simulator.scenario.inheritance import Layer

WITH = "with_"
PUBLISHED = "protocol"
"""The policy of the founding study."""


@dataclass(frozen=True, eq=False)
class Read:
    """What a scenario was read from: its files and differences from the bottom up, the policies that a caller named
    (None: those of the files), the settings that came of them, and the reader that lays one more difference over it."""

    layers: tuple[Layer, ...]
    policies: tuple[str, ...] | None
    settings: Settings
    with_: Callable[[Scenario, Mapping[str, Any]], Scenario]


@dataclass(frozen=True, eq=False)
class Scenario:
    """Made by `load_scenario`, and never changed.

    `settings` is what the files say, `policies` every policy that can be named (the shipped ones and the scenario's
    own), `register` the evidence with the scenario's own values laid over it. `given` holds real patients, shape (rows,
    columns), NaN where unknown; without rows everybody is synthetic. `inputs` maps what a reader calls a file to what
    was read. ``scenario.with_(...)`` lays a difference over it and checks it.

    >>> import simulator as sim
    >>> other = sim.load_scenario("base").with_(evidence={"view": "sceptical"}, life_table={"country": "Germany"})
    >>> other.view, other.life_table.country
    ('sceptical', 'Germany')
    """

    name: str
    settings: Settings = field(repr=False)
    policies: Mapping[str, Policy] = field(repr=False)
    register: Register = field(repr=False)
    life_table: LifeTable = field(repr=False)
    given: NDArray[np.float64] = field(repr=False)
    given_columns: tuple[str, ...] = field(repr=False)
    inputs: Mapping[str, bytes] = field(repr=False)
    read: Read | None = field(default=None, repr=False)

    def with_(self, **difference: Any) -> Scenario:
        """A new scenario: this one with a difference laid over it, in the words of a scenario's file.

        ``scenario.with_(evidence={"view": "sceptical"}, parameters={"restenosis_rate": 0.5})``. `compare` takes names of
        policies; where the reference is not among them, the first is. Policies and tables of patients may be objects, as in
        `load_scenario`. No file is read again. Raises BadInput with everything that is wrong with the difference.

        >>> from simulator import load_scenario
        >>> load_scenario("base").with_(evidence={"view": "sceptical"}, population={"patients": 500}).view
        'sceptical'
        """
        if self.read is None or self.settings != self.read.settings:
            allowed = "a scenario as load_scenario or with_ gave it"
            raise BadInput([Problem(WITH, "scenario", "changed by other means", allowed)])
        return self.read.with_(self, difference)

    def to_toml(self) -> str:
        """The text of a scenario's file: what differs from the shipped scenario that this one stands on, and nothing else.

        Read back by `load_scenario` it is this scenario, with the same `hash`. Raises BadInput where patients are a table
        that has no file.

        >>> from simulator import load_scenario
        >>> print(load_scenario("base").with_(evidence={"view": "sceptical"}).to_toml().split("\\n\\n")[1])
        [evidence]
        view = "sceptical"
        <BLANKLINE>
        """
        return toml_of(self)

    @property
    def label(self) -> str:
        """What people call it."""
        return self.settings.label

    @property
    def compare(self) -> tuple[str, ...]:
        """Names of the policies compared."""
        return self.settings.compare

    @property
    def reference(self) -> str:
        """Name of the policy that the others are compared with."""
        return self.settings.reference

    @property
    def headline(self) -> str | None:
        """The policy that summaries speak of: the scenario's own, else the published protocol, else the first compared.

        None where there is only the reference.
        """
        others = [name for name in self.compare if name != self.reference]
        own = [name for name in others if name in self.settings.policies]
        return next(iter([*own, *(name for name in others if name == PUBLISHED), *others]), None)

    @cached_property
    def idle(self) -> frozenset[str]:
        """Numbers that no life of a comparison can depend on."""
        return self.idle_under(self.compare)

    def idle_under(self, policies: Iterable[str]) -> frozenset[str]:
        """Numbers that no life can depend on: of therapies that none of the policies gives, and of other evidence views."""
        followed = [self.policies[name] for name in policies]
        given = {
            name for each in followed for name in (*each.given, each.cell_therapy.product, each.cell_therapy.route)
        }
        therapies = self.register.therapies
        read = {
            therapies[name].parameter(number, self.view) for name in given if name in therapies for number in NUMBERS
        }
        seen = {f"{share}_{each.name.lower()}" for share in BY_VIEW for each in View if each.name.lower() != self.view}
        return frozenset((self.register.of_therapies - read) | seen)

    @property
    def left_aside(self) -> tuple[str, ...]:
        """Own policies that are neither compared nor extended by another: perhaps a slip in a name."""
        own = self.settings.policies
        used = {*self.compare, *(policy.extends for policy in own.values())}
        return tuple(name for name in own if name not in used)

    @property
    def patients(self) -> int:
        """How many patients are simulated unless a caller says otherwise: the rows of a table, if there is one."""
        return self.settings.population.patients

    @property
    def view(self) -> str:
        """The view on attribution: sceptical, central or optimistic."""
        return self.settings.evidence.view

    @property
    def centre(self) -> str:
        """The hospital that the answer is for: average, new, founding, or own."""
        centre = self.settings.evidence.centre
        return centre if isinstance(centre, str) else "own"

    @property
    def horizon(self) -> float:
        """Years followed."""
        return self.settings.follow_up.horizon_years

    @property
    def times(self) -> tuple[float, ...]:
        """Years at which results are reported, the horizon last."""
        return tuple(sorted({*self.settings.follow_up.report_at_years, self.horizon}))

    def tcpo2_levels(self, policies: Iterable[str]) -> list[float]:
        """Measured TcPO2 (mmHg) below which these policies treat, and at which perfusion counts as restored."""
        limits = {self.policies[name].eligibility.tcpo2_below for name in policies}
        return sorted(
            {float(limit) for limit in limits if limit is not None} | {self.register["judgement_tcpo2"].value}
        )

    def followed_until(self, time: float) -> Scenario:
        """The scenario followed no longer than to a time (years)."""
        update = {"horizon_years": time, "report_at_years": (time,)}
        follow_up = self.settings.follow_up.model_copy(update=update)
        return replace(self, settings=self.settings.model_copy(update={"follow_up": follow_up}))

    @property
    def clock(self) -> NDArray[np.float64]:
        """Horizon (years) and continuous discount rates of effects and costs (per year), as engines read them."""
        return clock(self.horizon, self.settings.discounting)

    @property
    def administrative_follow_up(self) -> tuple[float, float] | None:
        """Shortest and longest follow-up (years) to a study's data cut; None if the scenario has no calendar."""
        return self.settings.follow_up.shortest_and_longest

    @property
    def entry_record(self) -> Any:
        """Entry criteria as engines read them."""
        return entry_record(self.settings.entry)

    @property
    def life_table_arrays(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Knot ages (k,) and log hazards (2, k) of background death."""
        return self.life_table.to_arrays()

    def taken(self, people: int, seed: int, cohort: int = 0) -> Taken:
        """The real patients of a cohort; see `simulator.rules.population.taking.take`."""
        return take(self.given, people, seed, cohort)

    def people_fault(self, people: int) -> str | None:
        """What is allowed where the scenario's table of real patients does not allow so many; None where it does."""
        return fault_of(people, len(self.given))

    def people_up_to(self, people: int) -> int:
        """The largest number of patients up to `people` that the table of real patients allows."""
        return at_most(people, len(self.given))

    def people_from(self, people: int) -> int:
        """The smallest number of patients from `people` on that the table of real patients allows."""
        return at_least(people, len(self.given))

    def params(self, values: Mapping[str, float] | None = None) -> Any:
        """The parameters as engines read them, some replaced by `values`.

        Raises BadInput for unknown names and values outside their range.
        """
        return record_at(self.parameter_draws(None if values is None else _one_row(values)), 0)

    def parameter_draws(self, draws: Any = None) -> NDArray[np.void]:
        """The parameters of each draw; see `simulator.scenario.arrays.parameter_draws`.

        Raises BadInput where the centre is given by own counts that nobody has read: functions of the face read them.
        """
        if not isinstance(self.settings.evidence.centre, str) and not self._located:
            allowed = "'average', 'new' or 'founding' here; own counts are read by compare, psa, value, trace and sweep"
            raise BadInput([Problem(self.name, "evidence.centre", "own counts", allowed)])
        return self._own_parameters.copy() if draws is None else parameter_draws(self.register, self.view, draws)

    @cached_property
    def _own_parameters(self) -> NDArray[np.void]:
        """Those of the register's own values, which are asked for with every life that is told and every run."""
        return parameter_draws(self.register, self.view, None)

    @property
    def described(self) -> str:
        """Whom the scenario is about, in its own words, else in those of the nearest scenario that it extends."""
        own = self.settings.description
        if own or self.read is None:
            return own
        above = (layer.table for layer in reversed(self.read.layers) if layer.table.get("description"))
        whose = next(above, None)
        if whose is None:
            return ""
        return f"{whose['description']} These are the people of “{whose['label']}”, from which this scenario differs."

    @property
    def _located(self) -> bool:
        """Whether the register lies at a hospital: in draws, or by numbers that were put in their place."""
        return bool(self.register.joint) or any(self.register[field].value for field in FIELDS.values())

    def policy_records(self, names: Sequence[str] | None = None) -> NDArray[np.void]:
        """Policies (default: those compared) as engines read them. Raises BadInput for unknown names."""
        chosen = self.compare if names is None else tuple(names)
        unknown = [name for name in chosen if name not in self.policies]
        if unknown:
            raise BadInput(Problem("policies", "name", repr(name), nearest(name, self.policies)) for name in unknown)
        return policy_records((self.policies[name] for name in chosen), self.register.therapies)

    @cached_property
    def hash(self) -> str:
        """SHA-256 of everything that decides a life, whatever the files look like; what lives are worth is not in it."""
        texts = {"label", "description", "extends", "policies", "economics"}
        content = {
            "settings": self.settings.model_dump(mode="json", exclude=texts | {"population"}),
            "patients": self.patients,
            "policies": {n: self.policies[n].model_dump(mode="json", exclude=_WORDS) for n in self.compare},
            "register": self.register.hash(),
        }
        whole = hashlib.sha256(json.dumps(content, sort_keys=True).encode())
        for array in (*self.life_table_arrays, self.given):
            whole.update(np.ascontiguousarray(array).tobytes())
        return whole.hexdigest()


_WORDS: Any = {"extends": True, "label": True, "description": True, "note": True, "selection": {"note"}}


def _one_row(values: Mapping[str, float]) -> NDArray[np.void]:
    row = np.zeros(1, [(name, np.float64) for name in values])
    for name, value in values.items():
        row[name] = value
    return row
