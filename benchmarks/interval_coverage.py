"""Do the intervals that the program prints hold the truth as often as they say? `python benchmarks/interval_coverage.py`.

    python benchmarks/interval_coverage.py                        # every kind, some minutes on two cores
    python benchmarks/interval_coverage.py --kinds lives trials   # some kinds
    python benchmarks/interval_coverage.py --repeats 50           # a glance

Kinds: `lives` are mean ± 1.96 standard errors of outcomes, differences, states, perfusion and ledgers, as of `clti compare`,
against a run of many people; `trials` are the same of a design's operating characteristics, as of `clti trial`, against a run
of many trials; `indices` are those of sensitivity (`index_coverage.py`), on functions whose indices are known; `hospitals`
are 90% limits of a hospital's own offsets, as of `clti patients` (`own_offsets.py`), against the offsets that its people
lived by; `decisions` are those of increments, ratios, chances, losses, prices and EVPI, and `information` those of EVPPI, EVSI
and net benefits of sampling, as of `clti economics` and `clti cea`, where all of them are known exactly (`value_coverage.py`);
`assurance` is the chance of success over the evidence's uncertainty, and `sizes` the interval of a size that was searched,
against a run of many trials.

An interval fails that holds the truth less often than a binomial count would with a probability of 1% for all of its kind
together (Bonferroni). Of what happens to fewer than `FEWEST` people, trials or draws of a run, or to all but as few, a normal
interval is known to be too short; such lines are counted and not judged. Quantiles are printed without an error. The suite
holds forecasts to their limits over made-up trials (`tests/test_forecast.py`). Exit code 1: one failed.
"""

from __future__ import annotations

import argparse
import math
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import index_coverage
import numpy as np
import own_offsets
import pandas as pd
import value_coverage
from levels import ADAPTATIONS, ADAPTIVE
from scipy.stats import binom, norm

from simulator import load_scenario, simulate
from simulator.evidence.hospitals import RATES
from simulator.questions.trial.reading.design_reading import Planned, load_design
from simulator.questions.trial.results.operating import operating_characteristics
from simulator.questions.trial.simulation.simulation import Simulation
from simulator.questions.trial.sizes.size_search import SizeSearch, find_size

FAIL = 0.01
FEWEST = 20
PEOPLE, MANY_PEOPLE = 1_000, 400_000
TRIALS, MANY_TRIALS = 400, 40_000
POLICIES = ["conservative", "protocol"]
DRAWS = (1_000, 4_000)
"""Draws of decisions: what `clti economics` takes unless told, and four times as many."""
BEHIND = (0.0, -0.5, -1.5)
"""How far the mean net benefit of the second option lies below nought, in its standard deviations."""
SEARCHED = ("triangular", "inverse normal, three looks")
"""Designs, of those of `levels.py`, whose size is searched."""
MANY_TRIALS_SEARCHED = 6_000
LIVED, MANY_LIVED = 200, 20_000
TABLES = ("outcomes", "differences", "states", "perfusion", "ledger")


@dataclass(frozen=True)
class Line:
    """One interval: what it is of, how often it held the truth, how often it was asked, and how often it should."""

    of: str
    held: int
    asked: int
    nominal: float


def lives(repeats: int) -> Iterator[Line]:
    """Monte Carlo intervals of a comparison."""
    scenario = load_scenario("base")

    def tables(seed: int, people: int) -> pd.DataFrame:
        found = simulate(scenario, POLICIES, patients=people, seed=seed)
        parts = []
        for name in TABLES:
            table = getattr(found, name).rename(columns={"share": "mean"})
            keys = [column for column in table if table[column].dtype == object or column == "time_years"]
            index = name + " " + table[keys].astype(str).agg(" ".join, axis=1)
            parts.append(pd.DataFrame(table[["mean", "se"]].set_axis(index)))
        return pd.concat(parts)

    yield from _held(tables, repeats, PEOPLE, MANY_PEOPLE)


def trials(repeats: int) -> Iterator[Line]:
    """Monte Carlo intervals of operating characteristics, of trials of stated rates."""
    with tempfile.TemporaryDirectory() as folder:
        for name, plan in ADAPTATIONS.items():
            design = load_design(_written(Path(folder), plan))

            def tables(seed: int, count: int, design: Planned = design, name: str = name) -> pd.DataFrame:
                sim = Simulation(design, seed, count)
                conduct = sim.conduct()
                table = operating_characteristics(conduct, {"stated": sim.run(sim.truth("stated"), [conduct])[0]})
                found = table.set_index(name + " " + table["measure"])[["value", "se"]]
                return pd.DataFrame(found.set_axis(["mean", "se"], axis=1))

            yield from _held(tables, repeats, TRIALS, MANY_TRIALS)


def _written(folder: Path, plan: dict[str, object]) -> Path:
    import tomli_w

    file = folder / "design.toml"
    file.write_text(ADAPTIVE + tomli_w.dumps(plan), encoding="utf-8")
    return file


def _held(tables: Callable[[int, int], pd.DataFrame], repeats: int, size: int, many: int) -> Iterator[Line]:
    """How often the intervals of runs of a size hold what a run of many says, where that is judged."""
    truth = tables(1, many)
    # What nothing happens to has no error; of what happens to few an interval of this kind is not judged.
    spread = truth["se"] * math.sqrt(many)
    rare = (spread == 0.0) | (truth["mean"] / spread < math.sqrt(FEWEST / size)) & (truth["mean"] >= 0.0)
    share = truth["mean"].between(0.0, 1.0)
    rare |= share & ((1.0 - truth["mean"]) / spread < math.sqrt(FEWEST / size))
    # Of a difference, those count whom the policy changes.
    paired = truth.index.str.startswith("differences ")
    rare = rare.where(~paired, (spread**2 + truth["mean"] ** 2) * size < FEWEST)
    counted = truth.index[~rare & np.isfinite(truth["se"])]
    held = pd.Series(0, index=counted)
    for seed in range(2, 2 + repeats):
        one = tables(seed, size).reindex(counted)
        # The truth has an error of its own.
        error = np.hypot(one["se"], truth.loc[counted, "se"])
        held += (one["mean"] - truth.loc[counted, "mean"]).abs() <= norm.ppf(0.975) * error
    print(f"  {len(counted)} judged, {len(truth) - len(counted)} of what is rare or never varies are not")
    yield from (Line(str(name), int(count), repeats, 0.95) for name, count in held.items())


def indices(repeats: int) -> Iterator[Line]:
    """Intervals of sensitivity indices."""
    for line in index_coverage.every(repeats, tuple(index_coverage.USUAL)):
        if line.has_interval:
            of = f"{line.method} {line.size} {line.function} {line.index} {line.parameter}"
            yield Line(of, line.held, repeats, index_coverage.CONFIDENCE)


def hospitals(repeats: int) -> Iterator[Line]:
    """90% limits of a hospital's own offsets, at as many made-up hospitals."""
    table = pd.DataFrame([own_offsets.rank(hospital, 1) for hospital in range(repeats)])
    for name in RATES:
        yield Line(name, int(table[name].between(0.05, 0.95).sum()), repeats, 0.9)


def decisions(repeats: int) -> Iterator[Line]:
    """Errors of decision analyses whose truths are known exactly."""
    yield from _known(value_coverage.decision, repeats)


def information(repeats: int) -> Iterator[Line]:
    """Errors of values of information that are known exactly."""
    yield from _known(value_coverage.information, repeats)


def _known(of: Callable[[value_coverage.Choice, int, int], value_coverage.Answer], repeats: int) -> Iterator[Line]:
    passed = 0
    for choice in map(value_coverage.Choice, BEHIND):
        for draws in DRAWS:
            answers = [of(choice, draws, seed) for seed in range(repeats)]
            for name in answers[0][1]:
                if value_coverage.rare(name, choice, draws, FEWEST):
                    passed += 1
                    continue
                errors = [
                    abs(found[name][0] - truths[name]) / found[name][1] for found, truths in answers if name in found
                ]
                held = sum(error <= norm.ppf(0.975) for error in errors)
                yield Line(f"{name}, {draws} draws, mean {choice.behind:+g} SD", held, len(errors), 0.95)
    print(f"  {passed} of what few draws decide are not judged")


def assurance(repeats: int) -> Iterator[Line]:
    """Monte Carlo intervals of a lived trial's characteristics over the uncertainty of the evidence."""
    planned = load_design("rct")

    def tables(seed: int, count: int) -> pd.DataFrame:
        simulation = Simulation(planned, seed, count)
        conduct = simulation.conduct()
        lived = simulation.run(simulation.truth("posterior"), [conduct])[0]
        table = operating_characteristics(conduct, {"posterior": lived}).set_index("measure")
        return table[["value", "se"]].set_axis(["mean", "se"], axis=1)

    yield from _held(tables, repeats, LIVED, MANY_LIVED)


def sizes(repeats: int) -> Iterator[Line]:
    """Intervals of the size that reaches a power, of trials of stated rates."""

    def searched(design: Planned, seed: int, trials: int) -> SizeSearch:
        return find_size(Simulation(design, seed, trials), design.design.size.power, "stated")

    with tempfile.TemporaryDirectory() as folder:
        for name in SEARCHED:
            design = load_design(_written(Path(folder), ADAPTATIONS[name]))
            truth = searched(design, 1, MANY_TRIALS_SEARCHED).patients
            assert truth is not None
            found = [searched(design, seed, TRIALS) for seed in range(2, 2 + repeats)]
            yield Line(f"size of {name}", sum(each.low <= truth <= each.high for each in found), repeats, 0.95)


KINDS: dict[str, Callable[[int], Iterator[Line]]] = {
    "lives": lives,
    "trials": trials,
    "indices": indices,
    "hospitals": hospitals,
    "decisions": decisions,
    "information": information,
    "assurance": assurance,
    "sizes": sizes,
}


def failing(lines: list[Line]) -> list[Line]:
    """Intervals that hold the truth less often than chance explains, all of a kind together."""
    return [line for line in lines if line.held < binom.ppf(FAIL / len(lines), line.asked, line.nominal)]


def main() -> int:
    """Measure the kinds asked for and print them; 1 if an interval failed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kinds", nargs="*", default=list(KINDS), choices=list(KINDS))
    parser.add_argument("--repeats", type=int, default=200)
    asked = parser.parse_args()
    failed = 0
    for kind in asked.kinds:
        print(f"{kind}:", flush=True)
        lines = list(KINDS[kind](asked.repeats))
        shares = np.array([line.held / line.asked for line in lines])
        wrong = failing(lines)
        told = f"{len(lines)} intervals of {lines[0].nominal:.0%}, {asked.repeats} times each"
        print(f"  {told}: {shares.mean():.1%} hold the truth, of the worst {shares.min():.1%}; {len(wrong)} fail")
        for line in sorted(wrong, key=lambda line: line.held)[:20]:
            print(f"    FAILS {line.of}: {line.held} of {line.asked}")
        failed += len(wrong)
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
