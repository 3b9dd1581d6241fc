"""From one game day to the next: when a run may end, what is taken back before, and what stays halted.

Used by `tipoff.process.run`. A run is a game day's, but it lasts until nothing of it is open any more:
positions, claims that the venue has not paid, orders. What is done to trading on the way is an operator's act
like any other, recorded and journaled. Must not start or stop anything itself.
"""

import os
from collections.abc import Iterable, Mapping
from typing import Final

from actors.addresses import OBSERVER, OPERATOR, RISK_GATE
from actors.messages import HaltOperation, Operate, Operation, OperatorRequest, ResumeOperation
from actors.observer import OVERVIEW
from actors.read_model.views import Overview, Query
from actors.runtime import AskError
from engine import freshness
from engine.calendar import game_day
from engine.events import GamePhase
from engine.ledger import claim, collateral
from engine.risk import EVERYTHING, ScopeKind, TradingState, kind_of_scope
from engine.units import NANOS_PER_MINUTE, Money, Nanos
from persistence.queries import Reader
from tipoff.live.engine import LiveEngine

EVERY_NS: Final = NANOS_PER_MINUTE
"""So often it is asked whether the game day is over."""

OPERATION_NS_MAX: Final = NANOS_PER_MINUTE
"""So long an operation of ours may take: a disk may be slow, and nobody else waits here."""

PLAYING: Final = frozenset({GamePhase.LIVE, GamePhase.HALFTIME})
DRAIN_REASON: Final = "draining: the game day is over"
CARRIED: Final = " (in force since an earlier run)"
OPEN_ACCOUNTS: Final = (collateral("", "").partition(":")[0] + ":", claim("", "").partition(":")[0] + ":")


OF_A_RUN: Final = (ScopeKind.QUARANTINE, ScopeKind.MARKET)
"""What is parked begins anew in the next run, and a market stands still for the facts of its run."""


def run_of(environment: str, at: Nanos) -> str:
    """The name of the run of a moment's game day."""
    return f"{environment}-{game_day(at).isoformat()}"


def is_open(balances: Mapping[str, Money]) -> bool:
    """Whether money is in positions, or in claims that the venue has not paid."""
    return any(amount and account.startswith(OPEN_ACCOUNTS) for account, amount in balances.items())


def left_open(reader: Reader) -> bool:
    """Whether a run of the journal has anything that must still come to its end."""
    return bool(reader.positions(open_only=True) or reader.orders(open_only=True)) or is_open(
        reader.balances()
    )


def halts_of(reader: Reader) -> tuple[HaltOperation, ...]:
    """The halts that are in force at a run's end; parked strategies begin anew, and so does our own drain."""
    states = {state.word for state in TradingState if state is not TradingState.ACTIVE}
    return tuple(
        # Said once, however many days it has been carried over.
        HaltOperation(row.scope, row.value, row.why.removesuffix(CARRIED) + CARRIED)
        for row in reader.limits()
        if row.name == "halt" and row.value in states
        if kind_of_scope(row.scope) not in OF_A_RUN and row.why != DRAIN_REASON
    )


async def carry_over(engine: LiveEngine, halts: Iterable[HaltOperation]) -> None:
    """Halt what was halted when the last run ended: only a person ends a halt. Raises an AskError.

    Every process of a run does so; by its request id each is done once.
    """
    for number, halt in enumerate(halts, start=1):
        await _operate(engine, f"carried-{number}.{engine.plan.run}", "halt", halt)


async def wait_for_next_day(engine: LiveEngine, environment: str) -> None:
    """Return when another game day has begun, nobody plays and nothing of the run is open any more."""
    clock = engine.plan.clock
    while True:
        await clock.sleep(EVERY_NS)
        if run_of(environment, Nanos(clock())) == engine.plan.run:
            continue
        try:
            if await _may_end(engine):
                return
        except AskError:
            # Somebody who should have answered is being restarted: a minute later it will.
            continue


async def _may_end(engine: LiveEngine) -> bool:
    """Whether the run may end now; what rests in its way is taken back, as long as nothing else keeps it."""
    halt = engine.tally.halted.get(EVERYTHING)
    positions = any(any(row.positions.values()) for row in engine.tally.strategies.values())
    if positions or is_open(engine.tally.ledger.balances) or await _playing(engine):
        # Drained for an end that does not come yet: what is left of the evening is to be traded.
        if halt is not None and halt.why == DRAIN_REASON:
            await _operate(
                engine,
                f"goes-on.{engine.now}",
                "resume",
                ResumeOperation(EVERYTHING, "something is open again"),
            )
        return False
    seen = await engine.ask(OBSERVER, Query(OVERVIEW))
    if isinstance(seen, Overview) and seen.open_orders == 0 and engine.commit_queue.drained:
        return True
    if halt is None:
        # Only where nobody has halted: under a person's halt no entry passes either, and only a person ends
        # it.
        drain = HaltOperation(EVERYTHING, TradingState.DRAINING.word, DRAIN_REASON)
        await _operate(engine, f"drain.{engine.now}", "drain", drain)
    return False


async def _playing(engine: LiveEngine) -> bool:
    scores = [game.score for game in (await engine.games()).values()]
    now = engine.plan.clock()
    return any(
        # A score that nobody renews must not keep a run open for ever.
        score is not None and score.phase in PLAYING and now - score.at < freshness.SCORE.ns
        for score in scores
    )


async def _operate(engine: LiveEngine, name: str, command: str, operation: Operation) -> None:
    request = OperatorRequest(f"rollover.{name}", os.getuid(), command, "{}")
    await engine.ask(OPERATOR, Operate(request, RISK_GATE, operation), OPERATION_NS_MAX)
