"""Searches: many variants of a strategy over recorded evenings, on all cores or on many machines."""
