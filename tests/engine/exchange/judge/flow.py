"""The flow of one evening from a seed: what the others do at the venue, and what we wish meanwhile.

Drawn while a venue follows it, so that prices are near the touch and whoever is cancelled is there. Bursts
within milliseconds stand beside quiet seconds, for lag matters where things happen close together.
"""

import heapq
from random import Random
from typing import Final

import attrs

from engine.events import BookSide
from engine.orders import TimeInForce
from engine.units import NANOS_PER_MILLISECOND as MS
from engine.units import PRICE_CENT
from tests.engine.exchange.judge.venue import ASK, BID, Action, Deed, Public, Venue

START: Final = 1_790_000_000_000_000_000
STEPS: Final = 45
SIZES: Final = (1, 50, 100, 300, 1_000, 1_000, 2_500, 2_500, 6_000)
WANTS: Final = (100, 300, 1_000, 2_500, 5_000, 5_000, 20_000)
SIDES: Final = (BID, ASK)
DEEDS: Final = (
    *("join",) * 8,
    *("take",) * 5,
    *("cross",) * 3,
    *("cancel",) * 5,
    *("amend",) * 3,
    *("quote",) * 4,
    "kill",
    "block",
)
AGAIN_MS_MAX: Final = 1_500.0
"""A quote that is posted again is so within this time; whoever comes later is somebody else."""


@attrs.frozen
class Wish:
    """An order of ours: when it is decided (our clock is the venue's), and what becomes of it later.

    `cancel_after` and `amend_after` are nanoseconds from the decision; `amend` is the new price and count.
    """

    order_id: str
    at: int
    side: BookSide
    price: int
    count: int
    tif: TimeInForce
    post_only: bool
    expires_after: int | None
    cancel_after: int | None
    amend_after: int | None
    amend: tuple[int, int]
    strategy: str


@attrs.frozen
class Flow:
    """One evening: the others' deeds, what the public could hear of them, and our wishes."""

    opening: tuple[Action, ...]
    actions: tuple[Action, ...]
    public: tuple[Public, ...]
    wishes: tuple[Wish, ...]

    @property
    def ends(self) -> int:
        """The moment of the last deed."""
        return self.actions[-1].at


class Drawing:
    """The evening while it is drawn."""

    def __init__(self, rng: Random, wants: tuple[int, ...], *, pauses: bool) -> None:
        """`wants` are the sizes of our orders; `pauses` lets the market or the venue stand still once."""
        self.rng, self.wants = rng, wants
        self.venue = Venue()
        self.now = START
        self.orders = 0
        self.actions: list[Action] = []
        self.public: list[Public] = []
        self.wishes: list[Wish] = []
        self.later: list[tuple[int, int, Action]] = []
        self.pause_at = rng.randrange(STEPS) if pauses else -1
        self.centre = 50

    def draw(self) -> Flow:
        """The whole evening."""
        rng = self.rng
        for side in SIDES:
            for off in range(1, rng.randint(3, 5)):
                for _ in range(rng.randint(1, 2)):
                    self._enter(Deed.LIMIT, side, self._price(side, off), rng.choice(SIZES))
        opening = tuple(self.actions)
        self.actions.clear()
        self.public.clear()
        wishes = {rng.randrange(STEPS) for _ in range(rng.choice((1, 1, 2, 3, 4)))}
        for step in range(STEPS):
            self._pass()
            if step in wishes:
                self._wish()
            if step == self.pause_at:
                self._pause()
            else:
                self._deed(rng.choice(DEEDS))
        self._calm()
        return Flow(opening, tuple(self.actions), tuple(self.public), tuple(self.wishes))

    def _price(self, side: BookSide, off: int) -> int:
        cents = self.centre - off if side is BID else self.centre + off
        return min(max(cents, 2), 98) * PRICE_CENT

    def _touch(self, side: BookSide, off: int) -> int:
        """So many cents behind the best price of a side."""
        best = self.venue.best(side)
        if best is None:
            return self._price(side, 1 + off)
        price = best - off * PRICE_CENT if side is BID else best + off * PRICE_CENT
        return min(max(price, 2 * PRICE_CENT), 98 * PRICE_CENT)

    def _pass(self) -> None:
        """Time passes, and what was planned happens."""
        rng = self.rng
        gap = rng.uniform(0.01, 8) if rng.random() < 0.35 else rng.expovariate(1 / 300)
        self._until(self.now + int(gap * MS) + rng.randrange(1, 1_000))

    def _until(self, at: int) -> None:
        while self.later and self.later[0][0] <= at:
            due, _, action = heapq.heappop(self.later)
            self.now = max(due, self.now)
            self._do(attrs.evolve(action, at=self.now))
        self.now = max(at, self.now)

    def _do(self, action: Action) -> None:
        said = self.venue.act(action)
        self.actions.append(action)
        self.public += said

    def _plan(self, after_ms: float, action: Action) -> int:
        at = self.now + int(after_ms * MS) + self.rng.randrange(1_000)
        heapq.heappush(self.later, (at, len(self.later) + len(self.actions), action))
        return at

    def _enter(self, deed: Deed, side: BookSide, price: int, count: int) -> int:
        self.orders += 1
        self._do(Action(self.now, deed, self.orders, side, price, count, self.orders))
        return self.orders

    def _deed(self, what: str) -> None:
        rng = self.rng
        side = rng.choice(SIDES)
        size = rng.choice(SIZES)
        match what:
            case "join":
                inside = rng.choice((-1, 0, 0, 0, 1, 2))
                price = self._touch(side, inside)
                if not self.venue.depth(side.opposite, price):
                    self._enter(Deed.LIMIT, side, price, size)
            case "take" | "cross":
                deed = Deed.IOC if what == "take" else Deed.LIMIT
                self._enter(deed, side, self._touch(side.opposite, rng.choice((0, 0, 1, 2))), size)
            case "kill":
                self._enter(Deed.FOK, side, self._touch(side.opposite, 1), size)
            case "block":
                self._do(Action(self.now, Deed.BLOCK, 0, side, self._touch(side, -1), size))
            case "quote":
                self._quote(side, size)
            case _:
                self._change(what)

    def _change(self, what: str) -> None:
        rng = self.rng
        if not self.venue.entries:
            return
        entry = self.venue.entries[rng.choice(sorted(self.venue.entries))]
        if what == "cancel":
            self._do(Action(self.now, Deed.CANCEL, entry.order))
            return
        price, count = entry.price, max(1, entry.left * rng.choice((1, 2, 3)) // 2)
        if rng.random() < 0.4:
            price = self._touch(entry.side, rng.choice((-1, 0, 1)))
        # Who goes elsewhere, or wants more, decides anew; only who stays has the same contracts to give.
        lot = entry.lot
        if price != entry.price:
            self.orders += 1
            lot = self.orders
        self._do(Action(self.now, Deed.AMEND, entry.order, entry.side, price, count, lot))

    def _quote(self, side: BookSide, size: int) -> None:
        """Posted and pulled, again and again: the same contracts each time."""
        rng = self.rng
        price = self._touch(side, rng.choice((-1, -1, 0, 1)))
        self.orders += 1
        lot, times = self.orders, rng.randint(1, 4)
        after = 0.0
        for _ in range(times):
            self.orders += 1
            self._plan(after, Action(0, Deed.POST, self.orders, side, price, size, lot))
            after += rng.choice((rng.uniform(0.2, 60), rng.uniform(0.2, 800)))
            self._plan(after, Action(0, Deed.CANCEL, self.orders))
            after += rng.choice((rng.uniform(0.2, 60), rng.uniform(0.2, AGAIN_MS_MAX)))

    def _pause(self) -> None:
        """The market, or the whole venue, stands still for some seconds; only cancels come through."""
        whole = self.rng.random() < 0.4
        self._do(Action(self.now, Deed.PAUSE, count=int(whole)))
        again = self._plan(self.rng.uniform(12_000, 20_000), Action(0, Deed.RESUME, count=int(whole)))
        for _ in range(self.rng.randint(0, 2)):
            self._until(self.now + self.rng.randrange(1_000 * MS))
            self._change("cancel")
            if self.rng.random() < 0.5:
                self._wish()
        self._until(again)

    def _calm(self) -> None:
        """The end: seconds in which something far away goes on, so that nobody need wait for the feed."""
        for _ in range(8):
            self._until(self.now + 900 * MS + self.rng.randrange(200 * MS))
            self._enter(Deed.LIMIT, BID, PRICE_CENT, 100)

    # Ourselves

    def _wish(self) -> None:
        rng = self.rng
        side = rng.choice(SIDES)
        taking = rng.random() < 0.45
        if taking:
            price = self._touch(side.opposite, rng.choice((0, 0, 0, 1, 2)))
        else:
            price = self._touch(side, rng.choice((-1, 0, 0, 0, 1)))
        tif = rng.choices(
            (TimeInForce.GTC, TimeInForce.IOC, TimeInForce.FOK), (4, 4, 1) if taking else (20, 1, 1)
        )[0]
        gtc = tif is TimeInForce.GTC
        moved = self._touch(side, rng.choice((-2, -1, 0, 1))), rng.choice(self.wants)
        self.wishes.append(
            Wish(
                order_id=f"order-{len(self.wishes) + 1}",
                at=self.now + int(rng.expovariate(1 / 100) * MS),
                side=side,
                price=price,
                count=rng.choice(self.wants),
                tif=tif,
                post_only=gtc and rng.random() < 0.15,
                expires_after=int(rng.uniform(200, 6_000) * MS) if gtc and rng.random() < 0.1 else None,
                cancel_after=int(rng.uniform(10, 6_000) * MS) if gtc and rng.random() < 0.35 else None,
                amend_after=int(rng.uniform(10, 4_000) * MS) if gtc and rng.random() < 0.2 else None,
                amend=moved if rng.random() < 0.6 else (price, rng.choice(self.wants)),
                strategy=rng.choice(("ann", "bob")),
            )
        )


def flow(seed: str, *, pauses: bool, wants: tuple[int, ...] = WANTS) -> Flow:
    """The evening of a seed."""
    return Drawing(Random(seed), wants, pauses=pauses).draw()
