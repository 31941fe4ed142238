"""Simulated trials: what is true, who is recruited and lives, and finished trials kept."""
