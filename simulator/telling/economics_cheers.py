"""The CHEERS 2022 checklist, filled in as far as a program can, with what the author must add.

Source: Husereau D, Drummond M, Augustovski F, et al. Consolidated Health Economic Evaluation Reporting Standards 2022
(CHEERS 2022) statement. BMJ 2022;376:e067975.
"""

from __future__ import annotations

import pandas as pd

from simulator.evidence.parameter import GRADES
from simulator.evidence.posterior import joint_names
from simulator.questions.value.analysis import EconomicAnalysis
from simulator.telling.decision_figures import Units
from simulator.telling.formats import years

SOURCE = "Husereau D, Drummond M, Augustovski F, et al. CHEERS 2022 statement. BMJ 2022;376:e067975."


def cheers_table(found: EconomicAnalysis, units: Units, title: str, answer: str) -> pd.DataFrame:
    """The 28 items: item, topic, reported_here, author_adds. Items that a program cannot know say so."""
    scenario, values = found.scenario, found.valued_by
    settings, payer = scenario.settings.economics, values.perspective.conventions.perspective
    policies = ", ".join(f"{name} ({policy.label})" for name, policy in values.policies.items())
    rates = values.discounting
    grades = _grades(found)
    fitted = len(joint_names(scenario.register))
    source = (
        f"{fitted} fitted parameters come jointly from the posterior of the calibration"
        if fitted
        else "no posterior has been committed, so fitted parameters come from their prior distributions"
    )
    rows = [
        ("Title", title, "The population and interventions as the journal wants them."),
        ("Abstract", answer, "A structured abstract; the first lines of this report can begin it."),
        ("Background and objectives", "", "Context, study question and why it matters for decisions."),
        ("Health economic analysis plan", "Settings of the run: the scenario file and its hash, below.",
         "Whether a plan was written beforehand, and where it is."),
        ("Study population", scenario.settings.description or scenario.label,
         "Who the decision is about in the author's setting."),
        ("Setting and location", f"{payer.country}; life table of {scenario.settings.life_table.country}.",
         "Where care is given, and anything about it that matters."),
        ("Comparators", f"{policies}; reference {scenario.reference}.", "Why these."),
        ("Perspective", f"{payer.label}" + ("" if values.strict_payer else ", with institutional care") + ".", "Why."),
        ("Time horizon", f"{years(scenario.horizon)} from referral.", "Why it is long enough."),
        ("Discount rate", f"Costs {rates.costs:.1%} and effects {rates.effects:.1%} a year.", "The guideline followed."),
        ("Selection of outcomes", "QALYs and life-years; major amputation, death, healing and walking in the model.",
         "Harms of harvest and injection, which are not modelled."),
        ("Measurement of outcomes", "Simulated from a register of parameters with sources and grades.",
         "The search for evidence behind them."),
        ("Valuation of outcomes", f"Utility set {values.utility_set.name}: {values.utility_set.method.label}"
         f" ({values.utility_set.method.instrument})"
         + (", following the population norm with age." if values.age_adjusted else ", at any age the same."),
         "Whose preferences these are, and whether they suit the setting."),
        ("Measurement and valuation of resources and costs",
         f"Events and time in states from the model, times unit costs; open wounds priced {values.wound_costs!r}."
         f" Grades of prices: {grades['price']}.",
         "The payer's own tariffs: hospital prices here are transfers or study means."),
        ("Currency, price date, and conversion",
         f"{values.money.currency} of {values.money.price_year}; the payer's prices are {payer.currency} of"
         f" {payer.price_year} (factor {values.money.factor:.4g}).", "How each price was brought to this year."),
        ("Rationale and description of model",
         "Individual patients in continuous time; hazards depend on perfusion (TcPO2), which care changes.",
         "Where the model can be had."),
        ("Analytics and assumptions",
         f"{settings.draws:,} parameter draws with {found.lives.people:,} patients each, the same patients under every"
         " policy; fully incremental analysis; value of information by regression.",
         "Validation for the author's own question."),
        ("Characterising heterogeneity", "Subgroups by renal class, age, TcPO2, Rutherford class and biomarkers.",
         "Other subgroups that matter."),
        ("Characterising distributional effects", "", "Who gains and who loses; the model weighs everybody alike."),
        ("Characterising uncertainty",
         f"Probabilistic: {source}, the rest and all values from their distributions. One-way, two-way, switching values,"
         f" {found.scenarios['scenario'].nunique()} scenarios, and Monte Carlo error.",
         "Uncertainty that no number expresses."),
        ("Approach to engagement with patients and others affected by the study", "", "What was done, or that nothing was."),
        ("Study parameters", "All prices and utilities in values.csv; clinical parameters by `clti evidence`."
         f" Grades of clinical parameters: {grades['clinical']}.", "Nothing, if the files are published with the study."),
        ("Summary of main results", "Tables of totals, increments and net benefit.", "The author's reading of them."),
        ("Effect of uncertainty", f"EVPI {units.prefix}{found.evpi[0]:,.0f} per person at the first threshold; curves, tornado"
         " and scenarios.", "Which uncertainty decides, and how the horizon and rates matter."),
        ("Effect of engagement with patients and others affected by the study", "", "What difference it made."),
        ("Study findings, limitations, generalisability, and current knowledge",
         "What the model leaves out, below the results.", "Findings, limits, ethics, equity and how they fit what is known."),
        ("Source of funding", "", "Funding and the funder's role."),
        ("Conflicts of interest", "", "Conflicts of every author."),
    ]  # fmt: skip
    table = pd.DataFrame(rows, columns=["topic", "reported_here", "author_adds"])
    table.insert(0, "item", range(1, len(table) + 1))
    table["reported_here"] = table["reported_here"].replace("", "A program cannot know this.")
    return table


def _grades(found: EconomicAnalysis) -> dict[str, str]:
    prices, register = found.valued_by.perspective.prices, found.scenario.register
    kinds = {
        "price": [prices[name].grade for name in found.valued_by.price_names],
        "clinical": [register[name].grade for name in found.one_way.read],
    }
    return {
        kind: ", ".join(f"{grade} {listed.count(grade)}" for grade in GRADES if grade in listed)
        for kind, listed in kinds.items()
    }
