"""Recorded inputs through the same actors, on a virtual clock; used by `tipoff replay` and demos."""
