"""One game as it is being played: the score so far, its markets, its sportsbooks, and what they believe.

Driven by `venues.simulator.world.world`, which calls the steps at their times. Everything that changes leaves
happenings; nothing here looks at moments that have not come yet, except the planting of cases.
"""

from random import Random
from typing import Final, NamedTuple, TypeAlias

import attrs

from venues.simulator.world.book import NO, YES
from venues.simulator.world.fair_value import Outlook, outlook
from venues.simulator.world.listing import Fate, GameListing
from venues.simulator.world.market import Market, MarketEvent, Sink
from venues.simulator.world.play_by_play import Moment, play
from venues.simulator.world.scenarios import Cause, Scenario, plan_cases
from venues.simulator.world.settings import MINUTE, SECOND, EveningSettings
from venues.simulator.world.sportsbooks import SKINS, VENDORS, Prices, Sportsbook


class MarketCreated(NamedTuple):
    """The venue lists a market that was not there before; it is not open yet."""

    at: int
    game: "Game"
    market: "Market"


class ScoreMoved(NamedTuple):
    """Score, clock or status of a game changed."""

    at: int
    game: "Game"


class OddsMoved(NamedTuple):
    """A sportsbook changed its prices of a game."""

    at: int
    game: "Game"
    vendor: str


GameEvent: TypeAlias = MarketEvent | MarketCreated | ScoreMoved | OddsMoved
"""What happens in one game and its markets."""


FAIR_MIN: Final = 0.4
"""Makers never believe in less than this, in cents, until the final."""
STALE_CENTS: Final = 2.0
"""An offer this far from the belief is taken by the quick."""
SWEEPS: Final = 0.12
"""The share of the winners' takers in play who buy everything up to some cents above the best price: the
price comes back. Nobody has measured it on ladders."""
TAKEN: Final = (9.0, 1.6)
"""Mean and standard deviation of the logarithm of what a taker wants, in hundredths of a contract."""
TAKEN_MAX: Final = 1_000_000


@attrs.define(eq=False)
class Game:
    """A game with its state at this moment."""

    listing: GameListing
    settings: EveningSettings
    rng: Random
    moments: list[Moment]
    markets: tuple[Market, ...]
    books: tuple[Sportsbook, ...]
    cases: tuple[Scenario, ...]
    now: Moment
    view: Outlook
    """What is to be expected from what happens in the arena now."""
    crowd: Outlook
    """What those expect who trade and make prices: what the arena gave when they saw it."""
    shown: Moment
    """What balldontlie shows: a few seconds behind."""
    seen_until: int = 0
    """When the crowd sees the latest moment."""
    played: list[Moment] = attrs.field(factory=list)
    """The moments that have been shown, oldest first."""
    postponed: bool = False
    own_fees: tuple[str, float] | None = None
    """Type and multiplier of the winners' event while it has fees of its own."""
    opening: tuple[tuple[str, Prices, int], ...] = ()
    """Vendors' opening prices and when they were made."""

    @classmethod
    def prepared(cls, listing: GameListing, settings: EveningSettings) -> "Game":
        """The game before its first minute, with books quoted and sportsbooks priced."""
        seed = f"{settings.seed}|{listing.number}"
        rng = Random(f"{seed}|court")
        least, most = settings.tip_delay_minutes
        tip = listing.tip_at + rng.randint(least * 60, most * 60) * SECOND
        moments = play(listing.lines, tip, Random(f"{seed}|script"))
        begins = settings.starts_at
        before = Moment(begins, "", 0, 0, 0, 0)
        if listing.fate is Fate.PLAYED:
            cases = plan_cases(moments, begins, len(listing.markets), Random(f"{seed}|cases"))
            cases = cases if settings.edges else ()
        else:
            cases, moments = (), []
        game = cls(
            listing=listing,
            settings=settings,
            rng=rng,
            moments=moments,
            markets=tuple(Market.listed(market, seed) for market in listing.markets),
            books=tuple(Sportsbook.opened(vendor, seed) for vendor in VENDORS[: settings.sportsbooks]),
            cases=cases,
            now=before,
            view=outlook(listing.lines, before),
            crowd=outlook(listing.lines, before),
            shown=before,
        )
        game._open(begins)
        return game

    def _open(self, at: int) -> None:
        for book in self.books:
            book.reprice(at - self.rng.randint(10, 600) * SECOND, self.crowd, in_play=False)
        opened_at = at - self.rng.randint(10, 20) * 60 * MINUTE
        self.opening = tuple((book.vendor, book.prices, opened_at) for book in self.books if book.prices)
        self.believe(at)
        for market in self.markets:
            # As the venue lists it; the real close, minutes after the final whistle, replaces it.
            market.close_at = self.listing.tip_at + 48 * 60 * MINUTE
            market.volume = self.rng.randrange(20_000, 900_000)
            market.open_interest = market.volume * 2 // 3
            market.last_cents = max(1, min(99, round(market.fair)))
            market.last_count = self.rng.randrange(100, 5_000)
            for maker in market.makers:
                market.requote(at, maker, [])

    @property
    def over(self) -> bool:
        """Whether the final whistle has gone."""
        return self.now.status == "Final"

    @property
    def live(self) -> bool:
        """Whether the game has begun and is not over."""
        return self.now.period > 0 and not self.over

    def believe(self, at: int) -> None:
        """Let every market believe its fair price, but for the cases of the moment."""
        running = [case for case in self.cases if case.start <= at < case.end]
        for place, market in enumerate(self.markets):
            self._believe_one(at, market, [case for case in running if place in case.markets])

    def _believe_one(self, at: int, market: Market, running: list[Scenario]) -> None:
        if not self.over and any(case.cause is Cause.LAG for case in running):
            return
        towards_home = -1 if market.listing.team is self.listing.away else 1
        error = sum(towards_home * case.error(at) for case in running)
        lowest = 0.0 if self.over else FAIR_MIN
        market.fair = min(100 - lowest, max(lowest, 100 * market.listing.p_yes(self.crowd) + error))

    def score(self, moment: Moment) -> None:
        """The next moment of the game has come, in the arena."""
        self.now = moment
        self.view = outlook(self.listing.lines, moment)

    def see(self, moment: Moment) -> None:
        """The crowd has seen a moment of the game; with the first it quotes as one does in play."""
        self.crowd = outlook(self.listing.lines, moment)
        for market in self.markets:
            for maker in market.makers:
                maker.scale = 1

    def show(self, at: int, moment: Moment, out: Sink[GameEvent]) -> None:
        """A moment of the game has reached the scoreboard services."""
        self.shown = moment
        self.played.append(moment)
        out.append(ScoreMoved(at, self))

    def take_some(self, at: int, out: Sink[GameEvent]) -> Market:
        """A taker without any knowledge arrives and buys something."""
        rng = self.rng
        place = rng.randrange(2) if rng.random() < 0.55 else rng.randrange(2, len(self.markets))
        market = self.markets[place]
        if market.status != "active":
            return market
        side = rng.randrange(2)
        sweeps = self.live and place < 2 and rng.random() < SWEEPS
        count = TAKEN_MAX if sweeps else min(TAKEN_MAX, round(rng.lognormvariate(*TAKEN)))
        count = count if rng.random() < 0.25 else max(100, count // 100 * 100)
        touch = 100 - market.book.best(1 - side)
        if rng.random() < 0.3:
            market.rest(at, side, min(touch - 1, market.book.best(side) + rng.randrange(2)), count, out)
            return market
        limit = min(99, touch + rng.choice((1, 2, 2) if sweeps else (0, 0, 1, 3)))
        left = market.take(at, side, limit, count, out)
        if left and rng.random() < 0.5:
            market.rest(at, side, limit, left, out)
        return market

    def take_stale(self, at: int, market: Market, count: int, out: Sink[GameEvent]) -> None:
        """Somebody quick buys what is offered too cheaply for what the market believes."""
        if market.status != "active":
            return
        for side, worth in ((YES, market.fair), (NO, 100 - market.fair)):
            limit = int(worth - STALE_CENTS)
            if 100 - market.book.best(1 - side) <= limit:
                market.take(at, side, limit, count, out)

    def reprice(self, at: int, book: Sportsbook, out: Sink[GameEvent]) -> None:
        """One sportsbook follows the game."""
        if book.vendor in SKINS:
            return
        if not self.over and book.reprice(at, self.crowd, in_play=self.live):
            out.append(OddsMoved(at, self, book.vendor))
            for skin in self.books:
                if SKINS.get(skin.vendor) == book.vendor:
                    skin.prices = book.prices
