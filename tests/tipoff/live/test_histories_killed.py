"""The venue and people at their worst, and a kill in the middle: the run goes on, ends, and repeats.

A replay of both lives has the digest of the run.

Covers: tipoff.live.engine.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

import attrs
import pytest
from trio.testing import MockClock

from actors.addresses import OPERATOR, PAPER_EXCHANGE, RISK_GATE
from actors.messages import (
    CloseOperation,
    HaltOperation,
    Operate,
    Operation,
    OperatorRequest,
)
from actors.operator import ActOutcome
from actors.runtime import Address
from engine.facts import (
    Fact,
    FeeTermsChanged,
    OrderCancelled,
    OrderFilled,
    TradingHalted,
    VenueStatusChanged,
)
from engine.orders import CancelReason
from persistence.queries import Reader
from tests.stories.bad_histories import DURING, MARKET, Edit, nothing, odd_books, odd_fees, standing_still
from tests.stories.plays import scripted
from tests.tipoff.live_desk import Desk, evening, resumed
from tipoff.config.load import template
from tipoff.live.engine import LiveEngine
from tipoff.runs.from_config import at_its_word, schema, trading_settings

ORDERS = 60


@attrs.frozen
class History:
    """What happens: `edit` changes the lines around a place, `wishes` are made there."""

    edit: Edit
    shows: Callable[[Sequence[Fact]], bool]
    wishes: tuple[tuple[Address, Operation], ...] = ()


def has(kind: type[Fact], **values: object) -> Callable[[Sequence[Fact]], bool]:
    """Whether there is a fact of a kind with these values."""
    return lambda facts: any(
        isinstance(fact, kind) and all(getattr(fact, name) == value for name, value in values.items())
        for fact in facts
    )


HALT = (RISK_GATE, HaltOperation("all", "halted", "a test"))
DRAIN = (RISK_GATE, HaltOperation("all", "reducing", "a test"))
CLOSE = (PAPER_EXCHANGE, CloseOperation("scripted", MARKET))
HISTORIES = {
    "unknown fee terms while orders rest": History(odd_fees, has(FeeTermsChanged, fee_type="flat")),
    "a halt while the venue stands still": History(
        standing_still, has(OrderCancelled, reason=CancelReason.REQUESTED), (HALT,)
    ),
    "a drain while the venue stands still": History(standing_still, has(TradingHalted), (DRAIN,)),
    "positions closed while the venue stands still": History(
        standing_still, has(VenueStatusChanged, exchange_active=False), (CLOSE,)
    ),
    "nulls, other names and rows of nonsense": History(odd_books, has(OrderFilled)),
    "a halt of one market": History(
        nothing, has(TradingHalted), ((RISK_GATE, HaltOperation(f"market:{MARKET}", "halted", "a test")),)
    ),
}


@pytest.mark.promise("bad-histories-killed-are-repeatable")
@pytest.mark.parametrize("name", HISTORIES)
async def test_a_kill_in_the_middle_of_whatever_befalls_us_leaves_a_run_that_repeats(
    tmp_path: Path, mock_clock: MockClock, name: str
) -> None:
    history = HISTORIES[name]
    plain = evening()
    desk = Desk(tmp_path, scripted(trading_settings(at_its_word(template(schema())), seed=1), plain, ORDERS))
    place = len(plain) // 2
    lines = history.edit(plain, place)
    cut = place + DURING

    async def then(engine: LiveEngine) -> None:
        for number, (to, operation) in enumerate(history.wishes):
            request = OperatorRequest(f"request-{number}", 0, "test", "{}")
            outcome = await engine.ask(OPERATOR, Operate(request, to, operation))
            assert isinstance(outcome, ActOutcome)
        await desk.feed(mock_clock, engine, lines[place + 1 : cut])
        assert engine.system.lives.restarts == 0

    await desk.process(mock_clock, lines[: place + 1], then, die=True)
    seal = await desk.process(mock_clock, resumed(lines, cut))
    with Reader.open(desk.url, "run") as reader:
        facts = [recorded.fact for recorded in reader.facts()]
    assert history.shows(facts)
    assert seal is not None
    assert desk.replayed() == seal.digest
