"""How a notice gets to one target: posted as JSON over the one client, or mailed on a thread.

Used by the service of a running daemon and by `tipoff notify test`. A try is bounded in time and never
raises; what it says is covered, so that no address, token or password stands in it.
"""

import json
import math
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Final, TypeAlias

import attrs
import msgspec
import trio

from tipoff.logs.structured import Scrubber
from tipoff.notifications.attempt import Attempt
from tipoff.notifications.bodies import body_of
from tipoff.notifications.mail import send_mail
from tipoff.notifications.notice import Notice
from tipoff.notifications.targets import Service, Target
from tipoff.output import harmless_line
from venues.errors import VenueError
from venues.transport.http import Answer, Http, HttpLimits

Send: TypeAlias = Callable[[Notice], Awaitable[Attempt]]
"""Tries once to deliver a notice."""

LIMITS: Final = HttpLimits(total_s_max=10.0, body_bytes_max=65_536, connections_max=1)
MAIL_S_MAX: Final = 25.0
"""So long a mail may take in all; the thread of one that hangs is left to its own limits."""

PAUSE_S_MAX: Final = 60.0
WORDS_CHARS_MAX: Final = 200
"""So much is shown of what a service answers."""

TOO_MANY: Final = 429
TIMED_OUT: Final = 408


class _Limited(msgspec.Struct):
    """What Telegram and Discord say beside 429, in seconds."""

    retry_after: float | None = None


class _Wordy(_Limited):
    description: str = ""
    """Telegram's words."""
    message: str = ""
    """Discord's."""
    error: str = ""
    """ntfy's."""
    parameters: _Limited = msgspec.field(default_factory=_Limited)
    """Telegram's."""


@asynccontextmanager
async def sender(target: Target, engine: str) -> AsyncIterator[Send]:
    """Who delivers to a target; `engine` is the name of the daemon that says it. Raises VenueError for an
    address or a proxy that no connection can be tried with.
    """
    cover = Scrubber(target.secrets)

    def covered(attempt: Attempt) -> Attempt:
        return attrs.evolve(attempt, words=cover(harmless_line(attempt.words))[:WORDS_CHARS_MAX])

    if target.service is Service.MAIL:
        # One at a time: a server that hangs holds one thread, not one for each notice.
        place = trio.CapacityLimiter(1)

        async def mailed(notice: Notice) -> Attempt:
            with trio.move_on_after(MAIL_S_MAX):
                return covered(
                    await trio.to_thread.run_sync(
                        send_mail, target, notice, engine, abandon_on_cancel=True, limiter=place
                    )
                )
            return Attempt.later(f"no answer within {MAIL_S_MAX:g} s")

        yield mailed
        return
    async with Http(target.posted_to, LIMITS) as http:

        async def posted(notice: Notice) -> Attempt:
            try:
                answer = await http.post("", json.dumps(body_of(notice, target, engine)))
            except VenueError as error:
                return covered(Attempt.later(str(error)))
            return covered(attempt_of(answer))

        yield posted


def attempt_of(answer: Answer) -> Attempt:
    """What a service's answer means."""
    if 200 <= answer.status < 300:
        return Attempt.delivered()
    try:
        said = msgspec.json.decode(answer.body, type=_Wordy)
    except (msgspec.DecodeError, UnicodeError):
        said = _Wordy()
    words = said.description or said.message or said.error or answer.body.strip()
    text = f"HTTP {answer.status}: {words}" if words else f"HTTP {answer.status}"
    if answer.status == TOO_MANY:
        asked = answer.headers.get("retry-after") or said.parameters.retry_after or said.retry_after
        return Attempt.later(text, _wait_s(asked))
    if answer.status >= 500 or answer.status == TIMED_OUT:
        return Attempt.later(text)
    return Attempt.refused(text)


def _wait_s(asked: str | float | None) -> float:
    try:
        seconds = float(asked or 0.0)
    except ValueError:
        return 0.0
    return 0.0 if math.isnan(seconds) else min(max(seconds, 0.0), PAUSE_S_MAX)
