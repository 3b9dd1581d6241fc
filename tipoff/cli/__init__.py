"""The command line: words in, words out.

Bodies of commands are imported when they are called.
"""
