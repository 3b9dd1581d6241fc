"""The judge's own venue: price before time, our orders in their places, each contract to each order once."""

import pytest

from engine.events import BookSide
from engine.orders import TimeInForce
from tests.engine.exchange.judge.flow import flow
from tests.engine.exchange.judge.venue import ASK, BID, Action, Change, Deed, Leg, Print, Public, Venue

pytestmark = pytest.mark.honesty

GTC = TimeInForce.GTC


class Street:
    """A venue and its others, in whole cents and contracts; each has a number and a lot of that number."""

    def __init__(self) -> None:
        """Nobody is there."""
        self.venue = Venue()
        self.now = 0
        self.orders = 0

    def do(
        self, side: BookSide, price: int, count: int, deed: Deed = Deed.LIMIT, lot: int = 0
    ) -> list[Public]:
        """Somebody comes."""
        self.now += 1
        self.orders += 1
        return self.venue.act(Action(self.now, deed, self.orders, side, price, count, lot or self.orders))

    def pull(self, order: int) -> list[Public]:
        """Somebody goes."""
        self.now += 1
        return self.venue.act(Action(self.now, Deed.CANCEL, order))

    def ours(
        self, side: BookSide, price: int, count: int, tif: TimeInForce = GTC, *, post_only: bool = False
    ) -> Leg:
        """We come."""
        self.now += 1
        leg = Leg("ours", side, price, count, self.now, None, tif, post_only)
        self.venue.arrive(leg, self.now)
        return leg


def test_the_best_price_trades_first_and_within_it_who_came_first() -> None:
    street = Street()
    for price in (51, 50, 50):
        street.do(ASK, price, 10)
    prints = [each for each in street.do(BID, 51, 25) if isinstance(each, Print)]
    assert [(each.price, each.count) for each in prints] == [(50, 10), (50, 10), (51, 5)]
    assert street.venue.levels(ASK) == {51: 5}
    assert street.venue.levels(BID) == {}


def test_what_finds_nobody_rests_or_goes_as_its_deed_says() -> None:
    street = Street()
    street.do(ASK, 50, 10)
    assert street.do(BID, 50, 11, Deed.FOK) == []
    assert street.do(BID, 50, 5, Deed.POST) == []
    assert len(street.do(BID, 50, 12, Deed.IOC)) == 2
    assert street.venue.levels(BID) == {}
    assert street.do(BID, 50, 3) == [Change(street.now, BID, 50, 3)]


def test_our_order_waits_its_turn_and_others_do_not_see_it() -> None:
    street = Street()
    street.do(BID, 40, 100)
    leg = street.ours(BID, 40, 50)
    street.do(BID, 40, 30)
    public = [street.do(ASK, 40, count, Deed.IOC) for count in (80, 30, 50)]
    assert [gain[2] for gain in leg.gains] == [10, 40]
    # To the public the second seller met ten of the 30 behind us, and the last the other twenty.
    printed = [[each.count for each in said if isinstance(each, Print)] for said in public]
    assert printed == [[80], [20, 10], [20]]


def test_a_seller_at_our_better_price_comes_to_us_whatever_he_shows() -> None:
    street = Street()
    street.do(BID, 40, 100)
    leg = street.ours(BID, 41, 50)
    assert street.do(ASK, 41, 20, Deed.IOC) == []
    assert street.do(ASK, 41, 20) == [Change(street.now, ASK, 41, 20)]
    street.do(ASK, 40, 5, Deed.IOC)
    assert leg.gains == [(3, 41, 20), (4, 41, 20), (5, 41, 5)]


def test_what_came_to_us_once_does_not_come_again_though_it_is_shown_again() -> None:
    street = Street()
    leg = street.ours(BID, 41, 100)
    for _ in range(3):
        street.do(ASK, 41, 20, Deed.POST, lot=7)
        street.pull(street.orders)
    assert leg.gains == [(2, 41, 20)]
    street.do(ASK, 41, 25, lot=7)
    assert leg.total == 25
    assert street.venue.lots[7] == 25


def test_what_others_traded_of_a_lot_is_not_what_we_had_of_it() -> None:
    street = Street()
    street.do(BID, 40, 10)
    leg = street.ours(BID, 41, 100)
    street.do(ASK, 40, 25, lot=7)
    assert leg.total == 25
    # To the public ten were traded and 15 rest; whoever wants to sell five more has five to give.
    street.venue.act(Action(9, Deed.AMEND, 2, ASK, 40, 20, 7))
    assert leg.total == 30
    assert street.venue.lots[7] == 30


def test_what_we_took_is_gone_for_us_and_for_nobody_else() -> None:
    street = Street()
    street.do(ASK, 50, 30)
    leg = street.ours(BID, 50, 40)
    assert leg.gains == [(2, 50, 30)]
    assert [each.count for each in street.do(BID, 50, 30) if isinstance(each, Print)] == [30]
    assert leg.total == 30
    street.do(ASK, 50, 5)
    assert leg.total == 35


def test_a_smaller_order_keeps_its_place_and_a_larger_one_goes_to_the_back() -> None:
    street = Street()
    street.do(BID, 50, 10)
    street.do(BID, 50, 10)
    leg = street.ours(BID, 50, 10)
    street.venue.act(Action(9, Deed.AMEND, 1, BID, 50, 5, 1))
    street.venue.act(Action(9, Deed.AMEND, 2, BID, 50, 20, 2))
    street.do(ASK, 50, 12, Deed.IOC)
    assert leg.total == 7


def test_our_order_gets_nothing_where_it_is_refused_or_gone() -> None:
    street = Street()
    street.do(ASK, 50, 10)
    assert street.ours(BID, 50, 5, post_only=True).total == 0
    assert street.ours(BID, 50, 11, TimeInForce.FOK).total == 0
    assert street.ours(BID, 50, 10, TimeInForce.FOK).total == 10
    gone = street.ours(BID, 49, 5)
    street.venue.leave(gone)
    street.do(ASK, 49, 5)
    assert gone.total == 0
    street.venue.act(Action(9, Deed.PAUSE))
    assert street.ours(BID, 50, 10).total == 0
    assert street.do(BID, 50, 10) == []
    assert street.pull(1) == [Change(street.now, ASK, 50, -10)]


def test_an_evening_is_its_seed() -> None:
    assert flow("seed", pauses=True) == flow("seed", pauses=True)
    assert flow("seed", pauses=True) != flow("another", pauses=True)
