"""A second whole world, in which our orders really take and the others meet what is left.

With orders that are small beside the others' it gives them what the judge's venue gives: that is how the
truth of the judge is tried. With large ones our own footprint decides: a buyer whose sellers we took rests
before us, or pays more, and whoever comes after him meets another book than the one that was heard.
"""

from engine.orders import TimeInForce
from tests.engine.exchange.judge.venue import Action, Entry, Leg, Public, Venue


class SecondWorld(Venue):
    """The same venue, but everybody sees our orders. What the public would hear of it is not told."""

    def _match(self, action: Action, said: list[Public]) -> int:
        left = action.count
        for price, queue in self._within(action.side.opposite, action.price):
            for entry in tuple(queue):
                left -= self._met(entry, left, action.at, price)
        return left

    def _met(self, entry: Entry, most: int, at: int, price: int) -> int:
        """How much of an entry is traded."""
        if entry.leg is not None:
            return entry.leg.take(at, price, most)
        traded = min(most, entry.left)
        entry.left -= traded
        if not entry.left:
            self._take_out(entry)
            del self.entries[entry.order]
        return traded

    def arrive(self, leg: Leg, at: int) -> None:
        """An order of ours arrives, and what it takes is gone."""
        depth = self.depth(leg.side.opposite, leg.price)
        whole = leg.tif is not TimeInForce.FOK or depth >= leg.wanted
        if not self.open or not whole or (leg.post_only and depth):
            return
        for price, queue in self._within(leg.side.opposite, leg.price):
            for entry in tuple(queue):
                if entry.leg is None:
                    leg.take(at, price, self._met(entry, leg.left, at, price))
        if leg.tif is TimeInForce.GTC:
            self._rest(Entry(0, 0, leg.side, leg.price, 0, leg))
