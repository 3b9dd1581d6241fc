"""`tipoff status` and `drain` say what still rests under a halt and why, until nothing does.

Covers: actors.read_model.resting.
"""

import json
from typing import Any

import pytest

from actors.addresses import OPERATOR, RISK_GATE
from actors.messages import HaltOperation, Operate, OperatorRequest
from engine.events import ExchangeStatusSeen
from engine.units import Nanos
from tipoff.control.schema import document
from tipoff.exit_codes import Exit

from . import command_line
from .command_line import NAME, Run, Running
from .conftest import TICKER, Bench

run = command_line.run
ORDER = "operator:resting"


def venue(bench: Bench, *, active: bool) -> None:
    """The venue says whether it goes on."""
    bench.open = active
    bench.hand_in(ExchangeStatusSeen(active, active, None, Nanos(bench.system.now)))


def status(tipoff: Running) -> dict[str, Any]:
    """What `tipoff status --json` prints."""
    found = tipoff.document("status")
    assert isinstance(found, dict)
    return found


def rests(tipoff: Running) -> list[dict[str, Any]]:
    """What rests under a halt."""
    return list(status(tipoff)["resting"])


@pytest.mark.promise("stops-are-kept")
def test_a_halt_while_the_venue_stands_still_says_what_rests_and_why_until_it_is_cancelled(run: Run) -> None:
    tipoff = run()
    assert rests(tipoff) == []
    venue(tipoff.bench, active=False)
    tipoff("halt", "--reason", "enough")
    (sent,) = rests(tipoff)
    assert (sent["order_id"], sent["strategy"], sent["cancel"]) == (ORDER, NAME, "under_way")
    assert sent["why"] == "its cancel is under way"
    tipoff.bench.later(3)
    (refused,) = rests(tipoff)
    assert (refused["cancel"], refused["refused"]) == ("refused", "exchange_paused")
    assert refused["refused_at"] > refused["cancel_at"]
    words = "its cancel was refused (exchange_paused); it is sent again when the venue goes on"
    assert refused["why"] == words
    screen = tipoff("status")[1]
    assert f"Open      order {ORDER} of {NAME}" in screen
    assert words in " ".join(screen.split())
    venue(tipoff.bench, active=True)
    (again,) = rests(tipoff)
    assert (again["cancel"], again["refused"]) == ("sent_again", "exchange_paused")
    assert again["cancel_at"] > refused["cancel_at"]
    tipoff.bench.later(1)
    done = status(tipoff)
    assert (done["resting"], done["open_orders"], done["state"]) == ([], 0, "halted")


def test_a_drain_says_it_too(run: Run) -> None:
    tipoff = run()
    venue(tipoff.bench, active=False)
    code, out, _ = tipoff("drain", "--wait", "--within", "0.2", "--json")
    found = json.loads(out)
    assert (code, [line["order_id"] for line in found["resting"]]) == (Exit.TIMEOUT, [ORDER])
    assert found["still_open"][0].endswith(found["resting"][0]["why"])


def test_only_what_a_halt_covers_rests_under_it(run: Run) -> None:
    tipoff = run()
    venue(tipoff.bench, active=False)
    tipoff("halt", "strategy:momentum", "--reason", "enough")
    assert rests(tipoff) == []
    tipoff("halt", f"strategy:{NAME}", "--reason", "enough")
    (line,) = rests(tipoff)
    assert line["order_id"] == ORDER
    assert f"Rests     order {ORDER} of {NAME}: its cancel is under way" in tipoff("status")[1]


def test_an_exit_may_rest_where_positions_may_be_left(run: Run) -> None:
    tipoff = run()
    tipoff("orders", "cancel", "--all")
    tipoff.bench.later(1)
    leave = ("--strategy", NAME, "--tif", "gtc")
    tipoff("orders", "place", TICKER, "ask", "5", "0.60", *leave)
    tipoff.bench.later(1)
    request = OperatorRequest("reduce", 0, "halt", "{}")
    tipoff.bench.put(OPERATOR, Operate(request, RISK_GATE, HaltOperation("all", "reducing", "enough")))
    (line,) = rests(tipoff)
    assert (line["exit"], line["cancel"]) == (True, "none")
    assert line["why"] == "it makes a position smaller, which reducing lets pass"


def test_the_schema_promises_these_fields() -> None:
    found = json.dumps(document())
    for name in ("resting", "cancel_at", "refused_at", "set_aside", "sent_again"):
        assert f'"{name}"' in found
