"""The text that Prometheus reads: complete from the start, bounded, isolated in its groups, and clean.

Covers: tipoff.metrics.engine_view, tipoff.metrics.families, tipoff.metrics.family,
tipoff.metrics.process_families, tipoff.metrics.trading_families.
"""

import re
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import trio
from prometheus_client.parser import text_string_to_metric_families

from actors.runtime import Histogram
from engine.reasons import DenialReason
from tests.tipoff.metrics.fixed_engine import (
    ADDRESSES,
    STRATEGIES,
    FixedEngine,
    actor,
    fill_in,
    fixed_engine,
    fixed_view,
)
from tipoff.metrics.engine_view import LABEL_CHARS_MAX, LABEL_VALUES_MAX, OTHER, EngineView, label
from tipoff.metrics.exposition import Exposition
from tipoff.metrics.families import COLLECTOR_GROUP, GROUPS, all_families
from tipoff.metrics.family import Family, Group, counted, gauge

SERIES_MAX = 700
"""More series than this, with five strategies and an evening's actors, would need another design."""

EXPECTED = Path(__file__).with_name("exposition.txt")
OURS = re.compile(r"(?:# (?:HELP|TYPE) )?tipoff_|=====")
"""The interpreter's own numbers are another's."""

VARYING = (
    (re.compile(r"^tipoff_build_info\{.*\}", re.MULTILINE), "tipoff_build_info{...}"),
    (
        re.compile(r"^(tipoff_(?:exposition_seconds|disk_free_bytes|database_bytes)) \S+$", re.MULTILINE),
        r"\1 ...",
    ),
)


def fixed(text: str) -> str:
    """What is the same on every machine and in every version."""
    for pattern, words in VARYING:
        text = pattern.sub(words, text)
    return "".join(line for line in text.splitlines(keepends=True) if OURS.match(line))


@pytest.mark.fault("A23")
async def test_the_exposition_of_a_known_engine_is_what_it_was_byte_for_byte(tmp_path: Path) -> None:
    async with fixed_engine(tmp_path) as engine:
        fill_in(engine)
        view = fixed_view(engine, tmp_path)
        exposition = Exposition(view)
        before_anybody_was_asked = exposition.text().decode()
        await view.fetch()
        engine.actors = (engine.actors[0], actor("games/2026-2", handled=3, restarts=1))
        exposition.text()
        found = f"{before_anybody_was_asked}=====\n{exposition.text().decode()}"
    assert fixed(found) == EXPECTED.read_text("utf-8")


@asynccontextmanager
async def shown(folder: Path, run: str = "prod-2026-11-20") -> AsyncIterator[tuple[FixedEngine, Exposition]]:
    """An engine in which nothing has happened, and its metrics."""
    async with fixed_engine(folder, run) as engine:
        yield engine, Exposition(fixed_view(engine, folder))


def series(text: bytes) -> dict[tuple[str, tuple[str, ...]], float]:
    """Every series with its labels' values."""
    return {
        (sample.name, tuple(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(text.decode())
        for sample in family.samples
    }


def ours(text: bytes) -> int:
    """How many series are the daemon's own."""
    return sum(1 for name, _ in series(text) if name.startswith("tipoff_"))


async def test_every_metric_is_there_with_type_and_help_from_the_first_answer(tmp_path: Path) -> None:
    async with shown(tmp_path) as (_, exposition):
        text = exposition.text().decode()
    for family in all_families():
        assert f"# HELP {family.name} " in text
        assert f"# TYPE {family.name} " in text
    assert "_created" not in text


async def test_every_known_label_set_is_there_at_zero(tmp_path: Path) -> None:
    async with shown(tmp_path) as (_, exposition):
        found = series(exposition.text())
    for reason in DenialReason:
        assert found["tipoff_risk_denials_total", (reason.value,)] == 0
    for name in STRATEGIES:
        assert found["tipoff_orders_total", (name,)] == 0
    assert found["tipoff_halts", ("all",)] == 0
    assert found["tipoff_supervisor_reports_total", ("SupervisorEscalated",)] == 0
    assert found["tipoff_input_seconds_bucket", ("+Inf",)] == 0
    assert all(found["tipoff_collector_up", (group.name,)] == 1 for group in GROUPS)


def test_names_are_prefixed_and_belong_to_one_group() -> None:
    names = [family.name for family in all_families()]
    assert len(names) == len(set(names))
    assert all(name.startswith("tipoff_") for name in names)
    assert all((family.kind == "counter") == family.name.endswith("_total") for family in all_families())
    groups = [group.name for group in (*GROUPS, COLLECTOR_GROUP)]
    assert len(groups) == len(set(groups))


async def test_promtool_has_nothing_to_complain_about(tmp_path: Path) -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool is not installed")
    async with shown(tmp_path) as (_, exposition):
        text = exposition.text()
    checked = await trio.run_process(
        [promtool, "check", "metrics"], stdin=text, capture_stderr=True, check=False
    )
    assert (checked.returncode, checked.stderr.decode()) == (0, "")


def failing(_view: EngineView) -> float:
    raise RuntimeError("nobody knows")


def no_gauge(_view: EngineView) -> dict[tuple[str, ...], float | Histogram]:
    return {(): Histogram()}


async def test_a_group_that_fails_is_left_out_and_named_while_the_others_stay(tmp_path: Path) -> None:
    async with fixed_engine(tmp_path) as engine:
        view = fixed_view(engine, tmp_path)
        broken = Group(
            "broken", "Broken", (gauge("before", "Before.", lambda _view: 1.0), gauge("x", "X.", failing))
        )
        exposition = Exposition(view, (broken, *GROUPS))
        exposition.text()
        engine.system.inputs = 3
        found = series(exposition.text())
    assert ("tipoff_before", ()) not in found
    assert found["tipoff_inputs_total", ()] == 3
    assert found["tipoff_collector_up", ("broken",)] == 0
    assert found["tipoff_collector_up", ("loop",)] == 1
    assert found["tipoff_collector_failures_total", ("broken",)] == 2
    assert found["tipoff_collector_failures_total", ("loop",)] == 0


async def test_a_group_that_works_again_is_there_again(tmp_path: Path) -> None:
    async with shown(tmp_path) as (engine, exposition):
        strategies = engine.tally.strategies
        engine.tally.strategies = None  # type: ignore[assignment]
        assert series(exposition.text())["tipoff_collector_up", ("trading",)] == 0
        engine.tally.strategies = strategies
        found = series(exposition.text())
    assert found["tipoff_collector_up", ("trading",)] == 1
    assert found["tipoff_collector_failures_total", ("trading",)] == 1


@pytest.mark.parametrize(
    "family",
    [
        Family("tipoff_x", "gauge", "X.", (), lambda _view: {(): "many"}),  # type: ignore[dict-item]
        Family("tipoff_x", "gauge", "X.", (), no_gauge),
        Family("tipoff_x", "histogram", "X.", (), lambda _view: {(): 1.0}),
    ],
    ids=["a text", "a histogram where a number belongs", "a number where a histogram belongs"],
)
async def test_a_value_of_another_kind_fails_its_group_only(tmp_path: Path, family: Family) -> None:
    async with fixed_engine(tmp_path) as engine:
        exposition = Exposition(fixed_view(engine, tmp_path), (*GROUPS, Group("wrong", "Wrong", (family,))))
        found = series(exposition.text())
    assert found["tipoff_collector_up", ("wrong",)] == 0
    assert found["tipoff_collector_up", ("trading",)] == 1


async def test_ten_thousand_games_make_no_more_series_than_one(tmp_path: Path) -> None:
    counts = set()
    async with shown(tmp_path) as (engine, exposition):
        permanent = tuple(map(actor, ADDRESSES))
        for number in range(10_000):
            engine.actors = (*permanent, actor(f"games/2026-{number}", handled=2, capacity=10))
            if number % 1_000 == 0:
                counts.add(ours(exposition.text()))
        found = series(exposition.text())
    assert len(counts) == 1
    assert counts.pop() < SERIES_MAX
    assert found["tipoff_actor_handled_messages_total", ("games/*",)] == 22


async def test_hostile_names_are_escaped_cut_and_bounded(tmp_path: Path) -> None:
    hostile = 'KX"\\\n\udc80{}' + "x" * 500
    async with fixed_engine(tmp_path) as engine:
        engine.tally.strategy("momentum").denied = {f"{number}{hostile}": 1 for number in range(1_000)}
        engine.phase = hostile
        found = series(Exposition(fixed_view(engine, tmp_path)).text())
    denials = [labels for name, labels in found if name == "tipoff_risk_denials_total"]
    assert len(denials) <= 101
    assert found["tipoff_risk_denials_total", ("other",)] > 800
    assert all(len(value) <= 80 for _, labels in found for value in labels)


@pytest.mark.limit("tipoff.metrics.engine_view:LABEL_VALUES_MAX")
def test_a_label_has_so_many_values_and_the_next_is_counted_as_other() -> None:
    full = [((f"reason-{number}",), 1.0) for number in range(LABEL_VALUES_MAX)]
    assert counted((), full) == dict(full)
    more = counted((), [*full, (("one",), 1.0), (("another",), 1.0)])
    assert more == {**dict(full), (OTHER,): 2.0}


def test_of_two_labels_the_first_is_counted_as_other() -> None:
    full = [((f"actor-{number}", "killed"), 1.0) for number in range(LABEL_VALUES_MAX)]
    rest = [(("one", "killed"), 1.0), (("one", "crashed"), 1.0), (("two", "crashed"), 1.0)]
    assert counted((), [*full, *rest]) == {**dict(full), (OTHER, "killed"): 1.0, (OTHER, "crashed"): 2.0}


@pytest.mark.limit("tipoff.metrics.engine_view:LABEL_CHARS_MAX")
def test_a_label_is_shown_whole_up_to_its_limit_and_cut_beyond() -> None:
    whole = "x" * LABEL_CHARS_MAX
    assert label(whole) == label(whole + "y") == whole


async def test_counters_go_on_over_a_thousand_restarts_of_an_actor(tmp_path: Path) -> None:
    async with shown(tmp_path) as (engine, exposition):
        for restarts in range(1_001):
            engine.actors = (actor("journal", restarts=restarts, handled=restarts * 3),)
            if restarts % 250 == 0:
                exposition.text()
        found = series(exposition.text())
    assert found["tipoff_actor_restarts_total", ("journal",)] == 1_000
    assert found["tipoff_actor_handled_messages_total", ("journal",)] == 3_000


async def test_what_a_game_counted_stays_counted_when_it_has_gone(tmp_path: Path) -> None:
    async with shown(tmp_path) as (engine, exposition):
        game = actor("games/one", handled=5, restarts=1)
        for actors in ((game,), (), (actor("games/one", handled=2),)):
            engine.actors = actors
            exposition.text()
        found = series(exposition.text())
    assert found["tipoff_actor_handled_messages_total", ("games/*",)] == 7
    assert found["tipoff_actor_restarts_total", ("games/*",)] == 1


async def test_two_engines_in_one_process_do_not_see_each_other(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    async with shown(tmp_path / "a", "a") as (_, first), shown(tmp_path / "b", "b") as (_, second):
        assert b'run="a"' in first.text()
        assert b'run="a"' not in second.text()


def test_a_histogram_counts_each_value_once_and_adds_them_up() -> None:
    buckets = Histogram((1.0, 2.0))
    for value in (0.5, 1.0, 1.5, 9.0):
        buckets.observe(value)
    assert buckets.cumulative() == [("1.0", 2), ("2.0", 3), ("+Inf", 4)]
    assert buckets.total == 12.0
