"""A journal with a fact that cannot be applied: the process starts, says so, and the other markets trade.

Every kind of fact is spoilt in every way, in the middle of what a real evening left behind.

Covers: engine.quarantine.concerns, engine.quarantine.contradictions, engine.quarantine.quarantine,
engine.quarantine.ranges, engine.quarantine.sieve, engine.quarantine.unread, engine.exchange.freezing,
engine.exchange.rehearsal.
"""

from collections.abc import Callable, Sequence
from pkgutil import resolve_name
from typing import Final

import attrs
import pytest

from actors.addresses import MARKET_FEED
from actors.messages import Numbered, VenueInput
from engine.events import BookSide, BookSnapshot, FeedConnected, MarketStatus, TradePrinted, Trust
from engine.exchange import PaperOrder
from engine.facts import (
    FACTS,
    CancelRefused,
    Fact,
    FactsSetAside,
    FillEvidence,
    FollowingChanged,
    LedgerPosted,
    LimitChanged,
    MarketStateChanged,
    Noted,
    OperatorActed,
    OrderAmended,
    OrderApproved,
    OrderCancelled,
    OrderFilled,
    OrderRejected,
    OrderRested,
    OrderSubmitted,
    PositionSettled,
    Posting,
    RunEnded,
    StrategyChanged,
    TradingHalted,
    TradingResumed,
)
from engine.message import changed
from engine.orders import (
    AmendOrder,
    CancelReason,
    Liquidity,
    PlaceOrder,
    RejectCode,
    TimeInForce,
)
from engine.quarantine import UnreadFact
from engine.tally import Tally
from engine.tickers import parse_ticker
from engine.units import NANOS_PER_SECOND, Count, Money, Nanos, Price
from engine.venue_facts import (
    AmendSubmitted,
    BandEnded,
    BlindnessBegan,
    BlindnessEnded,
    MarketResultKnown,
    MarketTermsChanged,
    PositionPaid,
    TradeHeld,
)
from persistence.codec import decode, encode
from persistence.errors import StorageCorrupt
from persistence.fact_subjects import subject
from tests.stories.plays import lines_of, scripted, ticking
from tests.tipoff.live_desk import EVENING
from tipoff.commands.replay import run_started
from tipoff.config.load import template
from tipoff.replay.session import Past, VirtualSession
from tipoff.runs.fold_snapshots import sections_of, snapshot_of
from tipoff.runs.from_config import at_its_word, schema, trading_settings
from tipoff.runs.run_fold import RunFold, folded
from tipoff.runs.settings import TradingSettings
from venues.recordings.recorder import Line

OLD: Final = "KXNBAGAME-26NOV19BOSNYK-NYK"
"""A market that was over before the evening, for the kinds of facts that the evening does not have yet."""
MARKETS: Final = ("KXNBAGAME-26NOV20MEMPOR-MEM", "KXNBAGAME-26NOV20MEMPOR-POR")
"""Where both strategies trade."""
NAME, SECOND = "scripted", "second"
ORDERS: Final = 80
LASTS: Final = 300 * NANOS_PER_SECOND
"""So long after a start, and after the next one, somebody wants to trade in both markets."""
UNKNOWN: Final = "nobody-9999"


@attrs.frozen
class Evening:
    """What a process left behind, and what the next one hears."""

    settings: TradingSettings
    facts: tuple[Fact, ...]
    told: tuple[Line, ...]
    books: tuple[BookSnapshot, ...]
    at: Nanos


@attrs.frozen
class Begun:
    """A process that went on behind a journal."""

    tally: Tally
    said: tuple[FactsSetAside, ...]
    facts: tuple[Fact, ...]

    @property
    def scopes(self) -> set[str]:
        """What stands still."""
        return {fact.scope for fact in self.said}

    def trades(self) -> set[tuple[str, str]]:
        """Who was filled in which market."""
        return {(fact.strategy, fact.ticker) for fact in self.facts if isinstance(fact, OrderFilled)}


@pytest.fixture(scope="module")
def evening() -> Evening:
    """Two thirds of an evening, of two strategies that trade at fixed moments in two markets."""
    lines = lines_of(EVENING)
    defaults = trading_settings(at_its_word(template(schema())), seed=1)
    (plan,) = scripted(defaults, lines, ORDERS).strategies
    second = scripted(defaults, lines, ORDERS, SECOND)
    settings = attrs.evolve(second, strategies=(plan, *second.strategies))
    cut = len(lines) * 2 // 3
    kept: list[Numbered] = []
    session = begun_at(settings, Nanos(lines[0].at), kept)
    for line in lines[:cut]:
        session.on_line(line)
    books = tuple(
        market.book.as_snapshot()
        for game in session.games().values()
        for market in game.markets.values()
        if market.book.trust is Trust.TRUSTED
    )
    told = tuple(line for line in lines[:cut] if line.source != "kalshi.ws")
    facts = tuple(numbered.fact for numbered in kept)
    at, last = Nanos(lines[cut].at), facts[-1].at
    return Evening(settings, (*facts, *old_market(last), *by_people(last, plan.parameters)), told, books, at)


def begun_at(
    settings: TradingSettings,
    at: Nanos,
    kept: list[Numbered],
    facts: Sequence[Fact | UnreadFact] = (),
    before: RunFold | None = None,
) -> VirtualSession:
    """A process that knows these facts, behind what others were folded to."""

    def keep(numbered: tuple[Numbered, ...]) -> int:
        kept.extend(numbered)
        return numbered[-1].seq

    sections = None if before is None else sections_of(snapshot_of(before, at, "any"))
    first = 1 if before is None else before.entries + 1
    past = Past(facts=tuple(facts), next_seq=first + len(facts), before=sections)
    return VirtualSession(settings, run_started("story", settings, at), keep, past=past)


def goes_on(
    evening: Evening,
    facts: Sequence[Fact | UnreadFact],
    before: RunFold | None = None,
    *,
    later: bool = False,
) -> Begun:
    """Start behind these facts, hear the venues again, and let the strategies trade; `later` behind another
    start, and behind what other facts were folded to.
    """
    kept: list[Numbered] = []
    at = Nanos(evening.at + LASTS if later else evening.at)
    session = begun_at(evening.settings, at, kept, facts, before)
    for line in evening.told:
        session.on_line(Line(at, line.seq, line.source, line.conn, line.what, line.body))
    connected = FeedConnected(99, at)
    books = tuple(
        changed(book, conn=99, sid=1, seq=number, at=at) for number, book in enumerate(evening.books, start=1)
    )
    session.system.put(MARKET_FEED, VenueInput((connected, *books)), at)
    for delta in ticking(books[-1], at + LASTS):
        session.system.advance(delta.at)
        session.system.put(MARKET_FEED, VenueInput((delta,)), delta.at)
    session.system.advance(at + LASTS)
    tally = folded(facts, evening.settings).tally
    new = tuple(numbered.fact for numbered in kept)
    for fact in new:
        tally.apply(fact)
    said = tuple(fact for fact in new if isinstance(fact, FactsSetAside))
    assert not session.system.lives.restarts
    return Begun(tally, said, new)


def posted(entry: str, cause: str, at: Nanos, **amounts: int) -> LedgerPosted:
    """A ledger entry of the old market, by what the accounts are for."""
    accounts = {
        "cash": f"cash:{NAME}",
        "held": f"collateral:{NAME}:{OLD}",
        "claim": f"claim:{NAME}:{OLD}",
        "result": f"result:{NAME}",
    }
    postings = tuple(Posting(accounts[name], Money(amount)) for name, amount in amounts.items())
    return LedgerPosted(entry, NAME, cause, postings, at)


def by_people(at: Nanos, parameters: str) -> tuple[Fact, ...]:
    """What operators did, a strategy noted, and the end of the run."""
    return (
        Noted(NAME, "mood", '"calm"', at),
        StrategyChanged(NAME, True, parameters, "uid 0", at),
        TradingHalted("game:26NOV19BOSNYK", "halted", "uid 0", "a test", at),
        TradingResumed("game:26NOV19BOSNYK", "uid 0", "a test", at),
        LimitChanged("spread_cents", None, "90.0", "uid 0", at),
        FollowingChanged("26NOV18DALUTA", False, (), "uid 0", at),
        OperatorActed("req-old", 0, "loglevel", "{}", "done: yes", at),
        RunEnded("story", "a test", at),
    )


def old_market(at: Nanos) -> tuple[Fact, ...]:
    """A market's whole life, in facts that the evening does not have yet."""
    order = PlaceOrder(
        "scripted-old", NAME, "26NOV19BOSNYK", OLD, BookSide.BID, Price(4_000), Count(1_000),
        TimeInForce.GTC, at, "scripted/old",
    )  # fmt: skip
    refused = changed(order, order_id="scripted-refused")
    resting = changed(order, order_id="scripted-resting")
    evidence = FillEvidence(
        "print", "t-old", Price(4_000), Count(500), 1, 1, 1, 0, Count(0), Count(0), at, at, "0"
    )
    amend = AmendOrder(order.order_id, NAME, Price(4_000), Count(500), at)
    trade = TradePrinted(OLD, "t-held", Price(4_000), Count(100), BookSide.BID, False, at, at)
    cost, gain = 4_000 * 500, 10_000 * 500

    return (
        MarketTermsChanged(
            OLD, "KXNBAGAME-26NOV19BOSNYK", "KXNBAOLD", MarketStatus.ACTIVE, (), "quadratic", "1",
            at, None, None, None, True, at,
        ),
        OrderApproved(order, at),
        OrderSubmitted(order, at, at),
        OrderRested(order.order_id, NAME, OLD, BookSide.BID, Price(4_000), Count(1_000), Count(0), 1, at),
        BlindnessBegan(OLD, at, "a test", at),
        TradeHeld(trade, at),
        BlindnessEnded(OLD, at, recovered=True, at=at),
        AmendSubmitted(amend, at, at),
        OrderAmended(order.order_id, NAME, Price(4_000), Count(500), Count(0), at, Count(500)),
        CancelRefused(order.order_id, NAME, RejectCode.ORDER_NOT_FOUND, at, amend=True),
        OrderFilled(
            "scripted-old/1", order.order_id, NAME, "26NOV19BOSNYK", OLD, BookSide.BID, Price(4_000),
            Count(500), Liquidity.MAKER, Money(0), Money(0), Count(0), evidence, at, at,
        ),
        posted("fill:scripted-old/1", "scripted-old/1", at, cash=-cost, held=cost),
        BandEnded(order.order_id, at),
        OrderSubmitted(refused, at, at),
        OrderRejected(refused.order_id, NAME, OLD, RejectCode.INVALID_PRICE, "a test", at),
        OrderSubmitted(resting, at, at),
        OrderRested(resting.order_id, NAME, OLD, BookSide.BID, Price(4_000), Count(1_000), Count(0), 1, at),
        OrderCancelled(resting.order_id, NAME, OLD, Count(1_000), CancelReason.OPERATOR, at),
        MarketStateChanged(OLD, MarketStatus.DETERMINED, Trust.STALE, "was active", at),
        MarketResultKnown(OLD, "yes", Price(10_000), False, at),
        posted("settle:old", "result yes", at, held=-cost, claim=gain, result=cost - gain),
        PositionSettled(
            NAME, "26NOV19BOSNYK", OLD, Count(500), Price(10_000), "yes", Money(gain), False, at
        ),
        posted("pay:old", "settled", at, claim=-gain, cash=gain),
        PositionPaid(NAME, OLD, Money(gain), at),
    )  # fmt: skip


# Ways to spoil a journal: each takes the facts and the place of one of them, and gives other facts.

Journal = tuple[Fact | UnreadFact, ...]


def unknown_id(facts: tuple[Fact, ...], place: int) -> Journal:
    """The fact once more, of an order, market or strategy that nobody ever heard of."""
    return (*facts[: place + 1], _of_somebody_else(facts[place]), *facts[place + 1 :])


def duplicate(facts: tuple[Fact, ...], place: int) -> Journal:
    """The fact twice."""
    return (*facts[: place + 1], facts[place], *facts[place + 1 :])


def missing_predecessor(facts: tuple[Fact, ...], place: int) -> Journal:
    """Nothing of what went before of the same order, market, scope or fill."""
    about = subject(facts[place])
    before = [fact for fact in facts[:place] if about not in (subject(fact), getattr(fact, "fill_id", None))]
    return (*before, *facts[place:])


def out_of_range(facts: tuple[Fact, ...], place: int) -> Journal:
    """A moment before all time, as a sample of a number that cannot be."""
    return (*facts[:place], changed(facts[place], at=Nanos(-1)), *facts[place + 1 :])


def unknown_enum(facts: tuple[Fact, ...], place: int) -> Journal:
    """A value of a later build."""
    text = encode(facts[place]).decode()
    spoilt = text.replace('"at":', '"at":"soon","before":', 1)
    return (*facts[:place], _unread(facts[place], spoilt), *facts[place + 1 :])


def truncated_body(facts: tuple[Fact, ...], place: int) -> Journal:
    """Half of its text."""
    text = encode(facts[place]).decode()
    return (*facts[:place], _unread(facts[place], text[: len(text) // 2]), *facts[place + 1 :])


def unknown_kind(facts: tuple[Fact, ...], place: int) -> Journal:
    """A kind of a later build, with the names that it has."""
    unread = UnreadFact("OrderImproved", encode(facts[place]).decode(), subject(facts[place]), "unknown kind")
    return (*facts[:place], unread, *facts[place + 1 :])


def _unread(fact: Fact, text: str) -> UnreadFact:
    kind = type(fact).__name__
    with pytest.raises(StorageCorrupt) as raised:
        decode(kind, text)
    return UnreadFact(kind, text, subject(fact), raised.value.what)


def _of_somebody_else(fact: Fact) -> Fact:
    for name in ("order_id", "ticker", "strategy", "scope", "game", "run", "request_id"):
        if hasattr(fact, name):
            is_scope = name == "scope" and ":" in str(getattr(fact, name))
            return changed(fact, **{name: f"strategy:{UNKNOWN}" if is_scope else UNKNOWN})
    for part, name in (
        ("order", "ticker"),
        ("command", "ticker"),
        ("amend", "order_id"),
        ("trade", "ticker"),
    ):
        inner = getattr(fact, part, None)
        if inner is not None and hasattr(inner, name):
            return changed(fact, **{part: changed(inner, **{name: UNKNOWN})})
    return fact


SPOILS: Final[tuple[Callable[[tuple[Fact, ...], int], Journal], ...]] = (
    unknown_id,
    duplicate,
    missing_predecessor,
    out_of_range,
    unknown_enum,
    truncated_body,
    unknown_kind,
)
KINDS: Final = tuple(name for name in FACTS if name != FactsSetAside.__name__)


def place_of(facts: tuple[Fact, ...], kind: str) -> int:
    """The middle one of its kind."""
    places = [place for place, fact in enumerate(facts) if type(fact).__name__ == kind]
    assert places, f"the evening has no {kind}"
    return places[len(places) // 2]


ALWAYS: Final = (out_of_range, unknown_enum, truncated_body, unknown_kind)
"""What no fact survives."""

NEEDS_ORDER: Final = {
    *{"OrderRejected", "OrderRested", "QueueMoved", "OrderFilled", "OrderCancelled", "OrderAmended"},
    *{"BandMoved", "LedgerPosted", "CancelSubmitted", "AmendSubmitted", "BandEnded", "PositionPaid"},
}
SAID: Final[dict[str, set[str]]] = {
    # All facts that need an order or a position; the others bring what they are about with them.
    "unknown_id": NEEDS_ORDER | {"OrderSubmitted", "PositionSettled"},
    # All that would count something twice; the others say the same again.
    "duplicate": {
        *{"OrderSubmitted", "OrderRested", "OrderFilled", "LedgerPosted", "PositionSettled", "PositionPaid"}
    },
    # Of the last three what is missing is the opening of the account, or the order whose cancel was denied.
    "missing_predecessor": NEEDS_ORDER | {"CancelRefused", "StrategyChanged", "Noted", "OrderDenied"},
}


@pytest.mark.promise("no-journal-keeps-from-starting")
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("spoil", SPOILS, ids=lambda spoil: spoil.__name__)
def test_whatever_is_spoilt_the_process_starts_and_says_so_and_the_rest_trades(
    evening: Evening, kind: str, spoil: Callable[[tuple[Fact, ...], int], Journal]
) -> None:
    place = place_of(evening.facts, kind)
    begun = goes_on(evening, spoil(evening.facts, place))
    must = spoil in ALWAYS or kind in SAID[spoil.__name__]
    assert bool(begun.said) is must, begun.said
    assert begun.tally.set_aside.keys() == begun.scopes
    assert begun.scopes - {""} <= begun.tally.halted.keys()
    assert begun.trades() == may_trade(begun.scopes)


def may_trade(scopes: set[str]) -> set[tuple[str, str]]:
    """Who is filled where behind a start, if these stand still."""
    if "all" in scopes:
        return set()
    return {
        (strategy, ticker)
        for strategy in (NAME, SECOND)
        for ticker in MARKETS
        if not scopes & {f"market:{ticker}", f"game:{parse_ticker(ticker).game}", f"quarantine:{strategy}"}
    }


def spoilt(evening: Evening, kind: str = "QueueMoved") -> tuple[Journal, str]:
    """A journal with one entry that cannot be read, and the market that it is about."""
    journal = unknown_enum(evening.facts, place_of(evening.facts, kind))
    (scope,) = goes_on(evening, journal).scopes
    return journal, scope.removeprefix("market:")


def test_the_next_start_says_the_same_and_says_it_once(evening: Evening) -> None:
    journal, ticker = spoilt(evening)
    begun = goes_on(evening, journal)
    again = goes_on(evening, (*journal, *begun.facts), later=True)
    assert again.said == ()
    assert again.tally.set_aside == begun.tally.set_aside
    assert again.trades() == begun.trades() == may_trade({f"market:{ticker}"})


def test_what_rests_in_a_market_that_is_set_aside_is_taken_back_and_its_position_stays(
    evening: Evening,
) -> None:
    rested = next(
        order
        for order in reversed([fact for fact in evening.facts if isinstance(fact, OrderRested)])
        if order.ticker in MARKETS
    )
    open_before = {
        order.order_id
        for order in evening.facts
        if isinstance(order, OrderRested) and order.ticker == rested.ticker
    } - {order.order_id for order in evening.facts if isinstance(order, OrderCancelled | OrderFilled)}
    assert rested.order_id in open_before
    place = [
        place for place, fact in enumerate(evening.facts) if getattr(fact, "ticker", "") == rested.ticker
    ][-1]
    begun = goes_on(evening, unknown_enum(evening.facts, place))
    assert begun.scopes == {f"market:{rested.ticker}"}
    taken_back = {
        fact.order_id
        for fact in begun.facts
        if isinstance(fact, OrderCancelled) and fact.reason is CancelReason.MARKET_FROZEN
    }
    assert taken_back == open_before
    held = goes_on(evening, evening.facts).tally.strategies[NAME].positions
    assert rested.ticker in begun.tally.strategies[NAME].positions
    assert held.keys() == begun.tally.strategies[NAME].positions.keys()


def test_a_market_that_is_released_trades_again_and_is_not_set_aside_anew(evening: Evening) -> None:
    journal, ticker = spoilt(evening)
    begun = goes_on(evening, journal)
    released = TradingResumed(f"market:{ticker}", "uid 0", "looked at", Nanos(evening.at))
    again = goes_on(evening, (*journal, *begun.facts, released), later=True)
    assert again.said == ()
    assert again.tally.set_aside == {}
    assert again.trades() == may_trade(set())


def test_what_cannot_be_decided_at_the_start_costs_its_market_only(
    evening: Evening, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = next(
        fact for fact in evening.facts if isinstance(fact, OrderSubmitted) and fact.order.ticker == MARKETS[0]
    )
    again = changed(sent.order, order_id="scripted-stuck", tif=TimeInForce.GTC)
    rejects = resolve_name("engine.exchange.step_context:StepContext.reject")

    def fails(context: object, order: PaperOrder, code: RejectCode, detail: str) -> None:
        if order.order_id == again.order_id:
            raise ZeroDivisionError("nobody thought of this")
        rejects(context, order, code, detail)

    monkeypatch.setattr("engine.exchange.step_context.StepContext.reject", fails)
    at = evening.facts[-1].at
    begun = goes_on(evening, (*evening.facts, OrderSubmitted(again, at, at)))
    (said,) = begun.said
    assert (said.scope, said.first, said.kind) == (f"market:{MARKETS[0]}", 0, "start")
    assert "nobody thought of this" in said.words
    assert begun.trades() == may_trade(begun.scopes)


@pytest.mark.promise("no-journal-keeps-from-starting")
def test_an_order_that_was_approved_and_cannot_be_sent_costs_its_market_only(
    evening: Evening, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each start sends it again: where it fails every start would."""
    sent = next(
        fact for fact in evening.facts if isinstance(fact, OrderSubmitted) and fact.order.ticker == MARKETS[0]
    )
    stuck = changed(sent.order, order_id="scripted-stuck", tif=TimeInForce.GTC)
    place = resolve_name("engine.exchange.submission:_place")

    def fails(context: object, order: PlaceOrder, seed: int) -> bool:
        if order.order_id == stuck.order_id:
            raise ZeroDivisionError("nobody thought of this")
        return bool(place(context, order, seed))

    monkeypatch.setattr("engine.exchange.submission._place", fails)
    begun = goes_on(evening, (*evening.facts, OrderApproved(stuck, evening.facts[-1].at)))
    (said,) = begun.said
    assert (said.scope, said.first, said.kind) == (f"market:{MARKETS[0]}", 0, "PlaceOrder")
    assert "nobody thought of this" in said.words
    assert begun.trades() == may_trade(begun.scopes)
    refused = [fact for fact in begun.facts if isinstance(fact, OrderRejected)]
    assert [fact.order_id for fact in refused if fact.order_id == stuck.order_id] == [stuck.order_id]
