"""What every table and every column means, and in which unit its numbers are.

Read by the export, whose schema carries it, and by the manual's data dictionary. A column of a name means the
same in every table, unless it stands here under the table's name too; a column that is not here fails a test.
"""

from collections.abc import Mapping
from enum import Enum
from typing import Final

import attrs


class Unit(Enum):
    """What the values of a column are."""

    NUMBER = "number"
    PRICE = "1/10,000 dollar"
    MONEY = "1/1,000,000 dollar"
    COUNT = "1/100 contract"
    TENTHS = "1/10 point"
    MOMENT = "nanoseconds since 1970, UTC"
    MILLISECONDS = "milliseconds"
    FLAG = "0 or 1"
    PROBABILITY = "probability"
    GAIN = "dollars a contract"
    ODDS = "American odds"
    WORD = "word"
    NAME = "name"
    TEXT = "text"
    JSON = "JSON"
    BYTES = "bytes"


@attrs.frozen
class Meaning:
    """A column: its unit, and a sentence."""

    unit: Unit
    text: str


TABLES: Final[Mapping[str, str]] = {
    "runs": "Runs: a game day traded live, or an evening replayed. In the other tables `run` is its `id`.",
    "journal": "Every fact in the order in which it was decided: what the other tables are folded from.",
    "state_snapshots": "What the journal came to at some entry, so that a start need not begin at the first.",
    "strategies": "The strategies of a run, with their money and parameters as they are now.",
    "signals": "What strategies concluded, near misses too.",
    "simulated_orders": "Orders from the wish to the end, as they stand now.",
    "fills": "What was bought and sold, each with the evidence that it could be.",
    "ledger_entries": "Double-entry bookkeeping: the amounts of one entry sum to zero.",
    "positions": "What a strategy holds of a market, and what that has cost and brought.",
    "strategy_performance": "The sums of each strategy.",
    "risk_limits": "Limits that were changed while the run went on, and halts.",
    "games": "The games that were heard of.",
    "kalshi_markets": "The markets that were heard of, as the venue described them last.",
    "orderbook_snapshots": "Samples of order books.",
    "market_bars": "Ten seconds of every followed market, a row a minute while it stands still.",
    "nba_live_data": "Scores and clocks as they were heard, without repetitions.",
    "betting_odds": "Sportsbooks' odds as they were heard, without repetitions.",
    "system_logs": "Lines of the log that are worth keeping.",
    "dead_letters": "Messages that crashed their actor.",
}
"""What a row of each table is."""

_ANY: Final[Mapping[str, Meaning]] = {
    "run": Meaning(Unit.NUMBER, "the run, by its number in `runs`"),
    "id": Meaning(Unit.NUMBER, "the row's own number"),
    "seq": Meaning(
        Unit.NUMBER, "number of the journal's entry that made or changed the row, from 1 in each run"
    ),
    "at": Meaning(Unit.MOMENT, "when, by the engine's clock"),
    "at_venue": Meaning(Unit.MOMENT, "when, by the clock of whoever said it; none if it did not say"),
    "strategy": Meaning(Unit.WORD, "name of the strategy"),
    "game": Meaning(Unit.WORD, "the game, such as 26JAN14WASLAC"),
    "ticker": Meaning(Unit.WORD, "the market"),
    "side": Meaning(Unit.WORD, "`bid` buys YES, `ask` sells YES, which is buying NO"),
    "price": Meaning(Unit.PRICE, "price of a YES contract"),
    "count": Meaning(Unit.COUNT, "contracts"),
    "reason": Meaning(Unit.WORD, "why, as a word"),
    "p_fair": Meaning(Unit.PROBABILITY, "what the strategy holds YES to be worth"),
    "evidence": Meaning(Unit.JSON, "what it rests on"),
    "order_id": Meaning(Unit.NAME, "the order; `why` takes it"),
    "signal_id": Meaning(Unit.NAME, "the signal; `why` takes it"),
    "fill_id": Meaning(Unit.NAME, "the fill; `why` takes it"),
    "fee": Meaning(Unit.MONEY, "fee of this fill"),
    "fees": Meaning(Unit.MONEY, "fees so far"),
    "realized": Meaning(Unit.MONEY, "what closed and settled contracts brought, before fees"),
    "remaining": Meaning(Unit.COUNT, "contracts of the order that are not filled"),
    "pessimistic_cash": Meaning(Unit.MONEY, "cash of the pessimistic reading: what was paid is negative"),
    "base_cash": Meaning(Unit.MONEY, "cash of the base reading"),
    "optimistic_cash": Meaning(Unit.MONEY, "cash of the optimistic reading"),
    "changed_at": Meaning(Unit.MOMENT, "when the row changed last"),
    "parameters": Meaning(Unit.JSON, "parameters by name"),
    "raw": Meaning(Unit.JSON, "the body as it came, with the first row that was made of it"),
    "kind": Meaning(Unit.WORD, "what it is, as a word"),
    "status": Meaning(Unit.WORD, "where it stands, as a word"),
    "settled_value": Meaning(Unit.PRICE, "what a YES contract was settled at"),
    "fee_type": Meaning(Unit.WORD, "the venue's name of the fee's formula"),
    "fee_multiplier": Meaning(Unit.TEXT, "the venue's factor, an exact decimal"),
    "actor": Meaning(Unit.WORD, "address of the actor"),
}

_OWN: Final[Mapping[str, Mapping[str, Meaning]]] = {
    "runs": {
        "id": Meaning(Unit.NUMBER, "number of the run in this database"),
        "run": Meaning(Unit.NAME, "name of the run, as `tipoff runs` lists it"),
        "version": Meaning(Unit.TEXT, "version of the program"),
        "config_digest": Meaning(Unit.TEXT, "sha256 over everything that decides a run beside its input"),
        "seed": Meaning(Unit.NUMBER, "seed of what is drawn"),
        "started_at": Meaning(Unit.MOMENT, "when it began first"),
        "ended_at": Meaning(Unit.MOMENT, "when it ended; none while it goes on, or if it was cut off"),
        "end_reason": Meaning(Unit.TEXT, "why it ended"),
        "configuration": Meaning(
            Unit.JSON, "limits, rules of the exchange and what is followed, by dotted key"
        ),
    },
    "journal": {
        "seq": Meaning(Unit.NUMBER, "number of the entry, from 1 in each run, without holes"),
        "cause": Meaning(Unit.NUMBER, "number of the input that was being worked on"),
        "owner": Meaning(Unit.WORD, "the actor that decided it"),
        "kind": Meaning(Unit.WORD, "kind of the fact"),
        "subject": Meaning(Unit.NAME, "id of what the fact is about"),
        "body": Meaning(Unit.JSON, "the fact, in the units of this page"),
        "chain": Meaning(Unit.BYTES, "sha256 that ties the entry to all before it"),
    },
    "state_snapshots": {
        "seq": Meaning(Unit.NUMBER, "the last entry of the journal that is in it"),
        "at": Meaning(Unit.MOMENT, "when that entry was decided, by the engine's clock"),
        "version": Meaning(Unit.TEXT, "sha256 over the code that folds and the settings it goes by"),
        "chain": Meaning(Unit.BYTES, "sha256 that ties it to its entry, and so to all before it"),
        "body": Meaning(Unit.BYTES, "the states by name, for this program only"),
    },
    "strategies": {
        "kind": Meaning(Unit.WORD, "kind of the strategy"),
        "bankroll": Meaning(Unit.MONEY, "what it began with"),
        "enabled": Meaning(Unit.FLAG, "whether it may trade"),
        "opened_at": Meaning(Unit.MOMENT, "when its account was opened"),
    },
    "signals": {
        "action": Meaning(Unit.WORD, "what was concluded; `no_trade` is a near miss"),
        "reason": Meaning(Unit.WORD, "the rule that concluded it"),
        "price": Meaning(Unit.PRICE, "the YES price that it was decided on"),
        "p_edge": Meaning(Unit.GAIN, "expected gain after fees"),
    },
    "simulated_orders": {
        "reason": Meaning(Unit.WORD, "why it was denied, rejected or cancelled"),
        "price": Meaning(Unit.PRICE, "limit, of a YES contract; none for a wish that was denied"),
        "count": Meaning(Unit.COUNT, "contracts wanted"),
        "tif": Meaning(Unit.WORD, "how long it lives: gtc, ioc or fok"),
        "post_only": Meaning(Unit.FLAG, "whether it may only rest"),
        "reduce_only": Meaning(Unit.FLAG, "whether it may only make a position smaller"),
        "is_exit": Meaning(Unit.FLAG, "whether it leaves a position"),
        "expires_at": Meaning(Unit.MOMENT, "when it is taken back"),
        "leg_of": Meaning(Unit.NAME, "the orders that belong together"),
        "decided_at": Meaning(Unit.MOMENT, "when the strategy decided it"),
        "arrives_at": Meaning(Unit.MOMENT, "when it meets the book; none if it was never sent"),
        "closed_at": Meaning(Unit.MOMENT, "when it came to its end"),
        "filled": Meaning(Unit.COUNT, "contracts filled"),
        "ahead": Meaning(Unit.COUNT, "contracts that stand before it in the queue"),
        "pessimistic": Meaning(Unit.COUNT, "contracts filled in the pessimistic reading"),
        "base": Meaning(Unit.COUNT, "contracts filled in the base reading"),
        "optimistic": Meaning(Unit.COUNT, "contracts filled in the optimistic reading"),
    },
    "fills": {
        "seq": Meaning(Unit.NUMBER, "number of the journal's entry"),
        "liquidity": Meaning(Unit.WORD, "whether the order rested (`maker`) or came and met one (`taker`)"),
        "fee_accumulated": Meaning(
            Unit.MONEY, "what rounding has taken of the order so far; the venue gives it back by the step"
        ),
    },
    "ledger_entries": {
        "ordinal": Meaning(Unit.NUMBER, "place within the entry"),
        "entry_id": Meaning(Unit.NAME, "the entry; `why` takes it"),
        "cause": Meaning(Unit.NAME, "what it books: a fill, a settlement, an opening"),
        "account": Meaning(Unit.WORD, "kind of account, strategy and market, with colons between them"),
        "amount": Meaning(Unit.MONEY, "what is booked"),
    },
    "positions": {
        "position": Meaning(Unit.COUNT, "contracts held: YES above zero, NO below"),
        "cost": Meaning(Unit.MONEY, "what the open contracts were bought for, at average cost"),
        "bought": Meaning(Unit.COUNT, "YES contracts bought"),
        "sold": Meaning(Unit.COUNT, "YES contracts sold"),
        "settled_cost": Meaning(Unit.MONEY, "what the settled contracts had cost"),
    },
    "strategy_performance": {
        "signals": Meaning(Unit.NUMBER, "signals, near misses too"),
        "approved": Meaning(Unit.NUMBER, "wishes that the risk gate let through"),
        "denied": Meaning(Unit.NUMBER, "wishes that it refused"),
        "orders": Meaning(Unit.NUMBER, "orders sent"),
        "rejected": Meaning(Unit.NUMBER, "orders that were refused on arrival"),
        "cancelled": Meaning(Unit.NUMBER, "orders of which a rest was cancelled"),
        "fills": Meaning(Unit.NUMBER, "fills"),
        "contracts": Meaning(Unit.COUNT, "contracts bought and sold"),
    },
    "risk_limits": {
        "scope": Meaning(Unit.WORD, "whom it holds for"),
        "name": Meaning(Unit.WORD, "name of the limit, or halt"),
        "value": Meaning(Unit.TEXT, "what it was set to"),
        "set_by": Meaning(Unit.TEXT, "who set it"),
        "why": Meaning(Unit.TEXT, "why, in words"),
    },
    "games": {
        "game": Meaning(Unit.NAME, "the game, as its source names it"),
        "date": Meaning(Unit.TEXT, "Eastern date"),
        "away": Meaning(Unit.WORD, "team that travels"),
        "home": Meaning(Unit.WORD, "team at home"),
        "tip_at": Meaning(Unit.MOMENT, "when it begins"),
        "state": Meaning(Unit.WORD, "how far it is: scheduled, live, halftime, final or postponed"),
        "matched": Meaning(Unit.FLAG, "whether markets of the venue were found for it"),
    },
    "kalshi_markets": {
        "event_ticker": Meaning(Unit.WORD, "the venue's event"),
        "series": Meaning(Unit.WORD, "the venue's series"),
        "kind": Meaning(Unit.WORD, "game, spread, total, player or other"),
        "title": Meaning(Unit.TEXT, "the venue's words"),
        "price_ranges": Meaning(Unit.JSON, "steps in which prices move"),
        "strike": Meaning(Unit.TENTHS, "line of a spread or total"),
        "strike_type": Meaning(Unit.WORD, "the venue's word for what the line means"),
        "open_at": Meaning(Unit.MOMENT, "when trading begins"),
        "close_at": Meaning(Unit.MOMENT, "when trading ends"),
        "result": Meaning(Unit.WORD, "what it came to"),
    },
    "orderbook_snapshots": {
        "trust": Meaning(Unit.WORD, "whether the book could be believed"),
        "yes_bid": Meaning(Unit.PRICE, "best YES bid; none for an empty side"),
        "yes_ask": Meaning(Unit.PRICE, "best YES ask"),
        "yes_levels": Meaning(Unit.JSON, "YES bids as [price, count], best last"),
        "no_levels": Meaning(Unit.JSON, "NO bids as [price, count], in NO prices, best last"),
        "book_seq": Meaning(Unit.NUMBER, "the venue's number of the frame"),
    },
    "market_bars": {
        "at": Meaning(Unit.MOMENT, "the end of the ten seconds"),
        "yes_bid": Meaning(Unit.PRICE, "best YES bid at the end; none for an empty side"),
        "yes_ask": Meaning(Unit.PRICE, "best YES ask at the end"),
        "trust": Meaning(Unit.WORD, "whether the book could be believed at the end"),
        "trusted_ms": Meaning(Unit.MILLISECONDS, "how much of the time it could"),
        "p_mid": Meaning(Unit.PROBABILITY, "mean of the middle over that time"),
        "traded": Meaning(Unit.COUNT, "contracts of public trades"),
        "trades": Meaning(Unit.NUMBER, "public trades"),
        "period": Meaning(Unit.NUMBER, "quarter, 0 before the tip, from 5 on overtime; none before a score"),
        "p_books": Meaning(Unit.PROBABILITY, "sportsbooks without their margin, before the tip"),
        "fair": Meaning(Unit.JSON, "each strategy's latest opinion of what YES is worth, by name"),
    },
    "nba_live_data": {
        "source": Meaning(Unit.WORD, "who said it"),
        "phase": Meaning(Unit.WORD, "scheduled, live, halftime, final, postponed or unknown"),
        "period": Meaning(Unit.NUMBER, "quarter, from 5 on overtime"),
        "clock_ms": Meaning(Unit.MILLISECONDS, "what is left of the period"),
        "home": Meaning(Unit.NUMBER, "points of the team at home"),
        "away": Meaning(Unit.NUMBER, "points of the team that travels"),
    },
    "betting_odds": {
        "vendor": Meaning(Unit.WORD, "the sportsbook"),
        "moneyline_home": Meaning(Unit.ODDS, "that the home team wins"),
        "moneyline_away": Meaning(Unit.ODDS, "that the other team wins"),
        "spread_home": Meaning(Unit.TENTHS, "the home team's handicap"),
        "spread_home_odds": Meaning(Unit.ODDS, "that the home team beats it"),
        "spread_away_odds": Meaning(Unit.ODDS, "that it does not"),
        "total": Meaning(Unit.TENTHS, "line of the points of both"),
        "over_odds": Meaning(Unit.ODDS, "more points"),
        "under_odds": Meaning(Unit.ODDS, "fewer points"),
        "opening": Meaning(Unit.FLAG, "whether it is the line that the sportsbook opened with"),
    },
    "system_logs": {
        "level": Meaning(Unit.WORD, "how important"),
        "event": Meaning(Unit.TEXT, "what happened"),
        "detail": Meaning(Unit.JSON, "with what"),
    },
    "dead_letters": {
        "sender": Meaning(Unit.WORD, "who had sent it"),
        "message_type": Meaning(Unit.WORD, "its class"),
        "digest": Meaning(Unit.TEXT, "the message, shortened"),
        "error": Meaning(Unit.TEXT, "what was raised"),
        "traceback": Meaning(Unit.TEXT, "where"),
        "incarnation": Meaning(Unit.NUMBER, "which life of the actor"),
    },
}


def meaning_of(table: str, column: str) -> Meaning:
    """What a column means. Raises KeyError for one that nobody has explained."""
    own = _OWN.get(table, {})
    return own[column] if column in own else _ANY[column]
