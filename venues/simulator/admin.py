"""The simulator's own interface for people and tests: fault switches and the state of the evening.

Answers below /admin/ on the Kalshi port. Loopback only, so it asks for no key. Must not be part of what a
client of the venue sees.
"""

import json

import attrs

from venues.simulator.kalshi.stream import KalshiStream
from venues.simulator.wire.faults import FaultError, Faults
from venues.simulator.wire.http import Answer, Request
from venues.simulator.wire.json_text import compact
from venues.simulator.wire.timestamps import kalshi_time
from venues.simulator.world.live import LiveEvening


@attrs.frozen
class Admin:
    """`GET /admin/state`, `GET`, `POST` and `DELETE /admin/faults`, `POST /admin/begin`."""

    live: LiveEvening
    faults: Faults
    stream: KalshiStream

    def answer(self, request: Request) -> Answer:
        """Answer one request; a wrong one gets 400 with the reason."""
        match request.method, request.path:
            case "GET", "/admin/state":
                return _answered(self._state())
            case "GET", "/admin/faults":
                return _answered(attrs.asdict(self.faults))
            case "POST", "/admin/faults":
                return self._change(request.body)
            case "DELETE", "/admin/faults":
                self.faults.clear()
                return _answered(attrs.asdict(self.faults))
            case "POST", "/admin/begin":
                self.live.clock.begin()
                return _answered(self._state())
            case _:
                return _answered({"error": "no such switch board"}, 404)

    def _change(self, body: bytes) -> Answer:
        try:
            values = json.loads(body)
            if not isinstance(values, dict):
                return _answered({"error": "switches are an object of names and values"}, 400)
            self.faults.change(values)
        except (ValueError, FaultError) as error:
            return _answered({"error": str(error)}, 400)
        if self.faults.pause or self.faults.disconnect:
            self.stream.nudge()
        return _answered(attrs.asdict(self.faults))

    def _state(self) -> dict[str, object]:
        world = self.live.world
        return {
            "now": kalshi_time(self.live.clock.now()),
            "speed": self.live.clock.speed,
            "begun": self.live.clock.begun.is_set(),
            "over": self.live.over.is_set(),
            "clients": len(self.stream.clients),
            "games": [
                {
                    "event": game.listing.code,
                    "status": game.shown.status,
                    "home": game.shown.home,
                    "away": game.shown.away,
                }
                for game in world.games
            ],
        }


def _answered(body: dict[str, object], status: int = 200) -> Answer:
    return Answer(status, compact(body).encode())
