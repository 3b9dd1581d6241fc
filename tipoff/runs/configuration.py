"""What decides a run beside its input and its strategies, by dotted key: the journal's word for a comparison.

Written into the first fact of a run. The keys are those of `engine.toml` where it has one; what has no key
there stands under the name that the rules give it.
"""

import json
from collections.abc import Iterator, Mapping
from enum import Enum

import attrs

from engine.latency import Delay
from engine.units import NANOS_PER_MILLISECOND
from tipoff.json_types import Json
from tipoff.runs.settings import TradingSettings

NANOS = "_ns"
NO_MORE: Mapping[str, Json] = {}
APART = frozenset({"strategies", "limits", "strategy_limits", "rules", "apart"})
"""Settings that are told in sections of their own; strategies have facts of theirs, a sweep is no run."""


def configuration_text(settings: TradingSettings, more: Mapping[str, Json] = NO_MORE) -> str:
    """A JSON object in the order of its keys, with those that come with the recording."""
    keys = dict(_keys(settings)) | dict(more)
    return json.dumps(dict(sorted(keys.items())), ensure_ascii=False, separators=(",", ":"))


def _keys(settings: TradingSettings) -> Iterator[tuple[str, Json]]:
    for name, value in _fields(settings):
        if name not in APART:
            yield from _named(f"engine.{name}", value)
    for name, value in _fields(settings.rules):
        yield from _named(f"exchange.{name}", value)
    for name, value in _fields(settings.limits):
        yield from _named(f"risk.{name}", value)
    for strategy, limits in settings.strategy_limits.items():
        for name, value in _fields(limits):
            yield from _named(f"risk.{name} of {strategy}", value)


def _fields(value: attrs.AttrsInstance) -> Iterator[tuple[str, object]]:
    for field in attrs.fields(type(value)):
        yield field.name, getattr(value, field.name)


def _named(path: str, value: object) -> Iterator[tuple[str, Json]]:
    """A value in the unit of its key: times in milliseconds, a delay as the quantiles that it is given by."""
    if isinstance(value, Delay):
        for share, nanos in value.points:
            yield f"{path}_ms{'' if share == 500 else f'_p{share / 10:g}'}", nanos / NANOS_PER_MILLISECOND
    elif isinstance(value, int) and path.endswith(NANOS):
        yield f"{path.removesuffix(NANOS)}_ms", value / NANOS_PER_MILLISECOND
    else:
        yield path, _plain(value)


def _plain(value: object) -> Json:
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, tuple | list | frozenset):
        return [_plain(each) for each in value]
    return repr(value)
