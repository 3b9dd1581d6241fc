"""The supervision tree of the engine, as an indented outline: the first file to read.

Called by the replay (virtual clock) and by the daemon (live); both run the very same behaviours. It chooses
who exists, who supervises whom, what each hears and what its mailbox does; it decides nothing about
trading.
"""

from collections.abc import Callable

import attrs

from actors.addresses import FACTS, FEED, GAMES_TOPIC, NEWS
from actors.fact_history import FactHistory
from actors.game import GameActor
from actors.journal import JournalActor, WriterActor
from actors.market_feed import MarketFeed
from actors.messages import Numbered
from actors.observer import ObserverActor
from actors.operator import OperatorActor
from actors.paper_exchange import PaperExchangeActor
from actors.risk_gate import RiskGateActor
from actors.runtime import (
    FAIL,
    ONE_FOR_ALL,
    ONE_FOR_ONE,
    QUARANTINE,
    REST_FOR_ONE,
    RETAIN,
    TOPIC_DEAD_LETTERS,
    TOPIC_SUPERVISION,
    TRANSIENT,
    AnySpec,
    ChildSpec,
    MailboxPolicy,
    SupervisorSpec,
)
from actors.schedule import ScheduleActor
from actors.strategy import StrategyActor
from engine.exchange import ExchangeRules, PaperExchange
from engine.restart import Backoff
from engine.risk import RiskGate, RiskLimits
from engine.schedule import Schedule
from engine.strategies.strategy import Strategy
from engine.units import NANOS_PER_SECOND

KEEPS_EVERYTHING = MailboxPolicy(capacity=100_000, when_full=FAIL, on_restart=RETAIN)
"""For those whose messages are commands and facts: nothing may be lost, and nothing is silently dropped."""

AT_ONCE = Backoff(first_ns=0, cap_ns=10 * NANOS_PER_SECOND)
"""The first restart is immediate, so that a single crash costs no market data."""


@attrs.frozen(kw_only=True)
class Parts:
    """What the tree is made of: the settings and the seams to the world that the caller chose."""

    strategies: tuple[tuple[str, Callable[[], Strategy]], ...]
    limits: RiskLimits
    strategy_limits: dict[str, RiskLimits]
    rules: ExchangeRules
    seed: int
    every_market: bool
    memory: FactHistory
    cause: Callable[[], int]
    store: Callable[[tuple[Numbered, ...]], int]
    next_seq: int = 1
    writer_answers: bool = True
    sources: tuple[AnySpec, ...] = ()
    """The actors that do the I/O of the sources; a replay has none."""
    edges: tuple[AnySpec, ...] = ()
    watched: bool = False
    """Whether somebody can ask and act: a replay needs neither observer nor operator."""


def tree(parts: Parts) -> SupervisorSpec:
    """Return the whole supervision tree; the root's children start from top to bottom and stop in reverse."""
    return SupervisorSpec(
        name="root",
        strategy=ONE_FOR_ALL,
        intensity=0,
        children=(
            _journal(parts),
            _writer(parts),
            SupervisorSpec(
                name="exchange",
                strategy=REST_FOR_ONE,
                backoff=AT_ONCE,
                children=(_paper_exchange(parts), _risk_gate(parts), _strategies(parts)),
            ),
            SupervisorSpec(name="games", strategy=ONE_FOR_ONE, backoff=AT_ONCE),
            SupervisorSpec(
                name="sources",
                strategy=ONE_FOR_ONE,
                backoff=AT_ONCE,
                children=(_schedule(parts), _market_feed(), *parts.sources),
            ),
            *parts.edges,
            *((_edge(parts),) if parts.watched else ()),
        ),
    )


def _journal(parts: Parts) -> ChildSpec:
    return ChildSpec(
        name="journal",
        factory=lambda: JournalActor(parts.memory, parts.cause, parts.next_seq),
        mailbox=KEEPS_EVERYTHING,
    )


def _writer(parts: Parts) -> ChildSpec:
    return ChildSpec(
        name="writer",
        factory=lambda: WriterActor(parts.store, answers=parts.writer_answers),
        mailbox=KEEPS_EVERYTHING,
    )


def _paper_exchange(parts: Parts) -> ChildSpec:
    return ChildSpec(
        name="paper_exchange",
        factory=lambda: PaperExchangeActor(PaperExchange(parts.rules, parts.seed), parts.memory),
        mailbox=KEEPS_EVERYTHING,
        subscriptions=(FEED,),
    )


def _risk_gate(parts: Parts) -> ChildSpec:
    return ChildSpec(
        name="risk_gate",
        factory=lambda: RiskGateActor(RiskGate(parts.limits, parts.strategy_limits), parts.memory),
        mailbox=KEEPS_EVERYTHING,
        subscriptions=(NEWS, FACTS, FEED, TOPIC_SUPERVISION),
    )


def _strategies(parts: Parts) -> SupervisorSpec:
    return SupervisorSpec(
        name="strategies",
        strategy=ONE_FOR_ONE,
        on_excess=QUARANTINE,
        backoff=AT_ONCE,
        children=tuple(_strategy(parts, name, make) for name, make in parts.strategies),
    )


def _strategy(parts: Parts, name: str, make: Callable[[], Strategy]) -> ChildSpec:
    return ChildSpec(
        name=name,
        factory=lambda: StrategyActor(
            make(), parts.memory, lambda order_id: parts.rules.heard_after(order_id, parts.seed)
        ),
        mailbox=KEEPS_EVERYTHING,
        subscriptions=(NEWS,),
    )


def _schedule(parts: Parts) -> ChildSpec:
    return ChildSpec(
        name="schedule",
        factory=lambda: ScheduleActor(Schedule(every_market=parts.every_market), _game, parts.memory),
        mailbox=KEEPS_EVERYTHING,
    )


def _market_feed() -> ChildSpec:
    return ChildSpec(name="market_feed", factory=MarketFeed, mailbox=KEEPS_EVERYTHING)


def _game(game: str) -> ChildSpec:
    return ChildSpec(
        name=game,
        factory=lambda: GameActor(game),
        restart=TRANSIENT,
        mailbox=KEEPS_EVERYTHING,
        subscriptions=(FEED, GAMES_TOPIC),
    )


def _edge(parts: Parts) -> SupervisorSpec:
    """Who looks and who acts for people. Whatever befalls them, the trading goes on."""
    return SupervisorSpec(
        name="edge",
        strategy=ONE_FOR_ONE,
        on_excess=QUARANTINE,
        backoff=AT_ONCE,
        children=(
            ChildSpec(
                name="observer",
                factory=lambda: ObserverActor(parts.memory),
                mailbox=KEEPS_EVERYTHING,
                subscriptions=(FACTS, NEWS, FEED, TOPIC_SUPERVISION, TOPIC_DEAD_LETTERS),
            ),
            ChildSpec(
                name="operator",
                factory=lambda: OperatorActor(parts.memory),
                mailbox=KEEPS_EVERYTHING,
                subscriptions=(TOPIC_DEAD_LETTERS,),
            ),
        ),
    )
