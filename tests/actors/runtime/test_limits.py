"""What a single input may cause and what an actor may leave waiting: at each limit, and one past it.

Covers: actors.runtime.dispatcher.
"""

from collections.abc import Callable

import pytest
import trio
import trio.testing

from actors.runtime import Address, Answer, Defer, Edge, NotAnswered, VirtualSystem, dispatcher, edge, effects
from tests.actors.runtime.engines import MakeTree, living
from tests.actors.runtime.engines import edge as edge_spec
from tests.actors.runtime.fakes import Do, Reply, Script

A, NOBODY, FEED = Address("a"), Address("nobody"), Address("feed")
Make = Callable[..., VirtualSystem]


@pytest.mark.limit("actors.runtime.dispatcher:DEAD_LETTERS_PER_INPUT_MAX")
def test_dead_letters_of_one_input_are_published_up_to_a_number_and_then_only_counted(
    system: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dispatcher, "DEAD_LETTERS_PER_INPUT_MAX", 3)
    engine = system("a")
    engine.put(A, Do(tuple((NOBODY, number) for number in range(3))))
    counted = engine.dispatcher
    assert (counted.dead_letters, counted.dead_letters_unpublished) == (3, 0)
    engine.put(A, Do(tuple((NOBODY, number) for number in range(4))))
    assert (counted.dead_letters, counted.dead_letters_unpublished) == (7, 1)
    assert len(counted.last_dead_letters) == 6


@pytest.mark.limit("actors.runtime.effects:DEFERRED_MAX")
def test_an_actor_puts_off_so_many_questions_and_the_next_is_answered_with_an_error(
    system: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(effects, "DEFERRED_MAX", 2)
    engine = system("a")
    first, second = (engine.post(A, Do((Defer(name),))) for name in ("first", "second"))
    with pytest.raises(NotAnswered):
        engine.ask(A, Do((Defer("third"),)))
    assert [first.done, second.done] == [False, False]
    engine.put(A, Do((Answer("late", "first"),)))
    assert [first.done, second.done] == [True, False]
    assert engine.ask(A, Reply("still here")) == "still here"


@pytest.mark.limit("actors.runtime.edge:EFFECTS_MAX")
async def test_so_many_wishes_wait_for_a_task_and_one_more_fails_its_actor(
    tree: MakeTree,
    script: Script,
    monkeypatch: pytest.MonkeyPatch,
    autojump_clock: trio.testing.MockClock,
) -> None:
    assert autojump_clock.rate == 0
    monkeypatch.setattr(edge, "EFFECTS_MAX", 3)

    async def idle(_own: Edge) -> None:
        await trio.sleep_forever()

    async with living(tree("a", edge_spec("feed", idle))) as engine:
        for number in range(3):
            engine.put(FEED, number)
        await trio.sleep(1)
        assert engine.status_of(FEED).restarts == 0  # type: ignore[union-attr]
        engine.put(FEED, "one more")
        await trio.sleep(1)
        assert engine.status_of(FEED).restarts == 1  # type: ignore[union-attr]
    assert script.heard("a") == []
