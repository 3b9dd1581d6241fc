"""How far the market's price follows a source of opinion: what of a gap may be expected to come true.

A strategy's expected value is shrunk towards the market's own price: trust × gap is expected, not the gap.
Trust is the slope of the later move of the price on the gap, estimated from what came, with an interval by
leaving out games, and none where nothing supports it. Used by every trading strategy; estimated by
`tipoff calibrate`, and for the defaults by `python -m benchmarks.win_probability.trust`.
"""

from collections.abc import Iterable, Iterator, Mapping
from enum import Enum
from typing import Final

import attrs

from engine.message import message
from engine.scoring.left_out import left_out
from engine.units import NANOS_PER_SECOND, Nanos


class Source(Enum):
    """Where an opinion comes from, and when."""

    # The same for every life of a member, and without a call for every look into a table.
    __hash__ = object.__hash__

    CONSENSUS_PREGAME = "consensus_pregame"
    """Sportsbooks, before the tip."""
    CONSENSUS_LIVE = "consensus_live"
    """Sportsbooks, in play."""
    WIN_PROBABILITY = "win_probability"
    """Score and clock by the in-play model, against the price of a winner."""
    PACE = "pace"
    """The points so far, against the price of a total."""
    SCORING_RUN = "scoring_run"
    """What a run should have changed of a price and did not."""
    PRICE_MOVE = "price_move"
    """A move of the price itself."""
    LADDER = "ladder"
    """What the other markets of a game say of one."""
    OWN = "own"
    """A strategy that names no source: its author answers for it."""


GAMES_MIN: Final = 20
"""Fewer games support nothing, whatever their interval says."""

HORIZON: Final = Nanos(600 * NANOS_PER_SECOND)
"""When the move of the price is measured that a gap is held against: ten minutes later."""

PAUSE: Final = Nanos(60 * NANOS_PER_SECOND)
"""Of one source one opinion of a market within so long; what is said again at another price is no news."""

ENTERED: Final = Nanos(60 * NANOS_PER_SECOND)
"""An order meets the price that stands so long after the opinion: one-minute candles resolve no better, and
what a gap owes to the age of the price that it was measured against is gone by then.
"""


@attrs.frozen
class Trust:
    """What was estimated of one source: the slope, its interval, what it rests on and where that was.

    From one game alone the interval is unbounded.
    """

    estimate: float
    low: float
    high: float
    games: int
    gaps: int
    origin: str

    @property
    def share(self) -> float:
        """What of a gap is expected to come true, 0 to 1: nothing unless the interval lies above zero."""
        if self.games < GAMES_MIN or self.low <= 0.0:
            return 0.0
        return min(self.estimate, 1.0)

    def text(self) -> str:
        """For evidence: "0.12 [-0.03, 0.27] of 27 games, 1,204 gaps; ORIGIN"."""
        numbers = f"{self.estimate:.3f} [{self.low:.3f}, {self.high:.3f}]"
        return f"{numbers} of {self.games} games, {self.gaps:,} gaps; {self.origin}"


@attrs.frozen
class Believed:
    """What of a source's gaps is expected to come true, 0 to 1, and where that is from."""

    share: float = attrs.field(validator=[attrs.validators.ge(0.0), attrs.validators.le(1.0)])
    origin: str


AT_ITS_WORD: Final = Believed(1.0, "stated: every source is taken at its word")
UNSUPPORTED: Final = Believed(0.0, "nothing supports it")


@attrs.frozen
class TrustTable:
    """What is believed of each source; one that is not named is not supported by anything."""

    by_source: Mapping[Source, Believed] = attrs.field(factory=dict)

    def of(self, source: Source) -> Believed:
        """What is believed of a source."""
        return self.by_source.get(source, UNSUPPORTED)

    def plain(self) -> dict[str, tuple[float, str]]:
        """For digests: share and origin by the source's word, in order."""
        return {
            source.value: (self.of(source).share, self.of(source).origin)
            for source in Source
            if source in self.by_source
        }


STATED: Final = TrustTable(dict.fromkeys(Source, AT_ITS_WORD))
"""Every source at its word: what a simulated evening is played with, and what is not said otherwise."""


def table_of(estimated: Mapping[Source, Trust]) -> TrustTable:
    """What follows from estimates. A source without a name keeps its author's word: no estimate knows it."""
    believed = {source: Believed(trust.share, trust.text()) for source, trust in estimated.items()}
    return TrustTable({Source.OWN: Believed(1.0, "the author's word"), **believed})


@attrs.frozen
class Spoken:
    """One opinion: how far above the middle of the quote it was, in dollars, of which market and when."""

    source: Source
    game: str
    ticker: str
    at: Nanos
    p_gap: float


class NewOpinions:
    """Which opinions of a recording or a run are one more observation, and which repeat another."""

    def __init__(self) -> None:
        """Nothing has been said."""
        self._last: dict[tuple[Source, str], tuple[Nanos, float]] = {}

    def counts(self, source: Source, ticker: str, p_fair: float, at: Nanos) -> bool:
        """Whether an opinion counts, in the order in which they are formed; it is remembered if it does."""
        last_at, p_last = self._last.get((source, ticker), (None, None))
        if p_last == p_fair or (last_at is not None and at < last_at + PAUSE):
            return False
        self._last[source, ticker] = at, p_fair
        return True


@message
class Gap:
    """What a source said beyond the price, at a moment, and how far the price went until the horizon.

    `p_gap` and `p_move` are in dollars a contract, signed: up is positive.
    """

    source: Source
    game: str
    p_gap: float
    p_move: float


def estimated(gaps: Iterable[Gap], origin: str) -> dict[Source, Trust]:
    """The trust of each source that said anything: sum of gap × move by sum of gap², the slope through zero.

    Games are left out, not gaps, since those of a game are one experience. A source whose gaps are all zero
    is not there.
    """
    by_source: dict[Source, dict[str, list[float]]] = {}
    for gap in gaps:
        sums = by_source.setdefault(gap.source, {}).setdefault(gap.game, [0.0, 0.0, 0.0])
        sums[0] += gap.p_gap * gap.p_move
        sums[1] += gap.p_gap * gap.p_gap
        sums[2] += 1.0
    found: dict[Source, Trust] = {}
    for source in Source:
        games = by_source.get(source, {})
        interval = left_out({game: (sums[0], sums[1]) for game, sums in games.items()})
        if interval is not None:
            count = round(sum(sums[2] for sums in games.values()))
            found[source] = Trust(interval.estimate, interval.low, interval.high, len(games), count, origin)
    return found


def walked_forward(
    evenings: Iterable[tuple[str, Iterable[Gap]]],
) -> Iterator[tuple[str, Source, float, float, float]]:
    """For each evening and source what the evenings before it would have had believed, and what came.

    Yields evening, source, the share believed, the mean expected move and the mean move in the direction of
    the gaps, per gap and in dollars.
    """
    earlier: list[Gap] = []
    for name, said in evenings:
        gaps = list(said)
        before = estimated(earlier, name)
        for source in Source:
            chosen = [gap for gap in gaps if gap.source is source and gap.p_gap != 0.0]
            if chosen:
                share = before[source].share if source in before else 0.0
                expected = sum(share * abs(gap.p_gap) for gap in chosen) / len(chosen)
                came = sum(gap.p_move if gap.p_gap > 0 else -gap.p_move for gap in chosen) / len(chosen)
                yield name, source, share, expected, came
        earlier += gaps
