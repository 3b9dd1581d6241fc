"""A start goes on from the newest snapshot that it can use, and comes to the state of all facts.

What cannot be used is passed over with a word in the log, never misread; `db verify` tells where one differs.

Covers: tipoff.runs.recovery, tipoff.runs.snapshot_check.
"""

import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import ClassVar

import attrs
import pytest

from actors.fact_history import EXCHANGE, STRATEGY
from engine.events import GameNews
from engine.facts import Fact, OrderFilled
from engine.risk import RiskLimits
from engine.step import NOTHING, Step
from engine.strategies.parameters import Parameters
from engine.strategies.sharp_line import SharpLine, SharpLineParameters
from engine.strategies.strategy import UNFOLDED, Strategy, StrategyContext
from engine.units import Nanos
from persistence.connect import Durability, Settings
from persistence.queries import Reader
from persistence.schema_upgrade import create
from persistence.snapshots import Snapshot
from persistence.writer import JournalWriter, Options
from tests.persistence.evenings import evening, place
from tests.persistence.servers import empty_schema
from tipoff.config.load import template
from tipoff.runs import recovery
from tipoff.runs.fold_snapshots import CODEC, sections_of, snapshot_of, version_of
from tipoff.runs.from_config import at_its_word, schema, trading_settings
from tipoff.runs.recovery import SLICE, next_snapshot, recovered
from tipoff.runs.run_fold import RunFold, folded
from tipoff.runs.settings import StrategyPlan, TradingSettings
from tipoff.runs.snapshot_check import SnapshotChecked, SnapshotState, check_snapshots

RUN = "evening"
FACTS = evening(30)
MANY = 100_000


class Plugin(Strategy):
    """A strategy of somebody else, who has never heard of snapshots."""

    kind: ClassVar[str] = "plugin"
    parameters_class: ClassVar[type[Parameters]] = Parameters

    def __init__(self, name: str, parameters: Parameters, context: StrategyContext) -> None:
        super().__init__(name, parameters, context)
        self.filled: list[str] = []

    def on_news(self, news: GameNews, now: Nanos) -> Step:
        return NOTHING

    def on_fact(self, fact: Fact, now: Nanos) -> Step:
        return NOTHING

    def wake(self, key: str, now: Nanos) -> Step:
        return NOTHING

    def restore(self, facts: Iterable[Fact]) -> None:
        self.filled = [fact.fill_id for fact in facts if isinstance(fact, OrderFilled)]


def settings_with(kind: type[Strategy], parameters: Parameters) -> TradingSettings:
    """The strategy of the facts, as one of this kind."""
    defaults = trading_settings(at_its_word(template(schema())), seed=1)
    plan = StrategyPlan.of(kind, "sharp", parameters, StrategyContext(1))
    return attrs.evolve(defaults, strategies=(plan,))


@pytest.fixture(scope="module")
def settings() -> TradingSettings:
    """The strategy that traded."""
    return settings_with(SharpLine, SharpLineParameters())


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A new database of either kind."""
    if request.param == "sqlite":
        file = f"sqlite:///{tmp_path / 'tipoff.db'}"
        create(file)
        yield file
        return
    with empty_schema() as address:
        create(address)
        yield address


def written(url: str, snapshots: Iterable[Snapshot] = ()) -> None:
    """The evening, and snapshots of it."""
    options = Options(settings=Settings(durability=Durability.RELAXED))
    with closing(JournalWriter(url, RUN, options)) as writer:
        if not writer.stored_seq:
            writer.append(place(FACTS))
        for snapshot in snapshots:
            writer.keep(snapshot)


def at(entry: int, settings: TradingSettings) -> Snapshot:
    """The snapshot of an entry."""
    return snapshot_of(folded(FACTS[:entry], settings), Nanos(entry), version_of(settings))


def states(fold: RunFold) -> dict[str, bytes]:
    """What a fold has come to, byte by byte."""
    return dict(snapshot_of(fold, Nanos(1), "any").sections)


def found(url: str, settings: TradingSettings, every: int = MANY) -> recovery.Recovered:
    """What a start finds."""
    with Reader.open(url, RUN) as reader:
        return recovered(reader, settings, every)


@pytest.mark.promise("snapshot-and-tail-is-the-fold")
def test_a_start_goes_on_from_the_newest_snapshot_and_keeps_the_facts_behind_it(
    url: str, settings: TradingSettings
) -> None:
    written(url, (at(40, settings), at(90, settings)))
    start = found(url, settings)
    assert (start.vouched, start.snapshot) == (90, None)
    assert start.fold.kept == FACTS[90:]
    assert start.fold.entries == len(FACTS)
    assert states(start.fold) == states(folded(FACTS, settings))


def altered(snapshot: Snapshot, name: str, part: str, value: object) -> Snapshot:
    """A snapshot in which a part of a state is another one, written by this very program."""
    state = sections_of(snapshot)(name)
    assert isinstance(state, dict)
    state[part] = value
    return attrs.evolve(snapshot, sections={**snapshot.sections, name: CODEC.encode(state)})


BAD: dict[str, Callable[[Snapshot], Snapshot]] = {
    "another version": lambda snapshot: attrs.evolve(snapshot, version="0" * 64),
    "cannot be read": lambda snapshot: attrs.evolve(
        snapshot, sections={**snapshot.sections, EXCHANGE: b"\x93\xff\x01\x02"}
    ),
    "no state 'exchange'": lambda snapshot: attrs.evolve(
        snapshot, sections={name: text for name, text in snapshot.sections.items() if name != EXCHANGE}
    ),
}


@pytest.mark.promise("damaged-snapshot-costs-time-only")
@pytest.mark.parametrize("why", BAD)
@pytest.mark.parametrize("earlier", [True, False])
def test_one_that_cannot_be_used_is_passed_over_with_a_reason_and_the_state_is_the_same(
    url: str,
    settings: TradingSettings,
    caplog: pytest.LogCaptureFixture,
    why: str,
    earlier: bool,  # noqa: FBT001
) -> None:
    written(url, (*((at(40, settings),) if earlier else ()), BAD[why](at(90, settings))))
    with caplog.at_level(logging.WARNING, "tipoff.snapshots"):
        start = found(url, settings)
    assert start.vouched == (40 if earlier else 0)
    assert states(start.fold) == states(folded(FACTS, settings))
    (said,) = caplog.messages
    assert said.startswith("the snapshot at entry 90 of run evening is not used: ")
    assert why in said


@pytest.mark.limit("engine.toml:database.snapshot_entries")
@pytest.mark.parametrize(("every", "kept", "made"), [(90, 90, False), (89, 0, True)])
def test_what_is_folded_beyond_a_number_of_entries_is_kept_as_a_snapshot_and_not_as_facts(
    url: str,
    settings: TradingSettings,
    every: int,
    kept: int,
    made: bool,  # noqa: FBT001
) -> None:
    written(url, (at(len(FACTS) - 90, settings),))
    start = found(url, settings, every)
    assert len(start.fold.kept) == kept
    assert (start.snapshot is not None) is made
    assert states(start.fold) == states(folded(FACTS, settings))
    if start.snapshot is not None:
        written(url, (start.snapshot,))
        again = found(url, settings, every)
        assert (again.vouched, again.snapshot, again.fold.kept) == (len(FACTS), None, [])
        assert states(again.fold) == states(start.fold)


def test_the_next_snapshot_is_made_of_the_last_one_in_short_slices(
    url: str, settings: TradingSettings
) -> None:
    written(url, (at(10, settings),))
    breaths: list[None] = []
    with Reader.open(url, RUN) as reader:
        snapshot = next_snapshot(reader, settings, lambda: breaths.append(None))
    assert snapshot == at(len(FACTS), settings) or snapshot.sections == at(len(FACTS), settings).sections
    assert snapshot.seq == len(FACTS)
    assert len(breaths) >= (len(FACTS) - 10) // SLICE


def test_a_strategy_that_has_no_memory_is_given_its_facts(url: str) -> None:
    settings = settings_with(Plugin, Parameters())
    written(url, (at(40, settings), at(90, settings)))
    history = found(url, settings).fold.history()
    parts = history.parts(f"{STRATEGY}sharp")
    assert parts is not None
    assert UNFOLDED in parts
    strategy = Plugin("sharp", Parameters(), StrategyContext(1))
    strategy.recover(parts, history.of_strategy("sharp"))
    assert strategy.filled == [fact.fill_id for fact in FACTS if isinstance(fact, OrderFilled)]


def test_one_that_has_a_memory_begins_with_it(url: str, settings: TradingSettings) -> None:
    written(url, (at(90, settings),))
    history = found(url, settings).fold.history()
    (plan,) = settings.strategies
    whole, shorter = plan.make(), plan.make()
    whole.restore(FACTS)
    shorter.recover(history.parts(f"{STRATEGY}sharp"), history.of_strategy("sharp"))
    one, other = whole.memory(), shorter.memory()
    assert one is not None
    assert other is not None
    assert CODEC.encode(one) == CODEC.encode(other)


def test_a_snapshot_outlives_other_limits_and_parameters_and_no_other_rules_or_strategies(
    settings: TradingSettings,
) -> None:
    version = version_of(settings)
    assert version_of(attrs.evolve(settings, limits=RiskLimits(spread_cents=1))) == version
    looser = settings_with(SharpLine, SharpLineParameters(cooldown_minutes=17))
    assert version_of(looser) == version
    rules = attrs.evolve(settings.rules, feed_wait_ns=Nanos(settings.rules.feed_wait_ns + 1))
    assert version_of(attrs.evolve(settings, rules=rules)) != version
    assert version_of(attrs.evolve(settings, strategies=())) != version
    assert version_of(settings_with(Plugin, Parameters())) != version


def checked(url: str, settings: TradingSettings) -> list[SnapshotChecked]:
    """What `db verify` says."""
    with Reader.open(url, RUN) as reader:
        heard: list[tuple[int, int]] = []
        found = list(check_snapshots(reader, settings, lambda *said: heard.append(said)))
        # Whoever waits hears of every entry, up to the last snapshot that can be compared.
        assert [done for done, _ in heard] == list(range(1, heard[-1][1] + 1) if heard else ())
        return found


@pytest.mark.promise("verify-compares-snapshots")
def test_verify_compares_each_snapshot_with_the_fold_and_says_where_one_differs(
    url: str, settings: TradingSettings
) -> None:
    written(url, (at(40, settings), altered(at(90, settings), EXCHANGE, "open_since", {None: 7})))
    assert checked(url, settings) == [
        SnapshotChecked(RUN, 40, SnapshotState.SAME),
        SnapshotChecked(RUN, 90, SnapshotState.DIFFERS, "exchange, open_since"),
    ]


@pytest.mark.promise("verify-compares-snapshots")
def test_one_of_another_program_is_counted_and_one_that_is_damaged_is_left_to_others(
    url: str, settings: TradingSettings
) -> None:
    written(url, (at(40, settings), attrs.evolve(at(90, settings), version="0" * 64)))
    assert checked(url, settings) == [
        SnapshotChecked(RUN, 90, SnapshotState.OTHER_VERSION),
        SnapshotChecked(RUN, 40, SnapshotState.SAME),
    ]
