"""`tipoff new-strategy`: writes a small package with a strategy that works, for its author to change.

Called by the command line. The files are those of `tipoff.commands.strategy_template` with another name put
into them, so that what is written is what the manual shows and what our own tests run. The package is written
beside its target and takes its name only when it is whole.
"""

import keyword
import re
import shutil
from importlib import resources
from pathlib import Path
from tempfile import mkdtemp

from tipoff.exit_codes import Exit
from tipoff.output import Answer, Failure
from tipoff.runs.from_config import schema

TEMPLATE = "tipoff.commands.strategy_template"
KIND_THERE, CLASS_THERE, PROJECT_THERE = "one_book", "OneBook", "one-book"
"""The names in the template that are replaced."""

NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
NAME_CHARACTERS_MAX = 20
"""A longer name of a new strategy would not fit into the template's lines."""


def new_strategy(kind: str, out: Path | None) -> Answer:
    """Write the package into the folder `out` (the kind's own name here). Raises Failure."""
    _require_usable(kind)
    folder = Path(kind) if out is None else out
    if folder.exists():
        raise Failure("exists", f"{folder} is there already; name another folder with --out")
    folder.parent.mkdir(parents=True, exist_ok=True)
    unfinished = Path(mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        written = _write(kind, unfinished)
        unfinished.chmod(0o755)
        unfinished.rename(folder)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    advice = [
        f"wrote {folder}:",
        *(f"  {name}" for name in written),
        f"next: pip install --no-deps --editable {folder}, pytest {folder}, tipoff config show --kinds",
    ]
    document = {"kind": kind, "folder": str(folder), "files": written}
    return Answer(document, "\n".join(advice))


def _require_usable(kind: str) -> None:
    """A name must be a kind, a Python name, and free."""
    if not NAME.fullmatch(kind) or keyword.iskeyword(kind) or len(kind) > NAME_CHARACTERS_MAX:
        rule = f"a small letter, then small letters, digits and single _, at most {NAME_CHARACTERS_MAX}"
        raise Failure("usage", f"{kind!r} is no name for a strategy: {rule}", exit_code=Exit.USAGE)
    known = schema()
    if kind in known.strategies or kind in known.broken:
        raise Failure("exists", f"there is a strategy {kind!r} already; choose another name")


def _write(kind: str, folder: Path) -> list[str]:
    package, there = f"tipoff_{kind}", resources.files(TEMPLATE)
    files = {
        "pyproject.toml": "pyproject.txt",
        "README.md": "README.txt",
        f"{package}/strategy.py": "strategy.py",
        "tests/test_strategy.py": "test_strategy.txt",
    }
    for name, source in files.items():
        target = folder / name
        target.parent.mkdir(exist_ok=True)
        target.write_text(_renamed(kind, (there / source).read_text("utf-8")), "utf-8")
    opening = f'"""The strategy `{kind}` for Tipoff; see `strategy`."""\n'
    (folder / package / "__init__.py").write_text(opening, "utf-8")
    return sorted([*files, f"{package}/__init__.py"])


def _renamed(kind: str, text: str) -> str:
    """The template's text with the names of the new strategy, in one pass: a new name may hold an old one."""
    names = {
        TEMPLATE: f"tipoff_{kind}",
        CLASS_THERE: "".join(part.capitalize() for part in kind.split("_")),
        PROJECT_THERE: kind.replace("_", "-"),
        KIND_THERE: kind,
    }
    return re.sub("|".join(map(re.escape, names)), lambda found: names[found[0]], text)
