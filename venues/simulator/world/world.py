"""The simulated evening as a stream of events in time order: what moves games, books and vendors.

`World.run` is a generator over a heap of due steps; whoever draws from it (the pure evening or the live
services) decides how fast time goes, and may read the state of every game between two draws. No clock, no
sockets.
"""

from collections.abc import Iterator
from functools import partial
from typing import Final

from venues.simulator.world.agenda import Agenda
from venues.simulator.world.events import WorldEvent
from venues.simulator.world.game import Game
from venues.simulator.world.listing import Fate, list_games
from venues.simulator.world.market import QUOTE_PAUSE, Market
from venues.simulator.world.market_makers import Maker
from venues.simulator.world.play_by_play import Moment
from venues.simulator.world.rare_events import FeeChange, plan_surprises
from venues.simulator.world.scenarios import Cause
from venues.simulator.world.settings import MINUTE, SECOND, EveningSettings
from venues.simulator.world.settlement import plan_openings, postpone, settle_played
from venues.simulator.world.sportsbooks import Sportsbook

CROWD_DELAY: Final = (3.0, 11.0)
"""Seconds until those who trade have seen a moment; with makers and takers the price follows by about 20."""
SCOREBOARD_DELAY: Final = 9 * SECOND
"""What the scoreboard services are behind the arena; whoever polls them is behind by his pause too."""
ONE_BY_ONE: Final = (0.05, 0.5)
"""Seconds from what a maker withdraws to its new bids of that side, and from them to those of the other."""
CALM: Final = 0.01
"""How often a maker is shy while nothing is played, compared with in play."""
SHY_SECONDS: Final = 2.0
"""Mean time for which a maker leaves its best price out."""
RETHINK_PAUSE: Final = 20 * SECOND
"""How often a fading overreaction is looked at."""


class World:
    """An evening: its games with their state at `now`, and the steps that are still due."""

    def __init__(self, settings: EveningSettings) -> None:
        self.settings = settings
        self._due = Agenda(settings)
        self.games = tuple(Game.prepared(listing, settings) for listing in list_games(settings))
        self.markets = {market.listing.ticker: market for game in self.games for market in game.markets}
        self.fee_changes: list[FeeChange] = []
        """Fees of single events so far, oldest first."""
        self._seconds_of_taker = 9.0 / settings.activity
        for game in self.games:
            self._begin(game)

    def run(self) -> Iterator[WorldEvent]:
        """All happenings of the evening, in time order; ends after the last settlement."""
        while self.due_at is not None:
            yield from self.step()

    @property
    def now(self) -> int:
        """The moment of the last step, UTC nanoseconds."""
        return self._due.now

    @property
    def due_at(self) -> int | None:
        """When the next step is due, UTC nanoseconds; None when the evening is over."""
        return self._due.due_at

    def step(self) -> list[WorldEvent]:
        """Do the next step and return what happened."""
        return self._due.step()

    def alarm(self, moment: int, name: str) -> None:
        """Have a reader of the happenings told when a moment comes."""
        self._due.alarm(moment, name)

    @property
    def finished(self) -> bool:
        """Whether everything that will be settled tonight has been settled."""
        return all(
            market.settled_at is not None
            for game in self.games
            if game.listing.fate is not Fate.POSTPONED
            for market in game.markets
        )

    def _begin(self, game: Game) -> None:
        """Plan what is certain of a game: its first steps, not its course."""
        begins = self.settings.starts_at
        for market in game.markets:
            market.shown = market.top()
        plan_openings(self._due, game, self._schedule_makers)
        if self.settings.surprises:
            plan_surprises(self._due, game, self.fee_changes)
        match game.listing.fate:
            case Fate.PLAYED:
                self._due.at(game.moments[0].at, partial(self._score, game, 0))
            case Fate.POSTPONED | Fate.CANCELLED:
                self._due.at(game.listing.tip_at - 10 * MINUTE, partial(postpone, self._due, game))
        for case in game.cases:
            pause = RETHINK_PAUSE if case.cause is Cause.OVERREACTION else case.end - case.start
            for moment in range(case.start, case.end + 1, pause):
                self._due.at(moment, partial(self._rethink, game))
        for book in game.books:
            self._due.at(
                begins + self._due.rng.randint(5, 300) * SECOND, partial(self._reprice_before, game, book)
            )
        self._due.at(begins + self._due.rng.randint(1, 20) * SECOND, partial(self._taker, game))
        for market in game.markets:
            for maker in market.makers:
                if maker.temper.shy:
                    first = begins + self._until(maker.temper.shy)
                    self._due.at(first, partial(self._shy, game, market, maker))

    def _score(self, game: Game, number: int, at: int) -> None:
        """A moment of the game has come: everybody who follows it will react in his own time."""
        moment: Moment = game.moments[number]
        game.score(moment)
        self._due.at(at + SCOREBOARD_DELAY, partial(self._show, game, moment))
        if number + 1 < len(game.moments):
            self._due.at(game.moments[number + 1].at, partial(self._score, game, number + 1))
        else:
            settle_played(self._due, game, at)
        # Nobody sees a later moment first.
        game.seen_until = max(game.seen_until, at + self._due.seconds(*CROWD_DELAY))
        self._due.at(game.seen_until, partial(self._see, game, moment))

    def _see(self, game: Game, moment: Moment, at: int) -> None:
        """The crowd sees a moment: makers and sportsbooks will react to it."""
        game.see(moment)
        if moment is game.moments[0]:
            for market in game.markets:
                self._schedule_makers(game, market, at)
        self._rethink(game, at)
        for book in game.books:
            self._due.at(at + self._due.seconds(*book.lag), partial(self._reprice, game, book))

    def _until(self, mean: float) -> int:
        """A random time of so many seconds on average, in nanoseconds."""
        return int(self._due.rng.expovariate(1 / mean) * SECOND) + 1

    def _shy(self, game: Game, market: Market, maker: Maker, at: int) -> None:
        """A maker takes back its best price of one side for a moment, if anything happens."""
        if game.over or game.postponed:
            return
        played = game.live and game.now.status != "Halftime"
        wants_to = played or self._due.rng.random() < CALM
        if wants_to and maker.shy is None and market.status == "active":
            maker.shy = self._due.rng.randrange(2)
            self._quote_side(market, maker, maker.shy, at)
            self._due.at(at + self._until(SHY_SECONDS), partial(self._bold, market, maker, maker.shy))
        pause = maker.temper.shy / self.settings.activity
        self._due.at(at + self._until(pause), partial(self._shy, game, market, maker))

    def _bold(self, market: Market, maker: Maker, side: int, at: int) -> None:
        maker.shy = None
        self._quote_side(market, maker, side, at)

    def _show(self, game: Game, moment: Moment, at: int) -> None:
        game.show(at, moment, self._due.out)

    def _rethink(self, game: Game, at: int) -> None:
        """Markets form their belief anew; makers that are too far from it will re-quote."""
        game.believe(at)
        for market in game.markets:
            if market.status == "active":
                self._wake(game, market, at)

    def _schedule_makers(self, game: Game, market: Market, at: int) -> None:
        """All makers come to a market that has just been opened, or whose game begins."""
        for maker in market.makers:
            maker.due = True
            self._due.at(
                at + self._due.seconds(*maker.temper.lag), partial(self._requote, game, market, maker)
            )

    def _wake(self, game: Game, market: Market, at: int) -> None:
        moved = False
        for maker in market.makers:
            if not maker.due and maker.wants_to_move(market.fair):
                maker.due = moved = True
                lag = self._due.seconds(*maker.temper.lag)
                self._due.at(
                    at + int(lag / self.settings.activity), partial(self._requote, game, market, maker)
                )
        if moved and self._due.rng.random() < 0.4:
            self._due.at(at + self._due.seconds(0.8, 3.0), partial(self._take_stale, game, market))

    def _requote(self, game: Game, market: Market, maker: Maker, at: int) -> None:
        if market.status == "active":
            first = maker.follow(market.fair)
            market.withdraw(at, maker, first, self._due.out)
            self._touch(market, at)
            then = at + self._due.seconds(*ONE_BY_ONE)
            self._due.at(then, partial(self._quote_side, market, maker, first))
            then += self._due.seconds(*ONE_BY_ONE)
            self._due.at(then, partial(self._quote_last, market, maker, 1 - first))
        else:
            maker.due = False

    def _quote_last(self, market: Market, maker: Maker, side: int, at: int) -> None:
        maker.due = False
        self._quote_side(market, maker, side, at)

    def _quote_side(self, market: Market, maker: Maker, side: int, at: int) -> None:
        if market.status == "active":
            market.cross(at, maker, side, self._due.out)
            market.quote_side(at, maker, side, self._due.out)
            self._touch(market, at)

    def _take_stale(self, game: Game, market: Market, at: int) -> None:
        game.take_stale(at, market, self._due.rng.randrange(500, 20_000), self._due.out)
        self._touch(market, at)

    def _taker(self, game: Game, at: int) -> None:
        """Takers come faster in play; each also reminds a maker of refilling."""
        if game.over or game.postponed:
            return
        market = game.take_some(at, self._due.out)
        if market.retail and self._due.rng.random() < 0.8:
            self._due.at(at + self._due.seconds(20, 200), partial(self._impatience, market))
        for maker in market.makers[:2]:
            if not maker.due and self._due.rng.random() < 0.7:
                maker.due = True
                self._due.at(at + self._due.seconds(1, 5), partial(self._requote, game, market, maker))
        self._touch(market, at)
        mean = self._seconds_of_taker * (1 if game.live else 4)
        self._due.at(at + int(self._due.rng.expovariate(1 / mean) * SECOND) + 1, partial(self._taker, game))

    def _impatience(self, market: Market, at: int) -> None:
        if market.status == "active":
            market.impatience(at, self._due.out)
            self._touch(market, at)

    def _reprice(self, game: Game, book: Sportsbook, at: int) -> None:
        game.reprice(at, book, self._due.out)

    def _reprice_before(self, game: Game, book: Sportsbook, at: int) -> None:
        if game.now.period == 0 and not game.postponed:
            game.reprice(at, book, self._due.out)
            self._due.at(at + self._due.seconds(90, 480), partial(self._reprice_before, game, book))

    def _touch(self, market: Market, at: int) -> None:
        """Have the ticker channel say a new top, now or when its pause is over."""
        if market.quote_due or not market.wants_quote():
            return
        if at - market.quoted_at >= QUOTE_PAUSE:
            market.quote(at, self._due.out)
        else:
            market.quote_due = True
            self._due.at(market.quoted_at + QUOTE_PAUSE, partial(self._quote, market))

    def _quote(self, market: Market, at: int) -> None:
        market.quote_due = False
        if market.wants_quote():
            market.quote(at, self._due.out)
