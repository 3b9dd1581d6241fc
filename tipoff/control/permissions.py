"""Who may do what on the control socket: three levels, given by the peer's user id.

Used by the server before it reads a single byte of a peer. The kernel says who the peer is; nothing that the
peer says is asked.
"""

from enum import IntEnum


class Level(IntEnum):
    """What a peer may do; each level includes those below it."""

    READ = 1
    """Look at everything."""
    OPERATE = 2
    """Stop and start trading, orders, positions, strategies."""
    ADMIN = 3
    """Limits, actors, configuration."""

    @property
    def word(self) -> str:
        """As it is written in the hello and in the schema."""
        return self.name.lower()
