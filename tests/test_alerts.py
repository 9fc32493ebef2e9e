"""Alerts: rules of the catalog, judged on values, shown, told in the feed, and sent once."""

from __future__ import annotations

import json
import socketserver
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from xml.etree import ElementTree

import duckdb
import pytest
from conftest import (
    CATALOG,
    Cli,
    authored,
    command,
    fill,
    finished,
    is_one_sentence,
    settings_of,
)  # fmt: skip
from serving import TestClient, client, free_port, still

from etl.alerts import notify
from etl.alerts.rules import JSON, TOLD, Alert, judge
from etl.catalog import AlertRule, Catalog, Dated, Text, load_catalog
from etl.errors import CatalogError, SettingError
from etl.ingest.run import Request, judged, run
from etl.records import Observation, Vintage, now
from etl.settings import Settings
from etl.storage import publish
from etl.storage.snapshots import Folder
from etl.storage.state import TextFile
from etl.storage.warehouse import lock, opened

pytestmark = pytest.mark.slow

ATOM = {"a": "http://www.w3.org/2005/Atom"}
MONDAY = date(2026, 5, 18)
TODAY = now().date()  # once: a test may run over midnight
EVENING = datetime(2026, 5, 26, 21, tzinfo=UTC)
#: Nine sessions in a row, Memorial Day left out, up to 26 May 2026.
DAYS = [date(2026, 5, day) for day in (13, 14, 15, 18, 19, 20, 21, 22, 26)]


def series(*values: float, days: list[date] | None = None, basis: str = "") -> list[Vintage]:
    """Values on the last sessions up to 26 May 2026."""
    on = days or DAYS[len(DAYS) - len(values) :]
    return [
        Vintage(day, value, "fred", datetime(day.year, day.month, day.day, 20, tzinfo=UTC),
                "fetched", basis=basis)
        for day, value in zip(on, values, strict=True)
    ]  # fmt: skip


def alert(
    catalog: Catalog, rule: Mapping[str, object], values: list[Vintage], name: str = "sp500",
    moment: datetime = EVENING,
) -> Alert:  # fmt: skip
    indicator = catalog[name]
    found = AlertRule.model_validate(rule)
    return judge(indicator, catalog.unit(indicator), found, values, moment)


ABOVE, BELOW = {"kind": "threshold", "above": 100.0}, {"kind": "threshold", "below": 50.0}
RECORD, STALE = {"kind": "record"}, {"kind": "stale"}
PERCENT, SCORE = {"kind": "jump", "percent": 5.0}, {"kind": "jump", "z": 3.0, "n": 10}


@pytest.mark.parametrize(
    ("rule", "values", "state", "crossed"),
    [
        (ABOVE, (99, 101), "triggered", [26]),
        (ABOVE, (99, 100), "normal", []),
        (ABOVE, (101, 99, 102, 103), "triggered", [20, 22]),
        (BELOW, (50, 49.9), "triggered", [26]),
        (BELOW, (49, 51), "normal", [22]),
        (RECORD, (10, 11, 12, 11.5), "normal", [21]),
        (RECORD, (10, 10), "normal", []),
        (RECORD, (10, 9), "triggered", [26]),
        (RECORD, (10,), "missing", []),
        (PERCENT, (100, 105), "triggered", [26]),
        (PERCENT, (100, 104.9), "normal", []),
        (PERCENT, (100, 94), "triggered", [26]),
        (PERCENT, (100, 110, 120, 121), "normal", [21]),
        (PERCENT, (0, 5), "missing", []),
        (PERCENT, (100,), "missing", []),
        (STALE, (100,), "normal", []),
        (ABOVE, (), "missing", []),
        (STALE, (), "missing", []),
    ],
)
def test_a_rule_has_one_of_three_states_and_crosses_where_it_comes_to_hold(
    catalog: Catalog, rule: dict[str, object], values: tuple[float, ...], state: str,
    crossed: list[int],
) -> None:  # fmt: skip
    found = alert(catalog, rule, series(*values))
    assert (found.state, [c.date.day for c in found.crossings]) == (state, crossed)
    assert found.zh.endswith("。")
    assert found.en.endswith(".")


def test_the_sentence_says_the_value_its_date_and_the_measure(catalog: Catalog) -> None:
    assert alert(catalog, ABOVE, series(99, 101.5)).zh == (
        "2026 年 5 月 26 日为 101.50 点，高于 100 点。"
    )
    assert alert(catalog, ABOVE, series(99, 98)).en == (
        "98.00 points for 26 May 2026, not above 100 points."
    )
    assert "较上一交易日跌 6.00%，达到 5%" in alert(catalog, PERCENT, series(100, 94)).zh
    assert "创 2026 年 5 月 22 日以来最低。" in alert(catalog, RECORD, series(9, 8)).zh
    value = alert(catalog, {"kind": "threshold", "above": 1000.0}, series(999, 1010.3),
                  "micron_market_cap_usd_bn")  # fmt: skip
    assert "1.01 万亿美元，高于 1 万亿美元" in value.zh
    assert "1.01 tn USD for 26 May 2026, above 1 tn USD" in value.en


def test_a_step_is_measured_by_the_steps_before_it(catalog: Catalog) -> None:
    days = [date(2026, 5, 26) - timedelta(days=k) for k in range(12)][::-1]
    calm = [100 + (k % 2) for k in range(11)]
    loud = alert(catalog, SCORE, series(*calm, 110, days=days))
    assert loud.state == "triggered"
    assert "偏离此前 10 次变动的均值 9.5 个标准差，达到 3 个" in loud.zh
    assert alert(catalog, SCORE, series(*calm, 101, days=days)).state == "normal"
    assert (
        alert(catalog, SCORE, series(*calm[:9], 110, days=days[:9] + days[-1:])).state == "missing"
    )
    flat = alert(catalog, SCORE, series(*[100.0] * 12, days=days))
    assert flat.state == "missing"  # nothing varies, so nothing can be measured by it


def test_a_rise_that_is_smaller_than_usual_is_told_as_no_fall(catalog: Catalog) -> None:
    days = [date(2026, 5, 26) - timedelta(days=k) for k in range(12)][::-1]
    rising = [100.0, 110, 121, 131, 142, 152, 163, 173, 184, 194, 205]
    told = alert(catalog, SCORE, series(*rising, 206, days=days))
    assert told.state == "triggered"
    assert "跌" not in told.zh
    assert "down" not in told.en


def test_nothing_is_compared_across_a_break_another_basis_or_a_gap(catalog: Catalog) -> None:
    broken = catalog["sp500"].model_copy(
        update={"breaks": (Dated(date=DAYS[-1], note=Text(zh="改", en="new")),)}
    )
    values, unit = series(100, 200), catalog.unit(catalog["sp500"])
    for rule in (PERCENT, RECORD):
        told = judge(broken, unit, AlertRule.model_validate(rule), values, EVENING)
        assert (told.state, told.crossings) == ("missing", ())
    mixed = [*series(100, days=DAYS[-2:-1]), *series(200, days=DAYS[-1:], basis="other")]
    assert alert(catalog, PERCENT, mixed).state == "missing"
    apart = series(100, 200, days=[date(2026, 4, 30), DAYS[-1]])
    assert alert(catalog, PERCENT, apart).state == "missing"
    assert alert(catalog, RECORD, apart).state == "triggered"


def test_what_is_out_of_date_decides_nothing_but_that(catalog: Catalog) -> None:
    values, later = series(99, 101), EVENING + timedelta(days=10)
    assert alert(catalog, ABOVE, values, moment=later).state == "missing"
    assert "未更新，无法判断" in alert(catalog, ABOVE, values, moment=later).zh
    stale = alert(catalog, STALE, values, moment=later)
    assert stale.state == "triggered"
    assert stale.zh == "数据截至 2026 年 5 月 26 日，未更新。"
    (crossing,) = stale.crossings
    # One missed session is no reason to worry: the second one was due at the close of the 28th.
    assert crossing.known_at == datetime(2026, 5, 28, 20, tzinfo=UTC)


def test_a_state_says_nothing_that_changes_with_the_clock_alone(catalog: Catalog) -> None:
    values = series(99, 101)
    for rule in (STALE, ABOVE, PERCENT):
        days = (alert(catalog, rule, values, moment=EVENING + timedelta(days=n)) for n in (10, 40))
        first, second = days
        assert first == second


def test_only_the_newest_crossings_are_told(catalog: Catalog) -> None:
    days = [date(2026, 1, 1) + timedelta(days=k) for k in range(100)]
    found = alert(catalog, ABOVE, series(*[99.0, 101.0] * 50, days=days), moment=EVENING)
    assert len(found.crossings) == TOLD
    assert found.crossings[-1].date == days[-1]


def test_an_alert_is_the_same_after_it_was_written_and_read(catalog: Catalog) -> None:
    found = alert(catalog, ABOVE, series(99, 101))
    assert JSON.validate_json(JSON.dump_json(found)) == found


def wrong_catalog(folder: Path, rules: str) -> str:
    """What the catalog says when sp500 has these rules."""
    text = CATALOG.read_text(encoding="utf-8")
    start = text.index("\n  sp500:\n")
    at = text.index("    alerts:\n", start)
    end = text.index("    aliases:", at)
    path = folder / "indicators.yaml"
    path.write_text(text[:at] + f"    alerts:\n{rules}" + text[end:], encoding="utf-8")
    line = text[:at].count("\n") + 2
    with pytest.raises(CatalogError) as caught:
        load_catalog(path)
    assert f"line {line}" in str(caught.value), (line, str(caught.value))
    return str(caught.value)


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("{kind: threshold, abov: 1}", "'abov' (sp500.alerts.0.abov). Did you mean 'above'?"),
        ("{kind: treshold, above: 1}", "'threshold', 'record', 'jump' or 'stale'"),
        ("{above: 1}", "'sp500.alerts.0.kind' is missing"),
        ("{kind: threshold}", "a rule of kind threshold needs either 'above' or 'below'."),
        ("{kind: threshold, above: 1, below: 2}", "needs either 'above' or 'below'."),
        ("{kind: record, above: 1}", "record takes no 'above'; it takes nothing else."),
        ("{kind: jump}", "needs either 'percent' or 'z'."),
        ("{kind: jump, percent: 0}", "greater than 0"),
        ("{kind: jump, percent: 5, n: 20}", "'n' belongs to 'z'."),
        ("{kind: jump, z: 3, n: 5}", "greater than or equal to 10"),
        ("{kind: threshold, above: .inf}", "finite number"),
        ("{kind: threshold, above: '1'}", "valid number"),
    ],
)  # fmt: skip
def test_a_wrong_rule_is_refused_with_its_line(tmp_path: Path, rule: str, said: str) -> None:
    assert said in wrong_catalog(tmp_path, f"      - {rule}\n")


def test_a_rule_that_stands_twice_is_refused(tmp_path: Path) -> None:
    text = CATALOG.read_text(encoding="utf-8")
    twice = text.replace("      - {kind: record}\n", "      - {kind: record}\n" * 2, 1)
    path = tmp_path / "indicators.yaml"
    path.write_text(twice, encoding="utf-8")
    with pytest.raises(CatalogError, match="the rule 'record' stands twice; keep one"):
        load_catalog(path)


@pytest.mark.parametrize(
    ("checked", "state", "zh", "en"),
    [(date(2026, 5, 1), "normal", "核对至 2026 年 5 月 1 日，及时。",
      "Checked until 1 May 2026, up to date."),
     (date(2026, 4, 1), "triggered", "核对至 2026 年 4 月 1 日，未更新。",
      "Checked until 1 April 2026, not updated."),
     (None, "triggered", "未核对，未更新。", "Never checked, not updated.")],
)  # fmt: skip
def test_what_changes_only_at_events_is_stale_where_nobody_has_looked(
    catalog: Catalog, checked: date | None, state: str, zh: str, en: str
) -> None:
    indicator = catalog["fed_target_upper_pct"].model_copy(update={"checked": checked})
    unit, values = catalog.unit(indicator), series(3.75, days=[date(2025, 12, 11)])
    told = judge(indicator, unit, AlertRule(kind="stale"), values, EVENING)
    assert (told.state, told.zh, told.en) == (state, zh, en)
    assert bool(told.crossings) == (state == "triggered")
    if checked and told.crossings:
        (crossing,) = told.crossings
        # 31 days are patience; the crossing is that of the look, so that the next one is told.
        assert (crossing.date, crossing.known_at) == (
            checked, datetime(2026, 5, 2, 16, tzinfo=UTC)
        )  # fmt: skip
    above = judge(indicator, unit, AlertRule(kind="threshold", above=3.0), values, EVENING)
    assert above.state == ("triggered" if state == "normal" else "missing")


def test_every_kind_of_rule_stands_in_the_catalog_and_names_no_other_twice(
    catalog: Catalog,
) -> None:
    kinds = {rule.kind for indicator in catalog.all() for rule in indicator.alerts}
    assert kinds == {"threshold", "record", "jump", "stale"}


# --- What is shown ----------------------------------------------------------------------------


def with_values(folder: Path, catalog: Catalog, *values: float) -> None:
    """The VIX of the last working days, fresh as of now, and published."""
    days = [TODAY - timedelta(days=k) for k in range(1, 12)]
    sessions = [day for day in days if day.weekday() < 5][: len(values)][::-1]
    found = [
        Observation(day, value, datetime(day.year, day.month, day.day, 12, tzinfo=UTC))
        for day, value in zip(sessions, values, strict=True)
    ]
    with opened(folder / "warehouse.duckdb") as warehouse:
        moment = now() - timedelta(hours=1)
        load = warehouse.begin_load("run", moment, moment)
        warehouse.append("vix", "yahoo", found, load=load, known_at=moment)
    run(settings_of(folder), catalog, Request(offline=True), lambda outcome: None)


@pytest.fixture(scope="module")
def triggered_once(
    published: Settings, catalog: Catalog, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    folder = fill(authored(tmp_path_factory.mktemp("triggered")), published.data)
    with_values(folder, catalog, 20.0, 35.5)
    return folder


@pytest.fixture
def triggered(data: Path, triggered_once: Path) -> Path:
    """A folder in which the VIX has just risen above 30."""
    return fill(data, triggered_once)


def states(site: TestClient) -> dict[tuple[str, str], str]:
    """Each rule of the status page with its state in words."""
    table = still(site.get("/status")).one("table", "alerts")
    return {
        (row.one("th").hrefs()[0].rpartition("/")[2], row.one("td", "is-rule").text):
        row.one("td", "is-state").text[1:]
        for row in table.one("tbody").all("tr")
    }  # fmt: skip


def test_the_status_page_shows_every_rule_the_worst_first(
    triggered: Path, catalog: Catalog
) -> None:
    found = states(client(settings_of(triggered)))
    assert len(found) == sum(len(i.alerts) for i in catalog.all())
    assert found["vix", "高于 30 点"] == "触发"
    assert found["gold_futures_usd_oz", "创新高或新低"] == "无法判断"
    order = [["触发", "无法判断", "正常"].index(state) for state in found.values()]
    assert order == sorted(order)


def test_a_triggered_alert_is_a_line_on_today_and_a_sentence_on_its_page(triggered: Path) -> None:
    site = client(settings_of(triggered))
    line = still(site.get("/")).one("p", "alert-line")
    assert "VIX 高于 30 点" in line.text
    assert "/indicators/vix" in line.hrefs()
    assert not list(still(site.get("/bulletins/2026-05-27")).all("p", "alert-line"))
    said = still(site.get("/indicators/vix")).one("p", "alert-line").text
    assert said.startswith("提醒 · 高于 30 点：")
    assert "35.50 点，高于 30 点" in said
    english = still(site.get("/indicators/vix?lang=en")).one("p", "alert-line").text
    assert english.startswith("Alert · above 30 points: 35.50 points for ")
    assert not list(still(site.get("/indicators/sp500")).all("p", "alert-line"))


def test_an_alert_that_is_over_is_no_line_any_more(triggered: Path, catalog: Catalog) -> None:
    with_values(triggered, catalog, 20.0, 25.0)
    site = client(settings_of(triggered))
    assert states(site)["vix", "高于 30 点"] == "正常"
    assert "VIX" not in "".join(p.text for p in still(site.get("/")).all("p", "alert-line"))


def feed(site: TestClient) -> list[str]:
    """What the feed of events tells about VIX, each with the id of its entry."""
    root = ElementTree.fromstring(site.get("/events.atom").content)
    return [
        f"{entry.findtext('a:id', '', ATOM)} {line}"
        for entry in root.findall("a:entry", ATOM)
        for line in entry.findtext("a:summary", "", ATOM).splitlines()
        if "VIX" in line and "高于 30 点" in line
    ]


def test_a_crossing_is_told_once_by_the_feed_and_keeps_its_id(
    triggered: Path, catalog: Catalog
) -> None:
    first = feed(client(settings_of(triggered)))
    assert len(first) == 1
    with_values(triggered, catalog, 20.0, 35.5, 36.0)
    again = feed(client(settings_of(triggered)))
    assert len(again) == 1
    run(settings_of(triggered), catalog, Request(offline=True), lambda outcome: None)
    assert feed(client(settings_of(triggered))) == again


def test_a_state_that_changes_is_published_and_one_that_stays_is_not(
    filled: Path, catalog: Catalog
) -> None:
    before = Folder(filled / "published").current_name()
    rules = (AlertRule(kind="stale"),)
    other = catalog.model_copy(
        update={"indicators": {**catalog.indicators,
                "vix": catalog["vix"].model_copy(update={"alerts": rules})}}
    )  # fmt: skip
    names = [run(settings_of(filled), other, Request(offline=True), lambda o: None).snapshot
             for _ in range(2)]  # fmt: skip
    assert names[0] not in (None, before)
    assert names[1] is None
    with opened(filled / "warehouse.duckdb") as warehouse:
        content = publish.all_content(other, [], [], [], alerts=judged(other, warehouse, EVENING))
        first = publish.publish(warehouse, content, Folder(filled / "published"), now())
        content = publish.all_content(other, [], [], [], alerts=judged(other, warehouse, now()))
        second = publish.publish(warehouse, content, Folder(filled / "published"), now())
    assert None not in (first, second)


def test_a_snapshot_of_an_earlier_version_shows_no_alerts_and_every_page(filled: Path) -> None:
    (path,) = (filled / "published").glob("2*.duckdb")
    with duckdb.connect(str(path)) as own:
        own.execute("drop table alerts")
    site = client(settings_of(filled))
    for address in ("/", "/indicators/sp500", "/status", "/atom.xml", "/events.atom"):
        assert site.get(address).status_code == 200
    assert "指标目录里没有提醒规则" in still(site.get("/status")).text


def test_the_command_prints_what_the_page_shows(triggered: Path, cli: Cli) -> None:
    rows = json.loads(cli("alerts", "--json").out)
    words = {"triggered": "触发", "normal": "正常", "missing": "无法判断"}
    shown = states(client(settings_of(triggered)))
    assert {(row["indicator"], row["rule_zh"]): words[row["state"]] for row in rows} == shown
    table = cli("alerts")
    assert table.status == 0
    lines = [line.split() for line in table.out.splitlines()[1:]]
    assert [line[:3] for line in lines] == [[r["indicator"], r["rule"], r["state"]] for r in rows]


# --- What is sent -----------------------------------------------------------------------------


@dataclass
class Chat:
    """A chat service on loopback: what it was sent, and what it answers."""

    url: str = ""
    status: int = 200
    answer: bytes = b'{"errcode": 0, "errmsg": "ok"}'
    posts: list[dict[str, object]] = field(default_factory=list)
    pictures: bytes | None = None
    before: Callable[[], None] = lambda: None

    @property
    def words(self) -> list[str]:
        return [json.dumps(post, ensure_ascii=False) for post in self.posts]


@pytest.fixture
def chat() -> Iterator[Chat]:
    service = Chat()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            service.before()
            body = self.rfile.read(int(self.headers["Content-Length"]))
            assert self.headers["Content-Type"] == "application/json"
            service.posts.append(json.loads(body))
            self._answer(service.status, service.answer)

        def do_GET(self) -> None:
            found = service.pictures
            self._answer(200 if found is not None else 404, found or b"none")

        def _answer(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            with suppress(ConnectionError):  # who asked may have given up waiting
                self.end_headers()
                self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = False  # what it still answers ends with its own test
        threading.Thread(target=server.serve_forever, daemon=True).start()
        service.url = f"http://127.0.0.1:{server.server_port}"
        yield service
        server.shutdown()


@dataclass
class PostOffice:
    """A mail server on loopback: what it took, and the reply to a recipient."""

    port: int = 0
    reply: str = "250 ok"
    mails: list[EmailMessage] = field(default_factory=list)


@contextmanager
def post_office() -> Iterator[PostOffice]:
    office = PostOffice()

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self._say("220 loopback")
            for line in self.rfile:
                word = line.decode().strip().upper()
                if word.startswith("EHLO"):
                    self._say("250-loopback\r\n250 8BITMIME")
                elif word.startswith("RCPT"):
                    self._say(office.reply)
                elif word == "DATA":
                    self._say("354 go on")
                    body = b"".join(iter(self.rfile.readline, b".\r\n"))
                    mail = message_from_bytes(body, policy=policy.default)
                    assert isinstance(mail, EmailMessage)
                    office.mails.append(mail)
                    self._say("250 taken")
                elif word == "QUIT":
                    self._say("221 bye")
                    return
                else:
                    self._say("250 ok")

        def _say(self, words: str) -> None:
            self.wfile.write(f"{words}\r\n".encode())

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        office.port = server.server_address[1]
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield office
        server.shutdown()


@pytest.fixture
def office() -> Iterator[PostOffice]:
    with post_office() as found:
        yield found


@pytest.fixture
def channel(triggered: Path, chat: Chat, monkeypatch: pytest.MonkeyPatch) -> Chat:
    """The chat as a channel of a folder with a triggered alert."""
    monkeypatch.setenv("XINZHI_ALERT_WEBHOOK", f"{chat.url}/send?key=SECRETKEY")
    monkeypatch.setenv("XINZHI_ALERT_SHAPE", "wecom")
    monkeypatch.setenv("XINZHI_BASE_URL", chat.url)
    return chat


def holding(cli: Cli) -> int:
    """How many rules hold."""
    return sum(row["state"] == "triggered" for row in json.loads(cli("alerts", "--json").out))


def test_each_crossing_is_sent_once(
    channel: Chat, triggered: Path, catalog: Catalog, cli: Cli
) -> None:
    done = cli("alerts", "--send")
    assert (done.status, done.err) == (0, "")
    count = holding(cli)
    assert count >= 2
    assert len(channel.posts) == count
    assert len(set(channel.words)) == count
    assert sum("VIX 波动率指数：高于 30 点" in words for words in channel.words) == 1
    assert f"{count} alerts sent" in done.out
    assert cli("alerts", "--send").status == 0
    assert len(channel.posts) == count
    with_values(triggered, catalog, 20.0, 35.5, 20.0)
    cli("alerts", "--send")
    assert len(channel.posts) == count
    with_values(triggered, catalog, 20.0, 20.0, 31.0)
    cli("alerts", "--send")
    # The newest day was crossed before: a revision makes no second message of it.
    assert len(channel.posts) == count


def test_a_crossing_that_is_over_before_the_next_sending_is_still_sent(
    channel: Chat, triggered: Path, catalog: Catalog, cli: Cli
) -> None:
    settings, count = settings_of(triggered), len(channel.posts)
    cli("alerts", "--send")
    before = len(channel.posts)
    assert before > count
    rule = Alert("vix", "r", "规则", "rule", "normal", MONDAY, 1.0, "。", ".")
    crossing = alert(catalog, ABOVE, series(99, 101, 99)).crossings[0]
    old = JSON.validate_python({**JSON.dump_python(rule), "crossings": [crossing]})
    since = crossing.known_at
    assert list(notify.pending([old], since, frozenset())) == [(old, old.crossings[0])]
    assert not list(notify.pending([old], since + timedelta(seconds=1), frozenset()))
    assert not list(notify.pending([old], since, frozenset({old.key(crossing)})))
    assert settings.state.joinpath("alerts.json").exists()


@pytest.mark.parametrize(
    ("shape", "answer", "path"),
    [
        ("wecom", b'{"errcode":0,"errmsg":"ok"}', ("markdown", "content")),
        ("dingtalk", b'{"errcode":0,"errmsg":"ok"}', ("markdown", "text")),
        ("feishu", b'{"code":0,"msg":"success","data":{}}', ("content", "text")),
        ("slack", b"ok", ("text",)),
    ],
)
def test_a_message_has_the_shape_of_its_service(
    channel: Chat, cli: Cli, monkeypatch: pytest.MonkeyPatch, shape: str, answer: bytes,
    path: tuple[str, ...],
) -> None:  # fmt: skip
    monkeypatch.setenv("XINZHI_ALERT_SHAPE", shape)
    channel.answer = answer
    assert cli("alerts", "--send").status == 0
    (post,) = [post for post in channel.posts if "VIX" in json.dumps(post, ensure_ascii=False)]
    words: object = post
    for name in path:
        assert isinstance(words, dict)
        words = words[name]
    assert isinstance(words, str)
    for part in ("新质生产力提醒", "VIX 波动率指数：高于 30 点", "35.50 点", "/c/vix"):
        assert part in words


@pytest.mark.parametrize(
    ("shape", "answer", "is_taken"),
    [
        ("wecom", b'{"code":0}', False),
        ("dingtalk", b'{"code":0}', False),
        ("feishu", b'{"StatusCode":0,"StatusMessage":"success"}', True),
        ("feishu", b'{"code":0,"StatusCode":0}', True),
        ("feishu", b'{"code":1,"StatusCode":0}', False),
        ("feishu", b'{"errcode":0}', False),
        ("feishu", b"ok", False),
        ("slack", b"ok\n", True),
        ("slack", b'"ok"', True),
        ("slack", b'{"ok":true}', False),
        ("slack", b"invalid_payload", False),
        ("slack", b"", False),
    ],
)
def test_only_its_own_ok_is_a_delivery(
    channel: Chat, cli: Cli, monkeypatch: pytest.MonkeyPatch, shape: str, answer: bytes,
    is_taken: bool,
) -> None:  # fmt: skip
    monkeypatch.setenv("XINZHI_ALERT_SHAPE", shape)
    channel.answer = answer
    assert cli("alerts", "--send").status == (0 if is_taken else 1)
    assert (len(channel.posts) > 1) == is_taken


@pytest.mark.parametrize(
    ("url", "shape"),
    [
        ("https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=x", "wecom"),
        ("https://oapi.dingtalk.com/robot/send?access_token=x", "dingtalk"),
        ("https://open.feishu.cn/open-apis/bot/v2/hook/x", "feishu"),
        ("https://hooks.slack.com/services/x/y/z", "slack"),
    ],
)
def test_the_host_of_a_webhook_says_its_shape(tmp_path: Path, url: str, shape: str) -> None:
    (found,) = notify.channels(settings_of(tmp_path, XINZHI_ALERT_WEBHOOK=url))
    assert isinstance(found, notify.Webhook)
    assert found.shape == shape


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"WEBHOOK": "ftp://h/SECRET"}, "XINZHI_ALERT_WEBHOOK: is no such address"),
        ({"WEBHOOK": "https://[SECRET"}, "XINZHI_ALERT_WEBHOOK: is no such address"),
        ({"WEBHOOK": "https://h.example/SECRET"}, "SHAPE: nothing is known of the host h.example"),
        ({"WEBHOOK": "https://h.example/SECRET", "SHAPE": "wechat"}, "SHAPE: 'wechat' is none."),
        ({"TO": "a@example.org"}, "XINZHI_ALERT_SMTP: is missing"),
        ({"SMTP": "smtp://u:SECRET@h"}, "XINZHI_ALERT_TO: is missing"),
        ({"SMTP": "smtp://u:SECRET@h:99999", "TO": "a@b.c"}, "ALERT_SMTP: is no such address"),
        ({"SMTP": "mail.example:25", "TO": "a@b.c"}, "ALERT_SMTP: is no such address"),
        ({"SMTP": "smtp://h", "TO": "nobody"}, "XINZHI_ALERT_TO: 'nobody' is no e-mail address."),
    ],
)  # fmt: skip
def test_a_channel_that_is_set_wrongly_is_named_without_its_secret(
    tmp_path: Path, environment: dict[str, str], said: str
) -> None:
    settings = settings_of(tmp_path, **{f"XINZHI_ALERT_{k}": v for k, v in environment.items()})
    with pytest.raises(SettingError) as caught:
        notify.channels(settings)
    assert said in str(caught.value)
    assert "SECRET" not in str(caught.value) + repr(settings)


@pytest.mark.parametrize(
    ("status", "answer", "said"),
    [
        (200, b'{"errcode":93000,"errmsg":"invalid webhook url"}', "93000: invalid webhook url"),
        (200, b'{"code":19024,"msg":"Key Words Not Found"}', "19024: Key Words Not Found"),
        (200, b"", "it answered nothing"),
        (200, b"<html>\r\n<title>Log in</title>", "it answered ‘<html> <title>Log in</title>’"),
        (200, b"ok", "it answered ‘ok’, not"),
        (200, b"{}", "it answered ‘{}’"),
        (200, b"[" * 100_000, "it answered ‘[[["),
        (200, b"0", "it answered ‘0’"),
        (200, b'{"errcode":"0"}', "it answered 0, not"),
        (200, b'{"errcode":false}', "it answered False, not"),
        (200, b'{"errmsg":"bad \\u001b[31m key SECRETKEY in /SECRETKEY"}', "bad key … in /…"),
        (200, b'{"errcode":1,"errmsg":"' + b"x" * 900 + b'"}', "1: " + "x" * 76 + "…"),
        (404, b"no_service", "answered 404"),
        (503, b"later", "answered 503"),
    ],
)
def test_a_channel_that_refuses_is_said_and_keeps_its_messages_for_the_next_time(
    channel: Chat, cli: Cli, status: int, answer: bytes, said: str
) -> None:
    channel.status, channel.answer = status, answer
    done = cli("alerts", "--send")
    assert (done.status, is_one_sentence(done.err)) == (1, True)
    assert said in done.err
    assert "SECRET" not in done.err + done.out
    assert done.err.rstrip("\n").isprintable()
    assert len(channel.posts) == 1  # not pressed further, and not tried twice
    channel.status, channel.answer = 200, b'{"errcode":0}'
    assert cli("alerts", "--send").status == 0
    assert len(channel.posts) == 1 + holding(cli)


def test_a_service_that_cannot_be_reached_costs_no_longer_than_the_time_allowed(
    channel: Chat, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XINZHI_TIMEOUT", "0.3")
    given_up = threading.Event()
    channel.before = lambda: given_up.wait(30)  # type: ignore[assignment,return-value]
    began = now()
    done = cli("alerts", "--send")
    given_up.set()
    assert (done.status, "no answer in time" in done.err) == (1, True)
    assert now() - began < timedelta(seconds=3)
    monkeypatch.setenv("XINZHI_ALERT_WEBHOOK", f"http://127.0.0.1:{free_port()}/")
    assert "could not be reached" in cli("alerts", "--send").err


@pytest.fixture
def mailing(
    channel: Chat, office: PostOffice, monkeypatch: pytest.MonkeyPatch
) -> PostOffice:  # the pictures come from the chat's server
    monkeypatch.setenv("XINZHI_ALERT_SMTP", f"smtp://127.0.0.1:{office.port}")
    monkeypatch.setenv("XINZHI_ALERT_TO", "a@example.org, b@example.org")
    return office


def of_vix(office: PostOffice) -> EmailMessage:
    (mail,) = [mail for mail in office.mails if "VIX" in mail["Subject"]]
    return mail


def test_an_e_mail_carries_the_words_and_the_chart(
    mailing: PostOffice, channel: Chat, cli: Cli
) -> None:
    channel.pictures = b"\x89PNG\r\n\x1a\n..."
    done = cli("alerts", "--send")
    assert (done.status, done.err) == (0, "")
    assert len(mailing.mails) == len(channel.posts) == holding(cli)
    mail = of_vix(mailing)
    assert mail["Subject"] == "新质生产力提醒：VIX 波动率指数：高于 30 点"
    assert mail["To"] == "a@example.org, b@example.org"
    text = mail.get_body(("plain",))
    assert text is not None
    assert "高于 30 点" in text.get_content()
    assert f"{channel.url}/c/vix" in text.get_content()
    (picture,) = mail.iter_attachments()
    assert (picture.get_filename(), picture.get_content()) == ("vix.png", channel.pictures)


@pytest.mark.parametrize("pictures", [None, b"<html>"])
def test_a_picture_that_fails_never_stops_the_words(
    mailing: PostOffice, channel: Chat, cli: Cli, pictures: bytes | None
) -> None:
    channel.pictures = pictures
    done = cli("alerts", "--send")
    assert (done.status, "sent without its picture" in done.out) == (0, True)
    assert not list(of_vix(mailing).iter_attachments())
    assert "高于 30 点" in str(of_vix(mailing).get_body().get_content())  # type: ignore[union-attr]


def test_a_channel_that_fails_stops_no_other(mailing: PostOffice, channel: Chat, cli: Cli) -> None:
    channel.answer = b'{"errcode":1,"errmsg":"no"}'
    done = cli("alerts", "--send")
    assert done.status == 1
    assert len(mailing.mails) == holding(cli)
    channel.answer, mailing.reply = b'{"errcode":0}', "550 no such user"
    mailing.mails.clear()
    done = cli("alerts", "--send")
    assert (done.status, mailing.mails) == (0, [])  # the mails went out the first time
    assert len(channel.posts) == 1 + holding(cli)


def test_a_server_that_refuses_the_recipients_is_said(mailing: PostOffice, cli: Cli) -> None:
    mailing.reply = "550 no such user"
    done = cli("alerts", "--send")
    assert done.status == 1
    assert "refused every recipient (a@example.org, b@example.org)" in done.err


def test_a_password_is_never_sent_without_encryption(
    mailing: PostOffice, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XINZHI_ALERT_SMTP", f"smtp://u:SECRET@127.0.0.1:{mailing.port}")
    done = cli("alerts", "--send")
    assert done.status == 1
    assert "offers no encryption for the password" in done.err
    assert "SECRET" not in done.err
    assert mailing.mails == []


def test_a_mail_server_that_is_not_there_is_said(
    mailing: PostOffice, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XINZHI_ALERT_SMTP", f"smtp://127.0.0.1:{free_port()}")
    done = cli("alerts", "--send")
    assert (done.status, "127.0.0.1 did not take the e-mail" in done.err) == (1, True)


def test_no_more_than_twenty_messages_go_out_at_a_time(
    channel: Chat, triggered: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notify, "MOST", 1)
    done = cli("alerts", "--send")
    assert len(channel.posts) == 1
    assert f"{holding(cli) - 1} more wait for the next time" in done.out
    while len(channel.posts) < holding(cli):
        assert cli("alerts", "--send").status == 0
    assert len(set(channel.words)) == holding(cli)


def test_sending_without_a_channel_says_which_settings_there_are(triggered: Path, cli: Cli) -> None:
    done = cli("alerts", "--send")
    assert (done.status, is_one_sentence(done.err)) == (2, True)
    assert "XINZHI_ALERT_WEBHOOK" in done.err


@pytest.mark.parametrize(
    "damaged",
    [
        b"", b"[1, 2", b"[]", b"5", b"null", b"\xff", b"[" * 100_000, b'{"webhook": {}}',
        b'{"webhook": {"since": "2026-05-27T00:00:00", "sent": []}}',
        b'{"webhook": {"since": "2026-05-27T00:00:00+00:00", "sent": "vix"}}',
        b'{"webhook": {"since": "2026-05-27T00:00:00+00:00", "sent": [1]}}',
    ],
)  # fmt: skip
def test_a_memory_that_cannot_be_read_is_said_and_nothing_is_sent(
    channel: Chat, triggered: Path, cli: Cli, damaged: bytes
) -> None:
    (triggered / "state").mkdir()
    (triggered / "state" / "alerts.json").write_bytes(damaged)
    done = cli("alerts", "--send")
    assert (done.status, is_one_sentence(done.err)) == (2, True)
    assert "delete it" in done.err
    assert channel.posts == []


def memory_of(folder: Path) -> Path:
    return folder / "state" / "alerts.json"


def test_a_memory_that_cannot_be_written_sends_nothing(
    channel: Chat, triggered: Path, cli: Cli
) -> None:
    (triggered / "state" / ".alerts.json.draft").mkdir(parents=True)
    for _ in range(2):
        done = cli("alerts", "--send")
        assert (done.status, is_one_sentence(done.err)) == (2, True)
        assert "alerts.json: cannot be written" in done.err
        assert channel.posts == []
    (triggered / "state" / ".alerts.json.draft").rmdir()
    assert cli("alerts", "--send").status == 0
    assert len(channel.posts) == holding(cli)


def test_what_went_out_and_could_not_be_written_down_is_not_sent_twice(
    channel: Chat, triggered: Path, cli: Cli
) -> None:
    blocked = triggered / "state" / ".alerts.json.draft"
    channel.before = lambda: blocked.mkdir(exist_ok=True)
    done = cli("alerts", "--send")
    assert (done.status, is_one_sentence(done.err)) == (2, True)
    assert len(channel.posts) == 1  # and no more after it
    blocked.rmdir()
    channel.before = lambda: None
    done = cli("alerts", "--send")
    assert (done.status, "is not known; it is not sent again" in done.out) == (0, True)
    assert len(channel.posts) == len(set(channel.words)) == holding(cli)
    assert "not known" not in cli("alerts", "--send").out


def test_a_sending_that_was_killed_repeats_nothing(
    channel: Chat, triggered: Path, cli: Cli
) -> None:
    def die() -> None:
        channel.before = lambda: None
        sending.kill()

    sending = command(
        "alerts", "--send", data=triggered, XINZHI_ALERT_SHAPE="wecom",
        XINZHI_ALERT_WEBHOOK=f"{channel.url}/send?key=SECRETKEY",
    )  # fmt: skip
    channel.before = die
    finished(sending)
    done = cli("alerts", "--send")
    assert (done.status, "is not known; it is not sent again" in done.out) == (0, True)
    assert len(channel.posts) == len(set(channel.words))
    assert f"{holding(cli) - 1} alerts sent" in done.out


def test_a_new_address_is_told_what_holds_and_the_old_one_nothing_again(
    channel: Chat, triggered: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    cli("alerts", "--send")
    count = len(channel.posts)
    monkeypatch.setenv("XINZHI_ALERT_WEBHOOK", f"{channel.url}/send?key=ANOTHERKEY")
    assert f"{count} alerts sent" in cli("alerts", "--send").out
    assert len(channel.posts) == 2 * count
    assert len(set(channel.words)) == count
    monkeypatch.setenv("XINZHI_ALERT_WEBHOOK", f"{channel.url}/send?key=SECRETKEY")
    for _ in range(2):
        assert cli("alerts", "--send").status == 0
    assert len(channel.posts) == 2 * count
    assert "KEY" not in memory_of(triggered).read_text("utf-8")


def test_new_recipients_are_told_what_holds_whatever_the_order_and_the_server(
    mailing: PostOffice, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    cli("alerts", "--send")
    count = len(mailing.mails)
    monkeypatch.setenv("XINZHI_ALERT_TO", "b@example.org a@example.org")
    cli("alerts", "--send")
    assert len(mailing.mails) == count
    monkeypatch.setenv("XINZHI_ALERT_TO", "c@example.org")
    cli("alerts", "--send")
    assert len(mailing.mails) == 2 * count


def test_a_memory_of_the_version_before_is_that_of_the_first_address(
    channel: Chat, triggered: Path, cli: Cli
) -> None:
    cli("alerts", "--send")
    count = len(channel.posts)
    ((_, before),) = json.loads(memory_of(triggered).read_text("utf-8")).items()
    memory_of(triggered).write_text(json.dumps({"webhook": before}), encoding="utf-8")
    assert cli("alerts", "--send").status == 0
    assert len(channel.posts) == count


def test_a_renamed_indicator_is_not_told_anew(tmp_path: Path) -> None:
    memory = notify.Memory(TextFile(tmp_path / "alerts.json"))
    memory.begin("webhook", "webhook 1")
    for key in ("vix/a/2026-05-26", "vix_2/a/2026-05-26"):
        with memory.sending("webhook 1", key):
            pass
    assert memory.rename("vix", "cboe_vix")
    assert not memory.rename("vix", "cboe_vix")
    again = notify.Memory(TextFile(tmp_path / "alerts.json"))
    assert again.sent("webhook 1") == {"cboe_vix/a/2026-05-26", "vix_2/a/2026-05-26"}


def test_alerts_before_the_first_run_say_what_to_do(data: Path, cli: Cli) -> None:
    done = cli("alerts")
    assert (done.status, is_one_sentence(done.err)) == (2, True)


def test_a_run_sends_after_it_has_published_and_an_offline_one_does_not(
    channel: Chat, triggered: Path
) -> None:
    def ran(*more: str) -> tuple[int, str]:
        done = finished(
            command("run", "vix", *more, data=triggered, XINZHI_ALERT_SHAPE="wecom",
                    XINZHI_ALERT_WEBHOOK=f"{channel.url}/", XINZHI_TIMEOUT="1",
                    XINZHI_PROXY="", HTTPS_PROXY="")
        )  # fmt: skip
        return done.status, done.out + done.err

    assert ran("--offline")[0] == 0
    assert channel.posts == []
    status, said = ran("--source", "derived")
    assert status == 0
    assert "alerts sent" in said
    assert any("VIX" in words for words in channel.words)


def test_a_run_whose_alerts_cannot_be_sent_is_published_all_the_same(
    channel: Chat, triggered: Path
) -> None:
    done = finished(
        command("run", "--source", "derived", data=triggered, XINZHI_ALERT_WEBHOOK="nonsense")
    )
    assert done.status == 0
    assert "alerts were not sent: XINZHI_ALERT_WEBHOOK" in done.err


def test_posts_go_through_the_proxy(
    triggered: Path, chat: Chat, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A proxy is asked for the whole address; here it is the chat itself that is asked."""
    monkeypatch.setenv("XINZHI_ALERT_WEBHOOK", "http://chat.invalid/send")
    monkeypatch.setenv("XINZHI_ALERT_SHAPE", "wecom")
    monkeypatch.setenv("XINZHI_PROXY", chat.url)
    assert cli("alerts", "--send").status == 0
    assert len(chat.posts) == holding(cli)


def test_a_second_sending_at_the_same_time_is_refused(
    channel: Chat, triggered: Path, cli: Cli, published: Settings
) -> None:
    with lock(triggered / "state" / ".alerts.lock"):
        done = cli("alerts", "--send")
    assert (done.status, channel.posts) == (2, [])


@pytest.mark.parametrize(("last", "state"), [(date(2026, 4, 30), "triggered"),
                                             (date(2026, 5, 1), "missing")])  # fmt: skip
def test_a_jump_is_a_step_to_the_next_month_and_never_over_a_missing_one(
    last: date, state: str, catalog: Catalog
) -> None:
    values = series(100.0, 120.0, days=[date(2026, 3, 1), last])
    rule = {"kind": "jump", "percent": 10}
    assert alert(catalog, rule, values, "gold_monthly_usd_oz").state == state


def test_a_jump_of_the_key_rate_is_one_step_however_long_it_stood(catalog: Catalog) -> None:
    days = [date(2008, 12, 16), date(2026, 5, 20)]
    found = alert(catalog, {"kind": "jump", "percent": 10}, series(0.25, 0.5, days=days),
                  "fed_target_upper_pct")  # fmt: skip
    assert found.state == "triggered"
