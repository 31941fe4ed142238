"""Sizes at which a hospital's own counts are read quickly: `simulator.centre.own` has those that users wait for."""

FEW_LIVES = {"PARTICLES": 6, "LIVES": 60, "POINTS": 16, "ATOMS": 400, "ROWS": 200}
