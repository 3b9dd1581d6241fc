"""`tipoff.strategy`: a strategy that knows nothing else of Tipoff type-checks, is found, and trades."""

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

import tipoff.strategy
from engine.facts import OrderDenied, OrderFilled, StrategyOpened
from engine.reasons import DenialReason
from tests.stories.plays import SMALL, lines_of, play
from tests.tipoff.installs import Install
from tipoff.config.load import parse
from tipoff.runs.from_config import schema, trading_settings
from venues.recordings.recorder import Line

FOREIGN = '''
"""Buys what costs less than it is said to be worth, whatever the books say."""

from typing import ClassVar

import attrs

from tipoff.strategy import (
    MarketView,
    Nanos,
    Opinion,
    OddsSeen,
    Parameters,
    ScoreSeen,
    StrategyContext,
    Trader,
    TradingParameters,
    number,
)


@attrs.frozen
class ContraryParameters(TradingParameters):
    """How far the truth is from the middle of the prices."""

    off_cents: float = number(6, 0, 50, "cents", "how much more a market is worth than its middle")


class Contrary(Trader):
    """Holds every winner's market for underrated."""

    kind: ClassVar[str] = "contrary"
    parameters_class: ClassVar[type[Parameters]] = ContraryParameters
    TRAITS

    def __init__(self, name: str, parameters: ContraryParameters, context: StrategyContext) -> None:
        """Begin with nothing known."""
        self.parameters = parameters
        super().__init__(name, parameters, context)

    def market_types(self) -> tuple[str, ...]:
        """Winners only."""
        return ("moneyline",)

    def opinion(self, market: MarketView, now: Nanos) -> Opinion | None:
        """More than the middle."""
        p_mid = market.p_mid()
        if p_mid is None:
            return None
        p_fair = min(0.99, p_mid + self.parameters.off_cents / 100)
        return Opinion(p_fair=p_fair, reason="contrary", gap_min=0.0, ev_percent_min=0.0, until=now)

    def concerns(self, news: ScoreSeen | OddsSeen, before: ScoreSeen | OddsSeen | None) -> bool:
        """Prices only."""
        return False
'''
CONFIG = '[[strategy]]\nname = "c"\nkind = "contrary"\n'


@pytest.fixture(scope="module")
def small_evening() -> list[Line]:
    """One game, discovery to settlement."""
    return lines_of(SMALL)


def checked(root: Path, folder: Path, text: str) -> subprocess.CompletedProcess[str]:
    """Mypy in a folder of somebody else's, where Tipoff is one of the installed packages."""
    (folder / "contrary.py").write_text(text, "utf-8")
    return subprocess.run(
        (sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(folder / "cache"), "contrary.py"),
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )


@pytest.mark.slow
def test_a_strategy_of_another_author_is_typed_by_the_public_face_alone(root: Path, tmp_path: Path) -> None:
    done = checked(root, tmp_path, FOREIGN.replace("TRAITS", "rests_on_odds: ClassVar[bool] = False"))
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    wrong = FOREIGN.replace("TRAITS", 'rests_on_odds: ClassVar[bool] = "no"').replace(
        "p_fair=p_fair", "p_fair=market"
    )
    done = checked(root, tmp_path, wrong)
    assert "Found 2 errors in 1 file" in done.stdout


def test_it_trades_by_what_it_says_of_itself(install: Install, small_evening: list[Line]) -> None:
    text = FOREIGN.replace("TRAITS", "rests_on_odds: ClassVar[bool] = False")
    install("contrariness", "foreign_contrary", text, contrary="foreign_contrary:Contrary")
    settings = trading_settings(parse(CONFIG, schema()))
    facts = [each.fact for each in play(small_evening, settings).facts]
    (opened,) = [fact for fact in facts if isinstance(fact, StrategyOpened)]
    assert opened.traits == tipoff.strategy.StrategyTraits(rests_on_odds=False)
    assert [fact for fact in facts if isinstance(fact, OrderFilled)]


def test_one_that_says_nothing_does_not_pass_on_odds_of_any_age(
    install: Install, small_evening: list[Line]
) -> None:
    install(
        "contrariness",
        "foreign_contrary",
        FOREIGN.replace("TRAITS", ""),
        contrary="foreign_contrary:Contrary",
    )
    settings = trading_settings(parse(CONFIG, schema()))
    without_odds = [line for line in small_evening if "odds" not in line.what]
    facts = [each.fact for each in play(without_odds, settings).facts]
    denied = Counter(fact.reason for fact in facts if isinstance(fact, OrderDenied))
    assert denied[DenialReason.MISSING_DATA] > 0
    assert not [fact for fact in facts if isinstance(fact, OrderFilled)]


def test_the_public_face_brings_no_network_no_storage_and_no_runtime(root: Path) -> None:
    code = "import sys, tipoff.strategy; print(*sys.modules)"
    done = subprocess.run(
        (sys.executable, "-c", code),
        env={**os.environ, "PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    loaded = {name.partition(".")[0] for name in done.stdout.split()}
    assert "engine" in loaded
    assert not loaded & {"trio", "httpx", "sqlalchemy", "pykka", "msgspec", "actors", "venues", "persistence"}


def test_what_it_offers_is_there_and_each_thing_once() -> None:
    offered = tipoff.strategy.__all__
    assert len(set(offered)) == len(offered)
    assert all(hasattr(tipoff.strategy, name) for name in offered)
