"""The first cause that a person can do something about, however deep the library hides it."""

import errno
import socket
import ssl

import pytest

from venues.transport.unreachable import is_tls, why_unreachable


def under(cause: Exception, *more: Exception) -> OSError:
    """What a library raises when every attempt has failed."""
    error = OSError("all attempts have failed")
    error.__cause__ = ExceptionGroup("attempts", [cause, *more])
    return error


@pytest.mark.parametrize(
    "error, words",
    [
        (
            socket.gaierror(-2, "not known"),
            "the name cannot be resolved (not known)",
        ),
        (under(ConnectionRefusedError(errno.ECONNREFUSED, "refused")), "the connection was refused"),
        (
            under(OSError(errno.ENETUNREACH, "no"), ConnectionRefusedError(errno.ECONNREFUSED, "refused")),
            "there is no way to it through the network",
        ),
        (under(OSError(errno.EHOSTUNREACH, "no")), "there is no way to it through the network"),
        (under(OSError(errno.EPIPE, "no")), "OSError all attempts have failed"),
        (RuntimeError(), "RuntimeError"),
    ],
)
def test_the_first_cause_is_told(error: Exception, words: str) -> None:
    assert why_unreachable(error) == words


def test_a_refused_certificate_is_found_wherever_it_stands() -> None:
    assert is_tls(under(ssl.SSLCertVerificationError("no")))
    assert is_tls(RuntimeError("[SSL: CERTIFICATE_VERIFY_FAILED]"))
    assert not is_tls(under(ConnectionRefusedError()))
