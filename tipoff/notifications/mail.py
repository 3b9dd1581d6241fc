"""A notice as a mail, handed to an SMTP server. It blocks, so it is called on a thread.

The standard library's client, since it needs no other: a mail every few minutes is no load. Nothing is sent
in the clear that has a password: without encryption the server gets neither it nor the mail.
"""

import smtplib
import ssl
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from typing import Final
from urllib.parse import unquote

from tipoff.notifications.attempt import Attempt
from tipoff.notifications.bodies import MARKS, text_of, title_of
from tipoff.notifications.notice import Notice
from tipoff.notifications.targets import Target
from venues.transport.unreachable import why_unreachable

STEP_S_MAX: Final = 10.0
"""How long each word of the server may take."""

PORTS: Final = {"smtps": 465, "smtp": 587}
PERMANENT: Final = range(500, 600)

HERE: Final = "[127.0.0.1]"
"""Whom we say we are: looking our own name up can hang, and tells a stranger more than he needs."""


def send_mail(target: Target, notice: Notice, engine: str) -> Attempt:
    """Try once; every failure is an answer."""
    try:
        return _sent(target, _message(target, notice, engine))
    except smtplib.SMTPAuthenticationError as error:
        return Attempt.refused(f"user and password are refused: {_said(error)}")
    except smtplib.SMTPRecipientsRefused as error:
        code, text = next(iter(error.recipients.values()))
        return _of_code(code, f"the recipient is refused: {_words(text)}")
    except smtplib.SMTPResponseException as error:
        return _of_code(error.smtp_code, _said(error))
    except ssl.SSLError as error:
        return Attempt.later(f"no encrypted connection: {error.reason or error}")
    except smtplib.SMTPNotSupportedError:
        return Attempt.refused("the server takes no user and password")
    except OSError as error:
        # smtplib's own errors are such, too, and one of them hides that time was up.
        if isinstance(error, TimeoutError) or isinstance(error.__context__, TimeoutError):
            return Attempt.later(f"no answer within {STEP_S_MAX:g} s")
        return Attempt.later(why_unreachable(error))


def _message(target: Target, notice: Notice, engine: str) -> EmailMessage:
    message = EmailMessage()
    message["From"] = target.asked("from")
    message["To"] = target.asked("to")
    message["Subject"] = f"{MARKS[notice.level]}{title_of(notice, engine)}"
    message["Date"] = formatdate(notice.at)
    message["Message-ID"] = make_msgid(domain=target.asked("from").rpartition("@")[2])
    # Nobody's holiday shall answer.
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(f"{text_of(notice)}\n")
    return message


def _sent(target: Target, message: EmailMessage) -> Attempt:
    parts = target.parts
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    host, port = parts.hostname or "", parts.port or PORTS[parts.scheme]
    context = ssl.create_default_context()
    if parts.scheme == "smtps":
        server: smtplib.SMTP = smtplib.SMTP_SSL(
            host, port, local_hostname=HERE, timeout=STEP_S_MAX, context=context
        )
    else:
        server = smtplib.SMTP(host, port, local_hostname=HERE, timeout=STEP_S_MAX)
    with server:
        if parts.scheme == "smtp":
            server.ehlo()
            if server.has_extn("starttls"):
                server.starttls(context=context)
            elif user:
                return Attempt.refused("the server offers no encryption, and a password is not sent without")
        if user:
            server.login(user, password)
        server.send_message(message)
    return Attempt.delivered()


def _of_code(code: int, words: str) -> Attempt:
    return Attempt.refused(words) if code in PERMANENT else Attempt.later(words)


def _said(error: smtplib.SMTPResponseException) -> str:
    return f"{error.smtp_code} {_words(error.smtp_error)}"


def _words(text: bytes | str) -> str:
    return text.decode("utf-8", "replace") if isinstance(text, bytes) else text
