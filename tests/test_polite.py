"""How hosts are asked: in parallel, no faster than they allow, once for each answer, and never for
longer than a run may take."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest
from conftest import settings_of
from upstreams import Internet

from etl.errors import SourceError, SourceUnavailable
from etl.ingest import upstream
from etl.ingest.fetching import Fetching
from etl.ingest.upstream import Upstream
from etl.settings import Settings

pytestmark = pytest.mark.slow

TIMEOUT_S = 2.0
HOSTS = [f"data{n}.example.org" for n in range(14)]


@pytest.fixture
def out(internet: Internet, tmp_path: Path) -> Iterator[Upstream]:
    with Upstream(_settings(internet, tmp_path)) as way:
        yield way


def _settings(internet: Internet, folder: Path) -> Settings:
    return settings_of(
        folder / "data", XINZHI_PROXY=internet.proxy_url,
        XINZHI_CA_BUNDLE=str(internet.ca_pem), XINZHI_TIMEOUT=str(TIMEOUT_S),
    )  # fmt: skip


def _page_and_file(out: Upstream, host: str) -> bytes:
    """What a source does that reads the address of its file from a page of another host."""
    with suppress(SourceError):
        out.get(f"https://{host}/page")
    return out.get(f"https://files.{host}/file")


def test_what_was_answered_is_not_asked_again_in_a_run(internet: Internet, out: Upstream) -> None:
    internet.say("data.example.org/book", 200, b"all months")
    answers = {out.get("https://data.example.org/book") for _ in range(5)}
    assert answers == {b"all months"}
    assert len(internet.requests) == 1
    # What is asked in another way is another question.
    out.get("https://data.example.org/book", headers={"User-Agent": "other"})
    assert len(internet.requests) == 2


def test_a_refusal_is_asked_again(internet: Internet, out: Upstream) -> None:
    internet.say("data.example.org", 404)
    for _ in range(2):
        with pytest.raises(SourceError, match="404"):
            out.get("https://data.example.org/book")
    assert len(internet.requests) == 2


def test_the_oldest_answers_are_forgotten_when_there_are_too_many_bytes(
    internet: Internet, out: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upstream, "MOST_REMEMBERED", 25)
    internet.say("data.example.org", 200, b"ten bytes.")
    addresses = [f"https://data.example.org/{n}" for n in range(3)]
    for address in [*addresses, addresses[2], addresses[0]]:
        out.get(address)
    assert [asked.path for asked in internet.requests] == ["/0", "/1", "/2", "/0"]


def test_a_host_is_asked_no_more_often_than_it_allows(
    internet: Internet, out: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upstream, "RATES", {"data.example.org": (3, 0.5)})
    internet.say("example.org", 200, b"here")
    begun_s = time.monotonic()
    for n in range(8):
        out.get(f"https://data.example.org/{n}")
    assert time.monotonic() - begun_s > 2 * 0.5  # three at once, and three more
    assert len(internet.requests) == 8


def test_sec_and_fred_are_asked_below_their_limits() -> None:
    assert upstream.RATES["data.sec.gov"] <= (10, 1.0)
    most, seconds = upstream.RATES["api.stlouisfed.org"]
    assert most / seconds < 2


def test_many_hosts_that_hang_cost_the_time_of_one(internet: Internet, out: Upstream) -> None:
    """Each of fourteen sources asks two hosts, and nobody ever answers."""
    internet.fail("example.org", "timeout")
    begun_s = time.monotonic()
    with Fetching() as answers:
        for host in HOSTS:
            answers.ask(host, "one", partial(_page_and_file, out, host))
            answers.ask(host, "two", partial(_page_and_file, out, host))
        for host in HOSTS:
            for subject in ("one", "two"):
                with pytest.raises(SourceUnavailable, match=host):
                    answers.answer(host, subject)
    assert time.monotonic() - begun_s < TIMEOUT_S + upstream.A_MOMENT_S + 3
    assert {one.host for one in out.exchanges} == {*HOSTS, *(f"files.{host}" for host in HOSTS)}


def test_a_slow_host_has_its_time_where_another_answers(internet: Internet, out: Upstream) -> None:
    internet.say("here.example.org", 200, b"here")
    out.get("https://here.example.org/")
    for n in range(upstream.ENOUGH_LOST + 1):
        out.give_up(f"gone{n}.example.org", "gone.")
    assert out.limit_s == TIMEOUT_S


def test_hosts_that_the_catalog_names_are_asked_side_by_side(
    internet: Internet, out: Upstream
) -> None:
    """One source with many addresses, as tables have, does not wait for each in turn."""
    internet.fail("example.org", "timeout")
    begun_s = time.monotonic()
    with Fetching() as answers:
        for host in HOSTS[:6]:
            fetch = partial(out.get, f"https://{host}/table.csv")
            answers.ask("table", host, fetch, host)
        for host in HOSTS[:6]:
            with pytest.raises(SourceUnavailable):
                answers.answer("table", host)
    assert time.monotonic() - begun_s < 2 * TIMEOUT_S
    assert {one.source for one in out.exchanges} == {"table"}


def test_a_host_that_answers_too_slowly_leaves_the_rest_for_the_next_run(
    internet: Internet, out: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upstream, "MOST_ASKING_S", 0.0)
    internet.say("data.example.org", 200, b"here")
    assert out.get("https://data.example.org/1") == b"here"
    with pytest.raises(SourceUnavailable, match=r"data\.example\.org is slow"):
        out.get("https://data.example.org/2")


def test_a_slow_refusal_is_not_waited_for_again_and_again(
    internet: Internet, out: Upstream
) -> None:
    out.waited_s["data.example.org"] = upstream.MOST_WAITING_S
    internet.say("data.example.org", 503)
    with pytest.raises(SourceError, match="503"):
        out.get("https://data.example.org/")
    assert len(internet.requests) == 1


def test_every_exchange_is_noted_with_its_source_and_problem(
    internet: Internet, out: Upstream
) -> None:
    internet.say("data.example.org/good", 200, b"here")
    internet.say("data.example.org/bad", 404)
    with Fetching() as answers:
        for place in ("good", "bad"):
            answers.ask("table", place, partial(out.get, f"https://data.example.org/{place}"))
        answers.answer("table", "good")
        with pytest.raises(SourceError):
            answers.answer("table", "bad")
    good, bad = out.exchanges
    assert (good.source, good.host, good.problem) == ("table", "data.example.org", "")
    assert 0 < good.seconds < TIMEOUT_S
    assert "404" in bad.problem
