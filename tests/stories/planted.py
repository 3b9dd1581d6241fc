"""Seasons with a planted edge and with none: what the verdict is held against.

A game has two independent markets. The truth of each is the probability that a walk ends above nothing, so
it is what the market pays on average at every moment. The market's middle is the truth and, where an edge
is planted, an error that comes and goes. The strategy is told the truth with noise, states what it expects
after the fee, takes the ask where that is enough, and holds to settlement. The facts and bars of each evening
go through the fold, the look-up of prices, the scores and the verdict of the product.
"""

from collections.abc import Iterator
from random import Random
from typing import Final

import attrs

from engine import ledger
from engine.bars import BAR
from engine.events import BookSide
from engine.facts import (
    ASK_EVIDENCE,
    BID_EVIDENCE,
    BandMoved,
    Fact,
    FillEvidence,
    LedgerPosted,
    MarketResultKnown,
    OrderFilled,
    OrderSubmitted,
    PositionSettled,
    Posting,
    SignalAction,
    SignalRaised,
    StrategyOpened,
)
from engine.orders import Liquidity, PlaceOrder, TimeInForce
from engine.pregame_lines import phi
from engine.scoring.observations import Observations
from engine.scoring.packed_bars import BarPrices, PackedBars
from engine.units import (
    COUNT_ZERO,
    MONEY_ZERO,
    NANOS_PER_DAY,
    PRICE_ONE,
    Count,
    Money,
    Nanos,
    Price,
    contracts,
)
from tipoff.reports.evidence import RunEvidence

STRATEGY: Final = "told"
EVENINGS, GAMES = 20, 6
"""A season of 120 games."""

TEAMS: Final = ("ATLMIN", "PHIMIA", "CHAMIL", "GSWPHX", "BOSNYK", "DALDEN")
STEPS: Final = 90
"""Bars of a market: two hours and a half, of a hundred seconds each as the walk goes."""

LOOKS: Final = (10, 40)
"""The steps in which the strategy looks."""

TIP: Final = 6
CALM: Final = 0.95
"""How much of the market's error is left a step later."""

STATED_MIN: Final = 0.02
"""So much a contract must be worth after the fee before the strategy takes it, in dollars."""

LOT: Final = contracts(10)
TICK: Final = 100


@attrs.frozen(kw_only=True)
class World:
    """What is true of a season; probabilities, and dollars of a contract.

    `error` is the deviation of the market's middle from the truth. The strategy is told the truth if
    `informed`, else the middle, each with `noise`; of what it hears beyond the price it believes `trust`: who
    knows the truth knows what his noise is worth, who knows nothing believes all of it.
    """

    name: str
    informed: bool
    error: float
    noise: float
    trust: float
    spread: float = 0.02
    fee: float = 0.07


PLANTED: Final = World(name="an edge is planted", informed=True, error=0.12, noise=0.04, trust=0.9)
NONE: Final = World(name="no edge, costs are paid", informed=False, error=0.0, noise=0.10, trust=1.0)
FREE: Final = World(
    name="no edge, nothing is paid", informed=False, error=0.0, noise=0.10, trust=1.0, spread=0.0, fee=0.0
)
"""A coin at fair odds: the hardest case, in which a verdict is wrong as often as its error says."""


def season(world: World, seed: int) -> list[RunEvidence]:
    """A season's evenings as they would be read from a database."""
    return [_evening(world, seed, number) for number in range(EVENINGS)]


def _evening(world: World, seed: int, number: int) -> RunEvidence:
    start = Nanos((20_700 + number) * NANOS_PER_DAY)
    seen, bars = Observations(), dict[str, list[BarPrices]]()
    for fact in _facts(world, Random(f"{world.name}/{seed}/{number}"), start, bars):
        seen.apply(fact)
    prices = seen.wanted()
    for ticker in prices.tickers | seen.curve.tickers:
        rows = PackedBars.of(bars[ticker])
        prices.take(ticker, ticker.split("-")[1], rows)
        seen.curve.take(ticker, rows)
    return RunEvidence(
        run=f"evening-{number:02}",
        version="1.0",
        config_digest="c" * 64,
        seed=seed,
        started_at=start,
        last_at=Nanos(start + NANOS_PER_DAY // 2),
        ended="over",
        chain="d" * 64,
        digest="e" * 64,
        bars=sum(map(len, bars.values())),
        seen=seen.observed(prices, {}),
    )


def _facts(world: World, rng: Random, start: Nanos, bars: dict[str, list[BarPrices]]) -> Iterator[Fact]:
    yield StrategyOpened(STRATEGY, STRATEGY, Money(10**9), "{}", start)
    day = start // NANOS_PER_DAY - 20_700
    for teams in TEAMS[:GAMES]:
        game = f"26NOV{day + 1:02}{teams}"
        for ticker in (f"KXNBAGAME-{game}-{teams[3:]}", f"KXNBATOTAL-{game}-220"):
            yield from _market(world, rng, (game, ticker), start, bars.setdefault(ticker, []))


def _market(
    world: World, rng: Random, market: tuple[str, str], start: Nanos, bars: list[BarPrices]
) -> Iterator[Fact]:
    """A market from its opening to its settlement: its bars, the bets in it, what it paid."""
    game, ticker = market
    walk, error = rng.gauss(0.0, 0.5), rng.gauss(0.0, world.error)
    half = round(world.spread / 2 * PRICE_ONE)
    bets: list[_Bet] = []
    for step in range(STEPS):
        # What is still to come has the variance of the steps that are left.
        p_true = phi(walk / ((STEPS - step) / STEPS) ** 0.5)
        middle = round(100 * min(max(p_true + error, 0.04), 0.96)) * TICK
        at = Nanos(start + (step + 1) * BAR)
        bars.append(BarPrices(at, middle - half, middle + half, 1, int(step >= TIP), None))
        if step in LOOKS and 0.05 < p_true < 0.95:
            p_told = (p_true if world.informed else middle / PRICE_ONE) + rng.gauss(0.0, world.noise)
            bet = _bet(world, (game, ticker, step), middle, p_told, at)
            if bet is not None:
                bets.append(bet)
                yield from bet.facts()
        walk += rng.gauss(0.0, STEPS**-0.5)
        error = CALM * error + rng.gauss(0.0, world.error * (1 - CALM**2) ** 0.5)
    value = Price(PRICE_ONE if walk > 0 else 0)
    end = Nanos(start + (STEPS + 1) * BAR)
    yield MarketResultKnown(ticker, "yes" if value else "no", value, settled=True, at=end)
    if bets:
        yield from _settled(bets, value, end)


@attrs.frozen
class _Bet:
    """Ten contracts taken at what is displayed; `worst` is the pessimistic price."""

    game: str
    ticker: str
    step: int
    side: BookSide
    price: Price
    worst: Price
    fee: Money
    quote: tuple[tuple[str, str], ...]
    p_fair: float
    stated: float
    at: Nanos

    @property
    def sign(self) -> int:
        return 1 if self.side is BookSide.BID else -1

    def facts(self) -> Iterator[Fact]:
        name = f"{STRATEGY}-{self.ticker}-{self.step}"
        order = PlaceOrder(
            order_id=name,
            strategy=STRATEGY,
            game=self.game,
            ticker=self.ticker,
            side=self.side,
            price=self.price,
            count=LOT,
            tif=TimeInForce.IOC,
            decided_at=self.at,
            signal_id=f"{name}/s",
        )
        evidence = FillEvidence(
            "level", None, self.price, LOT, 1, 1, 1, 0, COUNT_ZERO, COUNT_ZERO, self.at, self.at, ""
        )
        yield SignalRaised(
            f"{name}/s", STRATEGY, self.game, self.ticker, self.side, SignalAction.ENTER, "told", self.p_fair,
            self.price, self.stated, self.quote, self.at,
        )  # fmt: skip
        yield OrderSubmitted(order, self.at, self.at)
        yield OrderFilled(
            f"{name}/1", name, STRATEGY, self.game, self.ticker, self.side, self.price, LOT, Liquidity.TAKER,
            self.fee, MONEY_ZERO, COUNT_ZERO, evidence, None, self.at,
        )  # fmt: skip
        postings = (
            Posting(ledger.cash(STRATEGY), Money(-self.fee)),
            Posting(ledger.fees(STRATEGY), self.fee),
        )
        yield LedgerPosted(f"{name}/l", STRATEGY, f"{name}/1", postings, self.at)
        cash, least = (Money(-self.sign * price * LOT - self.fee) for price in (self.price, self.worst))
        yield BandMoved(name, STRATEGY, self.ticker, LOT, LOT, LOT, least, cash, cash, self.at)


def _bet(world: World, place: tuple[str, str, int], middle: int, p_told: float, at: Nanos) -> _Bet | None:
    """The side on which what it is told is worth more than the price and the fee, if one is."""
    half = round(world.spread / 2 * PRICE_ONE)
    p_middle = middle / PRICE_ONE
    p_fair = min(max(p_middle + world.trust * (p_told - p_middle), 0.01), 0.99)
    side = BookSide.BID if p_fair > p_middle else BookSide.ASK
    sign = 1 if side is BookSide.BID else -1
    price = middle + sign * half
    fee = world.fee * price / PRICE_ONE * (1 - price / PRICE_ONE)
    stated = sign * (p_fair - price / PRICE_ONE) - fee
    if stated < STATED_MIN:
        return None
    worst = Price(price + (sign * TICK if world.spread else 0))
    paid = Money(round(fee * 10_000) * LOT)
    quote = (BID_EVIDENCE, middle - half), (ASK_EVIDENCE, middle + half)
    named = tuple((name, f"{amount / PRICE_ONE:.4f}") for name, amount in quote)
    return _Bet(*place, side, Price(price), worst, paid, named, p_fair, stated, at)


def _settled(bets: list[_Bet], value: Price, at: Nanos) -> Iterator[Fact]:
    held = Count(sum(bet.sign * LOT for bet in bets))
    gain = Money(sum(bet.sign * (value - bet.price) * LOT for bet in bets))
    game, ticker = bets[0].game, bets[0].ticker
    yield PositionSettled(STRATEGY, game, ticker, held, value, "", MONEY_ZERO, reversal=False, at=at)
    postings = (Posting(ledger.cash(STRATEGY), gain), Posting(ledger.result(STRATEGY), Money(-gain)))
    yield LedgerPosted(f"{STRATEGY}-{ticker}/r", STRATEGY, ticker, postings, at)
