"""A published study re-enacted: its file, its people's lives, and what its estimators make of them."""
