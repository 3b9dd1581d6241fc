"""A whole simulated evening as the texts that a client would have recorded: frames, REST bodies, polls.

`generate` is the pure face of the simulator, used by the demo without sockets, by the test suite's
stories and by whoever needs a recording. One imagined client subscribes to every market over one
WebSocket connection and polls both REST services at the distances that the settings give. No clock, no
sockets.
"""

from collections.abc import Callable, Iterator
from operator import methodcaller
from random import Random
from typing import Final, assert_never

from venues.simulator.balldontlie import bodies as balldontlie_bodies
from venues.simulator.kalshi import bodies as kalshi_bodies
from venues.simulator.kalshi import frames
from venues.simulator.kalshi.lifecycle_frames import kind_of, lived
from venues.simulator.wire.json_text import compact
from venues.simulator.world.events import Alarm, FeesOverridden, WorldEvent
from venues.simulator.world.game import MarketCreated, OddsMoved, ScoreMoved
from venues.simulator.world.league import PLAYED
from venues.simulator.world.listing import Family
from venues.simulator.world.market import LevelChanged, LifeChanged, Printed, Quoted
from venues.simulator.world.settings import SECOND, EveningSettings, Output
from venues.simulator.world.world import World

CONN_REST: Final = 0
CONN_WS: Final = 1
CHANNELS: Final = ("orderbook_delta", "ticker", "trade", "market_lifecycle_v2")
"""The imagined client's subscriptions; their sids are 1 to 4 in this order."""
SID_BOOK, SID_TICKER, SID_TRADE, SID_LIFE = range(1, 5)
KALSHI_REST: Final = "kalshi.rest"
KALSHI_WS: Final = "kalshi.ws"
BALLDONTLIE: Final = "balldontlie"
LATENCY_MS: Final = (15, 90, 30)
"""Least, most and most frequent time from the venue to the client."""


def generate(settings: EveningSettings) -> Iterator[Output]:
    """The evening's outputs in the order in which the client had them; equal settings give equal bytes."""
    return _Client(settings).evening()


class _Client:
    """The simulated client: its subscriptions, and the venue's sequence numbers for it."""

    def __init__(self, settings: EveningSettings) -> None:
        self.settings = settings
        self.world = World(settings)
        self.rng = Random(f"{settings.seed}|client")
        self.last_at = 0
        self.seqs = [0] * (len(CHANNELS) + 1)
        self.commands = 0
        self.known: list[str] = []
        self.polls: dict[str, tuple[int, Callable[[int], Iterator[Output]]]] = {
            "listing": (settings.listing_poll_seconds, self._poll_listing),
            "games": (settings.games_poll_seconds, self._poll_games),
            "odds": (settings.odds_poll_seconds, self._poll_odds),
            "boxes": (settings.box_poll_seconds, self._poll_boxes),
        }

    def evening(self) -> Iterator[Output]:
        """Discovery, subscription, then whatever happens."""
        begins = self.settings.starts_at
        yield from self._discover(begins)
        yield from self._subscribe(begins + SECOND)
        for name, (seconds, _) in self.polls.items():
            self.world.alarm(begins + seconds * SECOND, name)
        for happened in self.world.run():
            yield from self._on_event(happened)

    def _received(self, at: int) -> int:
        """When the client has what the venue sent at `at`; nothing overtakes."""
        latency = int(self.rng.triangular(*LATENCY_MS) * 1_000_000)
        self.last_at = max(self.last_at + 20_000, at + latency)
        return self.last_at

    def _body(self, at: int, source: str, what: str, body: object) -> Output:
        return Output(self._received(at), source, CONN_REST, what, compact(body))

    def _frame(self, at: int, what: str, text: str) -> Output:
        return Output(self._received(at), KALSHI_WS, CONN_WS, what, text)

    def _next(self, sid: int) -> int:
        self.seqs[sid] += 1
        return self.seqs[sid]

    def _discover(self, at: int) -> Iterator[Output]:
        yield self._body(at, KALSHI_REST, "/exchange/status", kalshi_bodies.exchange_status())
        yield self._body(at, KALSHI_REST, "/exchange/schedule", kalshi_bodies.exchange_schedule())
        for family in Family:
            body = {"series": kalshi_bodies.series(family)}
            yield self._body(at, KALSHI_REST, f"/series/{family.value}", body)
        yield self._body(at, KALSHI_REST, "/series/fee_changes", {"series_fee_change_arr": []})
        yield from self._poll_listing(at)
        yield from self._poll_games(at)
        rows = [row for game in self.world.games for row in balldontlie_bodies.opening_rows(game)]
        what = f"{PLAYED.path}/v2/odds/opening?dates[]={self.settings.date}"
        yield self._body(at, BALLDONTLIE, what, balldontlie_bodies.page(rows))
        yield from self._poll_odds(at)

    def _subscribe(self, at: int) -> Iterator[Output]:
        """One subscribe for each game; the venue merges all but the first."""
        yield self._frame(at, "connected", "")
        for number, game in enumerate(self.world.games):
            markets = [market for market in game.markets if market.there(at)]
            self.known += [market.listing.ticker for market in markets]
            for sid, channel in enumerate(CHANNELS, start=1):
                self.commands += 1
                if number == 0:
                    yield self._frame(at, "subscribed", frames.subscribed(self.commands, channel, sid))
                elif sid != SID_LIFE:
                    yield self._frame(at, "ok", frames.ok(self.commands, sid, self._next(sid), self.known))
            for market in markets:
                text = frames.snapshot(market, SID_BOOK, self._next(SID_BOOK))
                yield self._frame(at, "orderbook_snapshot", text)

    def _on_event(self, happened: WorldEvent) -> Iterator[Output]:
        at = happened.at
        match happened:
            case LevelChanged():
                text = frames.delta(happened, SID_BOOK, self._next(SID_BOOK))
                yield self._frame(at, "orderbook_delta", text)
            case Quoted():
                yield self._frame(at, "ticker", frames.ticker(happened.market, at, SID_TICKER))
            case Printed():
                yield self._frame(at, "trade", frames.trade(happened, SID_TRADE, self._next(SID_TRADE)))
            case LifeChanged() | FeesOverridden():
                yield self._frame(at, kind_of(happened), lived(happened, SID_LIFE, self._next(SID_LIFE)))
            case MarketCreated():
                yield self._frame(at, kind_of(happened), lived(happened, SID_LIFE, self._next(SID_LIFE)))
                yield from self._meet(happened)
            case Alarm():
                yield from self._poll(happened)
            case ScoreMoved() | OddsMoved():
                pass
            case _:
                assert_never(happened)

    def _meet(self, created: MarketCreated) -> Iterator[Output]:
        """A new market: read its listing and follow it too."""
        at = created.at + SECOND
        yield from self._poll_listing(at)
        self.known.append(created.market.listing.ticker)
        for sid in (SID_BOOK, SID_TICKER, SID_TRADE):
            self.commands += 1
            yield self._frame(at, "ok", frames.ok(self.commands, sid, self._next(sid), self.known))
        text = frames.snapshot(created.market, SID_BOOK, self._next(SID_BOOK))
        yield self._frame(at, "orderbook_snapshot", text)

    def _poll(self, alarm: Alarm) -> Iterator[Output]:
        """One poll, and the next unless the evening is over; then the last one is this."""
        seconds, bodies = self.polls[alarm.name]
        yield from bodies(alarm.at)
        if not self.world.finished:
            self.world.alarm(alarm.at + seconds * SECOND, alarm.name)

    def _poll_listing(self, at: int) -> Iterator[Output]:
        there = methodcaller("there", at)
        for family in Family:
            events = [
                kalshi_bodies.event(game, family, nested=True, there=there) for game in self.world.games
            ]
            what = f"/events?series_ticker={family.value}&with_nested_markets=true"
            yield self._body(at, KALSHI_REST, what, {"events": events, "milestones": [], "cursor": ""})

    def _poll_games(self, at: int) -> Iterator[Output]:
        rows = [balldontlie_bodies.game_row(game) for game in self.world.games]
        yield self._body(
            at,
            BALLDONTLIE,
            f"{PLAYED.path}/v1/games?dates[]={self.settings.date}",
            balldontlie_bodies.page(rows),
        )

    def _poll_odds(self, at: int) -> Iterator[Output]:
        rows = [row for game in self.world.games for row in balldontlie_bodies.odds_rows(game)]
        yield self._body(
            at,
            BALLDONTLIE,
            f"{PLAYED.path}/v2/odds?dates[]={self.settings.date}",
            balldontlie_bodies.page(rows),
        )

    def _poll_boxes(self, at: int) -> Iterator[Output]:
        rows = [
            balldontlie_bodies.box_row(game)
            for game in self.world.games
            if balldontlie_bodies.has_box(game, at)
        ]
        yield self._body(at, BALLDONTLIE, f"{PLAYED.path}/v1/box_scores/live", {"data": rows})
