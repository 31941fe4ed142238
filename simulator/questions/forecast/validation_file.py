"""A scored trial as a file of a study to validate: who was enrolled and treated as forecast, what was reported as observed."""

from __future__ import annotations

from typing import Any

import tomli_w

from simulator.questions.forecast.reading import Results
from simulator.questions.forecast.registered import SHARED, RegisteredTrial


def validation_toml(trial: RegisteredTrial, results: Results) -> str:
    """The file's text. Arms keep the sizes of the plan; each quantity has the number of people reported."""
    plain = trial.model_dump(mode="json", exclude_unset=True, include=set(SHARED))
    table: dict[str, Any] = {
        name: plain[name] for name in SHARED if name in plain and not isinstance(plain[name], dict)
    }
    table["cohort"] = trial.cohort
    table |= {"grade": "A", "citation": " ".join(filter(None, [trial.citation, results.citation]))}
    table |= {"founding_centre": True} if trial.centre == "founding" else {}
    table |= {name: value for name, value in plain.items() if isinstance(value, dict)}
    endpoints = {each.name: each for each in trial.endpoint}
    table["quantity"] = [
        {
            "name": f"{each.endpoint}: {each.arm}",
            "measure": endpoints[each.endpoint].measure,
            "groups": [each.arm],
            "at_years": endpoints[each.endpoint].at_years,
            "events": each.events,
            "n": each.n,
            "evidence": "published",
            "note": f"Forecast before the results were reported ({trial.registration}).",
        }
        for each in results.result
    ]
    head = f"# {trial.label}: forecast before its results, reported {results.reported.isoformat()}.\n"
    return head + tomli_w.dumps(table)
