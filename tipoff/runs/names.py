"""What a run is called, and which kind of run its name says that it is.

Used by the replay, which names a run after what it replays, and by whoever lists what a database holds.
"""

from typing import Final, Literal, TypeAlias

REPLAY: Final = "replay-"
"""How the name of every replayed run begins; behind it stands what it was replayed from and with."""

RunKind: TypeAlias = Literal["live", "replay"]


def kind_of(run: str) -> RunKind:
    """Whether a run was replayed from a recording or traded while it happened."""
    return "replay" if run.startswith(REPLAY) else "live"
