"""What is told of a run to those who watch it: lines of the log while it goes on, a span with one
below it for each source, and what `etl metrics` says of it afterwards."""

from __future__ import annotations

import logging
import os
import secrets
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence, Set
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from etl.errors import Locked, StorageError, XinzhiError, plain_line
from etl.log import RUN_ID
from etl.records import Exchange, now
from etl.settings import Settings
from etl.tracing import note, past_span, span

#: A source that no run has asked for so long is told of no more.
FORGOTTEN_AFTER = timedelta(days=90)
log = logging.getLogger(__name__)
#: What happens in a run. Where the log is for people, the command itself says it.
events = logging.getLogger("etl.run")
events.addHandler(logging.NullHandler())


@dataclass(slots=True)
class AskedSource:
    """What a run had of one source: how many indicators it asked for, of how many it got a good
    answer, how many values were new or revised, how long the host took in all, and the last
    problem."""

    asked: int = 0
    good: int = 0
    new: int = 0
    revised: int = 0
    seconds: float = 0.0
    problem: str = ""
    asked_at: datetime | None = None

    @property
    def answer(self) -> str:
        """In a word: good, some of it, or none."""
        return "good" if self.good == self.asked else "some" if self.good else "none"


@dataclass(slots=True)
class RunFacts:
    """The last run over the network of this machine, and when one last brought something: `error`
    is the kind of what stopped it, `sources` what each source last answered, whichever run that
    was."""

    load: int | None = None
    begun_at: datetime | None = None
    seconds: float = 0.0
    ended_at: datetime | None = None
    succeeded_at: datetime | None = None
    error: str = ""
    updated: int = 0
    new: int = 0
    revised: int = 0
    sources: dict[str, AskedSource] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """That `etl schedule` lives on this machine, when it was last seen to, and whether it is the
    one that works."""

    leads: bool
    seen_at: datetime


_FACTS: TypeAdapter[RunFacts] = TypeAdapter(RunFacts)
_HEARTBEAT: TypeAdapter[Heartbeat] = TypeAdapter(Heartbeat)


class RunWatch:
    """Told by a run what happens to it."""

    def __init__(self, settings: Settings, *, is_live: bool) -> None:
        self.settings, self.is_live = settings, is_live
        self.begun_at, self._begun_s = now(), time.monotonic()
        self.load: int | None = None
        self.snapshot: str | None = None
        self.sources: dict[str, AskedSource] = defaultdict(AskedSource)
        self.updated: set[str] = set()
        self.failed = 0
        #: Those of the sources that only the network answers.
        self._online: Set[str] = set()

    @property
    def seconds(self) -> float:
        """Since the run began."""
        return time.monotonic() - self._begun_s

    def begun(self, load: int, *, named: int, source: str, offline: bool) -> None:
        """The run has the number of its load, which every line from here on names. It was asked
        for so many indicators by name (none: for all), and for a source, or all."""
        self.load = load
        RUN_ID.set(str(load))
        facts = {"event": "run.begin", "named": named, "source": source, "offline": offline}
        events.info("the run begins", extra={"facts": facts})

    def took(
        self, subject: str, problems: Mapping[str, str], added: Mapping[str, tuple[int, int]]
    ) -> None:
        """Each source asked for a subject with its problem, if any, and how many new and revised
        values came from it."""
        for source, problem in problems.items():
            one = self.sources[source]
            one.asked += 1
            one.good += not problem
            one.problem = problem or one.problem
        for source, (new, revised) in added.items():
            if new or revised:
                self.sources[source].new += new
                self.sources[source].revised += revised
                self.updated.add(subject)
        self.failed += any(problems.values())

    def answered(self, exchanges: Sequence[Exchange], online: Set[str]) -> None:
        """All sources have been asked, the `online` ones over the network: a line and a span for
        each."""
        of: dict[str, list[Exchange]] = defaultdict(list)
        for exchange in exchanges:
            of[exchange.source].append(exchange)
        self._online = online
        for name, one in sorted(self.sources.items()):
            theirs = of.get(name, [])
            one.seconds = sum(exchange.seconds for exchange in theirs)
            one.asked_at = min((exchange.at for exchange in theirs), default=self.begun_at)
            facts: dict[str, str | int | float] = {
                "source": name, "answer": one.answer, "asked": one.asked, "good": one.good,
                "new": one.new, "revised": one.revised, "requests": len(theirs),
                "seconds": round(one.seconds, 3),
            }  # fmt: skip
            told = f"{name} was asked for {one.asked:,}: {one.good:,} good answers, {one.new:,} new"
            more = {"problem": one.problem} if one.problem else {}
            level = logging.INFO if one.good or not one.asked else logging.WARNING
            events.log(level, told, extra={"facts": {"event": "source", **facts, **more}})
            ends = [exchange.at + timedelta(seconds=exchange.seconds) for exchange in theirs]
            until = max(ends, default=one.asked_at)
            past_span(
                f"source {name}", one.asked_at, (until - one.asked_at).total_seconds(),
                {f"xinzhi.{key}": value for key, value in facts.items()},
                "" if one.good or not one.asked else one.answer,
            )  # fmt: skip

    def published(self, snapshot: str | None) -> None:
        """What the run has published, if there was anything new."""
        self.snapshot = snapshot
        told = f"published {snapshot}" if snapshot else "nothing changed: no new snapshot"
        facts = {"event": "publish", "snapshot": snapshot, "after_seconds": round(self.seconds, 3)}
        events.info(told, extra={"facts": facts})

    def ended(self, error: BaseException | None) -> None:
        """The run is over, by itself or by an error; what is remembered of it is written."""
        values = [(one.new, one.revised) for one in self.sources.values()]
        new, revised = sum(n for n, _ in values), sum(r for _, r in values)
        facts = {
            "event": "run.end", "seconds": round(self.seconds, 3), "updated": len(self.updated),
            "new": new, "revised": revised, "failed": self.failed, "snapshot": self.snapshot,
            "error": type(error).__name__ if error else "",
        }  # fmt: skip
        if error is None:
            events.info("the run has ended", extra={"facts": facts})
        else:
            told = str(error) if isinstance(error, XinzhiError) else type(error).__name__
            events.error("the run was stopped: %s", told, extra={"facts": facts})
        if self.is_live and not isinstance(error, Locked):  # that is the other one's run
            self._remember(len(self.updated), new, revised, error)

    def _remember(self, updated: int, new: int, revised: int, error: BaseException | None) -> None:
        try:
            facts = run_facts(self.settings)
        except StorageError as problem:
            log.warning("%s", problem)
            facts = RunFacts()
        ended = now()
        facts.load, facts.begun_at, facts.ended_at = self.load, self.begun_at, ended
        facts.seconds, facts.error = self.seconds, type(error).__name__ if error else ""
        facts.updated, facts.new, facts.revised = updated, new, revised
        if error is None and any(
            one.good for name, one in self.sources.items() if name in self._online
        ):
            facts.succeeded_at = ended
        asked = {name: one for name, one in self.sources.items() if name in self._online}
        facts.sources = {
            name: one
            for name, one in sorted((facts.sources | asked).items())
            if one.asked_at is not None and ended - one.asked_at < FORGOTTEN_AFTER
        }
        _keep(_facts_file(self.settings), _FACTS.dump_json(facts, indent=1))


@contextmanager
def watched(settings: Settings, *, is_live: bool) -> Iterator[RunWatch]:
    """A watch over the run in the block. Only one that `is_live`, over the network and of now, is
    remembered: an import says nothing of the sources. What is done after it, as sending alerts,
    still goes by its number in the log."""
    watch = RunWatch(settings, is_live=is_live)
    RUN_ID.set("")
    with span("run") as one:
        try:
            yield watch
        except BaseException as error:
            watch.ended(error)
            raise
        else:
            watch.ended(None)
        finally:
            note(one, {"xinzhi.load": watch.load or 0, "xinzhi.snapshot": watch.snapshot or "",
                       "xinzhi.updated": len(watch.updated)})  # fmt: skip


def run_facts(settings: Settings) -> RunFacts:
    """What is remembered of the last run; nothing before the first. A StorageError in words where
    it cannot be read."""
    text = _kept(_facts_file(settings))
    try:
        return _FACTS.validate_json(text) if text else RunFacts()
    except ValidationError:
        raise StorageError(_unreadable(_facts_file(settings), "the next run")) from None


def heartbeat(settings: Settings) -> Heartbeat | None:
    """When the schedule of this machine was last seen alive; None where there never was one."""
    text = _kept(_heartbeat_file(settings))
    try:
        return _HEARTBEAT.validate_json(text) if text else None
    except ValidationError:
        raise StorageError(_unreadable(_heartbeat_file(settings), "the schedule")) from None


def beat(settings: Settings, *, leads: bool) -> None:
    """Note that the schedule of this machine lives, and whether it is the one that works."""
    _keep(_heartbeat_file(settings), _HEARTBEAT.dump_json(Heartbeat(leads, now())))


def _facts_file(settings: Settings) -> Path:
    return settings.state / "runs.json"


def _heartbeat_file(settings: Settings) -> Path:
    return settings.state / "schedule.json"


def _unreadable(path: Path, who: str) -> str:
    return f"{path}: cannot be read as what was written. Delete it; {who} writes it anew."


def _kept(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""
    except OSError as error:
        raise StorageError(f"{path}: cannot be read ({error.strerror}).") from None


def _keep(path: Path, content: bytes) -> None:
    """Write in one step. That nobody can be told of a run is no reason for it to fail."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft.write_bytes(content)
        os.replace(draft, path)
    except OSError as error:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
        log.warning("%s", plain_line(f"{path}: cannot be written ({error.strerror})."))
