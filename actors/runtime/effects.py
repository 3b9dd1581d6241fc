"""What the runtime does for each effect that a behaviour returns and that is no plain send.

One function an effect, entered into the dispatcher's table by `install`. They do nothing for an actor whose
life has ended meanwhile.
"""

from collections.abc import Callable
from typing import TypeVar

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
    Watch,
)
from actors.runtime.cells import Cell, Life
from actors.runtime.children import ChildState
from actors.runtime.kernel import Kernel
from actors.runtime.reports import StartRefused, Terminated

EffectT = TypeVar("EffectT")

DEFERRED_MAX = 1_000
"""Asks that one actor may put off at a time; one more is answered with an error."""


def install(system: Kernel) -> None:
    """Enter every effect into the dispatcher's table."""
    system.dispatcher.effects[Send] = _sender(system)
    system.dispatcher.effects[Publish] = _publisher(system)
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
    _enter(system, Perform, _perform)


def _enter(system: Kernel, kind: type[EffectT], act: Callable[[Kernel, Life, EffectT], None]) -> None:
    def grant(cell: Cell, effect: object) -> None:
        # An effect earlier in the same answer may have ended the life, such as `Ready` if the next sibling
        # fails.
        if cell.life is not None and isinstance(effect, kind):
            act(system, cell.life, effect)

    system.dispatcher.effects[kind] = grant


def _sender(system: Kernel) -> Callable[[Cell, object], None]:
    def send(cell: Cell, effect: object) -> None:
        if not isinstance(effect, Send):
            return
        if not effect.urgent:
            system.dispatcher.send(effect.to, effect.message, cell)
            return
        receiver = system.dispatcher.cells.get(effect.to)
        if receiver is None:
            system.dispatcher.lose(effect.to, effect.message, cell, "no such actor")
        else:
            system.dispatcher.put_urgent(receiver, effect.message, cell)

    return send


def _publisher(system: Kernel) -> Callable[[Cell, object], None]:
    def publish(cell: Cell, effect: object) -> None:
        if isinstance(effect, Publish):
            system.dispatcher.topics.publish(effect.topic, effect.message, cell)

    return publish


def _subscribe(system: Kernel, life: Life, effect: Subscribe) -> None:
    if effect.topic not in life.cell.spec.subscriptions and effect.topic not in life.topics:
        life.topics.append(effect.topic)
        system.dispatcher.topics.subscribe(effect.topic, life.cell)


def _unsubscribe(system: Kernel, life: Life, effect: Unsubscribe) -> None:
    if effect.topic in life.topics:
        life.topics.remove(effect.topic)
        system.dispatcher.topics.unsubscribe(effect.topic, life.cell)


def _after(system: Kernel, life: Life, effect: After) -> None:
    # From the stamp of the input, not from a clock: a replay then sets the same timers.
    due = system.now + max(0, effect.delay_ns)
    system.dispatcher.timers.for_actor(life.cell, due, effect.message, effect.key)


def _cancel_timer(system: Kernel, life: Life, effect: CancelTimer) -> None:
    system.dispatcher.timers.cancel_key(life.cell, effect.key)


def _answer(system: Kernel, life: Life, effect: Answer) -> None:
    reply = system.dispatcher.reply if effect.handle is None else life.deferred.pop(effect.handle, None)
    if reply is None or not reply.settle(effect.message, None):
        # Late answers are normal (the ask timed out, its asker is gone), so they are counted and no error.
        system.answers_unheard += 1


def _defer(system: Kernel, life: Life, effect: Defer) -> None:
    reply = system.dispatcher.reply
    if reply is not None and len(life.deferred) < DEFERRED_MAX and effect.handle not in life.deferred:
        life.deferred[effect.handle] = reply


def _exit(_system: Kernel, life: Life, effect: Exit) -> None:
    life.exit_asked = effect.reason if not effect.reason.abnormal else ExitReason.SHUTDOWN


def _ready(system: Kernel, life: Life, _effect: Ready) -> None:
    system.lives.ready(life)


def _start_child(system: Kernel, _life: Life, effect: StartChild) -> None:
    supervisor = system.supervisor_at(effect.supervisor)
    if supervisor is None:
        address = effect.supervisor.child(effect.spec.name)
        system.lives.report(StartRefused(address, "no such supervisor", system.now))
        return
    supervisor.start_child(effect.spec)
    system.lives.settle()


def _stop_child(system: Kernel, _life: Life, effect: StopChild) -> None:
    system.stop_child(effect.address)


def _watch(system: Kernel, life: Life, effect: Watch) -> None:
    child = system.lives.children.get(effect.address)
    # Notified at once, as in OTP and Akka: a watcher that came too late would wait for ever.
    if child is None or child.state in (ChildState.DOWN, ChildState.PARKED):
        parked = child is not None and child.state is ChildState.PARKED
        reason = ExitReason.QUARANTINED if parked else ExitReason.SHUTDOWN
        system.dispatcher.put_notice(life.cell, Terminated(effect.address, reason))
        return
    child.watchers[life.cell.address] = None
    life.cell.watching[effect.address] = None


def _perform(system: Kernel, life: Life, effect: Perform) -> None:
    system.perform(life, effect.effect)
