"""The words of the model: states, risks, events and streams of luck.

Numbers are part of saved results and of the random draws, so every list here is append-only; a test pins them. `Risk` and
`Death` alone are neither, and only say who wins a tie.
"""

from __future__ import annotations

from enum import IntEnum


class Stream(IntEnum):
    """Streams of a patient's luck. The draw of one stream never depends on another."""

    AGE = 0
    SEX = 1
    DIABETES_YEARS = 2
    ISCHAEMIC_HEART_DISEASE = 3
    INFECTION = 4
    OSTEOMYELITIS = 5
    HEEL = 6
    SIDE = 7
    TCPO2 = 8
    SCREENING_ERROR = 9
    ANKLE_PRESSURE = 10
    RENAL = 11
    RUTHERFORD = 12
    LEIDEN = 13
    MTHFR = 14
    EV_CLASS = 15
    EV_LEVEL = 16
    ANGIOPLASTY_SUITABLE = 17
    VESSEL_FACTOR = 18
    VESSEL = 19
    """Occurrence = site."""
    RESPONSE = 20
    RESPONSE_DOSE = 21
    GAIN = 22
    JUDGEMENT = 23
    """Occurrence = dose decided upon."""
    DECISION_ERROR = 24
    """Measurement error when a repeat dose is decided; occurrence = dose decided upon."""
    LAST_ERROR = 25
    """Measurement error of the TcPO2 after the last treatment."""
    VISIT_ERROR = 26
    """Occurrence = visit."""
    MARKER_TEST = 27
    BACKGROUND_DEATH = 28
    HEALING = 29
    """Occurrence = wound."""
    MINOR_AMPUTATION = 30
    """Occurrence = 100 times the wound, and minor amputations of it so far."""
    MAJOR_AMPUTATION = 31
    DISEASE_DEATH = 32
    RECURRENCE = 33
    """Occurrence = wound."""
    STUMP_HEALING = 34
    """Occurrence = major operation."""
    CONVERSION = 35
    POSTOPERATIVE_DEATH = 36
    """Occurrence = major operation."""
    AMPUTATION_LEVEL = 37
    WALKING = 38
    """Occurrence = major operation."""
    PROCEDURE_SUCCESS = 39
    """Of any procedure, as the next three; occurrence = therapy's luck and how often it was done."""
    PROCEDURE_RISE = 40
    PROCEDURE_LOSS = 41
    PROCEDURE_REPETITION = 42
    ARRIVAL = 43
    """Waiting time between referrals, where a resource is shared."""
    ENTRY_DATE = 44
    DROP_OUT = 45
    ARM = 46
    """Occurrence 0: the arm; 1: whether a control patient crosses over; 2: the coin of minimisation; 3: who learns the arm; 4:
    what is reported out of expectation."""
    GANGRENE = 47
    TABLE_ROW = 48
    """Which of a table's patients a trial recruits."""
    FRAILTY = 49
    WALKING_AT_REFERRAL = 50
    WALKING_LOSS = 51
    EXCESS_DEATH = 52
    BEYOND_SALVAGE = 53
    MINOR_AMPUTATION_SUCCESS = 54
    """Occurrence as of minor amputation."""
    NEW_WOUND_CLASS = 55
    """Occurrence = wound."""
    NEW_WOUND_INFECTION = 56
    """Occurrence = wound."""
    NEW_WOUND_GANGRENE = 57
    """Occurrence = wound."""
    OTHER_LIMB = 58
    DIALYSIS_START = 59
    COMPLETION = 60
    """Whether a course is completed; occurrence = therapy's luck and its number, as for all procedures."""
    PROCEDURAL_DEATH = 61
    PRIMARY_AMPUTATION = 62
    MINOR_WITH = 63
    """A minor amputation done with a procedure."""
    RESPONSE_ERROR = 64
    """Measurement error when a step waits for the one before to fail; occurrence = step."""
    GIVEN_COURSE = 65
    """What is open in the observed course of a real person: when within an interval, and wounds that nobody recorded."""
    DIALYSIS_DEATH = 66


class Risk(IntEnum):
    """Competing risks that change with perfusion, each with a budget of its own. The order breaks ties: the earlier wins."""

    EXCESS_DEATH = 0
    MAJOR_AMPUTATION = 1
    MINOR_AMPUTATION = 2
    HEALING = 3
    RECURRENCE = 4


class Death(IntEnum):
    """Deaths whose time does not depend on the limb's perfusion, so that it is settled ahead."""

    BACKGROUND = -1
    DISEASE = -2
    POSTOPERATIVE = -3


class Event(IntEnum):
    """What an event history can hold.

    Ties are broken so: clinical events before planned care; background death before the competing risks; among
    risks the order of `Risk`; among planned care the order of `planned_care`; visits last.
    """

    REFERRAL = 0
    BACKGROUND_DEATH = 1
    DISEASE_DEATH = 2
    POSTOPERATIVE_DEATH = 3
    BELOW_KNEE_AMPUTATION = 4
    ABOVE_KNEE_AMPUTATION = 5
    CONVERSION = 6
    MINOR_AMPUTATION = 7
    HEALED = 8
    STUMP_HEALED = 9
    NEW_WOUND = 10
    WALKS = 11
    PROCEDURE = 12
    LOSS = 13
    REPEAT_PROCEDURE = 14
    DOSE = 15
    STOPS_TREATMENT = 16
    VISIT = 17
    HORIZON = 18
    CROSSES_OVER = 19
    """To another arm's policy, or asked whether to; in trials only."""
    PAIN_RELIEVED = 20
    """Rest pain, in a limb without a wound."""
    WALKS_NO_MORE = 21
    """For good, whatever becomes of the limb."""
    OTHER_LIMB_AMPUTATION = 22
    """Major amputation of the leg that was not referred."""
    STARTS_DIALYSIS = 23
    PROCEDURAL_DEATH = 24
    EFFECT_ENDS = 25
    """The direct hazard ratios of a therapy."""


class Wound(IntEnum):
    """The wound of the index limb (or of its stump)."""

    NONE = 0
    """Rest pain without tissue loss."""
    OPEN = 1
    HEALED = 2
    RECURRED = 3


class Limb(IntEnum):
    """What is left of the index limb."""

    INTACT = 0
    MINOR_AMPUTATION = 1
    BELOW_KNEE = 2
    ABOVE_KNEE = 3


class State(IntEnum):
    """Health states in which the ledger counts time."""

    REST_PAIN = 0
    ULCER = 1
    SEVERE_ULCER = 2
    """Rutherford 6, or infected."""
    RECURRENT_ULCER = 3
    HEALED = 4
    HEALED_AFTER_MINOR = 5
    BELOW_KNEE = 6
    BELOW_KNEE_WALKING = 7
    ABOVE_KNEE = 8
    ABOVE_KNEE_WALKING = 9


class Renal(IntEnum):
    """Renal class."""

    NORMAL = 0
    MODERATE = 1
    SEVERE = 2
    DIALYSIS = 3


class Marker(IntEnum):
    """Biomarkers a policy can select on."""

    NONE = 0
    SMALL_EV = 1
    THROMBOPHILIA = 2


class Repeat(IntEnum):
    """Rules for giving a further dose."""

    ALWAYS = 0
    CLINICAL_JUDGEMENT = 1
    UNTIL_TCPO2 = 2


class Start(IntEnum):
    """When a therapy of a policy starts."""

    REFERRAL = 0
    NO_RESPONSE = 1
    """Where what came before did not raise TcPO2."""
    LOSS = 2
    """When what came before is lost."""


class View(IntEnum):
    """Evidence views on how much of the recovery is caused by cell therapy."""

    SCEPTICAL = 0
    CENTRAL = 1
    OPTIMISTIC = 2


DAYS_PER_YEAR = 365.25
ARTERIES = (
    "iliac",
    "common_femoral",
    "profunda",
    "superficial_femoral",
    "popliteal",
    "tibioperoneal_trunk",
    "anterior_tibial",
    "peroneal",
    "posterior_tibial",
    "pedal",
    "plantar",
)
