"""The paper exchange: takes approved orders, fills them from what the venue shows.

Hears every market event, whatever concerns a whole connection, and approved commands. After a restart it
folds the remembered facts and asks the games for the books.
"""

from actors.addresses import FEED_EDGE, GAMES_TOPIC, PAPER_EXCHANGE
from actors.fact_history import FactHistory
from actors.heartbeat import HeartbeatOfStrategy, through_paper_exchange
from actors.messages import AccountOpen, BooksWanted, CancelAll, OperationWanted, TradesWanted, Wake
from actors.operator_outcomes import concluded, exchange_outcome
from actors.runtime import Outgoing, Publish
from actors.step_messages import SILENCE, outgoing
from engine.events import BookDelta, BookSnapshot, FeedGapped, TradesRecovered
from engine.exchange import PaperExchange
from engine.orders import Approved, CancelReason
from engine.risk import MARKET, approved_before
from engine.run_facts import StrategyOpened, TradingResumed
from engine.step import NOTHING
from engine.strategy_traits import to_state
from engine.units import Money, Nanos

OWNER = "paper_exchange"


class PaperExchangeActor:
    """Runs the paper exchange."""

    def __init__(self, exchange: PaperExchange, history: FactHistory) -> None:
        """`exchange` is empty; its past comes from `history`."""
        self.exchange = exchange
        self._history = history
        self._asked: dict[str, tuple[Nanos, ...]] = {}

    def start(self, now: int) -> list[Outgoing]:
        """Fold the remembered facts, set their timers again, ask the games for the books.

        If an earlier process left the facts, nobody knows what the venue did since: orders wait for the
        missing trades. What was approved then and never set out does so now.
        """
        # Everything that decides a fill is in the facts; only the books are not, since the venue's may have
        # changed.
        facts, quarantine = self._history.facts, self._history.quarantine
        step = self.exchange.restore(facts)
        # Only in a new process: then nobody listened to the venue for a while. When this actor alone was
        # restarted the feed went on.
        left = self._history.resume(OWNER)
        if left:
            quarantine.rehearse(Nanos(now))
        frozen = self.exchange.freeze(quarantine.frozen(facts), quarantine.parked(facts), now)
        out = [*outgoing(OWNER, step, now), *outgoing(OWNER, frozen, now)]
        out.append(Publish(GAMES_TOPIC, BooksWanted(PAPER_EXCHANGE)))
        if left:
            out += outgoing(OWNER, self.exchange.resumed(now), now)
            # An approval is durable, the message that carried it was not. Repeating it is safe, since the
            # exchange takes an order id only once.
            for approved in approved_before(left):
                out += outgoing(OWNER, self.exchange.act(approved, now), now)
        return out

    def receive(self, message: object, now: int) -> tuple[Outgoing, ...] | list[Outgoing]:
        """Apply a market event, an approved command, a timer or an operation."""
        # Most messages; tested before everything else, and most of them change nothing here.
        if type(message) is BookDelta:
            step = self.exchange.on_venue_event(message, now)
            return SILENCE if step is NOTHING else outgoing(OWNER, step, now)
        match message:
            case Approved():
                step = self.exchange.act(message, now)
            case Wake():
                step = self.exchange.wake(message.key, now)
            case AccountOpen():
                step = self.exchange.open_account(_opened(message, Nanos(now)))
            case CancelAll():
                step = self.exchange.cancel_all(message.strategy, CancelReason[message.reason], now)
            case OperationWanted():
                return concluded(OWNER, message, exchange_outcome(self.exchange, message, Nanos(now)), now)
            case TradingResumed(scope):
                self.exchange.release(scope.removeprefix(MARKET))
                return SILENCE
            case HeartbeatOfStrategy():
                return through_paper_exchange(message)
            case BookSnapshot() | TradesRecovered():
                step = self.exchange.on_venue_event(message, now)
                return [*outgoing(OWNER, step, now), *self._missing(message.ticker, now)]
            case FeedGapped():
                step = self.exchange.on_venue_event(message, now)
                out = [*outgoing(OWNER, step, now)]
                for ticker in self.exchange.without_visibility():
                    out += self._missing(ticker, now)
                return out
            case _:
                step = self.exchange.on_venue_event(message, now)  # type: ignore[arg-type]
        return outgoing(OWNER, step, now)

    def _missing(self, ticker: str, now: int) -> list[Outgoing]:
        """Ask once for the trades that decide a gap, as soon as the market can be followed again."""
        gaps = self.exchange.gaps_of(ticker)
        # Asked for only when the book follows the venue again: trades fetched before would leave another gap
        # behind them. Once for each gap, or every snapshot would ask again.
        asked = self._asked.get(ticker, ())
        new = [since for since in gaps if since not in asked]
        if not new or not self.exchange.book(ticker).synced:
            return []
        self._asked[ticker] = gaps
        return [(FEED_EDGE, TradesWanted(ticker, since, Nanos(now))) for since in new]


def _opened(message: AccountOpen, now: Nanos) -> StrategyOpened:
    """The fact that an account begins with, if there is none yet."""
    traits = to_state(message.kind, message.traits)
    return StrategyOpened(
        message.strategy,
        message.kind,
        Money(message.bankroll),
        message.parameters,
        now,
        traits,
        message.account,
    )
