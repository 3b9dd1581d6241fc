"""`schema.json`: what the files of an export hold, column by column, with types, units and meanings.

Called by `tipoff.commands.export`.
"""

from collections.abc import Iterable, Mapping

import attrs

from tipoff.export.columns import Column, fields, type_of, unit_of
from tipoff.json_types import Json


@attrs.frozen(kw_only=True)
class Exported:
    """A file that was written."""

    name: str
    file: str
    about: str
    columns: tuple[Column, ...]
    rows: int


def schema_document(source: Mapping[str, Json], files: Iterable[Exported]) -> dict[str, Json]:
    """What was exported from where, and what it means."""
    return {**source, "tables": {each.name: _table(each) for each in files}}


def _table(each: Exported) -> Json:
    return {
        "file": each.file,
        "rows": each.rows,
        "about": each.about,
        "columns": [
            {
                "name": field.name,
                "type": type_of(field),
                "unit": unit_of(field) or None,
                "may_be_missing": field.null,
                "meaning": field.text,
            }
            for field in fields(each.columns)
        ],
    }
