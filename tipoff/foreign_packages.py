"""Whether the packages beside this one are ours.

Asked by `tipoff.__main__` before the first of them is imported: a foreign `engine` would otherwise end in a
traceback about a module that nobody has heard of. Looking for a package runs none of its code.
"""

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Final

PACKAGES: Final = ("engine", "actors", "venues", "persistence")


def foreign_package(names: Sequence[str] = PACKAGES) -> str | None:
    """A sentence about the first package that is not installed beside this one; None if all are."""
    home = Path(__file__).resolve().parent.parent
    for name in names:
        spec = find_spec(name)
        if spec is None or spec.origin is None:
            return f"the package {name!r} is missing beside {home / 'tipoff'}; install tipoff again"
        found = Path(spec.origin).resolve().parent
        if found != home / name:
            remedy = "start it elsewhere, or install tipoff in an environment of its own"
            return f"another package answers to {name!r}, a name of tipoff's own: {found}; {remedy}"
    return None
