"""The error that means our own books are wrong: the process must stop rather than go on with false numbers.

Raised by the ledger, the positions and the paper exchange; nobody catches it but the root, which exits with
its own code.
"""


class InvariantBroken(Exception):
    """Something that can never be true was true; the message says what, with the numbers."""
