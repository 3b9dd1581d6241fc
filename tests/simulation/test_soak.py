"""The soak judges as it should: each of its rules finds what breaks it, and nothing in a journal in order.

The soak itself takes its time and is run by `make soak`.
"""

import io
import os
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Any, cast

import attrs
import pytest
from rich.console import Console

from engine.events import BookSide
from engine.facts import (
    Fact,
    LedgerPosted,
    OrderApproved,
    OrderFilled,
    OrderSubmitted,
    RunStarted,
    TradingHalted,
    TradingResumed,
)
from engine.message import changed
from engine.units import Count, Nanos, Price
from persistence.schema_upgrade import create
from persistence.writer import JournalWriter
from tests.persistence.evenings import evening, place
from tests.simulation.soak.comparing import compared, left_behind
from tests.simulation.soak.evening import Evening, Life, Setup
from tests.simulation.soak.figures import ALLOWED, NAMES, Sample, grown, growth, over_lives, sample_of
from tests.simulation.soak.journal_rules import broken_rules, exits_that_open
from tests.simulation.soak.operator import Operator
from tests.simulation.soak.processes import Venues
from tests.simulation.soak.run import Plan, Soak, tell
from tipoff.json_types import Json

BETS = 7
FACTS = evening(BETS)


def first(kind: type[Fact]) -> int:
    """The place of the first fact of a kind."""
    return next(number for number, fact in enumerate(FACTS) if isinstance(fact, kind))


def broken(place: int, **changes: Any) -> list[str]:  # noqa: ANN401 - any field of any fact
    """What is found when one fact is another one."""
    facts = list(FACTS)
    facts[place] = changed(facts[place], **changes)
    return broken_rules(facts)


def test_a_journal_in_order_breaks_no_rule() -> None:
    assert broken_rules(FACTS) == []


@pytest.mark.parametrize("kind", [OrderApproved, OrderSubmitted, OrderFilled])
def test_what_happens_twice_is_found(kind: type[Fact]) -> None:
    at = first(kind)
    found = broken_rules([*FACTS[: at + 1], FACTS[at], *FACTS[at + 1 :]])
    assert any("2 times" in each for each in found)


def test_more_filled_than_ordered_is_found() -> None:
    assert any("was filled" in each for each in broken(first(OrderFilled), count=Count(101)))


def test_a_fill_without_an_order_is_found() -> None:
    found = broken(first(OrderFilled), order_id="nobody")
    assert "nobody was filled before it was submitted" in found


def test_what_an_earlier_process_decided_may_not_be_approved_by_a_later_one() -> None:
    at = first(OrderApproved)
    again = RunStarted("evening", "0.1", "c0ffee", 7, Nanos(1_000_000))
    assert broken_rules([*FACTS, again]) == []
    found = broken_rules([*FACTS[:at], again, *FACTS[at:]])
    assert any("decided by an earlier process" in each for each in found)


def test_an_order_that_sets_out_without_an_approval_is_found() -> None:
    at = first(OrderApproved)
    found = broken_rules([*FACTS[:at], *FACTS[at + 1 :]])
    assert found == ["o0 was submitted without a durable approval"]


def test_an_approval_under_a_halt_of_everything_is_found_until_it_is_resumed() -> None:
    at = first(OrderApproved)
    halted = TradingHalted("all", "halted", "operator", "by hand", Nanos(5))
    facts = [*FACTS[:at], halted, *FACTS[at:]]
    assert "o0 was approved under a halt" in broken_rules(facts)
    assert (
        broken_rules([*FACTS[:at], halted, TradingResumed("all", "operator", "ok", Nanos(6)), *FACTS[at:]])
        == []
    )


def test_an_exit_that_opens_a_position_is_found_and_one_that_closes_is_not() -> None:
    at = first(OrderSubmitted)
    submitted = FACTS[at]
    assert isinstance(submitted, OrderSubmitted)
    found = broken(at, order=changed(submitted.order, exit=True))
    assert "o0 is an exit and made 0 of KXT to 40" in found
    filled = FACTS[first(OrderFilled)]
    assert isinstance(filled, OrderFilled)
    closing = changed(submitted, order=changed(submitted.order, exit=True, order_id="c", count=Count(100)))
    for count, sides in ((60, []), (100, []), (101, ["c is an exit and made 100 of KXT to -1"])):
        sold = changed(filled, order_id="c", side=BookSide.ASK, count=Count(count))
        bought = changed(filled, count=Count(100))
        assert list(exits_that_open([submitted, bought, closing, sold])) == sides


def test_money_that_fills_do_not_explain_is_found() -> None:
    assert any("of cash and claims" in each for each in broken(first(OrderFilled), price=Price(4_999)))
    lost = next(number for number, fact in enumerate(FACTS) if isinstance(fact, LedgerPosted) and number > 9)
    assert any("of cash and claims" in each for each in broken_rules([*FACTS[:lost], *FACTS[lost + 1 :]]))


def test_positions_that_fills_do_not_explain_are_found() -> None:
    settled = broken(len(FACTS) - 1, position=Count(1))
    assert any("by its fills {'KXT'" in each for each in settled)


@pytest.fixture
def database(tmp_path: Path) -> str:
    url = f"sqlite:///{tmp_path / 'tipoff.db'}"
    create(url)
    writer = JournalWriter(url, "evening")
    writer.append(place(list(FACTS)))
    writer.close()
    return url


def looker(facts: int, cash: str) -> Any:  # noqa: ANN401 - a function of the control socket
    """A daemon that shows so many entries and so much cash of its one strategy, and no positions."""
    answers: dict[str, Json] = {
        "status": {"journal_seq": facts},
        "positions": [],
        "strategies": [{"name": "sharp", "cash": cash}],
        "pnl": [{"strategy": "all"}, {"strategy": "sharp", "fees": "0.021000", "realized": "1.479000"}],
    }
    return lambda method, **_params: answers[method]


def test_a_daemon_is_compared_with_its_journal_to_the_last_digit(database: str) -> None:
    right = compared(looker(len(FACTS), "998.479000"), database, "evening")
    assert right == []
    wrong = compared(looker(len(FACTS), "998.479001"), database, "evening")
    assert wrong == ["cash of sharp is 998.479001, by the journal 998.479000"]
    ahead = compared(looker(len(FACTS) + 1, "998.479000"), database, "evening")
    assert ahead == [f"the daemon shows entry {len(FACTS) + 1}, the journal has {len(FACTS)}"]


@pytest.mark.slow
def test_what_a_life_leaves_is_verified_by_the_command(database: str, tmp_path: Path) -> None:
    assert left_behind(database, "evening").problems == []
    file = tmp_path / "tipoff.db"
    file.write_bytes(file.read_bytes().replace(b'"o3b"', b'"o3c"'))
    assert any("db verify: exit code 1" in each for each in left_behind(database, "evening").problems)


def samples(**last: Any) -> list[Sample]:  # noqa: ANN401 - whichever figure
    """A warm life of 30 looks whose last third is as named."""
    base = Sample(at=0, rss_mib=100, tasks=30, threads=3, descriptors=20)
    looks = [attrs.evolve(base, at=20.0 + number) for number in range(30)]
    return [*looks[:20], *(attrs.evolve(look, **last) for look in looks[20:])]


@pytest.mark.parametrize("name", NAMES)
def test_growth_is_allowed_up_to_its_limit_and_not_beyond(name: str) -> None:
    start = getattr(samples()[0], name)
    limit = getattr(ALLOWED, name)
    assert grown("life", growth(samples(**{name: start + limit}))) == []
    (found,) = grown("life", growth(samples(**{name: start + limit + 1})))
    assert found.startswith(f"life: {name} grew by")
    lives: list[Sequence[Sample]] = [samples()] * 3
    lives.append([attrs.evolve(look, **{name: start + limit + 1}) for look in samples()])
    assert grown("lives", over_lives(lives))


def test_too_short_a_life_says_nothing() -> None:
    assert growth(samples()[:5]) == {}
    assert over_lives([samples()] * 2) == {}


def test_our_own_process_can_be_looked_at(tmp_path: Path) -> None:
    tasks = tmp_path / "tasks"
    tasks.write_text("7")
    seen = sample_of(os.getpid(), tasks, 1.0)
    assert seen is not None
    assert seen.rss_mib > 1
    assert (seen.tasks, seen.threads > 0, seen.descriptors > 0) == (7, True, True)
    assert sample_of(2**22 + 1, tasks, 1.0) is None


def told(soak: Soak) -> tuple[list[str], str]:
    text = io.StringIO()
    return tell(soak, Console(file=text, width=200)), text.getvalue()


def soaked(tmp_path: Path, *lives: Life, operated: bool = True) -> Soak:
    setup = Setup(
        folder=tmp_path, socket=tmp_path / "s", database="", recordings=tmp_path, speed=1.0, kill_s=60.0,
        draw=Random(1), deadline=0.0,
    )  # fmt: skip
    soak = Soak(Plan(folder=tmp_path), (1, 2, 3))
    operator = Operator(Random(1), "", {"halt": 1} if operated else {})
    venues = cast("Venues", None)
    soak.evenings.append(Evening(setup, 1, "demo", venues, lambda: True, operator, list(lives)))
    return soak


def test_the_verdict_names_each_life_and_everything_that_failed(tmp_path: Path) -> None:
    good = Life(1, 1, end="kill -9", fills=3, samples=samples())
    found, text = told(soaked(tmp_path, good))
    assert found == []
    assert "everything held" in text
    found, text = told(soaked(tmp_path, good, Life(1, 2, end="kill -9", problems=["the ledger"])))
    assert found == ["life 1-02: the ledger"]
    assert "FAILED life 1-02: the ledger" in text


def test_a_soak_that_shows_nothing_fails(tmp_path: Path) -> None:
    found, _ = told(soaked(tmp_path, Life(1, 1, end="stopped in 1.0 s"), operated=False))
    assert found == [
        "nobody was killed: the soak shows nothing",
        "the operator did nothing: the soak shows less than it could",
        "nothing was traded: the soak shows nothing",
    ]
