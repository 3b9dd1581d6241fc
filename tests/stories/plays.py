"""Playing a small evening through the whole tree: what the stories of this folder are made of."""

from collections.abc import Callable, Iterable

import attrs

from actors.messages import Numbered
from daemon.replay import run_started
from daemon.session import TradingSettings, VirtualSession
from daemon.store import RunStore
from engine.facts import LedgerPosted
from engine.units import Nanos
from persistence.codec import encode
from venues.recording import Line
from venues.simulator.evening import generate
from venues.simulator.settings import EveningSettings

SMALL = EveningSettings(
    seed=3, games=1, rungs=2, activity=0.2, box_players=0, postponed=False, cancelled=False
)
"""One game with both its markets and short ladders, discovery to settlement: about eight thousand lines."""

Disturb = Callable[[VirtualSession, int], None]


@attrs.frozen
class Played:
    """A run of a story: its session, and every fact in order."""

    session: VirtualSession
    store: RunStore
    facts: tuple[Numbered, ...]

    def ledger(self, strategy: str) -> list[bytes]:
        """The strategy's ledger, entry by entry, as it would be stored."""
        return [
            encode(numbered.fact)
            for numbered in self.facts
            if isinstance(numbered.fact, LedgerPosted) and numbered.fact.strategy == strategy
        ]


def lines_of(settings: EveningSettings) -> list[Line]:
    """An evening as a recording would hold it."""
    return [
        Line(output.at, number, output.source, output.conn, output.what, output.body)
        for number, output in enumerate(generate(settings), start=1)
    ]


def play(lines: Iterable[Line], settings: TradingSettings, disturb: Disturb | None = None) -> Played:
    """Play lines through a fresh tree; `disturb(session, number)` is called before each line."""
    store = RunStore("story")
    facts: list[Numbered] = []

    def keep(numbered: tuple[Numbered, ...]) -> int:
        facts.extend(numbered)
        return store(numbered)

    session: VirtualSession | None = None
    for number, line in enumerate(lines):
        if session is None:
            session = VirtualSession(settings, run_started("story", settings, Nanos(line.at)), keep)
        if disturb is not None:
            disturb(session, number)
        session.hear(line)
    assert session is not None
    session.end(Nanos(session.system.now), "end of story")
    return Played(session, store, tuple(facts))
