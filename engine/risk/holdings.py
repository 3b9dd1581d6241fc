"""All exposures, by strategy and market, with the running totals of every group that a limit is about.

Kept by the gate's accounts. Who changes an exposure touches it; `recount` then brings the totals up to date
by the difference, so that a judgement costs the same whatever is held. `check` adds everything up anew.
"""

from collections.abc import Mapping
from typing import Final

from engine.invariant import InvariantBroken
from engine.risk.exposure import Exposure
from engine.risk.marks import Marks, on_paper
from engine.risk.totals import NOTHING_COUNTED, Sums, Total
from engine.view import MarketView

# The kinds of groups: what the key of a total begins with, and behind it what names the group.
STRATEGY: Final = "strategy"
STRATEGY_GAME: Final = "strategy game"
ACCOUNT_MARKET: Final = "account market"
ACCOUNT_GAME: Final = "account game"
GAME: Final = "game"
GAME_MARKET: Final = "game market"
ALL: Final = "all"

GroupKey = tuple[str, ...]


class Holdings:
    """See the module. `of` is in the order in which the exposures were first mentioned."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.of: dict[tuple[str, str], Exposure] = {}
        self.by_market: dict[str, dict[str, Exposure]] = {}
        """By ticker and strategy, in the same order."""
        self.total = Total((ALL,))
        """Of everything."""
        self.marks = Marks()
        self._totals: dict[GroupKey, Total] = {}
        self._touched: dict[tuple[str, str], None] = {}

    def group(self, *key: str) -> Total:
        """The total of a group, such as `GAME, "the game"`; an empty one where nobody has anything."""
        return self._totals.get(key) or Total(key)

    def groups(self, exposure: Exposure, account: str) -> tuple[Total, ...]:
        """The totals that an exposure of an account belongs to, or would; in the order of `_join`."""
        strategy, ticker, game = exposure.strategy, exposure.ticker, exposure.game
        # Those of one that is held stand in it: looked up by name, each would be one more visit to memory
        # that nobody has touched for long.
        return exposure.totals or (
            self.total,
            self.group(STRATEGY, strategy),
            self.group(ACCOUNT_MARKET, account, ticker),
            self.group(ACCOUNT_GAME, account, game),
            self.group(GAME, game),
            self.group(STRATEGY_GAME, strategy, game),
            self.group(GAME_MARKET, game, ticker),
        )

    def put(self, exposure: Exposure, account: str) -> None:
        """Take an exposure in, in place of what the strategy had in that market; `account` is whose it is."""
        key = (exposure.strategy, exposure.ticker)
        before = self.of.get(key)
        if before is not None:
            self._leave(before)
        self.of[key] = exposure
        self.by_market.setdefault(exposure.ticker, {})[exposure.strategy] = exposure
        self._join(exposure, account)

    def drop(self, exposure: Exposure) -> None:
        """Let go of an exposure."""
        if self.of.get((exposure.strategy, exposure.ticker)) is not exposure:
            return
        del self.of[exposure.strategy, exposure.ticker]
        self._leave(exposure)
        of_market = self.by_market[exposure.ticker]
        del of_market[exposure.strategy]
        if not of_market:
            del self.by_market[exposure.ticker]
        self.marks.stale.add(exposure.ticker)

    def move(self, strategy: str, account: str) -> None:
        """A strategy trades on another account from now on."""
        for exposure in self.of.values():
            if exposure.strategy == strategy:
                self._leave(exposure)
                self._join(exposure, account)

    def touch(self, exposure: Exposure) -> None:
        """Say that an exposure is about to change, or has changed."""
        self._touched[exposure.strategy, exposure.ticker] = None

    def recount(self) -> None:
        """Bring the totals up to date with every exposure that was touched."""
        for key in self._touched:
            exposure = self.of.get(key)
            if exposure is not None:
                exposure.recount(exposure.sums())
                self.marks.stale.add(exposure.ticker)
        self._touched.clear()

    def check(self, views: Mapping[str, MarketView]) -> None:
        """Add everything up anew. Raises InvariantBroken where a running total says something else."""
        self.recount()
        self.marks.refresh(self.by_market, views)
        again: dict[GroupKey, Sums] = {key: Sums() for key in (*self._totals, (ALL,))}
        lost: dict[str, int] = {}
        for exposure in self.of.values():
            for total in exposure.totals:
                again[total.key].add(exposure.sums())
            lost[exposure.strategy] = lost.get(exposure.strategy, 0) + on_paper(exposure, views)
        for key, sums in again.items():
            total = self.total if key == (ALL,) else self._totals[key]
            if total.numbers() != sums.numbers():
                raise InvariantBroken(
                    f"the running total of {' '.join(key)} is {total.numbers()}, not {sums.numbers()}"
                )
        marks = {strategy: self.marks.of(strategy) for strategy in lost}
        if (marks, self.marks.total()) != (lost, sum(lost.values())):
            raise InvariantBroken(f"the losses on paper are {lost}, not {marks} and {self.marks.total()}")

    def _join(self, exposure: Exposure, account: str) -> None:
        """Count it, with nothing until the next recount, in every group that it belongs to."""
        strategy, ticker, game = exposure.strategy, exposure.ticker, exposure.game
        of_game, of_own = self._made(GAME, game), self._made(STRATEGY_GAME, strategy, game)
        of_market = self._made(GAME_MARKET, game, ticker)
        of_game.parts[ticker] = of_market
        of_own.parts[ticker] = exposure.counted
        exposure.totals = (
            self.total,
            self._made(STRATEGY, strategy),
            self._made(ACCOUNT_MARKET, account, ticker),
            self._made(ACCOUNT_GAME, account, game),
            of_game,
            of_own,
            of_market,
        )
        for total in exposure.totals:
            total.members += 1
        self.touch(exposure)

    def _leave(self, exposure: Exposure) -> None:
        exposure.recount(NOTHING_COUNTED)
        for total in exposure.totals:
            total.members -= 1
            if total.members == 0 and total is not self.total:
                del self._totals[total.key]
        strategy, ticker, game = exposure.strategy, exposure.ticker, exposure.game
        self.group(STRATEGY_GAME, strategy, game).parts.pop(ticker, None)
        if (GAME_MARKET, game, ticker) not in self._totals:
            self.group(GAME, game).parts.pop(ticker, None)
        exposure.totals = ()

    def _made(self, *key: str) -> Total:
        total = self._totals.get(key)
        if total is None:
            total = self._totals[key] = Total(key)
        return total
