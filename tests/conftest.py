"""What all tests share: property tests draw the same examples every time, so that a failure is a fact and not a chance."""

from hypothesis import settings

settings.register_profile("repeatable", derandomize=True)
settings.load_profile("repeatable")
