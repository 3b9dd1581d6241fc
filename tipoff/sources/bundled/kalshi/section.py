"""What can be set of Kalshi, and within which bounds: the section `[kalshi]` of `engine.toml`."""

import re
from collections.abc import Iterator

import attrs

from tipoff.config.fields import Secrecy, between, secret, setting
from tipoff.config.sections import http_url, socket_url

_SERIES = re.compile(r"[A-Z0-9]{1,40}")


def _all_series(_: object, __: object, value: tuple[str, ...]) -> None:
    wrong = [series for series in value if not _SERIES.fullmatch(series)]
    if wrong:
        raise ValueError(f"must name series in capital letters, found {wrong}")


@attrs.frozen(kw_only=True)
class KalshiSection:
    """The exchange whose markets are watched. Without a key the engine polls and says that it is degraded."""

    rest_url_demo: str = setting(
        "https://external-api.demo.kalshi.co/trade-api/v2", "REST service of `demo`", check=http_url
    )
    rest_url_prod: str = setting(
        "https://external-api.kalshi.com/trade-api/v2", "REST service of `prod`", check=http_url
    )
    stream_url_demo: str = setting(
        "wss://external-api-ws.demo.kalshi.co/trade-api/ws/v2", "WebSocket of `demo`", check=socket_url
    )
    stream_url_prod: str = setting(
        "wss://external-api-ws.kalshi.com/trade-api/ws/v2", "WebSocket of `prod`", check=socket_url
    )
    key_id: str = secret(Secrecy.COVERED, "", "identifier of the API key; empty means no key")
    private_key_file: str = secret(
        Secrecy.FILE,
        "",
        "private key: a name in $CREDENTIALS_DIRECTORY, or a path; readable by the owner only",
    )
    series: tuple[str, ...] = setting(
        (),
        "series whose markets are traded; none: winners, spreads and totals of engine.leagues",
        check=_all_series,
    )
    reads_per_second: float = setting(
        15.0, "REST requests with a key", unit="requests per second", check=between(0.1, 400)
    )
    reads_per_second_keyless: float = setting(
        3.0, "REST requests without a key", unit="requests per second", check=between(0.1, 20)
    )
    poll_ms: int = setting(
        2_000, "pause between two polls of a book without a key", unit="ms", check=between(250, 60_000)
    )
    live_data_poll_ms: int = setting(
        10_000,
        "pause between two polls of the venue's own scores, which check the others",
        unit="ms",
        check=between(1_000, 600_000),
    )
    silence_ms_max: int = setting(
        30_000, "a connection silent for longer is replaced", unit="ms", check=between(1_000, 600_000)
    )

    def contradictions(self) -> Iterator[tuple[str, str]]:
        """A key is an identifier and a private key together."""
        if bool(self.key_id) != bool(self.private_key_file):
            missing = "private_key_file" if self.key_id else "key_id"
            yield missing, "is empty, but a key is an identifier and a private key together"
