"""The limits of the risk gate: names, units, defaults, and who they hold for.

Read by the gate's rules, `tipoff risk show|set`, the configuration and the manual. A limit holds for each
account by itself: for each strategy where each has its own, for all together where they share one. The limits
of the portfolio hold for all strategies together in either case; where one of them binds, what a strategy
gets depends on the others again. A limit set for a strategy holds for that strategy alone and beside the
global one, so it can only be stricter. The two limits that are about one strategy by their name
(`contracts_per_strategy`…) hold for each by itself.
"""

import math
from collections.abc import Mapping
from typing import Final, TypeAlias

import attrs
from attrs import validators

from engine import freshness

LimitValue: TypeAlias = int | float | tuple[str, ...] | None
"""A number, a list of words, or None for no limit."""


class LimitRefused(ValueError):
    """No such limit, or no such value for it."""


def _limit(default: float | None, unit: str, text: str, *, portfolio: bool = False) -> float | None:
    return attrs.field(
        default=None if default is None else float(default),
        converter=attrs.converters.optional(float),
        validator=validators.optional(_amount),
        metadata={"help": text, "unit": unit, "portfolio": portfolio},
    )


def _amount(_instance: object, attribute: "attrs.Attribute[float]", value: float) -> None:
    if not (math.isfinite(value) and value >= 0):
        raise ValueError(f"'{attribute.name}' must be a finite number that is not negative: {value}")


def _words(_instance: object, attribute: "attrs.Attribute[tuple[str, str, str]]", value: object) -> None:
    if value is None:
        return
    if not isinstance(value, tuple) or not all(isinstance(word, str) for word in value):
        raise TypeError(f"'{attribute.name}' must be a tuple of words: {value!r}")


@attrs.frozen
class RiskLimits:
    """All limits; None switches one off. Amounts are in the unit of their metadata.

    The defaults are made for measuring: on simulated evenings none of them shapes what a strategy gets.
    """

    contracts_per_order: float | None = _limit(100, "contracts", "most contracts of one order")
    contracts_per_market: float | None = _limit(
        100, "contracts", "most contracts in a market, whatever of the open orders fills"
    )
    contracts_per_game: float | None = _limit(500, "contracts", "most contracts in a game's markets together")
    contracts_per_strategy: float | None = _limit(1_000, "contracts", "most contracts of one strategy")
    contracts_total: float | None = _limit(
        10_000, "contracts", "most contracts of all strategies together", portfolio=True
    )
    exposure_per_market: float | None = _limit(
        100, "dollars", "most dollars paid or promised in a market, fees included"
    )
    exposure_per_game: float | None = _limit(200, "dollars", "most dollars paid or promised in a game")
    exposure_per_strategy: float | None = _limit(500, "dollars", "most dollars at risk of one strategy")
    exposure_total: float | None = _limit(5_000, "dollars", "most dollars at risk in all", portfolio=True)
    worst_case_per_game: float | None = _limit(
        2_000,
        "dollars",
        "most that any outcome of a game may cost, over all its markets, open orders and strategies",
        portfolio=True,
    )
    loss_per_trade: float | None = _limit(50, "dollars", "most that one order may lose, fees included")
    loss_per_day: float | None = _limit(
        5_000,
        "dollars",
        "the game day's realized loss plus everything at risk, of all strategies, may not exceed this",
        portfolio=True,
    )
    loss_per_week: float | None = _limit(
        10_000,
        "dollars",
        "the week's realized loss plus everything at risk, of all strategies, may not exceed this",
        portfolio=True,
    )
    drawdown_strategy: float | None = _limit(
        90, "percent", "a strategy's fall from its peak that lets only exits pass, until resumed"
    )
    drawdown_total: float | None = _limit(
        50,
        "percent",
        "the fall of all together from their peak that lets only exits pass, until resumed",
        portfolio=True,
    )
    orders_per_minute: float | None = _limit(60, "orders", "most entries within a minute")
    orders_per_hour: float | None = _limit(1_000, "orders", "most entries within an hour")
    orders_per_day: float | None = _limit(5_000, "orders", "most entries within a game day")
    loss_streak: float | None = _limit(None, "losses", "losing positions in a row that pause a strategy")
    loss_streak_pause_minutes: float | None = _limit(5, "minutes", "how long that pause is")
    depth_share: float | None = _limit(
        0.25, "share", "most of the displayed size that an order may take at once"
    )
    collar_fair_cents: float | None = _limit(
        30, "cents", "most distance of an order's price from the strategy's fair value"
    )
    collar_last_cents: float | None = _limit(
        10, "cents", "most distance of an order's price from the middle of the last best prices"
    )
    spread_cents: float | None = _limit(10, "cents", "widest spread in which entries are let through")
    book_age_seconds: float | None = _limit(
        freshness.BOOK.seconds,
        "seconds",
        "oldest best prices that entries may rest on; mistrust sets in much sooner",
    )
    feed_lag_seconds: float | None = _limit(
        freshness.LAG.seconds,
        "seconds",
        "most that the venue may have been heard late in the last seconds; later, no entry is let through",
    )
    odds_age_seconds: float | None = _limit(
        freshness.ODDS.seconds, "seconds", "oldest sportsbook odds that strategies of odds may enter on"
    )
    near_close_seconds: float | None = _limit(
        60, "seconds", "no entries so short before a market's close time"
    )
    market_types: tuple[str, ...] | None = attrs.field(
        default=("game", "spread", "total"),
        validator=_words,
        metadata={"help": "kinds of markets in which entries are let through", "unit": "list"},
    )


def parse_limit(name: str, text: str) -> LimitValue:
    """Read the value of a limit: a number, words with commas, or "none". Raises LimitRefused."""
    if name not in LIMIT_NAMES:
        raise LimitRefused(f"there is no limit called {name!r}; there are {', '.join(LIMIT_NAMES)}")
    if text.strip().lower() == "none":
        return None
    if name == "market_types":
        return tuple(text.replace(",", " ").split())
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and value >= 0):
        raise LimitRefused(f"{text!r} is no value of {name}: a number that is not negative, or none")
    # NaN would compare as false with everything and switch the limit off without a word.
    return value


LIMIT_NAMES: tuple[str, ...] = tuple(field.name for field in attrs.fields(RiskLimits))
"""Every limit's name, in the manual's order."""

PORTFOLIO: Final = frozenset(
    field.name for field in attrs.fields(RiskLimits) if field.metadata.get("portfolio")
)
"""The limits that hold for all strategies together, whoever shares an account."""


@attrs.frozen
class LimitsInForce:
    """The limits that an order of one strategy meets, by name; None is no limit."""

    both: dict[str, tuple[float | None, float | None]]
    """The global one and the strategy's own: two limits, not the stricter of two numbers, for the global one
    counts everybody's use or the account's, and the own one only the strategy's.
    """
    strictest: dict[str, float | None]
    """The lower of the two, for rules about one strategy or order."""
    market_types: frozenset[str] | None
    """The kinds of markets allowed; None allows all."""
    apart: bool = False
    """Whether the strategy is a portfolio by itself: its use alone counts against the portfolio's limits."""


class LimitTable:
    """The limits in force: the configured ones and what was changed while running."""

    def __init__(self, limits: RiskLimits, own: Mapping[str, RiskLimits], *, apart: bool = False) -> None:
        """Begin with the configured limits; of a strategy's own those count that differ from the defaults.

        With `apart` every strategy is a portfolio by itself, as variants are of which one will ever live.
        """
        self.apart = apart
        self._global: dict[str, LimitValue] = {name: getattr(limits, name) for name in LIMIT_NAMES}
        self._own: dict[tuple[str, str], LimitValue] = {}
        self._in_force: dict[str, LimitsInForce] = {}
        # A strategy's own limits are parsed as a whole table; what it did not set stands there as the
        # default.
        defaults = RiskLimits()
        for strategy, chosen in own.items():
            for name in LIMIT_NAMES:
                if getattr(chosen, name) != getattr(defaults, name):
                    self._own[strategy, name] = getattr(chosen, name)

    def set(self, name: str, strategy: str | None, value: LimitValue) -> None:
        """Replace a limit; `strategy` None is the global one."""
        if strategy is None:
            self._global[name] = value
        else:
            self._own[strategy, name] = value
        self._in_force.clear()

    def number(self, name: str) -> float | None:
        """A global limit that is a number; None is none."""
        return _number(self._global[name])

    def own_number(self, name: str, strategy: str) -> float | None:
        """A strategy's own limit that is a number; None is none."""
        return _number(self._own.get((strategy, name)))

    def of(self, strategy: str) -> "LimitsInForce":
        """All limits that an order of a strategy meets."""
        # Asked of every order, and changed by hand only.
        found = self._in_force.get(strategy)
        if found is None:
            both = {name: (self.number(name), self.own_number(name, strategy)) for name in LIMIT_NAMES}
            strictest = {
                name: min((limit for limit in pair if limit is not None), default=None)
                for name, pair in both.items()
            }
            found = LimitsInForce(both, strictest, self._market_types(strategy), self.apart)
            self._in_force[strategy] = found
        return found

    def _market_types(self, strategy: str) -> frozenset[str] | None:
        allowed: frozenset[str] | None = None
        for value in (self._global["market_types"], self._own.get((strategy, "market_types"))):
            if isinstance(value, tuple):
                # Intersected: a strategy's own list may narrow the global one and never widen it.
                allowed = frozenset(value) if allowed is None else allowed & frozenset(value)
        return allowed

    def strategies(self) -> list[str]:
        """Strategies that have limits of their own, in the order in which they were first set."""
        return list(dict.fromkeys(strategy for strategy, _name in self._own))

    def all_of(self, strategy: str | None) -> dict[str, LimitValue]:
        """The limits of a scope by name."""
        if strategy is None:
            return dict(self._global)
        return {name: value for (owner, name), value in self._own.items() if owner == strategy}


def _number(value: LimitValue) -> float | None:
    return None if value is None or isinstance(value, tuple) else float(value)


@attrs.frozen
class LimitInUse:
    """A line of `risk show`: a limit, who it holds for, how much of it is in use, and where most of it is."""

    name: str
    strategy: str | None
    use: str
    limit: str
    unit: str
    where: str = ""
    passed: bool = False
