"""The frames of the control socket: newline-delimited JSON-RPC 2.0, read strictly, written in bounded parts.

Used by the server, the client and the schema. A frame that cannot be read is a `Fault` with a name, whatever
was in it. Does no input or output.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from enum import Enum
from typing import Final, NoReturn, Self

import attrs

from tipoff.exit_codes import Exit
from tipoff.json_types import Json

PROTOCOL = 1
"""Version of the protocol; a request may name it as `v`, and another one is refused."""

FRAME_BYTES_MAX = 65_536
"""A frame to the server, its newline included."""

PART_CHARS_MAX = 48_000
"""A longer answer is sent in parts, each with so much of its text."""

ANSWER_CHARS_MAX = 8_000_000
"""A longer answer is refused; filters and limits make it shorter."""

ID_CHARS_MAX = 64
"""Length of a request's `id` as a text."""

TEXT_CHARS_MAX = 8_192
"""Length of a text in the parameters."""


class ErrorCode(Enum):
    """Everything that can be wrong with a request: its word, JSON-RPC code, exit code and meaning."""

    rpc: int
    exit: Exit
    meaning: str

    def __new__(cls, word: str, rpc: int, code: Exit, meaning: str) -> Self:
        """A member's value is its word; code, exit code and meaning are attributes."""
        member = object.__new__(cls)
        member._value_ = word
        member.rpc, member.exit, member.meaning = rpc, code, meaning
        return member

    PARSE = "parse", -32700, Exit.FAILED, "the frame is no JSON object of UTF-8 text"
    INVALID_REQUEST = "invalid_request", -32600, Exit.FAILED, "the frame is no request"
    UNKNOWN_METHOD = "unknown_method", -32601, Exit.USAGE, "there is no such method"
    INVALID_PARAMS = "invalid_params", -32602, Exit.USAGE, "the parameters are not those of the method"
    INTERNAL = "internal", -32603, Exit.FAILED, "a fault of the daemon"
    VERSION = "version", -32001, Exit.FAILED, "another version of the protocol is spoken here"
    NOT_PERMITTED = "not_permitted", -32002, Exit.NOT_PERMITTED, "this user may not do that"
    NOT_READY = "not_ready", -32003, Exit.NOT_READY, "the daemon is starting or stopping"
    UNAVAILABLE = "unavailable", -32004, Exit.NOT_READY, "an actor that is needed does not run"
    TIMEOUT = "timeout", -32005, Exit.TIMEOUT, "there was no answer in time"
    REFUSED = "refused", -32006, Exit.FAILED, "the engine refused, for the reasons given"
    NOT_FOUND = "not_found", -32007, Exit.FAILED, "there is nothing of that name"
    CONFLICT = "conflict", -32008, Exit.FAILED, "the request id was used for another command"
    BUSY = "busy", -32009, Exit.NOT_READY, "too many are being served"
    TOO_LARGE = "too_large", -32010, Exit.FAILED, "the answer is too long; narrow the question"
    FRAME_TOO_LARGE = "frame_too_large", -32011, Exit.FAILED, "the frame is longer than allowed"
    NOT_AVAILABLE = "not_available", -32012, Exit.NOT_READY, "this daemon cannot do that as it runs now"
    TOO_SLOW = "too_slow", -32013, Exit.TIMEOUT, "the frame did not come to its end in time"


ERROR_CODES: dict[str, ErrorCode] = {code.value: code for code in ErrorCode}

NO_FIELDS: Final[Mapping[str, str]] = {}
FIELDS: Final = ("order_id", "reason", "use", "limit")
"""What the error of a denied order says beside its words."""


class Fault(Exception):
    """A request that could not be fulfilled; `details` are lines below the sentence.

    `fields` say the same to programs: of a denied order its id, the reason, the use and the limit.
    """

    def __init__(
        self,
        code: ErrorCode,
        message: str = "",
        details: Sequence[str] = (),
        fields: Mapping[str, str] = NO_FIELDS,
    ) -> None:
        """Without a message the meaning of the code is the sentence."""
        super().__init__(message or code.meaning)
        self.code = code
        self.details = tuple(details)
        self.fields = fields


@attrs.frozen
class Request:
    """A request as it was read. `id` is echoed; None where the frame did not give one that can be."""

    id: int | str
    method: str
    params: Mapping[str, object]


def read_request(frame: bytes) -> Request:
    """Read a frame without its newline. Unknown fields are passed over. Raises Fault."""
    document = read_object(frame)
    version = document.get("v", PROTOCOL)
    # JSON's true equals 1 in Python.
    if version != PROTOCOL or isinstance(version, bool):
        raise Fault(ErrorCode.VERSION, f"version {PROTOCOL} is spoken here, not {_short(version)}")
    if document.get("jsonrpc") != "2.0":
        raise Fault(ErrorCode.INVALID_REQUEST, 'a request says "jsonrpc": "2.0"')
    method, params = document.get("method"), document.get("params", {})
    if not isinstance(method, str) or not 0 < len(method) <= ID_CHARS_MAX:
        raise Fault(ErrorCode.INVALID_REQUEST, "a request names its method")
    if not isinstance(params, dict):
        raise Fault(ErrorCode.INVALID_REQUEST, "params is an object of names and values")
    ident = id_of(document)
    if ident is None:
        raise Fault(ErrorCode.INVALID_REQUEST, "a request has an id: a whole number or a short text")
    return Request(ident, method, params)


def id_of(document: Mapping[str, object]) -> int | str | None:
    """The id to echo, if there is one that can be."""
    match document.get("id"):
        case bool():
            return None
        # Readers that keep numbers as doubles (JavaScript, jq) cannot echo a larger one exactly.
        case int() as number if abs(number) < 2**53:
            return number
        case str() as text if 0 < len(text) <= ID_CHARS_MAX:
            return text
        case _:
            return None


def read_object(frame: bytes) -> dict[str, object]:
    """Read JSON strictly: one object of UTF-8 text, no doubled keys, no NaN, no lone surrogates."""
    try:
        text = frame.decode("utf-8")
        document = json.loads(text, object_pairs_hook=_no_doubles, parse_constant=_no_constant)
        # json.loads accepts a lone surrogate ("\ud800"), which no UTF-8 log or database can hold.
        json.dumps(document, ensure_ascii=False, allow_nan=False).encode("utf-8")
    # Deep nesting raises RecursionError, which is no ValueError; 5,000 digits raise ValueError since Python
    # 3.11.
    except (ValueError, RecursionError) as error:
        raise Fault(ErrorCode.PARSE, details=[str(error)[:200]]) from None
    if not isinstance(document, dict):
        raise Fault(ErrorCode.INVALID_REQUEST, "a frame is one JSON object; batches are not spoken here")
    return document


def _no_doubles(pairs: list[tuple[str, object]]) -> dict[str, object]:
    # RFC 8259 leaves doubled keys open: two readers of one order could see two prices.
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError("a key stands twice in an object")
    return made


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def _short(value: object) -> str:
    return repr(value)[:40]


def encode(document: Json) -> bytes:
    """One frame."""
    return json.dumps(document, ensure_ascii=True, allow_nan=False, separators=(",", ":")).encode() + b"\n"


def hello_frame(params: Json) -> bytes:
    """The first frame from the server."""
    return encode({"jsonrpc": "2.0", "v": PROTOCOL, "method": "hello", "params": params})


def result_frames(ident: int | str, result: Json) -> Iterator[bytes]:
    """The answer in one frame, or in parts whose `text`s make up its JSON. Raises Fault if it is too long."""
    text = json.dumps(result, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    if len(text) > ANSWER_CHARS_MAX:
        raise Fault(ErrorCode.TOO_LARGE)
    if len(text) <= PART_CHARS_MAX:
        yield encode({"jsonrpc": "2.0", "v": PROTOCOL, "id": ident, "result": result})
        return
    pieces = [text[start : start + PART_CHARS_MAX] for start in range(0, len(text), PART_CHARS_MAX)]
    for number, piece in enumerate(pieces, start=1):
        head: dict[str, Json] = {"jsonrpc": "2.0", "v": PROTOCOL, "id": ident}
        yield encode({**head, "part": number, "parts": len(pieces), "text": piece})


def error_frame(ident: int | str | None, fault: Fault) -> bytes:
    """An error as JSON-RPC has it; `data` carries our word and the details."""
    error: Json = {
        "code": fault.code.rpc,
        "message": str(fault)[:TEXT_CHARS_MAX],
        "data": {
            **{name: text[:TEXT_CHARS_MAX] for name, text in fault.fields.items()},
            "name": fault.code.value,
            "details": [line[:TEXT_CHARS_MAX] for line in fault.details],
        },
    }
    return encode({"jsonrpc": "2.0", "v": PROTOCOL, "id": ident, "error": error})
