"""The head: one look tells whether it trades, what it has, what is wrong, also without colours."""

from collections.abc import Callable

import attrs
import pytest
from rich.cells import cell_len

from tipoff.output import Failure
from tipoff.top.header import HEAD_LINES, head, nearest_limit, state
from tipoff.top.snapshot import Answers, Link, Seen

from .conftest import MadeUp, limit

Look = Callable[[], Seen]


def lines(seen: Seen, width: int = 160) -> list[str]:
    return [line.rstrip() for line in head(seen, width).plain.split("\n")]


def test_a_daemon_that_trades(seen: Look) -> None:
    assert lines(seen()) == [
        " TRADING   23:30:00 UTC (18:30 New York)  demo-2026-11-20  up 2h05m"
        "  tipoff 0.1.0, your level: operate",
        "P&L     pessimistic -11.23  base 0.00  optimistic +7.90  after fees  19 pos., 2 open",
        "Risk    96.60 of 500.00 at risk [#.........] 19%"
        "  nearest limit: exposure_per_game 85% (170 of 200 dollars at 26NOV20MEMPOR)",
        "Feed    connected, 4/4 books trusted, 0 gaps  Actors 20/20 run, 0 restarts, 0 dead letters"
        "  Journal at 262",
        "Wrong   nothing",
        "Failed  nothing",
    ]


def test_on_eighty_columns_it_says_less_but_the_same(seen: Look) -> None:
    assert lines(seen(), 80) == [
        " TRADING   23:30:00 UTC (18:30 New York)  demo-2026-11-20  up 2h05m",
        "P&L     pessimistic -11.23  base 0.00  optimistic +7.90  19 pos., 2 open",
        "Risk    96.60 of 500.00 at risk (19%)  nearest limit: exposure_per_game 85%",
        "Feed    connected, 4/4 books trusted, 0 gaps  Actors 20/20 run, 0 restarts",
        "Wrong   nothing",
        "Failed  nothing",
    ]


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({}, "TRADING"),
        ({"degraded": ["no key"]}, "TRADING, DEGRADED"),
        ({"trading": False, "state": "halted", "why_not": ["halted by uid 0: odd"]}, "HALTED"),
        ({"trading": False, "state": "draining"}, "DRAINING"),
        ({"trading": False, "state": "running", "why_not": ["no strategy is on"]}, "NOT TRADING"),
    ],
)
def test_the_state_is_a_word(daemon: MadeUp, seen: Look, changes: dict[str, object], word: str) -> None:
    daemon.answers["status"] |= changes
    assert state(seen())[0] == word
    assert lines(seen())[0].startswith(f" {word} ")


def test_what_keeps_it_from_trading_comes_before_what_is_degraded(daemon: MadeUp, seen: Look) -> None:
    daemon.answers["status"] |= {
        "trading": False,
        "why_not": ["no strategy is on"],
        "degraded": ["no key", "no odds"],
    }
    assert lines(seen(), 80)[4] == "Wrong   ! no strategy is on (+2 more)"


def test_what_was_not_answered_comes_first_and_is_said_once(daemon: MadeUp, seen: Look) -> None:
    for method in ("risk", "journal"):
        daemon.troubles[method] = Failure("unavailable", "the actor is parked")
    assert lines(seen())[4] == "Wrong   ! the actor is parked"
    assert lines(seen())[2] == "Risk    96.60 of 500.00 at risk [#.........] 19%"


def test_the_last_failure_is_told_with_its_time(daemon: MadeUp, seen: Look) -> None:
    failure = {"address": "sources/nba_poller", "what": "restarted", "error": "TimeoutError", "at": "…"}
    failure["at"] = "2026-11-20T23:29:01.000000Z"
    daemon.answers["status"]["last_failure"] = failure
    assert lines(seen())[5] == "Failed  23:29:01 sources/nba_poller: restarted TimeoutError"


def test_trouble_of_the_feed_and_of_actors_is_in_words(daemon: MadeUp, seen: Look) -> None:
    daemon.answers["status"]["feed"] |= {"connected": False, "trusted_books": 1, "gaps": 3}
    daemon.answers["status"] |= {"actors_running": 18, "restarts": 4, "dead_letters": 2}
    assert lines(seen(), 90)[3] == (
        "Feed    ! not connected, 1/4 books trusted, 3 gaps  Actors 18/20 run, 4 restarts, 2 dead …"
    )


def test_a_lost_daemon_is_told_and_what_was_known_is_called_old(seen: Look) -> None:
    lost = Link(lost="no daemon is running: state/control.sock", since="23:31:02")
    shown = lines(attrs.evolve(seen(), link=lost), 80)
    assert shown[0] == " NO DAEMON   since 23:31:02 UTC; what follows is of 23:30:00 UTC; asking again"
    assert shown[1].startswith("P&L     pessimistic -11.23")
    assert shown[4] == "Wrong   ! no daemon is running: state/control.sock"


def test_a_daemon_that_refuses_its_status_is_no_trading_one(daemon: MadeUp, seen: Look) -> None:
    daemon.troubles["status"] = Failure("not_ready", "the daemon is starting")
    shown = lines(seen(), 80)
    assert shown[0] == " NO ANSWER   nothing is known; asking again"
    assert shown[4] == "Wrong   ! the daemon is starting"


def test_before_the_first_answer_it_connects() -> None:
    shown = lines(Seen(link=Link(), answers=Answers()), 80)
    assert shown[0] == " CONNECTING"
    assert len(shown) == HEAD_LINES


def test_limits_that_are_no_numbers_or_not_in_use_are_not_the_nearest() -> None:
    assert nearest_limit([limit("a", "", "20"), limit("b", "0", "5"), limit("c", "3", "none")]) is None
    found = nearest_limit([limit("a", "4", "20"), limit("b", "1", "4")])
    assert found is not None
    assert (found[0]["name"], f"{found[1]:.0%}") == ("b", "25%")


def test_without_a_limit_there_is_no_share(daemon: MadeUp, seen: Look) -> None:
    daemon.answers["status"]["at_risk_max"] = "none"
    daemon.answers["risk"]["limits"] = []
    assert lines(seen())[2] == "Risk    96.60 at risk"


@pytest.mark.parametrize("width", [1, 8, 20, 40, 79, 80, 109, 110, 300])
def test_no_line_is_wider_than_the_terminal(daemon: MadeUp, seen: Look, width: int) -> None:
    daemon.answers["status"] |= {"degraded": ["x" * 400, "y"]}
    for line in head(seen(), width).plain.split("\n"):
        assert cell_len(line) <= width
