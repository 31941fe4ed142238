"""Checks of events: each against its law, in closed form or by another calculation."""
