"""The letter of the day, and who gets it: digest, subscribers."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from datetime import date, timedelta

from etl.alerts import notify
from etl.alerts.notify.letters import Posted, Write, send_letters
from etl.alerts.notify.mail import mail_server
from etl.brief.known import DAYS
from etl.brief.letter import letter, subject, summary
from etl.brief.model import Brief
from etl.brief.published import published_brief
from etl.commands import OK, SOME_FAILED, console
from etl.errors import SettingError, quoted
from etl.ingest.upstream import Upstream
from etl.records import now
from etl.settings import Settings
from etl.subscribers import LANGS, LEAVE, Subscribers, plain_address
from etl.terminal import to_json


def digest_command(settings: Settings, options: argparse.Namespace) -> int:
    """Print the letter of a day; with --send, send it to the subscribers and to the chat robot,
    each once. It is made of the public snapshot alone."""
    day = _day(options.date)
    lang = getattr(options, "lang", None)
    if not options.send:
        told = _brief(settings, day, lang or "zh")
        print(letter(told, f"{settings.base_url}/", f"{settings.base_url}{LEAVE}/…").text, end="")
        return OK
    asked = [lang] if lang else list(LANGS)
    subscribers, ways = Subscribers.of(settings), notify.robots(settings)
    if not ways and not any(one.lang in asked for one in subscribers.all()):
        raise SettingError(
            "Nobody gets the letter yet: add subscribers with `python -m etl subscribers --add "
            "ADDRESS`, or set XINZHI_ALERT_WEBHOOK."
        )
    wanted = {one.lang for one in subscribers.waiting(day)} & set(asked)
    server, sender = mail_server(settings) if wanted else (None, "")
    found = {one: _brief(settings, day, one) for one in wanted | ({asked[0]} if ways else set())}
    failed = False
    if server is not None:
        written = {one: _writer(found[one], settings) for one in wanted}
        failed = _say_posted(send_letters(settings, server, sender, subscribers, day, written))
    else:
        console.say("e-mail: 0 letters sent")
    if ways:
        told = found[asked[0]]
        link = f"{settings.base_url}/since/{told.before or day - timedelta(days=DAYS)}?asof={day}"
        message = notify.Message(
            f"digest/{day}", subject(told), summary(told), link, link_words="看全部"
        )
        with Upstream(settings) as out:
            failed |= console.sent(notify.send_once(settings, message, ways, out))
    return SOME_FAILED if failed else OK


def subscribers_command(settings: Settings, options: argparse.Namespace) -> int:
    """Print who gets the letter of the day; add or remove addresses."""
    subscribers = Subscribers.of(settings)
    if options.add:
        lang = getattr(options, "lang", "zh")
        wanted = [plain_address(one) for one in options.add]  # all of them, or none
        new = sum([subscribers.add(one, lang) for one in wanted])
        console.say(f"{new} added; {len(options.add) - new} were there already")
    elif options.remove:
        gone = sum([subscribers.remove(one) for one in map(plain_address, options.remove)])
        console.say(f"{gone} removed; {len(options.remove) - gone} were not there")
    elif options.json:
        rows = [
            {"address": one.address, "lang": one.lang, "since": str(one.since),
             "sent": str(one.sent) if one.sent else None}
            for one in subscribers.all()
        ]  # fmt: skip
        print(to_json(rows))
    else:
        for line in _lines(subscribers):
            console.say(line)
    return OK


def _lines(subscribers: Subscribers) -> Iterator[str]:
    found = subscribers.all()
    for one in found:
        sent = f"letter of {one.sent}" if one.sent else "no letter yet"
        yield f"{one.address}, {one.lang}, since {one.since}, {sent}"
    yield f"{len(found)} subscribers"


def _brief(settings: Settings, day: date, lang: str) -> Brief:
    return published_brief(settings, day, lang, now())


def _writer(brief: Brief, settings: Settings) -> Write:
    home = f"{settings.base_url}/{'?lang=en' if brief.lang == 'en' else ''}"
    return lambda leave: letter(brief, home, leave)


def _say_posted(posted: Posted) -> bool:
    """Say what became of a letter, in numbers; whether anything went wrong."""
    if posted.problem:
        console.fail(f"e-mail: {posted.problem} {posted.waiting} wait for the next time.")
    elif posted.refused:
        console.fail(f"e-mail: the server refused {posted.refused} of the recipients.")
    if posted.count or not (posted.problem or posted.refused):
        console.say(f"e-mail: {posted.count} letters sent")
    if posted.waiting and not posted.problem:
        console.say(f"e-mail: {posted.waiting} more wait for the next time")
    return bool(posted.problem or posted.refused)


def _day(text: str) -> date:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or str(found) != text:
        raise SettingError(f"'{quoted(text)}' is not a date that exists; write it like 2026-05-27.")
    return found
