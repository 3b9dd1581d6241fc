"""Notices on their way: which are sent at all, and for each target a queue and a task that empties it.

Whoever has something to say hands it over and goes on: repeated notices are left out, too many are dropped,
and what cannot be delivered is tried again a few times and then given up, all counted. A target that does
not answer delays no other.
"""

from collections.abc import Sequence
from typing import Final

import structlog
import trio

from tipoff.config.sections import NotifySection
from tipoff.notifications.attempt import Attempt, Outcome
from tipoff.notifications.notice import NUMBERS, Notice
from tipoff.notifications.senders import PAUSE_S_MAX, Send

WAITING_MAX: Final = 100
"""Notices that may wait for a target; more are dropped and counted."""

TRIES_MAX: Final = 5
"""So often a notice is tried before it is given up."""

SECONDS_BETWEEN_MIN: Final = 1.0
"""Never faster than this: services of messages limit their senders."""

REMEMBERED_MAX: Final = 1_000
"""Kinds of notices whose last time is remembered."""


class Outbox:
    """The queue in front of one target, and the task that empties it."""

    def __init__(self, name: str, send: Send) -> None:
        """`name` is what may be shown of the target; nothing is sent before `run`."""
        self.name = name
        self.sent = self.failed = 0
        self._send = send
        self._give, self._take = trio.open_memory_channel[Notice](WAITING_MAX)

    def enqueue(self, notice: Notice) -> bool:
        """Hand a notice over; False if too many wait."""
        try:
            self._give.send_nowait(notice)
        except trio.WouldBlock:
            return False
        return True

    async def run(self) -> None:
        """Send until cancelled. Never raises for anything that a target does."""
        async for notice in self._take:
            attempt = await self._delivered(notice)
            if attempt.outcome is not Outcome.DELIVERED:
                log = structlog.get_logger()
                log.warning("notice_not_delivered", kind=notice.kind, to=self.name, why=attempt.words)
            await trio.sleep(SECONDS_BETWEEN_MIN)

    async def last(self, notice: Notice) -> None:
        """Send one more notice at once, past those that wait; the caller sets a deadline."""
        await self._delivered(notice)

    async def _delivered(self, notice: Notice) -> Attempt:
        attempt = await self._send(notice)
        for number in range(1, TRIES_MAX):
            if attempt.outcome is not Outcome.LATER:
                break
            await trio.sleep(attempt.wait_s + min(2.0**number, PAUSE_S_MAX))
            attempt = await self._send(notice)
        if attempt.outcome is Outcome.DELIVERED:
            self.sent += 1
        else:
            self.failed += 1
        return attempt


class Notices:
    """What there is to say, and everybody to whom it is said."""

    def __init__(self, section: NotifySection, outboxes: Sequence[Outbox]) -> None:
        """Of the configuration's section, to each of these."""
        self.section = section
        """Replaced when the configuration is read again."""
        self.dropped = 0
        self._outboxes = tuple(outboxes)
        self._last: dict[tuple[str, str], float] = {}

    @property
    def sent(self) -> int:
        """Notices delivered, a target each."""
        return sum(each.sent for each in self._outboxes)

    @property
    def failed(self) -> int:
        """Notices given up, a target each."""
        return sum(each.failed for each in self._outboxes)

    def enqueue(self, notice: Notice) -> bool:
        """Hand a notice over; False if it is unimportant, repeats an earlier one, or too many wait
        everywhere.
        """
        if not self._wanted(notice):
            return False
        key = (notice.kind, notice.subject)
        last = self._last.get(key)
        if last is not None and notice.at - last < self.section.pause_ms_min / 1_000:
            self.dropped += 1
            return False
        taken = [each.enqueue(notice) for each in self._outboxes]
        self.dropped += taken.count(False)
        if not any(taken):
            return False
        # Noted only now: what was dropped must not silence the next of its kind. Taken out and put back, so
        # that those at the front are the oldest and go first.
        self._last.pop(key, None)
        self._last[key] = notice.at
        while len(self._last) > REMEMBERED_MAX:
            del self._last[next(iter(self._last))]
        return True

    async def run(self) -> None:
        """Send until cancelled."""
        async with trio.open_nursery() as nursery:
            for each in self._outboxes:
                nursery.start_soon(each.run)

    async def last(self, notice: Notice) -> None:
        """Send one more notice to everybody at once, past what waits; the caller sets a deadline."""
        if not self._wanted(notice):
            return
        async with trio.open_nursery() as nursery:
            for each in self._outboxes:
                nursery.start_soon(each.last, notice)

    def _wanted(self, notice: Notice) -> bool:
        return NUMBERS[notice.level] >= NUMBERS[self.section.level]
