"""What the journal tells: its last facts in words, and why something happened."""

from actors.messages import Numbered
from persistence.errors import StorageError
from tipoff.control.context import Call, CallContext
from tipoff.control.endpoint import Endpoints
from tipoff.control.method import Method
from tipoff.control.parameters import STRATEGY, Param, newest
from tipoff.control.protocol import ErrorCode, Fault
from tipoff.control.queries.tables import query_of
from tipoff.explain.chain import JournalLine, Why, explain, journal_line
from tipoff.output import Failure

ENDPOINTS = Endpoints()


@ENDPOINTS.answers(
    Method(
        name="journal",
        line="The last committed facts in words.",
        help="Show the last committed facts in words.",
        params=(STRATEGY, newest(20)),
    )
)
async def journal(context: CallContext, call: Call) -> tuple[JournalLine, ...]:
    """The last facts in words."""
    found = await context.query(query_of("journal", call.params))
    assert isinstance(found, tuple)  # noqa: S101 - the observer's tables are tuples
    return tuple(journal_line(each) for each in found if isinstance(each, Numbered))


@ENDPOINTS.answers(
    Method(
        name="why",
        line="Why an order, fill or signal happened, or did not.",
        help="Tell why: the chain from market message to ledger entry, in words and numbers.\n\n"
        "Also why an order did not fill, was refused, or a signal became no order.",
        params=(
            Param(
                name="id",
                required=True,
                place=True,
                help="An order, a fill, a signal or a ledger entry, as other commands name them.",
            ),
        ),
    )
)
async def why(context: CallContext, call: Call) -> Why:
    """The causal chain of an order, a fill or a signal, read from the journal beside the loop."""
    chain, name = context.hooks.chain, call.params.must("id")
    if chain is None:
        message = "this daemon keeps no journal that can be read; try `tipoff why ID --db URL`"
        raise Fault(ErrorCode.NOT_AVAILABLE, message)
    try:
        found = explain(name, await context.in_thread(lambda: chain(name)))
    except (Failure, StorageError) as error:
        raise Fault(ErrorCode.UNAVAILABLE, f"the journal cannot be read: {error}") from None
    if not found.steps:
        raise Fault(ErrorCode.NOT_FOUND, f"nothing is known of {name!r}: name an order, a fill or a signal")
    return found
