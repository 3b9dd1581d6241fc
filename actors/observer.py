"""The observer: keeps the read model of facts, news and supervisor reports, and answers queries.

The command line, the terminal view and the web page read from it, so that reading never disturbs trading: it
asks no trading actor, decides nothing, and what it keeps is bounded. After a restart it folds the remembered
facts and asks the games for what is current.
"""

from collections.abc import Iterable

from actors.addresses import GAMES_TOPIC, OBSERVER
from actors.fact_history import READ_MODEL, FactHistory
from actors.messages import ChartKind, ChartWanted, Committed, NewsWanted
from actors.read_model.changed_rows import ChangesWanted, changes
from actors.read_model.lines import (
    at_risk,
    halts,
    lines,
    pnl,
    set_aside,
)
from actors.read_model.model import ReadModel
from actors.read_model.resting import resting
from actors.read_model.views import FeedLine, Overview, Query, ReportLine
from actors.runtime import (
    ActorExited,
    ActorQuarantined,
    ActorRestarted,
    ActorRevived,
    ActorStarted,
    After,
    Answer,
    DeadLetter,
    Outgoing,
    Publish,
    RestartDelayed,
    StartRefused,
    SupervisorEscalated,
    SupervisorReport,
    ZombieDeclared,
)
from engine.events import (
    ExchangeStatusSeen,
    FeedConnected,
    FeedGapped,
    FeedLost,
    FeedRefused,
    GameKnown,
    MarketKnown,
    MarketStatus,
    OddsSeen,
    ScoresDisagreed,
    ScoreSeen,
    TopChanged,
    Trust,
)
from engine.feed_lag import FeedLag
from engine.message import message
from engine.readings import LONG, Chart, Readings, bucketed
from engine.risk import QUARANTINE
from engine.units import NANOS_PER_HOUR, NANOS_PER_MILLISECOND, NANOS_PER_SECOND, Money, Nanos

REPORTS = (
    ActorStarted,
    ActorExited,
    ActorRestarted,
    RestartDelayed,
    ActorQuarantined,
    ActorRevived,
    SupervisorEscalated,
    StartRefused,
    ZombieDeclared,
)
FAILURES = (ActorExited, ActorQuarantined, SupervisorEscalated, StartRefused, ZombieDeclared)

OVERVIEW = "overview"
RESTING = "resting"
"""What to look at for the whole; everything else is the name of a table."""

VENDORS_MAX = 64
"""So many sportsbooks of a game are remembered."""


PNL_EVERY = 5 * NANOS_PER_SECOND
"""So often profit and loss are read for charts."""

PNL_READINGS_MAX = 4 * NANOS_PER_HOUR // PNL_EVERY
"""So many readings of them are kept: four hours."""

PNL_STRATEGIES_MAX = 64
"""So many strategies have a chart, that of all together among them."""

PNL = {"pessimistic": LONG, "base": LONG, "optimistic": LONG, "realized": LONG, "fees": LONG}
"""A chart of a strategy: the band, and what of it is closed and was paid."""


@message
class PnlDue:
    """A timer: profit and loss are to be read."""


class ObserverActor:
    """Folds, answers."""

    def __init__(self, history: FactHistory) -> None:
        """The past comes from `history`."""
        self._history = history
        self.model = ReadModel()
        self._folded = 0
        self._conn: int | None = None
        self._lag = FeedLag()
        self._gaps = self._losses = self._refused = self._restarts = 0
        self._venue_trading = True
        self._last_failure: ReportLine | None = None
        self._since: dict[str, Nanos] = {}
        self._pnl: dict[str, Readings] = {}

    def start(self, now: int) -> list[Outgoing]:
        """Fold the remembered facts and ask the games for what is current."""
        parts = self._history.parts(READ_MODEL)
        if parts is not None:
            self.model.recover(parts)
        for fact in self._history.facts:
            self.model.fact(fact)
        # What is remembered already and was on its way to an earlier life is not counted again.
        self._folded = self.model.seq = self._history.last_seq
        return [Publish(GAMES_TOPIC, NewsWanted(OBSERVER)), After(PNL_EVERY, PnlDue(), "pnl")]

    def receive(self, message: object, now: int) -> Iterable[Outgoing]:
        """Take one thing in, or answer a question."""
        if isinstance(message, TopChanged):
            # The most frequent message by far, so it is the first that is asked for.
            self.model.top(message)
            self._lag.observe(message.at, message.at_venue)
        elif isinstance(message, Committed):
            for numbered in message.facts:
                # Facts that were committed while this actor was down come both ways.
                if numbered.seq > self._folded:
                    self.model.committed(numbered)
        elif isinstance(message, Query):
            return [Answer(self._answer(message, Nanos(now)))]
        elif isinstance(message, ChangesWanted):
            return [Answer(changes(self.model, message))]
        elif isinstance(message, PnlDue):
            self._read_pnl(now)
            return [After(PNL_EVERY, PnlDue(), "pnl")]
        elif isinstance(message, ChartWanted):
            return [Answer(self._chart(message))]
        else:
            self._on_other(message)
        return ()

    def _answer(self, query: Query, now: Nanos) -> object:
        match query.what:
            case _ if query.what == OVERVIEW:
                return self.overview(now)
            case _ if query.what == RESTING:
                return tuple(resting(self.model, query))
            case _:
                return lines(self.model, query)

    def _read_pnl(self, now: int) -> None:
        *each, everything = pnl(self.model, Query("pnl"))
        for line in (everything, *each):
            readings = self._pnl.get(line.strategy)
            if readings is None:
                if len(self._pnl) >= PNL_STRATEGIES_MAX:
                    continue
                readings = self._pnl[line.strategy] = Readings(PNL, PNL_READINGS_MAX)
            band = line.band
            second = now // NANOS_PER_SECOND
            readings.add(second, band.pessimistic, band.base, band.optimistic, line.realized, line.fees)

    def _chart(self, wanted: ChartWanted) -> Chart | None:
        readings = self._pnl.get(wanted.of)
        if readings is None or wanted.kind is not ChartKind.PNL:
            return None
        return bucketed(readings.between(wanted.first, wanted.last), wanted.points)

    def _on_other(self, message: object) -> None:
        model = self.model
        match message:
            case MarketKnown():
                model.known_market(message)
            case GameKnown():
                model.known_game(message)
            case ScoreSeen():
                model.scores[message.game] = message
            case OddsSeen():
                vendors = model.odds.setdefault(message.game, {})
                # Vendors are words of a foreign feed: without a bound it decides how much memory we use.
                if message.vendor in vendors or len(vendors) < VENDORS_MAX:
                    vendors[message.vendor] = message
            case ScoresDisagreed():
                (model.disagree.add if message.disagree else model.disagree.discard)(message.game)
            case DeadLetter():
                model.dead_letter(message)
            case _ if isinstance(message, REPORTS):
                self._report(message)
            case _:
                self._feed(message)

    def _feed(self, event: object) -> None:
        match event:
            case FeedConnected():
                self._conn = event.conn
            case FeedLost():
                self._losses += 1
                # The end of an old connection may be heard after the new one has begun.
                if event.conn == self._conn:
                    self._conn = None
            case FeedGapped():
                self._gaps += 1
            case FeedRefused():
                self._refused += 1
            case ExchangeStatusSeen(exchange_index=None):
                self._venue_trading = event.exchange_active and event.trading_active
            case _:
                pass

    def _report(self, report: SupervisorReport) -> None:
        self.model.reports.append(report)
        address = str(report.address)
        if isinstance(report, ActorStarted | ActorRestarted):
            self._since[address] = Nanos(report.at)
        if isinstance(report, ActorRestarted):
            self._restarts += 1
        # An orderly exit is reported like a crash; only the reason tells them apart.
        failed = isinstance(report, FAILURES) and not (
            isinstance(report, ActorExited) and not report.reason.abnormal
        )
        if failed:
            error = getattr(report, "error", "") or getattr(report, "why", "")
            what = report.reason.value if isinstance(report, ActorExited) else type(report).__name__
            self._last_failure = ReportLine(address=address, what=what, error=error, at=Nanos(report.at))

    def overview(self, now: Nanos) -> Overview:
        """What a person asks first."""
        model = self.model
        tally, run = model.tally, model.run
        *_, everything = pnl(model, Query("pnl"))
        return Overview(
            run=run.run if run else None,
            version=run.version if run else None,
            started_at=run.at if run else None,
            at=now,
            journal_seq=model.seq,
            facts=tally.facts,
            at_risk=Money(sum(at_risk(model, name) for name in tally.strategies)),
            positions=sum(
                1 for line in tally.strategies.values() for held in line.positions.values() if held
            ),
            open_orders=len(model.orders),
            band=everything.band,
            feed=self._feed_line(now),
            halts=tuple(halts(model, Query("halts"))),
            set_aside=tuple(set_aside(model)),
            quarantined=tuple(
                scope.removeprefix(QUARANTINE) for scope in tally.halted if scope.startswith(QUARANTINE)
            ),
            strategies_on=tuple(name for name in tally.strategies if model.strategy(name).enabled),
            restarts=self._restarts,
            dead_letters=model.dead_letters_seen,
            last_failure=self._last_failure,
            since=dict(self._since),
        )

    def _feed_line(self, now: Nanos) -> FeedLine:
        """The state of the feed, counting the books of active markets only."""
        markets = self.model.markets
        tops = {
            ticker: top
            for ticker, top in self.model.tops.items()
            if ticker in markets and markets[ticker].status is MarketStatus.ACTIVE
        }
        return FeedLine(
            connected=self._conn is not None,
            conn=self._conn,
            gaps=self._gaps,
            losses=self._losses,
            refused=self._refused,
            last_book_at=max((top.at for top in tops.values()), default=None),
            lag_ms=self._lag.worst(now) // NANOS_PER_MILLISECOND,
            venue_trading=self._venue_trading,
            trusted_books=sum(1 for top in tops.values() if top.trust is Trust.TRUSTED),
            books=len(tops),
        )
