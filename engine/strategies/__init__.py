"""The strategies, one file each; pure, and found by their entry points, known to the rest of the engine by nothing."""
