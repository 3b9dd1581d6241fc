"""The bodies of the commands that need no running engine, and of the one that starts it."""
