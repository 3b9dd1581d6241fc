"""Tonight's games and their markets: what is fixed before the first minute of an evening.

Draws teams, lines and ladders from the seed and names everything in the venues' grammar. Called by
`venues.simulator.world.world`.
"""

from datetime import date
from enum import Enum
from random import Random
from typing import Final
from uuid import UUID

import attrs

from venues.simulator.world.fair_value import Outlook
from venues.simulator.world.league import PLAYED
from venues.simulator.world.play_by_play import Lines
from venues.simulator.world.settings import EveningSettings
from venues.simulator.world.teams import TEAMS, Team

MONTHS: Final = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
# The venue's ladders of spreads and totals step by three points.
LADDER_STEP: Final = 3


class Family(Enum):
    """The three families of markets of a game; the value is the Kalshi series."""

    GAME, SPREAD, TOTAL = PLAYED.traded_series


class Fate(Enum):
    """How a listed game ends."""

    PLAYED = "played"
    POSTPONED = "postponed"
    CANCELLED = "cancelled"


@attrs.frozen
class MarketListing:
    """One market: its names and what its YES contract pays for."""

    ticker: str
    event_ticker: str
    family: Family
    market_id: str
    team: Team | None
    """The team that has to win, or to win by more than the strike; None for totals."""
    at_home: bool
    strike: float
    """Floor strike in points; 0 for winners."""
    label: str
    """`yes_sub_title`, which on these markets is the no_sub_title too."""

    def p_yes(self, view: Outlook) -> float:
        """What the contract is worth in the simulated world, in dollars."""
        if self.family is Family.TOTAL:
            return view.p_points_above(self.strike)
        if self.family is Family.GAME:
            return view.p_home if self.at_home else 1 - view.p_home
        return view.p_margin_above(self.strike) if self.at_home else 1 - view.p_margin_above(-self.strike)

    def pays(self, home: int, away: int) -> bool:
        """Whether YES wins with this final score."""
        if self.family is Family.TOTAL:
            return home + away > self.strike
        return (home - away if self.at_home else away - home) > self.strike


@attrs.frozen
class GameListing:
    """One game of the evening, as known before it begins."""

    number: int
    """Its place in the evening, from 0."""
    bdl_id: int
    away: Team
    home: Team
    date: str
    """Eastern, ISO."""
    tip_at: int
    """Scheduled, UTC nanoseconds."""
    lines: Lines
    fate: Fate
    team_ids: tuple[str, str]
    """Kalshi's ids of the away and the home team."""
    milestone_id: str
    markets: tuple[MarketListing, ...]

    @property
    def code(self) -> str:
        """The part that the game's event tickers share, such as 26NOV20WASLAC."""
        return f"{ticker_date(self.date)}{self.away.code}{self.home.code}"

    def event_ticker(self, family: Family) -> str:
        """The event of one family of this game."""
        return f"{family.value}-{self.code}"


def ticker_date(iso: str) -> str:
    """An ISO date as tickers write it: 26NOV20."""
    day = date.fromisoformat(iso)
    return f"{day.year % 100:02d}{MONTHS[day.month - 1]}{day.day:02d}"


def list_games(settings: EveningSettings) -> tuple[GameListing, ...]:
    """All games of the evening; those that are not played come last."""
    rng = Random(f"{settings.seed}|listing")
    fates = [Fate.PLAYED] * settings.games
    draws = rng.random(), rng.random()
    # Room for the odd ones: fifteen games need all thirty teams.
    if settings.games < len(TEAMS) // 2 - 1:
        fates += [Fate.POSTPONED] * _chosen(settings.postponed, lucky=draws[0] < 0.2)
        fates += [Fate.CANCELLED] * _chosen(settings.cancelled, lucky=draws[1] < 0.1)
    teams = rng.sample(TEAMS, 2 * len(fates))
    return tuple(
        _list_game(settings, number, fate, (teams[2 * number], teams[2 * number + 1]))
        for number, fate in enumerate(fates)
    )


def _chosen(choice: object, *, lucky: bool) -> int:
    return int(lucky if choice is None else bool(choice))


def _list_game(settings: EveningSettings, number: int, fate: Fate, teams: tuple[Team, Team]) -> GameListing:
    rng = Random(f"{settings.seed}|listing|{number}")
    lines = Lines(_half(rng.gauss(2.0, 5.5), 13), _half(rng.gauss(229, 6), 250))
    away, home = teams
    game = GameListing(
        number=number,
        bdl_id=18_400_000 + rng.randrange(80_000),
        away=away,
        home=home,
        date=settings.date,
        tip_at=settings.tip_at(number if fate is Fate.PLAYED else number - settings.games),
        lines=lines,
        fate=fate,
        team_ids=(new_id(rng), new_id(rng)),
        milestone_id=new_id(rng),
        markets=(),
    )
    markets = _winners(game, rng) + _spreads(game, rng, settings.rungs) + _totals(game, rng, settings.rungs)
    return attrs.evolve(game, markets=markets)


def new_id(rng: Random) -> str:
    """A random UUID that follows from the seed."""
    return str(UUID(int=rng.getrandbits(128), version=4))


def _half(points: float, limit: float) -> float:
    """The nearest number ending in .5, inside the limits."""
    return max(-limit, min(limit, round(points - 0.5))) + 0.5


def _winners(game: GameListing, rng: Random) -> tuple[MarketListing, ...]:
    return tuple(
        _market(game, Family.GAME, f"{team.code}", rng, (team, 0.0, team.label))
        for team in (game.away, game.home)
    )


def _spreads(game: GameListing, rng: Random, count: int) -> tuple[MarketListing, ...]:
    """The rungs of both teams nearest to the line; N in the ticker is the floor plus a half."""
    rungs = [
        (team, number)
        for team in (game.home, game.away)
        for number in range(rng.randint(1, LADDER_STEP), 40, LADDER_STEP)
    ]

    def distance(rung: tuple[Team, int]) -> float:
        team, number = rung
        margin = number - 0.5 if team is game.home else 0.5 - number
        return abs(margin - game.lines.spread)

    nearest = sorted(rungs, key=distance)[:count]
    nearest.sort(key=lambda rung: (rung[0] is game.home, rung[1]))
    return tuple(
        _market(
            game,
            Family.SPREAD,
            f"{team.code}{number}",
            rng,
            (team, number - 0.5, f"{team.label} wins by over {number - 0.5} points"),
        )
        for team, number in nearest
    )


def _totals(game: GameListing, rng: Random, count: int) -> tuple[MarketListing, ...]:
    lowest = round(game.lines.total) - LADDER_STEP * (count // 2) + rng.randrange(LADDER_STEP)
    return tuple(
        _market(
            game, Family.TOTAL, f"{number}", rng, (None, number - 0.5, f"Over {number - 0.5} points scored")
        )
        for number in range(lowest, lowest + LADDER_STEP * count, LADDER_STEP)
    )


def _market(
    game: GameListing, family: Family, ending: str, rng: Random, pays_for: tuple[Team | None, float, str]
) -> MarketListing:
    team, strike, label = pays_for
    event = game.event_ticker(family)
    return MarketListing(
        ticker=f"{event}-{ending}",
        event_ticker=event,
        family=family,
        market_id=new_id(rng),
        team=team,
        at_home=team is game.home,
        strike=strike,
        label=label,
    )
