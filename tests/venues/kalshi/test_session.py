"""The conversation over one connection: what is asked, in order, and exactly once (faults A9, A14, A18).

Covers: venues.kalshi.commands, venues.kalshi.missing_books.
"""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.units import Nanos
from venues.kalshi.commands import REPLY_S_MAX
from venues.kalshi.parse import parse_frame
from venues.kalshi.session import (
    SNAPSHOT_FAILURES_MAX,
    SNAPSHOT_S_MAX,
    TICKERS_PER_COMMAND,
    Actions,
    Gap,
    Session,
)

CONN = 4


class Talk:
    """A session in the hands of a test that plays the venue."""

    def __init__(self, *tickers: str, channels: tuple[str, ...] = ("orderbook_delta",)) -> None:
        self.session = Session(CONN, tickers, channels)
        self.now = 100.0
        self.at = 1_000
        self.last = self.session.begin(self.now)
        self.sent = [json.loads(command) for command in self.last.commands]

    def on_frame(self, frame: object) -> Actions:
        text = json.dumps(frame)
        self.at += 1
        events = parse_frame(text, CONN, Nanos(self.at))
        wishes = self.session.on_frame(text, events, self.at, self.now)
        return self.note(wishes or Actions(self.now))

    def note(self, wishes: Actions) -> Actions:
        self.last = wishes
        self.sent += [json.loads(command) for command in wishes.commands]
        return wishes

    def take(self) -> list[dict[str, object]]:
        sent, self.sent = self.sent, []
        return sent

    def subscribed(self, sid: int = 1, channel: str = "orderbook_delta", number: int = 1) -> Actions:
        return self.on_frame({"id": number, "type": "subscribed", "msg": {"channel": channel, "sid": sid}})

    def ok(self, number: int, seq: int, sid: int = 1) -> Actions:
        return self.on_frame(
            {"id": number, "sid": sid, "seq": seq, "type": "ok", "msg": {"market_tickers": []}}
        )

    def snapshot(self, ticker: str, seq: int, sid: int = 1) -> Actions:
        msg = {"market_ticker": ticker}
        return self.on_frame({"type": "orderbook_snapshot", "sid": sid, "seq": seq, "msg": msg})

    def delta(self, ticker: str, seq: int, sid: int = 1) -> Actions:
        msg = {"market_ticker": ticker, "price_dollars": "0.5", "delta_fp": "1.00", "side": "yes"}
        return self.on_frame({"type": "orderbook_delta", "sid": sid, "seq": seq, "msg": msg})


def up(*tickers: str) -> Talk:
    """A conversation whose books have all come: sequence numbers 1 to n."""
    talk = Talk(*tickers)
    talk.subscribed()
    for seq, ticker in enumerate(tickers, start=1):
        talk.snapshot(ticker, seq)
    talk.take()
    return talk


def test_each_channel_is_subscribed_once_and_books_say_which_prices_they_mean() -> None:
    talk = Talk("A", "B", channels=("orderbook_delta", "ticker", "market_lifecycle_v2"))
    assert talk.take() == [
        {
            "id": 1,
            "cmd": "subscribe",
            "params": {
                "channels": ["orderbook_delta"],
                "market_tickers": ["A", "B"],
                "use_yes_price": False,
            },
        },
        {"id": 2, "cmd": "subscribe", "params": {"channels": ["ticker"], "market_tickers": ["A", "B"]}},
        {"id": 3, "cmd": "subscribe", "params": {"channels": ["market_lifecycle_v2"]}},
    ]


def test_nothing_wanted_is_nothing_subscribed_until_it_is_wanted() -> None:
    talk = Talk()
    assert talk.take() == []
    talk.note(talk.session.want(["A"], talk.now))
    (command,) = talk.take()
    assert command["cmd"] == "subscribe"


def test_markets_are_added_and_taken_away_on_the_number_of_the_subscription() -> None:
    talk = up("A", "B")
    talk.note(talk.session.want(["B", "C"], talk.now))
    assert [command["params"] for command in talk.take()] == [
        {"sids": [1], "market_tickers": ["C"], "action": "add_markets"},
        {"sids": [1], "market_tickers": ["A"], "action": "delete_markets"},
    ]
    assert talk.session.want(["B", "C"], talk.now).commands == []


def test_what_is_wanted_before_the_number_is_known_waits_for_it() -> None:
    talk = Talk("A")
    talk.take()
    assert talk.session.want(["A", "B"], talk.now).commands == []
    talk.subscribed(sid=7)
    assert [command["params"] for command in talk.take()] == [
        {"sids": [7], "market_tickers": ["B"], "action": "add_markets"}
    ]


def test_a_second_subscription_that_was_merged_gives_its_number_by_ok() -> None:
    talk = Talk("A")
    talk.take()
    talk.ok(number=1, seq=1, sid=9)
    talk.note(talk.session.want(["A", "B"], talk.now))
    assert talk.take()[0]["params"] == {"sids": [9], "market_tickers": ["B"], "action": "add_markets"}


@pytest.mark.limit("venues.kalshi.session:TICKERS_PER_COMMAND")
def test_many_markets_go_in_portions() -> None:
    tickers = [f"T{index}" for index in range(TICKERS_PER_COMMAND + 1)]
    talk = Talk(*tickers)
    (first,) = talk.take()
    assert isinstance(first["params"], dict)
    assert len(first["params"]["market_tickers"]) == TICKERS_PER_COMMAND
    talk.subscribed()
    assert talk.take()[0]["params"] == {
        "sids": [1],
        "market_tickers": [tickers[-1]],
        "action": "add_markets",
    }


def test_replies_consume_numbers_and_are_no_gap() -> None:
    talk = up("A")
    talk.note(talk.session.want(["A", "B"], talk.now))
    talk.ok(number=2, seq=2)
    talk.snapshot("B", 3)
    assert talk.delta("A", 4).gaps == []
    assert talk.session.status.gaps == 0


@pytest.mark.promise("gap-asks-snapshot-exactly")
@pytest.mark.fault("A9")
def test_a9_a_gap_asks_for_the_snapshots_of_every_book_exactly_once() -> None:
    talk = up("A", "B")
    talk.delta("A", 5)
    assert [command["params"] for command in talk.take()] == [
        {"sids": [1], "market_tickers": ["A", "B"], "action": "get_snapshot"}
    ]
    for seq in (6, 7, 8):
        assert talk.delta("B", seq).commands == []
    talk.ok(number=2, seq=9)
    talk.snapshot("A", 10)
    talk.note(talk.session.request_snapshots(1, talk.now))
    assert talk.take() == []
    assert talk.session.status.snapshot_requests == 1


def test_a9_a_gap_while_snapshots_are_under_way_asks_once_more_after_them() -> None:
    talk = up("A", "B")
    talk.delta("A", 5)
    talk.take()
    talk.ok(number=2, seq=6)
    talk.snapshot("A", 7)
    talk.delta("B", 20)
    talk.delta("B", 30)
    assert talk.session.status.gaps == 3
    assert talk.take() == []
    talk.snapshot("B", 31)
    assert len(talk.take()) == 1
    assert talk.session.status.snapshot_requests == 2


def test_a9_after_the_snapshots_a_new_gap_is_a_new_request() -> None:
    talk = up("A")
    talk.delta("A", 3)
    talk.snapshot("A", 4)
    talk.delta("A", 6)
    assert len([command for command in talk.take() if "get_snapshot" in str(command)]) == 2


@pytest.mark.promise("duplicates-old-numbers-change")
@pytest.mark.fault("A10")
def test_a10_duplicates_and_old_numbers_ask_for_nothing() -> None:
    talk = up("A", "B")
    assert talk.delta("A", 2).commands == []
    assert talk.delta("A", 1).commands == []
    assert talk.session.status.gaps == 0


def broken_delta(seq: int, ticker: str = "A") -> dict[str, object]:
    return {"type": "orderbook_delta", "sid": 1, "seq": seq, "msg": {"market_ticker": ticker}}


def broken_snapshot(seq: int, ticker: str = "A") -> dict[str, object]:
    msg = {"market_ticker": ticker, "yes": [["0.40", "1.00"]]}
    return {"type": "orderbook_snapshot", "sid": 1, "seq": seq, "msg": msg}


def asked(talk: Talk) -> list[object]:
    """The markets of which snapshots were asked for since the last look."""
    params = [command.get("params", {}) for command in talk.take()]
    return [each["market_tickers"] for each in params if isinstance(each, dict) and "action" in each]


def test_a_broken_book_frame_asks_for_its_own_snapshot_and_is_no_gap() -> None:
    talk = up("A", "B")
    talk.on_frame(broken_delta(3))
    assert asked(talk) == [["A"]]
    assert talk.delta("B", 4).commands == []
    assert talk.session.status.gaps == 0


@pytest.mark.fault("A21")
def test_a_snapshot_that_never_makes_sense_is_asked_for_with_growing_pauses() -> None:
    talk = up("A", "B")
    seq, times, began = 2, [], talk.now
    talk.on_frame(broken_delta(seq := seq + 1))
    for _ in range(600):
        for tickers in asked(talk):
            assert tickers == ["A"]
            times.append(talk.now - began)
            talk.ok(number=len(times) + 1, seq=(seq := seq + 1))
            talk.on_frame(broken_snapshot(seq := seq + 1))
        talk.now += 0.5
        assert talk.note(talk.session.tick(talk.now)).reconnect is None
        seq += 1
        assert talk.delta("B", seq).commands == []
    assert times == [0, 1, 3, 7, 15, 31, 63, 123, 183, 243]
    assert (talk.session.status.gaps, talk.session.status.resubscriptions) == (0, 0)


def test_changes_that_never_make_sense_do_not_ask_again_and_again_though_the_snapshots_are_good() -> None:
    talk = up("A")
    seq, asks = 1, 0
    for _ in range(240):
        talk.on_frame(broken_delta(seq := seq + 1))
        for _tickers in asked(talk):
            asks += 1
            talk.ok(number=asks + 1, seq=(seq := seq + 1))
            talk.snapshot("A", seq := seq + 1)
        talk.now += 0.5
        talk.note(talk.session.tick(talk.now))
    assert 6 <= asks <= 8


def test_after_a_minute_of_calm_a_broken_frame_is_asked_about_at_once() -> None:
    talk = up("A")
    talk.on_frame(broken_delta(2))
    assert asked(talk) == [["A"]]
    talk.ok(number=2, seq=3)
    talk.snapshot("A", 4)
    talk.now += 70
    talk.note(talk.session.tick(talk.now))
    talk.on_frame(broken_delta(5))
    assert asked(talk) == [["A"]]


def test_a_first_snapshot_that_never_comes_is_asked_for() -> None:
    talk = Talk("A", "B")
    talk.subscribed()
    talk.snapshot("B", 1)
    talk.take()
    talk.on_frame({"type": "orderbook_snapshot", "sid": 1, "seq": 2, "msg": {"ticker": "A"}})
    assert asked(talk) == []
    talk.now += SNAPSHOT_S_MAX
    talk.note(talk.session.tick(talk.now))
    assert asked(talk) == [["A"]]


def test_where_some_snapshots_came_the_others_are_asked_for_and_the_subscription_stays() -> None:
    talk = up("A", "B")
    talk.delta("A", 9)
    assert asked(talk) == [["A", "B"]]
    talk.ok(number=2, seq=10)
    talk.snapshot("B", 11)
    talk.now += SNAPSHOT_S_MAX + 0.1
    talk.note(talk.session.tick(talk.now))
    assert asked(talk) == [["A"]]
    assert talk.session.status.resubscriptions == 0


@pytest.mark.fault("A21")
def test_a_change_of_which_no_market_can_be_read_is_a_gap_at_once_and_is_asked_about_with_pauses() -> None:
    talk = up("A", "B")
    seq, asks = 2, 0
    for _ in range(120):
        talk.on_frame({"type": "orderbook_delta", "sid": 1, "seq": (seq := seq + 1), "msg": {"ticker": "A"}})
        for tickers in asked(talk):
            assert tickers == ["A", "B"]
            asks += 1
            talk.ok(number=asks + 1, seq=(seq := seq + 1))
            talk.snapshot("A", seq := seq + 1)
            talk.snapshot("B", seq := seq + 1)
        talk.now += 0.5
        assert talk.note(talk.session.tick(talk.now)).reconnect is None
    assert talk.session.status.gaps == 120
    assert 6 <= asks <= 9


@pytest.mark.fault("A22")
def test_a_reply_of_which_the_number_cannot_be_read_is_to_the_oldest_command() -> None:
    talk = Talk("A")
    talk.on_frame({"id": None, "type": "subscribed", "msg": {"channel": "orderbook_delta", "sid": 1}})
    talk.snapshot("A", 1)
    talk.note(talk.session.want(["A", "B"], talk.now))
    talk.on_frame({"sid": 1, "seq": 2, "type": "ok", "msg": 5})
    talk.snapshot("B", 3)
    talk.now += REPLY_S_MAX + 1
    assert talk.session.tick(talk.now).reconnect is None
    assert talk.session.status.gaps == 0


@pytest.mark.fault("A22")
@pytest.mark.parametrize(
    "msg", [None, {}, {"channel": "orderbook_delta", "sid": None}, {"channel": 5, "sid": 1}]
)
def test_a_subscription_whose_number_could_not_be_read_is_known_from_its_books(msg: object) -> None:
    talk = Talk("A")
    talk.on_frame({"id": 1, "type": "subscribed", "msg": msg})
    talk.snapshot("A", 1, sid=6)
    talk.take()
    talk.note(talk.session.want(["A", "B"], talk.now))
    assert [command["params"] for command in talk.take()] == [
        {"sids": [6], "market_tickers": ["B"], "action": "add_markets"}
    ]


@pytest.mark.fault("A22")
def test_a_subscription_whose_number_could_not_be_read_and_has_no_books_is_asked_for_again() -> None:
    talk = Talk("A", channels=("trade",))
    talk.take()
    talk.on_frame({"id": 1, "type": "subscribed", "msg": {"channel": "trade"}})
    talk.now += 1
    talk.note(talk.session.tick(talk.now))
    (command,) = talk.take()
    assert command["cmd"] == "subscribe"
    talk.ok(number=2, seq=1, sid=4)
    talk.note(talk.session.want(["A", "B"], talk.now))
    assert talk.take()[0]["params"] == {"sids": [4], "market_tickers": ["B"], "action": "add_markets"}


def test_the_trades_of_a_gap_are_wanted_from_a_books_last_change_until_its_snapshot() -> None:
    talk = up("A", "B")
    quiet_since = talk.at
    talk.delta("A", 3)
    busy_since = talk.at
    assert talk.delta("A", 7).gaps == []
    assert talk.ok(number=2, seq=8).gaps == []
    assert talk.snapshot("A", 9).gaps == [Gap("A", busy_since, talk.at)]
    assert talk.snapshot("B", 10).gaps == [Gap("B", quiet_since, talk.at)]
    assert talk.snapshot("B", 11).gaps == []


def test_what_a_lost_connection_left_blind_is_wanted_when_the_next_ones_snapshots_come() -> None:
    before = up("A", "B")
    since = before.at
    talk = Talk("A", "B")
    talk.session = Session(CONN, ("A", "B"), ("orderbook_delta",), before.session.left_unseen())
    talk.session.begin(talk.now)
    talk.subscribed()
    talk.at = 9_000
    assert talk.snapshot("B", 1).gaps == [Gap("B", since, talk.at)]
    assert talk.session.left_unseen() == {"A": since - 1, "B": talk.at}


def test_a_gap_in_the_trades_asks_for_the_trades_and_for_no_books() -> None:
    talk = Talk("A", channels=("orderbook_delta", "trade"))
    talk.subscribed(sid=1)
    talk.subscribed(sid=3, channel="trade", number=2)
    talk.snapshot("A", 1)
    since = talk.at
    talk.take()
    msg = {
        "trade_id": "t",
        "market_ticker": "A",
        "yes_price_dollars": "0.5",
        "count_fp": "1.00",
        "taker_side": "yes",
    }
    talk.on_frame({"type": "trade", "sid": 3, "seq": 1, "msg": msg})
    wishes = talk.on_frame({"type": "trade", "sid": 3, "seq": 4, "msg": msg})
    assert wishes.gaps == [Gap("A", since, talk.at)]
    assert talk.take() == []


def test_snapshots_that_do_not_come_end_the_subscription_and_begin_it_anew() -> None:
    talk = up("A")
    talk.delta("A", 3)
    talk.ok(number=2, seq=4)
    talk.take()
    talk.now += SNAPSHOT_S_MAX + 0.1
    talk.note(talk.session.tick(talk.now))
    (command,) = talk.take()
    assert (command["cmd"], command["params"]) == ("unsubscribe", {"sids": [1]})
    talk.on_frame({"id": 3, "sid": 1, "seq": 5, "type": "unsubscribed"})
    (command,) = talk.take()
    assert command["cmd"] == "subscribe"
    assert talk.session.status.resubscriptions == 1


@pytest.mark.limit("venues.kalshi.session:SNAPSHOT_FAILURES_MAX")
def test_snapshots_that_never_come_give_the_connection_up() -> None:
    talk = up("A")
    for turn in range(SNAPSHOT_FAILURES_MAX):
        talk.note(talk.session.request_snapshots(turn + 1, talk.now))
        request = talk.take()[0]
        talk.ok(number=int(str(request["id"])), seq=0, sid=turn + 1)
        talk.now += SNAPSHOT_S_MAX + 0.1
        talk.note(talk.session.tick(talk.now))
        if talk.last.reconnect is not None:
            assert turn == SNAPSHOT_FAILURES_MAX - 1
            return
        ended = talk.take()[0]
        talk.on_frame({"id": ended["id"], "sid": turn + 1, "type": "unsubscribed"})
        begun = talk.take()[0]
        talk.subscribed(sid=turn + 2, number=int(str(begun["id"])))
    raise AssertionError("the connection was kept")


@pytest.mark.fault("A18")
@pytest.mark.parametrize("code", [10, 17, 25])
def test_an_error_that_ends_a_subscription_begins_it_anew_and_its_trades_are_missing(code: int) -> None:
    talk = up("A", "B")
    since = talk.at
    talk.on_frame({"type": "error", "sid": 1, "seq": 3, "msg": {"code": code, "msg": "x"}})
    (command,) = talk.take()
    assert command["cmd"] == "subscribe"
    assert talk.session.status.errors == {f"error_{code} orderbook_delta": 1}
    talk.subscribed(sid=2, number=2)
    assert talk.snapshot("B", 1, sid=2).gaps == [Gap("B", since, talk.at)]


@pytest.mark.fault("A18")
def test_a18_an_unknown_channel_is_named_and_the_others_go_on() -> None:
    talk = Talk("A", channels=("orderbook_delta", "weather"))
    talk.take()
    wishes = talk.on_frame({"id": 2, "type": "error", "msg": {"code": 8, "msg": "Unknown channel name"}})
    assert wishes.reconnect is None
    assert talk.session.status.errors == {"error_8 weather": 1}
    talk.subscribed()
    talk.snapshot("A", 1)
    talk.now += 60
    assert talk.session.tick(talk.now).reconnect is None


@pytest.mark.limit("venues.kalshi.session:REPLY_S_MAX")
def test_a_command_without_a_reply_gives_the_connection_up() -> None:
    talk = Talk("A")
    assert talk.session.tick(talk.now + REPLY_S_MAX).reconnect is None
    reconnect = talk.session.tick(talk.now + REPLY_S_MAX + 0.1).reconnect
    assert reconnect is not None
    assert "subscribe" in reconnect


def test_a_probe_is_asked_once_and_its_answer_settles_it() -> None:
    talk = up("A")
    talk.note(talk.session.probe(talk.now))
    talk.note(talk.session.probe(talk.now))
    (command,) = talk.take()
    assert command == {"id": 2, "cmd": "list_subscriptions"}
    talk.on_frame({"id": 2, "type": "ok", "msg": [{"channel": "orderbook_delta", "sid": 1}]})
    assert talk.session.tick(talk.now + 100).reconnect is None


def test_a_snapshot_request_for_an_unknown_subscription_is_nothing() -> None:
    talk = up("A")
    assert talk.session.request_snapshots(99, talk.now).commands == []
    assert talk.session.request_snapshots(0, talk.now).commands == []


@pytest.mark.fault("A9")
@given(
    st.lists(
        st.tuples(st.sampled_from(["delta", "skip", "snapshot", "ask", "tick"]), st.integers(0, 1)),
        max_size=60,
    )
)
def test_never_more_than_one_request_for_snapshots_is_in_flight(steps: list[tuple[str, int]]) -> None:
    talk = up("A", "B")
    seq, owed = 2, 0
    for step, which in steps:
        ticker = "AB"[which]
        if step == "delta":
            seq += 1
            talk.delta(ticker, seq)
        elif step == "skip":
            seq += 2
            talk.delta(ticker, seq)
        elif step == "snapshot":
            for name in "AB":
                seq += 1
                talk.snapshot(name, seq)
            owed = 0
        elif step == "ask":
            talk.note(talk.session.request_snapshots(1, talk.now))
        else:
            talk.note(talk.session.tick(talk.now))
        requests = [command for command in talk.take() if "get_snapshot" in str(command)]
        owed += len(requests)
        assert owed <= 1
    assert talk.session.status.snapshot_requests <= 1 + sum(step in ("skip", "ask") for step, _ in steps)


@given(st.text(max_size=100))
def test_no_text_at_all_disturbs_the_conversation(text: str) -> None:
    talk = up("A")
    talk.session.on_frame(text, parse_frame(text, CONN, Nanos(1)), 1, talk.now)
    assert talk.session.tick(talk.now).reconnect is None
