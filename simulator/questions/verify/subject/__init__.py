"""What is checked, and what a check is."""
