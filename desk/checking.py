"""Drafts, checked while they are typed, by one checker that is ready for the newest snapshot."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from threading import Lock, Thread

import duckdb

from dashboard.data.cards import readings
from dashboard.data.queries import Citation
from dashboard.data.snapshot import Snapshot
from dashboard.pages.draft import placed
from dashboard.pages.today import PreparedBulletin
from etl.bulletins.mentions import MentionFinder, mentions
from etl.bulletins.model import Bulletin, Reference
from etl.calendars import end_of
from etl.claims.draft import DraftChecker
from etl.errors import StorageError, XinzhiError
from etl.files.authored import bulletin_files
from etl.files.drafts import Drafts
from etl.policies import candidates
from etl.policies.candidates import Candidate, candidate_from, without_left
from etl.policies.references import cited
from etl.policies.register import document_of, read_register, with_citations
from etl.records import Document
from etl.settings import Settings
from etl.storage.current import CurrentSnapshot

#: What bulletins have spoken of: the next one will speak of it, too.
RECENT = "select distinct indicator from mentions order by indicator"
#: Of how many drafts, the newest first, the pages are got ready.
MOST_DAYS = 2


@dataclass(frozen=True, slots=True)
class MatchedReference:
    """A reference of a draft: whether it is a policy, media or data; the document that it means;
    and the key by which that is taken into the register, where it is not in it."""

    reference: Reference
    kind: str
    document: Document | None = None
    key: str = ""
    #: Whether a source lists the document that waits to be taken; else the draft alone names it.
    is_found: bool = False

    @property
    def citation(self) -> Citation:
        """The same as the page of a bulletin tells it."""
        known = self.document
        if known is None:
            return Citation(self.kind)
        return Citation(self.kind, known.title, known.issuer, "cited" if self.key else "register")


class WarmChecker:
    """Checks drafts by one snapshot. What has been read of an indicator stays read."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self._connection, self._lock = snapshot.connection.cursor(), Lock()
        self._checker = DraftChecker(self._connection, snapshot.catalog)
        self._finder = MentionFinder(snapshot.catalog)

    def get_ready(self, days: Iterable[date]) -> None:
        """Read what bulletins have spoken of, between the checks that somebody waits for, and what
        stands beside such a text on each of these days."""
        snapshot = self.snapshot
        with suppress(duckdb.Error, StorageError):  # a check says in words what cannot be read
            recent = [one for (one,) in snapshot.rows(RECENT) if one in snapshot.catalog]
            for indicator in recent:
                with self._lock:
                    self._checker.get_ready(indicator)
            for day in days:
                readings(snapshot, recent, end_of(day), "zh")

    def prepared(self, draft: Bulletin, references: Sequence[MatchedReference]) -> PreparedBulletin:
        """A draft with all that its page will say of it."""
        with self._lock:
            claims = self._checker.claims(draft)
        found = placed(mentions(draft, self.snapshot.catalog, self._finder))
        known = {one.reference.number: one.citation for one in references}
        return PreparedBulletin(draft, found, claims, known, is_public=False)

    def matched(self, settings: Settings, draft: Bulletin) -> list[MatchedReference]:
        """Each reference of a draft beside the register as its file stands now."""
        held = with_citations(_register(settings), [draft])
        waiting = [one.document for one in self._candidates]
        found = []
        for reference, one in zip(draft.references, cited(draft, held), strict=True):
            document, key, is_found = one.document, "", False
            if document is None or document.origin == candidates.CITED:
                listed = document_of(reference, waiting)
                if listed is not None:
                    document, is_found = listed, True
                    key = self._candidates[waiting.index(listed)].key
                elif document is not None:
                    key = candidates.key_of(document)
            kind = "policy" if is_found else one.kind
            found.append(MatchedReference(reference, kind, document, key, is_found))
        return found

    @cached_property
    def _candidates(self) -> Sequence[Candidate]:
        with self._lock:
            held = CurrentSnapshot(self._connection)
            return without_left(held.left(), map(candidate_from, held.candidates()))


class DraftCheckers:
    """The checker of the newest snapshot that was asked for; the one before is let go."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._newest: WarmChecker | None = None
        self._lock = Lock()

    def of(self, snapshot: Snapshot) -> WarmChecker:
        """The checker of a snapshot. A new one is got ready beside whoever asked first."""
        with self._lock:
            if self._newest is None or self._newest.snapshot is not snapshot:
                self._newest = WarmChecker(snapshot)
                Thread(target=self._newest.get_ready, args=(self._days(),), daemon=True).start()
            return self._newest

    def _days(self) -> Sequence[date]:
        """The days that somebody writes of now, and that of the newest bulletin."""
        with suppress(XinzhiError):  # the page of a draft says what is wrong with it
            drafts = [one.day for one in Drafts(self._settings).all()]
            return [*drafts[:MOST_DAYS], *sorted(bulletin_files(self._settings))[-1:]]
        return ()


_read: dict[tuple[str, int, int], tuple[Document, ...]] = {}


def _register(settings: Settings) -> Sequence[Document]:
    """The register, read again when its file has changed."""
    path = settings.register
    try:
        told = path.stat()
    except OSError:
        return read_register(path)  # says in words what is wrong with it
    key = (str(path), told.st_mtime_ns, told.st_size)
    if key not in _read:
        found = read_register(path)
        _read.clear()
        _read[key] = found
    return _read[key]
