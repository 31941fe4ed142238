"""Who pays, who gains, and where: budgets, subgroups, equity, severity."""
