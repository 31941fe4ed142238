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
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cached_property, lru_cache, partial

import numpy as np
from numpy.typing import NDArray

from simulator.compiling import announced
from simulator.engines.outcomes import OUTCOMES
from simulator.errors import BadInput, CheckFailed, Problem, nearest
from simulator.evidence.distributions import quantile
from simulator.evidence.parameter import Fixed
from simulator.evidence.posterior import joint_names, posterior_table
from simulator.run.job import Job
from simulator.scenario import Scenario, load_scenario
from simulator.scenario.arrays import SHARE, policy_records
from simulator.sensitivity.clinical_outputs import ClinicalOutput, read_output
from simulator.sensitivity.inputs import Catalogue, Floats, Input, JointDraws
from simulator.sensitivity.model import Evaluation, Fault, Model, canonical
from simulator.sensitivity.policy_settings import belongs_to, setting_inputs, with_settings

SETTINGS = ("scenario", "overrides")
POSTERIOR = "posterior"
"""Name of the block of parameters that were estimated together."""
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

    def catalogue(self) -> Catalogue:
        """The register's parameters, and the settings of the policies that the outputs are about.

        Of the shares of recovery that cell therapy causes, only that of the scenario's view of the evidence varies.
        """
        register, view = self.scenario.register, f"{SHARE}_{self.scenario.view}"
        parameters = tuple(
            Input(
                each.name,
                each.value,
                None if isinstance(each.distribution, Fixed) else partial(quantile, each),
                each.group,
                each.unit,
                each.range,
                each.stream,
            )
            for each in register.parameters
            if not each.name.startswith(f"{SHARE}_") or each.name == view
        )
        settings = setting_inputs({name: self.scenario.policies[name] for name in self.policies})
        known = {each.name for each in parameters}
        joint = tuple(name for name in joint_names(register) if name in known)
        table = posterior_table()
        if table is None or not joint:
            return Catalogue(parameters + settings)
        return Catalogue(
            parameters + settings, (JointDraws(POSTERIOR, joint, table[list(joint)].to_numpy(dtype=np.float64)),)
        )

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
        if self.scenario.settings.capacity is not None:
            name = self.scenario.name
            yield "model.settings.scenario", name, "a scenario without a shared resource ([capacity])"

    def evidence(self) -> str:
        """Hash of everything that is read from files."""
        whole = hashlib.sha256(self._compared.hash.encode())
        table = posterior_table()
        if table is not None:
            whole.update(table.to_csv(index=False).encode())
        return whole.hexdigest()

    def evaluate(self, inputs: Floats, row_ids: NDArray[np.int64], replicate: int) -> Evaluation:
        """Means and standard errors of the outputs. Raises CheckFailed for a row under which nobody can enter."""
        job = self._job(inputs)
        people = self.model.patients
        cuts = np.linspace(0, people, min(BATCHES, people) + 1).astype(np.int64)
        sizes = np.diff(cuts)
        values = np.empty((len(inputs), len(self.outputs)))
        errors = np.empty_like(values)
        with announced("the simulation"):
            job.run(0, 0, 1)
        for row, row_id in enumerate(row_ids.tolist()):
            of_row = self._with_settings(job, inputs[row])
            done = [
                of_row.run(row, replicate * people + int(start), int(size))
                for start, size in zip(cuts[:-1], sizes, strict=True)
            ]
            if any(batch.barred for batch in done):
                raise CheckFailed(f"row {row_id}: hardly anybody meets the scenario's entry criteria")
            sums = self._watched(np.stack([batch.sums.outcomes for batch in done]), job.times)
            values[row], errors[row] = batch_means(sums, sizes)
        return Evaluation(values, errors)

    @cached_property
    def _compared(self) -> Scenario:
        """The scenario with the outputs' policies compared, whose hash says what decides their results."""
        return replace(
            self.scenario,
            settings=self.scenario.settings.model_copy(
                update={"compare": self.policies, "reference": self.policies[0]}
            ),
        )

    def _job(self, inputs: Floats) -> Job:
        scenario = self._compared
        varied = [i for i, name in enumerate(self.model.parameters) if belongs_to(name, self.policies) is None]
        names = [self.model.parameters[i] for i in varied]
        draws = np.empty(len(inputs), [(name, np.float64) for name in names])
        for i, name in zip(varied, names, strict=True):
            draws[name] = inputs[:, i]
        return Job(
            engine="compiled",
            draws=scenario.parameter_draws(draws) if names else np.repeat(scenario.parameter_draws(), len(inputs)),
            policies=scenario.policy_records(self.policies),
            reference=0,
            entry=scenario.entry_record,
            given=scenario.given,
            seed=np.uint64(self.model.seed),
            ages=scenario.life_table_arrays[0],
            log_hazards=scenario.life_table_arrays[1],
            clock=scenario.clock,
            times=np.array(sorted({output.time for output in self.outputs})),
        )

    def _with_settings(self, job: Job, row: Floats) -> Job:
        """The job under this row's policies; the same job where no setting of a policy varies."""
        changed: dict[str, dict[str, float]] = {}
        for name, value in zip(self.model.parameters, row.tolist(), strict=True):
            policy = belongs_to(name, self.policies)
            if policy is not None:
                changed.setdefault(policy, {})[name.removeprefix(f"{policy}.")] = value
        if not changed:
            return job
        known = self.scenario.policies
        policies = {name: with_settings(known[name], changed.get(name, {})) for name in self.policies}
        problems = [
            Problem(name, key, str(value), allowed)
            for name, policy in policies.items()
            for key, value, allowed in policy.faults()
        ]
        if problems:
            raise BadInput(problems)
        return replace(job, policies=policy_records(policies.values()))

    def _watched(self, sums: Floats, times: Floats) -> Floats:
        """Sums of each output in each batch, shape (batches, outputs), from (batches, policies, times, outcomes)."""
        columns = []
        for output in self.outputs:
            at = sums[:, :, np.searchsorted(times, output.time), OUTCOMES.index(output.outcome)]
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


@lru_cache(maxsize=8)
def _scenario(settings: str) -> Scenario:
    """The scenario of the settings, read once in each process. Raises BadInput."""
    chosen = json.loads(settings)
    return load_scenario(chosen.get("scenario"), overrides=chosen.get("overrides"))
