"""The market an entry goes to: every rule at its limit and one past it.

Covers: engine.reasons, engine.risk.order_context.
"""

import math
from collections.abc import Callable

import pytest

from engine.events import BookSide, GamePhase, MarketStatus, ScoresDisagreed, TopChanged, Trust
from engine.facts import OrderDenied, StrategyChanged
from engine.message import changed
from engine.orders import AmendOrder, CancelOrder, PlaceOrder, TimeInForce
from engine.reasons import DenialReason
from engine.risk.market_rules import takes
from engine.strategy_traits import StrategyTraits
from engine.units import NANOS_PER_SECOND, Nanos, Price, contracts
from tests.engine.risk.desk import Desk
from tests.engine.strategies.evening import (
    AWAY_WINS,
    GAME,
    HOME_WINS,
    START,
    game_known,
    market,
    odds,
    score,
    top,
)


def told(desk: Desk, news: TopChanged) -> Desk:
    news.at = desk.now  # type: ignore[misc]
    desk.gate.on_game_news(news, desk.now)
    return desk


def test_only_allowed_kinds_of_markets() -> None:
    desk = Desk(market_types=("spread", "total"))
    denied = denial_of(desk, desk.order())
    assert (denied.reason, denied.use) == (DenialReason.MARKET_TYPE, "game")
    desk.gate.set_limit("market_types", None, "spread, game", "eva", desk.now)
    assert desk.judge(desk.order()) is None


def test_only_games_that_are_matched() -> None:
    desk = Desk()
    desk.gate.on_game_news(game_known(matched=False), desk.now)
    assert desk.judge(desk.order()) is DenialReason.GAME_UNMATCHED
    desk.gate.on_game_news(game_known(), desk.now)
    assert desk.judge(desk.order()) is None


@pytest.mark.parametrize("phase", [GamePhase.FINAL, GamePhase.POSTPONED])
def test_no_entries_once_a_game_is_over_or_postponed(phase: GamePhase) -> None:
    desk = Desk()
    desk.gate.on_game_news(score(100, 90, 4, 0, phase), desk.now)
    assert desk.judge(desk.order()) is DenialReason.MARKET_INACTIVE


@pytest.mark.promise("score-two-sources-tell")
def test_no_entries_while_score_sources_disagree() -> None:
    desk = Desk()
    desk.gate.on_game_news(ScoresDisagreed(GAME, True, "a: 10-8, b: 10-10", desk.now), desk.now)
    assert desk.judge(desk.order()) is DenialReason.SCORES_DISAGREE
    desk.gate.on_game_news(ScoresDisagreed(GAME, False, "", desk.now), desk.now)
    assert desk.judge(desk.order()) is None


@pytest.mark.parametrize("status", [status for status in MarketStatus if status is not MarketStatus.ACTIVE])
def test_only_open_markets(status: MarketStatus) -> None:
    desk = Desk()
    desk.gate.on_game_news(changed(market(HOME_WINS), status=status), desk.now)
    assert desk.judge(desk.order()) is DenialReason.MARKET_INACTIVE


@pytest.mark.promise("nothing-entered-book-trusted")
@pytest.mark.fault("A12")
@pytest.mark.parametrize("trust", [trust for trust in Trust if trust is not Trust.TRUSTED])
def test_only_trusted_books(trust: Trust) -> None:
    desk = told(Desk(), top(HOME_WINS, 49, 51, trust=trust))
    assert desk.judge(desk.order()) is DenialReason.BOOK_UNTRUSTED


def test_not_too_near_to_the_close() -> None:
    desk = Desk(near_close_seconds=60)
    for seconds, reason in ((60, None), (59.999, DenialReason.NEAR_CLOSE)):
        close_at = Nanos(desk.now + round(seconds * NANOS_PER_SECOND))
        desk.gate.on_game_news(changed(market(HOME_WINS), close_at=close_at), desk.now)
        assert desk.judge(desk.order()) is reason


@pytest.mark.promise("nothing-entered-book-trusted")
@pytest.mark.fault("A6")
def test_not_on_old_prices() -> None:
    desk = Desk(book_age_seconds=900)
    desk.later(900)
    assert desk.judge(desk.order()) is None
    desk.later(0.001)
    assert desk.judge(desk.order()) is DenialReason.BOOK_AGE


def _heard_late(desk: Desk, seconds: float) -> None:
    """The best prices change, so long ago at the venue."""
    at_venue = Nanos(desk.now - round(seconds * NANOS_PER_SECOND))
    news = changed(top(HOME_WINS, 49, 51, size=1000), at=desk.now, at_venue=at_venue)
    desk.gate.on_game_news(news, desk.now)


@pytest.mark.fault("A23")
def test_not_while_the_venue_is_heard_too_late() -> None:
    """The worst of the last seconds counts."""
    desk = Desk(feed_lag_seconds=5)
    _heard_late(desk, 5)
    assert desk.judge(desk.order()) is None
    _heard_late(desk, 5.001)
    _heard_late(desk, 0)
    assert desk.judge(desk.order()) is DenialReason.FEED_LAG
    desk.later(10)
    _heard_late(desk, 0)
    assert desk.judge(desk.order()) is None


def test_not_on_old_odds_for_strategies_of_odds() -> None:
    desk = Desk(odds_age_seconds=900)
    desk.open("runs", kind="momentum")
    desk.later(900)
    assert desk.judge(desk.order()) is None
    desk.later(0.001)
    assert desk.judge(desk.order()) is DenialReason.ODDS_AGE
    assert desk.judge(desk.order(strategy="runs")) is None
    desk.gate.on_game_news(changed(odds("betmgm", -110, -110), at=desk.now), desk.now)
    assert desk.judge(desk.order()) is None


@pytest.mark.parametrize(("ask", "reason"), [(56, None), (57, DenialReason.SPREAD)])
def test_not_in_wide_markets(ask: int, reason: DenialReason | None) -> None:
    desk = told(Desk(spread_cents=10), top(HOME_WINS, 46, ask, size=1000))
    assert desk.judge(desk.order(ask)) is reason


def test_a_spread_is_measured_in_hundredths_of_a_cent() -> None:
    desk = told(Desk(spread_cents=10), changed(top(HOME_WINS, 46, 56, size=1000), yes_ask=Price(5_601)))
    denied = denial_of(desk, desk.order(56))
    assert (denied.reason, denied.use) == (DenialReason.SPREAD, "10.01 cents")


def test_a_denial_says_how_the_market_or_the_game_stands() -> None:
    desk = Desk()
    desk.gate.on_game_news(score(100, 90, 4, 0, GamePhase.FINAL), desk.now)
    assert denial_of(desk, desk.order()).use == "game final"
    desk.gate.on_game_news(changed(market(HOME_WINS), status=MarketStatus.CLOSED), desk.now)
    assert denial_of(desk, desk.order()).use == "closed"


@pytest.mark.parametrize(
    ("side", "price", "met"),
    [
        (BookSide.BID, 51, True),
        (BookSide.BID, 50, False),
        (BookSide.ASK, 49, True),
        (BookSide.ASK, 50, False),
    ],
)
def test_an_order_takes_when_it_reaches_the_other_side(side: BookSide, price: int, *, met: bool) -> None:
    order = Desk().order(price, 1, side)
    assert takes(order, top(HOME_WINS, 49, 51)) is met
    assert not takes(changed(order, post_only=True), top(HOME_WINS, 49, 51))
    assert not takes(order, top(HOME_WINS, None, None))


@pytest.mark.parametrize(("p_fair", "reason"), [(0.81, None), (0.8101, DenialReason.COLLAR_FAIR)])
def test_not_far_from_the_fair_value(p_fair: float, reason: DenialReason | None) -> None:
    desk = Desk(collar_fair_cents=30)
    assert desk.judge(changed(desk.order(51), p_fair=p_fair)) is reason


@pytest.mark.parametrize(("price", "reason"), [(60, None), (61, DenialReason.COLLAR_LAST)])
def test_not_far_beyond_the_last_prices(price: int, reason: DenialReason | None) -> None:
    desk = Desk(collar_last_cents=10)
    assert desk.judge(desk.order(price)) is reason


@pytest.mark.parametrize(("count", "reason"), [(25, None), (25.01, DenialReason.DEPTH_SHARE)])
@pytest.mark.parametrize(("side", "price"), [(BookSide.BID, 51), (BookSide.ASK, 49)])
def test_not_more_than_a_share_of_what_is_displayed(
    count: float, reason: DenialReason | None, side: BookSide, price: int
) -> None:
    desk = told(Desk(depth_share=0.25), top(HOME_WINS, 49, 51, size=100))
    assert desk.judge(desk.order(price, count, side)) is reason
    resting = changed(desk.order(price, 1000, side), post_only=True, tif=TimeInForce.GTC)
    assert desk.judge(resting) is None


def test_the_share_is_of_the_side_that_the_order_meets() -> None:
    uneven = changed(top(HOME_WINS, 49, 51, size=100), yes_bid_size=contracts(1_000))
    desk = told(Desk(depth_share=0.25), uneven)
    assert desk.judge(desk.order(51, 26)) is DenialReason.DEPTH_SHARE
    assert desk.judge(desk.order(49, 26, BookSide.ASK)) is None


def test_no_sale_without_an_edge_after_the_fee() -> None:
    desk = Desk()
    fee = 0.07 * 0.49 * 0.51
    sale = desk.order(49, side=BookSide.ASK)
    assert desk.judge(changed(sale, p_fair=0.49 - fee)) is DenialReason.EDGE
    assert desk.judge(changed(sale, p_fair=0.49 - fee - 1e-6)) is None


@pytest.mark.parametrize(("p_fair", "side"), [(0.0, BookSide.BID), (1.0, BookSide.ASK)])
def test_what_is_certain_is_a_fair_value(p_fair: float, side: BookSide) -> None:
    desk = Desk(collar_fair_cents=100)
    assert desk.judge(changed(desk.order(50, side=side), p_fair=p_fair)) is DenialReason.EDGE


def test_not_without_an_edge_after_the_fee() -> None:
    desk = Desk()
    fee = 0.07 * 0.51 * 0.49
    assert desk.judge(changed(desk.order(51), p_fair=0.51 + fee)) is DenialReason.EDGE
    assert desk.judge(changed(desk.order(51), p_fair=0.51 + fee + 1e-6)) is None


@pytest.mark.parametrize("p_fair", [None, math.nan, math.inf, -0.1, 1.1])
def test_a_fair_value_that_is_missing_or_no_probability_is_a_no(p_fair: float | None) -> None:
    desk = Desk()
    assert desk.judge(changed(desk.order(), p_fair=p_fair)) is DenialReason.MISSING_DATA


Change = Callable[[PlaceOrder], PlaceOrder]


@pytest.mark.promise("unknown-sane")
@pytest.mark.parametrize(
    "change",
    [
        lambda order: changed(order, price=Price(0)),
        lambda order: changed(order, price=Price(10_000)),
        lambda order: changed(order, count=0),
        lambda order: changed(order, count=-100),
        lambda order: changed(order, ticker=AWAY_WINS),
        lambda order: changed(order, game="another"),
        lambda order: changed(order, strategy="nobody"),
    ],
)
def test_what_is_unknown_or_not_sane_is_a_no(change: Change) -> None:
    desk = Desk()
    assert desk.judge(change(desk.order())) is DenialReason.MISSING_DATA


def test_one_sided_and_unheard_markets_are_a_no() -> None:
    one_sided = told(Desk(), top(HOME_WINS, None, 51))
    assert one_sided.judge(one_sided.order()) is DenialReason.MISSING_DATA
    unheard = Desk()
    unheard.gate.on_game_news(market(AWAY_WINS), START)
    assert unheard.judge(changed(unheard.order(), ticker=AWAY_WINS)) is DenialReason.BOOK_UNTRUSTED


def test_unknown_fee_terms_are_a_no() -> None:
    desk = Desk()
    desk.gate.on_game_news(changed(market(HOME_WINS), fee_type="flat"), desk.now)
    assert desk.judge(desk.order()) is DenialReason.MISSING_DATA


def test_the_same_order_twice() -> None:
    desk = Desk()
    order = desk.send(desk.order())
    assert desk.judge(order) is DenialReason.DUPLICATE
    assert desk.restarted().judge(order, desk.now).facts[0].reason is DenialReason.DUPLICATE  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("price", "reason"), [(52, None), (51, DenialReason.SELF_CROSS), (50, DenialReason.SELF_CROSS)]
)
def test_not_against_an_own_order(price: int, reason: DenialReason | None) -> None:
    desk = Desk()
    desk.send(desk.order(51))
    assert desk.judge(desk.order(price, side=BookSide.ASK, strategy="beta")) is reason


@pytest.mark.parametrize(
    ("price", "reason"), [(48, None), (49, DenialReason.SELF_CROSS), (50, DenialReason.SELF_CROSS)]
)
def test_no_purchase_meets_an_own_sale(price: int, reason: DenialReason | None) -> None:
    desk = Desk()
    desk.send(desk.order(49, side=BookSide.ASK))
    assert desk.judge(desk.order(price, strategy="beta")) is reason


def test_a_strategy_that_is_switched_off() -> None:
    desk = Desk()
    desk.on_committed_fact(StrategyChanged("alpha", False, "{}", "eva", desk.now))
    assert desk.judge(desk.order()) is DenialReason.STRATEGY_DISABLED
    desk.on_committed_fact(StrategyChanged("alpha", True, "{}", "eva", desk.now))
    assert desk.judge(desk.order()) is None


@pytest.mark.promise("journal-down-nothing-cancels")
def test_while_the_journal_is_down_nothing_but_cancels_passes() -> None:
    desk = Desk()
    desk.bought(51, 10)
    order = desk.send(changed(desk.order(48), tif=TimeInForce.GTC))
    leaving = changed(desk.order(49, side=BookSide.ASK), exit=True, p_fair=None)
    smaller = AmendOrder(order.order_id, "alpha", order.price, contracts(5), desk.now)
    desk.gate.journal_down("disk full", desk.now)
    for wish in (desk.order(48), leaving, smaller):
        assert desk.judge(wish) is DenialReason.JOURNAL_DOWN
    assert desk.judge(_cancel(desk, order)) is None
    desk.gate.journal_up(desk.now)
    for wish in (desk.order(48), leaving, smaller):
        assert desk.judge(wish) is None


def test_of_a_list_of_orders_nothing_is_asked_that_only_a_game_can_answer() -> None:
    desk = Desk()
    desk.open("list", kind="scripted")
    desk.gate.on_game_news(game_known(matched=False), desk.now)
    desk.gate.on_game_news(changed(market(HOME_WINS), kind="other"), desk.now)
    told(desk, top(HOME_WINS, None, 51))
    assert desk.judge(changed(desk.order(51, 90, strategy="list"), p_fair=None)) is None
    assert (
        desk.judge(changed(desk.order(51, 101, strategy="list"), p_fair=None))
        is DenialReason.CONTRACTS_PER_ORDER
    )


def test_controls_need_no_opinion_but_all_else() -> None:
    desk = Desk()
    desk.open("coin", kind="random_taker")
    assert desk.judge(changed(desk.order(strategy="coin"), p_fair=None)) is None
    told(desk, top(HOME_WINS, 30, 51))
    assert desk.judge(changed(desk.order(strategy="coin"), p_fair=None)) is DenialReason.SPREAD


@pytest.mark.parametrize(("p_fair", "reason"), [(0.9, DenialReason.COLLAR_FAIR), (0.3, DenialReason.EDGE)])
def test_a_control_that_claims_a_fair_value_is_held_against_it(p_fair: float, reason: DenialReason) -> None:
    desk = Desk(collar_fair_cents=30)
    desk.open("coin", kind="random_taker")
    assert desk.judge(changed(desk.order(51, strategy="coin"), p_fair=p_fair)) is reason


def test_a_strategy_that_says_nothing_of_itself_is_judged_by_every_rule() -> None:
    desk = Desk()
    desk.open("quiet", kind="somebody_elses")
    assert desk.judge(desk.order(strategy="quiet")) is None
    assert desk.judge(changed(desk.order(strategy="quiet"), p_fair=None)) is DenialReason.MISSING_DATA
    desk = Desk(odds_age_seconds=900)
    desk.open("quiet", kind="somebody_elses")
    desk.later(900.001)
    assert desk.judge(desk.order(strategy="quiet")) is DenialReason.ODDS_AGE


@pytest.mark.parametrize("kind", ["somebody_elses", "sharp_line", "scripted"])
def test_what_a_strategy_says_of_itself_counts_whatever_its_kind_is_called(kind: str) -> None:
    desk = Desk(odds_age_seconds=900)
    desk.open("chart", kind=kind, traits=StrategyTraits(rests_on_odds=False))
    desk.open("odds", kind=kind, traits=StrategyTraits())
    desk.open("coin", kind=kind, traits=StrategyTraits(has_opinion=False))
    desk.later(900.001)
    assert desk.judge(desk.order(strategy="chart")) is None
    assert desk.judge(desk.order(strategy="odds")) is DenialReason.ODDS_AGE
    desk.gate.on_game_news(changed(odds("betmgm", -110, -110), at=desk.now), desk.now)
    assert desk.judge(changed(desk.order(strategy="coin"), p_fair=None)) is None
    assert desk.judge(changed(desk.order(strategy="odds"), p_fair=None)) is DenialReason.MISSING_DATA


def test_only_a_strategy_by_hand_may_trade_what_is_no_matched_game() -> None:
    desk = Desk()
    desk.open("list", kind="somebody_elses", traits=StrategyTraits(by_hand=True))
    desk.gate.on_game_news(game_known(matched=False), desk.now)
    assert desk.judge(desk.order(strategy="list")) is None
    assert desk.judge(desk.order()) is DenialReason.GAME_UNMATCHED


def denial_of(desk: Desk, order: PlaceOrder) -> OrderDenied:
    (fact,) = desk.gate.judge(order, desk.now).facts
    assert isinstance(fact, OrderDenied)
    return fact


def _cancel(desk: Desk, order: PlaceOrder) -> CancelOrder:
    return CancelOrder(order.order_id, order.strategy, desk.now)
