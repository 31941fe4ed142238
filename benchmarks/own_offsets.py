"""Are a hospital's offsets recovered from its own people? `python benchmarks/own_offsets.py [hospitals] [seed] [FILE.csv]`.

Hospitals are drawn from the committed population and the clinical parameters from the posterior; each has 30 to 500 people, whose
lives the engine lives and a registry sees. Where the fit is right, the rank of the truth among its draws is uniform (Talts et
al., arXiv:1804.06788), and 90% intervals hold it in 90% of hospitals. Healing is dated in one half, seen at quarterly visits in
the other. About 2.5 s a hospital on one core. With a file, hospitals are kept there and those already kept are not ranked again.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Hashable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import chisquare, kstest

from simulator.evidence.hospitals import HIGHEST, OFFSETS, RATES, Kind, load_hospitals
from simulator.evidence.posterior import parameter_draws
from simulator.questions.registry.offsets.likelihood import courses_of
from simulator.questions.registry.offsets.offsets import updated
from simulator.questions.registry.synthetic.lived_people import lived_people
from simulator.scenario import load_scenario
from simulator.words.luck import generator, seed_of

FEWEST, MOST = 30, 500


def rank(hospital: int, seed: int) -> dict[Hashable, Any]:
    """People, and the share of draws below the truth for each rate."""
    scenario = load_scenario("base").with_(evidence={"centre": "founding"})
    population = load_hospitals()
    assert population is not None
    luck = generator(seed, "made-up hospital", hospital)
    people = int(np.exp(luck.uniform(np.log(FEWEST), np.log(MOST))))
    drawn = parameter_draws(scenario.register, 1, seed_of(seed, "truth", hospital) >> 1)
    truth = np.clip(population.drawn(population.taken(1, luck), Kind(), luck)[0], -HIGHEST, HIGHEST)
    row = pd.DataFrame({name: drawn[name] for name in drawn.dtype.names or ()})
    own = seed_of(seed, "people", hospital) >> 1
    offsets = dict(zip(OFFSETS, truth, strict=True))
    seen = lived_people(scenario, offsets, people, own, row, visits_years=0.25 * (hospital % 2))
    found = updated(courses_of(seen), scenario, population, seed_of(seed, "fit", hospital) >> 1)
    below = (found.after < truth).mean(axis=0)
    return {"people": people, "unlived": found.unlived, **{name: float(below[k]) for k, name in enumerate(RATES)}}


def main() -> None:
    """Rank as many hospitals as asked for (200) and print uniformity and coverage."""
    hospitals, seed = (int(word) for word in (*sys.argv[1:3], *("200", "1")[len(sys.argv[1:3]) :]))
    keep = Path(sys.argv[3]) if len(sys.argv) > 3 else None
    kept = pd.read_csv(keep) if keep is not None and keep.exists() else pd.DataFrame({"hospital": [], "seed": []})
    rows: list[dict[Hashable, Any]] = kept[(kept["seed"] == seed) & (kept["hospital"] < hospitals)].to_dict("records")
    done = {row["hospital"] for row in rows}
    begun = time.perf_counter()
    for hospital in range(hospitals):
        if hospital in done:
            continue
        rows.append({"hospital": hospital, "seed": seed, **rank(hospital, seed)})
        if keep is not None:
            pd.DataFrame(rows[-1:]).to_csv(keep, mode="a", header=not keep.exists(), index=False)
        if hospital % 10 == 9:
            print(f"{hospital + 1} hospitals, {time.perf_counter() - begun:.0f} s", file=sys.stderr, flush=True)
    table = pd.DataFrame(rows)
    print(f"{hospitals} hospitals of {table['people'].min()} to {table['people'].max()} people")
    print(f"{table['unlived'].sum():.0f} people of {table['people'].sum()} whose course no life could follow")
    for name in RATES:
        below = table[name]
        counts = np.histogram(below, 5, (0.0, 1.0 + 1e-12))[0]
        tenths = np.histogram(below, 10, (0.0, 1.0 + 1e-12))[0]
        inside = ((below > 0.05) & (below < 0.95)).mean()
        print(
            f"{name}: fifths {counts}, mean {below.mean():.3f}, p = {kstest(below, 'uniform').pvalue:.2f} (Kolmogorov-Smirnov),"
            f" {chisquare(tenths).pvalue:.2f} (chi-square of tenths), 90% holds {inside:.1%}"
        )


if __name__ == "__main__":
    main()
