"""Paper against a true venue: evenings of every kind of feed and lag, and what the judge itself must see.

The evenings of a run are always the same; `make honesty` plays fifty times as many and prints their table.
"""

from collections.abc import Callable, Iterator
from itertools import count
from typing import Final

import attrs
import pytest

from engine.events import BookDelta, BookSide, Side, TradePrinted
from engine.facts import Fact
from engine.message import changed
from engine.units import PRICE_ONE, Count, Price
from tests.engine.exchange.floor import MARKET
from tests.engine.exchange.judge.evenings import CELLS, Cell, evening, feed_of, judged
from tests.engine.exchange.judge.feed import Heard, Mode
from tests.engine.exchange.judge.history import history
from tests.engine.exchange.judge.second_world import SecondWorld
from tests.engine.exchange.judge.verdict import Case, Fault, Stand, judge, read, run

pytestmark = pytest.mark.honesty

EVENINGS: Final = 2_000
SHARDS: Final = 2
EACH: Final = -(-EVENINGS // (len(CELLS) * SHARDS))
SHOWN_MAX: Final = 3
TRIED: Final = 60


@pytest.mark.promise("never-kinder-than-true-venue")
@pytest.mark.parametrize("shard", range(SHARDS))
@pytest.mark.parametrize("cell", CELLS, ids=lambda cell: cell.name.replace(", ", "-").replace(" ", "-"))
def test_paper_is_never_kinder_than_a_true_venue(cell: Cell, shard: int) -> None:
    found = [evening(cell, number) for number in range(shard * EACH, (shard + 1) * EACH)]
    kinder = [each for each in found if each.verdict.kinder]
    assert not kinder, "\n\n".join(
        [f"{len(kinder)} of {len(found)} evenings: {', '.join(each.seed for each in kinder)}"]
        + [history(each, each.verdict.kinder[0].order_id.split(",")[0]) for each in kinder[:SHOWN_MAX]]
    )


def test_paper_is_never_kinder_than_a_whole_second_world_to_orders_that_leave_no_footprint() -> None:
    """There the judge's truth is that world's, contract by contract."""
    for cell in (cell for cell in CELLS if cell.mode is Mode.TIMED):
        for number in range(TRIED // 2):
            feed = feed_of(cell, number, wants=(1,))
            found = judged(feed, number)
            second = [_base_only(case) for case in read(found.player.facts, []).values()]
            run(SecondWorld(), feed.flow, second)
            for case in second:
                truth = [stand.leg.gains for stand in found.verdict.cases[case.order.order_id].stands]
                assert [stand.leg.gains for stand in case.stands] == truth, found.seed
            assert not found.verdict.kinder, history(found)


def _base_only(case: Case) -> Case:
    """Only one of the two readings can really be there."""
    return attrs.evolve(case, stands=[Stand(stand.leg, stand.leg) for stand in case.stands])


# What the judge must see. The exchange is led astray by what it hears, so that none of this has to be taken
# along when it is rewritten; breaks of its code stand in tests/mutants.


def _at_hearing(heard: Heard) -> Iterator[Heard]:
    """All is taken to have happened when it was heard."""
    match heard.event:
        case BookDelta() | TradePrinted():
            yield Heard(heard.at, changed(heard.event, at_venue=heard.event.at))
        case _:
            yield heard


def _always_new(heard: Heard, numbers: Iterator[int] = count()) -> Iterator[Heard]:  # noqa: B008
    """A trade that is told again is another one."""
    match heard.event:
        case TradePrinted():
            yield Heard(heard.at, changed(heard.event, trade_id=f"told-{next(numbers)}"))
            yield Heard(heard.at, changed(heard.event, trade_id=f"told-{next(numbers)}"))
        case _:
            yield heard


def _cancels_trade(heard: Heard, numbers: Iterator[int] = count()) -> Iterator[Heard]:  # noqa: B008
    """Whatever leaves the display was sold to or bought from."""
    yield heard
    match heard.event:
        case BookDelta(change=change) as delta if change < 0:
            ours = delta.side is Side.YES
            taker = BookSide.ASK if ours else BookSide.BID
            sold = TradePrinted(
                ticker=MARKET,
                trade_id=f"left-{next(numbers)}",
                price=delta.price if ours else Price(PRICE_ONE - delta.price),
                count=Count(-change),
                taker=taker,
                block=False,
                at_venue=delta.at_venue,
                at=delta.at,
            )
            yield Heard(heard.at, sold)
        case _:
            pass


@pytest.mark.parametrize("astray", [_at_hearing, _always_new, _cancels_trade])
def test_the_judge_sees_when_paper_is_led_astray(astray: Callable[[Heard], Iterator[Heard]]) -> None:
    cell = Cell(Mode.TIMED, 200)
    seen = 0
    for number in range(TRIED):
        feed = feed_of(cell, number)
        feed.heard = [each for heard in feed.heard for each in astray(heard)]
        seen += bool(judged(feed, number).verdict.kinder)
    assert seen > TRIED // 20


def test_the_judge_sees_contracts_that_are_given_to_two_orders() -> None:
    """Each order alone is no one's loss; together they have what was there once."""
    cell = Cell(Mode.TIMED, 0)
    feeds = [(number, feed_of(cell, number)) for number in range(4 * TRIED)]
    many = [(number, feed) for number, feed in feeds if len(feed.flow.wishes) >= 3]
    seen = 0
    for number, feed in many:
        facts: list[Fact] = []
        for wish in feed.flow.wishes:
            alone = feed_of(cell, number)
            alone.flow = attrs.evolve(feed.flow, wishes=(wish,))
            facts += judged(alone, number).player.facts
        seen += Fault.TWICE in {each.fault for each in judge(feed.flow, facts).kinder}
    assert seen > len(many) // 20
