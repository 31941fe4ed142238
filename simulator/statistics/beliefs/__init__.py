"""Rates believed before a trial: beta mixtures, earlier controls, Bayesian rules."""
