"""Every clock of what is known stands in one table, and a key's default is the clock's."""

import tomllib
from collections.abc import Mapping
from pathlib import Path

import pytest

from engine import freshness
from engine.freshness import CLOCKS, Clock

STRATEGIES_OF_ODDS = ("sharp_line", "ev_multi")


def test_every_clock_of_the_module_is_in_the_table() -> None:
    defined = [value for value in vars(freshness).values() if isinstance(value, Clock)]
    assert defined == list(CLOCKS)
    assert all(clock.ns > 0 and clock.what and clock.beyond for clock in CLOCKS)


def test_a_limit_is_said_in_each_unit() -> None:
    assert (freshness.BOOK.seconds, freshness.CONNECTION.milliseconds) == (900.0, 30_000)


@pytest.mark.parametrize("clock", [clock for clock in CLOCKS if clock.key], ids=lambda clock: clock.key)
def test_the_default_of_a_key_is_the_clocks(clock: Clock, root: Path) -> None:
    written = tomllib.loads((root / "engine.toml").read_text("utf-8"))
    kinds = {strategy["kind"]: strategy for strategy in written["strategy"]}
    sections = [kinds[kind] for kind in STRATEGIES_OF_ODDS] if _of_strategy(clock) else [written]
    for section in sections:
        value = _look_up(section, str(clock.key).removeprefix("strategy."))
        assert value in (clock.seconds, clock.milliseconds)
        assert (value == clock.milliseconds) == str(clock.key).endswith("_ms_max")


def _of_strategy(clock: Clock) -> bool:
    return str(clock.key).startswith("strategy.")


def _look_up(table: Mapping[str, object], path: str) -> object:
    found: object = table
    for name in path.split("."):
        assert isinstance(found, Mapping)
        found = found[name]
    return found
