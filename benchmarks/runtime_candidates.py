"""The workloads and candidates of the runtime benchmark: ours, Pykka, asyncio, calls.

Each function does one workload once and prints nothing; `benchmarks.runtime` runs every candidate in its own
process. Ours runs with everything that the daemon has on: supervision, bounded mailboxes, counters.
"""

# ruff: noqa: ANN401  Pykka's signatures are dynamically typed, and a handler is a handler

import asyncio
import itertools
import threading
from collections.abc import Callable, Iterable
from typing import Any, TypeAlias

import pykka

from actors.runtime import Address, Answer, Behaviour, ChildSpec, Outgoing, SupervisorSpec, VirtualSystem

Clock: TypeAlias = Callable[[], float]
"""Seconds: of the wall, or of all threads of this process."""

Workload: TypeAlias = Callable[[str, int, Clock], float]
"""Carries that many messages; gives seconds for all of them, or the median seconds for one at a time."""

WINDOW = 64
"""Messages put in before the queue is drained, in the workload `batch`."""


class Forward:
    """Passes every message on to `receivers`."""

    def __init__(self, *receivers: Address) -> None:
        self._receivers = receivers
        self._only = receivers[0]

    def receive(self, message: object, now: int, /) -> Iterable[Outgoing]:
        return ((self._only, message),)


class FanOut(Forward):
    """Passes every message on to all of `receivers`."""

    def receive(self, message: object, now: int, /) -> Iterable[Outgoing]:
        return tuple([(receiver, message) for receiver in self._receivers])


class Counter:
    """Counts messages, and answers when asked."""

    def __init__(self) -> None:
        self.count = 0

    def receive(self, message: object, now: int, /) -> Iterable[Outgoing]:
        self.count += 1
        return ()


class Answerer:
    """Answers every message with itself."""

    def receive(self, message: object, now: int, /) -> Iterable[Outgoing]:
        return (Answer(message),)


def _system(children: dict[str, Callable[[], Behaviour]]) -> VirtualSystem:
    specs = [ChildSpec(name=name, factory=factory) for name, factory in children.items()]
    system = VirtualSystem(SupervisorSpec(name="bench", children=tuple(specs)))
    system.start()
    return system


def _ours(kind: str) -> tuple[VirtualSystem, Address]:
    sinks = [Address(f"sink{number}") for number in range(5)]
    counters: dict[str, Callable[[], Behaviour]] = {str(sink): Counter for sink in sinks}
    if kind == "one":
        return _system(counters), sinks[0]
    if kind in ("chain", "batch"):
        a = {"a": lambda: Forward(Address("b")), "b": lambda: Forward(sinks[0])}
        return _system({**a, **counters}), Address("a")
    if kind == "fan":
        return _system({"d": lambda: FanOut(*sinks), **counters}), Address("d")
    return _system({"answerer": Answerer}), Address("answerer")


def ours_throughput(kind: str, messages: int, clock: Clock) -> float:
    """Seconds for all messages, each one input, run to completion (`batch`: a window of them put in at a
    time).
    """
    system, entry = _ours("chain" if kind == "batch" else kind)
    put = system.ask if kind == "ask" else system.put
    began = clock()
    if kind == "batch":
        for first in range(0, messages, WINDOW):
            for number in range(first, first + WINDOW):
                system.dispatcher.send(entry, number, None)
            system.dispatcher.drain()
        return clock() - began
    for number in range(messages):
        put(entry, number)
    return clock() - began


def ours_latency(kind: str, messages: int, clock: Clock) -> float:
    """Median seconds from putting one message until everything that follows from it is done."""
    system, entry = _ours(kind)
    put = system.ask if kind == "ask" else system.put
    took: list[float] = []
    for number in range(messages):
        began = clock()
        put(entry, number)
        took.append(clock() - began)
    return sorted(took)[len(took) // 2]


class PykkaForward(pykka.ThreadingActor):
    """Passes every message on to `receivers`."""

    def __init__(self, *receivers: "pykka.ActorRef[Any]") -> None:
        super().__init__()
        self._receivers = receivers

    def on_receive(self, message: Any) -> None:
        for receiver in self._receivers:
            receiver.tell(message)


class PykkaCounter(pykka.ThreadingActor):
    """Counts messages, and sets an event when `expected` have come."""

    def __init__(self, done: threading.Semaphore, each: int) -> None:
        super().__init__()
        self._done = done
        self._each = each
        self._count = 0

    def on_receive(self, message: Any) -> None:
        self._count += 1
        if self._count % self._each == 0:
            self._done.release()


class PykkaAnswerer(pykka.ThreadingActor):
    """Answers every message with itself."""

    def on_receive(self, message: Any) -> Any:
        return message


def _pykka(kind: str, done: threading.Semaphore, each: int) -> tuple["pykka.ActorRef[Any]", int]:
    if kind == "ask":
        return PykkaAnswerer.start(), 1
    sinks = [PykkaCounter.start(done, each) for _ in range(5 if kind == "fan" else 1)]
    if kind == "one":
        return sinks[0], 1
    if kind in ("chain", "batch"):
        return PykkaForward.start(PykkaForward.start(sinks[0])), 1
    return PykkaForward.start(*sinks), 5


def pykka_throughput(kind: str, messages: int, clock: Clock) -> float:
    """Seconds until the last sink has counted the last message."""
    done = threading.Semaphore(0)
    entry, sinks = _pykka(kind, done, messages)
    began = clock()
    if kind == "ask":
        for number in range(messages):
            entry.ask(number, timeout=5)
    else:
        for number in range(messages):
            entry.tell(number)
        for _ in range(sinks):
            done.acquire()
    took = clock() - began
    pykka.ActorRegistry.stop_all()
    return took


def pykka_latency(kind: str, messages: int, clock: Clock) -> float:
    """Median seconds from telling one message until the last sink has counted it."""
    done = threading.Semaphore(0)
    entry, sinks = _pykka(kind, done, 1)
    took = []
    for number in range(messages):
        began = clock()
        if kind == "ask":
            entry.ask(number, timeout=5)
        else:
            entry.tell(number)
            for _ in range(sinks):
                done.acquire()
        took.append(clock() - began)
    pykka.ActorRegistry.stop_all()
    return sorted(took)[len(took) // 2]


QUEUE: int = 1_024
"""What waits between two tasks of asyncio at most."""


async def _passes_on(source: "asyncio.Queue[int]", sink: "asyncio.Queue[int]") -> None:
    while True:
        await sink.put(await source.get())


async def _counts(source: "asyncio.Queue[int]", messages: int) -> None:
    for _ in range(messages):
        await source.get()


def asyncio_throughput(kind: str, messages: int, clock: Clock) -> float:
    """Seconds for all messages through tasks with a queue each."""

    async def run() -> float:
        queues: list[asyncio.Queue[int]] = [asyncio.Queue(QUEUE) for _ in range(3 if kind == "chain" else 1)]
        tasks = [asyncio.create_task(_passes_on(*pair)) for pair in itertools.pairwise(queues)]
        began = clock()
        last = asyncio.create_task(_counts(queues[-1], messages))
        for number in range(messages):
            await queues[0].put(number)
        await last
        took = clock() - began
        for task in tasks:
            task.cancel()
        return took

    return asyncio.run(run())


class CalledCounter:
    """The end of a chain of calls."""

    def __init__(self) -> None:
        self.count = 0

    def receive(self, _message: object) -> None:
        self.count += 1


class CalledForward:
    """A link of a chain of calls."""

    def __init__(self, receiver: "CalledForward | CalledCounter") -> None:
        self._receiver = receiver

    def receive(self, message: object) -> None:
        self._receiver.receive(message)


def direct_throughput(kind: str, messages: int, clock: Clock) -> float:
    """Seconds for all messages as calls of methods: what no runtime can be faster than."""
    sink = CalledCounter()
    entry = CalledForward(CalledForward(sink)) if kind == "chain" else sink
    began = clock()
    for number in range(messages):
        entry.receive(number)
    took = clock() - began
    assert sink.count == messages
    return took


CANDIDATES: dict[str, dict[str, Workload]] = {
    "ours": {"throughput": ours_throughput, "latency": ours_latency},
    "pykka": {"throughput": pykka_throughput, "latency": pykka_latency},
    "asyncio": {"throughput": asyncio_throughput},
    "direct": {"throughput": direct_throughput},
}
"""What is measured, by candidate and measure."""
