"""The public face for authors of strategies: whatever a strategy needs is imported from here.

What stands in `__all__` keeps its name and its meaning; the modules behind it may move. Everything here is
pure: importing it brings no network, no storage and no runtime. A strategy derives from `Trader` (it says
what it believes; what trading strategies share is there), from `Control` (it trades at a rhythm and without
an opinion), or from `Strategy` itself (it says everything).

What a class says of itself decides what the risk gate asks of its orders: `rests_on_odds`, `has_opinion` and
`by_hand`. A class that says nothing is judged by every rule.
"""

from engine.events import (
    GameBegun,
    GameKnown,
    GameNews,
    MarketKnown,
    OddsSeen,
    ScoresDisagreed,
    ScoreSeen,
    TopChanged,
)
from engine.facts import (
    ORDER_EVIDENCE,
    Evidence,
    Fact,
    Noted,
    OrderAmended,
    OrderApproved,
    OrderCancelled,
    OrderDenied,
    OrderFilled,
    OrderRejected,
    PositionSettled,
    SignalAction,
    SignalRaised,
)
from engine.fees import FeeTerms
from engine.orders import AmendOrder, CancelOrder, Liquidity, OrderCommand, PlaceOrder, TimeInForce
from engine.pricing.devig import DevigMethod, devig
from engine.pricing.fair_value import FairValue, Rules, fair_value
from engine.reasons import DenialReason
from engine.step import NOTHING, Step, Timer
from engine.strategies.controls import Control, ControlParameters
from engine.strategies.market_watch import Watch
from engine.strategies.opinion import Edge, Opinion, p_text, price_text
from engine.strategies.parameters import (
    MARKET_TYPES,
    Parameters,
    ParametersClash,
    ParametersRefused,
    Plain,
    TradingParameters,
    choice,
    dollars,
    minutes,
    number,
    seconds,
    switch,
    whole,
    words,
)
from engine.strategies.portfolio import Holding, OpenOrder, Portfolio
from engine.strategies.strategy import Strategy, StrategyContext
from engine.strategies.trader import Trader
from engine.strategy_traits import StrategyTraits
from engine.terms import BookSide, GamePhase, MarketStatus, Trust
from engine.units import (
    COUNT_ONE,
    MONEY_ONE,
    NANOS_PER_MINUTE,
    NANOS_PER_SECOND,
    PRICE_CENT,
    PRICE_ONE,
    Count,
    Money,
    Nanos,
    Price,
    Tenths,
    contracts,
    format_count,
    format_money,
    format_price,
)
from engine.view import Axis, Claim, GameView, MarketView, View, displayed
from engine.win_probability import InPlayModel

__all__ = [
    "COUNT_ONE",
    "MARKET_TYPES",
    "MONEY_ONE",
    "NANOS_PER_MINUTE",
    "NANOS_PER_SECOND",
    "NOTHING",
    "ORDER_EVIDENCE",
    "PRICE_CENT",
    "PRICE_ONE",
    "AmendOrder",
    "Axis",
    "BookSide",
    "CancelOrder",
    "Claim",
    "Control",
    "ControlParameters",
    "Count",
    "DenialReason",
    "DevigMethod",
    "Edge",
    "Evidence",
    "Fact",
    "FairValue",
    "FeeTerms",
    "GameBegun",
    "GameKnown",
    "GameNews",
    "GamePhase",
    "GameView",
    "Holding",
    "InPlayModel",
    "Liquidity",
    "MarketKnown",
    "MarketStatus",
    "MarketView",
    "Money",
    "Nanos",
    "Noted",
    "OddsSeen",
    "OpenOrder",
    "Opinion",
    "OrderAmended",
    "OrderApproved",
    "OrderCancelled",
    "OrderCommand",
    "OrderDenied",
    "OrderFilled",
    "OrderRejected",
    "Parameters",
    "ParametersClash",
    "ParametersRefused",
    "PlaceOrder",
    "Plain",
    "Portfolio",
    "PositionSettled",
    "Price",
    "Rules",
    "ScoreSeen",
    "ScoresDisagreed",
    "SignalAction",
    "SignalRaised",
    "Step",
    "Strategy",
    "StrategyContext",
    "StrategyTraits",
    "Tenths",
    "TimeInForce",
    "Timer",
    "TopChanged",
    "Trader",
    "TradingParameters",
    "Trust",
    "View",
    "Watch",
    "choice",
    "contracts",
    "devig",
    "displayed",
    "dollars",
    "fair_value",
    "format_count",
    "format_money",
    "format_price",
    "minutes",
    "number",
    "p_text",
    "price_text",
    "seconds",
    "switch",
    "whole",
    "words",
]
