"""Observed against expected, and how well risks and published scores order people."""
