"""Published studies that nobody fitted to: what was observed, and what the model predicts at that size."""
