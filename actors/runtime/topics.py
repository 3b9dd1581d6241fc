"""Topics: one queue entry for all subscribers, who are called in turn, each failing for itself.

Part of the dispatcher. Subscriptions of a spec outlive restarts, those made by a `Subscribe` end with the
life.
"""

from actors.runtime.behaviour import Outgoing
from actors.runtime.cells import Cell, Queue, Target

TOPIC_CAPACITY = 100_000
"""Messages that may wait for one topic; one more becomes a dead letter."""


class Topic(Target):
    """One topic: its waiting messages and its subscribers, in order of subscription."""

    __slots__ = ("deaf_until", "dispatcher", "subscribers")

    def __init__(self, name: str, dispatcher: Queue) -> None:
        """Start without subscribers."""
        super().__init__(self._fan_out, TOPIC_CAPACITY)
        self.topic = name
        self.dispatcher = dispatcher
        self.subscribers: tuple[Cell, ...] = ()
        self.deaf_until: dict[Cell, int] = {}

    def _fan_out(self, message: object, now: int) -> tuple[Outgoing, ...]:
        """Let every subscriber work on the message; a failure ends only that subscriber's life."""
        dispatcher = self.dispatcher
        outer = dispatcher.entry
        sender = outer[2]
        # A tuple that is replaced and never changed: whoever subscribes while it is walked hears the next
        # message.
        for cell in self.subscribers:
            if self.deaf_until and self._deaf(cell):
                continue
            receive = cell.receive
            # Counted as put and done at once: the message stood in the topic's queue, not in the actor's
            # mailbox, but the actor's counters must show what it worked on.
            dispatcher.entry = entry = (cell, message, sender)
            cell.put += 1
            cell.done += 1
            try:
                outgoing = receive(message, now)
                # What is published mostly leads to nothing.
                if outgoing:
                    dispatcher.send_all(cell, tuple(outgoing))
            except BaseException as error:  # noqa: BLE001  a crash of one actor
                dispatcher.fail(entry, error)
        dispatcher.entry = outer
        return ()

    def _deaf(self, cell: Cell) -> bool:
        """Whether this message was published before the cell's life began, which does not want old ones."""
        until = self.deaf_until.get(cell)
        if until is None:
            return False
        if self.done > until:
            del self.deaf_until[cell]
            return False
        cell.dropped += 1
        return True


class Topics:
    """All topics of one engine by name."""

    __slots__ = ("_dispatcher", "by_name")

    def __init__(self, dispatcher: Queue) -> None:
        """Start without topics; they come with their first subscriber."""
        self._dispatcher = dispatcher
        self.by_name: dict[str, Topic] = {}

    def __len__(self) -> int:
        """Topics that have a subscriber or had one."""
        return len(self.by_name)

    def subscribers(self, name: str) -> tuple[Cell, ...]:
        """Who hears this topic, in order of subscription."""
        topic = self.by_name.get(name)
        return topic.subscribers if topic is not None else ()

    def subscribe(self, name: str, cell: Cell) -> None:
        """Let the cell hear the topic; a second time changes nothing."""
        topic = self.by_name.get(name)
        if topic is None:
            topic = self.by_name[name] = Topic(name, self._dispatcher)
        if cell not in topic.subscribers:
            topic.subscribers = (*topic.subscribers, cell)

    def unsubscribe(self, name: str, cell: Cell) -> None:
        """Let the cell hear the topic no more."""
        topic = self.by_name.get(name)
        if topic is not None:
            topic.subscribers = tuple(other for other in topic.subscribers if other is not cell)
            topic.deaf_until.pop(cell, None)
            if not topic.subscribers and not topic.depth:
                del self.by_name[name]

    def skip_waiting(self, name: str, cell: Cell) -> None:
        """A new life does not want what was published before it: let it miss the messages that wait now."""
        topic = self.by_name.get(name)
        if topic is not None and topic.depth:
            # A number in place of a search: entries of a topic are shared, one subscriber cannot take them
            # out.
            topic.deaf_until[cell] = topic.put

    def publish(self, name: str, message: object, sender: Target | None) -> None:
        """Put one entry for all subscribers into the queue; without subscribers nothing happens."""
        topic = self.by_name.get(name)
        if topic is not None:
            self._dispatcher.put(topic, message, sender)
