"""The head of the terminal view: six lines that say whether it trades, what it has, and what is wrong.

Called by `app` for every round. Pure. What is wrong is said in words and marked `!`, so that a screen
without colours says the same.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from rich.text import Text

from engine.calendar import eastern, parse_time
from tipoff.output import harmless_line
from tipoff.top.layout import BAD, GOOD, PLAIN, QUIET, WARN, clipped
from tipoff.top.snapshot import Answers, Line, Seen
from tipoff.top.tables import dollars, duration, money_style, signed

LABEL: Final = 8
WIDE: Final = 110
"""From so many columns on, lines say more."""
HEAD_LINES: Final = 6
BAR: Final = 10
NEAR: Final = Decimal("0.8")
"""A limit of which so much is in use is shown as a warning."""


def head(seen: Seen, width: int) -> Text:
    """Six lines, each cut to `width`."""
    lines = [
        _first(seen, width),
        _result(seen.answers.status, width),
        _risk(seen.answers, width),
        _feed(seen.answers.status, width),
        _wrong(seen, width),
        _failed(seen.answers.status),
    ]
    for line in lines:
        # One character for one, so that styles stay where they are.
        line.plain = harmless_line(line.plain)
        line.truncate(width, overflow="ellipsis")
    return Text("\n", no_wrap=True, end="").join(lines)


def state(seen: Seen) -> tuple[str, str]:
    """One or two words for the whole, and their style."""
    status = seen.answers.status
    if seen.link.lost is not None:
        return "NO DAEMON", BAD
    if "status" in seen.answers.troubles:
        return "NO ANSWER", BAD
    if not status:
        return "CONNECTING", WARN
    if not status["trading"]:
        known = status["state"].upper()
        return (known if known != "RUNNING" else "NOT TRADING"), BAD
    return ("TRADING, DEGRADED", WARN) if status["degraded"] else ("TRADING", GOOD)


def old(seen: Seen) -> bool:
    """Whether what is shown is not of now, because nobody says how it is now."""
    return seen.link.lost is not None or "status" in seen.answers.troubles


def nearest_limit(limits: Sequence[Line]) -> tuple[Line, Decimal] | None:
    """The limit of which the greatest share is in use; None if none is used at all."""
    shares = [(line, share) for line in limits if (share := _share(line["use"], line["limit"]))]
    return max(shares, key=lambda each: each[1], default=None)


def _first(seen: Seen, width: int) -> Text:
    word, style = state(seen)
    status = seen.answers.status
    line = Text.assemble((f" {word} ", f"bold {style} reverse"))
    if old(seen):
        since = f"since {seen.link.since} UTC; " if seen.link.lost is not None else ""
        as_of = f"what follows is of {status['at'][11:19]} UTC" if status else "nothing is known"
        return line.append(f"  {since}{as_of}; asking again", BAD)
    if status:
        at = status["at"]
        line.append(f"  {at[11:19]} UTC ")
        line.append(f"({eastern(parse_time(at)):%H:%M} New York)", QUIET)
        line.append(f"  {status['run'] or 'no run'}")
        line.append(f"  up {duration(status['uptime_seconds'])}", QUIET)
    if width >= WIDE:
        line.append(f"  tipoff {seen.link.hello.get('tipoff', '?')}, your level: {seen.link.level}", QUIET)
    return line


def _result(status: Line, width: int) -> Text:
    band = status.get("pnl")
    line = _label("P&L")
    if band is None:
        return line.append("-")
    for number, name in enumerate(("pessimistic", "base", "optimistic")):
        value = signed(band[name])
        line.append("  " if number else "")
        line.append(f"{name} ", QUIET)
        line.append(value, f"bold {money_style(value)}".strip())
    line.append("  after fees" if width >= WIDE else "", QUIET)
    return line.append(f"  {status['positions']} pos., {status['open_orders']} open", QUIET)


def _risk(answers: Answers, width: int) -> Text:
    status, line = answers.status, _label("Risk")
    if not status:
        return line.append("-")
    limit = status["at_risk_max"]
    share = _share(status["at_risk"], limit)
    line.append(dollars(status["at_risk"]))
    if share is not None:
        line.append(f" of {dollars(limit)}")
    line.append(" at risk")
    if share is not None:
        line.append(f" {_bar(share)} {share:.0%}" if width >= WIDE else f" ({share:.0%})", _near(share))
    nearest = nearest_limit(answers.risk.get("limits", ()))
    if nearest is not None and nearest[0]["name"] != "exposure_total":
        line.append(f"  nearest limit: {_limit_words(*nearest, width)}", _near(nearest[1]))
    return line


def _limit_words(limit: Line, share: Decimal, width: int) -> str:
    short = f"{limit['name']} {share:.0%}"
    if width < WIDE:
        return short
    where = f" at {limit['where']}" if limit["where"] else ""
    return f"{short} ({limit['use']} of {limit['limit']} {limit['unit']}{where})"


def _feed(status: Line, width: int) -> Text:
    line = _label("Feed")
    if not status:
        return line.append("-")
    feed = status["feed"]
    line.append("connected" if feed["connected"] else "! not connected", PLAIN if feed["connected"] else BAD)
    trusted = f", {feed['trusted_books']}/{feed['books']} books trusted"
    line.append(trusted, PLAIN if feed["trusted_books"] == feed["books"] else WARN)
    line.append(f", {feed['gaps']} gaps", QUIET)
    all_run = status["actors_running"] == status["actors"]
    line.append(f"  Actors {status['actors_running']}/{status['actors']} run", PLAIN if all_run else BAD)
    line.append(f", {status['restarts']} restarts", WARN if status["restarts"] else QUIET)
    if width >= WIDE or status["dead_letters"]:
        line.append(f", {status['dead_letters']} dead letters", WARN if status["dead_letters"] else QUIET)
    if width >= WIDE:
        line.append(f"  Journal at {status['journal_seq']}", QUIET)
    return line


def _wrong(seen: Seen, width: int) -> Text:
    """What was not answered comes first, then what keeps it from trading, then what is degraded."""
    line = _label("Wrong")
    if seen.link.lost is not None:
        return line.append(f"! {seen.link.lost}", BAD)
    status, troubles = seen.answers.status, dict.fromkeys(seen.answers.troubles.values())
    found = [*troubles, *status.get("why_not", ()), *status.get("degraded", ())]
    if not found:
        return line.append("nothing" if status else "-", QUIET)
    more = f" (+{len(found) - 1} more)" if len(found) > 1 else ""
    first = clipped(f"! {found[0]}", width - LABEL - len(more))
    return line.append(first + more, WARN if status.get("trading") else BAD)


def _failed(status: Line) -> Text:
    line, failure = _label("Failed"), status.get("last_failure")
    if not failure:
        return line.append("nothing" if status else "-", QUIET)
    words = f"{failure['at'][11:19]} {failure['address']}: {failure['what']} {failure['error']}"
    return line.append(words.strip(), WARN)


def _label(name: str) -> Text:
    return Text(f"{name:{LABEL}}", QUIET, no_wrap=True)


def _share(use: str, limit: str | None) -> Decimal | None:
    """How much of a limit is in use; None where that is no question of numbers."""
    try:
        used, allowed = Decimal(use), Decimal(limit or "")
    except ArithmeticError:
        return None
    return used / allowed if allowed > 0 else None


def _near(share: Decimal) -> str:
    if share >= 1:
        return BAD
    return WARN if share >= NEAR else PLAIN


def _bar(share: Decimal) -> str:
    """How full, in ten steps; anything at all shows one, and only the whole shows ten."""
    full = min(BAR, int(share * BAR) or (1 if share > 0 else 0))
    return "[" + "#" * full + "." * (BAR - full) + "]"
