"""The clinical model as a study sees it: parameters and policy settings in, means over patients out.

    [model]
    kind = "clti"
    settings = { scenario = "base", overrides = { evidence = { view = "sceptical" } } }

Both settings may be left out. A scenario of one's own is a file that every worker must find at the same place;
`overrides` is laid over the scenario in the words of its file and travels with the study.

Every run sees the same patients with the same luck, and each replicate other patients, so differences between runs are
differences between parameters.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

from simulator.centre.own import at_its_centre
from simulator.compiling import announced
from simulator.evidence.posterior import joint_names, posterior_table
from simulator.evidence.wholes import WHOLES, Whole, columns, cut_to_one, too_much
from simulator.living.outcomes import OUTCOMES
from simulator.questions.sweep.clinical.clinical_outputs import COST, QALYS, ClinicalOutput, read_output
from simulator.questions.sweep.clinical.clinical_worth import ClinicalWorth, parameter_input
from simulator.questions.sweep.clinical.policy_settings import belongs_to, setting_faults, setting_inputs, with_settings
from simulator.questions.sweep.methods.inputs import Catalogue, Floats, JointDraws
from simulator.questions.sweep.methods.model import Fault, Model
from simulator.run.job import Done, Job
from simulator.scenario import Policy, Scenario, load_scenario
from simulator.scenario.arrays import BY_VIEW, policy_records
from simulator.scenario.caveats import caveats
from simulator.words.errors import BadInput, CheckFailed, Problem, nearest, shown
from simulator.words.vocabulary import View
from simulator.work.model import Evaluation, canonical

SETTINGS = ("scenario", "overrides")
POSTERIOR = "posterior"
"""Name of the block of parameters that were estimated together."""
HOSPITAL = "hospital"
"""Name of the block of parameters that are drawn jointly with the hospital's offsets."""
BATCHES = 25
"""Parts of a run's patients whose means tell its Monte Carlo error. More of them cost time, fewer cost precision."""
FEWEST_PATIENTS = 2


class Clinical:
    """Runs lives for each row of inputs and gives the outputs' means with their Monte Carlo standard errors."""

    def __init__(self, model: Model) -> None:
        self.model = model
        settings = json.loads(model.settings)
        self.scenario = _scenario(canonical({key: settings[key] for key in SETTINGS if not _misfit(key, settings)}))
        read = (read_output(text, self.scenario.policies, self.scenario.horizon) for text in model.outputs)
        self.outputs = [output for output in read if isinstance(output, ClinicalOutput)]

    @cached_property
    def policies(self) -> tuple[str, ...]:
        """The policies that the outputs are about."""
        return tuple(dict.fromkeys(policy for output in self.outputs for policy in output.policies))

    @cached_property
    def worth(self) -> ClinicalWorth | None:
        """What lives are worth, where an output asks. Raises BadInput for what is wrong with prices and utilities."""
        needed = any(output.needs_money for output in self.outputs)
        return ClinicalWorth.of(self._compared) if needed else None

    def catalogue(self) -> Catalogue:
        """The register's parameters, prices and utilities where an output needs them, and the policies' settings.

        Of the shares that views of the evidence differ in, only those of the scenario's own view vary.
        """
        register = self.scenario.register
        shares = {f"{share}_{view.name.lower()}" for share in BY_VIEW for view in View}
        others = shares - {f"{share}_{self.scenario.view}" for share in BY_VIEW}
        seen = [each for each in register.parameters if each.name not in others]
        inputs = (
            *(parameter_input(each) for each in seen),
            *(self.worth.inputs if self.worth is not None else ()),
            *setting_inputs({name: self.scenario.policies[name] for name in self.policies}),
        )
        table, known = posterior_table(), {each.name for each in seen}
        # As `parameter_draws` takes them: what is drawn with the hospital from its rows, the rest of the fit from the fit's.
        apart = {name: rows for name, rows in register.joint.items() if name in known and np.ptp(rows) > 0.0}
        names = [name for name in joint_names(register) if name in known and name not in register.joint]
        blocks = []
        if table is not None and names:
            blocks.append(JointDraws(POSTERIOR, tuple(names), table[names].to_numpy(dtype=np.float64)))
        if apart:
            blocks.append(JointDraws(HOSPITAL, tuple(apart), np.stack([*apart.values()], axis=1)))
        return Catalogue(inputs, tuple(blocks))

    def faults(self) -> Iterator[Fault]:
        """Settings, outputs and patients that make no sense, and scenarios that the compiled engine cannot run."""
        settings = json.loads(self.model.settings)
        for key, value in settings.items():
            if key not in SETTINGS:
                yield f"model.settings.{key}", value, nearest(key, SETTINGS)
            elif allowed := _misfit(key, settings):
                yield f"model.settings.{key}", value, allowed
        for text in self.model.outputs:
            found = read_output(text, self.scenario.policies, self.scenario.horizon)
            yield from found if isinstance(found, list) else ()
        if self.model.policies:
            yield "policies", list(self.model.policies), "nothing: the outputs name their policies"
        if self.model.patients < FEWEST_PATIENTS:
            yield "patients", self.model.patients, f"{FEWEST_PATIENTS} or more"
        elif fault := self.scenario.people_fault(self.model.patients):
            yield "patients", self.model.patients, fault
        if self.scenario.settings.capacity is not None:
            name = self.scenario.name
            yield "model.settings.scenario", name, "a scenario without a shared resource ([capacity])"

    def row_faults(self, inputs: Floats, chosen: Collection[str]) -> Iterator[Fault]:
        """What a scenario with a row's values would be refused for: shares of one whole, and settings of one policy."""
        for whole, total, wrong in self._broken(inputs):
            ranged = [name for name in whole.shares if name in chosen]
            if ranged:
                told = f"{total.max():g} in row {int(np.argmax(total))}, and more than 1 in {_rows(wrong)}"
                others = [f"{name} is {self._usual(name)}" for name in whole.shares if name not in ranged]
                allowed = "at most 1 together in every row" + (f"; {', '.join(others)}" if others else "")
                yield " + ".join(ranged if len(ranged) > 1 else whole.shares), told, allowed
        columns = dict(zip(self.model.parameters, inputs.T, strict=True))
        for name, policy in self._known.items():
            yield from setting_faults(name, policy, columns)

    def row_notes(self, inputs: Floats) -> Iterator[str]:
        """What must be said of the policies, and where shares were cut that come from distributions of their own."""
        yield from caveats(self.scenario, self.policies)
        for whole, _, wrong in self._broken(inputs):
            yield (
                f"In {_rows(wrong)} {whole.key} are more than 1, because each comes from a distribution of its own; those"
                f" rows were run with what the later ones leave of 1 for {whole.shares[0]}, and if need be for the next."
            )

    def _broken(self, inputs: Floats) -> Iterator[tuple[Whole, Floats, NDArray[np.bool_]]]:
        columns = dict(zip(self.model.parameters, inputs.T, strict=True))
        usual = self.scenario.register.values()
        moved = {name for whole in WHOLES if not columns.keys().isdisjoint(whole.shares) for name in whole.shares}
        return too_much({name: columns.get(name, np.full(len(inputs), usual[name])) for name in moved})

    def _usual(self, name: str) -> str:
        return "drawn" if name in self.model.parameters else f"{self.scenario.register[name].value:g}"

    def evidence(self) -> str:
        """Hash of everything that is read from files."""
        whole = hashlib.sha256(self._valued.hash.encode())
        table = posterior_table()
        if table is not None:
            whole.update(table.to_csv(index=False).encode())
        if self.worth is not None:
            whole.update(self.worth.evidence().encode())
        return whole.hexdigest()

    def evaluate(self, inputs: Floats, row_ids: NDArray[np.int64], replicate: int) -> Evaluation:
        """Means and standard errors of the outputs. Raises CheckFailed for a row under which nobody can enter."""
        people = self.model.patients
        cuts = np.linspace(0, people, min(BATCHES, people) + 1).astype(np.int64)
        sizes = np.diff(cuts)
        starts = (replicate * people + cuts[:-1]).tolist()
        values = np.empty((len(inputs), len(self.outputs)))
        errors = np.empty_like(values)
        job = replace(self._job(inputs), given=self.scenario.taken(people, self.model.seed, replicate).given)
        with announced("the simulation"):
            job.run(0, 0, 1)
        for row, row_id in enumerate(row_ids.tolist()):
            policies, therapies = self._policies(inputs[row]), self.scenario.register.therapies
            own = job if policies is None else replace(job, policies=policy_records(policies.values(), therapies))
            done = [own.run(row, start, size) for start, size in zip(starts, sizes.tolist(), strict=True)]
            if any(batch.barred for batch in done):
                raise CheckFailed(f"row {row_id}: hardly anybody meets the scenario's entry criteria")
            totals = self._totals(done, job, row, inputs[row], policies or self._known)
            values[row], errors[row] = batch_means(totals, sizes)
        return Evaluation(values, errors)

    @cached_property
    def _known(self) -> dict[str, Policy]:
        return {name: self.scenario.policies[name] for name in self.policies}

    @cached_property
    def _compared(self) -> Scenario:
        """The scenario with the outputs' policies compared."""
        compared = {"compare": self.policies, "reference": self.policies[0]}
        return replace(self.scenario, settings=self.scenario.settings.model_copy(update=compared))

    @property
    def _valued(self) -> Scenario:
        """The same, with the payer's discount rates where there is money. Its hash says what decides a life."""
        return self._compared if self.worth is None else self.worth.scenario

    @cached_property
    def _times(self) -> Floats:
        """Years at which outcomes are taken; the horizon where none is asked for."""
        times = {output.time for output in self.outputs if output.time is not None}
        return np.array(sorted(times or {self.scenario.horizon}))

    def _job(self, inputs: Floats) -> Job:
        """What the engine needs to run any of the rows."""
        scenario = self._valued
        varied = {name: i for i, name in enumerate(self.model.parameters) if name in self.scenario.register}
        with_them = {name for whole in WHOLES if not varied.keys().isdisjoint(whole.shares) for name in whole.shares}
        draws = np.zeros(len(inputs), [(name, np.float64) for name in dict.fromkeys([*varied, *sorted(with_them)])])
        for name in draws.dtype.names or ():
            draws[name] = inputs[:, varied[name]] if name in varied else self.scenario.register[name].value
        cut_to_one(columns(draws))
        return Job(
            engine="compiled",
            draws=scenario.parameter_draws(draws),
            policies=scenario.policy_records(self.policies),
            reference=0,
            entry=scenario.entry_record,
            given=scenario.given,
            seed=np.uint64(self.model.seed),
            ages=scenario.life_table_arrays[0],
            log_hazards=scenario.life_table_arrays[1],
            clock=scenario.clock,
            times=self._times,
        )

    def _policies(self, row: Floats) -> dict[str, Policy] | None:
        """The policies under this row's settings; None where no setting varies. Raises BadInput for impossible ones."""
        changed: dict[str, dict[str, float]] = {}
        for name, value in zip(self.model.parameters, row.tolist(), strict=True):
            policy = belongs_to(name, self.policies)
            if policy is not None:
                changed.setdefault(policy, {})[name.removeprefix(f"{policy}.")] = value
        if not changed:
            return None
        policies = {name: with_settings(known, changed.get(name, {})) for name, known in self._known.items()}
        faults = [(name, *fault) for name, policy in policies.items() for fault in policy.faults()]
        if faults:
            raise BadInput(Problem(name, key, shown(value), allowed) for name, key, value, allowed in faults)
        return policies

    def _totals(self, done: list[Done], job: Job, row: int, inputs: Floats, policies: Mapping[str, Policy]) -> Floats:
        """Sums of each output over the patients of each batch, shape (batches, outputs)."""
        outcomes = np.stack([batch.sums.outcomes for batch in done])
        found: dict[str, Floats] = {}
        if self.worth is not None:
            names = {each.name for each in self.worth.inputs}
            varied = {name: x for name, x in zip(self.model.parameters, inputs.tolist(), strict=True) if name in names}
            ledgers = np.stack([batch.sums.ledger for batch in done])
            worth = self.worth.worth(ledgers, job.draws[row : row + 1], varied, policies)
            found = {COST: worth.cost, QALYS: worth.qalys}
        columns, times = [], self._times.tolist()
        for output in self.outputs:
            if output.threshold is not None:
                at = output.threshold * found[QALYS] - found[COST]
            elif output.needs_money:
                at = found[output.measure]
            else:
                at = outcomes[:, :, times.index(output.time), OUTCOMES.index(output.measure)]
            of = at[:, self.policies.index(output.policy)]
            columns.append(of if output.reference is None else of - at[:, self.policies.index(output.reference)])
        return np.stack(columns, axis=1)


def batch_means(sums: Floats, sizes: NDArray[np.int64]) -> tuple[Floats, Floats]:
    """Means over patients and their standard errors from sums over batches, shape (batches, outputs), of `sizes`.

    The scatter of batch means gives the error of anything that is a mean over patients: with 25 batches to within
    about a seventh of itself.
    """
    people = sizes.sum()
    means = sums.sum(axis=0) / people
    apart = (sizes[:, None] * (sums / sizes[:, None] - means) ** 2).sum(axis=0) / (len(sizes) - 1)
    return means, np.sqrt(apart / people)


def _misfit(key: str, settings: Mapping[str, object]) -> str:
    """What a setting must be if it is not; empty if it is."""
    if key not in settings:
        return "absent"
    allowed = {"scenario": (str, "the name of a shipped scenario or a TOML file"), "overrides": (dict, "a table")}
    kind, words = allowed[key]
    return "" if isinstance(settings[key], kind) else words


def _rows(wrong: NDArray[np.bool_]) -> str:
    return f"{int(wrong.sum()):,} of {len(wrong):,} rows"


@lru_cache(maxsize=8)
def _scenario(settings: str) -> Scenario:
    """The scenario of the settings at its hospital, read once in each process. Raises BadInput."""
    chosen = json.loads(settings)
    return at_its_centre(load_scenario(chosen.get("scenario"), overrides=chosen.get("overrides")))
