"""What stops working is told once, with its reason; a service that is down is one line and not one a poll."""

from tipoff.explain.health_lines import HealthLines, reason_of
from tipoff.sources.health import HealthIssue, IssueKind

DOWN = "https://api.example.org/v1/{}?date=2026-01-14: the connection was refused"


def poll(name: str, cause: str | None = None) -> HealthIssue:
    said = DOWN.format(name) if cause is None else cause
    return HealthIssue(f"poll {name}", f"the poll of {name} fails: {said}", poll=name, cause=said)


def test_polls_that_fail_for_one_reason_are_one_line_and_those_that_follow_do_not_repeat_it() -> None:
    lines = HealthLines.after(())
    reason = "api.example.org: the connection was refused"
    assert lines.look([poll("games"), poll("odds")]) == [(f"no answer for games, odds: {reason}", "warning")]
    assert lines.look([poll("games"), poll("odds")]) == []
    open_circuit = poll("odds", f"{DOWN.format('odds')}; not asked now, 7 failures in a row")
    found = lines.look([poll("games"), open_circuit, poll("box_scores")])
    assert found == [("does not answer either: box_scores", "warning")]
    assert lines.look([poll("box_scores")]) == [("answers again: games, odds", "info")]
    assert lines.look([]) == [("answers again: box_scores", "info")]
    assert lines.look([poll("games")]) == [(f"no answer for games: {reason}", "warning")]


def test_another_reason_is_another_line() -> None:
    lines = HealthLines.after(())
    found = lines.look([poll("games"), poll("markets", "https://venue.example.com/markets: HTTP 503")])
    assert found == [
        ("no answer for games: api.example.org: the connection was refused", "warning"),
        ("no answer for markets: venue.example.com: HTTP 503", "warning"),
    ]


def test_what_was_said_before_is_not_said_again_and_its_end_is() -> None:
    issue = HealthIssue("journal", "nothing can be stored: full")
    lines = HealthLines.after([issue])
    assert lines.look([issue]) == []
    assert lines.look([]) == [("no longer: nothing can be stored: full", "info")]


def test_a_stream_that_is_back_says_so_itself() -> None:
    lost = HealthIssue("stream", "the stream is not connected: reset", IssueKind.FEED_LOST)
    lines = HealthLines.after(())
    assert lines.look([lost]) == [(lost.text, "warning")]
    assert lines.look([]) == []


def test_a_reason_names_the_host_and_not_the_question() -> None:
    assert reason_of(poll("games")) == "api.example.org: the connection was refused"
