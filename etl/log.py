"""The log of both programs: one line a record, as text or JSON, with the id of the request or the
number of the run that it belongs to; no secret, no e-mail address, no query of an address."""

from __future__ import annotations

import asyncio
import json
import logging
import logging.config
import re
import sys
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from datetime import UTC, datetime
from types import TracebackType
from typing import Any

from etl.errors import plain_line

#: The id of the request that is being answered, and the number of the load that a run writes;
#: empty outside of one.
REQUEST_ID: ContextVar[str] = ContextVar("request_id", default="")
RUN_ID: ContextVar[str] = ContextVar("run_id", default="")
EVERY_S = 1.0
MAX_KINDS, MAX_LINE, MAX_TRACEBACK = 500, 4_000, 20_000
#: What stands for an e-mail address, and for the query of an address.
SOMEBODY, QUERY = "<e-mail>", "?…"
_MAIL = re.compile(r"[\w.+%-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}")
_QUERY = re.compile(r"\?[\w.\[\]-]{1,64}=[^\s'\"<>)]*")
Kind = tuple[str, str, int]
#: Takes what must not be read out of a text.
Hush = Callable[[str], str]


class OncePerSecond(logging.Filter):
    """Lets one line of a kind pass a second: those of one place in the code. The next one says how
    many were swallowed."""

    def __init__(self, every_s: float = EVERY_S) -> None:
        super().__init__()
        self.every_s = every_s
        self._kinds: OrderedDict[Kind, tuple[float, int]] = OrderedDict()

    def filter(self, record: logging.LogRecord) -> bool:
        kind, now = (record.name, record.pathname, record.lineno), time.monotonic()
        passed_at, swallowed = self._kinds.get(kind, (-self.every_s, 0))
        if now - passed_at < self.every_s:
            self._kinds[kind] = passed_at, swallowed + 1
            return False
        self._kinds[kind] = now, 0
        self._kinds.move_to_end(kind)
        if len(self._kinds) > MAX_KINDS:
            self._kinds.popitem(last=False)
        record.swallowed = swallowed
        return True


class LineFormatter(logging.Formatter):
    """Lines for a person. `hush` takes secrets out of whatever is written."""

    def __init__(self, hush: Hush = str) -> None:
        super().__init__()
        self._hush = hush

    def format(self, record: logging.LogRecord) -> str:
        facts = self.facts(record)
        line = f"{facts['time']} {facts['level']} {facts['message']}"
        if facts["request"]:
            line += f" [{facts['request']}]"
        if facts["run"]:
            line += f" [run {facts['run']}]"
        if facts["swallowed"]:
            line += f" ({facts['swallowed']:,} more like this were not written)"
        return f"{line}\n{facts['traceback']}" if facts["traceback"] else line

    def facts(self, record: logging.LogRecord) -> dict[str, Any]:
        """What is written of a record, by name, in order."""
        moment = datetime.fromtimestamp(record.created, UTC)
        return {
            "time": moment.isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": self._plain(_message(record)),
            "request": REQUEST_ID.get(),
            "run": RUN_ID.get(),
            "swallowed": getattr(record, "swallowed", 0),
            "traceback": self._traceback(record),
        }

    def _plain(self, text: str) -> str:
        """One plain line of bounded length, without what nobody is to read."""
        # Hushed before it is cut: half a secret is not found any more.
        return plain_line(self._without(text)[:MAX_LINE])

    def _without(self, text: str) -> str:
        told = self._hush(text[: 4 * MAX_TRACEBACK])
        return _QUERY.sub(QUERY, _MAIL.sub(SOMEBODY, told))

    def _traceback(self, record: logging.LogRecord) -> str:
        """None for a task that was cancelled: a reader has left, or the server ends. Of a very long
        one the end, which says what happened."""
        if not record.exc_info or isinstance(record.exc_info[1], asyncio.CancelledError):
            return ""
        text = self.formatException(record.exc_info)
        lines = self._without(text[-2 * MAX_TRACEBACK :])[-MAX_TRACEBACK:].split("\n")
        return "\n".join("".join(c if c.isprintable() else " " for c in line) for line in lines)


class JsonFormatter(LineFormatter):
    """Lines for a program: one object each. What a record carries as `facts` stands in it under
    their own names."""

    def format(self, record: logging.LogRecord) -> str:
        facts = {name: value for name, value in self.facts(record).items() if value}
        given: Mapping[str, Any] = getattr(record, "facts", {})
        more = {
            name: self._plain(value) if isinstance(value, str) else value
            for name, value in given.items()
            if name not in facts
        }
        return json.dumps(facts | more, ensure_ascii=False)


def _message(record: logging.LogRecord) -> str:
    """What a record says; that its words do not fit together is no reason to say nothing."""
    try:
        return record.getMessage()
    except (TypeError, ValueError):
        return str(record.msg)


def log_config(form: str, hush: Hush = str, *, is_run: bool = False) -> dict[str, Any]:
    """What `logging.config.dictConfig` takes; `form` is text or json. All loggers, uvicorn's
    included, write through one handler. Of a server one line of a kind passes a second, since
    readers cause them; a run says all that it does."""
    formatter = JsonFormatter if form == "json" else LineFormatter
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {"once": {"()": f"{__name__}.{OncePerSecond.__name__}"}},
        "formatters": {"line": {"()": f"{__name__}.{formatter.__name__}", "hush": hush}},
        "handlers": {
            "stderr": {
                "class": "logging.StreamHandler", "formatter": "line",
                "filters": [] if is_run else ["once"], "stream": "ext://sys.stderr",
            },
        },
        "root": {"handlers": ["stderr"], "level": "WARNING"},
        "loggers": {
            name: {"handlers": [], "propagate": True, "level": "WARNING"}
            for name in ("uvicorn", "uvicorn.error", "uvicorn.access", "dashboard")
        } | {"etl": {"handlers": [], "propagate": True, "level": "INFO" if is_run else "WARNING"}},
    }  # fmt: skip


def tell_runs(form: str, hush: Hush) -> None:
    """Let the commands of `etl` write their log as programs read it. In the form for people they
    speak on the output as ever, and only what a library warns of is said besides."""
    if form != "json":
        return
    logging.config.dictConfig(log_config(form, hush, is_run=True))

    def unforeseen(
        kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        told = "An error that nobody foresaw."
        logging.getLogger("etl").critical(told, exc_info=(kind, error, trace))

    sys.excepthook = unforeseen
