"""The protocol of one connection to Kalshi's stream: commands, their order, the meaning of replies.

A pure state machine, driven by `venues.kalshi.stream`: in come frames and the clock, out come commands to
send, gaps whose trades are to be fetched, or a demand to reconnect. It knows which markets are
wanted and which the venue has confirmed, keeps exactly one request for snapshots in flight per subscription,
and takes up again what the venue has ended. Reads no clock.
"""

from collections.abc import Iterable, Mapping, Sequence

import attrs

from engine.events import (
    BookDelta,
    BookRefused,
    BookSnapshot,
    FeedGapped,
    FeedRefused,
    FeedSequenced,
    FeedUnnumbered,
    VenueEvent,
)
from engine.sequence import NumberCheck
from engine.sequence import Sequence as Numbers
from venues.kalshi import wire
from venues.kalshi.commands import REPLY_S_MAX, Command, Commands, reply_of
from venues.kalshi.missing_books import MissingBooks, Pace

BOOKS = "orderbook_delta"
TICKERS_PER_COMMAND = 500
SNAPSHOT_S_MAX = 10.0
"""Snapshots that were asked for and did not all come by then: subscribe anew."""

SNAPSHOT_FAILURES_MAX = 3
"""After so many vain tries the connection is given up."""

RESUBSCRIBE_CODES = frozenset({10, 17, 25})
"""Channel error, internal error, buffer overflow: they end the subscription."""

ASKS_FREE = 3
"""Asks for all snapshots of a subscription that follow one another without a pause; then it grows."""


@attrs.define
class Subscription:
    """One channel. `tickers` are those confirmed or asked for; `awaited` those whose snapshot must come.

    `missing` are those whose snapshot did not come with the others, or could not be understood; `unread` says
    that the venue's word about the subscription itself could not be.
    """

    channel: str
    sid: int = 0
    asked: bool = False
    tickers: dict[str, None] = attrs.field(factory=dict)
    awaited: dict[str, None] = attrs.field(factory=dict)
    asked_at: float = 0.0
    again: bool = False
    answered: bool = False
    failures: int = 0
    pace: Pace = attrs.field(factory=lambda: Pace(free=ASKS_FREE))
    missing: MissingBooks = attrs.field(factory=MissingBooks)
    unread: bool = False


@attrs.frozen
class Gap:
    """A market was not followed from `since` (its book's last change) to `until`: the trades of then are
    missing.
    """

    ticker: str
    since: int
    until: int


@attrs.define
class Actions:
    """What the session wants done. `reconnect` says why the connection must be given up, if it must.

    A gap is told when it is over, that is when the book is whole again.
    """

    now: float
    commands: list[str] = attrs.field(factory=list)
    gaps: list[Gap] = attrs.field(factory=list)
    reconnect: str | None = None


@attrs.define
class SessionStatus:
    """What can be seen of a session: for `status` and the metrics."""

    gaps: int = 0
    snapshot_requests: int = 0
    resubscriptions: int = 0
    errors: dict[str, int] = attrs.field(factory=dict)


class Session:
    """One connection's conversation."""

    def __init__(
        self,
        conn: int,
        tickers: Iterable[str],
        channels: Sequence[str] = (BOOKS,),
        unseen: Mapping[str, int] | None = None,
    ) -> None:
        """`channels` that take tickers get the wanted ones; the market life cycle is always of all markets.

        `unseen` is what the connection before left behind: markets, when their books last changed (UTC ns).
        """
        self.conn = conn
        self.status = SessionStatus()
        self._wanted: dict[str, None] = dict.fromkeys(tickers)
        self._subscriptions = {channel: Subscription(channel) for channel in channels}
        self._commands = Commands()
        self._numbers = Numbers()
        self._changed_at: dict[str, int] = {}
        self._unseen: dict[str, int] = dict(unseen or {})

    # What the caller wants

    def begin(self, now: float) -> Actions:
        """The first commands of a connection."""
        actions = Actions(now)
        for subscription in self._subscriptions.values():
            self._bring_up(subscription, actions)
        return actions

    def want(self, tickers: Iterable[str], now: float) -> Actions:
        """From now on these markets and no others."""
        self._wanted = dict.fromkeys(tickers)
        actions = Actions(now)
        for subscription in self._subscriptions.values():
            self._bring_up(subscription, actions)
        return actions

    def request_snapshots(self, sid: int, now: float) -> Actions:
        """Request the snapshots of `sid` anew; a second call while one is under way adds nothing."""
        actions = Actions(now)
        subscription = self._of_sid(sid)
        if subscription is not None and subscription.channel == BOOKS:
            self._ask_snapshots(subscription, actions)
        return actions

    def probe(self, now: float) -> Actions:
        """Send a command without effect, whose reply shows that the venue is serving."""
        actions = Actions(now)
        if not self._commands.waits("list_subscriptions"):
            self._command("list_subscriptions", "", {}, actions)
        return actions

    # What comes in

    def on_frame(self, text: str, events: Sequence[VenueEvent], at: int, now: float) -> Actions | None:
        """Take a frame in: its text and meaning, its stamp (UTC ns), and the clock. None is "nothing"."""
        actions: Actions | None = None
        for event in events:
            if type(event) is BookDelta:
                if self._numbers.check(self.conn, event.sid, event.seq) is NumberCheck.GAP:
                    actions = actions or Actions(now)
                    self._gapped(event.sid, at, actions)
                self._changed_at[event.ticker] = at
            elif type(event) in _ABOUT_BOOKS:
                actions = actions or Actions(now)
                self._on_book_doubt(event, at, actions)
            # `ok` and `unsubscribed` use numbers up as well; leaving them out would look like a gap.
            elif type(event) is BookSnapshot or type(event) is FeedSequenced:
                actions = actions or Actions(now)
                if self._numbers.check(self.conn, event.sid, event.seq) is NumberCheck.GAP:
                    self._gapped(event.sid, at, actions)
                if type(event) is BookSnapshot:
                    self._snapshot_came(event, at, actions)
        if not events or type(events[-1]) is FeedSequenced or type(events[-1]) is FeedRefused:
            actions = actions or Actions(now)
            self._control(text, actions)
        return actions

    def _on_book_doubt(self, event: VenueEvent, at: int, actions: Actions) -> None:
        """A frame about books made no sense: its market wants a snapshot, or all of its subscription do."""
        if isinstance(event, FeedUnnumbered):
            self._numbers.check_unread(self.conn, event.sid, event.seq)
        elif isinstance(event, FeedGapped):
            self._gapped(event.sid, at, actions)
        elif isinstance(event, BookRefused):
            self._book_refused(event, actions)

    def left_unseen(self) -> dict[str, int]:
        """What this connection, now over, leaves behind: every followed market and when its book last
        changed.
        """
        return self._changed_at | self._unseen

    def tick(self, now: float) -> Actions:
        """Time-outs: replies and snapshots that did not come."""
        actions = Actions(now)
        command = self._commands.overdue(now)
        if command is not None:
            # More commands would not mend a connection on which nobody answers.
            actions.reconnect = f"no reply to {command.name} for {REPLY_S_MAX:g} s"
            return actions
        for subscription in self._subscriptions.values():
            if subscription.awaited and now - subscription.asked_at > SNAPSHOT_S_MAX:
                self._snapshots_failed(subscription, actions)
            elif subscription.again and not subscription.awaited:
                self._ask_snapshots(subscription, actions)
            self._ask_missing(subscription, actions)
            if subscription.unread and subscription.pace.may(now):
                subscription.pace.asked(now)
                subscription.unread = False
                self._subscribe(subscription, tuple(subscription.tickers), actions)
        return actions

    # Subscriptions

    def _bring_up(self, subscription: Subscription, actions: Actions) -> None:
        """Ask for what is wanted and not yet asked for, and take back what is not wanted any more."""
        # market_lifecycle_v2 ignores tickers: it is always about all markets.
        if subscription.channel not in ("orderbook_delta", "ticker", "trade"):
            if not subscription.asked:
                subscription.asked = True
                self._subscribe(subscription, (), actions)
            return
        added = tuple(ticker for ticker in self._wanted if ticker not in subscription.tickers)
        gone = tuple(ticker for ticker in subscription.tickers if ticker not in self._wanted)
        if subscription.asked and not subscription.sid:
            return  # the reply brings us here again, with a number to refer to
        for some in _portions(added):
            if subscription.asked:
                self._update(subscription, "add_markets", some, actions)
            else:
                subscription.asked = True
                self._subscribe(subscription, some, actions)
            subscription.tickers |= dict.fromkeys(some)
            if subscription.channel == BOOKS:
                for ticker in some:
                    subscription.missing.note(ticker, actions.now + SNAPSHOT_S_MAX)
            if not subscription.sid:
                return
        for some in _portions(gone):
            self._update(subscription, "delete_markets", some, actions)
            for ticker in some:
                subscription.tickers.pop(ticker, None)
                subscription.awaited.pop(ticker, None)
                subscription.missing.forget(ticker)
                if subscription.channel == BOOKS:
                    self._changed_at.pop(ticker, None)
                    self._unseen.pop(ticker, None)

    def _subscribe(self, subscription: Subscription, tickers: tuple[str, ...], actions: Actions) -> None:
        params: dict[str, object] = {"channels": [subscription.channel]}
        if tickers:
            params["market_tickers"] = list(tickers)
        if subscription.channel == BOOKS:
            # Said although it is the default: the venue has announced that the default will be true one
            # day.
            params["use_yes_price"] = False
        self._command("subscribe", subscription.channel, params, actions)

    def _update(
        self, subscription: Subscription, action: str, tickers: tuple[str, ...], actions: Actions
    ) -> None:
        # Exactly one sid: the venue answers more with error 12.
        params = {"sids": [subscription.sid], "market_tickers": list(tickers), "action": action}
        self._command("update_subscription", subscription.channel, params, actions)

    def _command(self, name: str, channel: str, params: dict[str, object], actions: Actions) -> None:
        actions.commands.append(self._commands.text_of(name, channel, params, actions.now))

    def _of_sid(self, sid: int) -> Subscription | None:
        for subscription in self._subscriptions.values():
            if subscription.sid == sid and sid:
                return subscription
        return None

    # Replies

    def _control(self, text: str, actions: Actions) -> None:
        """A reply to a command, or the end of a subscription."""
        match reply_of(text):
            case wire.Subscribed() as frame:
                command = self._commands.take_oldest(frame.id, "subscribe")
                channel = frame.msg.channel if command is None else command.channel
                self._has_sid(self._subscriptions.get(channel), frame.msg.sid, actions)
            # A second subscribe to a channel is no error any more (code 6 is retired): it is merged into
            # the first, and answered by `ok` with the sid of that one.
            case wire.Ok() as frame:
                command = self._commands.take_oldest(frame.id)
                if command is not None and command.name == "subscribe":
                    self._has_sid(self._subscriptions.get(command.channel), frame.sid, actions)
            case wire.Unsubscribed() as frame:
                self._unsubscribed(self._commands.take_oldest(frame.id, "unsubscribe"), frame.sid, actions)
            case wire.Error() as frame:
                self._refused(frame, actions)
            case wire.Envelope(type="subscribed") as frame:
                command = self._commands.take_oldest(frame.id, "subscribe")
                if command is not None and command.channel in self._subscriptions:
                    self._subscriptions[command.channel].unread = True
            case _:
                pass

    def _has_sid(self, subscription: Subscription | None, sid: int, actions: Actions) -> None:
        """A subscription has its number; a second one of a channel joins the first one's."""
        if subscription is not None and sid:
            subscription.sid, subscription.unread = sid, False
            self._bring_up(subscription, actions)

    def _unsubscribed(self, command: Command | None, sid: int, actions: Actions) -> None:
        """The old subscription is gone: begin the new one."""
        subscription = self._of_sid(sid)
        if subscription is None and command is not None:
            subscription = self._subscriptions.get(command.channel)
        if subscription is not None:
            self._begin_anew(subscription, actions)

    def _begin_anew(self, subscription: Subscription, actions: Actions) -> None:
        subscription.sid, subscription.asked = 0, False
        subscription.tickers.clear()
        subscription.awaited.clear()
        subscription.missing.clear()
        subscription.again = False
        self.status.resubscriptions += 1
        self._bring_up(subscription, actions)

    def _refused(self, frame: wire.Error, actions: Actions) -> None:
        """An error ends a subscription, or answers a command; the other channels go on in either case."""
        command = self._commands.take(frame.id) if frame.sid else self._commands.take_oldest(frame.id)
        channel = command.channel if command is not None else ""
        subscription = self._of_sid(frame.sid) or self._subscriptions.get(channel)
        name = f"error_{frame.msg.code}" + (f" {subscription.channel}" if subscription is not None else "")
        self.status.errors[name] = self.status.errors.get(name, 0) + 1
        if frame.msg.code in RESUBSCRIBE_CODES and subscription is not None:
            if command is not None and command.name == "update_subscription":
                subscription.failures += 1
            if subscription.failures >= SNAPSHOT_FAILURES_MAX:
                actions.reconnect = f"{name}, again and again"
                return
            if subscription.channel == BOOKS and frame.sid:
                self._lose_sight()
            self._begin_anew(subscription, actions)

    # Gaps and snapshots

    def _gapped(self, sid: int, at: int, actions: Actions) -> None:
        """Numbers are missing: of the books' subscription every book is suspect, of others only prints are
        lost.
        """
        # The venue numbers all markets of a subscription together, so nobody knows whose change is missing.
        self.status.gaps += 1
        subscription = self._of_sid(sid)
        if subscription is None or subscription.channel != BOOKS:
            actions.gaps += [Gap(ticker, since, at) for ticker, since in self._changed_at.items()]
            return
        self._lose_sight()
        self._ask_snapshots(subscription, actions)

    def _lose_sight(self) -> None:
        """Remember since when each book is unknown, until its next snapshot."""
        # The older moment wins: what was missed since then is missing still.
        self._unseen = self._changed_at | self._unseen

    def _ask_snapshots(self, subscription: Subscription, actions: Actions) -> None:
        """One request at a time. A gap while one is under way may have swallowed its snapshots: then once
        again.
        """
        if subscription.awaited:
            subscription.again = True
            return
        tickers = tuple(subscription.tickers)
        if not tickers:
            return
        if not subscription.pace.may(actions.now):
            subscription.again = True
            return
        subscription.pace.asked(actions.now)
        subscription.awaited = dict.fromkeys(tickers)
        subscription.asked_at = actions.now
        subscription.again = subscription.answered = False
        self.status.snapshot_requests += 1
        self._update(subscription, "get_snapshot", tickers, actions)

    def _snapshot_came(self, event: BookSnapshot, at: int, actions: Actions) -> None:
        since = self._unseen.pop(event.ticker, None)
        if since is not None:
            actions.gaps.append(Gap(event.ticker, since, at))
        self._changed_at[event.ticker] = at
        books = self._subscriptions.get(BOOKS)
        if books is not None and books.unread:
            self._has_sid(books, event.sid, actions)
        subscription = self._of_sid(event.sid)
        if subscription is None:
            return
        subscription.missing.came(event.ticker)
        self._answered(subscription, event.ticker, actions)

    def _answered(self, subscription: Subscription, ticker: str, actions: Actions) -> None:
        """The venue sent the snapshot of a market, whatever it was worth."""
        if ticker not in subscription.awaited:
            return
        del subscription.awaited[ticker]
        subscription.answered = True
        if subscription.awaited:
            return
        subscription.failures = 0
        if subscription.again:
            self._ask_snapshots(subscription, actions)

    def _book_refused(self, event: BookRefused, actions: Actions) -> None:
        """One market's book is not the venue's: only its own snapshot is asked for, with growing pauses."""
        subscription = self._subscriptions.get(BOOKS)
        if subscription is None or event.ticker not in subscription.tickers:
            return
        if event.ticker in self._changed_at:
            self._unseen.setdefault(event.ticker, self._changed_at[event.ticker])
        if event.ticker in subscription.awaited and not event.snapshot:
            return  # the snapshot that is under way puts it right
        subscription.missing.note(event.ticker, actions.now)
        if event.snapshot:
            self._answered(subscription, event.ticker, actions)
        self._ask_missing(subscription, actions)

    def _ask_missing(self, subscription: Subscription, actions: Actions) -> None:
        """Ask one by one for those whose pause is over."""
        if not subscription.sid:
            return
        for ticker in subscription.missing.take_due(actions.now, subscription.awaited):
            self.status.snapshot_requests += 1
            self._update(subscription, "get_snapshot", (ticker,), actions)

    def _snapshots_failed(self, subscription: Subscription, actions: Actions) -> None:
        """They did not come: end the subscription and begin a new one, and in the end a new connection.

        Where some came the venue is at work, and those that did not are asked for one by one.
        """
        if subscription.answered:
            for ticker in subscription.awaited:
                subscription.missing.note(ticker, actions.now)
            subscription.awaited.clear()
            return
        subscription.failures += 1
        if subscription.failures >= SNAPSHOT_FAILURES_MAX:
            actions.reconnect = (
                f"snapshots of sid {subscription.sid} did not come {subscription.failures} times"
            )
            return
        subscription.awaited.clear()
        params: dict[str, object] = {"sids": [subscription.sid]}
        self._command("unsubscribe", subscription.channel, params, actions)


_ABOUT_BOOKS = frozenset({BookRefused, FeedGapped, FeedUnnumbered})


def _portions(tickers: tuple[str, ...]) -> list[tuple[str, ...]]:
    """Portions that fit into one command."""
    return [
        tickers[start : start + TICKERS_PER_COMMAND] for start in range(0, len(tickers), TICKERS_PER_COMMAND)
    ]
