"""Closed forms of statistics and economics, each with numbers worked out by hand."""
