"""Mutants that no test kills because they change nothing that anybody could see, each with its reason.

Read by `make mutate`, which fails on every other survivor, and by `test_breaks`, which lets none be listed
that is not made any more.
"""

import tomllib
from pathlib import Path

LIST = Path(__file__).resolve().parent / "survivors.toml"


def survivors(path: Path = LIST) -> dict[str, str]:
    """Why each is harmless, by the mutant's name."""
    rows = tomllib.loads(path.read_text("utf-8")).get("survivor", [])
    return {row["mutant"]: row["harmless"] for row in rows}
