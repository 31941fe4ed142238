"""The population of hospitals: means, covariances, tails, weights and offsets, worked out by hand."""

from __future__ import annotations

from math import inf, log, sqrt
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import chi2, norm

from simulator.evidence.distributions import SMALLEST_UNIFORM
from simulator.evidence.hospitals import (
    FIELDS,
    HIGHEST,
    OFFSETS,
    RATES,
    RESPONSE_PROBABILITY,
    Hospitals,
    Kind,
    at_hospital,
    at_random_hospital,
    centre_draws,
    columns_of,
    kind_of,
    load_hospitals,
)
from simulator.words.luck import generator

FIELDS_OF_RATES = [rate for rates in RATES.values() for rate in rates]


def parameters(rows: int = 2) -> Any:
    """Rates of 0.1 a year each, and a response in one limb of five."""
    made = np.zeros(rows, [(name, np.float64) for name in (*FIELDS_OF_RATES, RESPONSE_PROBABILITY)])
    for name in FIELDS_OF_RATES:
        made[name] = 0.1
    made[RESPONSE_PROBABILITY] = 0.2
    return made


def hospitals(left_out: dict[str, list[float]] | None = None, **columns: list[float]) -> Hospitals:
    """A population with these columns."""
    rows = pd.DataFrame(columns)
    return Hospitals(rows, pd.DataFrame(left_out or {}, index=rows.index))


class Told:
    """Luck that gives the uniforms that it is told."""

    def __init__(self, uniforms: Any) -> None:
        self.uniforms = np.asarray(uniforms, np.float64)

    def random(self, shape: Any) -> Any:
        """All of them, which must be as many as are asked for."""
        assert self.uniforms.shape == (shape if isinstance(shape, tuple) else (shape,))
        return self.uniforms


@pytest.mark.parametrize("offset", list(RATES))
def test_an_offset_is_the_log_of_the_ratio_of_its_rates(offset: str) -> None:
    """ln 2 and ln 3 in two draws: twice and three times the rates of its kind, and no other; what was given stays."""
    given = parameters()
    found = at_hospital(given, {offset: np.log([2.0, 3.0])})
    for kind, rates in RATES.items():
        for rate in rates:
            assert found[rate] == pytest.approx([0.2, 0.3] if kind == offset else [0.1, 0.1])
    assert found[RESPONSE_PROBABILITY].tolist() == [0.2, 0.2]
    assert given.tobytes() == parameters().tobytes()


def test_response_moves_by_its_odds() -> None:
    """One in five are odds of 1/4; at 6 times that, 6/4, three in five."""
    found = at_hospital(parameters(), {"response": [log(6.0), 0.0]})
    assert found[RESPONSE_PROBABILITY] == pytest.approx([0.6, 0.2])
    assert found["amputation_rate"].tolist() == [0.1, 0.1]


def test_people_chosen_for_a_treatment_have_means_of_their_own() -> None:
    """0.5 and 0.3 more; where the fit says nothing, zero."""
    found = hospitals(mean_amputation=[0.5, 0.6], chosen_amputation=[0.3, 0.3], mean_response=[0.1, 0.2])
    assert found.means().tolist() == [[0.5, 0.0, 0.0, 0.1], [0.6, 0.0, 0.0, 0.2]]
    assert found.means(Kind()).tolist() == found.means().tolist()
    assert found.means(Kind("chosen")) == pytest.approx(np.array([[0.8, 0.0, 0.0, 0.1], [0.9, 0.0, 0.0, 0.2]]))


def test_people_of_a_trial_and_other_decades_have_means_of_their_own() -> None:
    """0.3 more in a trial, 0.2 more each decade: 0.1 less half a decade before today; a trial of 2005 has both."""
    found = hospitals(mean_death=[0.5], trial_death=[0.3], decade_death=[0.2])
    wanted = {("referral", "2015-19"): 0.5, ("trial", "2015-19"): 0.8, ("referral", "2010-15"): 0.4}
    wanted |= {("referral", "2025-30"): 0.7, ("trial", "2005-10"): 0.6, ("chosen", "2005-10"): 0.3}
    for (cohort, period), mean in wanted.items():
        assert found.means(kind_of(cohort, period))[0].tolist() == pytest.approx([0.0, 0.0, mean, 0.0]), (
            cohort,
            period,
        )


def test_roots_are_those_of_the_covariance() -> None:
    """SDs of 2, 3, 4 and 5 with correlations of 0.5, -0.25 and 0.1 between the three rates."""
    sds = {"sd_amputation": [2.0], "sd_healing": [3.0], "sd_death": [4.0], "sd_response": [5.0]}
    pairs = {"corr_amputation_healing": [0.5], "corr_amputation_death": [-0.25], "corr_healing_death": [0.1]}
    root = hospitals(**sds, **pairs).roots()[0]
    assert root == pytest.approx(np.tril(root))
    covariance = [[4.0, 3.0, -2.0, 0.0], [3.0, 9.0, 1.2, 0.0], [-2.0, 1.2, 16.0, 0.0], [0.0, 0.0, 0.0, 25.0]]
    assert root @ root.T == pytest.approx(np.array(covariance), abs=1e-6)


def test_a_correlation_rounded_to_one_is_still_one() -> None:
    """Written with few digits, a correlation of 1 has a root."""
    root = hospitals(sd_amputation=[1.0], sd_healing=[1.0], corr_amputation_healing=[1.0]).roots()[0]
    assert root[1, :2] == pytest.approx([1.0, 0.0], abs=1e-4)


def test_rows_weigh_by_what_they_say_without_the_study() -> None:
    """Logarithms of 1 and 3, a thousand off, are a quarter and three quarters; of a study that was not fitted all count alike."""
    found = hospitals(mean_death=[0.0, 1.0], left_out={"mine": [1000.0, 1000.0 + log(3.0)]})
    assert found.weights("mine") == pytest.approx([0.25, 0.75])
    assert found.weights().tolist() == found.weights("other").tolist() == [0.5, 0.5]


def test_rows_are_taken_in_proportion_to_their_weights() -> None:
    """Up to a quarter the first, then the second, and the last where weights fall a little short of one."""
    found = hospitals(mean_death=[0.0, 1.0])
    luck: Any = Told([0.1, 0.25, 0.26, 0.97])
    assert found.taken(4, luck, np.array([0.25, 0.7])).tolist() == [0, 0, 1, 1]
    assert found.taken(4, luck).tolist() == [0, 0, 0, 1]


REFERRAL = Kind()


def one_drawn(uniforms: list[float], kind: Kind = REFERRAL, row: int = 1, **columns: list[float]) -> list[float]:
    """Offsets of a hospital drawn in the second of two rows."""
    return hospitals(**columns).drawn(np.array([row]), kind, Told([uniforms])).tolist()[0]  # type: ignore[arg-type]


PLAIN: dict[str, list[float]] = {
    **{f"sd_{name}": [9.0, 0.5] for name in OFFSETS},
    **{f"mean_{name}": [9.0, 1.0] for name in OFFSETS},
    "chosen_death": [9.0, 0.25],
}
ONE = float(norm.cdf(1.0))


def test_a_hospital_lies_as_many_sds_from_the_mean_as_its_draw_says() -> None:
    """One SD of 0.5 above 1, at it, below it, and one above; people chosen for a treatment 0.25 higher in death."""
    drawn = [0.3, ONE, 0.5, 1.0 - ONE, ONE]
    assert one_drawn(drawn, tails=[4.0, inf], **PLAIN) == pytest.approx([1.5, 1.0, 0.5, 1.5])
    assert one_drawn(drawn, Kind("chosen"), tails=[4.0, inf], **PLAIN) == pytest.approx([1.5, 1.0, 0.75, 1.5])
    assert one_drawn(drawn, tails=[4.0, 0.0], **PLAIN) == pytest.approx([1.5, 1.0, 0.5, 1.5])
    assert one_drawn(drawn, **PLAIN) == pytest.approx([1.5, 1.0, 0.5, 1.5])


def test_tails_are_shared_by_the_rates_and_not_by_response() -> None:
    """Student's t: with a quantile q of chi squared with 4 degrees of freedom, distances are sqrt(4 / q) times as large."""
    scale = sqrt(4.0 / chi2.ppf(0.3, 4.0))
    found = one_drawn([0.3, ONE, 0.5, 1.0 - ONE, ONE], tails=[inf, 4.0], **PLAIN)
    assert found == pytest.approx([1.0 + 0.5 * scale, 1.0, 1.0 - 0.5 * scale, 1.5])


def test_one_tail_lightens_none_of_the_others() -> None:
    """A row with heavy tails beside one without: each has its own."""
    uniforms = [[0.3, ONE, 0.5, 0.5, 0.5], [0.7, ONE, 0.5, 0.5, 0.5]]
    found = hospitals(tails=[3.0, inf], **PLAIN).drawn(np.array([1, 0]), Kind(), Told(uniforms))  # type: ignore[arg-type]
    assert found[0, 0] == pytest.approx(1.5)
    assert found[1, 0] == pytest.approx(9.0 + 9.0 * sqrt(3.0 / chi2.ppf(0.7, 3.0)))


def test_a_draw_of_nothing_is_the_smallest_that_has_a_quantile() -> None:
    """A uniform of 0 is far below and finite."""
    found = one_drawn([0.3, 0.0, 0.5, 0.5, 0.5], tails=[inf, inf], **PLAIN)
    assert found[0] == pytest.approx(1.0 + 0.5 * float(norm.ppf(SMALLEST_UNIFORM)))


def test_offsets_are_called_by_their_names() -> None:
    """In the order of the columns."""
    found = columns_of(np.array([[1.0, 2.0, 3.0, 4.0], [5.0, 6.0, 7.0, 8.0]]))
    assert {name: column.tolist() for name, column in found.items()} == {
        "amputation": [1.0, 5.0],
        "healing": [2.0, 6.0],
        "death": [3.0, 7.0],
        "response": [4.0, 8.0],
    }


def test_the_average_hospital_is_the_mean_within_the_registers_range() -> None:
    """An offset beyond 4.9 counts as that, on either side."""
    found = centre_draws(hospitals(mean_amputation=[0.5, 7.0], mean_death=[-7.0, 0.25]), "average")
    assert list(found) == [FIELDS[name] for name in OFFSETS]
    assert found["hospital_amputation"].tolist() == [0.5, HIGHEST]
    assert found["hospital_death"].tolist() == [-HIGHEST, 0.25]


def test_a_new_hospital_is_drawn_in_every_row() -> None:
    """By the luck of new hospitals, among those of consecutive people."""
    population = hospitals(tails=[4.0, inf], **PLAIN)
    wanted = population.drawn(np.array([0, 1]), Kind(), generator(1, "new hospitals"))
    found = centre_draws(population, "new")
    for k, name in enumerate(OFFSETS):
        assert found[FIELDS[name]].tolist() == np.clip(wanted[:, k], -HIGHEST, HIGHEST).tolist()


def test_a_study_is_predicted_at_a_hospital_of_its_kind_by_luck_of_its_own() -> None:
    """Row and hospital are drawn by the study's name; the founding hospital, or where there is no fit, keeps its rates."""
    population = hospitals({"mine": [0.0, -60.0]}, tails=[4.0, inf], **{**PLAIN, "mean_death": [0.1, 9.0]})
    given = parameters()
    for kind in (Kind(), Kind("chosen"), Kind("trial", -1.0)):
        rows = population.taken(2, generator(7, "mine", "hospital", "row"), np.array([1.0, 0.0]))
        offsets = population.drawn(rows, kind, generator(7, "mine", "hospital"))
        found = at_random_hospital("mine", kind, False, given, 7, population)
        for rate in RATES["death"]:
            assert found[rate] == pytest.approx(0.1 * np.exp(offsets[:, 2]))
    assert at_random_hospital("mine", Kind(), True, given, 7, population) is given
    assert at_random_hospital("mine", Kind(), False, given, 7, None) is given


def test_a_fit_is_read_from_its_files(tmp_path: Path) -> None:
    """Nothing where there is no fit; the weights and the studies' own places where there are any; comments are passed over."""
    assert load_hospitals(tmp_path / "none") is None
    alone = tmp_path / "alone"
    alone.mkdir()
    (alone / "hospitals.csv").write_text("# made by hand\nmean_death,tails\n0.5,4\n0.75,5\n", encoding="utf-8")
    found = load_hospitals(alone)
    assert found is not None and found.offsets is None
    assert found.column("mean_death").tolist() == [0.5, 0.75] and found.column("sd_death").tolist() == [0.0, 0.0]
    assert found.weights("mine").tolist() == [0.5, 0.5]
    whole = tmp_path / "whole"
    whole.mkdir()
    (whole / "hospitals.csv").write_bytes((alone / "hospitals.csv").read_bytes())
    (whole / "hospitals_left_out.csv").write_text(f"# weights\nmine\n0\n{log(3.0)}\n", encoding="utf-8")
    (whole / "hospitals_offsets.csv").write_text("# places\nstudy,offset\nmine,death\n", encoding="utf-8")
    found = load_hospitals(whole)
    assert found is not None and found.offsets is not None
    assert found.weights("mine") == pytest.approx([0.25, 0.75])
    assert found.offsets["study"].tolist() == ["mine"]
