"""`tipoff report`: what happened in a run that is in the database.

Requests in, answers out. Called by the command line. Everything is folded again from the journal's facts;
open positions are valued at the last stored sample of their books.
"""

from engine.facts import Fact
from engine.tally import Tally, ValuationMark
from engine.units import Nanos, Price
from persistence.book_samples import last_tops
from persistence.queries import Reader
from tipoff.commands.database import storage_errors
from tipoff.commands.options import ReportRequest
from tipoff.config.database import database_url
from tipoff.config.load import load_or_template
from tipoff.json_types import Json, utc_text
from tipoff.output import Answer
from tipoff.reports.document import decisions_document, decisions_screen
from tipoff.reports.html import write_html
from tipoff.runs.from_config import schema


def run_report(request: ReportRequest) -> Answer:
    """Fold a run's facts again and show what they come to."""
    url = database_url(load_or_template(request.config, schema()), request.db)
    with storage_errors(), Reader.open(url, request.run) as reader:
        facts: list[Fact] = [recorded.fact for recorded in reader.facts()]
        marks = {
            ticker: ValuationMark(None if bid is None else Price(bid), None if ask is None else Price(ask))
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
