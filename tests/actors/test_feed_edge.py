"""The feed's edge passes the wish for fresh books on, and nothing else."""

from actors.feed_edge import FeedEdge
from actors.messages import SnapshotWanted, StateWanted
from actors.pollers import Poller
from actors.runtime import Perform


def test_a_wish_for_snapshots_becomes_a_wish_to_the_task() -> None:
    wanted = SnapshotWanted(3, 7)
    assert FeedEdge().receive(wanted, 0) == [Perform(wanted)]


def test_anything_else_is_no_matter_of_the_task() -> None:
    assert FeedEdge().receive(StateWanted(), 0) == []
    assert Poller().receive(SnapshotWanted(3, 7), 0) == []
