"""Where the live engine's inputs come from: one package a source, each registered by one record."""
