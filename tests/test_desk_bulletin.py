"""The desk's pages of a bulletin and of what goes to WeChat."""

from __future__ import annotations

import html
import io
import re
import zipfile
from dataclasses import replace
from datetime import date

import httpx
import pytest
from bulletin_files import as_docx, bundled
from conftest import authored, fill, settings_of
from serving import Node, tree
from test_desk import DeskClient, seen

from dashboard.pages.draft import SentDraft, read_sent
from desk.pages import bulletin as page_of_bulletin
from desk.server import create_desk
from etl.bulletins.model import Bulletin, Reference
from etl.files.drafts import Drafts
from etl.policies.register import read_register
from etl.settings import Settings

DAY = "2026-05-28"
HERE = f"/desk/bulletin/{DAY}"
WRONG, RIGHT = "标普 500 收于 7591.12 点。", "标普 500 收于 7520.36 点。"
NEW = Reference(
    number=90, publisher="国家数据局", title="关于试行数据交易存证的通知", date=date(2026, 5, 27)
)


def whole(summary: str = WRONG, day: str = DAY) -> Bulletin:
    """The bundled bulletin with another day and summary, and a reference that nobody holds."""
    told = bundled()
    return told.model_copy(
        update={
            "date": date.fromisoformat(day),
            "summary": summary,
            "references": (*told.references, NEW),
        }
    )


@pytest.fixture(scope="module")
def of_editors(published: Settings, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    folder = fill(authored(tmp_path_factory.mktemp("bulletins") / "data"), published.data)
    return settings_of(folder, XINZHI_SIGN_IN="link")


@pytest.fixture(scope="module")
def editor(of_editors: Settings) -> DeskClient:
    return DeskClient(
        create_desk(of_editors), base_url=of_editors.base_url, follow_redirects=False
    ).enter()


def sent(editor: DeskClient, path: str, content: bytes, name: str) -> httpx.Response:
    files = {"file": (name, content)}
    return editor.post(path, data={"csrf": editor.csrf}, files=files)


def names_in(node: Node) -> set[str]:
    """The names of the fields to be filled."""
    return {one.attributes.get("name", "") for one in node.all("input")}


def box(answer: httpx.Response) -> dict[str, str]:
    """What the form of a draft would send."""
    found = re.search(r'<textarea name="text"[^>]*>\n(.*?)</textarea>', answer.text, re.DOTALL)
    mark = re.search(r'name="made_from" value="(.*?)"', answer.text)
    assert found is not None
    assert mark is not None
    return {"text": html.unescape(found[1]), "made_from": mark[1]}


def test_a_document_becomes_a_draft_with_its_statements_checked_the_wrong_ones_first(
    editor: DeskClient, of_editors: Settings
) -> None:
    def change(made):  # type: ignore[no-untyped-def]
        made.sections[0].footer.paragraphs[0].text = "1"

    answer = sent(editor, "/desk/bulletin", as_docx(whole(), change), "今天.docx")
    assert answer.status_code == 303
    assert answer.headers["location"].startswith(HERE)
    shown = editor.get(answer.headers["location"])
    page = seen(shown)
    signs = [one.one("span", "verdict").text for one in page.one("ol", "claims").all("li")]
    assert signs == sorted(signs, key="✘?≈✔".index)
    assert signs[0] == "✘"
    assert "7,520.36" in page.one("ol", "claims").text
    assert "页眉页脚（1 行）" in page.one("ul", "draft-left-out").text
    held = Drafts(of_editors).read(date(2026, 5, 28))
    assert held is not None
    assert held.text == box(shown)["text"]
    assert DAY in "".join(editor.see("/desk/bulletin").hrefs())


def test_a_text_is_checked_while_it_is_typed(editor: DeskClient) -> None:
    fields = {**box(editor.get(HERE)), "part": "1"}
    fields["text"] = fields["text"].replace(WRONG, RIGHT)
    assert 2_000 < len(fields["text"]) < 5_000
    answer = editor.submit(f"{HERE}/check", **fields)
    assert answer.status_code == 200
    assert RIGHT.rstrip("。") in answer.text
    assert WRONG.rstrip("。") not in answer.text
    empty = editor.submit(f"{HERE}/check", text="", part="1")
    assert "框里还没有文字" in empty.text
    broken = editor.submit(f"{HERE}/check", text='---\ntitle: "a\n---\n', part="1")
    assert "draft-problem" in broken.text


def test_a_save_over_a_newer_text_shows_both_changes_and_loses_neither(
    editor: DeskClient, of_editors: Settings
) -> None:
    mine = box(editor.get(HERE))
    hers = {**mine, "text": mine["text"].replace("美光", "美光科技", 1)}
    assert editor.submit(HERE, **hers).status_code == 303
    # Elsewhere in the text: both hold, and the second reads the whole before going on.
    mine["text"] = mine["text"].replace("八方面", "九方面", 1)
    answer = editor.submit(f"{HERE}/publish", **{**mine, "anyway": "1", "reason": "已核对"})
    assert "两人的改动都在" in seen(answer).text
    both = box(answer)
    assert "美光科技" in both["text"]
    assert "九方面" in both["text"]
    assert both["made_from"] == box(editor.get(HERE))["made_from"]
    # At the same place: side by side.
    answer = editor.submit(HERE, **{**mine, "text": mine["text"].replace("美光", "美光公司", 1)})
    page = seen(answer, 409)
    assert "别人存了新的一稿" in page.text
    assert "美光科技" in page.one("section", "desk-differs").text
    assert "美光公司" in page.one("section", "desk-differs").text
    again = box(answer)
    assert "九方面" in again["text"]
    assert again["made_from"] != mine["made_from"]
    drafts = Drafts(of_editors)
    drafts = Drafts(of_editors)
    (refused,) = [one for one in drafts.earlier(date(2026, 5, 28)) if one.kind == "refused"]
    shown = editor.see(f"{HERE}/earlier/refused/{refused.name}")
    assert "九方面" in shown.one("textarea").text
    assert editor.get(f"{HERE}/earlier/refused/..%2Fx.md").status_code in (400, 404)
    assert editor.submit(HERE, **{**again, "text": mine["text"]}).status_code == 303


def test_a_second_file_of_a_day_is_not_put_over_its_draft(
    editor: DeskClient, of_editors: Settings
) -> None:
    before = Drafts(of_editors).read(date(2026, 5, 28))
    for path, code in (("/desk/bulletin", 409), (f"{HERE}/read", 200)):
        answer = sent(editor, path, as_docx(whole("新的摘要。")), "b.docx")
        assert "新的摘要。" in seen(answer, code).one("textarea", id="draft-text").text
    assert Drafts(of_editors).read(date(2026, 5, 28)) == before


def test_a_reference_is_matched_and_one_that_nobody_holds_is_taken(
    editor: DeskClient, of_editors: Settings
) -> None:
    shown = editor.get(HERE)
    listed = seen(shown).one("section", id="references")
    assert "登记册里有" in listed.text
    (key,) = [
        one.attributes["value"]
        for item in listed.all("li")
        if NEW.title in item.text
        for one in item.all("button")
    ]
    answer = editor.submit(f"{HERE}/take", **box(shown), take="0123456789")
    assert "没有编号为“0123456789”的候选文件" in editor.get(answer.headers["location"]).text
    answer = editor.submit(f"{HERE}/take", **box(shown), take=key)
    assert answer.status_code == 303, answer.text[-800:]
    assert NEW.title in [one.title for one in read_register(of_editors.register)]
    listed = editor.see(HERE).one("section", id="references")
    (item,) = [one for one in listed.all("li") if NEW.title in one.text]
    assert "登记册里有" in item.text


def test_the_preview_is_the_page_that_will_be_published(editor: DeskClient) -> None:
    answer = editor.submit(f"{HERE}/preview", **box(editor.get(HERE)))
    assert answer.status_code == 200
    page = tree(answer.text)
    assert "2026 年 5 月 28 日" in page.one("h1").text
    assert page.one("p", "summary").text.startswith("标普 500")
    assert page.one("section", id="references")
    assert ".kit.zip" not in answer.text
    assert "frame-ancestors 'self'" in answer.headers["content-security-policy"]
    assert "还没有草稿" in editor.submit(f"{HERE}/preview", text="").text


def test_what_the_data_contradict_is_published_only_with_a_reason(
    editor: DeskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[tuple[list[str], str]] = []
    jobs = editor.desk.desk.jobs

    def start(self: object, what: list[str], who: str, about: str = "", _: object = ()) -> None:
        begun.append((what, about))

    monkeypatch.setattr(type(jobs), "start", start)
    fields = box(editor.get(HERE))
    refused = seen(editor.submit(f"{HERE}/publish", **fields), 400)
    assert "没有发布：有" in refused.text
    assert seen(editor.submit(f"{HERE}/publish", **fields, anyway="1"), 400)
    assert not begun
    answer = editor.submit(f"{HERE}/publish", **fields, anyway="1", reason="已向来源核实")
    assert answer.status_code == 303
    ((arguments, about),) = begun
    assert arguments[0] == "bulletin"
    assert arguments[2:] == ["--date", DAY, "--publish", "--publish-anyway"]
    assert about == f"{DAY}: 已向来源核实"
    assert seen(editor.submit(f"{HERE}/publish", text="", made_from=""), 400)
    begun.clear()
    editor.submit("/desk/bulletin/2026-05-27/withdraw", reason="抄错了。")
    assert begun == [(["withdraw", "2026-05-27", "--reason", "抄错了。"], "2026-05-27")]
    assert editor.submit(f"{HERE}/withdraw", reason="x").status_code == 303
    assert len(begun) == 1  # nothing of that day is published


@pytest.mark.parametrize(
    ("content", "name", "said"),
    [
        (b"MZ\x90\x00" * 50, "virus.exe", "a bulletin is read from"),
        (b"MZ\x90\x00" * 50, "virus.docx", "Word document"),
        (b"PK\x03\x04" + bytes(500), "bomb.docx", "damaged"),
        (b"\xff\xfe\x00\xd8\x00", "odd.txt", "neither UTF-8, GB18030"),
        (b"", "empty.md", "The file 'empty.md' is empty."),
        (b"MZ\x90\0", "a.exe", "not from a .exe file"),
        (b"MZ\x90\0" * 99, "a.docx", "no Word document"),
        (b"MZ\x90\0" * 99, "a.pdf", "no PDF"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" * 99, "a.wps", "open it in WPS or Word"),
    ],
)  # fmt: skip
def test_a_file_that_is_no_bulletin_is_one_clear_sentence(
    editor: DeskClient, content: bytes, name: str, said: str
) -> None:
    answer = sent(editor, "/desk/bulletin?lang=en", content, name)
    problem = seen(answer, 400).one("p", "draft-problem").text
    assert said in problem
    assert "/tmp" not in problem


def test_a_date_that_does_not_exist_is_not_called_missing() -> None:
    sent = SentDraft("", "美股收盘\n2026-02-30\n\n标普 500 指数收于 7519.12 点。\n")
    assert read_sent(sent, date(2026, 5, 28), str)[1] == "draft_misdated"
    undated = replace(sent, text=sent.text.replace("2026-02-30\n", ""))
    assert read_sent(undated, date(2026, 5, 28), str)[1] == "draft_undated"


def test_several_files_and_a_name_that_no_form_holds_are_said_in_words(editor: DeskClient) -> None:
    files = [("file", (name, "# 甲\n\n## 一、丙\n乙".encode())) for name in ("a.md", "b.md")]
    both = editor.post("/desk/bulletin", data={"csrf": editor.csrf}, files=files)
    assert "请只选一个" in seen(both, 400).one("p", "draft-problem").text
    assert "改短再试" in seen(sent(editor, "/desk/bulletin", b"a", "长" * 5000 + ".md"), 400).text


def test_what_is_too_large_is_refused_before_it_is_read(editor: DeskClient) -> None:
    answer = sent(editor, "/desk/bulletin", b"a" * 23_000_000, "a.docx")
    assert "一次最多 22 MB" in seen(answer, 413).text
    told = editor.post("/desk/bulletin", headers={"content-length": "100000000"}, content=b"a")
    assert told.status_code == 413


def test_forms_of_other_sites_and_days_that_do_not_exist_are_refused(editor: DeskClient) -> None:
    assert editor.post(HERE, data={"text": "x"}).status_code == 403
    assert editor.post(f"{HERE}/check", data={"text": "x", "part": "1"}).status_code == 403
    assert editor.get("/desk/bulletin/2026-02-31").status_code == 400
    assert editor.get("/desk/wechat/2020-01-01").status_code in (400, 404)


def test_wechat_has_every_picture_code_and_caption_and_the_whole_article(
    editor: DeskClient,
) -> None:
    answer = editor.get(f"/desk/wechat/{DAY}?title_sp500=标普再创新高")
    page = seen(answer)
    charts = list(page.one("ul", "wechat-charts").all("li"))
    assert charts
    (one,) = [item for item in charts if "title_sp500" in names_in(item)]
    assert "标普再创新高" in one.text
    assert "只有这台电脑打得开" in answer.text  # nothing says yet where readers find the site
    links = {a.text: a.attributes["href"] for a in one.all("a") if "download" in a.attributes}
    assert set(links) == {"插图", "方图", "封面", "二维码"}
    for link in (links["封面"], links["二维码"]):
        picture = editor.get(link)
        assert picture.status_code == 200
        assert picture.content.startswith(b"\x89PNG")
    (article,) = [node for node in page.all("div") if node.attributes.get("id") == "article"]
    assert whole().sections[0].title in article.text
    assert all("class" not in node.attributes for node in article.all("p"))
    long = editor.get(f"/desk/wechat/{DAY}?title_sp500={'字' * 61}")
    assert long.status_code == 400
    kit = editor.get(f"/desk/wechat/{DAY}/kit.zip?title_sp500=标普再创新高")
    with zipfile.ZipFile(io.BytesIO(kit.content)) as packed:
        assert "article.html" in packed.namelist()
        assert "标普再创新高" in packed.read("README.md").decode()
    assert editor.get(f"/desk/wechat/{DAY}/vix_nowhere/qr.png").status_code == 404


def test_a_draft_is_given_up_and_its_text_is_kept(editor: DeskClient, of_editors: Settings) -> None:
    assert editor.submit(f"{HERE}/close").status_code == 303
    drafts = Drafts(of_editors)
    assert drafts.read(date(2026, 5, 28)) is None
    assert drafts.earlier(date(2026, 5, 28))
    assert page_of_bulletin.PAGE.path == "/desk/bulletin"
