"""The engine's own inputs as lines of a recording: encoding and decoding of `what` and `body`.

Written by `tipoff.live.ingress` and `tipoff.live.engine`, read by the replay of a live recording.
"""

from typing import Final, Self

import cattrs.preconf.json
import msgspec

from actors.messages import (
    CancelAllOperation,
    CancelOperation,
    CloseOperation,
    ConfigureOperation,
    FollowOperation,
    HaltOperation,
    LimitOperation,
    Operate,
    OperationDone,
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
OPERATION_DONE: Final = "act_done"


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


class _Operated(msgspec.Struct, frozen=True):
    request: dict[str, object]
    to: str
    kind: str
    # As recordings name it.
    operation: dict[str, object] = msgspec.field(name="wish")


def operate_text(message: Operate) -> str:
    """An operator's request as text."""
    operated = _Operated(
        _CONVERTER.unstructure(message.request),
        str(message.to),
        _RECORDED_AS[type(message.operation)],
        _CONVERTER.unstructure(message.operation),
    )
    return msgspec.json.encode(operated).decode()


def read_operate(text: str) -> Operate:
    """The request again. Raises ValueError for a text that is none."""
    operated = msgspec.json.decode(text, type=_Operated)
    kind = OPERATIONS.get(operated.kind)
    if kind is None:
        raise ValueError(f"there is no operation {operated.kind!r}")
    request = _CONVERTER.structure(operated.request, OperatorRequest)
    return Operate(request, Address(operated.to), _CONVERTER.structure(operated.operation, kind))


def operation_done_text(message: OperationDone) -> str:
    """What was done outside of the tree, as text."""
    return str(_CONVERTER.dumps(message))


def read_operation_done(text: str) -> OperationDone:
    """It again. Raises ValueError for what is none."""
    return _CONVERTER.loads(text, OperationDone)
