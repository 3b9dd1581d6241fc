"""Variants of a strategy that trade side by side in one replay, each as if it were the strategy itself.

A variant has a name of its own, `momentum#17`, because names and order ids tell strategies apart. What is
drawn for it (delays, the coin of a control) is drawn for the plain name, so that a variant gets what the
strategy would get alone. The mark cannot stand in a name that a person gives.
"""

from typing import Final

MARK: Final = "#"
DIGITS: Final = "0123456789"


def variant(name: str, number: int) -> str:
    """The name of a strategy's variant; `number` is not negative."""
    return f"{name}{MARK}{number}"


def plain(text: str) -> str:
    """A name, an order id or a signal id without the mark of a variant; any other text as it is."""
    name, mark, rest = text.partition(MARK)
    return name + rest.lstrip(DIGITS) if mark else text
