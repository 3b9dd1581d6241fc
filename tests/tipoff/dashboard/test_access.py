"""Who may see or do what: decisions about headers, without a socket."""

import attrs
import pytest

from engine.units import NANOS_PER_SECOND
from tipoff.dashboard.access import (
    POLICY,
    WRONG_TOKENS_MAX,
    WRONG_TOKENS_NS,
    Asked,
    Gatekeeper,
    Refused,
    Right,
    Tokens,
)

TOKENS = Tokens(operate="o" * 43, read="r" * 43)
LOOK = Asked(method="GET", path="/api/stream", host="127.0.0.1:8464", authorization=f"Bearer {TOKENS.read}")
CHANGE = Asked(
    method="POST",
    path="/api/do/halt",
    host="127.0.0.1:8464",
    origin="http://127.0.0.1:8464",
    content_type="application/json",
    authorization=f"Bearer {TOKENS.operate}",
)


def decide(asked: Asked) -> Right | int:
    found = Gatekeeper(TOKENS).decide(asked, 0)
    return found.status if isinstance(found, Refused) else found


@pytest.mark.parametrize("host", ["127.0.0.1:8464", "localhost", "LOCALHOST:1", "[::1]:8464", "127.8.0.1"])
def test_loopback_may_be_asked_for_by_each_of_its_names(host: str) -> None:
    assert decide(attrs.evolve(LOOK, host=host)) is Right.READ


@pytest.mark.parametrize(
    "host",
    [None, "", "evil.example", "127.0.0.1.evil.example", "localhost.evil.example:8464", "10.0.0.1", "::1"],
)
def test_a_name_that_somebody_made_point_here_is_misdirected(host: str | None) -> None:
    assert decide(attrs.evolve(LOOK, host=host)) == 421
    assert decide(attrs.evolve(LOOK, host=host, path="/", authorization=None)) == 421


def test_the_page_needs_no_token_and_takes_no_command() -> None:
    page = attrs.evolve(LOOK, path="/app.js", authorization=None)
    assert decide(page) is Right.READ
    assert decide(attrs.evolve(page, method="POST")) == 405


@pytest.mark.parametrize(
    "said", [None, "", "Bearer", "Bearer ", f"Basic {TOKENS.read}", f"Bearer {TOKENS.read}x", "Bearer ü"]
)
def test_data_needs_a_token_of_ours(said: str | None) -> None:
    assert decide(attrs.evolve(LOOK, authorization=said)) == 401


def test_the_right_is_the_tokens() -> None:
    assert decide(LOOK) is Right.READ
    assert decide(attrs.evolve(LOOK, authorization=f"Bearer {TOKENS.operate}")) is Right.OPERATE


def test_a_command_needs_the_token_for_it_our_own_page_and_json() -> None:
    assert decide(CHANGE) is Right.OPERATE
    assert decide(attrs.evolve(CHANGE, authorization=f"Bearer {TOKENS.read}")) == 403
    assert decide(attrs.evolve(CHANGE, authorization="Bearer guess")) == 401
    assert decide(attrs.evolve(CHANGE, content_type="application/json; charset=utf-8")) is Right.OPERATE


@pytest.mark.parametrize(
    "origin", [None, "null", "http://evil.example", "https://127.0.0.1:8464", "http://127.0.0.1:9464"]
)
def test_a_command_from_another_page_is_refused_whatever_its_token(origin: str | None) -> None:
    assert decide(attrs.evolve(CHANGE, origin=origin)) == 403


@pytest.mark.parametrize(
    "kind", [None, "text/plain", "application/x-www-form-urlencoded", "multipart/form-data"]
)
def test_what_a_form_of_another_page_could_send_is_no_command(kind: str | None) -> None:
    assert decide(attrs.evolve(CHANGE, content_type=kind)) == 403


@pytest.mark.parametrize("method", ["PUT", "DELETE", "OPTIONS", "PATCH", "HEAD"])
def test_other_methods_are_not_spoken(method: str) -> None:
    assert decide(attrs.evolve(CHANGE, method=method)) == 405


@pytest.mark.limit("tipoff.dashboard.access:WRONG_TOKENS_MAX")
@pytest.mark.limit("tipoff.dashboard.access:WRONG_TOKENS_NS")
def test_ten_wrong_tokens_a_minute_are_heard_and_the_eleventh_is_told_to_stop() -> None:
    keeper, wrong = Gatekeeper(TOKENS), attrs.evolve(LOOK, authorization="Bearer guess")
    found = [keeper.decide(wrong, number) for number in range(WRONG_TOKENS_MAX + 1)]
    assert [each.status for each in found if isinstance(each, Refused)] == [401] * WRONG_TOKENS_MAX + [429]
    # Who has the right one is not kept out by somebody else's guesses.
    assert keeper.decide(LOOK, WRONG_TOKENS_MAX) is Right.READ
    later = keeper.decide(wrong, WRONG_TOKENS_NS - 1)
    assert isinstance(later, Refused)
    assert later.status == 429
    after = keeper.decide(wrong, WRONG_TOKENS_NS)
    assert isinstance(after, Refused)
    assert after.status == 401


def test_the_policy_lets_nothing_in_that_is_not_ours() -> None:
    assert POLICY.startswith("default-src 'none'; ")
    assert not {"unsafe-inline", "unsafe-eval", "http:", "https:", "*"} & set(
        POLICY.replace("'", " ").split()
    )
    assert NANOS_PER_SECOND * 60 == WRONG_TOKENS_NS
