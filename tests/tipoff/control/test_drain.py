"""`tipoff drain --wait` against a daemon that runs.

Covers: tipoff.cli.dialogues, tipoff.control.open_items.
"""

import json
import threading
from pathlib import Path

from tipoff.control.client import ControlClient
from tipoff.exit_codes import Exit

from . import command_line
from .command_line import NAME, Run
from .conftest import TICKER

run = command_line.run


def test_a_drain_waits_until_nothing_rests_and_says_what_is_still_open(run: Run) -> None:
    tipoff = run()
    code, out, err = tipoff("drain", "--wait", "--within", "0.2", "--json")
    still = json.loads(out)
    assert (code, still["drained"], still["open_orders"]) == (Exit.TIMEOUT, False, 1)
    assert "1 orders still rest" in err
    order, position = still["still_open"]
    assert order.startswith(f"order operator:resting of {NAME}: bid 10.00 {TICKER} at 0.4500, ")
    assert position == f"position of {NAME}: 10.00 {TICKER}"
    assert "Open      order operator:resting" in tipoff("status")[1]
    tipoff.bench.later(1)
    code, out, _ = tipoff("drain", "--wait", "--within", "30", "--json")
    done = json.loads(out)
    assert (code, done["drained"], done["open_orders"], done["positions"]) == (Exit.OK, True, 0, 1)
    assert done["still_open"] == [position]
    assert tipoff("drain", "--wait")[1].splitlines()[-2:] == [
        "no order rests; 1 positions are open",
        position,
    ]


def test_a_drain_that_is_resumed_is_not_waited_for(run: Run) -> None:
    tipoff = run()
    somebody = threading.Thread(target=resume_by_hand, args=[tipoff.path])
    somebody.start()
    code, out, _ = tipoff("drain", "--wait", "--within", "60", "--json")
    somebody.join()
    assert (code, json.loads(out)["error"]["code"]) == (Exit.FAILED, "resumed")


def resume_by_hand(path: Path) -> None:
    """Somebody else changes their mind, as soon as it drains."""
    state = ""
    while state != "draining":
        with ControlClient(path) as client:
            state = str(client.hello["state"])
    with ControlClient(path) as client:
        client.operate("resume", reason="on we go")
