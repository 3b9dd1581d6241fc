"""Rows of other people's recordings to events of the engine, once they stand in a recording of ours.

Called by `venues.translate` in a replay and by the importers to check a row before they write it. A row's
body is `{"game": …, "row": {column: text}}`; what is derived and not in the source (which game a row belongs
to, its first and last row) stands beside the row, never in it. Reads no clock.

What is assumed, because the sources do not say it:
- a candle has no quote, so it is taken to be quoted one cent either side of its close, and marked `pseudo`;
  it is known when its minute ends, its close may be as old as that, and nobody is filled at it;
- a row of plays has the scorer's moment (`at_venue`); when it was heard is what the import says;
- a ticker row (of 2025) has no sizes, and no depth exists beside it, so its quote is marked `sole`;
- decimal odds become the nearest American ones;
- the files of spreads name the day and no hour, so their rows are marked `assumed`, and no entry rests on
  them.
"""

from collections.abc import Callable
from decimal import ROUND_HALF_EVEN, Decimal
from typing import TypeVar

import msgspec

from engine.events import (
    CloseTimeChanged,
    FeedRefused,
    GamePhase,
    GameSeen,
    MarketDetermined,
    MarketSettled,
    MarketStatus,
    MarketStatusChanged,
    OddsSeen,
    QuoteSeen,
    ScoreSeen,
    VenueEvent,
)
from engine.leagues import NBA
from engine.units import (
    PRICE_CENT,
    PRICE_ONE,
    PRICE_ZERO,
    Nanos,
    Price,
    Tenths,
    UnitError,
    parse_price,
    parse_tenths,
)
from venues import timestamps
from venues.importers.past_rows import PAST_READERS
from venues.refusals import DETAIL_MAX, REFUSABLE, Refused, pieces_refused, refusal

SOURCE = "import"
RESULTS = {"yes": PRICE_ONE, "no": PRICE_ZERO}
"""What a YES contract pays by the venue's words; of `scalar` the row says it."""

NONE = frozenset({"", "NA"})
"""What stands in a cell without a price."""

PERIOD_MS = round(NBA.minutes_of_period * 60_000)
OVERTIME_MS = round(NBA.minutes_of_overtime * 60_000)
NOT_UNDERSTOOD = (*REFUSABLE, ArithmeticError, LookupError)
"""What else numbers and columns of strangers can raise."""

Events = tuple[VenueEvent, ...]
Row = dict[str, str]

NOT_BOOKS = frozenset(
    {
        "kalshi_event_ticker",
        "odds_api_event_id",
        "commence_time",
        "match_away_at_home",
        "away_team",
        "home_team",
        "scrape_time",
        "in_play",
        "team",
        "winner",
        "picked_by",
    }
)
"""Columns of the moneyline files that are not a sportsbook's."""


class TickerRow(msgspec.Struct, frozen=True):
    """A row of kalshi-ticker: the ticker channel of 2025, prices as parts of a dollar."""

    kalshi_ts: int
    market_ticker: str
    price_prob: float | None = None
    yes_bid_prob: float | None = None
    yes_ask_prob: float | None = None


class Candle(msgspec.Struct, frozen=True):
    """A row of kalshi-candles, as texts; an empty close means that nothing traded in that minute."""

    ticker: str
    timestamp: str
    close: str


class CandleBody(msgspec.Struct, frozen=True):
    """The body of a candle's line."""

    row: Candle


class ResultBody(msgspec.Struct, frozen=True):
    """A market's result; `final` is the final score that it was derived from, None if the venue said it."""

    row: Row
    final: str | None = None


class WatchBody(msgspec.Struct, frozen=True):
    """What a recorder of kalshi-events noted about the market that it was going to watch."""

    market_ticker: str
    close_time: str | None = None
    status: str | None = None


class GameRow(msgspec.Struct, frozen=True):
    """A row about a game; `away` and `home` are empty where the source does not name the teams."""

    game: str
    row: Row
    date: str = ""
    away: str = ""
    home: str = ""
    tip_at: int | None = None
    first: bool = False
    last: bool = False


class SidesBody(msgspec.Struct, frozen=True):
    """One or both sides of a game's moneylines at one moment."""

    game: str
    date: str
    away: str
    home: str
    away_name: str
    tip_at: int
    rows: list[Row]


class PricedBody(msgspec.Struct, frozen=True):
    """What one bookmaker asked for one game at one moment."""

    game: str
    date: str
    away: str
    home: str
    away_name: str
    home_name: str
    tip_at: int
    vendor: str
    updated_at: int
    american: bool
    rows: list[Row]


def translate_row(kind: str, body: str, at: Nanos) -> Events:
    """Return the events of an imported row; one that makes no sense is a FeedRefused, never an exception."""
    reader = READERS.get(kind)
    if reader is None:
        return (FeedRefused(SOURCE, "unknown_kind", kind[:DETAIL_MAX], at),)
    try:
        return reader(body, at)
    except NOT_UNDERSTOOD as error:
        return (refusal(SOURCE, kind, error, at),)


T = TypeVar("T")


def _cell(read: Callable[[str], T | None], column: str, text: str, odd: list[Refused]) -> T | None:
    """The value of a cell; one that makes no sense is left out, and the others of its row stand."""
    if text in NONE:
        return None
    try:
        return read(text)
    except NOT_UNDERSTOOD as error:
        odd.append(Refused(column, str(error) or type(error).__name__, "wrong_number"))
        return None


def _ticker(body: str, at: Nanos) -> Events:
    row = _TICKER.decode(body)
    bid, ask = _share(row.yes_bid_prob), _share(row.yes_ask_prob)
    return (
        QuoteSeen(
            row.market_ticker,
            None if bid == PRICE_ZERO else bid,
            None if ask == PRICE_ONE else ask,
            None,
            None,
            _share(row.price_prob),
            timestamps.from_seconds(row.kalshi_ts),
            at,
            sole=True,
        ),
    )


def _share(part: float | None) -> Price | None:
    """A price written as a part of a dollar, by its shortest text, which is what was written."""
    return None if part is None else parse_price(repr(part))


def _candle(body: str, at: Nanos) -> Events:
    candle = _CANDLE.decode(body).row
    if not candle.close:
        return ()
    close = price_of_cents(candle.close)
    bid, ask = Price(close - PRICE_CENT), Price(close + PRICE_CENT)
    return (
        QuoteSeen(
            candle.ticker,
            bid if bid > PRICE_ZERO else None,
            ask if ask < PRICE_ONE else None,
            None,
            None,
            close,
            at,
            at,
            pseudo=True,
            sole=True,
        ),
    )


def price_of_cents(text: str) -> Price:
    """A price in cents, also between them (sub-penny markets close at 32.5). Raises UnitError."""
    cents = Decimal(text)
    if not cents.is_finite() or not 0 <= cents <= 100:
        raise UnitError(f"not a price: {text[:20]} cents")
    units = cents * PRICE_CENT
    if units != int(units):
        raise UnitError(f"finer than prices are: {text[:20]} cents")
    return Price(int(units))


def _result(body: str, at: Nanos) -> Events:
    found = _RESULT.decode(body)
    row = found.row
    ticker, word = row["ticker"], row["result"].strip().lower()
    value = RESULTS[word] if word in RESULTS else parse_price(row["value"])
    if word not in RESULTS and word != "scalar":
        raise UnitError(f"not a result: {word[:20]!r}")
    # For people: nothing reads these words, and whoever sees the result must see where it comes from.
    words = word if found.final is None else f"{word}, by the final score {found.final}"
    return (MarketDetermined(ticker, words, value, at, at), MarketSettled(ticker, at, at))


def _watched(body: str, at: Nanos) -> Events:
    watched = _WATCH.decode(body)
    events: list[VenueEvent] = []
    if watched.status is not None:
        events.append(MarketStatusChanged(watched.market_ticker, MarketStatus(watched.status), None, at))
    if watched.close_time is not None:
        close_at = timestamps.from_text(watched.close_time)
        events.append(CloseTimeChanged(watched.market_ticker, close_at, None, at))
    return tuple(events)


def _game_seen(game: GameRow, at: Nanos) -> Events:
    if not game.first or not game.home:
        return ()
    tip_at = None if game.tip_at is None else Nanos(game.tip_at)
    return (GameSeen(game.game, game.date, game.away, game.home, tip_at, False, at),)


def _state(body: str, at: Nanos) -> Events:
    game = _GAME.decode(body)
    row = game.row
    left_ms = _milliseconds(row["time_remaining_quarter_seconds"])
    period, home, away = _whole(row["quarter"]), _whole(row["score_home"]), _whole(row["score_away"])
    phase = _phase(period, left_ms, home != away, last=game.last)
    entered_at = timestamps.from_text(row["timestamp"])
    score = ScoreSeen(game.game, SOURCE, phase, period, left_ms, home, away, entered_at, at)
    return (*_game_seen(game, at), score)


def _poll(body: str, at: Nanos) -> Events:
    game = _GAME.decode(body)
    row = game.row
    period, home, away = _whole(row["period"]), _whole(row["home_score"]), _whole(row["away_score"])
    overtimes = max(0, period - NBA.periods)
    ends_ms = (period - overtimes) * PERIOD_MS + overtimes * OVERTIME_MS
    left_ms = max(0, ends_ms - _milliseconds(row["game_minute"]) * 60)
    phase = _phase(period, left_ms, home != away, last=game.last)
    score = ScoreSeen(game.game, SOURCE, phase, period, left_ms, home, away, None, at)
    return (*_game_seen(game, at), score)


def _phase(period: int, left_ms: int, decided: bool, *, last: bool) -> GamePhase:  # noqa: FBT001
    """A game is over with the last row only: a row at 0:00 may still be followed by free throws."""
    if left_ms == 0 and period >= NBA.periods and decided and last:
        return GamePhase.FINAL
    return GamePhase.HALFTIME if left_ms == 0 and 2 * period == NBA.periods else GamePhase.LIVE


def _moneylines(body: str, at: Nanos) -> Events:
    sides = _SIDES.decode(body)
    quotes: dict[str, list[int | None]] = {}
    odd: list[Refused] = []
    words = [_flag(row["in_play"]) for row in sides.rows if "in_play" in row]
    # One side of a scrape that is in play is the game's.
    in_play = True if True in words else next((word for word in words if word is not None), None)
    for row in sides.rows:
        column = 1 if row["team"] == sides.away_name else 0
        for vendor, text in row.items():
            if vendor in NOT_BOOKS:
                continue
            price = _cell(american_of_decimal, vendor, text, odd)
            if price is not None:
                quotes.setdefault(vendor, [None, None])[column] = price
    seen = GameSeen(sides.game, sides.date, sides.away, sides.home, Nanos(sides.tip_at), False, at)
    odds = [
        OddsSeen(
            sides.game,
            vendor.lower(),
            home,
            away,
            *(None,) * 6,
            at_venue=at,
            at=at,
            in_play=in_play,
        )
        for vendor, (home, away) in quotes.items()
    ]
    return (seen, *odds, *pieces_refused(SOURCE, "odds-moneyline", odd, at))


def _odds_api(body: str, at: Nanos) -> Events:
    told = _PRICED.decode(body)
    read, odd = _american if told.american else american_of_decimal, list[Refused]()
    columns: dict[str, int | None] = {}
    lines: dict[str, Tenths | None] = {}
    sides = {told.home_name: "home", told.away_name: "away", "Over": "over", "Under": "under"}
    for row in told.rows:
        side = sides.get(row["outcome_name"])
        if side is None:
            odd.append(Refused("outcome_name", f"plays neither home nor away: {row['outcome_name'][:40]!r}"))
            continue
        name = f"{row['market']} {side}"
        columns[name] = _cell(read, name, row["price"], odd)
        lines[name] = _cell(_points, f"{name} point", row["point"], odd)
    spread, away = lines.get("spreads home"), lines.get("spreads away")
    if spread is None and away is not None:
        spread = Tenths(-away)
    total = lines.get("totals over")
    odds = OddsSeen(
        told.game,
        told.vendor.lower(),
        columns.get("h2h home"),
        columns.get("h2h away"),
        spread,
        columns.get("spreads home"),
        columns.get("spreads away"),
        lines.get("totals under") if total is None else total,
        columns.get("totals over"),
        columns.get("totals under"),
        at_venue=Nanos(told.updated_at),
        at=at,
    )
    seen = GameSeen(told.game, told.date, told.away, told.home, Nanos(told.tip_at), False, at)
    return (seen, odds, *pieces_refused(SOURCE, "odds-api", odd, at))


def _boxscore(body: str, at: Nanos) -> Events:
    return _game_seen(_GAME.decode(body), at)


def _clock(body: str, at: Nanos) -> Events:
    """The end of a game of which no play has a wall clock: its last change of the score."""
    game = _GAME.decode(body)
    row = game.row
    period, home, away = _whole(row["period"]), _whole(row["score_home"]), _whole(row["score_away"])
    final = ScoreSeen(game.game, SOURCE, GamePhase.FINAL, period, 0, home, away, None, at)
    return (*_game_seen(game, at), final)


def _spread(body: str, at: Nanos) -> Events:
    game = _GAME.decode(body)
    row = game.row
    odd: list[Refused] = []
    spread = _cell(_points, "home_point", row["home_point"], odd)
    away = _cell(_points, "away_point", row["away_point"], odd)
    if spread is None and away is not None:
        spread = Tenths(-away)
    home_odds = _cell(_american, "home_price_american", row["home_price_american"], odd)
    away_odds = _cell(_american, "away_price_american", row["away_price_american"], odd)
    odds = OddsSeen(
        game.game,
        row["book"].lower(),
        *(None, None, spread, home_odds, away_odds, None, None, None),
        at_venue=at,
        at=at,
        in_play=_flag(row.get("in_play", "")),
        assumed=True,
    )
    return (*_game_seen(game, at), odds, *pieces_refused(SOURCE, "odds-spreads", odd, at))


FLAGS = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False, "": None, "na": None}


def _flag(text: str) -> bool | None:
    """A yes or a no of a table; an empty cell is neither. Raises LookupError for anything else."""
    return FLAGS[text.strip().lower().removesuffix(".0")]


def _points(text: str) -> Tenths:
    return parse_tenths(text.removeprefix("+"))


def _american(text: str) -> int:
    odds = _whole(text)
    if abs(odds) < 100:
        raise UnitError(f"not American odds: {text!r}")
    return odds


def american_of_decimal(text: str) -> int:
    """The nearest American odds of decimal ones: 2.85 is +185, 1.09 is −1111. Raises UnitError for 1 and
    less.
    """
    odds = Decimal(text)
    if not odds.is_finite() or not 1 < odds <= 10_000:
        raise UnitError(f"not decimal odds: {text!r}")
    gain = odds - 1
    american = gain * 100 if gain >= 1 else -100 / gain
    return int(american.quantize(Decimal(1), ROUND_HALF_EVEN))


def _whole(text: str) -> int:
    """A whole number, also where a table wrote it with a decimal point (12.0)."""
    whole, _, fraction = text.partition(".")
    if fraction.strip("0"):
        raise UnitError(f"not a whole number: {text!r}")
    return int(whole)


def _milliseconds(seconds: str) -> int:
    """Thousandths of a decimal number, rounded (a clock is shown in tenths)."""
    return round(float(seconds) * 1_000)


_TICKER = msgspec.json.Decoder(TickerRow)
_CANDLE = msgspec.json.Decoder(CandleBody)
_RESULT = msgspec.json.Decoder(ResultBody)
_WATCH = msgspec.json.Decoder(WatchBody)
_GAME = msgspec.json.Decoder(GameRow)
_SIDES = msgspec.json.Decoder(SidesBody)
_PRICED = msgspec.json.Decoder(PricedBody)

READERS: dict[str, Callable[[str, Nanos], Events]] = {
    **PAST_READERS,
    "kalshi-candles": _candle,
    "kalshi-events": _watched,
    "kalshi-results": _result,
    "kalshi-ticker": _ticker,
    "nba-boxscore": _boxscore,
    "nba-clock": _clock,
    "nba-polls": _poll,
    "nba-states": _state,
    "odds-api": _odds_api,
    "odds-moneyline": _moneylines,
    "odds-spreads": _spread,
}
