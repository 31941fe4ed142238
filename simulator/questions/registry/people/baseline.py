"""Who somebody was at the start: characteristics as the model has them, from what the cells say."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.evidence.reporting import divided
from simulator.questions.registry.export.fields import CKD, UMOL
from simulator.questions.registry.export.remarks import Remarks
from simulator.questions.registry.export.values import Values, first_known, missing
from simulator.rules.population.patient import COLUMNS
from simulator.rules.population.table import KINDS, OF_A_WOUND, Measure
from simulator.words.vocabulary import DAYS_PER_YEAR, Renal

Array = NDArray[np.float64]


def baseline(values: Values, line: int, remarks: Remarks) -> Array | None:
    """What a line tells of somebody, shape (columns of a patient,), NaN where unknown.

    None for whoever has no limb in danger. What cannot be is taken as unknown and remarked on.
    """
    at = values.at
    known: dict[str, float] = {}
    known["age"] = _age(values, line, remarks)
    known["male"] = first_known(at("sex", line), at("male", line))
    known["diabetes_years"] = at("diabetes_years", line)
    hearts = ("ischaemic_heart_disease", "prior_infarct", "prior_cabg", "prior_pci")
    known["ischaemic_heart_disease"] = _any_of(values, hearts, line)
    known["tcpo2_measured"] = at("tcpo2", line)
    known["right_limb"] = at("side", line)
    known["osteomyelitis"], known["heel"] = at("osteomyelitis", line), at("heel", line)
    known["small_ev"], known["angioplasty_suitable"] = at("small_ev", line), at("angioplasty_suitable", line)
    known["renal"] = _renal(values, line, known)
    severity = _rutherford(values, line)
    if severity is not None and severity < 4.0:
        remarks.drop("Rutherford 0 to 3 or without ischaemia that threatens the limb")
        return None
    known["rutherford"] = math.nan if severity is None else severity
    wagner, wifi = _grade(at("wagner", line)), _grade(at("wifi_infection", line))
    known["infection"] = first_known(
        at("infection", line), at("sinbad_bacteria", line), math.nan if math.isnan(wifi) else float(wifi >= 1),
        1.0 if wagner == 3 else math.nan,
    )  # fmt: skip
    known["gangrene"] = first_known(at("gangrene", line), 1.0 if wagner in {4, 5} else math.nan)
    pressure = at("ankle_pressure", line)
    if not missing(pressure):
        in_rest_pain, with_tissue_loss = divided("critical_ankle_pressure")
        limit = in_rest_pain if known["rutherford"] == 4.0 else with_tissue_loss
        known["ankle_pressure_low"] = float(pressure < limit)
    return _checked(known, values.row(line), remarks)


def _any_of(values: Values, names: Iterable[str], line: int) -> float:
    """1 if any is yes, 0 if all that are known are no, NaN if none is known."""
    known = [value for value in (values.at(name, line) for name in names) if not missing(value)]
    return math.nan if not known else float(any(value == 1.0 for value in known))


def _checked(known: dict[str, float], row: int, remarks: Remarks) -> Array:
    """The row of a patient; what cannot be is left out and named."""
    given = np.full(len(COLUMNS), np.nan)
    for name, value in known.items():
        if missing(value):
            continue
        kind = KINDS.get(name)
        if isinstance(kind, Measure) and not kind.low <= value <= kind.high:
            remarks.odd.append((row, f"{name} outside {kind.low:g} to {kind.high:g}, taken as unknown"))
            continue
        given[COLUMNS.index(name)] = value
    at = {name: COLUMNS.index(name) for name in ("age", "diabetes_years", "rutherford", *OF_A_WOUND)}
    if given[at["diabetes_years"]] > given[at["age"]]:
        remarks.odd.append((row, "more years of diabetes than of life, taken as unknown"))
        given[at["diabetes_years"]] = np.nan
    wounds = [name for name in OF_A_WOUND if given[at[name]] == 1.0]
    if given[at["rutherford"]] == 4.0 and wounds:
        remarks.odd.append((row, f"rest pain alone with {wounds[0]}: Rutherford class taken as unknown"))
        given[at["rutherford"]] = np.nan
    if given[COLUMNS.index("tcpo2_measured")] > 60.0:
        remarks.odd.append((row, "TcPO2 above 60 mmHg"))
    return given


def _age(values: Values, line: int, remarks: Remarks) -> float:
    age, born, begin = (values.at(name, line) for name in ("age", "birth_date", "index_date"))
    if not missing(born) and not missing(begin):
        if begin < born:
            remarks.wrong.append((values.row(line), "index_date", "before birth", "a date after birth"))
        return float((begin - born) / DAYS_PER_YEAR)
    return float(age)


def _renal(values: Values, line: int, known: dict[str, float]) -> float:
    at = values.at
    if at("dialysis", line) == 1.0:
        return float(Renal.DIALYSIS)
    stage, rate = at("ckd_stage", line), at("egfr", line)
    if not missing(stage):
        return float(CKD[stage]) if stage in CKD else math.nan
    creatinine, age, male = at("creatinine", line), known["age"], known["male"]
    if missing(rate) and not any(map(missing, (creatinine, age, male))) and creatinine > 0.0:
        rate = ckd_epi(creatinine / UMOL, age, male == 1.0)
    if missing(rate):
        return math.nan
    normal, moderate = divided("egfr_classes")
    return float(Renal.NORMAL if rate >= normal else Renal.MODERATE if rate >= moderate else Renal.SEVERE)


def _rutherford(values: Values, line: int) -> float | None:
    """Class 4 to 6; below 4 for somebody without threatening ischaemia; None where it cannot be told."""
    at = values.at
    direct = _grade(at("rutherford", line))
    if not math.isnan(direct):
        return direct
    wound, wagner, fontaine = (_grade(at(name, line)) for name in ("wifi_wound", "wagner", "fontaine"))
    if not math.isnan(wound):
        return (4.0, 5.0, 5.0, 6.0)[int(wound)] if 0 <= wound <= 3 else None
    if not math.isnan(wagner) and wagner >= 1:
        return 6.0 if wagner >= 5 else 5.0
    if not math.isnan(fontaine):
        # Nothing in stage IV tells whether it is class 5 or 6: `has_tissue_loss`.
        return 4.0 if fontaine == 3 else None if fontaine >= 4 else 0.0
    return None


def has_tissue_loss(values: Values, line: int) -> bool:
    """Whether a line without a class between 4 and 6 tells that tissue is lost: Fontaine stage IV is Rutherford 5 or 6."""
    return _grade(values.at("fontaine", line)) >= 4.0


def _grade(value: Any) -> float:
    """The number of a grade such as ``3a``."""
    return math.nan if missing(value) else float(str(value).rstrip("abcd") or "nan")


def ckd_epi(creatinine: float, age: float, male: bool) -> float:
    """eGFR (ml/min/1.73 m2) from creatinine (mg/dl) by the CKD-EPI equation of 2021, which knows no race.

    Its numbers and their source: `ckd_epi` in `calibration/reporting.toml`.
    """
    whole, k_women, k_men, a_women, a_men, above, of_age, women = divided("ckd_epi")
    k, a, factor = (k_men, a_men, 1.0) if male else (k_women, a_women, women)
    ratio = creatinine / k
    return float(whole * min(ratio, 1.0) ** a * max(ratio, 1.0) ** above * of_age**age * factor)
