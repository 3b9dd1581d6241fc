"""`tipoff export`: tables of a database, or recordings, as files that other programs read.

Requests in, answers out. Called by the command line. A database is read in batches, each in a short
transaction of its own, so that a daemon beside it is not disturbed.
"""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import attrs
from rich.console import Group
from rich.text import Text

from persistence.column_meanings import TABLES
from persistence.connect import where
from persistence.stored_runs import StoredRun, opened, stored_runs
from persistence.table_batches import BATCH_ROWS, TableBatches, table_names
from tipoff import __version__
from tipoff.commands.database import storage_errors
from tipoff.commands.options import ExportRequest
from tipoff.commands.run_selection import selected
from tipoff.commands.watched_reading import read_watched
from tipoff.config.database import database_url
from tipoff.config.load import load_or_template
from tipoff.config.problems import unknown_name
from tipoff.exit_codes import Exit
from tipoff.export.columns import Column, table_columns
from tipoff.export.recorded_events import ABOUT, EventTables, RecordedTable, Row
from tipoff.export.schema_document import Exported, schema_document
from tipoff.export.table_files import TableFile, file_kind
from tipoff.json_types import Json
from tipoff.output import Answer, Failure, Work, long_work, table
from tipoff.runs.from_config import schema
from tipoff.sources.registry import translator
from venues.errors import RecordingError
from venues.recordings.recorder import Line

SCHEMA = "schema.json"


@attrs.define(kw_only=True)
class Files:
    """The files of an export, as they are written."""

    folder: Path
    kind: type[TableFile]
    written: list[Exported] = attrs.field(factory=list)

    def begin(self, name: str, columns: Sequence[Column]) -> TableFile:
        """A file that is to be left in good order."""
        return self.kind(self.folder, name, columns)

    def done(self, file: TableFile, name: str, about: str, columns: Sequence[Column]) -> None:
        """A file is whole."""
        self.written.append(
            Exported(name=name, file=file.path.name, about=about, columns=tuple(columns), rows=file.rows)
        )


def run_export(request: ExportRequest) -> Answer:
    """Write the files and their schema. Raises Failure; a file that is not whole does not appear."""
    files = Files(folder=request.folder, kind=file_kind(request.format))
    known = list(ABOUT) if request.recordings else table_names()
    unknown = [unknown_name("table", name, known) for name in request.tables if name not in known]
    if unknown:
        raise Failure("usage", unknown[0], details=unknown[1:], exit_code=Exit.USAGE)
    wanted = [name for name in known if name in request.tables or not request.tables]
    try:
        if request.recordings:
            source = _export_recordings(request, files, wanted)
        else:
            source = _export_database(request, files, wanted)
        document = schema_document({"tipoff": __version__, "format": request.format, **source}, files.written)
        text = json.dumps(document, ensure_ascii=False, indent=2) + "\n"
        (request.folder / SCHEMA).write_text(text, "utf-8")
    except OSError as error:
        raise Failure("export", f"{error.filename or request.folder}: {error.strerror or error}") from error
    return _answer(request, document, files.written)


def _make(folder: Path) -> None:
    """The folder, empty: files of two exports beside each other would be taken for one."""
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise Failure("exists", f"{folder} is not empty; name another folder")


def _export_database(request: ExportRequest, files: Files, wanted: Sequence[str]) -> dict[str, Json]:
    with storage_errors():
        url = database_url(load_or_template(request.config, schema()), request.db)
        with opened(url) as connection:
            runs: Sequence[StoredRun] = selected(stored_runs(connection), request.run)
        batches = TableBatches(url, [run.row.id for run in runs])
        _make(request.folder)
        for name in wanted:
            columns = table_columns(name)
            with files.begin(name, columns) as file, long_work(f"exporting {name}", "rows") as work:
                total = batches.count(name)
                for rows in batches.rows(name):
                    file.write(rows)
                    work.reached(file.rows, total)
            files.done(file, name, TABLES[name], columns)
    return {"database": where(url), "runs": [run.row.run for run in runs]}


def _export_recordings(request: ExportRequest, files: Files, wanted: Sequence[str]) -> dict[str, Json]:
    begun: dict[str, tuple[RecordedTable, TableFile]] = {}

    def write(made: RecordedTable, rows: Sequence[Row]) -> None:
        if made.name in wanted:
            if made.name not in begun:
                begun[made.name] = (made, files.begin(made.name, made.columns))
            begun[made.name][1].write(rows)

    events = EventTables(write, BATCH_ROWS)
    read = translator()
    lines = 0
    try:
        with long_work("exporting the recordings", "lines") as work:
            for batch in _lines(request, work):
                for line in batch:
                    events.take(line.seq, read.translate(line))
                lines += len(batch)
            events.end()
    except BaseException:
        for _, file in begun.values():
            file.abandon()
        raise
    for name, (made, file) in begun.items():
        file.finish()
        files.done(file, name, ABOUT[name], made.columns)
    left_out: dict[str, Json] = dict(sorted(events.left_out.items()))
    return {
        "recordings": [str(path) for path in request.recordings],
        "lines": lines,
        "events_left_out": left_out,
    }


def _lines(request: ExportRequest, work: Work) -> Iterator[list[Line]]:
    """The lines in batches; the folder is made once it is known that there is something to read."""
    try:
        for number, batch in enumerate(read_watched(request.recordings, work)):
            if number == 0:
                _make(request.folder)
            yield batch
    except RecordingError as error:
        raise Failure("recording", str(error)) from error
    if not request.folder.is_dir():
        raise Failure("recording", "the recording is empty: nothing to export")


def _answer(request: ExportRequest, document: dict[str, Json], written: Sequence[Exported]) -> Answer:
    sizes = {each.name: (request.folder / each.file).stat().st_size for each in written}
    rows = [(each.file, str(each.rows), str(sizes[each.name])) for each in written]
    found: dict[str, Json] = {
        **document,
        "folder": str(request.folder),
        "schema": str(request.folder / SCHEMA),
        "bytes": dict(sizes),
    }
    words = Text(f"In {request.folder}; {SCHEMA} says what the columns mean.", "dim")
    return Answer(found, Group(table(("file", "rows", "bytes"), rows), words))
