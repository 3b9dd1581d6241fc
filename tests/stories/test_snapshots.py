"""A snapshot and what follows it come to the state of all facts, whatever happened and wherever it was cut.

What a real evening left behind is spoilt in every way, and cut at any place, once or twice: the states are
compared byte by byte, and a process that goes on from a snapshot decides what one decides that folds all.

Covers: tipoff.runs.run_fold, tipoff.runs.fold_snapshots, actors.fact_history.
"""

from collections.abc import Callable
from itertools import pairwise
from typing import Final

import attrs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.facts import Fact, OrderApproved, OrderSubmitted, TradingHalted
from engine.quarantine import UnreadFact
from engine.units import Nanos
from tests.stories.test_set_aside import (
    Evening,
    Journal,
    duplicate,
    evening,
    goes_on,
    missing_predecessor,
    out_of_range,
    truncated_body,
    unknown_enum,
    unknown_id,
    unknown_kind,
)
from tipoff.runs.fold_snapshots import CODEC, sections_of, snapshot_of
from tipoff.runs.run_fold import RunFold, SectionOf, folded

__all__ = ["evening"]

Spoil = Callable[[tuple[Fact, ...], int], Journal]
SPOILS: Final[tuple[Spoil, ...]] = (
    unknown_id,
    duplicate,
    missing_predecessor,
    out_of_range,
    unknown_enum,
    truncated_body,
    unknown_kind,
)
PLACES: Final = st.floats(0, 1, exclude_max=True)


def spoilt(facts: tuple[Fact, ...], spoils: list[tuple[Spoil, float]]) -> list[Fact | UnreadFact]:
    """The facts, spoilt at these places one after the other."""
    journal: Journal = facts
    for spoil, place in spoils:
        readable = tuple(fact for fact in journal if not isinstance(fact, UnreadFact))
        journal = spoil(readable, int(place * len(readable)))
    return list(journal)


def states(fold: RunFold) -> dict[str, bytes]:
    """What a fold has come to, byte by byte."""
    return dict(snapshot_of(fold, Nanos(1), "any").sections)


HEARD: Final = {"prints", "_folds"}
"""Of the exchange's state what follows from no fact."""
OF_THE_PROCESS: Final = {
    *("rounding", "_limits_given", "limits", "configured"),
    *("view", "lag", "journal_trouble", "ends", "denials"),
}
"""Of the gate what is configured, heard or counted anew; of the limits in force see below."""


def everything(fold: RunFold) -> bytes:
    """All that exchange and gate hold but what is named above: whatever is not saved must show here."""
    state, gate = fold.exchange.state, fold.sieve.scratch.gate
    of_exchange = {each.name: getattr(state, each.name) for each in attrs.fields(type(state))}
    parts: dict[str, object] = {name: part for name, part in of_exchange.items() if name not in HEARD}
    parts |= {f"gate {name}": part for name, part in vars(gate).items() if name not in OF_THE_PROCESS}
    parts["limits in force"] = gate.limits.all_of(None)
    return CODEC.encode(parts)


def saved(fold: RunFold) -> SectionOf:
    """What the next process reads."""
    return sections_of(snapshot_of(fold, Nanos(1), "any"))


@pytest.mark.promise("snapshot-and-tail-is-the-fold")
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    spoils=st.lists(st.tuples(st.sampled_from(SPOILS), PLACES), max_size=3),
    cuts=st.lists(PLACES, min_size=1, max_size=2).map(sorted),
)
def test_a_snapshot_and_what_follows_it_are_the_fold_of_all_facts(
    evening: Evening, spoils: list[tuple[Spoil, float]], cuts: list[float]
) -> None:
    # Before everything, so that each snapshot has something to lose.
    halt = TradingHalted("strategy:nobody", "halted", "uid 0", "a test", evening.facts[0].at)
    facts = spoilt((halt, *evening.facts), spoils)
    whole = folded(facts, evening.settings)
    places = [0, *(int(cut * len(facts)) for cut in cuts), len(facts)]
    before: SectionOf | None = None
    for first, last in pairwise(places):
        fold = folded(facts[first:last], evening.settings, before)
        before = saved(fold)
    assert states(fold) == states(whole)
    assert everything(fold) == everything(whole)
    assert fold.sieve.sifted == whole.sieve.sifted
    assert (fold.entries, fold.unread) == (len(facts), whole.unread)


@pytest.mark.promise("snapshot-and-tail-is-the-fold")
@pytest.mark.parametrize("cut", [0.01, 0.3, 0.6, 0.9, 1.0])
@pytest.mark.parametrize("spoil", [None, duplicate, truncated_body])
def test_a_process_behind_a_snapshot_decides_what_one_decides_that_folds_everything(
    evening: Evening, spoil: Spoil | None, cut: float
) -> None:
    facts = spoilt(evening.facts, [] if spoil is None else [(spoil, 0.7)])
    place = int(cut * len(facts))
    before = folded(facts[:place], evening.settings)
    whole, shorter = goes_on(evening, facts), goes_on(evening, facts[place:], before)
    assert shorter.facts == whole.facts
    assert shorter.said == whole.said
    assert len(whole.facts) > 10, "nothing was decided that could differ"


@pytest.mark.promise("snapshot-and-tail-is-the-fold")
def test_what_a_process_left_unfinished_is_finished_behind_a_snapshot_too(evening: Evening) -> None:
    last = max(place for place, fact in enumerate(evening.facts) if isinstance(fact, OrderApproved))
    facts = evening.facts[: last + 1]
    assert folded(facts, evening.settings).unfinished.unsent()
    whole = goes_on(evening, facts)
    shorter = goes_on(evening, (), folded(facts, evening.settings))
    assert shorter.facts == whole.facts
    assert any(isinstance(fact, OrderSubmitted) for fact in whole.facts)
