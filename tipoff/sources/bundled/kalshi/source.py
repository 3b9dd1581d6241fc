"""The record of Kalshi; what opens connections and reads keys is imported when that is done."""

from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Final

from actors.addresses import FEED_EDGE
from tipoff.config.problems import ConfigError, Problem
from tipoff.config.secret_files import secret_path
from tipoff.sources.bundled.kalshi.section import KalshiSection
from tipoff.sources.findings import Finding
from tipoff.sources.source import Connection, KeyAdvice, Link, Question, Source
from venues.kalshi.lines import READERS

if TYPE_CHECKING:
    from tipoff.sources.asking import Asking
    from venues.kalshi.auth import Signer

NAME: Final = "kalshi"


def read_key(section: KalshiSection) -> "Signer | None":
    """The key that signs requests. Raises ConfigError for one that cannot be used."""
    from venues.errors import KeyUnusable
    from venues.kalshi.auth import read_signer

    if not (section.key_id and section.private_key_file):
        return None
    try:
        return read_signer(section.key_id, secret_path(section.private_key_file))
    except KeyUnusable as error:
        problem = Problem(f"{NAME}.private_key_file", 0, str(error))
        raise ConfigError("engine.toml", [problem]) from error


def connect(
    section: KalshiSection, signer: "Signer | None", link: Link
) -> AbstractAsyncContextManager[Connection]:
    """Open the connection pool of the environment that is listened to."""
    from tipoff.sources.bundled.kalshi.connection import opened

    return opened(section, signer, link)


def check(section: KalshiSection) -> Iterator[Finding]:
    """Whether requests are as rare as the venue wants them."""
    from tipoff.sources.bundled.kalshi.checks import budget

    return budget(section)


async def ask_rest(section: KalshiSection, signer: "Signer | None", asking: "Asking") -> list[Finding]:
    """Whether the REST service answers, and takes our signature."""
    from tipoff.sources.bundled.kalshi.checks import rest

    return await rest(section, signer, asking)


async def ask_stream(section: KalshiSection, signer: "Signer | None", asking: "Asking") -> list[Finding]:
    """Whether the stream can be opened."""
    from tipoff.sources.bundled.kalshi.checks import stream

    return await stream(section, signer, asking)


KALSHI: Final[Source[KalshiSection, "Signer"]] = Source(
    name=NAME,
    title="Kalshi",
    listed=10,
    section=KalshiSection,
    readers=READERS,
    actors=(FEED_EDGE.last, "discovery"),
    key=KeyAdvice(
        without="books are polled, so immediate and post-only orders are refused",
        get="make a key at https://kalshi.com/account/profile (one of its demo is another key); "
        "set kalshi.key_id and kalshi.private_key_file",
        kind=lambda signer: f" ({signer.kind})",
    ),
    read_key=read_key,
    connect=connect,
    check=check,
    questions=(Question(name=NAME, ask=ask_rest), Question(name="stream", ask=ask_stream, http=False)),
)
