"""`tipoff replay`: recorded evenings through the same actors on a virtual clock, and their report.

Called by the command line, the demo, benchmarks and tests. `replay` is the whole of it without screens;
`run_replay` adds the configuration, the database, verification and what a person sees.
"""

import hashlib
import json
import time
from collections.abc import Iterable, Mapping
from functools import cache, partial
from pathlib import Path

import attrs
from rich.console import Group

from engine.facts import RunStarted
from engine.units import Nanos
from persistence.connect import where
from persistence.errors import StorageError
from persistence.schema_upgrade import upgrade
from persistence.writer import JournalWriter, Mode, Options
from tipoff import __version__
from tipoff.commands.chosen_strategies import only_these, with_controls, with_parameters
from tipoff.commands.ids_for_why import ids_in, ids_screen, nothing_kept
from tipoff.commands.options import ReplayRequest
from tipoff.commands.watched_reading import read_watched
from tipoff.config.load import Config, load, load_or_template, template
from tipoff.json_types import Json, utc_text
from tipoff.output import Answer, Failure, Work, long_work, progress
from tipoff.replay.batch_store import RunStore
from tipoff.replay.live_recording import LiveReplay, SettingsOf, is_live
from tipoff.replay.session import VirtualSession
from tipoff.replay.time_of_knowledge import as_keys, heard_later, known_of
from tipoff.reports.document import RunSnapshot, failed_actors, report_document, report_screen
from tipoff.reports.html import write_html
from tipoff.reports.numbers import as_object
from tipoff.reports.of_stored_runs import run_document
from tipoff.runs.configuration import configuration_text
from tipoff.runs.from_config import schema, scripted_plan, trading_settings
from tipoff.runs.market_records import MarketRecords
from tipoff.runs.names import REPLAY
from tipoff.runs.recording_digest import RecordingDigest, config_of, read_digest
from tipoff.runs.settings import StrategyPlan, TradingSettings, settings_digest
from venues.errors import ImportFailed, RecordingError
from venues.recordings.recorder import Line, read_manifest, segment_paths

NOTHING_ASSUMED: Mapping[str, str] = {}
"""All lines were heard live."""

IN_MEMORY = "sqlite://"


@attrs.frozen(kw_only=True)
class Origin:
    """Where the lines of a replay come from."""

    settings_of: SettingsOf | None = None
    """Those of the processes of a live recording; None is that each had those of the replay."""
    known: Mapping[str, str] = NOTHING_ASSUMED
    """When the lines of an import could be known, by kind of row."""


@attrs.frozen(kw_only=True)
class Replayed:
    """What came out of a replay."""

    session: VirtualSession
    store: RunStore
    document: dict[str, Json]


def replay(
    batches: Iterable[list[Line]],
    settings: TradingSettings,
    name: str,
    writer: JournalWriter | None = None,
    origin: "Origin | None" = None,
) -> Replayed:
    """Feed lines to a fresh tree until they end; the batches' sizes have no influence on the result."""
    origin = origin or Origin()
    store = RunStore(name, writer)
    market_records = MarketRecords(store.add_records) if store.lasting else None
    of_process = origin.settings_of or (lambda _digest: settings)
    hearer: VirtualSession | LiveReplay | None = None
    began = time.perf_counter()
    line: Line | None = None
    for batch in batches:
        if hearer is None and batch:
            if is_live(batch[0]):
                hearer = LiveReplay(of_process, store, partial(run_started, name), market_records)
            else:
                first = run_started(name, settings, Nanos(batch[0].at), origin.known)
                hearer = VirtualSession(settings, first, store, market_records)
        if hearer is None:
            continue
        hearer.on_lines(batch)
        line = batch[-1]
    if hearer is None or line is None:
        raise RecordingError("the recording is empty: nothing to replay")
    if isinstance(hearer, LiveReplay):
        session = hearer.session
        hearer.end(Nanos(line.at))
    else:
        session = hearer
        session.end(Nanos(line.at), "end of recording")
    if market_records is not None:
        market_records.add_games(session.listing(), session.games())
    digest = store.digest()
    return Replayed(
        session=session, store=store, document=_document(session, store, digest, time.perf_counter() - began)
    )


def run_started(
    name: str, settings: TradingSettings, at: Nanos, known: Mapping[str, str] = NOTHING_ASSUMED
) -> RunStarted:
    """The first fact of a run."""
    digest, keys = settings_digest(settings), configuration_text(settings, as_keys(known))
    return RunStarted(name, __version__, digest, settings.seed, at, keys)


def run_name(recordings: Iterable[Path], settings: TradingSettings, score_delay: str | None = None) -> str:
    """The same name for the same recordings, configuration, seed and version: a run can be resumed by it."""
    later = "" if score_delay is None else f" {score_delay}"
    digest = hashlib.sha256(f"{__version__} {settings_digest(settings)}{later}".encode())
    for folder in recordings:
        digest.update(json.dumps([read_manifest(folder).first_at, read_manifest(folder).last_at]).encode())
        for path in segment_paths(folder):
            # Names, sizes and moments tell recordings apart; their content would have to be read twice.
            digest.update(f"{path.name} {path.stat().st_size}".encode())
    return f"{REPLAY}{digest.hexdigest()[:12]}"


def run_replay(request: ReplayRequest) -> Answer:
    """Replay as the command line asks; raises Failure with one clear error."""
    try:
        settings, name = named(request)
        writer = _writer(request, name)
        try:
            origin = Origin(
                settings_of=_of_processes(request, settings),
                known=known_of(request.recordings, request.score_delay),
            )
            with long_work(f"replaying {_said(request)}", "lines") as work:
                batches = _batches(request, settings.seed, work)
                replayed = replay(batches, settings, name, writer, origin)
            document = replayed.document
            if writer is not None:
                document = with_evidence(document, writer)
        finally:
            if writer is not None:
                writer.close()
        if request.verify:
            _verify(request, settings, name, str(document["digest"]))
    except (RecordingError, ImportFailed) as error:
        raise Failure("recording", str(error)) from error
    except StorageError as error:
        raise Failure("storage", str(error)) from error
    if request.report is not None:
        write_html(request.report, f"Tipoff: {name}", as_object(document["evidence"]))
    screen = report_screen(document)
    if request.db is None:
        return Answer(document, Group(screen, nothing_kept()))
    ids = ids_in(request.db, name)
    return Answer({**document, "ids": ids}, Group(screen, ids_screen(request.db, name, ids)))


def with_evidence(document: Mapping[str, Json], writer: JournalWriter) -> dict[str, Json]:
    """A run's document with the evidence that its database has."""
    return {**document, "evidence": run_document(writer.reader())["evidence"]}


def named(request: ReplayRequest) -> tuple[TradingSettings, str]:
    """What decides the run, and its name. Raises Failure for a recording that cannot be read."""
    settings = _settings(request)
    try:
        return settings, run_name(request.recordings, settings, request.score_delay)
    except RecordingError as error:
        raise Failure("recording", str(error)) from error


def _settings(request: ReplayRequest) -> TradingSettings:
    config, seed = request.config, request.seed
    if len(request.recordings) == 1:
        # A live recording brings the configuration that it was made with; what is asked for wins.
        seal = read_digest(request.recordings[0])
        config = config or config_of(request.recordings[0])
        seed = seal.seed if seed is None and seal is not None else seed
    return _trading(request, load_or_template(config, schema()), seed)


def _trading(request: ReplayRequest, config: Config, seed: int | None) -> TradingSettings:
    chosen = only_these(config, request.only)
    if request.controls:
        chosen = with_controls(chosen, config, template(schema()))
    chosen = with_parameters(chosen, request.set)
    settings = trading_settings(chosen, seed=seed, every_market=request.markets == "all")
    if request.orders is None:
        return settings
    plan: StrategyPlan = scripted_plan(request.orders, settings.seed, config.engine.accounts)
    return attrs.evolve(settings, strategies=(*settings.strategies, plan))


def _of_processes(request: ReplayRequest, settings: TradingSettings) -> SettingsOf:
    """Each process of a live recording had the configuration that lies beside it, unless another is asked
    for.
    """

    @cache
    def settings_of(digest: str) -> TradingSettings:
        path = None if request.config is not None else config_of(request.recordings[0], digest)
        if path is None:
            return settings
        return _trading(request, load(path, schema()), settings.seed)

    return settings_of


def _said(request: ReplayRequest) -> str:
    return " and ".join(each.name for each in request.recordings)


def _batches(request: ReplayRequest, seed: int, work: Work) -> Iterable[list[Line]]:
    batches = read_watched(request.recordings, work, request.batch)
    return batches if request.score_delay is None else heard_later(batches, request.score_delay, seed)


def _writer(request: ReplayRequest, name: str) -> JournalWriter | None:
    if request.db is None:
        # A page is made from bars and facts: where nobody keeps them they are kept as long as it takes.
        return JournalWriter(IN_MEMORY, name, Options(mode=Mode.REPLAY)) if request.report else None
    upgrade(request.db)
    writer = JournalWriter(request.db, name, Options(mode=Mode.REPLAY))
    if writer.stored_seq and not request.resume:
        writer.close()
        detail = f"run {name} is in {where(request.db)} already, up to entry {writer.stored_seq}"
        raise Failure("run_exists", f"{detail}; add --resume to finish or check it, or name another database")
    if request.resume:
        progress(f"resuming run {name} after entry {writer.stored_seq}")
    return writer


def _verify(request: ReplayRequest, settings: TradingSettings, name: str, digest: str) -> None:
    """Compare with the digest that the live run left, or with a second replay, read in other batches."""
    seal = read_digest(request.recordings[0]) if len(request.recordings) == 1 else None
    if seal is not None:
        _compare(seal, settings, digest)
        return
    with long_work(f"replaying {_said(request)} again", "lines") as work:
        batches = _batches(attrs.evolve(request, batch=1), settings.seed, work)
        again = replay(batches, settings, name)
    if again.document["digest"] != digest:
        raise Failure(
            "digest_differs",
            f"two replays of the same recording differ: {digest} and {again.document['digest']}; "
            "something in the engine is not deterministic, please report it",
        )
    progress(f"verified: a second replay gave the same digest {digest}")


def _compare(seal: RecordingDigest, settings: TradingSettings, digest: str) -> None:
    """Compare a replay with the live run that was recorded."""
    if seal.digest == digest:
        progress(f"verified: the replay gave the digest of the live run, {digest}")
        return
    if seal.settings_digest != settings_digest(settings):
        why = "it was replayed with another configuration or seed than it was traded with"
    else:
        why = "something in the engine is not deterministic, please report it"
    raise Failure("digest_differs", f"the live run's digest is {seal.digest}, its replay's {digest}: {why}")


def _document(session: VirtualSession, store: RunStore, digest: str, seconds: float) -> dict[str, Json]:
    system = session.system
    feed = session.feed()
    figures = RunSnapshot(
        run=session.run.run,
        digest=digest,
        frames=session.frames,
        first_at=utc_text(session.run.at),
        last_at=utc_text(Nanos(system.now)),
        gaps=feed.gaps,
        refused=sum(feed.refused.values()),
        events=session.events,
        seconds=seconds,
        restarts=system.lives.restarts,
        dead_letters=system.dispatcher.dead_letters,
        failed=failed_actors(system.status()),
    )
    return report_document(figures, store.tally, session.games())
