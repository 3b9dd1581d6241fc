"""Where a dashboard's data comes from: a running daemon, or a run that is stored."""

from collections.abc import Mapping
from typing import Protocol

from tipoff.dashboard.hub import Hub
from tipoff.json_types import Json


class DataSource(Protocol):
    """Feeds a hub, and answers questions by the names of the control socket."""

    @property
    def read_only(self) -> bool:
        """Whether nothing can be changed through it."""

    def about(self) -> dict[str, Json] | None:
        """Of a stored run: its name, and from when to when."""

    async def at(self, moment: str) -> Hub:
        """What it showed at a moment (ISO 8601). Raises Failure where there is no looking back."""

    async def feed(self, hub: Hub) -> None:
        """Keep the hub up to date until cancelled."""

    async def ask(self, method: str, params: Mapping[str, Json]) -> Json:
        """Ask, or operate. Raises Failure."""
