"""The people of an export: who they were, what became of them, and what may be shown of few."""
