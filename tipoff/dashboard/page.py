"""The built page: three files that `make dashboard` makes from `web/`, read once and kept compressed."""

import gzip
import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import attrs

FOLDER: Final = Path(__file__).with_name("built")
"""Where the build puts them; they are in the wheel, and not under version control."""

FILES: Final[Mapping[str, tuple[str, str]]] = {
    "/": ("index.html", "text/html; charset=utf-8"),
    "/app.js": ("app.js", "text/javascript; charset=utf-8"),
    "/app.css": ("app.css", "text/css; charset=utf-8"),
}

NOT_BUILT: Final = b"""<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Tipoff</title><link rel="icon" href="data:,">
<h1>The page is not built</h1>
<p>The engine trades all the same. Run <code>make dashboard</code> in Tipoff's folder, or install its wheel,
which contains the page; then load this address again.</p>
</html>
"""


@attrs.frozen
class PageFile:
    """One file as it is sent."""

    body: bytes
    compressed: bytes
    content_type: str
    etag: str


def page_files(folder: Path = FOLDER) -> dict[str, PageFile]:
    """The files by the path that they are asked for; without a build one plain page that says how."""
    if not all((folder / name).is_file() for name, _ in FILES.values()):
        return {"/": _file(NOT_BUILT, "text/html; charset=utf-8")}
    return {path: _file((folder / name).read_bytes(), kind) for path, (name, kind) in FILES.items()}


def _file(body: bytes, content_type: str) -> PageFile:
    etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    return PageFile(body, gzip.compress(body, 9, mtime=0), content_type, etag)
