"""What is the NBA's is spelled in one place, `engine/leagues.py`, and in its table of teams."""

import ast
import re
from collections.abc import Iterable, Iterator

from tests.tidy.source import PRODUCT, Source

# What was fitted has numbers of its own: moments of the games it is of, and how many there were.
FITTED = ("engine/in_play_fit.py", "engine/trust_fit.py")
PLACES = ("engine/leagues.py", "engine/teams.py", *FITTED)
# Series of the venue and paths of balldontlie, as they stand in texts.
WORDS = re.compile(r"KXNBA|/nba\b", re.IGNORECASE)
# A game and its periods in minutes, seconds and milliseconds. 12 and 5 alone are numbers of many things.
NUMBERS = frozenset({48, 720, 2_880, 720_000, 2_880_000})
PLAYED = ("engine/", "actors/", "venues/balldontlie/", "venues/kalshi/", "venues/importers/", "tipoff/")


def league_spelled(source: Source) -> Iterable[str]:
    """A text or a number of the NBA outside of its record; explanations may name it."""
    if source.package not in PRODUCT or source.path in PLACES:
        return
    explained = set(_explanations(source.tree))
    for node in ast.walk(source.tree):
        if not isinstance(node, ast.Constant) or node in explained:
            continue
        match node.value:
            case str() as text if WORDS.search(text):
                yield source.at(node, f"{text[:40]!r} belongs into engine/leagues.py")
            case int() | float() as number if number in NUMBERS and source.path.startswith(PLAYED):
                yield source.at(node, f"the length of a game ({number}) belongs into engine/leagues.py")
            case _:
                pass


def _explanations(tree: ast.Module) -> Iterator[ast.Constant]:
    """Texts that stand for themselves: docstrings of modules, classes, functions and fields."""
    for node in ast.walk(tree):
        match node:
            case ast.Expr(value=ast.Constant() as text):
                yield text
            case _:
                pass
