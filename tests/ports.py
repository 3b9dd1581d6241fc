"""Free ports of the loopback, for servers that a test starts in another process."""

import socket


def free_port() -> int:
    """A port that nobody listens on at the moment."""
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        port: int = trial.getsockname()[1]
        return port
