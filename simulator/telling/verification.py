"""A verification as people read it: the answer in words, the tables, and the files in the output folder."""

from __future__ import annotations

import pandas as pd

from simulator.telling.html import Report
from simulator.telling.outputs import OutputFolder

COLUMNS = ["id", "changed", "expected", "came_out", "status"]
LABELS = {"id": "Check", "changed": "Changed", "expected": "Expected", "came_out": "Came out", "status": "Result"}


def answer(checks: pd.DataFrame) -> str:
    """How many checks passed, failed and did not apply."""
    counts = checks["status"].value_counts()
    passed, failed, other = (int(counts.get(status, 0)) for status in ("pass", "fail", "not applicable"))
    said = "No check failed" if failed == 0 else f"{failed} check{'s' * (failed > 1)} failed"
    return f"{said}: {passed} of {len(checks)} passed, {other} do not apply to this scenario."


def domain_counts(checks: pd.DataFrame) -> pd.DataFrame:
    """Checks by domain: domain, checks, pass, fail, not applicable."""
    counts = pd.crosstab(checks["domain"], checks["status"])
    counts = counts.reindex(index=checks["domain"].unique(), columns=["pass", "fail", "not applicable"], fill_value=0)
    counts.insert(0, "checks", counts.sum(axis=1))
    counts.columns.name = None
    return counts.rename_axis("domain").reset_index()


def failures(checks: pd.DataFrame) -> pd.DataFrame:
    """The checks that failed."""
    return checks.loc[checks["status"] == "fail", COLUMNS].reset_index(drop=True)


def verification_report(checks: pd.DataFrame, scenario: str, patients: int, seed: int) -> Report:
    """The report: failures first, then every check by domain, then where the checks come from."""
    report = Report(f"Verification of {scenario}", answer(checks)).section(
        "By domain",
        f"Every check was run on the scenario as it stands, with {patients:,} simulated patients and seed {seed}. A queue"
        " for a shared resource is taken out, because lives then depend on each other.",
    )
    report = report.table(domain_counts(checks), "Checks by domain.", file="verification.csv")
    failed = failures(checks)
    if len(failed):
        report = report.section("What failed").table(failed, "Failed checks.", labels=LABELS, file="verification.csv")
    for domain, rows in checks.groupby("domain", sort=False):
        shown = rows[COLUMNS].reset_index(drop=True)
        title = f"Domain {domain}"
        report = report.section(title).table(shown, f"{title}.", labels=LABELS, file="verification.csv")
    return (
        report.section("What the words mean")
        .points(list(checks["source"].unique()))
        .note(
            "A check that does not apply found nothing in this scenario that it could check, as with angioplasty in"
            " policies that offer none. Comparisons with Monte Carlo error allow 4 or 5 standard errors, so that a sound"
            " model fails about one run of all checks in a thousand."
        )
    )


def write_verification(folder: OutputFolder, checks: pd.DataFrame, scenario: str, patients: int, seed: int) -> None:
    """Put verification.csv and the report into an output folder."""
    folder.table("verification", checks)
    folder.report(verification_report(checks, scenario, patients, seed))
