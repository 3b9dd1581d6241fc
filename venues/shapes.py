"""Wire structs read strictly, and piece by piece where that fails: what null, missing and odd fields mean.

A body that is as promised costs one strict decoding and nothing more. Where that fails,

- null is absent, wherever a field has a default;
- an item of a list is read alone, and left out alone (null: without a word);
- a field that can be missed and is of another shape is as absent, and the refusal says where it stood;
- a field without a default, or one marked `Decisive`, refuses the object it stands in.

`Decisive` are fields whose absence means something: a side of a book that is missing is empty, and a fee that
is missing is the series' own. Nobody may conclude that from a shape which nobody knows.
"""

from collections.abc import Callable, Hashable
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Final, Generic, TypeVar, Union, cast, get_args, get_origin

import attrs
import msgspec

from venues.refusals import OddShape, Refused

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

Decisive = Annotated[T, msgspec.Meta(extra={"decisive": True})]
"""A field that may be missing but, if it is there, must be understood whole."""

Text = str | bytes | msgspec.Raw
Reading = Callable[[Text, str, list[Refused]], Any]
"""Text, place and refusals so far to a value; raises OddShape."""

_KEYS: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
_ITEMS: Final = msgspec.json.Decoder(list[msgspec.Raw])


def keys_of(wire: type[msgspec.Struct]) -> frozenset[str]:
    """The keys that a struct reads, as they are sent: `msgspec.field(name=…)` renames them."""
    return frozenset(field.encode_name for field in msgspec.structs.fields(wire))


class Shape(Generic[T_co]):
    """How one kind of body is read."""

    def __init__(self, wire: type[T_co]) -> None:
        """`wire` is a struct."""
        self._wire = wire
        self._strict = msgspec.json.Decoder(wire)

    def decode(self, text: Text) -> tuple[T_co, tuple[Refused, ...]]:
        """The body and what had to be left out of it. Raises what REFUSABLE names if nothing is left."""
        try:
            return self._strict.decode(text), ()
        except msgspec.ValidationError:
            # Only now: bodies are nearly always as promised, and piece by piece is slow.
            return self.pieces(text)

    def pieces(self, text: Text) -> tuple[T_co, tuple[Refused, ...]]:
        """The same for a body of which it is known that it is not as promised."""
        refused: list[Refused] = []
        return _object(self._wire, text, "", refused), tuple(refused)


@attrs.frozen
class _Field:
    """How a field of a struct is read."""

    name: str
    key: str
    required: bool
    decisive: bool
    read: Reading


def _object(wire: type[T], text: Text, place: str, refused: list[Refused]) -> T:
    """An object, field by field; adds to `refused` only if the object itself can be used."""
    given = _strictly(_KEYS, text, place)
    found: dict[str, Any] = {}
    left_out: list[Refused] = []
    for field in _fields(cast("Hashable", wire)):
        where = f"{place}.{field.key}" if place else field.key
        piece = given.get(field.key)
        if piece is None or (not field.required and _is_null(piece)):
            if field.required:
                raise OddShape(where, "a field that is needed is missing")
            continue
        try:
            found[field.name] = field.read(piece, where, left_out)
        except OddShape as odd:
            if field.required or field.decisive:
                raise
            left_out.append(Refused(odd.place, str(odd)))
    refused += left_out
    return wire(**found)


# Once a struct: making decoders takes longer than reading a body with them.
@cache
def _fields(wire: Hashable) -> tuple[_Field, ...]:
    return tuple(
        _Field(
            field.name,
            field.encode_name,
            field.required,
            _is_decisive(field.type),
            _whole(field.type) if _is_decisive(field.type) else _reader(field.type),
        )
        for field in msgspec.structs.fields(cast("type[msgspec.Struct]", wire))
    )


def _is_decisive(kind: object) -> bool:
    notes = get_args(kind)[1:] if get_origin(kind) is Annotated else ()
    return any(isinstance(note, msgspec.Meta) and note.extra == {"decisive": True} for note in notes)


def _reader(kind: object) -> Reading:
    """How a value is read: an object by its fields, a list by its items, all else whole or not at all."""
    core = _without_null(kind)
    if get_origin(core) is list:
        item = _reader(get_args(core)[0])
        return _or_pieces(kind, lambda text, place, refused: _list(item, text, place, refused))
    if isinstance(core, type) and issubclass(core, msgspec.Struct):
        return _or_pieces(kind, lambda text, place, refused: _object(core, text, place, refused))
    return _whole(kind)


def _without_null(kind: object) -> object:
    """The X of `X | None`, else the kind itself."""
    parts = [part for part in get_args(kind) if part is not NoneType]
    return parts[0] if get_origin(kind) in (Union, UnionType) and len(parts) == 1 else kind


def _whole(kind: object) -> Reading:
    strict = msgspec.json.Decoder(kind)
    return lambda text, place, _refused: _strictly(strict, text, place)


def _or_pieces(kind: object, pieces: Reading) -> Reading:
    """Strictly if that is possible: one bad market of a thousand does not make the others slow."""
    strict = msgspec.json.Decoder(kind)

    def read(text: Text, place: str, refused: list[Refused]) -> object:
        try:
            return strict.decode(text)
        except msgspec.ValidationError:
            return pieces(text, place, refused)

    return read


def _list(item: Reading, text: Text, place: str, refused: list[Refused]) -> list[object]:
    """A list, each item alone."""
    found = []
    pieces = _strictly(_ITEMS, text, place)
    for number, piece in enumerate(pieces):
        if _is_null(piece):
            continue
        try:
            found.append(item(piece, f"{place}[{number}]", refused))
        except OddShape as odd:
            refused.append(Refused(odd.place, str(odd)))
    return found


def _strictly(decoder: "msgspec.json.Decoder[T]", text: Text, place: str) -> T:
    try:
        return decoder.decode(text)
    except OddShape:
        # It is a ValidationError too, and names its place better than we can from out here.
        raise
    except msgspec.ValidationError as error:
        raise OddShape(place, str(error)) from error


def _is_null(piece: msgspec.Raw) -> bool:
    return bytes(piece).strip() == b"null"
