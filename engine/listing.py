"""What we assume of a market that no listing described: other people's recordings rarely hold one.

Used by the market feed at the first sight of a ticker, so that every book, game and account always knows
its market's terms. The assumptions are the venue's of 2026 (kalshi reference §0.7, §3): NBA game, spread
and total markets trade in cents and charge makers a quarter of the taker's fee; anything else is taken to
move in tenths of a cent and to charge takers only. Must not import anything outside `engine` but attrs.
"""

from engine.events import MarketListed, MarketStatus, PriceRange
from engine.tickers import parse_ticker
from engine.units import PRICE_ONE, Nanos, Price

MAKER_FEE_SERIES = ("KXNBAGAME", "KXNBASPREAD", "KXNBATOTAL")
CENT_STEP = Price(100)
TENTH_OF_A_CENT_STEP = Price(10)


def assumed_listing(ticker: str, at: Nanos) -> MarketListed:
    """Return the listing we assume for `ticker`; it is replaced as soon as the venue's own arrives."""
    parsed = parse_ticker(ticker)
    step = CENT_STEP if parsed.nba else TENTH_OF_A_CENT_STEP
    maker_fees = parsed.series in MAKER_FEE_SERIES
    return MarketListed(
        ticker=ticker,
        event_ticker=parsed.event,
        series=parsed.series,
        title="",
        status=MarketStatus.ACTIVE,
        price_ranges=(PriceRange(Price(0), PRICE_ONE, step),),
        fee_type="quadratic_with_maker_fees" if maker_fees else "quadratic",
        fee_multiplier="1",
        floor_strike=parsed.strike,
        strike_type=None,
        open_at=None,
        close_at=None,
        expected_expiration_at=None,
        exchange_index=None,
        binary=True,
        at=at,
    )
