"""The page of metrics while storage hangs and strategies die again and again: it answers, and says so."""

import threading
import time
from contextlib import closing
from pathlib import Path

import pytest
import trio
from prometheus_client.parser import text_string_to_metric_families

from actors.addresses import OPERATOR, RISK_GATE, STRATEGIES
from actors.messages import HaltOperation, Operate, OperatorRequest
from actors.runtime import Address, AskError, SystemEnded
from persistence.schema_upgrade import create
from persistence.writer import JournalWriter, Options
from tests.tipoff.contexts import stop
from tests.tipoff.metrics.fixed_engine import fixed_view
from tipoff.config.load import template
from tipoff.config.sections import MetricsSection
from tipoff.live.clock import EveningClock
from tipoff.live.engine import LiveEngine, LivePlan
from tipoff.metrics.exposition import Exposition
from tipoff.metrics.server import Health, serve_metrics
from tipoff.runs.from_config import at_its_word, schema, trading_settings
from tipoff.runs.settings import settings_digest

ANSWER_S_MAX = 0.1
QUESTIONS = 20
HANG_S_MAX = 60.0
GET = b"GET /metrics HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n"


class Disk:
    """A disk that can be made to hang."""

    def __init__(self) -> None:
        self.hangs = threading.Event()
        self.goes_on = threading.Event()
        self.hung = threading.Event()

    def __call__(self, operation: str) -> None:
        if operation == "commit" and self.hangs.is_set():
            self.hung.set()
            self.goes_on.wait(HANG_S_MAX)


async def asked(port: int) -> tuple[float, str]:
    """How long an answer took, and the answer."""
    began = time.perf_counter()
    stream = await trio.open_tcp_stream("127.0.0.1", port)
    async with stream:
        await stream.send_all(GET)
        answer = b""
        while piece := await stream.receive_some():
            answer += piece
    return time.perf_counter() - began, answer.partition(b"\r\n\r\n")[2].decode()


def values(text: str) -> dict[tuple[str, tuple[str, ...]], float]:
    return {
        (sample.name, tuple(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


async def halt(engine: LiveEngine) -> None:
    """Something that has to become durable, and does not."""
    request = OperatorRequest("r-1", 0, "halt", "{}")
    try:
        await engine.ask(
            OPERATOR, Operate(request, RISK_GATE, HaltOperation("global", "halted", "x")), 10**12
        )
    except (AskError, SystemEnded):
        return


def strategies(engine: LiveEngine) -> list[Address]:
    return [each.address for each in engine.status() if each.address.parent == STRATEGIES]


@pytest.fixture
def writer_on(tmp_path: Path) -> tuple[Disk, str]:
    url = f"sqlite:///{tmp_path / 'tipoff.db'}"
    create(url)
    return Disk(), url


async def test_metrics_answer_within_100_ms_while_the_database_hangs_and_no_strategy_stays_up(
    writer_on: tuple[Disk, str], tmp_path: Path
) -> None:
    disk, url = writer_on
    settings = trading_settings(at_its_word(template(schema())), seed=1)
    section = MetricsSection(port=1)
    object.__setattr__(section, "port", 0)
    with closing(JournalWriter(url, "run", Options(seam=disk))) as writer:
        plan = LivePlan(
            settings=settings,
            settings_digest=settings_digest(settings),
            run="run",
            writer=writer,
            recorder=None,
            clock=EveningClock(),
        )
        engine = LiveEngine(plan, lambda _engine: ())
        view = fixed_view(engine, tmp_path)
        exposition = Exposition(view)
        async with trio.open_nursery() as nursery:
            await nursery.start(engine.run)
            nursery.start_soon(view.follow)
            port = await nursery.start(serve_metrics, section, exposition, lambda: Health(ok=True, state="x"))
            with trio.fail_after(HANG_S_MAX):
                await engine.commit_queue.drain()
            disk.hangs.set()
            nursery.start_soon(halt, engine)
            names, answers = strategies(engine), []
            with trio.fail_after(HANG_S_MAX):
                await trio.to_thread.run_sync(disk.hung.wait)
                for _ in range(QUESTIONS):
                    for name in names:
                        engine.system.kill(name)
                    answers.append(await asked(port))
            found = values(answers[-1][1])
            disk.hangs.clear()
            disk.goes_on.set()
            await stop(engine)
            nursery.cancel_scope.cancel()
    # The machine may be busy with something else; the daemon must not be what is waited for.
    assert min(seconds for seconds, _ in answers) < ANSWER_S_MAX
    assert found["tipoff_journal_lag_facts", ()] > 0
    assert found["tipoff_journal_lag_seconds", ()] > 0
    assert names
    up = [sum(values(text)["tipoff_actor_up", (str(name),)] for name in names) for _, text in answers]
    assert min(up) == 0
    assert found["tipoff_restarts_total", ("exchange/strategies/sharp_line", "killed")] > 0
    assert all(value == 1 for (name, _), value in found.items() if name == "tipoff_collector_up")
