"""Orders and fills come in the order in which they were decided and filled, whatever their names are."""

from collections.abc import Callable

from engine.facts import Fact, OrderApproved, OrderFilled, OrderSubmitted
from engine.message import changed
from engine.units import Nanos
from persistence.decisions import made_fills, sent_orders
from persistence.writer import JournalWriter
from tests.persistence.evenings import evening, place

Opened = Callable[..., JournalWriter]


def facts() -> list[Fact]:
    """Three orders are sent, the one that was decided first at last; the later ones fill in between."""
    (sent,) = (fact for fact in evening(1) if isinstance(fact, OrderSubmitted))
    (filled, _) = (fact for fact in evening(1) if isinstance(fact, OrderFilled))

    def order(name: str, decided_at: int) -> Fact:
        return changed(sent, order=changed(sent.order, order_id=name, decided_at=Nanos(decided_at)))

    def fill(name: str, order_id: str) -> Fact:
        return changed(filled, fill_id=name, order_id=order_id)

    never = changed(sent.order, order_id="never sent", decided_at=Nanos(1))
    return [
        order("b", 20),
        fill("y", "b"),
        order("a", 20),
        fill("x", "a"),
        OrderApproved(never, Nanos(1)),
        order("c", 10),
    ]


def test_orders_that_were_sent_come_by_the_moment_of_their_decision(url: str, opened: Opened) -> None:
    writer = opened(url)
    writer.append(place(facts()))
    reader = writer.reader()
    sent = sent_orders(reader.connection, reader.run.id)
    assert [(each.at, each.name) for each in sent] == [(10, "c"), (20, "a"), (20, "b")]


def test_fills_come_as_they_were_made_and_know_when_their_order_was_decided(url: str, opened: Opened) -> None:
    writer = opened(url)
    writer.append(place(facts()))
    reader = writer.reader()
    made = made_fills(reader.connection, reader.run.id)
    assert [(each.at, each.name, each.count) for each in made] == [(20, "y", 40), (20, "x", 40)]
