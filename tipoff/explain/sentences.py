"""Facts in the words of people, with their numbers: one sentence each.

Used by `why` and by the tail of the journal. Prices are YES prices in dollars, counts contracts. Imports no
actors and does no input or output.
"""

from engine.events import BookSide
from engine.facts import (
    BandMoved,
    CancelRefused,
    Fact,
    FactsSetAside,
    FillEvidence,
    FollowingChanged,
    LedgerPosted,
    LevelTaken,
    LimitChanged,
    MarketStateChanged,
    Noted,
    OperatorActed,
    OrderAmended,
    OrderApproved,
    OrderCancelled,
    OrderDenied,
    OrderFilled,
    OrderRejected,
    OrderRested,
    OrderSubmitted,
    PositionSettled,
    PregameChanged,
    QueueMoved,
    RunEnded,
    RunStarted,
    SignalRaised,
    StrategyChanged,
    StrategyOpened,
    TradingHalted,
    TradingResumed,
)
from engine.orders import AmendOrder, CancelOrder, OrderCommand, PlaceOrder
from engine.units import NANOS_PER_MILLISECOND, PRICE_ONE, Price, format_count, format_money, format_price
from engine.venue_facts import (
    AmendSubmitted,
    BandEnded,
    BlindnessBegan,
    BlindnessEnded,
    CancelSubmitted,
    DepthUnclear,
    FeeTermsChanged,
    MarketResultKnown,
    MarketTermsChanged,
    PositionPaid,
    QueueLevelChanged,
    TradeHeld,
    TradeReleased,
    VenueStatusChanged,
)

TEXT_CHARS_MAX = 2_000
"""Facts without words of their own are shown as they are, up to this length."""


def sentence(fact: Fact) -> str:
    """The fact as a sentence."""
    for words in (_of_decision, _of_order, _of_queue, _of_money, _of_rest):
        text = words(fact)
        if text is not None:
            return text
    return f"{type(fact).__name__}: {repr(fact).partition('(')[2][:-1]}"[:TEXT_CHARS_MAX]


def _of_decision(fact: Fact) -> str | None:
    match fact:
        case SignalRaised():
            price = "" if fact.price is None else f" at {format_price(fact.price)}"
            fair = "" if fact.p_fair is None else f", fair {fact.p_fair:.4f}"
            edge = "" if fact.p_edge is None else f", expected {fact.p_edge:.4f} a contract after fees"
            why = "; ".join(f"{name} {value}" for name, value in fact.evidence)
            head = f"{fact.strategy} concluded {fact.action.value} ({fact.reason}): {_verb(fact.side)} "
            return f"{head}{fact.ticker}{price}{fair}{edge}" + (f". Because: {why}" if why else "")
        case OrderApproved():
            return f"the risk gate let through: {_command(fact.command)}"
        case OrderDenied():
            return (
                f"the risk gate refused {fact.order_id}: {fact.reason.meaning} "
                f"({fact.reason.value}, in use {fact.use}, limit {fact.limit})"
            )
        case _:
            return None


def _of_order(fact: Fact) -> str | None:
    match fact:
        case OrderSubmitted():
            later = _ms(fact.arrives_at - fact.at)
            return f"sent: {_command(fact.order)}; it meets the book {later} ms after the decision"
        case OrderRejected():
            return f"refused on arrival as the venue would: {fact.code.value}, {fact.detail}"
        case OrderFilled():
            return (
                f"filled {format_count(fact.count)} at {format_price(fact.price)} as {fact.liquidity.value}: "
                f"{_evidence(fact.evidence)}; fee {format_money(fact.fee)} = {fact.evidence.fee_formula}; "
                f"{format_count(fact.remaining)} remain"
            )
        case OrderCancelled():
            return f"cancelled with {format_count(fact.remaining)} unfilled: {fact.reason.value}"
        case CancelSubmitted():
            later = _ms(fact.arrives_at - fact.at)
            return f"a cancel was sent ({fact.reason.value}); it meets the order {later} ms later"
        case CancelRefused():
            return f"the {'amend' if fact.amend else 'cancel'} came to nothing: {fact.code.value}"
        case AmendSubmitted():
            return f"sent: {_command(fact.amend)}; it arrives {_ms(fact.arrives_at - fact.at)} ms later"
        case OrderAmended():
            place = "its place in the queue is lost" if fact.requeued else f"{format_count(fact.ahead)} ahead"
            return f"amended to {format_count(fact.remaining)} at {format_price(fact.price)}, {place}"
        case _:
            return None


def _evidence(evidence: FillEvidence) -> str:
    waited = _ms(evidence.arrived_at - evidence.decided_at)
    if evidence.trade_id:
        source = (
            f"the public trade {evidence.trade_id} of {format_count(evidence.level_size)} at "
            f"{format_price(evidence.level_price)}"
        )
    else:
        source = (
            f"{format_count(evidence.level_size)} were displayed at {format_price(evidence.level_price)} "
            f"(connection {evidence.book_conn}, subscription {evidence.book_sid}, frame {evidence.book_seq}, "
            f"{_ms(evidence.book_age_ns)} ms old{', made from a quote' if evidence.pseudo else ''})"
        )
    queue = (
        f"ahead in the queue {format_count(evidence.queue_before)}, then {format_count(evidence.queue_after)}"
    )
    late = "" if evidence.feed_lag_ns is None else f", heard {_ms(evidence.feed_lag_ns)} ms late"
    return f"{evidence.kind}: {source}{late}; {queue}; it had arrived {waited} ms after the decision"


def _of_queue(fact: Fact) -> str | None:
    match fact:
        case OrderRested():
            own = f", {format_count(fact.own_ahead)} of them ours" if fact.own_ahead else ""
            return (
                f"{format_count(fact.remaining)} joined the book at {format_price(fact.price)} behind "
                f"{format_count(fact.ahead)} contracts{own} (frame {fact.book_seq})"
            )
        case QueueMoved():
            return (
                f"ahead in the queue: {format_count(fact.ahead_before)} became {format_count(fact.ahead)} "
                f"by {fact.cause}"
            )
        case LevelTaken():
            return (
                f"of what is displayed at {format_price(fact.price)} ({fact.side.value}) we have taken "
                f"{format_count(fact.taken)}"
            )
        case DepthUnclear():
            return f"{len(fact.changes)} changes of the book may be older or newer than an arrival"
        case TradeReleased():
            return f"trade {fact.trade_id} had waited for the decision on an order, and counts now"
        case BandMoved():
            return (
                f"filled so far: pessimistic {format_count(fact.pessimistic)}, "
                f"base {format_count(fact.base)}, optimistic {format_count(fact.optimistic)}"
            )
        case BandEnded():
            return "the three readings of the order end here"
        case BlindnessBegan():
            return f"{fact.ticker} could not be followed any more: {fact.reason}"
        case BlindnessEnded():
            known = "known and decided" if fact.recovered else "not known"
            return f"{fact.ticker} can be followed again; the trades of the gap are {known}"
        case _:
            return None


def _of_money(fact: Fact) -> str | None:
    match fact:
        case LedgerPosted():
            parts = ", ".join(f"{posting.account} {_signed(posting.amount)}" for posting in fact.postings)
            return f"ledger entry {fact.entry_id}: {parts} (sum 0)"
        case PositionSettled():
            what = "taken back" if fact.reversal else "settled"
            return (
                f"{what}: {format_count(fact.position)} of {fact.ticker} at {format_price(fact.value)} a YES "
                f"contract ({fact.result}), payout {format_money(fact.payout)}"
            )
        case PositionPaid():
            return f"the venue paid {format_money(fact.amount)} for {fact.ticker}"
        case _:
            return None


def _of_rest(fact: Fact) -> str | None:
    match fact:
        case TradingHalted():
            return f"{fact.scope} is {fact.state}, by {fact.by}: {fact.why}"
        case TradingResumed():
            return f"{fact.scope} is active again, by {fact.by}: {fact.why}"
        case LimitChanged():
            return f"limit {fact.name} is {fact.value} for {fact.strategy or 'all'}, by {fact.by}"
        case FactsSetAside():
            return f"set aside: {fact.words}; {fact.scope or 'nothing'} is halted for it"
        case FollowingChanged():
            return f"{fact.game} is {'followed' if fact.followed else 'followed no more'}, by {fact.by}"
        case PregameChanged(over=True):
            return f"{fact.game} may have begun ({fact.by.value}): no entry rests on odds of before any more"
        case PregameChanged():
            return f"{fact.game} is to come again, after a postponement"
        case StrategyOpened():
            return f"{fact.strategy} ({fact.kind}) begins with {format_money(fact.bankroll)}"
        case StrategyChanged():
            return f"{fact.strategy} is {'on' if fact.enabled else 'off'}, by {fact.by}: {fact.parameters}"
        case OperatorActed():
            asked = f"uid {fact.uid} asked for {fact.command} {fact.arguments}"
            return f"{asked} ({fact.request_id}): {fact.outcome}"
        case RunStarted():
            return f"run {fact.run} begins with version {fact.version} and seed {fact.seed}"
        case RunEnded():
            return f"run {fact.run} ended: {fact.reason}"
        case Noted():
            return f"{fact.strategy} notes {fact.key} = {fact.value}"
        case _:
            return _of_market(fact)


def _of_market(fact: Fact) -> str | None:
    match fact:
        case MarketStateChanged():
            return f"{fact.ticker} is {fact.status.value}, its book {fact.trust.value}: {fact.reason}"
        case MarketTermsChanged():
            fee = f"fees {fact.fee_type or 'unknown'} times {fact.fee_multiplier or 'unknown'}"
            return f"terms of {fact.ticker}: {fact.status.value}, {fee}"
        case MarketResultKnown():
            settled = "settled" if fact.settled else "not settled yet"
            return (
                f"{fact.ticker} came to {fact.result}, {format_price(fact.value)} a YES contract, {settled}"
            )
        case FeeTermsChanged():
            return f"fees of {fact.scope}: {fact.fee_type or 'as before'} times {fact.fee_multiplier or '1'}"
        case VenueStatusChanged():
            trading = "takes orders" if fact.exchange_active and fact.trading_active else "takes no orders"
            return f"the venue {trading}"
        case TradeHeld():
            return f"the trade {fact.trade.trade_id} waits until the gap is decided"
        case QueueLevelChanged():
            return (
                f"the level {format_price(fact.price)} ({fact.side.value}) of {fact.ticker} is remembered "
                f"after {fact.cause}"
            )
        case _:
            return None


def _command(command: OrderCommand) -> str:
    match command:
        case PlaceOrder():
            flags = [
                word
                for word, on in (
                    ("post only", command.post_only),
                    ("reduce only", command.reduce_only),
                    ("exit", command.exit),
                )
                if on
            ]
            how = ", ".join([command.tif.value, *flags])
            return (
                f"{command.order_id}: {_verb(command.side)} {format_count(command.count)} "
                f"{command.ticker} at {format_price(command.price)} ({_no_side(command)}{how})"
            )
        case CancelOrder():
            return f"cancel {command.order_id}"
        case AmendOrder():
            return (
                f"amend {command.order_id} to {format_count(command.count)} at {format_price(command.price)}"
            )


def _no_side(order: PlaceOrder) -> str:
    if order.side is BookSide.BID:
        return ""
    return f"which is NO at {format_price(Price(PRICE_ONE - order.price))}, "


def _verb(side: BookSide) -> str:
    return "buy YES" if side is BookSide.BID else "sell YES"


def _signed(amount: int) -> str:
    text = format_money(amount)  # type: ignore[arg-type]  # an amount of money
    return text if amount < 0 else f"+{text}"


def _ms(duration_ns: int) -> str:
    return f"{duration_ns / NANOS_PER_MILLISECOND:g}"
