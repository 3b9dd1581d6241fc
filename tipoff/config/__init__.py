"""`engine.toml`: its sections, how it is read, written, compared, and the secret files that it names."""
