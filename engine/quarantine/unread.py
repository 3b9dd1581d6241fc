"""An entry of the journal that is no fact to this program: a later one wrote it, or its text is damaged."""

import re
from typing import Final

import attrs

from engine.message import message

_NAMED: Final = re.compile(r'"(account|game|order_id|scope|strategy|ticker)":"([^"\\]*)"')


@message
class UnreadFact:
    """What is known of it: the kind it calls itself, its text, by what it is looked up, what is wrong."""

    kind: str
    body: str
    subject: str
    why: str


@attrs.frozen
class Named:
    """The names that a fact speaks of, as far as they are there."""

    ticker: str = ""
    order_id: str = ""
    strategy: str = ""
    game: str = ""
    scope: str = ""
    accounts: tuple[str, ...] = ()


def named_in(unread: UnreadFact) -> Named:
    """The names in a text that may end anywhere; of a name that stands twice the first counts."""
    # Not parsed: of a text that was cut off nothing could be, and what is asked for are words that all kinds
    # of facts spell alike.
    found: dict[str, str] = {}
    accounts: list[str] = []
    for name, value in _NAMED.findall(unread.body):
        found.setdefault(name, value)
        if name == "account":
            accounts.append(value)
    found.pop("account", None)
    return Named(**found, accounts=tuple(accounts))
