"""Trials that may stop early: boundaries, error spending, conditional power, estimates after a stop."""
