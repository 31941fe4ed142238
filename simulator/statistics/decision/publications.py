"""Who described the methods of decision analysis, as citations with a DOI."""

from __future__ import annotations

DECISION_RULES = "Johannesson M, Weinstein MC. J Health Econ 1993;12:459-467, doi 10.1016/0167-6296(93)90005-Y"
NET_BENEFIT = "Stinnett AA, Mullahy J. Med Decis Making 1998;18:S68-S80, doi 10.1177/0272989X98018002S09"
ACCEPTABILITY = "Fenwick E, Claxton K, Sculpher M. Health Econ 2001;10:779-787, doi 10.1002/hec.635"
EXPECTED_LOSS = "Alarid-Escudero F et al. Value Health 2019;22:611-618, doi 10.1016/j.jval.2019.02.008"
PARTIAL_INFORMATION = "Strong M, Oakley JE, Brennan A. Med Decis Making 2014;34:311-326, doi 10.1177/0272989X13505910"
SAMPLE_INFORMATION = (
    "Strong M, Oakley JE, Brennan A, Breeze P. Med Decis Making 2015;35:570-583, doi 10.1177/0272989X15575286"
)


def methods_cited(*, draws: bool, parameters: bool, study: bool = False) -> list[str]:
    """What a decision rests on: with `draws` its uncertainty, with `parameters` their information, with a `study` its worth."""
    found = [DECISION_RULES, NET_BENEFIT]
    found += [ACCEPTABILITY, EXPECTED_LOSS] * draws
    return found + [PARTIAL_INFORMATION] * parameters + [SAMPLE_INFORMATION] * study
