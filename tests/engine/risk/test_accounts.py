"""What the gate remembers: results of what was closed, streaks, the use of every limit, games let go of."""

import math

import pytest

from engine.events import BookSide
from engine.facts import FollowingChanged, OrderAmended
from engine.fees import FeeTerms
from engine.message import changed
from engine.orders import AmendOrder, Liquidity, TimeInForce
from engine.reasons import DenialReason
from engine.risk import RiskGate, RiskLimits
from engine.risk.accounts import EVERYBODY, Account, Accounts
from engine.risk.exposure import Exposure
from engine.risk.halts import StateUnknown
from engine.risk.limits import LimitRefused
from engine.risk.marks import value_now
from engine.risk.utilization import drawdown, worst_loss
from engine.units import COUNT_ONE, MONEY_ONE, NANOS_PER_DAY, Count, Money, Nanos, Price
from tests.engine.risk.desk import Desk
from tests.engine.strategies.evening import AWAY_WINS, GAME, HOME_WINS, START, game_known, market, top


def sold(desk: Desk, price: int, count: float, strategy: str = "alpha") -> None:
    """Sell what is held, filled at once."""
    order = changed(desk.order(price, count, BookSide.ASK, strategy), exit=True, p_fair=None)
    desk.filled(desk.send(order))


def use(desk: Desk, name: str, strategy: str | None = None) -> tuple[str, str]:
    """The use of a limit, and where most of it is."""
    lines = desk.gate.limits_in_use(desk.now)
    (line,) = (line for line in lines if (line.name, line.strategy) == (name, strategy))
    return line.use, line.where


def test_what_is_closed_by_a_trade_is_realized_that_day() -> None:
    desk = Desk(loss_per_day=1000)
    desk.bought(51, 10)
    sold(desk, 41, 4)
    account = desk.gate.accounts.of["alpha"]
    assert (account.realized, account.streak) == (Money(-400_000), 0), "6 of it are still held"
    sold(desk, 41, 6)
    assert (account.realized, account.streak, account.streak_at) == (Money(-1_000_000), 1, desk.now)
    assert use(desk, "loss_per_day")[0] == use(desk, "loss_per_week")[0] == "1"
    exposure = desk.gate.accounts.exposures["alpha", HOME_WINS]
    assert (exposure.count, exposure.cost, exposure.trip) == (0, 0, 0), "its cash stays a while"


def test_a_streak_counts_whole_positions_and_a_win_or_nothing_lost_ends_it() -> None:
    desk = Desk(loss_per_day=1000)
    account = desk.gate.accounts.of["alpha"]
    for price, streak in ((41, 1), (50, 2), (51, 0), (50, 1), (52, 0)):
        desk.bought(51, 10)
        sold(desk, price, 5)
        sold(desk, price, 5)
        assert account.streak == streak


def test_a_hundredth_of_a_contract_is_a_position_that_can_be_lost() -> None:
    desk = Desk(loss_per_day=1000)
    desk.bought(51, 0.01)
    sold(desk, 41, 0.01)
    assert desk.gate.accounts.of["alpha"].streak == 1


def test_a_position_that_is_turned_over_is_over() -> None:
    desk = Desk(contracts_total=1000)
    desk.bought(51, 10)
    desk.filled(desk.send(desk.order(41, 15, BookSide.ASK)))
    account, exposure = desk.gate.accounts.of["alpha"], desk.gate.accounts.exposures["alpha", HOME_WINS]
    assert (account.realized, account.streak) == (Money(-1_000_000), 1)
    assert (exposure.count, exposure.cost, exposure.trip) == (-500, 5 * 590_000, 0)


def test_the_use_of_every_limit_is_told_where_it_is_most() -> None:
    desk = Desk(RiskLimits())
    desk.gate.on_game_news(market(AWAY_WINS), START)
    desk.gate.on_game_news(top(AWAY_WINS, 49, 51, size=1000), START)
    desk.lost(3)
    desk.lost(2, "beta")
    desk.bought(50, 10, "beta")
    desk.filled(desk.send(changed(desk.order(50, 4, strategy="alpha"), ticker=AWAY_WINS)))
    assert use(desk, "contracts_per_market") == ("10", HOME_WINS)
    assert use(desk, "contracts_per_game") == ("14", GAME)
    assert use(desk, "contracts_per_strategy") == ("10", "beta")
    assert use(desk, "contracts_total") == ("14", "")
    assert use(desk, "exposure_per_market") == ("5", HOME_WINS)
    assert use(desk, "exposure_per_game") == ("7", GAME)
    assert use(desk, "exposure_per_strategy") == ("5", "beta")
    assert use(desk, "exposure_total") == ("7", "")
    assert use(desk, "worst_case_per_game") == ("3", GAME), "10 of the one and 4 of the other: 4 pay"
    assert use(desk, "loss_per_day") == use(desk, "loss_per_week") == ("12", "")
    assert use(desk, "loss_streak") == ("1", "beta")
    assert use(desk, "orders_per_minute") == use(desk, "orders_per_hour") == use(desk, "orders_per_day")
    assert use(desk, "orders_per_day") == ("4", "")
    desk.later(60)
    assert (use(desk, "orders_per_minute")[0], use(desk, "orders_per_hour")[0]) == ("0", "4")
    desk.later(3540)
    assert (use(desk, "orders_per_hour")[0], use(desk, "orders_per_day")[0]) == ("0", "4")
    desk.later(86_400)
    assert (use(desk, "orders_per_day")[0], use(desk, "loss_per_day")[0]) == ("0", "7")
    assert use(desk, "loss_per_week")[0] == "7", "the evening was a Sunday"


def test_of_equal_uses_the_first_is_named_and_of_none_nobody() -> None:
    desk = Desk(RiskLimits())
    desk.bought(50, 5)
    desk.bought(50, 5, "beta")
    assert use(desk, "contracts_per_strategy") == ("5", "alpha")
    sure = Desk(RiskLimits())
    sure.gate.accounts.exposure("alpha", HOME_WINS, GAME).cash = Money(10)
    assert use(sure, "worst_case_per_game") == use(sure, "contracts_per_market") == ("0", "")


def test_nothing_is_used_where_nobody_did_anything_and_a_gain_is_no_loss() -> None:
    desk = Desk(RiskLimits())
    assert use(desk, "loss_per_day") == use(desk, "loss_per_week") == use(desk, "exposure_total") == ("0", "")
    assert use(desk, "worst_case_per_game") == use(desk, "drawdown_strategy") == ("0", "")
    desk.bought(50, 10)
    desk.settled(1, 10)
    assert use(desk, "loss_per_day") == use(desk, "loss_per_week") == ("0", "")


def test_a_drawdown_is_told_of_whoever_is_furthest_below_his_peak() -> None:
    desk = Desk(RiskLimits())
    desk.open("gamma", bankroll=100)
    desk.lost(10, "gamma")
    desk.lost(50)
    desk.gate.accounts.account("nobody")
    assert use(desk, "drawdown_strategy") == ("10", "gamma")


def test_a_limit_of_a_strategys_own_has_its_own_line_and_its_own_use() -> None:
    desk = Desk(RiskLimits())
    desk.gate.set_limit("contracts_total", "alpha", "5", "eva", desk.now)
    desk.bought(50, 5)
    desk.bought(50, 7, "beta")
    assert (use(desk, "contracts_total"), use(desk, "contracts_total", "alpha")) == (("12", ""), ("5", ""))
    lines = desk.gate.limits_in_use(desk.now)
    assert not [line for line in lines if line.passed], "a limit that is reached is not passed"


def test_entries_are_taken_back_when_a_limit_is_set_below_what_they_could_come_to() -> None:
    desk = Desk(contracts_total=100)
    desk.gate.set_limit("contracts_total", "beta", "50", "eva", desk.now)
    desk.bought(50, 10)
    entry = desk.send(changed(desk.order(48, 20), tif=TimeInForce.GTC))
    desk.send(changed(desk.order(49, 10, BookSide.ASK), exit=True, p_fair=None))
    other = desk.send(changed(desk.order(48, 20, strategy="beta"), tif=TimeInForce.GTC))
    assert desk.gate.set_limit("contracts_total", None, "50", "eva", desk.now).approved == ()
    assert desk.gate.set_limit("exposure_total", "beta", "0", "eva", desk.now).approved[
        0
    ].command.order_id == (other.order_id)
    cancelled = desk.gate.set_limit("contracts_total", None, "49", "eva", desk.now).approved
    assert [each.command.order_id for each in cancelled] == [entry.order_id, other.order_id], "not the exit"


def test_a_limit_that_is_not_passed_takes_nothing_back_although_another_one_is() -> None:
    desk = Desk(contracts_total=100)
    desk.bought(50, 10)
    entry = desk.send(changed(desk.order(48, 20), tif=TimeInForce.GTC))
    lowered = desk.gate.set_limit("contracts_total", None, "5", "eva", desk.now)
    assert [each.command.order_id for each in lowered.approved] == [entry.order_id]
    for name, strategy in (("loss_per_day", None), ("contracts_total", "beta")):
        assert desk.gate.set_limit(name, strategy, "1000", "eva", desk.now).approved == ()


@pytest.mark.parametrize(
    ("count", "worth"),
    [(10, 4.9), (-10, 4.9), (1, 0.49), (-1, 0.49), (0.01, 0.0049), (-0.01, 0.0049), (0, 0)],
)
def test_a_position_is_worth_what_it_would_bring_at_once(count: float, worth: float) -> None:
    desk = Desk()
    exposure = Exposure("alpha", HOME_WINS, GAME, Count(round(count * COUNT_ONE)))
    assert value_now(exposure, desk.gate.view.markets) == round(worth * MONEY_ONE)


@pytest.mark.parametrize(("bid", "ask", "count"), [(None, 51, 1), (49, None, -1)])
def test_what_nobody_bids_for_is_worth_nothing(bid: int | None, ask: int | None, count: int) -> None:
    desk = Desk()
    desk.gate.on_game_news(top(HOME_WINS, bid, ask), START)
    exposure = Exposure("alpha", HOME_WINS, GAME, Count(count * COUNT_ONE))
    assert value_now(exposure, desk.gate.view.markets) == 0
    assert value_now(exposure, {}) == 0


def test_paper_gains_do_not_make_a_drawdown_smaller() -> None:
    desk = Desk(loss_per_day=1000)
    desk.open("gamma", bankroll=100)
    desk.lost(10, "gamma")
    desk.bought(50, 10, "gamma")
    desk.gate.on_game_news(top(HOME_WINS, 90, 91), desk.now)
    accounts = desk.gate.accounts
    assert drawdown([accounts.of["gamma"]], accounts.select(strategy="gamma"), desk.gate.view.markets) == 10


def test_nobody_trades_without_capital() -> None:
    desk = Desk(drawdown_total=20)
    assert drawdown([], [], {}) == 100
    desk.gate.accounts.account("nobody")
    assert desk.judge(desk.order(strategy="nobody")) is DenialReason.MISSING_DATA


def test_a_settled_position_is_gone_with_its_exposure() -> None:
    desk = Desk(contracts_total=100)
    desk.settled(1, 10)
    assert desk.gate.accounts.of["alpha"].streak == 0
    desk.bought(50, 10)
    desk.settled(0, 10)
    assert desk.gate.accounts.exposures == {}
    assert (desk.gate.accounts.of["alpha"].realized, desk.gate.accounts.of["alpha"].streak) == (-5_000_000, 1)


def test_what_was_bought_and_sold_at_one_price_leaves_no_exposure_behind() -> None:
    desk = Desk(loss_per_day=1000)
    desk.bought(50, 10)
    sold(desk, 50, 10)
    assert desk.gate.accounts.exposures == {}


def test_fills_of_orders_that_nobody_approved_here_leave_no_exposure_behind_once_flat() -> None:
    desk = Desk(loss_per_day=1000)
    desk.filled(desk.order(50, 10))
    assert desk.gate.accounts.exposures["alpha", HOME_WINS].count == 10 * COUNT_ONE
    desk.filled(desk.order(50, 10, BookSide.ASK))
    assert desk.gate.accounts.exposures == {}


def test_exposures_are_chosen_by_strategy_market_and_game() -> None:
    accounts = Accounts()
    for strategy, ticker, game in (("alpha", "A", "G"), ("alpha", "B", "H"), ("beta", "A", "G")):
        accounts.exposure(strategy, ticker, game)

    def chosen(**by: str) -> list[tuple[str, str]]:
        return [(each.strategy, each.ticker) for each in accounts.select(EVERYBODY, **by)]

    assert len(chosen()) == 3
    assert chosen(strategy="alpha") == [("alpha", "A"), ("alpha", "B")]
    assert chosen(ticker="A") == chosen(game="G") == [("alpha", "A"), ("beta", "A")]
    assert chosen(strategy="alpha", game="G") == [("alpha", "A")]


def test_who_has_no_capital_has_no_equity() -> None:
    assert Account("alpha").equity() == 0


def test_a_hundredth_of_a_contract_can_be_given_back_and_nothing_cannot() -> None:
    sale = changed(Desk().order(50, side=BookSide.ASK), count=Count(1))
    assert Exposure("alpha", HOME_WINS, GAME, Count(1)).reduces(sale)
    assert not Exposure("alpha", HOME_WINS, GAME, Count(0)).reduces(sale)
    assert not Exposure("alpha", HOME_WINS, GAME, Count(-1)).reduces(sale)


def test_what_ended_leaves_no_exposure_behind() -> None:
    desk = Desk(contracts_total=100)
    desk.cancelled(desk.send(desk.order(48, 10)))
    assert (desk.gate.accounts.exposures, desk.gate.accounts.orders) == ({}, {})
    assert desk.judge(desk.order(51, 101)) is DenialReason.CONTRACTS_TOTAL
    assert desk.gate.accounts.exposures == {}, "nor does what was denied"


def test_until_an_amend_is_known_the_worse_of_both_orders_counts() -> None:
    desk = Desk(contracts_total=1000)
    for side, prices, worse in (
        (BookSide.BID, (48, 45), 48),
        (BookSide.BID, (45, 48), 48),
        (BookSide.ASK, (55, 52), 52),
        (BookSide.ASK, (52, 55), 52),
    ):
        order = desk.send(changed(desk.order(prices[0], 20, side), tif=TimeInForce.GTC, post_only=True))
        amend = AmendOrder(order.order_id, "alpha", Price(100 * prices[1]), Count(10 * COUNT_ONE), desk.now)
        assert desk.judge(amend) is None
        found = desk.gate.accounts.open_order(order.order_id)
        assert found is not None
        assert (found.price, found.remaining) == (100 * worse, 20 * COUNT_ONE)
        desk.on_committed_fact(
            OrderAmended(order.order_id, "alpha", amend.price, Count(0), Count(0), desk.now)
        )
        assert desk.gate.accounts.open_order(order.order_id) is None, "amended to nothing it is over"


def test_a_restarted_gate_knows_an_amend_that_is_under_way() -> None:
    desk = Desk(contracts_total=1000)
    order = desk.send(changed(desk.order(45, 20), tif=TimeInForce.GTC, post_only=True))
    amend = AmendOrder(order.order_id, "alpha", Price(4_800), Count(30 * COUNT_ONE), desk.now)
    assert desk.judge(amend) is None
    for gate in (desk.gate, desk.restarted()):
        found = gate.accounts.open_order(order.order_id)
        assert found is not None
        assert (found.price, found.remaining) == (4_800, 30 * COUNT_ONE)


@pytest.mark.parametrize("prices", [(48, 45), (45, 48)])
def test_until_an_amend_is_known_the_dearer_of_both_fees_counts(prices: tuple[int, int]) -> None:
    desk = Desk(contracts_total=1000)
    terms = desk.gate.view.markets[HOME_WINS].terms
    assert terms is not None
    count = Count(20 * COUNT_ONE)
    taking = [terms.estimate(Liquidity.TAKER, Price(100 * price), count) for price in prices]
    in_pieces = terms.estimate_in_pieces(Liquidity.TAKER, Price(100 * prices[0]), count)
    for post_only, fee in ((True, max(taking)), (False, max(in_pieces, taking[1]))):
        order = desk.send(changed(desk.order(prices[0], 20), tif=TimeInForce.GTC, post_only=post_only))
        amend = AmendOrder(order.order_id, "alpha", Price(100 * prices[1]), count, desk.now)
        assert desk.judge(amend) is None
        found = desk.gate.accounts.open_order(order.order_id)
        assert found is not None
        assert found.fee == fee
        assert desk.judge(order) is DenialReason.DUPLICATE, "it is still known after the trial"


def test_an_order_is_open_until_the_last_hundredth_of_a_contract_is_filled() -> None:
    desk = Desk(contracts_total=1000)
    order = desk.send(desk.order(50, 20))
    for filled, left in ((5, 1_500), (14.99, 1)):
        desk.filled(changed(order, count=Count(left + round(filled * COUNT_ONE))), filled)
        found = desk.gate.accounts.open_order(order.order_id)
        assert found is not None
        assert found.remaining == left
    desk.filled(changed(order, count=Count(1)))
    assert desk.gate.accounts.open_order(order.order_id) is None


def test_an_order_that_was_amended_to_a_hundredth_of_a_contract_is_open() -> None:
    desk = Desk(contracts_total=1000)
    order = desk.send(changed(desk.order(48, 20), tif=TimeInForce.GTC))
    desk.on_committed_fact(OrderAmended(order.order_id, "alpha", order.price, Count(1), Count(1), desk.now))
    found = desk.gate.accounts.open_order(order.order_id)
    assert found is not None
    assert found.remaining == 1


def test_a_hundredth_of_a_contract_is_settled_and_nothing_held_is_not() -> None:
    desk = Desk(contracts_total=1000)
    desk.bought(50, 0.01)
    desk.paid("alpha", HOME_WINS, 1, 0)
    account = desk.gate.accounts.of["alpha"]
    assert (account.realized, account.streak) == (-5_000, 1)
    desk.send(changed(desk.order(48), tif=TimeInForce.GTC))
    desk.paid("alpha", HOME_WINS, 0, 1)
    assert account.streak == 1, "no position was concluded"


def test_nobody_uses_anything_of_a_gate_without_strategies() -> None:
    assert {line.use for line in RiskGate(RiskLimits()).limits_in_use(START)} <= {"", "0"}


def test_who_holds_nothing_can_lose_nothing_and_a_single_microdollar_is_a_peak() -> None:
    assert worst_loss([], {}) == 0
    account = Account("alpha", bankroll=Money(1), peak=Money(1))
    assert drawdown([account], [], {}) == 0
    account.realized = Money(-1)
    assert drawdown([account], [], {}) == 100


@pytest.mark.parametrize("multiplier", ["0.5", None])
def test_what_is_approved_counts_at_the_markets_fee_and_at_a_dear_one_while_that_is_unknown(
    multiplier: str | None,
) -> None:
    desk = Desk(contracts_total=1000)
    order = desk.send(changed(desk.order(45, 20), tif=TimeInForce.GTC, post_only=True))
    gate = RiskGate(desk.limits)
    gate.on_game_news(game_known(), START)
    gate.on_game_news(changed(market(HOME_WINS), fee_multiplier=multiplier or "many"), START)
    gate.restore(desk.facts)
    terms = gate.view.markets[HOME_WINS].terms
    assert (terms is None) is (multiplier is None)
    dear = FeeTerms().with_maker_fees() if terms is None else terms
    found = gate.accounts.open_order(order.order_id)
    assert found is not None
    assert found.fee == dear.estimate_in_pieces(Liquidity.MAKER, order.price, order.count)


@pytest.mark.promise("game-loaded-unloaded-after")
def test_a_game_that_is_let_go_takes_no_order_until_it_is_followed_again() -> None:
    desk = Desk()
    step = desk.gate.unfollow(GAME, "eva", desk.now)
    assert step.facts == (FollowingChanged(GAME, followed=False, events=(), by="eva", at=desk.now),)
    desk.facts += step.facts
    assert desk.judge(desk.order()) is DenialReason.MISSING_DATA
    assert desk.restarted().unfollowed == {GAME}
    step = desk.gate.follow(GAME, ("E",), "eva", desk.now)
    assert step.facts == (FollowingChanged(GAME, followed=True, events=("E",), by="eva", at=desk.now),)
    desk.facts += step.facts
    assert desk.judge(desk.order()) is None
    assert desk.restarted().unfollowed == set()


def test_entries_are_remembered_for_two_days() -> None:
    desk = Desk(orders_per_day=10)
    desk.send(desk.order(count=1))
    first = desk.now
    desk.now = Nanos(first + 2 * NANOS_PER_DAY)
    desk.send(desk.order(count=1))
    assert list(desk.gate.accounts.of["alpha"].entries) == [first, desk.now]
    desk.now = Nanos(desk.now + 1)
    desk.send(desk.order(count=1))
    assert first not in desk.gate.accounts.of["alpha"].entries


def test_denials_of_cancels_and_amends_are_counted_too() -> None:
    desk = Desk()
    for _ in range(2):
        desk.judge(AmendOrder("nothing", "alpha", Price(4_800), Count(100), desk.now))
    assert desk.gate.denials["alpha", DenialReason.MISSING_DATA] == 2


def test_no_order_is_amended_by_another_strategy() -> None:
    desk = Desk()
    order = desk.send(desk.order(48))
    amend = AmendOrder(order.order_id, "beta", Price(4_700), Count(100), desk.now)
    assert desk.judge(amend) is DenialReason.MISSING_DATA


def test_a_resume_of_no_scope_is_refused() -> None:
    with pytest.raises(StateUnknown):
        Desk().gate.resume("everything", "eva", "?", START)


@pytest.mark.parametrize("value", ["inf", "-0.5", "nan"])
def test_an_amount_is_finite_and_not_negative(value: str) -> None:
    desk = Desk()
    with pytest.raises(LimitRefused):
        desk.gate.set_limit("loss_per_day", None, value, "eva", desk.now)
    desk.gate.set_limit("loss_per_day", None, "0", "eva", desk.now)
    assert desk.gate.limits.number("loss_per_day") == 0


@pytest.mark.parametrize("value", [math.inf, -0.5, math.nan])
def test_a_configured_amount_is_finite_and_not_negative(value: float) -> None:
    with pytest.raises(ValueError, match="must be a finite number that is not negative"):
        RiskLimits(loss_per_day=value)
    assert RiskLimits(loss_per_day=0).loss_per_day == 0


@pytest.mark.parametrize("words", [["game"], ("game", 1), "game"])
def test_configured_words_are_a_tuple_of_texts(words: object) -> None:
    with pytest.raises(TypeError, match="must be a tuple of words"):
        RiskLimits(market_types=words)  # type: ignore[arg-type]
    assert RiskLimits(market_types=None).market_types is None


@pytest.mark.parametrize("price", [1, 9_999])
def test_the_smallest_and_the_largest_price_and_the_smallest_count_are_sane(price: int) -> None:
    desk = Desk(contracts_total=100)
    assert (
        desk.judge(changed(desk.order(50), price=Price(price), count=Count(1)))
        is not DenialReason.MISSING_DATA
    )
