"""A sweep's results: of every trial a number a game, with the games' days and the trials' parameters."""

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import date

import attrs

Setting = float | int | str | bool
"""A value of a parameter."""


@attrs.frozen
class PlayedGame:
    """A game: its name, the day of its tip, and the last day on which something of it was still open.

    The last day is that of the settlement where it is known; a game is in nobody's training after it.
    """

    name: str
    day: date
    last_day: date = attrs.field(default=attrs.Factory(lambda self: self.day, takes_self=True))

    def __attrs_post_init__(self) -> None:
        if self.last_day < self.day:
            raise ValueError(f"{self.name}: settled on {self.last_day}, before its tip on {self.day}")


@attrs.frozen
class Trial:
    """One try: a key that no other has, its parameters, and its result in every game of the table.

    A game in which it did nothing is 0.0. The unit is the objective's (dollars, probability, nats) a game.
    """

    key: str
    parameters: Mapping[str, Setting]
    results: tuple[float, ...]


@attrs.frozen
class SweepTable:
    """All trials over the same games, games in the order of their days, trials in the order of their keys.

    Make it with `of`. `tried` counts every try, also those that failed or were given up early: they were
    looked at too. `controls` are results by game of strategies that know nothing.
    """

    games: tuple[PlayedGame, ...]
    trials: tuple[Trial, ...]
    tried: int
    controls: tuple[Trial, ...] = ()

    @classmethod
    def of(
        cls,
        games: Sequence[PlayedGame],
        trials: Iterable[Trial],
        *,
        tried: int | None = None,
        controls: Iterable[Trial] = (),
    ) -> "SweepTable":
        """Put games, trials and controls in order, whatever order they come in.

        Raises ValueError for a game or a key that is there twice (the same game replayed is one game), for a
        result too many or too few, for one that is no finite number, and for fewer tries than trials.
        """
        _once("game", [game.name for game in games])
        order = sorted(range(len(games)), key=lambda place: (games[place].day, games[place].name))
        ordered = tuple(sorted(_in_order(trials, order), key=lambda trial: trial.key))
        _once("trial", [trial.key for trial in ordered])
        known = tuple(sorted(_in_order(controls, order), key=lambda trial: trial.key))
        _once("control", [control.key for control in known])
        if tried is not None and tried < len(ordered):
            raise ValueError(f"{tried} tries cannot have {len(ordered)} trials")
        count = len(ordered) if tried is None else tried
        return cls(tuple(games[place] for place in order), ordered, count, known)


def _once(what: str, names: Sequence[str]) -> None:
    twice = sorted({name for name in names if names.count(name) > 1}) if len(set(names)) < len(names) else []
    if twice:
        raise ValueError(f"{what} {twice[0]!r} is there more than once")


def _in_order(trials: Iterable[Trial], order: Sequence[int]) -> Iterable[Trial]:
    for trial in trials:
        if len(trial.results) != len(order):
            raise ValueError(f"trial {trial.key!r} has {len(trial.results)} results of {len(order)} games")
        if not all(map(math.isfinite, trial.results)):
            raise ValueError(f"trial {trial.key!r} has a result that is no number")
        yield attrs.evolve(trial, results=tuple(trial.results[place] for place in order))
