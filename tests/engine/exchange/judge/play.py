"""The paper exchange lives through an evening: it hears the feed and our orders, and its timers are woken.

It is driven as its actor drives it: trades of a gap are asked for once the book is there again.
"""

import heapq
from collections.abc import Iterable
from itertools import count
from typing import TypeAlias

import attrs

from engine.accounts import SHARED, Accounts
from engine.events import VenueEvent
from engine.exchange import ExchangeRules, PaperExchange
from engine.facts import Fact, StrategyOpened
from engine.latency import Delay
from engine.message import changed
from engine.orders import AmendOrder, Approved, CancelOrder, OrderCommand, PlaceOrder
from engine.step import Step
from engine.units import MONEY_ONE, Count, Money, Nanos, Price
from engine.units import NANOS_PER_MILLISECOND as MS
from tests.engine.exchange.floor import MARKET, listing
from tests.engine.exchange.judge.feed import Feed
from tests.engine.exchange.judge.flow import START, Wish

AFTER = 90_000 * MS
"""How long we look on after the last thing that is heard: by then whatever waits has been decided."""

SLOW = Delay(((0, Nanos(20 * MS)), (900, Nanos(60 * MS)), (1_000, Nanos(900 * MS))))
QUICK = Nanos(MS)
TRAVEL = Nanos(50 * MS)

Input: TypeAlias = VenueEvent | OrderCommand | str


def rules(number: int) -> ExchangeRules:
    """The delays of an evening: as long for every order, next to none, or drawn for each order."""
    constant: dict[str, Delay | int] = {
        "decide_to_send": 5 * MS,
        "entry": TRAVEL,
        "acknowledge": TRAVEL,
        "cancel": TRAVEL,
    }
    kinds: tuple[dict[str, Delay | int], ...] = (
        {},
        {"decide_to_send": 0, "entry": QUICK, "cancel": QUICK},
        {"entry": SLOW, "cancel": SLOW},
    )
    return ExchangeRules(**{**constant, **kinds[number % len(kinds)]})  # type: ignore[arg-type]


@attrs.define(eq=False)
class Player:
    """One exchange on one evening."""

    feed: Feed
    exchange: PaperExchange
    accounts: Accounts = Accounts.SHARED
    facts: list[Fact] = attrs.field(factory=list)
    said: list[tuple[int, Input]] = attrs.field(factory=list)
    """What was given to it, in order."""
    _queue: list[tuple[int, int, int, Input]] = attrs.field(factory=list)
    _numbers: "count[int]" = attrs.field(factory=count)
    _asked: int | None = None

    def play(self) -> None:
        """From the opening of the accounts until nothing can come any more."""
        for strategy in ("ann", "bob"):
            bankroll, account = Money(1_000_000 * MONEY_ONE), self.accounts.of(strategy)
            opened = StrategyOpened(strategy, "test", bankroll, "{}", Nanos(START), account=account)
            self._keep(self.exchange.open_account(opened))
        # Without fees the cash of a reading is price times count, so that its prices can be read off.
        self._give(START, changed(listing(), fee_type="quadratic", fee_multiplier="0"))
        for heard in self.feed.heard:
            self._put(heard.at, heard.event)
        for wish in self.feed.flow.wishes:
            for at, command in commands(wish):
                self._put(at, command)
        ends = max(self._queue)[0] + AFTER
        while self._queue and self._queue[0][0] <= ends:
            at, _, _, given = heapq.heappop(self._queue)
            self._give(at, given)

    def _put(self, at: int, given: Input) -> None:
        # What is due at a moment comes before what is heard in it.
        heapq.heappush(self._queue, (at, not isinstance(given, str), next(self._numbers), given))

    def _give(self, at: int, given: Input) -> None:
        match given:
            case str():
                step = self.exchange.wake(given, at)
            case PlaceOrder() | CancelOrder() | AmendOrder():
                self.said.append((at, given))
                step = self.exchange.act(Approved(given), at)
            case _:
                self.said.append((at, given))
                step = self.exchange.on_venue_event(given, at)
        self._keep(step)
        if not isinstance(given, str):
            self._ask(at)

    def _keep(self, step: Step) -> None:
        self.facts += step.facts
        for timer in step.timers:
            self._put(timer.due, timer.key)

    def _ask(self, at: int) -> None:
        market = self.exchange.state.market(MARKET).of(SHARED)
        since = market.no_visibility_since
        if since is not None and market.book.synced and since != self._asked:
            self._asked = since
            heard = self.feed.missing(since, at)
            self._put(heard.at, heard.event)


def commands(wish: Wish) -> Iterable[tuple[int, OrderCommand]]:
    """The order of a wish, and what is sent after it."""
    expires = None if wish.expires_after is None else Nanos(wish.at + wish.expires_after)
    yield (
        wish.at,
        PlaceOrder(
            order_id=wish.order_id,
            strategy=wish.strategy,
            game="game",
            ticker=MARKET,
            side=wish.side,
            price=Price(wish.price),
            count=Count(wish.count),
            tif=wish.tif,
            decided_at=Nanos(wish.at),
            signal_id=f"signal-{wish.order_id}",
            post_only=wish.post_only,
            expires_at=expires,
        ),
    )
    if wish.amend_after is not None:
        at = wish.at + wish.amend_after
        price, wanted = wish.amend
        yield at, AmendOrder(wish.order_id, wish.strategy, Price(price), Count(wanted), Nanos(at))
    if wish.cancel_after is not None:
        at = wish.at + wish.cancel_after
        yield at, CancelOrder(wish.order_id, wish.strategy, Nanos(at))


def played(feed: Feed, number: int, accounts: Accounts = Accounts.SHARED) -> Player:
    """The evening of a feed, under the delays of that number."""
    player = Player(feed, PaperExchange(rules(number), seed=number), accounts)
    player.play()
    return player
