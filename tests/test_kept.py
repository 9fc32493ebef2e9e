"""Answers that are sent again as they went out: the same bytes, and never those of the past."""

from __future__ import annotations

import gc
import time
from pathlib import Path

import pytest
from conftest import Cli, settings_of, write_csv
from serving import PLAIN, TestClient, client, rows_of

from dashboard.http.cache import Kept


@pytest.fixture
def site(filled: Path) -> TestClient:
    return client(settings_of(filled))


def layer(site: TestClient) -> Kept:
    kept = site.app.app
    assert isinstance(kept, Kept)
    return kept


@pytest.mark.parametrize(
    "path", ["/c/sp500.csv", "/c/sp500.parquet", "/c/sp500@2026-05-27.json?t=max"]
)
@pytest.mark.parametrize("encoding", ["identity", "br", "gzip"])
def test_what_is_asked_again_is_the_same_answer(site: TestClient, path: str, encoding: str) -> None:
    headers = {"Accept-Encoding": encoding}
    answers = [site.get(path, headers=headers) for _ in range(3)]
    assert len(layer(site)._answers) == 1
    assert len({answer.content for answer in answers}) == 1
    assert len({tuple(answer.headers.items()) for answer in answers}) == 1


def test_each_encoding_is_kept_apart(site: TestClient) -> None:
    for encoding in ("br", "identity", "gzip", "br", "identity"):
        answer = site.get("/c/sp500.csv", headers={"Accept-Encoding": encoding})
        assert answer.headers.get("content-encoding", "identity") == encoding
        assert answer.content.startswith(b"date,indicator")


def test_what_depends_on_the_reader_is_not_sent_to_another(site: TestClient) -> None:
    whole = site.get("/c/sp500.csv", headers=PLAIN)
    tag = {"If-None-Match": whole.headers["etag"], **PLAIN}
    assert site.get("/c/sp500.csv", headers=tag).status_code == 304
    assert site.get("/c/sp500.csv", headers={"Range": "bytes=0-3", **PLAIN}).content == b"date"
    assert site.head("/c/sp500.csv", headers=PLAIN).content == b""
    assert site.get("/c/sp500.csv", headers=PLAIN).content == whole.content


def test_errors_and_what_changes_with_the_clock_are_not_kept(site: TestClient) -> None:
    for path in ("/c/sp500.csv?t=2y", "/c/nothing.csv", "/api/v1/status", "/healthz", "/"):
        site.get(path)
    assert len(layer(site)._answers) == 0


def test_nothing_of_an_older_snapshot_is_sent(site: TestClient, filled: Path, cli: Cli) -> None:
    old = site.get("/c/vix.csv").headers["x-snapshot"]
    file = write_csv(
        filled.parent / "x.csv", [["indicator", "date", "value"], ["vix", "2026-05-26", "17.5"]]
    )
    assert cli("import", file).status == 0
    until = time.monotonic() + 3
    while site.get("/c/vix.csv").headers["x-snapshot"] == old:
        assert time.monotonic() < until
        time.sleep(0.05)
    assert [row["value"] for row in rows_of(site.get("/c/vix.csv"))] == ["17.5"]
    assert len(layer(site)._answers) == 1  # those of the old one are gone


def test_a_snapshot_can_be_let_go_while_its_answers_are_kept(site: TestClient) -> None:
    site.get("/c/sp500.csv")
    assert layer(site)._made_from() is layer(site).snapshots.current()
    layer(site).snapshots._open = None
    until = time.monotonic() + 10  # the thread that answered lets go a little later than it answers
    while layer(site)._made_from() is not None:
        assert time.monotonic() < until
        time.sleep(0.01)
        gc.collect()


def test_what_is_kept_is_bounded_in_bytes(site: TestClient) -> None:
    kept = layer(site)
    kept.most = 60_000
    for day in range(1, 29):
        site.get(f"/c/sp500.csv?t=2026-01-{day:02d}..", headers=PLAIN)
        assert kept._bytes <= kept.most
        assert kept._bytes == sum(len(a.body["body"]) for a in kept._answers.values())
    assert 0 < len(kept._answers) < 28


def test_an_answer_that_was_kept_is_counted_like_any_other(site: TestClient) -> None:
    for _ in range(3):
        site.get("/c/sp500.csv")
    lines = site.get("/metrics").text.splitlines()
    (line,) = [x for x in lines if x.startswith('xinzhi_requests_total{route="/c/{place}.csv"')]
    assert line.endswith(" 3")
