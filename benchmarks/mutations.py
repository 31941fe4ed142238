"""Does `clti verify` see mistakes? `python benchmarks/mutations.py [--only NAME] [--workers N] [--write docs/mutations.md]`.

Each of the mistakes below is made, one at a time, in a temporary copy of the package, where the checks then run on the base
scenario with few patients. A text that is no longer found once stops the script, so that the list keeps up with the code.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from queue import Queue

ROOT = Path(__file__).resolve().parents[1]
PATIENTS = 1_000
LONGEST = 300.0
COMPILED = ("rules", "living")
CHECKS = """
import json, sys
from simulator.scenario import load_scenario
from simulator.verification import verify
checks = verify(load_scenario(), int(sys.argv[1]))
failed = checks[checks["status"] == "fail"]
print(json.dumps([[row.id, row.changed, row.expected] for row in failed.itertuples()]))
"""


@dataclass(frozen=True)
class Mistake:
    """One mistake: what it is, and the text that it replaces in one file of the package."""

    name: str
    file: str
    old: str
    new: str

    @property
    def compiled(self) -> bool:
        """Whether compiled code changes, so that nothing compiled before can be used again."""
        return self.file.split("/")[0] in COMPILED


MISTAKES = (
    Mistake(
        "hazard falls with time instead of rising",
        "rules/hazards.py",
        "return r * expm1(k * d) / k",
        "return r * expm1(-k * d) / -k",
    ),
    Mistake("inverse of the hazard without its exponent", "rules/hazards.py", "return log1p(z) / k", "return z / k"),
    Mistake(
        "risk's time trend has the wrong sign",
        "rules/pathway/course.py",
        "per_mmhg * slope + trend\n",
        "per_mmhg * slope - trend\n",
    ),
    Mistake(
        "slope of perfusion forgotten in the hazard",
        "rules/pathway/course.py",
        "= per_mmhg * slope + trend\n",
        "= trend\n",
    ),
    Mistake(
        "time trend counted from referral, not from the state",
        "rules/pathway/course.py",
        "trend * (t - life.since[k])",
        "trend * t",
    ),
    Mistake(
        "perfusion not centred at its reference",
        "rules/pathway/course.py",
        "per_mmhg * (tcpo2 - life.reference)",
        "per_mmhg * tcpo2",
    ),
    Mistake(
        "spent budgets are forgotten between events",
        "rules/pathway/course.py",
        "spend(life, life.budget, end - t)",
        "spend(life, life.remaining, end - t)",
    ),
    Mistake(
        "last of the competing risks wins instead of the first",
        "rules/pathway/course.py",
        "if wait < first:",
        "if wait < inf:",
    ),
    Mistake(
        "ramp in days instead of years",
        "rules/pathway/response.py",
        "duration = params.recovery_days / DAYS_PER_YEAR",
        "duration = params.recovery_days",
    ),
    Mistake(
        "natural recovery one dose late",
        "rules/pathway/response.py",
        "(life.response_dose - 1) *",
        "life.response_dose *",
    ),
    Mistake(
        "attribution the wrong way round",
        "rules/pathway/response.py",
        "natural = (1.0 - params.attributable_share) *",
        "natural = params.attributable_share *",
    ),
    Mistake(
        "recovery at every dose but the right one",
        "rules/pathway/response.py",
        "life.doses == life.response_dose)",
        "life.doses != life.response_dose)",
    ),
    Mistake(
        "higher baseline raises the gain",
        "rules/pathway/response.py",
        "params.recovery_gain - params.recovery_gain_baseline",
        "params.recovery_gain + params.recovery_gain_baseline",
    ),
    Mistake(
        "one dose too many",
        "rules/pathway/cell_therapy.py",
        "if life.doses < policy.doses else inf",
        "if life.doses <= policy.doses else inf",
    ),
    Mistake(
        "next dose counted from referral",
        "rules/pathway/cell_therapy.py",
        "life.next_dose = t + policy.interval",
        "life.next_dose = policy.interval",
    ),
    Mistake(
        "doses go on after healing",
        "rules/pathway/repeat_dose.py",
        "if not limb_kept(life) or life.wound == Wound.HEALED:",
        "if not limb_kept(life):",
    ),
    Mistake(
        "judgement stops the wrong people",
        "rules/pathway/repeat_dose.py",
        "if seen >= policy.stop_at_tcpo2 else",
        "if seen < policy.stop_at_tcpo2 else",
    ),
    Mistake(
        "healing and amputation rates swapped",
        "rules/pathway/risks.py",
        "params.amputation_rate * life.amputation_hr,",
        "params.healing_rate * life.amputation_hr,",
    ),
    Mistake(
        "infected wounds heal faster",
        "rules/pathway/risks.py",
        "params.healing_hr_infection if patient.infection > 0.5 else 1.0",
        "1.0 / params.healing_hr_infection if patient.infection > 0.5 else 1.0",
    ),
    Mistake(
        "gangrene helps healing", "rules/pathway/risks.py", "if patient.gangrene < 0.5:", "if patient.gangrene > 0.5:"
    ),
    Mistake(
        "age of the wound forgotten",
        "rules/pathway/risks.py",
        "exp(log_ratio + params.healing_per_log_age * log(params.wound_age_ratio))",
        "exp(log_ratio)",
    ),
    Mistake(
        "stumps heal as the wound did",
        "rules/pathway/risks.py",
        "params.stump_healing_rate * life.healing_hr",
        "params.stump_healing_rate * life.healing_hr * life.wound_hr",
    ),
    Mistake(
        "infection without its share",
        "rules/population/patient.py",
        "Stream.INFECTION, attempt, params.infection_share)",
        "Stream.INFECTION, attempt, params.gangrene_share)",
    ),
    Mistake(
        "age effect with the wrong sign",
        "rules/pathway/risks.py",
        "(patient.age - params.reference_age)",
        "(params.reference_age - patient.age)",
    ),
    Mistake("heart disease forgotten", "rules/pathway/risks.py", "death *= params.death_hr_heart", "death *= 1.0"),
    Mistake(
        "severe and moderate renal hazards swapped",
        "rules/pathway/risks.py",
        "death *= params.death_hr_renal_severe",
        "death *= params.death_hr_renal_moderate",
    ),
    Mistake(
        "early deaths after amputation forgotten",
        "rules/pathway/risks.py",
        "peak = params.postoperative_death_rate *",
        "peak = 0.0 * params.postoperative_death_rate *",
    ),
    Mistake(
        "conversion above the knee instead of below",
        "rules/pathway/risks.py",
        "if life.limb == Limb.BELOW_KNEE:\n        set_risk(life, Risk.CONVERSION",
        "if life.limb == Limb.ABOVE_KNEE:\n        set_risk(life, Risk.CONVERSION",
    ),
    Mistake(
        "recurrence ignores a minor amputation",
        "rules/pathway/risks.py",
        "rate *= params.recurrence_hr_minor",
        "rate *= 1.0",
    ),
    Mistake(
        "levels of amputation swapped",
        "rules/pathway/amputation.py",
        "Limb.BELOW_KNEE if below else Limb.ABOVE_KNEE",
        "Limb.ABOVE_KNEE if below else Limb.BELOW_KNEE",
    ),
    Mistake(
        "minor amputation closes the way to itself no more",
        "rules/pathway/risks.py",
        "if life.limb == Limb.INTACT:\n        set_risk(life, Risk.MINOR",
        "if life.limb <= Limb.MINOR_AMPUTATION:\n        set_risk(life, Risk.MINOR",
    ),
    Mistake(
        "second wound heals with the luck of the first",
        "rules/pathway/healing.py",
        "Stream.HEALING, life.wounds)",
        "Stream.HEALING, 0)",
    ),
    Mistake(
        "a healed stump can still be converted",
        "rules/pathway/healing.py",
        "    no_risks(life)\n    set_risk(life, Risk.DISEASE_DEATH, death, 0.0, 0.0, since)",
        "    set_risk(life, Risk.DISEASE_DEATH, death, 0.0, 0.0, since)",
    ),
    Mistake(
        "prosthesis ready in years instead of days",
        "rules/pathway/walking.py",
        "operated + params.prosthesis_days_below_knee / DAYS_PER_YEAR",
        "operated + params.prosthesis_days_below_knee",
    ),
    Mistake(
        "men and women swapped in the life table",
        "rules/pathway/background.py",
        "log_hazards[int(patient.male)]",
        "log_hazards[1 - int(patient.male)]",
    ),
    Mistake(
        "background hazard ratio divides instead of multiplies",
        "rules/pathway/background.py",
        ") / params.background_hr",
        ") * params.background_hr",
    ),
    Mistake(
        "death no longer competes: amputations of the dead are counted",
        "rules/pathway/happening.py",
        "if life.background_death <= horizon and not time < life.background_death:",
        "if False:",
    ),
    Mistake(
        "deaths of the disease censored instead of competing",
        "rules/pathway/happening.py",
        "        life.alive = 0\n        life.died_at = t\n",
        "        life.alive = 0\n        life.died_at = t if risk == -1 else inf\n",
    ),
    Mistake(
        "discount rate of costs used for effects",
        "living/ledger.py",
        "exp(-effect_rate * start), exp(-effect_rate * end)",
        "exp(-cost_rate * start), exp(-cost_rate * end)",
    ),
    Mistake(
        "events are not discounted",
        "living/ledger.py",
        "ledger[COST_COUNT + what] += exp(-cost_rate * t)",
        "ledger[COST_COUNT + what] += 1.0",
    ),
    Mistake(
        "second year after amputation begins late",
        "living/ledger.py",
        "overlap(start, end, since + year,",
        "overlap(start, end, since + 1.5 * year,",
    ),
    Mistake("visits run on after death", "living/ledger.py", "n = np.searchsorted(visits, end)", "n = len(visits)"),
    Mistake(
        "walking counted in the dead",
        "living/outcomes.py",
        "out[WALKING] = 1.0 if alive and census[WALKS] else 0.0",
        "out[WALKING] = 1.0 if census[WALKS] or not alive else 0.0",
    ),
    Mistake(
        "survival without the limb counted as with it",
        "living/outcomes.py",
        "out[AMPUTATION_FREE_SURVIVAL] = 1.0 if alive and not amputated else 0.0",
        "out[AMPUTATION_FREE_SURVIVAL] = 1.0 if alive else 0.0",
    ),
    Mistake(
        "entry on the true instead of the measured TcPO2",
        "rules/population/criteria.py",
        "below = patient.tcpo2_measured < criteria.tcpo2_below",
        "below = patient.tcpo2 < criteria.tcpo2_below",
    ),
    Mistake(
        "age limit the wrong way round",
        "rules/population/criteria.py",
        "patient.age >= criteria.age_below",
        "patient.age < criteria.age_below",
    ),
    Mistake(
        "ceiling of perfusion ignored", "rules/perfusion.py", "return ceiling, 0.0, end", "return value, slope, end"
    ),
    Mistake(
        "engines part: the SimPy engine treats everybody by the first policy",
        "living/reference.py",
        "self.setting, self.policy, t, kind",
        "self.setting, 0, t, kind",
    ),
    Mistake(
        "annual rate taken for a continuous one",
        "scenario/arrays.py",
        "log1p(discounting.effects), log1p(discounting.costs)",
        "discounting.effects, discounting.costs",
    ),
    Mistake(
        "rates of effects and costs swapped",
        "scenario/arrays.py",
        "log1p(discounting.effects), log1p(discounting.costs)",
        "log1p(discounting.costs), log1p(discounting.effects)",
    ),
    Mistake(
        "interval between doses stays in days",
        "scenario/arrays.py",
        "(cells.interval_days or 0.0) / DAYS_PER_YEAR",
        "(cells.interval_days or 0.0)",
    ),
    Mistake(
        "beta distribution with its ends swapped",
        "evidence/distributions.py",
        "stats.beta(centre * size, (1 - centre) * size)",
        "stats.beta((1 - centre) * size, centre * size)",
    ),
    Mistake(
        "lognormal around its mean instead of its median",
        "evidence/distributions.py",
        "stats.lognorm(sd_log, scale=centre)",
        "stats.lognorm(sd_log, scale=centre * 2.718281828 ** (-0.5 * sd_log**2))",
    ),
    Mistake("truncation forgotten", "evidence/distributions.py", "law.ppf(start + p * (stop - start))", "law.ppf(p)"),
    Mistake(
        "every draw takes the first draw's luck",
        "run/job.py",
        "self.draws[draw], self.policies",
        "self.draws[0], self.policies",
    ),
    Mistake(
        "blocks of patients overlap",
        "run/simulation.py",
        "first = earlier + draw * people * fresh_patients + start\n",
        "first = earlier + draw * people * fresh_patients + start // 2\n",
    ),
    Mistake(
        "standard error with n instead of its root",
        "run/sums.py",
        "- mean * mean, 0.0) / (n - 1), np.nan)",
        "- mean * mean, 0.0) / (n - 1) ** 2, np.nan)",
    ),
    Mistake(
        "difference with the wrong sign",
        "run/sums.py",
        "sums.outcomes - sums.outcomes[reference]",
        "sums.outcomes[reference] - sums.outcomes",
    ),
    Mistake(
        "QALYs undiscounted",
        "economics/valuation.py",
        "return np.roll(weights, MOMENTS, axis=1) if values.discounted else weights",
        "return weights",
    ),
    Mistake(
        "walking and sitting amputees' utilities swapped",
        "economics/quality_of_life.py",
        'State.BELOW_KNEE: "major_not_walking"',
        'State.BELOW_KNEE: "below_knee_walking"',
    ),
    Mistake(
        "age adjustment turned upside down",
        "economics/quality_of_life.py",
        "for age in AGES]) / base",
        "for age in AGES]) ** -1 * base",
    ),
    Mistake(
        "cells charged to policies without cells",
        "economics/cost_items.py",
        '"count_dose": policy.cell_therapy.doses > 0',
        '"count_dose": True',
    ),
)


def source(mistake: Mistake, package: Path) -> str:
    """The file with the mistake. Stops if its text is not there exactly once."""
    text = (package / mistake.file).read_text(encoding="utf-8")
    if text.count(mistake.old) != 1:
        raise SystemExit(f"{mistake.name}: {text.count(mistake.old)} places in {mistake.file} read {mistake.old!r}")
    return text.replace(mistake.old, mistake.new)


@contextmanager
def package_copies(root: Path, count: int) -> Iterator[Queue[Path]]:
    """Copies of the package and its data in a temporary folder."""
    with tempfile.TemporaryDirectory(prefix="mutations-") as folder:
        free: Queue[Path] = Queue()
        for number in range(count):
            copy = Path(folder) / str(number)
            for name in ("simulator", "scenarios", "calibration"):
                skip = shutil.ignore_patterns("__pycache__")
                shutil.copytree(root / name, copy / name, ignore=skip)
            shutil.copy2(root / "pyproject.toml", copy)
            free.put(copy)
        yield free


def python(copy: Path, code: str, *words: str) -> subprocess.CompletedProcess[str]:
    """Run Python in a copy, with a cache of its own. Without optimisation compiling takes a third of the time."""
    env = {**os.environ, "PYTHONPATH": str(copy), "CLTI_CACHE": str(copy / "cache"), "NUMBA_OPT": "0"}
    command = [sys.executable, "-c", code, *words]
    return subprocess.run(command, cwd=copy, env=env, text=True, capture_output=True, timeout=LONGEST, check=False)


def cache_of(copy: Path) -> Path:
    """The folder of compiled code for the sources as they are now."""
    return Path(python(copy, "from simulator.compiling import CACHE; print(CACHE)").stdout.strip())


def caught(mistake: Mistake | None, copy: Path, patients: int) -> tuple[list[list[str]], float]:
    """The checks that fail with the mistake: id, change, expectation; and the seconds it took."""
    start = time.perf_counter()
    file = copy / "simulator" / mistake.file if mistake else None
    sound = file.read_text(encoding="utf-8") if file else ""
    original = copy / "compiled"
    try:
        if mistake and file:
            file.write_text(source(mistake, copy / "simulator"), encoding="utf-8")
        folder = cache_of(copy)
        if original.exists() and not (mistake and mistake.compiled):
            shutil.copytree(original, folder, dirs_exist_ok=True)
        try:
            done = python(copy, CHECKS, str(patients))
        except subprocess.TimeoutExpired:
            return [["-", "the run", "ends in time"]], time.perf_counter() - start
        if mistake is None:
            shutil.copytree(folder, original, dirs_exist_ok=True)
        else:
            shutil.rmtree(folder, ignore_errors=True)
    finally:
        if file:
            file.write_text(sound, encoding="utf-8")
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["stopped"])[-1]
        return [["-", "the run", f"ends; it stopped with {last[:120]}"]], time.perf_counter() - start
    failed: list[list[str]] = json.loads(done.stdout.strip().splitlines()[-1])
    return failed, time.perf_counter() - start


def document(results: list[tuple[Mistake, list[list[str]]]], patients: int) -> str:
    """The table of mistakes and the checks that catch them, survivors first."""
    alive = [mistake for mistake, failed in results if not failed]
    lines = [
        "# Mistakes made on purpose",
        "",
        "<!-- Written by benchmarks/mutations.py -->",
        "",
        f"Each mistake is made alone in a copy of the package; `clti verify` then runs on the base scenario with {patients:,}",
        f"patients. {len(results) - len(alive)} of {len(results)} mistakes fail at least one check.",
        "",
    ]
    if alive:
        lines += ["Not caught:", "", *(f"* {m.name} (`{m.file}`)" for m in alive), ""]
    lines += ["| mistake | file | failing checks | first of them |", "|---|---|---:|---|"]
    for mistake, failed in results:
        first = f"{failed[0][0]} {failed[0][1]}: {failed[0][2]}".replace("|", "/") if failed else "none"
        lines.append(f"| {mistake.name} | `{mistake.file}` | {len(failed)} | {first} |")
    return "\n".join(lines) + "\n"


def main() -> int:
    """Make every mistake and say which were not seen; exit code 1 if any."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", type=Path, default=ROOT)
    parser.add_argument("--only", default="", help="names that contain this, or one of several separated by ;")
    parser.add_argument("--patients", type=int, default=PATIENTS)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--write", type=Path)
    chosen = parser.parse_args()
    mistakes = [m for m in MISTAKES if any(part.strip() in m.name for part in chosen.only.split(";"))]
    for mistake in mistakes:
        source(mistake, chosen.root / "simulator")
    results: dict[str, list[list[str]]] = {}

    with package_copies(chosen.root, chosen.workers) as free:

        def one(mistake: Mistake | None) -> None:
            copy = free.get()
            try:
                failed, seconds = caught(mistake, copy, chosen.patients)
            finally:
                free.put(copy)
            name = mistake.name if mistake else "no mistake"
            results[name] = failed
            print(f"{seconds:4.0f} s  {name}: {', '.join(f[0] for f in failed[:8]) or 'SURVIVES'}", flush=True)
            if mistake is None and failed:
                raise SystemExit(f"the sound package fails {failed}")

        with ThreadPoolExecutor(chosen.workers) as pool:
            # One sound run in each copy, whose compiled code serves the mistakes outside it.
            list(pool.map(one, [None] * chosen.workers))
            list(pool.map(one, sorted(mistakes, key=lambda m: m.compiled)))
    table = [(m, results[m.name]) for m in mistakes]
    if chosen.write:
        chosen.write.write_text(document(table, chosen.patients), encoding="utf-8")
    return int(any(not failed for _, failed in table))


if __name__ == "__main__":
    raise SystemExit(main())
