"""Who is referred: the founding cohort's published baseline, the solved parameters, and patients from a table."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from scipy.optimize import brentq, root
from scipy.stats import norm

from simulator import load_scenario, simulate
from simulator.evidence.shipped import shipped
from simulator.questions.story import watch
from simulator.questions.sweep.study_reading import read_study
from simulator.questions.trial.reading.design_reading import load_design
from simulator.questions.trial.simulation.recruits import Recruitment
from simulator.questions.trial.simulation.truth import truth_named
from simulator.rules.population.arteries import diseased_arteries
from simulator.rules.population.enrolment import follow_up_ends
from simulator.rules.population.patient import COLUMNS
from simulator.rules.population.table import patients_in
from simulator.rules.population.taking import take
from simulator.scenario import Scenario
from simulator.words.errors import BadInput
from simulator.words.vocabulary import ARTERIES

Floats = NDArray[np.float64]
Kept: TypeAlias = Callable[[Floats], Floats]

# Panunzi et al., Cardiovasc Diabetol 2022;21:196, Table 1 and Results (n = 50).
SHARES = {
    "male": 31 / 50,
    "ischaemic_heart_disease": 29 / 50,
    "infection": 20 / 50,
    "osteomyelitis": 30 / 50,
    "gangrene": 1.0,
    "heel": 7 / 50,
    "right_limb": 23 / 50,
    "artery_iliac": 1 / 50,
    "artery_common_femoral": 3 / 50,
    "artery_profunda": 2 / 50,
    "artery_superficial_femoral": 28 / 50,
    "artery_popliteal": 20 / 50,
    "artery_tibioperoneal_trunk": 8 / 50,
    "artery_anterior_tibial": 40 / 50,
    "artery_peroneal": 22 / 50,
    "artery_posterior_tibial": 40 / 50,
    "artery_pedal": 12 / 50,
    "artery_plantar": 12 / 50,
}
MEASURES = {"age": (75.2, 10.0), "diabetes_years": (21.0, 8.6), "tcpo2_measured": (17.2, 11.6)}
PATIENTS = 4_000


@pytest.fixture(scope="module")
def founding() -> Scenario:
    return load_scenario("founding_cohort")


@pytest.fixture(scope="module")
def enrolled(founding: Scenario) -> pd.DataFrame:
    return simulate(founding, ["conservative"], patients=PATIENTS, times=[1.0], keep_patients=True).patients


@pytest.mark.parametrize("name", SHARES)
def test_shares_of_table_1_are_reproduced(enrolled: pd.DataFrame, name: str) -> None:
    """Each published share lies within four Monte Carlo standard errors of the enrolled."""
    share = SHARES[name]
    assert enrolled[name].mean() == pytest.approx(share, abs=4 * np.sqrt(share * (1 - share) / PATIENTS))


@pytest.mark.parametrize("name", MEASURES)
def test_means_and_spreads_of_table_1_are_reproduced(enrolled: pd.DataFrame, name: str) -> None:
    """Each published mean and SD lies within four Monte Carlo standard errors, the SD's from the fourth moment."""
    mean, sd = MEASURES[name]
    values = enrolled[name].to_numpy()
    assert values.mean() == pytest.approx(mean, abs=4 * sd / np.sqrt(PATIENTS))
    kurtosis = np.mean((values - values.mean()) ** 4) / values.var() ** 2
    assert values.std() == pytest.approx(sd, abs=4 * sd * np.sqrt((kurtosis - 1) / 4 / PATIENTS))


def test_diseased_vessels_are_as_many_and_spread_as_published(enrolled: pd.DataFrame) -> None:
    """3.8 (SD 1.8) sites a person; the published shares of sites add up to 3.76."""
    sites = enrolled[[f"artery_{name}" for name in ARTERIES]].sum(axis=1).to_numpy()
    assert sites.mean() == pytest.approx(3.76, abs=4 * 1.8 / np.sqrt(PATIENTS))
    assert sites.std() == pytest.approx(1.8, abs=4 * 1.8 / np.sqrt(2 * PATIENTS))


def test_the_enrolled_meet_the_study_s_criteria(enrolled: pd.DataFrame) -> None:
    """Ulcers only, no dialysis, no option, and a measured TcPO2 below 30 mmHg or a low ankle pressure."""
    assert (enrolled["rutherford"] == 5).all()
    assert not (enrolled["renal"] == "dialysis").any()
    assert (enrolled["renal"] == "severe").any()
    assert not enrolled["angioplasty_suitable"].any()
    assert ((enrolled["tcpo2_measured"] < 30) | enrolled["ankle_pressure_low"]).all()


def test_enrolment_on_a_measured_value_makes_the_truth_regress(enrolled: pd.DataFrame) -> None:
    """People who were measured lowest are truly higher on average."""
    lowest = enrolled[enrolled["tcpo2_measured"] < 5]
    assert (lowest["tcpo2"] - lowest["tcpo2_measured"]).mean() > 1.0


def enrolment_moments(mean: float, sd: float, error: float, ankle: float, kept: Kept) -> tuple[float, float, float]:
    """Mean and SD of measured TcPO2 in the enrolled, and the share of them at 30 or above, by quadrature.

    True values are normal, cut off at zero; measured ones add a normal error and are never below zero; who is measured
    below 30 enters, of the others a share `ankle`. `kept` is who may enter by true TcPO2: the limb can be saved.
    """
    x, w = np.polynomial.legendre.leggauss(400)
    top = mean + 10 * sd
    truth = (x + 1) / 2 * top
    weight = w / 2 * top * norm.pdf(truth, mean, sd) / norm.sf(0, mean, sd) * kept(truth)

    def moments(low: float, high: float) -> tuple[Floats, Floats, Floats]:
        a, b = (low - truth) / error, (high - truth) / error
        mass, density = norm.cdf(b) - norm.cdf(a), norm.pdf(a) - norm.pdf(b)
        tail = a * norm.pdf(a) - np.where(np.isinf(b), 0.0, b) * norm.pdf(b)
        second = (truth**2 + error**2) * mass + 2 * truth * error * density + error**2 * tail
        return mass, truth * mass + error * density, second

    (_, first_low, second_low), (high, first_high, second_high) = moments(0.0, 30.0), moments(30.0, np.inf)
    total = weight @ (norm.cdf((30.0 - truth) / error) + ankle * high)
    first = weight @ (first_low + ankle * first_high) / total
    second = weight @ (second_low + ankle * second_high) / total
    return float(first), float(np.sqrt(second - first**2)), float(ankle * (weight @ high) / total)


def test_the_register_s_referral_tcpo2_is_solved_from_the_published_enrolment(founding: Scenario) -> None:
    """The values in force give 17.2 (SD 11.6) at enrolment to the printed digit, and lie beside the exact roots."""
    params = founding.params()
    error, ankle = params["measurement_sd"], params["ankle_pressure_share"]
    in_force = params["referral_tcpo2_mean"], params["referral_tcpo2_sd"]
    share = params["beyond_salvage_share_5"]

    def kept(truth: Floats) -> Floats:
        odds = np.exp(params["beyond_salvage_per_mmhg"] * (truth - params["reference_tcpo2"]))
        return (1.0 - share) / (1.0 - share + share * odds)

    mean, sd, above = enrolment_moments(*in_force, error, ankle, kept)
    assert (mean, sd) == pytest.approx((17.2, 11.6), abs=0.05)
    assert 0.1 < above < 0.15  # without people at 30 or above an SD of 11.6 cannot be
    solution = root(
        lambda v: np.subtract(enrolment_moments(v[0], v[1], error, ankle, kept)[:2], (17.2, 11.6)), (15.0, 15.0)
    )
    assert solution.success
    assert in_force == pytest.approx(tuple(solution.x), abs=0.1)


def spread_of_sites(shares: Floats, correlation: float) -> float:
    """SD of the number of diseased sites with one common factor, by Gauss-Hermite quadrature."""
    z, w = np.polynomial.hermite_e.hermegauss(80)
    w = w / w.sum()
    inside = norm.cdf((norm.ppf(shares)[:, None] - np.sqrt(correlation) * z) / np.sqrt(1 - correlation))
    variance = w @ (inside * (1 - inside)).sum(axis=0) + w @ inside.sum(axis=0) ** 2 - shares.sum() ** 2
    return float(np.sqrt(variance))


def test_the_register_s_vessel_correlation_is_solved_from_the_published_spread(founding: Scenario) -> None:
    """The value in force is the root, to its printed digits, of an SD of 1.8 sites; independent sites have 1.29."""
    params = founding.params()
    shares = np.array([params[f"{name}_share"] for name in ARTERIES])
    solved = brentq(lambda c: spread_of_sites(shares, c) - 1.8, 0.0, 0.9)
    assert params["vessel_correlation"] == pytest.approx(solved, abs=0.0005)
    assert spread_of_sites(shares, 0.0) == pytest.approx(1.29, abs=0.005)


def test_arteries_belong_to_the_patient(founding: Scenario) -> None:
    """A patient's arteries are the same alone and among others; shares of 0 and 1 are nobody and everybody."""
    params = founding.params({"iliac_share": 0.0, "plantar_share": 1.0})
    many = diseased_arteries(params, 7, np.arange(200))
    assert np.array_equal(many[[150]], diseased_arteries(params, 7, np.array([150])))
    assert many[:, ARTERIES.index("iliac")].sum() == 0
    assert many[:, ARTERIES.index("plantar")].sum() == 200


def test_follow_up_is_as_long_as_the_calendar_and_losses_allow(founding: Scenario) -> None:
    """Uniform between the ends without losses; with them 1 - (e^-ra - e^-rb) / (r (b - a)) are lost before the cut."""
    shortest, longest = founding.administrative_follow_up or (0.0, 0.0)
    n = 20_000
    seen = follow_up_ends(3, range(n), shortest, longest, 0.0)
    assert shortest <= seen.min() <= seen.max() <= longest
    assert seen.mean() == pytest.approx((shortest + longest) / 2, abs=4 * (longest - shortest) / np.sqrt(12 * n))
    lost = np.mean(follow_up_ends(3, range(n), shortest, longest, 0.3) < seen)
    expected = 1 - (np.exp(-0.3 * shortest) - np.exp(-0.3 * longest)) / (0.3 * (longest - shortest))
    assert lost == pytest.approx(expected, abs=4 * np.sqrt(expected * (1 - expected) / n))


def table(folder: Path, text: str) -> Path:
    file = folder / "patients.csv"
    file.write_text(text, encoding="utf-8")
    return file


def test_real_patients_keep_what_is_known_and_draw_the_rest(tmp_path: Path) -> None:
    """Known columns are kept in every copy of a patient; unknown ones differ between copies; nobody is turned away."""
    file = table(tmp_path, "age,renal,tcpo2_measured,artery_iliac,small_ev\n70,dialysis,55,yes,20\n50,normal,3,,\n")
    scenario = load_scenario(overrides={"population": {"csv": str(file)}, "entry": {"dialysis": False}})
    people = simulate(scenario, ["protocol"], patients=400, times=[1.0], keep_patients=True).patients
    first, second = people[people["row"] == 0], people[people["row"] == 1]
    assert len(first) == len(second) == 200
    assert (first["age"] == 70).all()
    assert (first["renal"] == "dialysis").all()
    assert (first["tcpo2_measured"] == 55).all()
    assert first["artery_iliac"].all()
    assert (first["small_ev"] == 20).all()
    assert not first["treated"].any()
    assert first["male"].nunique() == 2
    assert first["tcpo2"].nunique() == 200
    assert (second["age"] == 50).all()
    assert not second["artery_iliac"].all()
    assert second["small_ev"].nunique() > 100
    # One measurement of 3 mmHg with an error SD of 6 leaves the truth well below 20 but above 3 on average.
    assert 3.0 < second["tcpo2"].mean() < 12.0


def registry(folder: Path, text: str, **overrides: Any) -> Scenario:
    """A scenario with a table of real patients, followed for two years."""
    follow_up = {"horizon_years": 2.0, "report_at_years": [1.0]}
    whole = {"population": {"csv": str(table(folder, text))}, "follow_up": follow_up}
    return load_scenario(overrides=whole | overrides, policies=["conservative", "protocol"])


SORTED = "age,rutherford\n" + "85,6\n" * 30 + "55,4\n" * 70
"""A hundred people, the worst first."""


def test_patients_default_to_the_rows_of_a_table(tmp_path: Path) -> None:
    """Without a number every row lives once; a file that says how many is heard, and only that file or a later one."""
    scenario = registry(tmp_path, SORTED)
    people = simulate(scenario, keep_patients=True).patients
    assert scenario.patients == 100
    assert sorted(people[people["policy"] == "protocol"]["row"]) == list(range(100))
    file = tmp_path / "two.toml"
    file.write_text('[population]\ncsv = "patients.csv"\npatients = 200\n', encoding="utf-8")
    assert load_scenario(file).patients == 200
    child = tmp_path / "child.toml"
    child.write_text('extends = "two.toml"\n[population]\ncsv = "patients.csv"\n', encoding="utf-8")
    assert load_scenario(child).patients == 100


def test_whole_passes_take_every_row_equally_often(tmp_path: Path) -> None:
    """Three times as many patients as rows are every row three times, each time with luck of its own."""
    people = simulate(registry(tmp_path, SORTED), ["protocol"], patients=300, keep_patients=True).patients
    assert (people["row"].value_counts() == 3).all()
    assert people.groupby("row")["tcpo2"].nunique().eq(3).all()


def test_fewer_patients_are_a_random_sample_by_the_seed(tmp_path: Path) -> None:
    """A smaller cohort has no row twice, mixes a sorted table, follows the seed, and is the beginning of a larger one."""
    scenario = registry(tmp_path, SORTED)

    def rows(patients: int, seed: int) -> list[int]:
        return simulate(scenario, ["protocol"], patients, seed, keep_patients=True).patients["row"].tolist()

    twenty = rows(20, 1)
    assert len(set(twenty)) == 20
    assert 0 < sum(row < 30 for row in twenty) < 20
    assert twenty != rows(20, 2)
    assert twenty == rows(60, 1)[:20] == rows(100, 1)[:20] == rows(200, 1)[:20]


def test_every_row_is_sampled_equally_often(tmp_path: Path) -> None:
    """Over 2,000 seeds each of ten rows is among three with probability 3/10 (4 standard errors for all rows)."""
    given = registry(tmp_path, "age\n" + "".join(f"{age}\n" for age in range(60, 70))).given
    counts = np.bincount(np.concatenate([take(given, 3, seed).rows for seed in range(2_000)]), minlength=10)
    assert (abs(counts - 600) < 4 * np.sqrt(2_000 * 0.3 * 0.7)).all()


@pytest.mark.parametrize("patients", [101, 150, 199, 10_000 + 1])
def test_anything_else_says_what_is_allowed(tmp_path: Path, patients: int) -> None:
    """A number that is neither a whole pass nor a sample is refused where it is written and where it is asked for."""
    allowed = r"whole passes through the table's 100 rows \(.*\), or fewer than its rows: then a random sample of them"
    with pytest.raises(BadInput, match=allowed):
        registry(tmp_path, SORTED, population={"csv": str(table(tmp_path, SORTED)), "patients": patients})
    scenario = registry(tmp_path, SORTED)
    with pytest.raises(BadInput, match=rf"simulate: patients = {patients}; allowed: {allowed}"):
        simulate(scenario, patients=patients)
    study = {"method": "one_way", "size": 2, "seed": 1, "patients": patients, "outputs": ["protocol.death@1"]}
    study |= {"parameters": {"names": ["healing_rate"]}, "model": {"kind": "clti", "settings": own(tmp_path)}}
    with pytest.raises(BadInput, match=rf"patients = {patients}; allowed: {allowed}"):
        read_study(study, "study.toml")


def own(folder: Path) -> dict[str, Any]:
    """The settings of a study whose scenario has the table of the folder."""
    return {"overrides": {"population": {"csv": str(folder / "patients.csv")}}}


@pytest.mark.parametrize("patients", [40, 100])
def test_engines_threads_and_queues_take_the_same_rows(tmp_path: Path, patients: int) -> None:
    """Both engines give the same bits for a sample and for all, on one thread and on three, and a queue takes the same."""
    scenario = registry(tmp_path, SORTED)
    one = simulate(scenario, patients=patients, workers=1)
    for other in (
        simulate(scenario, patients=patients, workers=3),
        simulate(scenario, patients=patients, engine="simpy"),
    ):
        assert (one.draw_ledgers == other.draw_ledgers).all()
        assert (one.draw_outcomes == other.draw_outcomes).all()
    kept = simulate(scenario, patients=patients, keep_patients=True).patients["row"]
    queue = {"slots_per_week": 3, "arrivals_per_week": 2.0}
    waiting = simulate(registry(tmp_path, SORTED, capacity=queue), patients=patients, keep_patients=True)
    assert (waiting.patients["row"] == kept).all()


def test_fresh_patients_are_a_sample_of_their_own_for_each_draw(tmp_path: Path) -> None:
    """Draws with patients of their own sample the table anew, and the same ones whether draws come together or apart."""
    scenario = registry(tmp_path, SORTED)
    draws = pd.DataFrame({"healing_rate": [1.0, 1.0, 1.0]})
    ask: dict[str, Any] = {"policies": ["protocol"], "patients": 20, "fresh_patients": True, "keep_patients": True}
    people = simulate(scenario, draws=draws, **ask).patients
    rows = [people[people["draw"] == draw]["row"].tolist() for draw in range(3)]
    assert len({tuple(each) for each in rows}) == 3
    last = simulate(scenario, draws=draws[:1], earlier_draws=2, **ask).patients
    assert last["row"].tolist() == rows[2]
    assert (last["tcpo2"].to_numpy() == people[people["draw"] == 2]["tcpo2"].to_numpy()).all()


def test_a_trial_recruits_at_random_from_a_table(tmp_path: Path) -> None:
    """Trials of a sorted table of 64 rows are not all the same people, and their mix is the table's (4 standard errors)."""
    text = "tcpo2_measured\n" + "5\n" * 16 + "25\n" * 48
    file = table(tmp_path, text)
    scenario = tmp_path / "registry.toml"
    scenario.write_text(f'[population]\ncsv = "{file.name}"\n', encoding="utf-8")
    design = (shipped("scenarios") / "designs" / "rct.toml").read_text(encoding="utf-8")
    mine = tmp_path / "mine.toml"
    mine.write_text(re.sub(r"(?m)^scenario = .*$", f'scenario = "{scenario}"', design), encoding="utf-8")
    planned = load_design(str(mine))
    assert len(planned.scenario.given) == 64
    recruited = Recruitment(planned.design, planned.scenario, 1)
    seen = recruited.trials(truth_named("scenario", planned.design, planned.scenario, 50, 1), 0, 50, 40).tcpo2_entry
    assert len({tuple(each) for each in seen}) == 50
    assert abs((seen == 5).mean() - 0.25) < 4 * np.sqrt(0.25 * 0.75 / seen.size)


def test_a_trace_tells_the_patient_of_the_comparison(tmp_path: Path) -> None:
    """`clti trace` finds patient 7 of a table as the comparison's patient 7, of whatever row."""
    scenario = registry(tmp_path, "age\n" + "".join(f"{age}\n" for age in range(50, 90)))
    people = simulate(scenario, ["protocol"], patients=10, keep_patients=True).patients
    assert watch(scenario, "protocol", 7, 1).patient["age"] == people["age"][7] == 50 + people["row"][7]


def test_a_million_rows_are_read_quickly_and_in_little_memory() -> None:
    """A table of 100,000 rows is read within 2 seconds and holds one float a cell, with its last row right."""
    content = ("age,rutherford\n" + "85,6\n" * 99_999 + "55,4\n").encode()
    begun = time.process_time()
    given, columns = patients_in(content, "people.csv")
    assert time.process_time() - begun < 2.0
    assert given.shape == (100_000, len(COLUMNS))
    assert columns == ("age", "rutherford")
    assert given[-1, COLUMNS.index("age")] == 55


def test_frailty_is_a_number_in_the_table_of_patients() -> None:
    """Frailty is standard normal in people as they are referred: half lie above nought, and nobody is simply frail or not."""
    table = simulate(load_scenario("base"), ["conservative"], patients=2_000, times=[1.0], keep_patients=True).patients
    assert table["frailty"].mean() == pytest.approx(0.0, abs=4 / np.sqrt(2_000))
    assert table["frailty"].std() == pytest.approx(1.0, abs=4 / np.sqrt(2 * 2_000))
