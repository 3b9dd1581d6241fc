"""The simulated Kalshi REST interface: which path answers what, with filters, pages, limits and signatures.

Made by `venues.simulator.service`, called for every request of the Kalshi port that is no WebSocket. Answers
come from `venues.simulator.kalshi.endpoints`.
"""

from typing import Final

import attrs

from engine.token_bucket import TokenBucket
from engine.units import Nanos
from venues.simulator.kalshi.endpoints import COST, ROUTES, EndpointCall
from venues.simulator.kalshi.queries import BadQuery, Unknown
from venues.simulator.kalshi.signatures import SKEW_MS_MAX, KeyRing, Refusal
from venues.simulator.wire.error_responses import kalshi_refusal, one_shot_status
from venues.simulator.wire.faults import Faults
from venues.simulator.wire.http import Answer, Request
from venues.simulator.wire.json_text import compact
from venues.simulator.wire.recorded_bodies import RecordedBodies
from venues.simulator.world.live import LiveEvening
from venues.simulator.world.settings import SECOND

ROOT: Final = "/trade-api/v2"
STREAM_PATH: Final = "/trade-api/ws/v2"
KEYED_TOKENS: Final = 200
KEYLESS_TOKENS: Final = 50
"""Tokens a second; the venue does not say how many keyless requests it bears, but five were too many."""
BURST_SECONDS: Final = 2


@attrs.define(eq=False)
class KalshiRest:
    """The REST side of the simulated exchange."""

    live: LiveEvening
    keys: KeyRing
    faults: Faults
    limited: bool = True
    recorded: RecordedBodies | None = None
    """A recording's bodies, which then are all that there is."""
    buckets: dict[str, TokenBucket] = attrs.field(factory=dict)

    def answer(self, request: Request) -> Answer:
        """Answer one request; never raises for what a client may send."""
        if self.faults.concerns("kalshi", request.path) and (status := one_shot_status(self.faults)):
            return kalshi_refusal(status, self.faults)
        try:
            key_id = self.signer(request)
        except Refusal as refusal:
            return kalshi_refusal(401, self.faults, code=str(refusal))
        if self.limited and not self._within_budget(key_id):
            return kalshi_refusal(429, self.faults)
        if request.method != "GET" or not request.path.startswith(ROOT):
            return kalshi_refusal(404, self.faults)
        return self._routed(request, key_id)

    def signer(self, request: Request, *, required: bool = False) -> str:
        """The key id that signed a request, "" if nobody did. Raises Refusal for a wrong signature."""
        if not required and "kalshi-access-key" not in request.headers:
            return ""
        now_ms = self.live.clock.stamp() // 1_000_000 + self.faults.skew_ms
        skew_ms = SKEW_MS_MAX
        if not self.live.clock.wall_clock:
            # At 60 times the speed a round trip of half a second takes half a minute of simulated time.
            skew_ms = int(SKEW_MS_MAX * max(1.0, self.live.clock.speed))
        return self.keys.check(request.headers, f"{request.method}{request.path}", now_ms, skew_ms)

    def _within_budget(self, key_id: str) -> bool:
        now = Nanos(self.live.clock.running())
        bucket = self.buckets.get(key_id)
        if bucket is None:
            tokens = KEYED_TOKENS if key_id else KEYLESS_TOKENS
            bucket = TokenBucket.full(tokens, Nanos(SECOND), tokens * BURST_SECONDS, now)
        paid = bucket.take(COST, now)
        self.buckets[key_id] = paid or bucket
        return paid is not None

    def _routed(self, request: Request, key_id: str) -> Answer:
        path = request.path.removeprefix(ROOT)
        if self.recorded is not None:
            answer = self.recorded.answer("kalshi.rest", path, request, self.live.clock.now())
            return answer or kalshi_refusal(404, self.faults)
        for pattern, route, private in ROUTES:
            match = pattern.fullmatch(path)
            if match is None:
                continue
            if private and not key_id:
                return kalshi_refusal(401, self.faults)
            try:
                body = route(EndpointCall(self.live, self.faults, request, match.groups()))
            except Unknown:
                return kalshi_refusal(404, self.faults)
            except BadQuery as bad:
                return kalshi_refusal(400, self.faults, details=str(bad))
            return Answer(200, compact(body).encode())
        return kalshi_refusal(404, self.faults)
