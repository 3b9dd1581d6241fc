"""What can go wrong between us and the outside, sorted by what must be done about it.

Raised by every module of `venues` and caught by the actors that own a connection, a poll or a file.
Exceptions of libraries are mapped to these once, at the border, with their cause kept.
"""

from engine.events import VenueEvent


class VenueError(Exception):
    """Something outside did not work this time: wait and try again here, unless a subclass says otherwise."""


class Unreachable(VenueError):
    """No connection: refused, reset, name not found. Try again with backoff."""


class TlsRefused(VenueError):
    """The certificate or the TLS handshake was refused. Never turn verification off; try again slowly and say
    so.
    """


class TimedOut(VenueError):
    """A deadline passed. `phase` is connect, read, write, pool or total."""

    def __init__(self, phase: str, detail: str) -> None:
        super().__init__(f"{phase} timed out: {detail}")
        self.phase = phase


class BodyTooLarge(VenueError):
    """A body or message is longer than we are willing to hold; it was not read to its end."""


class Redirected(VenueError):
    """The server sent us elsewhere. We do not go: credentials stay with the host that they are for."""


class AnswerNotUnderstood(VenueError):
    """The answer is not what the interface promises (HTML, a broken body): count it and go on."""


class RequestRefused(VenueError):
    """The service understood and said no: the HTTP `status` and the service's own word for it, `code`."""

    def __init__(self, status: int, code: str, detail: str) -> None:
        super().__init__(f"HTTP {status} {code}: {detail}" if detail else f"HTTP {status} {code}")
        self.status = status
        self.code = code
        self.detail = detail


class CredentialsRefused(RequestRefused):
    """401 or 403: key, plan or clock. Retry slowly if at all, and tell a person."""


class ClockRefused(CredentialsRefused):
    """401 while our clock is further from the server's `Date` than a signature may be: set the clock."""


class RateLimited(RequestRefused):
    """429. `retry_after_ns` is what the server asked for, None if it did not say."""

    def __init__(self, code: str, detail: str, retry_after_ns: int | None) -> None:
        super().__init__(429, code, detail)
        self.retry_after_ns = retry_after_ns


class ServerFailed(RequestRefused):
    """5xx: the service is in trouble. Try again with backoff; the circuit opens when it goes on.

    `events` are what its body says all the same, as Kalshi's status of the exchange does in a pause.
    """

    def __init__(self, status: int, code: str, detail: str, events: tuple[VenueEvent, ...] = ()) -> None:
        super().__init__(status, code, detail)
        self.events = events


class CircuitOpen(VenueError):
    """Not asked at all: the service failed too often in a row, and it is not yet time for a probe.

    Its words begin with those of the first of these failures, which is also its `__cause__`.
    """


class PagesEndless(VenueError):
    """A cursor came back twice or the pages did not end within their bound."""


class ConnectionEnded(VenueError):
    """The stream is over. `code` is the WebSocket close code, None if there was none."""

    def __init__(self, reason: str, code: int | None = None) -> None:
        super().__init__(reason if code is None else f"{reason} (code {code})")
        self.code = code


class KeyUnusable(Exception):
    """A key file is missing, readable by others, or no key at all. A configuration fault, named with its
    path.
    """


class RecordingError(Exception):
    """A recording cannot be read or written. Says where (file and line) and what to do."""


class ImportFailed(Exception):
    """A file of somebody else's recording does not fit its kind. Says where (file and line) and what is
    wrong.
    """
