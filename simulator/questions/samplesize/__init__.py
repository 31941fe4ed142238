"""How many patients, or which power, by closed formulas and exact tests."""
