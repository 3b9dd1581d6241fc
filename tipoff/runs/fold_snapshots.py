"""Snapshots of the fold of a run: which classes they hold, by which program, and the way there and back.

The version of a snapshot is made of all code that folds: a program in which a single line of it is another
one folds the journal anew, since nobody can tell whether it would have come to the same state.
"""

import hashlib
import sys
from collections.abc import Callable, Iterator
from enum import Enum
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Final, get_args, get_type_hints

import attrs

import actors.fact_history
import actors.read_model
import engine
import persistence.codec
import persistence.state_codec
import tipoff.runs.run_fold
from actors.read_model.model import CancelSeen, OrderSeen, StrategySeen
from engine import exchange, outcome_range, risk
from engine.book import Book
from engine.facts import FACTS
from engine.order_stages import OrderStage, OrderStages
from engine.orphaned_orders import Unfinished
from engine.quarantine import Sifted, UnreadFact
from engine.strategies.baselines import Baseline, Baselines
from engine.strategies.legs import Group, Groups, Leg
from engine.strategies.portfolio import Holding, OpenOrder, Portfolio
from engine.tally import StrategyTally, Tally
from engine.units import Nanos
from persistence.snapshots import Snapshot
from persistence.state_codec import StateCodec, StateUnreadable
from tipoff.runs.run_fold import RunFold, SectionOf, fold_digest
from tipoff.runs.settings import TradingSettings

CHANGING: Final[tuple[type, ...]] = (
    *exchange.CHANGING,
    *risk.CHANGING,
    Sifted,
    Unfinished,
    Portfolio,
    Holding,
    OpenOrder,
    Groups,
    Group,
    Leg,
    Baselines,
    Tally,
    StrategyTally,
    *outcome_range.CHANGING,
    OrderStages,
    OrderSeen,
    CancelSeen,
    StrategySeen,
)
"""What a fold is made of and changes with it."""

VALUES: Final[tuple[type, ...]] = (exchange.ExchangeState, risk.Halt, Baseline, OrderStage, UnreadFact)
"""Where the values of a fold are named that no class of the above names, nor any fact."""

FOLDS: Final[tuple[ModuleType, ...]] = (
    engine,
    actors.fact_history,
    actors.read_model,
    persistence.codec,
    persistence.state_codec,
    tipoff.runs.run_fold,
)
"""The code by which facts are read and folded: packages with all that is in them, and modules."""


def _values() -> tuple[type, ...]:
    """All classes that the fields of facts and of the fold are annotated with, by name."""
    found: dict[str, type] = {}
    left: list[object] = [*FACTS.values(), *CHANGING, *VALUES]
    while left:
        hint = left.pop()
        left += get_args(hint)
        if not isinstance(hint, type) or f"{hint.__module__}.{hint.__qualname__}" in found:
            continue
        if attrs.has(hint) or issubclass(hint, Enum):
            found[f"{hint.__module__}.{hint.__qualname__}"] = hint
            left += [] if issubclass(hint, Enum) else get_type_hints(hint).values()
    # The state of the exchange itself is written part by part.
    apart = (*CHANGING, exchange.ExchangeState)
    return tuple(kind for _name, kind in sorted(found.items()) if kind not in apart)


CODEC: Final = StateCodec(_values(), CHANGING, {Book: ("ticker",)})


def version_of(settings: TradingSettings) -> str:
    """By which program and settings a fold is made, 64 hexadecimal digits."""
    digest = hashlib.sha256(_program().encode())
    digest.update(fold_digest(settings).encode())
    for plan in settings.strategies:
        module = sys.modules[type(plan.make()).__module__]
        # Those of other packages fold, too.
        for file in _files(module):
            digest.update(file.read_bytes())
    return digest.hexdigest()


@cache
def _program() -> str:
    digest = hashlib.sha256(CODEC.layout().encode())
    for module in FOLDS:
        for file in _files(module):
            digest.update(file.read_bytes())
    return digest.hexdigest()


def _files(module: ModuleType) -> Iterator[Path]:
    """The files of a module, or of a package and all within it: as Python, or compiled."""
    if module.__file__ is None:
        return
    file = Path(module.__file__)
    if hasattr(module, "__path__"):
        yield from sorted(each for each in file.parent.rglob("*") if each.suffix in {".py", ".so"})
    else:
        yield file


def snapshot_of(
    fold: RunFold, at: Nanos, version: str, breathe: Callable[[], None] = lambda: None
) -> Snapshot:
    """What a fold has come to, which must not go on meanwhile. Raises StateUnsavable naming what it cannot
    write.

    `breathe` is called every few hundred objects.
    """
    sections = {name: CODEC.encode(parts, breathe) for name, parts in fold.states().items()}
    return Snapshot(fold.entries, at, version, sections)


def sections_of(snapshot: Snapshot, breathe: Callable[[], None] = lambda: None) -> SectionOf:
    """The states of a snapshot by name, made anew each time. Raises StateUnreadable."""

    def section(name: str) -> dict[str, object]:
        text = snapshot.sections.get(name)
        if text is None:
            raise StateUnreadable(f"there is no state {name!r} in it")
        return CODEC.decode(text, breathe)

    return section
