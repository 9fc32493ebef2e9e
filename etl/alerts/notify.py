"""Sending alerts: each new crossing once a channel, as a chat message or by e-mail."""

from __future__ import annotations

import json
import os
import re
import smtplib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import SplitResult, unquote, urlsplit

from etl.alerts.rules import Alert, Crossing
from etl.catalog import Catalog
from etl.errors import (
    FileProblem,
    SettingError,
    SourceError,
    StorageError,
    UnexpectedPayload,
    nearest,
    quoted,
)
from etl.ingest.upstream import Upstream, trust, within
from etl.records import now
from etl.settings import Settings
from etl.storage.warehouse import lock

#: What one sending may bring to one channel, and how long it may take: the rest follows with the
#: next one. Chat services refuse more than twenty messages a minute.
MOST, SECONDS = 20, 60.0
#: How many messages are remembered at least, for each channel.
REMEMBERED = 10_000
NAME = "新质生产力提醒"
_PNG = b"\x89PNG\r\n\x1a\n"
_ADDRESS = re.compile(r"[^\s@<>,;]+@[^\s@<>,;]+")


@dataclass(frozen=True, slots=True)
class Message:
    """One crossing for people: what happened, and where to look."""

    key: str
    title: str
    sentence: str
    link: str
    picture: str


@dataclass(frozen=True, slots=True)
class Sent:
    """What one channel did: how many messages went out, how many wait, and what went wrong."""

    channel: str
    count: int
    waiting: int
    problem: str = ""
    notices: tuple[str, ...] = ()


class Channel(Protocol):
    """A way to people. `send` returns what is to be known of a message that did go out."""

    @property
    def name(self) -> str: ...

    def send(self, message: Message, out: Upstream) -> str: ...


def channels(settings: Settings) -> list[Channel]:
    """The channels that are set; a SettingError where one is set wrongly."""
    found: list[Channel] = []
    if settings.alert_webhook:
        found.append(_webhook(settings.alert_webhook, settings.alert_shape))
    if settings.alert_smtp or settings.alert_to:
        found.append(_mail(settings))
    return found


def send(
    settings: Settings,
    catalog: Catalog,
    alerts: Sequence[Alert],
    out: Upstream,
    ways: Sequence[Channel],
) -> list[Sent]:
    """Send what is new to each channel. One that fails keeps its messages for the next time, and
    stops no other."""
    with lock(settings.state / ".alerts.lock"):
        memory = _Memory(settings.state / "alerts.json")
        return [_send(way, settings, catalog, alerts, out, memory) for way in ways]


def _send(
    way: Channel,
    settings: Settings,
    catalog: Catalog,
    alerts: Sequence[Alert],
    out: Upstream,
    memory: _Memory,
) -> Sent:
    memory.begin(way.name)
    waiting = [
        _message(settings, catalog, alert, crossing)
        for alert, crossing in pending(alerts, memory.since(way.name), memory.sent(way.name))
    ]
    until, count, notices = time.monotonic() + SECONDS, 0, []
    problem = ""
    for message in waiting[:MOST]:
        if time.monotonic() > until:
            break
        try:
            notice = way.send(message, out)
        except SourceError as error:
            problem = str(error)
            break
        memory.keep(way.name, message.key)
        count += 1
        notices += [notice] if notice else []
    if not problem:
        known = {alert.key(crossing) for alert in alerts for crossing in alert.crossings}
        memory.forget_but(way.name, known)
    return Sent(way.name, count, len(waiting) - count, problem, tuple(dict.fromkeys(notices)))


def pending(
    alerts: Sequence[Alert], since: datetime, sent: frozenset[str]
) -> Iterator[tuple[Alert, Crossing]]:
    """The crossings that a channel has not sent: those that hold now, and those that were known
    since it was set up and are over again."""
    for alert in alerts:
        for crossing in alert.crossings:
            holds = alert.state == "triggered" and crossing is alert.crossings[-1]
            if alert.key(crossing) not in sent and (holds or crossing.known_at >= since):
                yield alert, crossing


def _message(settings: Settings, catalog: Catalog, alert: Alert, crossing: Crossing) -> Message:
    title = f"{catalog[alert.indicator].title.zh}：{alert.rule_zh}"
    base = f"{settings.base_url}/c/{alert.indicator}"
    return Message(alert.key(crossing), title, crossing.zh, base, f"{base}.png")


# --- Chats ------------------------------------------------------------------------------------


def _wecom(message: Message) -> Mapping[str, Any]:
    words = f"**{NAME}**\n{message.title}\n{message.sentence}\n[看图表]({message.link})"
    return {"msgtype": "markdown", "markdown": {"content": words}}


def _dingtalk(message: Message) -> Mapping[str, Any]:
    words = f"**{NAME}**\n\n{message.title}\n\n{message.sentence}\n\n[看图表]({message.link})"
    return {"msgtype": "markdown", "markdown": {"title": f"{NAME}：{message.title}", "text": words}}


def _feishu(message: Message) -> Mapping[str, Any]:
    return {"msg_type": "text", "content": {"text": _plain(message)}}


def _slack(message: Message) -> Mapping[str, Any]:
    text = _plain(message)
    for sign, name in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;")):
        text = text.replace(sign, name)
    return {"text": text}


def _plain(message: Message) -> str:
    return f"{NAME}\n{message.title}\n{message.sentence}\n{message.link}"


SHAPES: Mapping[str, Callable[[Message], Mapping[str, Any]]] = {
    "wecom": _wecom,
    "dingtalk": _dingtalk,
    "feishu": _feishu,
    "slack": _slack,
}
HOSTS: Mapping[str, str] = {
    "qyapi.weixin.qq.com": "wecom",
    "oapi.dingtalk.com": "dingtalk",
    "open.feishu.cn": "feishu",
    "open.larksuite.com": "feishu",
    "hooks.slack.com": "slack",
}


@dataclass(frozen=True, slots=True)
class Webhook:
    """A robot in a chat. Its address is a secret and stands in no sentence."""

    url: str
    shape: str
    name: str = "webhook"

    def send(self, message: Message, out: Upstream) -> str:
        """Post the message; the service answers 200 even where it refuses."""
        body = json.dumps(SHAPES[self.shape](message), ensure_ascii=False).encode()
        answer = out.post(self.url, body, headers={"Content-Type": "application/json"})
        refused = out.settings.without_secrets(_refusal(answer))
        if refused:
            host = urlsplit(self.url).hostname
            raise UnexpectedPayload(f"{host} refused the message ({refused}).")
        return ""


def _refusal(answer: bytes) -> str:
    """Why a chat service did not take a message; nothing if it did."""
    try:
        told = json.loads(answer)
    except ValueError:
        return ""  # Slack says ok, as plain text with status 200
    if not isinstance(told, dict):
        return ""
    code = next((told[k] for k in ("errcode", "code", "StatusCode") if k in told), 0)
    words = next((str(told[k]) for k in ("errmsg", "msg", "StatusMessage") if k in told), "")
    return f"{quoted(code)}: {quoted(words)}" if code != 0 else ""


def _webhook(url: str, shape: str | None) -> Webhook:
    parts = _split(url, "XINZHI_ALERT_WEBHOOK", ("http", "https"), "https://HOST/…")
    shape = shape or HOSTS.get(parts.hostname or "")
    if shape is None:
        raise SettingError(
            f"XINZHI_ALERT_SHAPE: nothing is known of the host {parts.hostname}; set one of "
            f"{', '.join(SHAPES)}."
        )
    if shape not in SHAPES:
        hint = nearest(shape, SHAPES)
        raise SettingError(f"XINZHI_ALERT_SHAPE: '{quoted(shape)}' is none. {hint}")
    return Webhook(url, shape)


# --- E-mail -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Mail:
    """E-mail through one server, with the chart as an attachment where it can be had."""

    server: SplitResult
    sender: str
    to: tuple[str, ...]
    settings: Settings
    name: str = "e-mail"

    def send(self, message: Message, out: Upstream) -> str:
        """Send the words, with the picture or without."""
        picture, notice = _picture(message, out)
        mail = self._mail(message, picture)
        host = self.server.hostname
        try:
            within(self.settings.timeout_s * 2, lambda: self._deliver(mail))
        except smtplib.SMTPResponseException as error:
            said = quoted(self.settings.without_secrets(_text(error.smtp_error)))
            raise UnexpectedPayload(
                f"{host} refused the e-mail ({error.smtp_code}: {said})."
            ) from None
        except smtplib.SMTPRecipientsRefused as error:
            names = ", ".join(error.recipients)
            raise UnexpectedPayload(f"{host} refused every recipient ({names}).") from None
        except (OSError, smtplib.SMTPException, ValueError) as error:
            reason = quoted(self.settings.without_secrets(str(error)) or type(error).__name__)
            raise UnexpectedPayload(f"{host} did not take the e-mail ({reason}).") from None
        return notice

    def _mail(self, message: Message, picture: bytes | None) -> EmailMessage:
        mail = EmailMessage()
        mail["Subject"] = f"{NAME}：{message.title}"
        mail["From"], mail["To"] = self.sender, ", ".join(self.to)
        mail["Date"] = format_datetime(now())
        mail["Message-ID"] = make_msgid(domain=self.sender.rpartition("@")[2])
        mail.set_content(f"{message.title}\n\n{message.sentence}\n\n{message.link}\n")
        if picture is not None:
            name = f"{message.picture.rpartition('/')[2]}"
            mail.add_attachment(picture, maintype="image", subtype="png", filename=name)
        return mail

    def _deliver(self, mail: EmailMessage) -> None:
        is_tls = self.server.scheme == "smtps"
        host, port = self.server.hostname or "", self.server.port or (465 if is_tls else 587)
        limit, context = self.settings.timeout_s, trust(self.settings)
        server = (
            smtplib.SMTP_SSL(host, port, timeout=limit, context=context)
            if is_tls
            else smtplib.SMTP(host, port, timeout=limit)
        )
        with server:
            server.ehlo()
            if not is_tls and server.has_extn("starttls"):
                server.starttls(context=context)
                server.ehlo()
                is_tls = True
            if self.server.username:
                if not is_tls:
                    raise smtplib.SMTPException("it offers no encryption for the password")
                server.login(unquote(self.server.username), unquote(self.server.password or ""))
            server.send_message(mail)


def _text(said: bytes | str) -> str:
    return said.decode("utf-8", "replace") if isinstance(said, bytes) else said


def _picture(message: Message, out: Upstream) -> tuple[bytes | None, str]:
    """The chart, or nothing and why: it never keeps the words from going out."""
    try:
        picture = out.get(message.picture)
    except SourceError as error:
        return None, f"sent without its picture: {error}"
    if not picture.startswith(_PNG):
        return None, f"sent without its picture: {message.picture} is no PNG."
    return picture, ""


def _mail(settings: Settings) -> Mail:
    if not settings.alert_smtp or not settings.alert_to:
        missing = "ALERT_TO" if settings.alert_smtp else "ALERT_SMTP"
        raise SettingError(f"XINZHI_{missing}: is missing; e-mail needs a server and a recipient.")
    for address in settings.alert_to:
        if not _ADDRESS.fullmatch(address):
            raise SettingError(f"XINZHI_ALERT_TO: '{quoted(address)}' is no e-mail address.")
    example = "smtp://USER:PASSWORD@HOST:587"
    parts = _split(settings.alert_smtp, "XINZHI_ALERT_SMTP", ("smtp", "smtps"), example)
    user = unquote(parts.username or "")
    own = (user, settings.contact or "", settings.alert_to[0])
    sender = next(address for address in own if _ADDRESS.fullmatch(address))
    return Mail(parts, sender, settings.alert_to, settings)


def _split(url: str, name: str, schemes: Sequence[str], example: str) -> SplitResult:
    """The parts of an address that may hold a secret: it is not repeated."""
    with suppress(ValueError):
        parts = urlsplit(url)
        if parts.scheme in schemes and parts.hostname and parts.port != 0:
            return parts
    raise SettingError(f"{name}: is no such address; write it like {example}.")


# --- What was sent ----------------------------------------------------------------------------


class _Memory:
    """What each channel has sent, written after each message: a crash repeats at most one."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._channels: dict[str, dict[str, Any]] = {}
        try:
            held = json.loads(path.read_text(encoding="utf-8"))
            for name, one in held.items():
                since = datetime.fromisoformat(one["since"])
                self._channels[name] = {"since": since, "sent": [str(key) for key in one["sent"]]}
        except FileNotFoundError:
            pass
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            raise FileProblem(
                path,
                "cannot be read; delete it, and what holds now is sent once more.",
            ) from None

    def begin(self, channel: str) -> None:
        """Remember since when a channel is used; what was over before is never sent to it."""
        if channel not in self._channels:
            self._channels[channel] = {"since": now(), "sent": []}
            self._write()

    def since(self, channel: str) -> datetime:
        moment: datetime = self._channels[channel]["since"]
        return moment

    def sent(self, channel: str) -> frozenset[str]:
        return frozenset(self._channels[channel]["sent"])

    def keep(self, channel: str, key: str) -> None:
        """Remember that a message went out."""
        self._channels[channel]["sent"].append(key)
        self._write()

    def forget_but(self, channel: str, known: set[str]) -> None:
        """Forget the oldest of what nothing speaks of any more; a value that was revised away and
        comes back is still remembered."""
        sent = self._channels[channel]["sent"]
        kept = known | set(sent[-REMEMBERED:])
        self._channels[channel]["sent"] = [key for key in sent if key in kept]
        self._write()

    def _write(self) -> None:
        told = {
            name: {"since": one["since"].isoformat(), "sent": one["sent"]}
            for name, one in self._channels.items()
        }
        draft = self.path.with_name(f".{self.path.name}.draft")
        try:
            draft.write_text(json.dumps(told, ensure_ascii=False, indent=1), encoding="utf-8")
            os.replace(draft, self.path)
        except OSError as error:
            raise StorageError(f"{self.path}: cannot be written ({error.strerror}).") from None
