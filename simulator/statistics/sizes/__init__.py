"""Sample sizes and power by formula and by enumeration.

Kept against statsmodels, which agrees where it has the same (`tests/test_samplesize.py`): it has none for survival, for two
stages, or for win ratios.
"""
