"""`tipoff report`: what happened in a run that is in the database. Requests in, answers out.

Called by the command line. Everything is folded again from the journal's facts; open positions are valued
at the last stored sample of their books.
"""

from daemon.config import load_or_template
from daemon.html import write_html
from daemon.output import Answer, Json
from daemon.report import decisions_document, decisions_screen, utc_text
from daemon.requests import ReportRequest
from daemon.storage import database_url, storage_errors
from daemon.trading import schema
from engine.facts import Fact
from engine.tally import Mark, Tally
from engine.units import Nanos, Price
from persistence.queries import Reader
from persistence.samples import last_tops


def run_report(request: ReportRequest) -> Answer:
    """Fold a run's facts again and show what they come to."""
    url = database_url(load_or_template(request.config, schema()), request.db)
    with storage_errors(), Reader.open(url, request.run) as reader:
        facts: list[Fact] = [recorded.fact for recorded in reader.facts()]
        marks = {
            ticker: Mark(None if bid is None else Price(bid), None if ask is None else Price(ask))
            for ticker, (bid, ask) in last_tops(reader).items()
        }
        digest, run = reader.digest(), reader.run
    tally = Tally()
    for fact in facts:
        tally.apply(fact)
    last_at = facts[-1].at if facts else None
    document: dict[str, Json] = {
        "run": run.run,
        "digest": digest,
        "version": run.version,
        "seed": run.seed,
        "started_at": None if run.started_at is None else utc_text(Nanos(run.started_at)),
        "last_at": None if last_at is None else utc_text(last_at),
        "ended": run.end_reason,
        **decisions_document(tally, marks),
    }
    screen = decisions_screen(document)
    if request.html is not None:
        write_html(request.html, screen, f"Tipoff: {run.run}")
    return Answer(document, screen)
