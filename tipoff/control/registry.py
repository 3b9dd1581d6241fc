"""Every method of the control socket and every command that asks one: name, level, parameters, help.

The only place where these are spelled. The server, `schema.json`, the manual's table and the command line are
made of it; so it stays light, for each command loads it. What a method does stands under the same name in
`queries` or `operations`; how its answer looks to people, in `tipoff.cli.screens`.
"""

from collections.abc import Iterable

import attrs

from tipoff.control.method import Method
from tipoff.control.parameters import Param
from tipoff.control.permissions import Level
from tipoff.exit_codes import Exit

STRATEGY = Param(name="strategy", help="Only of this strategy.")
TICKER = Param(name="ticker", upper=True, help="Only of this market.")
GAME = Param(name="game", help="Only of this game.")
OPEN = Param(name="open", kind="flag", help="Only those that may still trade.")
THE_MARKET = Param(name="ticker", required=True, place=True, upper=True, help="The market.")
SCOPE = Param(
    name="scope",
    place=True,
    default="all",
    unsaid="all",
    help="all, strategy:NAME, game:ID or market:TICKER.",
)
REASON = Param(name="reason", help="Kept in the journal.")
NAME = Param(name="name", required=True, place=True, help="As `tipoff strategies` names it.")
ACTOR = Param(name="name", required=True, place=True, help="An address, or its last part.")
LIMIT_NAME = Param(name="name", required=True, place=True, help="As `tipoff risk` names it.")
LIMIT_OWNER = Param(name="strategy", help="A limit of this strategy instead of the global one.")
THE_GAME = Param(
    name="game",
    required=True,
    place=True,
    help="Its id, as in 26JAN14WASLAC, or the ticker of one of its events or markets, in any letter case.",
)
HZ_MAX = 10
"""So often a second a watcher may be told something."""

TOPIC_NAMES = (
    "status",
    "games",
    "markets",
    "strategies",
    "positions",
    "orders",
    "fills",
    "signals",
    "pnl",
    "actors",
    "journal",
)
"""What can be watched."""

TIMES_IN_FORCE = ("gtc", "ioc", "fok")
LOG_LEVELS = ("debug", "info", "warning", "error")


def newest(default: int) -> Param:
    """How many lines are asked for."""
    return Param(
        name="limit", kind="whole", default=default, unsaid="100", help="So many at most, the newest."
    )


ORDER = (
    THE_MARKET,
    Param(
        name="side",
        required=True,
        place=True,
        choices=("bid", "ask"),
        help="bid buys YES, ask sells YES (which is buying NO).",
    ),
    Param(name="count", required=True, place=True, help="Contracts, such as 10."),
    Param(name="price", required=True, place=True, help="YES price in dollars, such as 0.42."),
    Param(name="strategy", required=True, help="On whose account."),
    Param(name="tif", choices=TIMES_IN_FORCE, default="ioc", unsaid="ioc", help="How long it lives."),
    Param(name="post_only", kind="flag", help="Only rest, never take."),
    Param(name="reduce_only", kind="flag", help="Only make a position smaller."),
    Param(
        name="p_fair",
        kind="number",
        typed="fair",
        help="Fair value of YES; strategies with opinions need one.",
    ),
)

TABLES = (
    Method(
        name="strategies",
        line="The strategies; on, off, other parameters.",
        params=(STRATEGY,),
    ),
    Method(
        name="orders",
        line="The orders; place or cancel by hand.",
        params=(STRATEGY, TICKER, GAME, OPEN, newest(50)),
    ),
    Method(
        name="fills",
        line="The last fills.",
        help="List the last fills.",
        params=(STRATEGY, TICKER, GAME, newest(50)),
    ),
    Method(
        name="signals",
        line="What the strategies concluded lately.",
        help="List what the strategies concluded lately, near misses too.",
        params=(STRATEGY, TICKER, GAME, newest(50)),
    ),
    Method(
        name="positions",
        line="The positions; close one by hand.",
        params=(STRATEGY, TICKER, GAME, newest(1_000)),
    ),
    Method(
        name="pnl",
        line="Profit and loss as a band.",
        help="Show profit and loss after fees as a band, open positions valued at what they would "
        "fetch at once.",
        params=(STRATEGY,),
    ),
    Method(
        name="games",
        line="The games; follow one, or one no more.",
        params=(GAME, newest(1_000)),
    ),
    Method(
        name="markets",
        line="The markets with their best prices.",
        help="List the markets with their best prices, and whether these may be believed.",
        params=(TICKER, GAME, newest(1_000)),
    ),
    Method(
        name="dead_letters",
        line="Messages that nobody will work on.",
        help="List the last messages that nobody will work on, with what failed.",
        params=(newest(50),),
    ),
)

QUERIES = (
    Method(
        name="status",
        line="One screen: is it trading, what is at risk, what failed.",
        help="Show on one screen: is it trading, what is degraded, what is at risk, the band, "
        "what failed last.",
        not_running=Exit.NOT_RUNNING_STATUS,
    ),
    Method(
        name="health",
        line="Checks for probes, with an exit code.",
        help="Check whether the daemon can do its work, for probes: exit code 0, or 5 with what is wrong.",
        always=True,
    ),
    Method(
        name="actors",
        line="The tree of actors; restart or revive one.",
        always=True,
    ),
    *TABLES,
    Method(
        name="book",
        line="A market's book, level by level.",
        help="Show a market's book, level by level, in YES prices.",
        params=(THE_MARKET,),
    ),
    Method(
        name="risk",
        line="The risk limits and their use; set or reset one.",
        help="Show every limit beside its use, and what is halted.",
        also="show",
    ),
    Method(
        name="journal",
        line="The last committed facts in words.",
        help="Show the last committed facts in words.",
        params=(STRATEGY, newest(20)),
    ),
    Method(
        name="watch",
        line="See what changes, as it changes.",
        help="Tell what changes, line by line, until you end it: rows of the tables when they are other "
        "ones, facts as they are committed. It only looks, and whoever reads slowly is told less often.",
        params=(
            Param(
                name="topics",
                kind="names",
                choices=TOPIC_NAMES,
                unsaid="all but journal",
                help="What to watch, with commas between.",
            ),
            Param(
                name="hz",
                kind="whole",
                high=HZ_MAX,
                unsaid=str(HZ_MAX),
                help="Be told at most so often a second.",
            ),
            Param(
                name="since",
                kind="whole",
                low=0,
                high=2**53 - 1,
                help="With journal: the number of the last fact that is known. Those after it are told first, "
                "the newest 1,000 at most.",
            ),
        ),
    ),
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
    ),
    Method(
        name="metrics",
        line="The numbers that Prometheus gets.",
        help="Print the numbers that Prometheus gets.",
        always=True,
    ),
    Method(name="loglevel.show", line="What the daemon logs.", always=True, command=False),
    Method(name="version", line="What runs.", always=True, command=False),
    Method(name="schema", line="All methods, with their parameters and answers.", always=True, command=False),
)

OPERATE = (
    Method(
        name="halt",
        line="Stop trading at once, until it is resumed.",
        help="Stop trading at once and cancel what rests; only `resume` ends it, restarts do not.",
        params=(
            SCOPE,
            Param(
                name="state",
                choices=("halted", "reducing"),
                default="halted",
                unsaid="halted",
                switch="reducing",
                help="Let orders pass that make positions smaller.",
            ),
            attrs.evolve(REASON, default="halted by hand"),
        ),
    ),
    Method(
        name="resume",
        line="End a halt.",
        help="End a halt. The reason is required, because somebody will ask.",
        params=(SCOPE, attrs.evolve(REASON, required=True)),
    ),
    Method(
        name="drain",
        line="Let no entry pass any more, and wait for what rests.",
        help="Let no entry pass any more and take resting entries back; exits and settlement go on.\n\n"
        "With --wait it returns when no order rests any more, and tells what is still open. Positions are "
        "not waited for: only an exit or the end of their game closes them.",
        params=(attrs.evolve(REASON, default="by hand"),),
    ),
    Method(
        name="orders.place",
        line="Place a paper order by hand; the risk gate judges it like any other.",
        params=ORDER,
    ),
    Method(
        name="orders.cancel",
        line="Take an order back, or with --all every order.",
        params=(
            Param(name="order_id", place=True, typed="ORDER", help="As `tipoff orders` names it."),
            Param(name="all", kind="flag", help="Take all orders back."),
            Param(name="strategy", help="With --all: only those of this strategy."),
        ),
        one_of=("order_id", "all"),
    ),
    Method(
        name="positions.close",
        line="Close a position at whatever the book gives, risk limits or not.",
        params=(
            Param(name="strategy", required=True, place=True, help="Whose position."),
            attrs.evolve(THE_MARKET, help="In which market."),
        ),
    ),
    Method(name="strategies.enable", line="Let a strategy trade again.", params=(NAME,)),
    Method(
        name="strategies.disable",
        line="Let a strategy send nothing more and cancel what it has resting; its positions stay.",
        params=(NAME,),
    ),
    Method(
        name="strategies.set",
        line="Give a strategy other parameters: all of them or, if one is wrong, none.",
        params=(
            NAME,
            Param(
                name="values",
                kind="values",
                required=True,
                place=True,
                typed="KEY=VALUE",
                help="Parameters such as position_size=20; lists with commas.",
            ),
        ),
    ),
)

ADMIN = (
    Method(
        name="risk.set",
        line="Change a limit from now on, over restarts too.",
        params=(
            LIMIT_NAME,
            Param(name="value", required=True, place=True, help="A number, words with commas, or none."),
            LIMIT_OWNER,
        ),
    ),
    Method(
        name="risk.reset",
        line="Put a limit back to what the configuration says.",
        params=(LIMIT_NAME, LIMIT_OWNER),
    ),
    Method(name="actors.restart", line="Give an actor a new life; it folds its past again.", params=(ACTOR,)),
    Method(
        name="actors.revive",
        line="Bring an actor back that failed too often and is parked.",
        params=(ACTOR,),
    ),
    Method(
        name="games.load",
        line="Follow a game that was not found by itself, or was unloaded; also after a restart, until "
        "the run ends.",
        params=(THE_GAME,),
    ),
    Method(
        name="games.unload",
        line="Follow a game no more; refused while there is a position or an order of ours in it.",
        params=(THE_GAME,),
    ),
    Method(
        name="reload",
        line="Let the daemon read its configuration again.",
        help="Let the daemon read its configuration again; a broken one changes nothing.",
    ),
    Method(
        name="loglevel",
        line="Show what the daemon logs, or set it.",
        params=(
            Param(
                name="level",
                required=True,
                place=True,
                choices=LOG_LEVELS,
                help="What is less important is left out; without it the present level is shown.",
            ),
        ),
        shows="loglevel.show",
    ),
)


def _at(level: Level, methods: Iterable[Method]) -> Iterable[Method]:
    return (attrs.evolve(method, level=level) for method in methods)


METHODS: dict[str, Method] = {
    method.name: method for method in (*QUERIES, *_at(Level.OPERATE, OPERATE), *_at(Level.ADMIN, ADMIN))
}
"""Every method by name, in the manual's order."""
