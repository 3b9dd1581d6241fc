"""Which run a process belongs to, and with which exit code it ends.

Covers: tipoff.services.control.
"""

import gc
import weakref
from collections.abc import Iterator
from pathlib import Path

import pytest

from actors.messages import Numbered
from actors.runtime import Address, EngineBroken, Escalated, StartFailed
from engine.calendar import parse_time
from engine.facts import Fact, Noted, RunStarted
from engine.invariant import InvariantBroken
from engine.units import Nanos
from persistence.errors import StorageFull
from persistence.schema_upgrade import create
from persistence.writer import JournalWriter
from tipoff.commands.run import in_our_words
from tipoff.exit_codes import Exit
from tipoff.output import Failure
from tipoff.process.run import pass_over_what_stays, past_of

EVENING = parse_time("2026-11-22T23:30:00Z")
NIGHT = parse_time("2026-11-23T08:00:00Z")
NEXT = parse_time("2026-11-23T23:30:00Z")


def stored(folder: Path, run: str, *facts: Fact) -> str:
    """A database with a run."""
    url = f"sqlite:///{folder / 'tipoff.db'}"
    if not (folder / "tipoff.db").exists():
        create(url)
    writer = JournalWriter(url, run)
    writer.append([Numbered(number, 1, "run", fact) for number, fact in enumerate(facts, start=1)])
    writer.close()
    return url


def test_the_first_process_of_an_evening_begins_a_run(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'tipoff.db'}"
    create(url)
    past = past_of(url, "demo", EVENING)
    assert (past.run, past.goes_on) == ("demo-2026-11-22", False)


def test_a_process_of_the_same_game_day_goes_on_with_it_also_after_midnight(tmp_path: Path) -> None:
    note = Noted("sharp", "baseline", "0.55", Nanos(5))
    url = stored(tmp_path, "demo-2026-11-22", RunStarted("demo-2026-11-22", "1", "d", 1, EVENING), note)
    for moment in (EVENING, NIGHT):
        past = past_of(url, "demo", moment)
        assert (past.run, past.goes_on) == ("demo-2026-11-22", True)


def test_another_evening_and_another_environment_are_runs_of_their_own(tmp_path: Path) -> None:
    url = stored(tmp_path, "demo-2026-11-22", RunStarted("demo-2026-11-22", "1", "d", 1, EVENING))
    assert past_of(url, "demo", NEXT).run == "demo-2026-11-23"
    assert past_of(url, "prod", EVENING).run == "prod-2026-11-22"


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (Escalated("too many failures"), Exit.ESCALATED),
        (StartFailed(Address("journal"), ValueError("no")), Exit.ESCALATED),
        (EngineBroken("the queue"), Exit.INVARIANT_BROKEN),
    ],
)
def test_what_ends_the_engine_has_its_own_exit_code_however_deep_it_is(error: Exception, code: Exit) -> None:
    for wrapped in (error, ExceptionGroup("", [ValueError(), ExceptionGroup("", [error])])):
        said = in_our_words(wrapped)
        assert isinstance(said, Failure)
        assert said.exit == code


def test_a_broken_invariant_goes_before_everything_and_storage_keeps_its_words() -> None:
    broken, full = InvariantBroken("out of balance"), StorageFull("no space", "here", "make some")
    assert in_our_words(ExceptionGroup("", [Escalated("x"), broken])) is broken
    assert in_our_words(ExceptionGroup("", [full])) is full
    fault = KeyError("a bug")
    assert in_our_words(fault) is fault


class Ring:
    """What only the collector of circles can let go of."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture
def thawed() -> Iterator[None]:
    """Afterwards the collector walks through everything again."""
    yield
    gc.unfreeze()


@pytest.mark.usefixtures("thawed")
def test_what_was_made_before_an_evening_is_passed_over_until_the_next_one() -> None:
    ring = Ring()
    held = weakref.ref(ring)
    pass_over_what_stays()
    del ring
    gc.collect()
    assert held() is not None
    pass_over_what_stays()
    assert held() is None
