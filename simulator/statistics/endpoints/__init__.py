"""Tests and estimates of one endpoint in many trials at once."""
