"""Who may see or do what over HTTP: pure decisions about a request's headers.

Asked by `routes` before anything else is read. The page itself holds no data and needs no token; everything
below /api/ does. Loopback alone is no protection: every program of every user of the machine reaches it, and
so does every page that a browser of this machine has open.
"""

import hmac
import re
from collections import deque
from collections.abc import Mapping
from enum import Enum
from typing import Final

import attrs

from engine.units import NANOS_PER_SECOND

WRONG_TOKENS_MAX: Final = 10
"""So many wrong tokens are heard within `WRONG_TOKENS_NS`; more are told to stop."""

WRONG_TOKENS_NS: Final = 60 * NANOS_PER_SECOND
"""The window in which wrong tokens are counted."""

JSON_TYPE: Final = "application/json"

POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""What the page may load and where it may be shown: ours, and nowhere else."""

HEADERS: Final[Mapping[str, str]] = {
    "Content-Security-Policy": POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
"""Sent with every answer."""

# `localhost` is a name that the browser resolves itself; other names may be made to point here (rebinding).
_LOOPBACK: Final = re.compile(r"(?:127(?:\.\d{1,3}){3}|localhost|\[::1\])(?::\d{1,5})?")
_BEARER: Final = re.compile(r"Bearer ([A-Za-z0-9_-]{1,128})")


class Right(Enum):
    """What a token allows; its value is the token's name in the journal."""

    READ = "read"
    OPERATE = "operate"


@attrs.frozen
class Refused:
    """Not served: the status of HTTP, and a sentence of what to do."""

    status: int
    why: str


@attrs.frozen(kw_only=True)
class Asked:
    """What decides about a request; a header that is not there is None."""

    method: str
    path: str
    host: str | None
    origin: str | None = None
    content_type: str | None = None
    authorization: str | None = None

    @property
    def is_data(self) -> bool:
        """Whether it is about the engine, and not about the page that shows it."""
        return self.path.startswith("/api/")


@attrs.frozen
class Tokens:
    """The two secrets."""

    operate: str
    read: str

    def right_of(self, token: str) -> Right | None:
        """What this token allows. Takes the same time for every wrong one."""
        # Both are compared always: which of them a guess came nearer to must not be told by time.
        given = token.encode()
        may_operate = hmac.compare_digest(given, self.operate.encode())
        may_read = hmac.compare_digest(given, self.read.encode())
        if may_operate:
            return Right.OPERATE
        return Right.READ if may_read else None


class Gatekeeper:
    """Decides about requests; remembers the wrong tokens of the last minute."""

    def __init__(self, tokens: Tokens) -> None:
        """Nobody has been wrong yet."""
        self._tokens = tokens
        self._wrong: deque[int] = deque(maxlen=WRONG_TOKENS_MAX)

    def decide(self, asked: Asked, now_ns: int) -> Right | Refused:
        """What the request may do. `now_ns` is of a clock that never goes back."""
        if asked.host is None or not _LOOPBACK.fullmatch(asked.host.lower()):
            return Refused(421, "ask for 127.0.0.1 or localhost; from another machine, through `ssh -L`")
        if not asked.is_data:
            return (
                Right.READ if asked.method in ("GET", "HEAD") else Refused(405, "only GET is answered here")
            )
        found = self._of_token(asked, now_ns)
        if isinstance(found, Refused) or asked.method == "GET":
            return found
        return _may_change(asked, found)

    def _of_token(self, asked: Asked, now_ns: int) -> Right | Refused:
        said = _BEARER.fullmatch(asked.authorization or "")
        found = self._tokens.right_of(said[1]) if said else None
        # A right token is never kept waiting for somebody else's guesses.
        if found is not None:
            return found
        if said is None:
            return Refused(401, "no token: open the address that `tipoff dashboard` prints")
        while self._wrong and now_ns - self._wrong[0] >= WRONG_TOKENS_NS:
            self._wrong.popleft()
        if len(self._wrong) >= WRONG_TOKENS_MAX:
            return Refused(429, "too many wrong tokens; wait a minute")
        self._wrong.append(now_ns)
        return Refused(401, "not a token of this start: open the address that `tipoff dashboard` prints")


def _may_change(asked: Asked, right: Right) -> Right | Refused:
    """Other than GET: only from our own page, in JSON (which no form can send), with the token for it."""
    if asked.method != "POST":
        return Refused(405, "only GET and POST are answered")
    if asked.origin is None or asked.origin.lower() != f"http://{asked.host}".lower():
        return Refused(403, "commands are taken from our own page only")
    if (asked.content_type or "").partition(";")[0].strip().lower() != JSON_TYPE:
        return Refused(403, f"commands are sent as {JSON_TYPE}")
    if right is not Right.OPERATE:
        return Refused(403, "this token only reads; the other one, which `tipoff dashboard` prints, operates")
    return right
