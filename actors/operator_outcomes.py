"""What an operator's wishes mean to the actors that can fulfil them, and how their outcome is made durable.

Used by the risk gate, the paper exchange and the strategies, each of which hands over its pure core; the
facts that follow and the record of who wished for them are one commit, so a crash leaves both or neither.
"""

import json

import attrs

from actors.addresses import JOURNAL, OPERATOR, PAPER_EXCHANGE, SCHEDULE
from actors.fact_history import FactHistory
from actors.messages import (
    ActDone,
    CancelAll,
    CancelAllOperation,
    CancelOperation,
    CloseOperation,
    Commit,
    ConfigureOperation,
    FollowOperation,
    HaltOperation,
    LimitOperation,
    OperationWanted,
    OperatorRequest,
    OrderOperation,
    ResumeOperation,
    StrategyOperation,
)
from actors.runtime import Address, Outgoing
from actors.step_messages import outgoing
from engine.exchange import PaperExchange
from engine.facts import (
    FollowingChanged,
    LimitChanged,
    OperatorActed,
    OrderDenied,
    StrategyChanged,
    TradingResumed,
)
from engine.message import changed
from engine.orders import CancelOrder, CancelReason, PlaceOrder
from engine.reasons import DenialReason
from engine.risk import LimitRefused, LimitValue, RiskGate, StateUnknown, configure
from engine.run_facts import Verdict
from engine.step import NOTHING, Step
from engine.strategies.parameters import Parameters, ParametersRefused
from engine.units import Nanos, format_count


@attrs.frozen
class Outcome:
    """The outcome of an operation: the facts that follow from it, and a sentence for the operator."""

    step: Step
    verdict: Verdict
    words: str


def refused(*lines: str) -> Outcome:
    """Nothing was done; each line is a reason."""
    return Outcome(NOTHING, Verdict.REFUSED, "\n".join(lines))


def done(step: Step, text: str) -> Outcome:
    """It was done."""
    return Outcome(step, Verdict.DONE, text)


def act_done(request: OperatorRequest, verdict: Verdict, words: str) -> ActDone:
    """The message that records what was done outside of the tree (a restart, a reload)."""
    return ActDone(request, verdict.word + words, verdict)


def signature(request: OperatorRequest) -> str:
    """Who acted, as it stands in halts and limits."""
    return f"uid {request.uid}"


def concluded(owner: str, wished: OperationWanted, outcome: Outcome, now: int) -> list[Outgoing]:
    """Commit an outcome and the record of who asked together; the operator gets it once it is durable."""
    request = wished.request
    acted = OperatorActed(
        request.request_id,
        request.uid,
        request.command,
        request.arguments,
        outcome.verdict.word + outcome.words,
        Nanos(now),
        outcome.verdict,
    )
    # A refusal is recorded like a success: the same request id, sent again, gets the same answer.
    step = outcome.step
    first, *rest = outgoing(owner, changed(step, facts=(*step.facts, acted)), now)
    match first:
        case (_, Commit() as commit):
            # The schedule is not among those who hear committed facts, and acts on this one kind only.
            told: list[tuple[Address, object]] = [
                (SCHEDULE, fact) for fact in step.facts if isinstance(fact, FollowingChanged)
            ]
            # Nor does the exchange hear of facts of the gate, and a market stands still there until then.
            told += [(PAPER_EXCHANGE, fact) for fact in step.facts if isinstance(fact, TradingResumed)]
            # After what follows from it: whoever is answered may rely on it.
            return [(JOURNAL, changed(commit, deliver=(*commit.deliver, *told, (OPERATOR, acted)))), *rest]
        case _:
            raise AssertionError(f"a step with facts begins with a commit, not {first!r}")


def gate_outcome(gate: RiskGate, history: FactHistory, wished: OperationWanted, now: Nanos) -> Outcome:
    """Carry out an operation on the risk gate."""
    wish, by = wished.wish, signature(wished.request)
    try:
        match wish:
            case HaltOperation():
                step = gate.halt(wish.scope, wish.state, by, wish.why, now)
                cancels = len(step.approved)
                return done(step, f"{wish.scope} is {wish.state}; {cancels} orders are being cancelled")
            case ResumeOperation():
                if wish.scope not in gate.halts.of:
                    return done(NOTHING, f"{wish.scope} was not halted")
                return done(gate.resume(wish.scope, by, wish.why, now), f"{wish.scope} is active again")
            case LimitOperation():
                return _limit(gate, wish, by, now)
            case OrderOperation():
                return _order(gate, wish, wished.request, now)
            case CancelOperation():
                return _cancel(gate, wish, now)
            case ConfigureOperation(settings):
                step = configure(gate, settings, history.facts, now)
                return done(step, _words(step))
            case FollowOperation():
                return _follow(gate, wish, by, now)
            case _:
                return refused(f"the risk gate cannot {type(wish).__name__}")
    # Words that an operator mistyped are a refusal; anything else is a mistake of ours and crashes the gate.
    except (StateUnknown, LimitRefused) as error:
        return refused(str(error))


def _limit(gate: RiskGate, wish: LimitOperation, by: str, now: Nanos) -> Outcome:
    if wish.strategy is not None and wish.strategy not in gate.accounts.of:
        return refused(f"no strategy is called {wish.strategy!r}; there are {', '.join(gate.accounts.of)}")
    value = wish.value
    if value is None:
        # Without a value the limit goes back to what was configured, not to the built-in default.
        value = limit_text(gate.configured.get(wish.strategy, {}).get(wish.name))
    step = gate.set_limit(wish.name, wish.strategy, value, by, now)
    return done(step, f"{wish.name} is {value} {'for ' + wish.strategy if wish.strategy else 'for all'}")


def limit_text(value: LimitValue) -> str:
    """A limit's value in the words that `parse_limit` reads."""
    if value is None:
        return "none"
    return ",".join(value) if isinstance(value, tuple) else repr(value)


def order_id_of(request: OperatorRequest) -> str:
    """The id of an order by hand: it follows from the request, so the same request cannot place it twice."""
    # Strategies number their orders behind a dash; a request's dashes must not look like such a number.
    return f"operator:{request.request_id.replace('-', '_')}"


def _order(gate: RiskGate, wish: OrderOperation, request: OperatorRequest, now: Nanos) -> Outcome:
    market = gate.view.markets.get(wish.ticker)
    if market is None:
        return refused(f"no market {wish.ticker!r} is followed")
    order_id = order_id_of(request)
    order = PlaceOrder(
        order_id=order_id,
        strategy=wish.strategy,
        game=market.game.game,
        ticker=wish.ticker,
        side=wish.side,
        price=wish.price,
        count=wish.count,
        tif=wish.tif,
        decided_at=now,
        signal_id="",
        post_only=wish.post_only,
        reduce_only=wish.reduce_only,
        exit=wish.reduce_only,
        p_fair=wish.p_fair,
    )
    # An order by hand takes the same way as a strategy's: there is no second door past the limits.
    step = gate.judge(order, now)
    for fact in step.facts:
        if isinstance(fact, OrderDenied):
            why = f"{fact.reason.value}: {fact.reason.meaning} (in use {fact.use}, limit {fact.limit})"
            if fact.reason is DenialReason.MISSING_DATA and wish.p_fair is None:
                why += "; an order on this account may need a fair value beside it"
            return Outcome(step, Verdict.REFUSED, why)
    return done(step, f"order {order_id} is on its way")


def _cancel(gate: RiskGate, wish: CancelOperation, now: Nanos) -> Outcome:
    exposure = gate.accounts.orders.get(wish.order_id)
    if exposure is None:
        return refused(f"no order {wish.order_id!r} is open")
    step = gate.judge(CancelOrder(wish.order_id, exposure.strategy, now), now)
    return done(step, f"the cancel of {wish.order_id} is on its way")


def _follow(gate: RiskGate, wish: FollowOperation, by: str, now: Nanos) -> Outcome:
    if wish.followed:
        return done(gate.follow(wish.game, wish.events, by, now), f"{wish.game} is followed")
    held = gate.held_in(wish.game)
    # An unloaded game gets no prices any more, so what we hold there could not be valued or closed.
    if held:
        return refused(f"{wish.game} cannot be unloaded while there is something of ours in it", *held)
    return done(gate.unfollow(wish.game, by, now), f"{wish.game} is followed no more")


def _words(step: Step) -> str:
    """What a configuration that was read again changed, for people."""
    said: dict[str, str] = {}
    for fact in step.facts:
        match fact:
            case LimitChanged():
                said[f"limit {fact.name}"] = fact.value
            case StrategyChanged():
                said[fact.strategy] = f"{'on' if fact.enabled else 'off'} with {fact.parameters}"
            case _:
                pass
    return "; ".join(f"{what} is {now}" for what, now in said.items()) or "nothing that trades was changed"


def exchange_outcome(exchange: PaperExchange, wished: OperationWanted, now: Nanos) -> Outcome:
    """Carry out an operation on the paper exchange."""
    match wished.wish:
        case CancelAllOperation(strategy):
            step = exchange.cancel_all(strategy, CancelReason.OPERATOR, now)
            return done(step, f"{len(step.facts)} cancels are on their way")
        case CloseOperation(strategy, ticker):
            if ticker in exchange.frozen:
                return refused(f"{ticker} stands still: `tipoff resume market:{ticker}` releases it")
            held = exchange.positions(strategy).get((strategy, ticker))
            if held is None or held.count == 0:
                return refused(f"{strategy} holds nothing of {ticker}")
            # As in `order_id_of`: the id follows from the request, so a repetition cannot close twice.
            request_id = wished.request.request_id.replace("-", "_")
            step = exchange.close_position(strategy, ticker, request_id, now)
            return done(step, f"an order to close {format_count(held.count)} of {ticker} is on its way")
        case wish:
            return refused(f"the paper exchange cannot {type(wish).__name__}")


def parsed(kind: type[Parameters], before: str, wish: StrategyOperation) -> Parameters | Outcome:
    """The parameters after an operation, or a refusal that names every problem. `before` is JSON."""
    try:
        values = json.loads(before)
    except ValueError:
        return refused("this kind of strategy cannot be given other parameters while it runs")
    problems: list[str] = []
    for name, text in wish.values:
        try:
            values[name] = json.loads(text)
        except ValueError:
            problems.append(f"{name}: {text!r} is not a value")
    try:
        return kind.parse(values) if not problems else refused(*problems)
    except ParametersRefused as error:
        return refused(*(f"{name}: {what}" for name, what in error.problems))


def cancel_resting(strategy: str) -> Outgoing:
    """Take back what a strategy that was switched off has in the book."""
    return (PAPER_EXCHANGE, CancelAll(strategy, CancelReason.STRATEGY_DISABLED.name))
