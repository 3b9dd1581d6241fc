"""Asking with patience: torn answers again, busy services as long as they say, and an end to it."""

# ruff: noqa: ARG001 (a clock winds trio's time on by being asked for)

from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
import trio
from trio.testing import MockClock

from tests.tipoff.download.conftest import FIRST, Venues, downloaded
from tipoff.download.asker import ODD_MAX, PAGES_MAX, PATIENCE_S
from tipoff.download.stage import Answered
from venues.errors import CircuitOpen, CredentialsRefused, RateLimited, Redirected, ServerFailed

TARGET = "/markets?series_ticker=KXNBAGAME&limit=3"


def told(*answers: httpx.Response) -> Callable[[str, httpx.Response], httpx.Response]:
    """These answers one by one, then the true ones."""
    left = list(answers)
    return lambda _target, answer: left.pop(0) if left else answer


async def test_all_pages_come_in_order(venues: Venues) -> None:
    answered = await venues.venue().pages(TARGET, "markets")
    assert len(answered.pages) > 1
    assert answered.lost is None
    assert "cursor" not in venues.asked[0]
    assert all("&cursor=" in target for target in venues.asked[1:])


@pytest.mark.parametrize("seconds", [3, 59, 75, 600])
async def test_what_the_service_asks_us_to_wait_is_waited(
    venues: Venues, autojump_clock: MockClock, seconds: int
) -> None:
    venues.spoil = told(httpx.Response(429, headers={"retry-after": str(seconds)}, json={"error": "slow"}))
    began, said = trio.current_time(), list[str]()
    await venues.venue(said.append).pages(TARGET, "markets")
    assert seconds <= trio.current_time() - began < seconds + 5


async def test_it_says_what_it_waits_for(venues: Venues, autojump_clock: MockClock) -> None:
    venues.spoil = told(*(httpx.Response(503, content=b"") for _ in range(6)))
    said: list[str] = []
    await venues.venue(said.append).pages(TARGET, "markets")
    assert said
    assert all("503" in words and "asking again in" in words for words in said)


@pytest.mark.limit("tipoff.download.asker:PATIENCE_S")
@pytest.mark.parametrize("status", [429, 500, 503])
async def test_patience_ends(venues: Venues, autojump_clock: MockClock, status: int) -> None:
    venues.spoil = lambda _target, _answer: httpx.Response(status, json={"error": "no"})
    began = trio.current_time()
    with pytest.raises((RateLimited, ServerFailed, CircuitOpen)):
        await venues.venue().pages(TARGET, "markets")
    assert PATIENCE_S / 2 < trio.current_time() - began <= PATIENCE_S + 60


@pytest.mark.limit("tipoff.download.asker:ODD_MAX")
async def test_a_torn_answer_is_asked_for_again_so_often_and_no_more(
    venues: Venues, autojump_clock: MockClock
) -> None:
    torn = [httpx.Response(200, content=b'{"markets": [{') for _ in range(ODD_MAX + 1)]
    venues.spoil = told(*torn[:-1])
    assert (await venues.venue().pages(TARGET, "markets")).lost is None
    venues.asked.clear()
    venues.spoil = told(*torn)
    assert await venues.venue().pages(TARGET, "markets") == Answered(TARGET, (), "NOT_UNDERSTOOD")
    assert len(venues.asked) == ODD_MAX + 1


async def test_null_that_stays_null_is_an_empty_list(venues: Venues) -> None:
    venues.spoil = lambda _target, _answer: httpx.Response(200, json={"markets": None, "cursor": ""})
    answered = await venues.venue().pages(TARGET, "markets")
    assert answered == Answered(TARGET, ('{"markets":null,"cursor":""}',))
    assert len(venues.asked) == ODD_MAX + 1


async def test_what_is_not_there_is_said(venues: Venues) -> None:
    answered = await venues.venue().pages("/historical/markets/NONE/candlesticks", "candlesticks")
    assert answered.lost == "NOT_THERE"


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (httpx.Response(401, json={"error": "no"}), CredentialsRefused),
        (httpx.Response(302, headers={"location": "https://elsewhere.invalid"}), Redirected),
    ],
)
async def test_who_refuses_us_is_not_asked_again(
    venues: Venues, answer: httpx.Response, error: type[Exception]
) -> None:
    venues.spoil = lambda _target, _answer: answer
    with pytest.raises(error):
        await venues.venue().pages(TARGET, "markets")
    assert len(venues.asked) == 1


async def test_a_cursor_that_comes_back_ends_the_list(venues: Venues) -> None:
    venues.spoil = lambda _target, _answer: httpx.Response(200, json={"markets": [], "cursor": "same"})
    answered = await venues.venue().pages(TARGET, "markets")
    assert (len(answered.pages), answered.lost) == (2, "NOT_UNDERSTOOD")


@pytest.mark.limit("tipoff.download.asker:PAGES_MAX")
async def test_pages_without_end_are_cut(venues: Venues) -> None:
    def pages(ends: int) -> Callable[[str, httpx.Response], httpx.Response]:
        def page(_target: str, _answer: httpx.Response) -> httpx.Response:
            number = len(venues.asked)
            cursor = f"{number}" if number < ends else ""
            return httpx.Response(200, json={"markets": [], "cursor": cursor})

        return page

    for ends, lost in ((PAGES_MAX, None), (PAGES_MAX + 1, "NOT_UNDERSTOOD")):
        venues.asked.clear()
        venues.spoil = pages(ends)
        answered = await venues.venue().pages("/markets?limit=1", "markets")
        assert (len(answered.pages), answered.lost) == (PAGES_MAX, lost)


async def test_the_budget_of_a_client_without_a_key_is_kept(
    venues: Venues, tmp_path: Path, autojump_clock: MockClock
) -> None:
    from venues.kalshi.rest import KEYLESS

    venues.budget = KEYLESS
    began = trio.current_time()
    await downloaded(venues, tmp_path, days=(FIRST, FIRST))
    # Ten tokens a call, thirty a second, three calls at once.
    assert trio.current_time() - began >= (len(venues.asked) - 3) / 3 - 0.1
