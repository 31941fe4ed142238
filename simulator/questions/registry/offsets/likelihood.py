"""The likelihood of a hospital's offsets given what became of each of its people."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, log
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.compiling import compiled
from simulator.evidence.hospitals import RATES
from simulator.living.room import new_room
from simulator.living.setting import new_setting
from simulator.questions.registry.offsets.given_course import FOLLOWING, RECORDED, WEIGHED, weigh
from simulator.questions.registry.people.follow_up import FOLLOWED
from simulator.questions.registry.people.people import People
from simulator.rules.population.criteria import CRITERIA

Array = NDArray[np.float64]
THREE = len(RATES)


@dataclass(frozen=True, eq=False)
class Courses:
    """People with a follow-up: what is known of each at the start (people, columns) and each one's RECORDED course."""

    given: Array
    recorded: NDArray[np.void]

    def __len__(self) -> int:
        return len(self.given)


def courses_of(people: People, told: tuple[bool, ...] = (True, True, True)) -> Courses:
    """Everybody who was followed. `told` says of each of `FOLLOWED` whether what the export tells of it is used."""
    kept = np.isfinite(people.followed) & (people.followed > 0.0)
    records: Any = np.zeros(int(kept.sum()), RECORDED)
    followed = people.followed[kept]
    low, high = (np.where(np.isnan(each[kept]), np.inf, each[kept]) for each in (people.low, people.high))
    known = ~np.isnan(people.high[kept])
    amputation, death, healing = (FOLLOWED.index(name) for name in ("amputated", "died", "healed"))
    lost = high[:, amputation]
    # A wound that closed after the limb was lost is the stump's.
    heals = np.where(low[:, healing] < lost, high[:, healing], np.inf)
    records["amputated_low"], records["amputated_high"] = low[:, amputation], lost
    records["healed_low"], records["healed_high"] = np.where(np.isinf(heals), np.inf, low[:, healing]), heals
    records["died"] = np.isfinite(high[:, death])
    records["followed"] = followed
    for name, place in (("amputation", amputation), ("healing", healing), ("death", death)):
        records[f"tells_{name}"] = known[:, place] & told[place]
    if not told[amputation]:
        records["amputated_low"] = records["amputated_high"] = np.inf
    if not told[healing]:
        records["healed_low"] = records["healed_high"] = np.inf
    return Courses(people.lived[kept], records)


def weighed(
    courses: Courses, params: Any, policy: NDArray[np.void], life_table: tuple[Array, Array], lives: int, seed: int
) -> Array:
    """What so many `lives` of each person say, shape (people, lives, fields of WEIGHED), at these engine parameters."""
    clock = (float(np.max(courses.recorded["followed"])), 0.0, 0.0)
    setting = new_setting(params, policy, np.zeros(1, CRITERIA)[0], courses.given, seed, life_table, clock)
    out = np.zeros(len(courses) * lives, WEIGHED)
    beside = np.zeros(1, FOLLOWING)
    weigh(setting, courses.recorded, new_room(), beside[0], out)
    flat = out.view(np.float64).reshape(lives, len(courses), len(WEIGHED.names or ()))
    return np.ascontiguousarray(flat.transpose(1, 0, 2))


@compiled
def log_likelihood(found: Array, offsets: Array) -> Array:
    """Log likelihood and its gradient, shape (points, 1 + offsets), at offsets (points, amputation, healing, death).

    `found` has shape (people, lives, fields of WEIGHED), of an even number of lives. The logarithm of a mean over few lives is
    too low by half its relative variance, which the two halves tell. A person none of whose lives can be what was recorded
    counts as one whose course says nothing.
    """
    people, lives = found.shape[0], found.shape[1]
    half = lives // 2
    out = np.zeros((offsets.shape[0], 4))
    logs = np.zeros(lives)
    sums = np.zeros((3, 4))
    for p in range(offsets.shape[0]):
        a, h, d = offsets[p, 0], offsets[p, 1], offsets[p, 2]
        ea, eh, ed = exp(a), exp(h), exp(d)
        for i in range(people):
            most = -np.inf
            for m in range(lives):
                one = found[i, m]
                level = one[0] + a * one[1] + h * one[2] - ea * one[3] - eh * one[4] - ed * one[5]
                if one[6] > 0.0:
                    level += log(ed * one[6] + one[7])
                logs[m] = level
                most = max(most, level)
            if most == -np.inf:
                if found[i, :, 0].max() > -np.inf:
                    out[p, 0] = -np.inf
                continue
            sums[:] = 0.0
            for m in range(lives):
                one = found[i, m]
                weight = exp(logs[m] - most)
                dies = ed * one[6] / (ed * one[6] + one[7]) if one[6] > 0.0 else 0.0
                part = sums[m // half]
                part[0] += weight
                part[1] += weight * (one[1] - ea * one[3])
                part[2] += weight * (one[2] - eh * one[4])
                part[3] += weight * (dies - ed * one[5])
            whole = sums[0] + sums[1]
            between = (sums[0] - sums[1]) / whole[0]
            out[p, 0] += most + log(whole[0] / lives) + 0.5 * between[0] * between[0]
            for c in range(1, 4):
                slope = whole[c] / whole[0]
                out[p, c] += slope + between[0] * (between[c] - between[0] * slope)
    return out


def impossible(found: Array) -> int:
    """How many people have no life that can be what was recorded."""
    return int((found[:, :, 0].max(axis=1) == -np.inf).sum())
