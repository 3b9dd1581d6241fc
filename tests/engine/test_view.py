"""What a strategy sees: claims, time left, trust and age, folded from news in any order."""

import pytest

from engine.events import GamePhase, MarketStatus, ScoresDisagreed, Trust
from engine.leagues import NBA
from engine.message import changed
from engine.units import Nanos, Price, Tenths
from engine.view import Axis, Claim, View, age, claim_of, displayed, minutes_left
from tests.engine.strategies.evening import AWAY_WINS, GAME, HOME_WINS, START, game_known, market, score, top


@pytest.mark.parametrize(
    ("known", "claim"),
    [
        (market(HOME_WINS), Claim(Axis.MARGIN, Tenths(0), above=True)),
        (market(AWAY_WINS), Claim(Axis.MARGIN, Tenths(0), above=False)),
        (market("s", "spread", "LAL", 4.5), Claim(Axis.MARGIN, Tenths(45), above=True)),
        (market("s", "spread", "BOS", 4.5), Claim(Axis.MARGIN, Tenths(-45), above=False)),
        (market("t", "total", strike=220.5), Claim(Axis.TOTAL, Tenths(2205), above=True)),
        (market("s", "spread", "LAL"), None),
        (market("t", "total"), None),
        (market("s", "spread", "DEN", 4.5), None),
        (market("p", "player", "LAL", 24.5), None),
    ],
)
def test_a_market_is_a_claim_on_the_game(known: object, claim: Claim | None) -> None:
    assert claim_of(known, game_known()) == claim  # type: ignore[arg-type]


def test_a_claim_holds_strictly_beyond_its_threshold() -> None:
    by_5 = Claim(Axis.MARGIN, Tenths(50), above=True)
    assert [by_5.holds(Tenths(value)) for value in (49, 50, 51)] == [False, False, True]
    below = Claim(Axis.MARGIN, Tenths(-50), above=False)
    assert [below.holds(Tenths(value)) for value in (-51, -50, -49)] == [True, False, False]


def test_markets_known_before_their_game_get_their_claim_later() -> None:
    view = View()
    view.apply(market(HOME_WINS))
    assert view.markets[HOME_WINS].claim is None
    view.apply(game_known())
    assert view.markets[HOME_WINS].claim == Claim(Axis.MARGIN, Tenths(0), above=True)


@pytest.mark.parametrize(
    ("period", "minutes", "phase", "left"),
    [
        (1, 12, GamePhase.LIVE, 48),
        (2, 6, GamePhase.LIVE, 30),
        (4, 0.5, GamePhase.LIVE, 0.5),
        (5, 3, GamePhase.LIVE, 3),
        (2, 0, GamePhase.HALFTIME, 24),
        (4, 0, GamePhase.FINAL, 0),
        (0, 0, GamePhase.SCHEDULED, 48),
        (1, 5, GamePhase.POSTPONED, None),
    ],
)
def test_minutes_left(period: int, minutes: float, phase: GamePhase, left: float | None) -> None:
    assert minutes_left(score(10, 8, period, minutes, phase), NBA) == left


def test_an_unknown_clock_leaves_unknown_minutes() -> None:
    assert minutes_left(changed(score(10, 8, 2, 5), clock_ms=None), NBA) is None


def test_prices_may_be_used_if_trusted_open_and_with_known_fees() -> None:
    view = View()
    for news, tradable in (
        (market(HOME_WINS), False),
        (top(HOME_WINS, 49, 51), True),
        (top(HOME_WINS, 49, 51, trust=Trust.STALE), False),
        (top(HOME_WINS, 49, 51), True),
        (changed(market(HOME_WINS), status=MarketStatus.CLOSED), False),
        (market(HOME_WINS), True),
        (changed(market(HOME_WINS), fee_multiplier=""), False),
    ):
        view.apply(news)
        assert view.markets[HOME_WINS].tradable is tradable
    assert view.markets[HOME_WINS].p_mid() == 0.5
    assert view.markets[HOME_WINS].spread() == 200


def test_a_game_is_sound_if_matched_undisputed_and_not_over() -> None:
    view = View()
    game = view.game(GAME)
    for news, sound in (
        (game_known(matched=False), False),
        (game_known(), True),
        (ScoresDisagreed(GAME, True, "", START), False),
        (ScoresDisagreed(GAME, False, "", START), True),
        (score(100, 90, 4, 0, GamePhase.FINAL), False),
    ):
        view.apply(news)
        assert game.sound is sound
    assert game.home_lead() == 10


def test_what_an_order_would_meet() -> None:
    seen = top(HOME_WINS, 49, 51, size=7)
    assert displayed(seen, buying=True) == (Price(5100), 700)
    assert displayed(seen, buying=False) == (Price(4900), 700)
    assert age(START, Nanos(START - 5)) == 0
