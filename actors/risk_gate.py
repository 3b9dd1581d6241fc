"""The risk gate's actor: every order of a strategy is approved here or denied with a reason.

Receives the games' news and all committed facts; the only source of approved orders. After a restart it folds
the remembered facts and asks the games for what is current.
"""

from actors.addresses import GAMES_TOPIC, PAPER_EXCHANGE, RISK_GATE, STRATEGIES
from actors.fact_history import FactHistory
from actors.heartbeat import HeartbeatOfGame, HeartbeatOfStrategy, through_risk_gate
from actors.messages import (
    CancelAll,
    Committed,
    CommittedUpTo,
    GateSeen,
    LimitsWanted,
    NewsWanted,
    OperationWanted,
    RunEnds,
    StorageFailed,
    Wake,
)
from actors.operator_outcomes import concluded, gate_outcome
from actors.runtime import ActorQuarantined, Answer, Outgoing, Publish
from actors.step_messages import SILENCE, outgoing
from engine.configured_settings import Settings
from engine.events import TopChanged
from engine.facts import Fact
from engine.orders import AmendOrder, Approved, CancelOrder, CancelReason, OrderCommand, PlaceOrder
from engine.orphaned_orders import unjudged
from engine.risk import RiskGate, configure
from engine.step import NOTHING, Step
from engine.units import Nanos

OWNER = "risk_gate"


class RiskGateActor:
    """Runs the risk gate."""

    def __init__(self, gate: RiskGate, history: FactHistory) -> None:
        """`gate` is empty; its past comes from `history`."""
        self.gate = gate
        self._history = history

    def start(self, now: int) -> list[Outgoing]:
        """Fold the remembered facts and ask the games for what is current.

        What was wished for in an earlier process and not judged is denied.
        """
        self.gate.restore(self._history.facts)
        # The strategy's signal is durable and says that an order was wanted; without this fact nobody could
        # ever tell what became of it.
        lost = Step(facts=unjudged(self._history.resume(OWNER), Nanos(now)))
        held = self._hold(Nanos(now))
        # The venue may have gone on while no process ran.
        again = self.gate.stop_again(Nanos(now))
        return [
            *outgoing(OWNER, lost, now),
            *outgoing(OWNER, held, now),
            *outgoing(OWNER, again, now),
            Publish(GAMES_TOPIC, NewsWanted(RISK_GATE)),
        ]

    def _hold(self, now: Nanos) -> Step:
        """Make durable what the start of this process could not apply, and halt what rests on it."""
        facts: list[Fact] = []
        approved: list[Approved[OrderCommand]] = []
        for each in self._history.quarantine.say(self._history.facts):
            said = each.fact(now)
            facts.append(said)
            if each.scope:
                step = self.gate.hold(each.scope, said.words, now)
                facts += step.facts
                approved += step.approved
        return Step(facts=tuple(facts), approved=tuple(approved))

    def receive(self, message: object, now: int) -> tuple[Outgoing, ...] | list[Outgoing]:
        """Judge a wish, or learn what changed."""
        # Best prices are by far the most of what comes, and nearly none of them lead to anything.
        if type(message) is TopChanged:
            step = self.gate.on_game_news(message, Nanos(now))
            return SILENCE if step is NOTHING else outgoing(OWNER, step, now)
        if isinstance(message, PlaceOrder | CancelOrder | AmendOrder):
            return outgoing(OWNER, self.gate.judge(message, Nanos(now)), now)
        if isinstance(message, Committed):
            out: list[Outgoing] = []
            for numbered in message.facts:
                out += outgoing(OWNER, self.gate.on_committed_fact(numbered.fact, Nanos(now)), now)
            return out
        if isinstance(message, StorageFailed):
            return outgoing(OWNER, self.gate.journal_down(message.detail, Nanos(now)), now)
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
            return outgoing(OWNER, configure(self.gate, message, self._history.facts, Nanos(now)), now)
        if isinstance(message, LimitsWanted):
            limits = tuple(self.gate.limits_in_use(Nanos(now)))
            return [Answer(GateSeen(limits, self.gate.journal_trouble))]
        if isinstance(message, HeartbeatOfStrategy):
            return through_risk_gate(message)
        if isinstance(message, HeartbeatOfGame):
            return SILENCE
        return outgoing(OWNER, self.gate.on_game_news(message, Nanos(now)), now)  # type: ignore[arg-type]

    def _quarantined(self, report: ActorQuarantined, now: int) -> list[Outgoing]:
        """A parked strategy gets no more orders through, and what it has resting is cancelled."""
        if report.address.parent != STRATEGIES:
            return []
        strategy = report.address.last
        cancel = CancelAll(strategy, CancelReason.STRATEGY_QUARANTINED.name)
        return [*outgoing(OWNER, self.gate.quarantine(strategy, Nanos(now)), now), (PAPER_EXCHANGE, cancel)]
