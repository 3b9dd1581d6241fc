"""The end of a game's markets: closed, determined, settled; postponed, or cancelled at a fair price.

Steps that `venues.simulator.world.world` has done at their times. After a final the close time is rewritten
to the moment of closing, as the venue does; a postponed game's markets simply stay open.
"""

from collections.abc import Callable
from functools import partial
from typing import TypeAlias

from venues.simulator.world.agenda import Agenda
from venues.simulator.world.game import Game, ScoreMoved
from venues.simulator.world.listing import Family, Fate
from venues.simulator.world.market import Market
from venues.simulator.world.rare_events import SETTLEMENT_TIMER, amend_result
from venues.simulator.world.settings import MINUTE

ScheduleMakers: TypeAlias = Callable[[Game, Market, int], None]
"""Has the makers of a market come back to it, each in its own time."""


def plan_openings(agenda: Agenda, game: Game, schedule_makers: ScheduleMakers) -> None:
    """The last rung of the totals is opened during the evening; one rung is paused for a while in play."""
    late = game.markets[-1]
    late.status = "initialized"
    late.clear(0, [])
    late.shown = late.top()
    agenda.at(
        agenda.settings.starts_at + agenda.seconds(200, 500),
        partial(_activate, agenda, game, late, schedule_makers),
    )
    if game.moments:
        paused = game.markets[agenda.rng.randrange(2, len(game.markets) - 1)]
        starts = game.moments[agenda.rng.randrange(20, len(game.moments) - 40)].at
        agenda.at(starts, partial(_pause, agenda, paused))
        agenda.at(starts + agenda.seconds(45, 120), partial(_activate, agenda, game, paused, schedule_makers))


def _pause(agenda: Agenda, market: Market, at: int) -> None:
    market.status = "inactive"
    market.live(at, "deactivated", agenda.out)


def _activate(agenda: Agenda, game: Game, market: Market, schedule_makers: ScheduleMakers, at: int) -> None:
    """Whatever rested through a pause is cancelled; makers come back in their own time."""
    market.clear(at, agenda.out)
    market.status = "active"
    market.live(at, "activated", agenda.out)
    game.believe(at)
    schedule_makers(game, market, at)


def settle_played(agenda: Agenda, game: Game, at: int) -> None:
    """Plan the end of all markets of a game whose final whistle went at `at`."""
    for family in Family:
        closes = at + agenda.seconds(40, 150)
        determined = closes + agenda.seconds(20, 90)
        for market in game.markets:
            if market.listing.family is family:
                pays = market.listing.pays(game.now.home, game.now.away)
                agenda.at(closes, partial(_close, agenda, market))
                agenda.at(determined, _judgement(agenda, market, ("yes", 100) if pays else ("no", 0)))


def _judgement(agenda: Agenda, market: Market, outcome: tuple[str, int]) -> Callable[[int], None]:
    """The step that announces a result, rightly at once or after all."""
    if market.amended_later:
        return partial(amend_result, agenda, market, outcome, _settle)
    return partial(_determine, agenda, market, outcome)


def postpone(agenda: Agenda, game: Game, at: int) -> None:
    """The league takes the game off tonight's schedule; a cancelled one is paid at a fair price later."""
    game.postponed = True
    for book in game.books:
        book.prices = None
    agenda.out.append(ScoreMoved(at, game))
    if game.listing.fate is Fate.CANCELLED:
        for market in game.markets:
            fair = max(1, min(99, round(market.fair)))
            agenda.at(at + 100 * MINUTE, partial(_close, agenda, market))
            # The venue has no void: a cancelled game pays a fair price, with the result `scalar`.
            agenda.at(at + 102 * MINUTE, partial(_determine, agenda, market, ("scalar", fair)))


def _close(agenda: Agenda, market: Market, at: int) -> None:
    market.close_at = at
    # The stream has no event for a close: the rewritten close time is all that it says.
    market.live(at, "close_date_updated", agenda.out)
    market.status = "closed"
    market.clear(at, agenda.out)
    market.quote(at, agenda.out)


def _determine(agenda: Agenda, market: Market, outcome: tuple[str, int], at: int) -> None:
    market.result, market.settlement_cents = outcome
    market.status = "determined"
    market.determined_at = at
    market.live(at, "determined", agenda.out)
    agenda.at(at + SETTLEMENT_TIMER, partial(_settle, agenda, market))


def _settle(agenda: Agenda, market: Market, at: int) -> None:
    market.status = "finalized"
    market.settled_at = at
    market.live(at, "settled", agenda.out)
