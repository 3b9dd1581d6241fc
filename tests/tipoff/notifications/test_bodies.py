"""Each service gets a notice in its own form, cut to what it takes."""

import attrs
import pytest

from tipoff.json_types import Json
from tipoff.notifications.bodies import TEXT_CHARS_MAX, body_of
from tipoff.notifications.notice import Notice
from tipoff.notifications.targets import targets_in

LOST = Notice("feed_lost", "warning", "the stream <is> gone & back?", at=1_000.0)


@pytest.mark.parametrize(
    "address, body",
    [
        (
            "https://example.org/hook",
            {
                "engine": "tipoff",
                "kind": "feed_lost",
                "level": "warning",
                "subject": "",
                "text": "the stream <is> gone & back?",
                "at": 1_000.0,
            },
        ),
        (
            "https://hooks.slack.com/services/x",
            {"text": "*tipoff: feed lost*\nWarning: the stream &lt;is&gt; gone &amp; back?"},
        ),
        (
            "https://discord.com/api/webhooks/1/x",
            {
                "embeds": [
                    {
                        "title": "tipoff: feed lost",
                        "description": "the stream <is> gone & back?",
                        "color": 0xF59E0B,
                    }
                ],
                "allowed_mentions": {"parse": []},
            },
        ),
        (
            "https://api.telegram.org/bot1:x/sendMessage?chat_id=@channel",
            {
                "chat_id": "@channel",
                "text": "tipoff: feed lost\nWarning: the stream <is> gone & back?",
                "link_preview_options": {"is_disabled": True},
                "disable_notification": False,
            },
        ),
        (
            "ntfy https://example.org/push/topic",
            {
                "topic": "topic",
                "title": "tipoff: feed lost",
                "message": "the stream <is> gone & back?",
                "priority": 4,
            },
        ),
    ],
)
def test_each_service_gets_its_own_form(address: str, body: Json) -> None:
    assert body_of(LOST, targets_in(address)[0], "tipoff") == body


@pytest.mark.limit("tipoff.notifications.bodies:TEXT_CHARS_MAX")
def test_a_long_text_is_cut() -> None:
    (target,) = targets_in("https://example.org/hook")
    body = body_of(attrs.evolve(LOST, text="x" * 10_000), target, "tipoff")
    assert body["text"] == "x" * TEXT_CHARS_MAX
