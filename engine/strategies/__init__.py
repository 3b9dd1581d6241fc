"""The strategies, one file each: pure, found by their entry points, known to nobody else in the engine."""
