"""Event histories of one population under one policy, as arrays that figures are formed from."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from simulator.questions.course.figures import Among
from simulator.run import Result
from simulator.words.vocabulary import DAYS_PER_YEAR

Array = NDArray[np.float64]
Bools = NDArray[np.bool_]

EVENTS: dict[str, tuple[str, ...]] = {
    "death": ("background_death", "disease_death", "postoperative_death"),
    "major_amputation": ("below_knee_amputation", "above_knee_amputation"),
    "minor_amputation": ("minor_amputation",),
    "any_amputation": ("minor_amputation", "below_knee_amputation", "above_knee_amputation", "conversion"),
    "amputation_of_either_leg": (
        "minor_amputation",
        "below_knee_amputation",
        "above_knee_amputation",
        "conversion",
        "other_limb_amputation",
    ),
    "below_knee_amputation": ("below_knee_amputation",),
    "above_knee_amputation": ("above_knee_amputation",),
    "conversion": ("conversion",),
    "healing": ("healed",),
    "stump_healing": ("stump_healed",),
    "new_wound": ("new_wound",),
    "other_limb_amputation": ("other_limb_amputation",),
}
"""What a figure calls an event, by the words of event histories."""
AMPUTATION_OR_DEATH = (*EVENTS["major_amputation"], *EVENTS["death"])
WALKS = ("walks",)
WALKS_NO_MORE = (
    "walks_no_more",
    *EVENTS["major_amputation"],
    "conversion",
    "other_limb_amputation",
    *EVENTS["death"],
)
OPEN, HEALED, AMPUTATED = 0, 1, 2
STATES: dict[str, tuple[int, ...]] = {
    "open": (OPEN,),
    "healed": (HEALED,),
    "limb_kept": (OPEN, HEALED),
    "amputated": (AMPUTATED,),
}
NEARLY = 0.5 / DAYS_PER_YEAR
"""Years within which a visit counts as one at the time asked for."""


@dataclass(frozen=True, eq=False)
class Spells:
    """Time of each person in one state: row of the person, state, years from and to, and whether it ended in death."""

    row: NDArray[np.int64]
    state: NDArray[np.int64]
    start: Array
    stop: Array
    died: Bools


class Lives:
    """People and everything that happened to them; arrays of events are in order, person after person."""

    def __init__(self, result: Result) -> None:
        """Take the people and events of a run of one policy with ``events=True``."""
        self.people: pd.DataFrame = result.patients
        events = result.events
        self.horizon = result.scenario.horizon
        self.life_table = result.scenario.life_table
        row = np.searchsorted(self.people["patient"].to_numpy(), events["patient"].to_numpy())
        time, event = events["time_years"].to_numpy(), events["event"].cat.codes.to_numpy()
        self.words = list(events["event"].cat.categories)
        # Six of seven events are visits, which only measurements need.
        seen = event == self.words.index("visit")
        self.row, self.time, self.event = row[~seen], time[~seen], event[~seen]
        self.visits = row[seen], time[seen], events["tcpo2"].to_numpy()[seen]
        self._of: dict[tuple[str, ...], Bools] = {}

    def __len__(self) -> int:
        return len(self.people)

    def are(self, words: tuple[str, ...]) -> Bools:
        """Which events, visits aside, are one of `words`."""
        if words not in self._of:
            self._of[words] = np.isin(self.event, [self.words.index(word) for word in words])
        return self._of[words]

    def first(self, words: tuple[str, ...], after: Array | None = None) -> Array:
        """Years to the first such event of each person, after a time of each person's own; infinite if never."""
        chosen = self.are(words)
        if after is not None:
            chosen = chosen & (self.time > after[self.row])
        return self._extreme(chosen, np.inf)

    def last(self, words: tuple[str, ...], until: Array) -> Array:
        """Years to the last such event of each person up to and at a time of their own; minus infinity if none."""
        return self._extreme(self.are(words) & (self.time <= until[self.row]), -np.inf)

    def _extreme(self, chosen: Bools, empty: float) -> Array:
        out = np.full(len(self), empty)
        (np.minimum if empty > 0 else np.maximum).at(out, self.row[chosen], self.time[chosen])
        return out

    def happening(self, event: str, since: Array) -> Array:
        """Years to the event of each person after `since`; infinite if never."""
        if event == "amputation_or_death":
            return self.first(AMPUTATION_OR_DEATH, since)
        if event == "primary_healing":
            healed = self.first(EVENTS["healing"], since)
            return np.where(self.first(EVENTS["any_amputation"], since) < healed, np.inf, healed)
        return self.first(EVENTS[event], since)

    def start(self, since: str, landmark: float) -> Array:
        """Years at which each person's time begins to count; infinite in those to whom it never does."""
        healed = self.first(EVENTS["healing"])
        cut = self.first(EVENTS["any_amputation"])
        match since:
            case "referral":
                return np.zeros(len(self))
            case "open_wound":
                return np.where(self.wound_open(landmark), landmark, np.inf)
            case "primary_healing":
                return np.where(cut < healed, np.inf, healed)
            case "healing_after_minor":
                return np.where(self.first(EVENTS["minor_amputation"]) < healed, healed, np.inf)
            case "healing_after_amputation":
                closed = np.minimum(healed, self.first(EVENTS["stump_healing"]))
                return np.where(cut < closed, closed, np.inf)
            case "first_amputation":
                return cut
        return self.first(EVENTS[since])

    def wound_open(self, t: float) -> Bools:
        """Who is alive at t years with the limb kept and its wound open."""
        until = np.full(len(self), t)
        opened = self.last(("new_wound",), until)
        opened = np.where(self.people["rutherford"] >= 5, np.maximum(opened, 0.0), opened)
        kept = self.first(AMPUTATION_OR_DEATH) > t
        return kept & (opened > self.last(EVENTS["healing"], until))

    def measured(self, t: float) -> Array:
        """TcPO2 (mmHg) as measured at referral (t = 0) or at the visit at t years; NaN in the dead and without the limb."""
        if t == 0.0:
            return self.people["tcpo2_measured"].to_numpy()
        row, time, tcpo2 = self.visits
        chosen = np.abs(time - t) < NEARLY
        out = np.full(len(self), np.nan)
        out[row[chosen]] = tcpo2[chosen]
        return np.where(self.first(AMPUTATION_OR_DEATH) > t, out, np.nan)

    def walking(self, t: Array) -> Bools:
        """Who walks at a time of their own."""
        started = np.where(self.people["walks"].to_numpy(np.bool_), 0.0, -np.inf)
        return np.maximum(self.last(WALKS, t), started) > self.last(WALKS_NO_MORE, t)

    def chosen(self, among: Among, at: float) -> Bools:
        """Who is counted; TcPO2 is the one measured at `at` years."""
        people = self.people
        inside = np.ones(len(self), np.bool_)
        if among.rutherford:
            inside &= people["rutherford"].isin(among.rutherford).to_numpy()
        if among.dialysis is not None:
            inside &= ((people["renal"] == "dialysis") == among.dialysis).to_numpy()
        if among.beyond_salvage is not None:
            inside &= (people["beyond_salvage"] == among.beyond_salvage).to_numpy()
        if among.male is not None:
            inside &= (people["male"] == among.male).to_numpy()
        if among.age is not None:
            inside &= people["age"].between(*among.age, inclusive="left").to_numpy()
        if among.tcpo2 is not None:
            low, high = among.tcpo2
            seen = self.measured(at)
            inside &= (seen >= low) & (seen < high)
        return inside

    @cached_property
    def spells(self) -> Spells:
        """Everybody's time with the limb's wound open, healed (or never there), and after a major amputation."""
        words = ("referral", *EVENTS["healing"], "new_wound", *EVENTS["major_amputation"], *EVENTS["death"], "horizon")
        chosen = self.are(words)
        row, time = self.row[chosen], self.time[chosen]
        state = np.full(len(row), HEALED)
        state[self.are(("new_wound",))[chosen]] = OPEN
        state[self.are(EVENTS["major_amputation"])[chosen]] = AMPUTATED
        referred = self.are(("referral",))[chosen]
        with_wound = (self.people["rutherford"] >= 5).to_numpy()
        state[referred] = np.where(with_wound[row[referred]], OPEN, HEALED)
        dead = self.are(EVENTS["death"])[chosen]
        goes_on = row[1:] == row[:-1]
        return Spells(row[:-1][goes_on], state[:-1][goes_on], time[:-1][goes_on], time[1:][goes_on], dead[1:][goes_on])
