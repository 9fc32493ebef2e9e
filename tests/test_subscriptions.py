"""Following the site without an account: feeds, signed robots, the letter of the day, leaving."""

from __future__ import annotations

import hmac
import json
import re
import smtplib
from base64 import b64encode
from dataclasses import dataclass, field
from datetime import date
from email import message_from_string
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree

import pytest
from conftest import Cli, settings_of
from serving import TestClient, client, tree
from test_discovery import ATOM, BASE, entries

from etl.alerts import notify
from etl.alerts.notify import Message
from etl.errors import SettingError, UnexpectedPayload
from etl.row_store import SUBSCRIBERS
from etl.settings import Settings, load_settings
from etl.subscribers import Subscribers

MICRON = "micron_market_cap_usd_bn"
SECRET = "SEC0123456789abcdef"
DINGTALK = "https://oapi.dingtalk.com/robot/send?access_token=robots-own-token"
FEISHU = "https://open.feishu.cn/open-apis/bot/v2/hook/robots-own-token"


# Feeds


def test_the_feed_of_an_indicator_has_its_new_values_with_what_they_are(site: TestClient) -> None:
    found = list(entries(site, f"/events.atom?id={MICRON}"))
    assert len({entry["id"] for entry in found}) == len(found) > 50
    (day,) = [one for one in found if "2026 年 5 月 26 日" in one["title"]]
    assert "首次突破 1 万亿美元" in day["title"]
    assert "1010.31438160988 billion USD" in day["summary"]
    assert day["updated"] == "2026-05-26T20:00:00Z"
    assert day["link"] == f"{BASE}/c/{MICRON}@2026-05-27"
    newest = [one["updated"] for one in found]
    assert newest == sorted(newest, reverse=True)
    english = list(entries(site, f"/events.atom?id={MICRON}&lang=en"))
    assert not {one["id"] for one in english} & {one["id"] for one in found}


def test_the_feed_of_a_group_is_a_part_of_the_whole(site: TestClient) -> None:
    whole = {one["id"] for one in entries(site, "/events.atom")}
    part = {one["id"]: one["title"] for one in entries(site, "/events.atom?group=energy")}
    assert part
    assert set(part) & whole
    assert all("能源与商品" in title for title in part.values())


def test_the_feed_of_a_topic_has_its_documents_the_newest_first(site: TestClient) -> None:
    topic = "数据要素"
    found = list(entries(site, f"/policies.atom?topic={topic}"))
    held = site.get(f"/api/v1/policies?topic={topic}").json()["policies"]
    assert {one["title"] for one in found} == {one["title"] for one in held}
    assert len({one["id"] for one in found}) == len(found)
    whole = {one["id"] for one in entries(site, "/policies.atom")}
    assert {one["id"] for one in found} <= whole


@pytest.mark.parametrize(
    ("address", "status", "says"),
    [
        ("/events.atom?id=sp5000", 404, "Did you mean 'sp500'"),
        ("/events.atom?group=energie", 404, "Did you mean 'energy'"),
        ("/events.atom?group=energy&id=sp500", 400, "leave out id or group"),
        ("/policies.atom?topic=x", 400, "is not a topic"),
        ("/feeds.opml?lang=fr", 400, "lang: 'fr' is not allowed"),
    ],
)
def test_a_feed_that_there_is_not_is_said_in_words(
    site: TestClient, address: str, status: int, says: str
) -> None:
    answer = site.get(address)
    assert answer.status_code == status
    assert says in answer.json()["detail"]


def test_the_list_of_feeds_names_feeds_that_answer(site: TestClient) -> None:
    answer = site.get("/feeds.opml")
    assert answer.headers["content-type"].startswith("text/x-opml")
    found = [one.attrib for one in ElementTree.fromstring(answer.content).iter("outline")
             if "xmlUrl" in one.attrib]  # fmt: skip
    links = [one["xmlUrl"] for one in found]
    assert len(set(links)) == len(links) > 30
    wanted = ("/atom.xml", "/events.atom?group=energy", f"id={MICRON}", "/policies.atom?topic=")
    for part in wanted:
        (link, *_) = [one for one in links if part in one]
        feed = ElementTree.fromstring(site.get(link.removeprefix(BASE)).content)
        (own,) = feed.findall("a:link[@rel='self']", ATOM)
        assert own.attrib["href"] == link


def test_pages_point_to_the_feeds_about_what_they_show(site: TestClient) -> None:
    for path, feed in (
        ("/indicators/sp500", "/events.atom?id=sp500"),
        ("/indicators/sp500?lang=en", "/events.atom?id=sp500&lang=en"),
        ("/policies?topic=数据要素", "/policies.atom?topic="),
        ("/c/sp500", "/events.atom?id=sp500"),
        ("/c/sp500@2026-05-27?with=vix&lang=en", "/events.atom?id=vix&lang=en"),
    ):
        page = tree(site.get(path).text)
        links = [n.attributes["href"] for n in page.all("link")
                 if n.attributes.get("type") == "application/atom+xml"]  # fmt: skip
        assert any(link.startswith(feed) for link in links), (path, links)
        assert any(href.startswith(feed) for href in page.hrefs()), path


# Robots


@dataclass
class Posts:
    """What was posted to a robot, which answers the same each time."""

    answer: bytes = b'{"errcode":0,"code":0}'
    found: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def post(self, url: str, body: bytes, *, headers: dict[str, str]) -> bytes:
        self.found.append((url, json.loads(body)))
        return self.answer


def robot(tmp_path: Path, url: str, secret: str = SECRET) -> notify.Webhook:
    environment = {"XINZHI_ALERT_WEBHOOK": url, "XINZHI_ALERT_SECRET": secret}
    (found,) = notify.robots(settings_of(tmp_path, **environment))
    assert isinstance(found, notify.Webhook)
    return found


MESSAGE = Message("key", "标题", "句子。", "http://127.0.0.1:8050/c/vix")


def test_a_message_to_dingtalk_is_signed_in_its_address(tmp_path: Path) -> None:
    out = Posts()
    robot(tmp_path, DINGTALK).send(MESSAGE, out)  # type: ignore[arg-type]
    ((url, posted),) = out.found
    asked = parse_qs(urlsplit(url).query)
    stamp = asked["timestamp"][0]
    signed = hmac.new(SECRET.encode(), f"{stamp}\n{SECRET}".encode(), "sha256").digest()
    assert asked["sign"] == [b64encode(signed).decode()]
    assert asked["access_token"] == ["robots-own-token"]
    assert len(stamp) == 13
    assert posted["msgtype"] == "markdown"


def test_a_message_to_feishu_is_signed_in_its_body(tmp_path: Path) -> None:
    out = Posts()
    robot(tmp_path, FEISHU).send(MESSAGE, out)  # type: ignore[arg-type]
    ((url, posted),) = out.found
    stamp = posted["timestamp"]
    signed = hmac.new(f"{stamp}\n{SECRET}".encode(), b"", "sha256").digest()
    assert posted["sign"] == b64encode(signed).decode()
    assert (url, len(stamp), posted["msg_type"]) == (FEISHU, 10, "text")


def test_without_a_secret_nothing_is_signed_and_where_there_is_none_it_is_said(
    tmp_path: Path,
) -> None:
    out = Posts()
    robot(tmp_path, DINGTALK, "").send(MESSAGE, out)  # type: ignore[arg-type]
    assert out.found[0][0] == DINGTALK
    with pytest.raises(SettingError, match="robots of wecom have no signatures"):
        robot(tmp_path, "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=x")


@pytest.mark.parametrize("url", [DINGTALK, FEISHU])
def test_no_sentence_tells_what_messages_are_signed_with(tmp_path: Path, url: str) -> None:
    out = Posts(json.dumps({"errcode": 310000, "code": 19021, "errmsg": f"bad sign {SECRET}",
                            "msg": f"bad sign {SECRET}"}).encode())  # fmt: skip
    with pytest.raises(UnexpectedPayload) as told:
        robot(tmp_path, url).send(MESSAGE, out)  # type: ignore[arg-type]
    assert SECRET not in str(told.value)
    settings = settings_of(tmp_path, XINZHI_ALERT_SECRET=SECRET)
    assert SECRET not in settings.without_secrets(f"a {SECRET} b")
    assert SECRET not in repr(settings) + repr(robot(tmp_path, url))


# The letter


@dataclass
class MailBox:
    """Stands for a mail server: what it was sent; addresses in `refused` it refuses."""

    refused: dict[str, int] = field(default_factory=dict)
    letters: list[EmailMessage] = field(default_factory=list)

    def __call__(self, host: str, port: int, **_: Any) -> MailBox:
        return self

    def __enter__(self) -> MailBox:
        return self

    def __exit__(self, *_: object) -> None: ...

    def ehlo(self) -> None: ...

    def has_extn(self, name: str) -> bool:
        return False

    def send_message(self, mail: EmailMessage) -> None:
        code = self.refused.get(mail["To"])
        if code:
            raise smtplib.SMTPRecipientsRefused({mail["To"]: (code, b"no such user")})
        self.letters.append(mail)


@pytest.fixture
def box(monkeypatch: pytest.MonkeyPatch) -> MailBox:
    found = MailBox()
    monkeypatch.setattr(smtplib, "SMTP", found)
    monkeypatch.setenv("XINZHI_ALERT_SMTP", "smtp://127.0.0.1:2525")
    monkeypatch.setenv("XINZHI_CONTACT", "desk@example.org")
    monkeypatch.setenv("XINZHI_BASE_URL", "https://example.org")
    return found


def leave_link(letter: EmailMessage) -> str:
    return str(letter["List-Unsubscribe"]).strip("<>").removeprefix("https://example.org")


def test_the_letter_goes_to_each_once_in_their_language_with_a_way_to_leave(
    filled: Path, cli: Cli, box: MailBox
) -> None:
    assert cli("subscribers", "--add", "Zhang@Example.cn", "li@example.cn").status == 0
    assert cli("subscribers", "--add", "smith@example.com", "--lang", "en").status == 0
    done = cli("digest", "2026-05-27", "--send")
    assert (done.status, done.err) == (0, "")
    assert "3 letters sent" in done.out
    assert [one["To"] for one in box.letters] == [
        "zhang@example.cn", "li@example.cn", "smith@example.com",
    ]  # fmt: skip
    assert cli("digest", "2026-05-27", "--send").status == 0
    assert len(box.letters) == 3
    for letter in box.letters:
        whole = message_from_string(letter.as_string(), policy=default)
        parts = {part.get_content_type(): part for part in whole.walk()}
        text = parts["text/plain"].get_content()
        link = str(whole["List-Unsubscribe"]).strip("<>")
        assert f"\r\nList-Unsubscribe: <{link}>\r\n".encode() in letter.as_bytes()
        assert whole["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        assert re.fullmatch(r"https://example\.org/leave/[0-9a-f]{16}\.[\w-]{22}(\?lang=en)?", link)
        assert f"{link}\n" in text.replace("\r\n", "\n")
        assert "7,519.12" in text
        assert f'href="{link}"' in parts["text/html"].get_content()
        assert whole["To"] not in text
    english = box.letters[2]
    assert english["Subject"] == "New Quality Productive Forces Daily, 27 May 2026"
    assert "S&P 500" in english.get_body(("plain",)).get_content()  # type: ignore[union-attr]


def test_what_is_printed_is_what_is_sent_and_names_nobody(filled: Path, cli: Cli) -> None:
    zh, en = cli("digest", "2026-05-27"), cli("digest", "2026-05-27", "--lang", "en")
    assert zh.out.startswith("新质生产力每日简报 · 2026 年 5 月 27 日\n")
    assert "创历史新高。来源：" in zh.out
    assert en.out.startswith("New Quality Productive Forces Daily, 27 May 2026\n")
    # Of those without news a letter names ten; a name with a comma in it is told apart.
    assert re.search(r"没有新值：(?:[^、。]+、){9}[^、。]+等 \d+ 项。", zh.out)
    assert re.search(r"No new value: (?:[^;]+; ){9}[^;]+ and more, \d+ in all\.", en.out)
    assert cli("digest", "2026-13-27").status == 2
    nobody = cli("digest", "2026-05-27", "--send")
    assert nobody.status == 2
    assert "subscribers --add" in nobody.err


def test_one_click_leaves_and_looking_at_the_link_does_not(
    filled: Path, cli: Cli, box: MailBox
) -> None:
    cli("subscribers", "--add", "li@example.cn", "wang@example.cn")
    cli("digest", "2026-05-27", "--send")
    settings = load_settings()
    site, link = client(settings), leave_link(box.letters[0])
    for _ in range(2):  # a scanner of links
        shown = site.get(link)
        assert shown.status_code == 200
        assert site.head(link).status_code == 200
    assert len(Subscribers.of(settings).all()) == 2
    (form,) = tree(shown.text).all("form")
    assert (form.attributes["method"], form.attributes["action"]) == ("post", link)
    done = site.post(link, data={"List-Unsubscribe": "One-Click"})
    assert (done.status_code, done.headers["cache-control"]) == (200, "no-store")
    assert "set-cookie" not in done.headers
    assert "已经退订" in done.text
    assert [one.address for one in Subscribers.of(settings).all()] == ["wang@example.cn"]
    assert site.post(link).status_code == 200  # who has left has left
    cli("digest", "2026-05-28", "--send")
    assert [one["To"] for one in box.letters[2:]] == ["wang@example.cn"]


def test_a_link_that_was_not_made_here_takes_nobody_away(
    filled: Path, cli: Cli, box: MailBox
) -> None:
    cli("subscribers", "--add", "li@example.cn")
    cli("digest", "2026-05-27", "--send")
    site, link = client(load_settings()), leave_link(box.letters[0])
    head, signature = link.rsplit(".", 1)
    forged = "A" * 22
    for wrong in (f"{head}.{forged}", f"/leave/{'0' * 16}.{signature}", "/leave/x", "/leave/%00",
                  f"{link}x", f"/leave/{'9' * 5000}"):  # fmt: skip
        for answer in (site.get(wrong), site.post(wrong)):
            assert answer.status_code == 404, wrong
    assert len(Subscribers.of(load_settings()).all()) == 1
    assert "Disallow: /leave/" in site.get("/robots.txt").text
    assert "/leave" not in site.get("/sitemap.xml").text


def test_a_letter_that_is_refused_is_told_in_numbers_and_never_by_address(
    filled: Path, cli: Cli, box: MailBox
) -> None:
    cli("subscribers", "--add", "gone@example.cn", "later@example.cn", "li@example.cn")
    box.refused = {"gone@example.cn": 550, "later@example.cn": 451}
    done = cli("digest", "2026-05-27", "--send")
    assert done.status == 1
    assert "the server refused 2 of the recipients" in done.err
    assert "@" not in done.err + done.out
    box.refused = {}
    cli("digest", "2026-05-27", "--send")  # what may be tried again is
    assert [one["To"] for one in box.letters] == ["li@example.cn", "later@example.cn"]


@pytest.mark.parametrize(
    "address", ["", "x", "a@b", "a b@example.org", "a@example.org\nBcc: c@d.org", "a@b..org",
                f"{'a' * 65}@example.org", "<a@example.org>", "a@example.org,b@example.org"],
)  # fmt: skip
def test_what_is_no_address_is_refused_and_nobody_is_added(
    data: Path, cli: Cli, address: str
) -> None:
    done = cli("subscribers", "--add", "li@example.cn", address)
    assert done.status == 2
    assert "is no e-mail address" in done.err
    assert Subscribers.of(load_settings()).all() == []


def test_the_list_says_since_when_and_what_was_sent(data: Path, cli: Cli) -> None:
    cli("subscribers", "--add", "li@example.cn")
    people = Subscribers.of(load_settings())
    (one,) = people.all()
    assert people.begin(one, date(2026, 5, 27))
    assert not people.begin(one, date(2026, 5, 27))
    (told,) = json.loads(cli("subscribers", "--json").out)
    assert (told["address"], told["lang"], told["sent"]) == ("li@example.cn", "zh", "2026-05-27")
    assert cli("subscribers", "--remove", "LI@example.cn").out.startswith("1 removed")
    assert (SUBSCRIBERS.path(load_settings()).stat().st_mode & 0o077) == 0


def test_the_robot_gets_the_letter_of_a_day_once_and_signed(
    filled: Path, published: Settings, tmp_path: Path
) -> None:
    settings = settings_of(filled)
    out, way = Posts(), robot(tmp_path, DINGTALK)
    message = Message("digest/2026-05-27", "简报", "句子。", "http://127.0.0.1:8050/")
    (sent,) = notify.send_once(settings, message, [way], out)  # type: ignore[arg-type]
    assert (sent.count, sent.problem) == (1, "")
    assert notify.send_once(settings, message, [way], out) == []  # type: ignore[arg-type]
    assert len(out.found) == 1
    assert "sign=" in out.found[0][0]
