"""The report of runs that are in a database: what was folded, and the evidence over all of them.

Called by `tipoff report` and by whoever has just made a run. One run after the other is read and folded, and
only what scores need of it is kept.
"""

from collections.abc import Sequence
from typing import Final

import attrs

from engine.facts import (
    BandMoved,
    BlindnessBegan,
    Fact,
    LedgerPosted,
    MarketResultKnown,
    OrderCancelled,
    OrderDenied,
    OrderFilled,
    OrderRejected,
    OrderRested,
    OrderSubmitted,
    PositionSettled,
    SignalRaised,
    StrategyOpened,
    TradingHalted,
    TradingResumed,
)
from engine.scoring.observations import Observations
from engine.tally import ValuationMark
from engine.tickers import parse_ticker
from engine.units import Nanos, Price
from persistence.bars import bars_of
from persistence.book_samples import last_tops
from persistence.codec import decode
from persistence.journal import DECISIONS, Digest
from persistence.queries import Reader
from tipoff.json_types import Json, utc_text
from tipoff.reports.document import decisions_document
from tipoff.reports.evidence import RunEvidence, evidence_of

KINDS: Final[tuple[type[Fact], ...]] = (
    StrategyOpened,
    SignalRaised,
    OrderDenied,
    OrderSubmitted,
    OrderRejected,
    OrderRested,
    OrderFilled,
    OrderCancelled,
    BandMoved,
    LedgerPosted,
    PositionSettled,
    MarketResultKnown,
    BlindnessBegan,
    TradingHalted,
    TradingResumed,
)
"""The facts that a report is made of; the others are most of a journal."""

NAMES: Final = frozenset(kind.__name__ for kind in KINDS)


def run_document(reader: Reader) -> dict[str, Json]:
    """The report of the reader's run, with its evidence."""
    folded, marks = _folded(reader), marks_of_samples(reader)
    run, evidence = reader.run, _evidence(reader, folded, marks)
    return {
        "run": run.run,
        "digest": evidence.digest,
        "version": run.version,
        "seed": run.seed,
        "started_at": None if run.started_at is None else utc_text(Nanos(run.started_at)),
        "last_at": None if evidence.last_at is None else utc_text(evidence.last_at),
        "ended": run.end_reason,
        **decisions_document(folded.seen.tally, marks),
        "evidence": evidence_of([evidence]),
    }


def runs_document(reader: Reader, runs: Sequence[str]) -> dict[str, Json]:
    """The evidence over several runs; `reader` is any of its database. Raises StorageUnreachable for a run
    that is not there.
    """
    found: list[RunEvidence] = []
    for name in runs:
        each = Reader(reader.connection, name)
        found.append(_evidence(each, _folded(each), marks_of_samples(each)))
    return {"runs": list(runs), "evidence": evidence_of(found)}


def marks_of_samples(reader: Reader) -> dict[str, ValuationMark]:
    """The last stored best prices of every market, for the valuation of what is still open."""
    return {
        ticker: ValuationMark(None if bid is None else Price(bid), None if ask is None else Price(ask))
        for ticker, (bid, ask) in last_tops(reader).items()
    }


@attrs.frozen
class _Folded:
    """What one walk through a journal gives."""

    seen: Observations
    digest: str


def _folded(reader: Reader) -> _Folded:
    seen, digest = Observations(), Digest()
    for kind, body in reader.texts(NAMES | DECISIONS):
        digest.add_text(kind, body)
        if kind in NAMES:
            seen.apply(decode(kind, body))
    return _Folded(seen, digest.text())


def _evidence(reader: Reader, folded: _Folded, marks: dict[str, ValuationMark]) -> RunEvidence:
    seen, bars = folded.seen, 0
    prices = seen.wanted()
    for ticker, rows in bars_of(reader, prices.tickers | seen.curve.tickers):
        bars += len(rows)
        prices.take(ticker, parse_ticker(ticker).game or "", rows)
        seen.curve.take(ticker, rows)
    run = reader.run
    last = reader.tail(1)
    return RunEvidence(
        run=run.run,
        version=run.version,
        config_digest=run.config_digest,
        seed=run.seed,
        started_at=None if run.started_at is None else Nanos(run.started_at),
        last_at=last[0].at if last else None,
        ended=run.end_reason,
        chain=reader.chain(),
        digest=folded.digest,
        bars=bars,
        seen=seen.observed(prices, marks),
    )
