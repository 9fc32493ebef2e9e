"""The bulletins of the data folder as they are changed: one is added, replaces another, is taken
back. No text that was there is lost: the earlier one is kept in `replaced/` or `withdrawn/`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from etl.bulletins.difference import difference
from etl.bulletins.model import Bulletin, Withdrawal
from etl.bulletins.read import read_bulletin
from etl.bulletins.to_markdown import to_markdown
from etl.errors import FileProblem, SettingError, StorageError, nearest, plain_line, quoted
from etl.files.authored import WITHDRAWN, bulletin_files
from etl.records import BEIJING, COMMITTEE, Visibility, now
from etl.settings import Settings
from etl.storage.warehouse import writing

#: The longest reason that is kept.
MOST_SAID = 200


@dataclass(frozen=True, slots=True)
class AddedBulletin:
    """Where a bulletin lies; where it replaced another text, where that one is kept and what
    changed."""

    path: Path
    replaced: Path | None = None
    changes: tuple[str, ...] = ()


def add_bulletin(settings: Settings, bulletin: Bulletin) -> AddedBulletin:
    """Write a bulletin as the text of its day; the next run publishes it."""
    path, text = _file(settings, bulletin.date), to_markdown(bulletin)
    with writing(settings):
        try:
            before = path.read_text(encoding="utf-8") if path.exists() else text
            kept = _copy(path, "replaced", before) if before != text else None
            write_whole(path, text)
        except OSError as error:
            raise StorageError(f"{path}: cannot be written ({error.strerror}).") from None
    if kept is None:
        return AddedBulletin(path)
    return AddedBulletin(path, kept, tuple(difference(before, text)))


def withdraw_bulletin(settings: Settings, day: date, reason: str) -> Path:
    """Take the bulletin of a day back, and keep its text: where. The next run takes it off the
    site, whose page of that day then says when and why."""
    said = plain_line(reason)
    if not said:
        raise SettingError("A reason is needed: readers of that day's page are told it.")
    if len(said) > MOST_SAID:
        raise SettingError(f"'{quoted(said)}' has more than {MOST_SAID} characters; be brief.")
    with writing(settings):
        files = bulletin_files(settings)
        if day not in files:
            hint = nearest(str(day), [str(one) for one in files]) if files else ""
            raise SettingError(f"There is no bulletin of {day}. {hint}".strip())
        path = _file(settings, day)
        told = Withdrawal(
            date=day, withdrawn=now().astimezone(BEIJING).date(), reason=said,
            visibility=_seen_by(files[day]),
        )  # fmt: skip
        try:
            kept = _copy(path, WITHDRAWN, files[day].read_text(encoding="utf-8"))
            write_whole(kept.with_suffix(".json"), told.model_dump_json(indent=1) + "\n")
            path.unlink(missing_ok=True)
        except OSError as error:
            raise StorageError(f"{path}: cannot be taken back ({error.strerror}).") from None
    return kept


def write_whole(path: Path, text: str) -> None:
    """Write a file in one step: who reads it sees the text before or this one; an OSError as the
    disk gives it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.draft")
    draft.write_text(text, encoding="utf-8")
    draft.replace(path)


def _seen_by(path: Path) -> Visibility:
    """Who sees a bulletin; of one that cannot be read, as few as there may be."""
    try:
        return read_bulletin(path).bulletin.visibility
    except FileProblem:
        return COMMITTEE


def _file(settings: Settings, day: date) -> Path:
    return settings.data / "bulletins" / f"{day}.md"


def _copy(path: Path, folder: str, text: str) -> Path:
    """Keep a text of a day beside it in a folder, under the moment of now."""
    kept = path.parent / folder / f"{path.stem}-{now():%Y%m%dT%H%M%S%f}.md"
    write_whole(kept, text)
    return kept
