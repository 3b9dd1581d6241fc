"""The text that Prometheus reads: complete from the start, bounded, isolated in its groups, and clean.

Covers: tipoff.metrics.exposition, tipoff.metrics.families, tipoff.metrics.samples, tipoff.metrics.snapshot.
"""

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import attrs
import pytest
from prometheus_client.parser import text_string_to_metric_families

from actors.runtime import Histogram
from engine.reasons import DenialReason
from tipoff.metrics.exposition import Exposition
from tipoff.metrics.families import FAMILIES, all_families
from tipoff.metrics.samples import LABEL_CHARS_MAX, LABEL_VALUES_MAX, OTHER, counted, label
from tipoff.metrics.snapshot import (
    ActorSnapshot,
    JournalSnapshot,
    LimiterSnapshot,
    LoopSnapshot,
    MarketSnapshot,
    ProcessSnapshot,
    RuntimeSnapshot,
    SourceSnapshot,
    StrategySnapshot,
    TradingSnapshot,
)

SERIES_MAX = 700
"""More series than this, with five strategies and an evening's actors, would need another design."""

STRATEGIES = ("sharp", "momentum", "ev_multi", "mean_reversion", "correlation")
ADDRESSES = (
    "journal",
    "writer",
    "exchange/paper_exchange",
    "exchange/risk_gate",
    *(f"exchange/strategies/{name}" for name in STRATEGIES),
    "sources/schedule",
    "sources/market_feed",
    "edge/observer",
    "edge/operator",
)


@attrs.define
class PlainSnapshots:
    """An engine that is nothing but its numbers; `broken` names what cannot be told."""

    some_actors: list[ActorSnapshot] = attrs.field(
        factory=lambda: [ActorSnapshot(name=name, state="running", capacity=1_000) for name in ADDRESSES]
    )
    refused: dict[str, int] = attrs.field(factory=dict)
    run: str = "test"
    broken: set[str] = attrs.field(factory=set)

    def process(self) -> ProcessSnapshot:
        return ProcessSnapshot(
            version="0.1.0",
            python="3.11.7",
            engine="tipoff",
            environment="demo",
            run=self.run,
            phase="running",
            started_at=1_700_000_000.0,
        )

    def loop(self) -> LoopSnapshot:
        return LoopSnapshot(inputs=3)

    def actors(self) -> Sequence[ActorSnapshot]:
        return self.some_actors

    def runtime(self) -> RuntimeSnapshot:
        if "runtime" in self.broken:
            raise RuntimeError("nobody knows")
        return RuntimeSnapshot()

    def sources(self) -> Sequence[SourceSnapshot]:
        return [SourceSnapshot(name=name, up=True) for name in ("stream", "markets", "games", "odds")]

    def limiters(self) -> Sequence[LimiterSnapshot]:
        return [LimiterSnapshot(name="kalshi", tokens=7, tokens_max=10)]

    def market(self) -> MarketSnapshot:
        return MarketSnapshot()

    def journal(self) -> JournalSnapshot:
        return JournalSnapshot(seq=None if "journal" in self.broken else 7)  # type: ignore[arg-type]

    def trading(self) -> TradingSnapshot:
        return TradingSnapshot(
            strategies=[StrategySnapshot(name=name) for name in STRATEGIES], denied=self.refused
        )


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


def test_every_metric_is_there_with_type_and_help_from_the_first_answer() -> None:
    text = Exposition(PlainSnapshots()).text().decode()
    for family in all_families():
        assert f"# HELP {family.name} " in text
        assert f"# TYPE {family.name} " in text


def test_every_known_label_set_is_there_at_zero() -> None:
    found = series(Exposition(PlainSnapshots()).text())
    for reason in DenialReason:
        assert found["tipoff_risk_denials_total", (reason.value,)] == 0
    for name in STRATEGIES:
        assert found["tipoff_orders_total", (name,)] == 0
    assert found["tipoff_halts", ("all",)] == 0
    assert found["tipoff_supervisor_reports_total", ("SupervisorEscalated",)] == 0
    assert found["tipoff_input_seconds_bucket", ("+Inf",)] == 0


def test_no_series_tells_when_it_was_created() -> None:
    assert b"_created" not in Exposition(PlainSnapshots()).text()


def test_names_are_prefixed_and_belong_to_one_group() -> None:
    names = [family.name for family in all_families()]
    assert len(names) == len(set(names))
    assert all(name.startswith("tipoff_") for name in names)
    assert all((family.kind == "counter") == family.name.endswith("_total") for family in all_families())


def test_promtool_has_nothing_to_complain_about() -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool is not installed")
    text = Exposition(PlainSnapshots()).text()
    checked = subprocess.run([promtool, "check", "metrics"], input=text, capture_output=True, check=False)
    assert (checked.returncode, checked.stderr.decode()) == (0, "")


def test_a_group_that_fails_is_left_out_and_named_while_the_others_stay() -> None:
    figures = PlainSnapshots(broken={"runtime"})
    exposition = Exposition(figures)
    exposition.text()
    found = series(exposition.text())
    assert ("tipoff_zombies", ()) not in found
    assert found["tipoff_inputs_total", ()] == 3
    assert found["tipoff_collector_up", ("runtime",)] == 0
    assert found["tipoff_collector_up", ("loop",)] == 1
    assert found["tipoff_collector_failures_total", ("runtime",)] == 2
    figures.broken.clear()
    found = series(exposition.text())
    assert found["tipoff_collector_up", ("runtime",)] == 1
    assert found["tipoff_collector_failures_total", ("runtime",)] == 2


def test_a_value_that_is_no_number_fails_its_group_only() -> None:
    found = series(Exposition(PlainSnapshots(broken={"journal"})).text())
    assert found["tipoff_collector_up", ("journal",)] == 0
    assert found["tipoff_collector_up", ("trading",)] == 1


def test_ten_thousand_games_make_no_more_series_than_one() -> None:
    figures = PlainSnapshots()
    exposition = Exposition(figures)
    permanent = list(figures.some_actors)
    counts = set()
    for number in range(10_000):
        game = ActorSnapshot(name=f"games/2026-{number}", state="running", handled=2, capacity=10)
        figures.some_actors = [*permanent, game]
        if number % 1_000 == 0:
            counts.add(ours(exposition.text()))
    assert len(counts) == 1
    assert counts.pop() < SERIES_MAX
    assert series(exposition.text())["tipoff_actor_handled_messages_total", ("games/*",)] == 22


def test_hostile_names_are_escaped_cut_and_bounded() -> None:
    hostile = 'KX"\\\n\udc80{}' + "x" * 500
    figures = PlainSnapshots(run=hostile, refused={f"{number}{hostile}": 1 for number in range(1_000)})
    found = series(Exposition(figures).text())
    denials = [labels for name, labels in found if name == "tipoff_risk_denials_total"]
    assert len(denials) <= 101
    assert found["tipoff_risk_denials_total", ("other",)] > 800
    assert all(len(value) <= 80 for _, labels in found for value in labels)


def test_a_label_has_so_many_values_and_the_next_is_counted_as_other() -> None:
    full = {f"reason-{number}": 1.0 for number in range(LABEL_VALUES_MAX)}
    assert counted((), full) == {(name,): 1.0 for name in full}
    more = counted((), {**full, "one": 1.0, "another": 1.0})
    assert more == {**{(name,): 1.0 for name in full}, (OTHER,): 2.0}


def test_a_label_is_shown_whole_up_to_its_limit_and_cut_beyond() -> None:
    whole = "x" * LABEL_CHARS_MAX
    assert label(whole) == label(whole + "y") == whole


def test_counters_go_on_over_a_thousand_restarts_of_an_actor() -> None:
    figures = PlainSnapshots()
    exposition = Exposition(figures)
    for restarts in range(1_001):
        sample = ActorSnapshot(name="journal", state="running", restarts=restarts, handled=restarts * 3)
        figures.some_actors = [sample]
        if restarts % 250 == 0:
            exposition.text()
    found = series(exposition.text())
    assert found["tipoff_actor_restarts_total", ("journal",)] == 1_000
    assert found["tipoff_actor_handled_messages_total", ("journal",)] == 3_000


def test_what_a_game_counted_stays_counted_when_it_has_gone() -> None:
    figures = PlainSnapshots()
    exposition = Exposition(figures)
    game = ActorSnapshot(name="games/one", state="running", handled=5, restarts=1)
    for actors in ([game], [], [attrs.evolve(game, handled=2, restarts=0)]):
        figures.some_actors = actors
        exposition.text()
    found = series(exposition.text())
    assert found["tipoff_actor_handled_messages_total", ("games/*",)] == 7
    assert found["tipoff_actor_restarts_total", ("games/*",)] == 1


def test_two_engines_in_one_process_do_not_see_each_other() -> None:
    first, second = Exposition(PlainSnapshots(run="a")), Exposition(PlainSnapshots(run="b"))
    assert b'run="a"' in first.text()
    assert b'run="a"' not in second.text()


def test_a_histogram_counts_each_value_once_and_adds_them_up() -> None:
    buckets = Histogram((1.0, 2.0))
    for value in (0.5, 1.0, 1.5, 9.0):
        buckets.observe(value)
    assert buckets.cumulative() == [("1.0", 2), ("2.0", 3), ("+Inf", 4)]
    assert buckets.total == 12.0


def test_every_group_says_whether_it_could_be_made() -> None:
    found = series(Exposition(PlainSnapshots()).text())
    for group in FAMILIES:
        assert group == "collectors" or found["tipoff_collector_up", (group,)] == 1


def test_the_manual_explains_every_metric_with_its_kind_and_labels(root: Path) -> None:
    page = (root / "docs/metrics.md").read_text("utf-8")
    for family in all_families():
        labels = ", ".join(f"`{name}`" for name in family.labels)
        assert f"| `{family.name}` | {family.kind} | {labels} | {family.help} |" in page
