"""Trials of simulated patients, or of stated rates: designs, their conduct, and what they find out.

The statistics that know no patient are in `simulator.statistics`.
"""
