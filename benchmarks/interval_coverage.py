"""Do the intervals that the program prints hold the truth as often as they say? `python benchmarks/interval_coverage.py`.

    python benchmarks/interval_coverage.py                        # every kind, some minutes on two cores
    python benchmarks/interval_coverage.py --kinds lives trials   # some kinds
    python benchmarks/interval_coverage.py --repeats 50           # a glance

Kinds: `lives` are mean ± 1.96 standard errors of outcomes, differences, states, perfusion and ledgers, as of `clti compare`,
against a run of many people; `trials` are the same of a design's operating characteristics, as of `clti trial`, against a run
of many trials; `indices` are those of sensitivity (`index_coverage.py`), on functions whose indices are known; `hospitals`
are 90% limits of a hospital's own offsets, as of `clti patients` (`own_offsets.py`), against the offsets that its people
lived by.

An interval fails that holds the truth less often than a binomial count would with a probability of 1% for all of its kind
together (Bonferroni). Of what happens to fewer than `FEWEST` people or trials of a run, or to all but as few, a normal
interval is known to be too short; such lines are counted and not judged. Information values (EVPPI, EVSI) and forecasts are
not among the kinds yet: the suite holds forecasts to their limits over made-up trials (`tests/test_forecast.py`). Exit code
1: one failed.
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
from levels import ADAPTATIONS, ADAPTIVE
from scipy.stats import binom, norm

from simulator import load_scenario, simulate
from simulator.evidence.hospitals import RATES
from simulator.questions.trial.reading.design_reading import Planned, load_design
from simulator.questions.trial.results.operating import operating_characteristics
from simulator.questions.trial.simulation.simulation import Simulation

FAIL = 0.01
FEWEST = 20
PEOPLE, MANY_PEOPLE = 1_000, 400_000
TRIALS, MANY_TRIALS = 400, 40_000
POLICIES = ["conservative", "protocol"]
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


KINDS: dict[str, Callable[[int], Iterator[Line]]] = {
    "lives": lives,
    "trials": trials,
    "indices": indices,
    "hospitals": hospitals,
}


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
        wrong = [line for line in lines if line.held < binom.ppf(FAIL / len(lines), line.asked, line.nominal)]
        told = f"{len(lines)} intervals of {lines[0].nominal:.0%}, {asked.repeats} times each"
        print(f"  {told}: {shares.mean():.1%} hold the truth, of the worst {shares.min():.1%}; {len(wrong)} fail")
        for line in sorted(wrong, key=lambda line: line.held)[:20]:
            print(f"    FAILS {line.of}: {line.held} of {line.asked}")
        failed += len(wrong)
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
