"""Codes that carry the sentence for people: the value is protocol, the sentence is not."""

from enum import Enum
from typing import Self


class Explained(Enum):
    """A member is written as its code and what it means; its value is the code alone."""

    meaning: str

    def __new__(cls, code: str, meaning: str) -> Self:
        """A member's value is its code; the sentence rides along."""
        member = object.__new__(cls)
        member._value_ = code
        member.meaning = meaning
        return member
