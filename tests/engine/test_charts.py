"""What charts are drawn from: every second in which something moved, then every bar; and who will win."""

import sys
from typing import Any

import pytest

from engine import charts
from engine.bars import BAR, Bars
from engine.charts import BARS_MAX, GAMES_MAX, MARKETS_MAX, SECONDS_MAX, SOURCES_MAX, Charts
from engine.events import (
    FairValued,
    GameKnown,
    GamePhase,
    MarketKnown,
    MarketStatus,
    ScoreSeen,
    TopChanged,
    Trust,
)
from engine.readings import Chart, Readings
from engine.units import NANOS_PER_SECOND, Count, Nanos, contracts, from_cents

GAME = "26NOV20GSWPHX"
HOME, AWAY = f"KXNBAGAME-{GAME}-PHX", f"KXNBAGAME-{GAME}-GSW"
EVER = 2**32 - 1


def at(seconds: float) -> Nanos:
    return Nanos(round(seconds * NANOS_PER_SECOND))


def top(ticker: str, bid: int, ask: int, trust: Trust = Trust.TRUSTED) -> TopChanged:
    return TopChanged(
        ticker, GAME, from_cents(bid), contracts(1), from_cents(ask), contracts(1), trust, None, at(0)
    )


def known(ticker: str) -> MarketKnown:
    team = ticker.rpartition("-")[2]
    return MarketKnown(
        ticker=ticker,
        game=GAME,
        kind="game",
        team=team,
        strike=None,
        status=MarketStatus.ACTIVE,
        close_at=None,
        fee_type="quadratic",
        fee_multiplier="1",
        at=at(0),
    )


def score(phase: GamePhase, period: int, clock_ms: int | None, home: int, away: int) -> ScoreSeen:
    return ScoreSeen(GAME, "bdl", phase, period, clock_ms, home, away, at(0), at(0))


class Evening:
    """Bars and charts that hear the same, as the actor has them."""

    def __init__(self) -> None:
        self.bars, self.charts = Bars(), Charts()
        self.bars.on_news(GameKnown(GAME, "GSW", "PHX", at(0), matched=True, at=at(0)), at(0))

    def news(self, news: Any) -> None:  # noqa: ANN401 - of several kinds
        self.bars.on_news(news, at(0))

    def top(self, seconds: float, told: TopChanged) -> None:
        self.bars.on_top(told, at(seconds))
        self.charts.on_top(told, at(seconds))

    def end(self, seconds: int) -> None:
        self.charts.on_bars(self.bars.end_bars(at(seconds)), self.bars.view, at(seconds))

    def prices(self, ticker: str = HOME) -> Chart:
        chart = self.charts.prices(ticker, 0, EVER)
        assert chart is not None
        return chart


def test_each_second_in_which_a_market_moved_has_the_prices_of_its_end() -> None:
    evening = Evening()
    for seconds, bid in ((3.0, 40), (3.9, 41), (7.2, 42)):
        evening.top(seconds, top(HOME, bid, 60))
    evening.charts.on_trade(HOME, contracts(2), at(7.3))
    evening.charts.on_trade(HOME, contracts(3), at(7.4))
    evening.charts.on_value(FairValued(HOME, 0.5, "a", at(8)), at(8))
    evening.charts.on_value(FairValued(HOME, 0.6, "b", at(9)), at(9))
    chart = evening.prices()
    assert chart.seconds == [3, 7, 8, 9]
    assert chart.columns["yes_bid"] == [4_100, 4_200, 4_200, 4_200]
    assert chart.columns["traded"] == [0, 500, 0, 0]
    # The middle of what is said of it.
    assert chart.columns["fair"] == [None, None, 5_000, 5_500]


def test_what_is_too_old_for_seconds_is_known_by_bars() -> None:
    evening = Evening()
    for second in range(0, 2 * SECONDS_MAX, 2):
        evening.top(second, top(HOME, 40 + second % 3, 60))
        if second % 10 == 0 and second:
            evening.end(second)
    chart = evening.prices()
    fine = [second for second in chart.seconds if second % 10]
    assert chart.seconds[0] <= 10
    assert list(chart.seconds) == sorted(set(chart.seconds))
    assert chart.seconds[-1] == 2 * SECONDS_MAX - 2
    assert len(fine) > SECONDS_MAX * 0.7


@pytest.mark.limit("engine.charts:SECONDS_MAX")
@pytest.mark.parametrize(("seconds", "kept"), [(SECONDS_MAX, SECONDS_MAX), (SECONDS_MAX + 1, SECONDS_MAX)])
def test_so_many_seconds_are_kept(seconds: int, kept: int) -> None:
    evening = Evening()
    for second in range(seconds):
        evening.top(second, top(HOME, 40, 60))
    chart = evening.prices()
    assert (len(chart.seconds), chart.seconds[-1]) == (kept, seconds - 1)


@pytest.mark.limit("engine.charts:BARS_MAX")
@pytest.mark.parametrize(("bars", "kept"), [(BARS_MAX, BARS_MAX), (BARS_MAX + 1, BARS_MAX)])
def test_so_many_bars_are_kept(bars: int, kept: int) -> None:
    evening = Evening()
    evening.news(known(HOME))
    for number in range(bars):
        evening.top(0, top(HOME, 40, 60))
        evening.end((number + 1) * 10)
    chances = evening.charts.chances(GAME, 0, EVER)
    assert chances is not None
    assert len(chances.seconds) == kept


@pytest.mark.limit("engine.charts:MARKETS_MAX")
@pytest.mark.parametrize(("markets", "there"), [(MARKETS_MAX, True), (MARKETS_MAX + 1, False)])
def test_one_market_more_takes_the_place_of_the_first(markets: int, *, there: bool) -> None:
    evening = Evening()
    for number in range(markets):
        evening.charts.on_top(top(f"T{number}", 40, 60), at(1))
    assert (evening.charts.prices("T0", 0, EVER) is not None) == there
    assert evening.charts.prices(f"T{markets - 1}", 0, EVER) is not None


@pytest.mark.limit("engine.charts:SOURCES_MAX")
@pytest.mark.parametrize(("sources", "fair"), [(SOURCES_MAX, 2_000), (SOURCES_MAX + 1, 2_000)])
def test_so_many_strategies_opinions_are_drawn(sources: int, fair: int) -> None:
    evening = Evening()
    evening.top(1, top(HOME, 40, 60))
    for number in range(sources):
        p_fair = 0.2 if number < SOURCES_MAX else 0.9
        evening.charts.on_value(FairValued(HOME, p_fair, str(number), at(1)), at(1))
    evening.charts.on_value(FairValued(HOME, 0.2, "0", at(1)), at(1))
    assert evening.prices().columns["fair"] == [fair]


@pytest.mark.limit("engine.charts:GAMES_MAX")
@pytest.mark.parametrize(("games", "there"), [(2, True), (3, False)])
def test_one_game_more_takes_the_place_of_the_first(
    games: int, *, there: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(charts, "GAMES_MAX", 2)
    evening = Evening()
    for number in range(games):
        game = f"26NOV2{number}GSWPHX"
        ticker = f"KXNBAGAME-{game}-PHX"
        evening.news(GameKnown(game, "GSW", "PHX", at(0), matched=True, at=at(0)))
        evening.news(
            MarketKnown(ticker, game, "game", "PHX", None, MarketStatus.ACTIVE, None, "quadratic", "1", at(0))
        )
        told = TopChanged(
            ticker,
            game,
            from_cents(40),
            contracts(1),
            from_cents(42),
            contracts(1),
            Trust.TRUSTED,
            None,
            at(0),
        )
        evening.top(1, told)
        evening.end(10 * (number + 1))
    assert (evening.charts.chances("26NOV20GSWPHX", 0, EVER) is not None) == there
    assert GAMES_MAX == 100


def test_the_home_teams_chance_is_that_of_its_market_and_before_the_tip_the_models() -> None:
    evening = Evening()
    for ticker, bid, ask in ((AWAY, 30, 34), (HOME, 60, 64)):
        evening.news(known(ticker))
        evening.top(1, top(ticker, bid, ask))
    evening.end(10)
    evening.news(score(GamePhase.LIVE, 4, 60_000, 100, 90))
    evening.top(11, top(HOME, 97, 99))
    evening.end(20)
    chart = evening.charts.chances(GAME, 0, EVER)
    assert chart is not None
    assert chart.columns["market"] == [6_200, 9_800]
    assert chart.columns["sportsbooks"] == [None, None]
    before, late = chart.columns["model"]
    assert before == 6_200
    # Ten points a minute before the end.
    assert late is not None
    assert late > 9_700


def test_without_the_home_teams_market_the_other_one_says_it_and_an_untrusted_one_nothing() -> None:
    evening = Evening()
    evening.news(known(AWAY))
    evening.top(1, top(AWAY, 30, 34))
    evening.end(10)
    evening.top(11, top(AWAY, 30, 34, Trust.STALE))
    evening.end(20)
    chart = evening.charts.chances(GAME, 0, EVER)
    assert chart is not None
    assert chart.columns["market"] == [6_800] if len(chart.seconds) == 1 else [6_800, None]


def test_six_hundred_markets_take_less_than_25_megabytes() -> None:
    market = Readings(charts.PRICES, SECONDS_MAX), Readings(charts.PRICES, BARS_MAX)
    for readings, most in zip(market, (SECONDS_MAX, BARS_MAX), strict=True):
        for second in range(3 * most):
            readings.add(second, 5_000, 5_100, 5_050, Count(100))
    arrays = [array for readings in market for array in (readings._seconds, *readings._columns)]
    assert MARKETS_MAX * sum(map(sys.getsizeof, arrays)) < 25_000_000


def test_nothing_is_known_of_what_nobody_has_told() -> None:
    assert Charts().prices(HOME, 0, EVER) is None
    assert Charts().chances(GAME, 0, EVER) is None
    assert at(10) == BAR
