"""Keys of a design that nothing would read: whoever wrote one meant something by it, and would not get it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from simulator.questions.trial.design.design import Design
from simulator.questions.trial.design.endpoint import BINARY, BORROWING, CONTINUOUS, ONE_ARM, Endpoint
from simulator.questions.trial.design.interim import FutilityRule
from simulator.scenario.policy import Fault

FUTILITY: dict[str, tuple[str, Callable[[FutilityRule], bool]]] = {
    "spending": ("rule 'beta'", lambda rule: rule.rule == "beta"),
    "gamma": ("rule 'beta' and spending 'hsd'", lambda rule: rule.rule == "beta" and rule.spending == "hsd"),
    "rho": (
        "rule 'beta' and spending 'kim-demets'",
        lambda rule: rule.rule == "beta" and rule.spending == "kim-demets",
    ),
    "z": ("rule 'z'", lambda rule: rule.rule == "z"),
    "threshold": ("rule 'conditional-power'", lambda rule: rule.rule == "conditional-power"),
    "assumed": ("rule 'conditional-power'", lambda rule: rule.rule == "conditional-power"),
}
"""Which rule reads a key of `[futility]`."""
LOOKS = {
    "delta": "wang-tsiatis",
    "gamma": "hsd",
    "rho": "kim-demets",
    "early_z": "haybittle-peto",
    "points": "custom",
    "shares": "custom",
}
"""Which type of boundary reads a key of `[looks]`."""


def idle_keys(design: Design) -> Iterator[Fault]:
    """Key, value and where the key would be read, for every key of the file that nothing reads."""
    visits = design.visits.at_months
    if visits and not any(endpoint.needs_visit for endpoint in design.endpoints):
        yield "visits.at_months", list(visits), "nothing, because no endpoint is read at a visit"
    rule = design.futility
    if rule is not None:
        if design.two_stage is not None:
            yield "futility", rule.rule, "nothing, because two_stage has its own rule"
        for key, (where, reads) in FUTILITY.items():
            if key in rule.model_fields_set and not reads(rule):
                yield f"futility.{key}", getattr(rule, key), f"only with {where}"
    looks = design.looks
    if looks is not None:
        for key, kind in LOOKS.items():
            if key in looks.model_fields_set and looks.type != kind:
                yield f"looks.{key}", getattr(looks, key), f"only with type {kind!r}"
    if len(design.arms) == 1:
        yield from _single_arm(design)
    several = design.multiplicity
    one = len(design.endpoints) * len(design.comparisons) == 1
    if several is not None and one and not (several.endpoints or several.families):
        yield "multiplicity.rule", several.rule, "nothing, because there is one hypothesis"
    for endpoint in design.endpoints:
        for key, value, allowed in _of_endpoint(endpoint):
            yield f"endpoints.{endpoint.name}.{key}", value, allowed


def _single_arm(design: Design) -> Iterator[Fault]:
    why = "nothing, because one arm is not randomised"
    if "allocation" in design.arms[0].model_fields_set:
        yield f"arms.{design.arms[0].name}.allocation", design.arms[0].allocation, why
    for key in sorted(design.randomisation.model_fields_set):
        value = getattr(design.randomisation, key)
        yield f"randomisation.{key}", value if key == "block" else [each.factor for each in value], why


def _of_endpoint(endpoint: Endpoint) -> Iterator[Fault]:
    given = endpoint.model_fields_set
    if "lost" in given and endpoint.test not in BINARY + ONE_ARM:
        why = "leaves out whoever was not measured" if endpoint.test in CONTINUOUS else "censors whoever is lost"
        yield "lost", endpoint.lost, f"only with {', '.join(BINARY + ONE_ARM)}: {endpoint.test} {why}"
    if "imputations" in given and endpoint.lost != "multiple_imputation":
        yield "imputations", endpoint.imputations, "only with lost 'multiple_imputation'"
    if "prior" in given and endpoint.test not in ("posterior", BORROWING):
        yield "prior", "given", f"only with test 'posterior' or {BORROWING!r}"
    for key in ("rho", "gamma"):
        if key in given and endpoint.test != "fleming_harrington":
            yield key, getattr(endpoint, key), "only with test 'fleming_harrington'"
    if "thresholds" in given and not endpoint.order:
        yield "thresholds", list(endpoint.thresholds), "only in a hierarchy, one for each outcome of order"
    if "margin" in given and endpoint.thresholds:
        yield "margin", endpoint.margin, "nothing beside thresholds, which give the tie of every outcome"
        return
    if "margin" in given and endpoint.aim == "superiority" and "tcpo2" not in endpoint.order:
        allowed = (
            "only with aim 'non_inferiority' or 'equivalence', or in a hierarchy with tcpo2 as what counts as a tie"
        )
        yield "margin", endpoint.margin, allowed
