"""The strategies, one file each; pure, and known to the rest of the engine by the registry only."""
