"""The journal on the loop: facts are numbered, and nobody hears of one before it is durable.

Covers: actors.fact_history.
"""

import pytest

from actors.addresses import FACTS, JOURNAL, RISK_GATE, WRITER, strategy_address
from actors.fact_history import FactHistory
from actors.journal import WRITE_AGAIN_NS, JournalActor, StoreFailed, WriterActor
from actors.messages import (
    Commit,
    Committed,
    CommittedUpTo,
    Numbered,
    StorageFailed,
    Wake,
    WriteFacts,
)
from actors.runtime import After, Publish
from engine.facts import Noted
from engine.invariant import InvariantBroken
from engine.units import Nanos

NOTE = Noted("sharp", "baseline", "0.55", Nanos(5))
WISH = (RISK_GATE, "a wish")


def journal(memory: FactHistory | None = None) -> JournalActor:
    """A journal at its beginning; the input being worked on is number 7."""
    return JournalActor(memory or FactHistory(), lambda: 7)


def test_facts_are_numbered_without_holes_and_carry_their_cause() -> None:
    actor = journal()
    assert actor.receive(Commit("sharp", (NOTE, NOTE)), 5) == [
        (WRITER, WriteFacts((Numbered(1, 7, "sharp", NOTE), Numbered(2, 7, "sharp", NOTE))))
    ]
    assert actor.receive(Commit("sharp", (NOTE,)), 5) == [
        (WRITER, WriteFacts((Numbered(3, 7, "sharp", NOTE),)))
    ]


@pytest.mark.promise("nothing-told-before-commit")
def test_nothing_is_told_before_the_commit_and_everything_after_it() -> None:
    actor = journal()
    at_once = actor.receive(Commit("paper_exchange", (NOTE,), (WISH,)), 5)
    assert WISH not in at_once
    assert not [each for each in at_once if isinstance(each, Publish)]
    assert actor.receive(CommittedUpTo(0), 6) == []
    numbered = Numbered(1, 7, "paper_exchange", NOTE)
    assert actor.receive(CommittedUpTo(1), 6) == [
        Publish(FACTS, Committed((numbered,))),
        (strategy_address("sharp"), NOTE),
        WISH,
    ]


def test_a_strategy_is_not_told_its_own_facts() -> None:
    actor = journal()
    actor.receive(Commit("sharp", (NOTE,)), 5)
    assert actor.receive(CommittedUpTo(1), 6) == [Publish(FACTS, Committed((Numbered(1, 7, "sharp", NOTE),)))]


def test_half_a_commit_is_not_told() -> None:
    actor = journal()
    actor.receive(Commit("sharp", (NOTE, NOTE)), 5)
    assert actor.receive(CommittedUpTo(1), 6) == []


def test_while_storage_fails_the_gate_knows_and_facts_are_offered_again() -> None:
    actor = journal()
    actor.receive(Commit("sharp", (NOTE,)), 5)
    failed = StorageFailed("full", "no space")
    assert actor.receive(failed, 6) == [
        (RISK_GATE, failed),
        After(WRITE_AGAIN_NS, Wake("write_again"), "write_again"),
    ]
    assert actor.receive(Commit("sharp", (NOTE,)), 7) == []
    again = actor.receive(Wake("write_again"), 8)
    assert again == [
        (WRITER, WriteFacts((Numbered(1, 7, "sharp", NOTE),))),
        (WRITER, WriteFacts((Numbered(2, 7, "sharp", NOTE),))),
    ]
    assert actor.receive(CommittedUpTo(2), 9)[-1] == (RISK_GATE, CommittedUpTo(2))


def test_what_was_numbered_is_remembered_for_the_next_life() -> None:
    memory = FactHistory()
    journal(memory).receive(Commit("sharp", (NOTE,)), 5)
    assert memory.facts == (NOTE,)
    assert memory.of_strategy("sharp") == [NOTE]
    assert memory.of_strategy("other") == []


@pytest.mark.parametrize("answers", [True, False])
def test_the_writer_answers_unless_a_recording_does(answers: bool) -> None:  # noqa: FBT001 - a parameter of the table
    stored: list[Numbered] = []

    def store(facts: tuple[Numbered, ...]) -> int:
        stored.extend(facts)
        return facts[-1].seq

    writer = WriterActor(store, answers=answers)
    facts = (Numbered(4, 7, "sharp", NOTE),)
    expected = [(JOURNAL, CommittedUpTo(4))] if answers else []
    assert writer.receive(WriteFacts(facts), 5) == expected
    assert stored == list(facts)


def test_what_is_committed_while_the_rest_is_tried_again_follows_by_itself() -> None:
    actor = journal()
    actor.receive(Commit("sharp", (NOTE,)), 5)
    actor.receive(StorageFailed("full", "no space"), 6)
    actor.receive(Wake("write_again"), 7)
    assert actor.receive(Commit("sharp", (NOTE,)), 8) == []
    out = actor.receive(CommittedUpTo(1), 9)
    assert out[-2:] == [
        (RISK_GATE, CommittedUpTo(1)),
        (WRITER, WriteFacts((Numbered(2, 7, "sharp", NOTE),))),
    ]


def test_a_storage_that_fails_while_nothing_waits_is_tried_with_what_comes_next() -> None:
    actor = journal()
    again = After(WRITE_AGAIN_NS, Wake("write_again"), "write_again")
    actor.receive(StorageFailed("full", "no space for records"), 5)
    assert actor.receive(Wake("write_again"), 6) == [again]
    assert actor.receive(Commit("sharp", (NOTE,)), 7) == []
    numbered = Numbered(1, 7, "sharp", NOTE)
    assert actor.receive(Wake("write_again"), 8) == [(WRITER, WriteFacts((numbered,)))]
    assert actor.receive(CommittedUpTo(1), 9)[-1] == (RISK_GATE, CommittedUpTo(1))


def test_the_writer_stores_nothing_after_a_failure_but_what_failed() -> None:
    stored: list[Numbered] = []
    trouble = [StoreFailed("full", "no space")]

    def store(facts: tuple[Numbered, ...]) -> int:
        if trouble:
            raise trouble.pop()
        stored.extend(facts)
        return facts[-1].seq

    writer = WriterActor(store)
    first, second = (Numbered(number, 7, "sharp", NOTE) for number in (1, 2))
    assert writer.receive(WriteFacts((first,)), 5) == [(JOURNAL, StorageFailed("full", "no space"))]
    assert writer.receive(WriteFacts((second,)), 5) == []
    assert writer.receive(WriteFacts((first,)), 6) == [(JOURNAL, CommittedUpTo(1))]
    assert writer.receive(WriteFacts((second,)), 6) == [(JOURNAL, CommittedUpTo(2))]
    assert stored == [first, second]


def test_the_writer_ends_the_engine_when_no_waiting_helps() -> None:
    def store(_facts: tuple[Numbered, ...]) -> int:
        raise StoreFailed("corrupt", "a page is damaged", lasting=True)

    with pytest.raises(InvariantBroken, match="a page is damaged"):
        WriterActor(store).receive(WriteFacts((Numbered(1, 7, "sharp", NOTE),)), 5)
