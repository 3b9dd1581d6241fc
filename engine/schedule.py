"""Which markets belong to which game, and which real game that is: exact keys, and refusal on doubt.

Used by the `schedule` actor. A game's id is the part of its tickers after the series (`26JAN14WASLAC`); the
date in it is evidence, not identity, because a postponed game keeps its tickers. A game is matched by the
exact (Eastern date, away, home) key and, where both are known, by start times no more than
`START_TOLERANCE_NS` apart; never by a day more or less.
"""

from collections.abc import Sequence
from enum import Enum

import attrs

from engine.events import GameSeen
from engine.leagues import LEAGUES, League, league_of
from engine.milestones import KALSHI, MilestoneSeen
from engine.tickers import Ticker, parse_event_ticker, parse_ticker
from engine.units import NANOS_PER_SECOND, Nanos

START_TOLERANCE_NS = 6 * 3600 * NANOS_PER_SECOND
"""Two sources may announce the tip-off this far apart; beyond that they mean different games."""


class MatchState(Enum):
    """Whether a game of the venue is tied to a game of the league, and if not, why not."""

    MATCHED = "matched"
    NO_GAME = "no_game_of_that_date_and_teams"
    UNKNOWN_TEAM = "a_team_is_not_one_of_the_thirty"
    SWAPPED = "home_and_away_are_swapped"
    AMBIGUOUS = "more_than_one_game_fits"
    OTHER_START = "start_times_are_too_far_apart"
    NOT_A_GAME = "not_a_game_market"


@attrs.frozen
class GameKey:
    """What identifies a game for matching: Eastern date (ISO), codes of away and home, and whose they are."""

    date: str
    away: str
    home: str
    league: League

    @property
    def swapped(self) -> "GameKey":
        """The same meeting with home and away exchanged."""
        return GameKey(self.date, self.home, self.away, self.league)


@attrs.define
class ListedGame:
    """A game as the venue lists it."""

    game: str
    key: GameKey | None
    venue_tip_at: Nanos | None
    tickers: list[str]
    state: MatchState
    reference: str | None = None
    postponed: bool = False
    league_tip_at: Nanos | None = None
    """What the league's sources said of it last, which moves when a game is put off."""

    @property
    def tip_at(self) -> Nanos | None:
        """When it begins at the earliest, by all who say so."""
        said = [tip_at for tip_at in (self.venue_tip_at, self.league_tip_at) if tip_at is not None]
        return min(said) if said else None


def game_of(ticker: Ticker) -> str:
    """Return the engine's game id of a ticker.

    For game markets the event's date and teams, else the event itself.
    """
    return ticker.game if ticker.league is not None and ticker.game is not None else ticker.event


class Schedule:
    """The day's games: the venue's listings, the league's games, and the matches between them."""

    def __init__(self, *, every_market: bool = False, leagues: Sequence[League] = LEAGUES) -> None:
        """Games of `leagues`; with `every_market` each event of another kind is a game of its own too,
        unmatched.
        """
        self._every_market = every_market
        self._leagues = leagues
        self._listed: dict[str, ListedGame] = {}
        self._seen: dict[GameKey, list[GameSeen]] = {}
        self._references: dict[str, str] = {}
        self._milestones: dict[str, str] = {}

    @property
    def listed(self) -> dict[str, ListedGame]:
        """The games with markets, by game id, in the order they were found."""
        return self._listed

    def list_market(self, text: str, tip_at: Nanos | None) -> ListedGame | None:
        """Take a market in; returns its game, or None where the market is out of scope."""
        ticker = parse_ticker(text)
        if not self._every_market and ticker.league not in self._leagues:
            return None
        game = game_of(ticker)
        listed = self._listed.get(game)
        if listed is None:
            listed = ListedGame(game, _key(ticker), tip_at, [], MatchState.NO_GAME)
            self._listed[game] = listed
            self._match(listed)
        elif tip_at is not None and listed.tip_at is None:
            listed.venue_tip_at = tip_at
            self._match(listed)
        if text not in listed.tickers:
            listed.tickers.append(text)
        return listed

    def see_game(self, seen: GameSeen) -> ListedGame | None:
        """Take a league game in; returns the venue's game whose match changed, if any.

        A reference that was matched before stays with its game when the league moves the date (a
        postponement).
        """
        league = league_of(seen.game)
        if not league.are_teams(seen.away, seen.home):
            return None
        known = self._references.get(seen.game)
        # The league moves the date of a postponed game, the venue keeps its tickers: the reference is the
        # identity.
        if known is not None:
            return self._seen_again(self._listed[known], seen)
        key = GameKey(seen.date, seen.away, seen.home, league)
        games = self._seen.setdefault(key, [])
        if any(other.game == seen.game for other in games):
            return None
        games.append(seen)
        for listed in self._listed.values():
            # Swapped ones too: they are not matched, but the state must say why.
            if listed.key in (key, key.swapped):
                self._match(listed)
                return listed
        return None

    def _seen_again(self, listed: ListedGame, seen: GameSeen) -> ListedGame | None:
        """Take in that a matched game was postponed, or that its tip was moved."""
        before = listed.postponed, listed.tip_at
        listed.postponed = seen.postponed
        if seen.postponed:
            # The venue keeps the old date's ticker and may keep its time, too; the league names the new one.
            listed.venue_tip_at = None
        if seen.tip_at is not None:
            listed.league_tip_at = seen.tip_at
        return listed if (listed.postponed, listed.tip_at) != before else None

    def see_milestone(self, seen: MilestoneSeen) -> ListedGame | None:
        """Take in which game a record of the venue's is about; returns that game if this is new.

        It says nothing of which game of the league that is: a match is made by the league's word only.
        """
        games = {event.game for event in map(parse_event_ticker, seen.events) if event.league and event.game}
        # A record that names events of two games ties nothing to anything.
        if len(games) != 1 or self._milestones.get(seen.reference) in games:
            return None
        (game,) = games
        self._milestones[seen.reference] = game
        return self._listed.get(game)

    def game_for(self, reference: str) -> str | None:
        """Return the game id that a source's reference was matched to; None while it is not matched.

        A reference of the form `DATE/AWAY@HOME` (behind what the league's ids begin with) is the key itself
        and needs no sighting of the game.
        """
        known = self._references.get(reference)
        if known is not None:
            return known
        recorded = self._milestones.get(reference)
        if recorded is not None:
            return recorded if recorded in self._listed else None
        key = _key_of_reference(reference)
        if key is None:
            return None
        for listed in self._listed.values():
            if listed.key == key and listed.state in (MatchState.MATCHED, MatchState.NO_GAME):
                listed.state = MatchState.MATCHED
                self._references[reference] = listed.game
                return listed.game
        return None

    def references_of(self, game: str) -> tuple[str, ...]:
        """Every source's reference that was matched to `game`."""
        known = (*self._references.items(), *self._milestones.items())
        return tuple(reference for reference, matched in known if matched == game)

    def forget(self, game: str) -> ListedGame | None:
        """Let a game go, as if none of its markets had been met; returns what was known of it."""
        for reference in self.references_of(game):
            self._references.pop(reference, None)
        return self._listed.pop(game, None)

    def readmit(self, tickers: tuple[str, ...], tip_at: Nanos | None, references: tuple[str, ...]) -> None:
        """Take back what a running game remembers of its match, after the schedule itself was restarted."""
        for ticker in tickers:
            listed = self.list_market(ticker, tip_at)
            if listed is None:
                continue
            league = [each for each in references if _source(each) != KALSHI]
            self._milestones |= {each: listed.game for each in references if _source(each) == KALSHI}
            if league:
                listed.state, listed.reference = MatchState.MATCHED, league[0]
                self._references.update(dict.fromkeys(league, listed.game))

    def _match(self, listed: ListedGame) -> None:
        state, seen = self._judge(listed)
        # A match that later evidence contradicts is undone: the gate then lets no more entries into the game.
        if listed.reference is not None and state is not MatchState.MATCHED:
            self._references.pop(listed.reference, None)
            listed.reference = None
        listed.state = state
        if seen is not None and state is MatchState.MATCHED:
            listed.reference = seen.game
            listed.postponed = seen.postponed
            if listed.league_tip_at is None:
                listed.league_tip_at = seen.tip_at
            # All sources' references of the game are tied to it, since each source sends its scores under its
            # own.
            for other in self._seen.get(listed.key, []) if listed.key else []:
                self._references[other.game] = listed.game

    def _judge(self, listed: ListedGame) -> tuple[MatchState, GameSeen | None]:
        key = listed.key
        if key is None:
            return MatchState.NOT_A_GAME, None
        if not key.league.are_teams(key.away, key.home):
            return MatchState.UNKNOWN_TEAM, None
        games = self._seen.get(key, [])
        # Home and away decide what every market means; with both meetings on record neither can be trusted.
        if self._seen.get(key.swapped):
            return MatchState.SWAPPED, None
        if not games:
            return MatchState.NO_GAME, None
        sources = [_source(game.game) for game in games]
        # Two records of one source on one date and pair of teams: a guess could give one game the score of
        # another.
        if len(set(sources)) < len(sources):
            return MatchState.AMBIGUOUS, None
        seen = games[0]
        venue, league = listed.venue_tip_at, seen.tip_at
        if venue is not None and league is not None and abs(venue - league) > START_TOLERANCE_NS:
            return MatchState.OTHER_START, None
        return MatchState.MATCHED, seen


def _key(ticker: Ticker) -> GameKey | None:
    if ticker.date is None or ticker.away is None or ticker.home is None or ticker.league is None:
        return None
    return GameKey(ticker.date.isoformat(), ticker.away, ticker.home, ticker.league)


def _key_of_reference(reference: str) -> GameKey | None:
    league = league_of(reference)
    date, slash, teams = reference.removeprefix(league.ids).partition("/")
    away, at, home = teams.partition("@")
    if not (slash and at and league.are_teams(away, home)):
        return None
    return GameKey(date, away, home, league)


def _source(reference: str) -> str:
    """One source gives a game one reference; two references of different sources are aliases of one game."""
    return reference.partition(":")[0] if ":" in reference else "key"
