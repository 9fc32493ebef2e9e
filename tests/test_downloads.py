"""Data files as the site gives them: complete, exact, and safe to open."""

from __future__ import annotations

import csv
import io
import time
from datetime import date
from hashlib import sha256
from pathlib import Path
from urllib.parse import unquote

import httpx
import pytest
from conftest import END_OF_BULLETIN_DAY, Cli, bundled, served, settings_of, write_csv
from serving import PLAIN, TestClient, client, republish, rows_of, with_old_ids

from dashboard.export.csv import safe
from etl.catalog import Catalog

HEADER = "date,indicator,value,unit,source,known_at,status"
WITH_DATA = (
    "brent_spot_usd_bbl",
    "data_contest_tracks",
    "fed_target_upper_pct",
    "gold_monthly_usd_oz",
    "micron_close_usd",
    "micron_market_cap_usd_bn",
    "micron_shares_outstanding",
    "nasdaq_composite",
    "policy_documents_monthly",
    "pue_global_average",
    "sp500",
    "us_10y_yield_pct",
    "wti_spot_usd_bbl",
)
WRONG = {
    "t": "2y",
    "u": "ma:1",
    "scale": "ln",
    "lang": "fr",
    "theme": "black",
    "updown": "blue",
    "shape": "tall",
    "for": "numbers",
    "scope": "all",
    "with": "sp500",
}


def problem(answer: httpx.Response, status: int) -> dict[str, str]:
    """The RFC 9457 document of an answer that is one."""
    assert answer.status_code == status, answer.text[:300]
    assert answer.headers["content-type"] == "application/problem+json"
    document: dict[str, str] = answer.json()
    assert document["status"] == status
    assert document["title"]
    return document


def link_of(answer: httpx.Response) -> str:
    """The path of the metadata that an answer points to."""
    target, *parameters = answer.headers["link"].split(";")
    assert 'rel="describedby"' in [p.strip() for p in parameters]
    assert target.startswith("<http://127.0.0.1:8050/")
    return target.strip("<>").removeprefix("http://127.0.0.1:8050")


def until_served(site: TestClient, old: str) -> None:
    """Wait until another snapshot than `old` answers."""
    until = time.monotonic() + 5
    while site.get("/readyz").json()["snapshot"] == old:
        assert time.monotonic() < until
        time.sleep(0.05)


def test_a_csv_is_utf_8_with_crlf_and_an_ascii_header(site: TestClient) -> None:
    answer = site.get("/c/micron_market_cap_usd_bn.csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    lines = answer.content.decode("utf-8").split("\r\n")
    assert lines[0] == HEADER
    assert lines[-1] == ""
    assert len(lines) > 100
    assert not any("\n" in line or "\r" in line for line in lines)


@pytest.mark.parametrize("name", WITH_DATA)
def test_every_value_of_the_snapshot_comes_back_to_the_last_digit(
    site: TestClient, copy_of_published: Path, name: str
) -> None:
    rows = rows_of(site.get(f"/c/{name}.csv", params={"scope": "full"}))
    assert {date.fromisoformat(r["date"]): float(r["value"]) for r in rows} == served(
        copy_of_published, name
    )
    assert [r["date"] for r in rows] == sorted(r["date"] for r in rows)
    assert {r["indicator"] for r in rows} == {name}


def test_the_bundled_figures_come_back_as_they_were_written(site: TestClient) -> None:
    rows = rows_of(site.get("/c/sp500.csv?t=max"))
    assert {date.fromisoformat(r["date"]): float(r["value"]) for r in rows} == bundled(
        "market.csv", "sp500"
    )
    assert {r["unit"] for r in rows} == {"points"}
    assert {r["status"] for r in rows} == {"bundled"}


def test_the_default_window_is_the_last_year(site: TestClient) -> None:
    days = [r["date"] for r in rows_of(site.get("/c/sp500.csv"))]
    newest = max(bundled("market.csv", "sp500"))
    first = newest.replace(year=newest.year - 1)
    held = [str(d) for d in sorted(bundled("market.csv", "sp500")) if d >= first]
    assert days == held


def test_the_default_window_of_a_sparse_series_is_everything(site: TestClient) -> None:
    rows = rows_of(site.get("/c/pue_global_average.csv"))
    assert [r["date"] for r in rows] == [str(d) for d in bundled("pue.csv", "pue_global_average")]


def test_scope_full_is_the_whole_history_whatever_the_window(site: TestClient) -> None:
    rows = rows_of(site.get("/c/sp500.csv?t=1m&scope=full"))
    assert len(rows) == len(bundled("market.csv", "sp500"))


def test_a_transform_is_computed_before_the_window_is_cut(site: TestClient) -> None:
    whole = {r["date"]: r["value"] for r in rows_of(site.get("/c/sp500.csv?u=yoy&scope=full"))}
    month = rows_of(site.get("/c/sp500.csv?u=yoy&t=1m"))
    assert all(r["value"] == whole[r["date"]] for r in month)
    assert any(r["value"] for r in month)
    assert {r["unit"] for r in month} == {"percent"}


def test_a_file_for_excel_has_a_bom_and_chinese_headers(site: TestClient) -> None:
    plain = site.get("/c/sp500.csv").content
    excel = site.get("/c/sp500.csv?for=excel").content
    assert not plain.startswith(b"\xef\xbb\xbf")
    assert excel.startswith(b"\xef\xbb\xbf")
    header, rest = excel.decode("utf-8-sig").split("\r\n", 1)
    assert header == "日期,指标,数值,单位,来源,公布时间,状态"
    assert rest == plain.decode().split("\r\n", 1)[1]


def test_a_wide_file_has_one_column_an_id(site: TestClient) -> None:
    answer = site.get("/c/sp500.csv?with=nasdaq_composite,pue_global_average&shape=wide&t=max")
    rows = rows_of(answer)
    assert list(rows[0]) == ["date", "sp500", "nasdaq_composite", "pue_global_average"]
    for name, file in (
        ("sp500", "market.csv"),
        ("nasdaq_composite", "market.csv"),
        ("pue_global_average", "pue.csv"),
    ):
        found = {date.fromisoformat(r["date"]): float(r[name]) for r in rows if r[name]}
        assert found == bundled(file, name)
    assert answer.headers["x-row-count"] == str(len(rows))
    assert len({r["date"] for r in rows}) == len(rows)


def test_a_wide_file_for_excel_names_the_indicators_in_chinese(site: TestClient) -> None:
    text = site.get("/c/sp500.csv?shape=wide&for=excel").content.decode("utf-8-sig")
    assert text.split("\r\n")[0] == "日期,标普 500 指数（点）"


def test_a_long_file_of_several_ids_has_the_rows_of_each(site: TestClient) -> None:
    rows = rows_of(site.get("/c/sp500.csv?with=brent_spot_usd_bbl&t=max"))
    for name, file in (("sp500", "market.csv"), ("brent_spot_usd_bbl", "brent_spot.csv.gz")):
        found = {date.fromisoformat(r["date"]): float(r["value"])
                 for r in rows if r["indicator"] == name}  # fmt: skip
        assert found == bundled(file, name) != {}


def test_the_spot_price_of_brent_was_not_yet_known_the_next_day(site: TestClient) -> None:
    live = {r["date"] for r in rows_of(site.get("/c/brent_spot_usd_bbl.csv?t=max"))}
    known = {r["date"] for r in rows_of(site.get("/c/brent_spot_usd_bbl@2026-05-27.csv?t=max"))}
    assert "2026-05-26" in live
    assert known < live
    assert max(known) == "2026-05-19"  # seven days and a deadline in New York before


def test_the_market_value_of_micron_was_known_the_next_morning(site: TestClient) -> None:
    for moment in ("2026-05-27", "2026-05-27T0900"):
        last = rows_of(site.get(f"/c/micron_market_cap_usd_bn@{moment}.csv"))[-1]
        assert last["date"] == "2026-05-26"
        assert round(float(last["value"]), 1) == 1010.3


def test_a_frozen_file_holds_what_was_served_at_its_moment(
    site: TestClient, copy_of_published: Path
) -> None:
    for name in ("sp500", "us_10y_yield_pct", "gold_monthly_usd_oz"):
        rows = rows_of(site.get(f"/c/{name}@2026-05-27.csv?scope=full"))
        found = {date.fromisoformat(r["date"]): float(r["value"]) for r in rows}
        assert found == served(copy_of_published, name, END_OF_BULLETIN_DAY)
        assert all(r["known_at"] <= "2026-05-27T15:59:59Z" for r in rows)


def test_a_frozen_file_never_changes_and_says_so(site: TestClient) -> None:
    lasting = site.get("/c/sp500.metadata.json").json()["frozen_url"]
    one, two = (site.get(lasting) for _ in range(2))
    assert one.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert one.content == two.content
    assert one.headers["etag"] == two.headers["etag"]
    assert "immutable" not in site.get("/c/sp500.csv").headers["cache-control"]


def test_a_moment_before_the_history_is_not_found_in_words(site: TestClient) -> None:
    found = problem(site.get("/c/sp500@2010-01-01.csv"), 404)
    assert found["parameter"] == "asof"
    assert "sp500" in found["detail"]


@pytest.mark.parametrize("path", ["/c/sp500.csv", "/c/sp500@2026-05-27.metadata.json"])
def test_a_reader_who_holds_the_file_is_not_sent_it_again(site: TestClient, path: str) -> None:
    etag = site.get(path, headers=PLAIN).headers["etag"]
    assert etag.startswith('"')
    for held in (etag, f"W/{etag}", f'"other", {etag}', "*", site.get(path).headers["etag"]):
        answer = site.get(path, headers={"If-None-Match": held})
        assert answer.status_code == 304
        assert answer.content == b""
        assert answer.headers["etag"].removeprefix("W/") == etag
    assert site.get(path, headers={"If-None-Match": '"other"'}).status_code == 200


def test_different_files_have_different_tags(site: TestClient) -> None:
    paths = ("/c/sp500.csv", "/c/sp500.csv?t=max", "/c/sp500.csv?for=excel", "/c/vix.csv")
    assert len({site.get(path, headers=PLAIN).headers["etag"] for path in paths}) == len(paths)


@pytest.mark.parametrize(
    "path",
    [
        "/c/sp500.csv",
        "/c/sp500@2026-05-27.csv?u=yoy&t=max",
        "/c/sp500.csv?with=vix,brent_spot_usd_bbl&shape=wide",
        "/c/sp500.csv?for=excel&scope=full",
        "/c/vix.csv",
    ],
)
def test_each_file_counts_its_rows_and_points_to_its_description(
    site: TestClient, path: str
) -> None:
    answer = site.get(path)
    assert answer.headers["x-snapshot"] == site.get("/readyz").json()["snapshot"]
    assert answer.headers["x-row-count"] == str(len(rows_of(answer)))
    described = site.get(link_of(answer))
    assert described.headers["content-type"] == "application/json"
    metadata = described.json()
    assert metadata["sha256"] == sha256(answer.content).hexdigest()
    assert metadata["rows"] == len(rows_of(answer))
    assert metadata["snapshot"] == answer.headers["x-snapshot"]
    assert site.get(metadata["url"].removeprefix("http://127.0.0.1:8050")).content == answer.content


def test_the_metadata_say_what_the_contract_asks_of_them(
    site: TestClient, catalog: Catalog
) -> None:
    metadata = site.get("/c/pue_global_average@2026-05-27.metadata.json").json()
    indicator = catalog["pue_global_average"]
    assert metadata["id"] == "pue_global_average"
    assert metadata["title"] == {"zh": indicator.title.zh, "en": indicator.title.en}
    assert metadata["definition"]["zh"] == indicator.definition.zh
    assert (metadata["unit"], metadata["frequency"]) == ("ratio", "annual")
    (source,) = metadata["sources"]
    assert source["licence"]["zh"] == indicator.credit.licence.zh
    assert source["name"]["zh"] == indicator.credit.name.zh
    assert (metadata["first_date"], metadata["last_date"]) == ("2007-01-01", "2025-01-01")
    assert metadata["as_of"] == "2026-05-27T15:59:59Z"
    assert metadata["rows"] == len(bundled("pue.csv", "pue_global_average"))
    assert [b["date"] for b in metadata["breaks"]] == ["2025-01-01"]
    assert indicator.title.zh in metadata["citation"]["gb_t_7714"]
    assert "[DS/OL]" in metadata["citation"]["gb_t_7714"]
    assert "2026-05-27" in metadata["citation"]["short"]
    assert any("conflict" in note for note in metadata["notes"])


@pytest.mark.parametrize(
    "path", ["/c/sp500.csv", "/c/sp500@2026-05-27.csv", "/c/sp500.metadata.json", "/c/nope.csv"]
)
def test_head_has_the_headers_of_get_and_no_body(site: TestClient, path: str) -> None:
    get, head = site.get(path, headers=PLAIN), site.head(path, headers=PLAIN)
    assert head.status_code == get.status_code
    assert dict(head.headers) == dict(get.headers)
    assert head.content == b""


def test_a_file_is_named_in_ascii_and_in_chinese(site: TestClient) -> None:
    words = site.get("/c/sp500@2026-05-27.csv").headers["content-disposition"]
    assert words.isascii()
    kind, name, chinese = words.split("; ")
    assert (kind, name) == ("attachment", 'filename="sp500_2026-05-27.csv"')
    assert unquote(chinese.removeprefix("filename*=UTF-8''")) == "标普 500 指数_2026-05-27.csv"


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_a_text_that_looks_like_a_formula_is_made_harmless(start: str) -> None:
    assert safe(f"{start}cmd|' /C calc'!A0") == f"'{start}cmd|' /C calc'!A0"


def test_any_other_text_is_left_alone() -> None:
    for text in ("", "FRED", "'=1", "1+1", "美元"):
        assert safe(text) == text


def test_a_credit_that_looks_like_a_formula_is_made_harmless_in_the_file(
    filled: Path, cli: Cli
) -> None:
    file = write_csv(
        filled.parent / "=1+1.csv", [["indicator", "date", "value"], ["vix", "2026-05-26", "17.5"]]
    )
    assert cli("import", file).status == 0
    (row,) = rows_of(client(settings_of(filled)).get("/c/vix.csv"))
    assert "=1+1.csv" in row["source"]
    assert not row["source"].startswith(("=", "+", "-", "@"))
    assert row["value"] == "17.5"


def test_a_negative_number_is_never_taken_for_a_text(site: TestClient) -> None:
    values = [r["value"] for r in rows_of(site.get("/c/sp500.csv?u=diff&t=max"))]
    negative = [value for value in values if value.startswith("-")]
    assert len(negative) > 20
    assert all(float(value) < 0 for value in negative)
    assert not any("'" in value for value in values)


def test_a_missing_value_is_an_empty_cell(site: TestClient) -> None:
    rows = rows_of(site.get("/c/sp500.csv?u=yoy&t=max"))
    first = date.fromisoformat(rows[0]["date"])
    early = [r for r in rows if date.fromisoformat(r["date"]) < first.replace(year=first.year + 1)]
    assert len(early) > 10
    assert {r["value"] for r in early} == {""}
    assert len([r for r in rows if r["value"] != ""]) > 80


def test_a_missing_value_says_why_in_its_status(site: TestClient) -> None:
    rows = rows_of(site.get("/c/sp500.csv?u=yoy&t=max"))
    reasons = {r["status"] for r in rows if r["value"] == ""}
    assert reasons
    assert not reasons & {r["status"] for r in rows if r["value"] != ""}


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/c/policy_documents_monthly.csv?scale=log&t=max", "policy_documents_monthly is 0 on "),
        ("/c/sp500.csv?scale=log&u=diff", "sp500 is -"),
        ("/c/sp500.csv?scale=log&u=drawdown", "sp500 is 0 on "),
        ("/c/sp500.csv?scale=log&t=max&with=policy_documents_monthly", "policy_documents_monthly"),
    ],
)
def test_a_log_scale_refuses_values_of_zero_or_below(
    site: TestClient, path: str, words: str
) -> None:
    found = problem(site.get(path), 400)
    assert found["parameter"] == "scale"
    assert words in found["detail"]
    assert "scale=linear" in found["detail"]


def test_a_log_scale_of_positive_values_is_the_same_data(site: TestClient) -> None:
    assert site.get("/c/sp500.csv?scale=log").content == site.get("/c/sp500.csv").content


@pytest.mark.parametrize("suffix", [".csv", ".metadata.json"])
def test_an_unknown_id_is_told_the_nearest_one(site: TestClient, suffix: str) -> None:
    found = problem(site.get(f"/c/sp50{suffix}"), 404)
    assert found["parameter"] == "id"
    assert "Did you mean 'sp500'?" in found["detail"]


@pytest.mark.parametrize("suffix", [".csv", ".metadata.json"])
@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_value_is_named(site: TestClient, name: str, suffix: str) -> None:
    found = problem(site.get(f"/c/sp500{suffix}", params={name: WRONG[name]}), 400)
    assert found["parameter"] == name
    assert found["detail"].startswith(f"{name}: ")


@pytest.mark.parametrize(
    "path",
    [
        "/c/sp500@@2026-05-27.csv",
        "/c/sp500@2026-02-30.csv",
        "/c/sp500@2999-01-01.csv",
        "/c/sp500@.csv",
    ],
)
def test_a_wrong_moment_is_named(site: TestClient, path: str) -> None:
    assert problem(site.get(path), 400)["parameter"] == "asof"


def test_hostile_addresses_are_refused_in_words(site: TestClient) -> None:
    for path in (
        "/c/sp500%00.csv",
        "/c/sp500'%20or%201=1.csv",
        "/c/%E2%80%AE.csv",
        "/c/" + "a" * 10_000 + ".csv",
    ):
        assert len(problem(site.get(path), 404)["detail"]) < 1500


def test_absurd_dates_are_answered_with_what_there_is(site: TestClient) -> None:
    assert len(rows_of(site.get("/c/sp500.csv?t=0001-01-01..9999-12-31"))) == len(
        bundled("market.csv", "sp500")
    )
    assert rows_of(site.get("/c/sp500.csv?t=..0001-01-01")) == []
    assert all(r["value"] == "" for r in rows_of(site.get("/c/sp500.csv?t=max&u=index:9999-12-31")))


def test_unknown_parameters_change_nothing(site: TestClient) -> None:
    assert site.get("/c/sp500.csv?utm_source=x&T=2y").content == site.get("/c/sp500.csv").content


@pytest.mark.parametrize(
    "before", ["x=" + "a" * 5000, "&".join(f"x{k}=1" for k in range(200))], ids=["long", "many"]
)
def test_a_wrong_value_is_refused_however_much_stands_before_it(
    site: TestClient, before: str
) -> None:
    assert 400 <= site.get(f"/c/sp500.csv?{before}&u=nonsense").status_code < 500


def test_an_indicator_without_data_is_a_header_alone(site: TestClient) -> None:
    answer = site.get("/c/phlx_semiconductor.csv")
    assert answer.content == f"{HEADER}\r\n".encode()
    assert answer.headers["x-row-count"] == "0"
    wide = site.get("/c/phlx_semiconductor.csv?shape=wide&with=vix")
    assert wide.content == b"date,phlx_semiconductor,vix\r\n"


def test_metadata_that_changed_have_another_tag(filled: Path, cli: Cli) -> None:
    site = client(settings_of(filled))
    one = site.get("/c/sp500.metadata.json", headers=PLAIN)
    file = write_csv(
        filled.parent / "x.csv", [["indicator", "date", "value"], ["vix", "2026-05-26", "17.5"]]
    )
    assert cli("import", file).status == 0
    until_served(site, one.headers["x-snapshot"])
    two = site.get("/c/sp500.metadata.json", headers=PLAIN)
    assert one.json()["snapshot"] != two.json()["snapshot"]
    assert one.headers["etag"] != two.headers["etag"]


def test_an_old_id_redirects_to_its_new_one_for_good(filled: Path, catalog: Catalog) -> None:
    old_ids = {"brent_spot_usd_bbl": ("brent_usd", "brent_usd_bbl"), "vix": ("vix_index",)}
    republish(filled, with_old_ids(catalog, old_ids))
    site = client(settings_of(filled))
    for old in old_ids["brent_spot_usd_bbl"]:
        for rest in (".csv?t=3y&u=pct", "@2026-05-27.csv", ".metadata.json"):
            answer = site.get(f"/c/{old}{rest}")
            assert answer.status_code == 301
            assert answer.headers["location"] == f"/c/brent_spot_usd_bbl{rest}"


def test_an_old_id_beside_another_redirects_to_an_address_that_answers(
    filled: Path, catalog: Catalog
) -> None:
    republish(filled, with_old_ids(catalog, {"vix": ("vix_index",)}))
    site = client(settings_of(filled))
    answer = site.get("/c/sp500.csv?with=vix_index")
    assert answer.status_code == 301
    assert site.get(answer.headers["location"]).status_code == 200


def test_a_file_opens_in_a_strict_reader(site: TestClient) -> None:
    text = site.get("/c/pue_global_average.csv?with=data_contest_tracks").text
    rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    assert {len(row) for row in rows} == {7}
