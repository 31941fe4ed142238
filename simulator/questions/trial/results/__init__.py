"""What simulated trials show: operating characteristics, curves, estimands, data sets."""
