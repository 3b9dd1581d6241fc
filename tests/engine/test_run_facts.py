"""What became of a command is an enum; journals that were written before it are read by its word."""

import pytest

from engine.facts import OperatorActed
from engine.run_facts import Verdict
from engine.units import Nanos


def acted(outcome: str, verdict: Verdict | None = None) -> OperatorActed:
    return OperatorActed("r-1", 1000, "halt", "{}", outcome, Nanos(5), verdict)


@pytest.mark.parametrize(
    ("fact", "verdict", "words"),
    [
        (acted("done: all is halted", Verdict.DONE), Verdict.DONE, "all is halted"),
        (acted("refused: no order\nof ours", Verdict.REFUSED), Verdict.REFUSED, "no order\nof ours"),
        (acted("done: refused: it said", Verdict.DONE), Verdict.DONE, "refused: it said"),
        (acted("refused: done: it said", Verdict.REFUSED), Verdict.REFUSED, "done: it said"),
        (acted("done: all is halted"), Verdict.DONE, "all is halted"),
        (acted("refused: no order"), Verdict.REFUSED, "no order"),
        (acted("restarted"), Verdict.DONE, "restarted"),
    ],
)
def test_an_outcome_is_a_verdict_and_the_words_without_it(
    fact: OperatorActed, verdict: Verdict, words: str
) -> None:
    assert fact.judged() == (verdict, words)


def test_the_verdict_decides_and_not_the_words() -> None:
    assert acted("refused: by its words", Verdict.DONE).judged()[0] is Verdict.DONE
