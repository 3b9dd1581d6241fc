"""Reading the configuration again: all of it or nothing, journaled, nothing lost, and replayed as it was.

Covers: tipoff.services.sighup.
"""

from pathlib import Path

import pytest
import trio
from trio.testing import MockClock

from engine.configured_settings import BY_CONFIGURATION
from engine.facts import Fact, LimitChanged, OperatorActed, OrderApproved, StrategyChanged, StrategyOpened
from persistence.queries import Reader
from tests.tipoff.contexts import context_of
from tests.tipoff.live_desk import Desk, evening, resumed
from tipoff.config.load import load, template
from tipoff.config.render import render
from tipoff.live.engine import LiveEngine
from tipoff.metrics.process_counters import ProcessCounters
from tipoff.process.reload import Reloader
from tipoff.runs.from_config import schema, trading_settings
from tipoff.runs.settings import TradingSettings
from tipoff.services import sighup
from tipoff.services.sighup import reload_now
from venues.recordings.recorder import Line


@pytest.fixture(scope="module")
def lines() -> list[Line]:
    """One game, discovery to settlement."""
    return evening()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """What `tipoff init` writes."""
    path = tmp_path / "engine.toml"
    path.write_text(render(template(schema())), "utf-8")
    return path


@pytest.fixture
def desk(tmp_path: Path, file: Path) -> Desk:
    """A state directory beside it."""
    return Desk(tmp_path, settings_in(file))


def settings_in(file: Path) -> TradingSettings:
    """What the file decides."""
    return trading_settings(load(file, schema()))


def edited(file: Path, *changes: tuple[str, str]) -> None:
    """Change the file; each text stands in it."""
    text = file.read_text("utf-8")
    for before, after in changes:
        assert before in text, before
        text = text.replace(before, after, 1)
    file.write_text(text, "utf-8")


def mended(file: Path, text: str) -> None:
    """Undo what was changed, and change something that can be."""
    file.write_text(text, "utf-8")
    edited(file, LIMIT)


def switch_on(file: Path, name: str) -> None:
    """Switch a strategy on that is off in the file."""
    head, found, tail = file.read_text("utf-8").partition(f'kind = "{name}"')
    assert found
    file.write_text(head + found + tail.replace("enabled = false", "enabled = true", 1), "utf-8")


def facts_of(desk: Desk) -> list[Fact]:
    """The journal."""
    with Reader.open(desk.url, "run") as reader:
        return [recorded.fact for recorded in reader.facts()]


LIMIT = ("contracts_total = 10000.0", "contracts_total = 70.0")
PARAMETER = ("threshold_percent = 5.0", "threshold_percent = 4.0")


@pytest.mark.promise("configuration-read-again-taken")
async def test_limits_parameters_and_switches_change_in_one_commit_and_the_replay_does_the_same(
    desk: Desk, lines: list[Line], file: Path, mock_clock: MockClock
) -> None:
    async def act(engine: LiveEngine) -> None:
        reloader = Reloader(load(file, schema()), ProcessCounters())
        edited(file, LIMIT, PARAMETER)
        switch_on(file, "random_taker")
        await reload_now(engine, reloader, 5.0)
        await desk.feed(mock_clock, engine, lines[third : 2 * third])

    third = len(lines) // 3
    await desk.process(mock_clock, lines[:third], act, die=True)
    desk.settings = settings_in(file)
    seal = await desk.process(mock_clock, resumed(lines, 2 * third))
    assert seal is not None
    facts = facts_of(desk)
    at = next(number for number, fact in enumerate(facts) if isinstance(fact, LimitChanged))
    assert [type(fact) for fact in facts[at : at + 4]] == [
        LimitChanged,
        StrategyChanged,
        StrategyChanged,
        OperatorActed,
    ]
    changed = [fact for fact in facts[at : at + 4] if isinstance(fact, StrategyChanged)]
    assert [(fact.strategy, fact.enabled) for fact in changed] == [
        ("sharp_line", True),
        ("random_taker", True),
    ]
    opened = [fact.strategy for fact in facts if isinstance(fact, StrategyOpened)]
    assert opened.count("random_taker") == 1
    assert any(
        isinstance(fact, OrderApproved) and fact.command.strategy == "random_taker" for fact in facts
    ), "what was switched on trades"
    assert sum(isinstance(fact, LimitChanged) for fact in facts) == 1, "the next process knows it already"
    assert len(desk.known) == 2
    assert desk.replayed() == seal.digest


@pytest.mark.promise("file-edited-between-two")
async def test_a_file_that_was_edited_between_two_processes_counts_and_both_are_replayed(
    desk: Desk, lines: list[Line], file: Path, mock_clock: MockClock
) -> None:
    half = len(lines) // 2
    await desk.process(mock_clock, lines[:half], die=True)
    edited(file, PARAMETER)
    desk.settings = settings_in(file)
    seal = await desk.process(mock_clock, resumed(lines, half))
    assert seal is not None
    changed = [fact for fact in facts_of(desk) if isinstance(fact, StrategyChanged)]
    last = changed[-1]
    assert (last.strategy, last.by) == ("sharp_line", BY_CONFIGURATION)
    assert '"threshold_percent":4.0' in last.parameters
    assert desk.replayed() == seal.digest


@pytest.mark.promise("configuration-cannot-taken-changes")
@pytest.mark.fault("F2", "F3")
@pytest.mark.parametrize(
    "edit,said",
    [
        pytest.param(
            ("contracts_total = 10000.0", "contracts_total = -1.0\nno_such = 1"),
            ("contracts_total", "no_such", "stays in force"),
            id="every problem is named",
        ),
        pytest.param(
            ("seed = 1", "seed = 2"),
            ("engine.seed", "needs a restart"),
            id="what needs a restart is named",
        ),
        pytest.param(
            ('name = "momentum"', 'name = "renamed"'),
            ("strategy.renamed.kind", "needs a restart"),
            id="a strategy that was renamed",
        ),
    ],
)
async def test_a_file_that_cannot_be_taken_changes_nothing(
    desk: Desk, file: Path, mock_clock: MockClock, edit: tuple[str, str], said: tuple[str, ...]
) -> None:
    told: list[str] = []
    unchanged = render(template(schema()))

    async def act(engine: LiveEngine) -> None:
        reloader = Reloader(load(file, schema()), ProcessCounters())
        edited(file, edit)
        reloader.subscribe(lambda config: told.append(str(config.source)))
        await reload_now(engine, reloader, 5.0)
        assert told == []
        mended(file, unchanged)
        await reload_now(engine, reloader, 5.0)

    await desk.process(mock_clock, evening()[:200], act)
    facts = facts_of(desk)
    refused, done = [fact for fact in facts if isinstance(fact, OperatorActed)]
    assert refused.outcome.startswith("refused: ")
    assert [word for word in said if word not in refused.outcome] == []
    assert done.outcome == "done: limit contracts_total is 70.0"
    assert told == [str(file)]
    limits = [fact for fact in facts if isinstance(fact, LimitChanged)]
    assert [fact.value for fact in limits] == ["70.0"], "the refused one left nothing"


async def test_a_daemon_without_a_file_says_so(
    desk: Desk, lines: list[Line], mock_clock: MockClock, caplog: pytest.LogCaptureFixture
) -> None:
    async def act(engine: LiveEngine) -> None:
        caplog.set_level("INFO")
        await reload_now(engine, Reloader(template(schema()), ProcessCounters()), 5.0)

    await desk.process(mock_clock, lines[:50], act)
    assert "not started from a configuration file" in caplog.text


@pytest.mark.fault("I4")
async def test_the_signal_reads_the_file_again(
    desk: Desk, lines: list[Line], file: Path, mock_clock: MockClock
) -> None:
    async def act(engine: LiveEngine) -> None:
        context = context_of(engine, load(file, schema()))
        async with trio.open_nursery() as nursery:
            nursery.start_soon(sighup.run, context)
            await trio.testing.wait_all_tasks_blocked()
            edited(file, LIMIT)
            assert context.signals.reload is not None
            for _ in range(3):
                context.signals.reload()
            while not any(isinstance(fact, LimitChanged) for fact in facts_of(desk)):
                await trio.lowlevel.checkpoint()
            nursery.cancel_scope.cancel()
        assert context.signals.reload is None

    await desk.process(mock_clock, lines[:200], act)
    assert [fact.value for fact in facts_of(desk) if isinstance(fact, LimitChanged)] == ["70.0"]
