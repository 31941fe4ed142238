"""Methods of sensitivity analysis: their points, their indices and the error of these, for any model."""
