"""What the tests of the terminal view share: a made-up daemon with the answers of a usual evening."""

import copy
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import attrs
import pytest

from tipoff.control.client import NotRunning
from tipoff.json_types import Json
from tipoff.output import Failure
from tipoff.top.poller import SocketClient, round_of
from tipoff.top.snapshot import Answers, Link, Seen

AT = "2026-11-20T23:30:00.000000Z"
GAMES = ("26NOV20MEMPOR", "26NOV20DALSAC")
LOOKS = ("status", "games", "markets", "risk", "actors", "journal")


def strategy(name: str, **changes: object) -> dict[str, object]:
    """A strategy of the status."""
    usual: dict[str, object] = {
        "name": name,
        "kind": name,
        "enabled": True,
        "halted": None,
        "quarantined": False,
        "parameters": "{}",
        "signals": 12,
        "near_misses": 3,
        "orders": 7,
        "open_orders": 1,
        "fills": 6,
        "denied": {"exposure_total": 2, "cooldown": 1},
        "bankroll": "1000.000000",
        "cash": "953.200000",
        "at_risk": "46.800000",
    }
    return usual | changes


def result(name: str) -> dict[str, object]:
    """What a strategy has earned."""
    band = {"pessimistic": "-12.345100", "base": "3.204999", "optimistic": "0.001000"}
    return {
        "strategy": name,
        "realized": "1.000000",
        "unrealized": "2.204999",
        "fees": "0.420000",
        "band": band,
    }


def game(name: str, **changes: object) -> dict[str, object]:
    """A game that is played."""
    usual: dict[str, object] = {
        "game": name,
        "away": name[-6:-3],
        "home": name[-3:],
        "tip_at": "2026-11-20T23:00:00.000000Z",
        "matched": True,
        "score": "51-48",
        "phase": "live",
        "period": 2,
        "clock_ms": 313_900,
        "markets": 2,
        "sportsbooks": 9,
        "scores_disagree": False,
        "halted": None,
    }
    return usual | changes


def market(ticker: str, **changes: object) -> dict[str, object]:
    """A market with a trusted book."""
    usual: dict[str, object] = {
        "ticker": ticker,
        "game": GAMES[0],
        "kind": "game",
        "status": "active",
        "yes_bid": "0.4700",
        "yes_bid_size": "43.00",
        "yes_ask": "0.4900",
        "yes_ask_size": "453.51",
        "trust": "trusted",
        "at": "2026-11-20T23:29:18.000000Z",
    }
    return usual | changes


def actor(address: str, **changes: object) -> dict[str, object]:
    """An actor that runs."""
    usual: dict[str, object] = {
        "address": address,
        "depth": address.count("/"),
        "kind": "loop",
        "state": "running",
        "incarnation": 1,
        "restarts": 0,
        "mailbox": 0,
        "mailbox_peak": 18,
        "mailbox_capacity": 1_000,
        "handled": 124,
        "refused": 0,
        "dropped": 0,
        "failures": 0,
        "last_error": "",
        "age_seconds": 7_505,
    }
    return usual | changes


def fact(seq: int, text: str) -> dict[str, object]:
    """A fact of the journal."""
    return {"seq": seq, "at": AT, "cause": 900, "owner": "risk_gate", "kind": "OrderDenied", "text": text}


def limit(name: str, use: str, most: str, where: str = "") -> dict[str, object]:
    """A global limit in dollars."""
    return {
        "name": name,
        "strategy": None,
        "use": use,
        "limit": most,
        "unit": "dollars",
        "where": where,
    }


def usual_status() -> dict[str, Any]:
    """The one screen of a daemon that trades."""
    names = ("sharp_line", "momentum")
    feed = {
        "connected": True,
        "conn": 1,
        "gaps": 0,
        "losses": 0,
        "refused": 0,
        "last_book_at": AT,
        "lag_ms": 40,
    }
    return {
        "state": "running",
        "trading": True,
        "why_not": [],
        "degraded": [],
        "tipoff": "0.1.0",
        "run": "demo-2026-11-20",
        "at": AT,
        "uptime_seconds": 7_505,
        "at_risk": "96.600000",
        "at_risk_max": "500",
        "positions": 19,
        "open_orders": 2,
        "pnl": {"pessimistic": "-11.230000", "base": "-0.004000", "optimistic": "7.900000"},
        "strategies": [strategy(name) for name in names],
        "results": [result(name) for name in (*names, "all")],
        "halts": [],
        "feed": {**feed, "venue_trading": True, "trusted_books": 4, "books": 4},
        "actors": 20,
        "actors_running": 20,
        "restarts": 0,
        "dead_letters": 0,
        "journal_seq": 262,
        "last_failure": None,
    }


def usual() -> dict[str, Any]:
    """The answers of a daemon that trades."""
    return {
        "status": usual_status(),
        "games": [game(GAMES[0]), game(GAMES[1], score=None, phase="scheduled", period=None, clock_ms=None)],
        "markets": [
            market("KXNBAGAME-26NOV20MEMPOR-POR"),
            market("KXNBASPREAD-26NOV20MEMPOR-POR4", trust="stale", yes_bid=None, yes_bid_size=None),
        ],
        "risk": {
            "limits": [
                limit("exposure_total", "96.6", "500"),
                limit("exposure_per_game", "170", "200", GAMES[0]),
                limit("orders_per_hour", "", "20"),
                limit("collar", "3", "none"),
            ],
            "halts": [],
            "journal_trouble": None,
        },
        "actors": [
            actor("journal"),
            actor("exchange", kind="supervisor"),
            actor("exchange/risk_gate", restarts=2, failures=2, last_error="KeyError: 'ticker'"),
        ],
        "journal": [fact(number, f"refused number {number}") for number in range(1, 41)],
    }


@attrs.define
class MadeUp:
    """A daemon whose answers can be changed while it is watched."""

    answers: dict[str, Any] = attrs.field(factory=usual)
    troubles: dict[str, Failure] = attrs.field(factory=dict)
    gone: bool = False
    level: str = "operate"
    asked: list[tuple[str, Mapping[str, Json]]] = attrs.field(factory=list)
    acts: list[tuple[str, str | None, Mapping[str, Json]]] = attrs.field(factory=list)
    connections: int = 0
    closed: int = 0

    def connect(self) -> SocketClient:
        if self.gone:
            raise NotRunning(Path("state/control.sock"), "Connection refused")
        self.connections += 1
        return Client(self)


@attrs.define
class Client:
    """One connection to it."""

    daemon: MadeUp

    @property
    def hello(self) -> Mapping[str, Any]:
        methods = [*LOOKS, *(["halt", "resume"] if self.daemon.level != "read" else [])]
        return {"tipoff": "0.1.0", "level": self.daemon.level, "methods": methods, "state": "running"}

    def query(self, method: str, **params: Json) -> Json:
        self.daemon.asked.append((method, params))
        if self.daemon.gone:
            raise Failure("closed", "the daemon closed the connection")
        if method in self.daemon.troubles:
            raise self.daemon.troubles[method]
        answer: Json = copy.deepcopy(self.daemon.answers[method])
        return answer

    def operate(self, method: str, request_id: str | None = None, **params: Json) -> Json:
        self.daemon.acts.append((method, request_id, params))
        if method in self.daemon.troubles:
            raise self.daemon.troubles[method]
        return {"outcome": f"{method} is done"}

    def close(self) -> None:
        self.daemon.closed += 1


@pytest.fixture
def daemon() -> MadeUp:
    return MadeUp()


@pytest.fixture
def seen(daemon: MadeUp) -> Callable[[], Seen]:
    """What a view knows after one round."""

    def look() -> Seen:
        client = daemon.connect()
        return Seen(link=Link(hello=client.hello), answers=round_of(client, None))

    return look


@pytest.fixture
def answers(daemon: MadeUp) -> Answers:
    return round_of(daemon.connect(), None)
