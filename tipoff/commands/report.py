"""`tipoff report`: what happened in a run that is in the database, and whether it means anything.

Requests in, answers out. Called by the command line. Everything is folded again from the journal's facts;
open positions are valued at the last stored sample of their books.
"""

from persistence.queries import Reader
from tipoff.commands.database import storage_errors
from tipoff.commands.options import ReportRequest
from tipoff.config.database import database_url
from tipoff.config.load import load_or_template
from tipoff.output import Answer
from tipoff.reports.document import decisions_screen
from tipoff.reports.html import write_html
from tipoff.reports.numbers import as_object
from tipoff.reports.of_stored_runs import run_document
from tipoff.runs.from_config import schema


def run_report(request: ReportRequest) -> Answer:
    """Fold a run's facts again and show what they come to."""
    url = database_url(load_or_template(request.config, schema()), request.db)
    with storage_errors(), Reader.open(url, request.run) as reader:
        document = run_document(reader)
    if request.html is not None:
        write_html(request.html, f"Tipoff: {document['run']}", as_object(document["evidence"]))
    return Answer(document, decisions_screen(document))
