"""Commands of the simulated stream: merging, numbering, errors, as recorded and documented.

Covers: venues.simulator.kalshi.frames, venues.simulator.kalshi.lifecycle_frames.
"""

import json
from collections.abc import Callable
from typing import Any

import pytest

from venues.simulator.kalshi.subscriptions import Session
from venues.simulator.wire.faults import Faults
from venues.simulator.world.market import LevelChanged
from venues.simulator.world.settings import EveningSettings
from venues.simulator.world.world import World

Command = Callable[..., list[dict[str, Any]]]


@pytest.fixture
def session() -> Session:
    return Session(World(EveningSettings(seed=3, games=1, postponed=False, cancelled=False)), Faults())


@pytest.fixture
def command(session: Session) -> Command:
    def send(name: str, number: int = 1, **params: object) -> list[dict[str, Any]]:
        text = json.dumps({"id": number, "cmd": name, "params": params})
        return [json.loads(answer) for answer in session.receive(text)]

    return send


@pytest.fixture
def tickers(session: Session) -> list[str]:
    return sorted(session.world.markets)


def kinds(frames: list[dict[str, Any]]) -> list[tuple[str, int | None]]:
    return [(frame["type"], frame.get("seq")) for frame in frames]


def test_a_first_subscribe_is_answered_without_a_number_and_then_snapshots_count(
    command: Command, tickers: list[str]
) -> None:
    answers = command("subscribe", channels=["orderbook_delta"], market_tickers=tickers[:2])
    assert kinds(answers) == [("subscribed", None), ("orderbook_snapshot", 1), ("orderbook_snapshot", 2)]
    assert answers[0] == {"type": "subscribed", "id": 1, "msg": {"channel": "orderbook_delta", "sid": 1}}


def test_a_second_subscribe_is_merged_and_its_ok_takes_a_number(command: Command, tickers: list[str]) -> None:
    command("subscribe", channels=["orderbook_delta"], market_tickers=tickers[:2])
    answers = command("subscribe", 7, channels=["orderbook_delta"], market_tickers=tickers[1:3])
    assert kinds(answers) == [("ok", 3), ("orderbook_snapshot", 4)]
    assert answers[0]["id"] == 7
    assert answers[0]["sid"] == 1
    assert answers[0]["msg"]["market_tickers"] == tickers[:3]


def test_every_channel_has_its_own_sid_and_numbers(command: Command, tickers: list[str]) -> None:
    answers = command(
        "subscribe", channels=["ticker", "trade", "market_lifecycle_v2"], market_ticker=tickers[0]
    )
    assert [frame["msg"]["sid"] for frame in answers] == [1, 2, 3]
    listed = command("list_subscriptions", 9)
    assert listed[0]["msg"] == [
        {"channel": "ticker", "sid": 1},
        {"channel": "trade", "sid": 2},
        {"channel": "market_lifecycle_v2", "sid": 3},
    ]


def test_get_snapshot_numbers_its_snapshots_and_changes_nothing(command: Command, tickers: list[str]) -> None:
    command("subscribe", channels=["orderbook_delta"], market_tickers=tickers[:2])
    answers = command("update_subscription", sids=[1], action="get_snapshot", market_tickers=tickers[:2])
    assert kinds(answers) == [("orderbook_snapshot", 3), ("orderbook_snapshot", 4)]


def test_markets_are_added_and_deleted(command: Command, session: Session, tickers: list[str]) -> None:
    command("subscribe", channels=["orderbook_delta"], market_tickers=tickers[:1])
    added = command("update_subscription", sid=1, action="add_markets", market_tickers=tickers[1:2])
    assert kinds(added) == [("ok", 2), ("orderbook_snapshot", 3)]
    deleted = command("update_subscription", sid=1, action="delete_markets", market_tickers=tickers[:1])
    assert deleted[0]["msg"]["market_tickers"] == tickers[1:2]
    market = session.world.markets[tickers[0]]
    assert session.frames_of(LevelChanged(1, market, 0, 40, 100)) == []


def test_an_unsubscribe_takes_a_number_and_ends_the_frames(
    command: Command, session: Session, tickers: list[str]
) -> None:
    command("subscribe", channels=["orderbook_delta"], market_tickers=tickers[:1])
    assert kinds(command("unsubscribe", sids=[1])) == [("unsubscribed", 2)]
    market = session.world.markets[tickers[0]]
    assert session.frames_of(LevelChanged(1, market, 0, 40, 100)) == []


def test_no_prices_can_be_asked_for_in_yes_terms(command: Command, tickers: list[str]) -> None:
    (_, plain) = command("subscribe", channels=["orderbook_delta"], market_tickers=tickers[:1])
    command("unsubscribe", sids=[1])
    (_, turned) = command(
        "subscribe", channels=["orderbook_delta"], market_tickers=tickers[:1], use_yes_price=True
    )
    assert turned["msg"]["yes_dollars_fp"] == plain["msg"]["yes_dollars_fp"]
    back = [[f"{1 - float(price):.4f}", size] for price, size in turned["msg"]["no_dollars_fp"]]
    assert back == plain["msg"]["no_dollars_fp"]


@pytest.mark.parametrize(
    ("code", "name", "params"),
    [
        (3, "subscribe", {}),
        (8, "subscribe", {"channels": ["orderbook"]}),
        (14, "subscribe", {"channels": ["orderbook_delta"]}),
        (11, "subscribe", {"channels": ["ticker"], "market_ticker": "A", "market_tickers": ["B"]}),
        (11, "subscribe", {"channels": ["ticker"], "market_tickers": [1]}),
        (4, "unsubscribe", {}),
        (7, "unsubscribe", {"sids": [4]}),
        (12, "update_subscription", {"sids": [1, 2], "action": "add_markets"}),
        (15, "update_subscription", {"sids": [1]}),
        (7, "update_subscription", {"sids": [9], "action": "add_markets"}),
        (5, "resubscribe", {}),
    ],
)
def test_wrong_commands_get_the_documented_code(
    command: Command, code: int, name: str, params: dict[str, object]
) -> None:
    (answer,) = command(name, 3, **params)
    assert answer["type"] == "error"
    assert answer["id"] == 3
    assert answer["msg"]["code"] == code


def test_unknown_actions_and_missing_tickers_are_refused(command: Command, tickers: list[str]) -> None:
    command("subscribe", channels=["orderbook_delta"], market_tickers=tickers[:1])
    for code, params in ((14, {"action": "add_markets"}), (13, {"action": "x", "market_ticker": tickers[0]})):
        (answer,) = command("update_subscription", sid=1, **params)
        assert answer["msg"]["code"] == code


@pytest.mark.parametrize("text", ["", "{", "[]", "1", '{"id":1}', '{"id":1,"cmd":"subscribe"}', "[" * 9000])
def test_texts_that_are_no_commands_get_an_error(session: Session, text: str) -> None:
    (answer,) = session.receive(text)
    assert json.loads(answer)["msg"]["code"] in {1, 2, 5}
