"""`clti trace`: the story is the simulated life, and its budgets are those that decide it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cache
from math import inf
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import simulator as sim
from simulator.cli import app
from simulator.questions.story import Watched, watch
from simulator.questions.story.budgets import CAUSED_BY, background_hazard
from simulator.questions.story.finding import FATES, TYPICAL_OF, _commonest, _medoid, find, typical
from simulator.questions.story.findings import facts_of
from simulator.questions.story.moments import moments
from simulator.questions.story.watching import barred_by, first_difference
from simulator.run import simulate
from simulator.scenario import Scenario, load_scenario
from simulator.telling.page import texts, voice
from simulator.words.dates import story_date
from simulator.words.findings import Findings
from simulator.words.vocabulary import ARTERIES, Event, Renal

Clti = Callable[..., tuple[int, str, str]]
POLICIES = ("conservative", "protocol", "pta_act")
SOME = range(40)
SEED = 422285
"""Of the lives that are told to look at their sentences."""


@pytest.fixture
def clti(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Clti:
    """Run the command line in this process: exit code, standard output, standard error."""

    def run(*words: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["clti", *map(str, words)])
        with pytest.raises(SystemExit) as left:
            app.main()
        out, err = capsys.readouterr()
        return int(left.value.code or 0), out, err

    return run


@pytest.fixture(scope="module")
def lives() -> dict[tuple[str, int], Watched]:
    """Some lives of the referral population under three policies."""
    scenario = load_scenario()
    return {(policy, number): watch(scenario, policy, number, 1) for policy in POLICIES for number in SOME}


def test_the_story_is_the_simulated_life(lives: dict[tuple[str, int], Watched]) -> None:
    """Events and times are those of `simulate`, to the last bit; only procedures and their loss have names of their own there."""
    events = simulate(load_scenario(), POLICIES, patients=len(SOME), seed=1, events=True).events
    for (policy, number), life in lives.items():
        own = events[(events["policy"] == policy) & (events["patient"] == number)]
        assert [m.time for m in life.moments] == own["time_years"].tolist()
        named = zip(life.moments, own["event"].astype(str), strict=True)
        others = {m.event for m, name in named if m.event.name.lower() != name}
        assert others <= {Event.PROCEDURE, Event.REPEAT_PROCEDURE, Event.LOSS}


def test_an_event_comes_when_its_budget_is_spent(lives: dict[tuple[str, int], Watched]) -> None:
    """The budget of every event that came is spent then, to rounding, and no other budget is ever overspent."""
    for life in lives.values():
        for own in life.spending:
            assert (np.diff(own.times) >= 0).all()
            assert (np.diff(own.share) >= -1e-12).all()
            if own.happened is None:
                assert own.share[-1] < 1.0
            else:
                assert own.share[-1] == pytest.approx(1.0, abs=1e-9)
                assert own.times[-1] == own.happened


def test_every_clinical_event_has_its_budget(lives: dict[tuple[str, int], Watched]) -> None:
    """Nothing happens for which no budget was spent. Of deaths of the disease only those of ischaemia have one along the path."""
    for life in lives.values():
        wanted = {m.time for m in life.moments if m.event in CAUSED_BY or m.event is Event.BACKGROUND_DEATH}
        spent = {own.happened for own in life.spending if own.happened is not None}
        assert wanted <= spent
        assert spent - wanted <= {m.time for m in life.moments if m.event is Event.DISEASE_DEATH}


def test_budgets_are_drawn_anew_for_new_wounds_and_minor_amputations_only(
    lives: dict[tuple[str, int], Watched],
) -> None:
    """Each new wound brings a budget of healing and each minor amputation adds to it; both bring one of the next minor
    amputation; relief of rest pain adds to that of a new wound; all others last for life."""
    for life in lives.values():
        counts: dict[str, int] = {}
        for own in life.spending:
            counts[own.risk] = max(counts.get(own.risk, 0), own.occurrence)
        wounds = sum(m.event is Event.NEW_WOUND for m in life.moments) + (life.patient["rutherford"] > 4.5)
        closed = sum(m.event is Event.HEALED for m in life.moments) + (life.patient["rutherford"] < 4.5)
        removed = sum(m.event is Event.MINOR_AMPUTATION for m in life.moments)
        assert counts.pop("healing", 0) <= wounds + removed + (life.patient["rutherford"] < 4.5)
        relieved = sum(m.event is Event.PAIN_RELIEVED for m in life.moments)
        assert counts.pop("new wound", 0) <= closed + relieved
        assert removed <= counts.pop("minor amputation", removed) <= removed + wounds
        assert set(counts.values()) <= {1}


def test_budgets_belong_to_the_patient(lives: dict[tuple[str, int], Watched]) -> None:
    """The first budget of each risk is the same under every policy, but that of a new wound for the weeks in which none opens,
    in which perfusion says how much is spent."""
    for number in SOME:
        sizes: dict[str, float] = {}
        for policy in POLICIES:
            for own in lives[policy, number].spending:
                if own.occurrence == 1:
                    apart = abs(sizes.setdefault(own.risk, own.budget) - own.budget)
                    assert apart <= (0.02 if own.risk == "new wound" else 0.0)


def test_the_path_is_what_visits_measure(lives: dict[tuple[str, int], Watched]) -> None:
    """Visits scatter about the drawn path with the register's measurement error, within four standard errors."""
    errors = []
    for life in lives.values():
        for moment in life.moments:
            if moment.event is Event.VISIT and moment.tcpo2 > 0.0:
                true = np.interp(moment.time, life.times, life.path)
                if true > 20.0:
                    errors.append(moment.tcpo2 - true)
    sd = float(load_scenario().params()["measurement_sd"])
    assert len(errors) > 200
    assert abs(np.mean(errors)) < 4 * sd / np.sqrt(len(errors))
    assert np.std(errors) == pytest.approx(sd, rel=4 / np.sqrt(2 * len(errors)))


def test_background_hazard_is_the_life_tables_integral() -> None:
    """On a Gompertz law h = exp(a + b age) the hazard over 20 years is the closed integral, across the table's ages."""
    ages = np.array([50.0, 60.0, 70.0])
    found = background_hazard(55.0, 20.0, ages.tolist(), (-10.0 + 0.1 * ages).tolist())
    assert found == pytest.approx((np.exp(-10 + 7.5) - np.exp(-10 + 5.5)) / 0.1, rel=1e-12)


def test_whoever_is_not_treated_is_told_why(lives: dict[tuple[str, int], Watched]) -> None:
    """A criterion bars those whom the policy does not treat, but for limbs beyond salvage; dialysis is named where it does."""
    scenario = load_scenario()
    for number in SOME:
        life = lives["protocol", number]
        barred = barred_by(scenario, "protocol", life.patient)
        beyond = bool(life.life["beyond_salvage"])
        assert (bool(barred) or beyond) == (not life.life["treated"])
        assert ("dialysis" in barred) == (life.patient["renal"] == Renal.DIALYSIS)
        first = voice(story([life], scenario, number))("moment", moments(life, scenario)[0])
        assert first.startswith(
            ("Not treated",) if barred or beyond else ("First treatment", "No treatment with cells")
        )


def test_untreated_lives_are_the_same_under_both_policies(lives: dict[tuple[str, int], Watched]) -> None:
    """Without treatment nothing differs; otherwise the first difference is an event of either life."""
    for number in SOME:
        one, other = lives["conservative", number], lives["protocol", number]
        differ = first_difference(one, other)
        if not other.life["treated"]:
            assert differ == inf
        if differ < inf:
            assert differ in {m.time for m in (*one.moments, *other.moments)}


def test_lives_that_read_alike_are_not_told_to_differ(lives: dict[tuple[str, int], Watched]) -> None:
    """An event some hours earlier stands on the same day: no reader sees a difference, and none is announced."""
    one = next(life for (policy, _), life in lives.items() if policy == "conservative" and life.moments[-1].time > 0.5)
    place, last = len(one.moments) - 1, one.moments[-1]
    day = round(last.time * 365.25) / 365.25

    def ending(at: float) -> Watched:
        return replace(one, moments=(*one.moments[:place], last._replace(time=at)))

    if last.time < 2.0:
        assert first_difference(ending(day - 0.001), ending(day + 0.001)) == inf
        assert first_difference(ending(day), ending(day + 0.003)) == day
    assert [story_date(years) for years in (0.0, 1.9, 1.9999, 2.0, 3.149)] == [
        "day 0", "day 694", "day 730", "year 2.00", "year 3.15",
    ]  # fmt: skip
    assert first_difference(ending(3.141), ending(3.144)) == inf
    assert first_difference(ending(3.141), ending(3.146)) == 3.141


def test_no_visit_is_told_because_none_came_after_it(lives: dict[tuple[str, int], Watched]) -> None:
    """A visit of a month is one near to it; a visit a fortnight before would tell that the leg is lost before the next."""
    scenario, days = load_scenario(), set[int]()
    for number in SOME:
        told_of = moments(lives["conservative", number], scenario)
        days |= {round(365.25 * each["time"]) for each in told_of if each["kind"] == "visit" and each["time"] < 1.02}
    assert days == {30, 90, 180, 270, 360}


def test_a_fate_is_found_or_said_not_to_be() -> None:
    """The patient found is the first from the start on who has it."""
    scenario = load_scenario()
    number = find(scenario, ("conservative", "protocol"), "spared", 10, 1)
    assert number >= 10
    assert np.isfinite(watch(scenario, "conservative", number, 1).life["amputated_at"])
    assert not np.isfinite(watch(scenario, "protocol", number, 1).life["amputated_at"])
    people = simulate(scenario, ("protocol",), patients=500, seed=1, keep_patients=True).patients
    assert find(scenario, ("protocol",), "amputated", 0, 1) == people.index[people["amputated_at_years"].notna()][0]
    assert set(FATES) >= {"amputated", "died", "healed", "recovered", "spared"}


def test_a_story_without_a_number_is_a_typical_one() -> None:
    """Every fate has a patient of its own who has it, the same each time; the one without a fate is treated, and has neither
    the rare life of gangrene that closes within months without an operation, nor one of the few whose leg cells spare.
    """
    scenario, policies = load_scenario(), ("conservative", "protocol")
    numbers = {fate: typical(scenario, policies, fate, 1) for fate in (None, *FATES)}
    assert len(set(numbers.values())) == len(numbers)
    assert typical(scenario, policies, "died", 1) == numbers["died"]
    for seed in range(1, 6):
        people = simulate(scenario, policies, patients=TYPICAL_OF, seed=seed, keep_patients=True).patients
        first, last = (people[people["policy"] == policy].set_index("patient") for policy in policies)
        for fate, number in numbers.items() if seed == 1 else ():
            assert fate is None or FATES[fate](first, last)[number]
        number = typical(scenario, policies, None, seed)
        chosen, treated = last.loc[number], last[last["doses"] > 0]
        assert chosen["doses"] > 0
        assert treated["died_at_years"].quantile(0.1) < chosen["died_at_years"] < treated["died_at_years"].quantile(0.9)
        operated = chosen["minor_amputation_at_years"] < chosen["healed_at_years"]
        assert not (chosen["gangrene"] and chosen["healed_at_years"] < 0.25 and not operated)
        assert not FATES["spared"](first, last)[number]


def test_the_commonest_course_is_one_that_somebody_has() -> None:
    """Not that of what most have of each event, which nobody has here; of equals the one in which less happens first."""
    rows = np.array([[1, 0, 1], [0, 0, 0], [1, 1, 0], [0, 0, 0], [1, 1, 1]], bool)
    assert _commonest(rows).tolist() == [1, 3]
    assert _commonest(rows[2:]).tolist() == [1]
    assert _commonest(rows[[4, 2]]).tolist() == [1]


def test_the_medoid_has_the_least_distance_to_all() -> None:
    """Of points on a line it is the middle one, whatever their order; among some, the one that is nearest to all."""
    points = np.array([[0.9], [0.0], [0.4], [1.0], [0.3]])
    assert _medoid(points, np.arange(5)) == 2
    assert _medoid(points, np.array([1, 3, 0])) == 0


def test_trace_writes_story_figure_and_tables(tmp_path: Path, clti: Clti) -> None:
    """The folder has the story, its tables and figure; a second run writes the same bytes."""
    for name in ("one", "two"):
        code, out, _ = clti("trace", "--find", "spared", "--out", tmp_path / name)
        assert code == 0
        assert "Conservative care" in out
        assert "Published protocol" in out
    files = {file.name for file in (tmp_path / "one").iterdir()}
    assert files == {
        "story.txt", "events.csv", "budgets.csv", "path.csv", "spending.csv", "story.svg", "story.png", "report.html",
        "manifest.json",
    }  # fmt: skip
    for name in files - {"manifest.json"}:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes(), name
    events = pd.read_csv(tmp_path / "one" / "events.csv")
    assert list(events.columns) == ["policy", "time_years", "event", "tcpo2", "decided_on"]
    assert set(events["policy"]) == {"conservative", "protocol"}


def test_trace_tells_all_faults_at_once(tmp_path: Path, clti: Clti) -> None:
    """Exit code 2, one message, nothing written."""
    code, out, err = clti("trace", "--patient", -1, "--find", "spard", "--policy", "protocl", "--out", tmp_path / "out")
    assert code == 2
    assert out == ""
    for fault in ("--patient", "spard", "protocl"):
        assert fault in err
    assert not (tmp_path / "out").exists()


def test_every_shipped_policy_can_be_told() -> None:
    """No policy lacks a sentence for what it does, and every story ends in death or at the horizon."""
    scenario = load_scenario()
    for number in range(8):
        lives = [watch(scenario, policy, number, 2) for policy in scenario.policies]
        assert {life.moments[-1].event for life in lives} <= {
            Event.HORIZON, Event.BACKGROUND_DEATH, Event.DISEASE_DEATH, Event.POSTOPERATIVE_DEATH
        }  # fmt: skip
        text = texts(story(lives, scenario, number))["story.txt"]
        assert all(policy.label in text for policy in scenario.policies.values())
        assert "nan" not in text


def test_a_chart_says_why_nobody_treats() -> None:
    """A limb beyond salvage and a dying patient are told as such; the second minor amputation is a further one."""
    scenario, said = referrals(), set[str]()
    people = simulate(scenario, ("protocol",), patients=400, seed=SEED, keep_patients=True).patients.set_index(
        "patient"
    )
    # Few die in the first days: these are looked up, because a life that is told takes as long as thousands that are lived.
    for number in (*people.index[people["died_at_years"] < 14 / 365.25], *range(50)):
        life, lines, _ = telling("protocol", int(number))
        if (
            life.life["beyond_salvage"]
            and life.patient["rutherford"] > 4.5
            and not barred_by(scenario, "protocol", life.patient)
        ):
            assert "Not treated, because the limb is beyond salvage; receives conservative care." in lines
            said.add("beyond salvage")
        minor = [line for line in lines if "the wound stays open" in line]
        assert all(line.startswith("A further ") == (place > 0) for place, line in enumerate(minor))
        said |= {"further"} if len(minor) > 1 else set()
        first = life.life["died_at"] < life.life["amputated_at"]
        if life.life["treated"] and life.life["doses"] == 0 and first and life.life["died_at"] < 14 / 365.25:
            assert "No treatment with cells: the patient is dying." in lines
            said.add("dying")
    assert said == {"beyond salvage", "further", "dying"}


def story(lives: Sequence[Watched], scenario: Scenario, number: int) -> Findings:
    """What sentences need of a story, without its tables."""
    return Findings("trace", {}, facts_of(lives, scenario, number))


@cache
def referrals() -> Scenario:
    """The referral population."""
    return load_scenario()


@cache
def telling(policy: str, number: int) -> tuple[Watched, tuple[str, ...], Callable[..., str]]:
    """A life of the referral population, its sentences, and who tells them; each is made once."""
    found = story([life := watch(referrals(), policy, number, SEED)], referrals(), number)
    speak = voice(found)
    return life, tuple(speak("moment", each) for each in found.facts["lives"][0]["moments"]), speak


def told(policy: str, wanted: set[str]) -> Iterator[tuple[str, ...]]:
    """The sentences of one life after another, until each of the wanted beginnings was seen (or 400 lives were)."""
    seen = set[str]()
    for number in range(400):
        _, lines, _ = telling(policy, number)
        seen |= {each for each in wanted if any(line.startswith(each) for line in lines)}
        yield lines
        if seen == wanted:
            return
    raise AssertionError(f"never told: {wanted - seen}")


def test_nobody_measures_twice_on_a_day(lives: dict[tuple[str, int], Watched]) -> None:
    """No visit is told on the day of a decision, which has a measurement of its own; other visits are."""
    scenario, visits, decisions = load_scenario(), 0, 0
    for life in lives.values():
        each = moments(life, scenario)
        seen = [m["time"] for m in each if m["kind"] == "visit"]
        decided = [m["time"] for m in each if m["kind"] != "visit" and m.get("measured") is not None]
        assert all(abs(a - b) >= 1 / 366 for a in seen for b in decided)
        visits, decisions = visits + len(seen), decisions + len(decided)
    assert visits > 100
    assert decisions > 20


def test_a_measured_value_is_told_on_its_side_of_a_limit() -> None:
    """No third dose under a policy that stops at 40 mmHg is told with 40, as 39.6 would round: instruments show whole numbers."""
    people = simulate(referrals(), ("response_guided",), patients=150, seed=SEED, keep_patients=True).patients
    # Whoever has no third dose is not told of one, and telling a life takes as long as living thousands.
    thirds = [
        line
        for number in people.loc[people["doses"] > 2, "patient"]
        for line in telling("response_guided", int(number))[1]
        if "Third" in line
    ]
    values = [int(line.split(" mmHg")[0].rpartition(" ")[2]) for line in thirds]
    assert len(values) > 5
    assert max(values) < 40


def test_a_procedure_is_told_with_its_success_and_by_name_when_it_is_left_out() -> None:
    """An angioplasty that fails is said to, one that works is not; one planned again and not needed is named, and so is an
    arterialisation that a rise has made needless, while cells go on."""
    wanted = {"Angioplasty.", "Angioplasty, without success.", "No repeat angioplasty: the wound has healed."}
    assert not any("Angioplasty, with success" in line for lines in told("pta_act", wanted) for line in lines)
    risen = "No deep vein arterialisation: measured TcPO2 has risen by 5 mmHg or more."
    for lines in told("cells_then_arterialisation", {risen}):
        assert risen not in lines or not any("No further treatment" in line for line in lines[: lines.index(risen) + 1])


def test_a_death_days_after_an_operation_is_not_told_as_unrelated() -> None:
    """Within 30 days of a major amputation a chart says so and not that a death had nothing to do with it; later ones may."""
    within, later = 0, 0
    people = simulate(referrals(), ("conservative",), patients=120, seed=SEED, keep_patients=True).patients
    people = people[people["died_at_years"].notna()]
    near = people["died_at_years"] - people["amputated_at_years"] < 31 / 365.25
    others = people.loc[~near & (people["operations"] > 0), "patient"]
    for number in (*people.loc[near, "patient"], *others.iloc[:40]):
        life, (*_, last), _ = telling("conservative", int(number))
        died = life.life["died_at"]
        taken = [life.life[name] for name in ("amputated_at", "converted_at", "other_amputated_at")]
        since = died - max((t for t in taken if t <= min(died, 1e9)), default=1e9)
        if 0.0 <= since < 29 / 365.25:
            background = life.moments[-1].event is Event.BACKGROUND_DEATH
            cause = "a cause unrelated to the limb" if background else "vascular and diabetic disease"
            of_it = life.moments[-1].event is Event.POSTOPERATIVE_DEATH
            assert (
                "of the amputation." if of_it else f"within 30 days of the amputation [not of it but of {cause}]"
            ) in last
            within += 1
        elif since > 31 / 365.25:
            assert "within 30 days" not in last
            later += 1
    assert within > 0 and later > 20


def test_what_cells_would_add_does_not_hang_on_the_order_of_policies() -> None:
    """The hidden gain is told also where the last of the policies gives no cells, and not where none does."""
    scenario, told_of = load_scenario(), 0
    for number in range(15):
        protocol, none = (watch(scenario, policy, number, 1) for policy in ("protocol", "conservative"))
        gain = float(protocol.life["caused_gain"])
        for lives in ([protocol, none], [none, protocol]):
            hidden = voice(story(lives, scenario, number))("hidden")
            assert ("treatments would add" in hidden) == (gain > 0.0)
            assert gain <= 0.0 or f"would add {gain:.0f} mmHg" in hidden
        assert "would add" not in voice(story([none], scenario, number))("hidden")
        told_of += gain > 0.0
    assert 0 < told_of < 15


def test_a_rise_that_the_limb_does_not_live_to_see_is_told_as_such(lives: dict[tuple[str, int], Watched]) -> None:
    """A dose lets perfusion rise only in a limb that is there long enough; in another it would have."""
    scenario, seen = load_scenario(), {True: 0, False: 0}
    days = float(scenario.params()["recovery_days"])
    for (policy, number), life in lives.items():
        speak = voice(story([life], scenario, number))
        until = min(life.life["amputated_at"], life.life["died_at"])
        for each in moments(life, scenario):
            if each["kind"] == "dose" and each["rise"]:
                short = until < each["time"] + days / 365.25
                assert ("[It would raise TcPO2 by" in speak("moment", each)) == short, (policy, number)
                assert ("[It raises TcPO2 by" in speak("moment", each)) != short
                seen[bool(short)] += 1
    assert min(seen.values()) > 0


def test_twin_lives_are_told_by_what_was_given(lives: dict[tuple[str, int], Watched]) -> None:
    """Treatment is spoken of only where there was any; otherwise the lives are the same for want of it."""
    scenario, said = load_scenario(), set[tuple[bool, bool]]()
    for number in SOME:
        one, other = lives["conservative", number], lives["protocol", number]
        sentence = voice(story([one, other], scenario, number))("twin", "protocol")
        same = first_difference(one, other) == inf
        treated = other.life["doses"] > 0
        assert ("events differ" in sentence) == (not same)
        assert ("apart from the treatment itself" in sentence) == (same and treated)
        assert ("nothing more is given" in sentence) == (same and not treated)
        said.add((same, treated))
    assert {(False, True), (True, False)} <= said


def test_a_stop_is_told_with_the_rule_that_made_it() -> None:
    """Under clinical judgement a stop at 40 mmHg is called one, because others go on; a rule that always repeats stops at a
    limb that is plainly well and is never told with the 40 mmHg that it does not ask for."""

    def first(policy: str, end: str) -> str:
        lines = (line for lines in told(policy, {"never"}) for line in lines)
        return next(line for line in lines if line.startswith("TcPO2") and line.endswith(end))

    assert first("protocol", ", 40 or above: no further treatment, by clinical judgement.")
    assert first("response_guided", ", 40 or above: no further treatment.")
    measured = int(first("four_doses", "no further treatment, as the foot is well perfused.").split()[4])
    assert measured >= load_scenario().params()["judgement_never_tcpo2"]


def test_who_is_referred_is_told_with_what_decides_on_treatment() -> None:
    """Ankle pressure stands beside TcPO2, because a low one lets people in whose TcPO2 would not; a single artery is one, and
    rest pain is not called tissue loss."""
    seen = set[str]()
    for number in range(120):
        if len(seen) == 3:
            break
        life, (first, *_), speak = telling("protocol", number)
        opening = speak("opening")
        low = bool(life.patient["ankle_pressure_low"])
        assert f"ankle pressure was {'low' if low else 'not low'}." in opening
        if life.life["treated"] and life.patient["tcpo2_measured"] >= 30.0:
            assert low
            seen.add("let in by ankle pressure")
        count = sum(bool(life.patient[f"artery_{name}"]) for name in ARTERIES)
        assert ("Diseased artery: " in opening) == (count == 1)
        seen |= {"one artery"} if count == 1 else set()
        if life.patient["rutherford"] < 4.5:
            assert "the Rutherford category is below 5" in first
            assert "tissue loss" not in opening + first
            seen.add("rest pain")
    assert seen == {"let in by ankle pressure", "one artery", "rest pain"}


def test_losing_the_other_leg_is_told_to_end_walking() -> None:
    """Whoever walked until then is told to walk no more, whoever did not is not told again, and nobody walks afterwards."""
    told_of = {True: 0, False: 0}
    for lines in told(
        "conservative", {"The other leg is amputated.", "The other leg is amputated; no longer able to walk."}
    ):
        for place, line in enumerate(lines):
            if line.startswith("The other leg"):
                walks = "no longer able to walk" in line
                ends = [each.startswith(("Is no longer able", "The limb is lost")) for each in lines[:place]]
                again = [each.startswith("Walks") for each in lines[:place]]
                assert not walks or not any(ends) or any(again)
                assert not any(each.startswith(("Walks", "Is no longer able")) for each in lines[place + 1 :])
                told_of[walks] += 1
    assert min(told_of.values()) > 0


def test_policies_that_nobody_chose_are_no_change() -> None:
    """A story of the shipped base differs from it in nothing; policies that were named do."""
    assert sim.trace("base", patient=3).findings.facts["changes"] == []
    (change,) = sim.trace("base", patient=3, policies=["protocol", "conservative"]).findings.facts["changes"]
    assert change["key"] == "compare"
