"""Whether results mean anything: scores of probabilities and the uncertainty of a mean."""
