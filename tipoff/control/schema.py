"""Every method with what answers it, and the schema of all of them: parameters, answers, errors, limits.

Read by the server, the tests and the manual. `schema.json` beside this file is the same document, and
`methods.json` the methods as the command line needs them: `python -m tipoff.control.schema` writes both, a
test holds them equal.
"""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from tipoff.control import method_file, operations, queries
from tipoff.control.context import Call, CallContext
from tipoff.control.endpoint import Endpoint, Endpoints, by_name
from tipoff.control.method import Method
from tipoff.control.permissions import Level
from tipoff.control.protocol import (
    ANSWER_CHARS_MAX,
    FRAME_BYTES_MAX,
    PART_CHARS_MAX,
    PROTOCOL,
    ErrorCode,
)
from tipoff.control.watched import TOPICS
from tipoff.json_schema import schema_of
from tipoff.json_types import Json

OWN: Final = Endpoints()


@OWN.answers(
    Method(name="schema", line="All methods, with their parameters and answers.", always=True, command=False)
)
async def schema(_context: CallContext, _call: Call) -> object:
    """This document."""
    return document()


ENDPOINTS: Final[Mapping[str, Endpoint]] = by_name((*queries.ENDPOINTS, *OWN, *operations.ENDPOINTS))
"""Every method with what answers it, in the manual's order."""


def document() -> dict[str, Json]:
    """The schema: methods with levels, parameters and answers, errors, and the limits of frames."""
    return {
        "protocol": PROTOCOL,
        "frames": {
            "to_server_bytes_max": FRAME_BYTES_MAX,
            "part_chars_max": PART_CHARS_MAX,
            "answer_chars_max": ANSWER_CHARS_MAX,
        },
        "levels": {level.word: int(level) for level in Level},
        "errors": {
            error.value: {"code": error.rpc, "exit": int(error.exit), "meaning": error.meaning}
            for error in ErrorCode
        },
        "methods": {name: _method(endpoint) for name, endpoint in ENDPOINTS.items()},
        "notifications": _notifications(),
    }


def _notifications() -> Json:
    """What follows the answer to `watch`: the params of each notification, and the rows of each topic."""
    whole: dict[str, Json] = {"type": "integer"}
    rows: Json = {"type": "object", "description": "by key, as `topics` says"}
    return {
        "watch.snapshot": _object({"topic": {"enum": list(TOPICS)}, "version": whole, "rows": rows}),
        "watch.diff": {
            **_object({"topic": {"enum": list(TOPICS)}, "version": whole, "rows": rows}),
            "description": "only the rows that changed; null is gone",
        },
        "watch.facts": _object(
            {"from": whole, "to": whole, "facts": {"$ref": "#/methods/journal/result"}},
            {"missed": {**whole, "description": "so many before them cannot be told any more"}},
        ),
        "watch.bye": _object({"reason": {"type": "string"}}),
        "topics": {
            name: {"key": topic.known_by, "row": {"$ref": f"#/methods/{name}/result{'/items' * topic.many}"}}
            for name, topic in TOPICS.items()
        },
    }


def _object(required: dict[str, Json], optional: Mapping[str, Json] = {}) -> dict[str, Json]:
    return {
        "type": "object",
        "properties": {**required, **optional},
        "required": list(required),
        "additionalProperties": False,
    }


def _method(endpoint: Endpoint) -> Json:
    method = endpoint.method
    return {
        "help": method.line,
        "level": method.level.word,
        "mutates": method.mutates,
        "always": method.always,
        "params": {
            "type": "object",
            "properties": {param.name: param.schema() for param in method.all_params()},
            "required": [param.name for param in method.all_params() if param.required],
            "additionalProperties": False,
        },
        "result": schema_of(endpoint.result),
    }


def digest() -> str:
    """The SHA-256 of the schema, so that a client sees whether it knows this daemon."""
    return hashlib.sha256(json.dumps(document(), sort_keys=True).encode()).hexdigest()


def text() -> str:
    """The schema as it stands in the repository."""
    return json.dumps(document(), indent=1, ensure_ascii=False) + "\n"


def files() -> dict[str, str]:
    """What is made of the declarations and stands beside this file: name and text."""
    methods = (endpoint.method for endpoint in ENDPOINTS.values())
    return {"schema.json": text(), method_file.NAME: method_file.text_of(methods)}


if __name__ == "__main__":
    for name, made in files().items():
        Path(__file__).with_name(name).write_text(made, "utf-8")
