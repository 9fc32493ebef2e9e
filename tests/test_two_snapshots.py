"""Nothing that is for the committee is in public: not in the file, at no address, in no words."""

from __future__ import annotations

import copy
import io
import json
import re
import shutil
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from urllib.parse import quote, urljoin, urlsplit

import duckdb
import httpx
import pytest
from catalogs import catalog_text, entry
from conftest import Cli, settings_of
from planted import (
    COUNT,
    CREDIT,
    DAY,
    DERIVED,
    EARLIER,
    FAILING,
    GONE_DAY,
    HIDDEN_DAY,
    KEPT,
    OLD,
    SECRET,
    VALUE,
    WORDS,
    catalog_of_the_site,
    planted_site,
    run_planted,
)
from serving import PLAIN, SiteClient, TestClient, rows_of
from test_attacks import CALLBACK, VISIT

from dashboard.export.files import export
from dashboard.http.caching import Lasts
from dashboard.people import PeopleDoor
from dashboard.server import Server, create_members_site, create_server, create_site
from dashboard.static_copy.write import write_copy
from etl.bulletins.model import Bulletin, Reference, Section
from etl.catalog import Catalog, load_catalog
from etl.committee import quotes
from etl.errors import CatalogError, FileProblem, XinzhiError
from etl.ingest.raw import archive_of
from etl.ingest.run import Report
from etl.policies.register import read_register
from etl.quoted_values import CommitteeValues
from etl.records import Document
from etl.settings import Settings
from etl.storage.snapshots import SnapshotStore, committee_store_of, store_of

#: How many addresses the crawl follows at most, and how many that differ in their query alone.
MOST, MOST_ALIKE = 150, 2
SUFFIXES = (".svg", ".png", ".csv", ".xlsx", ".parquet", ".json", ".zip", ".txt", ".md",
            ".metadata.json", ".qr.svg", ".qr.png", ".kit.zip", ".kit.html", "/since")  # fmt: skip
_LINK = re.compile(
    r"""(?:href|src|action)=["']([^"'<> ]+)["']|<loc>([^<]+)</loc>|"""
    r"""["'>](https?://[^\s"'<>)]+)"""
)
#: What is asked beside what is linked; of what belongs to the program alone nothing is.
SEEDS = (
    "/", "/sitemap.xml", "/robots.txt", "/atom.xml", "/events.atom", "/catalog.jsonld", "/llms.txt",
    "/metrics", "/readyz", "/healthz", "/status", "/indicators", "/bulletins", "/policies",
    "/compare", "/export", "/about", "/verify", "/since", "/wall", "/events", "/provinces",
    "/claims", "/corrections", "/bulletins/new", "/api/openapi.json", "/api/docs",
    "/api/v1/indicators", "/api/v1/bulletins", "/api/v1/policies", "/api/v1/events",
    "/api/v1/status", "/api/v1/observations?ids=jia_usd,yi_usd&t=max&shape=wide",
    "/api/v1/observations?ids=jia_usd&t=max&format=parquet", "/oembed?url=/c/jia_usd",
    "/policies?month=2026-05", "/?asof=2026-05-22", "/indicators?asof=2026-05-22",
    "/policies?asof=2026-05-22", "/bulletins?asof=2026-05-22", "/embed/c/jia_usd",
    "/policies.atom", "/feeds.opml", "/since/2026-05-20.md", "/since/2026-05-20.csv",
    "/bulletins/2026-05-28.zip", "/bulletins/2026-05-28.kit.zip", "/provinces.csv",
    "/api/v1/claims", "/api/v1/corrections", "/events.atom?group=g", "/policies.atom?topic=算力",
    "/c/jia_usd.csv?u=yoy&freq=w", "/wall?ids=jia_usd,yi_usd", "/compare?ids=jia_usd,yi_usd",
    *(f"/c/{place}{suffix}" for place in ("jia_usd", "documents_monthly@2026-05-22")
      for suffix in SUFFIXES),
)  # fmt: skip
NOT_ASKED = ("/assets/", "/static/", "/_dash", "/api/docs/")


@dataclass(frozen=True)
class Planted:
    """The site after one run, with what that run reported."""

    settings: Settings
    catalog: Catalog
    report: Report
    folder: Path


@pytest.fixture(scope="module", autouse=True)
def _drawn() -> Iterator[None]:
    """What is drawn is looked into: of a picture its words, which pixels do not give back."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("resvg_py.svg_to_bytes", lambda svg_string, **_: svg_string.encode())
        yield


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Planted:
    folder = tmp_path_factory.mktemp("planted")
    settings, catalog = planted_site(folder)
    return Planted(settings, catalog, run_planted(settings, catalog), folder)


def _client(server: Server) -> SiteClient:
    return SiteClient(server, raise_server_exceptions=False, follow_redirects=False,
                      headers={"X-Request-ID": "test"})  # fmt: skip


@pytest.fixture(scope="module")
def public(planted: Planted) -> SiteClient:
    return _client(create_server(planted.settings))


@pytest.fixture(scope="module")
def members(planted: Planted, public: SiteClient) -> SiteClient:
    return _client(create_members_site(planted.settings, public.app).answering)


def leaks(body: bytes) -> list[str]:
    """The planted words in an answer, looked for in what is packed in it as well."""
    if body[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(body)) as packed:
            inner = [packed.read(name) for name in packed.namelist()]
            return [word for one in (*map(str.encode, packed.namelist()), *inner)
                    for word in leaks(one)]  # fmt: skip
    if body[:4] == b"PAR1":
        with duckdb.connect() as reader:
            place = Path("/dev/shm") if Path("/dev/shm").exists() else Path("/tmp")
            file = place / "sight.parquet"
            file.write_bytes(body)
            rows = reader.execute(f"select r::varchar from '{file}' as r").fetchall()
            file.unlink()
            return leaks(repr(rows).encode())
    spellings = {w: (w, quote(w), json.dumps(w)[1:-1], w.encode("unicode_escape").decode())
                 for w in WORDS}  # fmt: skip
    return [w for w, forms in spellings.items() if any(form.encode() in body for form in forms)]


def inside(store: SnapshotStore) -> bytes:
    """Every cell of the current snapshot, and the bytes of its file."""
    name = store.current_name()
    assert name is not None
    path = store.path(name)
    with store.read_current() as reader:
        tables = reader.execute("select table_name from duckdb_tables()").fetchall()
        rows = [reader.execute(f'select r::varchar from "{table}" as r').fetchall()
                for (table,) in tables]  # fmt: skip
    return path.read_bytes() + repr(rows).encode()


def test_nothing_planted_is_in_the_public_snapshot_and_all_of_it_in_the_committees(
    planted: Planted,
) -> None:
    report = planted.report
    failed = {outcome.subject for outcome in report.outcomes if outcome.problem}
    assert failed == {FAILING, "gov_cn", "nda"}
    assert report.snapshot
    assert report.for_committee
    assert report.snapshot != report.for_committee
    assert leaks(inside(store_of(planted.settings))) == []
    found = leaks(inside(committee_store_of(planted.settings)))
    assert {*WORDS} - {*found} <= {"73,519", "7.35 万", "61847", "61,847", "7.3519", "zhuquelv"}


def crawled(site: SiteClient, base: str) -> Iterator[tuple[str, httpx.Response]]:
    """Every address that the site leads to from the seeds, with its answer."""
    waiting, seen, alike = [*SEEDS], set(SEEDS), dict[str, int]()
    while waiting and len(alike) < MOST:
        address = waiting.pop(0)
        path = urlsplit(address).path
        alike[path] = alike.get(path, 0) + 1
        if alike[path] > MOST_ALIKE or path.startswith(NOT_ASKED):
            continue
        answer = site.get(address, headers=PLAIN)
        yield address, answer
        if not answer.headers.get("content-type", "").startswith(("text/", "application/")):
            continue
        found = [*filter(None, (one for m in _LINK.finditer(answer.text) for one in m.groups()))]
        for link in [*found, answer.headers.get("location", "")]:
            target = urlsplit(urljoin(f"{base}{address}", link.replace("&amp;", "&")))
            if f"{target.scheme}://{target.netloc}" == base:
                at = f"{target.path}?{target.query}" if target.query else target.path
                if at not in seen:
                    seen.add(at)
                    waiting.append(at)


def callback(path: str, search: str = "") -> dict[str, object]:
    """What a page in a browser sends to become another one."""
    sent = copy.deepcopy(VISIT)
    inputs: list[dict[str, str]] = sent["inputs"]  # type: ignore[assignment]
    inputs[0]["value"], inputs[1]["value"] = path, search
    return sent


def test_no_public_address_tells_anything_planted(planted: Planted, public: SiteClient) -> None:
    base = planted.settings.base_url
    told, paths = {}, set()
    for address, answer in crawled(public, base):
        paths.add(urlsplit(address).path)
        assert answer.status_code < 500, address
        if found := leaks(answer.content) + leaks(repr(answer.headers).encode()):
            told[address] = found
    assert told == {}
    assert {"/bulletins/2026-05-28", "/indicators/jia_usd", "/c/jia_usd.xlsx"} <= paths
    for path in ("/", "/indicators", "/indicators/jia_usd", "/status", "/policies", "/compare"):
        answer = public.post(CALLBACK, json=callback(path, "?ids=jia_usd,yi_usd"))
        assert answer.status_code == 200, path
        assert leaks(answer.content) == [], path


#: Addresses with a blank for an id, a day or a word; the members' site answers the first of each.
BY_ID = (
    "/c/{}", "/c/{}@2026-05-22", *(f"/c/{{}}{suffix}" for suffix in SUFFIXES), "/embed/c/{}",
    "/indicators/{}", "/compare?ids=jia_usd,{}", "/export?ids={}", "/c/jia_usd?with={}",
    "/c/jia_usd.csv?with={}", "/api/v1/indicators/{}", "/api/v1/observations?ids={}",
    "/api/v1/observations?ids=jia_usd,{}&format=csv", "/api/v1/events?id={}", "/wall?ids={}",
    "/events?id={}", "/oembed?url=/c/{}", "/claims?indicator={}", "/since?id={}",
    "/events.atom?id={}", "/c/jia_usd@2026-05-22?with={}", "/verify?code={}",
)  # fmt: skip
BY_DAY = ("/bulletins/{}", "/api/v1/bulletins/{}", "/api/v1/bulletins/{}/claims",
          "/bulletins/{}.zip", "/bulletins/{}.kit.zip", "/?day={}", "/claims?day={}",
          "/bulletins?asof={}")  # fmt: skip
BY_WORD = ("/indicators?q={}", "/policies?q={}", "/bulletins?q={}", "/events?q={}", "/claims?q={}",
           "/policies?topic={}", "/api/v1/policies?topic={}", "/api/v1/policies?q={}",
           "/export?q={}", "/compare?q={}", "/wall?q={}", "/policies.atom?topic={}",
           "/events.atom?group={}", "/policies?issuer={}", "/s/{}")  # fmt: skip


@pytest.mark.parametrize(
    ("addresses", "hidden", "unknown"),
    [
        (BY_ID, SECRET, "zzzzzzz_zzzzzz_zzz"), (BY_ID, OLD, "zzzzzzz_zzzzzz_zz"),
        (BY_DAY, str(HIDDEN_DAY), "2026-05-25"), (BY_DAY, str(GONE_DAY), "2026-05-25"),
        (BY_WORD, "朱雀", "蓝鲸"), (BY_WORD, "zhuque", "lanjng"), (BY_WORD, "青龙要务", "蓝鲸要务"),
        (BY_WORD, "73519.48", "83519.48"),
    ],
)  # fmt: skip
def test_what_is_hidden_is_answered_like_what_never_was(
    public: SiteClient, addresses: tuple[str, ...], hidden: str, unknown: str
) -> None:
    for address in addresses:
        found, other = (
            public.get(address.format(quote(word)), headers=PLAIN) for word in (hidden, unknown)
        )
        bodies = [
            answer.content.replace(quote(word).encode(), b"#").replace(word.encode(), b"#")
            for answer, word in ((found, hidden), (other, unknown))
        ]
        assert found.status_code == other.status_code, address
        assert leaks(bodies[0]) == [], address
        assert "location" not in found.headers, address
        kept = ("cache-control", "content-type", "surrogate-key", "vary")
        assert [found.headers.get(name) for name in kept] == [
            other.headers.get(name) for name in kept
        ], address
        if found.status_code == 404:
            hints = [re.sub(rb"Did you mean.*?\?|\xe4\xbd\xa0.{0,80}", b"", one) for one in bodies]
            assert hints[0] == hints[1], address


def tool_answer(site: SiteClient, tool: str, arguments: dict[str, object]) -> str:
    """What an assistant is answered, whether it is an answer or an error."""
    message = {"jsonrpc": "2.0", "id": 1, "method": "tools/call",
               "params": {"name": tool, "arguments": arguments}}  # fmt: skip
    accepts = {"Accept": "application/json, text/event-stream"}
    return site.post("/mcp", json=message, headers={**PLAIN, **accepts}).text


def filled(arguments: dict[str, object], word: str) -> dict[str, object]:
    """What is asked, with a word in the place of {}."""
    return dict(json.loads(json.dumps(arguments).replace("{}", word)))


def test_assistants_are_told_nothing_of_it_and_members_are(
    public: SiteClient, members: SiteClient
) -> None:
    asked: dict[str, dict[str, object]] = {
        "search_indicators": {"query": "{}"},
        "get_series": {"ids": ["jia_usd", "{}"], "t": "max"},
        "check_statement": {"statement": "{} 的利润收于 73519.48 美元", "date": "2026-05-28"},
        "list_documents": {"month": "2026-05", "topic": "{}"},
        "list_events": {"id": "{}"},
        "chart": {"id": "jia_usd", "with": ["{}"]},
    }
    for tool, arguments in asked.items():
        for hidden, unknown in ((SECRET, "vkxqje_wkbfhp_usd"), ("朱雀", "蓝鲸")):
            told = []
            for word in (hidden, unknown):
                answer = tool_answer(public, tool, filled(arguments, word))
                told.append(re.sub("Did you mean.*?[?]", "", answer).replace(word, "#"))
            assert told[0] == told[1], tool
            assert leaks(told[0].replace("73519.48", "").encode()) == [], tool
    whole = tool_answer(members, "get_series", filled(asked["get_series"], SECRET))
    assert {"朱雀", "73519"} <= {*leaks(whole.encode())}
    everything = tool_answer(public, "list_documents", {}) + tool_answer(public, "list_events", {})
    assert leaks(everything.encode()) == []


def test_no_tag_of_one_site_is_one_of_the_other_where_they_differ(
    public: SiteClient, members: SiteClient
) -> None:
    for address in ("/", "/indicators", "/sitemap.xml", "/api/v1/indicators", "/policies"):
        tag = public.get(address, headers=PLAIN).headers.get("etag", "")
        answer = members.get(address, headers={**PLAIN, "If-None-Match": tag, "If-Range": tag})
        assert (answer.status_code, answer.headers["cache-control"]) == (200, Lasts.PRIVATE)
        head = members.head(address, headers=PLAIN)
        assert (head.content, head.headers["cache-control"]) == (b"", Lasts.PRIVATE)
    part = members.get(f"/c/{SECRET}.csv", headers={**PLAIN, "Range": "bytes=0-9"})
    assert (part.status_code, part.headers["cache-control"]) == (206, Lasts.PRIVATE)
    held = members.get(f"/c/{SECRET}.csv", headers=PLAIN).headers["etag"]
    again = members.get(f"/c/{SECRET}.csv", headers={**PLAIN, "If-None-Match": held})
    assert (again.status_code, again.headers["cache-control"]) == (304, Lasts.PRIVATE)
    for asked in ({"If-None-Match": held}, {"If-None-Match": "*"}, {"Range": "bytes=0-9"}):
        assert public.get(f"/c/{SECRET}.csv", headers={**PLAIN, **asked}).status_code == 404


def test_the_committee_is_told_all_of_it_and_nobody_keeps_it(members: SiteClient) -> None:
    for address, words in {
        "/": ["朱雀内参", "73519.48"],
        f"/indicators/{SECRET}": ["朱雀利润"],
        f"/c/{SECRET}.csv": ["73519.4826"],
        f"/c/{SECRET}": ["朱雀利润"],
        f"/c/{DERIVED}.txt": ["玄武价差"],
        f"/bulletins/{HIDDEN_DAY}": ["麒麟动向"],
        f"/api/v1/bulletins/{HIDDEN_DAY}/claims": [SECRET, "supported"],
        "/api/v1/policies?month=2026-05": ["朱雀专项", "麒麟工程"],
        "/indicators?q=zhuque": [SECRET],
        "/sitemap.xml": [SECRET],
        f"/c/{OLD}": [],
        "/nowhere": [],
    }.items():
        answer = members.get(address, headers=PLAIN)
        assert [word for word in words if word not in answer.text] == [], address
        assert answer.headers.get_list("cache-control") == [Lasts.PRIVATE], address
        assert not {"surrogate-key", "cache-tag"} & set(answer.headers), address
    assert members.get(f"/c/{OLD}").headers["location"].endswith(f"/c/{SECRET}")


def test_a_public_count_counts_what_is_public_and_the_committees_counts_all(
    public: SiteClient, members: SiteClient
) -> None:
    def count(site: SiteClient, name: str) -> int:
        rows = rows_of(site.get(f"/c/{name}.csv?t=2026-05-01..2026-05-31", headers=PLAIN))
        return round(float(rows[-1]["value"]))

    listed = public.get("/api/v1/policies?month=2026-05").json()
    assert count(public, "documents_monthly") == listed["counted"]
    assert count(members, "documents_monthly") == listed["counted"]
    assert count(members, COUNT) == listed["counted"] + 2


def test_files_made_by_commands_are_public(planted: Planted, tmp_path: Path) -> None:
    done = write_copy(planted.settings, tmp_path / "copy", ["jia_usd"], lambda at: None)
    assert done.files > 10
    for file in (tmp_path / "copy").rglob("*"):
        if file.is_file() and "assets" not in file.parts and "static" not in file.parts:
            assert leaks(file.read_bytes()) == [], file
            assert leaks(file.name.encode()) == [], file
    with pytest.raises(XinzhiError, match=SECRET):
        export(planted.settings, [SECRET], {}, "csv", tmp_path / "a.csv")


def test_the_answers_of_sources_lie_beside_the_committees_snapshots(tmp_path: Path) -> None:
    key = {"XINZHI_S3_KEY_ID": "id", "XINZHI_S3_SECRET": "secret"}
    place = {**key, "XINZHI_SNAPSHOTS": "s3://public/site"}
    own = {**place, "XINZHI_COMMITTEE_SNAPSHOTS": "s3://committee/site"}
    for told, where in (({}, f"{tmp_path}/raw"), (place, "public/site/raw"),
                        (own, "committee/site/raw")):  # fmt: skip
        assert str(archive_of(settings_of(tmp_path, **told))).endswith(where)


def derived_of(hidden: str, own: str = "public") -> str:
    """A catalog in which one of two inputs is for the committee."""
    made = [{"name": "derived", "formula": "sum", "of": ["jia_usd", "yi_usd"]}]
    return catalog_text(
        entry("jia_usd", aliases=["甲价"], visibility=hidden),
        entry("yi_usd"),
        entry("both_usd", sources=made, visibility=own),
    )


def test_what_is_derived_from_the_committees_must_be_the_committees(
    tmp_path: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "indicators.yaml"
    monkeypatch.setenv("XINZHI_CATALOG", str(path))
    path.write_text(derived_of("committee"), encoding="utf-8")
    told = cli("check")
    assert told.status == 2
    assert "both_usd is public, and is derived from what is for the committee: jia_usd" in told.err
    path.write_text(derived_of("committee", "committee"), encoding="utf-8")
    assert load_catalog(path)["both_usd"].for_committee
    path.write_text(derived_of("comittee"), encoding="utf-8")
    with pytest.raises(CatalogError, match="visibility"):
        load_catalog(path)


TITLE = "关于麒麟重大工程建设的意见"
SHUT = Document(TITLE, "国家数据局", "2026-05-08", "2026-05-08", "", (), "issued",
                visibility="committee")  # fmt: skip


def told_of(catalog: Catalog, **said: object) -> list[str]:
    """What is refused of a public bulletin that says something."""
    told = {"title": "动态", "publisher": "编者", "summary": "甲价收于 104 美元。", "sections": (),
            "date": HIDDEN_DAY, **said}  # fmt: skip
    text = Bulletin.model_validate(told)
    return list(quotes(catalog, [text], [SHUT]))


def test_public_words_that_speak_of_the_committees_are_told_with_their_place(
    planted: Planted,
) -> None:
    catalog, cites = planted.catalog, Reference(
        number=4, publisher="国家数据局", title=TITLE, date=None
    )  # fmt: skip
    assert told_of(catalog) == []
    (one,) = told_of(catalog, summary="行情平稳。朱雀率升至 3%。甲价不变。")
    assert one == (
        "the bulletin of 2026-05-29 is public and speaks of zhuque_margin_usd (朱雀利润), which is "
        "for the committee: its summary, “朱雀率升至 3%。”. Change the words, or write visibility: "
        "committee there too."
    )
    section = Section(number=2, title="内部", paragraphs=("如常。", "玄武价差收窄。"))
    (one,) = told_of(catalog, sections=(section,))
    assert "section 2 (内部), “玄武价差收窄。”" in one
    assert "its title" in told_of(catalog, title="Zhuque margin today")[0]
    assert told_of(catalog, summary=f"见 {SECRET}。")
    assert "reference 4" in told_of(catalog, references=(cites,))[0]
    assert f"《{TITLE}》" in told_of(catalog, summary=f"印发了{TITLE}。")[0]


@pytest.mark.parametrize(
    "words",
    [
        f"见 https://news.example/c/{SECRET}@2026-05-22.png 。", "朱 雀 利润", "朱雀-利润",
        f"见 /api/v1/indicators/{SECRET}。", f"见 www.news.example/c/{OLD}?t=1y",
        "凤·凰库·存", "ZHUQUE MARGINS", "fenghuang-stock", "Fenghuang  Stocks", "鳳凰庫存",
        "fenghuang stock own",
        "| 项目 | 数 |\n|---|---|\n| 朱雀率 | 3 |", "[图](/c/zhuque_margin_usd)",
    ],
)  # fmt: skip
def test_a_name_is_known_in_every_spelling_and_in_addresses(planted: Planted, words: str) -> None:
    section = Section(number=1, title="行情", paragraphs=("如常。", words))
    (one, *_) = told_of(planted.catalog, sections=(section,))
    assert "section 1 (行情)" in one


#: The newest value is of 29 May; 104 and 5,123.45 are public as well.
VALUES = [(SECRET, HIDDEN_DAY - timedelta(days=n), VALUE if n == 0 else EARLIER + n)
          for n in range(200)] + [(KEPT, HIDDEN_DAY, 5123.45), (KEPT, DAY, 100000.0)]  # fmt: skip


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("利润 73,519.48 美元", "73,519.48"), ("约 7.352 万", ""), ("7.351948 万", "7.351948 万"),
        ("７３５１９．５", "７３５１９．５"), ("| 73519 | 3 |", "73519"),
        ("$73519.4826", "73519.4826"), ("73519.48 至 73600 点", "73519.48"), ("涨 73.52", ""),
        ("73519.59", ""), ("735,194.8", ""),
        ("61,946.3951", "61,946.3951"), ("61,946", ""), ("收于 5,123.45 点", ""), ("100000 户", ""),
        ("2026 年", ""), ("国数据〔2026〕73519号", ""), ("电话 010-73519482", ""),
    ],
)  # fmt: skip
def test_a_bare_number_is_told_where_chance_would_hardly_give_it(
    planted: Planted, words: str, told: str
) -> None:
    catalog, day = planted.catalog, HIDDEN_DAY
    values = CommitteeValues(catalog, VALUES, lambda some: any(a < 5123.45 < b for a, b in some))
    assert [words[q.start : q.stop] for q in values.found(words, day)] == [told] * bool(told)
    public = Bulletin(date=day, title="动态", publisher="编者", summary=words, sections=())
    said = list(quotes(catalog, [public], [], values=values))
    assert [told in one for one in said] == [True] * bool(told)
    if told == "73,519.48":
        assert said == [
            "the bulletin of 2026-05-29 is public: its summary, “利润 73,519.48 美元”, tells "
            "73,519.48, which is the value of zhuque_margin_usd (朱雀利润) for 2026-05-29, for the "
            "committee, and of nothing public. Write it with fewer digits or not at all, or write "
            "visibility: committee there too."
        ]


def test_an_entry_in_public_words_of_the_committees_stops_publication_and_loses_nothing(
    planted: Planted, tmp_path: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = tmp_path / "data"
    shutil.copytree(planted.settings.data, data)
    credit = {**CREDIT, "name": {"zh": "台账 73519.4826", "en": "-"}}
    more = entry("bing_usd", definition={"zh": "扣除朱雀率", "en": "definition"}, credit=credit)
    path = catalog_of_the_site(tmp_path / "indicators.yaml", more)
    monkeypatch.setenv("XINZHI_DATA", str(data))
    monkeypatch.setenv("XINZHI_CATALOG", str(path))
    before = [store.current_name() for store in stores(settings_of(data))]
    for command in (["check"], ["run", "--offline"]):
        told = cli(*command)
        assert told.status == 2
        assert "bing_usd: definition.zh is public and names zhuque_margin_usd" in told.err
        assert (
            "bing_usd: credit.name.zh is public and tells 73519.4826, which is the va" in told.err
        )
    assert [store.current_name() for store in stores(settings_of(data))] == before


def stores(settings: Settings) -> tuple[SnapshotStore, SnapshotStore]:
    """Both stores of a site."""
    return store_of(settings), committee_store_of(settings)


def test_what_turns_is_gone_from_a_running_server_and_in_no_snapshot_that_is_returned_to(
    planted: Planted, tmp_path: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = tmp_path / "data"
    shutil.copytree(planted.settings.data, data)
    shutil.rmtree(data / "committee")  # as if nothing had ever been for the committee
    path = tmp_path / "indicators.yaml"
    monkeypatch.setenv("XINZHI_DATA", str(data))
    monkeypatch.setenv("XINZHI_CATALOG", str(path))
    text = catalog_of_the_site(path).read_text(encoding="utf-8")
    settings = settings_of(data, XINZHI_CATALOG=str(path), XINZHI_SIGN_IN="link")
    door = create_site(settings)
    assert isinstance(door, PeopleDoor)
    token, _ = door.people.make_token("reader", ["read"], 1)
    signed_in = {**PLAIN, "Authorization": f"Bearer {token}"}
    assert isinstance(door.public, Server)
    site, frozen = _client(door.public), "/c/yi_usd@2026-05-22"
    made = [f"/c/yi_usd{suffix}" for suffix in (".svg", ".csv", ".zip")] + [frozen, f"{frozen}.csv",
            "/embed/c/yi_usd", "/indicators/yi_usd", "/c/jia_usd.csv?with=yi_usd"]  # fmt: skip
    shown = {address: site.get(address, headers=PLAIN) for address in made}
    assert {answer.status_code for answer in shown.values()} == {200}
    (code,) = set(re.findall(r"/s/(\w+)", shown[frozen].text))
    digests = [sha256(shown[address].content).hexdigest()
               for address in (f"{frozen}.csv", "/c/jia_usd.csv?with=yi_usd")]  # fmt: skip
    made += [f"/s/{code}", *(f"/verify/{digest}" for digest in digests)]
    assert [site.get(address).status_code for address in made[-3:]] == [301, 200, 200]
    through_the_door = TestClient(door)
    with TestClient(door.members):  # as it runs beside the public one
        assert through_the_door.get(f"/c/{SECRET}", headers=signed_in).status_code == 404
        turned = text.replace("  yi_usd:\n", '  yi_usd:\n    visibility: "committee"\n')
        path.write_text(turned, encoding="utf-8")
        assert cli("run", "--offline").status == 0
        for name in (SECRET, "yi_usd"):
            answer = through_the_door.get(f"/c/{name}.csv", headers=signed_in)
            assert (answer.status_code, answer.headers["cache-control"]) == (200, Lasts.PRIVATE)
            assert {"Cookie", "Authorization"} <= set(answer.headers["vary"].split(", "))
    for address in made:
        tag = {"If-None-Match": shown[address].headers["etag"]} if address in shown else {}
        answer = site.get(address, headers={**PLAIN, **tag})
        assert answer.status_code == 404, address
        assert "乙价" not in answer.text, address
    public, members = stores(settings)
    current, before = public.names()
    told = cli("rollback")
    assert told.status == 2
    assert "in which nothing is shown that is for the committee now" in told.err
    told = cli("rollback", before)
    assert told.status == 2
    assert f"{before} is not returned to: it shows yi_usd" in told.err
    assert cli("rollback", "--committee").status == 2  # it is the first
    assert (public.current_name(), len(members.names())) == (current, 1)
    # An entry that is deleted is not public for that.
    gone = re.sub(r"  yi_usd:\n(    .*\n)+", "", turned)
    path.write_text(gone, encoding="utf-8")
    assert cli("run", "--offline").status == 0
    assert "yi_usd" not in inside(public).decode("utf-8", "replace")
    assert cli("rollback", before).status == 2
    assert cli("rollback", "--committee").status == 0


def test_bad_words_for_who_sees_a_document_are_refused(tmp_path: Path) -> None:
    head = "title,issuer,date_issued,date_published,doc_no,topics,kind,visibility\n"
    row = "关于数据的通知,国家数据局,2026-05-06,2026-05-06,,,issued,"
    path = tmp_path / "policies.csv"
    for rows, words in (
        (f"{row}comittee\n", "line 2: unknown visibility 'comittee'. Did you mean 'committee'?"),
        (f"{row}\n{row}committee\n", "line 3: this document stands twice, once for the committee"),
    ):
        path.write_text(head + rows, encoding="utf-8")
        with pytest.raises(FileProblem, match=re.escape(words)):
            read_register(path)
