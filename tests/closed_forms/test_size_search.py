"""How many patients: the probit line through simulated powers and the need of a test, by formula."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, isnan, nan, sqrt
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.special import ndtr, ndtri

from simulator.questions.trial.sizes import size_search
from simulator.statistics.sizes import exact_proportions
from simulator.words.errors import BadInput

PRIMARY = SimpleNamespace(name="afs", outcome="amputation_free_survival", test="logrank", by_events=True)


def curve(sizes: list[float], powers: list[float]) -> pd.DataFrame:
    """A curve of power against size."""
    return pd.DataFrame({"patients": sizes, "power": powers})


def test_sizes_are_whole_blocks() -> None:
    """100 times .7, 1 and 1.25 in blocks of 8: 72, 104 and 128; two are the fewest, and none is tried twice."""
    assert size_search._sizes(100.0, (1.25, 0.7, 1.0), 8) == [72, 104, 128]
    assert size_search._sizes(1.0, (0.5, 1.0), 1) == [2]
    assert [size_search._rounded(size, 4) for size in (96.0, 96.0 + 1e-12, 96.1, 100.0)] == [96, 96, 100, 100]
    marked = SimpleNamespace(design=SimpleNamespace(block=4), marked=SimpleNamespace(patients=16))
    assert size_search.sizes_around(marked) == [8, 12, 16, 24, 32]  # type: ignore[arg-type]
    few = SimpleNamespace(design=SimpleNamespace(block=0), marked=SimpleNamespace(patients=4))
    assert size_search.sizes_around(few) == [4, 6, 8]  # type: ignore[arg-type]


def test_the_line_is_exact_for_a_normal_statistic() -> None:
    """Power Phi(.2 sqrt(n) - 1.96): 80% needs ((1.96 + .8416) / .2)^2 = 196.2 patients, wherever the curve was tried."""
    for sizes in ([100.0, 150.0], [50.0, 200.0, 320.0]):
        powers = [float(ndtr(0.2 * sqrt(n) - 1.96)) for n in sizes]
        assert size_search._solve(curve(sizes, powers), 0.8) == pytest.approx(((1.96 + ndtri(0.8)) / 0.2) ** 2)


def test_points_count_by_what_their_trials_tell() -> None:
    """Weights phi(y)^2 / (p (1 - p)): three points off a line are fitted as by hand."""
    sizes, powers = np.array([100.0, 144.0, 400.0]), np.array([0.5, 0.7, 0.99])
    x, y = np.sqrt(sizes), ndtri(powers)
    weight = np.exp(-(y**2)) / (powers * (1.0 - powers))
    slope, level = np.polyfit(x, y, 1, w=np.sqrt(weight))
    wanted = ((ndtri(0.8) - level) / slope) ** 2
    assert size_search._solve(curve(list(sizes), list(powers)), 0.8) == pytest.approx(wanted)


@pytest.mark.parametrize(
    ("powers", "found"),
    [
        ([1.0, 1.0], 50.0),  # half the smallest size is the next to be tried
        ([0.0, 0.0], None),
        ([0.0, 0.4], None),
        ([1.0, 0.4], None),
        ([0.6, 0.4], None),
        ([0.5, 0.5], None),
        ([0.9, 0.905], 1.0),  # even nobody would be enough
    ],
)
def test_curves_without_an_answer(powers: list[float], found: float | None) -> None:
    """All succeed, none does, the curve falls, or its line crosses the target below zero."""
    answer = size_search._solve(curve([100.0, 102.0], powers), 0.001 if found == 1.0 else 0.8)
    assert answer == found


def test_need_of_a_normal_statistic() -> None:
    """z of mean 1.5 and SD 1 with 100 patients: 100 ((1.96 + .8416) / 1.5)^2; limits at a mean 1.96 errors further and less."""
    z = np.array([0.5, 1.5, 2.5, nan])
    low, middle, high = size_search._normal_need(100, z, 0.025, 0.8)
    reach = -ndtri(0.025) + ndtri(0.8)
    assert middle == pytest.approx(100.0 * (reach / 1.5) ** 2)
    assert low == pytest.approx(100.0 * (reach / (1.5 + 1.96 / sqrt(3.0))) ** 2)
    assert high == pytest.approx(100.0 * (reach / (1.5 - 1.96 / sqrt(3.0))) ** 2)
    none = size_search._normal_need(100, np.array([-1.0, 1.0]), 0.025, 0.8)
    assert (none[1], none[2]) == (inf, inf)
    assert size_search._normal_need(100, np.array([0.5, 0.5]), 0.025, 0.8)[1] == pytest.approx(
        100.0 * (ndtri(0.975) / 0.5) ** 2
    )
    # The spread of the statistic counts, at the target's quantile; what is without end stands as six.
    wide = size_search._normal_need(100, np.array([0.0, inf]), 0.025, 0.9)[1]
    assert wide == pytest.approx(100.0 * ((-ndtri(0.025) + sqrt(18.0) * ndtri(0.9)) / 3.0) ** 2)


ARMS = (SimpleNamespace(allocation=1), SimpleNamespace(allocation=2))


def needs(rates: tuple[float, float], good: bool, null_rate: float | None = None, **changed: Any) -> Any:
    """`_exact_need` of trials with these rates in arms 0 and 1, a tenth of whom are missing."""
    usual = {"se": 0.02, "arms": ARMS, "arm": 1, "test": "fisher"}
    chosen = SimpleNamespace(**(usual | changed))
    endpoint = SimpleNamespace(null_rate=null_rate, good=good, test=chosen.test)
    columns = {
        "missing_at_end:x": np.array([0.1, 0.1]),
        "rate_0_at_end:x": np.array([rates[0] - 0.01, rates[0] + 0.01, nan]),
        "rate_1_at_end:x": np.array([rates[1], rates[1]]),
    }
    ready = SimpleNamespace(design=SimpleNamespace(arms=chosen.arms))
    return size_search._exact_need(ready, columns, "x", endpoint, chosen.arm, 0.025, 0.8, chosen.se)  # type: ignore[arg-type]


@pytest.mark.parametrize(("rates", "good"), [((0.2, 0.7), True), ((0.7, 0.2), False)])
def test_need_of_an_exact_test(rates: tuple[float, float], good: bool) -> None:
    """Fisher's test at the simulated rates, one to two, a tenth missing; the limits at rates 1.96 errors apart."""
    sign = 1.0 if good else -1.0
    wider = sign * 1.96 * 0.02 / 2.0
    exact = [
        exact_proportions.size("fisher", rates[0] - shift, rates[1] + shift, 0.025, 0.8, 2.0)
        for shift in (wider, 0.0, -wider)
    ]
    expected = [exact[0].first / 0.9, exact[1].first / 0.9, exact[2].stable / 0.9]
    assert needs(rates, good) == pytest.approx(expected)


def test_need_of_an_exact_test_of_three_arms_and_of_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """A third arm of three more for every one and two: twice as many in all; a single arm moves by the whole error."""
    asked = []

    def sizes(*question: Any) -> tuple[float, float]:
        asked.append(question)
        return 90.0, 99.0

    monkeypatch.setattr(size_search, "exact_sizes", sizes)
    three = (*ARMS, SimpleNamespace(allocation=3))
    assert needs((0.2, 0.6), True) == pytest.approx((100.0, 100.0, 110.0))
    assert needs((0.2, 0.6), True, arms=three) == pytest.approx((200.0, 200.0, 220.0))
    assert asked[4] == pytest.approx(("fisher", 0.2, 0.6, 0.025, 0.8, 2.0))
    del asked[:]
    one = needs((nan, 0.5), True, 0.3, arms=ARMS[:1], arm=0, test="exact_binomial")
    assert one == pytest.approx((100.0, 100.0, 110.0))
    assert [(test, p0) for test, p0, *_ in asked] == [("binomial", 0.3)] * 3
    assert [p1 for _, _, p1, *_ in asked] == pytest.approx([0.5392, 0.5, 0.4608])
    for arms in ((SimpleNamespace(allocation=2), SimpleNamespace(allocation=3)),):
        del asked[:]
        needs((0.2, 0.6), True, arms=arms)
        assert asked[0][5] == 1.5
    # Rates stay within what can be.
    del asked[:]
    needs((0.01, 0.99), True, se=0.1)
    assert asked[0][1:3] == (1e-6, 1.0 - 1e-6)


def test_no_effect_needs_endlessly_many(monkeypatch: pytest.MonkeyPatch) -> None:
    """Equal rates, or a difference in the wrong direction, or one smaller than its error at the upper limit."""
    assert needs((0.6, 0.2), True)[1:] == (inf, inf)
    assert needs((0.4, 0.4), True, se=nan) == (inf, inf, inf)
    low, middle, high = needs((0.2, 0.8), True, se=0.4)
    assert low < middle < high == inf

    def beyond(*_: Any) -> None:
        raise BadInput([])

    monkeypatch.setattr(size_search.exact_proportions, "size", beyond)
    assert size_search.exact_sizes("fisher", 0.5, 0.5001, 0.025, 0.8, 1.0) == (inf, inf)


def test_table_of_needs() -> None:
    """Estimate 2 of (1, 3, none), error 1; the smallest need stands first, and a posterior has none by formula."""
    plan = SimpleNamespace(alpha=0.05, sides=2, selection=None, enrichment=None, arms=ARMS)
    first = SimpleNamespace(outcome="tcpo2", test="t_test")
    second = SimpleNamespace(outcome="death", test="posterior")
    third = SimpleNamespace(outcome="walking_time", test="t_test")
    z = {"a": np.array([1.0, 2.0, nan]), "b": np.array([3.0, 3.0, 3.0]), "c": np.array([2.0, 4.0, 3.0])}
    columns = {f"z_at_end:{name}": values for name, values in z.items()} | {
        "estimate_at_end:a": np.array([1.0, 3.0, nan]),
        "estimate_at_end:b": np.array([nan, nan, nan]),
        "estimate_at_end:c": np.array([5.0, nan, nan]),
    }
    ready = SimpleNamespace(
        design=plan,
        marked=SimpleNamespace(patients=50),
        hypotheses=(("a", first, 1),),
        others=(("b", second, 1), ("c", third, 1)),
    )
    found = size_search.endpoint_table(ready, columns, 0.9)  # type: ignore[arg-type]
    assert list(found["endpoint"]) == ["c", "a", "b"]
    assert list(found.columns[-3:]) == ["patients", "low", "high"]
    by = found.set_index("endpoint")
    assert (by.estimate["a"], by.se["a"], by.estimate["c"]) == (2.0, pytest.approx(1.0), 5.0)
    assert isnan(by.se["c"]) and isnan(by.estimate["b"]) and isnan(by.patients["b"])
    assert by.not_estimable["a"] == pytest.approx(1.0 / 3.0)
    assert (by.power["a"], by.power["b"]) == (pytest.approx(1.0 / 3.0), 1.0)
    low, middle, high = size_search._normal_need(50, z["c"], 0.025, 0.9)
    assert (by.low["c"], by.patients["c"], by.high["c"]) == pytest.approx((low, middle, high))


def test_most_trials_of_a_search() -> None:
    """Six explorations of at most 400 trials each, the curve and the check."""
    assert size_search.most_trials(SimpleNamespace(trials=1_000)) == 6 * 400 + 2_000  # type: ignore[arg-type]
    assert size_search.most_trials(SimpleNamespace(trials=100)) == 6 * 100 + 200  # type: ignore[arg-type]


@dataclass(frozen=True)
class Plan:
    """A design at a size: z is its drift times the root of the size, and the luck of the trial."""

    design: Any
    marked: Any
    hypotheses: tuple[Any, ...] = (("afs", PRIMARY, 1),)
    others: tuple[Any, ...] = ()
    described: bool = True


class Trials:
    """As many trials as asked for, whose luck lies at the quantiles of a normal law; counts what is asked."""

    def __init__(self, trials: int, drift: float, asked: list[tuple[Any, ...]]) -> None:
        self.trials, self.drift, self.asked, self.seed = trials, drift, asked, 3
        arms = (SimpleNamespace(allocation=1),) * 2
        self.design = SimpleNamespace(
            **dict.fromkeys(("selection", "enrichment")),
            block=4,
            patients=100,
            alpha=0.025,
            sides=1,
            arms=arms,
            primary=PRIMARY,
        )

    def with_trials(self, trials: int) -> Trials:
        """The same with another number."""
        return Trials(trials, self.drift, self.asked)

    def conduct(self, patients: int) -> Plan:
        """The design at a size."""
        return Plan(self.design, SimpleNamespace(patients=patients))

    def truth(self, name: str) -> str:
        """The name."""
        return name

    def run(self, truth: str, conducts: list[Plan], advance: Any, first: int = 0) -> list[dict[str, Any]]:
        """z of every trial; trials of their own have other luck by a hair."""
        self.asked.append((self.trials, truth, [each.marked.patients for each in conducts], first))
        assert not any(each.described for each in conducts)
        advance(self.trials)
        luck = ndtri((np.arange(self.trials) + 0.5) / self.trials) + (1e-9 if first else 0.0)
        found = []
        for each in conducts:
            z = self.drift * sqrt(each.marked.patients) + luck
            found.append({"rejected:afs": z >= 1.96, "z_at_end:afs": z, "estimate_at_end:afs": z})
        return found


def test_a_search_finds_the_formulas_size() -> None:
    """z of .2 sqrt(n): 80% at 196.2 patients, the next block of four is 200; explored in 400 trials, checked in others."""
    asked: list[tuple[Any, ...]] = []
    steps: list[int] = []
    found = size_search.find_size(Trials(2_000, 0.2, asked), 0.8, "stated", advance=steps.append)  # type: ignore[arg-type]
    assert found.patients == 200 and found.target == 0.8 and found.note == ""
    assert found.checked[0] == pytest.approx(float(ndtr(0.2 * sqrt(200.0) - 1.96)), abs=1e-3)
    # 100 patients first: not as far as 196; then around 196.
    assert [(trials, sizes, first) for trials, _, sizes, first in asked[:2]] == [
        (400, [60, 100, 160], 0),
        (400, [120, 200, 316], 0),
    ]
    assert asked[2][:1] == (2_000,) and asked[2][2] == [140, 160, 180, 196, 216, 248]
    assert asked[3] == (2_000, "stated", [200], 2_000)
    assert {truth for _, truth, *_ in asked} == {"stated"}
    assert sum(steps) == size_search.most_trials(Trials(2_000, 0.2, asked))  # type: ignore[arg-type]
    # About 1.96 errors of a power of 80% on 2,000 trials, over the slope of the curve: half a dozen patients either way.
    assert 184 <= found.low < 200 < found.high <= 216
    assert list(found.curve["patients"]) == sorted(set(found.curve["patients"]))
    by = dict(zip(found.curve["patients"], found.curve["se"], strict=True))
    assert by[160] < by[120], "where a size was tried twice the larger number of trials counts"
    assert found.needs is not None and found.needs["patients"][0] == pytest.approx(196.2, abs=1.0)


def test_a_search_without_an_end() -> None:
    """No effect: the search goes as far as 20,000 patients and says that none is enough."""
    asked: list[tuple[Any, ...]] = []
    found = size_search.find_size(Trials(400, 0.0, asked), 0.8)  # type: ignore[arg-type]
    assert found.patients is None and np.isnan([found.low, found.high, *found.checked]).all()
    assert "20,000" in found.note and "0.8" in found.note and found.needs is None
    assert (
        asked[0][2][-1] == 160
        and asked[1][2] == [180, 300, 480]
        and max(sizes[-1] for _, _, sizes, _ in asked) == 15_628  # 12,500 times 1.25 in blocks of four
    )
    assert list(found.curve["patients"]) == sorted(set(found.curve["patients"]))


def test_a_search_begins_at_a_guess_and_ends_small() -> None:
    """A guess of 196 is explored once; a hundredfold effect ends at the fewest; no guess is larger than 12,500."""
    asked: list[tuple[Any, ...]] = []
    assert size_search.find_size(Trials(500, 0.2, asked), 0.8, guess=196.0).patients == 200  # type: ignore[arg-type]
    assert asked[0][2] == [120, 196, 316] and len(asked) == 3
    del asked[:]
    small = size_search.find_size(Trials(500, 5.0, asked), 0.8)  # type: ignore[arg-type]
    assert small.patients is not None and small.patients <= 8
    del asked[:]
    assert size_search.find_size(Trials(500, 0.02, asked), 0.8, guess=1e9).patients is not None  # type: ignore[arg-type]
    assert asked[0][2][-1] == 20_000
