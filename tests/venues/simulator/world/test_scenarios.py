"""The situations that strategies live on really occur in the simulated books and odds.

Covers: venues.simulator.world.listing, venues.simulator.world.settings, venues.simulator.world.settlement,
venues.simulator.world.teams.
"""

import pytest

from venues.simulator.world.book import NO, YES
from venues.simulator.world.game import Game
from venues.simulator.world.listing import Family
from venues.simulator.world.market import Market
from venues.simulator.world.scenarios import Cause
from venues.simulator.world.settings import SECOND, EveningSettings
from venues.simulator.world.world import World


def middle(market: Market) -> float:
    """The middle of the book in cents."""
    bid, ask, *_ = market.top()
    return (bid + ask) / 2


def consensus(game: Game) -> float:
    """The sportsbooks' mean chance of the home team after taking out the overround."""
    chances = []
    for book in game.books:
        if book.prices and book.prices.moneyline:
            home, away = (implied(odds) for odds in book.prices.moneyline)
            chances.append(home / (home + away))
    return sum(chances) / len(chances) if chances else 0.5


def implied(odds: int) -> float:
    return -odds / (100 - odds) if odds < 0 else 100 / (100 + odds)


class Watched:
    """What was seen of one evening's cases, looked at every ten seconds."""

    def __init__(self, seed: int) -> None:
        self.opinions = self.lags = self.rungs_out_of_order = self.winners_apart = self.overreactions = 0
        self.fair_gaps: list[float] = []
        world = World(EveningSettings(seed=seed, games=2, postponed=False, cancelled=False))
        looked_at = 0
        for happened in world.run():
            if happened.at - looked_at < 10 * SECOND:
                continue
            looked_at = happened.at
            for game in world.games:
                self.look(game, happened.at)

    def look(self, game: Game, at: int) -> None:
        if game.markets[0].status != "active" or game.over:
            return
        away, home = game.markets[:2]
        true_home = 100 * game.view.p_home
        running = {case.cause for case in game.cases if case.start + 15 * SECOND < at < case.end}
        gap = abs(middle(home) - true_home)
        if not game.live:
            self.opinions += abs(100 * consensus(game) - middle(home)) > 6
        elif not running:
            self.fair_gaps.append(gap)
        else:
            self.lags += Cause.LAG in running and gap > 3
            self.overreactions += Cause.OVERREACTION in running and gap > 3
        self.winners_apart += abs(middle(home) + middle(away) - 100) > 5
        for below, above in zip(game.markets, game.markets[1:], strict=False):
            if below.listing.family is above.listing.family is Family.TOTAL:
                bid = above.book.best(YES)
                ask = 100 - below.book.best(NO)
                self.rungs_out_of_order += bid > ask


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_every_strategy_finds_its_case(seed: int) -> None:
    watched = Watched(seed)
    assert watched.opinions > 10
    assert watched.lags > 0
    assert watched.overreactions > 0
    assert watched.winners_apart > 0
    # Outside the cases the books are near the truth, or everybody would earn money everywhere.
    gaps = sorted(watched.fair_gaps)
    assert gaps[len(gaps) // 2] < 1.5
    assert gaps[len(gaps) * 9 // 10] < 4


@pytest.mark.slow
def test_a_ladder_is_out_of_order_now_and_then() -> None:
    assert sum(Watched(seed).rungs_out_of_order for seed in (1, 2, 3)) > 0


@pytest.mark.slow
def test_nobody_is_paid_for_trading_at_random() -> None:
    """The middle of the book is what a contract is worth on average, so a taker loses half the spread."""
    edges: dict[Family, list[float]] = {family: [] for family in Family}
    for seed in range(100, 112):
        seen = seen_middles(World(EveningSettings(seed=seed, games=1, postponed=False, cancelled=False)))
        for family in Family:
            rows = [
                100 * (market.result == "yes") - cents
                for market, cents in seen
                if market.listing.family is family
            ]
            edges[family].append(sum(rows) / len(rows))
    # The two winners of a game add up to nothing; ladders move together, hence the room.
    assert abs(sum(edges[Family.GAME]) / 12) < 0.5
    for family in (Family.SPREAD, Family.TOTAL):
        error = (sum(edge * edge for edge in edges[family]) / 12) ** 0.5 / 12**0.5
        assert abs(sum(edges[family]) / 12) < 3 * error


def seen_middles(world: World) -> list[tuple[Market, float]]:
    """Every ten minutes the middle of every two-sided book, for the whole evening."""
    seen: list[tuple[Market, float]] = []
    looked_at = 0
    for happened in world.run():
        if happened.at - looked_at < 600 * SECOND or world.games[0].over:
            continue
        looked_at = happened.at
        for market in world.games[0].markets:
            bid, ask, *_ = market.top()
            if market.status == "active" and bid and ask < 100:
                seen.append((market, (bid + ask) / 2))
    return seen


def test_without_edges_the_consensus_is_no_better_than_the_price() -> None:
    """Before the tip, of sixty games: nobody would gain by believing the sportsbooks instead of the book."""
    off_book, off_price = [], []
    for seed in range(1, 5):
        world = World(EveningSettings(seed=seed, games=15, rungs=2, edges=False))
        for game in world.games:
            worth = game.view.p_home
            off_book.append(abs(consensus(game) - worth))
            off_price.append(abs(middle(game.markets[1]) / 100 - worth))
    assert sum(off_price) < sum(off_book)
