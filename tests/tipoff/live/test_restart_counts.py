"""Restarts, counted by actor and by why the life before ended."""

import pytest

from actors.addresses import JOURNAL, game_address
from actors.runtime import ActorExited, ActorRestarted, Address, ExitReason
from tipoff.live.restart_counts import ENDED_MAX, REASONS, RestartCounts


def ended(address: Address, reason: ExitReason) -> ActorExited:
    return ActorExited(address, 1, reason, "", "", 1)


def begun(address: Address) -> ActorRestarted:
    return ActorRestarted(address, 2, 1, 2)


def test_a_restart_is_counted_by_why_the_life_before_ended() -> None:
    restarts = RestartCounts()
    for reason in (ExitReason.CRASHED, ExitReason.CRASHED, ExitReason.SHUTDOWN):
        restarts.on_report(ended(JOURNAL, reason))
        restarts.on_report(begun(JOURNAL))
    assert restarts.counts == {("journal", "crashed"): 2, ("journal", "shutdown"): 1}
    assert {reason for _, reason in restarts.counts} <= set(REASONS)


def test_a_life_that_is_not_followed_by_another_is_no_restart() -> None:
    restarts = RestartCounts()
    restarts.on_report(ended(JOURNAL, ExitReason.CRASHED))
    assert not restarts.counts


@pytest.mark.limit("tipoff.live.restart_counts:ENDED_MAX")
def test_all_games_are_one_and_those_that_never_came_back_are_forgotten() -> None:
    restarts = RestartCounts()
    for number in range(ENDED_MAX + 1):
        restarts.on_report(ended(game_address(f"g{number}"), ExitReason.CRASHED))
    assert len(restarts._ended) == ENDED_MAX
    for number in range(ENDED_MAX + 1):
        restarts.on_report(begun(game_address(f"g{number}")))
    assert restarts.counts == {("games/*", "crashed"): ENDED_MAX, ("games/*", "shutdown"): 1}
