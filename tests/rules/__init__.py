"""One rule, one small situation, one expected life: what a clinician could read and work out again by hand."""
