"""The register of policy documents as a reader asks for it: what is chosen, what fits, how many."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from dashboard.address import AddressError, one_of
from dashboard.data.queries import Policy
from etl.catalog import Catalog, Indicator
from etl.document_scope import ALL_DOCUMENTS, FOUND, DocumentScope
from etl.records import COMMITTEE
from etl.words.bodies import bodies_in

KINDS = ("issued", "draft", "reply", "interpretation", "media")
MAX_WORDS = 100
_MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])", re.ASCII)
_OPENING, _CLOSING = re.compile(r"[〔\[【﹝（]"), re.compile(r"[〕\]】﹞）]")


@dataclass(frozen=True, slots=True)
class Choice:
    """What an address asks of the register. `count` is the id of a monthly count; what its `scope`
    concerns is asked for too."""

    count: str = ""
    scope: DocumentScope = ALL_DOCUMENTS
    month: str = ""
    issuer: str = ""
    topic: str = ""
    kind: str = ""
    q: str = ""

    def fits(self, policy: Policy) -> bool:
        """Whether a document is asked for."""
        return (
            self.scope.concerns(policy)
            and self.month in ("", policy.month)
            and self.issuer in policy.issuer
            and (not self.topic or self.topic in policy.topics)
            and self.kind in ("", policy.kind)
            and self._holds_words(policy)
        )

    def without(self, name: str) -> Choice:
        """The same with one of its choices taken back."""
        return replace(self, **{name: ""})  # type: ignore[arg-type]

    def query(self, usual_count: str, **changed: str) -> dict[str, str]:
        """The parameters of its address; what is changed leads back to the first page."""
        said = {
            "ids": self.count if self.count != usual_count else "",
            **{name: getattr(self, name) for name in FILTERS},
            **changed,
        }
        return {name: value for name, value in said.items() if value}

    def _holds_words(self, policy: Policy) -> bool:
        text = folded(f"{policy.title} {policy.issuer} {policy.number}")
        return all(folded(word) in text for word in self.q.split())


#: The choices that narrow the list, in the order in which they are shown.
FILTERS = ("month", "issuer", "topic", "kind", "q")


def published_by(policies: Iterable[Policy], day: str) -> list[Policy]:
    """The documents that were surely public on a day, with the bulletins that cited them by then.
    One of which only the month or the year is known is so when that is over, or when a bulletin
    had cited it."""
    cited = [
        replace(policy, cited_by=tuple(one for one in policy.cited_by if one <= day))
        for policy in policies
    ]
    return [policy for policy in cited if policy.cited_by or _is_over(policy.day, day)]


def _is_over(period: str, day: str) -> bool:
    """Whether a date, as precise as it is known, is not after a day."""
    return bool(period) and (
        period <= day if len(period) == len(day) else period < day[: len(period)]
    )


def counts_of(catalog: Catalog) -> list[Indicator]:
    """The monthly counts of the register, all documents first."""
    found = [i for i in catalog.all() if i.documents is not None]
    return sorted(found, key=lambda i: i.documents != ALL_DOCUMENTS)


def chosen(query: Mapping[str, str], counts: Sequence[Indicator], topics: Sequence[str]) -> Choice:
    """The choice that an address means; an AddressError names the parameter that is wrong."""
    ids = tuple(indicator.id for indicator in counts)
    count = one_of("ids", query.get("ids", ""), ids) if ids else ""
    return Choice(
        count=count,
        scope=next((i.documents for i in counts if i.id == count and i.documents), ALL_DOCUMENTS),
        month=_month(query.get("month", "")),
        issuer=_short("issuer", query.get("issuer", "")),
        # A plus sign in an address reads as a space; no topic has one.
        topic=one_of("topic", query.get("topic", "").replace(" ", "+"), ("", *topics)),
        kind=one_of("kind", query.get("kind", ""), ("", *KINDS)),
        q=_short("q", query.get("q", "")),
    )


def all_topics(policies: Iterable[Policy]) -> list[str]:
    """Every topic of the register."""
    return sorted({topic for policy in policies for topic in policy.topics})


def by_topic(policies: Iterable[Policy]) -> list[tuple[str, int]]:
    """How many of the counted documents have each topic, most first."""
    return _ranked(Counter(t for p in policies if p.counted for t in p.topics))


def by_body(policies: Iterable[Policy]) -> list[tuple[str, int]]:
    """How many of the counted documents name each body among their issuers, most first. A joint
    document is one of each of its bodies; an office of a body stands for it."""
    counted = [p for p in policies if p.counted]
    names = {body for p in counted for body in bodies_in(p.issuer)}
    return _ranked({name: sum(name in p.issuer for p in counted) for name in names})


def reason(policy: Policy) -> str:
    """The name of the words that say why a document is not counted; nothing if it is."""
    if policy.counted:
        return ""
    if policy.visibility == COMMITTEE:
        return "not_counted_committee"
    if policy.origin in FOUND:
        return "not_counted_found"
    if policy.kind != "issued":
        return f"not_counted_{policy.kind}"
    return "not_counted_local" if policy.month else "not_counted_undated"


def web_address(url: str) -> str:
    """`url` if it leads to a page of the web; nothing otherwise."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return url if parts.scheme in ("http", "https") and parts.netloc else ""


def folded(text: str) -> str:
    """The form in which words are compared: 国发〔2021〕29号 = 国发[2021]29 号."""
    text = _CLOSING.sub(")", _OPENING.sub("(", text))
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())


def _ranked(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))


def _month(text: str) -> str:
    if text and not _MONTH.fullmatch(text):
        raise AddressError("month", f"month: '{text[:40]}' is no month; write it like 2026-05.")
    return text


def _short(name: str, text: str) -> str:
    if len(text) > MAX_WORDS:
        raise AddressError(name, f"{name}: longer than {MAX_WORDS} characters; shorten it.")
    return text.strip()
