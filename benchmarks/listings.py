"""`python -m benchmarks.listings`: what the venue's listings of a busy evening cost, first and again.

Fifteen games with forty markets each, as the venue lists them: a body for each of three series. The whole
tree hears them, with five strategies, on a virtual clock and without a database; then it hears the same
again, as at every poll. The processor's time is the least of several rounds, parsing included. Exits with 1
where a bar is missed.
"""

import sys
import time
from typing import Final

import attrs
import msgspec

from actors.messages import Numbered
from benchmarks.results import Result, finish, load, options
from engine.facts import RunStarted
from engine.units import Nanos
from tipoff.config.load import template
from tipoff.replay.session import VirtualSession
from tipoff.runs.from_config import at_its_word, schema, trading_settings
from tipoff.runs.settings import TradingSettings, settings_digest
from venues.recordings.recorder import Line
from venues.simulator.evening import generate
from venues.simulator.world.settings import EveningSettings

EVENING: Final = EveningSettings(games=15, rungs=19, postponed=False, cancelled=False)
FIRST_MS_MAX: Final = 25.0
AGAIN_MS_MAX: Final = 5.0
HOLD_MS_MAX: Final = 5.0
ROUNDS: Final = 7
MARKETS: Final = 600
LISTINGS: Final = "/events?"
AGAIN_NS: Final = 60_000_000_000


def heard() -> list[Line]:
    """Everything that is heard before the stream begins: the listings, and what comes before them."""
    lines: list[Line] = []
    for output in generate(EVENING):
        if output.source == "kalshi.ws":
            break
        lines.append(Line(output.at, len(lines) + 1, output.source, output.conn, output.what, output.body))
    return lines


@attrs.frozen
class Cost:
    """Milliseconds of the processor for the listings together, and for the dearest body."""

    whole: float
    dearest: float


def cost(session: VirtualSession, lines: list[Line]) -> Cost:
    """Hear these bodies; only listings count."""
    spent = []
    for line in lines:
        began = time.process_time_ns()
        session.on_line(line)
        if line.what.startswith(LISTINGS):
            spent.append((time.process_time_ns() - began) / 1e6)
    return Cost(sum(spent), max(spent))


def round_of(settings: TradingSettings, lines: list[Line]) -> tuple[Cost, Cost]:
    """A new tree that hears the listings twice."""

    def store(facts: tuple[Numbered, ...]) -> int:
        return facts[-1].seq

    run = RunStarted("bench", "bench", settings_digest(settings), settings.seed, Nanos(lines[0].at), "")
    session = VirtualSession(settings, run, store)
    first = cost(session, lines)
    later = [msgspec.structs.replace(line, at=line.at + AGAIN_NS) for line in lines]
    again = cost(session, later)
    markets = sum(len(game.markets) for game in session.games().values())
    if markets != MARKETS:
        raise RuntimeError(f"{markets} markets were listed in place of {MARKETS}")
    return first, again


def main(arguments: list[str]) -> int:
    """Measure and print; returns 1 where a bar is missed."""
    asked = options(__doc__, arguments)
    settings = trading_settings(at_its_word(template(schema())))
    lines = heard()
    rounds = [round_of(settings, lines) for _ in range(asked.rounds(ROUNDS))]
    first, again = ([each[place] for each in rounds] for place in (0, 1))
    print(load())
    return finish(
        (
            _least("the first listing of 600 markets", [each.whole for each in first], FIRST_MS_MAX),
            _least("its dearest body, which holds the loop", [each.dearest for each in first], HOLD_MS_MAX),
            _least("the same listings again", [each.whole for each in again], AGAIN_MS_MAX),
        ),
        asked,
    )


def _least(target: str, milliseconds: list[float], bar: float) -> Result:
    """The least: on a shared machine everything above it says more of the neighbours."""
    return Result(target, (min(milliseconds),), unit="ms", at_most=bar)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
