"""The record of balldontlie; what opens connections is imported when that is done."""

from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Final

import attrs

from engine.token_bucket import TokenBucket
from engine.units import Nanos
from tipoff.config.problems import ConfigError, Problem
from tipoff.config.secret_files import secret_path
from tipoff.sources.bundled.balldontlie.section import BalldontlieSection
from tipoff.sources.findings import Finding
from tipoff.sources.source import Connection, KeyAdvice, Link, Question, Source
from venues.balldontlie.lines import READERS

if TYPE_CHECKING:
    from tipoff.sources.asking import Asking


@attrs.frozen
class Key:
    """A key of the service."""

    text: str = attrs.field(repr=False)
    bucket: Callable[[Nanos], TokenBucket] | None = None
    """Another budget than that of the key's tier, for a simulated service."""


def read_key(section: BalldontlieSection) -> Key | None:
    """What the key's file holds. Raises ConfigError for one that cannot be used."""
    if not section.key_file:
        return None
    path = secret_path(section.key_file)
    try:
        text = path.read_text("utf-8").strip()
    except OSError as error:
        raise _unusable(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError:
        # Not chained: that exception holds the bytes.
        raise _unusable(f"{path} is not UTF-8 text") from None
    if not text.isascii() or not text.isprintable() or " " in text:
        raise _unusable(f"{path} holds no key: a key is one word of ASCII characters")
    return Key(text) if text else None


def _unusable(words: str) -> ConfigError:
    return ConfigError("engine.toml", [Problem("balldontlie.key_file", 0, words)])


def connect(
    section: BalldontlieSection, key: Key | None, link: Link
) -> AbstractAsyncContextManager[Connection]:
    """Open the connection pool, if there is a key."""
    from tipoff.sources.bundled.balldontlie.connection import opened

    return opened(section, key, link)


def check(section: BalldontlieSection) -> Iterator[Finding]:
    """Whether the polls fit into what the key allows."""
    from tipoff.sources.bundled.balldontlie.checks import budget

    return budget(section)


async def ask(section: BalldontlieSection, key: Key | None, asking: "Asking") -> list[Finding]:
    """Whether it answers, and what the key may do."""
    from tipoff.sources.bundled.balldontlie.checks import service

    return await service(section, key, asking)


BALLDONTLIE: Final[Source[BalldontlieSection, Key]] = Source(
    name="balldontlie",
    title="balldontlie",
    listed=20,
    section=BalldontlieSection,
    readers=READERS,
    actors=("nba_poller", "odds_poller"),
    key=KeyAdvice(
        without="no scores, no odds, and no market is matched to a game",
        get="get a key at https://www.balldontlie.io (odds need tier goat); set balldontlie.key_file",
        # The risk gate lets nobody but a person enter a market that no game of the league was found for.
        sleeps=lambda traits: not traits.by_hand,
    ),
    read_key=read_key,
    connect=connect,
    check=check,
    questions=(Question(name="balldontlie", ask=ask),),
)
