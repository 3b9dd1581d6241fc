"""Why: every way in which an order can end is told in words and numbers, by a daemon and by a database.

Covers: tipoff.explain.chain, tipoff.explain.from_database, tipoff.explain.sentences.
"""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from actors.messages import Numbered
from engine.events import BookSide, TradePrinted
from engine.facts import FACTS, QueueMoved, SignalAction, SignalRaised
from engine.units import Count, Nanos, Price
from persistence import schema_upgrade as database
from persistence.writer import JournalWriter
from tipoff.cli.app import main
from tipoff.exit_codes import Exit
from tipoff.explain.chain import STEPS_MAX, JournaledFact, explain, verdict
from tipoff.explain.from_database import chain_reader
from tipoff.explain.sentences import sentence
from tipoff.output import Failure

from .conftest import ORDER, TICKER, Bench, Serve, Wire


async def evening(wire: Wire, bench: Bench) -> None:
    """An order that takes, one that is refused, one that rests and is filled by prints, one that never is."""
    await wire.result("orders.place", request_id="taken", **ORDER)
    await wire.call("orders.place", request_id="denied", **{**ORDER, "count": "900"})
    resting = {**ORDER, "price": "0.50", "tif": "gtc"}
    await wire.result("orders.place", request_id="filled", **resting)
    bench.later(1)
    bench.hand_in(trade(450, "t1", bench.now), trade(60, "t2", bench.now))
    bench.later(5)
    await wire.result("orders.place", request_id="never", **resting)
    bench.later(1)
    bench.hand_in(trade(5, "t3", bench.now))
    bench.later(1)
    await wire.result("orders.cancel", request_id="back", order_id="operator:never")
    bench.later(1)
    await wire.result("orders.place", request_id="nothing-there", **{**ORDER, "price": "0.51"})
    bench.later(1)


def trade(contracts: int, name: str, at: int) -> TradePrinted:
    return TradePrinted(
        ticker=TICKER,
        trade_id=name,
        price=Price(5_000),
        count=Count(contracts * 100),
        taker=BookSide.ASK,
        block=False,
        at_venue=Nanos(at),
        at=Nanos(at),
    )


async def stories(serve: Serve, bench: Bench) -> Callable[[str], str]:
    """The verdicts of the evening above."""
    async with serve() as at:
        await evening(await at.greeted(), bench)
    return lambda name: explain(name, bench.chain(name)).verdict


async def test_each_end_has_its_verdict(serve: Serve, bench: Bench) -> None:
    told = await stories(serve, bench)
    assert told("operator:taken") == "filled 10.00 of 10.00"
    assert told("operator:denied").startswith("not sent: the risk gate refused it, the order is too large")
    assert told("operator:filled") == "filled 10.00 of 10.00"
    assert told("operator:never") == (
        "filled 0.00 of 10.00; the remaining 10.00 were cancelled: requested; of the 500.00 contracts that "
        "stood ahead of it 495.00 were still there: prints must trade through them first"
    )
    assert told("operator:nothing_there") == (
        "filled 0.00 of 10.00; the remaining 10.00 were cancelled: immediate_or_cancel_remainder, without "
        "ever resting in the book"
    )
    assert told("nobody") == "nothing is known of nobody"


async def test_a_fill_names_the_print_or_the_level_that_made_it(serve: Serve, bench: Bench) -> None:
    told = await stories(serve, bench)
    assert told("operator:taken/1").startswith(
        "filled 10.00 at 0.5200 as taker by the book level 0.5200 of frame 1, fee 0."
    )
    assert "as maker by the public trade t2" in told("operator:filled/1")


async def test_the_chain_goes_from_the_market_message_to_the_ledger(serve: Serve, bench: Bench) -> None:
    await stories(serve, bench)
    found = explain("operator:filled", bench.chain("operator:filled"))
    kinds = [step.kind for step in found.steps]
    order = ["OrderApproved", "OrderSubmitted", "OrderRested", "QueueMoved", "OrderFilled", "LedgerPosted"]
    assert [kind for kind in dict.fromkeys(kinds) if kind in order] == order
    text = "\n".join(step.text for step in found.steps)
    assert "behind 500.00 contracts" in text
    assert "500.00 became 50.00 by t1" in text
    assert "the public trade t2 of 60.00 at 0.5000" in text
    assert "ahead in the queue 50.00, then 0.00" in text
    assert [step.seq for step in found.steps] == sorted(step.seq for step in found.steps)


def test_a_near_miss_names_the_limit_that_stopped_it() -> None:
    fact = SignalRaised(
        signal_id="s/1",
        strategy="s",
        game="G",
        ticker="T",
        side=BookSide.BID,
        action=SignalAction.NO_TRADE,
        reason="below_threshold",
        p_fair=0.5,
        price=Price(4_700),
        p_edge=0.02,
        evidence=(("value", "2.1"), ("limit", "3.0")),
        at=Nanos(1),
    )
    assert verdict("s/1", [fact]) == "no order: below_threshold (value 2.1, limit 3.0)"
    assert "fair 0.5000, expected 0.0200 a contract after fees. Because: value 2.1; limit 3.0" in sentence(
        fact
    )


def test_a_story_without_end_is_told_from_its_beginning_and_its_end() -> None:
    moved = QueueMoved("o", Count(2), Count(1), "t", Nanos(1))
    story = [JournaledFact(seq=n, at=Nanos(1), cause=1, owner="x", fact=moved) for n in range(STEPS_MAX + 7)]
    assert explain("o", story[:STEPS_MAX]).left_out == 0
    found = explain("o", story)
    assert (len(found.steps), found.left_out) == (STEPS_MAX, 7)
    assert (found.steps[0].seq, found.steps[-1].seq) == (0, STEPS_MAX + 6)


@pytest.fixture
def url(folder: Path) -> str:
    made = f"sqlite:///{folder}/t.db"
    database.upgrade(made)
    return made


async def test_a_database_tells_the_same_as_the_daemon(
    serve: Serve, bench: Bench, url: str, capfd: pytest.CaptureFixture[str]
) -> None:
    await stories(serve, bench)
    writer = JournalWriter(url, "bench")
    try:
        writer.append(_placed(bench.facts))
    finally:
        writer.close()
    for name in (
        "operator:taken",
        "operator:denied",
        "operator:filled",
        "operator:never",
        "operator:taken/1",
    ):
        capfd.readouterr()
        assert main(["why", name, "--db", url, "--json"]) == Exit.OK
        found = json.loads(capfd.readouterr().out)
        assert found["verdict"] == explain(name, bench.chain(name)).verdict, name
        assert main(["why", name, "--db", url]) == Exit.OK
        assert found["verdict"] in capfd.readouterr().out.replace("\n", " ")
    assert main(["why", "nobody", "--db", url]) == Exit.FAILED
    with pytest.raises(Failure, match="no run"):
        chain_reader(url, "another")("operator:taken")


def _placed(facts: list[Numbered]) -> list[Numbered]:
    return [Numbered(each.seq, each.cause, each.owner, each.fact) for each in facts]


def test_a_database_that_is_none_is_a_failure_with_a_sentence(
    folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(["why", "x", "--db", f"sqlite:///{folder}/none.db"]) == Exit.FAILED
    assert "Traceback" not in capfd.readouterr().err


async def test_every_fact_of_an_evening_has_words_of_its_own(serve: Serve, bench: Bench) -> None:
    await stories(serve, bench)
    seen = {type(each.fact).__name__ for each in bench.facts}
    assert len(seen) > 12
    assert seen <= set(FACTS)
    for each in bench.facts:
        text = sentence(each.fact)
        assert not text.startswith(type(each.fact).__name__), text
        assert "<" not in text
