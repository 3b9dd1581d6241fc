"""Status and health: is it trading, what is degraded, can it do its work at all.

Both read from the observer and ask the risk gate, because only that knows whether decisions are durable.
"""

from collections.abc import Sequence

import attrs

from actors.addresses import RISK_GATE
from actors.messages import GateSeen, LimitsWanted
from actors.observer import RESTING
from actors.read_model.views import (
    BandLine,
    FeedLine,
    GameLine,
    HaltLine,
    Overview,
    PnlLine,
    Query,
    ReportLine,
    RestingLine,
    SetAsideLine,
    StrategyLine,
)
from engine.freshness import ANY_BOOK
from engine.terms import GamePhase
from engine.units import NANOS_PER_SECOND, Money, Nanos
from tipoff import __version__
from tipoff.control.context import Call, CallContext, State, state_of
from tipoff.control.endpoint import Endpoints
from tipoff.control.method import Method
from tipoff.control.open_items import still_open
from tipoff.control.protocol import Fault
from tipoff.exit_codes import Exit

RUNNING = "running"
OVER = frozenset({GamePhase.FINAL.value, GamePhase.POSTPONED.value})
ENDPOINTS = Endpoints()


@attrs.frozen(kw_only=True)
class Status:
    """One screen: is it trading, what is degraded, how much is at risk, the band, what failed last."""

    state: str
    trading: bool
    why_not: tuple[str, ...]
    degraded: tuple[str, ...]
    tipoff: str
    run: str | None
    at: Nanos
    uptime_seconds: int | None
    at_risk: Money
    at_risk_max: str | None
    positions: int
    open_orders: int
    still_open: tuple[str, ...]
    """While it drains or is halted: the open orders and positions, a sentence each; else empty."""
    pnl: BandLine
    strategies: tuple[StrategyLine, ...]
    results: tuple[PnlLine, ...]
    resting: tuple[RestingLine, ...]
    """While it drains or is halted: every order that is still open, and what has become of its cancel."""
    halts: tuple[HaltLine, ...]
    set_aside: tuple[SetAsideLine, ...]
    """Facts and decisions that failed; what stands still for them does so until somebody resumes it."""
    feed: FeedLine
    actors: int
    actors_running: int
    restarts: int
    dead_letters: int
    journal_seq: int
    last_failure: ReportLine | None


@attrs.frozen(kw_only=True)
class Check:
    """One thing that must be right."""

    name: str
    ok: bool
    detail: str


@attrs.frozen(kw_only=True)
class Health:
    """Whether the daemon can do its work: for probes."""

    ok: bool
    state: str
    checks: tuple[Check, ...]


@ENDPOINTS.answers(
    Method(
        name="status",
        line="One screen: is it trading, what is at risk, what failed.",
        help="Show on one screen: is it trading, what is degraded, what is at risk, the band, "
        "what failed last.",
        not_running=Exit.NOT_RUNNING_STATUS,
    )
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
    games = await context.query(Query("games", limit=1_000))
    assert isinstance(games, tuple)  # noqa: S101
    # While it starts or stops every reason below would hold, and none of them would be the reason.
    why_not = tuple(_why_not(seen, gate, games)) if phase == RUNNING else (f"the daemon is {phase}",)
    state = state_of(seen.halts) if phase == RUNNING else phase
    return Status(
        state=state,
        trading=not why_not,
        why_not=why_not,
        degraded=tuple(_degraded(context, seen, gate, games, now)),
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


def _why_not(seen: Overview, gate: GateSeen | None, games: Sequence[GameLine]) -> list[str]:
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
        found.append(_no_book(games))
    elif games and not any(game.matched for game in games):
        found.append("no game is matched to the league's schedule, and no other is entered")
    return found


def _no_book(games: Sequence[GameLine]) -> str:
    """Why no book is trusted: on most of the day's hours there is nothing wrong with that."""
    if not games:
        return "no game is followed"
    if _over(games):
        postponed = any(game.phase == GamePhase.POSTPONED.value for game in games)
        return f"all games are {'over or postponed' if postponed else 'over'}: {len(games)}"
    return "no book can be trusted at present"


def _over(games: Sequence[GameLine]) -> bool:
    """Whether there were games, and nothing is played any more."""
    return bool(games) and {game.phase for game in games} <= OVER


def _degraded(
    context: CallContext, seen: Overview, gate: GateSeen | None, games: Sequence[GameLine], now: Nanos
) -> list[str]:
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
    # An empty house is no trouble: the venue stops quoting when a game is over.
    if _over(games):
        return found
    if feed.trusted_books < feed.books:
        found.append(f"{feed.books - feed.trusted_books} of {feed.books} books are not trusted")
    if feed.last_book_at is not None and now - feed.last_book_at > ANY_BOOK.ns:
        found.append(f"no book has changed for {(now - feed.last_book_at) // NANOS_PER_SECOND} s")
    return found


def _set_aside(line: SetAsideLine) -> str:
    if not line.scope:
        return f"{line.words}; nothing rests on it"
    return f"{line.scope} stands still: {line.words}; `tipoff resume {line.scope} --reason ...` releases it"


@ENDPOINTS.answers(
    Method(
        name="health",
        line="Checks for probes, with an exit code.",
        help="Check whether the daemon can do its work, for probes: exit code 0, or 5 with what is wrong.",
        always=True,
    )
)
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
        # A probe has its answer in every state; what the actors would add is left out.
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
