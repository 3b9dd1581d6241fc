"""Trials that are chosen by what the earlier ones brought: Optuna by ask and tell, in fixed batches.

The study lives in memory and is rebuilt from the stored results: asked in the same order, and told the same,
a seeded sampler gives the same trials, whoever plays them and however often the sweep was killed.
"""

from collections.abc import Mapping
from typing import Final

from tipoff.exit_codes import Exit
from tipoff.output import Failure
from tipoff.sweep.space import Listed, Parameters, Space, Value

BATCH: Final = 16
"""Trials that are asked for before any of them is told. Another number is another search."""


class Search:
    """A seeded search over a space for the highest value."""

    def __init__(self, space: Space, seed: int) -> None:
        """Begin with nothing told. Raises Failure where the extra is missing."""
        try:
            import optuna
        except ImportError as error:
            message = "mode search needs the extra `sweep`: pip install 'tipoff[sweep]'"
            raise Failure("search", message, exit_code=Exit.CONFIG) from error
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        self._space = space
        self._fail = optuna.trial.TrialState.FAIL
        sampler = optuna.samplers.TPESampler(seed=seed)
        self._study = optuna.create_study(direction="maximize", sampler=sampler)
        self._asked: dict[int, optuna.Trial] = {}

    def ask(self, numbers: range) -> dict[int, Parameters]:
        """The next trials, under these numbers."""
        return {number: self._ask(number) for number in numbers}

    def tell(self, values: Mapping[int, float | None]) -> None:
        """What they brought, in the order of their numbers; None is a trial that failed."""
        for number in sorted(values):
            value, trial = values[number], self._asked.pop(number)
            if value is None:
                self._study.tell(trial, state=self._fail)
            else:
                self._study.tell(trial, value)

    def _ask(self, number: int) -> dict[str, Value]:
        trial = self._study.ask()
        self._asked[number] = trial
        chosen: dict[str, Value] = {}
        for name, axis in self._space.axes.items():
            if not isinstance(axis, Listed):
                chosen[name] = trial.suggest_float(name, axis.low, axis.high)
                continue
            values = axis.values
            ordered = all(isinstance(each, int | float) and not isinstance(each, bool) for each in values)
            # Of numbers the sampler shall know that neighbours are alike.
            place = (
                trial.suggest_int(name, 0, len(values) - 1)
                if ordered
                else trial.suggest_categorical(name, list(range(len(values))))
            )
            chosen[name] = values[place]
        return chosen
