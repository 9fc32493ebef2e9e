"""The record of what was made here: whether a file came from this site, and when."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import pytest
from conftest import Cli, settings_of
from serving import PLAIN, TestClient, client

from dashboard.export.formats import FORMATS
from dashboard.export.receipts import Made, Served
from etl.errors import StorageError

BASE = "http://127.0.0.1:8050"


def made(number: int, when: datetime | None = None) -> Made:
    digest = sha256(str(number).encode()).hexdigest()
    moment = when or datetime(2026, 5, 27, tzinfo=UTC)
    return Made(digest, f"{BASE}/c/{number}.csv", "snapshot", number, moment)


@pytest.mark.parametrize("suffix", FORMATS)
def test_a_file_that_was_fetched_is_known_by_its_digest(own_site: TestClient, suffix: str) -> None:
    file = own_site.get(f"/c/sp500@2026-05-27{suffix}?t=3m")
    digest = sha256(file.content).hexdigest()
    found = own_site.get(f"/verify/{digest}").json()
    assert found["sha256"] == digest
    assert found["snapshot"] == file.headers["x-snapshot"]
    assert found["bytes"] == len(file.content)
    assert datetime.fromisoformat(found["first_made_at"]) <= datetime.now(UTC)
    assert own_site.get(found["address"].removeprefix(BASE)).content == file.content
    assert own_site.get(f"/verify/{digest.upper()}").json() == found


MANY = "sp500,nasdaq_composite,vix,us_10y_yield_pct,usd_cny,gold_futures_usd_oz"


@pytest.mark.parametrize("suffix", ["csv", "parquet", "json"])
def test_a_file_of_more_than_a_chart_has_is_known_by_its_digest(
    own_site: TestClient, suffix: str
) -> None:
    file = own_site.get(f"/api/v1/observations?ids={MANY}&t=3m&format={suffix}")
    found = own_site.get(f"/verify/{sha256(file.content).hexdigest()}").json()
    assert found["bytes"] == len(file.content)
    assert own_site.get(found["address"].removeprefix(BASE)).content == file.content


def test_the_pack_of_a_bulletin_is_known_also_when_the_bulletin_was_taken_back(
    filled: Path, cli: Cli
) -> None:
    site = client(settings_of(filled))
    digest = sha256(site.get("/bulletins/2026-05-27.zip").content).hexdigest()
    assert site.get(f"/verify/{digest}").json()["address"] == f"{BASE}/bulletins/2026-05-27.zip"
    assert cli("withdraw", "2026-05-27", "--reason", "数字有误").status == 0
    assert client(settings_of(filled)).get(f"/verify/{digest}").status_code == 200


def test_a_file_that_was_changed_is_not_known(own_site: TestClient) -> None:
    file = own_site.get("/c/sp500.csv").content
    answer = own_site.get(f"/verify/{sha256(file + b' ').hexdigest()}")
    assert answer.status_code == 404
    assert "1 files are on record" in answer.json()["detail"]


@pytest.mark.parametrize("digest", ["0" * 63, "0" * 65, "a" * 9000])
def test_what_is_no_digest_is_refused_in_words(own_site: TestClient, digest: str) -> None:
    answer = own_site.get(f"/verify/{digest}")
    assert answer.status_code == 400
    assert "64 hexadecimal digits" in answer.json()["detail"]


def test_head_works_on_a_question_about_a_file(own_site: TestClient) -> None:
    digest = sha256(own_site.get("/c/sp500.csv").content).hexdigest()
    get, head = (own_site.request(m, f"/verify/{digest}", headers=PLAIN) for m in ("GET", "HEAD"))
    assert (head.status_code, head.content) == (get.status_code, b"") == (200, b"")


def test_the_record_outlives_the_server(filled: Path) -> None:
    file = client(settings_of(filled)).get("/c/sp500.csv").content
    after = client(settings_of(filled)).get(f"/verify/{sha256(file).hexdigest()}")
    assert after.status_code == 200


def test_the_first_moment_of_a_file_is_kept(tmp_path: Path) -> None:
    record = Served(tmp_path / "served.sqlite")
    first, later = made(1), made(1, datetime(2027, 1, 1, tzinfo=UTC))
    record.note(first)
    record.note(later)
    assert record.find(first.sha256) == first
    assert record.extent()[0] == 1


def test_the_record_is_bounded_and_forgets_the_oldest_first(tmp_path: Path) -> None:
    record = Served(tmp_path / "served.sqlite", kept=10)
    for number in range(25):
        record.note(made(number))
    assert record.extent()[0] == 10
    assert record.find(made(14).sha256) is None
    assert record.find(made(15).sha256) == made(15)


def side_by_side(work: Callable[..., None], each: Sequence[tuple[object, ...]]) -> None:
    """Run `work` with each of the arguments at once, to its end."""
    threads = [threading.Thread(target=work, args=one) for one in each]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_two_servers_write_one_record(tmp_path: Path) -> None:
    records = [Served(tmp_path / "served.sqlite") for _ in range(2)]

    def work(record: Served, numbers: range) -> None:
        for number in numbers:
            record.note(made(number))

    side_by_side(work, [(record, range(at, 200, 2)) for at, record in enumerate(records)])
    assert [record.problem for record in records] == ["", ""]
    assert records[0].extent()[0] == 200


def test_two_servers_that_start_at_once_lose_nothing(tmp_path: Path) -> None:
    for attempt in range(25):
        records = [Served(tmp_path / f"{attempt}.sqlite") for _ in range(2)]
        start = threading.Barrier(2)

        def work(record: Served, number: int, start: threading.Barrier = start) -> None:
            start.wait()
            record.note(made(number))

        side_by_side(work, [(record, number) for number, record in enumerate(records)])
        assert [record.problem for record in records] == ["", ""]
        assert records[0].extent()[0] == 2


def test_a_file_is_served_where_nothing_can_be_recorded_and_the_question_says_so(
    filled: Path,
) -> None:
    (filled / "served.sqlite").mkdir()
    site = client(settings_of(filled))
    assert site.get("/c/sp500.csv").status_code == 200
    answer = site.get("/verify/" + "0" * 64)
    assert answer.status_code == 503
    detail = answer.json()["detail"]
    assert "record of served files cannot be used" in detail
    assert "served.sqlite" not in detail  # the log names the file


def test_a_record_that_is_no_record_is_said_in_words(tmp_path: Path) -> None:
    path = tmp_path / "served.sqlite"
    path.write_bytes(b"not a database" * 1000)
    with pytest.raises(StorageError, match="cannot be used"):
        Served(path).find("0" * 64)
