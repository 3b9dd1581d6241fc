"""What a metric is: name, kind, meaning, labels, and how it is read, all in one row.

Labels are few, and what could grow is cut at a limit. Names begin with tipoff_, units are seconds, bytes and
dollars.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Final, Literal, TypeAlias

import attrs

from actors.runtime import Histogram
from tipoff.metrics.engine_view import LABEL_VALUES_MAX, OTHER, EngineView, label

Kind = Literal["counter", "gauge", "histogram", "info"]
Labels: TypeAlias = tuple[str, ...]
Samples: TypeAlias = Mapping[Labels, float | Histogram]
Read: TypeAlias = Callable[[EngineView], float]
ReadBy: TypeAlias = Callable[[EngineView], Mapping[str, float]]

NO_LABELS: Final[Labels] = ()


@attrs.frozen
class Family:
    """One metric. A counter's name ends in _total, an info's in _info."""

    name: str
    kind: Kind
    help: str
    labels: Labels
    samples: Callable[[EngineView], Samples]
    """Every series that there is now; answers at once, from memory."""


@attrs.frozen
class Group:
    """Metrics that fail together, and leave the others alone."""

    name: str
    title: str
    """Their heading in the manual."""
    families: tuple[Family, ...]
    prepare: Callable[[EngineView], object] = lambda _view: None
    """Called before they are read."""


def counter(name: str, text: str, read: Read) -> Family:
    """A number that never falls."""
    return Family(f"tipoff_{name}_total", "counter", text, (), _one(read))


def counter_by(name: str, text: str, by: str, read: ReadBy, known: Iterable[str] = ()) -> Family:
    """Numbers that never fall, by a label; what is `known` is there from 0 on."""
    return Family(f"tipoff_{name}_total", "counter", text, (by,), _counted(read, tuple(known)))


def gauge(name: str, text: str, read: Callable[[EngineView], float | None]) -> Family:
    """A number that rises and falls; None is no series."""
    return Family(f"tipoff_{name}", "gauge", text, (), _one(read))


def gauge_by(name: str, text: str, by: str, read: ReadBy, known: Iterable[str] = ()) -> Family:
    """Numbers that rise and fall, by a label; what is `known` is there from 0 on."""
    return Family(f"tipoff_{name}", "gauge", text, (by,), _counted(read, tuple(known)))


def histogram(name: str, text: str, read: Callable[[EngineView], Histogram]) -> Family:
    """How many values lie below each bound."""
    return Family(f"tipoff_{name}", "histogram", text, (), lambda view: {NO_LABELS: read(view)})


def histogram_by(
    name: str, text: str, by: str, read: Callable[[EngineView], Mapping[str, Histogram]]
) -> Family:
    """A histogram for each value of a label."""
    return Family(
        f"tipoff_{name}",
        "histogram",
        text,
        (by,),
        lambda view: {(value,): found for value, found in read(view).items()},
    )


def info(name: str, text: str, **read: Callable[[EngineView], str]) -> Family:
    """Texts, as the labels of a series that is always 1."""
    return Family(
        f"tipoff_{name}_info",
        "info",
        text,
        tuple(read),
        lambda view: {tuple(label(of(view)) for of in read.values()): 1.0},
    )


def counted(known: Iterable[Labels], found: Iterable[tuple[Labels, float]]) -> dict[Labels, float]:
    """Every known set of labels from 0 on, and others as far as there is room.

    The rest is counted under `other`, which takes the place of the first label.
    """
    # Prometheus sees no increase in a series that begins with 1, so what is known begins with 0.
    samples: dict[Labels, float] = dict.fromkeys(known, 0.0)
    for labels, value in found:
        key = tuple(map(label, labels))
        if key not in samples and len(samples) >= LABEL_VALUES_MAX:
            key = (OTHER, *key[1:])
        samples[key] = samples.get(key, 0.0) + value
    return samples


def _one(read: Callable[[EngineView], float | None]) -> Callable[[EngineView], Samples]:
    def samples(view: EngineView) -> Samples:
        value = read(view)
        return {} if value is None else {NO_LABELS: value}

    return samples


def _counted(read: ReadBy, known: tuple[str, ...]) -> Callable[[EngineView], Samples]:
    def samples(view: EngineView) -> Samples:
        found = (((name,), value) for name, value in read(view).items())
        return counted([(name,) for name in known], found)

    return samples
