"""Worlds in which the truth is known, to hold the verdict on a search against: with an edge and without.

Every trial buys one contract in some of the games at the world's price and holds it to the settlement. In a
world without an edge the price is right; in one with an edge the first trials know more than the price.
"""

from random import Random

import attrs

from engine.overfitting.block_draws import BlockDraws
from engine.overfitting.judgement import Judging, SweepEvidence, judged
from engine.overfitting.table import SweepTable, Trial
from engine.overfitting.walk_forward import Schedule
from engine.scoring.forecasts import wilson
from tests.engine.overfitting.sweeps import games

TRIALS = 200


@attrs.frozen
class World:
    """What is traded, and who knows more.

    `price` in dollars, `traded` the share of games that a trial trades, `alike` the share of its picks that
    all trials have in common, `edge` by how much the price errs for those who know, `knowing` how many do,
    `cost` what a contract costs beyond its price.
    """

    name: str
    games: int
    price: float = 0.5
    traded: float = 1.0
    alike: float = 0.0
    edge: float = 0.0
    knowing: int = 0
    cost: float = 0.0

    def season(self, seed: int) -> SweepTable:
        """A season of this world."""
        random = Random(f"{self.name} {seed}")
        fates = [random.random() for _game in range(self.games)]
        picks = [random.random() < self.traded for _game in range(self.games)]
        rows = []
        for number in range(TRIALS):
            p_wins = self.price + (self.edge if number < self.knowing else 0.0)
            row = []
            for fate, pick in zip(fates, picks, strict=True):
                with_others = random.random() < self.alike
                trades = pick if with_others else random.random() < self.traded
                # Who picks alike is on the same side of the same game.
                chance = fate if self.alike else random.random()
                paid = self.price + self.cost
                row.append(((1.0 if chance < p_wins else 0.0) - paid) if trades else 0.0)
            rows.append(Trial(f"trial-{number:03}", {"number": number}, tuple(row)))
        return SweepTable.of(games(self.games), rows)

    def judged(self, seed: int) -> SweepEvidence:
        """What the program says of it."""
        return judged(self.season(seed), Judging(BlockDraws(seed, 400), Schedule(), blocks=6))


WITHOUT_EDGE = (
    World("coins, every trial its own", 120),
    World("coins in half of the games", 120, traded=0.5),
    World("coins that cost two cents", 120, cost=0.02),
    World("favourites at 90 cents", 240, price=0.9, traded=0.8),
    World("longshots at 10 cents", 240, price=0.1, traded=0.8),
    World("trials that are much alike", 240, price=0.8, traded=0.5, alike=0.8),
    World("a season, one game of ten", 1_230, price=0.6, traded=0.1),
)
WITH_EDGE = (
    World("one of 200 knows 10 cents", 240, edge=0.10, knowing=1),
    World("one of 200 knows 15 cents", 240, edge=0.15, knowing=1),
    World("20 of 200 know 10 cents", 240, edge=0.10, knowing=20),
    World("20 of 200 know 15 cents", 240, edge=0.15, knowing=20),
    World("all know 10 cents, much alike", 240, traded=0.5, alike=0.8, edge=0.10, knowing=200),
    World("20 of 200 know 5 cents, a season", 1_230, edge=0.05, knowing=20),
)


def share(count: int, of: int) -> str:
    """A share with its 95 % interval, as it is printed."""
    low, high = wilson(count / of, of)
    return f"{count} of {of} ({100 * count / of:.1f} %, {100 * low:.1f} to {100 * high:.1f})"
