"""What numbers and structural choices do to the decision."""
