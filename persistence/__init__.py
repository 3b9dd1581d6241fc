"""Tables, the journal and the questions that are put to them, on SQLite or PostgreSQL.

Wired in by `tipoff`; imports `engine` only, never `actors`, `venues` or `tipoff`.
"""
