"""The register of policy documents: identity of a document, what is counted, and the counts."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path

from etl.bulletins.model import Bulletin, Reference
from etl.calendars import end_of_month, listed_at
from etl.errors import FileProblem, nearest
from etl.files.cells import bytes_of, rows_of
from etl.records import Observation

COLUMNS = (
    "title", "issuer", "date_issued", "date_published", "doc_no", "topics", "kind",
    "verification", "url", "note",
)  # fmt: skip
KINDS = ("issued", "draft", "reply", "interpretation", "media")
#: Origins of documents that were found upstream and that no person has taken into the register.
FOUND = ("gov_cn", "nda")

#: How a found document is shown whose title has no word of a topic, until a person gives it one.
UNDECIDED = "主题待定"

#: What makes up the names of national bodies.
_NATIONAL = re.compile(
    r"国务院|中共中央|全国人(民代表)?大(会)?|全国政协|中央[一-龥]{1,6}办|国家[一-龥]{1,12}(局|委|办公室)"
    r"|(工业和信息化|财政|科学技术|科技|教育|商务|农业农村|自然资源|生态环境|交通运输|水利|公安|民政|司法"
    r"|住房城乡建设|住房和城乡建设|人力资源社会保障|人力资源和社会保障|文化和旅游|应急管理|外交|国防)部(?!门)"
    r"|中国人民银行|最高人民(法院|检察院)|国资委|证监会|(市场监管|税务|金融监管|国家广播电视)总局|海关总署"
)
_LOCAL = re.compile(r"^[一-龥]{2,8}?(省|市(?!场)|自治区|自治州|县)")
_MEDIA = re.compile(
    r"(日报|晚报|时报|周报|新闻(?!办|出版)|财经|光明网|新华|人民网|央视|周刊|杂志|海外版|通讯社|Reuters)"
)
_DOCUMENT = re.compile(
    r"(通知|意见|方案|规划|纲要|办法|规定|条例|要点|计划|指引|细则|决定|公告|规范|目录|报告|标准体系)"
    r"(（[^）]*）)*$"
)
#: What a body says as an employer or a buyer is no document of policy.
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


@dataclass(frozen=True, slots=True)
class Document:
    """One document of the register. Dates are as precise as they are known: YYYY, YYYY-MM or a day.

    `origin` is `register`, or `cited` for a document that only a bulletin names, or where it was
    found (`gov_cn`, `nda`); `cited_by` are the days of the bulletins that cite it.
    """

    title: str
    issuer: str
    issued: str
    published: str
    number: str
    topics: tuple[str, ...]
    kind: str
    verification: str = ""
    url: str = ""
    note: str = ""
    origin: str = "register"
    cited_by: tuple[str, ...] = ()

    @property
    def day(self) -> str:
        """The date that counts: of publication, else of issue."""
        return self.published or self.issued

    @property
    def month(self) -> str:
        """YYYY-MM of the date that counts, or nothing if not even the month is known."""
        return self.day[:7] if len(self.day) >= 7 else ""

    @property
    def counted(self) -> bool:
        """Whether it enters the counts: an issued document of a national body, with a month, that
        a person or a bulletin has named."""
        if self.origin in FOUND:
            return False
        return self.kind == "issued" and bool(self.month) and is_national(self.issuer)


def read_register(path: Path) -> tuple[Document, ...]:
    """The documents of the register, each once; a FileProblem names the line that is wrong."""
    payload = bytes_of(path, "the register is missing; restore it from the repository.")
    documents: list[Document] = []
    for line, cell in rows_of(payload, path, COLUMNS, COLUMNS[:7]):
        document = _document(cell, path, line)
        if not any(same_document(document, held) for held in documents):
            documents.append(document)
    return tuple(documents)


def same_document(one: Document, other: Document) -> bool:
    """Whether two entries are one document: by number, else by title and first issuer."""
    numbers = {normal_number(one.number), normal_number(other.number)}
    if "" not in numbers:
        return len(numbers) == 1
    return (normal_title(one.title), normal_issuer(one.issuer)) == (
        normal_title(other.title),
        normal_issuer(other.issuer),
    )


def is_listed_twice(one: Document, other: Document) -> bool:
    """Whether two listings are of one document: as `same_document` has it, or where either lacks a
    number, by title and any body or the address in common, for each list names a joint document by
    its own body, and another's by none."""
    if same_document(one, other):
        return True
    if normal_number(one.number) and normal_number(other.number):
        return False
    same_place = bool(one.url) and one.url == other.url
    return normal_title(one.title) == normal_title(other.title) and (
        same_place or bool(bodies_of(one.issuer) & bodies_of(other.issuer))
    )


def with_citations(
    register: Sequence[Document], bulletins: Iterable[Bulletin]
) -> tuple[Document, ...]:
    """The register with its citations marked, and with the policy documents that only bulletins
    name; a cited document of a national body is counted like any other."""
    held = list(register)
    for bulletin in sorted(bulletins, key=lambda b: b.date):
        for reference in bulletin.references:
            index = _match(reference, held)
            if index is not None:
                cited = (*held[index].cited_by, bulletin.date.isoformat())
                held[index] = replace(held[index], cited_by=tuple(dict.fromkeys(cited)))
            elif is_policy(reference):
                held.append(_cited(reference, bulletin))
    return tuple(held)


def document_of(reference: Reference, documents: Sequence[Document]) -> Document | None:
    """The document that a reference means, by title and issuer, if it is among these."""
    index = _match(reference, documents)
    return None if index is None else documents[index]


def counts(documents: Iterable[Document], topics: Sequence[str]) -> list[Observation]:
    """The count of each month with any of `topics` (all, if none are given), as it grew.

    A month has one observation for each day on which its count changed, so that an as-of
    question finds the count of that day. Months run from the first to the last of the whole
    register; one without a document counts 0 once it is over.
    """
    counted = [document for document in documents if document.counted]
    if not counted:
        return []
    wanted = [d for d in counted if not topics or set(topics) & set(d.topics)]
    by_month: dict[str, list[datetime]] = {month: [] for month in _months(counted)}
    for document in wanted:
        by_month[document.month].append(listed_at(document.day))
    return [o for month, moments in by_month.items() for o in _growth(month, sorted(moments))]


def documents_to_json(documents: Iterable[Document]) -> str:
    """The documents as one text that `documents_from_json` reads back."""
    return json.dumps([asdict(document) for document in documents], ensure_ascii=False)


def documents_from_json(text: str) -> tuple[Document, ...]:
    """The documents that `documents_to_json` wrote."""
    return tuple(
        Document(**{**row, "topics": tuple(row["topics"]), "cited_by": tuple(row["cited_by"])})
        for row in json.loads(text)
    )


def is_national(issuer: str) -> bool:
    """Whether a national body issued it."""
    return bool(_NATIONAL.search(issuer)) and not (_LOCAL.match(issuer) or _MEDIA.search(issuer))


def is_policy(reference: Reference) -> bool:
    """Whether a reference is itself a policy document of a national body, not news about one."""
    return is_national(reference.publisher or "") and _is_document(reference.title)


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
    """The topics of the register whose words a title carries."""
    return tuple(topic for topic, words in _TOPIC_WORDS if any(word in title for word in words))


def topics_shown(document: Document) -> tuple[str, ...]:
    """The topics of a document as people are shown them."""
    is_open = document.origin in FOUND and not document.topics
    return (UNDECIDED,) if is_open else document.topics


def without_number(title: str) -> tuple[str, str]:
    """A title and the number (文号) that stood at its end, if one did."""
    found = _NUMBER_AT_END.search(title)
    return (title[: found.start()].rstrip(), found[1]) if found else (title, "")


def issuer_in(title: str) -> str:
    """The national bodies that a title begins with, as an issuer line; nothing if it names none."""
    found = _BODIES_BEFORE.match(title)
    return issuer_line(found[1]) if found and is_national(found[1]) else ""


def issuer_line(text: str) -> str:
    """Bodies however they were set apart, as the register writes them: 甲、乙."""
    return "、".join(part for part in re.split(r"[、,，;；\s]+", text) if part)


@lru_cache(maxsize=8192)
def normal_number(number: str) -> str:
    """国发〔2026〕12号 however it is written, or nothing if the number is incomplete."""
    text = "".join(unicodedata.normalize("NFKC", number).split())
    text = re.sub(r"[〔\[(【﹝]", "[", text)
    text = re.sub(r"[〕\])】﹞]", "]", text)
    found = re.fullmatch(r"([^\[\]….]+\[\d{4}\])第?0*(\d+)号?", text)
    return f"{found[1]}{found[2]}号" if found else ""


@lru_cache(maxsize=8192)
def normal_title(title: str) -> str:
    """A title without quotes, brackets, spaces, its issuer's announcement and 的通知; of a draft
    the name that its announcement quotes."""
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
    """The first body that an issuer line names, without 等, 综合司 and the forwarding body."""
    return _bodies(issuer)[0]


def bodies_of(issuer: str) -> frozenset[str]:
    """Every body that an issuer line names, in the form of `normal_issuer`."""
    return frozenset(body for body in _bodies(issuer) if body)


@lru_cache(maxsize=8192)
def _bodies(issuer: str) -> tuple[str, ...]:
    text = unicodedata.normalize("NFKC", issuer).split("转发")[-1]
    named = re.split(r"[、,，;；\s]", text.partition("等")[0])
    return tuple(re.sub(r"(综合司|办公厅|办公室)$", "", body) for body in named)


def _document(cell: dict[str, str], path: Path, line: int) -> Document:
    if not cell["title"] or not cell["issuer"]:
        raise FileProblem(path, "title and issuer must not be empty.", line=line)
    if cell["kind"] not in KINDS:
        hint = nearest(cell["kind"], KINDS)
        raise FileProblem(path, f"unknown kind '{cell['kind']}'. {hint}", line=line)
    for name in ("date_issued", "date_published"):
        if cell[name] and not _is_partial_date(cell[name]):
            message = (
                f"{name}: '{cell[name]}' is not a date that exists; write 2026-05-19 or 2026-05."
            )
            raise FileProblem(path, message, line=line)
    return Document(
        title=cell["title"],
        issuer=cell["issuer"],
        issued=cell["date_issued"],
        published=cell["date_published"],
        number=cell["doc_no"],
        topics=tuple(topic for topic in cell["topics"].split(";") if topic),
        kind=cell["kind"],
        verification=cell.get("verification", ""),
        url=cell.get("url", ""),
        note=cell.get("note", ""),
    )


def _match(reference: Reference, documents: Sequence[Document]) -> int | None:
    title = normal_title(reference.title)
    issuer = normal_issuer(reference.publisher or "")
    if reference.publisher and _MEDIA.search(reference.publisher):
        return None
    for index, document in enumerate(documents):
        same_body = not issuer or issuer in document.issuer or document.issuer in issuer
        if same_body and normal_title(document.title) == title:
            return index
    return None


def _cited(reference: Reference, bulletin: Bulletin) -> Document:
    day = reference.date.isoformat() if reference.date else ""
    return Document(
        title=reference.title,
        issuer=(reference.publisher or "").split("转发")[-1],
        issued="",
        published=day,
        number="",
        topics=topics_of(reference.title),
        kind="issued",
        verification="cited",
        note=f"named by the bulletin of {bulletin.date}",
        origin="cited",
        cited_by=(bulletin.date.isoformat(),),
    )


def _growth(month: str, moments: Sequence[datetime]) -> Iterator[Observation]:
    first = date.fromisoformat(f"{month}-01")
    credit = "data/policies.csv"
    if not moments:
        yield Observation(first, 0.0, end_of_month(first), credit=credit)
    for count, moment in enumerate(moments, start=1):
        later = moments[count] if count < len(moments) else None
        if moment != later:
            yield Observation(first, float(count), moment, credit=credit)


def _months(documents: Sequence[Document]) -> Iterator[str]:
    first, last = min(d.month for d in documents), max(d.month for d in documents)
    year, month = int(first[:4]), int(first[5:])
    while (text := f"{year:04d}-{month:02d}") <= last:
        yield text
        year, month = (year, month + 1) if month < 12 else (year + 1, 1)


def _is_partial_date(text: str) -> bool:
    for form in ("%Y-%m-%d", "%Y-%m", "%Y"):
        try:
            if datetime.strptime(text, form).strftime(form) == text:
                return True
        except ValueError:
            continue
    return False


def _is_document(title: str) -> bool:
    text = unicodedata.normalize("NFKC", title).replace("(", "（").replace(")", "）")
    return bool(_DOCUMENT.search(text.rstrip('》”"'))) and not _OF_THE_HOUSE.search(text)
