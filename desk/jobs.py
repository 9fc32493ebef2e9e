"""Commands of `etl` that take a while: each a process of its own, which lives on when its page, or
the desk itself, is closed. One runs at a time, the next ones wait; what each says is kept."""

from __future__ import annotations

import fcntl
import json
import os
import re
import secrets
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from typing import IO, Literal

from pydantic import TypeAdapter

from desk.audit import spelt
from etl.errors import SettingError, StorageError
from etl.records import now
from etl.settings import PROJECT, Settings
from etl.storage.audit import AuditLine, audit_log

#: Jobs that may wait for their turn, those that are remembered, and how much of a log is shown.
MOST_WAITING, MOST_KEPT, MOST_LOG = 20, 200, 200_000
_NAME = re.compile(r"\d{8}T\d{6}-[0-9a-f]{6}", re.ASCII)
#: What a line of progress begins with: the subject that is done.
_DONE = re.compile(r"^([^\s:：]+)[:：]", re.MULTILINE)
#: The status of a job that ended without a word, and what the audit log says of it.
LOST, LOST_WORDS = -1, "ended without a word; what it had stored stays."
State = Literal["waiting", "running", "done", "failed", "lost"]


@dataclass(frozen=True, slots=True)
class JobFacts:
    """What is known of a job when it is asked for. `subjects` are those that it will name as it
    goes on; empty where it has no such steps."""

    name: str
    arguments: tuple[str, ...]
    who: str
    asked_at: str
    about: str = ""
    subjects: tuple[str, ...] = ()
    lang: str = "zh"


FACTS: TypeAdapter[JobFacts] = TypeAdapter(JobFacts)


@dataclass(frozen=True, slots=True)
class Job:
    """A command that was started: how it stands, and what it has said. `status` is its exit status,
    None while it has none; `done` of `total` steps are behind it. A `lost` one ended without a
    word: its machine or somebody else ended it."""

    facts: JobFacts
    state: State
    status: int | None
    ended_at: datetime | None
    log: str = field(repr=False)

    @property
    def name(self) -> str:
        return self.facts.name

    @property
    def command(self) -> str:
        return spelt(self.facts.arguments)

    @property
    def asked_at(self) -> datetime:
        return datetime.fromisoformat(self.facts.asked_at)

    @property
    def is_live(self) -> bool:
        return self.state in ("waiting", "running")

    @property
    def total(self) -> int:
        return len(self.facts.subjects)

    @property
    def done(self) -> int:
        return len(set(_DONE.findall(self.log)) & set(self.facts.subjects))


class Jobs:
    """The jobs of a data folder."""

    def __init__(self, settings: Settings) -> None:
        self.settings, self.folder = settings, settings.state / "jobs"
        self._mine: list[subprocess.Popen[bytes]] = []
        self._starting = Lock()

    def start(
        self,
        arguments: Sequence[str],
        who: str,
        about: str = "",
        subjects: Sequence[str] = (),
        *,
        lang: str = "zh",
    ) -> str:
        """Begin `python -m etl …` beside the desk, or have it wait for its turn; the job's name. It
        speaks `lang`, and writes its own line of the audit log when it has ended. A StorageError
        where the folder cannot be written, a SettingError where too many wait."""
        with self._starting:
            if sum(job.is_live for job in self.newest(MOST_WAITING)) >= MOST_WAITING:
                raise SettingError(
                    f"{MOST_WAITING} commands wait already; start this one when some have ended."
                )
            moment = now()
            name = f"{moment.astimezone(UTC):%Y%m%dT%H%M%S}-{secrets.token_hex(3)}"
            facts = JobFacts(
                name, tuple(arguments), who, moment.isoformat(), about, tuple(subjects), lang
            )
            try:
                self._begin(facts)
            except OSError as error:
                raise StorageError(
                    f"{self.folder}: cannot be written ({error.strerror or error}); nothing was "
                    "started."
                ) from None
            self._forget_old()
            return name

    def newest(self, most: int = 30) -> list[Job]:
        """The jobs, the newest first."""
        self._mine = [one for one in self._mine if one.poll() is None]  # none stays a zombie
        found = [job for name in self._names()[:most] if (job := self.find(name))]
        for job in found:
            if job.state == "lost" and job.status is None:
                self._tell_of(job)
        return found

    def find(self, name: str) -> Job | None:
        """The job of this name; None where there is none."""
        if not _NAME.fullmatch(name):
            return None
        try:
            facts = FACTS.validate_json(self._path(name, "json").read_bytes())
            is_alive = _is_held(self._path(name, "log"))
            log = _tail(self._path(name, "log"))
        except (OSError, ValueError):
            return None
        status, ended_at = self._end(name)
        state: State
        if status is not None:
            state = "lost" if status == LOST else "failed" if status > 1 else "done"
        elif is_alive:
            state = "running" if log else "waiting"
        else:
            state = "lost"
        return Job(facts, state, status, ended_at, log)

    def stop(self, name: str) -> bool:
        """Ask a job to end, as Ctrl-C does; whether it was there to be asked."""
        job = self.find(name)
        if job is None or not job.is_live:
            return False
        try:
            os.killpg(int(self._path(name, "pid").read_text()), signal.SIGINT)
        except (OSError, ValueError):
            return False
        return True

    def ended(self, name: str, status: int) -> None:
        """Note how a job ended: to be called by the job itself."""
        draft = self._path(name, "end.draft")
        draft.write_text(json.dumps({"status": status, "ended_at": now().isoformat()}))
        os.replace(draft, self._path(name, "end"))

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Hold the one turn of all jobs, after those before have ended."""
        with open(self.folder / ".turn", "a") as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            yield

    def _tell_of(self, job: Job) -> None:
        """The line of the audit log that a job could not write any more; once."""
        words = self.settings.without_secrets(f"{LOST_WORDS} {last_words(job.log)}".strip())
        line = AuditLine(now(), job.facts.who, job.command, words, job.facts.about, failed=True)
        end = self._path(job.name, "end")
        with suppress(OSError):
            with open(end, "x", encoding="utf-8") as file:
                json.dump({"status": LOST, "ended_at": now().isoformat()}, file)
            try:
                audit_log(self.settings).add(line)
            except StorageError:  # it is tried again when the jobs are listed again
                end.unlink()

    def _begin(self, facts: JobFacts) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self._path(facts.name, "json").write_bytes(FACTS.dump_json(facts))
        own = {
            "XINZHI_DATA": str(self.settings.data.resolve()),
            "XINZHI_CATALOG": str(self.settings.catalog.resolve()),
            "XINZHI_LOG": "text",
            "PYTHONUNBUFFERED": "1",
            "PYTHONUTF8": "1",
            "LC_ALL": "zh_CN.UTF-8" if facts.lang == "zh" else "C.UTF-8",
        }
        with open(self._path(facts.name, "log"), "ab") as log:
            # Held until the last process that writes here has ended, whatever becomes of the desk.
            fcntl.flock(log, fcntl.LOCK_EX)
            process = subprocess.Popen(
                [sys.executable, "-m", "desk.work", facts.name],
                cwd=PROJECT,
                env={**os.environ, **own},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._path(facts.name, "pid").write_text(str(process.pid))
        self._mine.append(process)

    def _names(self) -> list[str]:
        try:
            found = [path.stem for path in self.folder.glob("*.json")]
        except OSError:
            return []
        return sorted((name for name in found if _NAME.fullmatch(name)), reverse=True)

    def _forget_old(self) -> None:
        for name in self._names()[MOST_KEPT:]:
            job = self.find(name)
            if job is None or not job.is_live:
                for kind in ("json", "log", "pid", "end"):
                    with suppress(OSError):
                        self._path(name, kind).unlink()

    def _end(self, name: str) -> tuple[int | None, datetime | None]:
        """The status of a job and when it ended; nothing of one that has not, or without a word."""
        try:
            found = json.loads(self._path(name, "end").read_text(encoding="utf-8"))
            return int(found["status"]), datetime.fromisoformat(found["ended_at"])
        except (OSError, ValueError, KeyError, TypeError):
            return None, None

    def _path(self, name: str, kind: str) -> Path:
        return self.folder / f"{name}.{kind}"


def last_words(log: str) -> str:
    """The last line that a command said."""
    return next((line.strip() for line in reversed(log.splitlines()) if line.strip()), "")


def _is_held(path: Path) -> bool:
    """Whether a process still writes to a log."""
    with open(path, "rb") as log:
        try:
            fcntl.flock(log, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError:
            return True
    return False


def _tail(path: Path) -> str:
    """The end of a log, whole lines."""
    with open(path, "rb") as log:
        size = _size(log)
        log.seek(max(0, size - MOST_LOG))
        text = log.read().decode("utf-8", "replace")
    return text if size <= MOST_LOG else text.partition("\n")[2]


def _size(file: IO[bytes]) -> int:
    return file.seek(0, os.SEEK_END)
