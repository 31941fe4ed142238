"""A trial's design as its file writes it. Times are months after the patient's entry unless they say otherwise."""

from __future__ import annotations

from functools import cached_property
from typing import Annotated, Literal

from pydantic import BeforeValidator, PrivateAttr

from simulator.evidence.parameter import as_tuple
from simulator.evidence.reading import Frozen
from simulator.questions.trial.design.accrual import Accrual
from simulator.questions.trial.design.blinding import Blinding
from simulator.questions.trial.design.drop_out import DropOut
from simulator.questions.trial.design.endpoint import Endpoint, Months
from simulator.questions.trial.design.estimand import Estimand
from simulator.questions.trial.design.interim import (
    BlindedReview,
    FutilityRule,
    Looks,
    Multiplicity,
    Reestimation,
    Stages,
)
from simulator.questions.trial.design.limits import Block, Count, Number, Patients, Share
from simulator.questions.trial.design.predictive import Predictive
from simulator.questions.trial.design.selection import Enrichment, Selection
from simulator.questions.trial.design.stated import Stated
from simulator.scenario.limits import Probability, Tcpo2
from simulator.scenario.policy import Criteria
from simulator.scenario.settings import Centre
from simulator.statistics.beliefs.beta_rules import UNIFORM, bayes_rule
from simulator.statistics.sizes.simon import TwoStage, two_stage
from simulator.words.label import Label

MEASURES = ("age", "diabetes_years", "tcpo2_measured")
"""Strata that need a cut."""


class Arm(Frozen):
    """Patients under one policy; `allocation` is the arm's part of the patients."""

    name: Label
    policy: str
    allocation: Share = 1


class Crossover(Frozen):
    """Control patients who live with an unhealed limb after some months switch to the policy `to`.

    `share` of them do; with `tcpo2_below` (mmHg, measured then) only those who have not improved.
    """

    to: str
    after_months: Months
    share: Probability = 1.0
    tcpo2_below: Tcpo2 | None = None


class Visits(Frozen):
    """When TcPO2 and walking are recorded."""

    at_months: Annotated[tuple[Months, ...], BeforeValidator(as_tuple)] = ()


class FollowUp(Frozen):
    """How long a patient is followed: `months` each, or until the last patient has been followed for as long."""

    months: Months
    until: Literal["own", "last"] = "own"


class Size(Frozen):
    """How many patients enter, and at how many events of the first endpoint the trial ends, if events end it.

    `power` is the power that a search for the size aims at, and that futility rules assume.
    """

    patients: Patients | None = None
    events: Count | None = None
    power: Number = 0.9


class Stratum(Frozen):
    """A characteristic that randomisation balances, or the site. Measured ones are split at `cut`."""

    factor: Literal[
        "site",
        "age",
        "diabetes_years",
        "tcpo2_measured",
        "male",
        "ischaemic_heart_disease",
        "infection",
        "osteomyelitis",
        "gangrene",
        "heel",
        "renal",
        "rutherford",
        "leiden",
        "mthfr",
        "angioplasty_suitable",
    ]
    cut: Number | None = None


class Randomisation(Frozen):
    """Permuted blocks within strata. Without `block` the blocks are twice as long as the allocation ratio's sum.

    Minimised, each patient is given the arm that leaves the strata's margins most alike, with probability `follow`, and one of
    the others otherwise (Pocock SJ, Simon R. Biometrics 1975;31:103-115, doi 10.2307/2529712).
    """

    method: Literal["blocks", "minimised"] = "blocks"
    follow: Probability = 0.8
    block: Block | None = None
    strata: Annotated[tuple[Stratum, ...], BeforeValidator(as_tuple)] = ()


class Design(Frozen):
    """A whole trial. The first arm is the control; a single arm is tested against a rate."""

    label: Label
    description: str = ""
    note: str = ""
    scenario: str = "base"
    view: Literal["sceptical", "central", "optimistic"] | None = None
    alpha: Number = 0.025
    sides: Literal[1, 2] = 1
    arms: Annotated[tuple[Arm, ...], BeforeValidator(as_tuple)]
    entry: Criteria | None = None
    accrual: Accrual
    centre: Centre | None = None
    blinding: Blinding | None = None
    drop_out: DropOut = DropOut()
    crossover: Crossover | None = None
    visits: Visits = Visits()
    follow_up: FollowUp
    size: Size = Size()
    randomisation: Randomisation = Randomisation()
    stated: Annotated[tuple[Stated, ...], BeforeValidator(as_tuple)] = ()
    endpoints: Annotated[tuple[Endpoint, ...], BeforeValidator(as_tuple)]
    looks: Looks | None = None
    futility: FutilityRule | None = None
    reestimation: Reestimation | None = None
    blinded_review: BlindedReview | None = None
    two_stage: Stages | None = None
    predictive: Predictive | None = None
    selection: Selection | None = None
    enrichment: Enrichment | None = None
    multiplicity: Multiplicity | None = None
    estimands: Annotated[tuple[Estimand, ...], BeforeValidator(as_tuple)] = ()
    _file: str = PrivateAttr("design")

    @property
    def file(self) -> str:
        """What a reader calls the file that this was read from."""
        return self._file

    def read_from(self, called: str) -> Design:
        """The same design, read from a file that a reader calls `called`."""
        self._file = called
        return self

    @property
    def primary(self) -> Endpoint:
        """The endpoint that decides when the trial stops."""
        return self.confirmatory[0]

    @property
    def confirmatory(self) -> tuple[Endpoint, ...]:
        """The endpoints that are tested with alpha shared among them; the others are described only."""
        rule = self.multiplicity
        if rule is None:
            return self.endpoints[:1]
        names = [name for family in rule.families for name in family] or rule.endpoints
        by_name = {endpoint.name: endpoint for endpoint in self.endpoints}
        return tuple(by_name[name] for name in names) if names else self.endpoints

    @property
    def comparisons(self) -> tuple[int, ...]:
        """The arms that are compared with the control; a single arm is compared with a rate."""
        return tuple(range(1, len(self.arms))) or (0,)

    @cached_property
    def stages(self) -> TwoStage | None:
        """The numbers of a two-stage trial."""
        chosen = self.two_stage
        if chosen is None:
            return None
        if chosen.kind == "given":
            assert chosen.n1 and chosen.n and chosen.r1 is not None and chosen.r is not None
            return TwoStage("given", chosen.n1, chosen.r1, chosen.n, chosen.r, *[float("nan")] * 4)
        if chosen.kind == "predictive":
            assert chosen.n1 and chosen.n and self.primary.null_rate is not None and chosen.futility is not None
            prior = UNIFORM if self.primary.prior is None else self.primary.prior.mixture
            looks, certainty = (chosen.n1, chosen.n), 1.0 - self.alpha
            rule = bayes_rule(prior, looks, self.primary.null_rate, certainty, chosen.futility)
            return TwoStage(chosen.kind, chosen.n1, rule.futile[0] - 1, chosen.n, rule.needed - 1, *[float("nan")] * 4)
        p0, p1 = self.primary.null_rate, chosen.hoped_rate
        assert p0 is not None and p1 is not None
        optimal, minimax = two_stage(p0, p1, self.alpha, self.size.power, self.file)
        return optimal if chosen.kind == "optimal" else minimax

    @property
    def patients(self) -> int:
        """The planned number of patients, in all arms together."""
        stages = self.stages
        if stages is not None:
            return stages.n
        assert self.size.patients is not None
        return self.size.patients

    @property
    def stops_for_futility(self) -> bool:
        """Whether a look can stop the trial because success has become unlikely."""
        return self.futility is not None or (self.looks is not None and self.looks.type == "triangular")

    @property
    def reestimated_at(self) -> int:
        """The place of the look (from 0) that decides whether the trial grows."""
        rule, looks = self.reestimation, self.looks
        if rule is None or looks is None:
            return 0
        return len(looks.at) - 1 if rule.look is None else rule.look - 1

    @property
    def most_growth(self) -> float:
        """How many times its planned size the trial can come to have."""
        if self.blinded_review is not None:
            return self.blinded_review.largest
        return 1.0 if self.reestimation is None else self.reestimation.largest

    @property
    def block(self) -> int:
        """Patients in a block of the randomisation; 0 without blocks."""
        if self.randomisation.method == "minimised":
            return 0
        if self.randomisation.block is not None:
            return self.randomisation.block
        return 2 * sum(arm.allocation for arm in self.arms) if len(self.arms) > 1 else 0
