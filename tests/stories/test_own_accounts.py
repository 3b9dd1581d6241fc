"""What a strategy gets does not depend on who else runs: whole evenings, alone and among others.

The same recording is played with each of the five alone, with all five, and with the three controls beside
them; every fact about a strategy must be the same, so its orders, fills and cash are. On accounts that are
shared they are not, which is told.
"""

import os
import sys
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Final

import attrs
import pytest
from attrs import AttrsInstance

from engine.accounts import Accounts
from engine.fact_subjects import strategy_of
from engine.facts import OrderDenied
from engine.reasons import LIMITS, DenialReason
from engine.strategies.controls import ControlParameters
from engine.units import Money, format_money
from persistence.codec import encode
from tests.stories.plays import SMALL, Played, lines_of, play
from tests.stories.test_real_evening import FILES, FIVE
from tipoff.config.load import Config, StrategySettings, template
from tipoff.runs.from_config import at_its_word, schema, trading_settings
from venues.importers.evening import ImportSpec, import_files
from venues.recordings.recorder import Line, read
from venues.simulator.world.settings import EveningSettings

CONTROLS: Final = ("random_taker", "join_the_bid", "buy_and_cross_back")
EIGHT: Final = (*FIVE, *CONTROLS)
EVENINGS: Final = int(os.environ.get("LIMITS_EVENINGS", "0"))
SHOWN_AS_DISPLAYED: Final = DenialReason.DEPTH_SHARE
"""No limit of ours but what the moment's book allows: a control's one contract may be all that is shown."""


@attrs.frozen
class Outcome:
    """What one strategy got: every fact about it, and the numbers that people look at."""

    facts: tuple[bytes, ...]
    orders: int
    fills: int
    realized: Money


@cache
def configuration() -> Config:
    """What `tipoff init` would write."""
    return at_its_word(template(schema()))


def evening(
    lines: Iterable[Line],
    names: tuple[str, ...],
    accounts: Accounts = Accounts.ISOLATED,
    pause_s: float = 60,
) -> Played:
    """An evening in which only these trade, the controls at every `pause_s`."""
    config = configuration()
    engine = attrs.evolve(config.engine, accounts=accounts)
    chosen = [each for each in config.strategies if each.name in names]
    strategies = tuple(attrs.evolve(each, enabled=True, parameters=_paced(each, pause_s)) for each in chosen)
    return play(lines, trading_settings(attrs.evolve(config, engine=engine, strategies=strategies)))


def _paced(settings: StrategySettings, pause_s: float) -> AttrsInstance:
    if settings.name not in CONTROLS:
        return settings.parameters
    assert isinstance(settings.parameters, ControlParameters)
    return attrs.evolve(settings.parameters, interval_seconds=pause_s)


def outcomes(played: Played, names: tuple[str, ...]) -> dict[str, Outcome]:
    """What each of these got."""
    facts: dict[str, list[bytes]] = {name: [] for name in names}
    for numbered in played.facts:
        name = strategy_of(numbered.fact) or getattr(numbered.fact, "account", "")
        if name in facts:
            facts[name].append(encode(numbered.fact))
    tally = played.store.tally
    return {
        name: Outcome(
            tuple(facts[name]),
            tally.strategy(name).orders,
            tally.strategy(name).fills,
            tally.realized(name),
        )
        for name in names
    }


def compared(lines: list[Line], capsys: pytest.CaptureFixture[str], pause_s: float = 60) -> dict[str, bool]:
    """Play an evening in every company and say what came; whether sharing an account changed anything."""
    five = outcomes(evening(lines, FIVE), FIVE)
    eight = outcomes(evening(lines, EIGHT, pause_s=pause_s), EIGHT)
    shared = outcomes(evening(lines, FIVE, Accounts.SHARED), FIVE)
    told = [f"{'':<16}{'alone':>22}{'all five':>22}{'with controls':>22}{'on a shared account':>24}"]
    differs: dict[str, bool] = {}
    for name in FIVE:
        alone = outcomes(evening(lines, (name,)), (name,))[name]
        told.append(name.ljust(16) + "".join(map(_words, (alone, five[name], eight[name], shared[name]))))
        assert five[name] == alone, name
        assert eight[name] == alone, name
        differs[name] = shared[name] != alone
    with capsys.disabled():
        sys.stdout.write("\n".join(["", "orders, fills, realized:", *told, ""]))
    return differs


def _words(outcome: Outcome) -> str:
    return f"{outcome.orders:>5}{outcome.fills:>5}{format_money(outcome.realized):>12}"


@pytest.mark.promise("alone-or-among-others")
def test_a_small_evening_gives_each_the_same_alone_and_among_others(
    small_evening: list[Line], capsys: pytest.CaptureFixture[str]
) -> None:
    assert any(compared(small_evening, capsys).values()), "on a shared account nobody felt the others"


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.promise("alone-or-among-others")
def test_the_demo_gives_each_the_same_alone_and_among_others(capsys: pytest.CaptureFixture[str]) -> None:
    lines = lines_of(EveningSettings(seed=1))
    assert any(compared(lines, capsys).values()), "on a shared account nobody felt the others"


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.promise("alone-or-among-others")
def test_a_real_evening_gives_each_the_same_alone_and_among_others(
    shared: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    specs = [ImportSpec(kind, shared / "data" / file) for kind, file in FILES.items()]
    recording = import_files(specs, tmp_path / "recording").recording
    # The recording is of months, in which a control would not rest for a minute.
    compared(list(read(recording)), capsys, pause_s=7_200)


def refused_by_limits(played: Played) -> dict[tuple[str, DenialReason], int]:
    """Wishes that a limit refused, by strategy and limit."""
    found: dict[tuple[str, DenialReason], int] = {}
    for numbered in played.facts:
        fact = numbered.fact
        if isinstance(fact, OrderDenied) and fact.reason in LIMITS - {SHOWN_AS_DISPLAYED}:
            key = fact.strategy, fact.reason
            found[key] = found.get(key, 0) + 1
    return found


@pytest.mark.promise("limits-bind-on-no-simulated-evening")
def test_the_default_limits_refuse_nothing_in_small_evenings(small_evening: list[Line]) -> None:
    for lines in (small_evening, lines_of(attrs.evolve(SMALL, seed=11, activity=1.0))):
        played = evening(lines, EIGHT)
        assert sum(row.orders for row in played.store.tally.strategies.values()) > 0
        assert refused_by_limits(played) == {}


# A whole evening of eight strategies takes minutes: they are played where their number is given.
if EVENINGS:

    @pytest.mark.slow
    @pytest.mark.honesty
    @pytest.mark.promise("limits-bind-on-no-simulated-evening")
    @pytest.mark.parametrize("seed", range(1, EVENINGS + 1))
    def test_the_default_limits_refuse_nothing_in_whole_evenings(seed: int) -> None:
        assert refused_by_limits(evening(lines_of(EveningSettings(seed=seed)), EIGHT)) == {}
