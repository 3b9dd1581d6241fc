"""Other people's recordings into ours: one module for each sort of source, `evening` puts them together.

`evening.KINDS` is the table of kinds, `evening.import_files` the import; `rows` gives imported rows their
meaning.
"""
