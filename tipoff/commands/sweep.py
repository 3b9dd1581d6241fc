"""`tipoff sweep`: begin a search over a strategy's parameters, go on with it, show it, take the best of it.

Called by the command line. The file of a sweep has its plan, its configuration and everything that came, so
all but the beginning need nothing but that file, and the recordings where trials are still missing.
"""

import signal
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

import attrs
from rich.console import Group
from rich.text import Text

from persistence.errors import StorageError
from persistence.sweep_store import SweepStore
from tipoff import __version__
from tipoff.commands.chosen_strategies import only_these, with_parameters
from tipoff.commands.evenings import evenings_in
from tipoff.commands.options import ParameterValue, SweepRequest, SweepWorkers
from tipoff.config.diff import changes
from tipoff.config.load import Config, load_or_template, parse
from tipoff.config.render import render
from tipoff.exit_codes import Exit
from tipoff.json_types import Json
from tipoff.output import Answer, Failure, Work, long_work, progress, table
from tipoff.reports.html import write_page
from tipoff.reports.numbers import as_object
from tipoff.reports.sweep_page import sweep_page
from tipoff.reports.sweep_screen import sweep_screen
from tipoff.runs.from_config import schema
from tipoff.sweep.evidence import evidence
from tipoff.sweep.objectives import Objective
from tipoff.sweep.plan import Plan, plan_of, read_plan
from tipoff.sweep.recordings import RecordingRefused, recording_ref
from tipoff.sweep.space import Listed
from tipoff.sweep.sweep import Sweep, Told, TrialResult, begin
from tipoff.sweep.task import RecordingRef
from tipoff.sweep.workers import Certificates, Cluster, Processes
from venues.errors import RecordingError

SHOWN: Final = 20
"""So many trials are shown, the best first."""


def run_sweep(plan: Path | None, request: SweepRequest, where: SweepWorkers) -> Answer:
    """Begin a sweep and play it. Raises Failure."""
    words = {} if plan is None else read_plan(plan)
    said = ("mode", "trials", "seed", "objective", "markets")
    words |= {name: value for name in said if (value := getattr(request, name)) is not None}
    wanted = plan_of(words, request.set)
    if not request.recordings:
        message = "a sweep needs --recordings: recordings, or folders of them"
        raise Failure("usage", message, exit_code=Exit.USAGE)
    if request.store.exists():
        hint = f"`tipoff sweep resume {request.store}` goes on with it; or name another file by --store"
        raise Failure("sweep_exists", f"{request.store} is there already; {hint}")
    config = load_or_template(request.config, schema()).without_keys()
    _check(config, wanted)
    with _worded():
        recordings = _recordings(request.recordings)
        whole = attrs.evolve(wanted, version=__version__, run_seed=config.engine.seed)
        store = begin(request.store, whole, render(config), recordings)
    return _played(store, where)


def run_resume(path: Path, where: SweepWorkers) -> Answer:
    """Play what is missing of a sweep. Raises Failure."""
    with _worded():
        store = SweepStore(path)
    begun = Plan.of_text(store.plan()[0]).version
    if begun != __version__:
        store.close()
        why = "another version may trade otherwise; begin a new sweep, or show what there is"
        raise Failure("sweep_version", f"{path} was begun by tipoff {begun}, this is {__version__}: {why}")
    return _played(store, where)


def run_show(path: Path, objective: str | None, html: Path | None, controls: Path | None) -> Answer:
    """What came of a sweep so far, and what it is worth. Raises Failure."""
    with _worded(), ExitStack() as stores:
        sweep = Sweep(stores.enter_context(SweepStore(path, reads=True)))
        nothing = None if controls is None else Sweep(stores.enter_context(SweepStore(controls, reads=True)))
        answer = _shown(sweep, None if objective is None else Objective(objective), nothing)
    if html is not None:
        write_page(html, sweep_page(as_object(as_object(answer.document)["evidence"])))
    return answer


def run_best(path: Path, objective: str | None, number: int | None, out: Path | None) -> Answer:
    """The best trial, or one by number, as a change of the configuration. Raises Failure."""
    with _worded(), SweepStore(path, reads=True) as store:
        sweep = Sweep(store)
        looked_for = sweep.plan.objective if objective is None else Objective(objective)
        results = sweep.results(looked_for)
        verdict = evidence(sweep, looked_for)["verdict"]
    best = _chosen(results, number)
    before = parse(sweep.config, schema(), "the sweep's configuration")
    values = [
        ParameterValue(strategy=sweep.plan.strategy, key=key, value=value)
        for key, value in best.parameters.items()
    ]
    after = with_parameters(only_these(before, ()), values)
    differences = list(changes(before, after))
    live = " ".join([f"tipoff strategies set {sweep.plan.strategy}", *map(_typed, best.parameters.items())])
    if out is not None:
        if out.exists():
            raise Failure("exists", f"{out} is there already; name another file")
        out.write_text(render(after), "utf-8")
    document: dict[str, Json] = {
        **_line(best),
        "objective": looked_for.value,
        "changes": [{"path": each.path, "before": each.before, "after": each.after} for each in differences],
        "verdict": verdict,
        "live": live,
        "out": None if out is None else str(out),
    }
    rows = [(each.path, str(each.before), str(each.after)) for each in differences]
    told = f"trial {best.number}: {_value(best.value)} {looked_for.unit} a game ({looked_for.value})"
    screen = Group(
        Text(told),
        Text(f"The best of {len(results)}: {as_object(verdict)['sentence']}"),
        table(("key", "before", "after"), rows) if rows else Text("It is as it is configured."),
        Text(f"To try it in a running daemon: {live}", "dim"),
        *([] if out is None else [Text(f"The whole configuration is in {out}", "dim")]),
    )
    return Answer(document, screen)


def _played(store: SweepStore, where: SweepWorkers) -> Answer:
    """Play what is missing; Ctrl-C keeps what is done."""
    with store, _worded():
        sweep = Sweep(store)
        workers = _workers(where)
        try:
            with _interruptible(), long_work(sweep.plan.strategy, "pairs of trial and evening") as work:
                sweep.run(workers, _told(work), where.recordings_at)
        except KeyboardInterrupt:
            progress(
                f"stopped: {work.done} of {work.total or 0} are kept; "
                f"`tipoff sweep resume {store.path}` goes on with it"
            )
            raise
        finally:
            workers.close()
        return _shown(sweep, None, None)


def _workers(where: SweepWorkers) -> Processes | Cluster:
    files = (where.tls_ca, where.tls_cert, where.tls_key)
    if where.cluster is None:
        if any(files):
            raise Failure("usage", "--tls-… is about a --cluster", exit_code=Exit.USAGE)
        return Processes(where.workers)
    if where.workers is not None:
        raise Failure("usage", "a --cluster has its own --workers", exit_code=Exit.USAGE)
    ca, cert, key = files
    if where.cluster.startswith("tls://") != any(files) or (any(files) and not all(files)):
        message = "tls:// needs --tls-ca, --tls-cert and --tls-key, and these need tls://"
        raise Failure("usage", message, exit_code=Exit.USAGE)
    if ca is None or cert is None or key is None:
        return Cluster(where.cluster)
    return Cluster(where.cluster, Certificates(ca=ca, cert=cert, key=key))


@contextmanager
def _interruptible() -> Iterator[None]:
    """Let a polite end be one as Ctrl-C is."""

    def stop(_number: int, _frame: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def _worded() -> Iterator[None]:
    """Errors of storage, recordings and workers as a command ends with them."""
    try:
        yield
    except StorageError as error:
        raise Failure("storage", str(error)) from error
    except (RecordingError, RecordingRefused) as error:
        raise Failure("recording", str(error)) from error


def _told(work: Work) -> Told:
    """Hears how far the sweep is; what the file had before says nothing of how fast it goes."""

    def told(done: int, total: int) -> None:
        if work.total is None:
            work.resumed(done)
        work.reached(done, total)

    return told


def _recordings(given: Sequence[Path]) -> list[RecordingRef]:
    folders = [evening for path in given for evening in (evenings_in(path) or [path])]
    refs = [recording_ref(folder) for folder in folders]
    names = [each.digest for each in refs]
    for ref in refs:
        if names.count(ref.digest) > 1:
            message = f"{ref.place}: the same evening is given twice"
            raise Failure("usage", message, exit_code=Exit.USAGE)
    return refs


def _check(config: Config, plan: Plan) -> None:
    """Whether the strategy is there, and every value by itself is one of its parameter. Raises Failure.

    Values that only clash with others are trials that fail, and the sweep goes on.
    """
    chosen = only_these(config, (plan.strategy,))
    for name, axis in plan.space.axes.items():
        values = axis.values if isinstance(axis, Listed) else (axis.low, axis.high)
        for value in values:
            refused = _refused(chosen, ParameterValue(strategy=plan.strategy, key=name, value=value))
            if refused is not None and f"{plan.strategy}.{name}" in str(refused):
                raise refused


def _refused(config: Config, value: ParameterValue) -> Failure | None:
    try:
        with_parameters(config, [value])
    except Failure as refused:
        return refused
    return None


def _chosen(results: Sequence[TrialResult], number: int | None) -> TrialResult:
    if number is not None:
        for each in results:
            if each.number == number:
                return each
        raise Failure("trial", f"there is no trial {number}; `tipoff sweep show` lists them")
    whole = [each for each in results if each.value is not None]
    if not whole:
        raise Failure("trial", "no trial has been played in every evening yet")
    return max(whole, key=lambda each: (each.value or 0.0, -each.number))


def _shown(sweep: Sweep, objective: Objective | None, controls: Sweep | None) -> Answer:
    looked_for = sweep.plan.objective if objective is None else objective
    results = sweep.results(looked_for)
    missing = sweep.missing()
    ranked = sorted(results, key=lambda each: (each.value is None, -(each.value or 0.0), each.number))
    failed = [each for each in results if each.errors]
    games = sweep.games()
    found = evidence(sweep, looked_for, controls)
    document: dict[str, Json] = {
        "sweep": str(sweep.store.path),
        "strategy": sweep.plan.strategy,
        "mode": sweep.plan.mode.value,
        "objective": looked_for.value,
        "unit": looked_for.unit,
        "evenings": len(sweep.recordings),
        "games": [{"game": each.name, "day": each.day.isoformat()} for each in games],
        "tried": len(results),
        "failed": len(failed),
        "missing": missing,
        "digest": sweep.store.digest(),
        "evidence": found,
        "trials": [{**_line(each), "by_game": list(each.games)} for each in ranked],
    }
    names = list(sweep.plan.space.axes)
    rows = [
        (
            str(each.number),
            _value(each.value),
            str(each.orders),
            str(each.fills),
            *(str(each.parameters.get(name, "")) for name in names),
            each.errors[0] if each.errors else "",
        )
        for each in ranked[:SHOWN]
    ]
    told = [
        f"{sweep.plan.strategy}: {len(results)} trials, {len(sweep.recordings)} evenings, {len(games)} games",
        f"{len(failed)} trials failed, {missing} pairs of trial and evening are missing",
        f"{looked_for.unit} a game ({looked_for.value}), the best first",
    ]
    hint = f"`tipoff sweep resume {sweep.store.path}` plays what is missing" if missing else ""
    screen = Group(
        *map(Text, told),
        table(("trial", looked_for.unit, "orders", "fills", *names, ""), rows),
        sweep_screen(found),
        *([Text(hint, "dim")] if hint else []),
    )
    return Answer(document, screen)


def _line(result: TrialResult) -> dict[str, Json]:
    return {
        "trial": result.number,
        "parameters": dict(result.parameters),
        "value": result.value,
        "orders": result.orders,
        "fills": result.fills,
        "errors": list(result.errors),
    }


def _value(value: float | None) -> str:
    return "-" if value is None else f"{value:.4f}"


def _typed(pair: tuple[str, object]) -> str:
    key, value = pair
    return f"{key}={str(value).lower() if isinstance(value, bool) else value}"
