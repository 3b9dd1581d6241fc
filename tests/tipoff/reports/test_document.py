"""What a report says of actors that failed and of what might not trade: by name, not only counted."""

import io

from rich.console import Console, RenderableType

from engine.facts import TradingHalted
from engine.risk import QUARANTINE
from engine.tally import Tally
from engine.units import Nanos
from tipoff.reports.document import (
    FailedActor,
    RunSnapshot,
    decisions_document,
    decisions_screen,
    report_document,
    report_screen,
)

PARKED = FailedActor("exchange/strategies/momentum", "parked", 4, "ValueError: odd")
BACK = FailedActor("games/a", "running", 1, "KeyError: 'b'")


def text(screen: RenderableType) -> str:
    console = Console(width=100, file=io.StringIO(), force_terminal=False)
    with console.capture() as captured:
        console.print(screen)
    return captured.get()


def halted() -> Tally:
    tally = Tally()
    why = "it failed 4 times within 60 s"
    tally.apply(TradingHalted(f"{QUARANTINE}momentum", "halted", "supervisor", why, Nanos(1)))
    return tally


def test_a_strategy_that_failed_is_named_with_its_error_and_what_became_of_it() -> None:
    snapshot = RunSnapshot(
        run="run",
        digest="digest",
        frames=1,
        first_at=None,
        last_at=None,
        gaps=0,
        refused=0,
        events=1,
        seconds=1.0,
        restarts=4,
        dead_letters=5,
        failed=(PARKED, BACK),
    )
    document = report_document(snapshot, halted(), {})
    assert document["actors"] == {
        "restarts": 4,
        "dead_letters": 5,
        "failed": [
            {"actor": PARKED.actor, "state": "parked", "failures": 4, "error": "ValueError: odd"},
            {"actor": "games/a", "state": "running", "failures": 1, "error": "KeyError: 'b'"},
        ],
    }
    shown = text(report_screen(document))
    assert "exchange/strategies/momentum failed 4 times and is parked at the end: ValueError: odd" in shown
    assert "games/a failed once and is running at the end: KeyError: 'b'" in shown
    assert "quarantine:momentum is halted: it failed 4 times within 60 s" in shown


def test_a_stored_run_names_what_was_halted() -> None:
    stored = {
        **decisions_document(halted(), {}),
        **dict.fromkeys(("run", "started_at", "last_at", "ended", "digest"), "x"),
    }
    assert "quarantine:momentum is halted: it failed 4 times within 60 s" in text(decisions_screen(stored))
