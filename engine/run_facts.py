"""Facts of a run and of its operators: when it began and ended, who changed what, who stopped it.

Part of `engine.facts.Fact`, which is where the journal's reader finds them.
"""

from enum import Enum
from typing import Final

from engine.accounts import SHARED
from engine.message import message
from engine.strategy_traits import StrategyTraits
from engine.terms import BegunBy
from engine.units import Money, Nanos


@message
class RunStarted:
    """The first fact of a run: which code, configuration and seed it uses.

    `configuration` is a JSON object of what the digest is over beside strategies and their parameters, by
    dotted key; empty in runs of versions that did not write it down.
    """

    run: str
    version: str
    config_digest: str
    seed: int
    at: Nanos
    configuration: str = ""


@message
class RunEnded:
    """The last fact of a run that ended in order."""

    run: str
    reason: str
    at: Nanos


@message
class StrategyOpened:
    """A strategy's account begins with `bankroll`; `parameters` is canonical JSON.

    `traits` is what its kind does not say already; `engine.strategy_traits.traits_of` reads both.
    """

    strategy: str
    kind: str
    bankroll: Money
    parameters: str
    at: Nanos
    traits: StrategyTraits | None = None
    account: str = SHARED
    """On which account it trades in this run: its own, or that of all who share one."""


@message
class StrategyChanged:
    """A strategy was enabled, disabled or given other parameters while running."""

    strategy: str
    enabled: bool
    parameters: str
    by: str
    at: Nanos


@message
class TradingHalted:
    """Trading stopped for a scope (`all`, `strategy:NAME`, `game:ID`, `market:TICKER`).

    `state` is reducing, draining or halted. Latched.
    """

    scope: str
    state: str
    by: str
    why: str
    at: Nanos


@message
class TradingResumed:
    """An operator ended a halt."""

    scope: str
    by: str
    why: str
    at: Nanos


@message
class LimitChanged:
    """A risk limit was changed while running; `strategy` None is the global limit."""

    name: str
    strategy: str | None
    value: str
    by: str
    at: Nanos


AT_START: Final = "start"
"""What stands for the kind of a fact where it was not a fact that failed, but a decision of a start."""


@message
class FactsSetAside:
    """What could not be applied or decided on, and what stands still because of it.

    `scope` is what was halted, or empty if nothing rests on it. `first` and `last` are entries of the journal
    that a start could not apply; 0 if it was a decision that failed, and then `kind` says on what: a message,
    or AT_START. `money` says that positions or cash may be wrong.
    """

    scope: str
    first: int
    last: int
    count: int
    kind: str
    why: str
    money: bool
    at: Nanos

    @property
    def words(self) -> str:
        """Which facts, and what is wrong with the first; or which decision failed, and why."""
        if not self.first:
            what = (
                "what was to be decided at the start" if self.kind == AT_START else f"deciding on {self.kind}"
            )
            return f"{what} failed ({self.why})"
        entries = f"entry {self.first}" if self.count == 1 else f"{self.count} entries from {self.first} on"
        return f"{entries} of the journal cannot be applied ({self.kind}: {self.why})"


@message
class FollowingChanged:
    """An operator had a game followed that was not found by itself, or had one followed no more.

    `events` are the venue's events of a game that is followed; empty for one that is not any more.
    """

    game: str
    followed: bool
    events: tuple[str, ...]
    by: str
    at: Nanos


@message
class PregameChanged:
    """The time before a game is over, or (`over` false, after a postponement) the game is to come again.

    `by` is whose word it is (`BegunBy`), `since` the moment that the word is about.
    """

    game: str
    over: bool
    by: BegunBy
    since: Nanos
    at: Nanos


class Verdict(Enum):
    """What became of a command."""

    DONE = "done"
    REFUSED = "refused"

    @property
    def word(self) -> str:
        """As it stands before the words of an outcome."""
        return f"{self.value}: "


@message
class OperatorActed:
    """A mutating command of an operator, with its request id (idempotence) and the peer's user id."""

    request_id: str
    uid: int
    command: str
    arguments: str
    outcome: str
    """For people: the word of the verdict and a sentence; below it, of a refusal, further reasons."""
    at: Nanos
    verdict: Verdict | None = None
    """None in journals that were written before there was one."""

    def judged(self) -> tuple[Verdict, str]:
        """The verdict, and the outcome without its word; of older journals the word is the verdict."""
        for verdict in Verdict:
            if verdict is self.verdict or (self.verdict is None and self.outcome.startswith(verdict.word)):
                return verdict, self.outcome.removeprefix(verdict.word)
        return Verdict.DONE, self.outcome
