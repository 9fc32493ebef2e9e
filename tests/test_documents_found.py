"""Documents found at gov.cn and NDA: what becomes a candidate, and what a person makes of it."""

from __future__ import annotations

import csv
import json
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from itertools import product
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from catalogs import part_of_the_catalog
from conftest import BUNDLED, Cli, is_one_sentence, served, snapshot
from upstreams import OF_THE_ANSWER, OF_THE_LINE, Internet, Listed, in_turn

from etl.catalog import Catalog, load_catalog
from etl.errors import StorageError, UnexpectedPayload
from etl.files.edits import versions
from etl.ingest.replay import replay
from etl.ingest.run import Report, Request, run
from etl.ingest.upstream import Upstream
from etl.policies import candidates, review
from etl.policies.candidates import FINDERS, FIRST_LOOK_DAYS, LOOK_AGAIN_DAYS, Candidate
from etl.policies.finders.gov_cn import PAGE_SIZE, GovCn
from etl.policies.finders.nda import Nda
from etl.policies.identity import is_counted, kind_of, normal_number, topics_of
from etl.policies.register import COLUMNS, read_register
from etl.records import BEIJING, Document
from etl.settings import Settings, load_settings
from etl.storage.current import current_snapshot
from etl.storage.snapshots import Folder
from etl.storage.warehouse import Warehouse, lock, opened

pytestmark = pytest.mark.slow

RECORDED = Path(__file__).parent / "recorded"
#: When the tests look, unless they say otherwise: noon in Beijing.
JUNE = datetime(2026, 6, 30, 4, tzinfo=UTC)
TODAY = date(2026, 6, 30)
TIMEOUT_S = 1.5
HOSTS = {"gov_cn": "sousuo.www.gov.cn", "nda": "www.nda.gov.cn"}
HARMLESS = ("reversed", "doubled")
#: The rest of what can go wrong with a list: it holds days and totals, and no values.
BROKEN = (
    *OF_THE_LINE, *OF_THE_ANSWER, "nan", "renamed-column", "other-series",
)  # fmt: skip
COUNTS = "policy_documents_monthly"
#: What the project's bulletin cites and the register does not hold.
CITED = "关于举办 2026 年“数据要素 ×”大赛的通知"
#: What both upstreams list when a test needs only something.
GOV = Listed("71", "国务院关于培育数据要素市场的意见", date(2026, 6, 2), "zhengcelibrary_gw",
             "国发〔2026〕9号", "国务院")  # fmt: skip
NDA = Listed("20", "国家数据局关于印发《可信数据空间建设指引》的通知", date(2026, 6, 9), "zcfb")
NOTICE = Listed("21", "关于开展公共数据资源登记工作的通知", date(2026, 5, 6), "tzgg")
#: What concerns nobody here; a list is never empty.
REST = [
    Listed("01", "民政部关于加强殡葬服务管理的通知", date(2026, 3, 2), issuer="民政部"),
    Listed("02", "国家数据局2026年度部门预算", date(2026, 3, 10), "zcfb"),
    Listed("03", "国家数据局招聘公告", date(2026, 3, 11), "tzgg"),
]


@dataclass
class Place:
    """A data folder, and the internet that its runs see."""

    internet: Internet
    data: Path
    catalog: Catalog

    @property
    def settings(self) -> Settings:
        return load_settings()

    def run(
        self, *ids: str, source: str | None = None, at: datetime = JUNE, offline: bool = False
    ) -> Report:
        request = Request(ids, source, offline, at)
        return run(self.settings, self.catalog, request, lambda outcome: None)

    def look(self, *documents: Listed, at: datetime = JUNE) -> list[Candidate]:
        """What waits after a run in which upstreams list these documents, and the usual rest."""
        self.internet.documents = [*(documents or (GOV, NDA, NOTICE)), *REST]
        report = self.run(COUNTS, at=at)
        assert report.exit_status == 0, report.outcomes
        return self.waiting()

    def waiting(self) -> list[Candidate]:
        """What was found and waits, without what the project's own bulletin cites."""
        with current_snapshot(Folder(self.settings.published)) as snapshot:
            listed = review.waiting(self.settings, snapshot)
        return [candidate for candidate in listed if candidate.sources != ("cited",)]

    def asked(self, host: str) -> list[dict[str, str]]:
        """The parameters of each request to a host, in order."""
        found = [a for a in self.internet.requests if a.host == host]
        return [
            {k: v[-1] for k, v in parse_qs(urlsplit(a.path).query, keep_blank_values=True).items()}
            for a in found
        ]


@pytest.fixture(scope="module")
def counts_only(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A catalog of nothing but the counts of documents."""
    path = tmp_path_factory.mktemp("catalog") / "catalog.yaml"
    return part_of_the_catalog(path, COUNTS, "policy_documents_data_monthly")


@pytest.fixture
def place(
    data: Path, counts_only: Path, internet: Internet, monkeypatch: pytest.MonkeyPatch
) -> Place:
    monkeypatch.setenv("XINZHI_CATALOG", str(counts_only))
    monkeypatch.setenv("XINZHI_PROXY", internet.proxy_url)
    monkeypatch.setenv("XINZHI_CA_BUNDLE", str(internet.ca_pem))
    monkeypatch.setenv("XINZHI_TIMEOUT", str(TIMEOUT_S))
    return Place(internet, data, load_catalog(counts_only))


def titles(found: Sequence[Candidate]) -> set[str]:
    return {candidate.document.title for candidate in found}


def texts(settings: Settings) -> list[tuple[object, ...]]:
    query = "select * from texts where kind like 'candidate%' order by all"
    with opened(settings.warehouse, read_only=True) as warehouse:
        return warehouse.connection.execute(query).fetchall()


def rows_of(path: Path) -> list[dict[str, str]]:
    with open(path, encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


# What the recorded answers say


def test_a_recorded_answer_of_the_departments_library_becomes_its_documents() -> None:
    found = GovCn().parse((RECORDED / "gov_cn/departments.json").read_bytes())
    assert [(d.published, d.number, d.kind, d.topics) for d in found] == [
        ("2026-01-07", "工信部联科〔2025〕279号", "issued", ("人工智能+",)),
        ("2025-12-27", "国数科技〔2025〕61号", "issued", ("数据要素",)),
        ("2025-12-10", "", "draft", ("数据要素",)),
        ("2025-11-28", "", "reply", ("数据要素",)),
        ("2025-11-20", "民发〔2025〕50号", "issued", ()),
    ]
    assert (
        found[0].title == "工业和信息化部等八部门关于印发《“人工智能+制造”专项行动实施意见》的通知"
    )
    assert found[0].issuer.split("、")[:2] == ["工业和信息化部", "中央网信办"]
    assert found[2].issuer == ""
    assert found[3].title.startswith("国家发展改革委 国家数据局关于")
    assert {d.url[:19] for d in found} == {"https://www.gov.cn/"}
    assert {(d.origin, is_counted(d), d.note) for d in found} == {("gov_cn", False, "")}


def test_of_an_answer_with_a_list_for_each_category_interpretations_are_not_read() -> None:
    found = GovCn().parse((RECORDED / "gov_cn/categories.json").read_bytes())
    assert [d.number for d in found] == ["国发〔2025〕11号", "工信部联科〔2025〕279号"]


def test_nothing_found_is_no_document_and_no_failure() -> None:
    assert GovCn().parse((RECORDED / "gov_cn/nothing.json").read_bytes()) == []


def test_a_recorded_list_of_nda_becomes_its_documents_without_what_lies_inside_an_entry() -> None:
    found = list(Nda().parse((RECORDED / "nda/zcfb.html").read_bytes()))
    assert [(d.published, d.issuer, d.number) for d in found] == [
        ("2026-01-12", "工业和信息化部等八部门", ""),
        ("2025-12-27", "国家数据局", "国数科技〔2025〕61号"),
        ("2025-08-26", "国务院", ""),
        ("2024-11-22", "国家数据局", ""),
    ]
    assert found[0].title.endswith("专项行动实施意见》的通知")  # whole, though the link shortens it
    assert found[1].title == "国家数据局关于加强数据科技创新的实施意见"
    elsewhere = found.pop(2)
    assert elsewhere.url == "https://www.gov.cn/zhengce/content/202508/content_7037861.htm"
    assert all(d.url.startswith("https://www.nda.gov.cn/sjj/zwgk/zcfb/") for d in found)


def test_a_recorded_list_of_notices_tells_documents_from_news() -> None:
    found = Nda().parse((RECORDED / "nda/tzgg.html").read_bytes())
    assert [(d.published, d.kind) for d in found] == [
        ("2026-06-08", "issued"), ("2026-05-20", "media"), ("2026-04-16", "draft"),
        ("2026-04-01", "issued"), ("2026-03-10", "media"),
    ]  # fmt: skip
    assert found[3].issuer == "国家数据局、工业和信息化部办公厅"


# Answers that are none


def search(**changed: object) -> bytes:
    """An answer of gov.cn with one document, some of its values exchanged."""
    row = {"title": "关于数据要素的意见", "url": "https://www.gov.cn/a.htm", "pcode": "",
           "puborg": "国务院", "pubtime": ms(2026, 5, 27), "pubtimeStr": "2026.05.27"}  # fmt: skip
    found = {"totalCount": 1, "totalpage": 1, "listVO": [row]}
    for key, value in changed.items():
        (row if key in row else found)[key] = value
    return json.dumps({"code": 200, "searchVO": found}).encode()


def ms(*moment: int) -> int:
    return int(datetime(*moment, tzinfo=BEIJING).timestamp() * 1000)  # type: ignore[misc, arg-type]


def without(key: str) -> bytes:
    answer = json.loads(search())
    del answer["searchVO"]["listVO"][0][key]
    return json.dumps(answer).encode()


#: What stands for a moment and is none of ours.
NO_DAYS = (
    "tomorrow", math.nan, True, ms(2026, 5, 27) * 100, -(10**15), 10**40,
    ms(2026, 5, 27) // 10**6, [], "",
)  # fmt: skip


@pytest.mark.parametrize(
    "payload",
    [
        b"", b"<!DOCTYPE html><html><body>Welcome</body></html>", search()[:60], b"[]", b"7",
        b'{"code": 500, "msg": "error"}', b'{"code": 1001, "searchVO": {"listVO": 3}}',
        b'{"code": 200, "searchVO": {"results": []}}', b'{"code": 200, "searchVO": {"catMap": {}}}',
        b"\xff\xfe\x00", b"[" * 100_000,
        search(listVO={}), search(listVO=["a"]),
        search(title=""), search(title=None), search(title=7), search(title="<em></em>"),
        search(title="数据" * 9_999), search(pcode=12), search(puborg=["国务院"]),
        *(search(pubtime=stamp, pubtimeStr="") for stamp in NO_DAYS),
        search(pubtimeStr="27.05.2026"), search(pubtimeStr="2026.02.30"), search(pubtimeStr=2026),
        search(pubtimeStr="", pubtime=0), search(url="https://example.org/a.htm"),
        search(url="javascript:alert(1)"), search(url="https://www.gov.cn.example.org/"),
        search(url="https://[gov.cn/"), without("title"),
    ],
    ids=lambda payload: payload[:90].decode("latin-1"),
)  # fmt: skip
def test_what_is_no_answer_of_gov_cn_is_refused_in_one_sentence(payload: bytes) -> None:
    with pytest.raises(UnexpectedPayload) as refused:
        GovCn().parse(payload)
    told = str(refused.value)
    assert told.startswith("gov.cn ")
    assert told.endswith(".")
    assert "\n" not in told
    assert len(told) < 300


def listing(rows: str, script: str = "totalData: 1, showData: 15", end: str = "</html>") -> bytes:
    return f'<html><ul class="u-list">{rows}</ul><script>{script}</script>{end}'.encode()


def entry(href: str = "/sjj/zwgk/zcfb/1.html", title: str = "意见", day: str = "2026.05.27") -> str:
    return f'<li><a href="{href}" title="{title}">…</a><span>{day}</span></li>'


@pytest.mark.parametrize(
    "payload",
    [
        b"", b"{}", b"<html><body>Welcome</body></html>", b"\xff\xfe<html>", listing(""),
        listing(entry(), end=""), listing(entry()).replace(b"u-list", b"list"),
        listing(entry(day="27.05.2026")), listing(entry(day="2026.02.30")), listing(entry(day="")),
        listing(entry(title="").replace("…", "")), listing(entry(title="意" * 2000)),
        listing("<li><a href='/1.html' title='意见'>…</a></li>"), listing("<li>意见</li>"),
        listing(entry("https://example.org/1.html")), listing(entry("https://a@www.nda.gov.cn/")),
        listing(entry("//example.org/1.html")), listing(entry("javascript:alert(1)")),
        listing(entry("https://www.nda.gov.cn.example.org/")), listing(entry("https://[nda/")),
        listing(entry(), "totalData: 0"), listing(entry(), "totalData: -5"),
        listing(entry(), "totalData: 99999999"), b"<html>" + b" " * 4_000_001,
    ],
    ids=lambda payload: payload[:110].decode("latin-1").strip(),
)  # fmt: skip
def test_what_is_no_list_of_nda_is_refused_in_one_sentence(payload: bytes) -> None:
    with pytest.raises(UnexpectedPayload) as refused:
        Nda().parse(payload)
    told = str(refused.value)
    assert told.startswith("www.nda.gov.cn ")
    assert told.endswith(".")
    assert "\n" not in told
    assert len(told) < 300


@pytest.mark.parametrize("total", ["1", 1, 1.0, 0, None, -1, True, 10**9, "many", [1]])
def test_a_number_of_documents_that_lacks_or_is_none_loses_no_document(total: object) -> None:
    (document,) = GovCn().parse(search(totalCount=total))
    assert document.published == "2026-05-27"


@pytest.mark.parametrize("stamp", [str(ms(2026, 5, 27)), float(ms(2026, 5, 27)), None, 0, *NO_DAYS])
def test_the_date_in_words_is_enough_whatever_the_number_is(stamp: object) -> None:
    (document,) = GovCn().parse(search(pubtime=stamp))
    assert (document.published, document.note) == ("2026-05-27", "")


@pytest.mark.parametrize("stamp", [str(ms(2026, 5, 27)), float(ms(2026, 5, 27)), ms(2026, 5, 27)])
def test_a_moment_is_read_as_a_number_or_as_text(stamp: object) -> None:
    (document,) = GovCn().parse(search(pubtime=stamp, pubtimeStr=None))
    assert document.published == "2026-05-27"


@pytest.mark.parametrize(
    "shown", ["2026.7.4", "2026.07.04", "2026-7-4", "2026/07/04", "2026年7月4日"]
)
def test_a_date_is_read_though_it_is_not_padded(shown: str) -> None:
    (document,) = GovCn().parse(search(pubtime=None, pubtimeStr=shown))
    assert document.published == "2026-07-04"
    (document,) = Nda().parse(listing(entry(day=shown)))
    assert document.published == "2026-07-04"


@pytest.mark.parametrize("shown", ["2026.7/4", "26.7.4", "2026.13.1", "2026年7.4", "2026.7.4.1"])
def test_a_date_of_another_form_is_not_guessed(shown: str) -> None:
    with pytest.raises(UnexpectedPayload, match="expected one like 2026"):
        Nda().parse(listing(entry(day=shown)))


def rows(*titles: str, layout: str = "listVO") -> bytes:
    """An answer of gov.cn in one of its layouts, with a document for each title."""
    listed = [
        {"title": title, "pcode": f"国发〔2026〕{n}号", "puborg": "国务院",
         "url": f"https://www.gov.cn/{n}.htm", "pubtimeStr": "2026.05.27"}
        for n, title in enumerate(titles)
    ]  # fmt: skip
    whole: dict[str, object] = {"totalCount": 0, "listVO": None, "catMap": None}
    if layout == "listVO":
        whole["listVO"] = listed
    else:
        empty = {"totalCount": 0, "listVO": None}
        whole |= {"listVO": [] if layout == "both" else None,
                  "catMap": {"gongwen": {"listVO": listed}, "bumenfile": empty, "otherfile": {
                      "listVO": [{"title": "解读", "pubtimeStr": "2026.05.27"}]}}}  # fmt: skip
    return json.dumps({"code": 200, "searchVO": whole}).encode()


@pytest.mark.parametrize("layout", ["listVO", "catMap", "both"])
def test_a_row_without_a_title_is_said_and_the_others_are_read(layout: str) -> None:
    payload = rows("关于数据要素的意见", "", "关于算力的通知", layout=layout)
    assert [d.number for d in GovCn().parse(payload)] == ["国发〔2026〕0号", "国发〔2026〕2号"]
    (told,) = GovCn().skipped(payload)
    assert told == "gov.cn lists a document without a title (国发〔2026〕1号)."


def test_a_bad_row_of_nda_is_said_and_the_others_are_read() -> None:
    payload = listing(
        entry("http://www.nda.gov.cn/sjj/1.html") + entry("https://www.gov.cn/2.htm", "指引")
        + entry("https://example.org/3.html", "通知") + entry(day="soon") + "<li>办法</li>"
        + entry("https://www.nda.gov.cn/4_mobile.html", "关于印发规划的通知"),
        "totalData: 6",
    )  # fmt: skip
    assert [(d.url, d.issuer) for d in Nda().parse(payload)] == [
        ("https://www.nda.gov.cn/sjj/1.html", "国家数据局"),
        ("https://www.gov.cn/2.htm", ""),  # of which body, its own page says
        ("https://www.nda.gov.cn/4_mobile.html", "国家数据局"),
    ]
    elsewhere, undated, unlinked = Nda().skipped(payload)
    assert "《通知》 to 'https://example.org/3.html'" in elsewhere
    assert "'soon'" in undated
    assert "'办法' without a link" in unlinked


def test_four_rows_of_nda_two_of_them_elsewhere_lose_nobody() -> None:
    found = candidates.read(Nda(), [listing(
        entry(title="2026年“数据要素×”大赛项目名单公示")
        + entry("https://www.nda.gov.cn/2_mobile.html", "关于2026年“数据要素×”大赛有关事项的通知")
        + entry("http://www.nda.gov.cn/3.html", "关于推进高质量数据集建设的实施方案")
        + entry("https://www.gov.cn/4.htm", "“人工智能+信息通信”创新发展实施意见"),
        "totalData: 34",
    )], JUNE)  # fmt: skip
    assert {d.url[-15:] for d in found.documents} == {
        "cn/2_mobile.html"[-15:], "ww.nda.gov.cn/3.html"[-15:], "://www.gov.cn/4.htm"[-15:],
    }  # fmt: skip
    assert found.notes == ("Of 4 entries these are not taken: 1 news and the like.",)


def test_a_page_of_nested_tags_without_end_is_refused_like_any_other() -> None:
    with pytest.raises(UnexpectedPayload):
        Nda().parse(b"<div>" * 20_000)


@pytest.mark.parametrize("moment", [(2026, 5, 27), (2026, 5, 27, 23, 59, 59)])
def test_a_moment_is_a_day_in_beijing(moment: tuple[int, ...]) -> None:
    (document,) = GovCn().parse(search(pubtime=ms(*moment), pubtimeStr=""))
    assert (document.published, document.note) == ("2026-05-27", "")


def test_two_dates_that_do_not_agree_are_both_told() -> None:
    (document,) = GovCn().parse(search(pubtime=ms(2026, 5, 26)))
    assert document.published == "2026-05-27"
    assert "2026-05-26" in document.note
    assert "2026-05-27" in document.note


# What a run keeps


def test_documents_found_wait_with_their_source_and_the_moment_they_were_known(
    place: Place,
) -> None:
    found = {c.document.title: c for c in place.look()}
    assert set(found) == {GOV.title, NDA.title, NOTICE.title}
    one = found[GOV.title]
    assert (one.sources, one.known_at) == (("gov_cn",), JUNE)
    assert (one.document.number, one.document.issuer) == ("国发〔2026〕9号", "国务院")
    assert found[NOTICE.title].document.issuer == "国家数据局"
    with opened(place.settings.warehouse, read_only=True) as warehouse:
        query = "select distinct kind, load from texts where kind like 'candidate%' order by all"
        assert warehouse.connection.execute(query).fetchall() == [
            ("candidate gov_cn", 1), ("candidate nda", 1),
        ]  # fmt: skip


def test_a_run_says_what_it_found_and_a_second_one_finds_nothing_new(place: Place) -> None:
    place.internet.documents = [GOV, NDA, NOTICE]
    first, second = place.run(COUNTS), place.run(COUNTS)
    assert [(o.subject, o.source, o.new, o.newest) for o in first.outcomes[-2:]] == [
        ("gov_cn", "gov_cn", 1, GOV.day), ("nda", "nda", 2, NDA.day),
    ]  # fmt: skip
    assert [(o.new, o.revised) for o in second.outcomes[-2:]] == [(0, 0), (0, 0)]
    assert (first.exit_status, second.snapshot) == (0, None)


def test_candidates_are_published_and_not_counted(place: Place) -> None:
    place.run(COUNTS, offline=True)
    before = served(place.data, COUNTS)
    place.internet.documents = [GOV, NDA, NOTICE]
    assert place.run(COUNTS).snapshot is not None
    assert served(place.data, COUNTS) == before
    with snapshot(place.data) as connection:
        rows = connection.execute("select month, counted, document from policies").fetchall()
    found = [(m, c, json.loads(d)) for m, c, d in rows if json.loads(d)["origin"] in FINDERS]
    assert {(m, c, d["title"], d["origin"]) for m, c, d in found} == {
        ("2026-06", False, GOV.title, "gov_cn"), ("2026-06", False, NDA.title, "nda"),
        ("2026-05", False, NOTICE.title, "nda"),
    }  # fmt: skip
    assert sum(c for _, c, _ in rows) == len(rows) - len(found) - 3  # a reply and two drafts


def test_the_search_is_asked_as_its_own_page_asks_it(place: Place) -> None:
    place.look()
    library, departments = place.asked(HOSTS["gov_cn"])
    assert (library["t"], departments["t"]) == ("zhengcelibrary_gw", "zhengcelibrary_bm")
    first = TODAY - timedelta(days=FIRST_LOOK_DAYS)
    expected = {"timetype": "timezd", "mintime": str(first), "maxtime": str(TODAY), "n": "100",
                "sort": "pubtime", "sortType": "1", "p": "1", "type": "gwyzcwjk"}  # fmt: skip
    assert expected.items() <= library.items()
    (headers, *_) = [a.headers for a in place.internet.requests if a.host == HOSTS["gov_cn"]]
    assert headers["user-agent"].startswith("Mozilla/5.0")
    assert "xinzhi-indicators" in headers["user-agent"]
    assert headers["referer"] == "https://sousuo.www.gov.cn/zcwjk/policyDocumentLibrary"


def test_later_looks_begin_before_the_newest_document_held(place: Place) -> None:
    place.look()
    place.look()
    assert place.asked(HOSTS["gov_cn"])[-1]["mintime"] == str(
        GOV.day - timedelta(days=LOOK_AGAIN_DAYS)
    )


def test_interpretations_of_nda_are_not_asked_for(place: Place) -> None:
    place.look(Listed("9", "专家谈数据要素", TODAY, "zcjd"), GOV, NDA, NOTICE)
    paths = [a.path for a in place.internet.requests if a.host == HOSTS["nda"]]
    assert paths == [f"/sjj/zwgk/{part}/list/index_pc_1.html" for part in ("zcfb", "tzgg")]


def many(count: int, where: str, newest: date = TODAY) -> list[Listed]:
    return [
        Listed(f"{n:05d}", f"关于数据要素第{n}项工作的通知", newest - timedelta(days=n // 9), where)
        for n in range(count)
    ]


def test_every_page_is_read_once(place: Place) -> None:
    count = 2 * PAGE_SIZE + 30
    found = place.look(*many(count, "zhengcelibrary_bm"), NDA, NOTICE)
    assert len(found) == count + 2
    asked = [(q["t"][-2:], q["p"]) for q in place.asked(HOSTS["gov_cn"])]
    assert asked == [("gw", "1"), ("bm", "1"), ("bm", "2"), ("bm", "3")]


def test_the_pages_of_a_list_are_turned_until_they_are_old_enough(place: Place) -> None:
    place.look(*many(40, "zcfb"), GOV, NOTICE)
    assert place.asked(HOSTS["nda"]) == [{}] * 4  # 15 + 15 + 10, and the notices
    place.internet.requests.clear()
    old = [
        Listed(f"o{n}", f"关于公共数据第{n}件事的通知", date(2024, 5, 1), "zcfb") for n in range(40)
    ]
    place.look(*many(10, "zcfb"), *old, GOV, NOTICE)
    assert len(place.asked(HOSTS["nda"])) == 2


def test_a_list_without_end_is_refused_in_words(place: Place) -> None:
    place.internet.documents = [GOV, NOTICE, *many(400, "zcfb", TODAY)]
    (outcome,) = place.run(source="nda").outcomes
    assert "20 pages" in outcome.problem
    assert place.waiting() == []


def test_a_page_that_comes_in_the_place_of_another_is_refused(place: Place) -> None:
    page = search(totalCount=200)
    asked = Upstream(
        place.settings, httpx.MockTransport(lambda request: httpx.Response(200, content=page))
    )
    with pytest.raises(UnexpectedPayload, match="page 2 is the page before it once more"):
        GovCn().fetch(date(2026, 1, 1), JUNE, asked)


def test_what_was_not_public_by_then_is_not_known_then(place: Place) -> None:
    found = place.look(at=datetime(2026, 6, 5, 4, tzinfo=UTC))
    assert titles(found) == {GOV.title, NOTICE.title}
    assert titles(place.look()) == {GOV.title, NDA.title, NOTICE.title}


@pytest.mark.parametrize(
    ("arguments", "asked"),
    [
        ({}, {"gov_cn", "nda"}),
        ({"offline": True}, set()),
        ({"ids": ("pue_global_average",)}, set()),
        ({"ids": ("pue_global_average", "policy_documents_ai_monthly")}, {"gov_cn", "nda"}),
        ({"source": "nda"}, {"nda"}),
        ({"source": "gov_cn"}, {"gov_cn"}),
        ({"source": "register"}, set()),
        ({"source": "nda", "offline": True}, set()),
    ],
)
def test_finders_are_asked_with_the_counts_of_the_register_or_by_name(
    arguments: dict[str, object], asked: set[str], catalog: Catalog
) -> None:
    given = {"ids": (), "source": None, "offline": False, **arguments}
    ids, source, offline = given["ids"], given["source"], given["offline"]
    found = candidates.asked(catalog, ids, source, offline=offline)  # type: ignore[arg-type]
    assert {finder.name for finder in found} == asked


def test_what_nda_lists_is_ours_though_no_topic_stands_in_its_title(place: Place, cli: Cli) -> None:
    plan = Listed("31", "关于做好全国统一登记工作的通知", date(2026, 6, 8), "tzgg")
    place.look(plan, GOV, gov("9", "关于做好统计工作的通知"))
    (found,) = [c for c in place.waiting() if c.sources == ("nda",)]
    assert (found.document.title, found.document.topics) == (plan.title, ())
    (line,) = [line for line in cli("candidates").out.splitlines() if plan.title in line]
    assert "2026-06-08  主题待定  issued" in line
    row = next(r for r in json.loads(cli("candidates", "--json").out) if r["key"] == found.key)
    assert row["topics"] == ["主题待定"]
    with snapshot(place.data) as connection:
        shown = connection.execute("select document from policies").fetchall()
    (topics,) = [json.loads(d)["topics"] for (d,) in shown if plan.title in d]
    assert topics == ["主题待定"]
    assert cli("candidates", "--take", found.key).status == 0
    (taken,) = [d for d in read_register(place.data / "policies.csv") if d.title == plan.title]
    assert taken.topics == ()  # which a person gives it


def test_what_is_listed_and_not_taken_is_counted(place: Place) -> None:
    place.internet.documents = [
        NDA, Listed("5", "国家数据局召开会议", TODAY, "tzgg"),
        Listed("6", "一图读懂规划", TODAY, "tzgg"), Listed("7", "采购结果公告", TODAY, "tzgg"),
        GOV, gov("8", "关于养老服务的通知"), gov("9", "答记者问"),
    ]  # fmt: skip
    of_gov, of_nda = [o.notice for o in place.run(COUNTS).outcomes[-2:]]
    assert of_gov == ("Of 3 entries these are not taken: 1 of other topics, 1 interpretations.")
    assert of_nda == ("Of 4 entries these are not taken: 2 news and the like, 1 interpretations.")


@pytest.mark.parametrize("source", FINDERS)
def test_a_date_that_has_not_come_costs_its_own_row(source: str, place: Place) -> None:
    place.internet.fail(HOSTS[source], "future")
    assert titles(place.look()) == {GOV.title, NDA.title, NOTICE.title}
    notices = {o.subject: o.notice for o in place.run(COUNTS).outcomes}
    assert "which has not come" in notices[source]
    assert "left out" in notices[source]


def test_a_document_that_two_lists_lead_to_at_one_address_is_one(place: Place) -> None:
    address = "https://www.gov.cn/zhengce/zhengceku/202606/content_5.htm"
    title = "“人工智能+信息通信”创新发展实施意见"
    (found,) = place.look(
        Listed("1", title, date(2026, 6, 3), "zcfb", url=address),
        gov("5", title, issuer="工业和信息化部", url=address),
    )
    assert found.document.issuer == "工业和信息化部"
    assert found.sources == ("gov_cn", "nda")


def test_a_list_that_counts_nothing_is_read_to_its_end(place: Place) -> None:
    pages = iter([rows("关于数据要素的意见"), rows("关于算力的通知")])

    def answer(request: httpx.Request) -> httpx.Response:
        nothing = json.dumps({"code": 1001, "searchVO": None}).encode()
        return httpx.Response(200, content=next(pages, nothing))

    asked = Upstream(place.settings, httpx.MockTransport(answer))
    found = GovCn().fetch(date(2026, 1, 1), JUNE, asked)
    assert [page.name for page in found] == [f"zhengcelibrary_gw-{n}" for n in (1, 2, 3)] + [
        "zhengcelibrary_bm-1"
    ]


# What is one document


def gov(
    id: str, title: str, number: str = "", issuer: str = "国家数据局", **more: object
) -> Listed:
    day = more.pop("day", date(2026, 6, 2))
    return Listed(id, title, day, number=number, issuer=issuer, **more)  # type: ignore[arg-type]


JOINT = "关于促进数据产业高质量发展的实施意见"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (gov("1", "甲数据要素意见", "国数政策〔2026〕12号"),
         gov("2", "乙数据要素意见", "国数政策［２０２６］１２号")),
        (gov("1", "甲数据要素意见", "国数政策〔2026〕12号"),
         gov("2", "甲数据要素意见", "", day=date(2026, 6, 5))),
        (gov("1", f"国家发展改革委 国家数据局{JOINT}", "", "国家发展改革委 国家数据局 财政部"),
         Listed("2", JOINT, date(2026, 6, 3), "zcfb")),
        (gov("1", f"国家数据局{JOINT}", "国数产业〔2026〕3号"),
         Listed("2", f"{JOINT}（国数产业〔2026〕3号）", date(2026, 6, 3), "tzgg")),
        (Listed("1", f"国家数据局关于印发《{JOINT}》的通知", date(2026, 6, 3), "zcfb"),
         Listed("2", JOINT, date(2026, 6, 4), "tzgg")),
        (gov("1", JOINT, url="https://www.gov.cn/zhengce/1.htm"),
         gov("2", JOINT, url="https://www.gov.cn/gongbao/2.htm", day=date(2026, 6, 20))),
        (Listed("1", "关于《数据资源登记办法（征求意见稿）》公开征求意见的公告", TODAY, "tzgg"),
         gov("2", "数据资源登记办法（公开征求意见稿）", day=date(2026, 6, 20))),
    ],
    ids=["full-width number", "number once", "joint", "number in title", "announced", "repost",
         "draft"],
)  # fmt: skip
def test_it_is_one_document_however_it_is_listed(one: Listed, other: Listed, place: Place) -> None:
    for listed in ([one, other], [other, one]):
        (found,) = place.look(*listed)
        assert found.document.day == str(min(one.day, other.day))
        assert normal_number(found.document.number) == normal_number(one.number or other.number)


def test_each_source_keeps_its_own_and_the_first_key_stays(place: Place) -> None:
    late = Listed("3", f"国家发展改革委 国家数据局{JOINT}", date(2026, 6, 2), "zhengcelibrary_bm",
                  "发改数据〔2026〕8号", "国家发展改革委 国家数据局")  # fmt: skip
    early = Listed("2", JOINT, date(2026, 6, 3), "zcfb")
    (first,) = place.look(early)
    (then,) = place.look(early, late)
    assert (first.sources, then.sources) == (("nda",), ("nda", "gov_cn"))
    assert then.key == first.key
    assert then.document.number == "发改数据〔2026〕8号"
    assert then.document.issuer == "国家发展改革委、国家数据局"
    assert then.known_at == first.known_at


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (Listed("1", "2027年数字经济发展工作要点", date(2026, 6, 9), "zcfb"),
         Listed("2", "2027年数字社会发展工作要点", date(2026, 6, 9), "zcfb")),
        (gov("1", "关于数据要素的公告", "2026年第1号"), gov("2", "关于数据要素试点的公告")),
        (gov("1", JOINT, "国数产业〔2026〕3号"), gov("2", JOINT, "国数产业〔2026〕4号")),
        (gov("1", JOINT, issuer="工业和信息化部"), Listed("2", JOINT, TODAY, "zcfb")),
    ],
    ids=["two of one day", "two titles", "two numbers", "two bodies"],
)  # fmt: skip
def test_they_are_two_documents(one: Listed, other: Listed, place: Place) -> None:
    found = place.look(one, other)
    assert len(found) == 2


def test_what_the_register_holds_or_a_bulletin_cites_does_not_wait(place: Place) -> None:
    held = Listed(
        "1", "国家数据局关于印发《2026年数字经济发展工作要点》的通知", date(2026, 6, 1), "zcfb"
    )
    joint = gov("4", "人工智能与能源双向赋能行动方案", "", "国家能源局 国家数据局")
    cited = gov("2", "关于举办2026年“数据要素×”大赛的通知")  # by the bulletin of 2026-05-27
    assert titles(place.look(held, joint, cited, GOV)) == {GOV.title}


KINDS_BY_TITLE = {
    "《关于数据要素的意见》政策解读": None,
    "专家解读：数据要素": None,
    "图解：算力行动方案": None,
    "一图读懂《公共数据规划》": None,
    "国家数据局有关负责人就数据要素意见答记者问": None,
    "国家数据局召开算力工作座谈会": None,
    "国家数据局公布人工智能典型案例": None,
    "关于加强养老服务管理的通知": None,
    "国家数据局关于算力网的指导意见": "issued",
    "关于做好人工智能政策解读工作的通知": "issued",
    "公共数据管理办法（征求意见稿）": "draft",
    "关于向社会公开征求《算力网办法》意见的公告": "draft",
    "国家数据局关于同意开展数据要素试点的复函": "reply",
    "国务院关于数字经济创新发展试验区的批复": "reply",
}


def test_a_title_says_whether_it_waits_and_as_what(place: Place) -> None:
    found = place.look(*(gov(f"{n}", title) for n, title in enumerate(KINDS_BY_TITLE)))
    assert {c.document.title: c.document.kind for c in found} == {
        title: kind for title, kind in KINDS_BY_TITLE.items() if kind
    }
    assert not any(is_counted(c.document) for c in found)


def test_the_titles_of_the_register_tell_the_kinds_that_it_names() -> None:
    for row in rows_of(BUNDLED / "policies.csv"):
        found = kind_of(row["title"])
        assert found == row["kind"] or (found, row["kind"]) == ("media", "issued"), row["title"]


def test_titles_tell_most_of_the_topics_that_the_register_has() -> None:
    titles_of_ours = [row["title"] for row in rows_of(BUNDLED / "policies.csv")]
    assert sum(bool(topics_of(title)) for title in titles_of_ours) / len(titles_of_ours) > 0.7


def test_thousands_of_documents_are_told_apart_soon(warehouse: Warehouse) -> None:
    one = Document("", "国家数据局", "", "2026-06-01", "", ("算力",), "issued")
    found = [
        replace(one, title=f"关于算力第{n}项工作的通知", origin=source)
        for n in range(3000)
        for source in FINDERS
    ]
    load = warehouse.begin_load("run", JUNE, JUNE)
    start = time.monotonic()
    with warehouse.transaction():
        for source in FINDERS:
            mine = [document for document in found if document.origin == source]
            candidates.store(source, mine[:300], warehouse, load=load, known_at=JUNE)
            assert candidates.store(source, mine[:300], warehouse, load=load, known_at=JUNE) == 0
    register = [replace(document, origin="register") for document in found]
    assert candidates.waiting(warehouse, register) == []
    assert len(candidates.waiting(warehouse, register[10:])) == 5
    assert time.monotonic() - start < 30


# What goes wrong


@pytest.mark.parametrize(("source", "how"), in_turn(product(FINDERS, BROKEN)))
def test_a_failure_is_one_sentence_and_what_was_found_stays(
    source: str, how: str, place: Place
) -> None:
    place.look()
    held, counts = texts(place.settings), served(place.data, COUNTS)
    place.internet.documents += [
        gov("8", "关于算力互联的通知"), Listed("9", "关于公共数据授权的通知", TODAY, "zcfb"),
    ]  # fmt: skip
    place.internet.fail(HOSTS[source], how)
    report = place.run(COUNTS)
    problems = {o.subject: o.problem for o in report.outcomes if o.problem}
    assert (list(problems), report.exit_status) == ([source], 1)
    told = problems[source]
    assert told[-1] in ".?"
    assert "\n" not in told
    assert "<" not in told.replace("<!DOCTYPE", "").replace("<html", "")
    assert len(told) < 400
    assert served(place.data, COUNTS) == counts
    kept = [row for row in texts(place.settings) if row[0] == f"candidate {source}"]
    assert kept == [row for row in held if row[0] == f"candidate {source}"]
    assert len(place.waiting()) == 4  # the other source found its one
    with snapshot(place.data) as connection:
        assert connection.execute("select subject, problem from problems").fetchall() == [
            (source, told)
        ]


@pytest.mark.parametrize("source", FINDERS)
def test_the_run_after_a_bad_one_finds_what_was_missed_and_forgets_the_problem(
    source: str, place: Place
) -> None:
    place.internet.documents = [GOV, NDA, NOTICE]
    place.internet.fail(HOSTS[source], "html")
    assert place.run(COUNTS).exit_status == 1
    place.internet.recover()
    assert len(place.look()) == 3
    with snapshot(place.data) as connection:
        assert connection.execute("select * from problems").fetchall() == []


@pytest.mark.parametrize("how", HARMLESS)
def test_the_order_and_the_repetition_of_entries_change_nothing(how: str, place: Place) -> None:
    good = place.look()
    for host in HOSTS.values():
        place.internet.fail(host, how)
    assert place.run(COUNTS).exit_status == 0
    assert place.waiting() == good


@pytest.mark.parametrize("source", FINDERS)
def test_a_page_that_fails_among_several_keeps_all_of_them_out(source: str, place: Place) -> None:
    where = {"gov_cn": "zhengcelibrary_bm", "nda": "tzgg"}[source]
    second = {"gov_cn": "&p=2&", "nda": "tzgg/list/index_pc_2"}[source]
    place.internet.documents = [GOV, NDA, *many(2 * PAGE_SIZE, where)]
    place.internet.fail(second, "truncated")
    (outcome,) = place.run(source=source).outcomes
    assert outcome.problem != ""
    assert place.waiting() == []
    kept = sorted(path.parent.name for path in (place.settings.raw / source).rglob("*.gz"))
    assert f"{where}-2" in kept  # what came is kept before it is read


def test_a_host_that_cannot_be_reached_is_named_once(place: Place) -> None:
    for host in HOSTS.values():
        place.internet.fail(host, "refused")
    report = place.run(COUNTS)
    assert len(report.unreachable) == 2
    assert [place.internet.tunnels.count(host) for host in HOSTS.values()] == [1, 1]


def test_the_command_ends_with_a_table_of_both(place: Place, cli: Cli) -> None:
    place.internet.documents = [GOV, NDA, NOTICE]
    done = cli("run", "--source", "nda", "--known-at", JUNE.isoformat())
    assert (done.status, done.err) == (0, "")
    assert "nda: 2 new, 0 revised, newest 2026-06-09 from nda" in done.out
    place.internet.fail(HOSTS["gov_cn"], "status:503")
    done = cli("run", "--source", "gov_cn", "--known-at", JUNE.isoformat())
    assert (done.status, done.err) == (1, "")
    assert "sousuo.www.gov.cn answered 503" in done.out


# Replay


@pytest.fixture
def archived(place: Place) -> Place:
    """Three looks, each finding something; one document changes its words."""
    place.look(GOV, NDA, NOTICE)
    place.look(GOV, NDA, NOTICE, gov("8", "关于算力互联的通知"), at=JUNE + timedelta(days=1))
    number = gov("8", "关于算力互联的通知", "国数算力〔2026〕2号")
    place.look(GOV, NDA, NOTICE, number, *many(20, "zcfb"), at=JUNE + timedelta(days=2))
    return place


@pytest.mark.parametrize("only", [None, "gov_cn", "nda"])
def test_a_replay_ends_with_the_same_candidates(only: str | None, archived: Place) -> None:
    before, waiting = texts(archived.settings), archived.waiting()
    assert len(before) > 20
    done = {one.source: one for one in replay(archived.settings, archived.catalog, only)}
    for source in [only] if only else list(FINDERS):
        assert done[source].same
        assert done[source].after > 1
        assert done[source].answers >= 6
    assert (texts(archived.settings), archived.waiting()) == (before, waiting)


def test_a_candidate_that_was_tampered_with_is_found_and_set_right(
    archived: Place, cli: Cli
) -> None:
    before = texts(archived.settings)
    with opened(archived.settings.warehouse) as warehouse:
        warehouse.connection.execute(
            "update texts set document = replace(document, '算力', '电力') where kind = ?",
            ["candidate gov_cn"],
        )
    assert cli("replay", "--source", "gov_cn").status == 1
    assert texts(archived.settings) == before
    assert cli("replay").status == 0


def test_a_gap_in_the_archive_changes_no_candidate(archived: Place) -> None:
    before = texts(archived.settings)
    next((archived.settings.raw / "nda/zcfb-1").glob("*.gz")).unlink()
    with pytest.raises(StorageError, match="is missing"):
        replay(archived.settings, archived.catalog, "nda")
    assert texts(archived.settings) == before


def test_an_answer_that_is_not_understood_any_more_changes_no_candidate(
    archived: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Stricter(Nda):
        def parse(self, payload: bytes) -> list[Document]:
            raise UnexpectedPayload("www.nda.gov.cn sent something else.")

    before = texts(archived.settings)
    monkeypatch.setattr(candidates, "FINDERS", {**FINDERS, "nda": Stricter()})
    with pytest.raises(StorageError, match="cannot be read any more"):
        replay(archived.settings, archived.catalog)
    assert texts(archived.settings) == before


# What a person decides


def key_of(place: Place, title: str) -> str:
    (one,) = [c for c in place.waiting() if c.document.title == title]
    return one.key


def test_the_list_shows_what_waits_with_keys_that_stay(place: Place, cli: Cli) -> None:
    place.look()
    shown, again = cli("candidates", "--json"), cli("candidates", "--json")
    assert (shown.status, shown.out) == (0, again.out)
    rows = json.loads(shown.out)
    assert [(r["title"], r["published"], r["sources"]) for r in rows] == [
        (CITED, "2026-04-28", ["cited"]), (NDA.title, "2026-06-09", ["nda"]),
        (GOV.title, "2026-06-02", ["gov_cn"]), (NOTICE.title, "2026-05-06", ["nda"]),
    ]  # fmt: skip
    rows = rows[1:]
    assert rows[1]["number"] == "国发〔2026〕9号"
    assert rows[1]["topics"] == ["数据要素"]
    assert rows[1]["url"].startswith("https://www.gov.cn/")
    table = cli("candidates").out
    for row in rows:
        assert row["key"] in table
        assert row["title"] in table
    key = rows[0]["key"]
    place.look(GOV, NDA, NOTICE, gov("8", "关于算力互联的通知"))
    assert key_of(place, NDA.title) == key


def test_status_ends_with_how_many_wait(place: Place, cli: Cli) -> None:
    place.look()
    assert cli("status").out.splitlines()[-1] == "3 found documents wait for you: " + (
        "python -m etl candidates"
    )
    keys = [candidate.key for candidate in place.waiting()]
    assert cli("candidates", "--leave", *keys[:2]).status == 0
    assert "1 found document waits" in cli("status").out
    assert cli("candidates", "--leave", keys[2]).status == 0
    assert "found" not in cli("status").out
    json.loads(cli("status", "--json").out)
    place.internet.fail(HOSTS["nda"], "html")
    place.run(source="nda")
    assert cli("status").out.splitlines()[-1].startswith("nda: www.nda.gov.cn sent a page without")


def test_a_document_taken_is_counted_after_the_next_run_and_waits_no_more(
    place: Place, cli: Cli
) -> None:
    place.look()
    june = date(2026, 6, 1)
    assert served(place.data, COUNTS).get(june) is None
    path = place.data / "policies.csv"
    before = path.read_bytes()
    keys = (key_of(place, GOV.title), key_of(place, NDA.title))
    done = cli("candidates", "--take", *keys, "--author", "王芳")
    assert (done.status, done.err) == (0, "")
    assert "python -m etl run" in done.out
    assert path.read_bytes().startswith(before)
    (made,) = (one for one in versions(path) if one.who == "王芳")  # as the desk does it
    assert GOV.title in made.why
    assert served(place.data, COUNTS).get(june) is None  # not before the run
    assert titles(place.waiting()) == {NOTICE.title}
    assert cli("run", COUNTS, "--offline").status == 0
    assert served(place.data, COUNTS)[june] == 2
    assert served(place.data, "policy_documents_monthly")[date(2026, 5, 1)] == 3
    row = next(r for r in rows_of(path) if r["title"] == GOV.title)
    assert row == {
        "title": GOV.title, "issuer": "国务院", "date_issued": "", "date_published": "2026-06-02",
        "doc_no": "国发〔2026〕9号", "topics": "数据要素", "kind": "issued", "verification": "",
        "url": "https://www.gov.cn/zhengce/zhengceku/202606/content_71.htm",
        "note": "found by gov_cn on 2026-06-30",
    }  # fmt: skip
    assert titles(place.look()) == {NOTICE.title}


def test_a_draft_that_is_taken_is_shown_and_not_counted(place: Place, cli: Cli) -> None:
    draft = "公共数据管理办法（征求意见稿）"
    place.look(gov("1", draft))
    before = served(place.data, COUNTS)
    assert cli("candidates", "--take", key_of(place, draft)).status == 0
    assert cli("run", COUNTS, "--offline").status == 0
    assert served(place.data, COUNTS) == before
    assert any(d.title == draft for d in read_register(place.data / "policies.csv"))


def test_a_folder_without_a_register_gets_a_copy_and_the_projects_stays(
    place: Place, cli: Cli
) -> None:
    bundled = (BUNDLED / "policies.csv").read_bytes()
    (place.data / "policies.csv").unlink()
    place.look()
    assert cli("candidates", "--take", key_of(place, GOV.title)).status == 0
    assert (BUNDLED / "policies.csv").read_bytes() == bundled
    own = (place.data / "policies.csv").read_bytes()
    assert own.startswith(bundled)
    assert own.count(b"\n") == bundled.count(b"\n") + 1
    assert not list(place.data.glob(".policies*"))


@pytest.mark.parametrize(
    "written",
    [
        lambda text: text.replace("\n", "\r\n").encode("utf-8-sig"),
        lambda text: text.rstrip("\n").encode(),
        lambda text: "".join(
            f"{line}\n"
            for line in (",".join(reversed(COLUMNS[:7])), 'issued,,,2026-05-04,,国家数据局,"甲,乙"')
        ).encode(),
    ],
    ids=["as Excel saves it", "no last line end", "other columns"],
)
def test_a_row_is_added_in_the_form_that_the_file_has(
    written: Callable[[str], bytes], place: Place, cli: Cli
) -> None:
    path = place.data / "policies.csv"
    path.write_bytes(written(path.read_text("utf-8")))
    before = read_register(path)
    odd = gov("1", 'CSV, "算力" 与逗号的意见', "国数算力〔2026〕2号", "国家数据局 财政部")
    place.look(odd)
    assert cli("candidates", "--take", key_of(place, odd.title)).status == 0
    *same, new = read_register(path)
    assert tuple(same) == before
    assert (new.title, new.issuer, new.number) == (odd.title, "国家数据局、财政部", odd.number)


def test_what_is_left_is_listed_no_more_and_can_still_be_taken(place: Place, cli: Cli) -> None:
    place.look()
    key = key_of(place, NOTICE.title)
    assert cli("candidates", "--leave", key).status == 0
    assert titles(place.look()) == {GOV.title, NDA.title}
    with snapshot(place.data) as connection:
        query = "select count(*) from policies where document like ?"
        assert connection.execute(query, [f"%{NOTICE.title}%"]).fetchall() == [(0,)]
    assert cli("candidates", "--take", key).status == 0
    assert any(d.title == NOTICE.title for d in read_register(place.data / "policies.csv"))


def test_what_is_left_stays_left_when_another_source_lists_it(place: Place, cli: Cli) -> None:
    place.look(NDA)
    assert cli("candidates", "--leave", key_of(place, NDA.title)).status == 0
    assert place.look(NDA, gov("5", NDA.title, "国数资源〔2026〕5号")) == []


@pytest.mark.parametrize("option", ["--take", "--leave"])
def test_a_key_that_is_none_changes_nothing(option: str, place: Place, cli: Cli) -> None:
    place.look()
    register, held = (place.data / "policies.csv").read_bytes(), texts(place.settings)
    key = key_of(place, GOV.title)
    wrong = key[:-1] + ("0" if key[-1] != "0" else "1")
    done = cli("candidates", option, key_of(place, NDA.title), wrong)
    assert (done.status, is_one_sentence(done.err)) == (2, True)
    assert key in done.err
    assert (place.data / "policies.csv").read_bytes() == register
    assert texts(place.settings) == held


def test_what_nobody_is_said_to_have_issued_is_written_by_hand(place: Place, cli: Cli) -> None:
    place.look(gov("1", "关于算力的通知", issuer=""))
    register = (place.data / "policies.csv").read_bytes()
    done = cli("candidates", "--take", key_of(place, "关于算力的通知"))
    assert (done.status, is_one_sentence(done.err)) == (2, True)
    assert "issued" in done.err
    assert (place.data / "policies.csv").read_bytes() == register


def test_nothing_is_decided_while_a_run_holds_the_lock(place: Place, cli: Cli) -> None:
    place.look()
    key = key_of(place, GOV.title)
    with lock(place.settings.lock):
        for option in ("--take", "--leave"):
            done = cli("candidates", option, key)
            assert (done.status, is_one_sentence(done.err)) == (2, True)
            assert "Another run" in done.err


def test_a_register_that_is_broken_is_not_written_on(place: Place, cli: Cli) -> None:
    place.look()
    key, path = key_of(place, GOV.title), place.data / "policies.csv"
    path.write_text(path.read_text("utf-8") + "甲,国家数据局,,2026-02-30,,,issued,,,\n", "utf-8")
    broken = path.read_bytes()
    done = cli("candidates", "--take", key)
    assert (done.status, is_one_sentence(done.err)) == (2, True)
    assert "2026-02-30" in done.err
    assert path.read_bytes() == broken


def test_before_the_first_run_the_list_says_what_to_do(data: Path, cli: Cli) -> None:
    for arguments in ((), ("--take", "a"), ("--leave", "a")):
        done = cli("candidates", *arguments)
        assert (done.status, is_one_sentence(done.err)) == (2, True)
        assert "etl run" in done.err


def test_an_unknown_source_is_refused_with_the_nearest_name(
    catalog: Catalog, data: Path, cli: Cli
) -> None:
    done = cli("run", "--source", "gov_cm")
    assert done.status == 2
    assert "'gov_cn'" in done.err
