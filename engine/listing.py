"""The listing that is assumed of a market without one: other people's recordings rarely hold listings.

Used by the market feed at the first sight of a ticker, so that every book, game and account has its market's
terms. The assumptions are the venue's practice of 2026: NBA game, spread and total markets trade in cents and
charge makers a quarter of the taker's fee; anything else is taken to move in tenths of a cent and to charge
takers only.
"""

from engine.events import FeeChanged, MarketListed, MarketStatus, PriceRange
from engine.leagues import LEAGUES
from engine.message import changed
from engine.tickers import parse_ticker
from engine.units import PRICE_ONE, Nanos, Price

MAKER_FEE_SERIES = tuple(series for league in LEAGUES for series in league.traded_series)
CENT_STEP = Price(100)
TENTH_OF_A_CENT_STEP = Price(10)
ASSUMED_MULTIPLIER = "1"


def assumed_listing(ticker: str, at: Nanos) -> MarketListed:
    """Return the listing we assume for `ticker`; it is replaced as soon as the venue's own arrives."""
    parsed = parse_ticker(ticker)
    step = CENT_STEP if parsed.league is not None else TENTH_OF_A_CENT_STEP
    return MarketListed(
        ticker=ticker,
        event_ticker=parsed.event,
        series=parsed.series,
        title="",
        status=MarketStatus.ACTIVE,
        price_ranges=(PriceRange(Price(0), PRICE_ONE, step),),
        fee_type=_assumed_fee_type(parsed.series),
        fee_multiplier=ASSUMED_MULTIPLIER,
        floor_strike=parsed.strike,
        strike_type=None,
        open_at=None,
        close_at=None,
        expected_expiration_at=None,
        exchange_index=None,
        binary=True,
        at=at,
    )


class FeeTermsKnown:
    """What the venue has said of fees, by series and by event, so that every listing can carry its terms.

    A listing names fee terms only where its event overrides those of its series.
    """

    def __init__(self) -> None:
        """Begin with nothing heard."""
        self._by_scope: dict[str, FeeChanged] = {}

    def on_fee_changed(self, event: FeeChanged) -> None:
        """Remember the terms of a series or an event."""
        self._by_scope[event.scope] = event

    def override(self, listed: MarketListed) -> FeeChanged | None:
        """Return the event's override if the listing changes what was known of it; it is remembered."""
        known = self._by_scope.get(listed.event_ticker)
        before = (None, None) if known is None else (known.fee_type, known.fee_multiplier)
        if before == (listed.fee_type, listed.fee_multiplier):
            return None
        event = FeeChanged(listed.event_ticker, listed.fee_type, listed.fee_multiplier, listed.at)
        self.on_fee_changed(event)
        return event

    def complete(self, listed: MarketListed) -> MarketListed:
        """Return the override if the listing changes what was known of its event; it is remembered."""
        # The event's override wins over its series, as at the venue.
        for scope in (listed.event_ticker, listed.series):
            known = self._by_scope.get(scope)
            if known is not None and known.fee_type is not None:
                return changed(listed, fee_type=known.fee_type, fee_multiplier=known.fee_multiplier)
        fee_type = _assumed_fee_type(parse_ticker(listed.ticker).series)
        return changed(listed, fee_type=fee_type, fee_multiplier=ASSUMED_MULTIPLIER)


def _assumed_fee_type(series: str) -> str:
    return "quadratic_with_maker_fees" if series in MAKER_FEE_SERIES else "quadratic"
