"""Exposure: the position and the approved orders of one strategy in one market, at their worst.

Folded by the risk gate from its own approvals and from the exchange's facts. An approved order counts in full
from the moment it is approved until the exchange has said how it ended, so nothing is counted too late. All
amounts include the fees that the venue would charge at the order's price.
"""

import attrs

from engine.events import BookSide
from engine.fees import FeeTerms
from engine.orders import Liquidity, PlaceOrder
from engine.risk.scenarios import Payoff
from engine.risk.totals import Sums, Total
from engine.units import COUNT_ZERO, MONEY_ZERO, PRICE_ONE, Count, Money, Price, format_count
from engine.view import Claim


@attrs.define(eq=False)
class Pending:
    """An approved order that may still trade: at most `remaining` at no worse than `price`."""

    order: PlaceOrder
    price: Price
    remaining: Count
    fee: Money
    count: Count

    @property
    def buys(self) -> bool:
        """Whether it buys YES."""
        return self.order.side is BookSide.BID

    @property
    def collateral(self) -> Money:
        """What it costs to be filled whole, with its fee: the price of YES or of NO."""
        own = self.price if self.buys else PRICE_ONE - self.price
        return Money(own * self.remaining + self.fee_left)

    @property
    def fee_left(self) -> Money:
        """The fee of what remains, rounded up."""
        return Money(-(-self.fee * self.remaining // self.count) if self.count else 0)


def pending(order: PlaceOrder, terms: FeeTerms) -> Pending:
    """An order as it counts once approved."""
    liquidity = Liquidity.MAKER if order.post_only else Liquidity.TAKER
    fee = terms.estimate_in_pieces(liquidity, order.price, order.count)
    return Pending(order, order.price, order.count, fee, order.count)


@attrs.define(eq=False)
class Exposure:
    """One strategy's position and approved orders in one market.

    `count` is + YES, - NO; `cost` what the present position cost in the held side's terms, fees included;
    `cash` all money that went in and out in YES terms (selling YES brings its price and promises a dollar).
    """

    strategy: str
    ticker: str
    game: str
    count: Count = COUNT_ZERO
    cost: Money = MONEY_ZERO
    cash: Money = MONEY_ZERO
    trip: Money = MONEY_ZERO
    orders: dict[str, Pending] = attrs.field(factory=dict)
    counted: Sums = attrs.field(factory=Sums, init=False)
    """What it adds to its `totals`: as it was at the last recount."""
    totals: tuple[Total, ...] = attrs.field(default=(), init=False)

    def sums(self) -> Sums:
        """What it adds to every total that it belongs to, counted anew."""
        payoff = self.payoff(None)
        paid = max(0, self.cost)
        return Sums(self.contracts(), self.at_risk(), paid=paid, yes=payoff.yes, no=payoff.no)

    def sums_with(self, order: Pending) -> Sums:
        """The same as if an order were approved, which it is not yet."""
        order_id = order.order.order_id
        # Counted with the order in place, by the same code as what was approved, in place of adding it to
        # each sum by hand.
        self.orders[order_id] = order
        try:
            return self.sums()
        finally:
            del self.orders[order_id]

    def recount(self, now: Sums) -> None:
        """Bring its totals up to date: from here on it is counted with `now`."""
        before = self.counted
        contracts, at_risk = now.contracts - before.contracts, now.at_risk - before.at_risk
        paid, least = now.paid - before.paid, now.least - before.least
        yes, no = now.yes - before.yes, now.no - before.no
        for sums in (*self.totals, before):
            sums.contracts += contracts
            sums.at_risk += at_risk
            sums.paid += paid
            sums.least += least
            sums.yes += yes
            sums.no += no

    def contracts(self) -> Count:
        """The largest position, either way, that any filling of the open orders can lead to."""
        buys = sells = 0
        for order in self.orders.values():
            if order.buys:
                buys += order.remaining
            else:
                sells += order.remaining
        # All buys fill and no sell, or the other way about: no other filling leads further out.
        return Count(max(abs(self.count + buys), abs(self.count - sells)))

    def lines(self) -> list[str]:
        """What there is in it, a sentence each, for people."""
        held = [f"{self.strategy} holds {format_count(self.count)} of {self.ticker}"] if self.count else []
        return held + [f"{self.strategy} has the order {order} in {self.ticker}" for order in self.orders]

    def at_risk(self) -> Money:
        """What the position cost and the open orders would cost: dollars paid or promised.

        Orders against the position cost nothing as far as it goes; the cheapest are taken to be those,
        whatever fills first. Orders of both sides are added up though they would cancel each other: rather
        too much.
        """
        risk: int = self.cost
        against: list[Pending] = []
        for order in self.orders.values():
            if order.buys == (self.count >= 0):
                risk += order.collateral
            else:
                against.append(order)
        cover = abs(self.count)
        # The cheapest are taken to be the closing ones, which leaves the dearest as new risk.
        for order in sorted(against, key=_unit_cost):
            covered = min(cover, order.remaining)
            cover -= covered
            if covered < order.remaining:
                risk -= -order.collateral * (order.remaining - covered) // order.remaining
        return Money(risk)

    def payoff(self, claim: Claim | None) -> Payoff:
        """The results of both outcomes of the market, each open order filling whenever that is worse."""
        # In YES terms a short position received its price and owes a dollar if YES pays; one formula serves
        # both signs.
        yes = self.cash + self.count * PRICE_ONE
        no = int(self.cash)
        for order in self.orders.values():
            own, other = order.price * order.remaining, (PRICE_ONE - order.price) * order.remaining
            fee = order.fee_left
            if order.buys:
                # Filled only where that is worse: nobody knows which of our orders will trade, so each does
                # its worst.
                yes += min(0, other - fee)
                no -= own + fee
            else:
                yes -= other + fee
                no += min(0, own - fee)
        return Payoff(claim, Money(yes), Money(no))

    def reduces(self, order: PlaceOrder) -> bool:
        """Whether an order can only make the position smaller, even if all other open orders fill first."""
        if self.count == 0 or (order.side is BookSide.BID) == (self.count > 0):
            return False
        # Other orders to close count first: two exits that each fit the position would together open one the
        # other way.
        promised = sum(
            other.remaining
            for other in self.orders.values()
            if other.buys == (order.side is BookSide.BID) and other.order.order_id != order.order_id
        )
        return promised + order.count <= abs(self.count)

    def fill(self, side: BookSide, price: Price, count: Count, fee: Money) -> Money:
        """Fold a fill; returns what it realized (negative is a loss), fees of what was closed included."""
        change = count if side is BookSide.BID else -count
        self.cash = Money(self.cash - price * change - fee)
        closing = min(count, abs(self.count)) if self.count * change < 0 else 0
        realized = 0
        own = price if side is BookSide.BID else PRICE_ONE - price
        if closing:
            # Rounded down: what is left in the position keeps the remainder, so no cost gets lost.
            cost = self.cost * closing // abs(self.count)
            fee_closing = fee * closing // count
            # Selling YES at p brings p; as the purchase of NO at 1 - p it pays off a dollar a pair.
            realized = (PRICE_ONE - own) * closing - cost - fee_closing
            self.cost = Money(self.cost - cost)
            fee = Money(fee - fee_closing)
        if count > closing:
            self.cost = Money((0 if closing else self.cost) + own * (count - closing) + fee)
        self.count = Count(self.count + change)
        self.trip = Money(self.trip + realized)
        return Money(realized)


def _unit_cost(order: Pending) -> int:
    """What a contract of an order costs."""
    return order.price if order.buys else PRICE_ONE - order.price
