"""What is wrong with a therapy's file that its keys cannot tell one by one: numbers, prices and charges that do not fit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

from simulator.evidence.parameter import Parameter
from simulator.evidence.therapies.therapy_numbers import DIRECT, RISES, of_view

Fault: TypeAlias = tuple[str, str, str]
"""Key, value and what was allowed."""

MULTIPLIERS = ("hours", "share", "ratio", "per year")
"""Units of what multiplies a price and is none."""
MOST_REPEATED = 4.0
"""Times that a therapy may be done in one limb: what a life has room for."""
NEEDS: Mapping[str, tuple[str, ...]] = {
    "rise_days": RISES,
    "rise_sd": ("rise",),
    "plateau_sd": ("plateau",),
    "loss_days": ("loss_rate",),
    "loss_shape": ("loss_rate",),
    "loss_share": ("loss_rate",),
    "repetition": ("loss_rate",),
    "most": ("repetition",),
    "effect_days": (*DIRECT, "death_hr"),
    "course_days": ("sessions",),
    "completion": ("sessions",),
    "success_or_dialysis": ("success",),
    "success_or_severe": ("success",),
    "complication_utility_loss": ("complication_utility_loss_days",),
    "complication_utility_loss_days": ("complication_utility_loss",),
    "utility_loss": ("utility_loss_days",),
    "utility_loss_days": ("utility_loss",),
}
"""Number -> those without one of which it says nothing."""


def combination_faults(raw: Mapping[str, Any], numbers: Mapping[str, Parameter]) -> Iterator[Fault]:
    """Faults of a therapy's table as written, and of its `numbers` as far as they could be read."""
    written = raw.get("numbers", {})
    used = {of_view(str(key))[0] for key in written} if isinstance(written, Mapping) else set()
    yield from _of_channels(raw, used)
    for key, others in NEEDS.items():
        if key in used and not used.intersection(others):
            yield f"numbers.{key}", "without what it is about", " or ".join(others) + " beside it"
    if "complication_utility_loss" in used and "complication" not in used:
        yield "numbers.complication_utility_loss", "without what it is about", "complication beside it"
    if "lost" in raw and "loss_rate" not in used:
        yield "lost", "without what it is about", "numbers.loss_rate beside it"
    most = numbers.get("most")
    if most is not None and most.range[1] > MOST_REPEATED:
        yield "numbers.most.range", f"{most.range[1]:g}", f"at most {MOST_REPEATED:g}: a life has room for so many"
    yield from _of_money(raw, used)


def _of_channels(raw: Mapping[str, Any], used: set[str]) -> Iterator[Fault]:
    """One effect acts once: through TcPO2 or by a direct ratio, on a limb that is kept."""
    rises, ratios = [k for k in RISES if k in used], [k for k in DIRECT if k in used]
    why = str(raw.get("both_channels", "")).strip()
    if len(rises) > 1:
        yield "numbers.rise", "beside plateau", "one of the two: where TcPO2 ends, or how far it rises"
    if rises and ratios and not why:
        allowed = (
            f"no {' or '.join(rises)} beside it, because the effect would count twice; or both_channels = 'why both'"
        )
        for key in ratios:
            yield f"numbers.{key}", "a second channel for one effect", allowed
    if why and not (rises and ratios):
        yield "both_channels", "without what it is about", "a rise or plateau beside a direct ratio, or no such key"
    if rises and "rise_days" not in used:
        yield "numbers.rise_days", "missing", f"required by {rises[0]}"
    if rises and "loss_rate" in used and "loss_days" not in used:
        yield "numbers.loss_days", "missing", "required by loss_rate beside a rise"
    if "major_amputation" in used and (rises or ratios or "repetition" in used):
        yield "numbers.major_amputation", "of a limb that is also treated", "no rise, ratio or repetition beside it"


def _of_money(raw: Mapping[str, Any], used: set[str]) -> Iterator[Fault]:
    """Every charge is of something that happens, in money; every price is charged."""
    written = raw.get("prices", {})
    prices: Mapping[str, Any] = written if isinstance(written, Mapping) else {}
    units = {name: table.get("unit") for name, table in prices.items() if isinstance(table, Mapping)}
    named: set[object] = set()
    charges = raw.get("charges", [])
    for place, charge in enumerate(charges if isinstance(charges, list | tuple) else ()):
        if not isinstance(charge, Mapping):
            continue
        where, per, price = f"charges[{place + 1}]", charge.get("per", "procedure"), charge.get("price")
        multiplied = charge.get("times", ())
        times = [each for each in multiplied if isinstance(each, str)] if isinstance(multiplied, list | tuple) else []
        named |= {price, *times} if isinstance(price, str) else set(times)
        if per == "complication" and "complication" not in used:
            yield f"{where}.per", repr(per), "numbers.complication beside it"
        if raw.get("kind", "procedure") != "procedure" and per == "limb":
            yield f"{where}.per", repr(per), "procedure, session or complication for cells"
        if isinstance(price, str) and units.get(price) in MULTIPLIERS:
            yield f"{where}.price", repr(price), f"a price in money; in {units[price]} it may only stand in times"
        for each in times:
            if each in units and units[each] not in MULTIPLIERS:
                yield f"{where}.times", repr(each), f"what multiplies a price, in {', '.join(MULTIPLIERS)}"
    for price in prices:
        if price not in named:
            yield f"prices.{price}", "charged for nothing", "a [[charges]] table that names it"
