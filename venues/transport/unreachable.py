"""Why there is no connection, in words: libraries say no more than that all attempts have failed.

Used by `venues.transport.http` and `venues.transport.byte_stream`.
"""

import errno
import socket
import ssl
from collections.abc import Iterator


def why_unreachable(error: BaseException) -> str:
    """The first cause that a person can do something about; else what the library says."""
    for cause in _causes(error):
        match cause:
            case socket.gaierror():
                return f"the name cannot be resolved ({cause.strerror})"
            case ConnectionRefusedError():
                return "the connection was refused"
            case OSError() if cause.errno in (errno.ENETUNREACH, errno.EHOSTUNREACH):
                return "there is no way to it through the network"
            case _:
                continue
    return f"{type(error).__name__} {error}".rstrip()


def is_tls(error: BaseException) -> bool:
    """Whether a TLS refusal stands anywhere among the causes."""
    refused = any(isinstance(cause, ssl.SSLError) for cause in _causes(error))
    return refused or "CERTIFICATE_VERIFY_FAILED" in str(error)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The exception, what it came from, and what each attempt at one of several addresses ended in."""
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        if isinstance(cause, BaseExceptionGroup):
            for inner in cause.exceptions:
                yield from _causes(inner)
        cause = cause.__cause__ or cause.__context__
