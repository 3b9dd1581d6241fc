"""The addresses and topics of the tree, in one place.

Used by the actors and by the wiring.
"""

from actors.runtime import Address

JOURNAL = Address("journal")
WRITER = Address("writer")
PAPER_EXCHANGE = Address("exchange/paper_exchange")
RISK_GATE = Address("exchange/risk_gate")
STRATEGIES = Address("exchange/strategies")
GAMES = Address("games")
SCHEDULE = Address("sources/schedule")
MARKET_FEED = Address("sources/market_feed")
FEED_EDGE = Address("sources/feed_edge")
OBSERVER = Address("edge/observer")
OPERATOR = Address("edge/operator")
BARS = Address("edge/bars")

NEWS = "news"
"""Topic of the games' news for strategies and the risk gate."""

FACTS = "facts"
"""Topic of committed facts."""

TRADES = "trades"
"""Topic of public trades, for who counts them; the exchange is sent them apart."""

FAIR_VALUES = "fair_values"
"""Topic of what strategies hold markets to be worth, for charts."""

FEED = "feed"
"""Topic of what concerns a whole connection or the whole venue: lost, gapped, paused, fee terms."""

GAMES_TOPIC = "games"
"""Topic of questions to all games."""


def strategy_address(name: str) -> Address:
    """Return the address of the strategy called `name`."""
    return Address(f"{STRATEGIES.name}/{name}")


def game_address(game: str) -> Address:
    """Return the address of the actor of `game`."""
    return Address(f"{GAMES.name}/{game}")
