"""A try to deliver: what each service's answer means, and that nothing secret is told of it."""

import json
import socket
import threading

import pytest
import trio

from tests.tipoff.notifications.receivers import Hook, Mailbox, hook_server, mail_server
from tipoff.notifications import senders
from tipoff.notifications.attempt import Attempt, Outcome
from tipoff.notifications.notice import Notice
from tipoff.notifications.senders import WORDS_CHARS_MAX, attempt_of, sender
from tipoff.notifications.targets import targets_in
from venues.transport.http import Answer

LOST = Notice("feed_lost", "warning", "the stream is gone", at=1_000.0)


async def tried(line: str) -> Attempt:
    async with sender(targets_in(line)[0], "tipoff") as send:
        return await send(LOST)


async def test_a_notice_is_posted_in_the_form_of_its_service() -> None:
    with hook_server(Hook()) as hook:
        where = f"http://127.0.0.1:{hook.port}"
        for line in (
            f"{where}/hook?key=1",
            f"telegram {where}/bot1:x/sendMessage?chat_id=7",
            f"ntfy {where}/topic?auth=x",
        ):
            assert (await tried(line)).outcome is Outcome.DELIVERED
    paths = [path for path, _ in hook.heard]
    assert paths == ["/hook?key=1", "/bot1:x/sendMessage", "/?auth=x"]
    bodies = [json.loads(body) for _, body in hook.heard]
    assert [body.get("kind") or body.get("chat_id") or body.get("topic") for body in bodies] == [
        "feed_lost",
        "7",
        "topic",
    ]


@pytest.mark.parametrize(
    "answer, attempt",
    [
        (Answer(204, "", {}), Attempt.delivered()),
        (
            Answer(404, '{"message": "Unknown Webhook", "code": 10015}', {}),
            Attempt.refused("HTTP 404: Unknown Webhook"),
        ),
        (
            Answer(401, '{"ok": false, "description": "Unauthorized"}', {}),
            Attempt.refused("HTTP 401: Unauthorized"),
        ),
        (Answer(403, "invalid_token\n", {}), Attempt.refused("HTTP 403: invalid_token")),
        (
            Answer(400, '{"code": 40009, "error": "topic invalid"}', {}),
            Attempt.refused("HTTP 400: topic invalid"),
        ),
        (Answer(400, '["no object"]', {}), Attempt.refused('HTTP 400: ["no object"]')),
        (Answer(503, "", {}), Attempt.later("HTTP 503")),
        (Answer(408, "", {}), Attempt.later("HTTP 408")),
        (Answer(429, "", {"retry-after": "7"}), Attempt.later("HTTP 429", 7.0)),
        (Answer(429, "", {"retry-after": "soon"}), Attempt.later("HTTP 429")),
        (Answer(429, "", {"retry-after": "nan"}), Attempt.later("HTTP 429")),
        (Answer(429, "", {"retry-after": "1e9"}), Attempt.later("HTTP 429", 60.0)),
        (
            Answer(429, '{"description": "Too Many Requests", "parameters": {"retry_after": 9}}', {}),
            Attempt.later("HTTP 429: Too Many Requests", 9.0),
        ),
        (Answer(429, '{"message": "slow", "retry_after": 0.5}', {}), Attempt.later("HTTP 429: slow", 0.5)),
    ],
)
def test_what_a_service_answers_says_whether_to_try_again(answer: Answer, attempt: Attempt) -> None:
    assert attempt_of(answer) == attempt


@pytest.mark.promise("notice-targets-never-shown")
async def test_no_answer_and_no_error_shows_an_address_a_token_or_a_password() -> None:
    secret = "bot1234:AAsecretsecret"
    with hook_server(Hook(status=404)) as hook:
        line = f"telegram http://127.0.0.1:{hook.port}/{secret}/sendMessage?chat_id=12345678"
        hook.body = f'{{"description": "no /{secret}/sendMessage for 12345678 here"}}'.encode()
        echoed = await tried(line)
        hook.status, hook.headers = 302, {"location": f"http://elsewhere.example/{secret}"}
        moved = await tried(line)
    gone = await tried(line)
    for attempt in (echoed, moved, gone):
        assert attempt.outcome is not Outcome.DELIVERED
        assert "secret" not in attempt.words
        assert "chat_id" not in attempt.words
    assert "the connection was refused" in gone.words


async def test_words_are_cut_and_command_no_terminal() -> None:
    with hook_server(Hook(status=400, body=b"\x1b[31m" + b"x" * 1_000)) as hook:
        words = (await tried(f"http://127.0.0.1:{hook.port}/hook")).words
    assert len(words) == WORDS_CHARS_MAX
    assert "\x1b" not in words


@pytest.mark.limit("tipoff.notifications.senders:MAIL_S_MAX")
async def test_a_mail_server_that_hangs_holds_one_thread_and_nobody_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(senders, "MAIL_S_MAX", 0.05)
    release = threading.Event()
    began = []

    def hang(*_: object) -> Attempt:
        began.append(1)
        release.wait(30)
        return Attempt.delivered()

    monkeypatch.setattr(senders, "send_mail", hang)
    (target,) = targets_in("smtp://127.0.0.1/?from=a@b.example&to=c@d.example")
    with trio.fail_after(20):
        async with sender(target, "tipoff") as send:
            for _ in range(3):
                assert (await send(LOST)).words == "no answer within 0.05 s"
    assert began == [1]
    release.set()


async def test_a_mail_goes_out() -> None:
    with mail_server(Mailbox()) as mailbox:
        attempt = await tried(f"smtp://127.0.0.1:{mailbox.port}/?from=a@b.example&to=c@d.example")
    assert attempt.outcome is Outcome.DELIVERED
    assert "the stream is gone" in mailbox.mails[0]


async def test_a_port_where_nobody_listens_is_an_answer() -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    assert (await tried(f"http://127.0.0.1:{port}/hook")).outcome is Outcome.LATER
