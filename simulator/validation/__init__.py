"""Published studies that nobody fitted to, re-enacted: what was observed, and what the model predicts at that size."""

from __future__ import annotations

from simulator.validation.listed import Listed, load_listed
from simulator.validation.reading import evidence_files, load_studies, study_names
from simulator.validation.study import Study
from simulator.validation.validation import Validation, validate

__all__ = ["Listed", "Study", "Validation", "evidence_files", "load_listed", "load_studies", "study_names", "validate"]
