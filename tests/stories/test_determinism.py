"""The same recording, configuration and seed give the same run, wherever and however it is read."""

import json
import os
import subprocess
import sys
from pathlib import Path

import attrs
import pytest

from engine.facts import OrderFilled
from engine.risk import RiskLimits
from engine.strategies.scripted import Scripted, ScriptedParameters
from engine.strategies.strategy import StrategyContext
from engine.units import MONEY_ONE, Money
from tests.stories.plays import lively, play
from tipoff.commands.replay import replay
from tipoff.config.load import template
from tipoff.runs.from_config import at_its_word, schema, trading_settings
from tipoff.runs.settings import StrategyPlan, TradingSettings
from venues.recordings.recorder import Line, Recorder, read_batches

ORDERS = 1_000
RICH = Money(100_000 * MONEY_ONE)


@pytest.fixture(scope="module")
def settings() -> TradingSettings:
    """The defaults."""
    return trading_settings(at_its_word(template(schema())))


@pytest.fixture(scope="module")
def recording(small_evening: list[Line], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small evening as a folder."""
    folder = tmp_path_factory.mktemp("determinism") / "evening"
    with Recorder(folder) as recorder:
        for line in small_evening:
            recorder.write(line.at, line.source, line.conn, line.what, line.body)
    return folder


def digest_of(recording: Path, *arguments: str, hash_seed: str = "0") -> str:
    """The digest of a replay in a process of its own."""
    command = [sys.executable, "-m", "tipoff", "replay", str(recording), "--json", *arguments]
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=True)
    return str(json.loads(done.stdout)["digest"])


@pytest.mark.promise("hash-seeds-size-reads")
def test_hash_seeds_and_batches_do_not_matter_but_the_seed_does(recording: Path) -> None:
    digests = {
        digest_of(recording, "--batch", batch, hash_seed=seed)
        for seed, batch in (("1", "1"), ("2", "64"), ("3", "all"))
    }
    assert len(digests) == 1
    assert digest_of(recording, "--seed", "2") not in digests


@pytest.mark.promise("another-configuration-gives-another")
def test_another_configuration_gives_another_digest(recording: Path, settings: TradingSettings) -> None:
    other = attrs.evolve(settings, limits=attrs.evolve(settings.limits, orders_per_hour=1.0))
    digests = {
        str(replay(read_batches(recording), chosen, "run").document["digest"]) for chosen in (settings, other)
    }
    assert len(digests) == 2


def scripted(lines: list[Line], settings: TradingSettings) -> TradingSettings:
    """One strategy that fires identical immediate-or-cancel orders all through the evening, two at a lively
    moment.
    """
    ticker = next(line for line in lines if line.what == "orderbook_delta")
    market = json.loads(ticker.body)["msg"]["market_ticker"]
    # Before and after there may be nothing to be had: a quarter of the lines each.
    first, last = lines[len(lines) // 4].at, lines[3 * len(lines) // 4].at
    moments = [at for at in lively(lines) if first <= at < last]
    orders = [
        {
            "at": moments[number * len(moments) // ORDERS],
            "do": "place",
            "id": str(number),
            "ticker": market,
            "side": "bid",
            "price": "0.9900",
            "count": "1.00",
            "tif": "ioc",
        }
        for number in range(ORDERS)
    ]
    parameters = ScriptedParameters().with_lines(orders)
    context = StrategyContext(seed=1, bankroll=RICH)
    plan = StrategyPlan.of(Scripted, "scripted", parameters, context)
    unlimited = RiskLimits(**{field.name: None for field in attrs.fields(RiskLimits)})
    return attrs.evolve(settings, strategies=(plan,), limits=unlimited)


@pytest.mark.promise("thousand-identical-orders-moving")
def test_a_thousand_identical_orders_on_a_moving_book_fill_the_same_in_every_batch(
    small_evening: list[Line], recording: Path, settings: TradingSettings
) -> None:
    chosen = scripted(small_evening, settings)
    fills = []
    for batch in (1, 64, None):
        lines = [line for lines in read_batches(recording, batch=batch) for line in lines]
        played = play(lines, chosen)
        fills.append([numbered.fact for numbered in played.facts if isinstance(numbered.fact, OrderFilled)])
    assert fills[0] == fills[1] == fills[2]
    assert len({fill.order_id for fill in fills[0]}) == ORDERS
