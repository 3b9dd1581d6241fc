"""The view of a strategy and of the risk gate: games, best prices, score and clock, sportsbook odds.

Folded from `GameNews` by each strategy and by the risk gate, each for itself, so that no two actors share
anything. A market that speaks of the winner, the margin or the points is also known as a *claim*: a half-line
on one of two axes, which is what fair values, relations between markets and the worst case of a game are
computed from.
"""

from enum import Enum

import attrs

from engine import win_probability
from engine.beginning import Beginning, rows_that_count
from engine.events import (
    GameBegun,
    GameKnown,
    GameNews,
    GamePhase,
    MarketKnown,
    MarketStatus,
    OddsSeen,
    ScoresDisagreed,
    ScoreSeen,
    TopChanged,
    Trust,
)
from engine.fees import FeeNames, FeeTerms, FeeTermsUnknown, fee_terms, regime_at
from engine.leagues import League, league_of
from engine.units import PRICE_ONE, Count, Nanos, Price, Tenths


class Axis(Enum):
    """What a claim is about: the home team's margin or the points of both teams."""

    MARGIN = "margin"
    TOTAL = "total"


@attrs.frozen
class Claim:
    """YES pays when the axis' value is above `threshold` (`above`) or below it; thresholds are in tenths of a
    point.

    A winner market is a claim on the margin with threshold 0: a game has no draw.
    """

    axis: Axis
    threshold: Tenths
    above: bool

    def holds(self, tenths: int) -> bool:
        """Whether YES pays at this value of the axis."""
        return tenths > self.threshold if self.above else tenths < self.threshold


@attrs.define(eq=False)
class MarketView:
    """One market as it is known now; `terms` is None while the fee is unknown, and then nothing is traded."""

    ticker: str
    game: "GameView"
    known: MarketKnown | None = None
    top: TopChanged | None = None
    quoted: TopChanged | None = None
    """The last best prices that were any: `top`, unless the book is empty now."""
    terms: FeeTerms | None = None
    claim: Claim | None = None

    @property
    def kind(self) -> str:
        """`game`, `spread`, `total` or another word of the ticker grammar; empty until it is known."""
        return "" if self.known is None else self.known.kind

    @property
    def tradable(self) -> bool:
        """Whether its prices may be used: trusted, open, and the fee known."""
        top, known = self.top, self.known
        if top is None or known is None or self.terms is None:
            return False
        return top.trust is Trust.TRUSTED and known.status is MarketStatus.ACTIVE

    def hear(self, top: TopChanged) -> None:
        """Its best prices, or whether they may be believed, changed."""
        self.top = top
        if top.priced:
            self.quoted = top

    def p_mid(self) -> float | None:
        """The middle of the best prices of a two-sided market."""
        top = self.top
        if top is None or top.yes_bid is None or top.yes_ask is None:
            return None
        return (top.yes_bid + top.yes_ask) / (2 * PRICE_ONE)

    def spread(self) -> Price | None:
        """Ask less bid of a two-sided market."""
        top = self.top
        if top is None or top.yes_bid is None or top.yes_ask is None:
            return None
        return Price(top.yes_ask - top.yes_bid)


@attrs.define(eq=False)
class GameView:
    """One game as it is known now. `odds` holds each vendor's latest row, `opening` its opening row."""

    game: str
    known: GameKnown | None = None
    score: ScoreSeen | None = None
    disagree: bool = False
    odds: dict[str, OddsSeen] = attrs.field(factory=dict)
    opening: dict[str, OddsSeen] = attrs.field(factory=dict)
    markets: dict[str, MarketView] = attrs.field(factory=dict)
    beginning: Beginning = attrs.field(
        default=attrs.Factory(lambda self: Beginning(self.game), takes_self=True)
    )
    league: League = attrs.field(
        default=attrs.Factory(lambda self: league_of(self.game), takes_self=True), init=False
    )
    """Whose game it is: how long it lasts, who plays."""

    def odds_that_count(self, now: Nanos) -> dict[str, OddsSeen]:
        """The rows of `odds` that an entry may rest on now; none while it is unclear whether play goes on."""
        over = self.beginning.over(now)
        if over is not None and not self.live:
            return {}
        return rows_that_count(self.odds, over)

    @property
    def live(self) -> bool:
        """Whether a score says that the game is being played; `beginning` knows whether it may be."""
        return self.score is not None and self.score.phase in (GamePhase.LIVE, GamePhase.HALFTIME)

    @property
    def over(self) -> bool:
        """Whether nothing more will happen tonight: final or postponed."""
        return self.score is not None and self.score.phase in (GamePhase.FINAL, GamePhase.POSTPONED)

    @property
    def sound(self) -> bool:
        """Whether entries make sense at all: matched to a real game, not over, and the score undisputed."""
        return self.known is not None and self.known.matched and not self.disagree and not self.over

    def minutes_left(self) -> float | None:
        """Minutes left on the clock, of the running overtime in overtime; None when the clock is unknown."""
        return None if self.score is None else minutes_left(self.score, self.league)

    def share_left(self) -> float | None:
        """The share of the game that is left, 1 before the tip; None when the clock is unknown."""
        minutes = self.minutes_left()
        return None if minutes is None else minutes / self.league.minutes

    def home_lead(self) -> int:
        """Points the home team leads by (negative: trails)."""
        return 0 if self.score is None else self.score.home - self.score.away


class View:
    """The current state of all games and markets, by game and by ticker."""

    def __init__(self) -> None:
        """Begin with nothing known."""
        self.games: dict[str, GameView] = {}
        self.markets: dict[str, MarketView] = {}

    def apply(self, news: GameNews) -> MarketView | GameView:
        """Fold one piece of news; returns what it was about."""
        match news:
            case TopChanged():
                market = self._market(news.ticker, news.game)
                market.hear(news)
                return market
            case MarketKnown():
                return self._market_known(news)
            case GameKnown():
                return self._game_known(news)
            case GameBegun():
                game = self.game(news.game)
                game.beginning.apply(news)
                return game
            case ScoreSeen():
                game = self.game(news.game)
                game.score = news
                game.beginning.apply(news)
                return game
            case OddsSeen():
                game = self.game(news.game)
                game.beginning.apply(news)
                (game.opening if news.opening else game.odds)[news.vendor] = news
                return game
            case ScoresDisagreed():
                game = self.game(news.game)
                game.disagree = news.disagree
                return game

    def game(self, game: str) -> GameView:
        """The game of that id, made at its first mention."""
        view = self.games.get(game)
        if view is None:
            view = self.games[game] = GameView(game)
        return view

    def _market(self, ticker: str, game: str) -> MarketView:
        market = self.markets.get(ticker)
        if market is None:
            market = MarketView(ticker, self.game(game))
            self.markets[ticker] = market
            market.game.markets[ticker] = market
        return market

    def _market_known(self, news: MarketKnown) -> MarketView:
        market = self._market(news.ticker, news.game)
        market.known = news
        market.game.beginning.apply(news)
        try:
            market.terms = fee_terms(FeeNames(news.fee_type, news.fee_multiplier), regime=regime_at(news.at))
        except FeeTermsUnknown:
            # Unknown terms are not free ones: a market without terms is not tradable.
            market.terms = None
        market.claim = claim_of(news, market.game.known)
        return market

    def _game_known(self, news: GameKnown) -> GameView:
        game = self.game(news.game)
        if game.known is not None and game.known.postponed and not news.postponed:
            # A source says nothing of a game to come, so what it said of the old date would stand.
            game.score = None
            game.odds = {vendor: row for vendor, row in game.odds.items() if not row.in_play}
        game.known = news
        game.beginning.apply(news)
        for market in game.markets.values():
            if market.known is not None:
                # A market may be listed before the teams are known, and only they say which side of the
                # margin it is on.
                market.claim = claim_of(market.known, news)
        return game


def claim_of(known: MarketKnown, game: GameKnown | None) -> Claim | None:
    """What a market's YES says of the game, or None if that cannot be told (yet)."""
    if known.kind == "total":
        return None if known.strike is None else Claim(Axis.TOTAL, known.strike, above=True)
    # Nothing is guessed from the ticker's order of teams: without a match a margin has no sign.
    if game is None or known.team not in (game.home, game.away) or game.home == game.away:
        return None
    home = known.team == game.home
    if known.kind == "game":
        return Claim(Axis.MARGIN, Tenths(0), above=home)
    if known.kind == "spread" and known.strike is not None:
        # The away team wins by more than s where the home team's margin is below -s.
        return Claim(Axis.MARGIN, Tenths(known.strike if home else -known.strike), above=home)
    return None


def minutes_left(score: ScoreSeen, league: League) -> float | None:
    """Minutes left to play: of the running period only in overtime; None when the clock is unknown."""
    match score.phase:
        case GamePhase.SCHEDULED:
            return league.minutes
        case GamePhase.FINAL:
            return 0.0
        case GamePhase.POSTPONED:
            return None
        case GamePhase.HALFTIME:
            return league.minutes / 2
        case GamePhase.LIVE:
            lead = score.home - score.away
            return win_probability.minutes_left(score.period, score.clock_ms, lead, league)


def displayed(top: TopChanged, *, buying: bool) -> tuple[Price | None, Count]:
    """The best price and size that an order to buy YES (or to sell it) would meet, in YES terms."""
    return (top.yes_ask, top.yes_ask_size) if buying else (top.yes_bid, top.yes_bid_size)


def age(at: Nanos, now: Nanos) -> Nanos:
    """How old something of `at` is; never negative."""
    # The venue's clock may be ahead of ours.
    return Nanos(max(0, now - at))
