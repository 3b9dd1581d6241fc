"""A spoiled frame among good ones: which books are still believed, and how the other is healed.

Every field of the frames about books is spoiled in each of the four ways, in the middle of a stream of two
markets that goes through the translation, the feed, the games and the session as it does live.
"""

import json

import pytest

from actors.addresses import PAPER_EXCHANGE, game_address
from actors.market_feed import MarketFeed
from actors.messages import SnapshotWanted, TickerRouted, VenueInput
from actors.runtime import Publish
from engine.events import MarketListed, Trust
from engine.game import Game
from engine.listing import assumed_listing
from engine.units import Nanos
from tests.venues.odd_bodies import DELTA, QUOTE, SNAPSHOT, TRADE, Row, frame
from venues.kalshi.parse import parse_frame
from venues.kalshi.session import Actions, Session

ODD, GOOD = "KXNBAGAME-26JAN14WASLAC-LAC", "KXNBAGAME-26JAN14WASLAC-WAS"
GAME = game_address("26JAN14WASLAC")
ODDITIES = ("null", "absent", "wrong", "renamed")


class Evening:
    """One connection that follows two markets, from the texts to the books."""

    def __init__(self) -> None:
        self.session = Session(1, (ODD, GOOD))
        self.now = 100.0
        self.at = 1_000_000_000
        self.feed = MarketFeed()
        self.game = Game("26JAN14WASLAC")
        self.refused = 0
        self.seq = 0
        self.commands = list(self.session.begin(self.now).commands)
        for ticker in (ODD, GOOD):
            self.feed.receive(TickerRouted(ticker, (GAME, PAPER_EXCHANGE)), self.at)
            listing: MarketListed = assumed_listing(ticker, Nanos(self.at))
            self.game.on_event(listing, Nanos(self.at))
        self.play({"id": 1, "type": "subscribed", "msg": {"channel": "orderbook_delta", "sid": 1}})
        self.commands.clear()

    def play(self, body: object) -> Actions | None:
        """One frame of the venue."""
        text = json.dumps(body)
        self.at += 1
        events = parse_frame(text, 1, Nanos(self.at))
        wishes = self.session.on_frame(text, events, self.at, self.now)
        self.note(wishes)
        for out in self.feed.receive(VenueInput(events), self.at):
            match out:
                case Publish():
                    self.game.on_event(out.message, Nanos(self.at))  # type: ignore[arg-type]
                    self.refused += "FeedRefused" in type(out.message).__name__
                case (address, SnapshotWanted() as wanted) if address != GAME:
                    self.note(self.session.request_snapshots(wanted.sid, self.now))
                case (address, message) if address == GAME:
                    self.game.on_event(message, Nanos(self.at))  # type: ignore[arg-type]
                case _:
                    pass
        return wishes

    def note(self, wishes: Actions | None) -> None:
        if wishes is not None:
            assert wishes.reconnect is None
            self.commands += wishes.commands

    def numbered(self, kind: str, msg: Row, **more: object) -> Row:
        self.seq += 1
        return frame(kind, msg, seq=self.seq) | more

    def snapshot(self, ticker: str) -> None:
        self.play(self.numbered("orderbook_snapshot", SNAPSHOT | {"market_ticker": ticker}))

    def delta(self, ticker: str) -> None:
        self.play(self.numbered("orderbook_delta", DELTA | {"market_ticker": ticker}))

    def pass_time(self, seconds: float) -> None:
        """Tick as the stream does, answer what is asked for."""
        until = self.now + seconds
        while self.now < until:
            self.now += 0.5
            self.note(self.session.tick(self.now))
            for command in self.take():
                self.play(self.numbered("ok", {"market_tickers": []}, id=command["id"]))
                for ticker in command["params"]["market_tickers"]:  # type: ignore[index]
                    self.snapshot(str(ticker))

    def take(self) -> list[dict[str, object]]:
        commands, self.commands = self.commands, []
        return [json.loads(command) for command in commands]

    def trust(self, ticker: str) -> Trust:
        return self.game.markets[ticker].book.trust


def up() -> Evening:
    evening = Evening()
    evening.snapshot(ODD)
    evening.snapshot(GOOD)
    evening.delta(ODD)
    assert (evening.trust(ODD), evening.trust(GOOD)) == (Trust.TRUSTED, Trust.TRUSTED)
    return evening


def spoiled(body: Row, key: str, oddity: str) -> Row:
    body = json.loads(json.dumps(body))
    thing = body if key in ("sid", "seq", "type", "msg") else body["msg"]
    assert isinstance(thing, dict)
    value = thing.pop(key)
    if oddity == "null":
        thing[key] = None
    elif oddity == "wrong":
        thing[key] = {"odd": 1} if isinstance(value, str | int) else "odd"
    elif oddity == "renamed":
        thing[f"{key}_v2"] = value
    return body


FIELDS_OF_A_DELTA = [*DELTA, "sid", "seq"]
FIELDS_OF_A_SNAPSHOT = [*SNAPSHOT, "sid", "seq"]
SPOILED = [
    (kind, key, oddity)
    for kind, keys in (("orderbook_delta", FIELDS_OF_A_DELTA), ("orderbook_snapshot", FIELDS_OF_A_SNAPSHOT))
    for key in keys
    for oddity in ODDITIES
]


def is_taken(key: str, oddity: str) -> bool:
    """Whether a frame is as good as ever with this field spoiled."""
    if key == "ts_ms":
        return True
    return key in ("yes_dollars_fp", "no_dollars_fp") and oddity in ("null", "absent")


@pytest.mark.fault("A14")
@pytest.mark.parametrize(("kind", "key", "oddity"), SPOILED)
def test_a_spoiled_frame_puts_its_own_book_in_doubt_and_no_other(kind: str, key: str, oddity: str) -> None:
    evening = up()
    msg = DELTA if kind == "orderbook_delta" else SNAPSHOT
    evening.play(spoiled(evening.numbered(kind, msg | {"market_ticker": ODD}), key, oddity))
    counted = key != "ts_ms" or oddity == "wrong"
    assert evening.refused == (counted if not is_taken(key, oddity) or key == "ts_ms" else 0)
    if key == "market_ticker" and kind == "orderbook_delta":
        # Nobody can say whose change was lost: all are in doubt, at once.
        assert (evening.trust(ODD), evening.trust(GOOD)) == (Trust.GAPPED, Trust.GAPPED)
    else:
        assert evening.trust(GOOD) is Trust.TRUSTED
        evening.delta(GOOD)
        assert evening.trust(GOOD) is Trust.TRUSTED
        # A snapshot without a name changed nothing: what was known of its book is still true.
        known = is_taken(key, oddity) or key == "market_ticker"
        assert evening.trust(ODD) is (Trust.TRUSTED if known else Trust.GAPPED)
        assert evening.session.status.gaps == 0
    evening.pass_time(1)
    assert (evening.trust(ODD), evening.trust(GOOD)) == (Trust.TRUSTED, Trust.TRUSTED)
    evening.delta(ODD)
    evening.delta(GOOD)
    assert (evening.trust(ODD), evening.trust(GOOD)) == (Trust.TRUSTED, Trust.TRUSTED)


@pytest.mark.fault("A21")
@pytest.mark.parametrize(("key", "oddity"), [(key, oddity) for _, key, oddity in SPOILED if key in SNAPSHOT])
def test_a_market_whose_first_frame_is_spoiled_is_never_stale_for_ever(key: str, oddity: str) -> None:
    evening = Evening()
    evening.snapshot(GOOD)
    first = evening.numbered("orderbook_snapshot", SNAPSHOT | {"market_ticker": ODD})
    evening.play(spoiled(first, key, oddity))
    evening.pass_time(11)
    assert (evening.trust(ODD), evening.trust(GOOD)) == (Trust.TRUSTED, Trust.TRUSTED)
    assert evening.session.status.gaps == 0


@pytest.mark.parametrize(
    ("kind", "msg"),
    [("ticker", QUOTE), ("trade", TRADE), ("market_lifecycle_v2", {"event_type": "x", "market_ticker": ODD})],
)
@pytest.mark.parametrize("oddity", ODDITIES)
def test_a_spoiled_frame_of_another_channel_puts_no_book_in_doubt(kind: str, msg: Row, oddity: str) -> None:
    evening = up()
    for key in msg:
        evening.play(spoiled(frame(kind, msg | {"market_ticker": ODD}, sid=2, seq=1), key, oddity))
    assert (evening.trust(ODD), evening.trust(GOOD)) == (Trust.TRUSTED, Trust.TRUSTED)
    assert evening.take() == []


@pytest.mark.parametrize("oddity", ODDITIES)
def test_a_book_frame_whose_type_is_spoiled_is_no_reason_to_believe_the_book(oddity: str) -> None:
    evening = up()
    evening.play(spoiled(evening.numbered("orderbook_delta", DELTA | {"market_ticker": ODD}), "type", oddity))
    evening.delta(GOOD)
    assert (evening.trust(ODD), evening.trust(GOOD)) == (Trust.GAPPED, Trust.TRUSTED)
    evening.pass_time(1)
    assert evening.trust(ODD) is Trust.TRUSTED


def test_a_number_that_could_not_be_read_hides_no_gap_after_it() -> None:
    evening = up()
    evening.play(spoiled(evening.numbered("orderbook_delta", DELTA | {"market_ticker": ODD}), "seq", "null"))
    evening.delta(GOOD)
    evening.seq += 1
    evening.delta(GOOD)
    assert evening.session.status.gaps == 1
