"""One client's subscriptions at the simulated Kalshi stream: commands in, numbered frames out.

Pure but for the faults it uses up: the texts go through `venues.simulator.wire.websocket`. A sequence number
belongs to a subscription and counts all its markets and its `ok` replies.
"""

import json
from collections.abc import Iterable
from typing import Final

import attrs

from venues.simulator.kalshi import frames
from venues.simulator.kalshi.lifecycle_frames import Lived, lived
from venues.simulator.wire.faults import Faults
from venues.simulator.wire.odd_bodies import spoil_sides
from venues.simulator.world.book import YES
from venues.simulator.world.events import FeesOverridden, WorldEvent
from venues.simulator.world.game import MarketCreated
from venues.simulator.world.market import LevelChanged, LifeChanged, Market, Printed, Quoted
from venues.simulator.world.world import World

BOOKS: Final = "orderbook_delta"
QUOTES: Final = "ticker"
TRADES: Final = "trade"
LIVES: Final = "market_lifecycle_v2"
SILENT: Final = ("fill", "market_positions", "user_orders", "order_group_updates", "communications")
"""Private channels: they may be subscribed to, and nothing ever happens there."""
CHANNELS: Final = (BOOKS, QUOTES, TRADES, LIVES, *SILENT)
ERRORS: Final = {
    1: "Unable to process message",
    2: "Params required",
    3: "Channels required",
    4: "Subscription IDs required",
    5: "Unknown command",
    7: "Unknown subscription ID",
    8: "Unknown channel name",
    11: "Invalid parameter",
    12: "Exactly one subscription ID is required",
    13: "Unsupported action",
    14: "Market Ticker required",
    15: "Action required",
    25: "Subscription buffer overflow",
}


Notified = LevelChanged | Printed | Quoted | Lived
"""Events that subscribers get frames of."""


class Refused(Exception):
    """A command that the venue answers with an error of this code."""

    def __init__(self, code: int) -> None:
        super().__init__(ERRORS[code])
        self.code = code


@attrs.define
class Subscription:
    """One channel of one connection."""

    sid: int
    channel: str
    tickers: set[str] | None
    """None is every market."""
    yes_prices: bool
    silent_acks: bool
    """Whether `ok` replies leave the list of tickers out."""
    seq: int = 0

    def next(self) -> int:
        """The next sequence number."""
        self.seq += 1
        return self.seq

    def covers(self, market: Market) -> bool:
        """Whether a market belongs to it."""
        return self.tickers is None or market.listing.ticker in self.tickers


@attrs.define
class Session:
    """All subscriptions of one connection."""

    world: World
    faults: Faults
    subscriptions: dict[int, Subscription] = attrs.field(factory=dict)
    sids: int = 0

    def receive(self, text: str) -> list[str]:
        """The frames that answer a command."""
        try:
            command = json.loads(text)
            if not isinstance(command, dict):
                return [frames.error(None, 1, ERRORS[1])]
        except (ValueError, RecursionError):
            return [frames.error(None, 1, ERRORS[1])]
        number = command.get("id", 0)
        number = number if isinstance(number, int) else 0
        try:
            return self._obey(number, command)
        except Refused as refused:
            return [frames.error(number, refused.code, str(refused))]

    def _obey(self, number: int, command: dict[str, object]) -> list[str]:
        name = command.get("cmd")
        if name == "list_subscriptions":
            return [frames.listed(number, [(one.channel, one.sid) for one in self.subscriptions.values()])]
        if name not in {"subscribe", "unsubscribe", "update_subscription"}:
            raise Refused(5)
        params = command.get("params")
        if not isinstance(params, dict):
            raise Refused(2)
        if name == "subscribe":
            return self._subscribe(number, params)
        if name == "unsubscribe":
            return self._unsubscribe(number, params)
        return self._update(number, params)

    def _subscribe(self, number: int, params: dict[str, object]) -> list[str]:
        channels = params.get("channels")
        if not isinstance(channels, list) or not channels:
            raise Refused(3)
        tickers = _tickers(params)
        if any(channel not in CHANNELS for channel in channels):
            raise Refused(8)
        # Tickers and trades may be subscribed to for all markets at once, books may not.
        if BOOKS in channels and not tickers:
            raise Refused(14)
        answers = []
        for channel in channels:
            # The venue ignores tickers on the channel of the life cycle: it is about all markets.
            wanted = None if channel == LIVES or not tickers else set(tickers)
            answers += self._subscribe_one(number, channel, wanted, params)
        return answers

    def _subscribe_one(
        self, number: int, channel: str, wanted: set[str] | None, params: dict[str, object]
    ) -> list[str]:
        """A first subscribe makes a subscription; another one is merged into it and answered with `ok`."""
        present = next((one for one in self.subscriptions.values() if one.channel == channel), None)
        if present is None:
            self.sids += 1
            present = Subscription(
                sid=self.sids,
                channel=channel,
                tickers=set() if wanted is not None else None,
                yes_prices=params.get("use_yes_price") is True,
                silent_acks=params.get("skip_ticker_ack") is True,
            )
            self.subscriptions[self.sids] = present
            answers = [frames.subscribed(number, channel, self.sids)]
            fresh = self._merge(present, wanted)
        else:
            fresh = self._merge(present, wanted)
            answers = [self._ok(number, present)]
        return answers + self._greet(present, fresh, initial=params.get("send_initial_snapshot") is True)

    def _merge(self, subscription: Subscription, wanted: set[str] | None) -> list[str]:
        """Add tickers; those that are new, in order."""
        if wanted is None or subscription.tickers is None:
            subscription.tickers = None
            return []
        fresh = sorted(wanted - subscription.tickers)
        subscription.tickers |= wanted
        return fresh

    def _greet(self, subscription: Subscription, fresh: Iterable[str], *, initial: bool) -> list[str]:
        """The first frames of newly added markets: snapshots, or tickers if they were asked for."""
        known = [self.world.markets[ticker] for ticker in fresh if ticker in self.world.markets]
        markets = [market for market in known if market.there(self.world.now)]
        if subscription.channel == BOOKS:
            return [self._snapshot(subscription, market) for market in markets]
        if subscription.channel == QUOTES and initial:
            return [frames.ticker(market, self.world.now, subscription.sid) for market in markets]
        return []

    def _snapshot(self, subscription: Subscription, market: Market) -> str:
        if self.faults.shoot("wrong_snapshot"):
            wrong = Market(market.listing, market.rng)
            wrong.book.change(YES, 1, 4242)
            market = wrong
        text = frames.snapshot(
            market, subscription.sid, subscription.next(), yes_prices=subscription.yes_prices
        )
        return spoil_sides(self.faults, text)

    def _ok(self, number: int, subscription: Subscription) -> str:
        tickers = () if subscription.tickers is None else subscription.tickers
        return frames.ok(
            number, subscription.sid, subscription.next(), None if subscription.silent_acks else tickers
        )

    def _unsubscribe(self, number: int, params: dict[str, object]) -> list[str]:
        answers = []
        for sid in _sids(params):
            subscription = self.subscriptions.pop(sid, None)
            if subscription is None:
                answers.append(frames.error(number, 7, ERRORS[7]))
            else:
                answers.append(frames.unsubscribed(number, sid, subscription.next()))
        return answers

    def _update(self, number: int, params: dict[str, object]) -> list[str]:
        sids = [params["sid"]] if isinstance(params.get("sid"), int) else params.get("sids")
        if not isinstance(sids, list) or len(sids) != 1:
            raise Refused(12)
        action = params.get("action")
        if not action:
            raise Refused(15)
        subscription = self.subscriptions.get(sids[0])
        if subscription is None:
            raise Refused(7)
        tickers = _tickers(params)
        if not tickers:
            raise Refused(14)
        if action == "get_snapshot" and subscription.channel == BOOKS:
            return self._greet(subscription, tickers, initial=False)
        if action == "add_markets":
            fresh = self._merge(subscription, set(tickers))
            # The reply takes its number before the snapshots, as recorded sessions show.
            reply = self._ok(number, subscription)
            initial = params.get("send_initial_snapshot") is True
            return [reply, *self._greet(subscription, fresh, initial=initial)]
        if action == "delete_markets" and subscription.tickers is not None:
            subscription.tickers -= set(tickers)
            return [self._ok(number, subscription)]
        raise Refused(13)

    def overflow(self) -> list[str]:
        """Everything ends because the client reads too slowly."""
        # Error 25 is terminal for a subscription, not for the connection.
        ended = list(self.subscriptions.values())
        self.subscriptions.clear()
        return [frames.error(None, 25, ERRORS[25], sid=one.sid, seq=one.next()) for one in ended]

    def frames_of(self, happened: WorldEvent) -> list[str]:
        """The frames that tell this client of what happened; usually one or none."""
        channel = CHANNEL_OF.get(type(happened))
        if channel is None:
            return []
        subscription = next((one for one in self.subscriptions.values() if one.channel == channel), None)
        if subscription is None or not isinstance(happened, Notified):
            return []
        if not isinstance(happened, FeesOverridden) and not subscription.covers(happened.market):
            return []
        return self._frames_of(subscription, happened)

    def _frames_of(self, subscription: Subscription, happened: Notified) -> list[str]:
        sid = subscription.sid
        # The venue does not number this channel.
        if isinstance(happened, Quoted):
            return [frames.ticker(happened.market, happened.at, sid)]
        if self.faults.shoot("error_25"):
            del self.subscriptions[sid]
            return [frames.error(None, 25, ERRORS[25], sid=sid, seq=subscription.next())]
        if self.faults.shoot("skip_seq"):
            subscription.next()
        seq = subscription.next()
        match happened:
            case LevelChanged():
                return [frames.delta(happened, sid, seq, yes_prices=subscription.yes_prices)]
            case Printed():
                return [frames.trade(happened, sid, seq)]
            case LifeChanged() | MarketCreated() | FeesOverridden():
                return [lived(happened, sid, seq)]


CHANNEL_OF: Final = {
    LevelChanged: BOOKS,
    Printed: TRADES,
    Quoted: QUOTES,
    LifeChanged: LIVES,
    MarketCreated: LIVES,
    FeesOverridden: LIVES,
}


def _tickers(params: dict[str, object]) -> list[str]:
    """The market tickers of a command, in order. Raises Refused for wrong types or both spellings at once."""
    one, many = params.get("market_ticker"), params.get("market_tickers")
    if one is not None and many is not None:
        raise Refused(11)
    if one is not None:
        many = [one]
    if many is None:
        return []
    if not isinstance(many, list) or not all(isinstance(ticker, str) for ticker in many):
        raise Refused(11)
    return list(dict.fromkeys(many))


def _sids(params: dict[str, object]) -> list[int]:
    sids = params.get("sids")
    if not isinstance(sids, list) or not sids or not all(isinstance(sid, int) for sid in sids):
        raise Refused(4)
    return sids
