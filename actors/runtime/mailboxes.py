"""What a mailbox does when it is full, when its actor is down, and when a new life begins.

Called by the dispatcher off the fast path. The messages of a mailbox stand in the global queue, or in the
cell's stash after their turn came while the actor was down.
"""

from collections.abc import MutableSequence

from actors.runtime.cells import Cell, Entry, Fate, Queue, Target
from actors.runtime.specs import CONFLATE, DROP_OLDEST, FAIL, RETAIN


class MailboxOverflow(Exception):
    """The actor's mailbox was full and its policy is FAIL."""


def admit(dispatcher: Queue, receiver: Target, message: object, sender: Target | None) -> bool:
    """Whether the message may be put; called only when it would stand deeper than any before it."""
    depth = receiver.depth + 1
    if depth <= receiver.capacity:
        receiver.peak = depth
        return True
    if receiver.topic is not None:
        dispatcher.lose(f"topic {receiver.topic}", message, sender, "the topic is full")
        return False
    # Entries of the runtime itself (asks, urgent markers) are bounded where they are made.
    if not isinstance(receiver, Cell):
        return True
    when_full = receiver.policy.when_full
    if when_full is CONFLATE and _conflate(dispatcher, receiver, message, sender):
        return False
    if when_full in (CONFLATE, DROP_OLDEST) and _drop_oldest(dispatcher, receiver):
        return True
    receiver.refused += 1
    dispatcher.lose_at(receiver, message, sender, "the mailbox is full")
    # The sender's handler is still running: only the receiver fails, and the rest of the answer is still
    # sent.
    if when_full is FAIL and receiver.life is not None:
        dispatcher.on_failure(receiver, MailboxOverflow(f"more than {receiver.capacity} messages waited"))
    return False


def nobody_home(dispatcher: Queue, cell: Cell, message: object, sender: Target | None) -> None:
    """Keep, drop or lose a message whose turn came while the cell had no life, by its fate and policy."""
    retains = cell.policy.on_restart is RETAIN
    # A first life gets what was sent before it whatever the policy: siblings start in order, and the earlier
    # ones already talk to the later ones.
    if cell.fate is Fate.UNBORN or (cell.fate is Fate.RESTARTING and retains):
        _retain(dispatcher, cell, message, sender)
        return
    cell.discarded += 1
    if cell.fate is Fate.ENDED or retains:
        dispatcher.lose_at(cell, message, sender, f"the actor is {cell.fate.value}")
    else:
        cell.dropped += 1


def _retain(dispatcher: Queue, cell: Cell, message: object, sender: Target | None) -> None:
    """Keep a message for the next life; one from a topic was never admitted, so the bound is checked here."""
    # It was counted as done when its turn came; while it is kept it waits again.
    cell.done -= 1
    makes_room = cell.policy.when_full in (CONFLATE, DROP_OLDEST)
    if cell.depth > cell.capacity and not (makes_room and _drop_oldest(dispatcher, cell)):
        cell.done += 1
        cell.discarded += 1
        cell.refused += 1
        dispatcher.lose_at(cell, message, sender, "the mailbox is full")
        return
    cell.stash.append((cell, message, sender))


def begin_life(dispatcher: Queue, cell: Cell) -> None:
    """Give a new life the waiting messages that its policy retains; a first life gets all."""
    if cell.policy.on_restart is RETAIN or cell.fate is Fate.UNBORN:
        # To the front: what was kept is older than everything in the queue, and order by sender has to hold.
        dispatcher.queue.extendleft(reversed(cell.stash))
        cell.stash.clear()
        return
    for name in cell.spec.subscriptions:
        dispatcher.topics.skip_waiting(name, cell)
    if not cell.depth:
        return
    kept = [entry for entry in dispatcher.queue if entry[0] is not cell]
    gone = len(dispatcher.queue) - len(kept)
    if gone:
        dispatcher.queue.clear()
        dispatcher.queue.extend(kept)
        _discard(cell, gone)


def flush_stash(dispatcher: Queue, cell: Cell) -> None:
    """There will be no next life: what was kept for it becomes dead letters."""
    while cell.stash:
        _, message, sender = cell.stash.popleft()
        cell.done += 1
        cell.discarded += 1
        dispatcher.lose_at(cell, message, sender, f"the actor is {cell.fate.value}")


def _discard(cell: Cell, count: int) -> None:
    cell.done += count
    cell.discarded += count
    cell.dropped += count


def _places(dispatcher: Queue, cell: Cell) -> tuple[MutableSequence[Entry], ...]:
    # Stash first: its turn has come before, so it holds the older messages.
    return (cell.stash, dispatcher.queue)


def _drop_oldest(dispatcher: Queue, cell: Cell) -> bool:
    for entries in _places(dispatcher, cell):
        oldest = next((index for index, entry in enumerate(entries) if entry[0] is cell), None)
        if oldest is not None:
            del entries[oldest]
            _discard(cell, 1)
            return True
    return False


def _conflate(dispatcher: Queue, cell: Cell, message: object, sender: Target | None) -> bool:
    """Put the message into the place of the newest waiting one with the same key; False if there is none."""
    key_of = cell.policy.conflate_key
    key = key_of(message) if key_of is not None else None
    if key_of is None or key is None:
        return False
    # From the newest back: replacing an older one would let a stale value be worked on after a fresh one.
    for entries in reversed(_places(dispatcher, cell)):
        for index in range(len(entries) - 1, -1, -1):
            target, waiting, _ = entries[index]
            if target is cell and key_of(waiting) == key:
                entries[index] = (cell, message, sender)
                cell.conflated += 1
                return True
    return False
