"""Bodies and frames that are odd in the ways real ones have been: null for a list, names of yesterday.

Called where `venues.simulator.wire.faults` has such a shot: a text in, the odd one out.
"""

import json
from typing import Final

from venues.simulator.wire.faults import Faults
from venues.simulator.wire.json_text import compact

SIDES: Final = {"yes_dollars_fp": "yes_dollars", "no_dollars_fp": "no_dollars"}
"""What the sides of a snapshot are called, and what they were called before."""


def spoil_sides(faults: Faults, text: str) -> str:
    """A snapshot's text, with its sides as the shots will have them."""
    if faults.shoot("null_side"):
        body = json.loads(text)
        body["msg"] |= dict.fromkeys(SIDES)
        return compact(body)
    if faults.shoot("renamed_side"):
        body = json.loads(text)
        body["msg"] = {SIDES.get(name, name): value for name, value in body["msg"].items()}
        return compact(body)
    return text


def null_lists(body: bytes) -> bytes:
    """The body with null for each of its lists; one that is no object stays as it is."""
    value = _object(body)
    if value is None:
        return body
    return compact({name: None if isinstance(each, list) else each for name, each in value.items()}).encode()


def odd_rows(body: bytes) -> bytes:
    """The body with one odd row in each of its lists: its lists and texts are null."""
    value = _object(body)
    if value is None:
        return body
    for each in value.values():
        if isinstance(each, list) and each and isinstance(each[0], dict):
            each[0] = {
                name: None if isinstance(field, (list, str)) else field for name, field in each[0].items()
            }
    return compact(value).encode()


def _object(body: bytes) -> dict[str, object] | None:
    try:
        value = json.loads(body)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None
