"""Multiple imputation and Rubin's rules, against what mice printed, Kaplan and Meier, and draws by hand."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import beta, t

from simulator.statistics.endpoints.imputation import FEWEST, imputed, rubin
from simulator.statistics.endpoints.survival_tests import survival

# `pool()` of the R package mice: imputations, mean, within, between, complete-data degrees of freedom, and then total variance,
# Barnard and Rubin's degrees of freedom. Ozone on solar radiation, wind and temperature (50 imputations) and temperature on
# ozone, radiation and wind (5) of R's airquality, as course notes on mice print them.
MICE = [
    (50, -61.90301171, 3.811506e02, 1.307680e02, 149, 5.145339e02, 94.76599),
    (50, -3.11988214, 3.146474e-01, 1.181007e-01, 149, 4.351101e-01, 91.16698),
    (50, 1.59210031, 4.685921e-02, 1.183499e-02, 149, 5.893090e-02, 106.27817),
    (5, 72.55796363, 6.595501e00, 0.5750036463, 148, 7.285505e00, 101.97555),
    (5, 0.16081480, 4.935193e-04, 0.0001610921, 148, 6.868298e-04, 34.09063),
    (5, -0.33902052, 3.904917e-02, 0.0045108400, 148, 4.446218e-02, 86.94099),
]


@pytest.mark.parametrize(("m", "mean", "within", "between", "df", "total", "freedom"), MICE)
def test_pooled_variance_and_degrees_of_freedom_are_those_of_mice(m, mean, within, between, df, total, freedom):
    """Total variance and degrees of freedom as mice prints them, to the last of six or seven digits."""
    away = np.linspace(-1.0, 1.0, m)
    estimates = (mean + away * np.sqrt(between / away.var(ddof=1)))[:, None]
    found = rubin(estimates, np.full_like(estimates, np.sqrt(within)), np.array([df * 1.0]))
    assert found.df is not None
    assert found.estimate[0] == pytest.approx(mean)
    assert found.se[0] ** 2 == pytest.approx(total, rel=3e-7)
    assert found.df[0] == pytest.approx(freedom, rel=3e-6)
    p = 2 * t.sf(abs(mean) / np.sqrt(total), freedom)
    assert found.p_two_sided[0] == pytest.approx(p, rel=1e-4)


def test_without_between_variance_the_rules_are_the_complete_datas():
    """Nothing missing: the same estimate and error, and Barnard and Rubin's 397/399 of 396 degrees of freedom."""
    found = rubin(np.full((4, 1), 0.2), np.full((4, 1), 0.1), np.array([396.0]))
    assert found.df is not None
    assert (found.estimate[0], found.se[0], found.df[0]) == pytest.approx((0.2, 0.1, 396 * 397 / 399), rel=1e-12)


def test_rules_without_an_estimate_have_none():
    """An imputation whose estimate is not a number leaves the trial without a test, and so does no variance at all."""
    found = rubin(np.array([[np.nan, 0.0], [0.1, 0.0]]), np.array([[np.nan, 0.0], [0.1, 0.0]]), np.array([9.0, 9.0]))
    assert np.isnan(found.z).all()


def one_arm(
    left: list[float], yes: list[bool], lost: list[bool], m: int, turned: list[float] | None = None
) -> np.ndarray:
    """Imputations of one trial of one arm, shape (m, patients)."""
    shape = (1, len(left))
    state = np.full(shape, np.inf) if turned is None else np.array([turned])
    zero = np.zeros(shape, np.int32)
    luck = np.random.default_rng(7).random((m, sum(lost)))
    found = imputed(np.array([yes]), np.array([lost]), np.array([left]), state, zero.astype(np.int8), zero, luck)
    return found[:, 0]


def test_the_last_to_be_lost_is_like_those_who_stayed():
    """Nine stayed, three with the outcome: a loss has it with 3.5/10; whoever had it settled before that loss is no model."""
    settled_before = ([0.1] * 20, [True] * 20, [False] * 20)
    stayed = ([np.inf] * 9, [True] * 3 + [False] * 6, [False] * 9)
    left, yes, lost = (a + b + c for a, b, c in zip(settled_before, stayed, ([0.5], [False], [True]), strict=True))
    found = one_arm(left, yes, lost, 10_000)
    assert (found[:, :-1] == np.array(yes[:-1])).all()
    assert found[:, -1].mean() == pytest.approx(0.35, abs=4 * np.sqrt(0.35 * 0.65 / 10_000))


def test_two_lost_at_once_vary_together_as_one_posterior_says():
    """Of two lost at the same time among eight who stayed, two with it, both have it as often as the Beta law's E[p p]."""
    found = one_arm([np.inf] * 8 + [0.5, 0.5], [True] * 2 + [False] * 8, [False] * 8 + [True] * 2, 40_000)
    law = beta(2.5, 6.5)
    assert found[:, 8:].all(axis=1).mean() == pytest.approx(law.var() + law.mean() ** 2, abs=0.006)
    assert found[:, 8:].mean() == pytest.approx(law.mean(), abs=0.006)


def test_whoever_leaves_at_the_same_time_with_the_event_is_no_model():
    """The event and the loss at one time: the event counts as before it."""
    found = one_arm([0.5] * 9 + [np.inf] * 9 + [0.5], [True] * 9 + [False] * 10, [False] * 18 + [True], 4_000)
    assert found[:, -1].mean() == pytest.approx(0.5 / 10.0, abs=0.015)


def test_a_healed_patient_is_like_the_healed():
    """Lost after healing: as those healed by then and still open; lost before: as those not yet healed, who may heal later."""
    left = [np.inf] * 16 + [0.5, 0.5]
    yes = [True] * 8 + [False] * 8 + [False] * 2
    turned = [0.3] * 8 + [0.8] * 4 + [np.inf] * 4 + [0.4, np.inf]
    found = one_arm(left, yes, [False] * 16 + [True] * 2, 4_000, turned)
    assert found[:, 16].mean() == pytest.approx(8.5 / 9.0, abs=0.02)
    assert found[:, 17].mean() == pytest.approx(0.5 / 9.0, abs=0.02)


def test_strata_and_arms_keep_to_themselves_unless_too_few():
    """A loss is like its own stratum's five, and where that holds fewer than five like its own arm's, never the other arm's."""
    left = np.array([[np.inf] * 20 + [0.5] * 2])
    yes = np.array([[True] * 5 + [False] * 7 + [True] * 8 + [False] * 2])
    stratum = np.array([[0] * 5 + [1] * 3 + [2] * 4 + [0] * 8 + [0, 1]], np.int32)
    arm = np.array([[1] * 12 + [0] * 8 + [1, 1]], np.int8)
    lost = np.array([[False] * 20 + [True] * 2])
    assert FEWEST == 5
    luck = np.random.default_rng(3).random((8_000, 2))
    found = imputed(yes, lost, left, np.full_like(left, np.inf), arm, stratum, luck)
    assert found[:, 0, 20].mean() == pytest.approx(5.5 / 6.0, abs=0.015)
    # Twelve stayed, and whichever of the two lost was filled in first is the thirteenth.
    assert found[:, 0, 21].mean() == pytest.approx(np.mean([5.5 / 13, (5.5 + 5.5 / 6) / 14]), abs=0.03)


def test_the_average_is_near_kaplan_and_meier_with_its_error():
    """Events and losses at random in 400 patients: the mean over imputations and Rubin's error are Kaplan and Meier's, nearly."""
    rng = np.random.default_rng(5)
    n, at = 400, 1.0
    event, gone = rng.exponential(1.5, n), rng.exponential(2.0, n)
    left = np.where(np.minimum(event, gone) <= at, np.minimum(event, gone), np.inf)
    lost = (gone < event) & (gone <= at)
    died = (event <= gone) & (event <= at)
    zero = np.zeros((1, n), np.int32)
    found = imputed(
        died[None],
        lost[None],
        left[None],
        np.full((1, n), np.inf),
        zero.astype(np.int8),
        zero,
        rng.random((400, int(lost.sum()))),
    )[:, 0]
    risks = found.mean(axis=1)
    pooled = rubin(risks[:, None], np.sqrt(risks * (1 - risks) / n)[:, None], np.array([n - 1.0]))
    theirs = survival(np.minimum(left, at)[None], died[None], zero, at)
    assert pooled.estimate[0] == pytest.approx(1 - theirs.value[0, 0], abs=0.004)
    assert pooled.se[0] == pytest.approx(theirs.se[0, 0], rel=0.06)
    share_of_those_who_stayed = died.sum() / (n - lost.sum())
    assert abs(share_of_those_who_stayed - pooled.estimate[0]) > 0.02


def test_an_event_on_the_first_day_is_before_a_loss_on_it():
    """Nine have it at once and nine stay without: whoever is lost on the first day is like the nine who stay."""
    found = one_arm([0.0] * 9 + [np.inf] * 9 + [0.0], [True] * 9 + [False] * 10, [False] * 18 + [True], 4_000)
    assert found[:, -1].mean() == pytest.approx(0.5 / 10.0, abs=0.015)


def test_whoever_is_in_no_arm_is_no_model():
    """Nine others have the outcome but no arm: a loss is like the five of the arm, none of whom has it."""
    left, yes = np.array([[np.inf] * 14 + [0.5]]), np.array([[True] * 9 + [False] * 6])
    arm, lost = np.array([[-1] * 9 + [0] * 6], np.int8), np.array([[False] * 14 + [True]])
    luck = np.random.default_rng(3).random((4_000, 1))
    found = imputed(yes, lost, left, np.full_like(left, np.inf), arm, np.zeros((1, 15), np.int32), luck)
    assert found[:, 0, -1].mean() == pytest.approx(0.5 / 6.0, abs=0.02)


def test_who_heals_later_is_not_yet_like_the_healed():
    """Six heal after a healed patient is lost, and all keep the limb: at the loss nobody else is healed, so it has even odds."""
    left, yes, lost = [np.inf] * 6 + [0.2], [True] * 6 + [False], [False] * 6 + [True]
    found = one_arm(left, yes, lost, 4_000, [0.5] * 6 + [0.1])
    assert found[:, -1].mean() == pytest.approx(0.5, abs=0.04)
