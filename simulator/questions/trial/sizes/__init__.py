"""How many patients, by simulation and by formula, and how that moves where a plan is wrong."""
