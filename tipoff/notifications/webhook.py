"""Messages to people: what needs them, posted to a webhook in the shape that its service wants.

Whoever has something to say hands it over and goes on: repeated messages are left out, too many are dropped,
and what cannot be delivered is tried again a few times and then given up, all counted. The address is a
secret and is never shown.
"""

import json
import math
import time
from collections.abc import Awaitable, Callable
from typing import Literal, TypeAlias
from urllib.parse import urlsplit

import attrs
import structlog
import trio

from tipoff.config.sections import NotifySection
from tipoff.json_types import Json
from tipoff.output import harmless_line
from venues.errors import VenueError
from venues.transport.http import Answer

Level = Literal["info", "warning", "error"]
Shape = Literal["generic", "slack", "discord"]
Post: TypeAlias = Callable[[str], Awaitable[Answer]]
"""Posts a JSON body to the webhook; raises VenueError."""

WAITING_MAX = 100
"""Messages that may wait to be posted; more are dropped and counted."""

TRIES_MAX = 5
"""So often a message is posted before it is given up."""

SECONDS_BETWEEN_MIN = 1.0
"""Never faster than this: services of messages limit their senders."""

PAUSE_S_MAX = 60.0
TEXT_CHARS_MAX = 1_500
"""A longer text is cut; the smallest limit of the known services is 2,000."""

REMEMBERED_MAX = 1_000
"""Kinds of messages whose last time is remembered."""

NUMBERS = {"info": 0, "warning": 1, "error": 2}
MARKS = {"info": "", "warning": "Warning: ", "error": "Error: "}
COLOURS = {"info": 0x3B82F6, "warning": 0xF59E0B, "error": 0xDC2626}


@attrs.frozen
class Notice:
    """Something that a person may want to know. Messages of one kind about one subject repeat each other."""

    kind: str
    """feed_lost, halted, quarantined, filled, daily_summary …"""
    level: Level
    text: str
    subject: str = ""
    at: float = attrs.field(factory=time.time)
    """Seconds since 1970."""


def shape_of(url: str) -> Shape:
    """Which service an address belongs to."""
    address = urlsplit(url)
    host = address.hostname or ""
    if host == "hooks.slack.com":
        return "slack"
    if host in ("discord.com", "discordapp.com") and address.path.startswith("/api/webhooks/"):
        return "discord"
    return "generic"


def body_of(notice: Notice, shape: Shape, engine: str) -> dict[str, Json]:
    """The message as its service wants it."""
    text = harmless_line(notice.text)[:TEXT_CHARS_MAX]
    engine = harmless_line(engine)
    title = f"{engine}: {notice.kind.replace('_', ' ')}"
    match shape:
        case "slack":
            return {"text": f"*{_slack(title)}*\n{MARKS[notice.level]}{_slack(text)}"}
        case "discord":
            embed: Json = {"title": title[:250], "description": text, "color": COLOURS[notice.level]}
            # Whatever a text says, it rings for nobody.
            return {"embeds": [embed], "allowed_mentions": {"parse": []}}
        case "generic":
            return {
                "engine": engine,
                "kind": notice.kind,
                "level": notice.level,
                "subject": harmless_line(notice.subject),
                "text": text,
                "at": notice.at,
            }


class Notices:
    """The queue in front of the webhook, and the task that empties it."""

    def __init__(self, section: NotifySection, engine: str, shape: Shape, post: Post) -> None:
        """`post` sends; nothing is sent before `run`."""
        self.section = section
        """Replaced when the configuration is read again."""
        self.sent = self.failed = self.dropped = 0
        self._engine = engine
        self._shape = shape
        self._post = post
        self._last: dict[tuple[str, str], float] = {}
        self._give, self._take = trio.open_memory_channel[Notice](WAITING_MAX)

    def enqueue(self, notice: Notice) -> bool:
        """Hand a message over; False if it is unimportant, repeats an earlier one, or too many wait."""
        if NUMBERS[notice.level] < NUMBERS[self.section.level]:
            return False
        key = (notice.kind, notice.subject)
        last = self._last.get(key)
        if last is not None and notice.at - last < self.section.pause_ms_min / 1_000:
            self.dropped += 1
            return False
        try:
            self._give.send_nowait(notice)
        except trio.WouldBlock:
            self.dropped += 1
            return False
        # Noted only now: what was dropped must not silence the next of its kind. Taken out and put back, so
        # that those at the front are the oldest and go first.
        self._last.pop(key, None)
        self._last[key] = notice.at
        while len(self._last) > REMEMBERED_MAX:
            del self._last[next(iter(self._last))]
        return True

    async def run(self) -> None:
        """Post until cancelled. Never raises for anything that a webhook does."""
        async for notice in self._take:
            body = json.dumps(body_of(notice, self._shape, self._engine))
            if await self._delivered(body):
                self.sent += 1
            else:
                self.failed += 1
                structlog.get_logger().warning("notice_not_delivered", kind=notice.kind)
            await trio.sleep(SECONDS_BETWEEN_MIN)

    async def last(self, notice: Notice) -> None:
        """Post one more message at once, past those that wait; the caller sets a deadline."""
        if NUMBERS[notice.level] >= NUMBERS[self.section.level]:
            body = json.dumps(body_of(notice, self._shape, self._engine))
            self.sent += await self._delivered(body)

    async def _delivered(self, body: str) -> bool:
        for attempt in range(TRIES_MAX):
            if attempt:
                await trio.sleep(min(2.0**attempt, PAUSE_S_MAX))
            try:
                answer = await self._post(body)
            except VenueError:
                continue
            if 200 <= answer.status < 300:
                return True
            if answer.status == 429:
                await trio.sleep(_retry_after_s(answer))
            elif answer.status < 500 and answer.status != 408:
                # Refused for good: a revoked address, a body that it does not like.
                return False
        return False


def _retry_after_s(answer: Answer) -> float:
    given = answer.headers.get("retry-after", "")
    try:
        seconds = float(given)
    except ValueError:
        return 0.0
    return 0.0 if math.isnan(seconds) else min(max(seconds, 0.0), PAUSE_S_MAX)


def _slack(text: str) -> str:
    """Slack reads three characters as markup; nobody shall be mentioned by a ticker."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
