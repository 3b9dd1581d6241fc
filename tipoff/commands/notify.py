"""`tipoff notify test`: one notice to each target, and what came of it.

Called by the command line. Each is tried once and all at the same time; a real notice would be tried again.
"""

from functools import partial
from pathlib import Path
from typing import Final

import attrs
import trio

from tipoff.config.load import Config, load_or_template
from tipoff.config.problems import ConfigError, Problem
from tipoff.config.secret_files import file_problems
from tipoff.exit_codes import Exit
from tipoff.json_types import Json
from tipoff.notifications.attempt import Attempt, Outcome
from tipoff.notifications.notice import Notice
from tipoff.notifications.senders import sender
from tipoff.notifications.targets import Target, TargetsWrong, configured_targets
from tipoff.output import Answer, Failure, table
from tipoff.runs.from_config import schema
from venues.errors import VenueError

KEY: Final = "notify.webhook_file"
WORDS: Final = "this is a test: if you read it, notices arrive here; nothing has happened"


@attrs.frozen
class Tried:
    """A target, what came of it, and how long it took."""

    target: Target
    attempt: Attempt
    seconds: float


def run_test(config: Path | None) -> Answer:
    """Try every target. Raises Failure and ConfigError."""
    read = load_or_template(config, schema())
    targets = _targets(read, str(config or "engine.toml"))
    tried = trio.run(_tried, targets, read.engine.name)
    delivered = [each.attempt.outcome is Outcome.DELIVERED for each in tried]
    document: Json = {
        "targets": [
            {
                "target": each.target.name,
                "line": each.target.line,
                "outcome": each.attempt.outcome.value,
                "why": each.attempt.words or None,
                "seconds": round(each.seconds, 3),
            }
            for each in tried
        ],
        "level": read.notify.level,
    }
    rows = [
        (
            each.target.name,
            str(each.target.line),
            each.attempt.outcome.value,
            f"{each.seconds:.1f} s",
            each.attempt.words,
        )
        for each in tried
    ]
    screen = table(("target", "line", "outcome", "took", "why"), rows)
    return Answer(document, screen, Exit.OK if all(delivered) else Exit.FAILED)


def _targets(config: Config, source: str) -> tuple[Target, ...]:
    wrong = [problem for problem in file_problems(config) if problem.path == KEY]
    try:
        targets = () if wrong else configured_targets(config)
    except UnicodeDecodeError:
        wrong = [Problem(KEY, 0, "the file is not text")]
    except TargetsWrong as error:
        wrong = [Problem(KEY, 0, words) for words in error.problems]
    if wrong:
        raise ConfigError(source, wrong)
    if not targets:
        message = f"nobody is notified: {KEY} names no file, or one without an address"
        raise Failure("no_target", message, details=["docs/how_to/notices.md shows what stands in it"])
    return targets


async def _tried(targets: tuple[Target, ...], engine: str) -> list[Tried]:
    tried: dict[int, Tried] = {}

    async def one(target: Target) -> None:
        began = trio.current_time()
        attempt = await _attempt(target, engine)
        tried[target.line] = Tried(target, attempt, trio.current_time() - began)

    async with trio.open_nursery() as nursery:
        for target in targets:
            nursery.start_soon(partial(one, target))
    return [tried[target.line] for target in targets]


async def _attempt(target: Target, engine: str) -> Attempt:
    try:
        async with sender(target, engine) as send:
            return await send(Notice("test", "info", WORDS))
    except VenueError as error:
        return Attempt.refused(str(error))
