"""JSON without blanks, as both services send it and as recordings hold it."""

import json


def compact(body: object) -> str:
    """JSON without blanks."""
    return json.dumps(body, separators=(",", ":"))
