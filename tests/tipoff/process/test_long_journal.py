"""How long a start takes behind a long journal: it grows with the entries and no faster (checklist 100).

`TIPOFF_JOURNAL_ENTRIES` (10,000 unless set; `make soak` takes half a million) says how many entries the
longer of the two journals has. The times are printed with `pytest --capture=no`.
"""

import os
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import attrs
import pytest
import trio

from engine.facts import Fact
from persistence.connect import Durability, Settings
from persistence.queries import Reader
from persistence.schema_upgrade import create
from persistence.writer import JournalWriter, Options
from tests.persistence.evenings import evening, place
from tipoff.config.load import template
from tipoff.live.clock import EveningClock
from tipoff.live.engine import LiveEngine, LivePlan
from tipoff.output import progress
from tipoff.runs.from_config import at_its_word, schema, trading_settings
from tipoff.runs.run_fold import folded
from tipoff.runs.settings import settings_digest

ENTRIES = int(os.environ.get("TIPOFF_JOURNAL_ENTRIES", "10000"))
BETS_OF_19_ENTRIES = 3
RUN, NEXT_RUN = "demo-2026-11-20", "demo-2026-11-21"
PORTION = 2_000
LATER_NS = 1_000_000_000
GROWTH_MAX = 2.0
"""An entry of the long journal may cost so many times what one of a quarter of it costs; quadratic is 4."""

MICROSECONDS_MAX = 500.0
"""Of the processor for each entry: of half a million entries, four minutes. Measured were 40 to 70."""

NEXT_RUN_SHARE_MAX = 0.75
"""What opening the journal for the next evening's run may take of opening it for the long one: the pages of
the file are checked, but no entries are read, so what a start must walk is bounded by the evening.
"""


@attrs.define
class Start:
    """What a start took behind so many entries: seconds of the processor by step."""

    entries: int
    seconds: dict[str, float] = attrs.field(factory=dict)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Measure one step. Others may be using the machine, so what counts is the processor's time.

        Of a step that is taken several times the least counts: the collector may come in between.
        """
        began, by_the_wall = time.process_time(), time.perf_counter()
        yield
        took = time.process_time() - began
        self.seconds[name] = min(took, self.seconds.get(name, took))
        progress(f"{self.entries:,} entries, {name}: {time.perf_counter() - by_the_wall:.2f} s")

    @property
    def microseconds(self) -> float:
        """For each entry, from reading the journal to the running engine."""
        took = sum(self.seconds[name] for name in ("read", "checked and opened", "engine is running"))
        return took * 1e6 / self.entries


def written(url: str, entries: int) -> int:
    """Write a run of about so many entries; returns how many they became."""
    create(url)
    facts = place(evening(entries // 19 * BETS_OF_19_ENTRIES))
    with closing(
        JournalWriter(url, RUN, Options(settings=Settings(durability=Durability.RELAXED)))
    ) as writer:
        for begin in range(0, len(facts), PORTION):
            writer.append(facts[begin : begin + PORTION])
    return len(facts)


def read(url: str) -> tuple[Fact, ...]:
    """The run's past, as the daemon reads it."""
    with Reader.open(url, RUN) as reader:
        return tuple(recorded.fact for recorded in reader.facts())


async def goes_on(url: str, entries: int) -> Start:
    """Start as the daemon does: read, check, fold, run; then begin the next evening's run."""
    start = Start(entries)
    with start.step("read"):
        past = read(url)
    with start.step("checked and opened"):
        writer = JournalWriter(url, RUN)
    with closing(writer), start.step("engine is running"):
        await runs(writer, past)
    for _ in range(3):
        with start.step("the next run"):
            JournalWriter(url, NEXT_RUN).close()
    return start


async def runs(writer: JournalWriter, past: tuple[Fact, ...]) -> None:
    """Run an engine until what it says first is durable; it knows everything that went before."""
    settings = trading_settings(at_its_word(template(schema())), seed=1)
    plan = LivePlan(
        settings=settings,
        settings_digest=settings_digest(settings),
        run=RUN,
        writer=writer,
        recorder=None,
        clock=EveningClock(past[-1].at + LATER_NS),
        past=folded(past, settings),
    )
    engine = LiveEngine(plan, lambda _engine: ())
    async with trio.open_nursery() as nursery:
        await nursery.start(engine.run)
        await engine.commit_queue.drain()
        assert engine.phase == "running"
        assert engine.tally.facts == writer.stored_seq > len(past)
        assert engine.restarts.counts == {}
        await engine.system.stop()


@pytest.mark.promise("start-behind-long-journal")
async def test_a_start_behind_a_long_journal_takes_its_time_for_each_entry_and_no_more(
    tmp_path: Path,
) -> None:
    starts: list[Start] = []
    for number, wanted in enumerate((ENTRIES // 4, ENTRIES)):
        url = f"sqlite:///{tmp_path / f'{number}.db'}"
        entries = written(url, wanted)
        starts.append(await goes_on(url, entries))
    short, long = starts
    assert long.entries > 3 * short.entries
    assert long.microseconds < MICROSECONDS_MAX
    assert long.microseconds < GROWTH_MAX * short.microseconds
    assert long.seconds["the next run"] < NEXT_RUN_SHARE_MAX * long.seconds["checked and opened"]
