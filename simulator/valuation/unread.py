"""Numbers that are drawn although nothing reads them: a mistake, because their spread would look as if it counted.

A parameter that no line of the package names, and a column of the posterior that is no parameter, are refused.
Parameters that only other policies read are told in the report; naming one of them in an analysis is refused there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from simulator.evidence.distributions import limits
from simulator.evidence.former_names import known_instead
from simulator.evidence.hospitals import FIELDS
from simulator.evidence.posterior import POSTERIOR, posterior_table
from simulator.evidence.register import Register
from simulator.evidence.shipped import PACKAGE
from simulator.scenario.arrays import BY_VIEW, DEATH_LEVEL, SHARE
from simulator.scenario.scenario import Scenario
from simulator.valuation.values import COMMON_UTILITY, Values
from simulator.words.errors import BadInput, Problem, nearest
from simulator.words.vocabulary import ARTERIES, View

COMPOSED = frozenset(
    {f"{share}_{view.name.lower()}" for share in (*BY_VIEW, DEATH_LEVEL) for view in View}
    | {f"{artery}_share" for artery in ARTERIES}
    | {*FIELDS.values()}
)
"""Parameters whose names the code puts together, so that no line spells them out."""

ONLY_TELLS = ("cli/", "face/", "questions/verify/", "telling/")


@lru_cache(maxsize=1)
def named_in_code() -> frozenset[str]:
    """Every word of the package's sources, but of those that only show and check, and the names that it puts together."""
    files = (file for file in PACKAGE.rglob("*.py") if not file.relative_to(PACKAGE).as_posix().startswith(ONLY_TELLS))
    return COMPOSED.union(*(re.findall(r"[a-z]\w+", file.read_text("utf-8")) for file in files))


def unread_problems(register: Register) -> Iterator[Problem]:
    """What is drawn and read by no rule at all: parameters of the register, and columns of the posterior."""
    known = named_in_code() | register.of_therapies
    read = [name for name in register.names() if name in known]
    for parameter in register.parameters:
        low, high = limits(parameter)
        if low < high and parameter.name not in known:
            said = f"a parameter that some rule reads; {nearest(parameter.name, read)}"
            yield Problem("calibration/register", parameter.name, "drawn, but read by nothing", said)
    posterior = posterior_table()
    for name in () if posterior is None else posterior.columns:
        if name not in register:
            yield Problem(f"calibration/{POSTERIOR}", str(name), "drawn, but read by nothing", nearest(str(name), read))


def check_numbers(scenario: Scenario, values: Values) -> None:
    """Stop at numbers that are drawn and read by nothing, and at names of the two-way analysis that nothing has."""
    prices, states = values.perspective.prices.names(), values.utility_set.states.names()
    known = (SHARE, COMMON_UTILITY, *scenario.register.names(), *prices, *states)
    problems = list(unread_problems(scenario.register))
    focus = scenario.settings.economics.focus
    others = [name for name in scenario.compare if name != scenario.reference]
    if focus is not None and focus not in others:
        problems.append(Problem(f"{scenario.name}: [economics]", "focus", repr(focus), nearest(focus, others)))
    for name in scenario.settings.economics.two_way or ():
        if name not in known:
            problems.append(Problem(f"{scenario.name}: [economics]", "two_way", repr(name), known_instead(name, known)))
    if problems:
        raise BadInput(problems)
