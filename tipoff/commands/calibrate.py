"""`tipoff calibrate`: what each source of opinion is worth, estimated from one's own evenings.

Called by the command line, and for the shipped defaults by `python -m benchmarks.win_probability.trust`.
Recordings are replayed with the strategies of the configuration speaking and nobody trading; of stored runs
the opinions on record are read. Every opinion is held against the move of the price that came.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

import attrs
from rich.console import Group, RenderableType
from rich.text import Text

from engine.calendar import game_day
from engine.facts import SignalRaised
from engine.scoring.stored_opinions import StoredOpinions
from engine.strategies.opinion_log import OpinionLog, PriceWitness
from engine.trust import GAMES_MIN, Gap, Source, Trust, estimated, walked_forward
from engine.units import MONEY_ONE, NANOS_PER_MINUTE, Money, Nanos
from persistence.bars import bars_of
from persistence.queries import Reader
from persistence.stored_runs import opened, stored_runs
from tipoff import __version__
from tipoff.commands.database import storage_errors
from tipoff.commands.evenings import evenings_in
from tipoff.commands.options import CalibrateRequest
from tipoff.commands.replay import replay
from tipoff.commands.run_selection import ALL, day_of, selected
from tipoff.commands.watched_reading import read_watched
from tipoff.config.database import database_url
from tipoff.config.load import Config, load_or_template
from tipoff.json_types import Json
from tipoff.output import Answer, Failure, long_work, progress, table
from tipoff.runs.from_config import schema, trading_settings
from tipoff.runs.settings import StrategyPlan
from tipoff.runs.trust_file import written
from venues.errors import RecordingError
from venues.recordings.recorder import read_manifest

RUN: Final = "calibration"


@attrs.frozen
class Heard:
    """One recording or run: its name, its game day and what was said on it."""

    name: str
    day: str
    gaps: tuple[Gap, ...]


def run_calibrate(recordings: Sequence[Path], request: CalibrateRequest) -> Answer:
    """Estimate, write the file if one is named, and show it. Without recordings the stored runs are read.

    Raises Failure.
    """
    if request.out is not None and request.out.exists() and not request.force:
        raise Failure("exists", f"{request.out} is there already; --force writes over it")
    config = load_or_template(request.config, schema())
    horizon = Nanos(round(request.horizon * NANOS_PER_MINUTE))
    if recordings:
        every_market = request.markets == "all"
        heard = [
            heard_of(folder, config, horizon, every_market=every_market) for folder in _evenings(recordings)
        ]
    else:
        heard = _stored(request, config, horizon)
    heard.sort(key=lambda each: (each.day, each.name))
    trusts, origin = calibrated(heard, request.horizon, "recordings" if recordings else "runs")
    if request.out is not None:
        request.out.write_text(written(trusts, origin), encoding="utf-8")
        progress(f'{request.out} is written; name it in engine.toml: [trust] of = "{request.out}"')
    forward = list(walked_forward([(each.name, each.gaps) for each in heard]))
    return Answer(_document(trusts, origin, forward), _screen(trusts, origin, forward))


def calibrated(
    heard: Sequence[Heard], horizon_minutes: float, evenings: str = "recordings"
) -> tuple[dict[Source, Trust], str]:
    """The trust of each source, and where it is from; `evenings` is what they are called there."""
    days = sorted(each.day for each in heard)
    origin = (
        f"{len(heard)} {evenings}, {days[0]} to {days[-1]}, moves of {horizon_minutes:g} minutes, "
        f"tipoff {__version__}"
    )
    return estimated((gap for each in heard for gap in each.gaps), origin), origin


def heard_of(folder: Path, config: Config, horizon: Nanos, *, every_market: bool = False) -> Heard:
    """What the strategies of a configuration say on one recording. Raises Failure."""
    log = OpinionLog(horizon)
    settings = trading_settings(config, every_market=every_market, listener=log)
    witness = StrategyPlan(
        name=PriceWitness.kind,
        kind=PriceWitness.kind,
        bankroll=Money(MONEY_ONE),
        parameters="{}",
        traits=PriceWitness.traits(),
        make=lambda: PriceWitness(log),
        account=config.engine.accounts.of(PriceWitness.kind),
    )
    settings = attrs.evolve(settings, strategies=(*settings.strategies, witness))
    try:
        first_at = read_manifest(folder).first_at
        with long_work(f"replaying {folder.name}", "lines") as work:
            replay(read_watched([folder], work), settings, RUN)
    except RecordingError as error:
        raise Failure("recording", str(error)) from error
    # A replay of nothing has failed already, so there is a first moment.
    return Heard(folder.name, str(game_day(Nanos(first_at or 0))), tuple(log.gaps()))


def _stored(request: CalibrateRequest, config: Config, horizon: Nanos) -> list[Heard]:
    """What is on record of the runs that are meant. Raises Failure."""
    heard = []
    with storage_errors(), opened(database_url(config, request.db)) as connection:
        for run in selected(stored_runs(connection), request.runs or ALL):
            day = day_of(run)
            if day is not None:
                said = stored_opinions(Reader(connection, run.row.run), horizon)
                heard.append(Heard(run.row.run, str(day), tuple(said.gaps())))
                _tell_left_out(run.row.run, said)
    if not heard:
        raise Failure("not_found", "these runs have said nothing yet; `tipoff runs` lists what there is")
    return heard


def stored_opinions(reader: Reader, horizon: Nanos) -> StoredOpinions:
    """The opinions on record of a run, with the prices that came."""
    signals = (each.fact for each in reader.facts((SignalRaised,)))
    said = StoredOpinions((fact for fact in signals if isinstance(fact, SignalRaised)), horizon)
    for ticker, bars in bars_of(reader, said.prices.tickers):
        # Moments are looked up, not tips: which game the market is of does not matter.
        said.prices.take(ticker, ticker, bars)
    return said


def _tell_left_out(run: str, said: StoredOpinions) -> None:
    if said.unnamed:
        progress(f"{run}: {said.unnamed:,} signals name no source and are left out")
    if said.unpriced:
        progress(
            f"{run}: {said.unpriced:,} opinions have no trusted price later on and are left out: the run "
            "ended before, or its bars are gone ([storage] market_bars_days)"
        )


def _evenings(named: Iterable[Path]) -> list[Path]:
    found: list[Path] = []
    for path in named:
        found += evenings_in(path) or [path]
    return found


def _document(
    trusts: Mapping[Source, Trust],
    origin: str,
    forward: Iterable[tuple[str, Source, float, float, float]],
) -> dict[str, Json]:
    return {
        "origin": origin,
        "trust": {
            source.value: {
                "estimate": round(trust.estimate, 6),
                "low": _bound(trust.low),
                "high": _bound(trust.high),
                "games": trust.games,
                "gaps": trust.gaps,
                "believed": round(trust.share, 6),
            }
            for source, trust in trusts.items()
        },
        "walk_forward": [
            {
                "recording": name,
                "source": source.value,
                "believed": round(share, 6),
                "expected": round(expected, 6),
                "came": round(came, 6),
            }
            for name, source, share, expected, came in forward
        ],
    }


def _screen(
    trusts: Mapping[Source, Trust],
    origin: str,
    forward: Sequence[tuple[str, Source, float, float, float]],
) -> Group:
    rows = [
        (
            source.value,
            f"{trust.estimate:+.3f}",
            f"[{trust.low:+.3f}, {trust.high:+.3f}]",
            str(trust.games),
            f"{trust.gaps:,}",
            f"{trust.share:.3f}",
        )
        for source, trust in trusts.items()
    ]
    head = ["source", "slope", "95 % by game", "games", "opinions", "believed"]
    cents = [
        (name, source.value, f"{share:.3f}", f"{100 * expected:+.2f}", f"{100 * came:+.2f}")
        for name, source, share, expected, came in forward
    ]
    silent = ", ".join(s.value for s in Source if s not in trusts and s is not Source.OWN)
    rule = f"Believed is the slope where its interval lies above zero over {GAMES_MIN} games or more, else 0."
    parts: list[RenderableType] = [
        table(head, rows),
        Text(f"{rule} Nothing was said by: {silent or 'nobody'}. {origin}."),
    ]
    if cents:
        walked = ["recording", "source", "believed before", "expected, cents", "came, cents"]
        parts += [Text("Each recording by what those before it taught, per opinion:"), table(walked, cents)]
    return Group(*parts)


def _bound(value: float) -> float | None:
    """A bound for JSON, which has no infinity: None is unbounded."""
    return round(value, 6) if math.isfinite(value) else None
