"""Decision analysis of costs and effects per draw, whoever made them; knows no simulation.

Kept against heormodel 0.7.4, which agrees (`tests/test_decision.py`): it has no errors, corrects no bias of EVPPI, gives a tie
to the first option, and names nobody who dominates.
"""
