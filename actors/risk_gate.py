"""The risk gate's actor: every order of a strategy is approved here or denied with a reason.

Receives the games' news and all committed facts; the only source of approved orders. After a restart it folds
the remembered facts and asks the games for what is current.
"""

from collections.abc import Iterable
from typing import Final, get_args

from actors.addresses import GAMES_TOPIC, JOURNAL, PAPER_EXCHANGE, RISK_GATE, STRATEGIES
from actors.fact_history import GATE, FactHistory
from actors.heartbeat import HeartbeatOfStrategy, through_risk_gate
from actors.messages import (
    CancelAll,
    Commit,
    Committed,
    CommittedUpTo,
    GateSeen,
    LimitsWanted,
    MarketSetAside,
    NewsWanted,
    Numbered,
    OperationWanted,
    RunEnds,
    SetAsideWanted,
    StorageFailed,
    Wake,
)
from actors.operator_outcomes import concluded, gate_outcome, refused
from actors.runtime import ActorQuarantined, Answer, Outgoing, Publish
from actors.step_messages import SILENCE, announced, outgoing
from engine.configured_settings import Settings
from engine.events import GameNews, TopChanged
from engine.facts import Fact, FactsSetAside, TradingHalted, TradingResumed
from engine.orders import AmendOrder, Approved, CancelOrder, CancelReason, OrderCommand, PlaceOrder
from engine.quarantine import blamed, in_words, of_money
from engine.risk import GAME, MARKET, RiskGate, TradingState, configure
from engine.step import NOTHING, Step
from engine.units import Nanos

OWNER = "risk_gate"

NEWS_KINDS: Final = get_args(GameNews)
"""What only the view of the games takes in, which follows from no fact."""


class RiskGateActor:
    """Runs the risk gate."""

    def __init__(self, gate: RiskGate, history: FactHistory) -> None:
        """`gate` is empty; its past comes from `history`."""
        self.gate = gate
        self._history = history
        self._held: list[FactsSetAside] = []

    def start(self, now: int) -> list[Outgoing]:
        """Fold the remembered facts and ask the games for what is current.

        What was wished for in an earlier process and not judged is denied.
        """
        parts = self._history.parts(GATE)
        if parts is not None:
            self.gate.recover(parts)
        self.gate.restore(self._history.known_to(OWNER))
        # The strategy's signal is durable and says that an order was wanted; without this fact nobody could
        # ever tell what became of it.
        left = self._history.resume(OWNER)
        lost = Step(facts=() if left is None else left.unjudged(Nanos(now)))
        held = self._hold(Nanos(now))
        # The venue may have gone on while no process ran.
        again = self.gate.stop_again(Nanos(now))
        out = [*outgoing(OWNER, lost, now), *outgoing(OWNER, held, now), *outgoing(OWNER, again, now)]
        return [*announced(OWNER, self._history, out), Publish(GAMES_TOPIC, NewsWanted(RISK_GATE))]

    def _hold(self, now: Nanos) -> Step:
        """Make durable what the start of this process could not apply, and halt what rests on it.

        Also what the exchange set aside and this gate did not hear of, since the process ended in between.
        """
        facts: list[Fact] = []
        approved: list[Approved[OrderCommand]] = []
        for said in _not_halted(self._history.standing()):
            facts += self.gate.hold(said.scope, said.words, now).facts
        for said in self._history.quarantine.say(self._history.standing(), now):
            facts.append(said)
            if said.scope:
                step = self.gate.hold(said.scope, said.words, now)
                facts += step.facts
                approved += step.approved
        return Step(facts=tuple(facts), approved=tuple(approved))

    def receive(self, message: object, now: int) -> tuple[Outgoing, ...] | list[Outgoing]:
        """Judge a wish, or learn what changed."""
        try:
            # Best prices are by far the most of what comes, and nearly none of them lead to anything.
            if type(message) is TopChanged:
                step = self.gate.on_game_news(message, Nanos(now))
                return SILENCE if step is NOTHING else outgoing(OWNER, step, now)
            out = self._received(message, now)
        # Whatever it is: raised from here it would cost a restart of all who trade, in every market.
        except Exception as error:  # noqa: BLE001
            out = self._without(message, error, now)
        return announced(OWNER, self._history, out)

    def _received(self, message: object, now: int) -> tuple[Outgoing, ...] | list[Outgoing]:
        self._held.clear()
        if isinstance(message, PlaceOrder | CancelOrder | AmendOrder):
            return outgoing(OWNER, self.gate.judge(message, Nanos(now)), now)
        if isinstance(message, Committed):
            out: list[Outgoing] = []
            for numbered in message.facts:
                out += self._committed(numbered, Nanos(now))
            return out
        if isinstance(message, StorageFailed):
            return outgoing(OWNER, self.gate.journal_down(message.detail, Nanos(now)), now)
        if isinstance(message, SetAsideWanted):
            said = FactsSetAside(message.scope, 0, 0, 1, message.kind, message.why, False, Nanos(now))
            return self._say(said)
        if isinstance(message, RunEnds):
            self.gate.ends = True
            return SILENCE
        if isinstance(message, CommittedUpTo):
            return outgoing(OWNER, self.gate.journal_up(Nanos(now)), now)
        if isinstance(message, ActorQuarantined):
            return self._quarantined(message, now)
        if isinstance(message, Wake):
            return outgoing(OWNER, self.gate.wake(message.key, Nanos(now)), now)
        if isinstance(message, OperationWanted):
            outcome = gate_outcome(self.gate, self._history, message, Nanos(now))
            return concluded(OWNER, message, outcome, now)
        if isinstance(message, Settings):
            return outgoing(OWNER, configure(self.gate, message, self._history.standing(), Nanos(now)), now)
        if isinstance(message, LimitsWanted):
            limits = tuple(self.gate.limits_in_use(Nanos(now)))
            return [Answer(GateSeen(limits, self.gate.journal_trouble))]
        if isinstance(message, HeartbeatOfStrategy):
            return through_risk_gate(message)
        if isinstance(message, NEWS_KINDS):
            return outgoing(OWNER, self.gate.on_game_news(message, Nanos(now)), now)
        # Heartbeats of games, and what the supervisors report of other actors.
        return SILENCE

    def _committed(self, numbered: Numbered, now: Nanos) -> Iterable[Outgoing]:
        """Count a fact; one that cannot be counted costs its market, as it would at a start."""
        fact = numbered.fact
        try:
            step = self.gate.on_committed_fact(fact, now)
        except Exception as error:
            scope = self._scope(error, fact)
            if scope is None:
                raise
            self._undo()
            seq, money = numbered.seq, of_money(fact)
            return self._say(
                FactsSetAside(scope, seq, seq, 1, type(fact).__name__, in_words(error), money, now)
            )
        if isinstance(fact, FactsSetAside) and numbered.owner != OWNER and not self._halts(fact.scope):
            return outgoing(OWNER, self.gate.hold(fact.scope, fact.words, now), now)
        return outgoing(OWNER, step, now)

    # What failed

    def _without(self, message: object, error: Exception, now: int) -> list[Outgoing]:
        """Undo what failed, and set its market or game aside. Raises the error if there is none."""
        at = Nanos(now)
        scope = self._scope(error, message)
        if not isinstance(message, NEWS_KINDS):
            self._undo()
        if isinstance(message, OperationWanted):
            return concluded(OWNER, message, refused(f"it failed: {in_words(error)}"), now)
        if scope is None:
            raise error
        said = FactsSetAside(scope, 0, 0, 1, type(message).__name__, in_words(error), False, at)
        out = self._say(said)
        if isinstance(message, PlaceOrder):
            out += outgoing(OWNER, self.gate.refuse(message, scope, at), now)
        return out

    def _undo(self) -> None:
        self.gate = self.gate.undone(self._history.known_to(OWNER), self._history.parts(GATE))
        # What this very message has halted stands nowhere yet but in what is about to be sent.
        for said in self._held:
            self.gate.hold(said.scope, said.words, said.at)

    def _say(self, said: FactsSetAside) -> list[Outgoing]:
        """Make durable what was set aside and halt it, once; then the exchange lets it stand still, too."""
        if self._halts(said.scope):
            return []
        self._held.append(said)
        facts = (said, *self.gate.hold(said.scope, said.words, said.at).facts)
        ticker = said.scope.removeprefix(MARKET)
        still = ((PAPER_EXCHANGE, MarketSetAside(ticker, said.money)),) if ticker != said.scope else ()
        return [(JOURNAL, Commit(OWNER, facts, still))]

    def _halts(self, scope: str) -> bool:
        return self.gate.halts.state_of(scope) is TradingState.HALTED

    def _scope(self, error: Exception, message: object) -> str | None:
        ticker = blamed(error, self._market_of_order) or getattr(message, "ticker", None)
        if ticker:
            return f"{MARKET}{ticker}"
        game = getattr(message, "game", None)
        return f"{GAME}{game}" if game else None

    def _market_of_order(self, order_id: str) -> str | None:
        exposure = self.gate.accounts.orders.get(order_id)
        return None if exposure is None else exposure.ticker

    def _quarantined(self, report: ActorQuarantined, now: int) -> list[Outgoing]:
        """A parked strategy gets no more orders through, and what it has resting is cancelled."""
        if report.address.parent != STRATEGIES:
            return []
        strategy = report.address.last
        cancel = CancelAll(strategy, CancelReason.STRATEGY_QUARANTINED.name)
        return [*outgoing(OWNER, self.gate.quarantine(strategy, Nanos(now)), now), (PAPER_EXCHANGE, cancel)]


def _not_halted(facts: Iterable[Fact]) -> tuple[FactsSetAside, ...]:
    """What was set aside and neither halted nor released behind it."""
    found: dict[str, FactsSetAside] = {}
    for fact in facts:
        if isinstance(fact, FactsSetAside) and fact.scope.startswith(MARKET):
            found[fact.scope] = fact
        elif isinstance(fact, TradingHalted | TradingResumed):
            found.pop(fact.scope, None)
    return tuple(found.values())
