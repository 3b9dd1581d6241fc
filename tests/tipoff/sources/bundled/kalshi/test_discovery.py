"""Markets are followed until they have paid, also those that were over before this process began."""

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any, cast

import attrs
import pytest

from actors.pollers import PollStatus
from engine.facts import Fact, LedgerPosted, OrderFilled, PositionSettled
from engine.message import changed
from engine.tally import Tally
from engine.units import Money
from tests.persistence.evenings import evening
from tipoff.sources.bundled.kalshi.discovery import TICKERS_PER_CALL, Discovery, unpaid
from tipoff.sources.source import Engine
from venues.kalshi.feed import KalshiFeed
from venues.kalshi.rest import KalshiRest

FACTS = evening(7)
SETTLED = next(number for number, fact in enumerate(FACTS) if isinstance(fact, PositionSettled))
CLAIMED = SETTLED - 1


def tally_of(facts: Sequence[Fact]) -> Tally:
    tally = Tally()
    for fact in facts:
        tally.apply(fact)
    return tally


@attrs.define
class Venue:
    """A venue that lists nothing as open any more, and remembers what it was asked."""

    asked: list[list[str]] = attrs.field(factory=list)

    async def events(self, _series: str) -> tuple[()]:
        return ()

    async def markets(self, tickers: Sequence[str]) -> tuple[()]:
        self.asked.append(list(tickers))
        return ()


async def asked_with(tally: Tally) -> list[list[str]]:
    """What a process that has just begun asks for, knowing of the past only what its journal says."""

    async def nothing() -> dict[str, Any]:
        return {}

    plan = SimpleNamespace(clock=lambda: 0)
    engine = SimpleNamespace(tally=tally, listing=nothing, loaded=nothing, plan=plan)
    venue, feed = Venue(), SimpleNamespace(want=lambda _tickers: None)
    discovery = Discovery(cast("KalshiRest", venue), cast("Engine", engine), cast("KalshiFeed", feed), ("S",))
    await discovery.markets(PollStatus())
    return venue.asked


@pytest.mark.promise("market-over-before-process")
async def test_a_market_that_ended_while_nobody_was_there_is_asked_for_until_it_is_settled() -> None:
    assert await asked_with(tally_of(FACTS[:CLAIMED])) == [["KXT"]]


@pytest.mark.promise("market-over-before-process")
async def test_a_settled_position_that_is_not_paid_yet_is_asked_for_too() -> None:
    tally = tally_of(FACTS)
    assert not any(tally.strategies["sharp"].positions.values())
    assert await asked_with(tally) == [["KXT"]]


async def test_what_is_paid_is_not_asked_for_any_more() -> None:
    claimed = FACTS[CLAIMED]
    assert isinstance(claimed, LedgerPosted)
    paid = changed(
        claimed,
        entry_id="paid",
        postings=tuple(
            changed(posting, amount=Money(-posting.amount))
            for posting in claimed.postings
            if posting.account.startswith("claim:")
        ),
    )
    balance = -sum(posting.amount for posting in paid.postings)
    cash = changed(claimed.postings[0], account="cash:sharp", amount=Money(balance))
    tally = tally_of([*FACTS, changed(paid, postings=(*paid.postings, cash))])
    assert unpaid(tally) == set()
    assert await asked_with(tally) == []


@pytest.mark.parametrize(("markets", "calls"), [(TICKERS_PER_CALL, 1), (TICKERS_PER_CALL + 1, 2)])
async def test_many_markets_are_asked_for_in_portions(markets: int, calls: int) -> None:
    fill = next(fact for fact in FACTS if isinstance(fact, OrderFilled))
    fills = [changed(fill, fill_id=f"f{number}", ticker=f"KX{number:04}") for number in range(markets)]
    asked = await asked_with(tally_of(fills))
    assert [len(portion) for portion in asked] == [TICKERS_PER_CALL, 1][:calls]
