"""What a look sees of a trial, and what each endpoint's test makes of it."""
