"""The patient's course: one clinical rule per file, written once and used by both engines."""
