"""Requests to one service: within its rate limit, with retries, and a circuit breaker while it is down.

Used by `venues.kalshi.rest` and `venues.balldontlie.rest`. Every body goes to `on_body` as it came; it is
parsed there and nowhere else. Only GET is ever asked again. Time comes from trio (which tests can wind on)
and, for signatures, dates and stamps, from `wall`.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

import attrs
import trio

from engine.events import VenueEvent
from engine.token_bucket import TokenBucket
from engine.units import NANOS_PER_SECOND, Nanos
from venues.errors import (
    AnswerNotUnderstood,
    CircuitOpen,
    ClockRefused,
    CredentialsRefused,
    RateLimited,
    RequestRefused,
    ServerFailed,
    TimedOut,
    Unreachable,
    VenueError,
)
from venues.recordings.line_kinds import OLDER, what_of
from venues.transport.clock_skew import ClockSkew, remedy, server_date, skew_of_headers
from venues.transport.http import Answer, Http
from venues.transport.retry_jitter import full_jitter_s

WAIT_S_MIN = 0.001
TARGETS_MAX = 1_024
"""Targets whose last answer's date is remembered."""

OnBody = Callable[[str, str], tuple[VenueEvent, ...]]
"""Takes `what` and body of an answer as soon as it is there, and returns its events."""

Refuse = Callable[[Answer], tuple[str, str]]
"""Reads the service's error code and message from the body of a refusal."""

Headers = Callable[[str], Mapping[str, str]]
"""Headers for one attempt at a path below the root, made anew each time."""


@attrs.frozen
class Body:
    """The body of a good answer, and its events if it has been passed on."""

    text: str
    events: tuple[VenueEvent, ...] = ()


@attrs.frozen
class RetryPolicy:
    """How often and how long to try, in seconds."""

    attempts_max: int = 3
    wait_s_base: float = 0.5
    wait_s_max: float = 8.0
    failures_to_open: int = 5
    open_s: float = 15.0
    open_s_max: float = 240.0


@attrs.frozen(kw_only=True)
class RequestPolicy:
    """How one service is asked: its budget as of a moment, who is given the bodies, how it words a refusal.

    `wall` is UTC nanoseconds, `draw` gives jitter in [0, 1), `headers` are made anew for every attempt.
    """

    bucket: Callable[[Nanos], TokenBucket]
    on_body: OnBody
    refuse: Refuse
    headers: Headers
    wall: Callable[[], int]
    draw: Callable[[], float]
    retry: RetryPolicy = RetryPolicy()


class Client:
    """Requests to one service within one budget."""

    def __init__(self, http: Http, policy: RequestPolicy) -> None:
        """`http` is opened and closed by whoever gave it."""
        self.http = http
        self.retry = policy.retry
        self.skew: ClockSkew | None = None
        self.refusals = 0
        self.older = 0
        self._bucket = policy.bucket(_now())
        self._policy = policy
        self._failures = 0
        self._first_failure: VenueError | None = None
        self._open_until = -1.0
        self._probing = False
        self._newest: dict[str, datetime] = {}

    async def get(self, target: str, cost: int = 1, *, pass_on: bool = True) -> Body:
        """Ask for `target` and return the body of its 200. Raises VenueError when trying again did not help.

        Without `pass_on` a good body is not passed on: its caller does that, together with others.
        """
        for attempt in range(self.retry.attempts_max):
            try:
                return await self._attempt(target, cost, pass_on=pass_on)
            except VenueError as error:
                wait_s = self._wait_s(error, attempt)
                if wait_s is None or attempt + 1 == self.retry.attempts_max:
                    raise
            await trio.sleep(wait_s)
        raise AssertionError("attempts_max is at least one")  # pragma: no cover

    def say(self, what: str, body: str) -> None:
        """Pass something on that was put together from several bodies."""
        self._policy.on_body(what, body)

    @property
    def tokens(self) -> int:
        """What may be spent on requests at once."""
        return self._bucket.available(_now())

    @property
    def tokens_max(self) -> int:
        """What may be spent at once when nothing was asked for long enough."""
        return self._bucket.burst

    @property
    def circuit_open(self) -> bool:
        """Whether the service counts as down."""
        return trio.current_time() < self._open_until

    async def _attempt(self, target: str, cost: int, *, pass_on: bool) -> Body:
        """One request: circuit breaker, rate limit, answer, verdict."""
        probe = self._enter_circuit(target)
        try:
            await self._take(cost)
            answer = await self.http.get(target, self._policy.headers(target))
            self.skew = skew_of_headers(answer.headers, self._policy.wall()) or self.skew
            if answer.status == 200 and self._is_older(target, answer):
                self._policy.on_body(f"{OLDER} {target}", answer.body)
                raise AnswerNotUnderstood(f"{target}: an answer that is older than the last one")
            events: tuple[VenueEvent, ...] = ()
            if pass_on or answer.status != 200:
                events = self._policy.on_body(what_of(answer.status, target), answer.body)
            body = Body(self._verdict(target, answer, events), events)
        # A 4xx does not count: whoever refuses is up.
        except (Unreachable, TimedOut, ServerFailed) as error:
            self._failed(error)
            raise
        finally:
            if probe:
                self._probing = False
        self._failures = 0
        self._first_failure = None
        self._open_until = -1.0
        return body

    def _enter_circuit(self, target: str) -> bool:
        """Refuse while the service counts as down; afterwards let one request through to see. True for that
        one.
        """
        if self._failures < self.retry.failures_to_open:
            return False
        if self.circuit_open or self._probing:
            words = f"{self._first_failure}; not asked now, {self._failures} failures in a row"
            raise CircuitOpen(words) from self._first_failure
        self._probing = True
        return True

    def _failed(self, error: VenueError) -> None:
        """Each failure beyond the limit doubles the pause before the next probe."""
        self._first_failure = self._first_failure or error
        self._failures += 1
        beyond = self._failures - self.retry.failures_to_open
        if beyond >= 0:
            pause = min(self.retry.open_s * 2 ** min(beyond, 20), self.retry.open_s_max)
            self._open_until = trio.current_time() + pause

    async def _take(self, cost: int) -> None:
        """Wait until the budget allows it. Several who wait ask again, so that none is let through twice."""
        while True:
            taken = self._bucket.take(cost, _now())
            if taken is not None:
                self._bucket = taken
                return
            ready_s = self._bucket.ready_at(cost, _now()) / NANOS_PER_SECOND
            # A moment as a float may lie a hair before the nanosecond it stands for: never wait for nothing.
            await trio.sleep_until(max(ready_s, trio.current_time() + WAIT_S_MIN))

    def _verdict(self, target: str, answer: Answer, events: tuple[VenueEvent, ...]) -> str:
        """The body of a good answer; else raises the VenueError for its status."""
        if answer.status == 200:
            return answer.body
        self.refusals += 1
        code, detail = self._policy.refuse(answer)
        match answer.status:
            # A stale timestamp is answered like a wrong key, but what a person must mend is the clock.
            case 401 | 403 if self.skew is not None and self.skew.large:
                seconds = self.skew.seconds
                words = f"our clock is {seconds:+.0f} s off: {detail}; {remedy(seconds)}"
                raise ClockRefused(answer.status, code, words)
            case 401 | 403:
                raise CredentialsRefused(answer.status, code, detail)
            case 429:
                # Kalshi sends no Retry-After: an empty bucket is what slows the other callers down too.
                self._bucket = self._bucket.drained(_now())
                raise RateLimited(code, detail, _retry_after_ns(answer))
            case status if status >= 500 or status == 408:
                raise ServerFailed(status, code, detail, events)
            case status:
                raise RequestRefused(status, code, detail)

    def _is_older(self, target: str, answer: Answer) -> bool:
        """A cache may answer with something older than we have had; that must not become news."""
        # Kalshi's CDN keeps /markets and /series for 15 s, so an answer can be older than the one before
        # it.
        date = server_date(answer.headers)
        if date is None:
            return False
        try:
            date -= timedelta(seconds=int(answer.headers.get("age", "0")))
        except (ValueError, OverflowError):
            return False
        newest = self._newest.pop(target, None)
        older = newest is not None and date < newest
        self.older += older
        # Put in anew at the end either way, so that what is dropped below is what was not asked for
        # longest.
        self._newest[target] = newest if newest is not None and older else date
        # Targets hold dates, tickers and cursors, so there are new ones for ever.
        if len(self._newest) > TARGETS_MAX:
            del self._newest[next(iter(self._newest))]
        return older

    def _wait_s(self, error: VenueError, attempt: int) -> float | None:
        """How long to wait before the next attempt; None where another one would not help."""
        retry = self.retry
        jitter = full_jitter_s(attempt, self._policy.draw(), retry.wait_s_base, retry.wait_s_max)
        match error:
            case RateLimited(retry_after_ns=int() as wanted):
                wait_s = wanted / NANOS_PER_SECOND
                return wait_s if wait_s <= retry.wait_s_max else None
            case RateLimited() | ServerFailed() | Unreachable() | TimedOut():
                return jitter
            case _:
                return None


def _now() -> Nanos:
    return Nanos(int(trio.current_time() * NANOS_PER_SECOND))


def _retry_after_ns(answer: Answer) -> int | None:
    """The seconds of Retry-After; a date in it, or nonsense, is treated as if nothing was said."""
    text = answer.headers.get("retry-after", "").strip()
    return int(text) * NANOS_PER_SECOND if text.isdecimal() and text.isascii() and len(text) < 6 else None
