"""A trial's study as findings: the tables of its files, and the facts that its sentences need."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from simulator.evidence.publications import publications
from simulator.questions.trial.design.design import Design
from simulator.questions.trial.design.endpoint import CONTINUOUS, SCALES, Endpoint
from simulator.questions.trial.design.selection import adaptation
from simulator.questions.trial.reading.design_reading import Planned
from simulator.questions.trial.results.monitoring import is_ratio
from simulator.questions.trial.results.operating import SUCCESS
from simulator.questions.trial.simulation.truth import NO_EFFECT, NULLS, STATED, trial_caveats
from simulator.questions.trial.sizes.size_search import LARGEST
from simulator.questions.trial.study import TrialStudy
from simulator.scenario.arrays import DEATH_SHARE, SHARE
from simulator.scenario.changes import changes
from simulator.words.citations import joined
from simulator.words.findings import Findings

RARE = 0.5
"""A share of trials that reach their events below this is said at once."""
METHODS = (
    "Schoenfeld DA. Biometrics 1983;39:499-503, doi 10.2307/2531021",
    "Liang KY, Zeger SL. Biometrika 1986;73:13-22, doi 10.1093/biomet/73.1.13",
    "Spiegelhalter DJ, Freedman LS, Blackburn PR. Control Clin Trials 1986;7:8-17, doi 10.1016/0197-2456(86)90003-6",
)
IMPUTATION = (
    "Rubin DB. Multiple Imputation for Nonresponse in Surveys. Wiley 1987, doi 10.1002/9780470316696",
    "Barnard J, Rubin DB. Biometrika 1999;86:948-955, doi 10.1093/biomet/86.4.948",
    "Taylor JMG, Murray S, Hsu CH. Stat Probab Lett 2002;58:221-232, doi 10.1016/S0167-7152(02)00030-5",
)


def findings(study: TrialStudy, planned: Planned, truths: Sequence[str], seed: int) -> Findings:
    """Everything that is told of a trial."""
    settings = {
        "trials": study.trials,
        "truths": list(truths),
        "scenario": planned.scenario.hash,
        "design": planned.design.model_dump(mode="json"),
    }
    facts = _facts(study, planned) | {
        "warnings": list(trial_caveats(planned, truths, study.trials)),
        "changes": changes(planned.scenario),
    }
    return Findings(
        "trial",
        tables_of(study),
        facts,
        inputs=planned.inputs,
        seed=seed,
        settings=settings,
        twice=frozenset(study.analysis),
    )


def tables_of(study: TrialStudy) -> dict[str, pd.DataFrame]:
    """Every table by the name of its file."""
    search = study.search
    tables = {
        "operating_characteristics": study.characteristics,
        "rates": study.events.rates,
        "effects": study.events.effects,
        "curves": study.events.curves,
        "endpoints": study.endpoints,
        "boundaries": study.boundaries,
        "monitoring": study.monitoring,
        "bounds": study.bounds,
        "stops": study.stops,
        "assumptions": study.assumptions,
        "estimands": study.estimands,
        "screening": study.screening,
        "prior": study.prior,
        "prior_conflict": study.conflict,
        "adjusted": study.adjusted,
        "adjusted_trials": study.adjusted_trials,
        "calendar": study.calendar,
        "type_i_errors": study.levels,
        "samplesize": study.sizes,
        "broken_assumptions": None if study.broken is None or study.broken.empty else study.broken,
        "power_curve": None if search is None else search.curve,
        "size_search": None if search is None else study.search_table,
        "two_stage": study.stages,
        "views": study.views,
        "hospitals": study.hospitals,
        "accrual": study.accrual,
        "trial_summaries": study.summaries,
        "patients": study.patients,
        "visits": study.visits,
        **study.analysis,
    }
    return {name: table for name, table in tables.items() if table is not None}


def _facts(study: TrialStudy, planned: Planned) -> dict[str, Any]:
    conduct, design, scenario = study.conduct, planned.design, planned.scenario
    truths = list(dict.fromkeys(study.characteristics["truth"]))
    simulated = [truth for truth in truths if truth != "null_rate"]
    base = next((truth for truth in simulated if truth not in NULLS), simulated[0])
    stages, params = design.stages, scenario.params()
    measures = study.characteristics.set_index(["truth", "measure"])["value"]
    loss = design.drop_out.per_year
    return {
        "title": design.label,
        "description": design.description,
        "note": design.note,
        "design": design.model_dump(mode="json"),
        "entry": _limits(design),
        "patients": conduct.marked.patients,
        "events": conduct.marked.events,
        "block": design.block,
        "trials": study.trials,
        "target": study.target,
        "truths": simulated,
        "base": base,
        "null": next((truth for truth in simulated if truth in NULLS), None),
        "success": {truth: success_of(study, truth) for truth in truths},
        "single_arm": len(design.arms) == 1,
        "truth_labels": _truth_labels(design),
        "several": len(conduct.hypotheses) > 1,
        "looks": conduct.looks,
        "plan": conduct.rule.boundaries[0].asked() if _bounded(design) else None,
        "stages": None if stages is None else {name: getattr(stages, name) for name in ("n1", "r1", "n", "r")},
        "hoped_rate": None if design.two_stage is None else design.two_stage.hoped_rate,
        "endpoints": [_endpoint(each, design) for each in design.endpoints],
        "planned_months": study.events.months,
        "prior": _prior(study, design),
        "shown_outcome": study.events.endpoint.outcome,
        "survivors": [each.name for each in design.endpoints if each.test in CONTINUOUS],
        "treated": study.treated,
        "drop_out": float(params["drop_out_rate"]) if loss is None else loss,
        "drop_out_from_register": loss is None,
        "knowing": {name: float(params[name]) for name in scenario.register.names("trial")},
        "centre": scenario.centre,
        "view": scenario.view,
        "share": float(params[SHARE]),
        "death_share": float(params[DEATH_SHARE]),
        "scenario": scenario.name,
        "mortality": f"{scenario.settings.life_table.country} {scenario.settings.life_table.period}",
        "untreated": _at(measures, NO_EFFECT, "success_untreated"),
        "stated_power": _at(measures, STATED, "power"),
        "model_power": _at(measures, "scenario", "power"),
        "unreached": [
            {"truth": truth, "share": reached}
            for truth in simulated
            if truth not in NULLS and (reached := _at(measures, truth, "event_target_reached", 1.0)) < RARE
        ],
        "search": _search(study),
        "largest": LARGEST,
        "alone": study.alone,
        "inflation": _inflation(study),
        "labels": {"policy": {name: policy.label for name, policy in scenario.policies.items()}},
        "references": references(study, planned),
    }


def _truth_labels(design: Design) -> str:
    """The kind of names that truths have: nobody is treated in a single arm's null, and with a margin the null lies on it."""
    if len(design.arms) == 1:
        return "truth_one_arm"
    return "truth_margin" if design.primary.aim != "superiority" else "truth"


def _bounded(design: Design) -> bool:
    """Whether looks, or the end alone, have a boundary on a statistic."""
    rule = adaptation(design)
    fisher = rule is not None and rule.combination == "fisher"
    return design.two_stage is None and design.predictive is None and not fisher


def _prior(study: TrialStudy, design: Design) -> dict[str, Any] | None:
    """Where the first endpoint's prior comes from and what it is worth."""
    if study.prior is None:
        return None
    written, whole = design.primary.prior, study.prior.iloc[-1]
    # What earlier patients say, without the vague part, is what a true rate is held against.
    said = study.prior.iloc[-2] if written is not None and written.vague else whole
    return {
        "taken_from": "uniform" if written is None else written.taken_from,
        "policy": None if written is None else written.policy,
        "studies": 0 if written is None else len(written.studies),
        "vague": 0.0 if written is None else written.vague,
        **{name: float(said[name]) for name in ("mean", "low", "high")},
        **{name: float(whole[name]) for name in ("elir", "moment")},
    }


def success_of(study: TrialStudy, truth: str) -> str:
    """What the probability of success is called under a truth."""
    if truth == NO_EFFECT and len(study.conduct.design.arms) == 1:
        return "success_untreated"
    return "type_i_error" if truth == "null_rate" else SUCCESS.get(truth, "power")


def _at(measures: pd.Series[float], truth: str, measure: str, otherwise: float | None = None) -> Any:
    return float(measures[truth, measure]) if (truth, measure) in measures.index else otherwise


def _limits(design: Design) -> dict[str, Any] | None:
    """The entry criteria that keep somebody out; None where the scenario's hold."""
    if design.entry is None:
        return None
    return {
        name: value
        for name, value in design.entry.model_dump(mode="json").items()
        if name in design.entry.model_fields_set
    }


def _endpoint(endpoint: Endpoint, design: Design) -> dict[str, Any]:
    chosen = {each.name for each in design.confirmatory}
    return {
        **endpoint.model_dump(mode="json"),
        "scale": SCALES[endpoint.test],
        "confirmatory": endpoint.name in chosen,
        "ratio": is_ratio(endpoint),
        "good": endpoint.good,
    }


def _search(study: TrialStudy) -> dict[str, Any] | None:
    found = study.search
    if found is None:
        return None
    power, se = found.checked
    return {
        "target": found.target,
        "patients": found.patients,
        "low": found.low,
        "high": found.high,
        "power": power,
        "se": se,
    }


def _inflation(study: TrialStudy) -> float | None:
    rule = study.conduct.rule
    if study.search is None or rule.looks == 1 or rule.boundaries[0].drift is None:
        return None
    return rule.boundaries[0].inflation


def references(study: TrialStudy, planned: Planned) -> list[dict[str, str]]:
    """The publications behind the register's parameters and the methods, in alphabetical order: citation and DOI."""
    imputes = any(each.lost == "multiple_imputation" for each in planned.design.endpoints)
    bounded = study.conduct.rule.boundaries[0].plan.sources if _bounded(planned.design) else ()
    return joined(publications(planned.scenario.register), (*METHODS, *(IMPUTATION if imputes else ()), *bounded))
