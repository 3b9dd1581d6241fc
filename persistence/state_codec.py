"""Folded state as bytes and back: what a snapshot of the journal is made of.

A codec knows a list of classes, and nothing else is written or made: whatever is not on it is refused by
name. Values (messages, enums) are written as what they are. Of objects that change each is written once, and
referred to where it stands again, so that two places that shared one share it afterwards. The same state
gives the same bytes: dictionaries keep their order, sets are sorted.
"""

import datetime as dt
from collections import Counter, OrderedDict, deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import Enum
from itertools import islice
from operator import attrgetter
from sys import intern
from types import MappingProxyType
from typing import Any, Final, TypeAlias, cast

import attrs
import msgspec

Plain: TypeAlias = Any
"""Numbers, texts, None, bytes, and lists of these that begin with what they are."""

_LIST, _TUPLE, _DICT, _SET, _FROZENSET, _DEQUE, _COUNTER, _ORDERED, _DATE, _SEEN, _PORTIONS = range(11)
_CLASSES: Final = 16
"""From here on a number names a class of the list."""

PORTION: Final = 128
"""Entries of a large container that are turned into bytes at once: for so long nobody else can run."""

_ATOMS: Final = frozenset({str, int, float, bool, type(None)})
_SEQUENCES: Final[dict[type, int]] = {list: _LIST, tuple: _TUPLE, deque: _DEQUE}
_MAPPINGS: Final[dict[type, int]] = {dict: _DICT, Counter: _COUNTER, OrderedDict: _ORDERED}
_SETS: Final[dict[type, int]] = {set: _SET, frozenset: _FROZENSET}

_pack: Final = msgspec.msgpack.Encoder().encode
_unpack: Final = msgspec.msgpack.Decoder().decode


class StateUnsavable(Exception):
    """A state holds something that is on no list; the text names it."""


class StateUnreadable(Exception):
    """Bytes that are not a state as this program writes it."""


def _never() -> None:
    """Nobody waits."""


class StateCodec:
    """Writes and reads states made of these classes."""

    def __init__(
        self,
        values: Iterable[type],
        objects: Iterable[type],
        empty: Mapping[type, tuple[str, ...]] = MappingProxyType({}),
    ) -> None:
        """`values` never change once made: attrs classes and enums. `objects` do: attrs or plain classes. Of
        those in `empty` nothing is written but these fields, from which an empty one is made.

        The order of the lists is part of what is written.
        """
        objects = tuple(objects)
        self._classes: tuple[type, ...] = (*values, *objects, *empty)
        self._numbers = {kind: number for number, kind in enumerate(self._classes, start=_CLASSES)}
        self._members: dict[int, dict[object, Enum]] = {
            number: {member.value: member for member in kind}
            for kind, number in self._numbers.items()
            if issubclass(kind, Enum)
        }
        self._objects = frozenset(objects)
        self._fields = {
            kind: _fields_of(kind, changes=kind in self._objects)
            for kind in self._classes
            if not issubclass(kind, Enum)
        }
        self._fields.update(empty)
        self._getters = {kind: _getter(names) for kind, names in self._fields.items() if names}

    def layout(self) -> str:
        """The classes and their fields in words: what is written means the same where this is the same."""
        lines = [f"{kind.__module__}.{kind.__qualname__} {self._described(kind)}" for kind in self._classes]
        return "\n".join(lines)

    def encode(self, state: dict[str, object], breathe: Callable[[], None] = _never) -> bytes:
        """The bytes of a state by its parts. Raises StateUnsavable naming what is not on the list.

        `breathe` is called every so often: what is written must not change meanwhile, but others may run.
        """
        return _Writing(self, breathe).bytes_of(state)

    def decode(self, text: bytes, breathe: Callable[[], None] = _never) -> dict[str, object]:
        """The state that was written. Raises StateUnreadable for whatever is not as `encode` writes."""
        try:
            state = _Reading(self, breathe).value(_unpack(text))
        # Damaged bytes may mean anything, and every part of reading them may stumble in its own way.
        except (msgspec.MsgspecError, ValueError, TypeError, LookupError, AttributeError) as error:
            raise StateUnreadable(f"{type(error).__name__}: {error}") from error
        if not isinstance(state, dict):
            raise StateUnreadable(f"a {type(state).__name__} is no state")
        return state

    def _described(self, kind: type) -> str:
        if issubclass(kind, Enum):
            return " ".join(f"{member.name}={member.value}" for member in kind)
        if not attrs.has(kind):
            return "by itself"
        return " ".join(f"{field.name}:{field.type}" for field in attrs.fields(kind))

    # For the two below

    def number(self, kind: type) -> int | None:
        """What a class is called in the bytes."""
        return self._numbers.get(kind)

    def kind(self, number: int) -> type:
        """The class of that number. Raises IndexError."""
        if number < _CLASSES:
            raise IndexError(f"no class has the number {number}")
        return self._classes[number - _CLASSES]

    def members(self, number: int) -> dict[object, Enum] | None:
        """The members of an enum by value; None if the class of that number is none."""
        return self._members.get(number)

    def changes(self, kind: type) -> bool:
        """Whether objects of the class are more than their values."""
        return kind in self._objects

    def fields(self, kind: type) -> tuple[str, ...] | None:
        """The names of the fields of an attrs class; None for a plain one, whose objects tell theirs."""
        return self._fields[kind]

    def values_of(self, item: object) -> tuple[object, ...]:
        """What stands in the fields of an attrs object."""
        return cast("tuple[object, ...]", self._getters[type(item)](item))


class _Writing:
    """One state on its way to bytes."""

    def __init__(self, codec: StateCodec, breathe: Callable[[], None]) -> None:
        self._codec = codec
        self._breathe = breathe
        self._seen: dict[int, int] = {}
        self._count = 0

    def bytes_of(self, state: dict[str, object]) -> bytes:
        return _pack(self._plain(state))

    def _plain(self, item: object) -> Plain:
        kind = type(item)
        if kind in _ATOMS:
            return item
        if kind in _SEQUENCES:
            return self._listed(_SEQUENCES[kind], cast("Iterable[object]", item))
        if kind in _MAPPINGS:
            pairs = cast("dict[object, object]", item).items()
            return self._listed(_MAPPINGS[kind], (each for pair in pairs for each in pair), 2)
        if kind in _SETS:
            return self._listed(_SETS[kind], _in_order(cast("set[Any]", item)))
        number = self._codec.number(kind)
        if number is not None:
            return self._of_class(number, item)
        if kind is dt.date:
            return [_DATE, cast("dt.date", item).isoformat()]
        raise StateUnsavable(f"{kind.__module__}.{kind.__qualname__} is on no list of what snapshots hold")

    def _listed(self, tag: int, items: Iterable[object], each: int = 1) -> Plain:
        """The entries behind what they are in; many of them in portions that are bytes already."""
        plain = self._plain
        size = PORTION * each
        entries = iter(items)
        portion = [item if type(item) in _ATOMS else plain(item) for item in islice(entries, size)]
        if len(portion) < size:
            return [tag, *portion]
        portions: list[bytes] = []
        while portion:
            portions.append(_pack(portion))
            self._breathe()
            portion = [item if type(item) in _ATOMS else plain(item) for item in islice(entries, size)]
        return [_PORTIONS, tag, *portions]

    def _of_class(self, number: int, item: object) -> Plain:
        if isinstance(item, Enum):
            return [number, item.value]
        codec, kind = self._codec, type(item)
        if codec.changes(kind):
            seen = self._seen.get(id(item))
            if seen is not None:
                return [_SEEN, seen]
            self._seen[id(item)] = len(self._seen)
            self._count += 1
            if self._count % PORTION == 0:
                self._breathe()
        plain = self._plain
        if codec.fields(kind) is None:
            return [number, *(each for name, value in vars(item).items() for each in (name, plain(value)))]
        return [
            number,
            *[value if type(value) in _ATOMS else plain(value) for value in codec.values_of(item)],
        ]


class _Reading:
    """One state on its way back.

    Texts are interned: the id of an order stands in many places, and is one text behind a start that made it.
    """

    def __init__(self, codec: StateCodec, breathe: Callable[[], None]) -> None:
        self._codec = codec
        self._breathe = breathe
        self._seen: list[object] = []

    def value(self, plain: Plain) -> object:
        if type(plain) is not list:
            return plain
        tag = plain[0]
        if tag >= _CLASSES:
            return self._of_class(tag, plain)
        if tag == _PORTIONS:
            return self._collected(plain[1], self._entries(plain[2:]))
        if tag == _SEEN:
            return self._seen[plain[1]]
        if tag == _DATE:
            return dt.date.fromisoformat(plain[1])
        return self._collected(tag, islice(plain, 1, None))

    def _entries(self, portions: list[bytes]) -> Iterator[Plain]:
        for portion in portions:
            self._breathe()
            yield from _unpack(portion)

    def _values(self, plain: Iterable[Plain]) -> Iterator[object]:
        value = self.value
        for each in plain:
            kind = type(each)
            yield value(each) if kind is list else intern(each) if kind is str else each

    def _collected(self, tag: int, entries: Iterable[Plain]) -> object:
        items = self._values(entries)
        make = _COLLECTIONS.get(tag)
        if make is not None:
            return make(items)
        return _DICTIONARIES[tag](dict(zip(items, items, strict=True)))

    def _of_class(self, number: int, plain: list[Plain]) -> object:
        codec = self._codec
        members = codec.members(number)
        if members is not None:
            return members[plain[1]]
        kind = codec.kind(number)
        names = codec.fields(kind)
        if not codec.changes(kind):
            return kind(*self._values(islice(plain, 1, None)))
        made: object = object.__new__(kind)
        # Known before its parts are read: they may refer back to it.
        self._seen.append(made)
        if names is None:
            names, plain = tuple(plain[1::2]), [number, *plain[2::2]]
        for name, each in zip(names, self._values(islice(plain, 1, None)), strict=True):
            setattr(made, name, each)
        return made


_COLLECTIONS: Final[dict[int, Callable[[Iterable[object]], object]]] = {
    _LIST: list,
    _TUPLE: tuple,
    _SET: set,
    _FROZENSET: frozenset,
    _DEQUE: deque,
}
_DICTIONARIES: Final[dict[int, Callable[[dict[object, object]], object]]] = {
    _DICT: lambda pairs: pairs,
    _COUNTER: Counter,
    _ORDERED: OrderedDict,
}


def _in_order(items: set[Any]) -> list[Any]:
    try:
        return sorted(items)
    except TypeError:
        # None among numbers has no order of its own.
        return sorted(items, key=repr)


def _fields_of(kind: type, *, changes: bool) -> tuple[str, ...] | None:
    """What is written of an object: of a value that from which it is made anew, of others all fields."""
    if attrs.has(kind):
        return tuple(field.name for field in attrs.fields(kind) if field.init or changes)
    slots = [getattr(each, "__slots__", None) for each in kind.__mro__[:-1]]
    if None in slots:
        return None
    return tuple(name for names in reversed(slots) for name in names)


def _getter(names: tuple[str, ...]) -> Callable[[Any], object]:
    if len(names) > 1:
        return attrgetter(*names)
    only = attrgetter(*names)
    return lambda item: (only(item),)
