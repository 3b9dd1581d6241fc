"""Why the risk gate said no: one code a rule, and what each means to a person.

Used by `engine.risk`, by facts, metrics and the manual (its table is generated from here).
"""

from typing import Final

from engine.explained import Explained


class DenialReason(Explained):
    """The rule that stopped a wish; `meaning` is the sentence for people."""

    CONTRACTS_PER_ORDER = ("contracts_per_order", "the order has more contracts than one order may have")
    CONTRACTS_PER_MARKET = ("contracts_per_market", "the market's position and orders would exceed the limit")
    CONTRACTS_PER_GAME = ("contracts_per_game", "the game's positions and open orders would exceed the limit")
    CONTRACTS_PER_STRATEGY = ("contracts_per_strategy", "the strategy would hold more contracts than it may")
    CONTRACTS_TOTAL = ("contracts_total", "all strategies together would hold more contracts than they may")
    EXPOSURE_PER_MARKET = ("exposure_per_market", "more dollars would be at risk in the market than allowed")
    EXPOSURE_PER_GAME = ("exposure_per_game", "more dollars would be at risk in the game than allowed")
    EXPOSURE_PER_STRATEGY = ("exposure_per_strategy", "the strategy would risk more dollars than allowed")
    EXPOSURE_TOTAL = ("exposure_total", "more dollars would be at risk in all than allowed")
    WORST_CASE_PER_GAME = ("worst_case_per_game", "some outcome of the game would lose more than allowed")
    LOSS_PER_TRADE = ("loss_per_trade", "the order could lose more than one trade may lose")
    LOSS_PER_DAY = ("loss_per_day", "the day's loss has reached its limit")
    LOSS_PER_WEEK = ("loss_per_week", "the week's loss has reached its limit")
    DRAWDOWN_STRATEGY = ("drawdown_strategy", "the strategy has fallen too far from its peak")
    DRAWDOWN_TOTAL = ("drawdown_total", "all strategies together have fallen too far from their peak")
    ORDERS_PER_MINUTE = ("orders_per_minute", "too many orders within a minute")
    ORDERS_PER_HOUR = ("orders_per_hour", "too many orders within an hour")
    ORDERS_PER_DAY = ("orders_per_day", "too many orders within the game day")
    LOSS_STREAK = ("loss_streak", "a pause after several losses in a row")
    DEPTH_SHARE = ("depth_share", "the order is too large a share of what is displayed")
    COLLAR_FAIR = ("collar_fair", "the price is too far from the strategy's fair value")
    COLLAR_LAST = ("collar_last", "the price is too far from the last price")
    SPREAD = ("spread", "the market's spread is too wide")
    BOOK_AGE = ("book_age", "the book has not been confirmed for too long")
    FEED_LAG = ("feed_lag", "the venue is heard too late")
    BOOK_UNTRUSTED = ("book_untrusted", "the book is not trusted")
    GAME_UNMATCHED = ("game_unmatched", "the market is not matched to a game")
    SCORES_DISAGREE = ("scores_disagree", "two score sources contradict each other")
    ODDS_AGE = ("odds_age", "the odds behind the decision are too old")
    NEAR_CLOSE = ("near_close", "the market closes too soon")
    DUPLICATE = ("duplicate", "an order with this id was already sent")
    SELF_CROSS = ("self_cross", "the order would trade against another order of ours")
    QUARANTINED = ("quarantined", "the strategy is parked after repeated failures")
    STRATEGY_DISABLED = ("strategy_disabled", "the strategy is switched off")
    MARKET_TYPE = ("market_type", "this kind of market is not allowed")
    MARKET_INACTIVE = ("market_inactive", "the market is not open for trading")
    BALANCE = ("balance", "the strategy's cash does not cover the order")
    HALTED = ("halted", "trading is halted")
    REDUCING = ("reducing", "only orders that reduce a position are let through")
    JOURNAL_DOWN = ("journal_down", "decisions cannot be made durable at present")
    MISSING_DATA = ("missing_data", "a number that the rule needs is missing or not a number")
    EDGE = ("edge", "the order has no positive edge after fees")


LIMITS: Final = frozenset(
    {
        DenialReason.CONTRACTS_PER_ORDER,
        DenialReason.CONTRACTS_PER_MARKET,
        DenialReason.CONTRACTS_PER_GAME,
        DenialReason.CONTRACTS_PER_STRATEGY,
        DenialReason.CONTRACTS_TOTAL,
        DenialReason.EXPOSURE_PER_MARKET,
        DenialReason.EXPOSURE_PER_GAME,
        DenialReason.EXPOSURE_PER_STRATEGY,
        DenialReason.EXPOSURE_TOTAL,
        DenialReason.WORST_CASE_PER_GAME,
        DenialReason.LOSS_PER_TRADE,
        DenialReason.LOSS_PER_DAY,
        DenialReason.LOSS_PER_WEEK,
        DenialReason.DRAWDOWN_STRATEGY,
        DenialReason.DRAWDOWN_TOTAL,
        DenialReason.ORDERS_PER_MINUTE,
        DenialReason.ORDERS_PER_HOUR,
        DenialReason.ORDERS_PER_DAY,
        DenialReason.LOSS_STREAK,
        DenialReason.DEPTH_SHARE,
        DenialReason.BALANCE,
    }
)
"""Limits that a person chose: with others the strategy would have got something else. The rest says that the
moment was wrong, whatever the limits.
"""
