"""Evidence of made-up seasons for the tests of screen and page."""

import attrs

from engine.outcome_range import OutcomeRange
from engine.scoring.equity import EquityPoint
from engine.scoring.forecasts import Forecast
from engine.scoring.markouts import HORIZONS
from engine.scoring.observations import FillSeen, ForecastSeen, RunSeen, StrategySeen, Wishes
from engine.tally import Band
from engine.units import MONEY_ONE, NANOS_PER_DAY, NANOS_PER_MINUTE, Money, Nanos
from tests.engine.scoring.rows import fill_seen
from tipoff.reports.evidence import RunEvidence


def money(dollars: float) -> Money:
    return Money(round(dollars * MONEY_ONE))


def season(
    games: int,
    dollars: float,
    *,
    name: str = "momentum",
    spread: float = 0.0,
    stated: float = 0.05,
    limited: int = 0,
) -> list[RunEvidence]:
    """One game an evening that brought so many dollars; the readings lie `spread` apart."""
    return [
        evening(
            number,
            dollars + (number % 3 - 1) / 10,
            name=name,
            spread=spread,
            stated=stated,
            limited=limited,
        )
        for number in range(games)
    ]


def evening(
    number: int, dollars: float, *, name: str, spread: float, stated: float, limited: int
) -> RunEvidence:
    game, start = f"26NOV{number:02}GSWPHX", Nanos(number * NANOS_PER_DAY)
    pnl = Band(money(dollars - spread), money(dollars), money(dollars + spread))
    later = (*(0.01 for _horizon in HORIZONS), None)
    fill: FillSeen = fill_seen(
        strategy=name, game=game, gain=money(dollars), stated=stated, close=0.02, markouts=later
    )
    strategy = StrategySeen(
        strategy=name,
        wishes=Wishes(passed=3, refused={"orders_per_hour": limited, "book_age": 1} if limited else {}),
        signals=4,
        near_misses=1,
        rested=0,
        delayed=1,
        fees=money(0.17),
        realized=pnl.base,
        unrealized=money(0),
        pnl=pnl,
        games={game: pnl},
        ranges={game: OutcomeRange(money(-1.0), money(1.0))},
        curve=(
            EquityPoint(Nanos(start + NANOS_PER_MINUTE), money(0), money(0), money(0)),
            EquityPoint(Nanos(start + 2 * NANOS_PER_MINUTE), *attrs.astuple(pnl)),
        ),
    )
    forecast = ForecastSeen(strategy=name, ticker="t", forecast=Forecast(game, 0.6, float(number % 2), 0.5))
    return RunEvidence(
        run=f"evening-{number:03}",
        version="1.0",
        config_digest="c" * 64,
        seed=7,
        started_at=start,
        last_at=Nanos(start + NANOS_PER_DAY // 2),
        ended="over",
        chain="d" * 64,
        digest="e" * 64,
        bars=1_000,
        seen=RunSeen(strategies=(strategy,), fills=(fill,), forecasts=(forecast,), blind=0, at=start),
    )
