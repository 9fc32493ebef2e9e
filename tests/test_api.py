"""/api/v1: typed answers that agree with the files and the data, and errors in words."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from conftest import Cli, bulletin, settings_of
from pydantic import BaseModel
from serving import PLAIN, TestClient, client, republish, rows_of, tree, with_old_ids

from dashboard.address import MAX_IDS
from dashboard.api import models
from etl.catalog import Catalog
from etl.commands.status import freshness
from etl.settings import PROJECT, Settings
from etl.storage.current import current_snapshot
from etl.storage.snapshots import Folder
from etl.storage.warehouse import Answer, opened

FILES = "/c/{place}.{suffix}"
V1 = "/api/v1"
ANSWERS: Mapping[str, type[BaseModel]] = {
    "/indicators": models.IndicatorList,
    "/indicators/pue_global_average": models.IndicatorDetail,
    "/indicators/vix": models.IndicatorDetail,
    "/observations?ids=sp500": models.Observations,
    "/observations?ids=sp500,vix&shape=wide&u=yoy&t=max": models.Observations,
    "/bulletins": models.BulletinList,
    "/bulletins/2026-05-27": models.BulletinDetail,
    "/bulletins/2026-05-27/claims": models.ClaimList,
    "/claims": models.StatementLedger,
    "/claims?id=micron_market_cap_usd_bn&kind=first&since=2026-05-01": models.StatementLedger,
    "/policies": models.PolicyList,
    "/policies?month=2026-05&topic=%E7%AE%97%E5%8A%9B": models.PolicyList,
    "/events": models.EventList,
    "/events?id=micron_market_cap_usd_bn&kind=milestone_up": models.EventList,
    "/corrections": models.CorrectionList,
    "/status": models.Status,
}
HOSTILE = ("nonsense", "-1", "NaN", "２０２６-05", "x" * 10_000, "\x00", "\u202e", "../../etc", "'",
           '"', "1' or '1'='1", "1;drop table policies", "<script>alert(1)</script>")  # fmt: skip


def get(site: TestClient, path: str, **parameters: str) -> Any:
    answer = site.get(V1 + path, params=parameters or None)
    assert answer.status_code == 200, answer.text[:300]
    return answer.json()


def problem(answer: httpx.Response, status: int) -> dict[str, Any]:
    assert answer.status_code == status, (answer.url, answer.text[:300])
    assert answer.headers["content-type"] == "application/problem+json"
    document: dict[str, Any] = answer.json()
    assert models.Problem.model_validate(document).status == status
    assert len(document["detail"]) < 1500
    return document


@pytest.mark.parametrize("path", ANSWERS)
def test_every_answer_is_of_its_type(site: TestClient, path: str) -> None:
    answer = site.get(V1 + path)
    assert answer.status_code == 200, answer.text[:300]
    assert answer.headers["content-type"] == "application/json"
    ANSWERS[path].model_validate_json(answer.content)


@pytest.mark.parametrize("path", ANSWERS)
def test_every_answer_has_the_headers_of_data_and_knows_its_reader(
    site: TestClient, path: str
) -> None:
    one, head = site.get(V1 + path, headers=PLAIN), site.head(V1 + path, headers=PLAIN)
    assert dict(one.headers) == dict(head.headers)
    assert head.content == b""
    assert one.headers["x-snapshot"] == site.get("/readyz").json()["snapshot"]
    assert one.headers["access-control-allow-origin"] == "*"
    held = {"If-None-Match": one.headers["etag"], **PLAIN}
    assert site.get(V1 + path, headers=held).status_code == 304


def test_the_list_of_indicators_is_counted(site: TestClient) -> None:
    for path, name in (("/indicators", "indicators"), ("/bulletins", "bulletins"),
                       ("/policies", "policies"), ("/events", "events"),
                       ("/claims", "claims")):  # fmt: skip
        answer = site.get(V1 + path)
        document = answer.json()
        assert document["count"] == len(document[name]) == int(answer.headers["x-row-count"])


def test_an_indicator_says_what_the_catalog_says(site: TestClient, catalog: Catalog) -> None:
    listed = {i["id"]: i for i in get(site, "/indicators")["indicators"]}
    for indicator in catalog.all():
        found = get(site, f"/indicators/{indicator.id}")
        assert {name: found[name] for name in listed[indicator.id]} == listed[indicator.id]
        assert found["milestones"] == list(indicator.milestones)
        told = [b["note"]["zh"] for b in found["breaks"]]  # splits are breaks too
        assert {b.note.zh for b in indicator.breaks} <= set(told)
        may_be_passed_on = 403 if indicator.credit.reuse == "view" else 200
        for link in found["files"].values():
            answer = site.get(link.removeprefix("http://127.0.0.1:8050"))
            expected = (
                200 if link.endswith((".metadata.json", ".png", ".svg")) else may_be_passed_on
            )
            assert answer.status_code == expected, link


@pytest.mark.parametrize(
    "query",
    ["ids=sp500", "ids=sp500&t=3m", "ids=sp500&u=yoy&t=max", "ids=vix", "ids=sp500&asof=2026-05-27",
     "ids=sp500&asof=2026-05-27T0900&u=ma:20", "ids=sp500,micron_close_usd,brent_spot_usd_bbl",
     "ids=sp500,micron_close_usd&shape=wide&t=2026-01-01..2026-05-26"],
)  # fmt: skip
@pytest.mark.parametrize("name", ["csv", "json", "parquet"])
def test_observations_are_the_file_of_the_chart_address(
    site: TestClient, query: str, name: str
) -> None:
    given = dict(pair.split("=") for pair in query.split("&"))
    first, *more = given.pop("ids").split(",")
    place = first + (f"@{given.pop('asof')}" if "asof" in given else "")
    beside = {"with": ",".join(more)} if more else {}
    one = site.get(f"{V1}/observations?{query}&format={name}")
    two = site.get(f"/c/{place}.{name}", params={**given, **beside})
    assert one.status_code == 200, one.text[:300]
    assert one.content == two.content
    assert one.headers["link"] == two.headers["link"]


def test_json_is_the_default_of_observations(site: TestClient) -> None:
    assert get(site, "/observations", ids="sp500")["metadata"]["id"] == "sp500"


def test_more_ids_than_a_chart_has_come_with_a_description_of_their_own(
    site: TestClient, catalog: Catalog
) -> None:
    ids = ",".join(list(catalog.indicators)[:MAX_IDS])
    answer = site.get(
        f"{V1}/observations", params={"ids": ids, "shape": "wide", "t": "max", "format": "csv"}
    )
    assert rows_of(answer)
    about = answer.headers["link"].split(">")[0].strip("<").removeprefix("http://127.0.0.1:8050")
    assert about.startswith(f"{V1}/observations.metadata.json?")
    metadata = site.get(about).json()
    assert metadata["ids"] == ids.split(",")
    assert metadata["rows"] == int(answer.headers["x-row-count"])
    assert site.get(metadata["url"].removeprefix("http://127.0.0.1:8050")).content == answer.content


@pytest.mark.parametrize(
    ("query", "parameter", "status"),
    [
        ("", "ids", 400),
        ("ids=", "ids", 400),
        ("ids=,,", "ids", 400),
        ("ids=sp500,sp500", "ids", 400),
        ("ids=sp50", "ids", 404),
        ("ids=sp500,nothing_like_it", "ids", 404),
        ("ids=sp500%00", "ids", 404),
        ("ids=" + ",".join(f"a{k}" for k in range(MAX_IDS + 1)), "ids", 400),
        ("ids=sp500&format=xml", "format", 400),
        ("ids=sp500&format=JSON", "format", 400),
        ("ids=sp500&shape=tall", "shape", 400),
        ("ids=sp500&t=2y", "t", 400),
        ("ids=sp500&t=2026-05-26..2025-01-01", "t", 400),
        ("ids=sp500&u=ma:1", "u", 400),
        ("ids=sp500&asof=yesterday", "asof", 400),
        ("ids=sp500&asof=@2026-05-27", "asof", 400),
        ("ids=sp500&asof=2999-01-01", "asof", 400),
        ("ids=sp500&asof=1990-01-01", "asof", 404),
    ],
)
def test_wrong_observations_are_refused_by_the_name_of_the_parameter(
    site: TestClient, query: str, parameter: str, status: int
) -> None:
    for path in ("/observations", "/observations.metadata.json"):
        if "format" in query and path != "/observations":
            continue
        assert problem(site.get(f"{V1}{path}?{query}"), status)["parameter"] == parameter


@pytest.mark.parametrize("value", HOSTILE, ids=lambda value: repr(value[:20]))
def test_a_wrong_value_of_any_parameter_is_named(site: TestClient, value: str) -> None:
    for path, name, status in (
        ("/observations?ids=sp500", "t", 400),
        ("/observations?ids=sp500", "u", 400),
        ("/observations?ids=sp500", "asof", 400),
        ("/observations?ids=sp500", "shape", 400),
        ("/observations?ids=sp500", "format", 400),
        ("/observations?", "ids", 404),
        ("/policies?", "month", 400),
        ("/policies?", "topic", 400),
        ("/events?", "id", 404),
        ("/events?", "kind", 400),
        ("/claims?", "id", 404),
        ("/claims?", "verdict", 400),
        ("/claims?", "since", 400),
    ):
        answer = site.get(str(httpx.URL(V1 + path).copy_merge_params({name: value})))
        assert problem(answer, status)["parameter"] == name


@pytest.mark.parametrize("value", HOSTILE, ids=lambda value: repr(value[:20]))
def test_a_hostile_issuer_is_some_text_that_nobody_bears(site: TestClient, value: str) -> None:
    answer = site.get(f"{V1}/policies", params={"issuer": value})
    if len(value) > 100:
        assert problem(answer, 400)["parameter"] == "issuer"
    else:
        assert answer.json()["policies"] == []


@pytest.mark.parametrize(
    "day", ["2026-02-30", "x", "20260527", "２０２６-05-27", "%00", "a" * 5000]
)
def test_a_day_that_does_not_exist_is_refused(site: TestClient, day: str) -> None:
    assert problem(site.get(f"{V1}/bulletins/{day}"), 400)["parameter"] == "date"
    assert problem(site.get(f"{V1}/bulletins/{day}/claims"), 400)["parameter"] == "date"


def test_what_is_not_there_is_404_in_words(site: TestClient) -> None:
    assert "/api/v1/bulletins" in problem(site.get(f"{V1}/bulletins/2026-05-28"), 404)["detail"]
    assert "Did you mean 'sp500'?" in problem(site.get(f"{V1}/indicators/sp50"), 404)["detail"]
    claims = problem(site.get(f"{V1}/bulletins/2026-05-28/claims"), 404)
    assert "/api/v1/bulletins" in claims["detail"]
    assert "/api/docs" in problem(site.get(f"{V1}/nothing"), 404)["detail"]


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_the_api_is_read_only(site: TestClient, method: str) -> None:
    for path in ANSWERS:
        answer = site.request(method, V1 + path)
        assert problem(answer, 405)["detail"]
        assert answer.headers["allow"] == "GET, HEAD, OPTIONS"


def test_a_bulletin_is_its_text_and_the_indicators_it_mentions(site: TestClient) -> None:
    text = (PROJECT / "data" / "bulletins" / "2026-05-27.md").read_text(encoding="utf-8")
    found = get(site, "/bulletins/2026-05-27")
    assert found["title"] in text
    assert all(p in text for section in found["sections"] for p in section["paragraphs"])
    assert "micron_market_cap_usd_bn" in found["indicators"]
    in_sections = {name for section in found["sections"] for name in section["indicators"]}
    assert in_sections
    assert in_sections <= set(found["indicators"])
    (entry,) = get(site, "/bulletins")["bulletins"]
    assert entry["date"] == "2026-05-27"
    assert entry["headings"] == [section["title"] for section in found["sections"]]


def test_the_counts_of_policies_are_those_of_the_indicator(site: TestClient) -> None:
    rows = rows_of(site.get("/c/policy_documents_monthly.csv?t=max"))
    assert len(rows) > 12
    for row in rows:
        found = get(site, "/policies", month=row["date"][:7])
        assert found["counted"] == int(row["value"])
        assert {p["month"] for p in found["policies"]} <= {row["date"][:7]}


def test_policies_are_narrowed_by_topic_and_issuer(site: TestClient) -> None:
    everything = get(site, "/policies")["policies"]
    days = [p["published"] or p["issued"] for p in everything]
    assert days == sorted(days, reverse=True)
    for topic in {t for p in everything for t in p["topics"]}:
        found = get(site, "/policies", topic=topic)["policies"]
        assert found == [p for p in everything if topic in p["topics"]]
    assert get(site, "/policies?topic=人工智能+") == get(site, "/policies", topic="人工智能+")
    found = get(site, "/policies", issuer="国务院")["policies"]
    assert found == [p for p in everything if "国务院" in p["issuer"]]
    assert found


def test_policies_that_are_not_counted_are_kept_and_said_to_be(site: TestClient) -> None:
    kinds = Counter((p["kind"], p["counted"]) for p in get(site, "/policies")["policies"])
    assert any(not counted for _, counted in kinds)
    assert not any(counted and kind != "issued" for kind, counted in kinds)


def test_events_are_narrowed_by_indicator_and_kind(site: TestClient) -> None:
    everything = get(site, "/events")["events"]
    assert {e["kind"] for e in everything} >= {"record_high", "milestone_up"}
    for name in ("sp500", "micron_market_cap_usd_bn"):
        own = get(site, "/events", id=name)["events"]
        assert own == [e for e in everything if e["indicator"] == name]
        ups = get(site, "/events", id=name, kind="milestone_up")["events"]
        assert ups == [e for e in own if e["kind"] == "milestone_up"]
    first = [e for e in get(site, "/events", id="micron_market_cap_usd_bn")["events"]
             if e["threshold"] == 1000 and e["is_first"]]  # fmt: skip
    assert [e["date"] for e in first] == ["2026-05-26"]


def test_too_many_events_are_refused_and_not_cut(
    published: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dashboard.api.answers.MAX_EVENTS", 3)
    assert "more than 3 events" in problem(client(published).get(f"{V1}/events"), 400)["detail"]


def test_the_status_is_judged_as_the_command_judges_it(
    site: TestClient, published: Settings, catalog: Catalog
) -> None:
    found = get(site, "/status")
    judged_at = datetime.fromisoformat(found["judged_at"])
    with current_snapshot(Folder(published.published)) as snapshot:
        rows = [row.to_json() for row in freshness(catalog, snapshot, judged_at)]
    shared = ("id", "state", "newest", "missed", "calendar", "source", "as_of", "problem")
    assert [{name: row[name] for name in shared} for row in found["indicators"]] == [
        {name: row[name] for name in shared} for row in rows
    ]
    assert found["counts"] == Counter(row["state"] for row in rows)
    assert found["warning"] == ""


def test_what_is_kept_apart_is_told(filled: Path, cli: Cli) -> None:
    with opened(filled / "warehouse.duckdb") as warehouse, warehouse.transaction():
        when = datetime(2026, 5, 27, tzinfo=UTC)
        load = warehouse.begin_load("run", when, when)
        answer = Answer(load, when, "fred", "sp500", "0" * 64)
        warehouse.quarantine(answer, "sp500: 9e9 is above 1.")
    assert cli("run", "--offline").status in (0, 1)
    rows = {row["id"]: row for row in get(client(settings_of(filled)), "/status")["indicators"]}
    (refused,) = rows["sp500"]["refused"]
    assert (refused["source"], refused["may_be_taken"]) == ("fred", False)
    assert refused["sentence"] == "sp500: 9e9 is above 1."
    assert rows["vix"]["refused"] == []


def test_old_ids_redirect_wherever_they_stand(filled: Path, catalog: Catalog) -> None:
    republish(filled, with_old_ids(catalog, {"brent_spot_usd_bbl": ("brent_usd",)}))
    moved = client(settings_of(filled))
    for old, new in (
        ("/indicators/brent_usd", "/indicators/brent_spot_usd_bbl"),
        ("/observations?ids=vix,brent_usd&t=3m", "/observations?ids=vix,brent_spot_usd_bbl&t=3m"),
        ("/events?id=brent_usd", "/events?id=brent_spot_usd_bbl"),
    ):
        answer = moved.get(V1 + old)
        assert answer.status_code == 301
        assert answer.headers["location"] == V1 + new
        assert moved.get(answer.headers["location"]).status_code == 200


def test_a_site_without_bulletins_and_policies_answers_with_empty_lists(
    filled: Path, catalog: Catalog
) -> None:
    republish(filled, catalog)
    bare = client(settings_of(filled))
    assert get(bare, "/bulletins")["bulletins"] == []
    assert get(bare, "/policies")["policies"] == []
    assert bare.get("/api/docs").status_code == 200


def test_a_new_bulletin_is_in_the_next_answer(filled: Path, catalog: Catalog) -> None:
    site = client(settings_of(filled))
    assert len(get(site, "/bulletins")["bulletins"]) == 1
    republish(filled, catalog, bulletin(date(2026, 5, 28), summary="纳斯达克上涨"))
    fresh = client(settings_of(filled))
    assert [b["date"] for b in get(fresh, "/bulletins")["bulletins"]] == ["2026-05-28"]


def test_the_description_names_every_address_with_its_type_and_examples(site: TestClient) -> None:
    answer = site.get("/api/openapi.json")
    document = answer.json()
    assert site.head("/api/openapi.json").status_code == 200
    wanted = {V1 + path.split("?")[0] for path in ANSWERS}
    wanted = {p.replace("pue_global_average", "{id}").replace("/vix", "/{id}")
              .replace("2026-05-27", "{date}") for p in wanted}  # fmt: skip
    assert set(document["paths"]) == {*wanted, FILES}
    for path, methods in document["paths"].items():
        assert set(methods) == {"get"}
        assert methods["get"]["description"]
        content = methods["get"]["responses"]["200"]["content"]
        if path != FILES:
            assert content["application/json"]["schema"]["$ref"].startswith("#/components/schemas/")
        for status in ("400", "404", "429", "503"):
            assert list(methods["get"]["responses"][status]["content"]) == [
                "application/problem+json"
            ]
        for parameter in methods["get"].get("parameters", ()):
            if parameter["in"] == "query":
                assert parameter["example"], path
            assert parameter["schema"].keys() & {"enum", "pattern", "format", "maxLength"}
    examples = [f for s in document["components"]["schemas"].values()
                for f in s["properties"].values() if f.get("examples")]  # fmt: skip
    assert len(examples) > 60


def test_what_the_description_lets_through_the_addresses_take(site: TestClient) -> None:
    """And what it does not, they refuse: it is made of the grammar, and this holds it to it."""
    document = site.get("/api/openapi.json").json()
    schemas = {p["name"]: p["schema"] for path in ("/api/v1/observations", FILES)
               for p in document["paths"][path]["get"]["parameters"]}  # fmt: skip
    tried = {
        "t": ("1y", "max", "ytd", "2026-01-01..", "..2026-01-01", "..", "2y", "2026-01-01", "x..y"),
        "u": ("level", "yoy", "index", "index:2026-01-02", "ma:5", "z:20", "ma", "z:x", "yoy:3"),
        "scale": ("linear", "log", "cubic"), "lang": ("zh", "en", "fr"),
        "shape": ("long", "wide", "tall"), "for": ("excel", "word"), "scope": ("view", "full", "x"),
        "with": ("vix", "vix,nasdaq_composite", "VIX", "vix;sp500"),
    }  # fmt: skip
    for name, values in tried.items():
        schema = schemas[name]
        for value in values:
            fits = (
                value in schema["enum"] if "enum" in schema else re.search(schema["pattern"], value)
            )
            answer = site.get("/c/sp500.csv", params={"t": "max", name: value})
            assert (answer.status_code == 200) == bool(fits), (name, value)
    for asof, wanted in (("2026-05-27", 200), ("2026-05-27T0900", 200), ("27.5.2026", 400)):
        assert bool(re.search(schemas["asof"]["pattern"], asof)) == (wanted == 200)
        query = {"ids": "sp500", "asof": asof}
        assert site.get("/api/v1/observations", params=query).status_code == wanted


def test_the_page_about_the_api_stands_alone_and_its_examples_answer(site: TestClient) -> None:
    answer = site.get("/api/docs")
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "<script" not in answer.text
    assert "style=" not in answer.text
    page = tree(answer.text)
    links = [href for href in page.hrefs() if href.startswith("/")]
    assert sum(href.startswith(V1) for href in links) == 11
    assert sum(href.startswith("/c/") for href in links) == 1
    for href in links:
        assert site.get(href).status_code == 200, href
    anchors = {href[1:] for href in page.hrefs() if href.startswith("#")}
    assert anchors
    assert anchors <= {node.attributes.get("id") for node in page.all("section")}
    for node in page.all("link"):
        assert site.get(node.attributes["href"]).status_code == 200
    assert site.head("/api/docs").status_code == 200


def test_wide_observations_have_a_number_or_nothing_for_each_date(site: TestClient) -> None:
    query = {"ids": "sp500,pue_global_average", "shape": "wide", "t": "max"}
    rows = get(site, "/observations", **query)["data"]
    plain = list(
        csv.DictReader(
            io.StringIO(site.get(f"{V1}/observations", params={**query, "format": "csv"}).text)
        )
    )
    assert [row["date"] for row in rows] == [row["date"] for row in plain]
    assert all(
        row[name] == (float(line[name]) if line[name] else None)
        for row, line in zip(rows, plain, strict=True)
        for name in ("sp500", "pue_global_average")
    )
