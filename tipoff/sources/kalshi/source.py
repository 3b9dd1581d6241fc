"""The record of Kalshi; what opens connections and reads keys is imported when that is done."""

from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Final

from actors.addresses import FEED_EDGE
from tipoff.config.problems import ConfigError, Problem
from tipoff.config.secret_files import secret_path
from tipoff.sources.kalshi.section import KalshiSection
from tipoff.sources.source import Connection, Link, Source
from venues.kalshi.lines import READERS

if TYPE_CHECKING:
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
    from tipoff.sources.kalshi.connection import opened

    return opened(section, signer, link)


KALSHI: Final[Source[KalshiSection, "Signer"]] = Source(
    name=NAME,
    section=KalshiSection,
    readers=READERS,
    actors=(FEED_EDGE.last, "discovery"),
    read_key=read_key,
    connect=connect,
)
