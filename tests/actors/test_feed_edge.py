"""The feed's edge passes on what its task can do, and nothing else."""

import pytest

from actors.feed_edge import FeedEdge
from actors.messages import SnapshotWanted, TradesWanted, Wake
from actors.runtime import Perform
from engine.units import Nanos


@pytest.mark.parametrize("wish", [SnapshotWanted(1, 2), TradesWanted("T", Nanos(1), Nanos(2))])
def test_wishes_for_books_and_trades_go_to_the_task(wish: SnapshotWanted | TradesWanted) -> None:
    assert FeedEdge().receive(wish, 5) == [Perform(wish)]


def test_anything_else_is_not_performed() -> None:
    assert FeedEdge().receive(Wake("x"), 5) == []
