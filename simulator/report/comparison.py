"""The report of a comparison, which a clinician can read, and the files that go with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd
from matplotlib.figure import Figure

from simulator.comparison import Comparison
from simulator.comparison.founding import POLICY, SCENARIO, founding_table
from simulator.comparison.population import population_table, treatment_table
from simulator.comparison.waiting import queue_table, slots_table, waits_table
from simulator.report import comparison_tables as read
from simulator.report.comparison_figures import comparison_figures, queue_figure
from simulator.report.comparison_tables import years
from simulator.report.html import Report
from simulator.report.outputs import OutputFolder
from simulator.report.readable import Readable

ACROSS = 6
"""Most policies beside each other in a table of the report."""
STRONGEST = 3
LIMITS = (
    "The treated course was fitted to one small study without a control group. It cannot say what would have happened"
    " without treatment; that comes from randomised trials of other products in other people, which is why there are"
    " three views.",
    "Perfusion is one number, TcPO2. A limb recovers it or not; partial recovery, collateral anatomy, infection control"
    " and wound surgery act only through the rates at which wounds heal and limbs are lost.",
    "Only the worse limb is followed. The other limb, strokes and heart attacks appear as death or not at all.",
    "Risk factors act as published in other populations and are taken to multiply. Their interactions are not known.",
    "Harms of harvesting and injecting cells are not modelled; the published series report few.",
    "The ± of every number is Monte Carlo error: how much it would change with other simulated patients. It says"
    " nothing about the uncertainty of the evidence, which is larger.",
)


def write_comparison(folder: OutputFolder, comparison: Comparison) -> None:
    """Add the tables, figures and the report of a comparison to an output folder."""
    result = comparison.result
    tables = {
        "outcomes": comparison.outcomes,
        "differences": comparison.differences,
        "curves": result.outcomes,
        "states": result.states,
        "perfusion": result.perfusion,
        "population": population_table(_reference_people(comparison), comparison.scenario.register),
        "treatment": treatment_table(comparison.people),
    }
    if founding(comparison):
        tables["founding"] = founding_table(comparison.people)
    if comparison.views is not None:
        tables["views"] = comparison.views
    if comparison.reliance is not None:
        tables["reliance"] = comparison.reliance
    figures = dict(comparison_figures(comparison))
    if comparison.scenario.settings.capacity is not None:
        tables |= {"waits": waits_table(result), "queue": queue_table(result), "slots": slots_table(result)}
        figures["queue"] = queue_figure(comparison, tables["queue"])
        folder.per_patient("waits", result.waits.drop(columns="draw"))
    for name, table in tables.items():
        folder.table(name, table)
    folder.per_patient("patients", comparison.people)
    for name, figure in figures.items():
        folder.figure(name, figure)
    folder.report(comparison_report(comparison, tables, figures))


def founding(comparison: Comparison) -> bool:
    """Whether this is the founding study with its own treatment, so that it can be set beside what was published."""
    return comparison.scenario.name == SCENARIO and POLICY in comparison.policies


def answer(comparison: Comparison) -> str:
    """The headline in two or three sentences."""
    people, many = f"{comparison.result.people:,} simulated patients", len(comparison.policies)
    said = f"{people}, each under {many} policies with the same luck." if many > 1 else f"{people}."
    time, reference, main = comparison.first_time, comparison.reference, comparison.main
    rows = ["policy", "outcome", "time_years"]
    level = comparison.outcomes.set_index(rows)["mean"].to_dict()
    said += (
        f" Under {comparison.label(reference).lower()} {level[reference, 'major_amputation', time]:.1%} lose the limb"
        f" and {level[reference, 'death', time]:.1%} die by {years(time)}."
    )
    for name in comparison.untreated:
        said += f" {comparison.label(name)} treats nobody: see its criteria."
    for name in comparison.scenario.left_aside:
        said += f" The policy {name} is in the file but not compared; is its name meant to be another's?"
    if main is None:
        return said
    changes = comparison.differences.set_index(rows)
    mean, se = changes["mean"].to_dict(), changes["se"].to_dict()

    def change(outcome: str) -> str:
        value, error = mean[main, outcome, time], se[main, outcome, time]
        return f"{'−' if value < 0 else '+'}{abs(100 * value):.1f} (± {100 * error:.1f})"

    return said + (
        f" {comparison.label(main)} changes that by {change('major_amputation')} and {change('death')} percentage"
        f" points, and healing without major amputation by {change('healing_without_amputation')}, in the"
        f" {comparison.scenario.view} view of the evidence."
    )


def comparison_report(
    comparison: Comparison, tables: Mapping[str, pd.DataFrame], figures: Mapping[str, Figure]
) -> Report:
    """The whole report; `tables` and `figures` by their file names."""
    report = Report(f"{comparison.scenario.label}: policies of care compared", answer(comparison))
    report = _policies(report, comparison)
    report = _patients(report, comparison, tables)
    report = _results(report, comparison, figures)
    report = _course(report, figures)
    if "waits" in tables:
        report = _waiting(report, comparison, tables, figures)
    report = _evidence(report, comparison, figures)
    return report.section("What the model leaves out").points(LIMITS)


def _policies(report: Report, comparison: Comparison) -> Report:
    scenario, result = comparison.scenario, comparison.result
    engine = "an event calendar (SimPy)" if result.engine == "simpy" else "compiled rules"
    return _add(
        report.section("What was compared", scenario.settings.description),
        read.policies_readable(comparison),
        "The policies, and the share of all patients whom each treats.",
        "Whoever a policy does not treat, because of its criteria, a test or the patient's course, has conservative"
        " care and is counted.",
        "treatment.csv",
    ).points(
        [
            "Every patient lives once under every policy with the same luck: the same frailty, the same measurement"
            " errors, the same latent response. A difference between policies is therefore caused by the policy.",
            f"The evidence is read in the {scenario.view} view: "
            f"{comparison.result.parameters[0]['attributable_share']:.0%} of the recoveries of perfusion seen under"
            " cell therapy are caused by it, the others would have come anyway.",
            f"Lives are simulated by {engine}, for {years(scenario.horizon)} or to death, from mortality of"
            f" {scenario.settings.life_table.country} {scenario.settings.life_table.period} and the risks of the"
            " disease. Times of events are exact; there is no time step.",
        ]
    )


def _patients(report: Report, comparison: Comparison, tables: Mapping[str, pd.DataFrame]) -> Report:
    given, people = len(comparison.scenario.given), comparison.result.people
    taken = "a random sample of them" if people < given else "each of them once"
    if given and people > given:
        taken = f"each of them {people // given:,} times, every time with luck of their own"
    text = (
        f"Real patients from a table of {given:,}, {taken}; what the table lacks is drawn from the evidence register."
        if given
        else "Patients are synthetic. Their characteristics are drawn from published shares and means, and a scenario's"
        " entry criteria act on the measured TcPO2, so that regression to the mean happens as in life."
    )
    report = _add(
        report.section("Who the patients are", text),
        read.population_readable(tables["population"]),
        "Patients at referral, beside Table 1 of the founding study.",
        "Published: Panunzi et al., Cardiovasc Diabetol 2022;21:196; empty where it reports nothing."
        + ("" if founding(comparison) else " That study had entry criteria of its own, so differences are meant."),
        "population.csv",
    )
    if "founding" not in tables:
        return report
    found = tables["founding"]
    return _add(
        report.section(
            "Does the model reproduce the study?",
            "The published protocol in the study's own patients, observed as the study observed them: by last known"
            f" status, with losses to follow-up. {int(found['inside'].sum())} of {len(found)} quantities lie inside the"
            " exact 95% interval of what was observed.",
        ),
        read.founding_readable(found),
        "Observed and simulated results of the published protocol.",
        "Rates by one year elsewhere in this report are slightly higher, because there nobody is lost to follow-up.",
        "founding.csv",
    )


def _results(report: Report, comparison: Comparison, figures: Mapping[str, Figure]) -> Report:
    report = report.section(
        "Results",
        "Shares are of all patients, the dead included, and death competes: somebody who dies first can no longer"
        " lose the limb or heal.",
    )
    params = comparison.result.parameters[0]
    day = 2.0 * params["natural_interval_days"] + params["last_tcpo2_days"]
    about_tcpo2 = (
        f"TcPO2 is measured on day {day:g} after referral under every policy, the day of the published schedule's last"
        " measurement; in somebody who has died or lost the limb by then it is the last value that there was."
    )
    for time in comparison.scenario.times:
        for policies in read.chunks(comparison.policies, ACROSS):
            report = _add(
                report,
                read.results_readable(comparison, time, policies),
                f"Results by {years(time)}, ± Monte Carlo standard error.",
                about_tcpo2 if time == comparison.first_time else "",
                "outcomes.csv",
            )
    if comparison.main is None:
        return report
    report = report.section(
        "What differs",
        f"Each policy against {comparison.label(comparison.reference).lower()}, patient by patient.",
    ).figure(figures["differences"], alt="Differences between policies with intervals")
    others = [name for name in comparison.policies if name != comparison.reference]
    for time in comparison.scenario.times:
        for policies in read.chunks(others, ACROSS):
            report = _add(
                report,
                read.differences_readable(comparison, time, policies),
                f"Differences to {comparison.label(comparison.reference).lower()} by {years(time)}.",
                "",
                "differences.csv",
            )
    return report


def _course(report: Report, figures: Mapping[str, Figure]) -> Report:
    return (
        report.section("The course over time")
        .figure(figures["incidence"], alt="Cumulative incidence curves by policy")
        .figure(figures["states"], alt="Shares of patients in each state over time by policy")
        .figure(figures["tcpo2"], alt="TcPO2 over the first year by policy")
        .note("The numbers behind these figures: curves.csv, states.csv, perfusion.csv.")
    )


def _waiting(
    report: Report, comparison: Comparison, tables: Mapping[str, pd.DataFrame], figures: Mapping[str, Figure]
) -> Report:
    capacity = comparison.scenario.settings.capacity
    assert capacity is not None
    order = {"first_come": "first come, first served", "worst_tcpo2": "the lowest measured TcPO2 first"}[capacity.queue]
    report = report.section(
        "Waiting",
        f"{capacity.slots_per_week} procedures a week for {capacity.arrivals_per_week:g} referrals a week, {order}."
        " Ischaemia goes on while people wait. The centre starts empty.",
    )
    report = _add(
        report,
        read.slots_readable(comparison, tables["slots"]),
        "Use of the slots while patients are referred.",
        "",
        "slots.csv",
    )
    report = _add(
        report,
        read.waits_readable(comparison, tables["waits"]),
        "What became of those who asked for a slot.",
        "Standard errors take requests as independent, which those of one queue are not.",
        "waits.csv",
    )
    return report.figure(figures["queue"], alt="People waiting over time by policy")


def _evidence(report: Report, comparison: Comparison, figures: Mapping[str, Figure]) -> Report:
    report = report.section(
        "How far the evidence carries",
        "After cell therapy many limbs recover perfusion, but in trials some do so after placebo too. How much of the"
        " recovery the cells cause is the question that decides the result, and the evidence allows three readings:"
        " sceptical (placebo-controlled trials), central (all randomised trials) and optimistic (the whole change seen"
        " without a control group).",
    )
    if comparison.views is not None:
        queue = " Without the queue for slots." if comparison.scenario.settings.capacity is not None else ""
        report = _add(
            report,
            read.views_readable(comparison, ("major_amputation", "healing_without_amputation", "death")),
            f"Results by {years(comparison.first_time)} under the three views, in the same patients.",
            queue.strip(),
            "views.csv",
        ).figure(figures["views"], alt="Differences under three views of the evidence")
    report = _add(
        report,
        read.grades_readable(comparison),
        "What the numbers of the model rest on.",
        f"{sum(p.fitted for p in comparison.scenario.register.parameters)} of them are fitted together to what the"
        " founding study and the randomised trials observed. The list with every source: clti evidence.",
        "",
    )
    if comparison.reliance is None:
        return report
    shown = comparison.reliance[comparison.reliance["outcome"].map(lambda name: name.startswith(read.RELIANCE_SHOWN))]
    return _add(
        report,
        read.reliance_readable(shown, comparison.scenario.register, STRONGEST),
        f"The {STRONGEST} recalled or assumed values that move each headline result most, each moved alone to its 95%"
        f" limits in the same patients; changes are those of {comparison.label(str(comparison.main)).lower()} against"
        f" {comparison.label(comparison.reference).lower()}."
        if comparison.main is not None
        else f"The {STRONGEST} recalled or assumed values that move each result most.",
        "A value that decides who is enrolled changes the patients too, so that small movements of its are chance."
        " Values without limits, such as no direct effect of cells on death, cannot be moved here.",
        "reliance.csv",
    )


def _add(report: Report, readable: Readable, caption: str, note: str, file: str) -> Report:
    return report.table(readable.table, caption, readable.formats, labels=readable.labels, note=note, file=file)


def _reference_people(comparison: Comparison) -> pd.DataFrame:
    people = comparison.people
    return people[people["policy"] == comparison.reference]


def summary_tables(comparison: Comparison, most: int) -> Sequence[tuple[str, Readable]]:
    """What the terminal shows, with at most so many policies beside each other: titles and tables."""
    shown: list[tuple[str, Readable]] = []
    others = [name for name in comparison.policies if name != comparison.reference]
    for time in comparison.scenario.times:
        for policies in read.chunks(comparison.policies, most):
            shown.append(("", read.results_readable(comparison, time, policies)))
        for policies in read.chunks(others, most):
            title = f"Difference to {comparison.label(comparison.reference).lower()} by {years(time)}"
            shown.append((title, read.differences_readable(comparison, time, policies)))
    return shown
