"""What an operator may call a game, and what is said of one that is not there.

Covers: engine.listing.
"""

import attrs
import pytest

from actors.messages import FollowOperation
from engine.events import VenueEvent
from engine.listing import assumed_listing
from engine.units import Nanos
from tipoff.output import Failure
from tipoff.sources.bundled.kalshi.game_selection import GameSelection
from venues.errors import RequestRefused, Unreachable, VenueError

GAME = "26JAN14WASLAC"
EVENTS = {
    f"KXNBAGAME-{GAME}": (f"KXNBAGAME-{GAME}-WAS", f"KXNBAGAME-{GAME}-LAC"),
    f"KXNBATOTAL-{GAME}": (f"KXNBATOTAL-{GAME}-210",),
    f"KXNBAPTS-{GAME}": (f"KXNBAPTS-{GAME}-LACKLEONARD2-25",),
}


@attrs.define
class Venue:
    """Knows some events, and remembers what it was asked."""

    asked: list[str] = attrs.field(factory=list)
    trouble: VenueError | None = None

    async def event(self, ticker: str) -> tuple[VenueEvent, ...]:
        self.asked.append(ticker)
        if self.trouble is not None:
            raise self.trouble
        if ticker not in EVENTS:
            raise RequestRefused(404, "not_found", "not found")
        return tuple(assumed_listing(market, Nanos(1)) for market in EVENTS[ticker])

    async def listing(self) -> dict[str, object]:
        return {GAME: None}

    def following(self) -> GameSelection:
        return GameSelection(self.event, self.listing, ("KXNBAGAME", "KXNBASPREAD", "KXNBATOTAL"))


@pytest.mark.parametrize(
    "text",
    [GAME, GAME.lower(), f" {GAME} ", f"kxnbagame-{GAME}", f"KXNBATOTAL-{GAME}", f"KXNBAGAME-{GAME}-lac"],
)
async def test_a_game_is_known_by_its_id_and_by_each_of_its_tickers(text: str) -> None:
    wish = await Venue().following().load(text)
    assert wish == FollowOperation(GAME, followed=True, events=(f"KXNBAGAME-{GAME}", f"KXNBATOTAL-{GAME}"))
    assert await Venue().following().unload(text) == FollowOperation(GAME, followed=False)


async def test_an_event_of_another_series_is_followed_with_the_usual_ones() -> None:
    wish = await Venue().following().load(f"KXNBAPTS-{GAME}")
    assert wish.events == tuple(EVENTS)


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        ("", "unknown_ticker", "no game of the NBA"),
        ("KXBTC15M-26JAN141730-30", "unknown_ticker", "no game of the NBA"),
        ("26JAN14WASWAS", "unknown_ticker", "a game looks like"),
        ("26JAN14WAS???", "unknown_ticker", "a game looks like"),
        ("26JAN15WASLAC", "unknown_game", "asked: KXNBAGAME-26JAN15WASLAC, KXNBASPREAD-26JAN15WASLAC"),
        (f"KXNBAREB-{GAME}", "unknown_ticker", f"the venue knows {GAME}, but not KXNBAREB-{GAME}"),
        (f"KXNBATOTAL-{GAME}-211", "unknown_ticker", f"but not KXNBATOTAL-{GAME}-211"),
    ],
)
async def test_what_is_no_game_or_not_there_is_refused_by_name(text: str, code: str, words: str) -> None:
    with pytest.raises(Failure) as caught:
        await Venue().following().load(text)
    assert caught.value.code == code
    assert words in str(caught.value)


@pytest.mark.parametrize("trouble", [Unreachable("no route"), RequestRefused(400, "bad", "x")])
async def test_a_venue_that_cannot_be_asked_is_told_from_a_game_that_it_does_not_know(
    trouble: VenueError,
) -> None:
    with pytest.raises(Failure) as caught:
        await Venue(trouble=trouble).following().load(GAME)
    assert caught.value.code == "venue"
    assert f"KXNBAGAME-{GAME}" in str(caught.value)


async def test_only_what_is_followed_can_be_unloaded() -> None:
    with pytest.raises(Failure, match=f"26JAN15WASLAC is not followed; followed are: {GAME}"):
        await Venue().following().unload("26JAN15WASLAC")
