"""The references of a bulletin as documents: the kind of each, and the entry it refers to."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from etl.bulletins.model import Bulletin, Reference
from etl.policies.register import document_of, is_policy
from etl.records import Document

Kind = Literal["policy", "media", "data"]
#: Data providers: a reference to one of these is to its figures. Names are matched as a whole.
PROVIDERS = (
    "EIA", "U.S. Energy Information Administration", "美国能源信息署",
    "FRED", "Federal Reserve Bank of St. Louis", "Federal Reserve", "圣路易斯联储", "美联储",
    "World Bank", "世界银行", "IMF", "国际货币基金组织", "OECD", "经合组织",
    "IEA", "International Energy Agency", "国际能源署",
    "SEC", "SEC EDGAR", "EDGAR", "U.S. Securities and Exchange Commission", "美国证交会",
    "美国证券交易委员会", "BLS", "U.S. Bureau of Labor Statistics", "美国劳工统计局",
    "Yahoo Finance", "雅虎财经", "Nasdaq", "纳斯达克", "CBOE", "Uptime Institute",
    "国家统计局", "中国外汇交易中心",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Cited:
    """A reference, identified by the day of its bulletin and its number: its kind, and the document
    it refers to if the register has it or it is proposed (`document.origin` is then `cited`)."""

    day: date
    number: int
    kind: Kind
    document: Document | None = None


def cited(bulletin: Bulletin, documents: Sequence[Document]) -> Iterator[Cited]:
    """Each reference of a bulletin; `documents` is the register with its citations."""
    for reference in bulletin.references:
        found = document_of(reference, documents)
        yield Cited(bulletin.date, reference.number, _kind(reference, found), found)


def _kind(reference: Reference, found: Document | None) -> Kind:
    if found is not None and found.kind != "media":
        return "policy"
    if is_policy(reference):
        return "policy"
    return "data" if _name(reference.publisher or "") in _PROVIDERS else "media"


def _name(publisher: str) -> str:
    """A name as it is compared: full-width folded, case folded, without spaces."""
    return "".join(unicodedata.normalize("NFKC", publisher).casefold().split())


_PROVIDERS = frozenset(map(_name, PROVIDERS))
