"""One past game day as the lines of a recording: what the venues answered long after, put in its time.

Used by `tipoff.download`. Pure: answers in, lines out, the same for the same answers in whatever order they
came. Every row stands at the moment at which it could be known; what has no moment, or stands outside the
day, is left out and counted by reason. A line that the translator would refuse is counted too.
"""

from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from enum import Enum
from typing import Final

import attrs
import msgspec

from engine.events import FeedRefused, GameSeen, MarketStatus, VenueEvent
from engine.tickers import parse_ticker
from engine.units import NANOS_PER_SECOND, Nanos
from venues import timestamps
from venues.balldontlie import wire
from venues.balldontlie.parse import clock_ms, parse_body
from venues.errors import AnswerNotUnderstood
from venues.importers import past_rows
from venues.importers.basketball import ScoreRow, score_entries
from venues.importers.entries import Entry, NamedGame
from venues.importers.results import RESULTS
from venues.importers.rows import translate_row
from venues.importers.score_delay import ASSUMED, STAMPED, known_at, parse_delay
from venues.kalshi.answers import parse_answer
from venues.kalshi.results import read_rows
from venues.recordings.line_kinds import BALLDONTLIE, IMPORT, KALSHI_REST
from venues.refusals import REFUSABLE

NIGHT_ENDS: Final = 6
"""A game day goes from this hour to that of the next day, Eastern: no game is played at it."""

SEED: Final = 1
"""Of the delays of scores."""

Answer = tuple[str, str]
"""What was asked (path and query), and a page of what was answered."""


class LeftOut(Enum):
    """Why something is not in a recording, with the words for it."""

    ODD_ROW = "a row that makes no sense"
    OUTSIDE = "before or after the day"
    OTHER_GAME = "of a game that is not downloaded"
    TOLD_TWICE = "told twice"
    NO_MOMENT = "nobody says when it was"
    NOT_UNDERSTOOD = "an answer that was never understood"
    NOT_THERE = "asked for, and not there"


Reasons = Counter[LeftOut]


@attrs.frozen
class Hours:
    """The hours of a game day (UTC ns), the first included and the last not."""

    since: Nanos
    until: Nanos

    @classmethod
    def of(cls, day: date) -> "Hours":
        """Those of an Eastern date."""
        return cls(
            timestamps.eastern_moment(day, NIGHT_ENDS),
            timestamps.eastern_moment(day + timedelta(days=1), NIGHT_ENDS),
        )

    def have(self, at: int) -> bool:
        """Whether a moment is one of them."""
        return self.since <= at < self.until

    def not_before(self, at: int | None) -> Nanos:
        """A moment, or the begin of the day if that is later or the moment unknown."""
        return self.since if at is None else Nanos(max(self.since, at))


EVER: Final = Hours(Nanos(0), Nanos(timestamps.SECONDS_MAX * NANOS_PER_SECOND))
"""All of them, for rows of no certain day."""


class MarketTimes(msgspec.Struct, frozen=True):
    """What of a market's row says when something was, and what came of it."""

    ticker: str
    status: str = ""
    open_time: str | None = None
    close_time: str | None = None
    expected_expiration_time: str | None = None
    result: str | None = None
    settlement_value_dollars: str | None = None
    settlement_ts: str | None = None

    @property
    def settled_at(self) -> Nanos | None:
        """When the venue paid, None if it has not. Raises MomentError."""
        over = self.status == MarketStatus.FINALIZED.value and bool(self.result) and bool(self.settlement_ts)
        return timestamps.from_text(self.settlement_ts or "") if over else None


class TradeTimes(msgspec.Struct, frozen=True):
    """What tells a trade from others."""

    trade_id: str
    created_time: str


class CandleTimes(msgspec.Struct, frozen=True):
    """When a candle ends."""

    end_period_ts: int


class OddsTimes(msgspec.Struct, frozen=True):
    """Of which game a row of odds is, and when it was made."""

    game_id: int
    updated_at: str | None = None
    opened_at: str | None = None


class FeeTimes(msgspec.Struct, frozen=True):
    """When new fee terms came into force."""

    scheduled_ts: str


_TIMES: Final = msgspec.json.Decoder(MarketTimes)
_TRADE: Final = msgspec.json.Decoder(TradeTimes)
_CANDLE: Final = msgspec.json.Decoder(CandleTimes)
_ODDS: Final = msgspec.json.Decoder(OddsTimes)
_FEES: Final = msgspec.json.Decoder(FeeTimes)


def times_of(row: msgspec.Raw) -> MarketTimes:
    """The moments of a market's row. Raises what REFUSABLE names."""
    return _TIMES.decode(row)


@attrs.frozen(kw_only=True)
class PastMarket:
    """What the venue told of one market; trades and candles page by page."""

    ticker: str
    row: msgspec.Raw
    trades: Sequence[str]
    candles: Sequence[str]


@attrs.frozen(kw_only=True)
class PastScores:
    """What the score service told of a day; empty where a key does not allow it, or there is none."""

    games: Sequence[Answer] = ()
    boxes: Sequence[Answer] = ()
    plays: Sequence[Answer] = ()
    opening: Sequence[Answer] = ()
    odds: Sequence[Answer] = ()


def term_lines(answers: Iterable[Answer], hours: Hours, name: str, left_out: Reasons) -> list[Entry]:
    """Fee terms: at the begin of the day, and again whenever new ones come into force, for a reader takes
    only those that are in force by then.

    `name` is that of the list in the answers.
    """
    found: list[Entry] = []
    for asked, text in answers:
        moments = {int(hours.since)}
        for row in _rows(text, name, left_out):
            try:
                at = timestamps.from_text(_FEES.decode(row).scheduled_ts)
            except REFUSABLE:
                continue
            if hours.have(at):
                moments.add(at)
        found += _kept((Entry(at, KALSHI_REST, 0, asked, text) for at in sorted(moments)), left_out)
    return found


def series_lines(answers: Iterable[Answer], hours: Hours, left_out: Reasons) -> list[Entry]:
    """Series as they are told of today, at the begin of the day."""
    entries = (Entry(hours.since, KALSHI_REST, 0, asked, text) for asked, text in answers)
    return _kept(entries, left_out)


def market_lines(market: PastMarket, hours: Hours, left_out: Reasons) -> list[Entry]:
    """A market's listing, quotes, trades, close and result, in the order of time."""
    try:
        times = times_of(market.row)
        entries = [
            _listing(market, times, hours),
            # The newest came first.
            *reversed(list(_trades(market, hours, left_out))),
            *_candles(market, hours, left_out),
            *_end(times, hours),
        ]
    except REFUSABLE:
        left_out[LeftOut.ODD_ROW] += 1
        return []
    return _kept(sorted(entries, key=lambda entry: entry.at), left_out)


def _listing(market: PastMarket, times: MarketTimes, hours: Hours) -> Entry:
    opened_at = None if times.open_time is None else timestamps.from_text(times.open_time)
    return _entry(hours.not_before(opened_at), past_rows.MARKETS, {"row": market.row})


def _trades(market: PastMarket, hours: Hours, left_out: Reasons) -> Iterator[Entry]:
    told: set[str] = set()
    for page in market.trades:
        for row in _rows(page, "trades", left_out):
            try:
                trade = _TRADE.decode(row)
                at = timestamps.from_text(trade.created_time)
            except REFUSABLE:
                left_out[LeftOut.ODD_ROW] += 1
                continue
            if trade.trade_id in told:
                left_out[LeftOut.TOLD_TWICE] += 1
            elif not hours.have(at):
                left_out[LeftOut.OUTSIDE] += 1
            else:
                told.add(trade.trade_id)
                yield _entry(at, past_rows.TRADES, {"row": row})


def _candles(market: PastMarket, hours: Hours, left_out: Reasons) -> Iterator[Entry]:
    told: set[int] = set()
    for page in market.candles:
        for row in _rows(page, "candlesticks", left_out):
            try:
                ends = _CANDLE.decode(row).end_period_ts
                at = timestamps.from_seconds(ends)
            except REFUSABLE:
                left_out[LeftOut.ODD_ROW] += 1
                continue
            if ends in told:
                left_out[LeftOut.TOLD_TWICE] += 1
            elif not hours.have(at):
                left_out[LeftOut.OUTSIDE] += 1
            else:
                told.add(ends)
                yield _entry(at, past_rows.CANDLESTICKS, {"ticker": market.ticker, "row": row})


def _end(times: MarketTimes, hours: Hours) -> Iterator[Entry]:
    """The close as it really was, and the result when the venue paid, however much later."""
    settled_at = times.settled_at
    if settled_at is None:
        return
    if times.close_time is not None:
        closed_at = hours.not_before(min(timestamps.from_text(times.close_time), settled_at))
        said = {"market_ticker": times.ticker, "close_time": times.close_time, "status": "closed"}
        yield _entry(closed_at, "kalshi-events", said)
    row = {
        "ticker": times.ticker,
        "result": times.result,
        "value": times.settlement_value_dollars or "",
    }
    yield _entry(hours.not_before(settled_at), RESULTS, {"row": row})


def score_lines(
    scores: PastScores, paid_at: Mapping[str, Nanos | None], hours: Hours, left_out: Reasons
) -> list[Entry]:
    """Who plays, every play, the end, and what sportsbooks asked, in the order of time.

    Only of the games of `paid_at` (by `NamedGame.reference`), which says when the venue paid them: the rows
    of games have no moment of their own, and by then the final score is known to everybody.
    """
    numbers = {number for number, game in named_games(scores.games).items() if game.reference in paid_at}
    found: list[Entry] = []
    for asked, row in _rows_asked(scores.games, left_out):
        if _reference(row, asked) in paid_at:
            body = {"asked": asked.partition("?")[0], "row": row}
            found.append(_entry(hours.since, past_rows.GAMES, body))
        else:
            left_out[LeftOut.OTHER_GAME] += 1
    for asked, row in _rows_asked(scores.boxes or scores.games, left_out):
        reference = _reference(row, asked)
        at = paid_at.get(reference)
        if at is not None:
            found.append(_answered(at, asked, row))
        else:
            left_out[LeftOut.NO_MOMENT if reference in paid_at else LeftOut.OTHER_GAME] += 1
    for asked, row in _rows_asked((*scores.opening, *scores.odds), left_out):
        told = _odds(asked, row, numbers, hours)
        if isinstance(told, LeftOut):
            left_out[told] += 1
        else:
            found.append(told)
    plays = list(_plays(scores.plays, named_games(scores.games), hours, left_out))
    delay = parse_delay(ASSUMED)
    late = [entry._replace(at=at) for entry, at in known_at(plays, delay, SEED)]
    return _kept(sorted([*found, *late], key=lambda entry: entry.at), left_out)


def _seen(row: msgspec.Raw, asked: str) -> GameSeen | None:
    """Who plays, by a row of games or box scores."""
    events = parse_body(asked, f'{{"data":[{bytes(row).decode()}]}}', Nanos(0))
    return next((event for event in events if isinstance(event, GameSeen)), None)


def _reference(row: msgspec.Raw, asked: str) -> str:
    seen = _seen(row, asked)
    return "" if seen is None else NamedGame(seen.date, seen.away, seen.home).reference


def named_games(games: Iterable[Answer]) -> dict[int, NamedGame]:
    """The games of a day by the score service's numbers."""
    named: dict[int, NamedGame] = {}
    for asked, row in _rows_asked(games, Counter()):
        seen = _seen(row, asked)
        number = "" if seen is None else seen.game.rpartition(":")[2]
        if seen is not None and number.isdecimal():
            named[int(number)] = NamedGame(seen.date, seen.away, seen.home)
    return named


def _odds(asked: str, row: msgspec.Raw, numbers: Container[int], hours: Hours) -> Entry | LeftOut:
    """A sportsbook's prices at the moment at which it made them."""
    try:
        odds = _ODDS.decode(row)
        stamp = odds.updated_at or odds.opened_at
        at = None if stamp is None else timestamps.from_text(stamp)
    except REFUSABLE:
        return LeftOut.ODD_ROW
    if odds.game_id not in numbers:
        return LeftOut.OTHER_GAME
    if at is None:
        return LeftOut.NO_MOMENT
    return LeftOut.OUTSIDE if at >= hours.until else _answered(hours.not_before(at), asked, row)


def _plays(
    answers: Iterable[Answer], named: Mapping[int, NamedGame], hours: Hours, left_out: Reasons
) -> Iterator[Entry]:
    """Plays as rows of `nba-states`: those have the scorer's moment too, and are heard as late."""
    for asked, text in answers:
        number = asked.rpartition("=")[2]
        game = named.get(int(number)) if number.isdecimal() else None
        rows: list[ScoreRow] = []
        for line, row in enumerate(_rows(text, "data", left_out)):
            found = _play(row, number, game, line)
            if isinstance(found, LeftOut):
                left_out[found] += 1
            elif not hours.have(found.at):
                left_out[LeftOut.OUTSIDE] += 1
            else:
                rows.append(found)
        yield from (entry for _row, entry in score_entries(STAMPED, rows))


def _play(row: msgspec.Raw, number: str, game: NamedGame | None, line: int) -> ScoreRow | LeftOut:
    try:
        play, _pieces = wire.PLAY.decode(row)
        if play.wallclock is None:
            return LeftOut.NO_MOMENT
        at = timestamps.from_text(play.wallclock)
    except REFUSABLE:
        return LeftOut.ODD_ROW
    left_ms = clock_ms(play.clock.strip())
    if game is None or left_ms is None:
        return LeftOut.ODD_ROW
    cells = {
        "timestamp": play.wallclock,
        "game_id": number,
        "home_team": game.home,
        "away_team": game.away,
        "quarter": str(play.period),
        "time_remaining_quarter_seconds": f"{left_ms / 1_000:g}",
        "score_home": str(play.home_score),
        "score_away": str(play.away_score),
    }
    return ScoreRow(line, at, game.reference, game, cells)


def _rows_asked(answers: Iterable[Answer], left_out: Reasons) -> Iterator[tuple[str, msgspec.Raw]]:
    for asked, text in answers:
        for row in _rows(text, "data", left_out):
            yield asked, row


def _rows(text: str, name: str, left_out: Reasons) -> list[msgspec.Raw]:
    try:
        return read_rows(text, name) or []
    except AnswerNotUnderstood:
        left_out[LeftOut.NOT_UNDERSTOOD] += 1
        return []


def _entry(at: int, kind: str, body: object) -> Entry:
    return Entry(at, IMPORT, 0, kind, msgspec.json.encode(body).decode())


def _answered(at: int, asked: str, row: msgspec.Raw) -> Entry:
    """One row of an answer as an answer of its own."""
    return Entry(at, BALLDONTLIE, 0, asked, f'{{"data":[{bytes(row).decode()}]}}')


def _kept(entries: Iterable[Entry], left_out: Reasons) -> list[Entry]:
    """Those that say something; what the translator would refuse of them is counted now."""
    kept: list[Entry] = []
    for entry in entries:
        events = _events(entry)
        refused = sum(isinstance(event, FeedRefused) for event in events)
        if refused:
            left_out[LeftOut.ODD_ROW] += refused
        if not events or refused < len(events):
            kept.append(entry)
    return kept


def _events(entry: Entry) -> Sequence[VenueEvent]:
    match entry.source:
        case "import":
            return translate_row(entry.what, entry.body, Nanos(entry.at))
        case "balldontlie":
            return parse_body(entry.what, entry.body, Nanos(entry.at))
        case _:
            return parse_answer(entry.what, entry.body, Nanos(entry.at))


def game_day(times: MarketTimes, ticker: str) -> date | None:
    """The Eastern date of the game that a winner's market is about; None for one of no date.

    A game that was moved keeps the date in its ticker, but its expected expiration moves: three hours after
    the start, to the second.
    """
    dated = parse_ticker(ticker).date
    if dated is None or times.expected_expiration_time is None:
        return dated
    start = timestamps.from_text(times.expected_expiration_time) - 3 * 3_600 * NANOS_PER_SECOND
    # A basketball night ends at six in the morning.
    return date.fromisoformat(timestamps.eastern_date(Nanos(start - NIGHT_ENDS * 3_600 * NANOS_PER_SECOND)))
