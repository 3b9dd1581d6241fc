"""How much and how often: every rule at its limit and one past it.

Covers: engine.risk.accounts, engine.risk.utilization.
"""

import pytest

from engine.events import BookSide, Trust
from engine.message import changed
from engine.orders import PlaceOrder
from engine.reasons import DenialReason
from engine.units import COUNT_ONE, MONEY_ONE, Count, Money, Nanos
from tests.engine.risk.desk import Desk
from tests.engine.strategies.evening import AWAY_WINS, GAME, HOME_WINS, START, market, top

FEE_OF_10_AT_50 = 0.175
ALLOWANCE = 0.0002


def test_contracts_per_order() -> None:
    desk = Desk(contracts_per_order=20)
    assert desk.judge(desk.order(count=20.01)) is DenialReason.CONTRACTS_PER_ORDER
    assert desk.judge(desk.order(count=20)) is None


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("contracts_per_market", DenialReason.CONTRACTS_PER_MARKET),
        ("contracts_per_game", DenialReason.CONTRACTS_PER_GAME),
        ("contracts_total", DenialReason.CONTRACTS_TOTAL),
    ],
)
def test_contracts_of_all_strategies_together(name: str, reason: DenialReason) -> None:
    desk = Desk(**{name: 100})
    desk.bought(51, 40)
    desk.send(desk.order(count=30, strategy="beta"))
    assert desk.judge(desk.order(count=30.01)) is reason
    assert desk.judge(desk.order(count=30)) is None


def test_contracts_per_strategy_counts_each_by_itself() -> None:
    desk = Desk(contracts_per_strategy=50)
    desk.bought(51, 40)
    assert desk.judge(desk.order(count=10.01)) is DenialReason.CONTRACTS_PER_STRATEGY
    assert desk.judge(desk.order(count=10)) is None
    assert desk.judge(desk.order(count=50, strategy="beta")) is None


def test_contracts_per_game_add_up_its_markets_and_contracts_per_market_do_not() -> None:
    desk = Desk(contracts_per_market=50, contracts_per_game=60)
    desk.gate.on_game_news(market(AWAY_WINS), START)
    desk.gate.on_game_news(top(AWAY_WINS, 49, 51, size=1000), START)
    desk.bought(51, 50)
    assert desk.judge(changed(desk.order(count=10.01), ticker=AWAY_WINS)) is DenialReason.CONTRACTS_PER_GAME
    assert desk.judge(changed(desk.order(count=10), ticker=AWAY_WINS)) is None


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("exposure_per_market", DenialReason.EXPOSURE_PER_MARKET),
        ("exposure_per_game", DenialReason.EXPOSURE_PER_GAME),
        ("exposure_per_strategy", DenialReason.EXPOSURE_PER_STRATEGY),
        ("exposure_total", DenialReason.EXPOSURE_TOTAL),
        ("worst_case_per_game", DenialReason.WORST_CASE_PER_GAME),
        ("loss_per_trade", DenialReason.LOSS_PER_TRADE),
        ("loss_per_day", DenialReason.LOSS_PER_DAY),
        ("loss_per_week", DenialReason.LOSS_PER_WEEK),
    ],
)
@pytest.mark.parametrize("side", list(BookSide))
def test_dollars_count_price_and_fee_of_either_side(name: str, reason: DenialReason, side: BookSide) -> None:
    cost = 5.0 + FEE_OF_10_AT_50 + ALLOWANCE
    assert Desk(**{name: cost - 0.0001}).judge(Desk().order(50, 10, side)) is reason
    assert Desk(**{name: cost}).judge(Desk().order(50, 10, side)) is None


@pytest.mark.parametrize(
    ("name", "other_game"),
    [
        ("exposure_per_market", False),
        ("exposure_per_game", True),
        ("contracts_per_market", False),
        ("contracts_per_game", True),
    ],
)
def test_what_is_held_elsewhere_does_not_count_in_a_market_or_a_game(name: str, *, other_game: bool) -> None:
    desk = Desk(**{name: 10})
    elsewhere = desk.gate.accounts.exposure("beta", "T", "another" if other_game else GAME)
    elsewhere.cost, elsewhere.count = Money(9 * MONEY_ONE), Count(9 * COUNT_ONE)
    desk.bought(50, 8)
    here = desk.gate.accounts.exposures["alpha", HOME_WINS]
    here.cost = Money(8 * MONEY_ONE)
    assert desk.judge(desk.order(50, 1)) is None
    assert desk.judge(desk.order(50, 3)) is not None


@pytest.mark.parametrize("name", ["loss_per_day", "loss_per_week"])
def test_losses_of_all_count_in_the_global_limit_and_own_ones_in_a_strategys_own(name: str) -> None:
    desk = Desk(**{name: 100})
    desk.gate.set_limit(name, "beta", "50", "eva", desk.now)
    desk.lost(60)
    assert desk.judge(desk.order(50, 60, strategy="beta")) is None
    assert desk.judge(desk.order(50, 25, strategy="beta")) is not None


@pytest.mark.parametrize("name", ["loss_per_day", "loss_per_week"])
def test_losses_count_to_the_microdollar_and_who_lost_nothing_adds_none(name: str) -> None:
    use = 60 + 5 + FEE_OF_10_AT_50 + ALLOWANCE
    for limit, passes in ((use, True), (use - 0.000_000_5, False)):
        desk = Desk(**{name: limit})
        desk.lost(60)
        assert (desk.judge(desk.order(50, 10, strategy="beta")) is None) is passes


def test_balance_is_what_the_strategy_has() -> None:
    desk = Desk(contracts_total=10_000)
    desk.open("gamma", bankroll=6)
    assert desk.judge(desk.order(50, 11.6, strategy="gamma")) is DenialReason.BALANCE
    desk.send(desk.order(50, 11, strategy="gamma"))
    assert desk.judge(desk.order(50, 1, strategy="gamma")) is DenialReason.BALANCE


@pytest.mark.promise("day-loss-counts-together")
def test_a_days_loss_and_all_that_is_at_risk_count_together() -> None:
    desk = Desk(loss_per_day=100)
    desk.lost(60)
    desk.bought(50, 40)
    assert desk.judge(desk.order(50, 39.5)) is DenialReason.LOSS_PER_DAY
    assert desk.judge(desk.order(50, 38)) is None


def test_a_new_game_day_forgets_the_days_loss_but_not_the_weeks() -> None:
    desk = Desk(loss_per_day=100, loss_per_week=150)
    desk.lost(95)
    assert desk.judge(desk.order(50, 20)) is DenialReason.LOSS_PER_DAY
    desk.later(10 * 3600)
    assert desk.judge(desk.order(50, 20)) is DenialReason.LOSS_PER_DAY, "still the same night in New York"
    desk.later(2 * 3600)
    desk.gate.on_game_news(top(HOME_WINS, 49, 51, size=1000), desk.now)
    desk.send(desk.order(50, 20))


def test_a_weeks_loss_is_of_the_venues_week() -> None:
    desk = Desk(loss_per_week=100)
    desk.lost(95)
    desk.later(7 * 86_400)
    assert desk.judge(desk.order(50, 20)) is None
    monday = Desk(loss_per_week=100)
    monday.later(86_400)
    monday.lost(95)
    monday.later(86_400)
    assert monday.judge(monday.order(50, 20)) is DenialReason.LOSS_PER_WEEK


def test_a_drawdown_latches_and_only_a_resume_ends_it() -> None:
    desk = Desk(drawdown_strategy=20)
    desk.open("gamma", bankroll=100)
    desk.lost(19, "gamma")
    assert desk.judge(desk.order(50, 1, strategy="gamma")) is None
    desk.lost(1, "gamma")
    assert desk.judge(desk.order(50, 1, strategy="gamma")) is DenialReason.DRAWDOWN_STRATEGY
    assert desk.judge(desk.order(50, 1, strategy="gamma")) is DenialReason.REDUCING
    assert desk.judge(desk.order(50, 1)) is None
    desk.facts += desk.gate.resume("strategy:gamma", "eva", "looked at it", desk.now).facts
    assert desk.judge(desk.order(50, 1, strategy="gamma")) is None
    assert desk.restarted().halts.of == {}


def test_paper_losses_count_in_a_drawdown_at_what_the_position_would_bring() -> None:
    desk = Desk(drawdown_total=20)
    desk.gate.accounts.of.clear()
    desk.open("alpha", bankroll=100)
    desk.bought(51, 60)
    desk.gate.on_game_news(top(HOME_WINS, 18, 19), desk.now)
    assert desk.judge(desk.order(19, 1)) is None
    desk.gate.on_game_news(top(HOME_WINS, 17, 18), desk.now)
    assert desk.judge(desk.order(18, 1)) is DenialReason.DRAWDOWN_TOTAL
    assert desk.judge(desk.order(18, 1)) is DenialReason.REDUCING


def elsewhere(desk: Desk) -> PlaceOrder:
    """An entry in the other market of the game."""
    desk.gate.on_game_news(market(AWAY_WINS), desk.now)
    desk.gate.on_game_news(top(AWAY_WINS, 49, 51, size=1000), desk.now)
    return changed(desk.order(51, 1), ticker=AWAY_WINS)


@pytest.mark.promise("empty-book-no-drawdown")
def test_an_empty_book_takes_no_value_from_what_is_held() -> None:
    """The venue empties the books when a game ends, and pays minutes later."""
    desk = Desk(drawdown_total=20)
    desk.gate.accounts.of.clear()
    desk.open("alpha", bankroll=100)
    desk.bought(51, 60)
    desk.gate.on_game_news(top(HOME_WINS, 98, 99), desk.now)
    desk.gate.on_game_news(top(HOME_WINS, None, None, trust=Trust.PAUSED), desk.now)
    assert desk.judge(elsewhere(desk)) is None
    # One side alone is a price: nobody bids for what is held.
    desk.gate.on_game_news(top(HOME_WINS, None, 1), desk.now)
    assert desk.judge(elsewhere(desk)) is DenialReason.DRAWDOWN_TOTAL


def test_what_was_not_heard_after_a_start_denies_but_latches_nothing() -> None:
    desk = Desk(drawdown_strategy=20)
    desk.bought(51, 6_000)
    quote = desk.gate.view.markets[HOME_WINS].quoted
    desk.gate.view.markets[HOME_WINS].top = desk.gate.view.markets[HOME_WINS].quoted = None
    desk.gate = desk.restarted()
    assert desk.judge(elsewhere(desk)) is DenialReason.DRAWDOWN_STRATEGY
    assert desk.gate.halts.of == {}
    assert quote is not None
    desk.gate.on_game_news(quote, desk.now)
    assert desk.judge(elsewhere(desk)) is None
    # From here on it is known, and a fall latches.
    desk.gate.on_game_news(top(HOME_WINS, 1, 2), desk.now)
    assert desk.judge(elsewhere(desk)) is DenialReason.DRAWDOWN_STRATEGY
    assert [*desk.gate.halts.of] == ["strategy:alpha"]


def test_a_pause_after_losses_in_a_row() -> None:
    desk = Desk(loss_streak=3, loss_streak_pause_minutes=5)
    desk.lost(1)
    desk.lost(1)
    assert desk.judge(desk.order()) is None
    desk.lost(1)
    assert desk.judge(desk.order()) is DenialReason.LOSS_STREAK
    assert desk.judge(desk.order(strategy="beta")) is None
    desk.later(299.9)
    assert desk.judge(desk.order()) is DenialReason.LOSS_STREAK
    desk.later(0.1)
    assert desk.judge(desk.order()) is None


def test_one_loss_can_be_a_streak() -> None:
    desk = Desk(loss_streak=1, loss_streak_pause_minutes=5)
    assert desk.judge(desk.order()) is None
    desk.lost(1)
    assert desk.judge(desk.order()) is DenialReason.LOSS_STREAK


def test_a_win_ends_a_streak() -> None:
    desk = Desk(loss_streak=3, loss_streak_pause_minutes=5)
    desk.lost(1)
    desk.lost(1)
    desk.bought(51, 10)
    desk.settled(1, 10)
    desk.lost(1)
    assert desk.judge(desk.order()) is None


@pytest.mark.parametrize(
    ("name", "reason", "seconds"),
    [
        ("orders_per_minute", DenialReason.ORDERS_PER_MINUTE, 60),
        ("orders_per_hour", DenialReason.ORDERS_PER_HOUR, 3600),
        ("orders_per_day", DenialReason.ORDERS_PER_DAY, 12 * 3600),
    ],
)
def test_orders_within_a_time(name: str, reason: DenialReason, seconds: float) -> None:
    desk = Desk(**{name: 3})
    desk.send(desk.order(count=1))
    desk.send(desk.order(count=1, strategy="beta"))
    desk.send(desk.order(count=1))
    assert desk.judge(desk.order(count=1)) is reason
    desk.later(seconds - 0.001)
    expected = reason if name != "orders_per_day" else None
    assert desk.judge(desk.order(count=1)) is expected
    desk.later(0.001)
    assert desk.judge(desk.order(count=1)) is None


def test_a_strategys_own_limit_holds_beside_the_global_one() -> None:
    desk = Desk(contracts_per_market=100)
    desk.gate.set_limit("contracts_per_market", "alpha", "20", "eva", desk.now)
    desk.send(desk.order(count=50, strategy="beta"))
    assert desk.judge(desk.order(count=21)) is DenialReason.CONTRACTS_PER_MARKET
    desk.send(desk.order(count=20))
    assert desk.judge(desk.order(count=31, strategy="beta")) is DenialReason.CONTRACTS_PER_MARKET


@pytest.mark.promise("approved-counts-until-exchange")
def test_what_is_approved_counts_until_the_exchange_has_answered() -> None:
    desk = Desk(contracts_per_market=30)
    first = desk.send(desk.order(count=20))
    assert desk.judge(desk.order(count=20)) is DenialReason.CONTRACTS_PER_MARKET
    desk.filled(first, 5)
    assert desk.judge(desk.order(count=11)) is DenialReason.CONTRACTS_PER_MARKET
    desk.cancelled(changed(first, count=Count(15 * COUNT_ONE)))
    assert desk.judge(desk.order(count=25)) is None


def test_the_worst_case_lets_a_hedge_through_that_exposure_alone_would_not() -> None:
    desk = Desk(worst_case_per_game=30)
    desk.gate.on_game_news(market(AWAY_WINS), START)
    desk.gate.on_game_news(top(AWAY_WINS, 40, 42, size=1000), START)
    desk.bought(51, 50)
    assert desk.judge(desk.order(51, 10)) is DenialReason.WORST_CASE_PER_GAME
    # Whether it fills or not, the game cannot cost more than the 25.50 of the position.
    assert desk.judge(changed(desk.order(42, 50), ticker=AWAY_WINS)) is None


def hedged(desk: Desk) -> None:
    """Ten contracts at 40 cents on either team, whoever wins: two dollars are sure, less the fees."""
    desk.gate.on_game_news(market(AWAY_WINS), START)
    for ticker in (HOME_WINS, AWAY_WINS):
        desk.gate.on_game_news(top(ticker, 38, 40, size=1000), START)
        order = changed(desk.order(40, 10), ticker=ticker)
        desk.filled(desk.send(order))
    desk.gate.on_game_news(market(PLAYER, "player"), START)
    desk.gate.on_game_news(top(PLAYER, 8, 10, size=1000), START)


PLAYER = f"{GAME}-P1"


def test_where_nothing_may_be_lost_what_a_hedge_has_made_sure_may_be_spent() -> None:
    desk = Desk(contracts_total=10_000)
    hedged(desk)
    desk.gate.set_limit("worst_case_per_game", None, "0", "eva", desk.now)
    assert desk.judge(changed(desk.order(10, 20), ticker=PLAYER)) is DenialReason.WORST_CASE_PER_GAME
    assert desk.judge(changed(desk.order(10, 15), ticker=PLAYER)) is None


def test_a_profit_that_is_made_counts_once_in_the_worst_case_of_its_game() -> None:
    desk = Desk(contracts_total=10_000)
    desk.bought(40, 50)
    desk.filled(desk.send(changed(desk.order(60, 50, BookSide.ASK), exit=True, p_fair=None)))
    desk.gate.set_limit("worst_case_per_game", None, "30", "eva", desk.now)
    # Ten dollars are made: 40 may be paid, and not 50.
    assert desk.judge(desk.order(50, 82)) is DenialReason.WORST_CASE_PER_GAME
    assert desk.judge(desk.order(50, 76)) is None


@pytest.mark.parametrize("ticker", [HOME_WINS, PLAYER])
@pytest.mark.parametrize("side", list(BookSide))
def test_what_is_held_counts_once_in_the_worst_case_beside_an_order_in_its_market(
    ticker: str, side: BookSide
) -> None:
    desk = Desk(contracts_total=10_000)
    hedged(desk)
    desk.gate.on_game_news(top(ticker, 49, 51, size=1000), START)
    desk.filled(desk.send(changed(desk.order(50, 30, side, "beta"), ticker=ticker)))
    desk.gate.set_limit("worst_case_per_game", None, "20", "eva", desk.now)
    # Fifteen dollars and the fee are held, up to two are sure: what is left is between five and seven.
    more = changed(desk.order(50, 16, side, "beta"), ticker=ticker)
    assert desk.judge(more) is DenialReason.WORST_CASE_PER_GAME
    assert desk.judge(changed(more, order_id="b", count=Count(8 * COUNT_ONE))) is None


def test_a_disputed_result_brings_the_position_back() -> None:
    desk = Desk(loss_per_day=1000)
    desk.bought(50, 10)
    desk.settled(1, 10)
    account = desk.gate.accounts.of["alpha"]
    assert account.realized == Money(5_000_000)
    desk.settled(1, 10, reversal=True)
    assert account.realized == 0
    desk.settled(0, 10)
    assert account.realized == Money(-5_000_000)


def test_the_same_fill_heard_twice_counts_once() -> None:
    desk = Desk(contracts_total=100)
    order = desk.send(desk.order(count=10))
    desk.filled(order)
    for fact in desk.facts[-1:]:
        desk.gate.on_committed_fact(fact, Nanos(desk.now + 1))
    assert desk.gate.accounts.exposures["alpha", HOME_WINS].count == Count(1000)
    assert desk.gate.accounts.exposures["alpha", HOME_WINS].game == GAME
