"""Kalshi: what it sends (`wire`), what that means to the engine (`parse`), and how it is asked (`rest`,
`stream`).
"""
