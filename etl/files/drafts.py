"""The drafts that editors share, one for a day, below XINZHI_DATA/drafts.

A save is made over the text that its editor began from. Where that is no longer the newest, it is
refused, and nobody's work is lost: the refused text is kept beside the earlier ones.
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from pathlib import Path

from pydantic import AwareDatetime, ValidationError

from etl.bulletins.difference import difference
from etl.bulletins.model import Bulletin
from etl.bulletins.read import of_words
from etl.errors import FileProblem, StorageError
from etl.files.bulletin_files import write_whole
from etl.files.edits import merged
from etl.files.strict_model import FrozenModel
from etl.records import now
from etl.settings import Settings

#: How many earlier texts of a day are kept, and how many refused ones.
MOST_KEPT = 60
#: The longest draft, in letters.
MOST_LETTERS = 100_000
#: Where texts lie that were saved before, that were refused, and that were sent to be published.
EARLIER, REFUSED, SENT = "earlier", "refused", "sent"


class SaveNote(FrozenModel):
    """Who saved a text and when; of a file, its name, and what of it is not in the text."""

    author: str = ""
    saved_at: AwareDatetime | None = None
    fingerprint: str = ""
    source: str = ""
    left_out: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SavedDraft:
    """The text of a day's draft, and what is known of its last save."""

    day: date
    text: str
    note: SaveNote

    @property
    def fingerprint(self) -> str:
        return fingerprint(self.text)


@dataclass(frozen=True, slots=True)
class EarlierDraft:
    """A text that was saved before, or refused (`kind`), by the name of its file."""

    name: str
    kind: str
    note: SaveNote


class DraftConflict(Exception):
    """A text was not saved, because another was saved meanwhile: that one, the text that both began
    from (None where it is no longer kept), and where the refused one lies."""

    def __init__(self, held: SavedDraft, base: str | None, text: str, kept: Path) -> None:
        super().__init__(f"{held.day}: another text was saved meanwhile; yours is kept as {kept}.")
        self.held, self.kept = held, kept
        #: What the other changed, and what this one did. Without a common base, the first is how
        #: the other differs from this one.
        self.theirs = difference(text if base is None else base, held.text)
        self.yours = [] if base is None else difference(base, text)


def fingerprint(text: str) -> str:
    """The text by which a save knows what it was made over."""
    return sha256(text.encode()).hexdigest()[:20]


class Drafts:
    """The drafts of one data folder. A StorageError says in words what the disk refuses."""

    def __init__(self, settings: Settings) -> None:
        self.folder = settings.data / "drafts"

    def all(self) -> list[SavedDraft]:
        """Every draft, the newest day first."""
        days = (_day_of(path) for path in self.folder.glob("*.md"))
        held = (self.read(day) for day in sorted((d for d in days if d), reverse=True))
        return [draft for draft in held if draft]

    def read(self, day: date) -> SavedDraft | None:
        """The draft of a day, if there is one."""
        try:
            text = self._path(day).read_text(encoding="utf-8")
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError) as error:
            raise StorageError(f"{self._path(day)}: cannot be read ({error}).") from None
        note = _note(self._path(day))
        # A text that was written past the desk is nobody's save.
        known = note.fingerprint == fingerprint(text)
        return SavedDraft(day, text, note if known else SaveNote())

    def save(
        self,
        day: date,
        text: str,
        base: str,
        author: str,
        *,
        source: str = "",
        left_out: tuple[str, ...] = (),
        notes: tuple[str, ...] = (),
    ) -> SavedDraft:
        """Save a text over the one whose fingerprint is `base` ('' where there was none). Where
        that is no longer the newest, both changes are saved if they touch different lines, which
        the text of the answer shows; else a DraftConflict. What is known of a file that the draft
        was read from stays with it until another is."""
        text = text.replace("\r\n", "\n")
        with self._writing():
            held = self.read(day)
            if held is not None and held.text == text:
                return held
            if held is not None and held.fingerprint != base:
                both = self._with_both(day, base, held.text, text)
                if both is not None:
                    typed = SaveNote(author=author, saved_at=now(), source=source)
                    self._keep(EARLIER, SavedDraft(day, text, typed))
                    text, base = both, held.fingerprint
            note = SaveNote(
                author=author, saved_at=now(), fingerprint=fingerprint(text), source=source,
                left_out=left_out, notes=notes,
            )  # fmt: skip
            if held is not None and held.fingerprint != base:
                kept = self._keep(REFUSED, SavedDraft(day, text, note))
                raise DraftConflict(held, self._text_of(day, base), text, kept)
            if held is not None:
                self._keep(EARLIER, held)
                if not source:
                    about = {n: getattr(held.note, n) for n in ("source", "left_out", "notes")}
                    note = note.model_copy(update=about)
            saved = SavedDraft(day, text, note)
            self._write(self._path(day), saved)
            return saved

    def close(self, day: date) -> None:
        """Put the draft of a day away among the earlier texts: it was published, or given up."""
        with self._writing():
            if held := self.read(day):
                self._keep(EARLIER, held)
                self._path(day).unlink(missing_ok=True)
                self._path(day).with_suffix(".json").unlink(missing_ok=True)

    def send(self, day: date) -> Path:
        """A copy of the draft that is to be published, as it stands now; where it lies."""
        with self._writing():
            held = self.read(day)
            if held is None:
                raise StorageError(f"{self._path(day)}: there is no draft of {day}.")
            return self._keep(SENT, held)

    def settle(self, bulletin: Bulletin) -> bool:
        """Put the draft of a day away if it says what has just become its bulletin; whether it
        did."""
        held = self.read(bulletin.date)
        if held is None:
            return False
        try:
            meant = of_words(self._path(bulletin.date), held.text, bulletin.date).bulletin
        except FileProblem:
            return False
        if meant == bulletin:
            self.close(bulletin.date)
        return meant == bulletin

    def earlier(self, day: date) -> list[EarlierDraft]:
        """The texts of a day that were saved before or refused, the newest first."""
        found = [
            EarlierDraft(path.name, kind, _note(path))
            for kind in (EARLIER, REFUSED)
            for path in (self.folder / kind).glob(f"{day}-*.md")
        ]
        return sorted(found, key=lambda one: one.name, reverse=True)

    def text_of(self, day: date, kind: str, name: str) -> str | None:
        """One of those texts, if it is there."""
        if not any((one.kind, one.name) == (kind, name) for one in self.earlier(day)):
            return None
        return (self.folder / kind / name).read_text(encoding="utf-8")

    def _with_both(self, day: date, base: str, held: str, text: str) -> str | None:
        """The text with both changes; None where they meet, or where nobody can tell."""
        begun = self._text_of(day, base) if base else None
        if begun is None:
            return None
        try:
            both = merged(*(one.encode() for one in (begun, held, text)))
        except StorageError:  # without git nobody can tell
            return None
        return None if both is None else both.decode()

    def _text_of(self, day: date, base: str) -> str | None:
        """The earlier text with a fingerprint."""
        if not base:
            return ""
        for path in (self.folder / EARLIER).glob(f"{day}-*.md"):
            if _note(path).fingerprint == base:
                return path.read_text(encoding="utf-8")
        return None

    def _keep(self, kind: str, draft: SavedDraft) -> Path:
        """Put a text among those of its day, of which the oldest make room."""
        path = self.folder / kind / f"{draft.day}-{now():%Y%m%dT%H%M%S%f}.md"
        note = draft.note.model_copy(update={"fingerprint": draft.fingerprint})
        self._write(path, SavedDraft(draft.day, draft.text, note))
        for old in sorted(path.parent.glob(f"{draft.day}-*.md"))[:-MOST_KEPT]:
            old.unlink(missing_ok=True)
            old.with_suffix(".json").unlink(missing_ok=True)
        return path

    def _write(self, path: Path, draft: SavedDraft) -> None:
        write_whole(path, draft.text)
        write_whole(path.with_suffix(".json"), draft.note.model_dump_json(indent=1) + "\n")

    def _path(self, day: date) -> Path:
        return self.folder / f"{day}.md"

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """One save at a time, from whichever process; a run that is going on is not waited for."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with (self.folder / ".lock").open("a") as handle:
                fcntl.flock(handle, fcntl.LOCK_EX)
                yield
        except OSError as error:
            raise StorageError(
                f"{self.folder}: the draft cannot be saved ({error.strerror}). Check free space "
                "and permissions; the text is still in your browser."
            ) from None


def _note(path: Path) -> SaveNote:
    """What is said of a text; nothing where that is lost."""
    try:
        return SaveNote.model_validate_json(path.with_suffix(".json").read_bytes())
    except (OSError, ValidationError):
        return SaveNote()


def _day_of(path: Path) -> date | None:
    try:
        return date.fromisoformat(path.stem)
    except ValueError:
        return None
