"""The letter of the day to its subscribers: each gets it once, in their language, with an address
at which one click leaves (RFC 8058). No address stands in a sentence."""

from __future__ import annotations

import smtplib
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, make_msgid
from urllib.parse import urlsplit

from etl.alerts.notify.mail import MailServer
from etl.brief.letter import DailyLetter
from etl.errors import SourceError
from etl.records import now
from etl.settings import Settings
from etl.subscribers import Subscriber, Subscribers

#: The most seconds that one sending takes; whoever has not got the letter gets it with the next.
SECONDS = 600.0
#: After so many that were refused in a row the server refuses all of them.
GIVE_UP = 5


@dataclass(frozen=True, slots=True)
class Posted:
    """What became of a letter: how many it went out to, how many the server refused, how many wait,
    and what went wrong."""

    count: int
    refused: int
    waiting: int
    problem: str = ""


#: The address for leaving stays in one piece, so that mail programs find it.
_POLICY = SMTP.clone(max_line_length=900)
#: The letter of a language for who leaves at an address.
Write = Callable[[str], DailyLetter]


def send_letters(
    settings: Settings,
    server: MailServer,
    sender: str,
    subscribers: Subscribers,
    day: date,
    write: Mapping[str, Write],
) -> Posted:
    """Send the letter of a day to everybody whose language is written and who has not got it."""
    waiting = [one for one in subscribers.waiting(day) if one.lang in write]
    if not waiting:
        return Posted(0, 0, 0)
    count = refused = gone = in_a_row = 0
    until, problem = time.monotonic() + SECONDS, ""
    try:
        with server.in_words(*(one.address for one in waiting)), server.opened() as connection:
            for one in waiting:
                if time.monotonic() > until or in_a_row >= GIVE_UP:
                    break
                message = _message(settings, sender, subscribers, one, write[one.lang])
                if not subscribers.begin(one, day):
                    gone += 1
                    continue
                try:
                    connection.send_message(message)
                except (smtplib.SMTPRecipientsRefused, smtplib.SMTPDataError) as error:
                    if _is_temporary(error):
                        subscribers.take_back(one)
                    refused, in_a_row = refused + 1, in_a_row + 1
                else:
                    count, in_a_row = count + 1, 0
    except SourceError as error:
        problem = str(error)
    return Posted(count, refused, len(waiting) - count - refused - gone, problem)


def _message(
    settings: Settings, sender: str, subscribers: Subscribers, one: Subscriber, write: Write
) -> EmailMessage:
    leave = f"{settings.base_url}{subscribers.leave_path(one)}"
    letter = write(leave)
    mail = EmailMessage(_POLICY)
    mail["Subject"] = letter.subject
    mail["From"], mail["To"] = sender, one.address
    mail["Date"] = format_datetime(now())
    mail["Message-ID"] = make_msgid(domain=sender.rpartition("@")[2])
    mail["List-Id"] = f"<brief.{urlsplit(settings.base_url).hostname or 'localhost'}>"
    mail["List-Unsubscribe"] = f"<{leave}>"
    mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    mail["Auto-Submitted"] = "auto-generated"
    mail["Content-Language"] = "en" if one.lang == "en" else "zh-CN"
    mail.set_content(letter.text, cte="base64")
    mail.add_alternative(letter.html, subtype="html", cte="base64")
    return mail


def _is_temporary(error: smtplib.SMTPRecipientsRefused | smtplib.SMTPDataError) -> bool:
    """Whether the server said to try again later."""
    codes: Sequence[int]
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        codes = [code for code, _ in error.recipients.values()]
    else:
        codes = [error.smtp_code]
    return all(400 <= code < 500 for code in codes)
