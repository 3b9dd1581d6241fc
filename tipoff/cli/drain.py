"""`tipoff drain`: let no entry pass any more, and on request wait until nothing rests.

Registered by `cli`. The drain itself is the daemon's; waiting is only looking at its status again and again.
"""

import time
from typing import Annotated, Any, Final

from cyclopts import Parameter
from cyclopts.validators import Number
from rich.console import Group
from rich.text import Text

from tipoff.cli.arguments import Flag
from tipoff.cli.operations import Reason, RequestId
from tipoff.cli.queries import HERE, Where
from tipoff.exit_codes import Exit
from tipoff.output import Answer, Failure, progress

LOOK_S: Final = 0.5

Wait = Annotated[Flag, Parameter(help="Wait until no order rests; exit code 6 if one still does.")]
Within = Annotated[
    float, Parameter(help="With --wait: so many seconds at most.", validator=Number(gt=0, lte=86_400))
]


def drain(
    *,
    reason: Reason = "by hand",
    wait: Wait = False,
    within: Within = 60.0,
    request_id: RequestId = None,
    where: Where = HERE,
) -> Answer:
    """Let no entry pass any more and take resting entries back; exits and settlement go on.

    With --wait it returns when no order rests any more, and tells what is still open. Positions are not
    waited for: only an exit or the end of their game closes them.
    """
    answer = where.act("drain", request_id, reason=reason)
    if not wait:
        return answer
    seen = _waited(where, time.monotonic() + within)
    drained = seen["open_orders"] == 0
    words = "no order rests" if drained else f"{seen['open_orders']} orders still rest after {within:g} s"
    document = answer.document
    assert isinstance(document, dict)  # noqa: S101 - the schema says so
    document = {
        **document,
        "drained": drained,
        "open_orders": seen["open_orders"],
        "positions": seen["positions"],
        "still_open": seen["still_open"],
    }
    lines = [f"{words}; {seen['positions']} positions are open", *seen["still_open"]]
    return Answer(document, Group(answer.screen, *map(Text, lines)), Exit.OK if drained else Exit.TIMEOUT)


def _waited(where: Where, until: float) -> Any:  # noqa: ANN401 - the schema says what it is
    """The status when no order rests any more, or when the time is up. Raises Failure if it is resumed."""
    told: object = None
    while True:
        seen = where.look("status")
        if seen["state"] not in ("draining", "halted"):
            raise Failure("resumed", f"the daemon does not drain any more: it is {seen['state']}")
        if seen["open_orders"] == 0 or time.monotonic() >= until:
            return seen
        if seen["open_orders"] != told:
            told = seen["open_orders"]
            progress(f"{told} orders still rest")
        time.sleep(LOOK_S)
