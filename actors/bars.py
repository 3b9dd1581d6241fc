"""The bars actor: tells the fold of `engine.bars` what happens and hands its bars on every ten seconds.

Where somebody may ask, which is in a live run and not in a replay, it also keeps what charts are drawn from
(`engine.charts`), and answers. It decides nothing and nobody waits for it, so a run with it and one without
it trade alike. It lives where somebody keeps the bars: in every live run, and in a replay into a database. A
new life asks the games for what is current; what had happened in the bar under way is lost, and so are the
charts.
"""

from collections.abc import Callable, Iterable

from actors.addresses import BARS, GAMES_TOPIC
from actors.messages import ChartKind, ChartWanted, Committed, NewsWanted
from actors.runtime import After, Answer, Outgoing, Publish
from engine.bars import BAR, Bars, MarketBar, next_end
from engine.charts import Charts
from engine.events import (
    FairValued,
    GameKnown,
    MarketKnown,
    OddsSeen,
    ScoreSeen,
    TopChanged,
    TradePrinted,
)
from engine.facts import SignalAction, SignalRaised
from engine.message import message
from engine.readings import Chart, bucketed
from engine.units import Nanos

Keep = Callable[[list[MarketBar]], None]
"""Takes bars to where they are stored, at once and without failing."""

LATE_BARS_MAX = 6
"""After a standstill so many ends are made up for; before them nothing is known of the market."""


@message
class BarEnds:
    """A timer: the bar that ends at `at` is over."""

    at: Nanos


class BarsActor:
    """Folds, hands on."""

    def __init__(self, keep: Keep, *, drawn: bool = True) -> None:
        """`keep` gets the bars in the order of time; `drawn` says whether somebody may ask for charts."""
        self._keep = keep
        self._bars = Bars()
        self._charts = Charts() if drawn else None

    def start(self, now: int) -> list[Outgoing]:
        """Ask the games for what is current, and wait for the end of the bar under way."""
        return [Publish(GAMES_TOPIC, NewsWanted(BARS)), _until(next_end(now), now)]

    def receive(self, message: object, now: int) -> Iterable[Outgoing]:
        """Take one thing in, or end the bars."""
        kind, charts = type(message), self._charts
        if kind is TopChanged:
            # Nearly all there is to hear.
            self._bars.on_top(message, Nanos(now))  # type: ignore[arg-type]
            if charts is not None:
                charts.on_top(message, Nanos(now))  # type: ignore[arg-type]
        elif kind is TradePrinted:
            self._bars.on_trade(message.ticker, message.count)  # type: ignore[attr-defined]
            if charts is not None:
                charts.on_trade(message.ticker, message.count, Nanos(now))  # type: ignore[attr-defined]
        elif kind is FairValued:
            if charts is not None:
                charts.on_value(message, Nanos(now))  # type: ignore[arg-type]
        elif kind is BarEnds:
            return self._end(message.at, now)  # type: ignore[attr-defined]
        elif isinstance(message, ScoreSeen | OddsSeen | MarketKnown | GameKnown):
            self._bars.on_news(message, Nanos(now))
        elif isinstance(message, Committed):
            self._committed(message)
        elif isinstance(message, ChartWanted):
            return (Answer(self._chart(message)),)
        return ()

    def _committed(self, message: Committed) -> None:
        for numbered in message.facts:
            fact = numbered.fact
            # A way out repeats the opinion of the way in.
            if (
                type(fact) is SignalRaised
                and fact.p_fair is not None
                and fact.action is not SignalAction.EXIT
            ):
                self._bars.on_fair(fact.strategy, fact.ticker, fact.p_fair)

    def _chart(self, wanted: ChartWanted) -> Chart | None:
        charts = self._charts
        if charts is None:
            return None
        match wanted.kind:
            case ChartKind.BARS:
                chart = charts.prices(wanted.of, wanted.first, wanted.last)
            case ChartKind.WIN_PROBABILITY:
                chart = charts.chances(wanted.of, wanted.first, wanted.last)
            case _:
                chart = None
        return None if chart is None else bucketed(chart, wanted.points, frozenset({"traded"}))

    def _end(self, due: Nanos, now: int) -> Iterable[Outgoing]:
        following = next_end(now)
        first = max(due, following - LATE_BARS_MAX * BAR)
        for end in range(first, following, BAR):
            bars = self._bars.end_bars(Nanos(end))
            if bars:
                self._keep(bars)
                if self._charts is not None:
                    self._charts.on_bars(bars, self._bars.view, Nanos(end))
        return (_until(following, now),)


def _until(end: Nanos, now: int) -> After:
    return After(end - now, BarEnds(end), "bar")
