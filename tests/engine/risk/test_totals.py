"""The running totals are the full sums, whatever has happened, and each rule compares the one it is about.

Covers: engine.risk.totals, engine.risk.holdings, engine.risk.marks, engine.risk.sent.
"""

from copy import deepcopy
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.accounts import Accounts
from engine.calendar import game_day
from engine.events import BookSide
from engine.facts import OrderAmended, OrderApproved, OrderDenied, StrategyOpened
from engine.invariant import InvariantBroken
from engine.message import changed
from engine.orders import AmendOrder, PlaceOrder, TimeInForce
from engine.reasons import DenialReason
from engine.risk import LIMIT_NAMES, RiskGate, RiskLimits
from engine.risk.accounts import EVERYBODY, Scope, game_week
from engine.risk.exposure import Exposure, pending
from engine.risk.sent import KEPT, SentEntries
from engine.risk.utilization import contracts_in, dollars_in, drawdown, worst_loss
from engine.units import (
    COUNT_ZERO,
    MONEY_ONE,
    NANOS_PER_HOUR,
    NANOS_PER_MINUTE,
    Count,
    Money,
    Nanos,
    Price,
    contracts,
)
from tests.engine.risk.desk import OFF, Desk
from tests.engine.strategies.evening import GAME, START, game_known, market, odds, top

OTHER = "KXNBAGAME-26NOV22MIANYK"
MARKETS = [
    (game, f"{game}-{suffix}", kind, team, strike)
    for game, home, away in ((GAME, "LAL", "BOS"), (OTHER, "NYK", "MIA"))
    for suffix, kind, team, strike in (
        (home, "game", home, None),
        (away, "game", away, None),
        (f"{home}5", "spread", home, 4.5),
        ("221", "total", None, 220.5),
        ("P1", "player", None, None),
    )
]
NAMES = ("alpha", "beta", "gamma")
WAYS = (
    *("send", "send", "send", "send", "send"),
    *("fill", "part", "cancel", "amend", "amend"),
    *("settle", "dispute", "price", "keep", "undo", "restart", "move", "limit"),
)
LIMITS = ("contracts_per_order", "contracts_per_market", "exposure_per_game", "worst_case_per_game")
"""What is set and taken back on the way: nobody is to be stopped by them at the end."""

EVENINGS = 40
STEPS = 60


class Floor(Desk):
    """Two games of five markets and three strategies; after every step all totals are added up anew."""

    def __init__(self, accounts: Accounts) -> None:
        """No limit holds."""
        super().__init__(RiskLimits(**OFF), accounts)
        self.open("gamma", bankroll=40)
        self.open_orders: dict[str, PlaceOrder] = {}
        self.held: dict[tuple[str, int], int] = {}
        self.kept: tuple[dict[str, object] | None, int] = None, 0
        """The parts of the gate and how many facts are in them, as when it was kept last."""
        self.gate.on_game_news(changed(game_known("NYK", "MIA"), game=OTHER), START)
        self.gate.on_game_news(changed(odds("fanduel", -110, -110), game=OTHER), START)
        for game, ticker, kind, team, strike in MARKETS:
            self.gate.on_game_news(changed(market(ticker, kind, team, strike), game=game), START)
            self.gate.on_game_news(changed(top(ticker, 49, 51, size=1000), game=game), START)

    def on_committed_fact(self, fact: object) -> None:
        """Tell it, and add up."""
        super().on_committed_fact(fact)  # type: ignore[arg-type]
        self.gate.accounts.check(self.gate.view.markets)

    def wish(self, name: str, place: int, side: BookSide, cents: int, count: int) -> PlaceOrder:
        """An order in one of the markets."""
        order = self.order(cents, count, side, name)
        game, ticker = MARKETS[place][:2]
        return changed(order, game=game, ticker=ticker, tif=TimeInForce.GTC)

    def step(self, draw: Random) -> None:
        """One thing happens."""
        way, name, place = draw.choice(WAYS), draw.choice(NAMES), draw.randrange(len(MARKETS))
        cents, count = draw.randint(2, 97), draw.randint(1, 12)
        chosen = [order for order in self.open_orders.values() if order.strategy == name]
        if way == "keep":
            self.kept = deepcopy(self.gate.durable()), len(self.facts)
        elif way == "send":
            order = self.wish(name, place, draw.choice(list(BookSide)), cents, count)
            if self.judge(order) is None:
                self.open_orders[order.order_id] = order
        elif way in {"fill", "part", "cancel", "amend"} and chosen:
            self._goes_on(way, draw.choice(chosen), cents)
        elif way in {"settle", "dispute"}:
            held = [where for (_, where), position in self.held.items() if position]
            self._settled(draw.choice([place, *held]), value=cents % 2, disputed=way == "dispute")
        elif way == "price":
            game, ticker = MARKETS[place][:2]
            bid = None if count == 1 else cents
            self.gate.on_game_news(changed(top(ticker, bid, cents + 2, size=1000), game=game), self.now)
        elif way == "move":
            self.move(name, draw.choice(["", *NAMES]))
        elif way == "limit":
            value = draw.choice(["0", "none", str(count)])
            self.facts += self.gate.set_limit(draw.choice(LIMITS), None, value, "eva", self.now).facts
        elif way == "undo":
            parts, known = self.kept
            self.gate = self.gate.undone(self.facts[known:], deepcopy(parts))
        elif way == "restart":
            self.gate = self.restarted()
        self.gate.accounts.check(self.gate.view.markets)

    def move(self, name: str, account: str) -> None:
        """A strategy trades on another account from now on."""
        bankroll = self.gate.accounts.of[name].bankroll
        assert bankroll is not None
        self.on_committed_fact(StrategyOpened(name, "sharp_line", bankroll, "{}", self.now, None, account))

    def unlimited(self) -> None:
        """No limit holds any more."""
        for limit in LIMITS:
            self.facts += self.gate.set_limit(limit, None, "none", "eva", self.now).facts

    def _goes_on(self, way: str, order: PlaceOrder, cents: int) -> None:
        if way == "cancel":
            del self.open_orders[order.order_id]
            self.cancelled(order)
        elif way == "amend":
            amend = AmendOrder(order.order_id, order.strategy, Price(100 * cents), contracts(3), self.now)
            passes = self.judge(amend) is None
            self.gate.accounts.check(self.gate.view.markets)
            if passes and cents % 3:
                self.open_orders[order.order_id] = changed(order, price=amend.price, count=amend.count)
                self.on_committed_fact(_amended(order, amend))
        else:
            count = order.count if way == "fill" else Count(max(1, order.count // 3))
            place = [each[1] for each in MARKETS].index(order.ticker)
            key = order.strategy, place
            self.held[key] = self.held.get(key, 0) + (count if order.side is BookSide.BID else -count)
            self.filled(order, count / 100, Money(1_750))
            if count == order.count:
                del self.open_orders[order.order_id]
            else:
                self.open_orders[order.order_id] = changed(order, count=Count(order.count - count))

    def _settled(self, place: int, *, value: int, disputed: bool) -> None:
        ticker = MARKETS[place][1]
        # Now and then a market is paid before the exchange has said that its orders are gone.
        gone = self.open_orders.values() if value else ()
        for order in [each for each in gone if each.ticker == ticker]:
            del self.open_orders[order.order_id]
            self.cancelled(order)
        for (name, where), position in self.held.items():
            if where == place and position:
                self.paid(name, ticker, position, value)
                if disputed:
                    self.paid(name, ticker, position, value, reversal=True)
                else:
                    self.held[name, where] = 0


def _amended(order: PlaceOrder, amend: AmendOrder) -> OrderAmended:
    return OrderAmended(
        order.order_id, order.strategy, amend.price, amend.count, COUNT_ZERO, amend.decided_at, amend.count
    )


def full_sums(floor: Floor, order: PlaceOrder, *, own: bool) -> dict[str, float]:
    """What each limit is about with the order in it, all added up; `own`: of a strategy's own limits."""
    gate = floor.restarted()
    accounts, views, now = gate.accounts, gate.view.markets, floor.now
    terms = views[order.ticker].terms
    assert terms is not None
    found = pending(order, gate.rounding.of(terms, now))
    exposure = accounts.exposure(order.strategy, order.ticker, order.game)
    by_strategy = Scope(strategy=order.strategy)
    account = accounts.account(order.strategy)
    shared = by_strategy if own else Scope(account=account.shares)
    everybody = by_strategy if own else EVERYBODY
    fallen = drawdown([account], accounts.select(by_strategy), views)
    all_fallen = drawdown(accounts.owners(EVERYBODY), accounts.select(), views)
    exposure.orders[order.order_id] = found
    at, game = {"ticker": order.ticker}, {"game": order.game}
    at_risk = dollars_in(accounts.select(everybody))
    owners, sharers = accounts.owners(everybody), accounts.owners(shared)
    lost_day = -sum(each.results.by_day.get(game_day(now), 0) for each in owners)
    lost_week = -sum(each.results.by_week.get(game_week(now), 0) for each in owners)
    sent = [moment for each in sharers for moment in each.entries]
    return {
        "contracts_per_order": order.count / 100,
        "contracts_per_market": contracts_in(accounts.select(shared, **at)),
        "contracts_per_game": contracts_in(accounts.select(shared, **game)),
        "contracts_per_strategy": contracts_in(accounts.select(by_strategy)),
        "contracts_total": contracts_in(accounts.select(everybody)),
        "exposure_per_market": dollars_in(accounts.select(shared, **at)),
        "exposure_per_game": dollars_in(accounts.select(shared, **game)),
        "exposure_per_strategy": dollars_in(accounts.select(by_strategy)),
        "exposure_total": at_risk,
        "worst_case_per_game": worst_loss(accounts.select(everybody, **game), views),
        "loss_per_trade": found.collateral / MONEY_ONE,
        "loss_per_day": max(0, lost_day) / MONEY_ONE + at_risk,
        "loss_per_week": max(0, lost_week) / MONEY_ONE + at_risk,
        "drawdown_strategy": fallen,
        "drawdown_total": all_fallen,
        "orders_per_minute": sum(moment > now - NANOS_PER_MINUTE for moment in sent) + 1,
        "orders_per_hour": sum(moment > now - NANOS_PER_HOUR for moment in sent) + 1,
        "orders_per_day": sum(game_day(moment) == game_day(now) for moment in sent) + 1,
    }


def use_by_the_rule(gate: RiskGate, order: PlaceOrder, limit: tuple[str, str | None], now: Nanos) -> float:
    """The use that a denial states when nothing is allowed; zero if even that is enough."""
    gate.set_limit(*limit, "0", "eva", now)
    (fact,) = gate.judge(order, now).facts[:1]
    gate.set_limit(*limit, "none", "eva", now)
    assert isinstance(fact, OrderDenied)
    assert fact.reason.value == limit[0]
    return float(fact.use.split()[0])


@pytest.mark.promise("totals-are-full-sums")
@pytest.mark.parametrize("seed", range(EVENINGS))
def test_every_rule_compares_the_full_sum_of_what_its_limit_is_about(seed: int) -> None:
    # A seed and not a list of steps: lists made by themselves are short, and then nearly nobody has anything.
    draw = Random(seed)
    floor = Floor(draw.choice(list(Accounts)))
    for _ in range(STEPS):
        floor.later(draw.choice([0, 0, 1, 40, 3_000, 90_000]))
        floor.step(draw)
    floor.unlimited()
    for game, ticker, *_ in MARKETS:
        floor.gate.on_game_news(changed(top(ticker, 40, 42, size=1000), game=game, at=floor.now), floor.now)
    order = entry_that_passes(floor, draw)
    for strategy in (None, order.strategy):
        gate = floor.restarted()
        for limit, full in full_sums(floor, order, own=strategy is not None).items():
            if limit == "drawdown_total" and strategy is not None:
                continue
            # A drawdown latches, so it is asked of a gate of its own.
            asked = floor.restarted() if limit.startswith("drawdown") else gate
            use = use_by_the_rule(asked, order, (limit, strategy), floor.now)
            assert use == pytest.approx(full, abs=0.6e-4 if limit.startswith("drawdown") else 0.6e-6), limit


def entry_that_passes(floor: Floor, draw: Random) -> PlaceOrder:
    """An order that limits are asked about: no exit, meets no own order, and can be paid."""
    while True:
        name, place = draw.choice(NAMES), draw.randrange(len(MARKETS))
        order = floor.wish(name, place, draw.choice(list(BookSide)), 41, 3)
        match floor.restarted().judge(order, floor.now).facts[0]:
            case OrderApproved(command=PlaceOrder(exit=False)):
                return order
            case _:
                continue


def test_every_limit_with_a_sum_is_tried_here() -> None:
    floor = Floor(Accounts.SHARED)
    tried = set(full_sums(floor, floor.wish("alpha", 0, BookSide.BID, 41, 3), own=False))
    words = ("contracts", "exposure", "worst", "loss_per", "drawdown", "orders")
    assert tried == {name for name in LIMIT_NAMES if name.startswith(words)}


@pytest.mark.promise("totals-are-full-sums")
def test_a_strategy_that_moves_to_another_account_takes_its_use_with_it() -> None:
    floor = Floor(Accounts.SHARED)
    for name in ("alpha", "beta"):
        floor.send(floor.wish(name, 0, BookSide.BID, 41, 3))
    opened = StrategyOpened("beta", "sharp_line", Money(MONEY_ONE), "{}", floor.now, None, "beta")
    floor.on_committed_fact(opened)
    shared, own = floor.gate.accounts.sent(""), floor.gate.accounts.sent("beta")
    assert (len(shared.moments), len(own.moments)) == (1, 1)
    holdings = floor.gate.accounts.holdings
    assert holdings.group("account game", "", GAME).contracts == contracts(3)
    assert holdings.group("account game", "beta", GAME).contracts == contracts(3)


def test_an_exposure_that_is_put_in_place_of_itself_counts_once() -> None:
    floor = Floor(Accounts.SHARED)
    floor.send(floor.wish("alpha", 0, BookSide.BID, 41, 3))
    holdings = floor.gate.accounts.holdings
    (exposure,) = holdings.of.values()
    holdings.put(exposure, "")
    holdings.recount()
    assert (holdings.group("game", GAME).members, holdings.group("game", GAME).contracts) == (1, contracts(3))
    holdings.check(floor.gate.view.markets)


def test_a_total_of_which_nothing_is_left_is_let_go_of() -> None:
    floor = Floor(Accounts.ISOLATED)
    order = floor.send(floor.wish("alpha", 0, BookSide.BID, 41, 3))
    assert floor.gate.accounts.holdings.group("game", GAME).parts
    floor.cancelled(order)
    holdings = floor.gate.accounts.holdings
    assert (holdings.of, holdings.by_market, holdings.group("game", GAME).members) == ({}, {}, 0)
    assert holdings.group("game", GAME) is not holdings.group("game", GAME), "made for the question only"


def test_of_a_game_only_the_markets_are_kept_in_which_somebody_has_something() -> None:
    floor = Floor(Accounts.SHARED)
    order, *_ = (floor.send(floor.wish("alpha", place, BookSide.BID, 41, 3)) for place in (0, 1))
    floor.cancelled(order)
    holdings = floor.gate.accounts.holdings
    assert [*holdings.group("game", GAME).parts] == [MARKETS[1][1]]
    assert [*holdings.group("strategy game", "alpha", GAME).parts] == [MARKETS[1][1]]


def test_a_total_that_says_something_else_than_the_sum_is_an_invariant_broken() -> None:
    floor = Floor(Accounts.SHARED)
    floor.send(floor.wish("alpha", 0, BookSide.BID, 41, 3))
    views = floor.gate.view.markets
    floor.gate.accounts.check(views)
    floor.gate.accounts.holdings.group("strategy", "alpha").at_risk += 1
    with pytest.raises(InvariantBroken, match="the running total of strategy alpha is"):
        floor.gate.accounts.check(views)
    floor.gate.accounts.holdings.group("strategy", "alpha").at_risk -= 1
    floor.gate.accounts.sent("").add(floor.now)
    with pytest.raises(InvariantBroken, match="the running totals of the accounts are"):
        floor.gate.accounts.check(views)


def test_marks_that_are_not_the_prices_of_this_moment_are_an_invariant_broken() -> None:
    floor = Floor(Accounts.SHARED)
    floor.bought(51, 3)
    views = floor.gate.view.markets
    floor.gate.accounts.check(views)
    (exposure,) = floor.gate.accounts.exposures.values()
    views[exposure.ticker].quoted = top(exposure.ticker, 20, 22)
    with pytest.raises(InvariantBroken, match="losses on paper"):
        floor.gate.accounts.check(views)


def test_prices_that_fall_where_nothing_is_ordered_count_in_the_next_judgement() -> None:
    floor = Floor(Accounts.SHARED)
    floor.open("gamma", bankroll=100)
    floor.filled(floor.send(floor.wish("gamma", 0, BookSide.BID, 51, 60)))
    floor.gate.set_limit("drawdown_strategy", None, "20", "eva", floor.now)
    assert floor.judge(floor.wish("gamma", 5, BookSide.BID, 51, 1)) is None
    floor.gate.on_game_news(top(MARKETS[0][1], 10, 12), floor.now)
    denied = floor.judge(floor.wish("gamma", 5, BookSide.BID, 51, 1))
    assert denied is DenialReason.DRAWDOWN_STRATEGY


def test_what_an_exposure_counts_for_is_as_before_when_an_order_was_only_tried() -> None:
    floor = Floor(Accounts.SHARED)
    exposure = Exposure("alpha", "T", GAME)
    order = floor.order()
    terms = next(iter(floor.gate.view.markets.values())).terms
    assert terms is not None
    before = exposure.sums().numbers()
    assert exposure.sums_with(pending(order, terms)).numbers() != before
    assert (exposure.sums().numbers(), exposure.orders) == (before, {})


moments = st.lists(st.integers(0, 3 * KEPT // 2).map(Nanos), max_size=30)


@given(moments.filter(bool), st.integers(0, KEPT), st.integers(0, KEPT))
def test_entries_within_a_window_are_those_that_a_count_finds(
    sent: list[Nanos], back: int, length: int
) -> None:
    entries = SentEntries()
    for moment in sent:
        entries.add(moment)
    begin = Nanos(max(sent) - back)
    end = Nanos(begin + length)
    assert entries.within(begin, end) == sum(begin <= moment < end for moment in sent)
    assert entries.after(begin) == sum(moment > begin for moment in sent)


@pytest.mark.parametrize("limit", [2, 2.5])
def test_a_limit_of_orders_between_two_whole_numbers_is_the_lower_one(limit: float) -> None:
    desk = Desk(orders_per_day=limit)
    for _ in range(2):
        desk.send(desk.order(count=1))
    assert desk.judge(desk.order(count=1)) is not None


def test_judging_leaves_nothing_behind_of_what_was_denied() -> None:
    desk = Desk(contracts_per_order=1)
    for _ in range(3):
        assert desk.judge(desk.order(count=2)) is not None
    holdings = desk.gate.accounts.holdings
    assert (holdings.of, holdings.by_market) == ({}, {})
    assert isinstance(desk.gate, RiskGate)
