"""Checks of outcomes, ledgers, money and the directions in which they move."""
