"""A policy as its file writes it: who is treated, with what, how often. Without any key nothing is done."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal, TypeAlias

from pydantic import BeforeValidator, Field

from simulator.evidence.reading import Frozen
from simulator.evidence.therapies.therapy import CELLS
from simulator.rules.pathway.life import MOST_STEPS
from simulator.scenario.limits import Age, Days, Doses, Interval, Percent, Probability, Tcpo2
from simulator.words.label import Label

Fault: TypeAlias = tuple[str, object, str]
"""Key, value and what was allowed."""


class Criteria(Frozen):
    """Who may enter a study or be treated. TcPO2 is the measured value; without any key everybody may.

    A low ankle pressure stands in for `tcpo2_below` where `ankle_pressure_counts`.
    """

    tcpo2_at_least: Tcpo2 = 0.0
    tcpo2_below: Tcpo2 | None = None
    ankle_pressure_counts: bool = False
    age_at_least: Age = 0.0
    age_below: Age | None = None
    rutherford_at_least: Literal[4, 5, 6] = 4
    rutherford_at_most: Literal[4, 5, 6] = 6
    severe_renal: bool = True
    dialysis: bool = True
    angioplasty_suitable: Literal["any", "yes", "no"] = "any"
    beyond_salvage: bool = True

    def faults(self) -> Iterator[Fault]:
        """Limits that nobody can meet."""
        if self.tcpo2_below is not None and self.tcpo2_at_least >= self.tcpo2_below:
            yield "tcpo2_at_least", self.tcpo2_at_least, f"below tcpo2_below = {self.tcpo2_below:g}"
        if self.age_below is not None and self.age_at_least >= self.age_below:
            yield "age_at_least", self.age_at_least, f"below age_below = {self.age_below:g}"
        if self.rutherford_at_least > self.rutherford_at_most:
            yield "rutherford_at_least", self.rutherford_at_least, f"at most {self.rutherford_at_most}"


def stricter(one: Criteria, other: Criteria) -> Criteria:
    """Criteria that only those meet who meet both."""
    capped = [each for each in (one, other) if each.tcpo2_below is not None]
    lowest = min(capped, key=lambda each: each.tcpo2_below or 0.0, default=None)
    ages = [each.age_below for each in (one, other) if each.age_below is not None]
    suitable = one.angioplasty_suitable if other.angioplasty_suitable == "any" else other.angioplasty_suitable
    return Criteria(
        tcpo2_at_least=max(one.tcpo2_at_least, other.tcpo2_at_least),
        tcpo2_below=None if lowest is None else lowest.tcpo2_below,
        ankle_pressure_counts=bool(capped) and all(each.ankle_pressure_counts for each in capped),
        age_at_least=max(one.age_at_least, other.age_at_least),
        age_below=min(ages) if ages else None,
        rutherford_at_least=max(one.rutherford_at_least, other.rutherford_at_least),
        rutherford_at_most=min(one.rutherford_at_most, other.rutherford_at_most),
        severe_renal=one.severe_renal and other.severe_renal,
        dialysis=one.dialysis and other.dialysis,
        angioplasty_suitable=suitable,
        beyond_salvage=one.beyond_salvage and other.beyond_salvage,
    )


class Start(Frozen):
    """When something starts after what came before: `after` a therapy of the policy, or after its ``cells``.

    ``loss``: when what the therapy gained is lost. ``no_response``: when `wait_days` after its first treatment measured
    TcPO2 is not at least `rise_below` above what it was at referral.
    """

    after: str
    when: Literal["no_response", "loss"]
    rise_below: Tcpo2 | None = None


class Step(Frozen):
    """A therapy that the policy gives beside or instead of cells, at referral or after something else.

    It waits as long as the first dose unless `wait_days` says otherwise.
    """

    therapy: str
    wait_days: Days | None = None
    start: Start | None = None


def _as_steps(value: object) -> object:
    """A list of therapies, each a name or a table, as the tuple of tables that frozen models hold."""
    if not isinstance(value, list | tuple):
        return value
    return tuple({"therapy": each} if isinstance(each, str) else each for each in value)


Steps: TypeAlias = Annotated[tuple[Step, ...], BeforeValidator(_as_steps), Field(max_length=MOST_STEPS)]


class CellTherapy(Frozen):
    """Up to `doses` of a product by a route, the first after `waiting_days` (0: on the day of enrolment)."""

    doses: Doses = 0
    interval_days: Interval | None = None
    waiting_days: Days = 0.0
    product: str = "pbmnc"
    route: str = "intramuscular"
    start: Start | None = None


class RepeatDose(Frozen):
    """When a further dose is given: always, by clinical judgement, or until measured TcPO2 reaches a value."""

    rule: Literal["always", "clinical_judgement", "until_tcpo2"] = "always"
    stop_at_tcpo2: Tcpo2 | None = None


class Selection(Frozen):
    """A test that decides who of the eligible is treated.

    `threshold` (% of vesicles) is the lowest level of small vesicles that counts as high. `sensitivity` and
    `specificity` are the test's for that level, or for thrombophilia; not for response.
    """

    marker: Literal["none", "small_ev", "thrombophilia"] = "none"
    threshold: Percent | None = None
    sensitivity: Probability = 1.0
    specificity: Probability = 1.0
    treat: Literal["positive", "negative"] = "positive"
    note: str = ""


class Policy(Frozen):
    """One option of the comparison. Everybody whom it does not treat has conservative care."""

    extends: str | None = None
    label: Label = ""
    description: str = ""
    note: str = ""
    eligibility: Criteria = Criteria()
    cell_therapy: CellTherapy = CellTherapy()
    repeat: RepeatDose = RepeatDose()
    therapies: Steps = ()
    selection: Selection = Selection()

    def faults(self) -> Iterator[Fault]:
        """What the keys cannot tell one by one."""
        for key, value, allowed in self.eligibility.faults():
            yield f"eligibility.{key}", value, allowed
        if self.cell_therapy.doses > 1:
            if self.cell_therapy.interval_days is None:
                yield "cell_therapy.interval_days", "missing", "required, because more than one dose may be given"
            if self.repeat.rule != "always" and self.repeat.stop_at_tcpo2 is None:
                yield "repeat.stop_at_tcpo2", "missing", f"required by the rule {self.repeat.rule!r}"
        yield from self._faults_of_starts()
        if self.selection.marker == "small_ev" and self.selection.threshold is None:
            yield "selection.threshold", "missing", "required by the marker 'small_ev'"

    @property
    def given(self) -> tuple[str, ...]:
        """Names of the therapies beside cells, in the policy's order."""
        return tuple(step.therapy for step in self.therapies)

    @property
    def treats(self) -> bool:
        """Whether it gives anything."""
        return self.cell_therapy.doses > 0 or bool(self.therapies)

    def without_treatment(self) -> Policy:
        """The same policy, but that it gives nothing."""
        cells = self.cell_therapy.model_copy(update={"doses": 0, "start": None})
        return self.model_copy(update={"cell_therapy": cells, "therapies": ()})

    def _faults_of_starts(self) -> Iterator[Fault]:
        """Steps that come twice, and what follows something that the policy does not have, or itself."""
        cells = (CELLS,) if self.cell_therapy.doses > 0 else ()
        starts = [("cell_therapy", CELLS, self.cell_therapy.start)] if cells else []
        starts += [(f"therapies.{step.therapy}", step.therapy, step.start) for step in self.therapies]
        for place, name in enumerate(self.given):
            if name in self.given[:place]:
                yield "therapies", name, "each therapy once; how often it is repeated is its own"
        for key, name, start in starts:
            if start is None:
                continue
            others = [other for other in (*cells, *self.given) if other != name]
            if start.after not in others:
                allowed = f"what the policy gives besides: {', '.join(others) or 'nothing'}"
                yield f"{key}.start.after", start.after, allowed
            if (start.rise_below is None) == (start.when == "no_response"):
                allowed = "a value in mmHg with when = 'no_response', and only then"
                yield f"{key}.start.rise_below", start.rise_below, allowed
            if start.after == CELLS and start.when == "loss":
                yield f"{key}.start.when", start.when, "'no_response': cells are not lost at one time"
        after = {name: start.after for _, name, start in starts if start is not None}
        for key, name, start in starts:
            seen, here = set(), name
            while here in after and here not in seen:
                seen.add(here)
                here = after[here]
            if start is not None and here == name and here in seen:
                yield f"{key}.start.after", start.after, "something that does not wait for it in turn"
