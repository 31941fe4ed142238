"""Endpoints of a trial as a design file writes them: what is measured, when, and by which test."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Final, Literal, NamedTuple

from pydantic import BeforeValidator

from simulator.evidence.parameter import as_tuple
from simulator.evidence.reading import Frozen
from simulator.questions.trial.design.prior import Prior
from simulator.scenario.limits import Probability, number
from simulator.scenario.policy import Fault
from simulator.words.label import Label

Months = Annotated[float, BeforeValidator(number(0.03, 600.0, "months"))]
Margin = Annotated[float, BeforeValidator(number(0.0, 200.0))]
Imputations = Annotated[int, BeforeValidator(number(2, 1_000, whole=True))]
Power = Annotated[float, BeforeValidator(number(0.0, 10.0))]

BORROWING = "posterior_difference"
"""The posterior rule of two arms, whose control may borrow from earlier ones."""
BINARY = (
    "chi_square",
    "chi_square_corrected",
    "fisher",
    "risk_difference",
    "risk_ratio",
    "cmh",
    "g_computation",
    BORROWING,
)
ONE_ARM = ("exact_binomial", "posterior")
WEIGHTED = ("fleming_harrington", "max_combo")
"""Tests for hazards that are not proportional."""
SURVIVAL = ("logrank", "cox", "rmst", *WEIGHTED)
KAPLAN_MEIER = ("km_difference", "km_ratio")
"""Tests of survival at a time, where nothing competes."""
COMPETING = ("gray", "subdistribution_logrank", "fine_gray", "cumulative_incidence")
CONTINUOUS = ("ancova", "t_test")
HIERARCHICAL = ("win_ratio", "win_odds", "net_benefit")
TESTS = BINARY + ONE_ARM + SURVIVAL + KAPLAN_MEIER + COMPETING + CONTINUOUS + HIERARCHICAL

BY_EVENTS = ("logrank", "cox", "gray", "subdistribution_logrank", "fine_gray", *WEIGHTED)
"""Tests whose information is the number of events; that of the others is the number of patients who are through."""
AT_A_TIME = (*BINARY, *ONE_ARM, *CONTINUOUS, *HIERARCHICAL, *KAPLAN_MEIER, "rmst", "cumulative_incidence")
"""Tests that need `at_months`."""
STRATIFIABLE = (*BY_EVENTS, "ancova", "t_test", *HIERARCHICAL)


@dataclass(frozen=True)
class Outcome:
    """What can be an endpoint. `good`: more of it is better. `tests`: those that fit."""

    good: bool
    tests: tuple[str, ...]


_DICHOTOMY = BINARY + ONE_ARM
OUTCOMES = {
    "major_amputation": Outcome(False, _DICHOTOMY + SURVIVAL + COMPETING),
    "death": Outcome(False, _DICHOTOMY + SURVIVAL + KAPLAN_MEIER),
    "amputation_free_survival": Outcome(True, _DICHOTOMY + SURVIVAL + KAPLAN_MEIER),
    "reintervention": Outcome(False, _DICHOTOMY + SURVIVAL + COMPETING),
    "limb_event": Outcome(False, _DICHOTOMY + SURVIVAL + COMPETING),
    "limb_success": Outcome(True, _DICHOTOMY),
    "healing": Outcome(True, _DICHOTOMY + SURVIVAL + COMPETING),
    "healing_without_amputation": Outcome(True, _DICHOTOMY + SURVIVAL + COMPETING),
    "walking": Outcome(True, _DICHOTOMY),
    "walking_time": Outcome(True, ("t_test",)),
    "tcpo2": Outcome(True, ("ancova", "t_test")),
    "hierarchy": Outcome(True, HIERARCHICAL),
}
MARGINS = {
    "risk_difference": "a share of patients",
    "risk_ratio": "a ratio above 1",
    "cox": "a ratio above 1",
    "km_difference": "a share of patients",
    "km_ratio": "a ratio above 1",
    "cumulative_incidence": "a share of patients",
    "fine_gray": "a ratio above 1",
    "rmst": "months",
    "ancova": "units of the outcome (mmHg, or years walked)",
    "t_test": "units of the outcome (mmHg, or years walked)",
}
"""Tests that can show non-inferiority or equivalence, and what their margin is; it is always the loss that is accepted."""
INSTEAD = {
    "chi_square": "risk_difference",
    "chi_square_corrected": "risk_difference",
    "fisher": "risk_difference",
    "logrank": "cox",
    "cmh": "risk_difference",
    "g_computation": "risk_difference",
    "fleming_harrington": "cox",
    "max_combo": "cox",
    "gray": "fine_gray",
    "subdistribution_logrank": "fine_gray",
}
"""Tests whose null is no difference, and the test of the same endpoint that can hold a margin. Pairs of a hierarchy have none:
no loss of theirs is a loss that anybody has agreed to, and a trial on that margin could not be simulated."""
RATIOS = ("risk_ratio", "cox", "km_ratio", "fine_gray")
SEEN_AT_VISITS = ("walking", "walking_time", "tcpo2")
LEVELS = ("death", "major_amputation", "healing", "tcpo2")
"""What a hierarchy may hold."""

SCALES = {
    "chi_square": "risk_difference",
    "chi_square_corrected": "risk_difference",
    "fisher": "risk_difference",
    "risk_difference": "risk_difference",
    "risk_ratio": "log_risk_ratio",
    "cmh": "risk_difference",
    "g_computation": "risk_difference",
    "exact_binomial": "success_rate",
    "posterior": "success_rate",
    BORROWING: "good_outcome_difference",
    "logrank": "log_hazard_ratio",
    "cox": "log_hazard_ratio",
    "fleming_harrington": "log_hazard_ratio_weighted",
    "max_combo": "log_hazard_ratio",
    "rmst": "restricted_mean_difference",
    "km_difference": "kaplan_meier_difference",
    "km_ratio": "log_kaplan_meier_ratio",
    "gray": "log_subdistribution_hazard_ratio",
    "subdistribution_logrank": "log_subdistribution_hazard_ratio",
    "fine_gray": "log_subdistribution_hazard_ratio",
    "cumulative_incidence": "cumulative_incidence_difference",
    "ancova": "mean_difference",
    "t_test": "mean_difference",
    "win_ratio": "log_win_ratio",
    "win_odds": "log_win_odds",
    "net_benefit": "net_benefit",
}
"""The scale of what each test estimates."""

POOLED = ("risk_difference", "risk_ratio", "cmh", "g_computation")
"""Tests of a yes-or-no outcome whose estimates can be pooled over imputations."""

EITHER: Final = "either"
"""The side of a habit whose direction is not known."""


class Habit(NamedTuple):
    """How a type I error is known to differ from its level: liberal, conservative or `EITHER`, and the name of the reason."""

    side: Literal["liberal", "conservative", "either"]
    reason: str


KNOWN_SIZE = {
    BORROWING: Habit(EITHER, "earlier_controls"),
    "chi_square": Habit("liberal", "small_trials"),
    "chi_square_corrected": Habit("conservative", "yates"),
    "fisher": Habit("conservative", "exact"),
    "risk_difference": Habit("liberal", "wald_unpooled"),
    "g_computation": Habit("liberal", "wald_influence"),
    "risk_ratio": Habit("conservative", "wald_log_few_events"),
    "exact_binomial": Habit("conservative", "exact"),
    "cox": Habit("conservative", "wald_few_events"),
    "fine_gray": Habit("conservative", "wald_few_events"),
    "rmst": Habit("liberal", "wald_greenwood"),
    "km_difference": Habit("liberal", "wald_greenwood"),
    "km_ratio": Habit("liberal", "wald_greenwood"),
    "cumulative_incidence": Habit("liberal", "wald_small_trials"),
    "win_ratio": Habit("conservative", "wald_log_few_pairs"),
    "win_odds": Habit("conservative", "wald_log_few_pairs"),
    "net_benefit": Habit("liberal", "wald_small_trials"),
}
"""How the type I error of a test is known to differ from its level; tests not named hold it."""


class Endpoint(Frozen):
    """One endpoint.

    `at_months` after entry is when a yes-or-no or continuous outcome is read, and where a time to event is cut off.
    `lost` says what becomes of a patient lost before then: left out, counted as a failure, or as the worst case (a failure in
    every arm but the control, where it is a success), or imputed `imputations` times and pooled by Rubin's rules.
    A `reintervention` is an angioplasty after the first, or any after crossing over; a `limb_event` is that or a major
    amputation; `limb_success` is to be alive, healed and with the limb.
    `null_rate` is the rate of the good outcome that a single arm has to beat. `order` is the hierarchy, the most important
    outcome first, and `margin` the difference of TcPO2 that counts as a tie in it, or `thresholds` one for each outcome
    (months, or mmHg). `rho` and `gamma` are the powers of Fleming and Harrington's weights. With the `aim` of
    non-inferiority or equivalence `margin` is the loss that is accepted, in the units of `MARGINS`.
    The test `posterior` succeeds where the rate is above `null_rate` with a probability of 1 - alpha, after the `prior`;
    `posterior_difference` where the treated arm's is above the control's, after the control's `prior` and a uniform one.
    """

    name: Label
    outcome: Literal[
        "major_amputation",
        "death",
        "amputation_free_survival",
        "healing",
        "healing_without_amputation",
        "reintervention",
        "limb_event",
        "limb_success",
        "walking",
        "walking_time",
        "tcpo2",
        "hierarchy",
    ]
    test: Literal[
        "chi_square",
        "chi_square_corrected",
        "fisher",
        "risk_difference",
        "risk_ratio",
        "cmh",
        "g_computation",
        "posterior_difference",
        "exact_binomial",
        "posterior",
        "logrank",
        "cox",
        "fleming_harrington",
        "max_combo",
        "rmst",
        "km_difference",
        "km_ratio",
        "gray",
        "subdistribution_logrank",
        "fine_gray",
        "cumulative_incidence",
        "ancova",
        "t_test",
        "win_ratio",
        "win_odds",
        "net_benefit",
    ]
    at_months: Months | None = None
    lost: Literal["excluded", "failure", "worst_case", "multiple_imputation"] = "excluded"
    imputations: Imputations = 20
    null_rate: Probability | None = None
    stratified: bool = False
    order: Annotated[
        tuple[Literal["death", "major_amputation", "healing", "tcpo2"], ...], BeforeValidator(as_tuple)
    ] = ()
    prior: Prior | None = None
    thresholds: Annotated[tuple[Margin, ...], BeforeValidator(as_tuple)] = ()
    rho: Power = 0.0
    gamma: Power = 0.0
    margin: Margin = 0.0
    aim: Literal["superiority", "non_inferiority", "equivalence"] = "superiority"

    @property
    def loss(self) -> float:
        """The loss that a margin accepts, on the scale of the test's estimate; 0 for superiority."""
        if self.aim == "superiority":
            return 0.0
        return math.log(self.margin) if self.test in RATIOS else self.margin

    @property
    def at(self) -> float | None:
        """Years after entry at which it is read or cut off."""
        return None if self.at_months is None else self.at_months / 12.0

    @property
    def waits(self) -> float:
        """Years that a patient must have been in the trial before the patient counts."""
        return self.at if self.at is not None and self.test in AT_A_TIME else 0.0

    @property
    def by_events(self) -> bool:
        """Whether information is the number of events."""
        return self.test in BY_EVENTS

    @property
    def needs_visit(self) -> bool:
        """Whether it is read at a visit."""
        return self.outcome in SEEN_AT_VISITS or "tcpo2" in self.order

    @property
    def good(self) -> bool:
        """Whether a larger estimate is better for patients."""
        more_is_better = OUTCOMES[self.outcome].good
        if self.outcome == "amputation_free_survival" and self.test in ("logrank", "cox", *WEIGHTED):
            return False
        if self.test in ("rmst", *KAPLAN_MEIER) and self.outcome != "amputation_free_survival":
            # Survival and the restricted mean are about being without the event.
            return not more_is_better
        return True if self.test in (*ONE_ARM, BORROWING) else more_is_better

    def faults(self, arms: int, visits: tuple[float, ...], longest: float, strata: int) -> Iterator[Fault]:
        """What cannot be, given the number of arms, the visits and the longest follow-up (months) and strata."""
        fitting = OUTCOMES[self.outcome].tests
        if self.test not in fitting:
            yield "test", self.test, f"for {self.outcome}: {', '.join(fitting)}"
        if (self.test in ONE_ARM) != (arms == 1):
            allowed = (
                "exact_binomial or posterior, because the trial has one arm"
                if arms == 1
                else "a test that compares arms"
            )
            yield "test", self.test, allowed
        if self.test in ONE_ARM and self.null_rate is None:
            yield "null_rate", "missing", "the rate of success that the trial has to beat"
        if self.lost == "multiple_imputation" and self.test in _DICHOTOMY and self.test not in POOLED:
            allowed = (
                f"excluded, failure or worst_case with {self.test}, which has no estimate with an error that Rubin's rules "
                f"could pool; or the test {', '.join(POOLED[:-1])} or {POOLED[-1]}"
            )
            yield "lost", self.lost, allowed
        if self.lost == "worst_case" and arms == 1:
            yield "lost", self.lost, "failure, which is the worst case of a single arm"
        if self.null_rate is not None and (self.test not in ONE_ARM or not 0.0 < self.null_rate < 1.0):
            yield "null_rate", self.null_rate, "above 0 and below 1, and only with exact_binomial or posterior"
        if self.at_months is None and self.test in AT_A_TIME:
            yield "at_months", "missing", f"a time after entry, which {self.test} needs"
        if self.at_months is not None and self.at_months > longest:
            allowed = f"at most follow_up.months = {longest:g}: nobody is followed to this endpoint"
            yield "at_months", self.at_months, allowed
        if self.needs_visit and self.at_months is not None and self.at_months not in visits:
            listed = ", ".join(f"{visit:g}" for visit in visits) or "none yet"
            yield "at_months", self.at_months, f"one of visits.at_months ({listed}), because it is read at a visit"
        if self.stratified and (self.test not in STRATIFIABLE or not strata):
            allowed = f"only with randomisation.strata and one of {', '.join(STRATIFIABLE)}"
            yield "stratified", True, allowed
        if self.prior is not None:
            yield from self.prior.faults()
        if self.test == "cmh" and not strata:
            yield "test", self.test, "with randomisation.strata, which it is stratified by"
        if self.test == "fleming_harrington" and self.rho == self.gamma == 0.0:
            yield "rho", self.rho, "rho or gamma above 0; without both it is logrank"
        if self.thresholds and len(self.thresholds) != len(self.order):
            yield "thresholds", list(self.thresholds), "one for each outcome of order: months, or mmHg for tcpo2"
        if self.aim != "superiority":
            if self.test not in MARGINS or self.outcome == "walking":
                other = INSTEAD.get(self.test)
                why = f"use {other}" if other else f"a margin needs {', '.join(MARGINS)}"
                yield "aim", self.aim, f"superiority with {self.test} of {self.outcome}; {why}"
            elif not self.margin > (1.0 if self.test in RATIOS else 0.0):
                yield "margin", self.margin, f"the loss that is accepted, {MARGINS[self.test]}"
            elif MARGINS[self.test] == "a share of patients" and self.margin >= 1.0:
                yield "margin", self.margin, "below 1"
        if (self.outcome == "hierarchy") != bool(self.order):
            yield "order", list(self.order), f"outcomes of a hierarchy, the most important first: {', '.join(LEVELS)}"
        if len(set(self.order)) < len(self.order):
            yield "order", list(self.order), "each outcome once"
