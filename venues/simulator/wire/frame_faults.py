"""What a bad network or a bad venue does to data frames on their way to one client.

Sits between a client's session and its peer; acts only when a fault is switched on.
"""

import attrs

from venues.simulator.wire.faults import Faults


@attrs.define
class FrameFaults:
    """Spoils the order and number of one client's data frames, as the faults say."""

    faults: Faults
    held: str | None = None
    """A frame that waits for the next one to go before it."""

    def spoil(self, texts: list[str]) -> list[str]:
        """The frames that really go out."""
        if self.faults.freeze:
            return []
        sent: list[str] = []
        for text in texts:
            sent += self._spoil_one(text)
        return sent

    def _spoil_one(self, text: str) -> list[str]:
        faults = self.faults
        if faults.shoot("drop"):
            return []
        if self.held is None and faults.shoot("reorder"):
            self.held = text
            return []
        sent = [text]
        if faults.shoot("duplicate"):
            sent.append(text)
        if faults.shoot("garbage"):
            sent.append(text[: len(text) // 2])
        if faults.shoot("oversized"):
            sent.append('{"type":"orderbook_delta","pad":"' + "x" * faults.oversized_bytes + '"}')
        if self.held is not None:
            sent.append(self.held)
            self.held = None
        return sent
