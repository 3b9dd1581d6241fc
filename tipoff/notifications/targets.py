"""Where notices go: the addresses in the file that `notify.webhook_file` names, a line each.

The service follows from the address; a word before it says it where it does not (`ntfy https://…`). The
whole address is a secret, for whoever has it can write there or log in; only `name` may be shown.
"""

from collections.abc import Iterator
from enum import Enum
from typing import Final
from urllib.parse import SplitResult, parse_qs, urlsplit, urlunsplit

import attrs

from tipoff.config.load import Config
from tipoff.config.secret_files import secret_path

TARGETS_MAX: Final = 16
"""Addresses in one file; more are refused."""

MAIL_SCHEMES: Final = ("smtps", "smtp")


class Service(Enum):
    """Who brings a notice to people; the value is the word that may stand before an address."""

    JSON = "json"
    SLACK = "slack"
    DISCORD = "discord"
    TELEGRAM = "telegram"
    NTFY = "ntfy"
    MAIL = "mail"


@attrs.frozen
class Target:
    """One place that notices go to."""

    service: Service
    line: int
    """Where it stands in its file."""
    address: str = attrs.field(repr=False)

    @property
    def parts(self) -> SplitResult:
        """The address taken apart."""
        return urlsplit(self.address)

    @property
    def name(self) -> str:
        """What may be shown of it."""
        return f"{self.service.value} at {self.parts.hostname}"

    @property
    def secrets(self) -> tuple[str, ...]:
        """The parts that no answer and no error may show."""
        parts = self.parts
        pieces = (piece for text in (parts.path, parts.query) for piece in text.replace("&", "/").split("/"))
        return (self.address, parts.path, parts.query, parts.password or "", *pieces)

    @property
    def posted_to(self) -> str:
        """The address that a body is posted to."""
        parts = self.parts
        match self.service:
            case Service.TELEGRAM:
                path = parts.path.rstrip("/").removesuffix("/sendMessage")
                return urlunsplit((parts.scheme, parts.netloc, f"{path}/sendMessage", "", ""))
            case Service.NTFY:
                # A body in JSON goes to the server, and names its topic.
                above = parts.path.rstrip("/").rpartition("/")[0]
                return urlunsplit((parts.scheme, parts.netloc, f"{above}/", parts.query, ""))
            case _:
                return self.address

    def asked(self, key: str) -> str:
        """The value of a key of the query; empty if it has none."""
        return next(iter(parse_qs(self.parts.query).get(key, ())), "")


class TargetsWrong(Exception):
    """Lines of the file that are no addresses; each problem names its line and shows nothing of it."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        self.problems = problems
        super().__init__("; ".join(problems))


def targets_in(text: str) -> tuple[Target, ...]:
    """The targets of a file; empty lines and those that begin with # are passed over. Raises TargetsWrong."""
    found: list[Target] = []
    problems: list[str] = []
    for number, line in enumerate(text.splitlines(), 1):
        said = line.strip()
        if not said or said.startswith("#"):
            continue
        target = _target(said, number)
        wrong = next(_wrong_with(target), None)
        if wrong is None:
            found.append(target)
        else:
            problems.append(f"line {number} {wrong}")
    if len(found) > TARGETS_MAX:
        problems.append(f"there are {len(found)} addresses; at most {TARGETS_MAX}")
    if problems:
        raise TargetsWrong(tuple(problems))
    return tuple(found)


def configured_targets(config: Config) -> tuple[Target, ...]:
    """The targets of a configuration; none if it names no file. Raises TargetsWrong, OSError and
    UnicodeDecodeError.
    """
    name = config.notify.webhook_file
    return targets_in(secret_path(name).read_text("utf-8")) if name else ()


def _target(said: str, line: int) -> Target:
    word, _, rest = said.partition(" ")
    named = {service.value: service for service in Service}.get(word.lower())
    address = said if named is None else rest.strip()
    return Target(named or _service_of(address), line, address)


def _service_of(address: str) -> Service:
    try:
        parts = urlsplit(address)
        host = parts.hostname or ""
    except ValueError:
        return Service.JSON
    if parts.scheme in MAIL_SCHEMES:
        return Service.MAIL
    match host:
        case "hooks.slack.com":
            return Service.SLACK
        case "discord.com" | "discordapp.com" if parts.path.startswith("/api/webhooks/"):
            return Service.DISCORD
        case "api.telegram.org":
            return Service.TELEGRAM
        case "ntfy.sh":
            return Service.NTFY
        case _:
            return Service.JSON


def _wrong_with(target: Target) -> Iterator[str]:
    """What is wrong with an address, the first first."""
    mail = target.service is Service.MAIL
    schemes = MAIL_SCHEMES if mail else ("https", "http")
    if any(character.isspace() for character in target.address):
        yield "has a space in it; an address has none (write %20), and a # comment has a line of its own"
    try:
        parts, port = target.parts, target.parts.port
    except ValueError:
        yield "is not an address that can be read"
        return
    if parts.scheme not in schemes or not parts.hostname or port == 0:
        yield f"is not an address of the form {schemes[0]}://HOST/…"
    if target.service is Service.TELEGRAM and not target.asked("chat_id"):
        yield "lacks the chat: https://api.telegram.org/botTOKEN/sendMessage?chat_id=NUMBER"
    if target.service is Service.NTFY and not parts.path.strip("/"):
        yield "lacks the topic: https://ntfy.sh/TOPIC"
    if mail and not target.asked("to"):
        yield "lacks who gets the mail: smtps://USER:PASSWORD@HOST/?from=ADDRESS&to=ADDRESS"
    if mail and "@" not in target.asked("from"):
        yield "lacks who sends the mail: smtps://USER:PASSWORD@HOST/?from=ADDRESS&to=ADDRESS"
