"""Asking politely: budgets, second attempts, the circuit and the order of answers (B4, B5, B8, B10-B12).

Covers: venues.transport.retry_jitter, venues.transport.clock_skew.
"""

# ruff: noqa: ARG001 (a clock winds trio's time on by being asked for)

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import pairwise

import attrs
import httpx
import pytest
import trio
from hypothesis import given
from hypothesis import strategies as st
from trio.testing import MockClock

from engine.events import FeedRefused, VenueEvent
from engine.token_bucket import TokenBucket
from engine.units import NANOS_PER_SECOND, Nanos
from venues.errors import (
    AnswerNotUnderstood,
    CircuitOpen,
    ClockRefused,
    CredentialsRefused,
    RateLimited,
    RequestRefused,
    ServerFailed,
    Unreachable,
)
from venues.transport.client import Body, Client, RequestPolicy, RetryPolicy
from venues.transport.http import Answer, Http
from venues.transport.retry_jitter import full_jitter_s

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@attrs.define
class Service:
    """A service that answers from a script; the last entry repeats. Time is trio's, which tests wind on."""

    script: list[httpx.Response | Exception]
    heard: list[tuple[str, str]] = attrs.field(factory=list)
    asked_at: list[float] = attrs.field(factory=list)
    signatures: list[int] = attrs.field(factory=list)

    async def reply(self, _request: httpx.Request) -> httpx.Response:
        self.asked_at.append(trio.current_time())
        await trio.lowlevel.checkpoint()
        found = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        if isinstance(found, Exception):
            raise found
        return httpx.Response(
            found.status_code, headers=found.headers, stream=httpx.ByteStream(found.content)
        )

    def on_body(self, what: str, body: str) -> tuple[VenueEvent, ...]:
        self.heard.append((what, body))
        return said(body)

    def sign(self, _target: str) -> dict[str, str]:
        self.signatures.append(len(self.signatures))
        return {"signature": str(len(self.signatures))}

    def client(self, per_second: int = 1_000, burst: int = 1_000, retry: RetryPolicy | None = None) -> Client:
        policy = RequestPolicy(
            bucket=lambda now: TokenBucket.full(per_second, NANOS_PER_SECOND, burst, now),
            on_body=self.on_body,
            refuse=words,
            headers=self.sign,
            wall=lambda: int(NOW.timestamp()) * NANOS_PER_SECOND,
            draw=lambda: 0.5,
            retry=retry or RetryPolicy(),
        )
        http = Http("http://service.invalid", transport=httpx.MockTransport(self.reply))
        return Client(http, policy)


def said(body: str) -> tuple[VenueEvent, ...]:
    """What a body says to this engine: itself."""
    return (FeedRefused("service", "said", body, Nanos(0)),)


def words(answer: Answer) -> tuple[str, str]:
    return "code", answer.body


def ok(body: str = "{}", **headers: str) -> httpx.Response:
    return httpx.Response(200, headers=headers, content=body)


def status(code: int, **headers: str) -> httpx.Response:
    return httpx.Response(
        code, headers={key.replace("_", "-"): value for key, value in headers.items()}, content="no"
    )


def date(seconds: int) -> str:
    return format_datetime(NOW + timedelta(seconds=seconds), usegmt=True)


async def test_a_body_is_heard_verbatim_before_it_is_returned(autojump_clock: MockClock) -> None:
    service = Service([ok('{"a": NaN}')])
    assert await service.client().get("/x?y=1") == Body('{"a": NaN}', said('{"a": NaN}'))
    assert service.heard == [("/x?y=1", '{"a": NaN}')]


@pytest.mark.fault("B1")
@pytest.mark.parametrize(
    "first",
    [
        *(status(500), status(502), status(503), status(408), httpx.ConnectError("x")),
        *(httpx.ConnectTimeout("x"), httpx.ReadTimeout("x"), httpx.WriteTimeout("x"), httpx.PoolTimeout("x")),
    ],
)
async def test_b5_what_may_pass_is_tried_again_with_a_new_signature(
    autojump_clock: MockClock,
    first: httpx.Response | Exception,
) -> None:
    service = Service([first, first, ok()])
    assert (await service.client().get("/x")).text == "{}"
    assert len(service.asked_at) == len(set(service.signatures)) == 3
    waits = [after - before for before, after in pairwise(service.asked_at)]
    assert waits == [pytest.approx(0.25), pytest.approx(0.5)]


async def test_b5_refusals_are_heard_too_with_their_status(autojump_clock: MockClock) -> None:
    service = Service([status(503), ok()])
    await service.client().get("/x")
    assert service.heard == [("503 /x", "no"), ("/x", "{}")]


async def test_attempts_come_to_an_end(autojump_clock: MockClock) -> None:
    service = Service([status(500)])
    with pytest.raises(ServerFailed):
        await service.client().get("/x")
    assert len(service.asked_at) == 3


@pytest.mark.parametrize(
    "code, kind",
    [(400, RequestRefused), (401, CredentialsRefused), (403, CredentialsRefused), (404, RequestRefused)],
)
async def test_what_will_not_pass_is_not_tried_again(code: int, kind: type[RequestRefused]) -> None:
    service = Service([status(code)])
    with pytest.raises(kind) as caught:
        await service.client().get("/x")
    assert (caught.value.status, caught.value.code, caught.value.detail) == (code, "code", "no")
    assert len(service.asked_at) == 1


@pytest.mark.fault("B4")
async def test_b4_a_429_waits_as_long_as_it_says(autojump_clock: MockClock) -> None:
    service = Service([status(429, retry_after="3"), ok()])
    await service.client(per_second=1_000, burst=1).get("/x")
    assert service.asked_at[1] - service.asked_at[0] == pytest.approx(3.0)


@pytest.mark.fault("B4")
async def test_b4_a_429_that_says_nothing_empties_the_bucket_and_backs_off(autojump_clock: MockClock) -> None:
    service = Service([status(429), ok()])
    client = service.client(per_second=1, burst=10)
    await client.get("/x", cost=5)
    assert service.asked_at[1] - service.asked_at[0] >= 5.0


async def test_b4_a_429_that_asks_for_too_long_is_handed_up(autojump_clock: MockClock) -> None:
    service = Service([status(429, retry_after="600")])
    with pytest.raises(RateLimited) as caught:
        await service.client().get("/x")
    assert caught.value.retry_after_ns == 600 * NANOS_PER_SECOND
    assert len(service.asked_at) == 1


@pytest.mark.parametrize("nonsense", ["soon", "-1", "1e9", "9999999"])
async def test_b4_nonsense_in_retry_after_is_nothing(nonsense: str) -> None:
    service = Service([httpx.Response(429, headers=[("retry-after", nonsense)], content="no"), ok()])
    assert (await service.client().get("/x")).text == "{}"


@pytest.mark.promise("second-holds-requests-budget")
@pytest.mark.fault("B4")
@pytest.mark.limit("engine.toml:kalshi.reads_per_second")
async def test_b4_no_window_of_a_second_holds_more_than_the_budget(autojump_clock: MockClock) -> None:
    service = Service([ok()])
    client = service.client(per_second=30, burst=30)

    async def ask() -> None:
        for _ in range(5):
            await client.get("/x", cost=10)

    async with trio.open_nursery() as nursery:
        for _ in range(4):
            nursery.start_soon(ask)
    asked = service.asked_at
    assert len(asked) == 20
    for start in asked:
        assert sum(start <= at < start + 1.0 for at in asked) <= 3 + 3  # the burst, and what a second brings


@pytest.mark.fault("B5")
async def test_b5_the_circuit_opens_lets_one_probe_through_and_closes(autojump_clock: MockClock) -> None:
    service = Service([status(500)])
    client = service.client(retry=RetryPolicy(attempts_max=1, failures_to_open=3, open_s=10.0))
    for _ in range(3):
        with pytest.raises(ServerFailed):
            await client.get("/x")
    assert client.circuit_open
    with pytest.raises(CircuitOpen):
        await client.get("/x")
    assert len(service.asked_at) == 3
    await trio.sleep(10.1)
    with pytest.raises(ServerFailed):
        await client.get("/x")
    with pytest.raises(CircuitOpen):
        await client.get("/x")
    await trio.sleep(10.1)
    with pytest.raises(CircuitOpen):
        await client.get("/x")  # the second pause is twice as long
    await trio.sleep(10.1)
    service.script = [ok()]
    refused: list[CircuitOpen] = []

    async def ask() -> None:
        try:
            await client.get("/y")
        except CircuitOpen as error:
            refused.append(error)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(ask)
        nursery.start_soon(ask)
    assert (await client.get("/y")).text == "{}"
    assert len(refused) == 1  # whichever came second
    assert not client.circuit_open


@pytest.mark.fault("B5")
async def test_b5_another_client_is_not_affected_by_an_open_circuit(autojump_clock: MockClock) -> None:
    retry = RetryPolicy(attempts_max=1, failures_to_open=1)
    down, up = Service([httpx.ConnectError("x")]), Service([ok()])
    broken, healthy = down.client(retry=retry), up.client(retry=retry)
    with pytest.raises(Unreachable):
        await broken.get("/x")
    with pytest.raises(CircuitOpen) as caught:
        await broken.get("/x")
    assert str(caught.value).endswith("/x: ConnectError x; not asked now, 1 failures in a row")
    assert isinstance(caught.value.__cause__, Unreachable)
    assert (await healthy.get("/x")).text == "{}"


@pytest.mark.promise("401-caused-wrong-clock")
@pytest.mark.fault("B10")
async def test_b10_a_401_far_from_the_servers_date_is_about_the_clock(autojump_clock: MockClock) -> None:
    service = Service([status(401, date=date(-90))])
    client = service.client()
    with pytest.raises(ClockRefused, match=r"\+90 s"):
        await client.get("/x")
    assert client.skew is not None
    assert client.skew.seconds == pytest.approx(90)
    assert len(service.asked_at) == 1


@pytest.mark.fault("B10")
@pytest.mark.parametrize(("off_s", "words"), [(-90, "set it"), (-10 * 86_400, "tipoff simulate --today")])
async def test_b10_a_clock_that_is_off_is_told_with_what_to_do(
    autojump_clock: MockClock, off_s: int, words: str
) -> None:
    """Days apart is no clock but another evening, which only a simulated venue plays."""
    with pytest.raises(ClockRefused, match=words):
        await Service([status(401, date=date(off_s))]).client().get("/x")


@pytest.mark.fault("B10")
async def test_b10_a_401_near_the_servers_date_is_about_the_key(autojump_clock: MockClock) -> None:
    with pytest.raises(CredentialsRefused) as caught:
        await Service([status(401, date=date(-2))]).client().get("/x")
    assert not isinstance(caught.value, ClockRefused)


@pytest.mark.fault("B12")
async def test_b12_an_answer_older_than_the_last_one_is_kept_but_no_news(
    autojump_clock: object,
) -> None:
    script = [ok("new", date=date(0)), ok("old", date=date(-10)), ok("cached", date=date(1), age="20")]
    service = Service([*script, ok("newer", date=date(2))])
    client = service.client()
    assert (await client.get("/x")).text == "new"
    for _ in range(2):
        with pytest.raises(AnswerNotUnderstood, match="older"):
            await client.get("/x")
    assert (await client.get("/x")).text == "newer"
    assert [what for what, _ in service.heard] == ["/x", "older /x", "older /x", "/x"]
    assert client.older == 2
    assert (await client.get("/other")).text == "newer"


@given(st.integers(0, 100), st.floats(0, 1, exclude_max=True))
def test_the_jitter_is_full_and_capped(attempt: int, draw: float) -> None:
    wait = full_jitter_s(attempt, draw, 0.5, 30.0)
    assert 0 <= wait <= min(30.0, 0.5 * 2**attempt)
    assert wait == pytest.approx(draw * min(30.0, 0.5 * 2**attempt))
