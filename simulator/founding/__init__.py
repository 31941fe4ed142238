"""The founding cohort, lived and counted as it was published."""
