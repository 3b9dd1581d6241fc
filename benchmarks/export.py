"""What an export costs: processor seconds and memory of `tipoff export` for a long journal, by format.

Run as `python -m benchmarks.export`. The database is made anew; each format is written by a process of its
own, whose processor time and peak memory the system tells.
"""

import os
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from benchmarks.pace import pace
from benchmarks.results import Result, finish, options
from benchmarks.storage import evening
from persistence import schema_upgrade
from persistence.writer import JournalWriter, Mode, Options

ROWS: Final = 300_000
REAL_ROWS: Final = 8_000
SECONDS_MAX: Final = 12.0
"""Of processor time of an idle machine, for the journal of 300,000 rows in Parquet."""

MEGABYTES_MAX: Final = 250.0
"""Of resident memory at its peak."""

FORMATS: Final = ("parquet", "csv", "jsonl")


def fill(file: Path, rows: int) -> None:
    """A database whose journal has so many rows: real ones, written again and again past the writer, which
    would take longer than all that is measured.
    """
    url = f"sqlite:///{file}"
    schema_upgrade.upgrade(url)
    writer = JournalWriter(url, "long", Options(mode=Mode.REPLAY))
    writer.append(evening(min(rows, REAL_ROWS)))
    writer.close()
    connection = sqlite3.connect(file)
    made = connection.execute("SELECT * FROM journal ORDER BY seq").fetchall()
    for start in range(len(made), rows, len(made)):
        more = [(run, seq + start, *rest) for run, seq, *rest in made[: rows - start]]
        connection.executemany("INSERT INTO journal VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", more)
    connection.commit()
    connection.close()


def export(url: str, folder: Path, kind: str) -> tuple[float, float]:
    """Processor seconds and megabytes of a process that exports."""
    command = [sys.executable, "-m", "tipoff", "export", str(folder), "--format", kind, "--db", url]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: S603
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}")
    return used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def main(arguments: Sequence[str]) -> int:
    """Print the numbers; 1 if Parquet falls short."""
    asked = options(__doc__, arguments)
    rows = ROWS // 10 if asked.quick else ROWS
    results: list[Result] = []
    with tempfile.TemporaryDirectory(prefix="tipoff-export-") as made:
        folder = Path(made)
        url = f"sqlite:///{folder / 'long.db'}"
        fill(folder / "long.db", rows)
        size = (folder / "long.db").stat().st_size / 1e6
        print(f"a journal of {rows} rows, {size:.0f} MB of database")
        for kind in FORMATS:
            place, before = folder / kind, pace()
            seconds, megabytes = export(url, place, kind)
            idle = seconds / ((before + pace()) / 2)
            written = sum(file.stat().st_size for file in place.iterdir()) / 1e6
            print(
                f"{kind} {seconds:.1f} s ({idle:.1f} s if idle), {megabytes:.0f} MB, {written:.1f} MB files",
                flush=True,
            )
            if kind == "parquet":
                what = f"export of {rows:,} rows to Parquet"
                results += [
                    Result(f"{what}, if idle", (idle,), "s", at_most=SECONDS_MAX),
                    Result(f"{what}, memory", (megabytes,), "MB", at_most=MEGABYTES_MAX),
                ]
    return finish(results, asked)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
