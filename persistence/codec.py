"""The canonical text of a fact, encoding and decoding: what the journal stores, hashes and folds.

Used by the journal, the projections and the readers. The same fact gives the same bytes in every process:
JSON without blanks, fields in alphabetical order, enums by their value. A float that is not finite is stored
as null, for JSON has no other word for it.
"""

from collections.abc import Callable
from typing import Final, TypeVar

import msgspec

from engine.accounts import SHARED
from engine.facts import FACTS, Fact, OrderApproved, StrategyOpened
from engine.orders import AmendOrder, CancelOrder, PlaceOrder
from engine.strategy_traits import StrategyTraits
from engine.units import Money, Nanos
from persistence.errors import FactUnstorable, StorageCorrupt

T = TypeVar("T")
# Sorted, because the chain is over these bytes: a field that moves within its class must not change them.
_JSON: Final = msgspec.json.Encoder(order="sorted")


class _ApprovedText(msgspec.Struct, frozen=True):
    """How `OrderApproved` is written: its command is one of three, so the text names which."""

    at: Nanos
    command: msgspec.Raw
    # As the journal names it since its first entry.
    command_kind: str = msgspec.field(name="wish")


class _OpenedText(msgspec.Struct, frozen=True, omit_defaults=True):
    """How `StrategyOpened` is written: what is not stated is left out."""

    at: Nanos
    bankroll: Money
    kind: str
    parameters: str
    strategy: str
    account: str = SHARED
    # Journals from before there were these must read, and hash, as they did.
    traits: StrategyTraits | None = None


_OF_SHARED: Final = b'{"account":"",'
"""How the text begins of a fact about the shared account."""

_COMMANDS: Final[dict[str, msgspec.json.Decoder[PlaceOrder | CancelOrder | AmendOrder]]] = {
    kind.__name__: msgspec.json.Decoder(kind) for kind in (PlaceOrder, CancelOrder, AmendOrder)
}


def encode(fact: Fact) -> bytes:
    """The canonical text of a fact. Raises FactUnstorable for what has none (an integer beyond 64 bits)."""
    try:
        if type(fact) is OrderApproved:
            command = msgspec.Raw(_JSON.encode(fact.command))
            return _JSON.encode(_ApprovedText(fact.at, command, type(fact.command).__name__))
        if type(fact) is StrategyOpened:
            return _JSON.encode(_opened(fact))
        text = _JSON.encode(fact)
        # What is about the shared account does not say so: it reads, and hashes, as when there was no other.
        return b"{" + text[len(_OF_SHARED) :] if text.startswith(_OF_SHARED) else text
    # Refused and not rounded or replaced: the text in the journal has to give exactly the fact that was
    # decided.
    except (OverflowError, UnicodeEncodeError, TypeError) as error:
        raise FactUnstorable(str(error), type(fact).__name__, "mend the actor that made it") from error


def _opened(fact: StrategyOpened) -> _OpenedText:
    return _OpenedText(
        at=fact.at,
        bankroll=fact.bankroll,
        kind=fact.kind,
        parameters=fact.parameters,
        strategy=fact.strategy,
        account=fact.account,
        traits=fact.traits,
    )


def encode_json(value: object) -> str:
    """Canonical JSON text of plain data (postings, parameters)."""
    return _JSON.encode(value).decode()


def _plain(kind: type[T]) -> Callable[[bytes | str], T]:
    return msgspec.json.Decoder(kind).decode


def _approved(text: bytes | str) -> OrderApproved:
    outer = _APPROVED.decode(text)
    decoder = _COMMANDS.get(outer.command_kind)
    if decoder is None:
        raise msgspec.ValidationError(f"unknown command {outer.command_kind!r}")
    return OrderApproved(command=decoder.decode(outer.command), at=outer.at)


_APPROVED: Final = msgspec.json.Decoder(_ApprovedText)
_DECODERS: Final[dict[str, Callable[[bytes | str], Fact]]] = {
    name: _approved if kind is OrderApproved else _plain(kind) for name, kind in FACTS.items()
}


def decode(kind: str, body: bytes | str) -> Fact:
    """The fact that `encode` wrote. Raises StorageCorrupt if the kind is unknown or the text is not one of
    it.
    """
    decoder = _DECODERS.get(kind)
    if decoder is None:
        raise StorageCorrupt(f"unknown kind of fact {kind!r}", "journal", "use the version that wrote it")
    try:
        return decoder(body)
    except (msgspec.MsgspecError, ValueError) as error:
        raise StorageCorrupt(
            f"a {kind} that cannot be read: {error}", "journal", "run `tipoff db verify`"
        ) from error
