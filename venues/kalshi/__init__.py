"""Kalshi: what it sends (`wire`), what that means (`parse`), and how it is asked (`rest`, `stream`)."""
