"""Fitting the free parameters to the founding cohort and the randomised contrasts."""
