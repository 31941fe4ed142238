"""Finding a patient for a story worth reading: a typical one, or the first with a given fate."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from simulator.evidence.reporting import division
from simulator.run import simulate
from simulator.scenario import Scenario
from simulator.words.errors import BadInput, Problem

SEARCHED = 5_000
TYPICAL_OF = 400
"""Patients among whom a typical one is looked for."""
AT_REFERRAL = ("age", "tcpo2_measured", "rutherford", "gangrene", "infection")
TIMES = [f"{name}_years" for name in ("healed_at", "minor_amputation_at", "amputated_at", "first_dose_at", "died_at")]
COUNTS = ("doses", "wounds", "natural_gain_mmhg", "given_gain_mmhg")
"""What lives are alike in: who is referred, and for each policy whether and when things happen, how often and how much."""
EARLY = 1.0
Fate = Callable[[pd.DataFrame, pd.DataFrame], "pd.Series[bool]"]
"""Which patients have it, from their rows under the first and under the last policy."""

FATES: dict[str, Fate] = {
    "recovered": lambda first, last: (
        (last["natural_gain_mmhg"] + last["given_gain_mmhg"] >= division("recovered_rise"))
        & ~(last[["died_at_years", "amputated_at_years"]].min(axis=1) < EARLY)
    ),
    "healed": lambda first, last: last["healed_at_years"].notna() & last["amputated_at_years"].isna(),
    "amputated": lambda first, last: last["amputated_at_years"].notna(),
    "died": lambda first, last: last["died_at_years"] < EARLY,
    "spared": lambda first, last: first["amputated_at_years"].notna() & last["amputated_at_years"].isna(),
    "differs": lambda first, last: first["died_at_years"].fillna(-1.0) != last["died_at_years"].fillna(-1.0),
}
"""recovered: TcPO2 rises by at least `recovered_rise` of `calibration/reporting.toml` and the limb is there after a year;
spared: amputated under the first policy only; differs: another date of death; died: within the first year."""


def typical(scenario: Scenario, policies: Sequence[str], fate: str | None, seed: int) -> int:
    """Number of the patient whose lives are most like those of all with a `fate`.

    Without one the class is everybody whom the last policy treats, or everybody where it treats nobody.

    It is the medoid of the class among the first `TYPICAL_OF` patients: of those with its commonest course the one with
    the least mean distance to all others. A course is which events come under the first and the last policy: together, as
    what most have of each may be what few have of all. The distance of two patients is the mean over features of how far
    apart they rank in the class, from 0 to 1 (Gower's). Features are the patient at referral and, under the first and the
    last policy, whether and when each event comes. Classes in the order of no fate and `FATES` get different patients: one
    that was taken is passed over.

    Where nobody in a class is left, it is the first patient with the fate, as `find` has it.
    """
    ends = _ends(scenario, policies, TYPICAL_OF, seed)
    taken: list[int] = []
    for name in (None, *FATES):
        # A copy, because pandas may lend its own values to read only.
        members = np.array(_treated(ends[1]) if name is None else FATES[name](*ends))
        members[taken] = False
        chosen = np.flatnonzero(members)
        if len(chosen):
            happened = np.column_stack([end.loc[members, TIMES].notna() for end in ends])
            taken.append(int(chosen[_medoid(_features(ends, members), _commonest(happened))]))
        if name == fate:
            break
    return taken[-1] if len(chosen) else find(scenario, policies, str(fate), 0, seed)


def _treated(end: pd.DataFrame) -> NDArray[np.bool_]:
    treated = (end["doses"] + end["procedures"] > 0).to_numpy()
    return treated if treated.any() else ~treated


def _features(ends: Sequence[pd.DataFrame], members: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Features of the members of a class, shape (members, features), each from 0 to 1."""
    columns = [ends[0].loc[members, list(AT_REFERRAL)]]
    for end in ends:
        own = end.loc[members]
        times = own[TIMES]
        columns += [times.notna(), times.fillna(times.median()).fillna(0.0), own[list(COUNTS)]]
    ranks = np.column_stack([each.astype(np.float64).rank(method="average").to_numpy() for each in columns])
    return (ranks - 1.0) / max(1, len(ranks) - 1)


def _commonest(rows: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Where the row is that stands most often; of equals the one that has `False` first."""
    _, which, counts = np.unique(rows, axis=0, return_inverse=True, return_counts=True)
    return np.flatnonzero(which.ravel() == counts.argmax())


def _medoid(features: NDArray[np.float64], among: NDArray[np.intp]) -> int:
    """Row among some with the least sum of distances to all; the first of equals."""
    return int(among[np.argmin([np.abs(features - features[row]).sum() for row in among])])


def _ends(scenario: Scenario, policies: Sequence[str], patients: int, seed: int) -> list[pd.DataFrame]:
    """Patients under the first and under the last of the policies."""
    enough = scenario.people_from(patients)
    people = simulate(scenario, policies, patients=enough, seed=seed, keep_patients=True).patients
    return [people[people["policy"] == policies[end]].set_index("patient") for end in (0, -1)]


def find(scenario: Scenario, policies: Sequence[str], fate: str, start: int, seed: int) -> int:
    """Number of the first patient from `start` on who has a fate under the last of the policies.

    Raises BadInput if none of `SEARCHED` patients has it.
    """
    ends = _ends(scenario, policies, start + SEARCHED, seed)
    has = FATES[fate](*ends)
    found = has.index[has & (has.index >= start) & (has.index < start + SEARCHED)]
    if not len(found):
        allowed = f"a fate that one of the patients {start} to {start + SEARCHED - 1} has"
        raise BadInput([Problem("command line", "--find", fate, allowed)])
    return int(found[0])
