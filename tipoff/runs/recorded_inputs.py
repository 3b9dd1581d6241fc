"""The engine's own inputs as lines of a recording: encoding and decoding of `what` and `body`.

Written by `tipoff.live.ingress` and `tipoff.live.engine`, read by the replay of a live recording.
"""

from typing import Final, Self

import cattrs.preconf.json
import msgspec

from actors.messages import (
    ActDone,
    CancelAllOperation,
    CancelOperation,
    CloseOperation,
    ConfigureOperation,
    FollowOperation,
    HaltOperation,
    LimitOperation,
    Operate,
    OperatorRequest,
    OrderOperation,
    ResumeOperation,
    StrategyOperation,
)
from actors.runtime import Address

JOURNAL_SOURCE: Final = "journal"
COMMITTED: Final = "committed"
"""The body is the number up to which the journal is durable."""
FAILED: Final = "failed"
"""The body is `{"kind", "detail"}`: the journal could not be made durable."""

TIMER: Final = "timer"
TICK: Final = "tick"

COMMAND: Final = "command"
STARTED: Final = "started"
"""A process began: the body is a `Started`."""
ENDED: Final = "ended"
"""A process ended the run in good order: the body is the reason."""
RESTART: Final = "restart"
"""Somebody replaced an actor's life by a new one: the body is its address."""
OPERATE: Final = "operate"
ACT_DONE: Final = "act_done"


class Unread(msgspec.Struct, frozen=True):
    """An entry of the journal that this process could not read; a replay does not read it either."""

    seq: int
    kind: str
    body: str
    subject: str
    why: str


class Started(msgspec.Struct, frozen=True, omit_defaults=True):
    """The first line of every process: from where the journal goes on, and what decides the run."""

    run: str
    next_seq: int
    seed: int
    settings_digest: str
    version: str
    unread: tuple[Unread, ...] = ()

    def text(self) -> str:
        """As the body of a line."""
        return msgspec.json.encode(self).decode()

    @classmethod
    def read(cls, text: str) -> Self:
        """From the body of a line. Raises ValueError for what is none."""
        return msgspec.json.decode(text, type=cls)


_CONVERTER = cattrs.preconf.json.make_converter(forbid_extra_keys=True)


# Recordings name an operation by this word; it stays when a class is renamed.
OPERATIONS: Final[dict[str, type]] = {
    "HaltWish": HaltOperation,
    "ResumeWish": ResumeOperation,
    "LimitWish": LimitOperation,
    "OrderWish": OrderOperation,
    "CancelWish": CancelOperation,
    "CancelAllWish": CancelAllOperation,
    "CloseWish": CloseOperation,
    "StrategyWish": StrategyOperation,
    "ConfigureWish": ConfigureOperation,
    "FollowWish": FollowOperation,
}
_RECORDED_AS: Final = {kind: word for word, kind in OPERATIONS.items()}


class _Acted(msgspec.Struct, frozen=True):
    request: dict[str, object]
    to: str
    kind: str
    wish: dict[str, object]


def operate_text(message: Operate) -> str:
    """An operator's request as text."""
    acted = _Acted(
        _CONVERTER.unstructure(message.request),
        str(message.to),
        _RECORDED_AS[type(message.wish)],
        _CONVERTER.unstructure(message.wish),
    )
    return msgspec.json.encode(acted).decode()


def read_operate(text: str) -> Operate:
    """The request again. Raises ValueError for a text that is none."""
    acted = msgspec.json.decode(text, type=_Acted)
    kind = OPERATIONS.get(acted.kind)
    if kind is None:
        raise ValueError(f"there is no wish {acted.kind!r}")
    request = _CONVERTER.structure(acted.request, OperatorRequest)
    return Operate(request, Address(acted.to), _CONVERTER.structure(acted.wish, kind))


def act_done_text(message: ActDone) -> str:
    """An act that was done outside of the tree, as text."""
    return str(_CONVERTER.dumps(message))


def read_act_done(text: str) -> ActDone:
    """The act again. Raises ValueError for what is none."""
    return _CONVERTER.loads(text, ActDone)
