"""From hearing to deciding to durable: what is counted, from which moment, and what is not counted twice."""

import pytest

from actors.messages import Numbered
from engine.events import BookSide
from engine.facts import Fact, Noted, SignalAction, SignalRaised
from engine.units import Nanos
from tipoff.live.latency import Latency

MS = 1_000_000


class Clock:
    """Nanoseconds that pass when told to."""

    now = 0

    def __call__(self) -> int:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def latency(clock: Clock) -> Latency:
    return Latency(clock)


def signal(action: SignalAction) -> SignalRaised:
    side, none = BookSide.BID, None
    return SignalRaised("s-1", "sharp", "g", "T", side, action, "edge", none, none, none, (), Nanos(1))


def numbered(seq: int, cause: int, fact: Fact | None = None) -> Numbered:
    return Numbered(seq, cause, "sharp", fact or Noted("sharp", "key", "1", Nanos(seq)))


def test_a_signal_to_act_is_measured_from_the_moment_its_input_was_heard(
    latency: Latency, clock: Clock
) -> None:
    latency.input_began()
    clock.now = 3 * MS
    latency.handed_over([numbered(1, 7), numbered(2, 7, signal(SignalAction.ENTER))], 7, 2 * MS)
    assert (latency.decision_s.count, latency.decision_s.total) == (1, 0.003)


def test_near_misses_and_other_facts_are_no_decisions(latency: Latency) -> None:
    latency.input_began()
    latency.handed_over([numbered(1, 7), numbered(2, 7, signal(SignalAction.NO_TRADE))], 7, None)
    assert latency.decision_s.count == 0


def test_what_a_timer_decides_is_measured_from_the_timer_and_not_from_the_last_frame(
    latency: Latency, clock: Clock
) -> None:
    latency.input_began()
    latency.input_done()
    clock.now = 900 * MS
    latency.handed_over([numbered(1, 7, signal(SignalAction.EXIT))], 7, 899 * MS)
    assert latency.decision_s.total == pytest.approx(0.001)


def test_what_is_offered_again_after_a_failure_is_no_new_decision_and_waits_since_it_was_first_handed_over(
    latency: Latency, clock: Clock
) -> None:
    facts = [numbered(1, 7, signal(SignalAction.ENTER))]
    latency.input_began()
    latency.handed_over(facts, 7, None)
    latency.input_done()
    clock.now = 2_000 * MS
    latency.handed_over(facts, 8, 1_999 * MS)
    assert latency.lag_s == 2.0
    clock.now = 2_500 * MS
    latency.committed(1)
    assert latency.decision_s.count == 1
    assert (latency.durable_s.count, latency.durable_s.total) == (1, 2.5)
    assert latency.lag_s == 0


def test_a_transaction_makes_durable_what_was_handed_over_before_it_and_nothing_later(
    latency: Latency, clock: Clock
) -> None:
    latency.handed_over([numbered(1, 1), numbered(2, 1)], 1, None)
    clock.now = 10 * MS
    latency.handed_over([numbered(3, 2)], 2, None)
    clock.now = 12 * MS
    latency.committed(2)
    assert latency.durable_s.total == 0.012
    assert latency.lag_s == 0.002
