"""How old what we know may be, and what follows once it is older: every such clock of the program.

Defaults of keys, and limits that nobody can set. The manual's table is made from `CLOCKS`. A book is STALE by
what happened to its connection (`engine.book`); these are the clocks for when nothing happens any more.
"""

from typing import Final, NamedTuple

from engine.units import NANOS_PER_MILLISECOND, NANOS_PER_SECOND, Nanos


class Clock(NamedTuple):
    """One thing that may be at most so old."""

    what: str
    ns: Nanos
    beyond: str
    key: str | None = None
    """The key of the configuration whose default this is; None where it cannot be set."""

    @property
    def seconds(self) -> float:
        """The limit in seconds."""
        return self.ns / NANOS_PER_SECOND

    @property
    def milliseconds(self) -> int:
        """The limit in milliseconds; all limits are whole ones."""
        return self.ns // NANOS_PER_MILLISECOND


def _seconds(count: int) -> Nanos:
    return Nanos(count * NANOS_PER_SECOND)


PROCESS: Final = Clock(
    "the last thing that this process did",
    _seconds(5),
    "it stood still: every book is stale as of the last moment lived through, and asked for anew",
)
# The venue pings every ten seconds, so three pings in a row are missing by then.
CONNECTION: Final = Clock(
    "the last word on the venue's connection, be it a ping",
    _seconds(30),
    "the connection is replaced; its books are stale until their next snapshot",
    "kalshi.silence_ms_max",
)
VENUE_TIME: Final = Clock(
    "our clock, held against the venue's",
    _seconds(60),
    "what is called fresh may be old: entries stop",
)
ANY_BOOK: Final = Clock(
    "the last change of any book",
    _seconds(120),
    "`status` calls the feed quiet; nothing stops, for a market may be quiet",
)
BOOK: Final = Clock(
    "the best prices that an entry rests on",
    _seconds(900),
    "the entry is refused (`book_age`)",
    "risk.book_age_seconds",
)
LAG: Final = Clock(
    "what the venue did last, when it was heard",
    _seconds(5),
    "the entry is refused (`feed_lag`)",
    "risk.feed_lag_seconds",
)
ODDS: Final = Clock(
    "the newest odds of the game, for an entry that rests on odds",
    _seconds(900),
    "the entry is refused (`odds_age`)",
    "risk.odds_age_seconds",
)
ODDS_ROW: Final = Clock(
    "one sportsbook's row before the tip",
    _seconds(600),
    "the strategy counts without this sportsbook",
    "strategy.parameters.odds_age_seconds_max",
)
ODDS_ROW_LIVE: Final = Clock(
    "one sportsbook's row in play",
    _seconds(60),
    "the strategy counts without this sportsbook",
    "strategy.parameters.odds_age_live_seconds_max",
)
SCORE_OF_ONE_SOURCE: Final = Clock(
    "what one source of a score has shown, beside another",
    _seconds(90),
    "it is not compared any more; within this time it may be behind without contradicting",
)
SCORE: Final = Clock(
    "the last score of a game that is being played",
    _seconds(30 * 60),
    "the game does not keep the run from ending",
)

CLOCKS: Final = (
    PROCESS,
    CONNECTION,
    VENUE_TIME,
    ANY_BOOK,
    BOOK,
    LAG,
    ODDS,
    ODDS_ROW,
    ODDS_ROW_LIVE,
    SCORE_OF_ONE_SOURCE,
    SCORE,
)
