"""What a venue seldom does: a market created late, fees of an event of its own, a result taken back.

Planned by `venues.simulator.world.world` for every game that is played, if the settings ask for it, and drawn
from a seed of its own, so that an evening without surprises stays as it was.
"""

from collections.abc import Callable
from functools import partial
from random import Random
from typing import Final

import attrs

from venues.simulator.world.agenda import Agenda
from venues.simulator.world.events import FeesOverridden
from venues.simulator.world.game import Game, MarketCreated
from venues.simulator.world.listing import Family
from venues.simulator.world.market import Market
from venues.simulator.world.settings import MINUTE, SECOND

HALF_FEES: Final = ("quadratic_with_maker_fees", 0.5)
"""What an event's fees are overridden with: as baseball's are before the first pitch."""
ODD_FEES: Final = ("flat", 1.0)
"""A type that stands in the venue's own list and of which it does not say what it costs."""
DISPUTED_AFTER: Final = 30 * SECOND
AMENDED_AFTER: Final = 10 * MINUTE
SETTLEMENT_TIMER: Final = 90 * SECOND
"""From the determination to the payment."""

Outcome = tuple[str, int]
OwnFees = tuple[str | None, float | None]
Settle = Callable[[Agenda, Market, int], None]


@attrs.frozen
class FeeChange:
    """An event's own fees from a moment on; None stands for those of its series."""

    number: int
    at: int
    game: Game
    fee_type: str | None
    multiplier: float | None


def plan_surprises(agenda: Agenda, game: Game, changes: list[FeeChange]) -> None:
    """Plan the surprises of one game; `changes` gets its own fees, as they come into force."""
    rng = Random(f"{agenda.settings.seed}|{game.listing.number}|surprises")
    late = game.markets[-1]
    late.created_at = agenda.settings.starts_at + rng.randint(30, 150) * SECOND
    agenda.at(late.created_at, partial(_create, agenda, game, late))
    if not game.moments:
        return
    begins = game.moments[rng.randrange(10, len(game.moments) // 2)].at
    agenda.at(begins, partial(_override, agenda, game, changes, HALF_FEES))
    agenda.at(begins + rng.randint(3, 9) * MINUTE, partial(_override, agenda, game, changes, (None, None)))
    # Winners are what most positions are in, so that a result taken back touches somebody.
    rng.choice(game.markets[:2]).amended_later = True


def _create(agenda: Agenda, game: Game, market: Market, at: int) -> None:
    agenda.out.append(MarketCreated(at, game, market))


def _override(agenda: Agenda, game: Game, changes: list[FeeChange], fees: OwnFees, at: int) -> None:
    agenda.out.append(override_fees(game, changes, fees, at))


def override_fees(game: Game, changes: list[FeeChange], fees: OwnFees, at: int) -> FeesOverridden:
    """Give the event of a game's winner fees of its own, or with (None, None) those of its series again."""
    fee_type, multiplier = fees
    game.own_fees = None if fee_type is None or multiplier is None else (fee_type, multiplier)
    changes.append(FeeChange(len(changes) + 1, at, game, *fees))
    return FeesOverridden(at, game.listing.event_ticker(Family.GAME), *fees)


def amend_result(agenda: Agenda, market: Market, outcome: Outcome, settle: Settle, at: int) -> None:
    """Announce the contrary of `outcome`; it will be disputed, amended and then paid."""
    word, cents = outcome
    contrary = {"yes": "no", "no": "yes"}[word], 100 - cents
    _announce(agenda, market, contrary, "determined", at)
    agenda.at(at + DISPUTED_AFTER, partial(_dispute, market))
    agenda.at(at + AMENDED_AFTER, partial(_amend, agenda, market, outcome, settle))


def _dispute(market: Market, _at: int) -> None:
    """Only the listing says so: the stream has no word for it."""
    market.status = "disputed"


def _amend(agenda: Agenda, market: Market, outcome: Outcome, settle: Settle, at: int) -> None:
    _announce(agenda, market, outcome, "amended", at)
    agenda.at(at + SETTLEMENT_TIMER, partial(settle, agenda, market))


def _announce(agenda: Agenda, market: Market, outcome: Outcome, status: str, at: int) -> None:
    market.result, market.settlement_cents = outcome
    market.status = status
    market.determined_at = at
    market.live(at, "determined", agenda.out)
