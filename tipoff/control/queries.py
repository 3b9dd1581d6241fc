"""The methods of the control socket that only query: what they ask, and the answer as a class.

All but `book` and `risk` read from the observer; those two ask the game and the risk gate, because only they
know, and cost one message. Names, parameters and help stand in `registry`.
"""

import platform
from collections.abc import Mapping

from actors.addresses import RISK_GATE, game_address
from actors.messages import GateSeen, LimitsWanted, Numbered, StateWanted
from actors.observer import RESTING
from actors.read_model.views import (
    DeadLetterLine,
    FeedLine,
    FillLine,
    GameLine,
    MarketLine,
    OrderLine,
    Overview,
    PnlLine,
    PositionLine,
    Query,
    SetAsideLine,
    SignalLine,
    StrategyLine,
)
from actors.runtime import ActorStatus
from engine.book import Book
from engine.freshness import ANY_BOOK
from engine.game import Game
from engine.units import NANOS_PER_SECOND, PRICE_ONE, Nanos, Price
from persistence.errors import StorageError
from tipoff import __version__
from tipoff.control.context import Call, CallContext, Handler, State, state_of
from tipoff.control.open_items import still_open
from tipoff.control.parameters import Params
from tipoff.control.protocol import PROTOCOL, ErrorCode, Fault
from tipoff.control.responses import (
    ActorLine,
    BookLevel,
    BookSeen,
    Check,
    Health,
    LimitLine,
    LogLevel,
    Metrics,
    RiskSeen,
    Status,
    Version,
)
from tipoff.explain.chain import JournalLine, Why, explain, journal_line
from tipoff.output import Failure

RUNNING = "running"


def table(what: str) -> Handler:
    """The method that shows a table of the observer, filtered as asked."""

    async def show(context: CallContext, call: Call) -> object:
        return await context.query(query_of(what, call.params))

    return show


def query_of(what: str, params: Params) -> Query:
    """The question to the observer."""
    return Query(
        what,
        params.text("strategy"),
        params.text("ticker"),
        params.text("game"),
        open_only=params.flag("open"),
        limit=params.whole("limit", 100),
    )


async def status(context: CallContext, _call: Call) -> Status:
    """One screen; before the tree of actors is started, little more than that it is not."""
    seen = await context.overview()
    strategies = await context.query(Query("strategies", limit=1_000))
    results = await context.query(Query("pnl", limit=1_000))
    assert isinstance(strategies, tuple)  # noqa: S101 - the observer's tables are tuples
    assert isinstance(results, tuple)  # noqa: S101
    resting = await context.query(Query(RESTING, limit=1_000))
    assert isinstance(resting, tuple)  # noqa: S101
    gate = await _gate(context)
    now = Nanos(context.engine.now)
    actors = [actor for actor in context.engine.status() if actor.kind != "supervisor"]
    phase = context.phase()
    why_not = tuple(_why_not(seen, gate)) if phase == RUNNING else (f"the daemon is {phase}",)
    state = state_of(seen.halts) if phase == RUNNING else phase
    return Status(
        state=state,
        trading=not why_not,
        why_not=why_not,
        degraded=tuple(_degraded(context, seen, gate, now)),
        tipoff=__version__,
        run=seen.run,
        at=now,
        uptime_seconds=None if seen.started_at is None else (now - seen.started_at) // NANOS_PER_SECOND,
        at_risk=seen.at_risk,
        at_risk_max=_limit(gate, "exposure_total"),
        positions=seen.positions,
        open_orders=seen.open_orders,
        still_open=await still_open(context, resting) if state in ("draining", "halted") else (),
        resting=resting,
        pnl=seen.band,
        strategies=strategies,
        results=results,
        halts=seen.halts,
        set_aside=seen.set_aside,
        feed=seen.feed,
        actors=len(actors),
        actors_running=sum(1 for actor in actors if actor.state == RUNNING),
        restarts=seen.restarts,
        dead_letters=seen.dead_letters,
        journal_seq=seen.journal_seq,
        last_failure=seen.last_failure,
    )


async def _gate(context: CallContext) -> GateSeen | None:
    """The risk gate's own view; None if it does not answer, which is a finding of its own."""
    try:
        seen = await context.ask(RISK_GATE, LimitsWanted())
    except Fault:
        return None
    return seen if isinstance(seen, GateSeen) else None


def _limit(gate: GateSeen | None, name: str) -> str | None:
    for line in gate.limits if gate else ():
        if line.name == name and line.strategy is None:
            return line.limit
    return None


def _why_not(seen: Overview, gate: GateSeen | None) -> list[str]:
    """Everything that keeps orders from being sent now."""
    found = [f"{halt.state} by {halt.by}: {halt.why}" for halt in seen.halts if halt.scope == "all"]
    if gate is None:
        found.append("the risk gate does not answer, so no order passes")
    elif gate.trouble is not None:
        found.append(f"decisions cannot be made durable: {gate.trouble}")
    if not seen.strategies_on:
        found.append("no strategy is on")
    elif all(name in seen.quarantined for name in seen.strategies_on):
        found.append("every strategy is quarantined")
    if not seen.feed.venue_trading:
        found.append("the venue does not trade")
    if not seen.feed.trusted_books:
        found.append("no book can be trusted at present")
    return found


def _degraded(context: CallContext, seen: Overview, gate: GateSeen | None, now: Nanos) -> list[str]:
    """Everything that is not as it should be, whether it stops trading or not."""
    feed = seen.feed
    found = list(context.hooks.degraded()) if context.hooks.degraded is not None else []
    found += [f"{scope} is quarantined" for scope in seen.quarantined]
    found += [_set_aside(line) for line in seen.set_aside]
    found += [
        f"{actor.address} is {actor.state}"
        for actor in context.engine.status()
        if actor.kind != "supervisor" and actor.state != RUNNING
    ]
    if gate is not None and gate.trouble is not None:
        found.append(f"storage: {gate.trouble}")
    if not feed.connected and (feed.books or feed.losses):
        found.append("the market feed is not connected")
    if feed.trusted_books < feed.books:
        found.append(f"{feed.books - feed.trusted_books} of {feed.books} books are not trusted")
    if feed.last_book_at is not None and now - feed.last_book_at > ANY_BOOK.ns:
        found.append(f"no book has changed for {(now - feed.last_book_at) // NANOS_PER_SECOND} s")
    return found


def _set_aside(line: SetAsideLine) -> str:
    if not line.scope:
        return f"{line.words}; nothing rests on it"
    return f"{line.scope} stands still: {line.words}; `tipoff resume {line.scope} --reason ...` releases it"


async def health(context: CallContext, _call: Call) -> Health:
    """The checks of a probe, answered in every state of the daemon."""
    phase = context.phase()
    step = context.hooks.step()
    checks = [Check(name="phase", ok=phase == RUNNING, detail=f"{phase}, {step}" if step else phase)]
    down = [actor for actor in context.engine.status() if actor.state != RUNNING]
    detail = ", ".join(f"{actor.address} is {actor.state}" for actor in down)
    checks.append(Check(name="actors", ok=not down, detail=detail or "all run"))
    try:
        seen = await context.overview()
    except Fault as fault:
        checks.append(Check(name="observer", ok=False, detail=str(fault)))
        return Health(ok=False, state=phase, checks=tuple(checks))
    gate = await _gate(context)
    problem = "does not answer" if gate is None else gate.trouble
    checks.append(
        Check(name="risk_gate", ok=gate is not None, detail="answers" if gate else "does not answer")
    )
    checks.append(Check(name="journal", ok=problem is None, detail=problem or "durable"))
    if context.hooks.heartbeat is not None:
        late = context.hooks.heartbeat()
        checks.append(Check(name="heartbeat", ok=not late, detail=late or "passes every stage"))
    checks.append(Check(name="feed", ok=seen.feed.connected, detail=_feed_words(seen.feed)))
    state: State = state_of(seen.halts) if phase == RUNNING else phase
    return Health(ok=all(check.ok for check in checks), state=state, checks=tuple(checks))


def _feed_words(feed: FeedLine) -> str:
    connected = "connected" if feed.connected else "not connected"
    return f"{connected}, {feed.trusted_books} of {feed.books} books trusted"


async def actors(context: CallContext, _call: Call) -> tuple[ActorLine, ...]:
    """The tree as it stands, also while parts of it are restarting."""
    now = context.engine.now
    since: dict[str, Nanos] = {}
    begun: Nanos | None = None
    try:
        seen = await context.overview()
        since, begun = seen.since, seen.started_at
    except Fault:
        pass
    return tuple(
        _actor(actor, since.get(str(actor.address), begun), now) for actor in context.engine.status()
    )


def _actor(actor: ActorStatus, since: Nanos | None, now: int) -> ActorLine:
    return ActorLine(
        address=str(actor.address),
        depth=actor.address.count("/"),
        kind=actor.kind,
        state=actor.state,
        incarnation=actor.incarnation,
        restarts=actor.restarts,
        mailbox=actor.depth,
        mailbox_peak=actor.peak,
        mailbox_capacity=actor.capacity,
        handled=actor.handled,
        refused=actor.refused,
        dropped=actor.dropped,
        failures=actor.failures,
        last_error=actor.last_error,
        age_seconds=None if since is None else max(0, now - since) // NANOS_PER_SECOND,
    )


async def book(context: CallContext, call: Call) -> BookSeen:
    """A market's book, level by level, from the game that keeps it."""
    ticker = call.params.must("ticker")
    found = await context.query(Query("markets", ticker=ticker))
    if not (isinstance(found, tuple) and found and isinstance(found[0], MarketLine)):
        raise Fault(ErrorCode.NOT_FOUND, f"no market {ticker!r} is followed")
    game = await context.ask(game_address(found[0].game), StateWanted())
    market = game.markets.get(ticker) if isinstance(game, Game) else None
    if market is None:
        raise Fault(ErrorCode.NOT_FOUND, f"no market {ticker!r} is followed")
    return _book(ticker, found[0].game, market.book)


def _book(ticker: str, game: str, seen: Book) -> BookSeen:
    bids = sorted(seen.yes.items(), reverse=True)
    asks = sorted((Price(PRICE_ONE - price), count) for price, count in seen.no.items())
    return BookSeen(
        ticker=ticker,
        game=game,
        trust=seen.trust.value,
        bids=tuple(BookLevel(price=price, count=count) for price, count in bids),
        asks=tuple(BookLevel(price=price, count=count) for price, count in asks),
        conn=seen.conn,
        sid=seen.sid,
        seq=seen.seq,
        at=seen.at,
        pseudo=seen.pseudo,
    )


async def risk(context: CallContext, _call: Call) -> RiskSeen:
    """Every limit with its use, from the gate that holds it."""
    gate = await context.ask(RISK_GATE, LimitsWanted())
    seen = await context.overview()
    assert isinstance(gate, GateSeen)  # noqa: S101 - that is what it answers
    limits = tuple(
        LimitLine(
            name=line.name,
            strategy=line.strategy,
            use=line.use,
            limit=line.limit,
            unit=line.unit,
            where=line.where,
        )
        for line in gate.limits
    )
    return RiskSeen(limits=limits, halts=seen.halts, journal_trouble=gate.trouble)


async def journal(context: CallContext, call: Call) -> tuple[JournalLine, ...]:
    """The last facts in words."""
    found = await context.query(query_of("journal", call.params))
    assert isinstance(found, tuple)  # noqa: S101 - the observer's tables are tuples
    return tuple(journal_line(each) for each in found if isinstance(each, Numbered))


async def why(context: CallContext, call: Call) -> Why:
    """The causal chain of an order, a fill or a signal, read from the journal beside the loop."""
    chain, name = context.hooks.chain, call.params.must("id")
    if chain is None:
        message = "this daemon keeps no journal that can be read; try `tipoff why ID --db URL`"
        raise Fault(ErrorCode.NOT_AVAILABLE, message)
    try:
        found = explain(name, await context.in_thread(lambda: chain(name)))
    except (Failure, StorageError) as error:
        raise Fault(ErrorCode.UNAVAILABLE, f"the journal cannot be read: {error}") from None
    if not found.steps:
        raise Fault(ErrorCode.NOT_FOUND, f"nothing is known of {name!r}: name an order, a fill or a signal")
    return found


async def metrics(context: CallContext, _call: Call) -> Metrics:
    """The numbers for Prometheus."""
    text = context.hooks.metrics
    if text is None:
        raise Fault(ErrorCode.NOT_AVAILABLE, "this daemon keeps no metrics")
    return Metrics(text=await context.in_thread(text))


async def loglevel_show(context: CallContext, _call: Call) -> LogLevel:
    """What is logged."""
    hook = context.hooks.loglevel
    if hook is None:
        raise Fault(ErrorCode.NOT_AVAILABLE, "this daemon's log level is not known")
    try:
        return LogLevel(level=hook(None))
    except Failure as error:
        raise Fault(ErrorCode.NOT_AVAILABLE, str(error)) from None


async def version(context: CallContext, _call: Call) -> Version:
    """What runs, and where it stands."""
    state = await context.state()
    return Version(tipoff=__version__, python=platform.python_version(), protocol=PROTOCOL, state=state)


TABLES: Mapping[str, object] = {
    "strategies": tuple[StrategyLine, ...],
    "orders": tuple[OrderLine, ...],
    "fills": tuple[FillLine, ...],
    "signals": tuple[SignalLine, ...],
    "positions": tuple[PositionLine, ...],
    "pnl": tuple[PnlLine, ...],
    "games": tuple[GameLine, ...],
    "markets": tuple[MarketLine, ...],
    "dead_letters": tuple[DeadLetterLine, ...],
}
"""The observer's tables that are answered as they are, and what their lines are."""

HANDLERS: Mapping[str, Handler] = {
    "status": status,
    "health": health,
    "actors": actors,
    "book": book,
    "risk": risk,
    "journal": journal,
    "why": why,
    "metrics": metrics,
    "loglevel.show": loglevel_show,
    "version": version,
    **{name: table(name) for name in TABLES},
}
"""What answers each method that only looks."""
