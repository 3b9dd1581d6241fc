"""One evening for many trials: the variants of a strategy trade side by side in one replay.

Run in a worker. Reading the recording, parsing it and following its books is most of a replay, and does not
depend on who trades; so it is done once for all trials of a task. Each variant has an account, limits and
delays of its own, and gets what it would have got alone. Where anything failed that is no variant's own
affair, the trials are played one by one.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Final

import attrs

from actors.addresses import STRATEGIES
from actors.fact_history import FactHistory
from actors.messages import Numbered
from engine.bars import MarketBar
from engine.calendar import game_day
from engine.events import Trust, VenueEvent
from engine.facts import Fact, FactsSetAside, RunStarted
from engine.scoring.forecasts import Forecast, loss_of
from engine.scoring.observations import Observations, RunSeen
from engine.scoring.packed_bars import BarPrices, PackedBars
from engine.strategies.parameters import Parameters, ParametersRefused
from engine.strategies.strategy import StrategyContext
from engine.tally import Band
from engine.tickers import parse_ticker
from engine.units import COUNT_ONE, MONEY_ZERO, Nanos
from engine.variants import variant
from tipoff import __version__
from tipoff.config.load import Config, StrategySettings, parse
from tipoff.output import Failure
from tipoff.replay.session import Past, VirtualSession
from tipoff.reports.document import marks_of
from tipoff.runs.from_config import schema, trading_settings
from tipoff.runs.plugins import installed
from tipoff.runs.recorded_inputs import COMMAND, JOURNAL_SOURCE
from tipoff.runs.settings import StrategyPlan, TradingSettings, settings_digest
from tipoff.sweep.objectives import GameScore
from tipoff.sweep.recordings import found
from tipoff.sweep.task import PlayedEvening, SweepSetup, Task, TrialOutcome, TrialTask
from venues.errors import RecordingError
from venues.recordings.recorder import read_batches

LINES_AT_ONCE: Final = 2_048
"""So many lines are in memory; the result does not depend on it."""

DIGITS_KEPT: Final = 12
"""Statistics are rounded to so many decimals: the last digit of a logarithm is a matter of the machine."""

NOT_THE_VENUES: Final = frozenset({COMMAND, JOURNAL_SOURCE})
"""Lines of a live recording that are about the run that was recorded, not about the evening."""

NOTHING: Final = Band(MONEY_ZERO, MONEY_ZERO, MONEY_ZERO)


class _Forgetful(FactHistory):
    """Remembers nothing: whoever would need it has failed, and then the evening is played again."""

    def append(self, facts: tuple[Fact, ...], owner: str = "") -> None:
        """Take no note."""

    def announce(self, owner: str, facts: tuple[Fact, ...]) -> None:
        """Take no note."""


class _Prices:
    """The bars of the evening's markets, as scores look prices up in them; nobody's opinion is in them."""

    opinions = False

    def __init__(self) -> None:
        self._bars: dict[str, list[BarPrices]] = defaultdict(list)

    def on_input(self, body: str, events: Iterable[VenueEvent]) -> None:
        """Nothing to keep."""

    def add_bars(self, bars: list[MarketBar]) -> None:
        """Bars that have ended."""
        for bar in bars:
            trusted = int(bar.trust is Trust.TRUSTED)
            row = BarPrices(bar.at, bar.yes_bid, bar.yes_ask, trusted, bar.period, bar.p_books)
            self._bars[bar.ticker].append(row)

    def of(self, tickers: Iterable[str]) -> Iterator[tuple[str, PackedBars]]:
        """Those of some markets."""
        for ticker in sorted(tickers):
            yield ticker, PackedBars.of(self._bars.get(ticker, ()))


@attrs.define(eq=False)
class _Replay:
    """One replay of an evening, and what was seen in it."""

    session: VirtualSession
    seen: Observations
    prices: _Prices
    set_aside: bool = False

    @property
    def troubled(self) -> bool:
        """Whether anything failed."""
        system = self.session.system
        return self.set_aside or bool(system.lives.restarts or system.dispatcher.dead_letters)

    def error(self) -> str | None:
        """What failed last of the strategies; None if none did."""
        for actor in self.session.system.status():
            if actor.address.parent == STRATEGIES and actor.last_error:
                return f"it crashed: {actor.last_error}"
        return None


def play(setup: SweepSetup, task: Task) -> PlayedEvening:
    """Play a task's trials; what fails of a trial is its outcome.

    Raises RecordingRefused where this machine does not have the recording.
    """
    if setup.version != __version__:
        # Of another version the same trial may be another.
        raise Failure("cluster", f"a worker has tipoff {__version__}, the sweep is of {setup.version}")
    found(task.recording)
    plans: dict[int, StrategyPlan] = {}
    outcomes: dict[int, TrialOutcome] = {}
    for trial in task.trials:
        try:
            plans[trial.number] = _plan(setup, trial)
        except ParametersRefused as refused:
            outcomes[trial.number] = TrialOutcome(number=trial.number, state="failed", error=str(refused))
    games, played = _played(setup, task, plans)
    outcomes |= {each.number: each for each in played}
    return PlayedEvening(games, tuple(outcomes[trial.number] for trial in task.trials))


def _played(
    setup: SweepSetup, task: Task, plans: dict[int, StrategyPlan]
) -> tuple[tuple[tuple[str, str], ...], list[TrialOutcome]]:
    replay = _replay(setup, task, tuple(plans.values()), alone=len(plans) == 1)
    games = tuple(_days(replay.session))
    if not replay.troubled:
        return games, _outcomes(replay, plans)
    if len(plans) != 1:
        # Who failed may have cost the others a market; alone each gets what it gets in a replay.
        outcomes = [_played(setup, task, {number: plan})[1] for number, plan in plans.items()]
        return games, [outcome for each in outcomes for outcome in each]
    number = next(iter(plans))
    error = replay.error()
    if error is not None:
        return games, [TrialOutcome(number=number, state="failed", error=error)]
    return games, _outcomes(replay, plans)


@lru_cache(maxsize=4)
def _config(text: str) -> Config:
    return parse(text, schema(), "the sweep's configuration")


def base_settings(setup: SweepSetup) -> tuple[TradingSettings, StrategySettings]:
    """What decides every trial, and the strategy as it is configured."""
    config = _config(setup.config)
    (chosen,) = (each for each in config.strategies if each.name == setup.strategy)
    bare = attrs.evolve(config, strategies=())
    return trading_settings(bare, seed=setup.seed, every_market=setup.every_market), chosen


def parameters_of(setup: SweepSetup, trial: TrialTask) -> Parameters:
    """The whole parameters of a trial. Raises ParametersRefused."""
    _, chosen = base_settings(setup)
    parameters = chosen.parameters
    assert isinstance(parameters, Parameters)  # noqa: S101 - the schema says so
    values = {
        name: (value,)
        if isinstance(getattr(parameters, name, None), tuple) and isinstance(value, str)
        else value
        for name, value in trial.parameters
    }
    return type(parameters).parse({**parameters.plain(), **values})


def _plan(setup: SweepSetup, trial: TrialTask) -> StrategyPlan:
    settings, chosen = base_settings(setup)
    name = variant(chosen.name, trial.number)
    context = StrategyContext(
        seed=settings.seed, trust=settings.trust, bankroll=chosen.bankroll, account=name
    )
    kind = installed().strategies[chosen.kind]
    return StrategyPlan.of(kind, name, parameters_of(setup, trial), context)


def _settings(setup: SweepSetup, plans: tuple[StrategyPlan, ...]) -> TradingSettings:
    settings, chosen = base_settings(setup)
    own = settings.strategy_limits.get(chosen.name)
    limits = {} if own is None else {plan.name: own for plan in plans}
    return attrs.evolve(settings, strategies=plans, strategy_limits=limits, apart=True)


def _replay(setup: SweepSetup, task: Task, plans: tuple[StrategyPlan, ...], *, alone: bool) -> _Replay:
    settings = _settings(setup, plans)
    history = None if alone else _Forgetful()
    replay: _Replay | None = None
    last = Nanos(0)
    for batch in read_batches(found(task.recording), batch=LINES_AT_ONCE):
        if replay is None:
            replay = _begun(setup, settings, Nanos(batch[0].at), history)
        replay.session.on_lines([line for line in batch if line.source not in NOT_THE_VENUES])
        last = Nanos(batch[-1].at)
    if replay is None:
        raise RecordingError("the recording is empty: nothing to replay")
    replay.session.end(last, "end of recording")
    return replay


def _begun(setup: SweepSetup, settings: TradingSettings, at: Nanos, history: FactHistory | None) -> _Replay:
    seen, prices = Observations(), _Prices()
    replay: _Replay

    def store(facts: tuple[Numbered, ...]) -> int:
        for numbered in facts:
            fact = numbered.fact
            seen.apply(fact)
            if type(fact) is FactsSetAside:
                replay.set_aside = True
        return facts[-1].seq

    run = RunStarted("sweep", setup.version, settings_digest(settings), settings.seed, at, "{}")
    session = VirtualSession(settings, run, store, prices, Past(history=history))
    replay = _Replay(session, seen, prices)
    return replay


def _observed(replay: _Replay) -> RunSeen:
    seen = replay.seen
    wanted = seen.wanted()
    for ticker, rows in replay.prices.of(wanted.tickers):
        wanted.take(ticker, parse_ticker(ticker).game or "", rows)
    return seen.observed(wanted, marks_of(replay.session.games().values()))


def _outcomes(replay: _Replay, plans: Mapping[int, StrategyPlan]) -> list[TrialOutcome]:
    seen = _observed(replay)
    strategies = {each.strategy: each for each in seen.strategies}
    scores: dict[tuple[str, str], _Scores] = defaultdict(_Scores)
    for fill in seen.fills:
        if fill.close is not None:
            scores[fill.strategy, fill.game].closes.append(fill.close * (fill.count / COUNT_ONE))
    for row in seen.forecasts:
        forecast = row.forecast
        if forecast.p_market is not None:
            market = Forecast(forecast.game, forecast.p_market, forecast.outcome)
            scores[row.strategy, forecast.game].gains.append(loss_of(market) - loss_of(forecast))
    by_strategy: dict[str, set[str]] = defaultdict(set)
    for strategy, game in scores:
        by_strategy[strategy].add(game)
    outcomes = []
    for number, plan in plans.items():
        mine = strategies.get(plan.name)
        bands = {} if mine is None else mine.games
        games = tuple(
            _score(game, bands.get(game), scores[plan.name, game])
            for game in sorted(by_strategy[plan.name] | bands.keys())
        )
        tally = replay.seen.tally.strategy(plan.name)
        outcomes.append(
            TrialOutcome(
                number=number,
                state="done",
                signals=tally.signals,
                orders=tally.orders,
                fills=tally.fills,
                games=games,
            )
        )
    return outcomes


@attrs.define
class _Scores:
    """What is known of a strategy's fills and forecasts in a game, a number each."""

    closes: list[float] = attrs.field(factory=list)
    gains: list[float] = attrs.field(factory=list)


def _score(game: str, band: Band | None, scores: _Scores) -> GameScore:
    money = NOTHING if band is None else band
    return GameScore(
        game=game,
        pessimistic=money.pessimistic,
        base=money.base,
        optimistic=money.optimistic,
        closing=round(math.fsum(scores.closes), DIGITS_KEPT),
        closing_fills=len(scores.closes),
        log_loss_gain=round(math.fsum(scores.gains), DIGITS_KEPT),
        forecasts=len(scores.gains),
    )


def _days(session: VirtualSession) -> Iterator[tuple[str, str]]:
    """Every game that is traded, with the game day of its tip, or else of the evening."""
    for name, game in sorted(session.games().items()):
        if game.markets:
            tip_at = None if game.known is None else game.known.tip_at
            yield name, game_day(session.run.at if tip_at is None else tip_at).isoformat()
