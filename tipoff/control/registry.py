"""All methods of the control socket in one list, and the schema document that is made of it.

Read by the server, the client's tests and the manual; `schema.json` beside this file is the same document,
held equal by a test.
"""

import hashlib
import json

from tipoff.control import operations as acting
from tipoff.control import queries as looking
from tipoff.control.context import Call, CallContext, Method, OperationAnswer
from tipoff.control.parameters import Param
from tipoff.control.permissions import Level
from tipoff.control.protocol import (
    ANSWER_CHARS_MAX,
    FRAME_BYTES_MAX,
    PART_CHARS_MAX,
    PROTOCOL,
    ErrorCode,
)
from tipoff.control.responses import (
    ActorLine,
    BookSeen,
    Health,
    JournalLine,
    LogLevel,
    Metrics,
    RiskSeen,
    Status,
    Version,
)
from tipoff.explain.chain import Why
from tipoff.json_schema import schema_of
from tipoff.json_types import Json

STRATEGY = Param(name="strategy", help="only of this strategy")
TICKER = Param(name="ticker", help="only of this market")
GAME = Param(name="game", help="only of this game")
LIMIT = Param(name="limit", kind="whole", help="so many at most, the newest; 100 unless said")
SCOPE = Param(name="scope", help="all, strategy:NAME or game:ID; all unless said")
NAME = Param(name="name", required=True, help="the strategy's name")
ACTOR = Param(name="name", required=True, help="an address, or its last part if that is enough")
OPEN = Param(name="open", kind="flag", help="only what is open")
FILTERS = {
    "strategies": (STRATEGY,),
    "orders": (STRATEGY, TICKER, GAME, OPEN, LIMIT),
    "fills": (STRATEGY, TICKER, GAME, LIMIT),
    "signals": (STRATEGY, TICKER, GAME, LIMIT),
    "positions": (STRATEGY, TICKER, GAME, LIMIT),
    "pnl": (STRATEGY,),
    "games": (GAME, LIMIT),
    "markets": (TICKER, GAME, LIMIT),
    "dead_letters": (LIMIT,),
}
ORDER = (
    Param(name="strategy", required=True, help="on whose account"),
    Param(name="ticker", required=True, help="the market"),
    Param(name="side", required=True, choices=("bid", "ask"), help="bid buys YES, ask sells YES"),
    Param(name="price", required=True, help="YES price in dollars"),
    Param(name="count", required=True, help="contracts"),
    Param(name="tif", choices=tuple(acting.TIMES_IN_FORCE), help="how long it lives; ioc unless said"),
    Param(name="post_only", kind="flag", help="only rest, never take"),
    Param(name="reduce_only", kind="flag", help="only make a position smaller"),
    Param(
        name="p_fair", kind="number", help="fair value of YES; accounts of strategies with opinions need it"
    ),
)
LEVELS = ("debug", "info", "warning", "error")


async def _schema(_room: CallContext, _call: Call) -> object:
    return document()


def _looks() -> list[Method]:
    shown = [
        Method(
            name=name,
            help=f"the {name.replace('_', ' ')}",
            result=result,
            call=looking.table(name),
            params=FILTERS[name],
        )
        for name, result in looking.SHOWN.items()
    ]
    return [
        Method(name="status", help="one screen", result=Status, call=looking.status),
        Method(name="health", help="checks of a probe", result=Health, call=looking.health, always=True),
        Method(
            name="actors",
            help="the tree",
            result=tuple[ActorLine, ...],
            call=looking.actors,
            always=True,
        ),
        *shown,
        Method(
            name="book",
            help="a market's book",
            result=BookSeen,
            call=looking.book,
            params=(Param(name="ticker", required=True, help="the market"),),
        ),
        Method(name="risk", help="limits and their use", result=RiskSeen, call=looking.risk),
        Method(
            name="journal",
            help="the last facts",
            result=tuple[JournalLine, ...],
            call=looking.journal,
            params=(STRATEGY, LIMIT),
        ),
        Method(
            name="why",
            help="the story of an order, a fill or a signal",
            result=Why,
            call=looking.why,
            params=(Param(name="id", required=True, help="an order, a fill or a signal"),),
        ),
        *_process(),
    ]


def _process() -> list[Method]:
    """What the process tells of itself, also while it starts and stops."""
    return [
        Method(
            name="metrics", help="numbers for Prometheus", result=Metrics, call=looking.metrics, always=True
        ),
        Method(
            name="loglevel.show", help="what is logged", result=LogLevel, call=looking.loglevel, always=True
        ),
        Method(name="version", help="what runs", result=Version, call=looking.version, always=True),
        Method(name="schema", help="this document", result=object, call=_schema, always=True),
    ]


def _operations() -> list[Method]:
    operate = [
        ("halt", "stop a scope until it is resumed", acting.halt, (SCOPE, _STATE, _reason(required=False))),
        ("resume", "end a halt", acting.resume, (SCOPE, _reason(required=True))),
        ("drain", "let no entry pass any more", acting.drain, (_reason(required=False),)),
        ("orders.place", "send an order by hand", acting.place, ORDER),
        ("orders.cancel", "take orders back", acting.cancel, _CANCEL),
        ("positions.close", "close a position", acting.close, _CLOSE),
        ("strategies.enable", "let a strategy trade", acting.switch_on, (NAME,)),
        ("strategies.disable", "let a strategy rest", acting.switch_off, (NAME,)),
        ("strategies.set", "other parameters", acting.configure, (NAME, _VALUES)),
    ]
    admin = [
        ("risk.set", "change a limit", acting.limit_set, (*_LIMIT, Param(name="value", required=True))),
        ("risk.reset", "a limit as configured", acting.limit_reset, _LIMIT),
        ("actors.restart", "a new life for an actor", acting.restart, (ACTOR,)),
        ("actors.revive", "bring a parked actor back", acting.revive, (ACTOR,)),
        ("games.load", "follow a game", acting.load_game, (_THE_GAME,)),
        ("games.unload", "follow a game no more", acting.unload_game, (_THE_GAME,)),
        ("reload", "read the configuration again", acting.reload, ()),
        ("loglevel", "set what is logged", acting.loglevel, (_LEVEL,)),
    ]
    return [
        Method(
            name=name, help=text, result=OperationAnswer, call=call, level=level, params=params, mutates=True
        )
        for level, listed in ((Level.OPERATE, operate), (Level.ADMIN, admin))
        for name, text, call, params in listed
    ]


def _reason(*, required: bool) -> Param:
    return Param(name="reason", required=required, help="kept in the journal")


_STATE = Param(
    name="state", choices=("halted", "reducing"), help="reducing lets exits pass; halted unless said"
)
_CANCEL = (
    Param(name="order_id", help="one order"),
    Param(name="all", kind="flag", help="all orders"),
    Param(name="strategy", help="with all: only of this strategy"),
)
_CLOSE = (
    Param(name="strategy", required=True, help="whose position"),
    Param(name="ticker", required=True, help="in which market"),
)
_VALUES = Param(name="values", kind="values", required=True, help="parameters and their values")
_LIMIT = (
    Param(name="name", required=True, help="the limit"),
    Param(name="strategy", help="a limit of this strategy; the global one unless said"),
)
_THE_GAME = Param(name="game", required=True, help="its id, or a ticker of one of its events or markets")
_LEVEL = Param(name="level", required=True, choices=LEVELS, help="what is less important is left out")

METHODS: dict[str, Method] = {method.name: method for method in (*_looks(), *_operations())}
"""Every method by name, in the manual's order."""


def document() -> dict[str, Json]:
    """The schema: methods with levels, parameters and answers, errors, and the limits of frames."""
    return {
        "protocol": PROTOCOL,
        "frames": {
            "to_server_bytes_max": FRAME_BYTES_MAX,
            "part_chars_max": PART_CHARS_MAX,
            "answer_chars_max": ANSWER_CHARS_MAX,
        },
        "levels": {level.word: int(level) for level in Level},
        "errors": {
            trouble.value: {"code": trouble.rpc, "exit": int(trouble.exit), "meaning": trouble.meaning}
            for trouble in ErrorCode
        },
        "methods": {name: _method(method) for name, method in METHODS.items()},
    }


def _method(method: Method) -> Json:
    return {
        "help": method.help,
        "level": method.level.word,
        "mutates": method.mutates,
        "always": method.always,
        "params": {
            "type": "object",
            "properties": {param.name: param.schema() for param in method.all_params()},
            "required": [param.name for param in method.all_params() if param.required],
            "additionalProperties": False,
        },
        "result": schema_of(method.result),
    }


def digest() -> str:
    """The SHA-256 of the schema, so that a client sees whether it knows this daemon."""
    return hashlib.sha256(json.dumps(document(), sort_keys=True).encode()).hexdigest()


def text() -> str:
    """The schema as it stands in the repository."""
    return json.dumps(document(), indent=1, ensure_ascii=False) + "\n"
