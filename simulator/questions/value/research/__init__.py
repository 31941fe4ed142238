"""What it is worth to know more: numbers, groups of them, and proposed trials."""
