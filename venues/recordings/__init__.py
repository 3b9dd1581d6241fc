"""An evening in a file: the recorder, its segments, the kinds of lines."""
