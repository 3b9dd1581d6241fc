"""Kalshi as a source: the venue whose markets are traded; what is set, read and asked."""
