"""Predictions of registered trials, written down before their results are known, and scored when they are."""
