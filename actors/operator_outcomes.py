"""What operations mean to the actors that can carry them out, and how their outcome is made durable.

Used by the risk gate, the paper exchange and the strategies, each of which hands over its pure core; the
facts that follow and the record of who asked for them are one commit, so a crash leaves both or neither.
"""

import json
from typing import Final

import attrs

from actors.addresses import JOURNAL, OPERATOR, PAPER_EXCHANGE, SCHEDULE
from actors.fact_history import FactHistory
from actors.messages import (
    CancelAll,
    CancelAllOperation,
    CancelOperation,
    CloseOperation,
    Commit,
    ConfigureOperation,
    FollowOperation,
    HaltOperation,
    LimitOperation,
    OperationDone,
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


def operation_done(request: OperatorRequest, verdict: Verdict, words: str) -> OperationDone:
    """The message that records what was done outside of the tree (a restart, a reload)."""
    return OperationDone(request, verdict.word + words, verdict)


def signature(request: OperatorRequest) -> str:
    """Who acted, as it stands in halts and limits."""
    return f"uid {request.uid}"


def concluded(owner: str, wanted: OperationWanted, outcome: Outcome, now: int) -> list[Outgoing]:
    """Commit an outcome and the record of who asked together; the operator gets it once it is durable."""
    request = wanted.request
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


def gate_outcome(gate: RiskGate, history: FactHistory, wanted: OperationWanted, now: Nanos) -> Outcome:
    """Carry out an operation on the risk gate."""
    operation, by = wanted.operation, signature(wanted.request)
    try:
        match operation:
            case HaltOperation():
                step = gate.halt(operation.scope, operation.state, by, operation.why, now)
                cancels = len(step.approved)
                return done(
                    step, f"{operation.scope} is {operation.state}; {cancels} orders are being cancelled"
                )
            case ResumeOperation():
                if operation.scope not in gate.halts.of:
                    return done(NOTHING, f"{operation.scope} was not halted")
                return done(
                    gate.resume(operation.scope, by, operation.why, now), f"{operation.scope} is active again"
                )
            case LimitOperation():
                return _limit(gate, operation, by, now)
            case OrderOperation():
                return _order(gate, operation, wanted.request, now)
            case CancelOperation():
                return _cancel(gate, operation, now)
            case ConfigureOperation(settings):
                step = configure(gate, settings, history.standing(), now)
                return done(step, _words(step))
            case FollowOperation():
                return _follow(gate, operation, by, now)
            case _:
                return refused(f"the risk gate cannot {type(operation).__name__}")
    # Words that an operator mistyped are a refusal; anything else is a mistake of ours and crashes the gate.
    except (StateUnknown, LimitRefused) as error:
        return refused(str(error))


def _limit(gate: RiskGate, operation: LimitOperation, by: str, now: Nanos) -> Outcome:
    if operation.strategy is not None and operation.strategy not in gate.accounts.of:
        return refused(
            f"no strategy is called {operation.strategy!r}; there are {', '.join(gate.accounts.of)}"
        )
    value = operation.value
    if value is None:
        # Without a value the limit goes back to what was configured, not to the built-in default.
        value = limit_text(gate.configured.get(operation.strategy, {}).get(operation.name))
    step = gate.set_limit(operation.name, operation.strategy, value, by, now)
    return done(
        step,
        f"{operation.name} is {value} {'for ' + operation.strategy if operation.strategy else 'for all'}",
    )


def limit_text(value: LimitValue) -> str:
    """A limit's value in the words that `parse_limit` reads."""
    if value is None:
        return "none"
    return ",".join(value) if isinstance(value, tuple) else repr(value)


NO_FAIR_VALUE: Final = "an order on this account needs a fair value of YES: --fair 0.55 (p_fair: 0.55)"
"""What a person who placed an order without an opinion is told, on the command line and on the socket."""


def order_id_of(request: OperatorRequest) -> str:
    """The id of an order by hand: it follows from the request, so the same request cannot place it twice."""
    # Strategies number their orders behind a dash; a request's dashes must not look like such a number.
    return f"operator:{request.request_id.replace('-', '_')}"


def _order(gate: RiskGate, operation: OrderOperation, request: OperatorRequest, now: Nanos) -> Outcome:
    market = gate.view.markets.get(operation.ticker)
    if market is None:
        return refused(f"no market {operation.ticker!r} is followed")
    order_id = order_id_of(request)
    order = PlaceOrder(
        order_id=order_id,
        strategy=operation.strategy,
        game=market.game.game,
        ticker=operation.ticker,
        side=operation.side,
        price=operation.price,
        count=operation.count,
        tif=operation.tif,
        decided_at=now,
        signal_id="",
        post_only=operation.post_only,
        reduce_only=operation.reduce_only,
        exit=operation.reduce_only,
        p_fair=operation.p_fair,
    )
    # An order by hand takes the same way as a strategy's: there is no second door past the limits.
    step = gate.judge(order, now)
    for fact in step.facts:
        if isinstance(fact, OrderDenied):
            why = f"{fact.reason.value}: {fact.reason.meaning} (in use {fact.use}, limit {fact.limit})"
            lines = [why, f"the whole story: tipoff why {order_id}"]
            opinionated = gate.accounts.account(operation.strategy).traits.has_opinion
            if fact.reason is DenialReason.MISSING_DATA and operation.p_fair is None and opinionated:
                lines.insert(1, NO_FAIR_VALUE)
            return Outcome(step, Verdict.REFUSED, "\n".join(lines))
    return done(step, f"order {order_id} is on its way")


def _cancel(gate: RiskGate, operation: CancelOperation, now: Nanos) -> Outcome:
    exposure = gate.accounts.orders.get(operation.order_id)
    if exposure is None:
        return refused(f"no order {operation.order_id!r} is open")
    step = gate.judge(CancelOrder(operation.order_id, exposure.strategy, now), now)
    return done(step, f"the cancel of {operation.order_id} is on its way")


def _follow(gate: RiskGate, operation: FollowOperation, by: str, now: Nanos) -> Outcome:
    if operation.followed:
        return done(gate.follow(operation.game, operation.events, by, now), f"{operation.game} is followed")
    held = gate.held_in(operation.game)
    # An unloaded game gets no prices any more, so what we hold there could not be valued or closed.
    if held:
        return refused(f"{operation.game} cannot be unloaded while there is something of ours in it", *held)
    return done(gate.unfollow(operation.game, by, now), f"{operation.game} is followed no more")


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


def exchange_outcome(exchange: PaperExchange, wanted: OperationWanted, now: Nanos) -> Outcome:
    """Carry out an operation on the paper exchange."""
    match wanted.operation:
        case CancelAllOperation(strategy):
            step = exchange.cancel_all(strategy, CancelReason.OPERATOR, now)
            return done(step, f"{len(step.facts)} cancels are on their way")
        case CloseOperation(strategy, ticker):
            if ticker in exchange.frozen:
                return refused(f"{ticker} stands still: `tipoff resume market:{ticker}` releases it")
            held = exchange.state.position(strategy, ticker).count
            if held == 0:
                return refused(f"{strategy} holds nothing of {ticker}")
            # As in `order_id_of`: the id follows from the request, so a repetition cannot close twice.
            request_id = wanted.request.request_id.replace("-", "_")
            step = exchange.close_position(strategy, ticker, request_id, now)
            return done(step, f"an order to close {format_count(held)} of {ticker} is on its way")
        case operation:
            return refused(f"the paper exchange cannot {type(operation).__name__}")


def parsed(kind: type[Parameters], before: str, operation: StrategyOperation) -> Parameters | Outcome:
    """The parameters after an operation, or a refusal that names every problem. `before` is JSON."""
    try:
        values = json.loads(before)
    except ValueError:
        return refused("this kind of strategy cannot be given other parameters while it runs")
    problems: list[str] = []
    for name, text in operation.values:
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
