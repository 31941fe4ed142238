"""Who described the methods by which a hospital's own people are read, as citations with a DOI."""

from __future__ import annotations

METHODS = (
    # Cumulative incidence with competing events.
    "Putter H, Fiocco M, Geskus RB. Stat Med 2007;26:2389-2430, doi 10.1002/sim.2712",
    # Ranking with competing events.
    "Wolbers M et al. Biostatistics 2014;15:526-539, doi 10.1093/biostatistics/kxt059",
    # Why the clinical parameters learn nothing from these people.
    "Plummer M. Stat Comput 2015;25:37-43, doi 10.1007/s11222-014-9503-z",
)
