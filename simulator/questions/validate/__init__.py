"""Published studies that nobody fitted to, re-enacted: what was observed, and what the model predicts at that size."""

from __future__ import annotations

from simulator.questions.validate.enactment.study import Study
from simulator.questions.validate.listed import Listed, load_listed
from simulator.questions.validate.reading import evidence_files, load_studies, study_names
from simulator.questions.validate.validation import Validation, validate

__all__ = ["Listed", "Study", "Validation", "evidence_files", "load_listed", "load_studies", "study_names", "validate"]
