"""Tests and estimates of one endpoint in many trials at once.

Kept against lifelines and statsmodels, which agree (`tests/closed_forms/test_survival_tests.py` and its neighbours): they take
one trial at a time.
"""
