"""People hear of what a real engine does, and a webhook in trouble changes nothing in its trading.

Covers: tipoff.notifications.rules.
"""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any, cast

import attrs
import pytest
import trio

from actors.addresses import OPERATOR, RISK_GATE, strategy_address
from actors.messages import HaltOperation, Operate, OperatorRequest, OrderOperation, Wake
from actors.operator import ActOutcome
from actors.runtime import Fault, InjectedFault
from engine.events import BookSide
from engine.orders import TimeInForce
from engine.units import PRICE_ONE, Count, Price
from tests.tipoff.contexts import context_of
from tests.tipoff.engines import Feed, live
from tipoff.config.load import template
from tipoff.live.engine import LiveEngine
from tipoff.runs.from_config import schema
from tipoff.services import notifications
from tipoff.services.notifications import LAST_S_MAX
from tipoff.sources.clients import Sources
from tipoff.sources.health import HealthIssue, IssueKind

SECONDS_MAX = 30.0
CLUMSY = strategy_address("momentum")
TRADER = "mean_reversion"


@attrs.define
class Receiver:
    """A webhook on loopback; while it hangs it reads and never answers."""

    port: int = 0
    hangs: bool = False
    bodies: list[dict[str, Any]] = attrs.field(factory=list)
    more: trio.Event = attrs.field(factory=trio.Event)

    async def serve(self, task_status: trio.TaskStatus[None]) -> None:
        listeners = await trio.open_tcp_listeners(0, host="127.0.0.1")
        self.port = listeners[0].socket.getsockname()[1]
        async with trio.open_nursery() as nursery:
            nursery.start_soon(partial(trio.serve_listeners, self.answer, listeners))
            task_status.started()

    async def answer(self, stream: trio.SocketStream) -> None:
        """One message after the other on a connection."""
        try:
            while request := await self._request(stream):
                self.bodies.append(json.loads(request))
                self.more.set()
                if self.hangs:
                    await trio.sleep_forever()
                await stream.send_all(b"HTTP/1.1 204 No Content\r\n\r\n")
        except trio.BrokenResourceError:
            return

    async def _request(self, stream: trio.SocketStream) -> bytes:
        data = b""
        while b"\r\n\r\n" not in data:
            received = await stream.receive_some()
            if not received:
                return b""
            data += received
        head, _, body = data.partition(b"\r\n\r\n")
        fields = dict(line.split(": ", 1) for line in head.decode().lower().splitlines()[1:])
        while len(body) < int(fields["content-length"]):
            body += await stream.receive_some()
        return body

    async def heard(self, kind: str) -> dict[str, Any]:
        """Wait for a message of this kind."""
        with trio.fail_after(SECONDS_MAX):
            while not (found := [body for body in self.bodies if body["kind"] == kind]):
                self.more = trio.Event()
                await self.more.wait()
        return found[-1]


@attrs.define
class Venues:
    """Sources as far as people hear of them."""

    issues: list[HealthIssue] = attrs.field(factory=list)

    def health_issues(self) -> list[HealthIssue]:
        return list(self.issues)


@attrs.frozen
class Scene:
    """An engine, who tells of it, and who hears."""

    engine: LiveEngine
    venues: Venues
    receiver: Receiver
    feed: Feed = attrs.field(factory=Feed)

    async def act(self, name: str, wish: HaltOperation | OrderOperation) -> None:
        request = OperatorRequest(name, 0, name, "{}")
        outcome = await self.engine.ask(OPERATOR, Operate(request, RISK_GATE, wish))
        assert isinstance(outcome, ActOutcome)
        assert outcome.acted.outcome.startswith("done"), outcome

    async def fill(self, number: int) -> None:
        """Take what is displayed, and wait until that is durable."""
        fills = self.engine.tally.strategy(TRADER).fills
        ticker, ask = await self._displayed()
        fair = ask / PRICE_ONE + 0.05
        order = OrderOperation(TRADER, ticker, BookSide.BID, ask, Count(100), TimeInForce.IOC, p_fair=fair)
        await self.act(f"order{number}", order)
        with trio.fail_after(SECONDS_MAX):
            while self.engine.tally.strategy(TRADER).fills == fills:
                self.feed.pass_on(self.engine, ticker)
                await trio.sleep(0.1)

    async def _displayed(self) -> tuple[str, Price]:
        games = (await self.engine.games()).values()
        for market in (market for game in games for market in game.markets.values()):
            ask = market.book.yes_ask
            if ask is not None:
                return market.book.ticker, ask
        raise AssertionError("no market shows an ask")

    async def quarantine(self) -> None:
        """Let a strategy fail until it is parked."""
        system = self.engine.system
        while str(CLUMSY) not in {str(each.address) for each in system.status() if each.state == "parked"}:
            if system.dispatcher.cells[CLUMSY].life is not None:
                system.crash_next(CLUMSY, Fault(InjectedFault("clumsy")))
                system.put(CLUMSY, Wake("now"))
            await trio.sleep(0.01)


@asynccontextmanager
async def scene(folder: Path, *, hangs: bool = False) -> AsyncIterator[Scene]:
    """An engine that trades, beside a webhook."""
    receiver, venues = Receiver(hangs=hangs), Venues()
    async with trio.open_nursery() as nursery:
        await nursery.start(receiver.serve)
        address = folder / "webhook"
        address.write_text(f"http://127.0.0.1:{receiver.port}/hook\n", "utf-8")
        address.chmod(0o600)
        usual = template(schema())
        notify = attrs.evolve(usual.notify, webhook_file=str(address), level="info", pause_ms_min=0)
        config = attrs.evolve(usual, notify=notify)
        async with live(folder) as engine, trio.open_nursery() as people:
            context = context_of(engine, config, cast("Sources", venues))
            people.start_soon(notifications.run, context, 0.05)
            yield Scene(engine, venues, receiver)
            people.cancel_scope.cancel()
        nursery.cancel_scope.cancel()


@pytest.mark.timeout(300)
async def test_people_hear_of_fills_halts_quarantine_a_lost_feed_and_of_the_day(tmp_path: Path) -> None:
    async with scene(tmp_path) as at:
        await at.fill(1)
        assert (await at.receiver.heard("filled"))["text"].startswith(f"{TRADER} filled: buy 1 ")
        at.venues.issues.append(HealthIssue("stream", "not connected: cut", IssueKind.FEED_LOST))
        assert (await at.receiver.heard("feed_lost"))["level"] == "warning"
        at.venues.issues.clear()
        await at.receiver.heard("feed_back")
        await at.quarantine()
        assert "momentum" in (await at.receiver.heard("quarantined"))["text"]
        await at.act("halt", HaltOperation("all", "halted", "lunch"))
        halted = await at.receiver.heard("halted")
        assert (halted["level"], "lunch" in halted["text"]) == ("error", True)
        restarts = at.engine.system.lives.restarts
    last = at.receiver.bodies[-1]
    assert last["kind"] == "daily_summary"
    assert f"1 orders, 1 fills, {restarts} restarts (paper)" in last["text"]
    assert "P&L " in last["text"]
    assert "pessimistic" in last["text"]


@pytest.mark.timeout(300)
async def test_a_webhook_that_hangs_changes_nothing_in_trading_and_holds_up_no_end(tmp_path: Path) -> None:
    async with scene(tmp_path, hangs=True) as at:
        await at.fill(1)
        # The first message is on its way and will never be answered.
        await at.receiver.heard("filled")
        for number in range(2, 6):
            await at.fill(number)
        assert at.engine.tally.strategy(TRADER).fills == 5
        assert at.engine.system.lives.restarts == 0
        assert [body["kind"] for body in at.receiver.bodies] == ["filled"]
        began = trio.current_time()
    assert trio.current_time() - began < LAST_S_MAX + SECONDS_MAX / 2
