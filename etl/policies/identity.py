"""What a policy document is: its kind, topics and issuer, and when two listings are the same
document."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from hashlib import sha256

from etl.document_scope import ALL_DOCUMENTS, FOUND
from etl.records import Document
from etl.words.bodies import bodies_in, is_national

KINDS = ("issued", "draft", "reply", "interpretation", "media")

#: Shown for a found document whose title names no topic, until a person gives it one.
UNDECIDED = "主题待定"

_DOCUMENT = re.compile(
    r"(通知|意见|方案|规划|纲要|办法|规定|条例|要点|计划|指引|细则|决定|公告|规范|目录|报告|标准体系)"
    r"(（[^）]*）)*$"
)

#: Announcements of a body as an employer or buyer are not policy documents.
_OF_THE_HOUSE = re.compile(
    r"(招聘|招录|招考|拟录用|采购|招标|中标|成交|竞争性磋商)[^《》]{0,10}(公告|公示)$"
)

_INTERPRETATION = re.compile(r"解读(?!工作)|图解|一图读懂|图说|答记者问|问答|专家谈")

_DRAFT = re.compile(r"征求意见稿|征求.{0,80}意见")

_QUOTED = re.compile(r"《([^《》]+)》")

_REPLY = re.compile(r"复函|函复|批复|答复")

_NUMBER = r"[一-龥]{2,12}[〔\[(（【﹝]\d{4}[〕\])）】﹞]\s*第?\d{1,5}\s*号"

_NUMBER_AT_END = re.compile(rf"[(（]?\s*({_NUMBER})\s*[)）]?$")

_BODIES_BEFORE = re.compile(r"^([^《“”（）]{2,80}?)(?:关于|印发|发布)")

_TOPIC_WORDS = (
    ("数据要素", ("数据要素", "数据产权", "公共数据", "数据市场", "数据产业", "可信数据空间",
                  "数据资源", "数据集", "数据基础设施", "数据流通", "数据科技", "数据领域")),
    ("算力", ("算力", "东数西算", "数据中心")),
    ("人工智能+", ("人工智能",)),
    ("工业AI", ("工业互联网", "工业智能")),
    ("绿色数据中心", ("绿色数据中心",)),
    ("数字经济", ("数字经济",)),
    ("数字中国", ("数字中国",)),
    ("数字社会", ("数字社会",)),
    ("新质生产力", ("新质生产力",)),
)  # fmt: skip


def same_document(one: Document, other: Document) -> bool:
    """Whether two entries are the same document: by number, or else by title and first issuer."""
    numbers = {normal_number(one.number), normal_number(other.number)}
    if "" not in numbers:
        return len(numbers) == 1
    return (normal_title(one.title), normal_issuer(one.issuer)) == (
        normal_title(other.title),
        normal_issuer(other.issuer),
    )


def document_key(document: Document) -> str:
    """What stands for a document wherever it is listed, in ten letters."""
    identity = normal_number(document.number) or (
        f"{normal_title(document.title)}|{normal_issuer(document.issuer)}"
    )
    return sha256(identity.encode()).hexdigest()[:10]


def is_listed_twice(one: Document, other: Document) -> bool:
    """Whether two listings are of the same document: as in `same_document`, or, if either lacks a
    number, by title plus a common body or address, because each list names a joint document by its
    own body and another's by none."""
    if same_document(one, other):
        return True
    if normal_number(one.number) and normal_number(other.number):
        return False
    same_place = bool(one.url) and one.url == other.url
    return normal_title(one.title) == normal_title(other.title) and (
        same_place or bool(bodies_of(one.issuer) & bodies_of(other.issuer))
    )


def is_counted(document: Document) -> bool:
    """Whether it enters the public counts of documents: an issued one that they may hold."""
    return document.kind == "issued" and ALL_DOCUMENTS.may_count(document)


def kind_of(title: str) -> str:
    """What a title says it is: one of `KINDS`; `media` for what is no document at all."""
    if _INTERPRETATION.search(title):
        return "interpretation"
    if _DRAFT.search(title):
        return "draft"
    if _REPLY.search(title):
        return "reply"
    return "issued" if _is_document(title) else "media"


def topics_of(title: str) -> tuple[str, ...]:
    """The topics of the register whose words a title contains."""
    return tuple(topic for topic, words in _TOPIC_WORDS if any(word in title for word in words))


def words_of_topics(title: str) -> tuple[str, ...]:
    """The words of a title for which it belongs to its topics."""
    return tuple(word for _, words in _TOPIC_WORDS for word in words if word in title)


def topic_names() -> tuple[str, ...]:
    """The topics that titles are looked through for."""
    return tuple(topic for topic, _ in _TOPIC_WORDS)


def topics_shown(document: Document) -> tuple[str, ...]:
    """The topics of a document as people see them."""
    is_open = document.origin in FOUND and not document.topics
    return (UNDECIDED,) if is_open else document.topics


def without_number(title: str) -> tuple[str, str]:
    """A title, and the number (文号) at its end, if there is one."""
    found = _NUMBER_AT_END.search(title)
    return (title[: found.start()].rstrip(), found[1]) if found else (title, "")


def issuer_in(title: str) -> str:
    """The national bodies that a title begins with, as an issuer line; empty if there are none."""
    found = _BODIES_BEFORE.match(title)
    return issuer_line(found[1]) if found and is_national(found[1]) else ""


def issuer_line(text: str) -> str:
    """Issuers in the register's form, 甲、乙, whatever separated them."""
    return "、".join(part for part in re.split(r"[、,，;；\s]+", text) if part)


@lru_cache(maxsize=8192)
def normal_number(number: str) -> str:
    """A document number in the form 国发[2026]12号, however it is written; empty if it is
    incomplete."""
    text = "".join(unicodedata.normalize("NFKC", number).split())
    text = re.sub(r"[〔\[(【﹝]", "[", text)
    text = re.sub(r"[〕\])】﹞]", "]", text)
    found = re.fullmatch(r"([^\[\]….]+\[\d{4}\])第?0*(\d+)号?", text)
    return f"{found[1]}{found[2]}号" if found else ""


@lru_cache(maxsize=8192)
def normal_title(title: str) -> str:
    """A title without quotes, brackets, spaces, the announcing issuer and 的通知; for a draft, the
    name quoted in its announcement."""
    text = unicodedata.normalize("NFKC", title).casefold()
    quoted = _QUOTED.findall(text)
    if len(quoted) == 1 and _DRAFT.search(_QUOTED.sub("", text)):
        text = re.sub(r"(\((公开)?征求意见稿\))?$", "(征求意见稿)", quoted[0], count=1)
    text = re.sub(r"[\s《》“”\"'‘’「」『』·]", "", text).replace("—", "-").replace("–", "-")
    text = re.sub(r"-+", "-", text).replace("公开征求意见稿", "征求意见稿")
    for word in ("关于", "印发", "关于"):  # 关于印发《关于…的意见》的通知
        body, found, rest = text.partition(word)
        if found and rest and (not body or is_national(body)):
            text = rest
    return re.sub(r"的通知$", "", text)


def normal_issuer(issuer: str) -> str:
    """The first body in an issuer line, without 等, 综合司 and the forwarding body."""
    return next(iter(bodies_in(issuer)), "")


def bodies_of(issuer: str) -> frozenset[str]:
    """Every body in an issuer line, in the form of `normal_issuer`."""
    return frozenset(bodies_in(issuer))


def _is_document(title: str) -> bool:
    text = unicodedata.normalize("NFKC", title).replace("(", "（").replace(")", "）")
    return bool(_DOCUMENT.search(text.rstrip('》”"'))) and not _OF_THE_HOUSE.search(text)
