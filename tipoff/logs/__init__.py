"""The log: structured lines, covered secrets, and the warnings that the database keeps."""
