"""From simulated lives to money and health: what is charged, and what a year is worth."""
