"""The results of a sweep in one SQLite file: a row for each trial and evening, and one for each game.

Written by the process that leads the sweep, and by nobody else; what is there is never played again. Rows are
found by what decides them (recording, strategy, version, parameters, seed), so whatever order they came in,
and however often the sweep was killed, the table read back is the same.
"""

import fcntl
import hashlib
import json
import os
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Self

import attrs

from persistence.errors import StorageBusy, StorageForeign, StorageUnreachable, sorted_error

APPLICATION_ID: Final = 0x54495053
"""In the file's header: "TIPS"."""

FORMAT: Final = 1

BUSY_SECONDS: Final = 10.0
"""So long a reader waits for a commit that is under way."""

_SCHEMA: Final = """
CREATE TABLE sweep (plan TEXT NOT NULL, config TEXT NOT NULL) STRICT;
CREATE TABLE recording (digest TEXT PRIMARY KEY, place INTEGER NOT NULL, body TEXT NOT NULL) STRICT;
CREATE TABLE game (
    recording TEXT NOT NULL, game TEXT NOT NULL, day TEXT NOT NULL, PRIMARY KEY (recording, game)
) STRICT, WITHOUT ROWID;
CREATE TABLE trial (trial INTEGER PRIMARY KEY, parameters TEXT NOT NULL) STRICT;
CREATE TABLE outcome (
    recording TEXT NOT NULL, strategy TEXT NOT NULL, version TEXT NOT NULL, parameters TEXT NOT NULL,
    seed INTEGER NOT NULL, state TEXT NOT NULL, error TEXT,
    signals INTEGER NOT NULL, orders INTEGER NOT NULL, fills INTEGER NOT NULL,
    PRIMARY KEY (recording, strategy, version, parameters, seed)
) STRICT, WITHOUT ROWID;
CREATE TABLE result (
    recording TEXT NOT NULL, strategy TEXT NOT NULL, version TEXT NOT NULL, parameters TEXT NOT NULL,
    seed INTEGER NOT NULL, game TEXT NOT NULL,
    pessimistic INTEGER NOT NULL, base INTEGER NOT NULL, optimistic INTEGER NOT NULL,
    closing REAL NOT NULL, closing_fills INTEGER NOT NULL,
    log_loss_gain REAL NOT NULL, forecasts INTEGER NOT NULL,
    PRIMARY KEY (recording, strategy, version, parameters, seed, game)
) STRICT, WITHOUT ROWID;
"""


@attrs.frozen
class SweepKey:
    """What decides a row beside the trial's parameters and the recording."""

    strategy: str
    version: str
    seed: int


@attrs.frozen
class OutcomeRow:
    """What became of a trial in one evening."""

    recording: str
    parameters: str
    state: str
    error: str | None
    signals: int
    orders: int
    fills: int


@attrs.frozen
class ResultRow:
    """What a trial brought in a game: money in 1/1,000,000 dollar, closing value in dollars, gain in nats."""

    recording: str
    parameters: str
    game: str
    pessimistic: int
    base: int
    optimistic: int
    closing: float
    closing_fills: int
    log_loss_gain: float
    forecasts: int


class SweepStore:
    """One open file."""

    def __init__(self, path: Path, *, reads: bool = False) -> None:
        """Open a sweep that is there, to write unless it only `reads`. Raises a StorageError.

        Only one process writes at a time; the kernel gives its right back however it ends.
        """
        if not path.exists():
            raise StorageUnreachable("no such file", str(path), "name the file of a sweep")
        self.path = path
        self._lock = -1 if reads else _locked(path)
        try:
            self._connection = _connected(path, "ro" if reads else "rw")
            with self._sorted():
                self._check()
        except BaseException:
            self._release()
            raise

    @classmethod
    def create(
        cls, path: Path, *, plan: str, config: str, recordings: Iterable[tuple[str, str]]
    ) -> "SweepStore":
        """Begin a sweep: `recordings` are digests, in the order of the evenings, with how to find them."""
        beside = path.with_name(f"{path.name}.new")
        beside.unlink(missing_ok=True)
        connection = _connected(beside, "rwc")
        try:
            connection.executescript(_SCHEMA)
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {FORMAT}")
            with connection:
                connection.execute("INSERT INTO sweep VALUES (?, ?)", (plan, config))
                rows = [(digest, place, body) for place, (digest, body) in enumerate(recordings)]
                connection.executemany("INSERT INTO recording VALUES (?, ?, ?)", rows)
        except sqlite3.Error as error:
            raise sorted_error(error, str(path)) from error
        finally:
            connection.close()
        # In one step: a kill leaves a whole sweep or none.
        beside.replace(path)
        return cls(path)

    def close(self) -> None:
        """Let the next one in."""
        self._connection.close()
        self._release()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # What is written

    def add_trials(self, trials: Iterable[tuple[int, str]]) -> None:
        """Name trials before any of them is played; those that are there already stay."""
        with self._sorted(), self._connection:
            self._connection.executemany("INSERT OR IGNORE INTO trial VALUES (?, ?)", trials)

    def add(
        self,
        key: SweepKey,
        recording: str,
        games: Iterable[tuple[str, str]],
        outcomes: Iterable[tuple[OutcomeRow, Iterable[ResultRow]]],
    ) -> None:
        """What came of a task, all of it or nothing; a trial that is there already stays as it is."""
        write = self._connection.execute
        with self._sorted(), self._connection:
            for game, day in games:
                write("INSERT OR IGNORE INTO game VALUES (?, ?, ?)", (recording, game, day))
            for row, results in outcomes:
                mine = (row.recording, key.strategy, key.version, row.parameters, key.seed)
                told = (row.state, row.error, row.signals, row.orders, row.fills)
                done = write("INSERT OR IGNORE INTO outcome VALUES (?,?,?,?,?,?,?,?,?,?)", (*mine, *told))
                if done.rowcount == 0:
                    continue
                for result in results:
                    values = attrs.astuple(result)[2:]
                    write("INSERT INTO result VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)", (*mine, *values))

    # What is read

    def plan(self) -> tuple[str, str]:
        """The plan, and the configuration."""
        ((plan, config),) = self._rows("SELECT plan, config FROM sweep")
        return str(plan), str(config)

    def recordings(self) -> list[tuple[str, str]]:
        """Digest of each evening and how to find it, in their order."""
        return [(str(a), str(b)) for a, b in self._rows("SELECT digest, body FROM recording ORDER BY place")]

    def trials(self) -> dict[int, str]:
        """The parameters of every trial by its number."""
        return {int(a): str(b) for a, b in self._rows("SELECT trial, parameters FROM trial ORDER BY trial")}  # type: ignore[call-overload]

    def games(self) -> list[tuple[str, str, str]]:
        """Recording, game and day of every game."""
        found = self._rows("SELECT recording, game, day FROM game ORDER BY recording, game")
        return [(str(a), str(b), str(c)) for a, b, c in found]

    def outcomes(self, key: SweepKey) -> list[OutcomeRow]:
        """Every outcome, by recording and parameters."""
        columns = "recording, parameters, state, error, signals, orders, fills"
        where = "WHERE strategy = ? AND version = ? AND seed = ? ORDER BY recording, parameters"
        found = self._rows(f"SELECT {columns} FROM outcome {where}", attrs.astuple(key))  # noqa: S608
        return [OutcomeRow(*row) for row in found]  # type: ignore[arg-type]

    def results(self, key: SweepKey) -> list[ResultRow]:
        """Every result, by recording, parameters and game."""
        columns = ", ".join(field.name for field in attrs.fields(ResultRow))
        where = "WHERE strategy = ? AND version = ? AND seed = ? ORDER BY recording, parameters, game"
        found = self._rows(f"SELECT {columns} FROM result {where}", attrs.astuple(key))  # noqa: S608
        return [ResultRow(*row) for row in found]  # type: ignore[arg-type]

    def digest(self) -> str:
        """sha256 over the whole table in canonical order: equal for sweeps with equal results."""
        digest = hashlib.sha256()
        # Where the recordings lie is no result.
        for table, columns in (
            ("sweep", "plan, config"),
            ("recording", "digest"),
            ("game", "*"),
            ("trial", "*"),
            ("outcome", "*"),
            ("result", "*"),
        ):
            ordered = ", ".join(str(place + 1) for place in range(_KEYS[table]))
            for row in self._rows(f"SELECT {columns} FROM {table} ORDER BY {ordered}"):  # noqa: S608
                digest.update(json.dumps([table, *row]).encode() + b"\n")
        return digest.hexdigest()

    def _rows(self, query: str, values: Iterable[object] = ()) -> list[tuple[object, ...]]:
        with self._sorted():
            return self._connection.execute(query, tuple(values)).fetchall()

    def _check(self) -> None:
        ((found,),) = self._connection.execute("PRAGMA application_id").fetchall()
        ((version,),) = self._connection.execute("PRAGMA user_version").fetchall()
        if (found, version) != (APPLICATION_ID, FORMAT):
            raise StorageForeign(
                "not the file of a sweep", str(self.path), "name one that `tipoff sweep` wrote"
            )

    @contextmanager
    def _sorted(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise sorted_error(error, str(self.path)) from error

    def _release(self) -> None:
        # Last, and after the connection: SQLite's own locks on the file end with any descriptor of it.
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1


_KEYS: Final = {"sweep": 1, "recording": 1, "game": 2, "trial": 1, "outcome": 5, "result": 6}
"""How many columns of each table its key has."""


def _connected(path: Path, mode: str) -> sqlite3.Connection:
    try:
        connection = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode={mode}", uri=True, timeout=BUSY_SECONDS
        )
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA trusted_schema = OFF")
    except sqlite3.Error as error:
        raise sorted_error(error, str(path)) from error
    return connection


def _locked(path: Path) -> int:
    try:
        lock = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except OSError as error:
        raise sorted_error(error, str(path)) from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(lock)
        what = "another process is at work on this sweep"
        raise StorageBusy(
            what, str(path), "wait for it, or end it first; `tipoff sweep show` may look on"
        ) from error
    return lock
