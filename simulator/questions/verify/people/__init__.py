"""Checks of the parameters drawn, of people and of their luck."""
