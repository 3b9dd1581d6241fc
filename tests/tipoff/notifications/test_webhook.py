"""Messages to people: their shapes, their pace, and a webhook that refuses, stalls or is not there."""

import json
from collections.abc import Sequence

import attrs
import httpx
import pytest
import trio

from tipoff.config.sections import NotifySection
from tipoff.notifications.webhook import (
    REMEMBERED_MAX,
    TEXT_CHARS_MAX,
    TRIES_MAX,
    WAITING_MAX,
    Notice,
    Notices,
    body_of,
    shape_of,
)
from venues.errors import Unreachable
from venues.transport.http import Answer, Http

LOST = Notice("feed_lost", "warning", "the stream <is> gone & back?", at=1_000.0)


@attrs.define
class Service:
    """A webhook that answers with these codes in turn, then with 200; 0 is no answer."""

    codes: list[int] = attrs.field(factory=list)
    retry_after: str = ""
    bodies: list[str] = attrs.field(factory=list)
    times: list[float] = attrs.field(factory=list)

    async def post(self, body: str) -> Answer:
        await trio.lowlevel.checkpoint()
        self.bodies.append(body)
        self.times.append(trio.current_time())
        code = self.codes.pop(0) if self.codes else 200
        if code == 0:
            raise Unreachable("nobody there")
        return Answer(code, "", {"retry-after": self.retry_after} if self.retry_after else {})


def notices_to(service: Service, **section: object) -> Notices:
    return Notices(NotifySection(**section), "tipoff", "generic", service.post)  # type: ignore[arg-type]


async def posted(notices: Notices, messages: Sequence[Notice], *, seconds: float = 1_000) -> None:
    for message in messages:
        notices.enqueue(message)
    with trio.move_on_after(seconds):
        await notices.run()


@pytest.mark.parametrize(
    "url, shape",
    [
        ("https://hooks.slack.com/services/T/B/x", "slack"),
        ("https://discord.com/api/webhooks/1/x", "discord"),
        ("https://discordapp.com/api/webhooks/1/x", "discord"),
        ("https://discord.com/elsewhere", "generic"),
        ("https://hooks.slack.com.example.org/services", "generic"),
        ("http://127.0.0.1:9000/hook", "generic"),
    ],
)
def test_the_shape_follows_from_the_address(url: str, shape: str) -> None:
    assert shape_of(url) == shape


def test_each_service_gets_its_own_shape() -> None:
    assert body_of(LOST, "generic", "tipoff") == {
        "engine": "tipoff",
        "kind": "feed_lost",
        "level": "warning",
        "subject": "",
        "text": "the stream <is> gone & back?",
        "at": 1_000.0,
    }
    assert body_of(LOST, "slack", "tipoff") == {
        "text": "*tipoff: feed lost*\nWarning: the stream &lt;is&gt; gone &amp; back?"
    }
    assert body_of(LOST, "discord", "tipoff") == {
        "embeds": [
            {"title": "tipoff: feed lost", "description": "the stream <is> gone & back?", "color": 0xF59E0B}
        ],
        "allowed_mentions": {"parse": []},
    }


@pytest.mark.limit("tipoff.notifications.webhook:TEXT_CHARS_MAX")
def test_a_long_text_is_cut() -> None:
    body = body_of(attrs.evolve(LOST, text="x" * 10_000), "generic", "tipoff")
    assert body["text"] == "x" * TEXT_CHARS_MAX


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
@pytest.mark.limit("tipoff.notifications.webhook:WAITING_MAX")
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
        notices._take.receive_nowait()
    assert len(notices._last) == REMEMBERED_MAX


async def test_a_service_in_trouble_is_tried_again_with_growing_pauses(
    autojump_clock: trio.testing.MockClock,
) -> None:
    service = Service(codes=[0, 503, 500])
    notices = notices_to(service)
    await posted(notices, [LOST])
    assert (notices.sent, notices.failed) == (1, 0)
    assert service.times == [0.0, 2.0, 6.0, 14.0]
    assert autojump_clock.current_time() >= 14
    assert len(set(service.bodies)) == 1


@pytest.mark.limit("tipoff.notifications.webhook:TRIES_MAX")
async def test_a_message_is_given_up_after_some_tries_and_the_next_is_sent(
    autojump_clock: trio.testing.MockClock,
) -> None:
    service = Service(codes=[0] * TRIES_MAX)
    notices = notices_to(service)
    await posted(notices, [LOST, attrs.evolve(LOST, kind="halted")])
    assert (notices.sent, notices.failed) == (1, 1)
    assert json.loads(service.bodies[-1])["kind"] == "halted"
    assert autojump_clock.current_time() < 1_001


async def test_a_refusal_is_not_tried_again(autojump_clock: trio.testing.MockClock) -> None:
    service = Service(codes=[404])
    notices = notices_to(service)
    await posted(notices, [LOST])
    assert (notices.sent, notices.failed, len(service.bodies)) == (0, 1, 1)
    assert autojump_clock.current_time() <= 1_000


@pytest.mark.parametrize("retry_after, waits", [("7", 9.0), ("soon", 2.0), ("nan", 2.0), ("1e9", 62.0)])
async def test_a_service_that_limits_us_is_given_the_time_it_asks_for(
    autojump_clock: trio.testing.MockClock, retry_after: str, waits: float
) -> None:
    service = Service(codes=[429], retry_after=retry_after)
    notices = notices_to(service)
    await posted(notices, [LOST])
    assert service.times == [0.0, waits]
    assert autojump_clock.current_time() >= waits


async def test_messages_keep_a_distance(autojump_clock: trio.testing.MockClock) -> None:
    service = Service()
    await posted(notices_to(service), [attrs.evolve(LOST, subject=str(number)) for number in range(5)])
    assert service.times == [0.0, 1.0, 2.0, 3.0, 4.0]
    assert autojump_clock.current_time() >= 4


async def test_a_message_is_posted_as_json_over_the_one_client() -> None:
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(204, stream=httpx.ByteStream(b""))

    async with Http("https://example.org/hook/1", transport=httpx.MockTransport(answer)) as http:
        assert (await http.post("", '{"a": 1}')).status == 204
    (request,) = seen
    assert (request.method, str(request.url)) == ("POST", "https://example.org/hook/1")
    assert request.headers["content-type"] == "application/json"
    assert request.content == b'{"a": 1}'
