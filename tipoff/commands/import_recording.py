"""`tipoff import`: other people's recordings into ours.

Requests in, answers out. Called by the command line; the work is done in `venues.importers`.
"""

from typing import Final

from rich.console import Group, RenderableType
from rich.text import Text

from engine.units import Nanos
from tipoff.commands.options import ImportRequest
from tipoff.json_types import Json, utc_text
from tipoff.output import Answer, Failure, long_work, progress, table
from venues.errors import ImportFailed, RecordingError
from venues.importers.evening import KINDS, ImportedFile, ImportSpec, import_files, known_word
from venues.importers.game_days import GameDays
from venues.importers.unused import Unused

HEAD: Final = ("kind", "file", "rows", "lines", "of no use", "refused")


def known_kinds() -> Answer:
    """Which kinds of files there are and what they hold."""
    rows = [(name, kind.description) for name, kind in KINDS.items()]
    return Answer(dict(rows), table(["kind", "what a file of it holds"], rows))


def run_import(request: ImportRequest) -> Answer:
    """Make a recording; raises Failure with the file and line of what does not fit, leaving nothing."""
    for kind, _path in request.inputs:
        if kind not in KINDS:
            raise Failure("import", f"{kind!r} is not a kind of file; kinds: {', '.join(KINDS)}")
    try:
        specs = [ImportSpec(kind, path) for kind, path in request.inputs]
        days = GameDays(request.first_day, request.last_day)
        with long_work("importing", "lines") as work:
            report = import_files(specs, request.out, request.score_delay, days=days, told=work.told)
    except (ImportFailed, RecordingError) as error:
        raise Failure("import", str(error)) from error
    for file in report.files:
        for note in file.notes:
            progress(f"{file.path}: {note}")
    if report.derived:
        progress(f"{report.derived} markets without a result settle by the final score of their game")
    rows = [
        (file.kind, str(file.path), str(file.rows), str(file.lines), str(_unused(file)), str(file.refused))
        for file in report.files
    ]
    reasons = [
        (str(file.path), str(rows), reason.value)
        for file in report.files
        for reason, rows in sorted(file.unused.items(), key=lambda item: -item[1])
        if rows
    ]
    document: Json = {
        "recording": str(report.recording),
        "lines": report.lines,
        "derived_results": report.derived,
        "first_at": None if report.first_at is None else utc_text(Nanos(report.first_at)),
        "last_at": None if report.last_at is None else utc_text(Nanos(report.last_at)),
        "files": [
            {
                "kind": file.kind,
                "path": str(file.path),
                "rows": file.rows,
                "lines": file.lines,
                "skipped": sum(file.unused.get(reason, 0) for reason in Unused if reason.left_out),
                "unused": {reason.name.lower(): rows for reason, rows in file.unused.items() if rows},
                "refused": file.refused,
                "known": known_word(file.kind, request.score_delay),
            }
            for file in report.files
        ],
    }
    tables: list[RenderableType] = [table(HEAD, rows)]
    if reasons:
        tables += [Text(), table(["file", "of no use", "why"], reasons)]
    return Answer(document, Group(*tables))


def _unused(file: ImportedFile) -> int:
    return sum(file.unused.values())
