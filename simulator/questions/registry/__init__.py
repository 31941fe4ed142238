"""A hospital's own patients: its registry's export read by a mapping, described, and set beside the model."""
