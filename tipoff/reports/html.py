"""A report's page on its way into a file. Called by the commands that take `--report` or `--html`."""

from collections.abc import Mapping
from pathlib import Path

from tipoff.json_types import Json
from tipoff.output import Failure
from tipoff.reports.page import evidence_page


def write_html(path: Path, title: str, evidence: Mapping[str, Json]) -> None:
    """Write the page of an evidence document to `path`. Raises Failure where that cannot be done."""
    write_page(path, evidence_page(title, evidence))


def write_page(path: Path, page: str) -> None:
    """Write a page to `path`. Raises Failure where that cannot be done."""
    try:
        path.write_text(page, "utf-8")
    except OSError as error:
        raise Failure("report", f"{path}: cannot be written: {error.strerror}") from error
