"""The simulation as a model whose inputs are varied, and what comes out of it."""
