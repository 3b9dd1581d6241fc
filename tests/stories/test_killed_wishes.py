"""A real daemon is killed (`kill -9`) right behind what a person wished for, goes on, ends, and repeats.

Beside the simulated venues, over real sockets, with a fault of theirs around the kill. What was acknowledged
stands and is not done twice; a replay of all lives has the digest of the run.
"""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import cast

import attrs
import pytest

from engine.facts import (
    Fact,
    OperatorActed,
    OrderApproved,
    OrderCancelled,
    OrderFilled,
    OrderRejected,
    OrderSubmitted,
    RunStarted,
    TradingHalted,
)
from engine.orders import CancelOrder
from persistence.maintenance import verify
from persistence.queries import Reader
from tests.stories.venues import SMALL, venues
from tests.tipoff.managed import Running, free_port, started
from tipoff.control.client import ControlClient
from tipoff.exit_codes import Exit
from tipoff.json_types import Json
from tipoff.process.shutdown import STOP_S_ALL
from tipoff.reports.numbers import as_object
from tipoff.runs.recording_digest import read_digest

pytestmark = pytest.mark.slow

STRATEGY = "mean_reversion"
LIVELY = attrs.evolve(SMALL, activity=20.0)
SPEED = 30.0
"""A stream that is quiet for seconds cannot say what the venue had when an order arrived."""

RESTS = "operator:rests"
TRIES_MAX = 10
SEEN_S_MAX = 60.0
LOOK_S = 0.05


@attrs.frozen
class History:
    """What befalls the venues, what is wished for then, and what the journal then has of it."""

    faults: dict[str, object]
    mended: dict[str, object]
    wish: tuple[str, dict[str, Json]]
    done: Callable[[Sequence[Fact]], int]
    """How often it was done."""


@attrs.define
class House:
    """A state directory beside the venues, and the daemons that live in it one after the other."""

    root: Path
    folder: Path
    config: Path
    port: int
    switch: Callable[[dict[str, object]], None]
    ticker: str = ""
    lives: list[Running] = attrs.field(factory=list)
    environment: dict[str, str] = attrs.field(factory=dict)

    @property
    def url(self) -> str:
        return f"sqlite:///{next((self.folder / 'state').glob('*.db'))}"

    def begin(self) -> Running:
        """A daemon that is ready."""
        life = started(self.root, self.folder, self.config, self.port, environment=self.environment)
        self.lives.append(life)
        life.wait_for("READY=1")
        return life

    def ask(self, method: str) -> list[dict[str, str | None]]:
        with ControlClient(next((self.folder / "state").glob("*.sock")), 60) as client:
            return cast("list[dict[str, str | None]]", client.query(method))

    def wish(self, method: str, request_id: str, **params: Json) -> Mapping[str, Json]:
        with ControlClient(next((self.folder / "state").glob("*.sock")), 60) as client:
            return as_object(client.operate(method, request_id=request_id, **params))

    def place(self, order_id: str, ticker: str, tif: str, price: str) -> None:
        ours = {"strategy": STRATEGY, "ticker": ticker, "side": "bid", "count": "10", "tif": tif}
        p_fair = float(price) + 0.15
        self.wish("orders.place", order_id.partition(":")[2], **ours, price=price, p_fair=p_fair)

    def open_orders(self) -> set[str]:
        return {str(row["order_id"]) for row in self.ask("orders") if row["end"] is None}

    def over(self, order_id: str) -> bool:
        return order_id not in self.open_orders()

    def held(self) -> bool:
        return any(row["ticker"] == self.ticker for row in self.ask("positions"))

    def facts(self) -> list[Fact]:
        with Reader.open(self.url, None) as reader:
            (run,) = [row.run for row in reader.runs()]
        with Reader.open(self.url, run) as reader:
            return [recorded.fact for recorded in reader.facts()]


@pytest.fixture
def house(root: Path, tmp_path: Path) -> Iterator[House]:
    with venues(tmp_path, LIVELY, SPEED) as (config, switch):
        port = free_port()
        text = config.read_text("utf-8")
        config.write_text(text.replace("port = 9464", f"port = {port}", 1), "utf-8")
        house = House(root, tmp_path, config, port, switch)
        yield house
        for life in house.lives:
            life.killed()


def seen(life: Running, true: Callable[[], bool], what: str) -> None:
    """Look again and again: a process of its own tells nobody here when something has become true."""
    deadline = time.monotonic() + SEEN_S_MAX
    while not true():
        assert time.monotonic() < deadline, f"never: {what}"
        with suppress(subprocess.TimeoutExpired):
            raise AssertionError(f"it ended with {life.process.wait(LOOK_S)}")


def halted(facts: Sequence[Fact]) -> int:
    return sum(isinstance(fact, TradingHalted) and fact.why == "a test" for fact in facts)


def closed(facts: Sequence[Fact]) -> int:
    return sum(isinstance(fact, OrderSubmitted) and fact.order.reduce_only for fact in facts)


def taken_back(facts: Sequence[Fact]) -> int:
    wishes = [fact.command for fact in facts if isinstance(fact, OrderApproved)]
    return sum(isinstance(each, CancelOrder) and each.order_id == RESTS for each in wishes)


HISTORIES = {
    "a halt while the fees are unknown": History(
        {"odd_fees": True}, {"odd_fees": False}, ("halt", {"reason": "a test"}), halted
    ),
    "a position closed while nobody hears the stream": History(
        {"freeze": True}, {"freeze": False}, ("positions.close", {}), closed
    ),
    "a cancel while frames are missing and books are null": History(
        {"skip_seq": 3, "null_side": 2}, {}, ("orders.cancel", {"order_id": RESTS}), taken_back
    ),
}


@pytest.mark.promise("acknowledged-wishes-survive-a-kill")
@pytest.mark.fault("I5")
@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", HISTORIES)
def test_what_was_acknowledged_before_a_kill_stands_once_and_the_run_repeats(house: House, name: str) -> None:
    history = HISTORIES[name]
    life = house.begin()
    traded(house)
    house.switch(history.faults)
    method, params = history.wish
    if method == "positions.close":
        params = {"strategy": STRATEGY, "ticker": house.ticker}
    first = house.wish(method, "the-wish", **params)
    life.process.kill()
    assert life.process.wait(10) == -signal.SIGKILL
    house.switch(history.mended)
    life = house.begin()
    again = house.wish(method, "the-wish", **params)
    assert again == {**first, "repeated": True}
    life.process.terminate()
    assert life.process.wait(2 * STOP_S_ALL) == Exit.OK
    assert verify(house.url).problems == ()
    facts = house.facts()
    assert sum(isinstance(fact, RunStarted) for fact in facts) == 2
    acts = [fact.request_id for fact in facts if isinstance(fact, OperatorActed)]
    assert len(acts) == len(set(acts))
    assert acts[-1] == "the-wish"
    assert history.done(facts) == 1
    sent = [fact.order.order_id for fact in facts if isinstance(fact, OrderSubmitted)]
    assert len(sent) == len(set(sent))
    assert_repeats(house)


@pytest.mark.fault("I1")
@pytest.mark.timeout(300)
def test_what_rests_when_a_run_is_ended_in_good_order_rests_in_its_next_life(house: House) -> None:
    """Nothing takes it back, neither the end nor the start: only a trade may end it."""
    life = house.begin()
    traded(house)
    life.process.terminate()
    assert life.process.wait(2 * STOP_S_ALL) == Exit.OK
    assert "orders rest, and are kept for the next start" in life.errors()
    assert RESTS not in ends(house.facts())
    house.begin()
    seen(house.lives[-1], lambda: bool(house.ask("orders")), "what the life before had sent")
    assert (RESTS in house.open_orders()) is (RESTS not in ends(house.facts()))
    taken_back_since = [fact for fact in house.facts() if isinstance(fact, OrderCancelled)]
    assert RESTS not in [fact.order_id for fact in taken_back_since]


def ends(facts: Sequence[Fact]) -> set[str]:
    """Orders that are over, by being filled whole or taken back."""
    return {
        fact.order_id
        for fact in facts
        if isinstance(fact, OrderCancelled | OrderRejected)
        or (isinstance(fact, OrderFilled) and fact.remaining == 0)
    }


def traded(house: House) -> None:
    """An order of ours rests and a position is held."""

    def priced(kind: str) -> list[dict[str, str | None]]:
        rows = house.ask("markets")
        return [row for row in rows if row["trust"] == "trusted" and row["kind"] == kind and row["yes_ask"]]

    def low(rows: Sequence[dict[str, str | None]]) -> list[dict[str, str | None]]:
        return [row for row in rows if row["yes_bid"] and float(row["yes_bid"]) > 0.1]

    seen(house.lives[-1], lambda: any(row["matched"] for row in house.ask("games")), "a matched game")
    seen(house.lives[-1], lambda: bool(priced("game") and low(priced("spread"))), "trusted books")
    market, aside = priced("game")[0], low(priced("spread"))[0]
    house.ticker = str(market["ticker"])
    # In a kind of market that the strategy does not watch: elsewhere it takes back what it would not send.
    house.place(RESTS, str(aside["ticker"]), "gtc", f"{float(str(aside['yes_bid'])) - 0.05:.4f}")
    for number in range(TRIES_MAX):
        # The market may run away from an order while it is on its way.
        order_id = f"operator:takes{number}"
        house.place(order_id, house.ticker, "ioc", f"{float(str(market['yes_ask'])) + 0.04:.4f}")
        seen(house.lives[-1], partial(house.over, order_id), f"the end of {order_id}")
        if house.held():
            break
    assert house.held()
    assert RESTS in house.open_orders()


def assert_repeats(house: House) -> None:
    """The recording of both lives is whole, and a replay of it decides the same."""
    (recording,) = (house.folder / "state" / "recordings").iterdir()
    seal = read_digest(recording)
    assert seal is not None
    done = subprocess.run(
        [sys.executable, "-m", "tipoff", "replay", str(recording), "--verify", "--json"],
        cwd=house.root,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == Exit.OK, done.stderr + done.stdout
    assert json.loads(done.stdout)["digest"] == seal.digest
