"""What a stored run has on record of opinions, entries and near misses, against the prices that came.

Read by `tipoff calibrate --db`. A replay hears every opinion; a journal has those that were acted on or
nearly so. They are chosen by the size of the gap, on which the slope of the move on the gap does not depend.
"""

from collections.abc import Iterable, Iterator

from engine.events import BookSide
from engine.facts import GAP_EVIDENCE, SOURCE_EVIDENCE, SignalAction, SignalRaised
from engine.scoring.observations import quoted_middle
from engine.scoring.prices import PriceLookup
from engine.trust import ENTERED, HORIZON, Gap, NewOpinions, Source, Spoken
from engine.units import PRICE_ONE, Nanos


class StoredOpinions:
    """The opinions of one run. First its signals, then the bars of the markets in `prices`, then the gaps."""

    def __init__(self, signals: Iterable[SignalRaised], horizon: Nanos = HORIZON) -> None:
        """`signals` in the journal's order; `horizon` is how long after an opinion the price is looked at."""
        self.prices = PriceLookup()
        self.unnamed = 0
        """Signals that name no source, or have no quote or gap on record: plug-ins' need not."""
        self.unpriced = 0
        """Opinions whose market has no trusted price later on: the run ended, or its bars are gone."""
        self._horizon = horizon
        self._opinions: list[Spoken] = []
        new = NewOpinions()
        for signal in signals:
            # A way out repeats the opinion of the way in.
            if signal.action is not SignalAction.EXIT:
                self._take(signal, new)

    def _take(self, signal: SignalRaised, new: NewOpinions) -> None:
        read = _read(signal)
        if read is None:
            self.unnamed += 1
            return
        source, p_fair, p_mid = read
        if p_fair == p_mid or not new.counts(source, signal.ticker, p_fair, signal.at):
            return
        self._opinions.append(Spoken(source, signal.game, signal.ticker, signal.at, p_fair - p_mid))
        self.prices.want(signal.ticker, Nanos(signal.at + ENTERED))
        self.prices.want(signal.ticker, Nanos(signal.at + self._horizon))

    def gaps(self) -> Iterator[Gap]:
        """Every opinion with the move that came: from the price an order meets to the one at the horizon.

        What has no price at one of the two is left out and counted. Read once, after the bars were taken.
        """
        for each in self._opinions:
            p_entry = self.prices.p_mid(each.ticker, Nanos(each.at + ENTERED))
            p_later = self.prices.p_mid(each.ticker, Nanos(each.at + self._horizon))
            if p_entry is None or p_later is None:
                self.unpriced += 1
            else:
                yield Gap(each.source, each.game, each.p_gap, p_later - p_entry)


def _read(signal: SignalRaised) -> tuple[Source, float, float] | None:
    """Source, what it said of YES, and the middle of the quote.

    What it said is the gap beyond the executable price: `p_fair` of a signal is shrunk by the trust of then.
    """
    named = dict(signal.evidence)
    p_mid = quoted_middle(signal)
    if p_mid is None or signal.price is None:
        return None
    try:
        source, p_gap = Source(named[SOURCE_EVIDENCE]), float(named[GAP_EVIDENCE])
    except (KeyError, ValueError):
        return None
    if source is Source.OWN:
        # Its author answers for it.
        return None
    p_price = signal.price / PRICE_ONE
    return source, p_price + p_gap if signal.side is BookSide.BID else p_price - p_gap, p_mid
