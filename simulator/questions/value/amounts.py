"""Every price and utility in force, with the evidence behind it."""

from __future__ import annotations

import pandas as pd

from simulator.evidence.distributions import mean, text
from simulator.questions.value.values import Values


def values_table(values: Values) -> pd.DataFrame:
    """Every price and utility in force with the evidence behind it: kind, name, label, value, mean (of its draws), unit,
    distribution, grade, source, note. Amounts are the payer's own."""
    rows = []
    for kind, register, names in (
        ("price", values.perspective.prices, values.price_names),
        ("utility", values.utility_set.states, values.utility_set.states.names()),
    ):
        for name in names:
            p = register[name]
            rows.append(
                {
                    "kind": kind,
                    "name": name,
                    "label": p.label,
                    "value": p.value,
                    "mean": mean(p),
                    "unit": p.unit,
                    "distribution": text(p.distribution),
                    "grade": p.grade,
                    "source": register.citations(name),
                    "note": p.note,
                }
            )
    return pd.DataFrame(rows)
