"""The one queue: (receiver, message, sender) in one global FIFO, drained until empty after every input.

Owned by a system, which lends it a clock and a supervisor. Sending is a dictionary look-up, two counters and
an append; everything rare (a full mailbox, a missing receiver, an effect that is no plain send, a failure)
leaves the fast path by a method. One thread only.
"""

from collections import deque
from collections.abc import Callable, Iterator
from itertools import chain, repeat
from typing import Final

from actors.runtime import mailboxes
from actors.runtime.asks import NotAnswered
from actors.runtime.behaviour import TOPIC_DEAD_LETTERS, Address, Outgoing, Publish
from actors.runtime.cells import Cell, Entry, NotAlive, Reply, Sink, Target
from actors.runtime.reports import DeadLetter, digest_of, text_of, traceback_of
from actors.runtime.timers import Timers
from actors.runtime.topics import Topics

STEPS_PER_INPUT_MAX = 10_000_000
"""Messages that one input may cause before the engine is taken for a livelock."""

FEW: Final = (None,) * 100
"""The steps that do for nearly every input: walking a tuple costs less than to make a bounded iterator."""

# Whoever subscribes to dead letters may fail on one of them, and that failure is another dead letter.
DEAD_LETTERS_PER_INPUT_MAX = 100
"""Dead letters published for one input; more are only counted, so that a flood does not feed itself."""

URGENT_MAX = 10_000
"""Urgent messages that may wait; one more becomes a dead letter."""

DEAD_LETTERS_KEPT = 100
"""The newest dead letters, kept for status and tests."""

NOWHERE: Entry = (Sink(lambda _message, _now: (), 0), None, None)
"""The entry that stands for "no message is being worked on"."""


class Livelock(RuntimeError):
    """One input caused more than `STEPS_PER_INPUT_MAX` messages: actors talk in a circle."""


class WrongOutgoing(TypeError):
    """A handler returned something that is no effect; its actor has failed."""


class Dispatcher:
    """The queue, the registry of addresses, topics and timers of one engine, and its counters."""

    def __init__(self, now: int, interrupts: tuple[type[BaseException], ...]) -> None:
        """Start empty; `interrupts` are errors that pass through to whoever drains, after the actor's life
        has ended.
        """
        self.now = now
        self.cells: dict[Address, Cell] = {}
        self.queue: deque[Entry] = deque()
        self.topics = Topics(self)
        self.use_queue(self.queue)
        self.timers = Timers()
        self.effects: dict[type, Callable[[Cell, object], None]] = {}
        self.on_failure: Callable[[Cell, BaseException], None] = _ignore_failure
        self.on_exit: Callable[[Cell], None] = _ignore_exit
        self.entry: Entry = NOWHERE
        self.reply: Reply | None = None
        self.draining = False
        self.interrupts = interrupts
        self.interrupt: BaseException | None = None
        self._described: tuple[BaseException, str] | None = None
        self.steps_max = STEPS_PER_INPUT_MAX
        self.dead_letters = self.dead_letters_unpublished = 0
        self.last_dead_letters: deque[DeadLetter] = deque(maxlen=DEAD_LETTERS_KEPT)
        self._dead_letters_left = DEAD_LETTERS_PER_INPUT_MAX
        self._urgent: deque[Entry] = deque()
        # Urgent messages wait in a lane of their own and put only a marker before the queue: appended to the
        # front themselves, two of them would change places.
        self._overtaker = Sink(self._overtake, 0)

    def use_queue(self, queue: deque[Entry]) -> None:
        """Keep the messages in this queue from now on; only before the first is put."""
        self.queue = queue
        # Bound once: looking them up again for every input would cost a fifth of its time.
        self._bound = (queue, queue.popleft, queue.append, self.cells.get, self.topics.by_name.get)

    # -- the fast path

    def drain(self) -> None:
        """Work on messages until none waits. Raises what interrupted it, after the actor's life has ended."""
        if self.draining:
            raise RuntimeError("a handler may not drive the engine it runs in")
        self.draining = True
        self._dead_letters_left = DEAD_LETTERS_PER_INPUT_MAX
        steps = iter(FEW)
        try:
            self._run(steps)
        except BaseException as error:  # noqa: BLE001  a crash of one actor
            self._run_on(chain(steps, self._more_steps()), error)
        else:
            if self.queue:
                self._run_on(self._more_steps())
        self.draining = False
        if self.queue or self.interrupt is not None:
            self._finish()

    def _more_steps(self) -> "Iterator[None]":
        """Those that are left after the first few.

        A bounded iterator counts in C: a counter compared in Python would be paid for by every message.
        """
        return repeat(None, self.steps_max - len(FEW))

    def _run_on(self, steps: "Iterator[None]", error: BaseException | None = None) -> None:
        """Go on draining; after a failure end that actor's life first, as often as it happens."""
        failed = error
        try:
            if failed is None:
                failed = self._run_safely(steps)
            # The same iterator goes on, so that a message which fails and is answered by another that fails
            # still meets the livelock bound.
            while failed is not None:
                self.fail(self.entry, failed)
                failed = None
                if self.interrupt is None:
                    failed = self._run_safely(steps)
        finally:
            self.draining = False

    def _run_safely(self, steps: "Iterator[None]") -> BaseException | None:
        try:
            self._run(steps)
        except BaseException as error:  # noqa: BLE001  a crash of one actor
            return error
        return None

    def _run(self, steps: "Iterator[None]") -> None:
        """Work until the queue is empty or the steps are spent; an error raised belongs to `self.entry`."""
        queue, take, push, find, find_topic = self._bound
        now = self.now
        for _ in steps:
            if not queue:
                return
            self.entry = target, message, _sender = take()
            target.done += 1
            outgoing = target.receive(message, now)
            # A behaviour may be a generator: it has to run to its end before anything is sent, or a crash
            # half way would leave half a decision behind.
            if outgoing.__class__ is not tuple:
                outgoing = tuple(outgoing)
            for item in outgoing:
                receiver: Target | None
                if item.__class__ is tuple and len(item) == 2:
                    to, content = item
                    receiver = find(to)
                elif item.__class__ is Publish:
                    receiver, content = find_topic(item.topic), item.message
                else:
                    self.send_rest(target, outgoing, item)
                    break
                if receiver is None and self._nobody(target, outgoing, item):
                    break
                if receiver is None:
                    continue
                put = receiver.put + 1
                if put - receiver.done > receiver.peak and not mailboxes.admit(
                    self, receiver, content, target
                ):
                    continue
                receiver.put = put
                push((receiver, content, target))

    def _nobody(self, sender: Target, outgoing: tuple[Outgoing, ...], item: Outgoing) -> bool:
        """Nobody is there to receive this; True if it was no wish, and with it nothing is sent."""
        if isinstance(item, tuple) and isinstance(item[0], str):
            self.lose(item[0], item[1], sender, "no such actor")
        elif not isinstance(item, Publish):
            self.send_rest(sender, outgoing, item)
            return True
        return False

    def _finish(self) -> None:
        """Raise a pending interrupt, or `Livelock` if the queue is still not empty."""
        if self.interrupt is not None:
            error, self.interrupt = self.interrupt, None
            raise error
        if self.queue:
            waiting = len(self.queue)
            for target, _, _ in self.queue:
                target.done += 1
            # Two actors that talk in a circle would fill the queue again; the engine is given up, so nothing
            # of it counts.
            self.queue.clear()
            raise Livelock(
                f"one input caused more than {self.steps_max} messages; {waiting} more were thrown away"
            )

    # -- everything else

    def put(self, receiver: Target, message: object, sender: Target | None = None) -> bool:
        """Put one message behind all others; False if the mailbox did not take it."""
        put = receiver.put + 1
        if put - receiver.done > receiver.peak and not mailboxes.admit(self, receiver, message, sender):
            return False
        receiver.put = put
        self.queue.append((receiver, message, sender))
        return True

    def put_notice(self, cell: Cell, message: object) -> None:
        """Put a notice of the runtime itself; a full mailbox takes it too: there is one for a watch."""
        cell.put += 1
        cell.peak = max(cell.peak, cell.depth)
        self.queue.append((cell, message, None))

    def put_urgent(self, receiver: Target, message: object, sender: Target | None) -> None:
        """Put one message before all that are not urgent; urgent ones keep their order among themselves."""
        if len(self._urgent) >= URGENT_MAX:
            self.lose(_name(receiver), message, sender, "too many urgent messages")
            return
        receiver.put += 1
        receiver.peak = max(receiver.peak, receiver.depth)
        self._urgent.append((receiver, message, sender))
        self._overtaker.put += 1
        self.queue.appendleft((self._overtaker, None, None))

    def _overtake(self, _message: object, _now: int) -> "tuple[Outgoing, ...]":
        receiver, message, sender = self._urgent.popleft()
        if isinstance(receiver, Cell):
            receiver.put -= 1
            self.step(receiver, message, sender)
        return ()

    def step(self, cell: Cell, message: object, sender: Target | None, reply: Reply | None = None) -> None:
        """Let one actor work on one message outside the fast path; only this actor may fail by it."""
        outer = self.entry
        self.entry = entry = (cell, message, sender)
        cell.put += 1
        cell.done += 1
        try:
            outgoing = tuple(cell.receive(message, self.now))
            self.send_all(cell, outgoing, reply)
        except BaseException as error:  # noqa: BLE001  a crash of one actor
            self.fail(entry, error)
        finally:
            self.entry = outer
        if reply is not None and not reply.done and reply not in self._deferred(cell):
            reply.settle(None, NotAnswered(reply.address, "the actor does not answer this message"))

    def send_all(self, cell: Cell, outgoing: tuple[Outgoing, ...], reply: Reply | None = None) -> None:
        """Send what a handler or hook of this cell returned."""
        if outgoing:
            outer, self.reply = self.reply, reply
            try:
                self.send_rest(cell, outgoing, outgoing[0])
            finally:
                self.reply = outer

    def send_rest(self, sender: Target, outgoing: tuple[Outgoing, ...], first: Outgoing) -> None:
        """Send from the item `first` on. All of it is checked before any of it is sent."""
        if not isinstance(sender, Cell):
            raise WrongOutgoing("only actors have effects")
        start = 0
        while outgoing[start] is not first:
            start += 1
        # An item that is no effect fails the handler, and a failed handler must have sent nothing.
        rest = outgoing[start:]
        for item in rest:
            each: object = item
            plain = isinstance(each, tuple) and len(each) == 2 and isinstance(each[0], str)
            if not plain and type(each) not in self.effects:
                self._unsend(sender, outgoing[:start])
                raise WrongOutgoing(f"no effect: {type(item).__name__} {item!r:.200}")
        for item in rest:
            if isinstance(item, tuple):
                self.send(item[0], item[1], sender)
            else:
                self.effects[type(item)](sender, item)
        # After the loop: what an actor sends beside its `Exit` still goes out, whatever its place in the
        # answer.
        if sender.life is not None and sender.life.exit_asked is not None:
            self.on_exit(sender)

    def send(self, to: Address, message: object, sender: Target | None) -> None:
        """Put a message for an address, or make it a dead letter."""
        receiver = self.cells.get(to)
        if receiver is None:
            self.lose(to, message, sender, "no such actor")
        else:
            self.put(receiver, message, sender)

    def fail(self, entry: Entry, error: BaseException) -> None:
        """Handle a failed handler: its message becomes a dead letter, its life ends."""
        target, message, sender = entry
        if not isinstance(target, Cell):
            raise error
        # The life is looked at too: a behaviour that lets a `NotAlive` out is a crash like any other.
        if isinstance(error, NotAlive) and target.life is None:
            mailboxes.nobody_home(self, target, message, sender)
            return
        self.note_interrupt(error)
        target.failures += 1
        # One crash appears in a dead letter and in an exit report; its traceback is written out once for
        # both.
        self._described = (error, traceback_of(error))
        self.lose_at(target, message, sender, "the handler failed", error)
        self.on_failure(target, error)
        self._described = None

    def traceback(self, error: BaseException | None) -> str:
        """The traceback of an error; written only once for the failure being answered."""
        if self._described is not None and self._described[0] is error:
            return self._described[1]
        return traceback_of(error)

    def note_interrupt(self, error: BaseException) -> None:
        """Remember an interrupt, or the part of a group that is one, for whoever drains."""
        if isinstance(error, BaseExceptionGroup):
            part = error.subgroup(self.interrupts)
            self.interrupt = part if part is not None else self.interrupt
        elif isinstance(error, self.interrupts):
            self.interrupt = error

    def lose_at(
        self, cell: Cell, message: object, sender: Target | None, why: str, error: BaseException | None = None
    ) -> None:
        """Make a message for a known cell a dead letter."""
        incarnation = cell.life.incarnation if cell.life is not None else 0
        self._dead_letter(str(cell.address), incarnation, message, sender, (why, error))

    def lose(self, to: str, message: object, sender: Target | None, why: str) -> None:
        """Make a message for an unknown address a dead letter."""
        self._dead_letter(str(to), 0, message, sender, (why, None))

    def _dead_letter(
        self,
        to: str,
        incarnation: int,
        message: object,
        sender: Target | None,
        cause: tuple[str, BaseException | None],
    ) -> None:
        """Count a dead letter, keep it and publish it; one about a dead letter is only counted."""
        self.dead_letters += 1
        # A dead letter about a dead letter would feed itself.
        if self._dead_letters_left <= 0 or isinstance(message, DeadLetter):
            self.dead_letters_unpublished += 1
            return
        self._dead_letters_left -= 1
        why, error = cause
        letter = DeadLetter(
            Address(to),
            incarnation,
            _name(sender) if sender is not None else "",
            type(message).__name__,
            digest_of(message),
            why,
            text_of(error),
            self.traceback(error),
            self.now,
            message,
        )
        self.last_dead_letters.append(letter)
        self.topics.publish(TOPIC_DEAD_LETTERS, letter, None)

    def _unsend(self, sender: Target, sent: tuple[Outgoing, ...]) -> None:
        """Take plain sends of this very handler back from the end of the queue."""
        # From the end backwards, and only where the entry is still this handler's own: nothing else can have
        # come between, because the handler has not left yet.
        for item in reversed(sent):
            receiver: Target | None
            if isinstance(item, Publish):
                receiver, content = self.topics.by_name.get(item.topic), item.message
            elif isinstance(item, tuple):
                receiver, content = self.cells.get(item[0]), item[1]
            else:
                continue
            if not self.queue or receiver is None:
                continue
            waiting, said, by = self.queue[-1]
            if waiting is receiver and said is content and by is sender:
                self.queue.pop()
                receiver.put -= 1

    def _deferred(self, cell: Cell) -> "list[Reply]":
        return list(cell.life.deferred.values()) if cell.life is not None else []


def _name(target: Target) -> str:
    return str(target.address) if isinstance(target, Cell) else ""


def _ignore_failure(_cell: Cell, _error: BaseException) -> None:
    """Until a system takes over."""


def _ignore_exit(_cell: Cell) -> None:
    """Until a system takes over."""
