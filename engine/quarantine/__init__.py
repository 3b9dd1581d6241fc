"""What a start does with a journal that it cannot apply as a whole: set aside what fails, with its market.

The rest trades. Made before the tree of actors starts, a function of the facts alone, so that a replay sets
the same aside.
"""

from engine.quarantine.blame import blamed, in_words
from engine.quarantine.concerns import of_money
from engine.quarantine.quarantine import Quarantine
from engine.quarantine.sieve import Scratch, Sieve, Sifted
from engine.quarantine.unread import UnreadFact

__all__ = [
    "Quarantine",
    "Scratch",
    "Sieve",
    "Sifted",
    "UnreadFact",
    "blamed",
    "in_words",
    "of_money",
]
