"""The tables of recorded inputs and of the process: markets, games, books, scores, odds, logs, dead letters.

These rows are not part of the journal's chain: they explain decisions but none depends on them, they may be
sampled, and retention deletes them. Written by `persistence.records` through the journal's writer.
"""

from typing import Final

from sqlalchemy import CheckConstraint, Column, Index, Table, UniqueConstraint

from persistence.tables import WHOLE, json_valid, key, probability, run, table, text, whole


def number() -> Column[int]:
    """A row's own number, given by the database."""
    return Column("id", WHOLE, primary_key=True, autoincrement=True)


games: Final = table(
    "games",
    run(),
    text("game"),
    text("date"),
    text("away"),
    text("home"),
    whole("tip_at", null=True),
    text("state"),
    whole("matched"),
    whole("at"),
    key("run", "game"),
    CheckConstraint("matched IN (0, 1)", "matched_flag"),
)

kalshi_markets: Final = table(
    "kalshi_markets",
    run(),
    text("ticker"),
    text("event_ticker"),
    text("series"),
    text("game", null=True),
    text("kind"),
    text("title"),
    text("status"),
    text("price_ranges"),
    text("fee_type", null=True),
    text("fee_multiplier", null=True),
    whole("strike", null=True),
    text("strike_type", null=True),
    whole("open_at", null=True),
    whole("close_at", null=True),
    text("result", null=True),
    whole("settled_value", null=True),
    text("raw", null=True),
    whole("at"),
    key("run", "ticker"),
    json_valid("price_ranges"),
    json_valid("raw"),
)

orderbook_snapshots: Final = table(
    "orderbook_snapshots",
    number(),
    run(),
    text("ticker"),
    text("trust"),
    whole("yes_bid", null=True),
    whole("yes_ask", null=True),
    text("yes_levels"),
    text("no_levels"),
    whole("book_seq"),
    whole("at_venue", null=True),
    whole("at"),
    UniqueConstraint("run", "ticker", "at"),
    Index(None, "at"),
    json_valid("yes_levels"),
    json_valid("no_levels"),
)

nba_live_data: Final = table(
    "nba_live_data",
    number(),
    run(),
    text("game"),
    text("source"),
    text("phase"),
    whole("period"),
    whole("clock_ms", null=True),
    whole("home"),
    whole("away"),
    text("raw", null=True),
    whole("at_venue", null=True),
    whole("at"),
    UniqueConstraint("run", "game", "source", "at"),
    Index(None, "at"),
    json_valid("raw"),
)

betting_odds: Final = table(
    "betting_odds",
    number(),
    run(),
    text("game"),
    text("vendor"),
    whole("moneyline_home", null=True),
    whole("moneyline_away", null=True),
    whole("spread_home", null=True),
    whole("spread_home_odds", null=True),
    whole("spread_away_odds", null=True),
    whole("total", null=True),
    whole("over_odds", null=True),
    whole("under_odds", null=True),
    whole("opening"),
    text("raw", null=True),
    whole("at_venue", null=True),
    whole("at"),
    UniqueConstraint("run", "game", "vendor", "at"),
    Index(None, "at"),
    CheckConstraint("opening IN (0, 1)", "opening_flag"),
    json_valid("raw"),
)

market_bars: Final = table(
    "market_bars",
    # The key first: SQLite 3.40 calls other orders of such a table damaged.
    run(),
    text("ticker"),
    whole("at"),
    whole("yes_bid", null=True),
    whole("yes_ask", null=True),
    text("trust"),
    whole("trusted_ms"),
    probability("p_mid"),
    whole("traded"),
    whole("trades"),
    whole("period", null=True),
    probability("p_books"),
    text("fair", null=True),
    key("run", "ticker", "at"),
    Index(None, "at"),
    json_valid("fair"),
    # In the order of the key, so that the bars of one market are read from one place.
    rowid=False,
)

system_logs: Final = table(
    "system_logs",
    number(),
    run(),
    text("level"),
    text("actor"),
    text("event"),
    text("detail"),
    whole("at"),
    Index(None, "at"),
    json_valid("detail"),
)

dead_letters: Final = table(
    "dead_letters",
    number(),
    run(),
    text("actor"),
    text("sender"),
    text("message_type"),
    text("digest"),
    text("error"),
    text("traceback"),
    whole("incarnation"),
    whole("at"),
    Index(None, "at"),
)

PRUNABLE: Final[dict[str, Table]] = {
    each.name: each
    for each in (orderbook_snapshots, market_bars, nba_live_data, betting_odds, system_logs, dead_letters)
}
"""Tables that retention may shorten, by the time of their rows (`at`)."""
