"""Asking a service for its history, page after page, with as much patience as a long download needs.

Used by `tipoff.download.session`. The client below keeps the budget and tries a few times; here an answer
that is torn is asked for again, a service that is down is waited for, and what it asks us to wait is waited.
Whatever is odd for good costs only itself.
"""

from collections.abc import Callable
from typing import Final
from urllib.parse import quote

import attrs
import trio

from tipoff.download.stage import Answered
from venues.errors import (
    AnswerNotUnderstood,
    BodyTooLarge,
    CredentialsRefused,
    RateLimited,
    Redirected,
    RequestRefused,
    ServerFailed,
    VenueError,
)
from venues.importers.past_day import LeftOut
from venues.kalshi.results import read_cursor, read_rows
from venues.transport.client import Client

PATIENCE_S: Final = 900.0
"""So long nothing may be answered before a download gives up; called again, it goes on where it was."""
WAIT_S_MAX: Final = 60.0
"""Between two attempts, unless the service itself asks for more."""
ODD_MAX: Final = 4
"""So often an answer is asked for again that is not what was promised."""
PAGES_MAX: Final = 2_000
"""A page has up to a thousand rows."""
NOT_FOUND: Final = 404


def _never_mind(_words: str) -> None:
    """For callers who do not care that it waits."""


@attrs.define(eq=False)
class Asker:
    """Asks one service."""

    client: Client
    next_cursor: Callable[[str, str], str | int | None]
    """From what was asked and what was answered, where the next page begins; falsy at the end."""
    cost: int = 1
    on_wait: Callable[[str], None] = _never_mind
    """Hears in words for people that the service is waited for."""
    patience_s: float = PATIENCE_S
    asked: int = 0

    async def pages(self, target: str, name: str) -> Answered:
        """All pages of a list; `name` is that of its rows.

        Raises VenueError where the service refuses us, or has not answered for `patience_s`.
        """
        pages: list[str] = []
        seen: set[str] = set()
        cursor = ""
        try:
            while True:
                page = await self.page(target, name, cursor)
                pages.append(page)
                cursor = str(self.next_cursor(target, page) or "")
                if not cursor:
                    return Answered(target, tuple(pages))
                if cursor in seen or len(pages) == PAGES_MAX:
                    return Answered(target, tuple(pages), LeftOut.NOT_UNDERSTOOD.name)
                seen.add(cursor)
        except (AnswerNotUnderstood, BodyTooLarge):
            return Answered(target, tuple(pages), LeftOut.NOT_UNDERSTOOD.name)
        except RequestRefused as error:
            if error.status != NOT_FOUND:
                raise
            return Answered(target, tuple(pages), LeftOut.NOT_THERE.name)

    async def page(self, target: str, name: str, cursor: str = "") -> str:
        """One page, as it came. Raises VenueError."""
        if cursor:
            target = f"{target}{'&' if '?' in target else '?'}cursor={quote(cursor)}"
        odd = attempts = 0
        waited_s = 0.0
        while True:
            self.asked += 1
            try:
                text = (await self.client.get(target, self.cost, pass_on=False)).text
                # Null is how an empty list is written at times, and how a list is torn at others.
                if _whole(text, name) or odd == ODD_MAX:
                    return text
                odd += 1
                continue
            except (AnswerNotUnderstood, BodyTooLarge) as error:
                odd += 1
                if odd > ODD_MAX:
                    raise
                trouble: VenueError = error
            except (RateLimited, ServerFailed) as error:
                trouble = error
            except (RequestRefused, CredentialsRefused, Redirected):
                raise
            except VenueError as error:
                trouble = error
            wait_s = _wait_s(trouble, attempts)
            if waited_s + wait_s > self.patience_s:
                raise trouble
            if wait_s > 1:
                self.on_wait(f"{trouble}; asking again in {wait_s:.0f} s")
            await trio.sleep(wait_s)
            waited_s += wait_s
            attempts += 1


def _whole(text: str, name: str) -> bool:
    """Whether an answer has its rows; one that is no list (without a name) need only be an object.

    Raises AnswerNotUnderstood.
    """
    return read_rows(text, name) is not None if name else read_cursor(text) is not None


def _wait_s(trouble: VenueError, attempts: int) -> float:
    """What the service asked for, or twice as long each time."""
    if isinstance(trouble, RateLimited) and trouble.retry_after_ns is not None:
        return trouble.retry_after_ns / 1_000_000_000
    return min(WAIT_S_MAX, 0.5 * 2.0 ** min(attempts, 10))
