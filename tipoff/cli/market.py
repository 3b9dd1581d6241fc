"""The commands `ticker` and `fees`: what a ticker means, and what the venue charges.

Registered by `cli`; the knowledge is in `engine.tickers` and `engine.fees`.
"""

import datetime as dt
import time
from typing import Annotated

import attrs
from cyclopts import Parameter

from engine.calendar import day_begin, eastern_date
from engine.events import BookSide
from engine.fees import (
    FeeTerms,
    FeeTermsUnknown,
    FeeType,
    parse_multiplier,
    regime_at,
    regime_dates,
)
from engine.orders import Liquidity
from engine.terms import FeeRegime, Member
from engine.tickers import Ticker, read_ticker
from engine.units import MONEY_ZERO, Nanos, UnitError, format_money, format_tenths, parse_count, parse_price
from tipoff.exit_codes import Exit
from tipoff.output import Answer, Failure, table

TICKERS_MAX = 10_000
TICKER_COLUMNS = ("ticker", "kind", "date", "game", "team", "strike")


def ticker(*tickers: Annotated[str, Parameter(name="TICKER", required=True)]) -> Answer:
    """Show what tickers mean: series, kind, date, teams, strike. Unknown shapes are of kind `other`.

    With several tickers the JSON document is a list, with one it is that one.

    Parameters
    ----------
    tickers
        Tickers of markets, in any letter case.
    """
    if len(tickers) > TICKERS_MAX:
        raise Failure("usage", f"{len(tickers)} tickers; at most {TICKERS_MAX}", exit_code=Exit.USAGE)
    rows = [_meaning(read_ticker(text)) for text in tickers]
    screen = table(TICKER_COLUMNS, [_line(row) for row in rows])
    return Answer(rows[0] if len(rows) == 1 else rows, screen)


@Parameter(name="*")
@attrs.frozen(kw_only=True)
class Terms:
    """On what terms a fill is charged."""

    maker: Annotated[
        bool, Parameter(negative="", help="The order rested and was met, instead of taking.")
    ] = False
    type: Annotated[FeeType, Parameter(help="Fee type of the series; NBA games are the default.")] = (
        FeeType.QUADRATIC_WITH_MAKER_FEES
    )
    multiplier: Annotated[str, Parameter(help="Fee multiplier of the series or event, such as 0.5.")] = "1"
    date: Annotated[
        str | None,
        Parameter(help="Round as the venue did on this day, Eastern: YYYY-MM-DD, else today."),
    ] = None
    regime: Annotated[
        FeeRegime | None, Parameter(help="Round by this rule, whatever the venue did on that day.")
    ] = None
    member: Annotated[
        Member, Parameter(help="Whose balance it is; a broker's customers are rounded to the cent.")
    ] = Member.DIRECT


def fees(count: str, price: str, /, *, on: Terms = Terms()) -> Answer:
    """Show what the venue charges the first fill of an order to buy, with the arithmetic.

    Parameters
    ----------
    count
        Contracts, such as 10 or 2.50.
    price
        Dollars for one contract, such as 0.42.
    """
    try:
        date = _date(on.date)
        regime = regime_at(day_begin(date), on.regime)
        terms = FeeTerms(on.type, parse_multiplier(on.multiplier), regime, on.member)
        liquidity = Liquidity.MAKER if on.maker else Liquidity.TAKER
        charged = terms.charge(liquidity, BookSide.BID, parse_price(price), parse_count(count), MONEY_ZERO)
    except (UnitError, FeeTermsUnknown) as error:
        raise Failure("usage", str(error), exit_code=Exit.USAGE) from None
    document = {
        "fee": format_money(charged.fee),
        "trade_fee": format_money(charged.trade_fee),
        "rounding": format_money(charged.rounding),
        "formula": charged.formula,
        "regime": regime.value,
        "regime_reason": _reason(regime, date),
    }
    return Answer(document, table(("part", "dollars"), list(document.items())))


def _date(text: str | None) -> dt.date:
    """The day of a fill; the venue's today if none is given."""
    if text is None:
        return eastern_date(Nanos(time.time_ns()))
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise Failure("usage", f"{text!r} is no date such as 2025-12-25", exit_code=Exit.USAGE) from None


def _reason(regime: FeeRegime, date: dt.date) -> str:
    """Why fees are rounded so: the venue's dates, or that it was asked for."""
    by_date = regime_at(day_begin(date))
    if regime is not by_date:
        return f"asked for by --regime; on {date} the venue rounded by {by_date.value}"
    since, until = regime_dates(regime)
    begun = "from the beginning" if since is None else f"from {since}"
    return (
        f"the venue's rule {begun}, in force on {date}"
        if until is None
        else (f"the venue's rule {begun} until {until}, so on {date}")
    )


def _line(row: dict[str, str | None]) -> tuple[str, ...]:
    """As narrow as 80 columns want it: the series begins the ticker, and both teams are the game."""
    game = f"{row['away']}@{row['home']}" if row["away"] and row["home"] else "-"
    shown = {**row, "game": game}
    return tuple(shown[column] or "-" for column in TICKER_COLUMNS)


def _meaning(read: Ticker) -> dict[str, str | None]:
    return {
        "ticker": read.ticker,
        "series": read.series,
        "kind": read.kind.value,
        "date": None if read.date is None else read.date.isoformat(),
        "away": read.away,
        "home": read.home,
        "team": read.team,
        "strike": None if read.strike is None else format_tenths(read.strike),
    }
