"""One table in every format: the same rows, the same words about them, the same bytes twice."""

from __future__ import annotations

import io
import json
import re
import threading
import time
import zipfile
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from hashlib import sha256
from itertools import product
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import duckdb
import httpx
import openpyxl
import pytest
from conftest import examples, settings_of
from hypothesis import given
from hypothesis import strategies as st
from serving import PLAIN, TestClient, client, republish, rows_of, with_old_ids

from dashboard.export.formats import FORMATS
from dashboard.export.table import Table, table
from dashboard.export.xlsx import xml_cell
from etl.catalog import Catalog
from etl.settings import Settings

BASE = "http://127.0.0.1:8050"
DATA = (".csv", ".xlsx", ".parquet", ".json", ".zip")
PLACES = (
    "sp500",
    "sp500@2026-05-27",
    "pue_global_average",
    "micron_market_cap_usd_bn@2026-05-27T0900",
    "policy_documents_monthly",
    "vix",
)
PARAMETERS: Sequence[dict[str, str]] = (
    {},
    {"t": "3m"},
    {"t": "2026-04-01..2026-05-26"},
    {"u": "diff"},
    {"u": "pct", "t": "max"},
    {"u": "mom"},
    {"u": "yoy", "t": "max"},
    {"u": "index:2026-03-02"},
    {"u": "ma:20"},
    {"u": "drawdown"},
    {"u": "z:60"},
    {"shape": "wide"},
    {"with": "brent_spot_usd_bbl,us_10y_yield_pct,micron_close_usd"},
    {"with": "brent_spot_usd_bbl,us_10y_yield_pct", "shape": "wide", "u": "index"},
    {"for": "excel"},
    {"for": "excel", "shape": "wide", "lang": "en"},
    {"scope": "full"},
)
TABLE = [(place, query) for place, query in product(PLACES, PARAMETERS)]
HOSTILE = ("nonsense", "-1", "NaN", "１ｙ", "x" * 10_000, "\x00", "\u202e1y", "../../etc", "'", '"',
           "1;drop table observations", "<script>alert(1)</script>")  # fmt: skip
NAMED = ("t", "u", "scale", "lang", "theme", "updown", "shape", "for", "scope", "with")


def rows_of_xlsx(body: bytes) -> list[tuple[Any, ...]]:
    sheet = openpyxl.load_workbook(io.BytesIO(body))["数据"]
    return list(sheet.iter_rows(values_only=True))


def rows_of_parquet(body: bytes, folder: Path) -> list[dict[str, Any]]:
    path = folder / "x.parquet"
    path.write_bytes(body)
    with duckdb.connect() as own:
        found = own.execute("select * from read_parquet(?)", [str(path)])
        names = [column[0] for column in found.description]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def number(text: str) -> float | None:
    return float(text) if text else None


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def detail(answer: httpx.Response, status: int) -> dict[str, Any]:
    assert answer.status_code == status, (answer.url, answer.text[:300])
    assert answer.headers["content-type"] == "application/problem+json"
    document: dict[str, Any] = answer.json()
    assert document["detail"]
    assert "Traceback" not in answer.text
    return document


@pytest.mark.parametrize(("place", "query"), TABLE, ids=lambda x: str(x))
def test_every_format_of_every_address_holds_the_rows_of_its_csv(
    site: TestClient, tmp_path: Path, place: str, query: dict[str, str]
) -> None:
    csv_file = site.get(f"/c/{place}.csv", params=query)
    rows = rows_of(csv_file)
    answers = {suffix: site.get(f"/c/{place}{suffix}", params=query) for suffix in DATA}
    for suffix, answer in answers.items():
        assert answer.status_code == 200, answer.text[:300]
        assert answer.headers["content-type"] == FORMATS[suffix].media_type
        assert answer.headers["x-row-count"] == str(len(rows))
        assert answer.headers["x-snapshot"] == csv_file.headers["x-snapshot"]
        assert answer.headers["link"] == csv_file.headers["link"]
        assert (
            answer.headers["etag"].removeprefix("W/")
            == f'"{sha256(answer.content).hexdigest()[:32]}"'
        )
    wide = query.get("shape") == "wide"
    header, *cells = rows_of_xlsx(answers[".xlsx"].content)
    assert list(header) == csv_file.content.decode("utf-8-sig").split("\r\n")[0].split(",")
    assert [tuple(_typed(row, wide)) for row in rows] == [
        tuple(v if isinstance(v, (str, float)) or v is None else _excel(v) for v in row)
        for row in ([float(v) if isinstance(v, int) else v for v in row] for row in cells)
    ]
    named = site.get(f"/c/{place}.csv", params={**query, "for": ""})
    plain = rows_of(named)
    assert json.loads(answers[".json"].content)["data"] == [
        {name: number(cell) if _is_number(name, wide) else cell for name, cell in row.items()}
        for row in plain
    ]
    found = rows_of_parquet(answers[".parquet"].content, tmp_path)
    assert [list(row.values()) for row in found] == [list(_typed(row, wide)) for row in plain]
    with zipfile.ZipFile(io.BytesIO(answers[".zip"].content)) as packed:
        assert packed.read("data.csv") == csv_file.content


def _is_number(name: str, wide: bool) -> bool:
    return name != "date" if wide else name == "value"


def _typed(row: dict[str, str], wide: bool) -> Iterator[Any]:
    """The cells of a row of CSV as what they are."""
    for at, text in enumerate(row.values()):
        if at == 0:
            yield date.fromisoformat(text)
        elif wide or at == 2:
            yield number(text)
        else:
            yield moment(text) if at == 5 else text


def _excel(value: datetime) -> date | datetime:
    """A date of Excel: midnight is a day, any other time one in UTC."""
    return value.replace(tzinfo=UTC) if value.time() != datetime.min.time() else value.date()


@pytest.mark.parametrize("suffix", FORMATS)
def test_the_same_address_gives_the_same_bytes_from_another_server(
    published: Settings, suffix: str
) -> None:
    path = f"/c/sp500@2026-05-27{suffix}?with=vix,micron_close_usd&t=max"
    one = client(published).get(path)
    time.sleep(1.1)  # zip archives hold times to the second
    two = client(published).get(path)
    assert one.content == two.content
    assert one.headers["etag"] == two.headers["etag"]


@pytest.mark.parametrize("suffix", DATA)
def test_each_file_is_named_after_its_indicator_and_its_moment(
    site: TestClient, suffix: str
) -> None:
    words = site.get(f"/c/sp500@2026-05-27{suffix}").headers["content-disposition"]
    assert words.isascii()
    kind, name, chinese = words.split("; ")
    assert (kind, name) == ("attachment", f'filename="sp500_2026-05-27{suffix}"')
    assert unquote(chinese.removeprefix("filename*=UTF-8''")) == f"标普 500 指数_2026-05-27{suffix}"


@pytest.mark.parametrize("suffix", FORMATS)
def test_head_has_the_headers_of_get(site: TestClient, suffix: str) -> None:
    for path in (f"/c/sp500{suffix}", f"/c/sp500{suffix}?t=2y", f"/c/nothing{suffix}"):
        get, head = site.get(path, headers=PLAIN), site.head(path, headers=PLAIN)
        assert head.status_code == get.status_code
        assert dict(head.headers) == dict(get.headers)
        assert head.content == b""


@pytest.mark.parametrize("suffix", FORMATS)
@pytest.mark.parametrize("value", HOSTILE, ids=lambda value: repr(value[:20]))
def test_a_wrong_value_of_any_parameter_is_named_in_every_format(
    site: TestClient, suffix: str, value: str
) -> None:
    for name in NAMED:
        found = detail(
            site.get(f"/c/sp500{suffix}", params={name: value}), 404 if name == "with" else 400
        )
        assert found["parameter"] == name
        assert len(found["detail"]) < 1500


@pytest.mark.parametrize("suffix", FORMATS)
@pytest.mark.parametrize(
    ("path", "parameter", "status"),
    [
        ("/c/sp.500", "id", 404),
        ("/c/sp500%00", "id", 404),
        ("/c/%E2%80%AEsp500", "id", 404),
        ("/c/" + "a" * 10_000, "id", 404),
        ("/c/ｓｐ５００", "id", 404),
        ("/c/..%5c..%5cetc", "id", 404),
        ("/c/sp500@@2026-05-27", "asof", 400),
        ("/c/sp500@", "asof", 400),
        ("/c/sp500@2026-02-30", "asof", 400),
        ("/c/sp500@2999-01-01", "asof", 400),
        ("/c/sp500@0001-01-01", "asof", 404),
        ("/c/sp500@1990-01-01", "asof", 404),
        ("/c/sp500@２０２６-05-27", "asof", 400),
    ],
)
def test_a_wrong_place_is_refused_in_words_in_every_format(
    site: TestClient, suffix: str, path: str, parameter: str, status: int
) -> None:
    assert detail(site.get(f"{path}{suffix}"), status)["parameter"] == parameter


@pytest.mark.parametrize("suffix", FORMATS)
def test_values_of_other_kinds_of_wrongness(site: TestClient, suffix: str) -> None:
    for query, parameter in (
        ("t=2026-05-26..2025-01-01", "t"),
        ("t=2026-02-30..", "t"),
        ("with=sp500", "with"),
        ("with=vix,vix", "with"),
        ("with=vix,usd_cny,brent_spot_usd_bbl,nasdaq_composite", "with"),
        ("scale=log&u=diff&t=max", "scale"),
        ("u=ma:9999999999", "u"),
    ):
        assert detail(site.get(f"/c/sp500{suffix}?{query}"), 400)["parameter"] == parameter


@pytest.mark.parametrize("suffix", DATA)
def test_a_doubled_parameter_is_refused_and_an_empty_one_is_the_default(
    site: TestClient, suffix: str
) -> None:
    assert detail(site.get(f"/c/sp500{suffix}?t=3m&t=1y"), 400)["parameter"] == "t"
    twice = site.get(f"/c/sp500{suffix}?from=a&from=b")  # what others add is ignored
    assert twice.content == site.get(f"/c/sp500{suffix}").content
    assert (
        site.get(f"/c/sp500{suffix}?t=&u=&with=").content == site.get(f"/c/sp500{suffix}").content
    )


@pytest.mark.parametrize("suffix", FORMATS)
def test_an_indicator_without_data_is_an_empty_table(
    site: TestClient, tmp_path: Path, suffix: str
) -> None:
    answer = site.get(f"/c/phlx_semiconductor{suffix}")
    assert (answer.status_code, answer.headers["x-row-count"]) == (200, "0")
    if suffix == ".parquet":
        (tmp_path / "x.parquet").write_bytes(answer.content)
        with duckdb.connect() as own:
            columns = own.execute("describe from read_parquet(?)", [str(tmp_path / "x.parquet")])
            kinds = {row[0]: row[1] for row in columns.fetchall()}
        assert kinds["value"] == "DOUBLE"
        assert kinds["known_at"] == "TIMESTAMP WITH TIME ZONE"


def test_a_workbook_keeps_its_header_in_sight_and_explains_itself(
    site: TestClient, catalog: Catalog
) -> None:
    book = openpyxl.load_workbook(io.BytesIO(site.get("/c/pue_global_average.xlsx").content))
    assert book.sheetnames == ["数据", "说明"]
    assert book["数据"].freeze_panes == "A2"
    assert book["数据"]["A2"].is_date
    assert book["数据"]["C2"].data_type == "n"
    said = {row[0]: row[1] for row in book["说明"].iter_rows(values_only=True)}
    metadata = site.get("/c/pue_global_average.metadata.json").json()
    assert said["口径"] == catalog["pue_global_average"].definition.zh
    allowed = "可以下载，引用请注明来源"
    assert said["许可"] == f"{catalog['pue_global_average'].credit.licence.zh}；{allowed}"
    assert said["CSV 的 SHA-256"] == metadata["sha256"]
    assert said["引用（GB/T 7714）"] == metadata["citation"]["gb_t_7714"]
    assert any(key == "口径变动" for key in said)


@given(st.text(max_size=200))
@examples(200)
def test_any_text_makes_a_well_formed_cell_that_is_no_formula(text: str) -> None:
    from xml.etree import ElementTree

    cell = ElementTree.fromstring(xml_cell(text, 0))
    assert cell.get("t") == "inlineStr"
    assert cell.find("f") is None


@given(st.floats(allow_nan=False, allow_infinity=False))
@examples(200)
def test_any_number_comes_back_from_a_cell_to_the_last_digit(value: float) -> None:
    found = re.fullmatch(r"<c><v>(.*)</v></c>", xml_cell(value, 0))
    assert found is not None
    assert float(found[1]) == value


def test_the_footer_of_a_parquet_file_says_what_the_metadata_say(
    site: TestClient, tmp_path: Path
) -> None:
    path = tmp_path / "x.parquet"
    path.write_bytes(site.get("/c/sp500@2026-05-27.parquet").content)
    with duckdb.connect() as own:
        rows = own.execute("select key, value from parquet_kv_metadata(?)", [str(path)]).fetchall()
    said = json.loads(dict(rows)[b"xinzhi"])
    assert said == site.get("/c/sp500@2026-05-27.metadata.json").json()


def test_the_archive_is_a_data_package(site: TestClient) -> None:
    with zipfile.ZipFile(
        io.BytesIO(site.get("/c/sp500@2026-05-27.zip?with=micron_close_usd").content)
    ) as packed:
        assert packed.testzip() is None
        assert packed.namelist() == ["data.csv", "datapackage.json", "README.md", "citation.bib"]
        package = json.loads(packed.read("datapackage.json"))
        data, readme = packed.read("data.csv"), packed.read("README.md").decode()
        bib = packed.read("citation.bib").decode()
    assert package["profile"] == "tabular-data-package"
    assert re.fullmatch(r"[-a-z0-9._/]+", package["name"])
    assert all(entry["path"].startswith("https://") for entry in package["licenses"])
    assert all(entry["title"] for entry in package["sources"])
    (resource,) = package["resources"]
    assert (resource["profile"], resource["path"]) == ("tabular-data-resource", "data.csv")
    assert resource["encoding"] == "utf-8"
    assert resource["bytes"] == len(data)
    assert resource["hash"] == f"sha256:{sha256(data).hexdigest()}"
    schema = resource["schema"]
    names = [field["name"] for field in schema["fields"]]
    assert names == data.decode().split("\r\n")[0].split(",")
    kinds = {field["name"]: field["type"] for field in schema["fields"]}
    assert (kinds["date"], kinds["value"], kinds["known_at"]) == ("date", "number", "datetime")
    assert set(schema["primaryKey"]) <= set(names)
    assert schema["missingValues"] == [""]
    assert bib.startswith("@misc{xinzhi_sp500_20260527,")
    assert bib.count("{") == bib.count("}")
    assert resource["hash"].removeprefix("sha256:") in readme


def test_a_citation_leads_to_the_same_rows_for_good(site: TestClient) -> None:
    metadata = site.get("/c/sp500.metadata.json?u=pct").json()
    frozen = metadata["frozen_url"]
    assert "@" in frozen
    assert frozen in metadata["citation"]["gb_t_7714"]
    assert frozen in metadata["citation"]["bibtex"]
    assert re.search(r"\[DS/OL\]\. .+, \d{4}\(\d{4}-\d\d-\d\d\)\[\d{4}-\d\d-\d\d\]\. http",
                     metadata["citation"]["gb_t_7714"])  # fmt: skip
    held = site.get(frozen.removeprefix(BASE))
    assert held.content == site.get("/c/sp500.csv?u=pct").content


@pytest.mark.parametrize("suffix", DATA)
def test_frozen_files_never_change_and_say_so(site: TestClient, suffix: str) -> None:
    lasting = site.get("/c/sp500.metadata.json").json()["frozen_url"].removesuffix(".csv")
    frozen = site.get(f"{lasting}{suffix}")
    assert frozen.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert "immutable" not in site.get(f"/c/sp500{suffix}").headers["cache-control"]
    about = site.get(f"{lasting}.metadata.json")
    assert "immutable" not in about.headers["cache-control"]


@pytest.mark.parametrize("suffix", DATA)
def test_a_part_of_a_file_can_be_asked_for(site: TestClient, suffix: str) -> None:
    path = f"/c/sp500@2026-05-27{suffix}"
    whole = site.get(path, headers=PLAIN)
    body, size = whole.content, len(whole.content)
    assert whole.headers["accept-ranges"] == "bytes"
    for wanted, first, last in (
        ("bytes=0-99", 0, 99),
        ("bytes=100-", 100, size - 1),
        ("bytes=-50", size - 50, size - 1),
        (f"bytes=10-{size * 2}", 10, size - 1),
        (f"bytes=-{size * 2}", 0, size - 1),
    ):
        part = site.get(path, headers={"Range": wanted, "Accept-Encoding": "br, gzip"})
        assert part.status_code == 206
        assert part.headers["content-range"] == f"bytes {first}-{last}/{size}"
        assert part.content == body[first : last + 1]
        assert "content-encoding" not in part.headers
    for wanted in (f"bytes={size}-", "bytes=-0", f"bytes={size + 5}-{size + 9}"):
        refused = site.get(path, headers={"Range": wanted})
        assert refused.status_code == 416
        assert refused.headers["content-range"] == f"bytes */{size}"
    for ignored in ("bytes=5-2,7-9", "bytes=x-", "lines=1-2", "bytes=-", "bytes=" + "9" * 10_000):
        assert site.get(path, headers={"Range": ignored, **PLAIN}).content == body
    stale = {"Range": "bytes=0-9", "If-Range": '"other"', **PLAIN}
    assert site.get(path, headers=stale).status_code == 200
    fresh = {"Range": "bytes=0-9", "If-Range": whole.headers["etag"], **PLAIN}
    assert site.get(path, headers=fresh).status_code == 206
    assert site.head(path, headers={"Range": "bytes=0-9"}).status_code == 200


def test_parts_put_together_are_the_whole(site: TestClient) -> None:
    path = "/c/sp500@2026-05-27.parquet?t=max"
    body = site.get(path).content
    parts = [
        site.get(path, headers={"Range": f"bytes={at}-{at + 999}"}).content
        for at in range(0, len(body), 1000)
    ]
    assert b"".join(parts) == body


def test_a_forged_host_changes_no_link(site: TestClient) -> None:
    for headers in (
        {"X-Forwarded-Host": "evil.example"},
        {"Host": "evil.example"},
        {"Forwarded": "host=evil.example"},
        {"X-Forwarded-Proto": "gopher"},
    ):
        for path in ("/c/sp500.metadata.json", "/c/sp500.json", "/c/sp500.csv"):
            answer = site.get(path, headers=headers)
            assert "evil.example" not in answer.text + str(answer.headers)
            assert "gopher" not in answer.text + str(answer.headers)


def test_old_ids_redirect_in_every_format(filled: Path, catalog: Catalog) -> None:
    republish(filled, with_old_ids(catalog, {"brent_spot_usd_bbl": ("brent_usd",)}))
    moved = client(settings_of(filled))
    for suffix in FORMATS:
        answer = moved.get(f"/c/brent_usd@2026-05-27{suffix}?t=3y")
        assert answer.status_code == 301
        assert answer.headers["location"] == f"/c/brent_spot_usd_bbl@2026-05-27{suffix}?t=3y"


def test_an_answer_of_too_many_rows_is_refused_and_not_cut(
    published: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dashboard.export.table.MAX_ROWS", 100)
    small = client(published)
    assert "at most 100" in detail(small.get("/c/sp500.csv?t=max"), 400)["detail"]
    assert small.get("/c/sp500.csv?t=1m").status_code == 200


def test_whoever_would_wait_too_long_is_told_when_to_come_back(
    published: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dashboard.server.FILES", (1, 0.1))
    started, go = threading.Event(), threading.Event()

    def slowly(*given: Any) -> Table:
        started.set()
        assert go.wait(20)
        return table(*given)

    busy = client(published)
    made = busy.get("/c/sp500.csv").content
    first = threading.Thread(target=lambda: busy.get("/c/nasdaq_composite.xlsx"))
    monkeypatch.setattr("dashboard.http.routes.data.table", slowly)
    first.start()
    try:
        assert started.wait(20)
        answer = busy.get("/c/vix.xlsx")
        assert "Ask again" in detail(answer, 429)["detail"]
        assert int(answer.headers["retry-after"]) >= 1
        assert busy.get("/c/sp500.csv").content == made  # what is made already is no work
    finally:
        go.set()
        first.join()
    assert busy.get("/c/vix.xlsx").status_code == 200


def test_all_who_ask_for_one_file_at_once_get_the_same_bytes(published: Settings) -> None:
    shared = client(published)
    found: list[bytes] = []
    threads = [
        threading.Thread(target=lambda: found.append(shared.get("/c/sp500.parquet?t=max").content))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len(set(found)) == 1
