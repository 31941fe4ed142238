"""Published studies re-enacted: their people lived, and counted as each study counted them."""
