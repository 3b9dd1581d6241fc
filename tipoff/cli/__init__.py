"""The command line: words in, words out. `main` runs it.

Bodies of commands are imported when they are called.
"""

from tipoff.cli.app import main

__all__ = ["main"]
