"""A made-up service of odds: all that a person writes who adds another one."""

from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager

import attrs
import msgspec

from engine.events import FeedRefused, OddsSeen, VenueEvent
from engine.token_bucket import TokenBucket
from engine.units import NANOS_PER_SECOND, Nanos
from tipoff.config.fields import Secrecy, between, secret, setting
from tipoff.config.secret_files import secret_path
from tipoff.sources.asking import Asking, reachable
from tipoff.sources.findings import Finding
from tipoff.sources.source import (
    Connection,
    Engine,
    KeyAdvice,
    Link,
    PollPlan,
    Question,
    Source,
    Work,
    every,
)
from venues.recordings.readers import bodies
from venues.transport.client import Client, RequestPolicy
from venues.transport.http import Answer, Http

WORD = "bookworm"


@attrs.frozen(kw_only=True)
class BookwormSection:
    """Odds of a service that nobody runs."""

    url: str = setting("http://127.0.0.1:9", "the service")
    key_file: str = secret(Secrecy.FILE, "", "API key: a path; empty: no key")
    poll_ms: int = setting(20_000, "pause between two polls", unit="ms", check=between(1_000, 600_000))


class _Row(msgspec.Struct):
    game: str
    home: int
    away: int


def parse(target: str, body: str, at: Nanos) -> tuple[VenueEvent, ...]:
    """The moneylines of an answer."""
    try:
        rows = msgspec.json.decode(body, type=list[_Row])
    except ValueError as error:
        return (FeedRefused(WORD, "malformed", f"{target}: {error}", at),)
    return tuple(_odds(row, at) for row in rows)


def _odds(row: _Row, at: Nanos) -> OddsSeen:
    return OddsSeen(
        game=row.game,
        vendor=WORD,
        moneyline_home=row.home,
        moneyline_away=row.away,
        spread_home=None,
        spread_home_odds=None,
        spread_away_odds=None,
        total=None,
        over_odds=None,
        under_odds=None,
        at_venue=at,
        at=at,
        opening=False,
    )


def _refusal(answer: Answer) -> tuple[str, str]:
    return "unknown", answer.body[:200]


class BookwormConnection(Connection):
    """The service, asked at one pace."""

    def __init__(self, section: BookwormSection, key: str, link: Link, http: Http) -> None:
        self._section = section
        self._key = key
        self._link = link
        self._http = http

    def start(self, engine: Engine) -> Work:
        policy = RequestPolicy(
            bucket=lambda now: TokenBucket.full(100, NANOS_PER_SECOND, 100, now),
            on_body=engine.ingress.body_of(WORD),
            refuse=_refusal,
            headers=lambda _target: {"x-key": self._key},
            wall=engine.plan.clock,
            draw=self._link.draw,
        )
        client = Client(self._http, policy)
        ask = every(self._section.poll_ms, lambda: client.get("/odds"))
        return Work(polls=(PollPlan("bookworm_poller", "bookworm_odds", ask),))


@asynccontextmanager
async def connect(section: BookwormSection, key: str | None, link: Link) -> AsyncGenerator[Connection, None]:
    async with Http(section.url) as http:
        yield BookwormConnection(section, key or "", link, http)


def read_key(section: BookwormSection) -> str | None:
    return secret_path(section.key_file).read_text("utf-8").strip() if section.key_file else None


def check(section: BookwormSection) -> Iterator[Finding]:
    if section.poll_ms < 2_000:
        yield Finding("budget", "warn", "Bookworm is asked too often", "set bookworm.poll_ms to 2000 or more")


async def ask(section: BookwormSection, key: str | None, asking: Asking) -> list[Finding]:
    return [*await reachable("bookworm", section.url, "/odds", asking), Finding("keys", "ok", f"key {key}")]


BOOKWORM: Source[BookwormSection, str] = Source(
    name="bookworm",
    title="Bookworm",
    section=BookwormSection,
    readers={WORD: bodies(parse)},
    actors=("bookworm_poller",),
    key=KeyAdvice(without="no odds of worms", get="ask a worm; set bookworm.key_file"),
    read_key=read_key,
    connect=connect,
    check=check,
    questions=(Question(name="bookworm", ask=ask),),
)

NO_SOURCE = "not a record"
BORROWED = attrs.evolve(BOOKWORM, name="borrowed", readers={"balldontlie": bodies(parse)}, actors=())
SHADOW = attrs.evolve(BOOKWORM, name="metrics", readers={}, actors=())
CROWDED = attrs.evolve(BOOKWORM, name="crowded", readers={}, actors=("nba_poller",))
