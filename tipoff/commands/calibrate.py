"""`tipoff calibrate`: what each source of opinion is worth, estimated from one's own recordings.

Called by the command line, and for the shipped defaults by `python -m benchmarks.win_probability.trust`. The
recordings are replayed with the strategies of the configuration listening and nobody trading; every opinion
is held against the move of the price that came.
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

import attrs
from rich.console import Group, RenderableType
from rich.text import Text

from engine.calendar import game_day
from engine.strategies.opinion_log import OpinionLog, PriceWitness
from engine.trust import GAMES_MIN, Gap, Source, Trust, estimated, walked_forward
from engine.units import MONEY_ONE, NANOS_PER_MINUTE, Money, Nanos
from tipoff import __version__
from tipoff.commands.evenings import evenings_in
from tipoff.commands.options import CalibrateRequest
from tipoff.commands.replay import replay
from tipoff.config.load import Config, load_or_template
from tipoff.json_types import Json
from tipoff.output import Answer, Failure, progress, table
from tipoff.runs.from_config import schema, trading_settings
from tipoff.runs.settings import StrategyPlan
from tipoff.runs.trust_file import written
from venues.errors import RecordingError
from venues.recordings.recorder import read_batches, read_manifest

RUN: Final = "calibration"


@attrs.frozen
class Heard:
    """One recording: its name, its game day and what was said on it."""

    name: str
    day: str
    gaps: tuple[Gap, ...]


def run_calibrate(request: CalibrateRequest) -> Answer:
    """Estimate, write the file if one is named, and show it. Raises Failure."""
    if request.out is not None and request.out.exists() and not request.force:
        raise Failure("exists", f"{request.out} is there already; --force writes over it")
    config = load_or_template(request.config, schema())
    horizon = Nanos(round(request.horizon_minutes * NANOS_PER_MINUTE))
    heard = [
        heard_of(folder, config, horizon, every_market=request.markets == "all")
        for folder in _recordings(request.recordings)
    ]
    heard.sort(key=lambda each: (each.day, each.name))
    trusts, origin = calibrated(heard, request.horizon_minutes)
    if request.out is not None:
        request.out.write_text(written(trusts, origin), encoding="utf-8")
        progress(f'{request.out} is written; name it in engine.toml: [trust] of = "{request.out}"')
    forward = list(walked_forward([(each.name, each.gaps) for each in heard]))
    return Answer(_document(trusts, origin, forward), _screen(trusts, origin, forward))


def calibrated(heard: Sequence[Heard], horizon_minutes: float) -> tuple[dict[Source, Trust], str]:
    """The trust of each source, and where it is from."""
    days = sorted(each.day for each in heard)
    origin = (
        f"{len(heard)} recordings, {days[0]} to {days[-1]}, moves of {horizon_minutes:g} minutes, "
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
        replay(read_batches(folder, on_note=progress), settings, RUN)
    except RecordingError as error:
        raise Failure("recording", str(error)) from error
    # A replay of nothing has failed already, so there is a first moment.
    return Heard(folder.name, str(game_day(Nanos(first_at or 0))), tuple(log.gaps()))


def _recordings(named: Iterable[Path]) -> list[Path]:
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
                "low": round(trust.low, 6),
                "high": round(trust.high, 6),
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
