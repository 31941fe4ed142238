"""Several hypotheses at once, and stages of a trial put together."""
