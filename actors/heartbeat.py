"""The heartbeat: a message that takes the way of a frame, so that a stage that has stalled is noticed.

The daemon puts one in every few seconds; feed, game, strategy, risk gate and paper exchange each pass it on
and report that it came by. It touches no state and leaves no facts, and therefore it is not recorded: a
replay gives the same with it as without it, and need not work through thousands of them.
"""

from actors.addresses import GAMES_TOPIC, NEWS, PAPER_EXCHANGE, RISK_GATE
from actors.runtime import Address, Outgoing, Perform, Publish
from engine.message import message


@message
class Heartbeat:
    """A numbered heartbeat. `carrier` is the one game that passes it on; without one the feed does."""

    number: int
    carrier: Address | None


@message
class HeartbeatOfGame:
    """What the carrier, or the feed in its place, tells the strategies."""

    number: int


@message
class HeartbeatOfStrategy:
    """What each strategy sends to the risk gate, and the risk gate to the paper exchange."""

    number: int


@message
class HeartbeatPassed:
    """An effect for whoever runs the actors: the heartbeat passed this actor."""

    number: int


def through_feed(beat: Heartbeat) -> list[Outgoing]:
    """From the feed to every game, and to the strategies if there is no game."""
    out: list[Outgoing] = [Publish(GAMES_TOPIC, beat), _passed(beat.number)]
    if beat.carrier is None:
        out.append(Publish(NEWS, HeartbeatOfGame(beat.number)))
    return out


def through_game(address: Address, beat: Heartbeat) -> list[Outgoing]:
    """Every game notes it; the carrier passes it on, so that strategies hear it once and not once a game."""
    if beat.carrier != address:
        return [_passed(beat.number)]
    return [Publish(NEWS, HeartbeatOfGame(beat.number)), _passed(beat.number)]


def through_strategy(beat: HeartbeatOfGame) -> list[Outgoing]:
    """From each strategy to the risk gate."""
    return [(RISK_GATE, HeartbeatOfStrategy(beat.number)), _passed(beat.number)]


def through_risk_gate(beat: HeartbeatOfStrategy) -> list[Outgoing]:
    """On to the paper exchange."""
    return [(PAPER_EXCHANGE, beat), _passed(beat.number)]


def through_paper_exchange(beat: HeartbeatOfStrategy) -> list[Outgoing]:
    """The end of the way."""
    return [_passed(beat.number)]


def _passed(number: int) -> Perform:
    return Perform(HeartbeatPassed(number))
