"""A trial's operating characteristics as people read them: tables, sentences and the report."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pandas as pd

from simulator.questions.trial.endpoint import CONTINUOUS, OUTCOMES, SCALES
from simulator.questions.trial.operating import SUCCESS
from simulator.questions.trial.stated import Stated
from simulator.questions.trial.study import TrialStudy
from simulator.questions.trial.truth import ALIKE, AT_MARGIN, NO_EFFECT, NULLS, STATED, STATED_NULL
from simulator.telling.formats import ByRow, Format, Formats, number, percent, spread
from simulator.telling.html import Report
from simulator.telling.outputs import OutputFolder
from simulator.telling.trial_design import boundary_figure, boundary_formats, boundary_notes
from simulator.telling.trial_figures import (
    accrual_figure,
    calendar_figure,
    endpoint_figure,
    size_search_figure,
    stage_figure,
    stopping_figure,
    view_figure,
)

WORDS = {
    "power": "Power",
    "assurance": "Assurance",
    "type_i_error": "Type I error",
    "type_i_error_futility_overruled": "Type I error if futility is overruled",
    "success_untreated": "Success in untreated patients",
    "expected_patients": "Expected patients",
    "expected_screened": "Expected patients screened",
    "expected_months": "Expected duration, months",
    "expected_events": "Expected events",
    "expected_lost": "Expected losses to follow-up",
    "expected_crossed": "Expected crossovers",
    "screened_per_patient": "Screened for each who enters",
    "event_target_reached": "Event target reached",
    "enlarged": "Enlarged at the interim look",
    "enlargement": "Mean enlargement",
}
FIRST = ("power", "assurance", "type_i_error", "type_i_error_futility_overruled", "success_untreated")
"""What a reader looks for first."""
ENDPOINT_FORMATS: Formats = {
    "estimate": number(3, se="se"),
    "power": percent(se="power_se"),
    "patients": number(0, low="low", high="high"),
}
STAGE_FORMATS: Formats = {
    "rate": percent(),
    "patients": number(0, low="low", high="high"),
    "alpha": percent(2),
    "power": percent(),
    "early_stop": percent(),
    "expected_n": number(1),
    "simulated_power": percent(se="se"),
}
STAGE_LABELS = {"rate_from": "Rate from", "early_stop": "Stops early", "simulated_power": "Power in simulated patients"}
ENDPOINT_LABELS = {"estimate": "Mean estimate", "power": "Power alone", "patients": "Patients for the target"}


def words(measure: str) -> str:
    """A measure in words."""
    if measure in WORDS:
        return WORDS[measure]
    if stop := re.fullmatch(r"stop_look_(\d+)_(\w+)", measure):
        reason = {"end": "ends without success", "efficacy": "stops for success"}
        return f"Look {stop[1]}: {reason.get(stop[2], f'stops for {stop[2]}')}"
    for prefix, label in (
        ("power_", "Power: "),
        ("assurance_", "Assurance: "),
        ("type_i_error_", "Type I error: "),
        ("alone_", "Test alone at the end: "),
        ("estimate_", "Mean estimate: "),
        ("unstopped_", "Mean estimate without stopping: "),
        ("bias_efficacy_", "Bias if stopped for success: "),
        ("bias_futility_", "Bias if stopped for futility: "),
        ("bias_harm_", "Bias if stopped for harm: "),
        ("bias_", "Bias by stopping: "),
    ):
        if measure.startswith(prefix):
            return label + measure.removeprefix(prefix)
    return measure


def _format(measure: str, se: str) -> Format:
    if measure.startswith(("estimate_", "unstopped_", "bias_")):
        return number(3, se=se)
    if measure.startswith("expected_") or measure in ("screened_per_patient", "enlargement"):
        return number(2 if measure in ("screened_per_patient", "enlargement") else 1, se=se)
    return percent(2, se=se)


@dataclass(frozen=True)
class Readable:
    """A table with its formats and headings."""

    table: pd.DataFrame
    formats: Formats
    labels: dict[str, str]


def characteristics_table(characteristics: pd.DataFrame) -> Readable:
    """One row per measure, one column per truth."""
    first = characteristics["measure"].map(lambda measure: measure not in FIRST)
    characteristics = characteristics.assign(first=first).sort_values("first", kind="stable")
    measures = characteristics["measure"].drop_duplicates()
    wide = spread(characteristics, "measure", "truth", ("value", "se"))
    truths = [name for name in wide.columns if name in set(characteristics["truth"])]
    wide["measure"] = wide["measure"].map(words)
    formats = {
        truth: ByRow("measure", {words(m): _format(m, f"{truth}_se") for m in measures}, number(3, se=f"{truth}_se"))
        for truth in truths
    }
    none = "Untreated" if "null_rate" in truths else "No effect"
    labels = {"scenario": "Scenario", NO_EFFECT: none, "posterior": "Posterior", "null_rate": "Rate to be beaten"}
    labels |= {STATED: "Stated", STATED_NULL: "Stated, no effect", AT_MARGIN: "On the margin", ALIKE: "Arms alike"}
    return Readable(wide, formats, {truth: labels.get(truth, truth) for truth in truths})


def answer(study: TrialStudy) -> str:
    """The result in a sentence or two."""
    table = study.characteristics.set_index(["truth", "measure"])
    n = study.conduct.marked.patients
    parts = []
    for truth in dict.fromkeys(study.characteristics["truth"]):
        measure = SUCCESS.get(truth, "power")
        if (truth, measure) in table.index:
            value, se = (float(table[column][truth, measure]) for column in ("value", "se"))
            which = "" if truth in ("scenario", NO_EFFECT, "posterior") else f" ({truth.replace('_', ' ')})"
            parts.append(f"{WORDS[measure][:1].lower()}{WORDS[measure][1:]}{which} {value:.1%} ± {100 * se:.1f}")
    text = f"With {n:,} patients: {', '.join(parts)}." if parts else f"A trial of {n:,} patients."
    if (NO_EFFECT, "success_untreated") in table.index:
        untreated = float(table["value"][NO_EFFECT, "success_untreated"])
        text += f" In patients without the treatment it succeeds in {untreated:.1%}"
        text += (
            ": the rate to be beaten lies below what they achieve anyway, so success would not show that the treatment works."
            if untreated > 0.5
            else "."
        )
    if (STATED, "power") in table.index and ("scenario", "power") in table.index:
        stated, model = (float(table["value"][truth, "power"]) for truth in (STATED, "scenario"))
        text += f" What the protocol states gives it a power of {stated:.1%}; what the model expects, {model:.1%}."
    for truth in dict.fromkeys(study.characteristics["truth"]):
        if (truth, "event_target_reached") in table.index and truth not in NULLS:
            reached = float(table["value"][truth, "event_target_reached"])
            if reached < 0.5:
                text += f" Only {reached:.1%} of trials ({truth}) reach the {study.conduct.marked.events} events that end them."
    if study.stages is not None:
        text += two_stage_answer(study.stages, study.target)
    if study.search is not None:
        found = study.search
        if found.patients is None:
            text += f" {found.note[:1].upper()}{found.note[1:]}."
        else:
            text += f" A power of {found.target:.0%} needs {found.patients:,} ({found.low:,.0f} to {found.high:,.0f})."
    return text


def two_stage_answer(stages: pd.DataFrame, target: float) -> str:
    """The sizes of two-stage designs for the rate of the simulated patients."""
    found = stages[stages["rate_from"] == "simulated"]
    if found["patients"].isna().any():
        return f" At the simulated rate of {found['rate'].iloc[0]:.1%} there is no two-stage design ({found['note'].iloc[0]})."
    sizes = " or ".join(
        f"{row.patients:,.0f} ({row.low:,.0f} to {row.high:,.0f}; {row.kind})" for row in found.itertuples()
    )
    return f" At the simulated rate of {found['rate'].iloc[0]:.1%} a power of {target:.0%} needs {sizes}."


def tables_of(study: TrialStudy) -> dict[str, pd.DataFrame]:
    """Every table by the name of its file."""
    search = study.search
    tables = {
        "operating_characteristics": study.characteristics,
        "boundaries": study.boundaries,
        "endpoints": study.endpoints,
        "calendar": study.calendar,
        "type_i_errors": study.levels,
        "samplesize": study.sizes,
        "power_curve": None if search is None else search.curve,
        "size_search": None if search is None else study.search_table,
        "two_stage": study.stages,
        "views": study.views,
        "accrual": study.accrual,
        "trial_summaries": study.summaries,
        "patients": study.patients,
        "visits": study.visits,
    }
    return {name: table for name, table in tables.items() if table is not None}


def write_trial(folder: OutputFolder, study: TrialStudy) -> None:
    """Every table and figure, and the report."""
    for name, table in tables_of(study).items():
        folder.table(name, table)
    folder.report(_report(folder, study))


def _report(folder: OutputFolder, study: TrialStudy) -> Report:
    design = study.conduct.design
    report = Report(design.label, answer(study)).section("The design", design.description)
    report = report.points(description(study))
    if design.note:
        report = report.note(design.note)
    readable = characteristics_table(study.characteristics)
    report = report.section("Operating characteristics").table(
        readable.table,
        f"{study.trials:,} simulated trials for each truth, ± Monte Carlo standard error.",
        readable.formats,
        labels=readable.labels,
        file="operating_characteristics.csv",
    )
    report = report.note(
        "Estimates are on the scale of their test, the other arm against the control. Bias is the mean estimate when the "
        "trial stops less the mean of the same trials had none stopped."
    )
    report = _looks(folder, report, study)
    report = _how_many(folder, report, study)
    report = _when(folder, report, study)
    if study.levels is not None:
        report = report.section("Type I error of every test").table(
            study.levels,
            "With the same policy in all arms: the whole design, and each test alone at its planned end.",
            {"nominal": percent(2), "value": percent(2, se="se")},
            labels={"reason": "Expected, because"},
            file="type_i_errors.csv",
        )
    if study.summaries is not None:
        report = report.section("What the trial is worth").text(
            "trial_summaries.csv holds, for each size and posterior draw, what the trial would have shown. With the net "
            "benefits of the same draws it gives the expected value of sample information and, less the trial's cost, "
            "the expected net benefit of sampling."
        )
    return report


def simulated_power(study: TrialStudy) -> list[str]:
    """What the planned power of the boundaries is under the truths that were simulated, and the size that it needs."""
    table = study.characteristics
    power = table[table["measure"] == "power"]
    notes = [
        f"Simulated power with {study.conduct.marked.patients:,} patients ({truth}): {value:.1%} ± {100 * se:.1f}."
        for truth, value, se in zip(power["truth"], power["value"], power["se"], strict=True)
    ]
    if study.search is not None and study.search.patients is not None and len(power):
        notes.append(f"{study.search.target:.0%} needs {study.search.patients:,} patients.")
    return notes


def _looks(folder: OutputFolder, report: Report, study: TrialStudy) -> Report:
    if study.conduct.rule.looks == 1:
        return report
    report = report.section("Looks")
    if study.conduct.design.two_stage is None:
        figure = boundary_figure(study.conduct.rule.boundaries[0])
        folder.figure("boundaries", figure)
        formats, labels = boundary_formats(study.boundaries)
        report = report.table(
            study.boundaries, "Boundaries of the first endpoint.", formats, labels=labels, file="boundaries.csv"
        ).figure(figure, alt="Stopping boundaries against information")
        for note in (*boundary_notes(study.conduct.rule.boundaries[0]), *simulated_power(study)):
            report = report.note(note)
    else:
        design, stages = study.conduct.design, study.conduct.design.stages
        assert stages is not None and design.primary.null_rate is not None and design.two_stage is not None
        figure = stage_figure(stages, design.primary.null_rate, design.two_stage.hoped_rate)
        folder.figure("boundaries", figure)
        report = report.table(study.boundaries, "The two stages.", file="boundaries.csv").figure(
            figure, alt="Limits of the two stages"
        )
    figure = stopping_figure(study.stops)
    folder.figure("stopping", figure)
    return report.figure(figure, alt="Share of trials that stop at each look")


def _how_many(folder: OutputFolder, report: Report, study: TrialStudy) -> Report:
    target = study.target
    report = report.section("How many patients?")
    if study.search is not None:
        found = study.search
        interval = None if found.patients is None else (float(found.patients), found.low, found.high)
        figure = size_search_figure(found.curve, found.target, interval)
        folder.figure("power_curve", figure)
        report = report.figure(figure, alt="Power against size")
        if found.patients is not None:
            power, se = found.checked
            report = report.note(
                f"Checked with trials of their own: power {power:.1%} ± {100 * se:.1f} with {found.patients:,} patients. "
                "Events and looks grow with the size."
            )
    if study.search is not None and study.conduct.rule.looks > 1:
        factor = study.conduct.rule.boundaries[0].inflation
        report = report.note(
            f"Looks cost patients: a formula for one analysis is multiplied by {factor:.3f} for these boundaries, if the "
            "futility rule is obeyed."
        )
    if study.stages is not None:
        report = report.table(
            study.stages,
            f"Two-stage designs for a power of {target:.0%}: the planned one, and the optimal and the minimax one at the "
            "hoped and at the simulated rate; alpha, power and what is expected at the rate to be beaten are exact.",
            STAGE_FORMATS,
            labels=STAGE_LABELS,
            file="two_stage.csv",
        )
    if study.sizes is not None:
        sizes = study.sizes.drop(columns=["formula_events"])
        report = report.table(
            sizes,
            f"Patients for a power of {target:.0%}, each test alone: simulated, and by formulas fed with the same patients.",
            {
                "patients": number(0, low="low", high="high"),
                "formula_patients": number(0, low="formula_low", high="formula_high"),
            },
            labels={"patients": "Simulated", "formula_patients": "By formula", "reason": "Why they differ"},
            file="samplesize.csv",
        )
    if len(study.conduct.design.endpoints) > 1 and study.endpoints["patients"].notna().any():
        base = study.endpoints["truth"].iloc[0]
        figure = endpoint_figure(study.endpoints[study.endpoints["truth"] == base], target)
        folder.figure("endpoints", figure)
        report = report.section("Which endpoint needs the fewest patients?").figure(
            figure, alt="Patients needed by endpoint"
        )
        report = report.table(
            study.endpoints.drop(columns=["outcome"]),
            "Every endpoint on the same lives under each truth, its test alone at the planned end.",
            ENDPOINT_FORMATS,
            labels=ENDPOINT_LABELS,
            file="endpoints.csv",
        )
        survivors = [endpoint.name for endpoint in study.conduct.design.endpoints if endpoint.test in CONTINUOUS]
        if survivors:
            report = report.note(
                f"{', '.join(survivors)} can be measured only in patients who live with their limb: the test compares "
                "survivors, and fewer patients for a surrogate are not fewer for what matters to them."
            )
    if study.views is not None:
        figure = view_figure(study.views)
        folder.figure("views", figure)
        report = report.section("What if another view of the evidence is true?").figure(
            figure, alt="Power against size under three views"
        )
    return report


def _when(folder: OutputFolder, report: Report, study: TrialStudy) -> Report:
    report = report.section("When")
    figure = calendar_figure(study.calendar)
    folder.figure("calendar", figure)
    report = report.figure(figure, alt="Patients and events over calendar time")
    if study.accrual is not None:
        accrual = study.conduct.design.accrual
        figure = accrual_figure(study.accrual, accrual.per_month, accrual.pattern == "sites")
        folder.figure("accrual", figure)
        report = report.figure(figure, alt="Duration and power against accrual")
    return report


def stated_in_words(stated: Stated) -> str:
    """What a protocol states of one outcome, as it would say it."""
    arm = "all arms" if stated.arm is None else stated.arm
    if stated.event_rate is not None:
        times = stated.at_months or ()
        told = ", ".join(
            f"{rate:.1%} by {month:g} months" for rate, month in zip(stated.event_rate, times, strict=True)
        )
    elif stated.median_months is not None:
        told = f"median {stated.median_months:g} months"
    elif stated.hazard_ratio is not None:
        told = f"hazard ratio {stated.hazard_ratio:g}"
    else:
        until = [f" until {month:g} months" for month in stated.until_months or ()] + [""]
        hazards = zip(stated.hazard_per_year or (), until, strict=True)
        told = ", then ".join(f"{hazard:g} a year{end}" for hazard, end in hazards)
    return f"{stated.outcome.replace('_', ' ')}, {arm}: {told}"


def description(study: TrialStudy) -> list[str]:
    """The design in sentences."""
    design, marked = study.conduct.design, study.conduct.marked
    arms = ", ".join(f"{arm.name} ({arm.policy}, {arm.allocation})" for arm in design.arms)
    lines = [f"Arms (policy, allocation): {arms}; {marked.patients:,} patients."]
    accrual = design.accrual
    pattern = {"ramp": f" after {accrual.ramp_months or 0:g} months", "sites": f" at each of {accrual.sites} sites"}
    later = zip(accrual.later_per_month or (), accrual.from_months or (), strict=True)
    pattern["pieces"] = "".join(f", {rate:g} from month {month:g} on" for rate, month in later)
    random = ", at random" if accrual.poisson else ""
    lines.append(f"Accrual: {accrual.per_month:g} a month{pattern.get(accrual.pattern, '')}{random}.")
    until = "each" if design.follow_up.until == "own" else "and all until the last patient has been"
    lines.append(f"Follow-up: {design.follow_up.months:g} months {until}.")
    if marked.events is not None:
        lines.append(f"The trial ends with event {marked.events} of the first endpoint, if it comes before that.")
    lines += [f"Stated: {stated_in_words(each)}." for each in design.stated]
    lost = design.drop_out.per_year
    lines.append("Drop-out: " + ("as in the register." if lost is None else f"{lost:g} a year."))
    strata = ", ".join(stratum.factor for stratum in design.randomisation.strata)
    if len(design.arms) > 1:
        blocks = f"in blocks of {design.block}" if design.block else "without blocks"
        lines.append(f"Randomisation {blocks}" + (f" within strata of {strata}." if strata else "."))
    if design.looks is not None:
        looks = design.looks
        at = ", ".join(f"{value:g}" for value in looks.at)
        lines.append(f"Interim looks by {looks.by} at {at}; boundary {looks.type}.")
    if design.futility is not None:
        obeyed = "binding" if design.futility.binding else "not binding, but obeyed here"
        lines.append(f"Futility rule {design.futility.rule}, {obeyed}.")
    if design.crossover is not None:
        crossing = design.crossover
        lines.append(
            f"Control patients with an unhealed limb may switch to {crossing.to} at {crossing.after_months:g} months."
        )
    chosen = {endpoint.name for endpoint in design.confirmatory}
    for endpoint in design.endpoints:
        at = "" if endpoint.at_months is None else f" at {endpoint.at_months:g} months"
        margin = (
            ""
            if endpoint.aim == "superiority"
            else f", {endpoint.aim.replace('_', '-')} with margin {endpoint.margin:g}"
        )
        role = "confirmatory" if endpoint.name in chosen else "described"
        lines.append(
            f"Endpoint {endpoint.name}: {OUTCOMES[endpoint.outcome].label}{at}, {endpoint.test} "
            f"({SCALES[endpoint.test]}), {role}{margin}."
        )
    sides = "one" if design.sides == 1 else "two"
    lines.append(f"Alpha {design.alpha:g}, {sides}-sided.")
    if design.multiplicity is not None:
        lines.append(f"Several hypotheses: {design.multiplicity.rule.replace('_', ' ')}.")
    if design.reestimation is not None:
        grow = design.reestimation
        lines.append(
            f"At the interim look the trial grows to at most {grow.largest:g} times its size if conditional power is "
            f"between {grow.lower:.0%} and {grow.upper:.0%}; {grow.test} test."
        )
    share = study.treated
    lines += [
        f"{value:.0%} of those who enter are eligible for {name}." for name, value in share.items() if value < 1.0
    ]
    return lines
