"""The sections of `engine.toml` as classes: one field a key, with its default, meaning, unit and bounds.

Read by `config`, used by the wiring; the commented file and the manual's page are made from these. The
sections of the risk gate, of the strategies and of the sources stand where those are.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import attrs

from engine.accounts import Accounts
from engine.leagues import LEAGUES, TRADED
from engine.terms import FeeRegime, Member
from tipoff.config.fields import Secrecy, between, matching, secret, setting
from tipoff.config.places import SOCKET, STATE_DIRECTORY

_HTTP_URL = re.compile(r"https?://[^\s/@]+(?:/\S*)?")
_SOCKET_URL = re.compile(r"wss?://[^\s/@]+(?:/\S*)?")
_DATABASE_URL = re.compile(r"(?:sqlite|postgresql)(?:\+\w+)?://.*")
_LOOPBACK = re.compile(r"127(?:\.\d{1,3}){3}|::1|localhost")
_NAME = re.compile(r"[a-z][a-z0-9_-]{0,39}")

http_url = matching(_HTTP_URL.fullmatch, "an address that begins with https:// or http://")
socket_url = matching(_SOCKET_URL.fullmatch, "an address that begins with wss:// or ws://")
name = matching(_NAME.fullmatch, "1 to 40 small letters, digits, _ or -, beginning with a letter")
PORT = between(1, 65_535)
LOOPBACK = matching(_LOOPBACK.fullmatch, "a loopback address; from another machine use `ssh -L`")
HOST = matching(re.compile(r"[^\s/]{1,255}").fullmatch, "a host name or an address")


def _known_leagues(_: object, __: object, value: tuple[str, ...]) -> None:
    known = [league.code for league in LEAGUES]
    wrong = [code for code in value if code not in known]
    if wrong or not value:
        raise ValueError(f"must name at least one of {', '.join(known)}, found {list(wrong or value)}")


@attrs.frozen(kw_only=True)
class EngineSection:
    """The program as a whole."""

    name: str = setting("tipoff", "name of this engine in logs, metrics and reports", check=name)
    environment: Literal["demo", "prod"] = setting(
        "prod",
        "which Kalshi is listened to: its market, or its demo with mock books; orders stay on paper in both",
    )
    leagues: tuple[str, ...] = setting(TRADED, "leagues whose games are traded", check=_known_leagues)
    accounts: Accounts = setting(
        Accounts.ISOLATED,
        "whether each strategy has an account of its own, as if the others were not there, or all share one",
    )
    seed: int = setting(1, "seed of everything that is drawn, such as latencies", check=between(0, 2**63 - 1))
    state_directory: Path = setting(
        STATE_DIRECTORY, "folder of what must survive; relative paths below begin here; created if missing"
    )


@attrs.frozen(kw_only=True)
class RetentionSection:
    """How long rows are kept: pruned at every start and once a day, but for those of the open run.

    Orders, fills and the ledger are kept for ever and cannot be set.
    """

    orderbook_snapshots_days: int = setting(
        7, "snapshots of order books; 0 keeps them for ever", unit="days", check=between(0, 36_500)
    )
    market_bars_days: int = setting(
        400,
        "bars of ten seconds, which scores need; 0 keeps them for ever",
        unit="days",
        check=between(0, 36_500),
    )
    nba_live_data_days: int = setting(
        30, "box scores; 0 keeps them for ever", unit="days", check=between(0, 36_500)
    )
    betting_odds_days: int = setting(
        90, "sportsbook odds; 0 keeps them for ever", unit="days", check=between(0, 36_500)
    )
    system_logs_days: int = setting(
        30, "log lines in the database; 0 keeps them for ever", unit="days", check=between(0, 36_500)
    )
    dead_letters_days: int = setting(
        30, "messages that crashed an actor; 0 keeps them for ever", unit="days", check=between(0, 36_500)
    )


def _database_url(_: object, __: object, value: str) -> None:
    if not _DATABASE_URL.fullmatch(value):
        raise ValueError("must begin with sqlite:/// or postgresql://")
    account = value.partition("://")[2].partition("/")[0].rpartition("@")[0]
    query = value.partition("?")[2].lower()
    if ":" in account or "password" in query:
        # The value itself is not repeated here: it holds a secret.
        raise ValueError("must not contain a password; put it into a file and name that in password_file")


@attrs.frozen(kw_only=True)
class DatabaseSection:
    """Where the journal and everything that is derived from it is kept."""

    url: str = setting(
        "sqlite:///tipoff.db",
        "sqlite:///FILE (relative to the state directory) or postgresql://USER@HOST/NAME",
        check=_database_url,
    )
    password_file: str = secret(
        Secrecy.FILE,
        "",
        "password of the database: a name in $CREDENTIALS_DIRECTORY, or a path; empty means none",
    )
    batch_rows_max: int = setting(
        512, "a transaction takes at most so many facts", unit="rows", check=between(1, 100_000)
    )
    snapshot_entries: int = setting(
        20_000,
        "after so many facts what they come to is stored, so that a start reads that and what follows it",
        unit="rows",
        check=between(100, 1_000_000),
    )
    retention: RetentionSection = RetentionSection()


@attrs.frozen(kw_only=True)
class RecordingSection:
    """The raw evening, frame by frame, so that it can be replayed."""

    enabled: bool = setting(True, "write everything that is heard")
    directory: Path = setting(Path("recordings"), "folder of the recordings")
    segment_megabytes_max: int = setting(
        64, "a segment ends at this size before compression", unit="MB", check=between(1, 4_096)
    )
    flush_ms_max: int = setting(1_000, "a crash loses at most so much", unit="ms", check=between(10, 60_000))
    disk_free_megabytes_min: int = setting(
        1_024, "recording stops, trading goes on, below this free space", unit="MB", check=between(0, 2**30)
    )
    keep_days: int = setting(
        400,
        "older recordings of runs are removed, at every start and once a day; 0 keeps them for ever",
        unit="days",
        check=between(0, 36_500),
    )
    gigabytes_max: int = setting(
        0,
        "the oldest are removed while all recordings of runs are larger together; 0 is no limit",
        unit="GB",
        check=between(0, 2**20),
    )


_LATENCY = between(0, 60_000)


@attrs.frozen(kw_only=True)
class ExchangeSection:
    """The paper exchange: how late our orders are and what they are charged. Never kinder than the venue."""

    decide_to_send_ms: int = setting(5, "from a decision to the wire, median", unit="ms", check=_LATENCY)
    decide_to_send_ms_p95: int = setting(
        20, "the same, 95th percentile: the pessimistic band", unit="ms", check=_LATENCY
    )
    entry_ms: int = setting(60, "from the wire into the venue's book, median", unit="ms", check=_LATENCY)
    entry_ms_p95: int = setting(180, "the same, 95th percentile", unit="ms", check=_LATENCY)
    decide_to_send_ms_p05: int = setting(
        2, "the same, 5th percentile: the optimistic band", unit="ms", check=_LATENCY
    )
    entry_ms_p05: int = setting(
        25, "from the wire into the venue's book, 5th percentile", unit="ms", check=_LATENCY
    )
    acknowledge_ms: int = setting(60, "from the book back to the strategy, median", unit="ms", check=_LATENCY)
    acknowledge_ms_p95: int = setting(180, "the same, 95th percentile", unit="ms", check=_LATENCY)
    cancel_ms: int = setting(
        65, "from the wish to cancel to the cancel in the book, median", unit="ms", check=_LATENCY
    )
    cancel_ms_p95: int = setting(200, "the same, 95th percentile", unit="ms", check=_LATENCY)
    pessimistic_depth_percent: int = setting(
        50,
        "of what is displayed beyond a level's first contract the pessimistic band finds so much",
        unit="percent",
        check=between(0, 100),
    )
    in_game_delay_ms: int = setting(
        0, "extra delay of taking orders while a game is live", unit="ms", check=_LATENCY
    )
    fee_regime: FeeRegime | None = setting(
        None, 'rule by which all fees are rounded; "none" means the venue\'s on the day of each fill'
    )
    member: Member = setting(Member.DIRECT, "whose balance grid fees are rounded to")
    credit_window_ms: int = setting(
        2_000,
        "a fall in depth waits so long for its print before it counts as a cancel",
        unit="ms",
        check=between(0, 60_000),
    )

    def contradictions(self) -> Iterator[tuple[str, str]]:
        """A 95th percentile cannot be less than the median, nor the median less than the 5th."""
        for leg in ("decide_to_send", "entry"):
            median, p05 = getattr(self, f"{leg}_ms"), getattr(self, f"{leg}_ms_p05")
            if p05 > median:
                yield f"{leg}_ms_p05", f"is {p05}, more than the median {median}"
        for leg in ("decide_to_send", "entry", "acknowledge", "cancel"):
            median, p95 = getattr(self, f"{leg}_ms"), getattr(self, f"{leg}_ms_p95")
            if p95 < median:
                yield f"{leg}_ms_p95", f"is {p95}, less than the median {median}"


@attrs.frozen(kw_only=True)
class TrustSection:
    """What of an opinion is expected to come true: a strategy expects trust × gap, less the costs."""

    of: str = setting(
        "shipped",
        "shipped: estimated from real games; stated: every source at its word, for simulated evenings; or a "
        "file that `tipoff calibrate` wrote, relative to this one",
        check=matching(bool, "shipped, stated or a file"),
    )


@attrs.frozen(kw_only=True)
class ControlSection:
    """The socket through which `tipoff status` and its sisters talk to the daemon."""

    enabled: bool = setting(True, "listen for commands")
    socket: Path = setting(SOCKET, "path of the socket, at most 107 bytes")
    group: str = setting(
        "", "group that may use the socket too (mode 0660); empty means the owner only (0600)"
    )
    connections_max: int = setting(32, "more connections than this are refused", check=between(1, 1_024))
    request_ms_max: int = setting(
        10_000, "a request is answered or given up after this", unit="ms", check=between(100, 600_000)
    )


@attrs.frozen(kw_only=True)
class MetricsSection:
    """Numbers for Prometheus."""

    enabled: bool = setting(True, "serve /metrics")
    host: str = setting("127.0.0.1", "address to listen on", check=HOST)
    port: int = setting(9_464, "port to listen on", check=PORT)


@attrs.frozen(kw_only=True)
class DashboardSection:
    """The page of the running engine in a browser; `tipoff dashboard` prints its address."""

    enabled: bool = setting(True, "serve the page, in a process of its own; it needs the control socket")
    host: str = setting(
        "127.0.0.1", "address to listen on: a loopback one, for nothing is encrypted", check=LOOPBACK
    )
    port: int = setting(8_464, "port to listen on", check=PORT)
    token_file: str = secret(
        Secrecy.FILE,
        "",
        "token that operates: a name in $CREDENTIALS_DIRECTORY, or a path; empty: a new one at each start",
    )


@attrs.frozen(kw_only=True)
class LoggingSection:
    """What is written to standard error and to the journal of the system."""

    level: Literal["debug", "info", "warning", "error"] = setting(
        "info", "what is less important is left out", live=True
    )
    style: Literal["auto", "json", "console"] = setting(
        "auto",
        "`console` is a short line an event, New York time; `auto` is that on a terminal, `json` elsewhere",
    )


@attrs.frozen(kw_only=True)
class NotifySection:
    """Messages to people when something needs them."""

    webhook_file: str = secret(
        Secrecy.FILE,
        "",
        "file with where notices go, an address a line (Telegram, Discord, Slack, ntfy, mail, any that takes "
        "JSON): a name in $CREDENTIALS_DIRECTORY, or a path; empty means nobody",
    )
    level: Literal["info", "warning", "error"] = setting(
        "info",
        "what is less important is not sent: info tells of fills and the day's end too",
        live=True,
    )
    pause_ms_min: int = setting(
        60_000,
        "the same message is not sent again for so long",
        unit="ms",
        check=between(0, 86_400_000),
        live=True,
    )
