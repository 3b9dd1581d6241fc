"""What may be made to go wrong while the simulator runs: switches that stay, and shots that are counted.

Set by tests through the object, by people through `POST /admin/faults`; read by the servers at the moment of
sending. Everything is off at first.
"""

from collections.abc import Mapping
from typing import Final

import attrs

SHAPES: Final = ("wrapped", "flat", "plain")
SWITCH_BOARD: Final = "/admin/"


class FaultError(ValueError):
    """A switch that does not exist or cannot have this value."""


@attrs.define
class Faults:
    """All switches. Numbers that count are used up one by one; booleans stay until they are changed."""

    # The stream: states.
    stall: bool = False
    """Nothing is sent or read on any WebSocket, not even a pong; the connections stay open."""
    freeze: bool = False
    """No data is sent, while pings and answers to commands go on."""
    refuse: bool = False
    """New WebSocket handshakes are answered with 503."""
    pause: bool = False
    """The weekly trading pause: status says so, and streams are closed."""
    odd_fees: bool = False
    """The winner of every game has fees of its own that no client can know, until this is off again."""
    # The stream: shots.
    drop: int = 0
    """The next data frames are lost, their numbers with them."""
    skip_seq: int = 0
    """The next numbered frames jump over one number, without anything being lost."""
    duplicate: int = 0
    """The next data frames are sent twice."""
    reorder: int = 0
    """The next data frames change places with the ones after them."""
    garbage: int = 0
    """So many frames that are no JSON are sent among the data."""
    oversized: int = 0
    """So many frames of `oversized_bytes` are sent among the data."""
    oversized_bytes: int = 20_000_000
    wrong_snapshot: int = 0
    """The next snapshots show a book that is not the venue's."""
    null_side: int = 0
    """The next snapshots have null for both sides instead of leaving an empty one out."""
    renamed_side: int = 0
    """The next snapshots have their sides under other names."""
    error_25: int = 0
    """The next numbered frames are replaced by the end of their subscription: buffer overflow."""
    half_frame: int = 0
    """The next writes stop in the middle and the connection is cut."""
    disconnect: int = 0
    """The next writes are replaced by a clean close."""
    # REST of both services: where, and states.
    service: str = ""
    """Only this service, "kalshi" or "balldontlie"; empty means both."""
    path_prefix: str = ""
    """Only requests whose path begins so, as the client writes it."""
    error_shape: str = "wrapped"
    """How error bodies look: wrapped, flat or plain."""
    retry_after: int = -1
    """Seconds in a Retry-After header of 429 and 503; -1 leaves it out."""
    drip_bytes_per_second: int = 0
    """Bodies are sent this slowly; 0 is as fast as possible."""
    latency_ms: int = 0
    """Every answer waits so long, in real time."""
    skew_ms: int = 0
    """The venue's clock is so far ahead: signatures are judged and Date headers written by it."""
    silent: bool = False
    """Requests are read and never answered."""
    # Scores: a state.
    wrong_points: int = 0
    """Kalshi's own live data shows so many points more for the home team than there are."""
    # REST of both services: shots.
    http_401: int = 0
    http_403: int = 0
    http_429: int = 0
    http_500: int = 0
    http_502: int = 0
    http_503: int = 0
    gzip_bomb: int = 0
    """The next bodies are small and become `gzip_bomb_bytes` when unpacked."""
    gzip_bomb_bytes: int = 64_000_000
    garbage_json: int = 0
    """The next bodies break off in the middle of their JSON."""
    null_lists: int = 0
    """The next bodies have null in place of every list."""
    odd_rows: int = 0
    """In the next bodies one row of each list has null in place of every list and text of its own."""
    html: int = 0
    """The next bodies are an HTML page with status 200."""
    redirect: int = 0
    """The next answers send the client to another host."""
    cut: int = 0
    """The next connections are cut instead of answered."""

    def shoot(self, name: str) -> bool:
        """Use up one of a shot; whether there was one."""
        left: int = getattr(self, name)
        if left <= 0:
            return False
        setattr(self, name, left - 1)
        return True

    def concerns(self, service: str, path: str) -> bool:
        """Whether the REST switches are meant for this request; the switch board itself never suffers."""
        if path.startswith(SWITCH_BOARD):
            return False
        return self.service in {"", service} and path.startswith(self.path_prefix)

    def change(self, values: Mapping[str, object]) -> None:
        """Set switches by name. Raises FaultError, and changes nothing, if one is unknown or mistyped."""
        for name, value in values.items():
            present = getattr(self, name, None) if name in SWITCHES else None
            if present is None:
                raise FaultError(f"there is no switch {name!r}")
            if type(value) is not type(present):
                raise FaultError(f"{name} takes {type(present).__name__}, not {value!r}")
            if name == "error_shape" and value not in SHAPES:
                raise FaultError(f"error_shape is one of {', '.join(SHAPES)}")
        for name, value in values.items():
            setattr(self, name, value)

    def clear(self) -> None:
        """Switch everything off."""
        self.change(attrs.asdict(Faults()))


SWITCHES: Final = tuple(field.name for field in attrs.fields(Faults))
"""The names of all switches."""
