"""A study's numbers as functions of its hospital's offsets: surfaces fitted to lives on common random numbers.

What else is unknown of a study (the clinical parameters, its baseline) is taken from particles: joint draws that live the study's
people at many offsets with the same luck. Each particle has surfaces of its own, so that what is unknown widens what a study says
of its hospital, and nothing flows back into the clinical parameters: their posterior is the founding cohort's (a cut model;
Plummer, Stat Comput 2015;25:37, doi:10.1007/s11222-014-9503-z).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln
from scipy.stats import norm, qmc

from simulator.centre.atoms import atoms
from simulator.evidence.hospitals import OFFSETS, at_hospital, columns_of
from simulator.evidence.register import Register
from simulator.studies import measures
from simulator.studies.measures import Seen
from simulator.studies.observed import observed
from simulator.studies.prediction import draws_for, make_ready, times_of
from simulator.studies.samples import part_counted
from simulator.studies.study import Quantity, Study
from simulator.words.luck import generator, seed_of
from simulator.work.code import running_code
from simulator.work.store import Store
from simulator.work.threads import in_order

Array = NDArray[np.float64]
PARTICLES, POINTS, LIVES = 48, 64, 700
"""Particles of a study, offsets at which each lives in either of two rounds (a power of two), lives of each group at each."""
SMOKE = (12, 32, 300)
LARGEST = 1_000
"""A count of more people is read as one of so many."""
CENTRE, WIDE = np.zeros(len(OFFSETS)), np.full(len(OFFSETS), 1.1)
"""Mean and standard deviation of the offsets of the first round."""
NARROWEST = 0.25
FURTHEST = 3.5
"""Offset beyond which no study's people are lived: further out its numbers are read as there."""
OBSERVED = ("events", "n", "people", "value", "sd", "low", "high", "note", "reason")
"""Keys of a quantity that say what a study has seen."""
GRADES = ("A", "B")
HALF = 0.5
UNION = ("amputation_or_death", "amputation_free_survival")


def fitted_quantities(study: Study) -> list[int]:
    """Places of the numbers of a study that a fit reads: grades A and B, not recalled, each person's fate once.

    Of several numbers of one kind in the same groups it is the one with most to say; amputation or death together only where
    they are not counted apart.
    """
    kept: dict[tuple[frozenset[str], str], tuple[float, int]] = {}
    for place, quantity in enumerate(study.quantity):
        weight = information(quantity, study)
        if weight > 0.0:
            key = (frozenset(quantity.groups), measures.outcome_of(quantity.measure))
            if key not in kept or weight > kept[key][0]:
                kept[key] = (weight, place)
    apart = {groups for groups, outcome in kept if (groups, "amputation") in kept and (groups, "death") in kept}
    return sorted(
        place
        for (groups, outcome), (_, place) in kept.items()
        if not (groups in apart and study.quantity[place].measure in UNION)
    )


def information(quantity: Quantity, study: Study) -> float:
    """How much a number can tell a fit; 0 where it is not read."""
    if not quantity.usable or quantity.evidence == "recalled" or (quantity.grade or study.grade) not in GRADES:
        return 0.0
    if quantity.counted is not None:
        events, n = quantity.counted
        return min(events, n - events) + HALF
    if quantity.measure in ("tcpo2", "tcpo2_change") and np.isfinite(observed(quantity, study).low):
        return 1.0
    return 0.0


def _asked(study: Study) -> str:
    """What of a study decides its lives and how numbers are formed from them: not the numbers that were observed, so that a
    hospital whose counts change has its lives already. How large a group is matters where it is weighed with others."""
    content = study.model_dump(mode="json")
    for quantity in content["quantity"]:
        quantity.update(dict.fromkeys(OBSERVED))
    if len(content["groups"]) == 1:
        for group in content["groups"].values():
            group["n"] = 1
    return json.dumps(content)


@dataclass(frozen=True, eq=False)
class StudySurface:
    """Surfaces of a study's numbers, shape (particles, quantities, features), and what was observed.

    `error` is the root mean squared error of the log likelihood at held-out offsets that the data do not rule out.
    """

    coefficients: Array
    events: Array
    sizes: Array
    """Of each count; 0 for a mean."""
    means: Array
    mean_se: Array
    treated: bool
    """Whether the offset of response acts on any number."""
    error: float

    def log_likelihood(self, offsets: Array) -> Array:
        """Log likelihood (particles, points) at offsets (particles, points, offsets): each particle has points of its own."""
        x = features(offsets.reshape(-1, offsets.shape[-1])).reshape(*offsets.shape[:2], -1)
        value = x @ self.coefficients.transpose(0, 2, 1)
        return np.asarray(self._terms(value).sum(axis=2))

    def _terms(self, value: Array) -> Array:
        """Log likelihood of each number where the surfaces have this value: a logit, or a mean in mmHg."""
        p = 1.0 / (1.0 + np.exp(-np.clip(value, -12.0, 12.0)))
        y, n = self.events, self.sizes
        binomial = gammaln(n + 1) - gammaln(y + 1) - gammaln(n - y + 1) + y * np.log(p) + (n - y) * np.log1p(-p)
        normal = -0.5 * ((value - self.means) / self.mean_se) ** 2
        return np.asarray(np.where(n > 0, binomial, normal))


def features(offsets: Array) -> Array:
    """1, the offsets, their products of two and their cubes, shape (points, 19)."""
    offsets = np.clip(offsets, -FURTHEST, FURTHEST)
    one, other = np.triu_indices(offsets.shape[1])
    squares = offsets[:, one] * offsets[:, other]
    return np.concatenate([np.ones((len(offsets), 1)), offsets, squares, offsets**3], axis=1)


def design(points: int, seed: int, centre: Array = CENTRE, spread: Array = WIDE) -> Array:
    """Evenly spread normal offsets, shape (points, offsets), the centre first."""
    u = qmc.Sobol(len(OFFSETS), rng=np.random.default_rng(seed_of(seed, "offsets"))).random(points)
    z = centre + spread * norm.ppf(np.clip(u, 1e-6, 1 - 1e-6))
    z[0] = centre
    return np.clip(z, -FURTHEST, FURTHEST)


def lived(
    key: str,
    study: Study,
    register: Register,
    seed: int,
    offsets: Array,
    store: Store | None = None,
    sizes: tuple[int, int, int] = (PARTICLES, POINTS, LIVES),
    draws: NDArray[np.void] | None = None,
) -> Array:
    """The study's numbers at every particle and offset, shape (particles, points, quantities): logits of shares, or means.

    The particles are `draws` of engine parameters, or as many as `sizes` says from the posterior.
    """
    particles, points, lives = sizes
    if draws is None:
        draws = draws_for(register, particles, seed_of(seed, key, "particles") >> 1)
    ready = make_ready(key, study, register, draws, lives, seed, elsewhere=False)
    times = times_of(key, study, particles, seed)
    places = fitted_quantities(study)
    whole = hashlib.sha256(repr((_asked(study), sizes, seed, places, running_code())).encode())
    whole.update(offsets.tobytes())
    for group in ready.values():
        whole.update(group.params.tobytes())
    kept_as = whole.hexdigest()
    if store is not None and (found := store.read(kept_as)) is not None:
        return found["values"]
    visits = [k for k in places if study.quantity[k].measure in measures.AT_A_VISIT]

    def hospitals() -> Iterator[tuple[int, dict[str, np.void]]]:
        for j in range(particles):
            tables = {
                g: at_hospital(np.repeat(r.params[j : j + 1], points), columns_of(offsets)) for g, r in ready.items()
            }
            for point in range(points):
                yield j, {g: table[point] for g, table in tables.items()}

    def numbers(hospital: tuple[int, dict[str, np.void]]) -> list[float]:
        j, params = hospital
        seen = {
            name: each.setting.lives(params[name], each.policies[j], j * lives, lives, times[j, visits])
            for name, each in ready.items()
        }
        return [number(study.quantity[k], study, seen, times[j, k], k, visits) for k in places]

    values = np.array(list(in_order(numbers, hospitals()))).reshape(particles, points, len(places))
    if store is not None:
        store.write(kept_as, {"values": values})
    return values


def number(
    quantity: Quantity, study: Study, seen: dict[str, tuple[Array, Array]], t: float, place: int, visits: list[int]
) -> float:
    """A number over all lives, groups weighing as in the study; shares as logits."""
    parts, weights, sizes = [], [], []
    for group in quantity.groups:
        lives, tcpo2 = seen[group]
        column = tcpo2[:, visits.index(place)] if place in visits else np.full(len(lives), np.nan)
        part = part_counted(quantity, Seen(lives, column), t)
        if len(part):
            parts.append(measures.statistic(quantity.measure, part, t, threshold=quantity.threshold or 0.0))
            weights.append(study.groups[group].n)
            sizes.append(len(part))
    if not parts:
        return np.nan
    # A weight times a number over the weight is not always the number.
    mean = float(parts[0] if len(parts) == 1 else np.average(parts, weights=weights))
    if quantity.counted is None:
        return mean
    size = float(sum(sizes))
    share = (mean * size + HALF) / (size + 1.0)
    return float(np.log(share / (1.0 - share)))


def fit_surface(study: Study, values: Array, offsets: Array, centre: Array, spread: Array) -> StudySurface:
    """Surfaces through `values` (particles, points, quantities); points near the centre weigh more."""
    places = fitted_quantities(study)
    quantities = [study.quantity[k] for k in places]
    x = features(offsets)
    weight = np.exp(-0.5 * (((offsets - centre) / (2.0 * spread)) ** 2).sum(axis=1))
    known = np.isfinite(values)
    filled = np.where(known, values, 0.0)
    penalty = 1e-3 * np.eye(x.shape[1])
    held_out = np.arange(len(x)) % 6 == 5

    def solved(rows: NDArray[np.bool_]) -> Array:
        w = weight[None, :, None] * known * rows[None, :, None]
        left = np.einsum("jpq,pf,pg->jqfg", w, x, x) + penalty
        right = np.einsum("jpq,pf,jpq->jqf", w, x, filled)
        return np.asarray(np.linalg.solve(left, right[..., None])[..., 0])

    counted = [quantity.counted or (0, 0) for quantity in quantities]
    means, ses = np.zeros(len(places)), np.ones(len(places))
    for k, quantity in enumerate(quantities):
        if quantity.counted is None:
            seen = observed(quantity, study)
            means[k], ses[k] = seen.value, (seen.high - seen.low) / (2.0 * norm.ppf(0.975))
    # Both limbs of a person share one fate: so many limbs tell no more than the people they belong to. Nor do more people tell
    # more of a hospital than the lives that a surface rests on.
    known_by = [min(q.people or q.n or 1, LARGEST) for q in quantities]
    factor = np.array([size / (q.n or 1) for size, q in zip(known_by, quantities, strict=True)])
    policies = {name: group.care for name, group in study.groups.items()}
    treated = any(policies[g].cell_therapy.doses for q in quantities for g in q.groups)
    events, sizes = np.array(counted, np.float64).T * factor

    def surface(rows: NDArray[np.bool_], error: float) -> StudySurface:
        return StudySurface(solved(rows), events, sizes, means, ses, treated, error)

    trial = surface(~held_out, 0.0)
    predicted = np.einsum("jqf,pf->jpq", trial.coefficients, x[held_out])
    gap = trial._terms(predicted).sum(axis=2) - trial._terms(filled[:, held_out]).sum(axis=2)
    level = trial._terms(filled[:, held_out]).sum(axis=2)
    likely = level > level.max() - 6.0
    return surface(np.ones(len(x), bool), float(np.sqrt(np.mean(gap[likely] ** 2))))


def study_surface(
    key: str,
    study: Study,
    register: Register,
    seed: int,
    store: Store | None = None,
    sizes: tuple[int, int, int] = (PARTICLES, POINTS, LIVES),
    advance: Callable[[int], None] | None = None,
    draws: NDArray[np.void] | None = None,
) -> StudySurface:
    """Surfaces of one study, fitted again where a first round says that its hospital lies; lives in `store` are read."""
    first = design(sizes[1], seed)
    values = lived(key, study, register, seed, first, store, sizes, draws)
    rough = atoms(fit_surface(study, values, first, CENTRE, WIDE), CENTRE, WIDE, 2_000, generator(seed, key, "rough"))
    centre, spread = rough.offsets.mean(axis=0), np.maximum(rough.offsets.std(axis=0), NARROWEST)
    second = design(sizes[1], seed, centre, spread)
    again = lived(key, study, register, seed, second, store, sizes, draws)
    if advance is not None:
        advance(1)
    return fit_surface(study, np.concatenate([values, again], axis=1), np.concatenate([first, second]), centre, spread)
