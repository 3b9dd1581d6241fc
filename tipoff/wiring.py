"""The supervision tree of the engine, as an indented outline: the first file to read.

Called by the replay (virtual clock) and by the daemon (live); both run the very same behaviours. It chooses
who exists, who supervises whom, what each hears and what its mailbox does; it decides nothing about
trading.
"""

from collections.abc import Callable

import attrs

from actors.addresses import FACTS, FAIR_VALUES, FEED, GAMES_TOPIC, NEWS, TRADES
from actors.bars import BarsActor, Keep
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
    DISCARD,
    FAIL,
    ONE_FOR_ALL,
    ONE_FOR_ONE,
    QUARANTINE,
    REFUSE,
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
from engine.leagues import LEAGUES, League
from engine.restart_policy import Backoff
from engine.risk import RiskGate, RiskLimits
from engine.schedule import Schedule
from engine.strategies.strategy import Strategy
from engine.units import NANOS_PER_SECOND


def _keeps(capacity: int) -> MailboxPolicy:
    """For whoever decides about money: one message too many is a failure, never a loss in silence."""
    return MailboxPolicy(capacity=capacity, when_full=FAIL, on_restart=RETAIN)


@attrs.frozen
class Mailboxes:
    """How much may wait for each actor, and what one message more does: the one table of it.

    The queue is empty between two inputs, so what waits is what one input caused, or what came while an actor
    waited for its next life: at most ten seconds (`AT_ONCE`). Sizes are for that, at fifty times the usual
    traffic, with room. Only who decides nothing about money may refuse or forget.
    """

    journal: MailboxPolicy = _keeps(100_000)
    """Every fact of every actor passes here, and a lost one would be a decision that nobody can prove."""
    writer: MailboxPolicy = _keeps(100_000)
    """The same facts, numbered."""
    paper_exchange: MailboxPolicy = _keeps(100_000)
    """Every change of a book moves a queue: a lost one would make a fill that the venue would not give."""
    risk_gate: MailboxPolicy = _keeps(100_000)
    """Halts, orders and facts: a lost one would let an order pass that must not."""
    market_feed: MailboxPolicy = _keeps(100_000)
    """Every frame; the sequence check would call a lost one a gap, and every book would be asked for anew."""
    strategy: MailboxPolicy = _keeps(50_000)
    """News of all games and what became of its own orders. One that falls behind so far fails alone."""
    game: MailboxPolicy = _keeps(20_000)
    """One game's share of the market: about ten markets of the hundreds."""
    schedule: MailboxPolicy = _keeps(20_000)
    """Listings and results: twenty pages of the venue's longest answer."""
    observer: MailboxPolicy = MailboxPolicy(capacity=50_000, when_full=FAIL, on_restart=DISCARD)
    """Decides nothing. A lost fact would show wrong money, so it fails too; but its next life folds every
    fact anew and asks the games for what is current, so what waited need not be kept.
    """
    bars: MailboxPolicy = MailboxPolicy(capacity=50_000, when_full=FAIL, on_restart=DISCARD)
    """The same news as the observer; what a life had not told of the bar under way is lost with it."""
    operator: MailboxPolicy = MailboxPolicy(capacity=1_000, when_full=REFUSE, on_restart=RETAIN)
    """What people ask for: one more is refused, and its asker hears so at once."""
    edge: MailboxPolicy = MailboxPolicy(capacity=1_000, when_full=FAIL, on_restart=DISCARD)
    """Who holds a connection. Its next life connects anew, and with a connection every book comes whole."""


MAILBOXES = Mailboxes()

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
    history: FactHistory
    cause: Callable[[], int]
    store: Callable[[tuple[Numbered, ...]], int]
    leagues: tuple[League, ...] = LEAGUES
    next_seq: int = 1
    writer_answers: bool = True
    sources: tuple[AnySpec, ...] = ()
    """The actors that do the I/O of the sources; a replay has none."""
    edges: tuple[AnySpec, ...] = ()
    watched: bool = False
    """Whether somebody can ask and act: a replay needs neither observer nor operator, and no charts."""
    keep_bars: Keep | None = None
    """Where the markets' bars go; where nobody keeps them none are made."""
    bars_of_prices: bool = False
    """Whether bars hold prices only: then they do not depend on who trades."""
    apart: bool = False
    """Whether each strategy is a portfolio by itself, as in a sweep."""


def tree(parts: Parts) -> SupervisorSpec:
    """Return the whole supervision tree; the root's children start from top to bottom and stop in reverse."""
    return SupervisorSpec(
        name="root",
        # Nothing is restarted up here: what reaches the root ends the process, and systemd starts another.
        strategy=ONE_FOR_ALL,
        restarts_max=0,
        children=(
            _journal(parts),
            _writer(parts),
            SupervisorSpec(
                name="exchange",
                # Who comes later rests on those before: a new exchange takes the gate and the strategies
                # with it.
                strategy=REST_FOR_ONE,
                backoff=AT_ONCE,
                children=(_paper_exchange(parts), _risk_gate(parts), _strategies(parts)),
            ),
            SupervisorSpec(name="games", strategy=ONE_FOR_ONE, backoff=AT_ONCE),
            # Behind everybody who must hear it: nothing is listened to before the tree stands.
            SupervisorSpec(
                name="sources",
                strategy=ONE_FOR_ONE,
                backoff=AT_ONCE,
                children=(_schedule(parts), _market_feed(), *parts.sources),
            ),
            *parts.edges,
            *((_edge(parts),) if parts.watched or parts.keep_bars else ()),
        ),
    )


def _journal(parts: Parts) -> ChildSpec:
    return ChildSpec(
        name="journal",
        factory=lambda: JournalActor(parts.history, parts.cause, parts.next_seq),
        mailbox=MAILBOXES.journal,
    )


def _writer(parts: Parts) -> ChildSpec:
    return ChildSpec(
        name="writer",
        factory=lambda: WriterActor(parts.store, answers=parts.writer_answers),
        mailbox=MAILBOXES.writer,
    )


def _paper_exchange(parts: Parts) -> ChildSpec:
    return ChildSpec(
        name="paper_exchange",
        factory=lambda: PaperExchangeActor(PaperExchange(parts.rules, parts.seed), parts.history),
        mailbox=MAILBOXES.paper_exchange,
        subscriptions=(FEED,),
    )


def _risk_gate(parts: Parts) -> ChildSpec:
    return ChildSpec(
        name="risk_gate",
        factory=lambda: RiskGateActor(
            RiskGate(parts.limits, parts.strategy_limits, parts.rules.rounding, apart=parts.apart),
            parts.history,
        ),
        mailbox=MAILBOXES.risk_gate,
        subscriptions=(NEWS, FACTS, FEED, TOPIC_SUPERVISION),
    )


def _strategies(parts: Parts) -> SupervisorSpec:
    return SupervisorSpec(
        name="strategies",
        strategy=ONE_FOR_ONE,
        # One that keeps crashing is parked alone; the others go on trading.
        on_excess=QUARANTINE,
        backoff=AT_ONCE,
        children=tuple(_strategy(parts, name, make) for name, make in parts.strategies),
    )


def _strategy(parts: Parts, name: str, make: Callable[[], Strategy]) -> ChildSpec:
    return ChildSpec(
        name=name,
        factory=lambda: StrategyActor(
            make(),
            parts.history,
            lambda order_id: parts.rules.heard_after(order_id, parts.seed),
            values_told=_values_drawn(parts),
        ),
        mailbox=MAILBOXES.strategy,
        subscriptions=(NEWS,),
    )


def _schedule(parts: Parts) -> ChildSpec:
    return ChildSpec(
        name="schedule",
        factory=lambda: ScheduleActor(
            Schedule(every_market=parts.every_market, leagues=parts.leagues), _game, parts.history
        ),
        mailbox=MAILBOXES.schedule,
    )


def _market_feed() -> ChildSpec:
    return ChildSpec(name="market_feed", factory=MarketFeed, mailbox=MAILBOXES.market_feed)


def _game(game: str) -> ChildSpec:
    return ChildSpec(
        name=game,
        factory=lambda: GameActor(game),
        # A game that is over ends in good order, and is not begun again.
        restart=TRANSIENT,
        mailbox=MAILBOXES.game,
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
            *((_observer(parts), _operator(parts)) if parts.watched else ()),
            *((_bars(parts, parts.keep_bars),) if parts.keep_bars is not None else ()),
        ),
    )


def _observer(parts: Parts) -> ChildSpec:
    return ChildSpec(
        name="observer",
        factory=lambda: ObserverActor(parts.history),
        mailbox=MAILBOXES.observer,
        subscriptions=(FACTS, NEWS, FEED, TOPIC_SUPERVISION, TOPIC_DEAD_LETTERS),
    )


def _operator(parts: Parts) -> ChildSpec:
    return ChildSpec(
        name="operator",
        factory=lambda: OperatorActor(parts.history),
        mailbox=MAILBOXES.operator,
        subscriptions=(TOPIC_DEAD_LETTERS,),
    )


def _values_drawn(parts: Parts) -> bool:
    """Whether what strategies think from second to second is heard: it is drawn and never stored."""
    return parts.watched and not parts.bars_of_prices


def _bars(parts: Parts, keep: Keep) -> ChildSpec:
    opinions = () if parts.bars_of_prices else (FACTS,)
    drawn = (FAIR_VALUES,) if _values_drawn(parts) else ()
    return ChildSpec(
        name="bars",
        factory=lambda: BarsActor(keep, drawn=parts.watched),
        mailbox=MAILBOXES.bars,
        subscriptions=(NEWS, TRADES, *opinions, *drawn),
    )
