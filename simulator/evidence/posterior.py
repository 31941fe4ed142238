"""The uncertainty of the clinical course: committed posterior draws of the fitted parameters, and the register for the rest.

`calibration/posterior.csv` has one row per joint draw and a column per fitted parameter; `clti calibrate` makes it. Every
probabilistic analysis takes its draws from here.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from simulator.evidence.distributions import mean, sample
from simulator.evidence.register import Register
from simulator.evidence.shipped import shipped
from simulator.words.errors import BadInput, Problem
from simulator.words.luck import seed_of

POSTERIOR = "posterior.csv"
SHARES = "attributable_share"
"""How the names of the shares of recovery begin that cells cause."""
FIRST_YEAR = "posterior_first_year.csv"
"""Joint draws given the first year of the founding cohort alone, in the form of `posterior.csv`; for the validation."""


@lru_cache(maxsize=4)
def posterior_table(path: Path | None = None) -> pd.DataFrame | None:
    """The joint draws of the fitted parameters, a row per draw; None where no calibration has been committed.

    Raises BadInput for values that are not finite numbers.
    """
    file = path or shipped("calibration") / POSTERIOR
    if not file.is_file():
        return None
    table = pd.read_csv(file, comment="#")
    wrong = [name for name in table.columns if not np.isfinite(pd.to_numeric(table[name], errors="coerce")).all()]
    if wrong:
        raise BadInput(Problem(file.name, name, "not a number", "finite numbers") for name in wrong)
    return table


def joint_names(register: Register) -> tuple[str, ...]:
    """Parameters of the register that the posterior draws jointly: the fitted ones that a user has not fixed."""
    table = posterior_table()
    return () if table is None else tuple(name for name in table.columns if name in register and register[name].fitted)


def posterior_rows(rows: int, n: int, seed: int) -> NDArray[np.int64]:
    """Which of a posterior's `rows` each of `n` draws takes, shape (n,).

    Every row once, in an order that the seed decides, then every row again in another order. Draw i is the same for
    every n > i.
    """
    passes = [
        np.random.Generator(np.random.Philox(np.random.SeedSequence([seed, number]))).permutation(rows)
        for number in range(-(-n // rows))
    ]
    return np.concatenate([np.zeros(0, np.int64), *passes])[:n]


def parameter_draws(register: Register, n: int, seed: int) -> NDArray[Any]:
    """`n` draws of every clinical parameter, as a structured array of the register's dtype.

    Fitted parameters come jointly from the posterior's rows in an order that the seed decides, without replacement until
    all are used (`spent` says so then), the offsets of a hospital from joint rows of their own, the others independently from
    their distributions. Draw i is the same for every n > i. Without a posterior all come from the register.
    """
    joint = joint_names(register)
    alone = [name for name in register.names() if name not in joint and name not in register.joint]
    draws = sample(register, n, seed, alone)
    if register.joint:
        of = len(next(iter(register.joint.values())))
        chosen = posterior_rows(of, n, seed_of(seed, "hospitals"))
        for name, values in register.joint.items():
            draws[name] = values[chosen]
    table = posterior_table()
    if table is not None:
        rows = posterior_rows(len(table), n, seed)
        for name in [name for name in joint if name not in register.joint]:
            draws[name] = table[name].to_numpy(dtype=np.float64)[rows]
    return draws


def central_values(register: Register) -> dict[str, float]:
    """What a deterministic analysis beside `parameter_draws` takes: the mean of every clinical parameter over its draws.

    Parameters that are fitted together keep their values of `fitted.toml`, the most central point of the posterior at which
    outcomes at one year are their posterior means, because at the means of all of them they are not. So do those drawn jointly
    with the offsets of a hospital. Shares of recovery that
    cells cause are drawn apart from the others and are at their means.
    """
    table, joint = posterior_table(), joint_names(register)
    found = {parameter.name: mean(parameter) for parameter in register.parameters}
    # A hospital's offsets lie where its point values put them, and with own counts the clinical parameters beside them.
    found |= {name: register[name].value for name in register.joint}
    if table is None:
        return found
    apart = {name: float(table[name].mean()) for name in joint if name.startswith(SHARES)}
    return found | {name: register[name].value for name in joint} | apart


def spent(register: Register, n: int) -> str | None:
    """What a report says where `n` draws use rows of the posterior more than once; None where they do not."""
    table, joint = posterior_table(), joint_names(register)
    if table is None or not joint or n <= len(table):
        return None
    # A share of recovery that no trial informs was drawn for each row anew, so that it makes no two rows independent.
    course = [name for name in joint if not name.startswith(SHARES)]
    distinct = len(table[course].drop_duplicates())
    return (
        f"The posterior of the fitted parameters is spent: its {len(table):,} rows ({distinct:,} different courses of the"
        f" disease) are used {n / len(table):.3g} times on average by {n:,} draws. Draws that share a row are not"
        " independent, so standard errors over draws are too small (that of assurance counts it); more draws do not tell"
        " more about the fitted parameters."
    )
