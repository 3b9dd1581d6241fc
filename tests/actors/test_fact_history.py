"""What an actor's next life is built of: all that is numbered, and what it decided itself since.

Covers: actors.fact_history, actors.step_messages.
"""

import pytest

from actors.addresses import JOURNAL
from actors.fact_history import FactHistory
from actors.journal import JournalActor
from actors.messages import Commit, Wake
from actors.runtime import After
from actors.step_messages import announced, outgoing
from engine.facts import TradingHalted, TradingResumed
from engine.step import Step, Timer
from engine.units import Nanos

NOW = Nanos(5)
HALTED = TradingHalted("all", "halted", "uid 0", "a test", NOW)
RESUMED = TradingResumed("all", "uid 0", "a test", NOW)


@pytest.mark.promise("restarted-actor-knows-its-last-decision")
def test_what_is_on_its_way_to_the_journal_is_known_to_who_decided_it_and_counts_once() -> None:
    history = FactHistory((RESUMED,))
    journal = JournalActor(history, lambda: 7, next_seq=2)
    out = announced("risk_gate", history, outgoing("risk_gate", Step(facts=(HALTED,)), NOW))
    assert history.known_to("risk_gate") == (RESUMED, HALTED)
    assert history.known_to("paper_exchange") == history.facts == (RESUMED,)
    (sent,) = out
    assert isinstance(sent, tuple)
    assert sent[0] == JOURNAL
    journal.receive(sent[1], NOW)
    assert history.known_to("risk_gate") == history.known_to("paper_exchange") == (RESUMED, HALTED)


def test_what_is_announced_is_what_goes_to_the_journal_and_nothing_else() -> None:
    history = FactHistory()
    step = Step(timers=(Timer("due", NOW),))
    out = announced("risk_gate", history, outgoing("risk_gate", step, NOW))
    assert list(out) == [After(0, Wake("due"), "due")]
    assert history.known_to("risk_gate") == ()


def test_two_decisions_that_are_equal_count_twice() -> None:
    history = FactHistory()
    commits = [Commit("risk_gate", (HALTED,)), Commit("risk_gate", (HALTED,))]
    announced("risk_gate", history, [(JOURNAL, commit) for commit in commits])
    assert history.known_to("risk_gate") == (HALTED, HALTED)
    history.append(commits[0].facts, "risk_gate")
    assert history.known_to("risk_gate") == (HALTED, HALTED)
    history.append(commits[1].facts, "risk_gate")
    assert history.known_to("risk_gate") == (HALTED, HALTED)
