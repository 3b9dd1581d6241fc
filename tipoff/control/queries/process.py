"""What the process itself has to say: metrics, log level, version."""

import platform

import attrs

from tipoff import __version__
from tipoff.control.context import Call, CallContext
from tipoff.control.endpoint import Endpoints
from tipoff.control.method import Method
from tipoff.control.protocol import PROTOCOL, ErrorCode, Fault
from tipoff.output import Failure

ENDPOINTS = Endpoints()


@attrs.frozen(kw_only=True)
class Metrics:
    """The exposition text."""

    text: str


@attrs.frozen(kw_only=True)
class LogLevel:
    """What is logged: this level and what is more important."""

    level: str


@attrs.frozen(kw_only=True)
class Version:
    """What runs."""

    tipoff: str
    python: str
    protocol: int
    state: str


@ENDPOINTS.answers(
    Method(
        name="metrics",
        line="The numbers that Prometheus gets.",
        help="Print the numbers that Prometheus gets.",
        always=True,
    )
)
async def metrics(context: CallContext, _call: Call) -> Metrics:
    """The numbers for Prometheus."""
    text = context.hooks.metrics
    if text is None:
        raise Fault(ErrorCode.NOT_AVAILABLE, "this daemon keeps no metrics")
    return Metrics(text=await context.in_thread(text))


@ENDPOINTS.answers(Method(name="loglevel.show", line="What the daemon logs.", always=True, command=False))
async def loglevel_show(context: CallContext, _call: Call) -> LogLevel:
    """What is logged."""
    hook = context.hooks.loglevel
    if hook is None:
        raise Fault(ErrorCode.NOT_AVAILABLE, "this daemon's log level is not known")
    try:
        return LogLevel(level=hook(None))
    except Failure as error:
        raise Fault(ErrorCode.NOT_AVAILABLE, str(error)) from None


@ENDPOINTS.answers(Method(name="version", line="What runs.", always=True, command=False))
async def version(context: CallContext, _call: Call) -> Version:
    """What runs, and where it stands."""
    state = await context.state()
    return Version(tipoff=__version__, python=platform.python_version(), protocol=PROTOCOL, state=state)
