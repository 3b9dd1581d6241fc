"""Asks the daemon for the terminal view: one connection, one round of questions at a time, again and again.

Started by `app` in a thread of its own, because the client blocks; what it hears it hands on. Only
methods that look are asked, so that nobody's watching can change what is traded. A lost daemon is asked for
until it is back.
"""

import threading
import time
from collections.abc import Callable
from typing import Any, Final, Protocol

from tipoff.json_types import Json
from tipoff.output import Failure
from tipoff.top.snapshot import JOURNAL_LINES, Answers, Line, Link, Seen

ASK_SECONDS: Final = 5.0
"""So long an answer is waited for; the screen says that the daemon is silent after that."""

AGAIN_SECONDS: Final = 1.0
AGAIN_SECONDS_MAX: Final = 3.0
"""Pauses between attempts to connect double up to this."""

STOP_SECONDS_MAX: Final = 2.0
"""So long the end of the view waits for a question that is under way."""

CONNECTION_ENDS: Final = frozenset({"closed", "timeout", "protocol", "too_large"})
"""After these the next frame might answer an older question: a new connection is safer."""


class SocketClient(Protocol):
    """What is needed of a client of the control socket."""

    @property
    def hello(self) -> Line:
        """What the daemon said first."""
        ...  # pragma: no cover

    def query(self, method: str, **params: Json) -> Json:
        """Ask something. Raises Failure."""
        ...  # pragma: no cover

    def operate(self, method: str, request_id: str | None = None, **params: Json) -> Json:
        """Change something, once for each request id. Raises Failure."""
        ...  # pragma: no cover

    def close(self) -> None:
        """End the connection."""
        ...  # pragma: no cover


Connect = Callable[[], SocketClient]


class Asking:
    """Rounds of questions. `wanted` is the game whose markets are asked for; None takes the first."""

    def __init__(self, connect: Connect, hand_on: Callable[[Seen], None], every_seconds: float) -> None:
        """Nothing is asked yet; `hand_on` is called in the asking thread."""
        self.wanted: str | None = None
        self._connect = connect
        self._hand_on = hand_on
        self._every = every_seconds
        self._client: SocketClient | None = None
        self._seen = Seen(link=Link(), answers=Answers())
        self._failures = 0
        self._now = threading.Event()
        self._over = False
        self._thread = threading.Thread(target=self._run, name="asking", daemon=True)

    def start(self) -> None:
        """Begin to ask."""
        self._thread.start()

    def ask_now(self, game: str | None = None) -> None:
        """Do not wait for the next round, for somebody has pressed a key."""
        self.wanted = game or self.wanted
        self._now.set()

    def stop(self) -> None:
        """Ask nothing more. A question under way is not waited for long."""
        self._over = True
        self._now.set()
        if self._thread.is_alive():
            self._thread.join(STOP_SECONDS_MAX)

    def once(self) -> Seen:
        """One round; a lost line is part of the answer. Connects if need be."""
        try:
            if self._client is None:
                self._client = self._connect()
            answers = round_of(self._client, self.wanted, self._seen.answers)
        except Failure as failure:
            self._hang_up()
            self._failures += 1
            link = self._seen.link
            since = link.since if link.lost else time.strftime("%H:%M:%S", time.gmtime())
            self._seen = Seen(link=Link(lost=str(failure), since=since), answers=self._seen.answers)
            return self._seen
        self._failures = 0
        self._seen = Seen(link=Link(hello=self._client.hello), answers=answers)
        return self._seen

    def _run(self) -> None:
        while not self._over:
            self._hand_on(self.once())
            self._now.wait(self._pause())
            self._now.clear()
        self._hang_up()

    def _pause(self) -> float:
        if not self._failures:
            return self._every
        # The exponent is bounded too: after a night without a daemon the power would not fit a float.
        return float(min(AGAIN_SECONDS * 2 ** min(self._failures - 1, 10), AGAIN_SECONDS_MAX))

    def _hang_up(self) -> None:
        if self._client is not None:
            self._client.close()
            self._client = None


def round_of(client: SocketClient, wanted: str | None, before: Answers | None = None) -> Answers:
    """Ask everything that a screen shows. Raises Failure if the connection is of no use any more.

    A question that is refused does not keep the others from being asked: a daemon that is starting or in
    trouble answers some of them. What is refused stays as it was `before`, and `troubles` says so.
    """
    old = before or Answers()
    troubles: dict[str, str] = {}

    def ask(method: str, nothing: Any, **params: Json) -> Any:  # noqa: ANN401 - the schema says what it is
        try:
            return client.query(method, **params)
        except Failure as failure:
            if failure.code in CONNECTION_ENDS:
                raise
            troubles[method] = str(failure)
            return nothing

    status = ask("status", old.status)
    games = tuple(ask("games", old.games))
    names = [game["game"] for game in games]
    chosen = wanted if wanted in names else next(iter(names), None)
    known = old.markets if chosen == old.game else ()
    return Answers(
        status=status,
        risk=ask("risk", old.risk),
        games=games,
        markets=tuple(ask("markets", known, game=chosen, limit=1_000)) if chosen else (),
        actors=tuple(ask("actors", old.actors)),
        journal=tuple(ask("journal", old.journal, limit=JOURNAL_LINES)),
        troubles=troubles,
        game=chosen,
    )
