"""What a design says of its interim looks: boundaries, futility, a size estimated again, stages; and of several hypotheses."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator

from simulator.evidence.parameter import as_tuple
from simulator.evidence.reading import Frozen
from simulator.questions.trial.design.limits import Count, Growth, Number, Successes
from simulator.scenario.limits import Probability, number
from simulator.statistics.sequential.spending import Spending
from simulator.statistics.sequential.stopping_plan import Futility


class Looks(Frozen):
    """Interim analyses, the last one not among them: when, and which boundary stops the trial for efficacy.

    `at` counts months since the trial opened, patients (whose first endpoint is complete), events of the first
    endpoint, or gives shares of the information at the end. `type` and its parameters are those of `clti boundaries`.
    """

    by: Literal["months", "patients", "events", "information"]
    at: Annotated[tuple[Number, ...], BeforeValidator(as_tuple)]
    type: Literal[
        "obf",
        "pocock",
        "wang-tsiatis",
        "haybittle-peto",
        "triangular",
        "ld-obf",
        "ld-pocock",
        "hsd",
        "kim-demets",
        "custom",
    ] = "ld-obf"
    delta: Number | None = None
    gamma: Number | None = None
    rho: Number | None = None
    early_z: Number | None = None
    points: Annotated[tuple[Number, ...], BeforeValidator(as_tuple)] = ()
    shares: Annotated[tuple[Number, ...], BeforeValidator(as_tuple)] = ()


class FutilityRule(Frozen):
    """When a look stops the trial because success has become unlikely; see `stopping_plan.Futility`."""

    rule: Literal["beta", "z", "conditional-power"]
    spending: Literal["ld-obf", "ld-pocock", "hsd", "kim-demets"] = "ld-obf"
    gamma: Number = -4.0
    rho: Number = 3.0
    z: Annotated[tuple[Number, ...], BeforeValidator(as_tuple)] = ()
    threshold: Number = 0.1
    assumed: Literal["trend", "design"] = "trend"
    binding: bool = False

    @property
    def rule_of_plan(self) -> Futility:
        """The rule as `stopping_plan.Plan` takes it."""
        spending = Spending(self.spending, self.gamma, rho=self.rho)
        return Futility(self.rule, spending, self.z, self.threshold, self.assumed, self.binding)


class Reestimation(Frozen):
    """At interim look number `look` the trial grows where conditional power under the trend is between `lower` and `upper`.

    It grows until conditional power is `target`, at most `largest` times; the looks that follow move along. `weighted` combines
    the stages between looks with weights fixed in advance (the inverse normal method), which keeps alpha whatever the rule;
    `ordinary` analyses all patients as if planned, after one look. Without `look` it is the last interim look.
    """

    lower: Probability
    upper: Probability
    target: Probability
    largest: Growth
    look: Count | None = None
    test: Literal["weighted", "ordinary"] = "weighted"


class BlindedReview(Frozen):
    """The size is estimated again from a nuisance parameter of all arms together, so that nobody sees a difference.

    After `after_patients` (whose first endpoint is complete) or `after_events` the `nuisance` parameter is estimated blind and
    the size becomes what it would have been had that value been `planned`, between `smallest` and `largest` times the plan.
    `pooled_rate` of a yes-or-no endpoint; `pooled_variance`, planned as a standard deviation, of a continuous one; `event_rate`
    (events per patient and year) of a time to an event.
    """

    nuisance: Literal["pooled_rate", "pooled_variance", "event_rate"]
    planned: Annotated[float, BeforeValidator(number(0.0, 1e6))]
    after_patients: Count | None = None
    after_events: Count | None = None
    smallest: Annotated[float, BeforeValidator(number(0.1, 1.0, "times the planned size"))] = 1.0
    largest: Growth = 2.0


class Stages(Frozen):
    """A single arm in two stages (Simon). `given` names the numbers; otherwise they are found for the size's power.

    `hoped_rate` is the rate of the good outcome that the trial hopes for. With `pause` nobody enters while the first
    stage is followed up. `predictive`, with `n1` and `n`, belongs to the test `posterior`: the trial stops after the first
    stage where the predictive probability of success at the end is below `futility`.
    """

    kind: Literal["optimal", "minimax", "given", "predictive"] = "optimal"
    futility: Probability | None = None
    hoped_rate: Probability | None = None
    n1: Count | None = None
    r1: Successes | None = None
    n: Count | None = None
    r: Successes | None = None
    pause: bool = True


class Multiplicity(Frozen):
    """Which endpoints are confirmatory, in their order, and the rule that shares alpha among them (and among arms).

    Hypotheses are endpoint by endpoint, arm by arm within. `weights` (a share of alpha for each hypothesis) and `transitions`
    (for each the parts of its alpha that the others get once it is rejected) belong to `graphical`.

    The first decides when the trial stops. `families` (lists of endpoints, each open when all of the one before were
    rejected) belongs to `gatekeeping`.
    """

    rule: Literal["bonferroni", "holm", "fixed_sequence", "gatekeeping", "hochberg", "dunnett", "graphical"]
    endpoints: Annotated[tuple[str, ...], BeforeValidator(as_tuple)] = ()
    weights: Annotated[tuple[Probability, ...], BeforeValidator(as_tuple)] = ()
    transitions: Annotated[
        tuple[Annotated[tuple[Probability, ...], BeforeValidator(as_tuple)], ...], BeforeValidator(as_tuple)
    ] = ()
    families: Annotated[
        tuple[Annotated[tuple[str, ...], BeforeValidator(as_tuple)], ...], BeforeValidator(as_tuple)
    ] = ()
