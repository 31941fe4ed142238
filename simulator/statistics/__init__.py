"""Statistics of trials that know no patient: boundaries, sample sizes, and endpoint tests on many trials at once.

Endpoint tests take arrays of shape (trials, patients), so a simulator hands over all its trials in one call. Arm 1 is
always compared with arm 0, and a patient whose arm is negative takes no part.
"""
