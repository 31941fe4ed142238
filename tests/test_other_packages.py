"""Tests, sizes and graphs against what R packages print for the same question, with where each number was printed.

Every absolute difference allowed is written beside the number it belongs to: half a unit of the last digit printed, unless a
line says why it is more. gsDesign, rpact, cmprsk, RBesT and others stand in the tests of what they were asked about.
"""

from __future__ import annotations

import re

import numpy as np
import pytest
from lifelines.datasets import load_gbsg2
from luck_of_r import exponential, mersenne_twister
from scipy.special import ndtri

from simulator.statistics.endpoints.survival_tests import logrank, restricted_mean, survival
from simulator.statistics.endpoints.weighted_logrank import COMBINED, fleming_harrington
from simulator.statistics.multiplicity.multiplicity import dunnett, graphical, holm
from simulator.statistics.multiplicity.normal_maximum import common_factor_tail
from simulator.statistics.sizes import mean_sizes
from simulator.statistics.sizes.exact_binomial import single_arm_size
from simulator.statistics.sizes.exact_proportions import power, size
from simulator.statistics.sizes.proportion_sizes import superiority
from simulator.statistics.sizes.simon import two_stage

# Mayo Clinic's trial in primary biliary cirrhosis: days to death (*) or last follow-up of its 312 randomised patients, in the
# order of the file; d on D-penicillamine, p on placebo. Data `pbc` of the R package survival (columns time, status, trt), as
# github.com/vincentarelbundock/Rdatasets keeps it in csv/survival/pbc.csv.
PBC = """
d400* d4500 d1012* d1925* p1504 p2503* p1832 p2466* d2400* p51* p3762* p304* p3577 p1217* d3584* p3672 p769* d131* d4232 p1356*
p3445 d673* p264* d4079* p4127 p1444* p77* p549* p4509 p321* p3839* p4523 p3170* d3933 p2847* p3611 d223* p3244* d2297* d4467
d1350* p4453 d4556 p3428* p4025 d2256* p2576 p4427 p708* d2598* p3853* d2386* d1000* d1434* d1360* p1847* d3282* d4459 d2224*
d4365 p4256 p3090* p859* p1487* d3992 d4191* p2769* d4039 d1170* d3458 p4196 p4184 p4190 d1827* d1191* d71* p326* d1690* d3707
p890* d2540* d3574* d4050 p4032 p3358* d1657* d198* p2452 d1741* d2689* p460* d388* d3913 d750* p130* d3850 p611* d3823 p3820
p552* p3581 d3099 p110* d3086* p3092 d3222* p3388 d2583* p2504 d2105* d2350 p3445* d980* p3395* p3422 d3336 d1083* d2288* d515*
d2033 p191* d3297 d971* d3069 p2468 d824* p3255 d1037* d3239 p1413* p850* d2944 p2796* p3149 d3150 d3098 d2990 d1297* p2106
d3059 d3050 p2419* p786* p943* p2976 p2615 d2995 p1427* d762* p2891 d2870 d1152* d2863 d140* p2666 p853* p2835 d2475 p1536*
p2772 p2797 p186* d2055* p264* d1077* p2721 d1682* p2713 p1212* d2692 d2574 p2301 d2657 d2644 p2624 d1492* p2609 d2580 p2573
p2563 d2556 d2555 p2241 p974* d2527 d1576* p733* d2332 p2456 d2504 p216* d2443 p797* d2449 d2330 d2363 d2365 p2357 d1592 p2318
p2294 d2272 p2221 p2090* d2081* d2255 d2171 d904* p2216 p2224 p2195 p2176 d2178 p1786* p1080* d2168 p790* d2170 p2157 d1235*
p2050 p597* d334* d1945 d2022 p1978 d999* p1967 d348* p1979 p1165* d1951 d1932 p1776 p1882 d1908 d1882 p1874 d694* d1831 p837
d1810 p930* d1690* p1790 d1435 d732 p1785 d1783 p1769 d1457 d1770 d1765 d737 p1735 d1701 d1614 d1702 p1615 p1656 p1677 p1666
p1301 p1542 p1084 d1614 d179* d1191* p1363 d1568 p1569 d1525 p1558 d1447 d1349 d1481 p1434 p1420 p1433 d1412 d41* p1455 p1030
p1418 d1401 d1408 d1234 p1067 d799* d1363 d901 p1329 p1320 d1302 d877 p1321 d533 p1300 d1293 p207* p1295 d1271 p1250 d1230
p1216 p1216 p1149 d1153 p994 d939 d839 p788
"""

# Chemotherapy of ovarian cancer: days to death (*) or last follow-up of 26 women, arm 1 or 2. Edmonson JH et al. Cancer Treat
# Rep 1979;63:241-247; data `ovarian` of the R package survival (columns futime, fustat, rx).
OVARIAN = """
1:59* 1:115* 1:156* 2:421 1:431* 1:448 2:464* 2:475* 1:477 2:563* 1:638* 2:744 2:769 2:770 1:803 1:855 1:1040 1:1106 2:1129
2:1206 2:1227 1:268* 1:329* 2:353* 2:365* 2:377
"""


def table(text: str, treated: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Time, event and arm of a listing, arm 1 being the one that it calls `treated`."""
    rows = re.findall(r"(\w):?(\d+)(\*?)", text)
    time = np.array([float(each[1]) for each in rows])
    return time, np.array([each[2] == "*" for each in rows]), np.array([int(each[0] == treated) for each in rows])


def breast_cancer() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The German Breast Cancer Study Group's 686 women, arm 1 with hormones: `gbsg` of the R package survival."""
    data = load_gbsg2()
    return data["time"].to_numpy(float), data["cens"].to_numpy() > 0, (data["horTh"] == "yes").to_numpy().astype(int)


def test_restricted_means_of_the_pbc_trial_are_those_of_survrm2():
    """Ten years of 154 and 158 patients: 7.15 years on D-penicillamine, difference -0.137 (-0.939 to 0.665), p 0.738.

    survRM2's vignette of 2017, section 3 (cran/survRM2, inst/doc/survRM2-vignette3-2.Rmd), which leaves the minus signs out of
    its sentence on the interval. The file's days were taken as 365.25 a year.
    """
    days, event, arm = table(PBC, "d")
    assert ((arm == 1).sum(), (arm == 0).sum(), int(event.sum())) == (158, 154, 125)
    mean = restricted_mean(days / 365.25, event, arm, 10.0)
    effect = mean.difference()
    assert mean.value[0, 1] == pytest.approx(7.15, abs=0.005)
    assert effect.estimate[0] == pytest.approx(-0.137, abs=0.0005)
    low, high = effect.interval()
    assert (low[0], high[0]) == pytest.approx((-0.939, 0.665), abs=0.0005)
    assert effect.p_two_sided[0] == pytest.approx(0.738, abs=0.0005)


def test_restricted_means_of_two_hundred_and_two_hundred_are_those_of_survrm2():
    """A fifth censored, exponential times of rate 0.10 and 0.07 after set.seed(7): what rmst2 prints to ten years.

    The difference 1.0812605 (0.4094144 to 1.7531066), p 0.001608610, and the ratio 1.1600165 (1.0571618 to 1.2728783), from
    FastSurvival's page of rmst_fast (github.com/gosukehommaEX/FastSurvival, reference/rmst_fast.md). To the last digit.
    """
    uniform = mersenne_twister(7)
    time = np.array([exponential(uniform) / rate for rate in (0.10, 0.07) for _ in range(200)])
    event = np.array([uniform() < 0.8 for _ in range(400)])
    mean = restricted_mean(time, event, np.repeat([0, 1], 200), 10.0)
    effect, ratio = mean.difference(), mean.log_ratio()
    assert effect.estimate[0] == pytest.approx(1.0812605, abs=6e-8)
    assert (effect.interval()[0][0], effect.interval()[1][0]) == pytest.approx((0.4094144, 1.7531066), abs=6e-8)
    assert effect.p_two_sided[0] == pytest.approx(0.001608610, abs=6e-10)
    assert np.exp(ratio.estimate[0]) == pytest.approx(1.1600165, abs=6e-8)
    limits = [float(np.exp(limit[0])) for limit in ratio.interval()]
    assert limits == pytest.approx([1.0571618, 1.2728783], abs=6e-8)


# What FastSurvival's validation article prints of survRM2, nph and survival side by side (github.com/gosukehommaEX/FastSurvival,
# articles/validation.md; the women of the first edition were those with ovarian cancer, of the later one with breast cancer):
# the difference in restricted means to a day, Kaplan-Meier there by arm, and z squared by nph::logrank.test for G(rho, gamma).
WOMEN = {
    "ovarian": (
        (table(OVARIAN, "2"), 500.0, 98.88034, (0.5384615, 0.6581197)),
        {(0, 0): 1.0627398613, (0, 1): 0.0001020735, (1, 0): 1.6848546117, (1, 1): 0.0033228087},
    ),
    "breast": (
        (breast_cancer(), 1000.0, 51.14447, (0.6208762, 0.7230082)),
        {(0, 0): 8.564781, (0, 1): 5.110660, (1, 0): 8.713791, (1, 1): 5.881310},
    ),
}


@pytest.mark.parametrize("who", WOMEN)
def test_weighted_log_rank_tests_are_those_of_nph(who):
    """Chi-squares of the four that MaxCombo combines, to half a unit of the last digit printed (5e-11 and 5e-7)."""
    (data, *_), printed = WOMEN[who]
    near = 6e-11 if who == "ovarian" else 6e-7
    for weights in COMBINED:
        found = fleming_harrington(*data, *weights).z[0] ** 2
        assert found == pytest.approx(printed[weights], abs=near), weights
    assert logrank(*data).z[0] ** 2 == pytest.approx(printed[0, 0], abs=near)


@pytest.mark.parametrize("who", WOMEN)
def test_restricted_means_and_survival_are_those_of_survrm2_and_survival(who):
    """The difference in days to 6e-6, survival of either arm to 6e-8."""
    (data, until, days, alive), _ = WOMEN[who]
    assert restricted_mean(*data, until).difference().estimate[0] == pytest.approx(days, abs=6e-6)
    assert tuple(survival(*data, until).value[0]) == pytest.approx(alive, abs=6e-8)


# clinfun's ph2simon: r1, n1, r, n, expected size and early stop under p0. From github.com/veseshan/clinfun (reference/ph2simon.md
# and articles/clinical-trial-functions.md), github.com/YunheLiuMCMC/ClinSimon (README, 0.25 and 0.45 with alpha and beta 0.1) and
# SeqSGPV's README (0.2 and 0.4 with alpha 0.05, beta 0.2). Its optimal design for 0.2 against 0.35 is left out, for it searched
# to 100 patients only and warns of that.
SIMON = [
    ((0.2, 0.4, 0.1, 0.9), "optimal", (3, 17, 10, 37), 26.02, 0.5489),
    ((0.2, 0.4, 0.1, 0.9), "minimax", (3, 19, 10, 36), 28.26, 0.4551),
    ((0.2, 0.35, 0.05, 0.95), "minimax", (15, 68, 25, 95), 75.44, 0.7244),
    ((0.05, 0.2, 0.1, 0.9), "optimal", (0, 12, 3, 37), 23.49100, 0.5403601),
    ((0.05, 0.2, 0.1, 0.9), "minimax", (0, 18, 3, 32), 26.43900, 0.3972143),
    ((0.25, 0.45, 0.05, 0.9), "optimal", (6, 22, 19, 57), 32.52206, 0.6993697),
    ((0.25, 0.45, 0.05, 0.9), "minimax", (6, 26, 17, 49), 37.14596, 0.5153932),
    ((0.25, 0.45, 0.1, 0.9), "optimal", (3, 14, 14, 44), 28.36, 0.5213),
    ((0.25, 0.45, 0.1, 0.9), "minimax", (5, 23, 13, 39), 31.50, 0.4685),
    ((0.2, 0.4, 0.05, 0.8), "optimal", (3, 13, 12, 43), 20.58, 0.7473),
    ((0.2, 0.4, 0.05, 0.8), "minimax", (4, 18, 10, 33), 22.25, 0.7164),
]


@pytest.mark.parametrize(("asked", "kind", "design", "expected", "stop"), SIMON)
def test_two_stage_designs_are_those_of_clinfun(asked, kind, design, expected, stop):
    """The same four numbers; expected patients to 0.005 and early stop to 5e-5, as printed."""
    found = two_stage(*asked)[("optimal", "minimax").index(kind)]
    assert (found.r1, found.n1, found.r, found.n) == design
    assert found.expected_n == pytest.approx(expected, abs=0.0051)
    assert found.early_stop == pytest.approx(stop, abs=5.1e-5)


def test_a_single_stage_is_that_of_clinfun():
    """ph2single(0.4, 0.6, 0.1, 0.1): 41, 43, 45, 47 and 49 patients, more than 20 to 24 of whom must succeed, errors to 1e-8."""
    printed = {41: 0.09651722, 43: 0.09132412, 45: 0.08645205, 47: 0.08187654, 49: 0.07757556}
    found = single_arm_size(0.4, 0.6, 0.1, 0.9)
    shown = found.table().set_index("n")
    assert found.first == 41
    for place, (n, error) in enumerate(printed.items()):
        assert shown.loc[n, "reject_from"] == 21 + place
        assert shown.loc[n, "actual_alpha"] == pytest.approx(error, abs=1e-8)
        assert 1.0 - shown.loc[n, "power"] == pytest.approx(error, abs=1e-8)


def test_fishers_and_the_corrected_size_are_those_of_clinfun():
    """fe.ssize(0.2, 0.3): 311 patients an arm with power 0.8004486 by Fisher's test, 313 by Casagrande, Pike and Smith.

    clinfun's test is two-sided at 0.05 by the probability of tables and counts the wrong tail too; here it is one-sided at 0.025,
    so the powers may differ by what lies in that tail (4e-7).
    """
    found = size("fisher", 0.2, 0.3, 0.025, 0.8)
    assert found.first == 2 * 311
    assert found.reached == pytest.approx(0.8004486, abs=4e-7)
    assert power("fisher", 313, 313, 0.2, 0.3, 0.025) == pytest.approx(0.8018729, abs=4e-7)
    corrected = next(each for each in superiority(0.2, 0.3, 0.025) if "corrected" in each.name)
    assert np.ceil(corrected.size(0.8) / 2) == 313


SUCCESSIVE = ([0.5, 0.5, 0, 0], [[0, 0.5, 0.5, 0], [0.5, 0, 0, 0.5], [0, 1, 0, 0], [1, 0, 0, 0]])
SMALL = 1e-5
SIX = (
    [0.5, 0.5, 0, 0, 0, 0],
    [
        [0, 0.5, 0.25, 0, 0.25, 0],
        [0.5, 0, 0, 0.25, 0, 0.25],
        [0, 0, 0, 0, 1, 0],
        [SMALL, 0, 0, 0, 0, 1 - SMALL],
        [0, SMALL, 1 - SMALL, 0, 0, 0],
        [0, 0, 0, 1, 0, 0],
    ],
)

# graphicalMCP's articles shortcut-testing and closed-testing (github.com/openpharma/graphicalMCP); its article comparisons shows
# gMCP's adjusted p values for 10,000 random graphs to be its own to 1e-7.
GRAPHS = {
    "two doses, two endpoints": (SUCCESSIVE, [0.018, 0.01, 0.105, 0.006], [0.024, 0.020, 0.105, 0.024]),
    "two doses, three endpoints": (
        SIX,
        [0.015, 0.013, 0.01, 0.007, 0.1, 0.0124],
        [0.026, 0.026, 0.028, 0.028, 0.1, 0.028],
    ),
}


@pytest.mark.parametrize("name", GRAPHS)
def test_graphs_reject_at_the_adjusted_p_of_graphicalmcp(name):
    """Each hypothesis is rejected from its adjusted p value on and not 1e-6 below it."""
    (weights, transitions), p, adjusted = GRAPHS[name]
    for place, limit in enumerate(adjusted):
        assert graphical(p, limit + 1e-6, weights, transitions)[place]
        assert not graphical(p, limit - 1e-6, weights, transitions)[place]


def test_the_graph_of_gmcps_manual_and_holms_rule():
    """The six hypotheses of Bretz et al. 2011 end in gMCP's fourth graph: three are rejected.

    Of Holm's three the first and last are.

    gMCP's vignette (github.com/kornl/gMCP, pkg/gMCP/vignettes/gMCP.Rnw), alpha 0.05.
    """
    third = 1 / 3
    transitions = [
        [0, 0.5, 0, 0.5, 0, 0],
        [third, 0, third, 0, third, 0],
        [0, 0.5, 0, 0, 0, 0.5],
        [0, 1, 0, 0, 0, 0],
        [0.5, 0, 0.5, 0, 0, 0],
        [0, 1, 0, 0, 0, 0],
    ]
    found = graphical([0.1, 0.008, 0.005, 0.15, 0.04, 0.006], 0.05, [third, third, third, 0, 0, 0], transitions)
    assert found.tolist() == [False, True, True, False, False, True]
    assert holm([0.01, 0.07, 0.02], 0.05).tolist() == [True, False, True]


def test_two_doses_by_their_joint_law_as_gmcp_and_graphicalmcp():
    """With equal arms 0.013 beside 0.015 is worth 0.02413846, and half of 0.025 may be 1.0782936582 times as much (to 1e-8).

    graphicalMCP's article closed-testing, which the article comparisons shows to be gMCP's parametric test to 1e-7.
    """
    shared = np.full((1, 2), np.sqrt(0.5))
    assert common_factor_tail(np.array([-ndtri(0.013)]), shared)[0] == pytest.approx(0.02413846, abs=6e-9)
    limit = -ndtri(1.0782936582 * 0.0125)
    assert common_factor_tail(np.array([limit]), shared)[0] == pytest.approx(0.025, abs=1e-8)
    assert dunnett([0.015, 0.013], 0.0241386, [1, 1, 1]).tolist() == [True, True]
    assert dunnett([0.015, 0.013], 0.0241383, [1, 1, 1]).tolist() == [False, False]


def test_proportions_and_means_as_base_r_documents_them():
    """Power 0.7401659 of 50% against 75% with 50 an arm, 0.8689528 of a difference of one SD with 20, and 22.02110 for 90%.

    The examples of ?power.prop.test and ?power.t.test in R's package stats, two-sided at 0.05.
    """
    pooled = superiority(0.5, 0.75, 0.025)[0]
    assert pooled.power(100) == pytest.approx(0.7401659, abs=5e-8)
    assert pooled.power(pooled.size(0.9)) == pytest.approx(0.9, abs=1e-12)
    t = mean_sizes.t_test(1.0, 1.0, 0.025, 1.0)
    assert t.power(40) == pytest.approx(0.8689528, abs=5e-8)
    assert t.size(0.9) / 2 == pytest.approx(22.02110, abs=1e-5)
