"""What is worth telling people between two looks, and what is not."""

from tipoff.notifications.rules import FILLS_TOLD, FillsToTell, NoticeSnapshot, differences, summary
from tipoff.sources.health import HealthIssue, IssueKind


def snapshot(*issues: HealthIssue) -> NoticeSnapshot:
    """An engine with these health issues."""
    return NoticeSnapshot(at=1.0, issues={issue.subject: issue for issue in issues})


def lost(text: str) -> HealthIssue:
    """The stream of the books is lost."""
    return HealthIssue("stream", text, IssueKind.FEED_LOST)


def test_people_hear_of_halts_parked_actors_and_issues_once_and_of_their_end() -> None:
    well = NoticeSnapshot(at=1.0, fills=1)
    bad = NoticeSnapshot(
        at=2.0,
        halts={"all": "operator", "quarantine:sharp": "crashed"},
        issues={"stream": lost("connecting")},
        down=frozenset({"exchange/strategies/sharp"}),
        fills=3,
    )
    assert [(notice.kind, notice.level) for notice in differences(well, bad)] == [
        ("halted", "error"),
        ("quarantined", "error"),
        ("actor_down", "error"),
        ("feed_lost", "warning"),
    ]
    assert list(differences(bad, bad)) == []
    assert [notice.kind for notice in differences(bad, well)] == ["resumed", "resumed", "feed_back"]


def test_the_evening_ends_in_a_sentence() -> None:
    last = NoticeSnapshot(at=1.0, fills=5, realized=-4.5, orders=9, restarts=1, band=(-6.0, -4.0, 1.25))
    assert summary(last, "demo-2026-01-01").text == (
        "run demo-2026-01-01: P&L -4.00 dollars after fees (pessimistic -6.00, optimistic +1.25), "
        "-4.50 of it realized; 9 orders, 5 fills, 1 restarts (paper)"
    )
    assert "P&L" not in summary(NoticeSnapshot(at=1.0), "demo-2026-01-01").text


def test_an_issue_whose_words_change_is_told_once_and_whatever_they_are_a_lost_feed_is_one() -> None:
    first = snapshot(HealthIssue("heartbeat", "nothing has passed games/a for 31 s"), lost("503"))
    then = snapshot(HealthIssue("heartbeat", "nothing has passed games/a for 36.5 s"), lost("reset"))
    told = [(notice.kind, notice.level, notice.text) for notice in differences(snapshot(), first)]
    assert told == [
        ("degraded", "warning", "nothing has passed games/a for 31 s"),
        ("feed_lost", "warning", "503"),
    ]
    assert list(differences(first, then)) == []
    gone = [(notice.kind, notice.text) for notice in differences(then, snapshot())]
    assert gone == [
        ("recovered", "no longer: nothing has passed games/a for 36.5 s"),
        ("feed_back", "no longer: reset"),
    ]


def test_two_subjects_are_two_issues_though_their_words_are_the_same() -> None:
    first, second = HealthIssue("poll odds", "it fails"), HealthIssue("poll games", "it fails")
    told = differences(snapshot(first), snapshot(first, second))
    assert [notice.subject for notice in told] == ["poll games"]


def test_a_fill_is_told_at_once_and_those_of_a_busy_minute_together() -> None:
    fills = FillsToTell()
    assert fills.notice(100.0, 60.0) is None
    fills.add("momentum filled: buy 1")
    first = fills.notice(101.0, 60.0)
    assert first is not None
    assert (first.kind, first.level, first.text) == ("filled", "info", "momentum filled: buy 1")
    for number in range(FILLS_TOLD + 3):
        fills.add(f"fill {number}")
    assert fills.notice(160.0, 60.0) is None
    second = fills.notice(161.0, 60.0)
    assert second is not None
    assert second.text.startswith("fill 0; fill 1; ")
    assert second.text.endswith(f"fill {FILLS_TOLD - 1}; and 3 more")
    assert second.subject != first.subject
    assert fills.notice(900.0, 60.0) is None
