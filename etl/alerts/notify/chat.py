"""Chat robots: what is posted to each service, how it is signed, and which answer means that it was
delivered."""

from __future__ import annotations

import hmac
import json
import re
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from etl.alerts.notify.message import NAME, Message, address_of, split, told
from etl.errors import SettingError, UnexpectedPayload, nearest, quoted
from etl.ingest.upstream import Upstream
from etl.records import now

#: A part of an address shorter than this is a word, not a secret.
_SECRET_LETTERS = 6


def _wecom(message: Message) -> Mapping[str, Any]:
    words = (
        f"**{NAME}**\n{message.title}\n{message.sentence}\n[{message.link_words}]({message.link})"
    )
    return {"msgtype": "markdown", "markdown": {"content": words}}


def _dingtalk(message: Message) -> Mapping[str, Any]:
    link = f"[{message.link_words}]({message.link})"
    words = f"**{NAME}**\n\n{message.title}\n\n{message.sentence}\n\n{link}"
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


def _errcode(answer: Any) -> bool:
    return isinstance(answer, dict) and _is_zero(answer.get("errcode"))


def _code(answer: Any) -> bool:
    codes = ("code", "StatusCode")
    told = [answer[name] for name in codes if name in answer] if isinstance(answer, dict) else []
    return bool(told) and all(map(_is_zero, told))


def _is_zero(code: object) -> bool:
    return type(code) is int and code == 0


def _ok(answer: Any) -> bool:
    return bool(answer == "ok")


def _digest(key: str, message: str) -> str:
    return b64encode(hmac.digest(key.encode(), message.encode(), "sha256")).decode("ascii")


def _dingtalk_sign(secret: str, moment: datetime) -> tuple[str, Mapping[str, Any]]:
    stamp = f"{moment.timestamp() * 1000:.0f}"
    sign = quote(_digest(secret, f"{stamp}\n{secret}"), safe="")
    return f"&timestamp={stamp}&sign={sign}", {}


def _feishu_sign(secret: str, moment: datetime) -> tuple[str, Mapping[str, Any]]:
    # The text to be signed is the key, and what is signed with it is empty.
    stamp = f"{moment.timestamp():.0f}"
    return "", {"timestamp": stamp, "sign": _digest(f"{stamp}\n{secret}", "")}


@dataclass(frozen=True, slots=True)
class ChatService:
    """What is posted to a chat service, and whether its answer confirms delivery; `sign`, where
    the service knows signatures (加签), is what a secret and a moment add to the address and to
    what is posted."""

    posted: Callable[[Message], Mapping[str, Any]]
    took: Callable[[Any], bool]
    its_ok: str
    sign: Callable[[str, datetime], tuple[str, Mapping[str, Any]]] | None = None


SHAPES: Mapping[str, ChatService] = {
    "wecom": ChatService(_wecom, _errcode, '"errcode": 0'),
    "dingtalk": ChatService(_dingtalk, _errcode, '"errcode": 0', _dingtalk_sign),
    "feishu": ChatService(_feishu, _code, '"code": 0', _feishu_sign),
    "slack": ChatService(_slack, _ok, "ok"),
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
    """A chat robot. Its URL is a secret and appears in no sentence, and so is what it signs
    with."""

    url: str = field(repr=False)
    shape: str
    name: str = "webhook"
    secret: str = field(default="", repr=False)

    @property
    def address(self) -> str:
        return address_of(self.name, self.url)

    def send(self, message: Message, out: Upstream) -> str:
        """Post the message. A service answers 200 even when it refuses, and so does a login page in
        front of it: only the service's own confirmation is a delivery."""
        service = SHAPES[self.shape]
        url, posted = self.url, service.posted(message)
        if self.secret and service.sign is not None:
            more, stamped = service.sign(self.secret, now())
            url, posted = url + more, {**stamped, **posted}
        body = json.dumps(posted, ensure_ascii=False).encode()
        answer = out.post(url, body, headers={"Content-Type": "application/json"})
        read = _read(answer)
        if not service.took(read):
            host = urlsplit(self.url).hostname
            raise UnexpectedPayload(
                f"{host} did not take the message: it answered "
                f"{_words(read, [*_secrets(url), self.secret])}, not {service.its_ok}."
            )
        return ""


def _read(answer: bytes) -> Any:
    """An answer as JSON, or else as text."""
    try:
        return json.loads(answer)
    except (ValueError, RecursionError):
        return answer.decode("utf-8", "replace").strip()


def _words(answer: Any, secrets: list[str]) -> str:
    """What a service said instead of confirming."""
    if isinstance(answer, dict):
        code = next((answer[k] for k in ("errcode", "code", "StatusCode") if k in answer), None)
        words = next((answer[k] for k in ("errmsg", "msg", "StatusMessage") if k in answer), None)
        if code is not None or words is not None:
            return told(": ".join(str(x) for x in (code, words) if x is not None), secrets)
    if answer == "":
        return "nothing"
    text = answer if isinstance(answer, str) else json.dumps(answer, ensure_ascii=False)
    return f"‘{told(text, secrets)}’"


def _secrets(url: str) -> list[str]:
    """Every part of an address that may be a secret."""
    parts = urlsplit(url)
    raw = re.split(r"[/?&=;@:#]", f"{parts.netloc}/{parts.path}?{parts.query}#{parts.fragment}")
    found = {url, *raw, *map(unquote, raw)} - {parts.hostname or ""}
    return [part for part in found if len(part) >= _SECRET_LETTERS]


def webhook(url: str, shape: str | None, secret: str | None = None) -> Webhook:
    """The robot at an address, which signs with a secret where one is set; a SettingError in words
    if it cannot be one."""
    parts = split(url, "XINZHI_ALERT_WEBHOOK", ("http", "https"), "https://HOST/…")
    shape = shape or HOSTS.get(parts.hostname or "")
    if shape is None:
        raise SettingError(
            f"XINZHI_ALERT_SHAPE: nothing is known of the host {parts.hostname}; set one of "
            f"{', '.join(SHAPES)}."
        )
    if shape not in SHAPES:
        raise SettingError(
            f"XINZHI_ALERT_SHAPE: '{quoted(shape)}' is none. {nearest(shape, SHAPES)}"
        )
    if secret and SHAPES[shape].sign is None:
        signing = ", ".join(name for name, service in SHAPES.items() if service.sign)
        raise SettingError(
            f"XINZHI_ALERT_SECRET: robots of {shape} have no signatures; unset it. Those of "
            f"{signing} have."
        )
    if secret and shape == "dingtalk" and not parts.query:
        raise SettingError(
            "XINZHI_ALERT_WEBHOOK: lacks its access_token; copy the whole address of the robot."
        )
    return Webhook(url, shape, secret=secret or "")
