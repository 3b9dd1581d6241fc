"""The strategies, one file each; pure, found by their entry points, and known to nobody else in the engine."""
