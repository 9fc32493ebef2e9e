"""A draft is checked before it is public: on the command line and on its page."""

from __future__ import annotations

import json
import logging
import re
from datetime import date
from pathlib import Path

import pytest
from bulletin_files import as_docx, bundled
from conftest import PROJECT, Cli, is_one_sentence, settings_of
from serving import Node, TestClient, client, still

from dashboard.http.bodies import MAX_DRAFT_BYTES
from dashboard.pages import draft as draft_page
from dashboard.pages.draft import MOST_LETTERS
from etl.claims.model import Claim
from etl.records import BEIJING, now
from etl.storage.warehouse import lock
from etl.words.numbers import full_date

DAY = "2026-05-27"
RIGHT = "标普500指数昨日收涨0.61%，报7519.12点，创历史新高。"
WRONG = "美光科技大跌 19%，市值约 1.01 万亿美元。"


def draft(*sentences: str, day: str = DAY) -> str:
    """A draft in Markdown whose summary are the sentences."""
    head = f'title: "每日动态"\ndate: {day}\npublisher: "编辑部"\nsummary: "{"".join(sentences)}"'
    return f"---\n{head}\n---\n\n## 一、其他\n\n今天天气很好。\n"


def held_in(folder: Path) -> dict[str, tuple[int, int]]:
    """Every file below a folder, with its size and the time of its last change."""
    return {
        str(path): (path.stat().st_size, path.stat().st_mtime_ns)
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_a_draft_is_checked_like_a_bulletin_and_nothing_is_stored(filled, cli: Cli, written):
    before = held_in(filled)
    done = cli("claims", written(draft(RIGHT, WRONG), "draft.md"))
    assert (done.status, done.err) == (1, "")
    assert "5 statements: 3 supported, 1 approximate, 1 contradicted, 0 unverifiable" in done.out
    assert cli("claims", written(draft(RIGHT), "draft.md")).status == 0
    assert held_in(filled) == before


def test_the_bundled_bulletin_as_a_draft_has_the_claims_that_were_published(
    filled, cli: Cli, written
):
    file = written(as_docx(bundled()), "今天.docx")
    told = cli("claims", DAY, "--json")
    assert json.loads(cli("claims", file, "--json").out) == json.loads(told.out)


def test_a_draft_is_checked_while_a_run_goes_on(filled, cli: Cli, written):
    with lock(settings_of(filled).lock):
        assert cli("claims", written(draft(RIGHT), "draft.md")).status == 0


def test_a_draft_is_checked_as_of_the_day_that_is_given(filled, cli: Cli, written):
    file = written(draft("标普500收于7519.12点。"), "draft.md")
    (then,) = json.loads(cli("claims", file, "--json", "--date", "2026-05-23").out)
    assert Claim.model_validate(then).verdict == "contradicted"
    (own,) = json.loads(cli("claims", file, "--json").out)
    assert Claim.model_validate(own).verdict == "supported"


def test_what_is_left_out_of_a_draft_is_said(filled, cli: Cli, written):
    def change(made):
        made.sections[0].footer.paragraphs[0].text = "1"

    assert "left out: headers" in cli("claims", written(as_docx(bundled(), change), "a.docx")).out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["x"], "neither a date that exists, like 2026-05-27, nor a file"),
        (["2026-02-30"], "neither a date"),
        (["字" * 4000], "neither a date"),
        ([DAY, "--why"], "--date and --why are for the file of a draft"),
        ([DAY, "--date", DAY], "--date and --why are for the file of a draft"),
    ],
)
def test_what_is_neither_a_day_nor_a_file_is_one_sentence(filled, cli: Cli, arguments, said):
    done = cli("claims", *arguments)
    assert done.status == 2
    assert is_one_sentence(done.err)
    assert said in done.err


def test_without_a_snapshot_a_draft_is_not_checked(data, cli: Cli, written):
    done = cli("claims", written(draft(RIGHT), "draft.md"))
    assert done.status == 2
    assert "etl run" in done.err


def test_a_draft_explains_how_each_sentence_was_read(filled, cli: Cli, written):
    text = draft(
        "标普500昨日涨0.61%，较上周五上涨约 0.6%。",
        "若油价回落，布伦特现货有望跌至 60 美元。",
        WRONG,
    )
    done = cli("claims", written(text, "draft.md"), "--why")
    assert done.status == 1
    lines = [" ".join(line.split()) for line in done.out.splitlines()]
    for line in (
        "summary: 标普500昨日涨0.61%，较上周五上涨约 0.6%。",
        "标普500 indicator: sp500",
        "昨日 time: 2026-05-26",
        "0.61% figure: 0.61 percent",
        "较 compared with what follows",
        "约 how exact: about",
        "若 no fact: condition",
        "→ nothing is stated",
        "大跌 move: down large",
    ):
        assert line in lines, line
    (compared,) = [line for line in lines if line.startswith("→ “上涨约 0.6%”: change of sp500")]
    assert "period 2026-05-26; compared with 2026-05-22" in compared
    assert "✘ contradicted: 不符：2026-05-26 为 895.88 美元" in done.out


def test_how_a_draft_was_read_is_told_in_chinese(filled, cli: Cli, written):
    text = draft("标普500昨日涨0.61%。若油价回落，布伦特现货有望跌至 60 美元。", WRONG)
    done = cli("--lang", "zh", "claims", written(text, "draft.md"), "--why")
    lines = [" ".join(line.split()) for line in done.out.splitlines()]
    assert {"昨日 时间：2026-05-26", "大跌 变动：下降 大", "→ 没有可核对的陈述"} <= set(lines)
    assert "✘ 不符：2026-05-26 为 895.88 美元" in done.out
    for line in lines:
        assert not re.search("[a-z]{2,} [a-z]{2,}", line.replace(" usd bn", "")), line


def test_a_bulletin_with_a_wrong_number_is_refused_and_nothing_is_stored(filled, cli: Cli, written):
    good = written(draft("今天天气很好。", day="2026-05-26"), "good.md")
    wrong = written(draft(RIGHT, WRONG), "wrong.md")
    before = held_in(filled)
    done = cli("bulletin", good, wrong)
    assert done.status == 2
    assert is_one_sentence(done.err)
    assert "1 statement is contradicted" in done.err
    assert "--publish-anyway" in done.err
    assert f"✘ {wrong}: “{WRONG}” micron_close_usd: 不符：2026-05-26 为 895.88 美元" in done.out
    assert held_in(filled) == before


def test_a_bulletin_with_a_wrong_number_is_added_where_that_is_meant(filled, cli: Cli, written):
    file = written(draft(WRONG), "wrong.md")
    done = cli("bulletin", file, "--publish-anyway")
    assert (done.status, done.err) == (0, "")
    assert done.out.startswith(f"✘ {file}")
    assert (filled / "bulletins" / f"{DAY}.md").exists()


def test_a_wrong_number_of_a_word_document_is_found_before_it_is_added(filled, cli: Cli, written):
    whole = bundled().model_copy(update={"summary": "标普 500 收于 7591.12 点。"})
    done = cli("bulletin", written(as_docx(whole), "今天.docx"))
    assert done.status == 2
    assert "✘" in done.out
    assert not list((filled / "bulletins").iterdir())
    assert cli("bulletin", written(as_docx(bundled()), "今天.docx")).status == 0


def test_before_anything_is_published_a_bulletin_is_added_unchecked(data, cli: Cli, written):
    done = cli("bulletin", written(draft(WRONG), "first.md"))
    assert done.status == 0
    assert done.out.startswith("the statements could not be checked: ")
    assert (data / "bulletins" / f"{DAY}.md").exists()


def test_the_example_of_an_explanation_is_what_the_command_says(filled, cli: Cli, written):
    page = (PROJECT / "docs" / "claims.md").read_text(encoding="utf-8")
    example = page.split("```text\n")[1].split("```")[0]
    done = cli("claims", written(draft("标普500昨日收涨0.61%。"), "draft.md"), "--why")
    assert done.out.strip() == example.strip()


# The page


def sent(site: TestClient, text: str = "", lang: str = "", **given: object):
    """The answer to a draft in the box, with a date or a file."""
    fields = {"text": text, "date": given.get("date", "")}
    file = given.get("file", ("", b""))
    query = f"?lang={lang}" if lang else ""
    return site.post(f"/bulletins/new{query}", data=fields, files={"file": file})


def signs(page: Node) -> str:
    """The signs of the list of statements, in its order."""
    return "".join(one.one("span", "verdict").text for one in page.one("ol", "claims").all("li"))


MIXED = draft(RIGHT, "标普 500 盘中一度跌破 7000 点。", WRONG)


def test_the_page_has_a_box_for_a_draft(site: TestClient):
    form = still(site.get("/bulletins/new?lang=en")).one("form", id="draft")
    assert form.attributes["method"] == "post"
    assert form.attributes["action"] == "/bulletins/new?lang=en"
    assert {one.attributes["name"] for one in form.all("input")} == {"file", "date"}
    assert form.one("textarea").attributes["name"] == "text"
    assert "/bulletins/new" in still(site.get("/bulletins")).hrefs()


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_draft_is_answered_with_the_gravest_first_and_as_it_will_look(site: TestClient, lang):
    answer = sent(site, MIXED, lang=lang)
    page = still(answer)
    assert answer.headers["cache-control"] == "no-store"
    assert signs(page) == "✘?≈✔✔✔"
    assert ("1 处陈述与数据不符" if lang == "zh" else "contradict: 1.") in page.text
    assert full_date(date(2026, 5, 27), lang) in page.one("p", "lead-words").text
    shown = page.one("section", "draft-shown")
    assert WRONG in shown.text
    wrong = shown.one("span", "contradicted")
    assert wrong.text == "大跌 19%"
    number = wrong.attributes["data-claims"]
    assert "895.88" in page.one("li", id=f"claim-{number}").text
    assert page.one("textarea").text.strip() == MIXED.strip()


def test_the_page_and_the_command_say_the_same(filled, cli: Cli, written):
    told = json.loads(cli("claims", written(MIXED, "draft.md"), "--json").out)
    page = still(sent(client(settings_of(filled)), MIXED))
    entries = {one.attributes["id"]: one for one in page.one("ol", "claims").all("li")}
    for number, claim in enumerate(told, 1):
        assert claim["reason"] in entries[f"claim-{number}"].text


def test_a_file_goes_before_the_text_and_what_is_left_out_is_said(site: TestClient):
    def change(made):
        made.sections[0].footer.paragraphs[0].text = "1"

    page = still(sent(site, MIXED, file=("今天.docx", as_docx(bundled(), change))))
    assert bundled().summary in page.one("section", "draft-shown").text
    assert "页眉页脚（1 行）" in page.one("ul", "draft-left-out").text
    assert "没有与数据不符的陈述" in page.text


def test_the_date_is_that_of_the_text_or_the_one_that_is_given_or_today(site: TestClient):
    day = still(sent(site, MIXED, date="2026-05-22")).one("p", "lead-words").text
    assert "按指定日期（2026 年 5 月 22 日）" in day
    undated = still(sent(site, "今天的动态\n\n一、其他\n\n标普500收于7519.12点。\n"))
    today = full_date(now().astimezone(BEIJING).date(), "zh")
    assert f"按今天（{today}）" in undated.one("p", "lead-words").text


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"text": " \n"}, "还没有草稿"),
        ({"text": MIXED, "date": "2026-02-30"}, "date: '2026-02-30' is not a date that exists"),
        ({"text": draft("字" * (MOST_LETTERS + 1))}, "草稿超过 100,000 字"),
        ({"file": ("a.docx", b"PK\x03\x04")}, "damaged"),
        ({"file": ("a.exe", b"MZ")}, "a bulletin is read from"),
        ({"file": ("../../x", b"MZ")}, "a bulletin is read from"),
    ],
)
def test_a_draft_that_cannot_be_read_is_said_beside_the_box(site: TestClient, given, said):
    answer = sent(site, **given)
    page = still(answer, status=400)
    problem = page.one("p", "draft-problem").text
    assert said in problem
    assert "/" not in problem.replace("2026/", "")  # no path of the server
    assert page.one("textarea").text.strip() == given.get("text", "").strip()
    assert answer.headers["cache-control"] == "no-store"


def test_a_draft_may_have_2_megabytes_and_no_more(site: TestClient):
    assert sent(site, file=("a.txt", b" " * 2_000_000)).status_code == 400  # it is empty
    refused = sent(site, file=("a.txt", b"a" * MAX_DRAFT_BYTES))
    assert refused.status_code == 413
    assert f"{MAX_DRAFT_BYTES:,} bytes" in refused.text
    assert site.post("/bulletins/new", data={"text": MIXED}).status_code == 415
    assert site.put("/bulletins/new").headers["allow"] == "GET, HEAD, POST, OPTIONS"
    assert site.post("/bulletins").status_code == 405


@pytest.mark.parametrize("text", [
    draft("</textarea><script>alert(1)</script>标普500收于7519.12点。"),
    draft("[点这里](javascript:alert(1))标普500收于7519.12点。"),
])  # fmt: skip
def test_markup_in_a_draft_is_text(site: TestClient, text):
    answer = sent(site, text)
    page = still(answer)
    assert not list(page.all("script"))
    assert "<script>alert" not in answer.text
    assert not [href for href in page.hrefs() if "javascript" in href]
    assert page.one("textarea").text.strip() == text.strip()


def test_nothing_of_a_draft_is_kept(filled, caplog: pytest.LogCaptureFixture, monkeypatch):
    site = client(settings_of(filled))
    site.get("/")
    before = held_in(filled)
    with caplog.at_level(logging.DEBUG):
        assert sent(site, MIXED).status_code == 200
        assert sent(site, draft("机密"), date="机密").status_code == 400

        def fails(*given, **named):
            raise ValueError("机密")

        monkeypatch.setattr(draft_page, "read_bulletin", fails)
        answer = sent(site, MIXED)
    assert answer.status_code == 500
    assert "机密" not in answer.text
    assert "a draft could not be checked: ValueError" in caplog.text
    assert "机密" not in caplog.text
    assert "标普" not in caplog.text
    assert held_in(filled) == before
    assert "机密" not in site.get("/bulletins/new").text


def test_without_a_snapshot_the_page_says_so(data):
    page = still(sent(client(settings_of(data)), MIXED), status=503)
    assert "etl run" in page.text
