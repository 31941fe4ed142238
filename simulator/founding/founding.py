"""The founding cohort and the randomised contrast as functions of the free parameters, on common random numbers.

Every parameter value lives the same patients with the same luck, so what is compared with the data moves smoothly.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.evidence.targets import Founding
from simulator.founding.cohort import COLUMNS, OBSERVED, Window, observe_cohort
from simulator.founding.summaries import AMPUTATED, CONTRAST, EARLY, ENROLMENT, STATISTICS, summarise
from simulator.living.room import new_room
from simulator.run.setting import setting_of
from simulator.scenario.scenario import Scenario
from simulator.work.threads import in_order

Array = NDArray[np.float64]

CONTRASTS = ("amputation_control", "amputation_treated", "tcpo2_control", "tcpo2_treated")
"""Amputated and mean TcPO2 (mmHg) of kept limbs when trials compare arms, under conservative care and one treatment, in
people as in the founding cohort: the randomised trials mostly gave one treatment."""
ARMS = ("change_control_early", "change_control")
"""Mean change of TcPO2 (mmHg) of kept limbs since it was measured at enrolment, under conservative care, at the early look and
when trials compare arms."""
ALL = (*STATISTICS, *CONTRASTS, *ARMS)


@dataclass(frozen=True)
class FoundingCohort:
    """The founding scenario made ready to be simulated many times."""

    scenario: Scenario
    data: Founding
    patients: int
    seed: int

    def lives(self, params: Any, policy: str = "protocol", window: Window | None = None, first: int = 0) -> Array:
        """Patients first, first + 1, ... as the study observed them, shape (patients, columns of `cohort.COLUMNS`)."""
        if window is None:
            own = float(params["drop_out_rate"])
            window = Window(
                self.data.shortest, self.data.longest, own, self.data.contrast_tcpo2_years, self.data.early_tcpo2_years
            )
        setting = setting_of(self.scenario, [policy], self.seed, params=params)
        out = np.zeros(self.patients, OBSERVED)
        observe_cohort(setting, window, first, new_room(), out)
        return out.view(np.float64).reshape(self.patients, len(COLUMNS))

    def statistics(self, params: Any, first: int = 0) -> Array:
        """Every statistic of `ALL` for one set of parameters."""
        out = np.zeros(len(ALL))
        out[: len(STATISTICS)] = summarise(self.lives(params, first=first), self.data)
        compared = self.data.contrast_years
        window = Window(compared, compared, 0.0, self.data.contrast_tcpo2_years, self.data.early_tcpo2_years)
        for arm, policy in enumerate(("conservative", "single_dose")):
            lives = self.lives(params, policy, window, first)
            out[len(STATISTICS) + arm] = np.mean(lives[:, AMPUTATED] <= compared)
            out[len(STATISTICS) + 2 + arm] = np.nanmean(lives[:, CONTRAST])
            if arm == 0:
                changes = lives[:, [EARLY, CONTRAST]] - lives[:, [ENROLMENT]]
                out[len(STATISTICS) + len(CONTRASTS) :] = np.nanmean(changes, axis=0)
        return out

    def design(self, values: Mapping[str, Array], advance: Callable[[int], None] | None = None) -> Array:
        """Statistics at each row of parameter `values`, shape (rows, len(ALL)). Threads do not change the bits."""
        draws = self.scenario.parameter_draws(as_table(values))
        out = np.zeros((len(draws), len(ALL)))

        def one(i: int) -> None:
            out[i] = self.statistics(draws[i])
            if advance is not None:
                advance(1)

        for _ in in_order(one, range(len(draws))):
            pass
        return out


def as_table(values: Mapping[str, Array]) -> NDArray[np.void]:
    """Columns of equal length as one structured array; the central view's share is the one in force."""
    names = list(values)
    table = np.zeros(len(values[names[0]]), [(name, np.float64) for name in (*names, "attributable_share")])
    for name in names:
        table[name] = values[name]
    table["attributable_share"] = values["attributable_share_central"]
    return table
