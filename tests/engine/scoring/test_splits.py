"""Where the money came from: every way of sorting keeps the sum."""

import pytest

from engine.events import BookSide
from engine.orders import Liquidity
from engine.scoring.observations import FillSeen
from engine.scoring.splits import HOURS_MAX, UNKNOWN, WAYS, splits
from engine.units import COUNT_ZERO, NANOS_PER_HOUR, Money, from_cents
from tests.engine.scoring.rows import fill_seen


def names(by: str, *fills: FillSeen) -> list[str]:
    (found,) = (each for each in splits(fills) if each.by == by)
    return [part.name for part in found.parts]


def test_parts_stand_in_the_order_of_the_field() -> None:
    periods = [fill_seen(period=period) for period in (None, 5, 4, 0, 1)]
    assert names("quarter", *periods) == ["before the tip", "quarter 1", "quarter 4", "overtime 1", UNKNOWN]
    hour = NANOS_PER_HOUR
    times = [fill_seen(to_tip=to_tip) for to_tip in (None, hour * HOURS_MAX, hour // 2, -1, hour * 2)]
    assert names("hours to the tip", *times) == [
        "in play",
        "0 to 1 hours",
        "2 to 3 hours",
        "6 hours and more",
        UNKNOWN,
    ]


def test_the_price_is_that_of_the_side_that_was_bought() -> None:
    bought, sold = fill_seen(price=from_cents(15)), fill_seen(price=from_cents(15), side=BookSide.ASK)
    assert names("price paid", bought, sold, fill_seen(price=from_cents(100))) == [
        "0 to 20 cents",
        "80 to 100 cents",
    ]


def test_every_way_of_sorting_has_the_same_sum() -> None:
    fills = [
        fill_seen(gain=Money(gain), game=f"g{gain % 2}", liquidity=side)
        for gain in (5, -3, 9)
        for side in Liquidity
    ]
    found = splits(fills)
    assert [each.by for each in found] == list(WAYS)
    for each in found:
        assert sum(part.gain for part in each.parts) == 22
        assert sum(part.fills for part in each.parts) == 6


def test_a_part_says_what_a_contract_brought() -> None:
    (part,) = splits([fill_seen(), fill_seen(game="other", closed=COUNT_ZERO, gain=Money(0))])[0].parts
    assert (part.fills, part.games, part.contracts, part.gain) == (2, 2, 10.0, 1_000_000)
    assert part.per_contract == pytest.approx(0.1)
    (nothing,) = splits([fill_seen(closed=COUNT_ZERO, gain=Money(0))])[0].parts
    assert nothing.per_contract is None
