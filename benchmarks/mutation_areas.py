"""Which tests are asked about which source file: the quick ones of its area, its own first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Area:
    """Source files (patterns below the package), the tests that are asked about all of them, and the folder of those that are
    named after one; files whose tests are named otherwise have them in `own`."""

    sources: tuple[str, ...]
    tests: tuple[str, ...]
    own: dict[str, str | tuple[str, ...]] = field(default_factory=dict)
    folder: str = "tests/closed_forms"

    def files(self) -> Iterator[str]:
        """The files, from the root of the repository. Raises ValueError for a pattern of none: its file was moved."""
        for pattern in self.sources:
            found = sorted((ROOT / "simulator").glob(pattern))
            if not found:
                raise ValueError(f"no file is {pattern}: was it moved?")
            yield from (path.relative_to(ROOT).as_posix() for path in found)

    def first(self, file: str) -> tuple[str, ...]:
        """The tests of a file itself."""
        own = self.own.get(Path(file).name, f"{self.folder}/test_{Path(file).stem}.py")
        return (own,) if isinstance(own, str) else own


AREAS = (
    Area(
        ("rules/*.py", "rules/*/*.py"),
        ("tests/rules",),
        {"description.py": "tests/rules/test_arteries.py", "arrival.py": "tests/rules/test_patient.py"},
        "tests/rules",
    ),
    Area(
        ("living/*.py",),
        ("tests/rules",),
        {
            **dict.fromkeys(("blocks.py", "cohort_arrays.py", "room.py", "sums.py"), "tests/rules/test_cohorts.py"),
            **dict.fromkeys(
                ("books.py", "census.py", "history.py", "next_event.py", "reference.py", "setting.py"),
                "tests/rules/test_whole_life.py",
            ),
        },
        "tests/rules",
    ),
    Area(
        (
            "evidence/hospitals.py",
            *(
                f"statistics/*/{name}.py"
                for name in (
                    *("beta_fit", "blinded_size", "borrowing", "closed_combination", "combination"),
                    *("conditional_power", "effect", "effective_size", "meta_analysis", "multiplicity"),
                )
            ),
        ),
        ("tests/closed_forms",),
        dict.fromkeys(("beta_fit.py", "effective_size.py", "meta_analysis.py"), "tests/closed_forms/test_borrowing.py"),
    ),
    # Each of these is asked by the tests of its own file alone, so that a mutant costs a second and not the whole folder.
    Area(
        tuple(
            f"statistics/*/{name}.py"
            for name in (
                *("accuracy", "adjusted_tests", "beta_rules", "binary_tests", "boundaries", "boundary_search"),
                *("censoring_weights", "imputation"),
                *("competing_tests", "continuous_tests", "crossing", "effect_scale", "exact_binomial"),
                *(
                    "exact_proportions",
                    "formula",
                    "inner_wedge",
                    "spending",
                    "stagewise",
                    "stopping_plan",
                    "triangular",
                ),
                *("mean_sizes", "normal_maximum", "proportion_sizes", "risk_sets", "samplesize", "simon"),
                *("survival_course", "survival_sizes", "survival_tests", "weighted_logrank", "win_statistics"),
            )
        ),
        (),
        {"boundary_search.py": "tests/closed_forms/test_boundaries.py"},
    ),
    Area(
        tuple(
            f"questions/value/*/{name}.py"
            for name in (
                *(
                    "budget",
                    "deterministic",
                    "disaggregated",
                    "equity",
                    "luck",
                    "one_way",
                    "sampling",
                    "scenario_table",
                    "severity",
                ),
                *(
                    "subgroups",
                    "variants",
                    "views",
                    "information",
                    "price_by_view",
                    "repeats",
                    "simulated_trial",
                    "two_way",
                ),
            )
        ),
        (),
        {
            "budget.py": ("tests/closed_forms/test_budget.py", "tests/closed_forms/test_valuation.py"),
            "disaggregated.py": "tests/closed_forms/test_valuation.py",
            "sampling.py": "tests/test_decision.py",
            "two_way.py": "tests/closed_forms/test_one_way.py",
        },
    ),
    Area(
        ("statistics/decision/*.py",),
        (),
        {
            "population.py": "tests/closed_forms/test_people_of_a_decision.py",
            "publications.py": "tests/closed_forms/test_decision_findings.py",
            **dict.fromkeys(("decision.py", "results.py"), "tests/test_decision.py"),
        },
    ),
    Area(
        ("valuation/*.py",),
        (),
        {"ledger_columns.py": "tests/closed_forms/test_lines.py", "value_set.py": "tests/closed_forms/test_values.py"},
    ),
    Area(
        tuple(
            f"questions/value/{name}.py"
            for name in ("analysis", "cea", "draws", "facts", "findings", "lines", "options", "reading", "workings")
        ),
        (),
        {
            "analysis.py": "tests/closed_forms/test_economic_analysis.py",
            "cea.py": "tests/closed_forms/test_decision_findings.py",
            "facts.py": "tests/closed_forms/test_value_facts.py",
            "findings.py": "tests/closed_forms/test_value_findings.py",
        },
    ),
    Area(
        ("questions/trial/historical.py",),
        (),
    ),
    Area(
        tuple(
            f"questions/trial/*/{name}.py"
            for name in (
                *("accrual", "adaptive", "allocation", "analysis", "blinded_review", "blinding", "data", "decisions"),
                *(
                    "drop_out",
                    "endpoint",
                    "estimand",
                    "event_curves",
                    "looks",
                    "margin",
                    "monitoring",
                    "operating",
                    "predictive",
                    "selection",
                    "size_search",
                ),
                *("conduct", "curves", "growth", "sites", "stage_search", "stopping_rule"),
                *("stated", "stated_trials", "stopped", "stopping_faults", "truth"),
            )
        ),
        (),
        {"data.py": "tests/closed_forms/test_trial_data.py", "stated_trials.py": "tests/closed_forms/test_stated.py"},
    ),
    Area(
        tuple(
            f"questions/calibrate/{name}.py"
            for name in (
                "chains",
                "check",
                "levels",
                "likelihood",
                "movement",
                "posterior",
                "prior",
                "surface",
            )
        ),
        (),
        {
            **dict.fromkeys(
                (f"{name}.py" for name in ("likelihood", "surface")),
                "tests/closed_forms/test_calibration.py",
            ),
            "levels.py": "tests/closed_forms/test_posterior.py",
            "prior.py": "tests/closed_forms/test_movement.py",
        },
    ),
    Area(
        (
            "evidence/targets.py",
            "statistics/beliefs/weighted_draws.py",
            "statistics/endpoints/exact_interval.py",
        ),
        (),
        {
            "targets.py": "tests/closed_forms/test_calibration.py",
            "weighted_draws.py": "tests/closed_forms/test_chains.py",
            "exact_interval.py": "tests/closed_forms/test_check.py",
        },
    ),
    # Files whose names others have too.
    Area(("questions/course/lives.py",), (), {"lives.py": "tests/closed_forms/test_course_lives.py"}),
    Area(("questions/value/research/proposed_trial.py",), ()),
    Area(
        ("founding/*.py", "questions/calibrate/coverage.py"),
        (),
        {
            "cohort.py": "tests/closed_forms/test_founding.py",
            "predicted.py": "tests/closed_forms/test_check.py",
            "summaries.py": "tests/closed_forms/test_calibration.py",
        },
    ),
    Area(("questions/trial/simulation/recruits.py", "questions/trial/simulation/simulation.py"), ()),
    Area(tuple(f"questions/trial/reading/{name}.py" for name in ("design_faults", "design_reading", "idle_keys")), ()),
    Area(("questions/trial/reading/multiplicity_faults.py",), ()),
    Area(
        tuple(
            f"questions/trial/*/{name}.py"
            for name in (
                *(
                    "closed_form",
                    "completed",
                    "design",
                    "estimand_table",
                    "finished",
                    "interim",
                    "kept_lives",
                    "limits",
                ),
                *(
                    "analysis_data",
                    "assumptions",
                    "elsewhere",
                    "export",
                    "prior",
                    "prior_tables",
                    "reasons",
                    "screening",
                    "seen",
                ),
            )
        ),
        (),
        {
            **dict.fromkeys(("interim.py", "limits.py"), "tests/closed_forms/test_design.py"),
            "seen.py": ("tests/closed_forms/test_seen.py", "tests/closed_forms/test_analysis.py"),
        },
    ),
    Area(
        ("questions/trial/study.py", "questions/trial/findings.py"),
        (),
        {"findings.py": "tests/closed_forms/test_trial_findings.py"},
    ),
    Area(
        tuple(f"questions/calibrate/{name}.py" for name in ("findings", "work", "written")),
        (),
        dict.fromkeys(("findings.py", "work.py", "written.py"), "tests/closed_forms/test_calibration_kept.py"),
    ),
    Area(("questions/boundaries/__init__.py",), (), {"__init__.py": "tests/closed_forms/test_samplesize_findings.py"}),
    Area(("questions/samplesize/*.py",), (), {"findings.py": "tests/closed_forms/test_samplesize_findings.py"}),
    Area(tuple(f"studies/{name}.py" for name in ("cited", "counts", "naive", "observed")), ()),
    Area(("centre/atoms.py", "centre/offsets.py"), ()),
)


def tests_of(file: str) -> list[str]:
    """The tests of a source file: those named after it, then those of its area."""
    areas = [area for area in AREAS if file in set(area.files())]
    own = [test for area in areas for test in area.first(file) if (ROOT / test).exists()]
    return own + [test for area in areas for test in area.tests]
