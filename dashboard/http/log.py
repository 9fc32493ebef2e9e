"""The log of the server: one line a record, as text or JSON, with the id of the request; no kind of
line more than once a second, and no traceback for what a reader can cause."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections import OrderedDict
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

from etl.errors import plain_line

#: The id of the request that is being answered; empty outside of one.
REQUEST_ID: ContextVar[str] = ContextVar("request_id", default="")
EVERY_S = 1.0
MAX_KINDS, MAX_LINE = 500, 4_000
Kind = tuple[str, str, int]


def our_mistake() -> str:
    """What a reader is told of an error that nobody foresaw; the log has it under the number."""
    return f"This is our mistake. Tell us its number: {REQUEST_ID.get()}."


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


class _LineFormatter(logging.Formatter):
    def facts(self, record: logging.LogRecord) -> dict[str, Any]:
        """What is written of a record, by name, in order."""
        moment = datetime.fromtimestamp(record.created, UTC)
        return {
            "time": moment.isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": plain_line(record.getMessage()[:MAX_LINE]),
            "request": REQUEST_ID.get(),
            "swallowed": getattr(record, "swallowed", 0),
            "traceback": self._traceback(record),
        }

    def _traceback(self, record: logging.LogRecord) -> str:
        """None for a task that was cancelled: a reader has left, or the server ends."""
        if not record.exc_info or isinstance(record.exc_info[1], asyncio.CancelledError):
            return ""
        return self.formatException(record.exc_info)


class TextFormatter(_LineFormatter):
    """Lines for a person."""

    def format(self, record: logging.LogRecord) -> str:
        facts = self.facts(record)
        line = f"{facts['time']} {facts['level']} {facts['message']}"
        if facts["request"]:
            line += f" [{facts['request']}]"
        if facts["swallowed"]:
            line += f" ({facts['swallowed']:,} more like this were not written)"
        return f"{line}\n{facts['traceback']}" if facts["traceback"] else line


class JsonFormatter(_LineFormatter):
    """Lines for a program: one object each."""

    def format(self, record: logging.LogRecord) -> str:
        facts = {name: value for name, value in self.facts(record).items() if value}
        return json.dumps(facts, ensure_ascii=False)


def log_config(form: str) -> dict[str, Any]:
    """What `logging.config.dictConfig` takes; `form` is text or json. All loggers, uvicorn's
    included, write through one handler."""
    formatter = JsonFormatter if form == "json" else TextFormatter
    place = f"{formatter.__module__}.{formatter.__name__}"
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {"once": {"()": f"{OncePerSecond.__module__}.{OncePerSecond.__name__}"}},
        "formatters": {"line": {"()": place}},
        "handlers": {
            "stderr": {
                "class": "logging.StreamHandler", "formatter": "line", "filters": ["once"],
                "stream": "ext://sys.stderr",
            },
        },
        "root": {"handlers": ["stderr"], "level": "WARNING"},
        "loggers": {
            name: {"handlers": [], "propagate": True, "level": "WARNING"}
            for name in ("uvicorn", "uvicorn.error", "uvicorn.access", "dashboard", "etl")
        },
    }  # fmt: skip
