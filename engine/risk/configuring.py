"""Taking over a configuration while a run goes on: what it says anew of limits and strategies, in one step.

Called by the risk gate's actor at the start of every process and when an operator has the configuration read
again.
"""

from collections.abc import Iterable

from engine.configured_settings import BY_CONFIGURATION, Settings, strategy_changes
from engine.facts import Fact
from engine.risk.gate import RiskGate
from engine.risk.limits import parse_limit
from engine.step import Step
from engine.units import Nanos


def configure(gate: RiskGate, settings: Settings, facts: Iterable[Fact], now: Nanos) -> Step:
    """Let the gate's limits, and by facts the strategies, become what is configured; `facts` are the run's.

    What the configuration says nothing new of stays as it is, so commands of operators outlive it. Raises
    LimitRefused before anything is changed.
    """
    before = gate.configured[None]
    # Compared with what was configured before, not with what is in force: an operator's change stays.
    new = [(name, text) for name, text in settings.limits if parse_limit(name, text) != before.get(name)]
    steps = [gate.set_limit(name, None, text, BY_CONFIGURATION, now) for name, text in new]
    return Step(
        facts=(
            *(fact for step in steps for fact in step.facts),
            *strategy_changes(facts, settings.strategies, now),
        ),
        approved=tuple(each for step in steps for each in step.approved),
    )
