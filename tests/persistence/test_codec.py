"""A fact's text is canonical and loses nothing."""

import json
import os
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.events import BookSide
from engine.facts import (
    Fact,
    LevelTaken,
    Noted,
    OperatorActed,
    OrderApproved,
    OrderDenied,
    SignalAction,
    SignalRaised,
    StrategyOpened,
)
from engine.message import changed
from engine.orders import AmendOrder, CancelOrder, PlaceOrder, TimeInForce
from engine.reasons import DenialReason
from engine.run_facts import Verdict
from engine.strategy_traits import StrategyTraits
from engine.units import Count, Money, Nanos, Price
from persistence import codec
from persistence.errors import FactUnstorable, StorageCorrupt


@given(data=st.data())
def test_every_kind_of_fact_comes_back_as_it_was(
    data: st.DataObject, any_fact: st.SearchStrategy[Fact]
) -> None:
    fact = data.draw(any_fact)
    again = codec.decode(type(fact).__name__, codec.encode(fact))
    assert again == fact
    assert type(again) is type(fact)


@given(data=st.data())
def test_the_text_is_canonical_json_with_sorted_keys(
    data: st.DataObject, any_fact: st.SearchStrategy[Fact]
) -> None:
    body = codec.encode(data.draw(any_fact))
    again = json.dumps(json.loads(body), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert json.loads(again) == json.loads(body)
    assert [*json.loads(body)] == [*json.loads(again)]
    assert b"\n" not in body


def test_the_texts_of_known_facts_are_these() -> None:
    """Stored journals hold such texts; a change here would make them unreadable."""
    taken = LevelTaken("KX", BookSide.BID, Price(4_200), Count(500), Nanos(5))
    older = b'{"at":5,"price":4200,"side":"bid","taken":500,"ticker":"KX"}'
    assert codec.encode(taken) == (
        b'{"at":5,"price":4200,"short_most":0,"short_since":null,"side":"bid","taken":500,"ticker":"KX"}'
    )
    assert codec.decode("LevelTaken", older) == taken, "written before a level's shortfall was remembered"
    own = changed(taken, account="s")
    assert codec.encode(own) == (
        b'{"account":"s","at":5,"price":4200,"short_most":0,"short_since":null,"side":"bid","taken":500,"ticker":"KX"}'
    )
    assert codec.decode("LevelTaken", codec.encode(own)) == own
    denied = OrderDenied("o1", "s", "g", "KX", "s1", DenialReason.BOOK_AGE, "9", "8", Nanos(5))
    assert codec.encode(denied) == (
        b'{"at":5,"game":"g","limit":"8","order_id":"o1","reason":"book_age",'
        b'"signal_id":"s1","strategy":"s","ticker":"KX","use":"9"}'
    )
    cancel = OrderApproved(CancelOrder("o1", "s", Nanos(4)), Nanos(5))
    assert codec.encode(cancel) == (
        b'{"at":5,"command":{"decided_at":4,"order_id":"o1","strategy":"s"},"wish":"CancelOrder"}'
    )


@pytest.mark.parametrize(
    "command",
    [
        PlaceOrder(
            "o", "s", "g", "K", BookSide.ASK, Price(1), Count(100), TimeInForce.IOC, Nanos(1), "i", p_fair=0.1
        ),
        CancelOrder("o", "s", Nanos(1)),
        AmendOrder("o", "s", Price(1), Count(1), Nanos(1)),
    ],
)
def test_an_approval_remembers_which_wish_it_approved(command: PlaceOrder | CancelOrder | AmendOrder) -> None:
    approved = OrderApproved(command, Nanos(2))
    assert codec.decode("OrderApproved", codec.encode(approved)) == approved


@pytest.mark.promise("fact-text-depend-hash")
def test_the_text_does_not_depend_on_the_hash_seed() -> None:
    program = (
        "from engine.facts import Noted; from persistence.codec import encode;"
        "print(encode(Noted('s', 'k', '{}', 5)).decode())"
    )
    texts = {
        subprocess.run(
            [sys.executable, "-c", program], env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": "."},
            capture_output=True, text=True, check=True,
        ).stdout
        for seed in ("0", "1", "77")
    }  # fmt: skip
    assert texts == {codec.encode(Noted("s", "k", "{}", Nanos(5))).decode() + "\n"}


@pytest.mark.parametrize("odd", [float("nan"), float("inf"), float("-inf")])
def test_a_number_that_is_not_finite_is_stored_as_missing(odd: float) -> None:
    signal = SignalRaised(
        "i", "s", "g", "K", BookSide.BID, SignalAction.NO_TRADE, "r", odd, None, odd, (), Nanos(1)
    )
    again = codec.decode("SignalRaised", codec.encode(signal))
    assert isinstance(again, SignalRaised)
    assert again.p_fair is None
    assert again.p_edge is None


def test_what_has_no_text_is_refused_by_name() -> None:
    with pytest.raises(FactUnstorable, match="Noted"):
        codec.encode(Noted("s", "k", "\ud800", Nanos(1)))


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("OrderTeleported", b"{}"),
        ("QueueMoved", b"{}"),
        ("QueueMoved", b'{"ahead":"x","ahead_before":300,"at":5,"cause":"t1","order_id":"o1"}'),
        ("QueueMoved", b'{"ahead":1'),
        ("QueueMoved", b"\xff"),
        ("OrderApproved", b'{"at":5,"command":{},"wish":"MakeTea"}'),
        ("OrderDenied", b'{"at":5,"game":"g","limit":"8","order_id":"o1","reason":"bad luck"}'),
    ],
)
def test_a_text_that_is_not_a_fact_is_corrupt_and_says_what_it_should_be(kind: str, body: bytes) -> None:
    with pytest.raises(StorageCorrupt, match=kind):
        codec.decode(kind, body)


def test_an_account_of_a_former_build_is_read_and_written_as_it_was() -> None:
    former = b'{"at":1,"bankroll":2,"kind":"momentum","parameters":"{}","strategy":"m"}'
    opened = codec.decode("StrategyOpened", former)
    assert opened == StrategyOpened("m", "momentum", Money(2), "{}", Nanos(1))
    assert codec.encode(opened) == former


def test_what_a_strategy_states_of_itself_is_stored() -> None:
    opened = StrategyOpened("m", "mine", Money(2), "{}", Nanos(1), StrategyTraits(rests_on_odds=False))
    assert b'"traits":{"by_hand":false,"has_opinion":true,"rests_on_odds":false}' in codec.encode(opened)


def test_an_act_of_a_journal_from_before_there_were_verdicts_is_read_with_its_outcome() -> None:
    body = (
        '{"arguments":"{}","at":5,"command":"halt","outcome":"refused: no order\\nof ours",'
        '"request_id":"r-1","uid":7}'
    )
    fact = codec.decode("OperatorActed", body)
    assert isinstance(fact, OperatorActed)
    assert fact.judged() == (Verdict.REFUSED, "no order\nof ours")
