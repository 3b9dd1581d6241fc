"""The exchange charges what the venue charged on the day of the fill, by the venue's time of the fill."""

import datetime as dt

import pytest

from engine.calendar import day_begin, parse_time
from engine.events import MarketDetermined
from engine.facts import OrderFilled, PositionSettled
from engine.fees import REGIMES
from engine.message import changed
from engine.terms import FeeRegime
from engine.units import MONEY_CENT, NANOS_PER_MILLISECOND, NANOS_PER_SECOND, Nanos, Price, parse_money
from tests.engine.exchange.floor import ASK, BID, MARKET, Floor, rules

BOUNDARIES = [since for since, _ in REGIMES[1:]]


def floor_at(moment: Nanos, **changes: object) -> Floor:
    """A floor on which it is that moment."""
    floor = Floor(rules(**changes))
    floor.now = moment
    return floor


def fee_of_one(floor: Floor) -> OrderFilled:
    """The fill of one contract, taken at 50 cents."""
    floor.book(bids={40: 100}, asks={50: 100})
    floor.place("a", BID, 50, 1)
    return floor.of(OrderFilled)[-1]


@pytest.mark.promise("fees-follow-date-fill")
@pytest.mark.parametrize(("since", "regime"), REGIMES[1:])
def test_a_fill_is_charged_by_the_rounding_of_its_day(since: dt.date, regime: FeeRegime) -> None:
    before = list(FeeRegime)[list(FeeRegime).index(regime) - 1]
    begin = day_begin(since)
    for moment, rule in ((begin - NANOS_PER_SECOND, before), (begin, regime)):
        filled = fee_of_one(floor_at(Nanos(moment)))
        assert filled.evidence.fee_formula.endswith(f"({rule.value}, direct)")


def test_an_evening_of_december_2025_pays_whole_cents() -> None:
    for day, fee in (("2025-12-25", "0.02"), ("2026-11-20", "0.0175")):
        assert fee_of_one(floor_at(parse_time(f"{day}T20:00:00-05:00"))).fee == parse_money(fee)


@pytest.mark.parametrize("since", BOUNDARIES)
def test_the_day_is_that_of_the_fill_at_the_venue_and_not_of_its_hearing(since: dt.date) -> None:
    begin = day_begin(since)
    regime = dict(REGIMES)[since]
    for heard_late, rule in ((True, list(FeeRegime)[list(FeeRegime).index(regime) - 1]), (False, regime)):
        floor = floor_at(Nanos(begin - NANOS_PER_SECOND))
        floor.book(bids={40: 100}, asks={50: 100})
        floor.place("a", BID, 45, 1)
        floor.now = Nanos(begin + NANOS_PER_MILLISECOND)
        at_venue = Nanos(begin - NANOS_PER_MILLISECOND) if heard_late else floor.now
        floor.on_venue_event(changed(floor.printed(ASK, 44, 1), at_venue=at_venue))
        filled = floor.of(OrderFilled)[-1]
        assert filled.evidence.fee_formula.endswith(f"({rule.value}, direct)")


@pytest.mark.parametrize("regime", FeeRegime)
def test_a_regime_that_is_configured_is_charged_on_every_day(regime: FeeRegime) -> None:
    for day in (*BOUNDARIES, dt.date(2025, 12, 25)):
        filled = fee_of_one(floor_at(Nanos(day_begin(day) - NANOS_PER_SECOND), fee_regime=regime))
        assert filled.evidence.fee_formula.endswith(f"({regime.value}, direct)")


@pytest.mark.parametrize(
    ("moment", "payout"),
    [("2026-05-31T20:00:00-04:00", "0.99"), ("2026-06-01T20:00:00-04:00", "0.9999")],
)
def test_a_payout_is_rounded_by_the_balance_grid_of_its_day(moment: str, payout: str) -> None:
    """And a correction on a later day takes back what was paid."""
    floor = floor_at(parse_time(moment))
    floor.book(bids={40: 100}, asks={50: 100})
    floor.place("a", BID, 50, 3)
    cash = floor.cash()
    floor.on_venue_event(MarketDetermined(MARKET, "scalar", Price(3_333), floor.now, floor.now))
    assert floor.of(PositionSettled)[-1].payout == parse_money(payout)
    floor.now = parse_time("2026-09-30T20:00:00-04:00")
    floor.on_venue_event(MarketDetermined(MARKET, "yes", Price(10_000), floor.now, floor.now))
    paid = [fact.payout for fact in floor.of(PositionSettled)]
    assert paid == [parse_money(payout), -parse_money(payout), 300 * MONEY_CENT]
    assert floor.cash() == cash
