"""Notices on their way: their pace, and a target that refuses, stalls or is not there.

Covers: tipoff.notifications.attempt, tipoff.notifications.notice.
"""

from collections.abc import Sequence

import attrs
import pytest
import trio

from tipoff.config.sections import NotifySection
from tipoff.notifications.attempt import Attempt
from tipoff.notifications.notice import Notice
from tipoff.notifications.outbox import REMEMBERED_MAX, TRIES_MAX, WAITING_MAX, Notices, Outbox

LOST = Notice("feed_lost", "warning", "the stream <is> gone & back?", at=1_000.0)
LATER, REFUSED = Attempt.later("trouble"), Attempt.refused("HTTP 404")


@attrs.define
class Service:
    """A target that answers so in turn, then takes everything."""

    answers: list[Attempt] = attrs.field(factory=list)
    heard: list[Notice] = attrs.field(factory=list)
    times: list[float] = attrs.field(factory=list)

    async def send(self, notice: Notice) -> Attempt:
        await trio.lowlevel.checkpoint()
        self.heard.append(notice)
        self.times.append(trio.current_time())
        return self.answers.pop(0) if self.answers else Attempt.delivered()


async def hangs(_notice: Notice) -> Attempt:
    await trio.sleep_forever()
    raise AssertionError


def notices_to(*services: Service, **section: object) -> Notices:
    outboxes = [Outbox(f"target {number}", each.send) for number, each in enumerate(services)]
    return Notices(NotifySection(**section), outboxes)  # type: ignore[arg-type]


async def sent(notices: Notices, messages: Sequence[Notice], *, seconds: float = 1_000) -> None:
    for message in messages:
        notices.enqueue(message)
    with trio.move_on_after(seconds):
        await notices.run()


@pytest.mark.usefixtures("autojump_clock")
async def test_the_same_message_is_not_repeated_within_the_pause() -> None:
    service = Service()
    notices = notices_to(service, pause_ms_min=60_000)
    messages = [attrs.evolve(LOST, at=1_000.0 + seconds) for seconds in (0, 30, 59, 61)]
    assert [notices.enqueue(message) for message in messages] == [True, False, False, True]
    assert notices.enqueue(attrs.evolve(LOST, subject="another", at=1_030.0))
    assert notices.dropped == 2


async def test_what_is_less_important_is_not_sent() -> None:
    notices = notices_to(Service(), level="error")
    assert not notices.enqueue(LOST)
    assert notices.enqueue(attrs.evolve(LOST, level="error"))
    assert notices.dropped == 0


@pytest.mark.promise("webhook-trouble-keeps-nobody")
@pytest.mark.limit("tipoff.notifications.outbox:WAITING_MAX")
async def test_too_many_messages_are_dropped_and_nobody_waits() -> None:
    notices = notices_to(Service())
    told = [notices.enqueue(attrs.evolve(LOST, subject=str(number))) for number in range(WAITING_MAX + 50)]
    assert told.count(True) == WAITING_MAX
    assert notices.dropped == 50


async def test_what_is_remembered_of_messages_is_bounded() -> None:
    service = Service()
    notices = notices_to(service)
    for number in range(REMEMBERED_MAX + 100):
        notices.enqueue(attrs.evolve(LOST, subject=str(number)))
        notices._outboxes[0]._take.receive_nowait()
    assert len(notices._last) == REMEMBERED_MAX


async def test_a_service_in_trouble_is_tried_again_with_growing_pauses(
    autojump_clock: trio.testing.MockClock,
) -> None:
    service = Service([LATER] * 3)
    notices = notices_to(service)
    await sent(notices, [LOST])
    assert (notices.sent, notices.failed) == (1, 0)
    assert service.times == [0.0, 2.0, 6.0, 14.0]
    assert autojump_clock.current_time() >= 14
    assert service.heard == [LOST] * 4


@pytest.mark.limit("tipoff.notifications.outbox:TRIES_MAX")
async def test_a_message_is_given_up_after_some_tries_and_the_next_is_sent(
    autojump_clock: trio.testing.MockClock,
) -> None:
    service = Service([LATER] * TRIES_MAX)
    notices = notices_to(service)
    await sent(notices, [LOST, attrs.evolve(LOST, kind="halted")])
    assert (notices.sent, notices.failed) == (1, 1)
    assert service.heard[-1].kind == "halted"
    assert autojump_clock.current_time() < 1_001


async def test_a_refusal_is_not_tried_again(autojump_clock: trio.testing.MockClock) -> None:
    service = Service([REFUSED])
    notices = notices_to(service)
    await sent(notices, [LOST])
    assert (notices.sent, notices.failed, len(service.heard)) == (0, 1, 1)
    assert autojump_clock.current_time() <= 1_000


async def test_a_service_that_limits_us_is_given_the_time_it_asks_for(
    autojump_clock: trio.testing.MockClock,
) -> None:
    service = Service([Attempt.later("slow down", 7.0)])
    notices = notices_to(service)
    await sent(notices, [LOST])
    assert service.times == [0.0, 9.0]
    assert autojump_clock.current_time() >= 9


async def test_messages_keep_a_distance(autojump_clock: trio.testing.MockClock) -> None:
    service = Service()
    await sent(notices_to(service), [attrs.evolve(LOST, subject=str(number)) for number in range(5)])
    assert service.times == [0.0, 1.0, 2.0, 3.0, 4.0]
    assert autojump_clock.current_time() >= 4


@pytest.mark.promise("webhook-trouble-keeps-nobody")
async def test_a_target_that_never_answers_delays_no_other(autojump_clock: trio.testing.MockClock) -> None:
    well = Service()
    notices = Notices(NotifySection(), [Outbox("dead", hangs), Outbox("well", well.send)])
    messages = [attrs.evolve(LOST, subject=str(number)) for number in range(WAITING_MAX)]
    await sent(notices, messages)
    assert (notices.sent, notices.failed, len(well.heard)) == (WAITING_MAX, 0, WAITING_MAX)
    # The dead one has one in hand; what no longer fits is dropped for it alone.
    assert [notices.enqueue(attrs.evolve(LOST, subject=f"more {number}")) for number in range(3)] == [
        True
    ] * 3
    assert notices.dropped == 2
    assert autojump_clock.current_time() <= 1_000


async def test_the_last_one_goes_to_everybody_at_once_past_what_waits(
    autojump_clock: trio.testing.MockClock,
) -> None:
    well = Service()
    notices = Notices(NotifySection(), [Outbox("dead", hangs), Outbox("well", well.send)])
    notices.enqueue(LOST)
    with trio.move_on_after(3):
        await notices.last(attrs.evolve(LOST, kind="daily_summary"))
    assert [notice.kind for notice in well.heard] == ["daily_summary"]
    assert autojump_clock.current_time() <= 3
