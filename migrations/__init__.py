"""How a database of an older version becomes one of this version, step by step; run by `tipoff db upgrade`.

Alembic reads this folder by path. Imports `persistence` and `engine`, never `tipoff`.
"""
