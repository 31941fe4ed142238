"""Tests of two proportions and of one, against other programs and published tables."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.stats

from simulator.statistics.endpoints import binary_tests as binary


def table_of(counts, i):
    return np.array(
        [
            [counts.yes_1[i], counts.n_1[i] - counts.yes_1[i]],
            [counts.yes_0[i], counts.n_0[i] - counts.yes_0[i]],
        ]
    )


def test_two_by_two_tests_agree_with_scipy():
    """Chi-square with and without correction and Fisher's exact test agree with scipy on random tables."""
    rng = np.random.default_rng(9)
    n_0, n_1 = rng.integers(3, 60, (2, 200))
    counts = binary.Counts(rng.binomial(n_0, 0.3), n_0, rng.binomial(n_1, 0.45), n_1)
    plain, corrected, exact = (
        binary.chi_square(counts),
        binary.chi_square(counts, continuity=True),
        binary.fisher(counts),
    )
    for i in range(200):
        table = table_of(counts, i)
        if (table.sum(axis=0) > 0).all():
            assert plain[i] ** 2 == pytest.approx(scipy.stats.chi2_contingency(table, correction=False)[0], abs=1e-10)
            assert corrected[i] ** 2 == pytest.approx(scipy.stats.chi2_contingency(table)[0], abs=1e-10)
            assert np.sign(plain[i]) == np.sign(counts.yes_1[i] / n_1[i] - counts.yes_0[i] / n_0[i])
        for name, p in (("greater", exact.greater[i]), ("less", exact.less[i]), ("two-sided", exact.two_sided[i])):
            assert p == pytest.approx(scipy.stats.fisher_exact(table, name)[1], rel=1e-9)


def test_published_two_by_two_tables():
    """Amputations in BALI (3/17 v 5/19) give Fisher's p 0.70; in Benoit 2011 (9/23 v 5/7) chi-square's p 0.1337.

    Pignon B et al. Circ J 2017;81:1713-1720; Benoit E et al. J Transl Med 2011;9:165.
    """
    bali = binary.Counts(*(np.array([x]) for x in (5, 19, 3, 17)))
    assert binary.fisher(bali).two_sided[0] == pytest.approx(0.70, abs=0.005)
    benoit = binary.Counts(*(np.array([x]) for x in (5, 7, 9, 23)))
    assert 2 * scipy.stats.norm.sf(abs(binary.chi_square(benoit)[0])) == pytest.approx(0.1337, abs=5e-5)


def test_risk_effects_agree_with_statsmodels():
    """Risk difference (Wald) and risk ratio (log) have statsmodels' intervals."""
    from statsmodels.stats.proportion import confint_proportions_2indep

    counts = binary.Counts(*(np.array(x) for x in ([10, 20, 4], [79, 60, 30], [15, 9, 11], [81, 66, 41])))
    difference, ratio = binary.risk_difference(counts), binary.risk_ratio(counts)
    for i in range(3):
        args = (counts.yes_1[i], counts.n_1[i], counts.yes_0[i], counts.n_0[i])
        wald = confint_proportions_2indep(*args, method="wald", compare="diff")
        assert [x[i] for x in difference.interval()] == pytest.approx(wald, abs=1e-10)
        log = confint_proportions_2indep(*args, method="log", compare="ratio")
        assert np.exp([x[i] for x in ratio.interval()]) == pytest.approx(log, rel=1e-10)
    # JUVENTAS: 15/81 v 10/79 amputated, risk ratio 1.46 (Teraa M et al. Circulation 2015;131:851-860).
    assert np.exp(ratio.estimate[0]) == pytest.approx(1.46, abs=0.005)


def test_one_sample_exact_test_agrees_with_scipy():
    """One-sided exact binomial p values are scipy's, and 28 of 44 rejects 50% while 27 does not."""
    for yes, n in ((28, 44), (27, 44), (0, 10), (10, 10)):
        found = binary.one_sample(yes, n, 0.5)
        assert found.greater == pytest.approx(scipy.stats.binomtest(yes, n, 0.5, "greater").pvalue)
        assert found.less == pytest.approx(scipy.stats.binomtest(yes, n, 0.5, "less").pvalue)
        assert found.two_sided == pytest.approx(scipy.stats.binomtest(yes, n, 0.5).pvalue)
    assert binary.one_sample(28, 44, 0.5).greater <= 0.05 < binary.one_sample(27, 44, 0.5).greater


def test_counting_skips_those_who_take_no_part():
    """Counts ignore negative arms, and undefined statistics are NaN, never a rejection."""
    counts = binary.count([[True, False, True, True]], [[0, 0, 1, -1]])
    assert (counts.yes_0[0], counts.n_0[0], counts.yes_1[0], counts.n_1[0]) == (1, 2, 1, 1)
    nobody = binary.count([[False, False, False]], [[0, 1, 1]])
    assert np.isnan(binary.chi_square(nobody)[0])
    assert np.isnan(binary.risk_ratio(nobody).z[0])
    assert binary.fisher(nobody).two_sided[0] == 1.0


def test_one_of_two_against_none_of_two_by_hand():
    """Fisher: the one success falls into either arm with a half, so 1/2, 1 and 1; nobody at all: 1 each; no trial: none."""
    counts = binary.Counts(*(np.array([x, 0]) for x in (0, 2, 1, 2)))
    found = binary.fisher(counts)
    assert found.greater.tolist() == pytest.approx([0.5, 1.0])
    assert found.less.tolist() == pytest.approx([1.0, 1.0])
    assert found.two_sided.tolist() == pytest.approx([1.0, 1.0])
    other = binary.fisher(binary.Counts(*(np.array([x]) for x in (1, 2, 0, 2))))
    assert (other.greater[0], other.less[0], other.two_sided[0]) == (1.0, pytest.approx(0.5), 1.0)
    nothing = binary.fisher(binary.Counts(*(np.zeros(0, np.int64) for _ in range(4))))
    assert nothing.greater.shape == nothing.less.shape == nothing.two_sided.shape == (0,)


def test_one_arm_by_hand():
    """5 of 10 against a half is no evidence at all: two-sided 1; 2 of 2 against a half: 1/4, 1 and 1/2."""
    assert binary.one_sample(5, 10, 0.5).two_sided == 1.0
    found = binary.one_sample([2, 0], 2, 0.5)
    assert found.greater == pytest.approx([0.25, 1.0])
    assert found.less == pytest.approx([1.0, 0.25])
    assert found.two_sided == pytest.approx([0.5, 0.5])


def test_effects_of_a_quarter_and_a_half_by_hand():
    """1 of 4 against 2 of 4: difference 1/4, error sqrt(3/64 + 1/16); log 2, error sqrt(1 - 1/4 + 1/2 - 1/4)."""
    counts = binary.Counts(*(np.array([x, y, z]) for x, y, z in ((1, 4, 0), (4, 4, 4), (2, 4, 1), (4, 4, 4))))
    with np.errstate(all="raise"):
        difference, ratio, z = binary.risk_difference(counts), binary.risk_ratio(counts), binary.chi_square(counts)
    assert difference.estimate.tolist() == [0.25, 0.0, 0.25]
    assert difference.se[:2] == pytest.approx([np.sqrt(3 / 64 + 1 / 16), 0.0])
    assert ratio.estimate[:2] == pytest.approx([np.log(2.0), 0.0]) and ratio.se[:2] == pytest.approx([1.0, 0.0])
    assert np.isnan(ratio.estimate[2]) and np.isnan(ratio.se[2])
    # 8 (2 x 2 - 1 x 2)^2 / (3 x 5 x 4 x 4), and nothing where all have it.
    assert z[0] ** 2 == pytest.approx(8 * (2 * 3 - 1 * 2) ** 2 / (3 * 5 * 4 * 4)) and np.isnan(z[1])
