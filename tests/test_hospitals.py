"""Hospitals: their offsets in the engine's parameters, their population, what studies say of them, and scores of predictions."""

from __future__ import annotations

import tomllib
from contextlib import nullcontext
from dataclasses import replace
from html import escape
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from browser import WINDOWS, columns_out_of_sight
from own_counts import FEW_LIVES
from scipy.stats import binom, norm

from simulator.centre import own
from simulator.centre.atoms import Atoms, atoms
from simulator.centre.offsets import informed, log_evidence, own_offsets
from simulator.centre.surface import design, features, fit_surface, fitted_quantities, lived
from simulator.cli.calibrate import main as calibrate
from simulator.evidence import load_register
from simulator.evidence.distributions import limits
from simulator.evidence.hospitals import (
    FIELDS,
    OFFSETS,
    RATES,
    RESPONSE_PROBABILITY,
    Hospitals,
    Kind,
    at_hospital,
    at_random_hospital,
    centre_draws,
    learned_response,
    load_hospitals,
)
from simulator.evidence.posterior import central_values, parameter_draws
from simulator.evidence.shipped import shipped
from simulator.face.asked import scenario_of
from simulator.face.hospitals import add_study
from simulator.face.result import Result
from simulator.questions.hospitals import adding, check
from simulator.questions.hospitals.diagnostics import chains_of
from simulator.questions.hospitals.findings import findings
from simulator.questions.hospitals.population import Structure, left_out, sampled
from simulator.questions.hospitals.prior import FILE, load_prior, sd_floor
from simulator.questions.sweep.clinical.clinical import Clinical
from simulator.questions.sweep.clinical.hospitals import at_hospitals
from simulator.questions.sweep.methods.model import Model
from simulator.questions.validate.open_series import with_and_without
from simulator.questions.validate.scores import directions, held, predictive_pmf, scored, scores
from simulator.questions.value.sensitivity.one_way import clinical_ranges
from simulator.questions.value.sensitivity.variants import elsewhere, varied
from simulator.run import simulate
from simulator.scenario import load_scenario
from simulator.scenario.economics import Variant
from simulator.scenario.settings import OwnCounts
from simulator.studies.lives import GroupSetting
from simulator.studies.naive import Count, naive_pmf
from simulator.studies.prediction import draws_for
from simulator.studies.reading import folder, load_studies
from simulator.studies.study import Study
from simulator.valuation.values import values_of
from simulator.words.errors import BadInput, CheckFailed
from simulator.work.store import Store

REGISTER = load_register()
ROWS = 4


def hospitals(rows: int = ROWS, tails: float = np.inf, **columns: float) -> Hospitals:
    """A population with these columns in every row, others zero."""
    return Hospitals(pd.DataFrame({**columns, "tails": tails}, index=range(rows)), pd.DataFrame(index=range(rows)))


def test_offsets_of_zero_change_no_bit_and_others_multiply() -> None:
    """The founding hospital is the parameters themselves; elsewhere every rate of a kind is multiplied, odds of response too."""
    draws = draws_for(REGISTER, 6, 1)
    same = at_hospital(draws, dict.fromkeys(OFFSETS, 0.0))
    assert same.tobytes() == draws.tobytes()
    there = at_hospital(draws, {"death": np.log(2.0), "response": np.full(6, np.log(3.0))})
    for rate in RATES["death"]:
        assert there[rate] == pytest.approx(2.0 * draws[rate])
    assert there["amputation_rate"].tolist() == draws["amputation_rate"].tolist()
    p, q = draws[RESPONSE_PROBABILITY], there[RESPONSE_PROBABILITY]
    assert q / (1 - q) == pytest.approx(3.0 * p / (1 - p))


def test_hospitals_are_drawn_with_their_mean_sd_and_correlation() -> None:
    """Of 40,000 hospitals the means, SDs and the correlation are those asked for; people chosen have a mean of their own."""
    population = hospitals(
        mean_amputation=0.5,
        sd_amputation=0.8,
        sd_death=0.4,
        corr_amputation_death=-0.6,
        chosen_death=0.3,
        sd_response=0.2,
    )
    rows = np.zeros(40_000, int)
    found = population.drawn(rows, Kind(), np.random.default_rng(1))
    assert found.mean(axis=0) == pytest.approx([0.5, 0.0, 0.0, 0.0], abs=0.02)
    assert found.std(axis=0) == pytest.approx([0.8, 0.0, 0.4, 0.2], abs=0.02)
    assert np.corrcoef(found[:, 0], found[:, 2])[0, 1] == pytest.approx(-0.6, abs=0.02)
    chosen = population.drawn(rows, Kind("chosen"), np.random.default_rng(1))
    assert (chosen - found).mean(axis=0) == pytest.approx([0.0, 0.0, 0.3, 0.0], abs=1e-9)


def test_heavy_tails_reach_further() -> None:
    """With four degrees of freedom, a hospital lies beyond three SDs about nine times as often as a normal one."""
    rows = np.zeros(200_000, int)
    population = hospitals(tails=4.0, sd_amputation=1.0)
    far = np.abs(population.drawn(rows, Kind(), np.random.default_rng(1))[:, 0]) > 3.0
    # Student's t with four degrees of freedom exceeds 3 with probability 0.0399 in both tails.
    assert far.mean() == pytest.approx(0.0399, abs=0.003)


def test_a_study_is_predicted_without_its_own_numbers() -> None:
    """Rows of the population count by their weight without the study; the founding hospital keeps its rates."""
    rows = pd.DataFrame({"mean_amputation": [0.0, 1.0], "tails": np.inf})
    population = Hospitals(rows, pd.DataFrame({"mine": [0.0, -60.0]}))
    draws = draws_for(REGISTER, 4, 1)
    there = at_random_hospital("mine", Kind(), False, draws, 1, population)
    assert there["amputation_rate"] == pytest.approx(draws["amputation_rate"], rel=1e-4)
    many = draws_for(REGISTER, 400, 1)
    unknown = at_random_hospital("another", Kind(), False, many, 1, population)
    ratio = np.log(unknown["amputation_rate"] / many["amputation_rate"])
    assert set(ratio.round(3)) == {0.0, 1.0}
    assert ratio.mean() == pytest.approx(0.5, abs=0.1)
    assert at_random_hospital("mine", Kind(), True, draws, 1, population) is draws


def normal_atoms(centre: float, se: float, wide: float = 2.0) -> Atoms:
    """Atoms of a study that saw the offset of amputation with a normal error, under a wide normal prior."""
    luck = np.random.default_rng(round(1000 * centre) % 2**31)
    variance = 1.0 / (1.0 / se**2 + 1.0 / wide**2)
    points = wide * luck.standard_normal((20_000, len(OFFSETS)))
    points[:, 0] = variance / se**2 * centre + np.sqrt(variance) * luck.standard_normal(20_000)
    return Atoms(points, norm.logpdf(points[:, : len(RATES)], 0.0, wide).sum(axis=1), False)


def test_the_likelihood_of_a_population_is_that_of_normal_theory() -> None:
    """A normal observation of a normal hospital has variance SD squared plus error squared, up to the prior's constant."""
    rows = pd.DataFrame({"mean_amputation": [0.0, 0.5, 1.0], "tails": np.inf})
    for name in RATES:
        rows[f"sd_{name}"] = 0.6
    found = log_evidence(Hospitals(rows, pd.DataFrame()), normal_atoms(0.9, 0.4), Kind())
    wanted = norm.logpdf(0.9, rows["mean_amputation"], np.hypot(0.6, 0.4))
    assert found - found[0] == pytest.approx(wanted - wanted[0], abs=0.06)
    weights = left_out(Hospitals(rows, pd.DataFrame()), {"s": normal_atoms(0.9, 0.4)}, {"s": Kind()})["s"]
    assert (weights - weights[0]).to_numpy() == pytest.approx(-(found - found[0]), abs=1e-9)


@pytest.fixture(scope="module")
def open_series() -> tuple[np.ndarray, dict[str, Hospitals]]:
    """Twenty hospitals of a population with mean 0.8 and SD 0.5, each seen with an error of 0.3, whose limbs respond far more
    often than at the founding hospital: their offsets of amputation, and populations fitted without and with a response to learn.

    Both of one size: compiling takes nearly all the time, and what is compiled for the first serves the second.
    """
    pytest.importorskip("numpyro")
    luck = np.random.default_rng(3)
    truths = 0.8 + 0.5 * luck.standard_normal(20)
    studies = {}
    for k, seen in enumerate(truths + 0.3 * luck.standard_normal(20)):
        whole = normal_atoms(float(seen), 0.3)
        points = whole.offsets[:120]
        points[:, 3] = 2.0 + 0.3 * luck.standard_normal(120)
        wide = whole.log_prior[:120] + norm.logpdf(points[:, 3], 0.0, 2.0)
        studies[f"s{k}"] = Atoms(points, wide, True)
    kinds = dict.fromkeys(studies, Kind())

    def fitted(open_response: bool) -> Hospitals:
        structure = Structure(False, False, open_response=open_response)
        found = sampled(studies, kinds, structure, 80, 100, 1, founding=False, chains=1)
        return Hospitals(found.rows, pd.DataFrame())

    return truths, {"cut": fitted(False), "learned": fitted(True)}


@pytest.mark.slow
def test_the_sampler_recovers_a_known_population(open_series: tuple[np.ndarray, dict[str, Hospitals]]) -> None:
    """Mean and SD of twenty hospitals; of healing nothing was seen."""
    truths, fits = open_series
    found = fits["cut"].rows
    assert found["mean_amputation"].mean() == pytest.approx(truths.mean(), abs=0.2)
    assert found["sd_amputation"].mean() == pytest.approx(truths.std(), abs=0.25)
    assert all(found[f"sd_{name}"].min() > least for name, least in zip(RATES, sd_floor(load_prior()), strict=True))
    # Nothing was seen of healing: its mean stays what the prior says.
    assert found["mean_healing"].std() > 3.0 * found["mean_amputation"].std()


def test_hospitals_differ_by_their_published_floors_at_least() -> None:
    """No SD of the committed fit, and none drawn from the prior, is smaller than case mix known within a country leaves."""
    committed = load_hospitals()
    assert committed is not None
    drawn = [check.prior_population(np.random.default_rng(seed)) for seed in range(40)]
    for name, least in zip(RATES, sd_floor(load_prior()), strict=True):
        assert committed.column(f"sd_{name}").min() > least
        sds = [float(each.column(f"sd_{name}")[0]) for each in drawn]
        assert min(sds) > least
        # Squares add: half of a half-normal's lie beyond 0.67 of its scale.
        assert np.median(sds) == pytest.approx(np.hypot(0.674 * load_prior()["sd_scale"], least), abs=0.12)


def test_faults_of_the_prior_are_told_together_by_its_keys(tmp_path: Path) -> None:
    """A floor that is missing or misspelt, or a number that is none, stops a fit in one message; sources are known ones."""
    text = (shipped("calibration") / FILE).read_text(encoding="utf-8")
    cited = [key for each in tomllib.loads(text).values() for key in each.get("source", ())]
    assert set(cited) <= REGISTER.sources.keys()
    wrong = text.replace("[sd_floor_death]", "[sd_flor_death]").replace("value = 0.7", "value = -0.7")
    (tmp_path / FILE).write_text(wrong, encoding="utf-8")
    with pytest.raises(BadInput) as bad:
        load_prior(tmp_path)
    assert {problem.key for problem in bad.value.problems} == {"sd_floor_death", "sd_flor_death", "sd_scale.value"}
    assert {problem.file for problem in bad.value.problems} == {f"{tmp_path.name}/{FILE}"}


def test_own_offsets_shrink_to_the_population() -> None:
    """A hospital's own offset is the precision-weighted mean of what it saw and of the population."""
    population = hospitals(**{f"sd_{name}": 0.5 for name in RATES}, mean_amputation=1.0)
    found = own_offsets(population, normal_atoms(0.0, 0.5), Kind(), 1000, np.random.default_rng(1))
    assert found[:, 0].mean() == pytest.approx(0.5, abs=0.04)
    assert found[:, 0].std() == pytest.approx(0.5 / np.sqrt(2), abs=0.04)


def test_a_hospital_that_was_not_fitted_weighs_the_rows_by_what_it_saw() -> None:
    """Where half of the rows say that hospitals lie at 0 and half at 3, one that saw 3 lies there, and not between."""
    rows = pd.DataFrame({"mean_amputation": [0.0, 3.0], "tails": np.inf, **{f"sd_{name}": 0.5 for name in RATES}})
    two, saw = Hospitals(rows, pd.DataFrame()), normal_atoms(3.0, 0.5)
    weights = informed(two, saw, Kind())
    assert weights == pytest.approx([0.0, 1.0], abs=1e-3)
    found = own_offsets(two, saw, Kind(), 1000, np.random.default_rng(1), weights)
    assert found[:, 0].mean() == pytest.approx(3.0, abs=0.05)


@pytest.mark.slow
def test_open_series_move_no_effect_of_treatment(open_series: tuple[np.ndarray, dict[str, Hospitals]]) -> None:
    """A mean that could learn from treated series goes where their limbs respond; the one that is fitted stays at zero, and
    with it response and the randomised contrasts."""
    cut, learned = open_series[1]["cut"], open_series[1]["learned"]
    assert learned.column("mean_response").mean() > 1.0
    assert (cut.column("mean_response") == 0.0).all()
    average = centre_draws(cut, "average")
    draws = draws_for(REGISTER, len(cut.rows), 1)
    there = at_hospital(draws, {name: average[FIELDS[name]] for name in OFFSETS})
    np.testing.assert_array_equal(there["response_probability"], draws["response_probability"])


def test_the_headline_with_open_series_stands_beside_the_one_without() -> None:
    """The row without them is the program's own result, a response that is likelier saves more limbs, and the learned value
    that is shown is the committed fit's."""
    learned = learned_response()
    assert learned is not None
    assert learned["low"] < learned["mean"] < learned["high"]
    table = with_and_without({"high": 2.0}, 2_000, 1).set_index(["series", "outcome"])
    own = load_scenario("base", policies=["conservative", "protocol"])
    found = simulate(own, ["conservative", "protocol"], 2_000, 1, engine="compiled", times=[1.0]).differences
    amputation = found[(found["outcome"] == "major_amputation") & (found["policy"] == "protocol")]["mean"]
    assert table.loc[("not_used", "major_amputation"), "difference"] == float(amputation.iloc[0])
    assert table.loc[("high", "major_amputation"), "difference"] < float(amputation.iloc[0])


def test_a_chain_that_stands_still_is_told() -> None:
    """Two chains about one number are sound; one that stays for twelve draws, or elsewhere, forbids to rest on the fit."""
    pytest.importorskip("numpyro")
    values = np.random.default_rng(1).normal(size=800)
    sound = chains_of(pd.DataFrame({"mean_death": values, "tails": np.inf}), 2, np.zeros(800, bool))
    assert sound.standing == 1
    assert not sound.faults
    still = values.copy()
    still[100:112] = still[100]
    assert chains_of(pd.DataFrame({"mean_death": still, "tails": 4.0}), 2, np.zeros(800, bool)).standing == 12
    apart = values + np.repeat([0.0, 1.0], 400)
    faults = chains_of(pd.DataFrame({"mean_death": apart, "tails": 4.0}), 2, np.arange(800) < 20).faults
    assert [fault.partition(", over")[0] for fault in faults if ", over" in fault] == [
        "R-hat 1.17",
        "2.5% of draws diverging",
    ]


@pytest.mark.parametrize("faults", [[], ["plain: R-hat 1.30, over 1.05"]])
def test_a_fit_whose_chains_went_wrong_is_not_installed(
    faults: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its results are written where they were asked for, the reason is told, and what every command reads stays."""
    installed, saved = tmp_path / "calibration", list[Path]()
    installed.mkdir()
    made = SimpleNamespace(
        facts={"faults": faults}, texts={"hospitals.csv": "new"}, save=saved.append, show=lambda out: None
    )
    monkeypatch.setattr("simulator.face.hospitals.fitted", lambda *asked: made)
    monkeypatch.setattr(import_module("simulator.evidence.shipped"), "shipped", lambda name: installed)
    out = tmp_path / "out"
    with pytest.raises(CheckFailed, match=r"plain: R-hat 1\.30") if faults else nullcontext():
        calibrate(hospitals=True, install=True, out=out)
    assert saved == [out]
    assert (installed / "hospitals.csv").exists() is (not faults)


@pytest.mark.parametrize(("option", "value"), [("smoke", True), ("cohorts", 60)])
def test_an_option_of_a_fit_beside_a_study_is_refused(option: str, value: object, tmp_path: Path) -> None:
    """Reweighting makes no fit: what would be ignored is told, and nothing is written."""
    with pytest.raises(BadInput, match=rf"command line: --{option} = with --add-study"):
        calibrate(add_study=folder() / "benoit.toml", out=tmp_path / "out", **{option: value})  # type: ignore[arg-type]
    assert not (tmp_path / "out").exists()


def test_a_surface_gives_back_what_lies_on_it() -> None:
    """Numbers that are quadratic in the offsets are predicted exactly, and atoms gather where the counts are likely."""
    study = load_studies(REGISTER, ["dalla_paola"])[0]["dalla_paola"]
    places = fitted_quantities(study)
    # Amputation and death alone, not the event that is either, nor deaths of a part.
    assert [study.quantity[k].name for k in places] == ["major amputation, 1 year", "death, 1 year"]
    offsets = design(64, 1)
    truth = np.random.default_rng(1).normal(size=(2, features(offsets).shape[1])) * 0.2
    truth[:, 1:5] = [[1.0, 0.0, 0.0, 0.0], [0.0, 0.0, 1.0, 0.0]]
    values = np.tile(features(offsets) @ truth.T, (3, 1, 1))
    surface = fit_surface(study, values, offsets, np.zeros(4), np.ones(4))
    assert surface.coefficients[0] == pytest.approx(truth, abs=0.02)
    assert surface.error < 0.2
    assert not surface.treated
    near = atoms(surface, np.zeros(4), np.ones(4), 800, np.random.default_rng(1))
    share = 1.0 / (1.0 + np.exp(-(features(near.offsets) @ truth[0])))
    assert share.mean() == pytest.approx(55 / 84, abs=0.06)


def test_scores_of_a_uniform_prediction_by_hand() -> None:
    """0 to 3 equally likely and 1 observed: log 1/4; CRPS of steps at quarters; the transform between 1/4 and 1/2."""
    found = scored(np.full(4, 0.25), 1)
    assert found.log_score == pytest.approx(np.log(0.25))
    # Distribution 1/4, 1/2, 3/4, 1 against 0, 1, 1, 1, squared and summed, of three people.
    assert found.crps == pytest.approx((1 / 16 + 1 / 4 + 1 / 16) / 3)
    assert (found.pit_low, found.pit_high) == (0.25, 0.5)
    assert found.cover(50) == 1.0
    assert scored(np.full(4, 0.25), 0).cover(50) == 0.0
    assert scored(np.full(4, 0.25), 0).cover(80) == pytest.approx(0.15 / 0.25)


def test_a_prediction_of_many_lives_is_binomial_and_few_lives_widen_it() -> None:
    """One draw with a known share gives the binomial distribution; ten lives give a wider one of the same mean."""
    sure = predictive_pmf(np.array([0.3]), np.array([1e7]), 20)
    assert sure == pytest.approx(binom.pmf(np.arange(21), 20, 0.3), abs=1e-5)
    few = predictive_pmf(np.array([0.3]), np.array([10.0]), 20)
    spread = [float(pmf @ np.arange(21) ** 2 - (pmf @ np.arange(21)) ** 2) for pmf in (sure, few)]
    assert spread[1] > 2.0 * spread[0]


OTHERS = [Count(f"s{k}", "amputation", "conservative", 1.0, e, 100) for k, e in enumerate((28, 30, 32, 31, 29))]


def test_the_naive_competitor_averages_others_and_not_the_study_itself() -> None:
    """Five series of 30% give a prediction about 30%; the study's own count has no say; time makes it more."""
    mine = Count("mine", "amputation", "conservative", 1.0, 90, 100)
    pmf = naive_pmf(mine, OTHERS)
    assert pmf @ np.arange(101) == pytest.approx(30.0, abs=1.5)
    assert naive_pmf(mine, [*OTHERS, mine]) == pytest.approx(pmf)
    later = naive_pmf(Count("mine", "amputation", "conservative", 2.0, 90, 100), OTHERS)
    # A constant rate, because all were observed at one time: 1 - 0.7 squared.
    assert later @ np.arange(101) == pytest.approx(51.0, abs=2.5)
    kept = naive_pmf(Count("mine", "amputation", "conservative", 1.0, 10, 100, survived=True), OTHERS)
    assert kept @ np.arange(101) == pytest.approx(70.0, abs=1.5)
    assert naive_pmf(Count("mine", "pain", "conservative", 1.0, 1, 4), OTHERS) == pytest.approx(np.full(5, 0.2))


def test_the_naive_competitor_widens_with_disagreement() -> None:
    """Series from 5 to 70% leave more room than series of 30%."""
    apart = [Count(f"s{k}", "amputation", "conservative", 1.0, e, 100) for k, e in enumerate((5, 15, 30, 50, 70))]
    widths = [
        scored(naive_pmf(Count("x", "amputation", "conservative", 1.0, 1, 100), c), 30).width for c in (OTHERS, apart)
    ]
    assert widths[1] > 2.5 * widths[0]


def test_differences_are_bootstrapped_by_study() -> None:
    """Scores are means over counts; the limits come from whole studies, so that copies of a count tell nothing new."""
    base = {f"{p}cover_{level}": 0.5 for p in ("", "naive_") for level in (50, 80, 95)} | {
        "crps": 0.1, "naive_crps": 0.1, "width": 0.4, "naive_width": 0.6, "naive_log_score": -3.0,
    }  # fmt: skip
    gaps = np.random.default_rng(1).normal(0.4, 1.0, 12)
    counts = pd.DataFrame([{**base, "study": f"s{k}", "log_score": -3.0 + gap} for k, gap in enumerate(gaps)])
    once, copied = scores(counts), scores(pd.concat([counts] * 5))
    row = once.set_index("score").loc["log_score"]
    assert row["difference"] == pytest.approx(gaps.mean())
    assert row["high"] - row["low"] == pytest.approx(2 * 1.96 * gaps.std() / np.sqrt(12), rel=0.2)
    assert copied[["low", "high"]].to_numpy() == pytest.approx(once[["low", "high"]].to_numpy(), abs=0.12)
    assert once.set_index("score").loc["median_width", "difference"] == pytest.approx(-0.2)


def test_a_miss_is_told_from_one_within_its_error_by_study() -> None:
    """88% where 90 are asked is a miss where every study says so, and lies within the error where whole studies do."""

    def counts(hits: list[list[float]]) -> pd.DataFrame:
        rows = [{"study": f"s{k}", "cover": hit} for k, each in enumerate(hits) for hit in each]
        return pd.DataFrame(
            [{"study": r["study"], "cover_50": 0.5, "cover_80": 1.0, "cover_95": r["cover"]} for r in rows]
        )

    alike, apart = counts([[0.88] * 4] * 25), counts([[1.0] * 4] * 22 + [[0.0] * 4] * 3)
    assert held(alike)["verdict"].tolist() == ["inside", "outside", "outside"]
    found = held(apart).iloc[2]
    assert found["verdict"] == "within_error"
    assert found["astray"] == pytest.approx(0.02)
    assert found["se"] == pytest.approx(np.sqrt(0.88 * 0.12 / 25), rel=0.1)
    assert held(apart.iloc[-16:])["verdict"].iloc[2] == "too_few"


def test_direction_counts_studies_and_not_their_counts() -> None:
    """Nine of ten studies above is one-sided, however many counts each has."""
    rows = [
        {"study": f"s{k}", "outcome": "death", "arm": "conservative", "pit_low": p, "pit_high": p}
        for k, p in enumerate([0.9] * 9 + [0.1])
        for _ in range(3)
    ]
    found = directions(pd.DataFrame(rows)).iloc[0]
    assert (found["studies"], found["above"], found["below"]) == (10, 9, 1)
    assert found["one_sided"]


def test_a_scenario_speaks_for_a_hospital_and_a_user_may_fix_its_offset() -> None:
    """The founding hospital has the fitted rates, the average one others; a fixed offset leaves the joint draws alone."""
    founding = load_scenario("base", overrides={"evidence": {"centre": "founding"}})
    average = load_scenario("base", overrides={"evidence": {"centre": "average"}})
    assert founding.params()["amputation_rate"] == founding.register["amputation_rate"].value
    offset = average.register["hospital_amputation"].value
    assert average.params()["amputation_rate"] == pytest.approx(founding.params()["amputation_rate"] * np.exp(offset))
    assert average.params()["hospital_amputation"] == 0.0
    fixed = average.with_(parameters={"hospital_amputation": 0.3})
    draws = parameter_draws(fixed.register, 20, 1)
    assert set(draws["hospital_amputation"]) == {0.3}
    assert np.ptp(draws["hospital_death"]) > 0.0
    assert set(draws["hospital_response"]) == {0.0}
    assert len({founding.hash, average.hash, fixed.hash}) == 3


def test_offsets_are_drawn_jointly() -> None:
    """Draws of a new hospital keep the correlation of its offsets, and spread more than the average one's."""
    spread = {}
    for centre in ("average", "new"):
        register = load_scenario("base", overrides={"evidence": {"centre": centre}}).register
        draws = parameter_draws(register, 600, 1)
        pairs = set(zip(register.joint["hospital_amputation"], register.joint["hospital_death"], strict=True))
        assert set(zip(draws["hospital_amputation"], draws["hospital_death"], strict=True)) <= pairs
        spread[centre] = float(draws["hospital_amputation"].std())
    assert spread["new"] > 1.5 * spread["average"]


@pytest.mark.parametrize("centre", ["average", "new"])
def test_one_number_at_a_time_varies_within_the_draws_of_the_hospital(centre: str) -> None:
    """Limits of a hospital's offsets hold 95% of its draws, and its base value lies between them, in every analysis."""
    scenario = load_scenario("base", overrides={"evidence": {"centre": centre}})
    register = scenario.register
    ranges = {each.name: each for each in clinical_ranges(scenario, central_values(register))}
    for name in ("hospital_amputation", "hospital_healing", "hospital_death"):
        found, draws = ranges[name], register.joint[name]
        assert found.low < found.base < found.high
        # Not a count of draws between them: a draw may stand there several times.
        assert (found.low, found.high) == pytest.approx(np.quantile(draws, [0.025, 0.975]))
        assert limits(register[name]) == pytest.approx((found.low, found.high), abs=0.5 * float(draws.std()))


def test_own_counts_pull_towards_themselves_and_more_the_more_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    """Half of the people amputated says a higher rate than a tenth, and of 600 people more than of 12; faults are told."""
    for name, size in FEW_LIVES.items():
        monkeypatch.setattr(own, name, size)
    point = {}
    for events, n in ((1, 12), (60, 600), (300, 600)):
        scenario = scenario_of("base", centre={"amputations": [events, n]})
        point[events, n] = float(scenario.params()["amputation_rate"])
    assert point[60, 600] < point[1, 12] < point[300, 600]
    with pytest.raises(BadInput, match=r"evidence.centre.deaths = \[3, 2\]"):
        load_scenario("base", overrides={"evidence": {"centre": {"deaths": [3, 2]}}})
    with pytest.raises(BadInput, match="own counts are read by compare"):
        load_scenario("base", overrides={"evidence": {"centre": {"deaths": [1, 2]}}}).params()


def test_own_counts_are_read_again_for_what_decides_them_alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Other policies and a shorter follow-up leave the hospital where it was; a view, a count or a parameter does not."""
    for name, size in FEW_LIVES.items():
        monkeypatch.setattr(own, name, size)
    monkeypatch.setattr(own, "cache_folder", lambda part: tmp_path / part)
    asked = []
    surface = own.study_surface
    monkeypatch.setattr(own, "study_surface", lambda *given, **how: asked.append(given) or surface(*given, **how))
    base = load_scenario("base", overrides={"evidence": {"centre": {"amputations": [7, 31]}}})
    year = {"horizon_years": 1.0, "report_at_years": [1.0]}
    found = []
    for changed, times in (
        ({}, 2),
        ({"compare": ["protocol"], "follow_up": year}, 0),
        ({"evidence": {"view": "sceptical"}}, 2),
        ({"evidence": {"centre": {"amputations": [8, 31]}}}, 2),
        ({"parameters": {"amputation_rate": 0.5}}, 2),
    ):
        asked.clear()
        found.append(own.at_its_centre(base.with_(**changed)).register)
        assert len(asked) == times, changed
    assert found[0].joint.keys() == found[1].joint.keys()
    assert all((found[0].joint[name] == rows).all() for name, rows in found[1].joint.items())
    # A trial in some of the hospital's people, which counted among all of them.
    trial = base.with_(entry={"tcpo2_below": 20.0})
    asked.clear()
    same = own.at_its_centre(trial, counted=base).register
    assert not asked
    assert all((same.joint[name] == rows).all() for name, rows in found[0].joint.items())
    assert list(tmp_path.rglob("*.npz"))
    monkeypatch.setattr(own, "MOST_KEPT", 0)
    narrowed = own.at_its_centre(trial).register
    assert not list(tmp_path.rglob("*.npz"))
    assert any((narrowed.joint[name] != rows).any() for name, rows in found[0].joint.items())


def test_other_counts_find_the_lives_of_the_first_round_and_the_same_digits(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """What was observed decides where a second round looks; the lives of the first do not depend on it, nor on who came first."""
    sizes = (2, 8, 40)
    base = load_scenario("base")
    few, many = (
        own.as_study(base, OwnCounts.model_validate({"amputations": counts, "deaths": counts}))
        for counts in ((3, 12), (150, 600))
    )
    draws = draws_for(base.register, 2, 1)
    offsets = design(8, 1)

    def numbers(study: Study, store: Store | None) -> np.ndarray:
        return lived("own hospital", study, base.register, 1, offsets, store, sizes, draws)

    store = Store(tmp_path)
    fresh, first = numbers(many, None), numbers(few, store)
    with monkeypatch.context() as patch:
        patch.setattr(GroupSetting, "lives", None)
        found = numbers(many, store)
    assert found.tobytes() == fresh.tobytes() == first.tobytes()
    # Other people, other numbers.
    elderly = own.as_study(base.with_(entry={"age_at_least": 75.0}), OwnCounts(amputations=(3, 12), deaths=(3, 12)))
    assert (numbers(elderly, store) != first).any()


@pytest.mark.parametrize(
    ("centre", "told"),
    [
        (3, "evidence.centre = 3; allowed: a table"),
        (["new"], "evidence.centre = ['new']; allowed: a table"),
        ("ours", "evidence.centre = 'ours'; allowed: 'average', 'new', 'founding', or a file of own counts"),
        ({"death": [1, 20]}, "evidence.centre.death = [1, 20]; allowed: did you mean 'deaths'?"),
        ({"deaths": [1, 20, 3]}, "evidence.centre.deaths = [1, 20, 3]; allowed: at most 2 values"),
        ({"deaths": [1]}, "evidence.centre.deaths[2] = missing; allowed: a value here: the list is too short"),
        ({"years": 2.0}, "evidence.centre = no counts; allowed: at least one of amputations"),
    ],
)
def test_a_centre_that_is_none_is_told_once_by_the_key_that_the_file_holds(centre: object, told: str) -> None:
    """One message, without the names by which the program tells kinds of centres apart."""
    with pytest.raises(BadInput) as caught:
        load_scenario("base", overrides={"evidence": {"centre": centre}})
    assert [told in str(problem) for problem in caught.value.problems] == [True]


@pytest.mark.parametrize("key", ["heal", "amputations"])
def test_a_wrong_key_beside_rows_of_own_people_is_told_with_the_keys_of_rows(key: str) -> None:
    """Not with those of counts, which have others."""
    with pytest.raises(BadInput, match=rf"evidence\.centre\.{key} = 0; allowed: did you mean '(healing|amputation)'"):
        load_scenario("base", overrides={"evidence": {"centre": {"amputation": [0.1], key: 0}}})


def test_a_file_of_a_hospital_brings_its_case_mix_which_a_caller_may_change(tmp_path: Path) -> None:
    """Counts were made in the file's own case mix, so --centre FILE lays that over the scenario too; overrides win."""
    file = tmp_path / "ours.toml"
    file.write_text('[evidence]\ncentre = "average"\n[parameters]\nage_mean = 61.0\n', encoding="utf-8")
    found = scenario_of("base", centre=file)
    assert (found.centre, found.register["age_mean"].value) == ("average", 61.0)
    again = scenario_of("base", centre=file, overrides={"parameters": {"age_mean": 66.0}})
    assert again.register["age_mean"].value == 66.0
    file.write_text("[parameters]\nage_mean = 61.0\n", encoding="utf-8")
    with pytest.raises(BadInput, match=r"evidence\.centre = missing"):
        scenario_of("base", centre=file)


def test_faults_of_a_hospitals_file_are_told_together_by_its_name_and_its_keys(tmp_path: Path) -> None:
    """Laid over a scenario or run alone, the message names the file, keys as the file has them, and what was meant."""
    file = tmp_path / "ours.toml"
    wrong = "[evidence.centre]\namputatons = [14, 60]\ndeaths = [70, 60]\nyears = 0\n[parameters]\nage_mean = 272.0\n"
    file.write_text(wrong, encoding="utf-8")
    keys = [
        ("evidence.centre.amputatons", "did you mean 'amputations'?"),
        ("evidence.centre.deaths", "events and people: two whole numbers, the first at most the second"),
        ("evidence.centre.years", "a number, 0.01 to 100 years"),
        ("parameters.age_mean", "a number, 40 to 95"),
    ]
    for told in (lambda: scenario_of("base", centre=file), lambda: scenario_of(file)):
        with pytest.raises(BadInput) as bad:
            told()
        assert {problem.file for problem in bad.value.problems} == {str(file)}
        assert sorted((problem.key, problem.allowed) for problem in bad.value.problems) == keys
    with pytest.raises(BadInput) as bad:
        scenario_of("base", centre={"deaths": [70, 60]}, overrides={"parameters": {"age_mean": 272.0}})
    assert [problem.file for problem in bad.value.problems] == ["compare", "overrides"]


def test_scenario_rows_lie_at_the_other_hospitals_and_own_counts_stay_where_they_lie() -> None:
    """Each row's lives are those of the scenario asked for at that hospital; a hospital of own counts keeps its draws."""
    here = load_scenario("founding_cohort", overrides={"evidence": {"view": "sceptical"}})
    rows = {row.name: row.scenario for row in elsewhere(here, values_of(here))}
    assert [*rows] == ["centre_average", "centre_new"]
    for centre in ("average", "new"):
        there = rows[f"centre_{centre}"]
        asked = load_scenario("founding_cohort", overrides={"evidence": {"view": "sceptical", "centre": centre}})
        assert there is not None
        assert there.hash == asked.hash
        for name, joint in asked.register.joint.items():
            np.testing.assert_array_equal(there.register.joint[name], joint)
    counted = load_scenario("base", overrides={"evidence": {"centre": {"deaths": [3, 20]}}})
    joint = {"hospital_death": np.array([0.1, 0.3]), "amputation_rate": np.array([0.2, 0.4])}
    mine = replace(counted, register=counted.register.with_joint(joint, {"hospital_death": 0.2}))
    other = varied(mine, Variant(label="Sceptical", settings={"evidence": {"view": "sceptical"}}))
    assert (other.view, other.register["hospital_death"].value) == ("sceptical", 0.2)
    assert set(parameter_draws(other.register, 10, 1)["amputation_rate"]) == {0.2, 0.4}


def test_a_study_of_outputs_is_told_at_other_hospitals() -> None:
    """At the hospital it speaks for it has the value of its own base run, and the average one loses more limbs."""
    model = Model("clti", (), ("conservative.major_amputation@1",), (), 200, 3)
    found = at_hospitals(model)
    assert found is not None
    centre, table = found
    values = table.set_index("centre")["value"]
    same = Clinical(replace(model, patients=800)).evaluate(np.zeros((1, 0)), np.zeros(1, np.int64), 0)
    assert (centre, values["average"]) == ("average", float(np.asarray(same.values)[0, 0]))
    assert values["average"] > values["founding"]
    wide = table.set_index("centre").eval("high - low")
    assert wide["new"] > wide["average"]
    assert list(table["people"]) == [800, 800, 200]
    assert ((table["low"] < table["value"]) & (table["value"] < table["high"])).all()
    assert at_hospitals(Model("ishigami", ("x1", "x2", "x3"), ("y",))) is None


def test_inputs_of_a_new_hospital_vary_jointly() -> None:
    """Offsets come from the population's rows as one block, and the fitted parameters as another."""
    settings = '{"overrides":{"evidence":{"centre":"new"}}}'
    blocks = Clinical(Model("clti", (), ("protocol.death@1",), (), 200, 3, settings)).catalogue().joint
    assert [block.label for block in blocks] == ["posterior", "hospital"]
    assert set(blocks[1].names) >= {"hospital_amputation", "hospital_healing", "hospital_death"}
    assert not set(blocks[0].names) & set(blocks[1].names)


def test_a_new_study_reweights_the_population(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A large series that loses nine limbs of ten raises the mean of hospitals, and says how many draws carry the weight."""
    monkeypatch.setattr(adding, "SIZES", (4, 32, 200))
    mine = tmp_path / "mine.toml"
    mine.write_text(STUDY, encoding="utf-8")
    found = add_study(mine)
    rows = found.tables["reweighted"].set_index("quantity")
    assert rows.loc["mean_amputation", "after"] > rows.loc["mean_amputation", "before"]
    assert 0 < found.facts["effective"] <= len(load_hospitals().rows)  # type: ignore[union-attr]
    assert "draws" in found.summary()
    changes = {each["key"]: (each["old"], each["new"]) for each in found.facts["changes"]}
    assert changes["mine.groups.everybody.population.age_mean"] == (REGISTER["age_mean"].value, 66.0)
    assert changes["mine.assumed.male_share"] == (REGISTER["male_share"].value, [0.5, 0.8])
    assert found.facts["known"] == ""
    found.report(tmp_path / "report.html")
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "Mean, major amputation" in page
    assert "Nobody et al., 2026" in page
    for width, media in WINDOWS:
        assert columns_out_of_sight(tmp_path / "report.html", width, media)[0] == []


def test_a_study_beyond_what_was_simulated_is_not_relied_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where 590 of 600 lose the leg no surface tells where the hospital lies: that is said, and a refit asked for."""
    monkeypatch.setattr(adding, "SIZES", (4, 32, 200))
    near, far = tmp_path / "near.toml", tmp_path / "far.toml"
    far.write_text(STUDY.replace("300", "600").replace("events = 270", "events = 590"), encoding="utf-8")
    near.write_text(STUDY.replace("events = 270", "events = 90"), encoding="utf-8")
    for file, astray in ((far, True), (near, False)):
        found = add_study(file)
        assert found.facts["astray"] == astray
        assert ("to be relied on" in found.summary()) == astray
        assert found.facts["refit"] >= astray


def test_a_study_that_the_fit_has_read_counts_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before is the population without it, as it is left out for its own prediction."""
    monkeypatch.setattr(adding, "SIZES", (4, 32, 100))
    found = add_study(folder() / "benoit.toml")
    fitted = load_hospitals()
    assert fitted is not None
    assert found.facts["known"] == "benoit"
    before = found.tables["reweighted"].set_index("quantity").loc["mean_healing", "before"]
    assert before == pytest.approx(float(fitted.weights("benoit") @ fitted.column("mean_healing")))
    assert "already includes a study named benoit" in found.summary()


def test_literatures_that_were_analysed_are_not_analysed_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An interrupted check goes on where it stopped, with the same ranks."""
    made: list[int] = []

    def analysed(surfaces: object, cohort: int, seed: int) -> np.ndarray:
        made.append(cohort)
        return np.full(6 + len(RATES), cohort / 10.0)

    monkeypatch.setattr(check, "_literature", analysed)
    surfaces = {"s": SimpleNamespace(coefficients=np.zeros((1, 1, 1)))}
    store, advanced = Store(tmp_path), list[int]()
    first = check.ranks(surfaces, 2, 1, advanced.append, store)  # type: ignore[arg-type]
    again = check.ranks(surfaces, 3, 1, advanced.append, store)  # type: ignore[arg-type]
    assert made == [0, 1, 2]
    pd.testing.assert_frame_equal(again.head(len(first)), first)
    assert list(again["quantity"].unique()) == [*check.POPULATION, *(f"offset_{name}" for name in RATES)]


def test_a_fit_is_told_on_a_page(tmp_path: Path) -> None:
    """The committed population with made-up structures: the page tells every study by its label, its texts are its files."""
    committed = load_hospitals()
    assert committed is not None
    assert committed.offsets is not None
    studies = {key: study for key, study in load_studies(REGISTER)[0].items() if key in set(committed.offsets["study"])}
    structures = pd.DataFrame(
        {
            "structure": ["normal"],
            "log_score": [-3.0],
            "difference": [0.0],
            "low": [0.0],
            "high": [0.0],
            "weight": [1.0],
        }
    )
    fit = SimpleNamespace(
        population=committed,
        offsets=committed.offsets,
        structures=structures,
        chosen=SimpleNamespace(name="normal"),
        chains={},
        told_chains="R-hat at most 1.01",
        faults=(),
        open_response=(0.1, 0.0, 0.2),
    )
    ranks = pd.DataFrame({"cohort": [0, 1], "quantity": ["mean_death", "mean_death"], "rank": [0.2, 0.7]})
    told = findings(fit, studies, {"ranks": ranks}, REGISTER, {"hospitals.csv": "x"}, inputs={}, seed=1, smoke=True)  # type: ignore[arg-type]
    Result(told).save(tmp_path / "out")
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert all(escape(study.label) in page for study in studies.values())
    assert "Mean, death" in (tmp_path / "out" / "ranks.svg").read_text(encoding="utf-8")
    assert (tmp_path / "out" / "hospitals.csv").read_text(encoding="utf-8") == "x"
    for width, media in WINDOWS:
        assert columns_out_of_sight(tmp_path / "out" / "report.html", width, media)[0] == []


STUDY = """
label = "Mine"
grade = "B"
kind = "natural history"
citation = "Nobody et al., 2026"
description = "Made up."
follow_up_years = 1.0
life_table = { country = "Italy", period = "2015-20" }
[assumed]
male_share = [0.5, 0.8]
[groups.everybody]
n = 300
population = { age_mean = 66.0 }
[[quantity]]
name = "major amputation, 1 year"
measure = "major_amputation"
groups = ["everybody"]
at_years = 1.0
events = 270
n = 300
evidence = "published"
"""
