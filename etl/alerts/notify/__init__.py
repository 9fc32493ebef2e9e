"""Sending alerts: each new crossing once per channel, as a chat message or by e-mail."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from etl.alerts.notify.chat import Webhook, webhook
from etl.alerts.notify.mail import Mail, mail
from etl.alerts.notify.memory import Memory
from etl.alerts.notify.message import Channel, Message
from etl.alerts.rules import Alert, Crossing
from etl.catalog import Catalog
from etl.errors import SourceError
from etl.ingest.upstream import Upstream
from etl.reliability import Reliability, warning
from etl.settings import Settings
from etl.storage.state import alert_memory, own_alert_memory

__all__ = [
    "Channel",
    "Mail",
    "Memory",
    "Message",
    "Sent",
    "Webhook",
    "channels",
    "pending",
    "robots",
    "send",
    "send_once",
]

#: The most messages and seconds that one sending may take on a channel; the rest goes with the
#: next one. Chat services refuse more than twenty messages a minute.
MOST, SECONDS = 20, 60.0


@dataclass(frozen=True, slots=True)
class Sent:
    """What one channel did: how many messages went out, how many wait, and what went wrong."""

    channel: str
    count: int
    waiting: int
    problem: str = ""
    notices: tuple[str, ...] = ()


def channels(settings: Settings) -> list[Channel]:
    """The channels that are set up; a SettingError if one is set up wrongly."""
    found: list[Channel] = robots(settings)
    if settings.alert_smtp or settings.alert_to:
        found.append(mail(settings))
    return found


def robots(settings: Settings) -> list[Channel]:
    """The chat robot that is set up, if one is; a SettingError if it is set up wrongly."""
    if not settings.alert_webhook:
        return []
    return [webhook(settings.alert_webhook, settings.alert_shape, settings.alert_secret)]


def send(
    settings: Settings,
    catalog: Catalog,
    alerts: Sequence[Alert],
    out: Upstream,
    ways: Sequence[Channel],
    failing: Sequence[Reliability] = (),
) -> list[Sent]:
    """Send what is new to each channel, and once a week which sources are `failing`. A channel that
    fails keeps its messages for the next time and does not stop the others. If the memory cannot be
    written, nothing more is sent."""
    with alert_memory(settings) as kept:
        memory = Memory(kept)
        if memory.is_empty and settings.state_dsn is not None:
            memory.take_over(own_alert_memory(settings))  # of the time when it was alone
        for old, new in catalog.current_ids.items():
            memory.rename(old, new)
        warnings = [_warning(settings, one) for one in failing]
        return [_send(way, settings, catalog, alerts, warnings, out, memory) for way in ways]


def send_once(
    settings: Settings, message: Message, ways: Sequence[Channel], out: Upstream
) -> list[Sent]:
    """Send one message to each channel that has not sent it yet."""
    with alert_memory(settings) as kept:
        memory, found = Memory(kept), list[Sent]()
        for way in ways:
            unsure = memory.begin(way.name, way.address)
            if message.key in memory.sent(way.address):
                continue
            notice, problem = "", ""
            try:
                with memory.sending(way.address, message.key):
                    notice = way.send(message, out)
            except SourceError as error:
                problem = str(error)
            told = tuple(filter(None, (unsure, notice)))
            found.append(Sent(way.name, int(not problem), int(bool(problem)), problem, told))
    return found


def _send(
    way: Channel,
    settings: Settings,
    catalog: Catalog,
    alerts: Sequence[Alert],
    warnings: Sequence[Message],
    out: Upstream,
    memory: Memory,
) -> Sent:
    unsure, address = memory.begin(way.name, way.address), way.address
    sent = memory.sent(address)
    waiting = [
        *(one for one in warnings if one.key not in sent),
        *(
            _message(settings, catalog, alert, crossing)
            for alert, crossing in pending(alerts, memory.since(address), sent)
        ),
    ]
    until, count, notices = time.monotonic() + SECONDS, 0, [unsure]
    problem = ""
    for message in waiting[:MOST]:
        if time.monotonic() > until:
            break
        try:
            with memory.sending(address, message.key):
                notices.append(way.send(message, out))
        except SourceError as error:
            problem = str(error)
            break
        count += 1
    if not problem:
        known = {alert.key(crossing) for alert in alerts for crossing in alert.crossings}
        memory.forget_but(address, known | {one.key for one in warnings})
    told = tuple(dict.fromkeys(filter(None, notices)))
    return Sent(way.name, count, len(waiting) - count, problem, told)


def pending(
    alerts: Sequence[Alert], since: datetime, sent: frozenset[str]
) -> Iterator[tuple[Alert, Crossing]]:
    """The crossings that a channel has not sent: those that hold now, and those that became known
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


def _warning(settings: Settings, one: Reliability) -> Message:
    """That a source has failed for a week, for who runs the site: once for every week."""
    key = f"source:{one.source}/failing/{one.failing_since:%Y-%m-%d}+{one.weeks_failing}w"
    title = f"来源 {one.source} 连续 {one.days_failing} 天没有可用的答复"
    link = f"{settings.base_url}/status"
    return Message(key, title, warning(one).zh, link, link_words="看运行状况")
