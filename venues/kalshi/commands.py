"""The commands of a connection that wait for their reply, and what a reply is.

Kept by a session. A reply repeats the number of its command. Where that cannot be read it is taken to be to
the oldest command of its kind, since an oddly written reply is no reason to give a connection up.
"""

import attrs
import msgspec

from venues.kalshi import wire
from venues.refusals import REFUSABLE

REPLY_S_MAX = 10.0
"""A command without a reply for so long means that the other side is not listening."""


@attrs.define
class Command:
    """A command that waits for its reply."""

    name: str
    channel: str
    sent_at: float


class Commands:
    """Those of one connection."""

    def __init__(self) -> None:
        """None was sent yet."""
        self._pending: dict[int, Command] = {}
        self._next_id = 1

    def text_of(self, name: str, channel: str, params: dict[str, object], now: float) -> str:
        """The text of a new command, which waits for its reply from now on."""
        number, self._next_id = self._next_id, self._next_id + 1
        self._pending[number] = Command(name, channel, now)
        body: dict[str, object] = {"id": number, "cmd": name}
        if params:
            body["params"] = params
        return msgspec.json.encode(body).decode()

    def waits(self, name: str) -> bool:
        """Whether one of that name has no reply yet."""
        return any(command.name == name for command in self._pending.values())

    def overdue(self, now: float) -> Command | None:
        """The oldest whose reply should have come long ago."""
        for command in self._pending.values():
            if now - command.sent_at > REPLY_S_MAX:
                return command
        return None

    def take(self, number: int) -> Command | None:
        """The command of that number, which has its reply now."""
        return self._pending.pop(number, None)

    def take_oldest(self, number: int, name: str = "") -> Command | None:
        """The same, but where a reply has no number it is to the oldest of its kind."""
        if not number:
            of_name = [each for each, command in self._pending.items() if name in ("", command.name)]
            number = of_name[0] if of_name else 0
        return self.take(number)


def reply_of(text: str) -> wire.Frame | wire.Envelope | None:
    """A frame, or its readable part; what is refused of it was counted by the translator."""
    try:
        return wire.FRAME.decode(text)
    except msgspec.ValidationError:
        pass
    except REFUSABLE:
        return None
    try:
        envelope = wire.ENVELOPE.decode(text)[0]
    except REFUSABLE:
        return None
    try:
        return wire.SHAPES[envelope.type].pieces(text)[0]
    except (KeyError, *REFUSABLE):
        return envelope
