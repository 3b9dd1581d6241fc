"""Kalshi as a source: the venue whose markets are traded."""
