"""Discrete-event cohort simulation of care for no-option chronic limb-threatening ischaemia."""
