"""Made-up exports with known truth, for tests and the tutorial."""
