"""The lines that the observer answers with, made from the read model at the moment of asking.

Each function is one table of the command line. Money comes from the ledger; open positions are worth what
they would fetch at once.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain
from typing import TypeVar

import attrs
from typing_extensions import override

from actors.messages import Numbered
from actors.read_model.model import OrderSeen, ReadModel
from actors.read_model.views import (
    BandLine,
    DeadLetterLine,
    DenialLine,
    FillLine,
    GameLine,
    HaltLine,
    MarketLine,
    OrderLine,
    PnlLine,
    PositionLine,
    Query,
    SetAsideLine,
    SignalLine,
    StrategyLine,
)
from engine import ledger
from engine.events import BookSide, MarketKnown, TopChanged
from engine.fact_subjects import strategy_of
from engine.facts import OrderFilled, SignalRaised
from engine.positions import liquidation_value
from engine.risk import GAME, QUARANTINE, STRATEGY, state_in
from engine.tally import NO_MARK, StrategyTally, ValuationMark
from engine.units import PRICE_ONE, Money

T = TypeVar("T")

LINES_MAX = 1_000
"""Most lines of one answer."""

ALL_STRATEGIES = "all"
"""The name of the line of sums."""


class Marks(Mapping[str, ValuationMark]):
    """The last prices of every market, made as they are asked for: few markets are held."""

    def __init__(self, model: ReadModel) -> None:
        self._tops = model.quoted

    @override
    def __getitem__(self, ticker: str) -> ValuationMark:
        top = self._tops[ticker]
        return ValuationMark(top.yes_bid, top.yes_ask)

    @override
    def __iter__(self) -> Iterator[str]:
        return iter(self._tops)

    @override
    def __len__(self) -> int:
        return len(self._tops)


def lines(model: ReadModel, query: Query) -> tuple[object, ...] | None:
    """The lines asked for, the last ones; None if there is no such table."""
    made = TABLES.get(query.what)
    if made is None:
        return None
    count = min(max(1, query.limit), LINES_MAX)
    return tuple(list(made(model, query))[-count:])


def strategies(model: ReadModel, query: Query) -> Iterator[StrategyLine]:
    """Every strategy of the run."""
    tally = model.tally
    for name, seen in model.strategies.items():
        if query.strategy not in (None, name):
            continue
        # A strategy that was never switched on has no account, and has done nothing.
        counted = tally.strategies.get(name, StrategyTally(name))
        halt = tally.halted.get(STRATEGY + name)
        yield StrategyLine(
            name=name,
            kind=counted.kind,
            enabled=seen.enabled,
            halted=None if halt is None else halt.state,
            quarantined=QUARANTINE + name in tally.halted,
            parameters=seen.parameters,
            signals=counted.signals,
            near_misses=counted.near_misses,
            orders=counted.orders,
            open_orders=sum(1 for order in model.orders.values() if order.order.strategy == name),
            fills=counted.fills,
            denied=dict(counted.denied),
            bankroll=counted.bankroll,
            cash=tally.ledger.balance(ledger.cash(name)),
            at_risk=at_risk(model, name),
        )


def at_risk(model: ReadModel, strategy: str) -> Money:
    """What the positions of a strategy cost, and what its open entries would."""
    counted = model.tally.strategies.get(strategy)
    held = sum(
        model.tally.ledger.balance(ledger.collateral(strategy, ticker))
        for ticker in (counted.positions if counted is not None else ())
    )
    return Money(held + sum(_promised(seen) for seen in model.orders.values() if _owner(seen) == strategy))


def _owner(seen: OrderSeen) -> str:
    return seen.order.strategy


def _promised(seen: OrderSeen) -> int:
    # An order that can only close a position promises no more money.
    if seen.order.exit or seen.order.reduce_only:
        return 0
    price = seen.price if seen.order.side is BookSide.BID else PRICE_ONE - seen.price
    return price * seen.remaining


def orders(model: ReadModel, query: Query) -> Iterator[OrderLine]:
    """Open orders, after (unless only they are wanted) the last ones that are over."""
    over: Iterable[OrderSeen] = () if query.open_only else model.ended.values()
    for seen in chain(over, model.orders.values()):
        order = seen.order
        if _wanted(query, order.strategy, order.ticker, order.game):
            yield _order(seen)


def _order(seen: OrderSeen) -> OrderLine:
    order = seen.order
    return OrderLine(
        order_id=order.order_id,
        strategy=order.strategy,
        game=order.game,
        ticker=order.ticker,
        side=order.side,
        price=seen.price,
        count=order.count,
        filled=seen.filled,
        remaining=seen.remaining,
        tif=order.tif,
        stage=seen.stage,
        ahead=seen.ahead,
        end=seen.end,
        signal_id=order.signal_id,
        at=seen.at,
    )


def fills(model: ReadModel, query: Query) -> Iterator[FillLine]:
    """The last fills."""
    for fact in model.fills.values():
        if _wanted(query, fact.strategy, fact.ticker, fact.game):
            yield _fill(fact)


def _fill(fact: OrderFilled) -> FillLine:
    return FillLine(
        fill_id=fact.fill_id,
        order_id=fact.order_id,
        strategy=fact.strategy,
        ticker=fact.ticker,
        side=fact.side,
        price=fact.price,
        count=fact.count,
        liquidity=fact.liquidity,
        fee=fact.fee,
        at=fact.at,
    )


def signals(model: ReadModel, query: Query) -> Iterator[SignalLine]:
    """The last signals, near misses too."""
    for fact in model.signals.values():
        if _wanted(query, fact.strategy, fact.ticker, fact.game):
            yield _signal(fact)


def _signal(fact: SignalRaised) -> SignalLine:
    return SignalLine(
        signal_id=fact.signal_id,
        strategy=fact.strategy,
        ticker=fact.ticker,
        side=fact.side,
        action=fact.action.value,
        reason=fact.reason,
        p_fair=fact.p_fair,
        price=fact.price,
        p_edge=fact.p_edge,
        at=fact.at,
    )


def positions(model: ReadModel, query: Query) -> Iterator[PositionLine]:
    """Open positions."""
    prices = Marks(model)
    for name, counted in model.tally.strategies.items():
        for ticker, count in counted.positions.items():
            game = model.tally.games.get(ticker, "")
            if not count or not _wanted(query, name, ticker, game):
                continue
            mark = prices.get(ticker, NO_MARK)
            worth = liquidation_value(count, mark.yes_bid, mark.yes_ask)
            cost = model.tally.ledger.balance(ledger.collateral(name, ticker))
            yield PositionLine(
                strategy=name,
                game=game,
                ticker=ticker,
                position=count,
                cost=cost,
                worth=worth,
                unrealized=Money(worth - cost),
                yes_bid=mark.yes_bid,
                yes_ask=mark.yes_ask,
            )


def pnl(model: ReadModel, query: Query) -> Iterator[PnlLine]:
    """Profit and loss of each strategy, then of all together."""
    prices = Marks(model)
    made = [_pnl(model, name, prices) for name in model.tally.strategies if query.strategy in (None, name)]
    yield from made
    if query.strategy is None:
        yield PnlLine(
            strategy=ALL_STRATEGIES,
            realized=Money(sum(line.realized for line in made)),
            unrealized=Money(sum(line.unrealized for line in made)),
            fees=Money(sum(line.fees for line in made)),
            band=total(line.band for line in made),
        )


def total(bands: Iterable[BandLine]) -> BandLine:
    """Bands added up."""
    added = list(bands)
    return BandLine(
        pessimistic=Money(sum(band.pessimistic for band in added)),
        base=Money(sum(band.base for band in added)),
        optimistic=Money(sum(band.optimistic for band in added)),
    )


def _pnl(model: ReadModel, name: str, prices: Marks) -> PnlLine:
    band = model.tally.band(name, prices)
    return PnlLine(
        strategy=name,
        realized=model.tally.realized(name),
        unrealized=model.tally.unrealized(name, prices),
        fees=model.tally.fees(name),
        band=BandLine(pessimistic=band.pessimistic, base=band.base, optimistic=band.optimistic),
    )


def games(model: ReadModel, query: Query) -> Iterator[GameLine]:
    """Every game that was heard of."""
    counts: dict[str, int] = {}
    for market in model.markets.values():
        counts[market.game] = counts.get(market.game, 0) + 1
    for game in dict.fromkeys((*model.games, *counts)):
        if query.game not in (None, game):
            continue
        known, score = model.games.get(game), model.scores.get(game)
        halt = model.tally.halted.get(GAME + game)
        yield GameLine(
            game=game,
            away=known.away if known else None,
            home=known.home if known else None,
            tip_at=known.tip_at if known else None,
            matched=bool(known and known.matched),
            score=f"{score.away}-{score.home}" if score else None,
            phase=score.phase.value if score else "unknown",
            period=score.period if score else None,
            clock_ms=score.clock_ms if score else None,
            markets=counts.get(game, 0),
            sportsbooks=len(model.odds.get(game, {})),
            scores_disagree=game in model.disagree,
            halted=None if halt is None else halt.state,
        )


def markets(model: ReadModel, query: Query) -> Iterator[MarketLine]:
    """Every market that is followed."""
    for ticker, known in model.markets.items():
        if query.ticker in (None, ticker) and query.game in (None, known.game):
            yield _market(known, model.tops.get(ticker))


def _market(known: MarketKnown, top: TopChanged | None) -> MarketLine:
    return MarketLine(
        ticker=known.ticker,
        game=known.game,
        kind=known.kind,
        status=known.status,
        yes_bid=top.yes_bid if top else None,
        yes_bid_size=top.yes_bid_size if top else None,
        yes_ask=top.yes_ask if top else None,
        yes_ask_size=top.yes_ask_size if top else None,
        trust=top.trust if top else None,
        at=top.at if top else None,
    )


def rows(model: ReadModel, table: str, keys: Iterable[str]) -> dict[str, object | None]:
    """The lines of a table that keeps versions, by key; None for those that are gone.

    Raises KeyError if the table keeps none.
    """
    match table:
        case "markets":
            return {key: _market_of(model, key) for key in keys}
        case "orders":
            return {key: _made(_order, model.orders.get(key) or model.ended.get(key)) for key in keys}
        case "fills":
            return {key: _made(_fill, model.fills.get(key)) for key in keys}
        case "signals":
            return {key: _made(_signal, model.signals.get(key)) for key in keys}
        case _:
            raise KeyError(table)


def _market_of(model: ReadModel, ticker: str) -> MarketLine | None:
    known = model.markets.get(ticker)
    return None if known is None else _market(known, model.tops.get(ticker))


def _made(make: Callable[[T], object], of: T | None) -> object | None:
    return None if of is None else make(of)


def journal(model: ReadModel, query: Query) -> Iterator[Numbered]:
    """The last facts, as they are: whoever shows them has the words for them."""
    for numbered in model.journal:
        if query.strategy in (None, strategy_of(numbered.fact)):
            yield numbered


def dead_letters(model: ReadModel, query: Query) -> Iterator[DeadLetterLine]:
    """The last messages that nobody will work on, all or those to an actor of the strategy's name."""
    for letter in model.dead_letters:
        if query.strategy not in (None, letter.address.last):
            continue
        yield DeadLetterLine(
            address=str(letter.address),
            sender=letter.sender,
            message_type=letter.message_type,
            digest=letter.digest,
            why=letter.why,
            error=letter.error,
            at=letter.at,  # type: ignore[arg-type]  # a stamp of the runtime is a moment
        )


def denials(model: ReadModel, _query: Query) -> Iterator[DenialLine]:
    """The orders that were denied last, the newest last."""
    for fact in model.denials:
        yield DenialLine(
            order_id=fact.order_id, reason=fact.reason, use=fact.use, limit=fact.limit, at=fact.at
        )


def halts(model: ReadModel, _query: Query) -> Iterator[HaltLine]:
    """Every scope that may not trade as it likes."""
    for scope, halt in model.tally.halted.items():
        yield HaltLine(scope=scope, state=state_in(halt).word, by=halt.by, why=halt.why, at=halt.at)


def set_aside(model: ReadModel) -> Iterator[SetAsideLine]:
    """What starts could not apply and nobody has released."""
    for fact in model.tally.set_aside.values():
        yield SetAsideLine(**attrs.asdict(fact), words=fact.words)  # type: ignore[arg-type] # a message is one


def _wanted(query: Query, strategy: str, ticker: str, game: str) -> bool:
    return (
        query.strategy in (None, strategy) and query.ticker in (None, ticker) and query.game in (None, game)
    )


TABLES: dict[str, Callable[[ReadModel, Query], Iterator[object]]] = {
    made.__name__: made
    for made in (
        strategies,
        orders,
        fills,
        signals,
        positions,
        pnl,
        games,
        markets,
        journal,
        dead_letters,
        denials,
        halts,
    )
}
"""The tables by name."""
