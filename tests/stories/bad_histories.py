"""What venues do at their worst, put into the lines of a recorded evening at a place."""

import itertools
import json
from collections.abc import Callable

from venues.recordings.recorder import Line

MARKET = "KXNBAGAME-26NOV20MEMPOR-MEM"
EVENT = "KXNBAGAME-26NOV20MEMPOR"
LIVES = 4
"""The subscription of the markets' lives."""
DURING = 40
"""So many lines are heard between what happens and what is done about it."""

Edit = Callable[[list[Line], int], list[Line]]


def nothing(lines: list[Line], _place: int) -> list[Line]:
    """The venue does nothing unusual."""
    return lines


def put_in(lines: list[Line], place: int, source: str, what: str, body: object) -> list[Line]:
    """One line more, at the moment of the line before."""
    before = lines[place - 1]
    conn = before.conn if source == "kalshi.ws" else 0
    text = json.dumps(body, separators=(",", ":"))
    return [*lines[:place], Line(before.at, before.seq, source, conn, what, text), *lines[place:]]


def odd_fees(lines: list[Line], place: int) -> list[Line]:
    """The venue announces a fee type of which nobody has heard, for an event where orders of ours rest."""
    head, tail = lines[:place], lines[place:]
    numbers = [_seq(line) for line in head if _is_of(line, LIVES)]
    first = max(numbers, default=0) + 1
    message = {"event_ticker": EVENT, "fee_type_override": "flat", "fee_multiplier_override": 1}
    frame = {"type": "event_fee_update", "sid": LIVES, "seq": first, "msg": message}
    tail = [_numbered(line, _seq(line) + 1) if _is_of(line, LIVES) else line for line in tail]
    return put_in([*head, *tail], place, "kalshi.ws", "event_fee_update", frame)


def standing_still(lines: list[Line], place: int) -> list[Line]:
    """The venue stands still, and goes on after the kill."""
    first = next(line for line in lines if line.what == "/exchange/status")
    body = json.loads(first.body)
    again = put_in(lines, place + 2 * DURING, first.source, first.what, body)
    still = {**body, "exchange_active": False, "trading_active": False}
    return put_in(again, place, first.source, first.what, still)


def odd_books(lines: list[Line], place: int) -> list[Line]:
    """A side that is null, and one of another name; then a list of null, a row of nonsense."""
    names = itertools.cycle(('"yes_dollars_fp":null,"was":', '"yes_dollars":'))
    edited = [
        said(line, line.body.replace('"yes_dollars_fp":', next(names)))
        if line.what == "orderbook_snapshot" and MARKET not in line.body
        else line
        for line in lines
    ]
    where = next(line for line in lines if line.what.startswith("/events"))
    for body in ({"events": None, "cursor": ""}, {"events": [{"markets": None}, 7], "cursor": ""}):
        edited = put_in(edited, place, where.source, where.what, body)
    return edited


def _is_of(line: Line, sid: int) -> bool:
    return line.source == "kalshi.ws" and f'"sid":{sid},"seq":' in line.body


def _seq(line: Line) -> int:
    return int(json.loads(line.body)["seq"])


def _numbered(line: Line, seq: int) -> Line:
    body = {**json.loads(line.body), "seq": seq}
    return said(line, json.dumps(body, separators=(",", ":")))


def said(line: Line, body: str) -> Line:
    """The line with another body."""
    return Line(line.at, line.seq, line.source, line.conn, line.what, body)
