"""Whether it means anything, as one JSON document: the scores of any number of runs in the report's order.

Pure: `evidence_of` takes what was read of each run and returns plain data. `tipoff.reports.of_stored_runs`
reads it, the screen and the page show it. Dollars are decimal strings where they are money, and numbers where
they are a statistic; times are ISO 8601 in UTC.
"""

from collections.abc import Iterable, Mapping

import attrs

from engine.risk import PORTFOLIO
from engine.scoring.bootstrap import Interval
from engine.scoring.forecasts import Calibration, LogLoss
from engine.scoring.judgement import Honesty
from engine.scoring.markouts import MarkoutPoint
from engine.scoring.observations import RunSeen, Wishes
from engine.scoring.returns import Profit
from engine.scoring.scores import (
    ClosingScores,
    Expectation,
    ForecastScores,
    StrategyScores,
    Ups,
    scores,
)
from engine.scoring.splits import Split
from engine.tally import Band
from engine.units import MONEY_ONE, NANOS_PER_SECOND, Count, Money, Nanos, format_count, format_money
from tipoff.json_types import Json, utc_text
from tipoff.reports.readings import Ground, coincidence, pnl_document

CURVE_POINTS_MAX = 600
"""So many points of a curve are told; of a longer one some are left out, never the last."""


@attrs.frozen(kw_only=True)
class RunEvidence:
    """One run: where it comes from, and what it has to say."""

    run: str
    version: str | None
    config_digest: str | None
    seed: int | None
    started_at: Nanos | None
    last_at: Nanos | None
    ended: str | None
    chain: str
    digest: str
    bars: int
    seen: RunSeen
    known: Mapping[str, str] = attrs.field(factory=dict)
    """When the rows of an imported recording could be known, by kind; empty for what was heard live."""


def evidence_of(runs: Iterable[RunEvidence]) -> dict[str, Json]:
    """The whole evidence of these runs together."""
    listed = sorted(runs, key=lambda run: (run.started_at or 0, run.run))
    found = scores(run.seen for run in listed)
    games = {game for each in found for game in each.games}
    return {
        "games": len(games),
        "strategies": {each.strategy: _strategy(each) for each in found},
        "runs": [_run(run) for run in listed],
    }


def _strategy(found: StrategyScores) -> dict[str, Json]:
    ground = Ground(fills=found.fills, assumed=found.assumed, delayed=found.delayed, rested=found.rested)
    return {
        "verdict": _verdict(found),
        "expectation": _expectation(found.expectation),
        "pnl": {**pnl_document(found.pnl), "coincide": coincidence(found.pnl, ground)},
        "fees": format_money(found.fees),
        "realized": format_money(found.realized),
        "unrealized": format_money(found.unrealized),
        "curve": _curve(found),
        "forecasts": _forecasts(found.forecasts),
        "closing": {"market": _closing(found.closing), "sportsbooks": _closing(found.closing_books)},
        "markouts": {side.value: list(map(_markout, points)) for side, points in found.markouts.items()},
        "splits": {split.by: _split(split) for split in found.splits},
        "wishes": _wishes(found),
        "ups": _ups(found.ups),
        "by_game": {game: _band(band) for game, band in found.games.items()},
        "fills": found.fills,
        "contracts": format_count(Count(found.contracts)),
        "assumed_fills": found.assumed,
        "runs": found.runs,
    }


def _verdict(found: StrategyScores) -> dict[str, Json]:
    verdict = found.verdict
    return {
        "judgement": verdict.judgement.value,
        "sentence": verdict.sentence,
        "games": verdict.games,
        "games_needed": verdict.power.needed,
        "games_more": verdict.power.more,
        "per_game": {reading: _interval(each) for reading, each in verdict.per_game.items()},
        "unseen": {reading: attrs.asdict(each) for reading, each in verdict.unseen.items()},
        "rare": verdict.rare,
    }


def _expectation(found: Expectation) -> dict[str, Json]:
    return {
        "honesty": found.honesty.value,
        "sentence": _honest(found),
        "fills": found.fills,
        "contracts": found.contracts,
        "stated": found.stated,
        "brought": _interval(found.brought),
        "gap": _interval(found.gap),
    }


def _honest(found: Expectation) -> str | None:
    """What to say of expectations, in cents a contract; None where nothing was stated."""
    if found.stated is None or found.brought is None or found.gap is None:
        return None
    came = f"stated {100 * found.stated:+.2f} cents a contract, came {100 * found.brought.estimate:+.2f}"
    gap = f"the difference lies between {100 * found.gap.low:+.2f} and {100 * found.gap.high:+.2f}"
    match found.honesty:
        case Honesty.UNKNOWN:
            return f"{came}: too few games to hold it against anybody."
        case Honesty.FICTION:
            return f"its expectations are fiction: {came}; {gap}."
        case Honesty.MODEST:
            return f"it brought more than it expected: {came}; {gap}."
        case Honesty.BORNE_OUT:
            return f"its expectations are not refuted: {came}; {gap}."


def _curve(found: StrategyScores) -> list[Json]:
    """Moments with dollars under the three readings, thinned out."""
    points = found.curve
    step = -(-len(points) // CURVE_POINTS_MAX) or 1
    # Counted from the end, which is the result and must be there.
    kept = points[len(points) - 1 :: -step][::-1] if points else ()
    return [
        [utc_text(point.at), *(amount / MONEY_ONE for amount in attrs.astuple(point.pnl))] for point in kept
    ]


def _forecasts(found: ForecastScores) -> dict[str, Json]:
    return {
        "count": found.count,
        "compared": found.compared,
        "games": found.games,
        "brier": found.brier,
        "brier_market": found.brier_market,
        "brier_gain": _interval(found.brier_gain),
        "log_loss": _loss(found.log_loss),
        "log_loss_market": _loss(found.log_loss_market),
        "log_loss_gain": _interval(found.log_loss_gain),
        "calibration": _calibration(found.calibration),
    }


def _loss(found: LogLoss | None) -> Json:
    return None if found is None else {"mean": found.mean, "clipped": found.clipped}


def _calibration(found: Calibration | None) -> Json:
    if found is None:
        return None
    return {
        "bins": [attrs.asdict(each) for each in found.bins],
        "reliability": found.reliability,
        "resolution": found.resolution,
        "uncertainty": found.uncertainty,
        "within": found.within,
    }


def _closing(found: ClosingScores) -> dict[str, Json]:
    return {"mean": _interval(found.mean), "fills": found.fills, "missing": found.missing}


def _markout(point: MarkoutPoint) -> dict[str, Json]:
    seconds = None if point.horizon is None else point.horizon // NANOS_PER_SECOND
    return {
        "seconds": seconds,
        "mean": _interval(point.mean),
        "fills": point.fills,
        "missing": point.missing,
    }


def _split(split: Split) -> list[Json]:
    return [
        {
            "name": part.name,
            "fills": part.fills,
            "games": part.games,
            "contracts": part.contracts,
            "gain": format_money(part.gain),
            "per_contract": part.per_contract,
        }
        for part in split.parts
    ]


def _wishes(found: StrategyScores) -> dict[str, Json]:
    wishes = found.wishes
    limited = sum(wishes.by_limits.values())
    return {
        "made": wishes.made,
        "passed": wishes.passed,
        "refused": dict(wishes.refused),
        "by_limits": dict(wishes.by_limits),
        "share_by_limits": limited / wishes.made if wishes.made else None,
        "sentence": limits_sentence(wishes),
        "signals": found.signals,
        "near_misses": found.near_misses,
    }


def limits_sentence(wishes: Wishes) -> str | None:
    """What the limits did to a result, with the share of wishes that they refused; None if nothing."""
    limits = wishes.by_limits
    if not limits:
        return None
    refused = sum(limits.values())
    names = ", ".join(f"{code} {count}" for code, count in sorted(limits.items()))
    told = (
        f"limits shaped the result: they refused {refused} of {wishes.made} wishes "
        f"({100 * refused / wishes.made:.1f} %): {names}."
    )
    of_all = [code for code in sorted(limits) if code in PORTFOLIO]
    if not of_all:
        return told
    verb = "counts" if len(of_all) == 1 else "count"
    return f"{told} {', '.join(of_all)} {verb} all strategies: it would have got something else alone."


def _ups(found: Ups) -> dict[str, Json]:
    return {
        "profit": _profit(found.profit),
        "best": _game(found.best),
        "worst": _game(found.worst),
        "losing_run": found.losing_run,
        "share_of_best_three": found.share_of_best,
        "drawdown": format_money(found.drawdown),
        "under_water_seconds": found.under_water // NANOS_PER_SECOND,
    }


def _profit(found: Profit | None) -> Json:
    if found is None:
        return None
    return {
        "games": found.units,
        "hit_rate": found.hit_rate,
        "mean": format_money(Money(round(found.expectancy))),
        "profit_factor": found.profit_factor,
        "payoff_ratio": found.payoff_ratio,
    }


def _game(found: tuple[str, Money] | None) -> Json:
    return None if found is None else {"game": found[0], "pnl": format_money(found[1])}


def _band(band: Band) -> dict[str, Json]:
    return {reading: format_money(amount) for reading, amount in attrs.asdict(band).items()}


def _interval(found: Interval | None) -> Json:
    if found is None:
        return None
    return {
        "estimate": found.estimate,
        "low": found.low,
        "high": found.high,
        "games": found.games,
        "games_effective": found.games_effective,
    }


def _run(run: RunEvidence) -> dict[str, Json]:
    fills = run.seen.fills
    return {
        "run": run.run,
        "version": run.version,
        "config_digest": run.config_digest,
        "seed": run.seed,
        "started_at": None if run.started_at is None else utc_text(run.started_at),
        "last_at": None if run.last_at is None else utc_text(run.last_at),
        "ended": run.ended,
        "chain": run.chain,
        "digest": run.digest,
        "bars": run.bars,
        "known": dict(run.known),
        "blind": run.seen.blind,
        "fills": len(fills),
        "assumed_fills": sum(fill.assumed for fill in fills),
    }
