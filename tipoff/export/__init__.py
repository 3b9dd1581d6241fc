"""Tables and recordings as files that other programs read: Parquet, CSV, JSON lines, and their schema."""
