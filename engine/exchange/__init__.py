"""The paper exchange: harder than the venue, never kinder, and the same after a restart.

`paper` is what others use; `state` is the fold of its facts; one module for each thing that can happen.
"""

from engine.exchange.orders import PaperOrder, Stage
from engine.exchange.paper import PaperExchange
from engine.exchange.rehearsal import undecidable
from engine.exchange.rules import ExchangeRules
from engine.exchange.state import CHANGING, ExchangeState
from engine.exchange.undoing import Before, before, undone

__all__ = [
    "CHANGING",
    "Before",
    "ExchangeRules",
    "ExchangeState",
    "PaperExchange",
    "PaperOrder",
    "Stage",
    "before",
    "undecidable",
    "undone",
]
