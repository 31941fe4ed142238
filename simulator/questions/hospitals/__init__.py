"""The population of hospitals, fitted to published studies that keep their own offsets."""
