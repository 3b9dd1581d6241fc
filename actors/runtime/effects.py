"""What the runtime does for each wish of a behaviour that is no plain send.

One function a wish, entered into the dispatcher's table by `install`. All of them do nothing for an actor
whose life ended meanwhile.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from actors.runtime.behaviour import (
    After,
    Answer,
    CancelTimer,
    Defer,
    Exit,
    ExitReason,
    Perform,
    Publish,
    Ready,
    Send,
    StartChild,
    StopChild,
    Subscribe,
    Unsubscribe,
    Unwatch,
    Watch,
)
from actors.runtime.cells import Cell, Life
from actors.runtime.children import ChildState
from actors.runtime.reports import StartRefused, Terminated

if TYPE_CHECKING:
    from actors.runtime.system import System

WishT = TypeVar("WishT")

DEFERRED_MAX = 1_000
"""Asks that one actor may put off at a time; one more is answered with an error."""


def install(system: "System") -> None:
    """Enter every wish into the dispatcher's table."""
    system.dispatcher.wishes[Send] = _sender(system)
    system.dispatcher.wishes[Publish] = _publisher(system)
    _enter(system, Subscribe, _subscribe)
    _enter(system, Unsubscribe, _unsubscribe)
    _enter(system, After, _after)
    _enter(system, CancelTimer, _cancel_timer)
    _enter(system, Answer, _answer)
    _enter(system, Defer, _defer)
    _enter(system, Exit, _exit)
    _enter(system, Ready, _ready)
    _enter(system, StartChild, _start_child)
    _enter(system, StopChild, _stop_child)
    _enter(system, Watch, _watch)
    _enter(system, Unwatch, _unwatch)
    _enter(system, Perform, _perform)


def _enter(system: "System", kind: type[WishT], act: "Callable[[System, Life, WishT], None]") -> None:
    def grant(cell: Cell, wish: object) -> None:
        if cell.life is not None and isinstance(wish, kind):
            act(system, cell.life, wish)

    system.dispatcher.wishes[kind] = grant


def _sender(system: "System") -> Callable[[Cell, object], None]:
    def send(cell: Cell, wish: object) -> None:
        if not isinstance(wish, Send):
            return
        if not wish.urgent:
            system.dispatcher.send(wish.to, wish.message, cell)
            return
        receiver = system.dispatcher.cells.get(wish.to)
        if receiver is None:
            system.dispatcher.lose(wish.to, wish.message, cell, "no such actor")
        else:
            system.dispatcher.put_urgent(receiver, wish.message, cell)

    return send


def _publisher(system: "System") -> Callable[[Cell, object], None]:
    def publish(cell: Cell, wish: object) -> None:
        if isinstance(wish, Publish):
            system.dispatcher.topics.publish(wish.topic, wish.message, cell)

    return publish


def _subscribe(system: "System", life: Life, wish: Subscribe) -> None:
    if wish.topic not in life.cell.spec.subscriptions and wish.topic not in life.topics:
        life.topics.append(wish.topic)
        system.dispatcher.topics.subscribe(wish.topic, life.cell)


def _unsubscribe(system: "System", life: Life, wish: Unsubscribe) -> None:
    if wish.topic in life.topics:
        life.topics.remove(wish.topic)
        system.dispatcher.topics.unsubscribe(wish.topic, life.cell)


def _after(system: "System", life: Life, wish: After) -> None:
    due = system.now + max(0, wish.delay_ns)
    system.dispatcher.timers.for_actor(life.cell, due, wish.message, wish.key)


def _cancel_timer(system: "System", life: Life, wish: CancelTimer) -> None:
    system.dispatcher.timers.cancel_key(life.cell, wish.key)


def _answer(system: "System", life: Life, wish: Answer) -> None:
    reply = system.dispatcher.reply if wish.handle is None else life.deferred.pop(wish.handle, None)
    if reply is None or not reply.settle(wish.message, None):
        system.answers_unheard += 1


def _defer(system: "System", life: Life, wish: Defer) -> None:
    reply = system.dispatcher.reply
    if reply is not None and len(life.deferred) < DEFERRED_MAX and wish.handle not in life.deferred:
        life.deferred[wish.handle] = reply


def _exit(_system: "System", life: Life, wish: Exit) -> None:
    life.exit_wish = wish.reason if not wish.reason.abnormal else ExitReason.SHUTDOWN


def _ready(system: "System", life: Life, _wish: Ready) -> None:
    system.lives.ready(life)


def _start_child(system: "System", _life: Life, wish: StartChild) -> None:
    supervisor = system.supervisor_at(wish.supervisor)
    if supervisor is None:
        address = wish.supervisor.child(wish.spec.name)
        system.lives.report(StartRefused(address, "no such supervisor", system.now))
        return
    supervisor.start_child(wish.spec)
    system.lives.settle()


def _stop_child(system: "System", _life: Life, wish: StopChild) -> None:
    system.stop_child(wish.address)


def _watch(system: "System", life: Life, wish: Watch) -> None:
    child = system.lives.children.get(wish.address)
    if child is None or child.state in (ChildState.DOWN, ChildState.PARKED):
        parked = child is not None and child.state is ChildState.PARKED
        reason = ExitReason.QUARANTINED if parked else ExitReason.SHUTDOWN
        system.dispatcher.put_notice(life.cell, Terminated(wish.address, reason))
        return
    child.watchers[life.cell.address] = None
    life.cell.watching[wish.address] = None


def _unwatch(system: "System", life: Life, wish: Unwatch) -> None:
    cell = life.cell
    cell.watching.pop(wish.address, None)
    child = system.lives.children.get(wish.address)
    if child is not None:
        child.watchers.pop(cell.address, None)
    # One that waits already must not come either: the actor has said that it does not want to know.
    queue = system.dispatcher.queue
    kept = [
        entry
        for entry in queue
        if not (entry[0] is cell and isinstance(entry[1], Terminated) and entry[1].address == wish.address)
    ]
    cell.put -= len(queue) - len(kept)
    if len(kept) != len(queue):
        queue.clear()
        queue.extend(kept)


def _perform(system: "System", life: Life, wish: Perform) -> None:
    system.perform(life, wish.wish)
