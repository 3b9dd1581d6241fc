"""A notice as a mail: encrypted wherever there is a password, and what a server says is an answer."""

import socket
from email import message_from_string
from pathlib import Path

import pytest

from tests.tipoff.notifications.receivers import Mailbox, mail_server
from tests.venues.certificates import server_context
from tipoff.notifications import mail
from tipoff.notifications.attempt import Outcome
from tipoff.notifications.mail import send_mail
from tipoff.notifications.notice import Notice
from tipoff.notifications.targets import Target, targets_in

LOST = Notice("feed_lost", "error", "the stream is gone\r\nBcc: all@example.org", at=1_000.0)


def target(port: int, *, scheme: str = "smtp", user: str = "") -> Target:
    return targets_in(f"{scheme}://{user}127.0.0.1:{port}/?from=me@example.org&to=you@example.org")[0]


@pytest.fixture
def trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Mailbox:
    """A mailbox with a certificate that the process trusts."""
    context, _ = server_context(tmp_path, "")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "server.pem"))
    return Mailbox(context=context)


@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
def test_user_password_and_mail_go_encrypted(trusted: Mailbox, scheme: str) -> None:
    trusted.implicit = scheme == "smtps"
    with mail_server(trusted):
        attempt = send_mail(
            target(trusted.port, scheme=scheme, user="me%40example.org:pass%20word@"), LOST, "tipoff"
        )
    assert attempt.outcome is Outcome.DELIVERED, attempt
    assert trusted.logins == [("me@example.org", "pass word")]
    assert trusted.secured == [True]
    found = message_from_string(trusted.mails[0])
    assert (found["From"], found["To"]) == ("me@example.org", "you@example.org")
    assert found["Subject"] == "Error: tipoff: feed lost"
    assert found["Date"].startswith("Thu, 01 Jan 1970 00:16:40")
    assert found["Bcc"] is None
    assert str(found.get_payload()).count("\n") == 1


def test_a_server_of_this_machine_needs_neither_password_nor_encryption() -> None:
    with mail_server(Mailbox()) as mailbox:
        assert send_mail(target(mailbox.port), LOST, "tipoff").outcome is Outcome.DELIVERED
    assert (mailbox.logins, mailbox.secured) == ([], [False])


@pytest.mark.promise("notice-targets-never-shown")
def test_a_password_is_not_sent_in_the_clear() -> None:
    with mail_server(Mailbox()) as mailbox:
        attempt = send_mail(target(mailbox.port, user="me:secret@"), LOST, "tipoff")
    assert attempt.outcome is Outcome.REFUSED
    assert "no encryption" in attempt.words
    assert (mailbox.logins, mailbox.mails) == ([], [])


def test_a_certificate_that_nobody_vouches_for_gets_nothing(tmp_path: Path) -> None:
    context, _ = server_context(tmp_path)
    with mail_server(Mailbox(context=context)) as mailbox:
        attempt = send_mail(target(mailbox.port, user="me:secret@"), LOST, "tipoff")
    assert attempt.outcome is Outcome.LATER
    assert "CERTIFICATE_VERIFY_FAILED" in attempt.words
    assert (mailbox.logins, mailbox.mails) == ([], [])


@pytest.mark.parametrize(
    "refuses, outcome, words",
    [
        ({"AUTH": "535 wrong"}, Outcome.REFUSED, "user and password are refused: 535 wrong"),
        ({"RCPT": "550 unknown"}, Outcome.REFUSED, "the recipient is refused: unknown"),
        ({"RCPT": "450 greylisted"}, Outcome.LATER, "the recipient is refused: greylisted"),
        ({"MAIL": "452 full"}, Outcome.LATER, "452 full"),
        ({"DATA": "554 no"}, Outcome.REFUSED, "554 no"),
    ],
)
def test_what_the_server_says_is_the_answer(
    trusted: Mailbox, refuses: dict[str, str], outcome: Outcome, words: str
) -> None:
    trusted.refuses = refuses
    with mail_server(trusted):
        attempt = send_mail(target(trusted.port, user="me:secret@"), LOST, "tipoff")
    assert (attempt.outcome, attempt.words) == (outcome, words)


@pytest.mark.limit("tipoff.notifications.mail:STEP_S_MAX")
def test_a_server_that_says_nothing_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mail, "STEP_S_MAX", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        attempt = send_mail(target(deaf.getsockname()[1]), LOST, "tipoff")
    assert (attempt.outcome, attempt.words) == (Outcome.LATER, "no answer within 0.05 s")


def test_a_server_that_is_not_there_is_an_answer_too() -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    attempt = send_mail(target(port), LOST, "tipoff")
    assert (attempt.outcome, attempt.words) == (Outcome.LATER, "the connection was refused")
