"""Facts and rows for the tests of scores, as short as they can be said."""

from engine.events import BookSide
from engine.facts import (
    BandMoved,
    FillEvidence,
    MarketResultKnown,
    OrderFilled,
    OrderSubmitted,
    PositionSettled,
    SignalAction,
    SignalRaised,
    StrategyOpened,
)
from engine.orders import Liquidity, PlaceOrder, TimeInForce
from engine.scoring.markouts import MOMENTS
from engine.scoring.observations import FillSeen
from engine.units import Count, Money, Nanos, Price, contracts, from_cents

GAME = "26NOV20GSWPHX"
TICKER = f"KXNBAGAME-{GAME}-GSW"
EVIDENCE = FillEvidence(
    kind="level",
    trade_id=None,
    level_price=Price(0),
    level_size=Count(0),
    book_conn=1,
    book_sid=1,
    book_seq=1,
    book_age_ns=0,
    queue_before=Count(0),
    queue_after=Count(0),
    decided_at=Nanos(0),
    arrived_at=Nanos(0),
    fee_formula="",
)


def opened(strategy: str = "s", at: int = 0) -> StrategyOpened:
    return StrategyOpened(strategy, "momentum", Money(10**9), "{}", Nanos(at))


def signal(
    number: int = 1,
    *,
    p_fair: float | None = 0.6,
    p_edge: float | None = 0.05,
    action: SignalAction = SignalAction.ENTER,
    quote: tuple[str, str] | None = ("0.4900", "0.5100"),
    at: int = 0,
    ticker: str = TICKER,
) -> SignalRaised:
    evidence = () if quote is None else (("yes_bid", quote[0]), ("yes_ask", quote[1]))
    return SignalRaised(
        signal_id=f"s/s{number}",
        strategy="s",
        game=GAME,
        ticker=ticker,
        side=BookSide.BID,
        action=action,
        reason="",
        p_fair=p_fair,
        price=from_cents(51),
        p_edge=p_edge,
        evidence=evidence,
        at=Nanos(at),
    )


def order(number: int = 1, side: BookSide = BookSide.BID, leg_of: str | None = None) -> OrderSubmitted:
    placed = PlaceOrder(
        order_id=f"s-{number}",
        strategy="s",
        game=GAME,
        ticker=TICKER,
        side=side,
        price=from_cents(50),
        count=contracts(10),
        tif=TimeInForce.IOC,
        decided_at=Nanos(0),
        signal_id=f"s/s{number}",
        leg_of=leg_of,
    )
    return OrderSubmitted(placed, Nanos(0), Nanos(0))


def fill(
    number: int = 1,
    cents: int = 50,
    whole: int = 10,
    *,
    side: BookSide = BookSide.BID,
    fee: int = 0,
    at: int = 0,
) -> OrderFilled:
    return OrderFilled(
        fill_id=f"f{number}",
        order_id=f"s-{number}",
        strategy="s",
        game=GAME,
        ticker=TICKER,
        side=side,
        price=from_cents(cents),
        count=contracts(whole),
        liquidity=Liquidity.TAKER,
        fee=Money(fee),
        fee_accumulated=Money(0),
        remaining=Count(0),
        evidence=EVIDENCE,
        at_venue=None,
        at=Nanos(at),
    )


def band(number: int, counts: tuple[int, int, int], cash: tuple[int, int, int], at: int = 0) -> BandMoved:
    """Whole contracts and whole cents under the pessimistic, base and optimistic reading."""
    pessimistic, base, optimistic = map(contracts, counts)
    pessimistic_cash, base_cash, optimistic_cash = (Money(10_000 * cents) for cents in cash)
    return BandMoved(
        order_id=f"s-{number}",
        strategy="s",
        ticker=TICKER,
        pessimistic=pessimistic,
        base=base,
        optimistic=optimistic,
        pessimistic_cash=pessimistic_cash,
        base_cash=base_cash,
        optimistic_cash=optimistic_cash,
        at=Nanos(at),
    )


def settled(cents: int, *, reversal: bool = False, at: int = 0, position: int = 0) -> PositionSettled:
    return PositionSettled(
        strategy="s",
        game=GAME,
        ticker=TICKER,
        position=contracts(position),
        value=from_cents(cents),
        result="yes",
        payout=Money(0),
        reversal=reversal,
        at=Nanos(at),
    )


def result(cents: int, ticker: str = TICKER, at: int = 0) -> MarketResultKnown:
    return MarketResultKnown(ticker, "yes", from_cents(cents), settled=True, at=Nanos(at))


def fill_seen(**changes: object) -> FillSeen:
    """A fill of ten contracts at fifty cents that brought a dollar, with these things changed."""
    known: dict[str, object] = {
        "strategy": "s",
        "game": GAME,
        "ticker": TICKER,
        "kind": "game",
        "side": BookSide.BID,
        "price": from_cents(50),
        "count": contracts(10),
        "fee": Money(0),
        "liquidity": Liquidity.TAKER,
        "assumed": False,
        "at": Nanos(0),
        "period": 0,
        "to_tip": 1,
        "opened": contracts(10),
        "closed": contracts(10),
        "gain": Money(1_000_000),
        "stated": 0.05,
        "close": None,
        "close_books": None,
        "markouts": (None,) * len(MOMENTS),
    }
    return FillSeen(**{**known, **changes})  # type: ignore[arg-type]
