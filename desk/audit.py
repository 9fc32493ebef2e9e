"""Every change that is made at the desk leaves one line: who, when, the command of `etl` that it
equals, and what came of it."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from dashboard.people import Person
from etl.errors import XinzhiError
from etl.records import now
from etl.settings import Settings
from etl.storage.audit import AuditLine, audit_log


@dataclass(slots=True)
class ChangeTold:
    """What is to be said of a change that is being made."""

    outcome: str = ""


@contextmanager
def recorded(
    settings: Settings,
    person: Person,
    command: Sequence[str],
    about: str = "",
    program: str = "etl",
) -> Iterator[ChangeTold]:
    """Around a change. What the block says in `outcome` stands in the line; an error that ends it
    stands there too, and goes on. A change that could leave no line is not begun: a StorageError
    says why."""
    log, told = audit_log(settings), ChangeTold()
    log.require()

    def add(outcome: str, *, failed: bool) -> None:
        words = settings.without_secrets(outcome)
        log.add(AuditLine(now(), person.name, spelt(command, program), words, about, failed))

    try:
        yield told
    except XinzhiError as error:
        add(str(error), failed=True)
        raise
    except Exception as error:
        add(type(error).__name__, failed=True)
        raise
    add(told.outcome, failed=False)


def spelt(command: Sequence[str], program: str = "etl") -> str:
    """A command as it is typed, without `python -m`."""
    return shlex.join([program, *command])
