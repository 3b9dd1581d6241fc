"""The part of `tipoff doctor` that asks: can the services be reached, do keys work, is our clock right.

Called by `doctor` when told to use the network. What is asked of each service its source says; here they are
asked beside one another, and the host of the messages to people is tried.
"""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from functools import partial
from typing import Any, Final

import attrs
import trio

from tipoff.config.load import Config
from tipoff.config.problems import ConfigError
from tipoff.notifications.targets import Service, Target, TargetsWrong, configured_targets
from tipoff.sources.asking import LOOK, Asking, listens
from tipoff.sources.findings import Finding
from tipoff.sources.registry import sources_of
from tipoff.sources.source import Question, Source

ASKED_S_MAX: Final = 30.0

Ask = Callable[[], Awaitable[list[Finding]]]


def examine_network(config: Config | None, asking: Asking | None = None) -> list[Finding]:
    """What the services say; nothing without a configuration."""
    if config is None:
        return []
    return trio.run(examine_venues, config, asking or Asking())


async def examine_venues(config: Config, asking: Asking) -> list[Finding]:
    """All of it, each question beside the others. What does not end in time is said so."""
    parts = _questions(config, attrs.evolve(asking, prod=config.engine.environment == "prod"))
    if asking.stream:
        parts.append(("notices", partial(_notices, config)))
    found: list[list[Finding]] = [[] for _ in parts]

    async def note(place: int, name: str, ask: Ask) -> None:
        slow = Finding("reachable", "fail", f"{name}: no end within {ASKED_S_MAX:g} s", f"try again; {LOOK}")
        found[place] = [slow]
        with trio.move_on_after(ASKED_S_MAX):
            found[place] = await ask()

    async with trio.open_nursery() as nursery:
        for place, (name, ask) in enumerate(parts):
            nursery.start_soon(note, place, name, ask)
    findings = [finding for each in found for finding in each]
    return [*_no_network(findings), *findings]


def _questions(config: Config, asking: Asking) -> list[tuple[str, Ask]]:
    """What the sources want to be asked: services first, then the hosts that are none of HTTP."""
    asked: list[tuple[Question[Any, Any], Ask]] = []
    for name, source in sources_of(config).items():
        section = config.sources[name]
        key = _key(source, section)
        asked += [(each, partial(each.ask, section, key, asking)) for each in source.questions]
    asked.sort(key=lambda each: not each[0].http)
    return [(question.name, ask) for question, ask in asked if question.http or asking.stream]


def _key(source: Source[Any, Any], section: object) -> object:
    """The key, if it can be used; if not, that is told elsewhere."""
    with suppress(ConfigError):
        return source.read_key(section)
    return None


def _no_network(findings: list[Finding]) -> Iterator[Finding]:
    """One sentence first if nothing at all can be reached: then it is this machine and not the venues."""
    reached = [finding.state for finding in findings if finding.check == "reachable"]
    if reached and set(reached) == {"fail"}:
        fix = "is this machine connected? Without --network everything else is checked"
        yield Finding("network", "fail", f"none of {len(reached)} hosts can be reached", fix)


async def _notices(config: Config) -> list[Finding]:
    """The hosts of the notices to people: only that somebody listens, for a question would be a message.

    A mail server is left to `tipoff notify test`; what is wrong with the file is told elsewhere.
    """
    targets: tuple[Target, ...] = ()
    with suppress(OSError, UnicodeDecodeError, TargetsWrong):
        targets = configured_targets(config)
    asked = [each for each in targets if each.service is not Service.MAIL]
    return [await listens("notices", each.posted_to) for each in asked]
