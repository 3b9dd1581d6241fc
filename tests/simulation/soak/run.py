"""A soak of real processes: a daemon against simulated venues, killed once a minute, in bad weather.

`python -m tests.simulation.soak`, which `make soak` calls, for TIPOFF_SOAK_MINUTES (15) with TIPOFF_SOAK_SEED
(1). Prints a table of all lives at the end. Exits 1 and says what failed unless everything held; the logs of
all processes stay in build/soak.
"""

import json
import os
import shutil
import socket
import time
import urllib.request
from collections import Counter
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from random import Random

import attrs
import trio
from rich.console import Console
from rich.table import Table

from tests.simulation.soak.evening import Evening, Life, Setup
from tests.simulation.soak.figures import NAMES, grown, growth, middle, over_lives, warm
from tests.simulation.soak.operator import Operator
from tests.simulation.soak.processes import ROOT, Stuck, Venues
from tests.simulation.soak.weather import Weather
from tests.venues.toxics import Proxy, Toxics, proxied
from tipoff.config.load import load
from tipoff.config.render import render
from tipoff.json_types import Json
from tipoff.output import progress
from tipoff.runs.from_config import schema
from tipoff.sources.bundled.balldontlie.section import BalldontlieSection
from tipoff.sources.bundled.kalshi.section import KalshiSection

FIRST_DATE = date(2026, 11, 20)
FOLDER = ROOT / "build" / "soak"
HOST = "127.0.0.1"
ASK_S_MAX = 10.0


@attrs.frozen(kw_only=True)
class Plan:
    """How long, how fast and from which seed."""

    minutes: float = 15.0
    seed: int = 1
    speed: float = 48.0
    """Seconds of the evening in one of ours."""
    games: int = 3
    kill_s: float = 60.0
    folder: Path = FOLDER


@attrs.define
class Soak:
    """All evenings of a soak."""

    plan: Plan
    ports: tuple[int, int, int]
    """Of the simulated Kalshi and balldontlie, and of the daemon's metrics."""
    venues: Venues | None = None
    evenings: list[Evening] = attrs.field(factory=list)
    weather: dict[str, int] = attrs.field(factory=dict)
    problems: list[str] = attrs.field(factory=list)

    async def run(self) -> None:
        """Play evening after evening until the time is over."""
        deadline = time.monotonic() + self.plan.minutes * 60
        async with trio.open_nursery() as nursery:
            proxies: list[Proxy] = [
                await nursery.start(proxied, (HOST, port), Toxics(), self.plan.seed)
                for port in self.ports[:2]
            ]
            weather = Weather(
                Random(f"{self.plan.seed}|weather"), [proxy.toxics for proxy in proxies], self._admin
            )
            nursery.start_soon(weather.make)
            try:
                while time.monotonic() < deadline:
                    await self._evening(proxies, deadline)
            except Stuck as error:
                self.problems.append(str(error))
            finally:
                self.weather = dict(weather.seen)
                self._end_venues()
            nursery.cancel_scope.cancel()

    async def _evening(self, proxies: list[Proxy], deadline: float) -> None:
        number = len(self.evenings) + 1
        day = (FIRST_DATE + timedelta(days=number - 1)).isoformat()
        progress(f"the evening of {day}")
        plan, keys = self.plan, self.plan.folder / "keys"
        settings: dict[str, Json] = {
            "seed": plan.seed + number - 1,
            "games": plan.games,
            "date": day,
            "speed": plan.speed,
            "kalshi_port": self.ports[0],
            "balldontlie_port": self.ports[1],
            "keys": str(keys),
        }
        log = plan.folder / f"venues-{number}.log"
        self.venues = await trio.to_thread.run_sync(Venues.started, settings, log)
        state = keys / "state"
        _configure(self.venues.config, proxies, self.ports[2])
        setup = Setup(
            folder=plan.folder,
            socket=state / "control.sock",
            database=f"sqlite:///{state / 'tipoff.db'}",
            recordings=state / "recordings",
            speed=plan.speed,
            kill_s=plan.kill_s,
            draw=Random(f"{plan.seed}|{number}"),
            deadline=deadline,
        )
        admin = self.venues.admin
        operator = Operator(Random(f"{plan.seed}|{number}|operator"), admin)
        evening = Evening(setup, number, f"demo-{day}", self.venues, partial(_over, admin), operator)
        self.evenings.append(evening)
        try:
            await evening.play()
        finally:
            evening.end()
            self._end_venues()

    def _admin(self) -> str | None:
        return None if self.venues is None else self.venues.admin

    def _end_venues(self) -> None:
        venues, self.venues = self.venues, None
        if venues is not None:
            venues.end()

    @property
    def lives(self) -> list[Life]:
        """Every life in order."""
        return [life for evening in self.evenings for life in evening.lives]

    def judge(self) -> list[str]:
        """Everything that did not hold."""
        found = list(self.problems)
        for evening in self.evenings:
            found += evening.problems
            found += [f"life {life.name}: {each}" for life in evening.lives for each in life.problems]
        found += grown("over all lives", over_lives([life.samples for life in self.lives]))
        if not any(life.end == "kill -9" for life in self.lives):
            found.append("nobody was killed: the soak shows nothing")
        if not any(evening.operator.done for evening in self.evenings):
            found.append("the operator did nothing: the soak shows less than it could")
        if not any(life.fills for life in self.lives):
            found.append("nothing was traded: the soak shows nothing")
        return found


def _over(admin: str) -> bool:
    try:
        with urllib.request.urlopen(f"{admin}/state", timeout=ASK_S_MAX) as answer:
            return bool(json.load(answer)["over"])
    except OSError:
        return False


def _configure(file: Path, proxies: list[Proxy], metrics_port: int) -> None:
    """The simulated venues' own configuration, by way of the proxies; it is written beside it."""
    config = load(file, schema())
    exchange, scores = config.section(KalshiSection), config.section(BalldontlieSection)
    kalshi = attrs.evolve(
        exchange,
        rest_url_demo=proxies[0].through(exchange.rest_url_demo),
        stream_url_demo=proxies[0].through(exchange.stream_url_demo),
    )
    balldontlie = attrs.evolve(scores, url=proxies[1].through(scores.url))
    metrics = attrs.evolve(config.metrics, port=metrics_port)
    dashboard = attrs.evolve(config.dashboard, enabled=False)
    chosen = attrs.evolve(config, metrics=metrics, dashboard=dashboard).with_sources(kalshi, balldontlie)
    file.with_name("soak.toml").write_text(render(chosen), "utf-8")


def free_port() -> int:
    """A port that nobody has at present."""
    with socket.create_server((HOST, 0)) as trial:
        return int(trial.getsockname()[1])


def table_of(soak: Soak) -> Table:
    """One line a life."""
    table = Table(
        "life", "ready s", "lived s", "end", "entries", "orders", "fills", "restarts", "dead", "resumed",
        "MiB", "+MiB", "tasks", "threads", "fds", "problems",
    )  # fmt: skip
    for life in soak.lives:
        counted, more = warm(life.samples), growth(life.samples)
        used = [f"{middle(counted, name):.0f}" if counted else "-" for name in NAMES[1:]]
        table.add_row(
            life.name, f"{life.ready_s:.1f}", f"{life.lived_s:.0f}", life.end, str(life.entries),
            str(life.orders), str(life.fills), str(life.restarts), str(life.dead_letters), str(life.resumed),
            f"{middle(counted, 'rss_mib'):.0f}" if counted else "-",
            f"{more['rss_mib']:+.1f}" if more else "-", *used, str(len(life.problems)),
        )  # fmt: skip
    return table


def tell(soak: Soak, console: Console) -> list[str]:
    """Print the table, the weather, and what did not hold; returns the latter."""
    console.print(table_of(soak))
    lives, found = soak.lives, soak.judge()
    killed = sum(life.end.startswith("kill") for life in lives)
    console.print(f"{len(soak.evenings)} evenings, {len(lives)} lives, {killed} ended by kill -9")
    operations = sum((Counter(evening.operator.done) for evening in soak.evenings), Counter[str]())
    console.print("operator: " + ", ".join(f"{name} {count}" for name, count in sorted(operations.items())))
    console.print("weather: " + ", ".join(f"{name} {count}" for name, count in sorted(soak.weather.items())))
    over = over_lives([life.samples for life in lives])
    grew = ", ".join(f"{name} {more:+.1f}" for name, more in over.items())
    console.print(f"over lives: {grew or 'too few to say'}")
    for problem in found:
        console.print(f"FAILED {problem}", soft_wrap=True, markup=False)
    verdict = f"{len(found)} problems" if found else "everything held"
    console.print(f"{verdict}; the logs are in {soak.plan.folder}", soft_wrap=True)
    return found


def main() -> int:
    """Soak as the environment says; returns the exit code."""
    minutes = float(os.environ.get("TIPOFF_SOAK_MINUTES", "15"))
    plan = Plan(minutes=minutes, seed=int(os.environ.get("TIPOFF_SOAK_SEED", "1")))
    shutil.rmtree(plan.folder, ignore_errors=True)
    plan.folder.mkdir(parents=True)
    soak = Soak(plan, (free_port(), free_port(), free_port()))
    try:
        trio.run(soak.run)
    except KeyboardInterrupt:
        soak.problems.append("interrupted")
    return 1 if tell(soak, Console(width=160)) else 0
