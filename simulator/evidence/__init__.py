"""The evidence behind the model: parameters with their sources, life tables, prices and utilities."""

from __future__ import annotations

from simulator.evidence.life_table import LifeTable, load_life_table
from simulator.evidence.parameter import GRADES, Parameter
from simulator.evidence.register import Register, load_register
from simulator.evidence.shipped import shipped
from simulator.evidence.sources import Source, citation, load_sources

__all__ = [
    "GRADES",
    "LifeTable",
    "Parameter",
    "Register",
    "Source",
    "citation",
    "load_life_table",
    "load_register",
    "load_sources",
    "shipped",
]
