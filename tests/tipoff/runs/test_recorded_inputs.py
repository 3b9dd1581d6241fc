"""What an operator does is written down so that a replay does it again."""

import json
from typing import get_args

import pytest

from actors.addresses import OPERATOR, RISK_GATE
from actors.messages import (
    CancelOperation,
    CloseOperation,
    FollowOperation,
    HaltOperation,
    LimitOperation,
    Operate,
    Operation,
    OperationDone,
    OperatorRequest,
    OrderOperation,
    ResumeOperation,
    StrategyOperation,
)
from engine.events import BookSide
from engine.orders import TimeInForce
from engine.run_facts import Verdict
from engine.units import Count, Price
from tipoff.runs.recorded_inputs import (
    OPERATIONS,
    Started,
    operate_text,
    operation_done_text,
    read_operate,
    read_operation_done,
)

REQUEST = OperatorRequest("r-1", 1000, "halt", '{"scope":"all"}')
ORDER = OrderOperation(
    "sharp", "KXNBAGAME-26JAN14WASLAC-LAC", BookSide.ASK, Price(4_200), Count(1_000), TimeInForce.FOK
)


@pytest.mark.parametrize(
    "wish",
    [
        HaltOperation("all", "halted", "lunch"),
        ResumeOperation("all", "back"),
        LimitOperation("orders_per_minute", None, "5"),
        LimitOperation("orders_per_minute", "sharp", None),
        ORDER,
        CancelOperation("o-1"),
        CloseOperation("sharp", "KXNBAGAME-26JAN14WASLAC-LAC"),
        StrategyOperation(None, (("threshold_percent", "4.5"),)),
        StrategyOperation(enabled=False),
        FollowOperation("26JAN14WASLAC", followed=True, events=("KXNBAGAME-26JAN14WASLAC",)),
    ],
    ids=lambda wish: type(wish).__name__,
)
def test_every_wish_is_the_same_after_it_was_written_and_read(wish: Operation) -> None:
    message = Operate(REQUEST, RISK_GATE, wish)
    again = read_operate(operate_text(message))
    assert again == message
    assert type(again.to) is type(OPERATOR)


def test_every_kind_of_wish_can_be_read() -> None:
    assert set(OPERATIONS.values()) == set(get_args(Operation))


def test_an_unknown_wish_is_refused() -> None:
    text = operate_text(Operate(REQUEST, RISK_GATE, CancelOperation("o-1"))).replace("CancelWish", "Wishful")
    with pytest.raises(ValueError, match="Wishful"):
        read_operate(text)


@pytest.mark.parametrize("verdict", [*Verdict, None])
def test_what_was_done_outside_of_the_tree_is_the_same_too(verdict: Verdict | None) -> None:
    done = OperationDone(REQUEST, "done: restarted", verdict)
    assert read_operation_done(operation_done_text(done)) == done


def test_a_recording_from_before_there_were_verdicts_is_read() -> None:
    text = json.loads(operation_done_text(OperationDone(REQUEST, "refused: not there", Verdict.REFUSED)))
    del text["verdict"]
    assert read_operation_done(json.dumps(text)) == OperationDone(REQUEST, "refused: not there")


def test_the_beginning_of_a_process_is_the_same_too() -> None:
    started = Started("demo", 17, 1, "digest", "0.1.0")
    assert Started.read(started.text()) == started
