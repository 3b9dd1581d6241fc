"""What the daemon tells its dashboard on the first line; imports nothing of a web server."""

import msgspec


class ChildSettings(msgspec.Struct, kw_only=True):
    """Where it listens, the control socket that it asks, and the tokens that it takes."""

    host: str
    port: int
    socket: str
    operate: str
    read: str


def encoded(settings: ChildSettings) -> bytes:
    """The first line."""
    return msgspec.json.encode(settings) + b"\n"
