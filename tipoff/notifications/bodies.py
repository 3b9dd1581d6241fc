"""A notice in the form that its service wants, and in which nobody is rung by what a text says."""

from typing import Final

from tipoff.json_types import Json
from tipoff.notifications.notice import Level, Notice
from tipoff.notifications.targets import Service, Target
from tipoff.output import harmless_line

TEXT_CHARS_MAX: Final = 1_500
"""A longer text is cut; the smallest limit of the known services is 2,000."""

TITLE_CHARS_MAX: Final = 250

MARKS: Final[dict[Level, str]] = {"info": "", "warning": "Warning: ", "error": "Error: "}
COLOURS: Final[dict[Level, int]] = {"info": 0x3B82F6, "warning": 0xF59E0B, "error": 0xDC2626}
PRIORITIES: Final[dict[Level, int]] = {"info": 3, "warning": 4, "error": 5}
"""Of ntfy: 3 is the usual one, 5 rings through what silences the others."""


def title_of(notice: Notice, engine: str) -> str:
    """What it is about, in a few words on one line."""
    return f"{harmless_line(engine)}: {notice.kind.replace('_', ' ')}"[:TITLE_CHARS_MAX]


def text_of(notice: Notice) -> str:
    """What has happened, on one line."""
    return harmless_line(notice.text)[:TEXT_CHARS_MAX]


def body_of(notice: Notice, target: Target, engine: str) -> dict[str, Json]:
    """What is posted; `engine` is the name of the daemon that says it."""
    title, text = title_of(notice, engine), text_of(notice)
    marked = f"{MARKS[notice.level]}{text}"
    match target.service:
        case Service.SLACK:
            return {"text": f"*{_slack(title)}*\n{_slack(marked)}"}
        case Service.DISCORD:
            embed: Json = {"title": title, "description": text, "color": COLOURS[notice.level]}
            return {"embeds": [embed], "allowed_mentions": {"parse": []}}
        case Service.TELEGRAM:
            # Without a parse_mode nothing in it is markup.
            return {
                "chat_id": target.asked("chat_id"),
                "text": f"{title}\n{marked}",
                "link_preview_options": {"is_disabled": True},
                "disable_notification": notice.level == "info",
            }
        case Service.NTFY:
            return {
                "topic": target.parts.path.rstrip("/").rpartition("/")[2],
                "title": title,
                "message": text,
                "priority": PRIORITIES[notice.level],
            }
        case Service.JSON | Service.MAIL:
            return {
                "engine": harmless_line(engine),
                "kind": notice.kind,
                "level": notice.level,
                "subject": harmless_line(notice.subject),
                "text": text,
                "at": notice.at,
            }


def _slack(text: str) -> str:
    """Slack reads three characters as markup; nobody shall be mentioned by a ticker."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
