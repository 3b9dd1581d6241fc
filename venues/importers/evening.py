"""Several files of other people become one recording of ours: `tipoff import`.

Called by the command line and by tests. Files are read whole, put in the order of time (earlier arguments
first where times are equal), numbered and written to a temporary folder beside the target, which takes its
name only when everything was right: bad input leaves nothing behind.
"""

import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Final

import attrs

from engine.events import FeedRefused
from engine.units import NANOS_PER_SECOND, Nanos
from venues import timestamps
from venues.errors import ImportFailed, RecordingError
from venues.importers import basketball, odds_api, past_files, plays, quotes, results, stream
from venues.importers.entries import Entry, Games, Known
from venues.importers.files import SourceFile
from venues.importers.game_days import EVERY_DAY, GameDays
from venues.importers.rows import translate_row
from venues.importers.score_delay import AS_ENTERED, ASSUMED, STAMPED, known_at, parse_delay
from venues.importers.unused import Unused, why_unused
from venues.recordings.recorder import Recorder

SCORERS = frozenset({STAMPED, "nba-plays"})
"""Kinds of which the moments are the scorer's."""

DERIVED = "derived from the final score"
"""What is told of results that no file gave."""

SEED: Final = 1
"""Of drawn delays: the same files are the same recording."""

Told = Callable[[str, int, int], None]
"""Hears what is being done, how many lines of it are, and of about how many."""

AT_MAX = timestamps.SECONDS_MAX * NANOS_PER_SECOND


@attrs.frozen
class Kind:
    """One kind of file: how it is read, and what its rows look like. `name_games` learns who plays, if it
    can.
    """

    name: str
    description: str
    read: Callable[[SourceFile, Games], Iterator[Entry]]
    name_games: Callable[[SourceFile, Games], None] | None = None
    known: Known = Known.REAL


KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind(
            "kalshi-frames",
            "JSON lines {received_ms, frame}, or the bare frames (times from ts_ms), of Kalshi's stream",
            stream.read_frames,
        ),
        Kind(
            "kalshi-results",
            "CSV of results: ticker,result,settled_at (yes, no, or scalar with what YES pays in `value`)",
            results.read_results,
        ),
        Kind(
            "kalshi-events",
            "JSON lines {recv_ns, conn, type, seq, msg}: a recorder's events; keys it added are ignored",
            stream.read_events,
        ),
        Kind(
            "kalshi-markets",
            "JSON lines of market objects of GET /markets: listed when they opened, paid when they were",
            past_files.read_markets,
        ),
        Kind(
            "kalshi-trades",
            "JSON lines of trades of GET /markets/trades",
            past_files.read_trades,
        ),
        Kind(
            "kalshi-ticker",
            "JSON lines {kalshi_ts, market_ticker, yes_bid_prob, yes_ask_prob, …}: ticker updates of 2025",
            quotes.read_ticker,
        ),
        Kind(
            "kalshi-candles",
            "CSV of minutes: game,ticker,timestamp,…,close (cents); quoted as close ± 1 cent, marked pseudo",
            quotes.read_candles,
            quotes.name_games,
            known=Known.ASSUMED,
        ),
        Kind(
            "nba-states",
            "CSV of every play: timestamp,game_id,home_team,away_team,quarter,…,score_home,score_away",
            basketball.read_states,
            basketball.name_games,
        ),
        Kind(
            "nba-plays",
            "the league's playbyplay_NUMBER.json with its wall clock; who plays is in another file",
            plays.read_plays,
        ),
        Kind(
            "nba-boxscore",
            "the league's boxscore_NUMBER.json: who plays the game of a number, and when it was to begin",
            plays.read_boxscore,
            plays.name_game,
        ),
        Kind(
            "nba-clock",
            "CSV of plays without a wall clock, of which only the end is taken: game_id,date_et,away,…",
            plays.read_clock,
            known=Known.ASSUMED,
        ),
        Kind(
            "nba-polls",
            "CSV of live polls: poll_time_utc,nba_game_id,period,game_minute,away_score,home_score",
            basketball.read_polls,
        ),
        Kind(
            "odds-api",
            "CSV rows of the-odds-api: event_id,commence_time,bookmaker,market,outcome_name,price,point…",
            odds_api.read_odds_api,
        ),
        Kind(
            "odds-moneyline",
            "CSV of decimal moneylines, a column a book, a row a side: scrape_time,team,BOOK…",
            basketball.read_moneylines,
        ),
        Kind(
            "odds-spreads",
            "CSV of American spreads, a row a book and day: file_date,home_team,book,home_point,…",
            basketball.read_spreads,
            known=Known.ASSUMED,
        ),
    )
}


@attrs.frozen
class ImportSpec:
    """One argument: which kind, which file."""

    kind: str
    path: Path


@attrs.frozen
class ImportedFile:
    """What became of one file. `unused` counts, by reason, rows that tell a strategy nothing.

    `refused` counts cells and rows that made no sense and were left out; `notes` tell the first of them.
    """

    kind: str
    path: Path
    rows: int
    lines: int
    unused: Mapping[Unused, int]
    refused: int
    notes: tuple[str, ...]


@attrs.frozen
class ImportReport:
    """What an import made."""

    recording: Path
    files: tuple[ImportedFile, ...]
    lines: int
    first_at: int | None
    last_at: int | None
    derived: int = 0
    """Results that no file gave and the final score decides; `lines` counts them too."""


def parse_spec(text: str) -> ImportSpec:
    """Read an argument KIND=FILE. Raises ImportFailed."""
    kind, equals, path = text.partition("=")
    if not equals or not path:
        raise ImportFailed(f"{text!r} is not KIND=FILE; kinds: {', '.join(KINDS)}")
    if kind not in KINDS:
        raise ImportFailed(f"{kind!r} is not a kind of file; kinds: {', '.join(KINDS)}")
    return ImportSpec(kind, Path(path))


def _nobody_is_told(what: str, done: int, total: int) -> None:
    """For callers who do not care how far it is."""


def import_files(
    specs: Sequence[ImportSpec],
    out: Path,
    score_delay: str | None = AS_ENTERED,
    *,
    days: GameDays = EVERY_DAY,
    told: Told = _nobody_is_told,
) -> ImportReport:
    """Make the recording `out` of `specs`. Raises ImportFailed or RecordingError, and then leaves nothing
    behind.

    Plays with the scorer's moment are heard `score_delay` later (`parse_delay`), drawn from `SEED`; None is
    what is assumed where nobody measured it. Only rows of `days` are taken. `told` hears how far it is.
    """
    delay = parse_delay(ASSUMED if score_delay is None else score_delay)
    if not specs:
        raise ImportFailed("no file given; give one or more KIND=FILE")
    if out.exists():
        raise ImportFailed(f"{out}: exists already; choose another name or remove it first")
    games = Games()
    for spec in specs:
        # All of them before anything is read: one file may know by name what another only numbers.
        name_games = KINDS[spec.kind].name_games
        if name_games is not None:
            file = SourceFile(spec.path, spec.kind, partial(told, f"looking into {spec.path.name}"))
            with _known_failures(file):
                name_games(file, games)
    entries: list[Entry] = []
    files: list[ImportedFile] = []
    for spec in specs:
        file = SourceFile(spec.path, spec.kind, partial(told, f"reading {spec.path.name}"))
        with _known_failures(file):
            found = _entries(file, games, days, conn=max((entry.conn for entry in entries), default=0))
        if not found and not file.unused[Unused.OTHER_DAY]:
            why = "".join(f"; {note}" for note in file.notes[:1])
            raise ImportFailed(f"{spec.path}: nothing in it to import (read as {spec.kind}){why}")
        entries += found
        files.append(_imported(file, len(found)))
    if not entries:
        raise ImportFailed(f"no file has a row of the game days from {days.words}")
    # Stable: entries of one moment keep the order of the arguments, and so does every import of the same
    # files.
    entries = [entry._replace(at=at) for entry, at in known_at(entries, delay, SEED)]
    made = results.derived(entries)
    entries = sorted([*entries, *made], key=lambda entry: entry.at)
    known = {spec.kind: known_word(spec.kind, score_delay) for spec in specs}
    if made:
        known[results.RESULTS] = " and ".join(
            [*([known[results.RESULTS]] if results.RESULTS in known else []), DERIVED]
        )
    _write(entries, out, known, told)
    return ImportReport(out, tuple(files), len(entries), entries[0].at, entries[-1].at, len(made))


@contextmanager
def _known_failures(file: SourceFile) -> Iterator[None]:
    """Whatever a file makes its reader raise is a refusal that names the line, never a traceback."""
    try:
        yield
    except (ImportFailed, RecordingError):
        raise
    except Exception as error:
        raise file.failed(f"{type(error).__name__}: {error}") from error


def _imported(file: SourceFile, lines: int) -> ImportedFile:
    notes = tuple(file.notes)
    return ImportedFile(file.kind, file.path, file.lines_read, lines, dict(file.unused), file.refused, notes)


def _entries(file: SourceFile, games: Games, days: GameDays, conn: int) -> list[Entry]:
    """The lines of one file, each tried on the translator; its connections are numbered after `conn`."""
    entries: list[Entry] = []
    read = _dated(file, KINDS[file.kind].read(file, games))
    for entry in days.of(file, read) if days.limited else read:
        if entry.source == "import" and not _says_something(file, entry):
            continue
        entries.append(entry._replace(conn=entry.conn + conn) if entry.conn else entry)
    return entries


def _dated(file: SourceFile, entries: Iterable[Entry]) -> Iterator[Entry]:
    """Raises ImportFailed at an entry whose moment cannot be one."""
    for entry in entries:
        if not 0 <= entry.at <= AT_MAX:
            raise file.failed(f"not a moment between 1970 and 2100: {entry.at} ns")
        yield entry


def _says_something(file: SourceFile, entry: Entry) -> bool:
    """What the translator would refuse in a replay is counted now, with its line; the rest is taken."""
    events = translate_row(entry.what, entry.body, Nanos(entry.at))
    refused = [event for event in events if isinstance(event, FeedRefused)]
    for event in refused:
        file.refuse(event.detail)
    if len(refused) == len(events):
        return False
    # A box score says who plays, which is what it is there for.
    unused = None if entry.what == plays.BOXSCORE else why_unused(events)
    if unused is not None:
        file.unused[unused] += 1
    return True


def known_word(kind: str, score_delay: str | None) -> str:
    """What is to be told of when the lines of a kind could be known."""
    if kind not in SCORERS:
        return KINDS[kind].known.value
    known = Known.ASSUMED if score_delay is None else Known.DELAYED
    return f"{known.value}: {ASSUMED if score_delay is None else score_delay} s behind the scorer"


def _write(entries: list[Entry], out: Path, known: Mapping[str, str], told: Told) -> None:
    """Write beside the target and rename, so that the target is whole or absent."""
    # Beside the target and not in /tmp: a rename is one step only within a file system.
    unfinished = out.with_name(f".{out.name}.unfinished-{os.getpid()}")
    try:
        with Recorder(unfinished, made_by="tipoff import", known=known) as recorder:
            for entry in entries:
                told(f"writing {out.name}", recorder.write(*entry), len(entries))
        unfinished.rename(out)
    except OSError as error:
        raise RecordingError(f"{out}: cannot be written: {error}") from error
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
