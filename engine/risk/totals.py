"""Sums of exposures, as running totals: what rules on amounts compare with a limit.

Whatever changes an exposure changes each total that it belongs to by the difference, so nothing need be added
up when somebody asks. Kept by the gate's holdings.
"""

from typing import Final


class Sums:
    """Of an exposure or of several: hundredths of contracts, and money."""

    __slots__ = ("at_risk", "contracts", "least", "no", "paid", "yes")

    def __init__(
        self, contracts: int = 0, at_risk: int = 0, *, paid: int = 0, yes: int = 0, no: int = 0
    ) -> None:
        """Of one exposure."""
        self.contracts = contracts
        """At the worst filling of the open orders."""
        self.at_risk = at_risk
        """Paid or promised."""
        self.paid = paid
        """What the positions cost: the most that prices can still take."""
        self.yes = yes
        """What comes if YES pays, every order filling where that is worse."""
        self.no = no
        """The same if NO pays."""
        self.least = min(yes, no)
        """The lower of both, of each exposure by itself: no outcome can bring less."""

    def add(self, other: "Sums") -> None:
        """Count another exposure, or several."""
        self.contracts += other.contracts
        self.at_risk += other.at_risk
        self.paid += other.paid
        self.yes += other.yes
        self.no += other.no
        self.least += other.least

    def numbers(self) -> tuple[int, ...]:
        """All of it, for comparison."""
        return self.contracts, self.at_risk, self.paid, self.yes, self.no, self.least


NOTHING_COUNTED: Final = Sums()
"""To be compared with only; nobody changes it."""


class Total(Sums):
    """What all exposures of a group add up to, whose name is `key`."""

    __slots__ = ("key", "members", "parts")

    def __init__(self, key: tuple[str, ...]) -> None:
        """Begin without a member."""
        super().__init__()
        self.key = key
        self.members = 0
        self.parts: dict[str, Sums] = {}
        """Of a game: the sums of each of its markets, by ticker."""
