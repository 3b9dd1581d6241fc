"""Bars of ten seconds: what they say of their end and of their time, and when there is none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import bars
from engine.bars import BAR, QUIET_MAX, Bars, MarketBar, bar_of, next_end
from engine.events import (
    GameKnown,
    GamePhase,
    MarketKnown,
    MarketStatus,
    OddsSeen,
    ScoreSeen,
    TopChanged,
    Trust,
)
from engine.units import NANOS_PER_SECOND, Nanos, Price, contracts, from_cents

GAME = "26NOV20GSWPHX"
TICKER = f"KXNBAGAME-{GAME}-PHX"


def at(seconds: float) -> Nanos:
    return Nanos(round(seconds * NANOS_PER_SECOND))


def top(
    seconds: float, bid: int | None, ask: int | None, trust: Trust = Trust.TRUSTED, ticker: str = TICKER
) -> TopChanged:
    yes_bid, yes_ask = (None if cents is None else from_cents(cents) for cents in (bid, ask))
    return TopChanged(ticker, GAME, yes_bid, contracts(1), yes_ask, contracts(1), trust, None, at(seconds))


def score(phase: GamePhase, period: int) -> ScoreSeen:
    return ScoreSeen(GAME, "bdl", phase, period, None, 0, 0, None, at(0))


def odds(home: int, away: int, vendor: str) -> OddsSeen:
    nothing = (None,) * 6
    return OddsSeen(GAME, vendor, home, away, *nothing, None, at(1))


def known() -> MarketKnown:
    return MarketKnown(TICKER, GAME, "game", "PHX", None, MarketStatus.ACTIVE, None, "quadratic", "1", at(0))


def put(fold: Bars, seen: TopChanged) -> None:
    fold.on_top(seen, seen.at)


def one(found: list[MarketBar]) -> MarketBar:
    (bar,) = found
    return bar


def test_a_bar_says_how_the_market_stood_at_its_end() -> None:
    fold = Bars()
    put(fold, top(1, 40, 44))
    put(fold, top(9, 50, None, Trust.STALE))
    bar = one(fold.end_bars(at(10)))
    assert (bar.ticker, bar.game, bar.at) == (TICKER, GAME, at(10))
    assert (bar.yes_bid, bar.yes_ask, bar.trust) == (Price(5_000), None, Trust.STALE)


def test_the_middle_is_the_mean_over_the_time_in_which_the_book_was_trusted() -> None:
    fold = Bars()
    put(fold, top(0, 40, 44))
    put(fold, top(6, 50, 54))
    put(fold, top(8, 90, 94, Trust.GAPPED))
    bar = one(fold.end_bars(at(10)))
    assert bar.trusted_ms == 8_000
    assert bar.p_mid == pytest.approx((6 * 0.42 + 2 * 0.52) / 8)
    put(fold, top(11, 90, 94, Trust.GAPPED))
    bar = one(fold.end_bars(at(20)))
    assert (bar.trusted_ms, bar.p_mid) == (0, None)


def test_trades_are_counted_in_the_bar_in_which_they_are_heard() -> None:
    fold = Bars()
    fold.on_trade(TICKER, contracts(3))
    put(fold, top(1, 40, 44))
    fold.on_trade(TICKER, contracts(3))
    fold.on_trade(TICKER, contracts(4))
    bar = one(fold.end_bars(at(10)))
    assert (bar.traded, bar.trades) == (contracts(7), 2)
    fold.on_trade(TICKER, contracts(1))
    assert one(fold.end_bars(at(20))).trades == 1


def test_a_market_that_stands_still_has_a_bar_a_minute() -> None:
    fold = Bars()
    put(fold, top(1, 40, 44))
    ends = [at(10 * number) for number in range(1, 14)]
    told = [bar.at for end in ends for bar in fold.end_bars(end)]
    assert told == [at(10), at(70), at(130)]
    assert at(70) - at(10) == QUIET_MAX


def test_of_a_still_minute_only_the_last_bar_is_measured() -> None:
    fold = Bars()
    put(fold, top(0, 40, 44))
    fold.end_bars(at(10))
    for end in range(20, 70, 10):
        assert fold.end_bars(at(end)) == []
    bar = one(fold.end_bars(at(70)))
    assert bar.trusted_ms == 10_000
    assert bar.p_mid == pytest.approx(0.42)


def test_opinions_stay_until_they_are_changed() -> None:
    fold = Bars()
    put(fold, top(1, 40, 44))
    fold.on_fair("b", TICKER, 0.6)
    fold.on_fair("a", TICKER, 0.5)
    fold.on_fair("a", "unknown", 0.5)
    assert one(fold.end_bars(at(10))).fair == (("a", 0.5), ("b", 0.6))
    fold.on_fair("a", TICKER, 0.55)
    assert one(fold.end_bars(at(20))).fair == (("a", 0.55), ("b", 0.6))


def test_the_period_is_none_before_a_score_and_nought_before_the_tip() -> None:
    fold = Bars()
    fold.on_news(known(), at(0))
    put(fold, top(1, 40, 44))
    assert one(fold.end_bars(at(10))).period is None
    periods = []
    for end, seen in enumerate(
        [
            score(GamePhase.SCHEDULED, 0),
            score(GamePhase.LIVE, 0),
            score(GamePhase.HALFTIME, 2),
            score(GamePhase.FINAL, 5),
        ],
        2,
    ):
        fold.on_news(seen, at(10 * end))
        periods.append(one(fold.end_bars(at(10 * end))).period)
    assert periods == [0, 1, 2, 5]


def test_the_books_are_told_before_the_tip_and_without_their_margin() -> None:
    fold = Bars()
    fold.on_news(GameKnown(GAME, "GSW", "PHX", None, matched=True, at=at(0)), at(0))
    fold.on_news(known(), at(0))
    put(fold, top(1, 40, 44))
    fold.on_news(odds(-150, 130, "draftkings"), at(2))
    assert one(fold.end_bars(at(10))).p_books is None
    fold.on_news(odds(-150, 130, "betmgm"), at(12))
    bar = one(fold.end_bars(at(20)))
    p_home, p_away = 150 / 250, 100 / 230
    assert bar.p_books == pytest.approx(p_home / (p_home + p_away))
    fold.on_news(score(GamePhase.LIVE, 1), at(25))
    assert one(fold.end_bars(at(30))).p_books is None


@given(st.integers(0, 10**12))
def test_bars_end_at_multiples_of_ten_seconds(moment: int) -> None:
    assert next_end(moment) % BAR == bar_of(moment) % BAR == 0
    assert moment < next_end(moment) <= moment + BAR
    assert moment <= bar_of(moment) < moment + BAR


@pytest.mark.limit("engine.bars:MARKETS_MAX")
def test_one_market_too_many_has_no_bars(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bars, "MARKETS_MAX", 2)
    fold = Bars()
    for name in ("a", "b", "c"):
        put(fold, top(1, 40, 44, ticker=name))
    assert [bar.ticker for bar in fold.end_bars(at(10))] == ["a", "b"]


@pytest.mark.limit("engine.bars:STRATEGIES_MAX")
def test_one_strategy_too_many_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bars, "STRATEGIES_MAX", 2)
    fold = Bars()
    put(fold, top(1, 40, 44))
    for name in ("a", "b", "c", "a"):
        fold.on_fair(name, TICKER, 0.5)
    assert one(fold.end_bars(at(10))).fair == (("a", 0.5), ("b", 0.5))


def test_what_is_told_again_late_does_not_count_for_the_time_before() -> None:
    fold = Bars()
    fold.on_top(top(1, 40, 44), at(1_008))
    assert one(fold.end_bars(at(1_010))).trusted_ms == 2_000
