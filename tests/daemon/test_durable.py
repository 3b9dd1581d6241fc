"""What shares a transaction: whole inputs, never half of one."""

import pytest

from actors.messages import Numbered
from daemon.durable import whole_inputs
from engine.facts import Noted
from engine.units import Nanos


def facts(*causes: int) -> list[Numbered]:
    """Facts that were decided on these inputs."""
    return [
        Numbered(seq, cause, "sharp", Noted("sharp", "key", "1", Nanos(seq)))
        for seq, cause in enumerate(causes, start=1)
    ]


@pytest.mark.parametrize(
    ("causes", "rows_max", "taken"),
    [
        ((), 2, 0),
        ((1,), 2, 1),
        ((1, 2), 2, 2),
        ((1, 2, 3), 2, 2),
        ((1, 2, 2), 2, 3),
        ((1, 1, 1, 2), 1, 3),
        ((1, 1, 2, 2), 3, 4),
    ],
)
def test_a_transaction_ends_where_an_input_ends(causes: tuple[int, ...], rows_max: int, taken: int) -> None:
    assert whole_inputs(facts(*causes), rows_max) == taken
