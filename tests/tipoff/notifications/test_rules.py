"""What is worth telling people between two looks, and what is not."""

from tipoff.notifications.rules import NoticeSnapshot, differences, summary
from tipoff.sources.health import HealthIssue, IssueKind


def snapshot(*issues: HealthIssue) -> NoticeSnapshot:
    """An engine with these health issues."""
    return NoticeSnapshot(at=1.0, issues={issue.subject: issue for issue in issues})


def lost(text: str) -> HealthIssue:
    """The stream of the books is lost."""
    return HealthIssue("stream", text, IssueKind.FEED_LOST)


def test_people_hear_of_halts_parked_actors_and_issues_once_and_of_their_end() -> None:
    well = NoticeSnapshot(at=1.0, fills={"sharp": 1})
    bad = NoticeSnapshot(
        at=2.0,
        halts={"all": "operator", "quarantine:sharp": "crashed"},
        issues={"stream": lost("connecting")},
        down=frozenset({"exchange/strategies/sharp"}),
        fills={"sharp": 3},
    )
    assert [(notice.kind, notice.level) for notice in differences(well, bad)] == [
        ("halted", "error"),
        ("quarantined", "error"),
        ("actor_down", "error"),
        ("feed_lost", "warning"),
        ("filled", "info"),
    ]
    assert list(differences(bad, bad)) == []
    assert [notice.kind for notice in differences(bad, well)] == ["resumed", "resumed", "feed_back"]


def test_the_evening_ends_in_a_sentence() -> None:
    last = NoticeSnapshot(
        at=1.0, fills={"a": 2, "b": 3}, realized=-4.5, orders=9, restarts=1, band=(-6.0, -4.0, 1.25)
    )
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
