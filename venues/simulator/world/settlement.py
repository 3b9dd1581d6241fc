"""The end of a game's markets: closed, determined, settled; postponed, or cancelled at a fair price.

Steps that `venues.simulator.world.world` has done at their times. After a final the close time is rewritten
to the moment of closing, as the venue does; a postponed game's markets simply stay open.
"""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from venues.simulator.world.game import Game, ScoreMoved
from venues.simulator.world.listing import Family, Fate
from venues.simulator.world.market import Market
from venues.simulator.world.rare_events import misjudge
from venues.simulator.world.settings import MINUTE

if TYPE_CHECKING:
    from venues.simulator.world.world import World


def plan_openings(world: "World", game: Game) -> None:
    """The last rung of the totals is opened during the evening; one rung is paused for a while in play."""
    late = game.markets[-1]
    late.status = "initialized"
    late.clear(0, [])
    late.shown = late.top()
    world.at(world.settings.starts_at + world.seconds(200, 500), partial(_activate, world, game, late))
    if game.moments:
        paused = game.markets[world.rng.randrange(2, len(game.markets) - 1)]
        starts = game.moments[world.rng.randrange(20, len(game.moments) - 40)].at
        world.at(starts, partial(_pause, world, paused))
        world.at(starts + world.seconds(45, 120), partial(_activate, world, game, paused))


def _pause(world: "World", market: Market, at: int) -> None:
    market.status = "inactive"
    market.live(at, "deactivated", world.out)


def _activate(world: "World", game: Game, market: Market, at: int) -> None:
    """Whatever rested through a pause is cancelled; makers come back in their own time."""
    market.clear(at, world.out)
    market.status = "active"
    market.live(at, "activated", world.out)
    game.believe(at)
    world.invite(game, market, at)


def settle_played(world: "World", game: Game, at: int) -> None:
    """Plan the end of all markets of a game whose final whistle went at `at`."""
    for family in Family:
        closes = at + world.seconds(40, 150)
        determined = closes + world.seconds(20, 90)
        for market in game.markets:
            if market.listing.family is family:
                pays = market.listing.pays(game.now.home, game.now.away)
                world.at(closes, partial(_close, world, market))
                world.at(determined, _judgement(world, market, ("yes", 100) if pays else ("no", 0)))


def _judgement(world: "World", market: Market, outcome: tuple[str, int]) -> Callable[[int], None]:
    """The step that announces a result, rightly at once or after all."""
    if market.misjudged:
        return partial(misjudge, world, market, outcome, _settle)
    return partial(_determine, world, market, outcome)


def postpone(world: "World", game: Game, at: int) -> None:
    """The league takes the game off tonight's schedule; a cancelled one is paid at a fair price later."""
    game.postponed = True
    for book in game.books:
        book.prices = None
    world.out.append(ScoreMoved(at, game))
    if game.listing.fate is Fate.CANCELLED:
        for market in game.markets:
            fair = max(1, min(99, round(market.fair)))
            world.at(at + 100 * MINUTE, partial(_close, world, market))
            world.at(at + 102 * MINUTE, partial(_determine, world, market, ("scalar", fair)))


def _close(world: "World", market: Market, at: int) -> None:
    market.close_at = at
    market.live(at, "close_date_updated", world.out)
    market.status = "closed"
    market.clear(at, world.out)
    market.quote(at, world.out)


def _determine(world: "World", market: Market, outcome: tuple[str, int], at: int) -> None:
    market.result, market.settlement_cents = outcome
    market.status = "determined"
    market.determined_at = at
    market.live(at, "determined", world.out)
    world.at(at + world.settlement_timer, partial(_settle, world, market))


def _settle(world: "World", market: Market, at: int) -> None:
    market.status = "finalized"
    market.settled_at = at
    market.live(at, "settled", world.out)
