"""Which service an address belongs to, and that a line which is none is named without being shown."""

import attrs
import pytest

from tipoff.config.load import template
from tipoff.notifications.targets import (
    TARGETS_MAX,
    Service,
    Target,
    TargetsWrong,
    configured_targets,
    targets_in,
)
from tipoff.runs.from_config import schema

TELEGRAM = "https://api.telegram.org/bot123:AAsecret/sendMessage?chat_id=-42"
MAIL = "smtps://me%40example.org:pass%20word@mail.example.org/?from=me@example.org&to=you@example.org"


@pytest.mark.parametrize(
    "line, service",
    [
        ("https://hooks.slack.com/services/T/B/x", Service.SLACK),
        ("https://discord.com/api/webhooks/1/x", Service.DISCORD),
        ("https://discordapp.com/api/webhooks/1/x", Service.DISCORD),
        ("https://discord.com/elsewhere", Service.JSON),
        ("https://hooks.slack.com.example.org/services", Service.JSON),
        ("http://127.0.0.1:9000/hook", Service.JSON),
        (TELEGRAM, Service.TELEGRAM),
        ("https://ntfy.sh/topic", Service.NTFY),
        ("ntfy https://push.example.org/topic", Service.NTFY),
        ("slack https://chat.example.org/hooks/x", Service.SLACK),
        ("json https://hooks.slack.com/services/T/B/x", Service.JSON),
        (MAIL, Service.MAIL),
        ("smtp://mail.example.org/?from=a@example.org&to=b@example.org", Service.MAIL),
    ],
)
def test_the_service_follows_from_the_address_or_from_the_word_before_it(line: str, service: Service) -> None:
    (target,) = targets_in(f"# ours\n\n  {line}  \n")
    assert (target.service, target.line) == (service, 3)


@pytest.mark.parametrize(
    "address, posted_to",
    [
        (TELEGRAM, "https://api.telegram.org/bot123:AAsecret/sendMessage"),
        (
            "https://api.telegram.org/bot123:AAsecret?chat_id=1",
            "https://api.telegram.org/bot123:AAsecret/sendMessage",
        ),
        ("https://ntfy.sh/topic?auth=QmVhcmVy", "https://ntfy.sh/?auth=QmVhcmVy"),
        ("ntfy https://u:p@example.org/push/topic/", "https://u:p@example.org/push/"),
        ("https://hooks.slack.com/services/T/B/x", "https://hooks.slack.com/services/T/B/x"),
    ],
)
def test_it_is_posted_where_the_service_takes_it(address: str, posted_to: str) -> None:
    assert targets_in(address)[0].posted_to == posted_to


@pytest.mark.parametrize(
    "line, wrong",
    [
        ("hello", "is not an address of the form https://HOST/…"),
        ("ftp://example.org/secret", "is not an address of the form https://HOST/…"),
        ("https:///secret", "is not an address of the form https://HOST/…"),
        ("https://example.org:port/secret", "is not an address that can be read"),
        ("https://[secret", "is not an address that can be read"),
        ("https://example.org/secret # ours", "has a space in it"),
        ("https://api.telegram.org/bot1:secret/sendMessage", "lacks the chat"),
        ("https://ntfy.sh/", "lacks the topic"),
        ("mail https://example.org/secret", "is not an address of the form smtps://HOST/…"),
        ("smtps://u:secret@mail.example.org/?from=a@example.org", "lacks who gets the mail"),
        ("smtps://u:secret@mail.example.org/?to=a@example.org", "lacks who sends the mail"),
    ],
)
def test_a_line_that_is_no_address_is_named_and_not_shown(line: str, wrong: str) -> None:
    with pytest.raises(TargetsWrong) as caught:
        targets_in(f"https://example.org/hook\n{line}\n")
    assert caught.value.problems == (str(caught.value),)
    assert str(caught.value).startswith(f"line 2 {wrong}")
    assert "secret" not in str(caught.value)


def test_every_problem_is_told() -> None:
    with pytest.raises(TargetsWrong) as caught:
        targets_in("one\ntwo\n")
    assert [problem[:6] for problem in caught.value.problems] == ["line 1", "line 2"]


@pytest.mark.limit("tipoff.notifications.targets:TARGETS_MAX")
def test_so_many_targets_and_no_more() -> None:
    lines = [f"https://example.org/{number}" for number in range(TARGETS_MAX + 1)]
    assert len(targets_in("\n".join(lines[:-1]))) == TARGETS_MAX
    with pytest.raises(TargetsWrong, match=f"{TARGETS_MAX + 1} addresses"):
        targets_in("\n".join(lines))


def test_what_may_be_shown_of_a_target_shows_nothing_of_its_address() -> None:
    for address in (TELEGRAM, MAIL):
        (target,) = targets_in(address)
        assert target.name in ("telegram at api.telegram.org", "mail at mail.example.org")
        assert "secret" not in repr(target)
        assert "pass" not in repr(target)


def test_a_configuration_without_a_file_has_no_targets() -> None:
    usual = template(schema())
    assert configured_targets(usual) == ()
    absent = attrs.evolve(usual, notify=attrs.evolve(usual.notify, webhook_file="./absent"))
    with pytest.raises(FileNotFoundError):
        configured_targets(absent)


def test_the_key_of_a_query_is_asked_for() -> None:
    target = Target(Service.MAIL, 1, MAIL)
    assert (target.asked("to"), target.asked("cc")) == ("you@example.org", "")
