"""What a run has to say: first forecasts, fills with what became of them, wishes."""

import pytest

from engine.events import BookSide
from engine.facts import OrderDenied, SignalAction
from engine.reasons import LIMITS, DenialReason
from engine.scoring.observations import Observations, RunSeen
from engine.scoring.packed_bars import BarPrices, PackedBars
from engine.units import NANOS_PER_MINUTE, NANOS_PER_SECOND, Nanos
from tests.engine.scoring.rows import GAME, TICKER, fill, opened, order, result, settled, signal


def observed(*facts: object, bars: tuple[BarPrices, ...] = ()) -> RunSeen:
    folded = Observations()
    for fact in (opened(), *facts):
        folded.apply(fact)  # type: ignore[arg-type]
    prices = folded.wanted()
    prices.take(TICKER, GAME, PackedBars.of(bars))
    return folded.observed(prices, {})


def denied(reason: DenialReason) -> OrderDenied:
    return OrderDenied("s-9", "s", GAME, TICKER, "s/s9", reason, "1", "1", Nanos(0))


def bar(seconds: int, cents: int, period: int | None = 0) -> BarPrices:
    return BarPrices(seconds * NANOS_PER_SECOND, 100 * cents - 100, 100 * cents + 100, 1, period, None)


def test_the_first_forecast_of_a_market_counts_and_a_way_out_is_none() -> None:
    seen = observed(
        signal(1, p_fair=0.9, action=SignalAction.EXIT),
        signal(2, p_fair=None),
        signal(3, p_fair=0.7, action=SignalAction.NO_TRADE),
        signal(4, p_fair=0.2),
        result(100),
    )
    (row,) = seen.forecasts
    assert (row.forecast.p, row.forecast.p_market, row.forecast.outcome) == (0.7, 0.5, 1.0)


def test_a_forecast_without_a_result_is_not_scored() -> None:
    assert observed(signal()).forecasts == ()


@pytest.mark.parametrize("quote", [None, ("none", "0.5100")])
def test_where_no_quote_is_on_record_the_next_bar_says_the_price(quote: tuple[str, str] | None) -> None:
    at = 11 * NANOS_PER_SECOND
    seen = observed(signal(quote=quote, at=at), result(0), bars=(bar(10, 30), bar(20, 40)))
    assert seen.forecasts[0].forecast.p_market == pytest.approx(0.4)
    assert observed(signal(quote=quote, at=at), result(0)).forecasts[0].forecast.p_market is None


def test_a_fill_knows_what_was_stated_and_what_it_brought() -> None:
    seen = observed(signal(), order(), fill(1, 50, fee=1_000), settled(100), result(100))
    (row,) = seen.fills
    assert (row.stated, row.gain, row.closed) == (0.05, 5_000_000 - 1_000, 1_000)
    assert row.kind == "game"


def test_legs_share_the_edge_of_their_group() -> None:
    other = order(2, leg_of="g")
    other.order.ticker = "other"  # type: ignore[misc]
    seen = observed(signal(), order(1, leg_of="g"), other, fill(1, 50))
    assert seen.fills[0].stated == pytest.approx(0.025)


def test_a_fill_that_only_closes_states_nothing() -> None:
    exit_signal = signal(2, action=SignalAction.EXIT)
    seen = observed(signal(), order(), fill(1, 50), exit_signal, order(2), fill(2, 60, side=BookSide.ASK))
    assert [row.stated for row in seen.fills] == [0.05, None]
    assert [row.opened for row in seen.fills] == [1_000, 0]


def test_markouts_look_at_the_market_after_fixed_times_and_at_the_result() -> None:
    bars = tuple(bar(10 * number, 50 + number) for number in range(1, 10))
    seen = observed(order(), fill(1, 50, at=NANOS_PER_SECOND), result(100), bars=bars)
    gains = seen.fills[0].markouts
    assert gains[2:4] == (None, None)
    assert [gains[0], gains[1], gains[4]] == pytest.approx([0.02, 0.07, 0.5])


def test_a_fill_before_the_tip_is_held_against_the_close_and_one_in_play_is_not() -> None:
    bars = (bar(10, 50), bar(60, 58)._replace(p_books=0.57), bar(70, 70, 1), bar(120, 80, 1))
    early = observed(order(), fill(1, 50, at=5 * NANOS_PER_SECOND), bars=bars).fills[0]
    assert early.close == pytest.approx(0.08)
    assert early.close_books == pytest.approx(0.07)
    assert (early.period, early.to_tip) == (0, 65 * NANOS_PER_SECOND)
    late = observed(order(), fill(1, 50, at=2 * NANOS_PER_MINUTE), bars=bars).fills[0]
    assert (late.close, late.period) == (None, 1)


def test_wishes_tell_limits_from_bad_moments() -> None:
    seen = observed(order(), denied(DenialReason.ORDERS_PER_HOUR), denied(DenialReason.BOOK_AGE))
    wishes = seen.strategies[0].wishes
    assert (wishes.made, wishes.passed) == (3, 1)
    assert wishes.by_limits == {"orders_per_hour": 1}
    assert DenialReason.HALTED not in LIMITS
