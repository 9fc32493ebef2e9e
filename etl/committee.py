"""What is for the committee: what it is, the catalog without it, and what public words must not say
of it. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from etl.bulletins.mentions import JUDGEMENT, SUMMARY, MentionFinder
from etl.bulletins.model import Bulletin, Withdrawal
from etl.catalog import Catalog, Indicator, normal_alias
from etl.claims.check import TITLE, passages, sentences, texts
from etl.claims.parse import Parser
from etl.corrections import Correction
from etl.errors import quoted
from etl.policies.identity import document_key, normal_title
from etl.policies.references import cited
from etl.quoted_values import CommitteeValues, QuotedValue
from etl.records import PUBLIC, Document

#: A title of fewer letters may stand in any text without meaning the document.
SURE_TITLE = 8
#: What people write between the words of a name, and what stands around them in an address, which
#: is searched like any other text.
_BETWEEN = str.maketrans(dict.fromkeys("_-‐‑–·•・/@", " "))
#: What of an entry is words that are looked for, not words that are said.
_LOOKED_FOR = frozenset({"id", "aliases", "inverse", "parts", "not_in", "old_ids", "shown_with",
                         "events_of", "loose", "needs_cue", "actors"})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Hidden:
    """What is for the committee, now or when it was last held: ids of indicators, present and
    former; days of bulletins; keys of documents."""

    indicators: frozenset[str] = frozenset()
    bulletins: frozenset[str] = frozenset()
    documents: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.indicators or self.bulletins or self.documents)

    def __or__(self, other: Hidden) -> Hidden:
        return Hidden(
            self.indicators | other.indicators,
            self.bulletins | other.bulletins,
            self.documents | other.documents,
        )

    def __sub__(self, other: Hidden) -> Hidden:
        return Hidden(
            self.indicators - other.indicators,
            self.bulletins - other.bulletins,
            self.documents - other.documents,
        )

    def to_json(self) -> str:
        """It as one text, which `hidden_from` reads back."""
        return json.dumps({name: sorted(some) for name, some in asdict(self).items()})


def hidden_from(text: str) -> Hidden:
    """What `to_json` wrote."""
    told: Mapping[str, Sequence[str]] = json.loads(text)
    return Hidden(**{name: frozenset(some) for name, some in told.items()})


def hidden_now(
    catalog: Catalog,
    bulletins: Iterable[Bulletin],
    documents: Iterable[Document],
    withdrawals: Iterable[Withdrawal] = (),
    before: Hidden = Hidden(),
) -> Hidden:
    """What is for the committee by what people wrote. What once was stays so, as long as nobody
    says that it is public: an entry that was deleted is not known to be."""
    sides: dict[bool, tuple[set[str], set[str], set[str]]] = {
        True: (set(), set(), set()), False: (set(), set(), set()),
    }  # fmt: skip
    for indicator in catalog.all():
        sides[indicator.visibility == PUBLIC][0].update((indicator.id, *indicator.old_ids))
    days = [(b.date, b.visibility) for b in bulletins]
    for day, visibility in (*days, *((w.date, w.visibility) for w in withdrawals)):
        sides[visibility == PUBLIC][1].add(day.isoformat())
    for document in documents:
        sides[document.visibility == PUBLIC][2].add(document_key(document))
    public, hidden = (Hidden(*map(frozenset, sides[side])) for side in (True, False))
    return hidden | (before - public)


def public_catalog(catalog: Catalog, hidden: Hidden) -> Catalog:
    """The catalog without what is for the committee, and without its names anywhere."""
    if not hidden.indicators:
        return catalog
    names, shut = NamesOfCommittee(catalog), [one for one in catalog.all() if one.for_committee]
    kept = {one.id: _without_names(one, names, hidden) for one in catalog.all()
            if not one.for_committee}  # fmt: skip
    units = {i.unit for i in shut} - {i.unit for i in kept.values()}
    groups = {i.group for i in shut} - {i.group for i in kept.values()}
    links = {
        name: link.model_copy(
            update={"indicators": tuple(i for i in link.indicators if i not in hidden.indicators)}
        )
        for name, link in catalog.links.items()
    }
    return Catalog(
        units={name: unit for name, unit in catalog.units.items() if name not in units},
        groups={name: group for name, group in catalog.groups.items() if name not in groups},
        indicators=kept,
        links=links,
        retired=tuple(name for name in catalog.retired if name not in hidden.indicators),
    )


def _without_names(one: Indicator, names: NamesOfCommittee, hidden: Hidden) -> Indicator:
    """A public entry that names nothing for the committee among what it is shown with. A word that
    is `not_in` it because it means something for the committee is in no public text at all."""
    changed = {
        field: tuple(name for name in getattr(one, field) if name not in hidden.indicators)
        for field in ("shown_with", "events_of")
    }
    changed["not_in"] = tuple(word for word in one.not_in if not names.in_text(word))
    same = all(getattr(one, field) == value for field, value in changed.items())
    return one if same else one.model_copy(update=changed)


class NamesOfCommittee:
    """Finds the names of what is for the committee in any text, addresses too: aliases, titles and
    ids. A word that is a public indicator's as well means that one."""

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog
        public = {normal_alias(name) for one in catalog.all() if not one.for_committee
                  for name in _names_of(one)}  # fmt: skip
        named = {
            one.id: one.model_copy(
                update={
                    "aliases": tuple(
                        name for name in dict.fromkeys(_names_of(one))
                        if not one.for_committee or normal_alias(name) not in public
                    ),
                    "not_in": tuple(word.translate(_BETWEEN) for word in one.not_in),
                }
            )
            for one in catalog.all()
        }  # fmt: skip
        self._finder = MentionFinder(catalog.model_copy(update={"indicators": named}))

    def found(self, text: str) -> Iterator[tuple[int, int, str]]:
        """Start, stop and indicator of each."""
        for start, stop, name in self._finder.found(text.translate(_BETWEEN)):
            if self.catalog[name].for_committee:
                yield start, stop, name

    def in_text(self, text: str) -> str:
        """The first indicator that is named; nothing if none is."""
        return next((name for _, _, name in self.found(text)), "")


def _names_of(one: Indicator) -> Iterator[str]:
    """Aliases, titles and ids as they are searched for; English ones in the plural too."""
    titles = (one.title.zh, one.title.en, one.short.zh, one.short.en, one.id, *one.old_ids)
    for name in (*one.aliases, *(name for name in titles if len(name) > 1)):
        spelt = name.translate(_BETWEEN).strip()
        if spelt:
            yield spelt
            if spelt.isascii() and spelt[-1].isalpha():
                yield f"{spelt}s"


def quotes(
    catalog: Catalog,
    bulletins: Iterable[Bulletin],
    documents: Sequence[Document],
    corrections: Iterable[Correction] = (),
    withdrawals: Iterable[Withdrawal] = (),
    beside: Iterable[tuple[str, str]] = (),
    values: CommitteeValues | None = None,
) -> Iterator[str]:
    """A sentence for each place where public words speak of what is for the committee: bulletins,
    entries of the catalog, notes of documents, reasons of corrections, and texts `beside` with
    where they stand. Numbers that are surely one of its `values` are told, if these are known."""
    if not _has_committee(catalog, documents):
        return
    names, parser = NamesOfCommittee(catalog), Parser(catalog)
    for bulletin in bulletins:
        yield from _quotes(bulletin, names, parser, documents, values)
    words = [
        *_words_of_catalog(catalog),
        *((f"the note of 《{quoted(d.title)}》 in the register", d.note)
          for d in documents if d.visibility == PUBLIC),
        *((f"the correction of {one.indicator} for {one.date}", text)
          for one in corrections
          if one.indicator in catalog and not catalog[one.indicator].for_committee
          for text in (one.reason.zh, one.reason.en, one.evidence)),
        *((f"the reason why the bulletin of {one.date} was withdrawn", one.reason)
          for one in withdrawals if one.visibility == PUBLIC),
        *beside,
    ]  # fmt: skip
    for where, text in words:
        if name := names.in_text(text):
            yield (
                f"{where} is public and names {_named(catalog[name])}, which is for the committee. "
                "Change the words, or write visibility: committee there too."
            )
        for one in values.found(text) if values is not None else ():
            yield f"{where} is public and tells {_told_value(one, text, catalog)}"


def quotes_of(
    bulletin: Bulletin,
    catalog: Catalog,
    documents: Sequence[Document],
    values: CommitteeValues | None = None,
) -> Iterator[str]:
    """The same for one bulletin."""
    if _has_committee(catalog, documents):
        yield from _quotes(bulletin, NamesOfCommittee(catalog), Parser(catalog), documents, values)


def _has_committee(catalog: Catalog, documents: Iterable[Document]) -> bool:
    """Whether an indicator or a document is for the committee."""
    return any(one.for_committee for one in catalog.all()) or any(
        one.visibility != PUBLIC for one in documents
    )


def _quotes(
    bulletin: Bulletin,
    names: NamesOfCommittee,
    parser: Parser,
    documents: Sequence[Document],
    values: CommitteeValues | None,
) -> Iterator[str]:
    """Where a bulletin, if it is public, names, says something of or cites what is for the
    committee; each sentence is told once."""
    if bulletin.visibility != PUBLIC:
        return
    yield from _cites(bulletin, documents)
    shut = [document for document in documents if document.visibility != PUBLIC]
    catalog, told = names.catalog, set[tuple[str, int, int]]()

    def said(part: str, index: int, at: int, sentence: str, what: str) -> Iterator[str]:
        if (part, index, at) not in told:
            told.add((part, index, at))
            yield (
                f"the bulletin of {bulletin.date} is public and speaks of {what}, which is for the "
                f"committee: {_place(bulletin, part)}, “{quoted(sentence.strip())}”. Change the "
                "words, or write visibility: committee there too."
            )

    titles = [(d, normal_title(d.title)) for d in shut]
    places = [
        *texts(bulletin),
        ("publisher", 0, bulletin.publisher),
        *(("references", r.number, f"{r.publisher or ''} {r.title} {r.use}")
          for r in bulletin.references),
    ]  # fmt: skip
    for part, index, text in places:
        for at, sentence in sentences(text):
            for _, _, name in names.found(sentence):
                yield from said(part, index, at, sentence, _named(catalog[name]))
            letters = normal_title(sentence)
            for document, title in titles:
                if len(title) >= SURE_TITLE and title in letters:
                    what = f"《{quoted(document.title)}》"
                    yield from said(part, index, at, sentence, what)
            for one in values.found(sentence, bulletin.date) if values is not None else ():
                if (part, index, at) not in told:
                    yield (
                        f"the bulletin of {bulletin.date} is public: {_place(bulletin, part)}, "
                        f"“{quoted(sentence.strip())}”, tells {_told_value(one, sentence, catalog)}"
                    )
    for passage in passages(bulletin, parser):
        for read in passage.sentences(parser):
            for statement, (start, _) in zip(read.statements, read.places, strict=True):
                indicator = catalog.indicators.get(statement.indicator)
                if indicator is not None and indicator.for_committee:
                    at = max((a for a, _ in sentences(passage.text) if a <= start), default=0)
                    yield from said(passage.part, passage.index, at, read.shown, _named(indicator))


def _cites(bulletin: Bulletin, documents: Sequence[Document]) -> Iterator[str]:
    """The references of a public bulletin to documents for the committee."""
    for one in cited(bulletin, documents):
        if one.document is not None and one.document.visibility != PUBLIC:
            yield (
                f"the bulletin of {bulletin.date} is public, and its reference {one.number} is "
                f"《{quoted(one.document.title)}》, which is for the committee. Change the words, "
                "or write visibility: committee there too."
            )


def _words_of_catalog(catalog: Catalog) -> Iterator[tuple[str, str]]:
    """Every text of the catalog that is said in public, with where it stands."""
    for one in catalog.all():
        if not one.for_committee:
            for where, text in _texts_in(one.model_dump(mode="json")):
                yield f"{one.id}: {where}", text
    shut = [one for one in catalog.all() if one.for_committee]
    seen = [one for one in catalog.all() if not one.for_committee]
    units = {i.unit for i in shut} - {i.unit for i in seen}
    groups = {i.group for i in shut} - {i.group for i in seen}
    parts: Sequence[tuple[str, Mapping[str, Any], set[str]]] = (
        ("units", catalog.units, units), ("groups", catalog.groups, groups),
        ("links", catalog.links, set()),
    )  # fmt: skip
    for part, entries, dropped in parts:
        for name, entry in entries.items():
            if name not in dropped:
                for where, text in _texts_in(entry.model_dump(mode="json", exclude={"indicators"})):
                    yield f"{part}, {name}: {where}", text


def _texts_in(told: Any, where: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(told, str):
        yield where, told
    elif isinstance(told, Mapping):
        for key, value in told.items():
            if key not in _LOOKED_FOR:
                yield from _texts_in(value, f"{where}.{key}" if where else str(key))
    elif isinstance(told, Sequence):
        for value in told:
            yield from _texts_in(value, where)


def _told_value(one: QuotedValue, text: str, catalog: Catalog) -> str:
    return (
        f"{text[one.start : one.stop]}, which is the value of {_named(catalog[one.indicator])} "
        f"for {one.date}, for the committee, and of nothing public. Write it with fewer digits or "
        "not at all, or write visibility: committee there too."
    )


def _named(indicator: Indicator) -> str:
    return f"{indicator.id} ({indicator.title.zh})"


def _place(bulletin: Bulletin, part: str) -> str:
    """Where in a bulletin, as its reader finds it."""
    if part == TITLE:
        return "its title"
    if part in (SUMMARY, JUDGEMENT, "publisher", "references"):
        return f"its {part}"
    title = next((s.title for s in bulletin.sections if str(s.number) == part), "")
    return f"section {part} ({quoted(title)})"


def days_of(hidden: Hidden) -> frozenset[date]:
    """The days of the bulletins that are for the committee."""
    return frozenset(map(date.fromisoformat, hidden.bulletins))
