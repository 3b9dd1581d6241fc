"""`python -m benchmarks.win_probability.trust FOLDER [--write]`: the shipped trust, and a table of 27 games.

Imports the recorded games as anybody would (`tipoff import`), lets the strategies speak over them with scores
at once, 30 and 60 seconds late, and plays them with default parameters, once at their word and once with the
shipped trust. With `--write` the estimates go to `engine/trust_fit.py` and the tables to
`docs/trust_tables.md`.
"""

import argparse
import csv
import datetime as dt
import gzip
import json
import sys
import tempfile
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import attrs
from sqlalchemy import select

from engine.facts import ASK_EVIDENCE, BID_EVIDENCE, SignalAction
from engine.strategies.trader import UNTRUSTED
from engine.trust import HORIZON, Gap, Source, Trust, estimated
from engine.trust_fit import SHIPPED
from persistence.tables import signals
from persistence.writer import JournalWriter, Mode, Options
from tipoff.commands.calibrate import heard_of
from tipoff.commands.replay import replay, with_evidence
from tipoff.config.load import Config, template
from tipoff.json_types import Json
from tipoff.reports.numbers import as_object
from tipoff.runs.from_config import at_its_word, schema, trading_settings
from venues.importers.evening import ImportSpec, import_files
from venues.recordings.recorder import read_batches

ROOT: Final = Path(__file__).resolve().parents[2]
ESTIMATES: Final = ROOT / "engine" / "trust_fit.py"
TABLES: Final = ROOT / "docs" / "trust_tables.md"
CANDLES: Final = Path("nba_joined/po2025_candles_1m.csv.gz")
STATES: Final = Path("nba_joined/po2025_states.csv.gz")
MORE_CANDLES: Final = Path("kalshi/nba_candles_1m_sample.csv.gz")
"""24 other games, of which 23 have no wall clock of scores: they say something of the price's own moves."""

DELAYS: Final = (0, 30, 60)
"""Seconds by which scores are known later than the scorer wrote them."""

SHIPPED_DELAY: Final = 30
"""No feed is as fast as the scorer, so the defaults are of scores as late as a live feed's."""

HEAD: Final = "<!-- Written by `python -m benchmarks.win_probability.trust FOLDER --write`. -->"
SLOPES: Final = (
    "**How far the price follows an opinion.** Slope of the next ten minutes on the gap, with its interval by"
    " game, by how late scores are known."
)
GAMES: Final = (
    "**Default parameters on 27 real games.** Cents a contract after fees, with the interval by game."
)

ESTIMATES_TEXT: Final = '''"""What is believed of each source of opinion without a calibration of one's own.

Read by the configuration. Written by `python -m benchmarks.win_probability.trust FOLDER --write`: slopes of
the price's move on the gap, from a minute after the opinion to ten minutes after it, intervals by game. A
source that is not named here said nothing on these games, so nothing supports it.
"""

from typing import Final

from engine.trust import Source, Trust, table_of

ORIGIN: Final = "{origin}"

ESTIMATED: Final[dict[Source, Trust]] = {{
{rows}
}}

SHIPPED: Final = table_of(ESTIMATED)
'''


@attrs.frozen
class Played:
    """What a strategy made of the games, one way of believing it: see the table's columns."""

    fills: int
    stated: float | None
    """Cents a contract."""
    brought: tuple[float, float, float] | None
    """The same with its interval by game."""
    untrusted: int
    """Entries that were not made since their source is not believed; one in five minutes is counted."""
    believed: float | None
    """Cents a contract that the entries would have stated by the shipped trust."""


def main() -> int:
    """Return 0 once everything is printed (and written); 2 without the recorded games."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.win_probability.trust", description=__doc__)
    parser.add_argument("folder", type=Path, help="the folder of recorded games")
    parser.add_argument("--write", action="store_true", help="write estimates and tables into the project")
    given = parser.parse_args()
    missing = [str(given.folder / name) for name in (CANDLES, STATES) if not (given.folder / name).is_file()]
    if missing:
        print(f"missing: {', '.join(missing)}; give the folder of recorded games", file=sys.stderr)
        return 2
    config = template(schema())
    with tempfile.TemporaryDirectory(prefix="tipoff-trust-") as scratch:
        recordings = {delay: imported(given.folder, Path(scratch), delay) for delay in DELAYS}
        more = Path(scratch) / "more"
        import_files([ImportSpec("kalshi-candles", given.folder / MORE_CANDLES)], more)
        of_prices = heard_of(more, config, HORIZON).gaps
        trusts = {
            delay: estimated(
                (*heard_of(recording, config, HORIZON).gaps, *new_games(of_prices)), origin(delay)
            )
            for delay, recording in recordings.items()
        }
        parts = [HEAD, SLOPES, slopes_table(trusts), GAMES, games_table(recordings, config)]
        tables = "\n\n".join(parts)
    print(tables)
    if given.write:
        TABLES.write_text(tables + "\n", encoding="utf-8")
        ESTIMATES.write_text(estimates_text(trusts[SHIPPED_DELAY]), encoding="utf-8")
    return 0


def origin(delay: int) -> str:
    """Where estimates are from, for people."""
    return f"27 playoff games of 2025 and candles of 23 more, scores {delay} s late"


def new_games(gaps: tuple[Gap, ...]) -> list[Gap]:
    """Without the game that both files hold."""
    return [gap for gap in gaps if not gap.game.startswith("25MAY06")]


def imported(folder: Path, scratch: Path, delay: int) -> Path:
    """The games as a recording, with scores known `delay` seconds after the scorer wrote them."""
    states = scratch / f"states_{delay}.csv"
    with (
        gzip.open(folder / STATES, "rt", encoding="utf-8", newline="") as source,
        states.open("w", encoding="utf-8", newline="") as target,
    ):
        reader = csv.DictReader(source)
        writer = csv.DictWriter(target, reader.fieldnames or ())
        writer.writeheader()
        for row in reader:
            at = dt.datetime.fromisoformat(row["timestamp"]) + dt.timedelta(seconds=delay)
            writer.writerow({**row, "timestamp": at.strftime("%Y-%m-%dT%H:%M:%S.0Z")})
    recording = scratch / f"games_{delay}"
    import_files(
        [ImportSpec("kalshi-candles", folder / CANDLES), ImportSpec("nba-states", states)], recording
    )
    return recording


def played(recording: Path, config: Config) -> dict[str, Played]:
    """What each strategy made of a recording."""
    writer = JournalWriter("sqlite://", "played", Options(mode=Mode.REPLAY))
    try:
        document = replay(read_batches(recording), trading_settings(config), "played", writer).document
        evidence = as_object(with_evidence(document, writer)["evidence"])
        believed = believed_of(writer)
    finally:
        writer.close()
    counted = as_object(document["strategies"])
    return {
        name: _played(as_object(counted[name]), as_object(as_object(row)["expectation"]), believed.get(name))
        for name, row in as_object(evidence["strategies"]).items()
    }


def believed_of(writer: JournalWriter) -> dict[str, float]:
    """What the entries of each strategy would have stated, on average, by the shipped trust."""
    chosen = select(signals.c.strategy, signals.c.evidence).where(
        signals.c.action == SignalAction.ENTER.value
    )
    stated: dict[str, list[float]] = defaultdict(list)
    for strategy, text in writer.reader().connection.execute(chosen):
        evidence = dict(json.loads(text))
        bid, ask = float(evidence[BID_EVIDENCE]), float(evidence[ASK_EVIDENCE])
        # From the price that is paid to the middle, and from there to the opinion.
        claimed = float(evidence["gap"]) + (ask - bid) / 2
        share = SHIPPED.of(Source(evidence["source"])).share
        stated[strategy].append(float(evidence["net_edge"]) - (1.0 - share) * claimed)
    return {strategy: 100 * sum(each) / len(each) for strategy, each in stated.items()}


def games_table(recordings: Mapping[int, Path], config: Config) -> str:
    """Strategy by delay: at its word and with the shipped trust."""
    heads = ("strategy", "scores late", "fills at its word", "stated", "by the shipped trust", "came")
    head = [*heads, "fills as shipped", "not believed"]
    lines = [f"| {' | '.join(head)} |", f"| --- |{' ---: |' * (len(head) - 1)}"]
    for delay, recording in recordings.items():
        word, ours = played(recording, at_its_word(config)), played(recording, config)
        for name, at_word in word.items():
            came = "" if at_word.brought is None else "{:+.1f} [{:+.1f}, {:+.1f}]".format(*at_word.brought)
            stated = "" if at_word.stated is None else f"{at_word.stated:+.1f}"
            believed = "" if at_word.believed is None else f"{at_word.believed:+.1f}"
            cells = [name, f"{delay} s", str(at_word.fills), stated, believed, came]
            cells += [str(ours[name].fills), str(ours[name].untrusted)]
            lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def slopes_table(trusts: Mapping[int, Mapping[Source, Trust]]) -> str:
    """Source by delay: slope, interval, games and opinions."""
    lines = [
        f"| source | {' | '.join(f'scores {delay} s late' for delay in trusts)} | believed |",
        f"| --- | {'---: | ' * len(trusts)}---: |",
    ]
    for source in Source:
        if source is Source.OWN:
            continue
        cells = []
        for found in trusts.values():
            trust = found.get(source)
            cells.append(
                "nothing said"
                if trust is None
                else f"{trust.estimate:+.2f} [{trust.low:+.2f}, {trust.high:+.2f}], {trust.games} games,"
                f" {trust.gaps:,} opinions"
            )
        shipped = trusts[SHIPPED_DELAY].get(source)
        cells.append("0.00" if shipped is None else f"{shipped.share:.2f}")
        lines.append(f"| {source.value} | {' | '.join(cells)} |")
    return "\n".join(lines)


def estimates_text(trusts: Mapping[Source, Trust]) -> str:
    """The module of estimates."""
    rows = "\n".join(
        f"    Source.{source.name}: Trust({trust.estimate:.3f}, {trust.low:.3f}, {trust.high:.3f},"
        f" {trust.games}, {trust.gaps}, ORIGIN),"
        for source, trust in trusts.items()
    )
    return ESTIMATES_TEXT.format(origin=origin(SHIPPED_DELAY), rows=rows)


def _played(counted: Mapping[str, Json], expectation: Mapping[str, Json], believed: float | None) -> Played:
    stated, brought = expectation["stated"], expectation["brought"]
    untrusted = as_object(counted["missed"]).get(UNTRUSTED, 0)
    return Played(
        fills=int(str(counted["fills"])),
        stated=None if stated is None else 100 * float(str(stated)),
        brought=None if brought is None else _cents(as_object(brought)),
        untrusted=int(str(untrusted)),
        believed=believed,
    )


def _cents(interval: Mapping[str, Json]) -> tuple[float, float, float]:
    estimate, low, high = (100 * float(str(interval[name])) for name in ("estimate", "low", "high"))
    return estimate, low, high


if __name__ == "__main__":
    sys.exit(main())
