"""The desk's pages of indicators and of the register: what is saved, what is refused, and what the
second of two editors is told."""

from __future__ import annotations

import json
import re
import shutil
from html import unescape

import pytest
from bulletin_files import bundled
from conftest import CATALOG, authored, fill, settings_of
from test_desk import DeskClient, seen

from desk.server import create_desk
from etl.bulletins.model import Reference
from etl.catalog import load_catalog
from etl.errors import SettingError
from etl.files.catalog_text import entry_of
from etl.files.edits import Editor
from etl.policies import review
from etl.policies.candidates import key_of, kind_of_text
from etl.policies.register import documents_to_json, read_register
from etl.records import Document, now
from etl.settings import Settings
from etl.storage.audit import audit_log
from etl.storage.warehouse import opened, writing

WAITS = (
    Document(
        "关于深化公共数据资源开发利用的通知", "国家数据局", "2026-05-20", "2026-05-21",
        "国数资源〔2026〕7号", ("数据要素",), "issued", url="https://www.nda.gov.cn/a.html",
        origin="nda",
    ),
    Document(
        "算力互联互通行动计划实施指南", "工业和信息化部", "2026-05-11", "2026-05-12", "",
        ("算力",), "issued", url="https://www.gov.cn/b.html", origin="nda",
    ),
    Document(
        "关于公布算力互联试点名单的通知", "国家数据局", "2026-05-26", "2026-05-27",
        "国数资源〔2026〕9号", ("算力",), "issued", url="https://www.nda.gov.cn/c.html",
        origin="nda",
    ),
)  # fmt: skip


@pytest.fixture(scope="module")
def own(published: Settings, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A data folder and a catalog of the module's own, with documents that wait for a person."""
    folder = tmp_path_factory.mktemp("registry")
    shutil.copy(CATALOG, folder / "indicators.yaml")
    data = fill(authored(folder / "data"), published.data)
    with opened(data / "warehouse.duckdb") as held, held.transaction():
        load = held.begin_load("run", now(), now())
        for number, one in enumerate(WAITS):
            text = documents_to_json([one])
            held.keep_text(kind_of_text("nda"), f"key{number}", text, known_at=now(), load=load)
        held.finish_load(load, now(), [])
    return settings_of(data, XINZHI_CATALOG=str(folder / "indicators.yaml"), XINZHI_SIGN_IN="link")


@pytest.fixture(scope="module")
def at(own: Settings) -> DeskClient:
    server = create_desk(own)
    base = server.desk.settings.base_url
    return DeskClient(
        server, base_url=base, raise_server_exceptions=False, follow_redirects=False
    ).enter()


def form_of(at: DeskClient, path: str) -> dict[str, str]:
    """What a page's form holds: a browser would send it as it stands."""
    page = at.get(path)
    assert page.status_code == 200, page.text[:400]
    return shown(page.text)


def shown(page: str) -> dict[str, str]:
    """The same of a page that was answered."""
    found = {}
    for tag in re.finditer(r'<(input|textarea|select)\b[^>]*\bname="(\w+)"[^>]*>', page):
        kind, name = tag[1], tag[2]
        if name == "csrf" or name in found or 'type="checkbox"' in tag[0]:
            continue
        rest = page[tag.end() :]
        if kind == "textarea":
            found[name] = unescape(rest[: rest.index("</textarea>")].removeprefix("\n"))
        elif kind == "select":
            chosen = re.search(r'value="([^"]*)" selected', rest[: rest.index("</select>")])
            found[name] = unescape(chosen[1]) if chosen else ""
        else:
            value = re.search(r'\bvalue="([^"]*)"', tag[0])
            found[name] = unescape(value[1]) if value else ""
    return found


def test_the_list_names_every_indicator_with_its_state_and_is_searched(at: DeskClient) -> None:
    page = at.see("/desk/indicators")
    assert "micron_close_usd" in page.text
    assert page.text.count("data_contest_tracks") == 1
    found = at.see("/desk/indicators?q=美光 收盘")
    assert "micron_close_usd" in found.text
    assert "data_contest_tracks" not in found.text


def test_fields_are_saved_with_a_reason_and_the_change_is_taken_back(
    at: DeskClient, own: Settings
) -> None:
    before = own.catalog.read_bytes()
    form = form_of(at, "/desk/indicators/vix")
    sent = form | {"short_zh": "恐慌指数: VIX", "decimals": "3", "why": "读者看不懂", "do": "save"}
    assert at.submit("/desk/indicators/vix", **sent).status_code == 303
    after = load_catalog(own.catalog)["vix"]
    assert (after.short.zh, after.decimals) == ("恐慌指数: VIX", 3)
    page = at.get("/desk/indicators/vix").text
    assert "读者看不懂" in page
    (change,) = re.findall(r'name="change" value="([^"]+)"', page)
    line = audit_log(own).newest(1)[0]
    assert (line.command, line.outcome, line.about) == (
        "etl edit catalog",
        "读者看不懂",
        "vix",
    )
    assert at.submit("/desk/indicators/vix/undo", change=change).status_code == 303
    assert own.catalog.read_bytes() == before


def test_of_two_editors_of_one_entry_neither_loses_a_word(at: DeskClient, own: Settings) -> None:
    first = form_of(at, "/desk/indicators/sp500")
    second = dict(first)
    at.submit("/desk/indicators/sp500", **(first | {"short_zh": "标普", "do": "save"}))
    # Another field: both hold.
    sent = second | {"short_en": "S&P", "do": "save"}
    assert at.submit("/desk/indicators/sp500", **sent).status_code == 303
    short = load_catalog(own.catalog)["sp500"].short
    assert (short.zh, short.en) == ("标普", "S&P")
    # The same field: the second sees the difference, keeps what was typed, and saves having seen.
    answer = at.submit("/desk/indicators/sp500", **(second | {"short_zh": "标普500", "do": "save"}))
    page = seen(answer, 409)
    assert "改过这里" in page.text
    assert "标普500" in page.text
    assert load_catalog(own.catalog)["sp500"].short.zh == "标普"
    again = shown(answer.text) | {"do": "save"}
    assert again["short_en"] == "S&P"  # what the first has saved and the second has not touched
    assert at.submit("/desk/indicators/sp500", **again).status_code == 303
    assert load_catalog(own.catalog)["sp500"].short.zh == "标普500"


def test_the_text_of_an_entry_is_checked_with_its_lines_and_a_newer_one_is_not_overwritten(
    at: DeskClient, own: Settings
) -> None:
    form = form_of(at, "/desk/indicators/dow_jones")
    text, path = form["entry"], "/desk/indicators/dow_jones/text"
    wrong = text.replace("    decimals:", "    decimal:")
    line = wrong.split("\n").index(next(one for one in wrong.split("\n") if "decimal:" in one)) + 1
    answer = at.submit(path, entry=wrong, base=form["base"], do="save")
    assert f"第 {line} 行" in seen(answer, 400).text
    assert "decimal:" in answer.text
    other = text.replace("  dow_jones:", "  dow_jones_2:", 1)
    assert "只能改" in seen(at.submit(path, entry=other, base=form["base"]), 400).text
    torn = seen(at.submit(path, entry="  dow_jones: {", base=form["base"]), 400)
    assert "YAML" in torn.text
    mine = text.rstrip() + "\n    # 一条说明\n"
    assert at.submit(path, entry=mine, base=form["base"], do="save").status_code == 303
    assert "# 一条说明" in entry_of(own.catalog.read_text(encoding="utf-8"), "dow_jones")
    elsewhere = text.replace("    decimals:", "    # 另一处\n    decimals:")
    assert at.submit(path, entry=elsewhere, base=form["base"], do="save").status_code == 303
    both = entry_of(own.catalog.read_text(encoding="utf-8"), "dow_jones")
    assert "# 一条说明" in both
    assert "# 另一处" in both
    late = at.submit(path, entry=text.rstrip() + "\n    # 两条\n", base=form["base"], do="save")
    assert "− " in seen(late, 409).text
    assert "# 一条说明" in late.text
    assert "# 两条" in shown(late.text)["entry"]


def test_an_indicator_that_is_renamed_while_its_form_is_open_takes_the_change(
    at: DeskClient, own: Settings
) -> None:
    form = form_of(at, "/desk/indicators/gold_spot_usd_oz")
    sent = {"to": "gold_london_usd_oz", "why": "说清楚地点"}
    answer = at.submit("/desk/indicators/gold_spot_usd_oz/rename", **sent)
    assert (
        answer.headers["location"].startswith("http")
        or "/gold_london_usd_oz" in answer.headers["location"]
    )
    saved = at.submit(
        "/desk/indicators/gold_spot_usd_oz", **(form | {"decimals": "1", "do": "save"})
    )
    assert "gold_london_usd_oz" in saved.headers["location"]
    text = at.submit("/desk/indicators/gold_spot_usd_oz/text", entry=form["entry"], do="check",
                     base=form["base"])  # fmt: skip
    assert "检查通过" in seen(text).text
    after = load_catalog(own.catalog)
    assert after["gold_london_usd_oz"].decimals == 1
    assert after.resolve("gold_spot_usd_oz") == "gold_london_usd_oz"
    assert at.get("/desk/indicators/gold_spot_usd_oz").status_code == 303
    taken = at.submit("/desk/indicators/vix/rename", to="gold_spot_usd_oz")
    assert taken.status_code == 400


def test_while_a_run_goes_on_an_entry_is_not_saved_and_the_page_says_so(
    at: DeskClient, own: Settings
) -> None:
    before = own.catalog.read_bytes()
    form = form_of(at, "/desk/indicators/vix")
    with writing(own):
        answer = at.submit("/desk/indicators/vix", **(form | {"decimals": "5", "do": "save"}))
    page = seen(answer, 409)
    assert "正在运行" in page.text
    assert own.catalog.read_bytes() == before


def test_a_new_indicator_is_asked_for_tried_shown_and_written(
    at: DeskClient, own: Settings
) -> None:
    told = {
        "kind": "table", "title_zh": "海南用电量", "title_en": "Power use of Hainan",
        "id": "hainan_power_kwh_bn", "unit": "kwh_bn", "frequency": "monthly",
        "definition_zh": "全社会用电量。", "definition_en": "Power use.", "source_zh": "能源局",
        "source_en": "NEA", "url": "https://www.nea.gov.cn/", "address": "power.csv",
    }  # fmt: skip
    (own.data / "power.csv").write_text(
        "月份,数值（亿千瓦时）\n2026年1月,33.3\n2026年2月,30.1\n", encoding="utf-8"
    )
    assert "必须填" in seen(at.submit("/desk/indicators/new", kind="table", do="try"), 400).text
    page = seen(at.submit("/desk/indicators/new", **told, do="try"))
    assert "2 个数值" in page.text
    assert "3.01 billion kWh" in page.text
    assert "hainan_power_kwh_bn:" in page.text
    assert "hainan_power_kwh_bn" not in own.catalog.read_text(encoding="utf-8")
    wrong = seen(at.submit("/desk/indicators/new", **(told | {"id": "sp500"}), do="save"), 400)
    assert "sp500" in wrong.text
    assert at.submit("/desk/indicators/new", **told, do="save").status_code == 303
    assert "hainan_power_kwh_bn" in load_catalog(own.catalog)
    bad = {"do": "try", "address": "none.csv"}
    told["id"] = "other_power_kwh_bn"
    assert "none.csv" in seen(at.submit("/desk/indicators/new", **(told | bad))).text


def table_by_hand(at: DeskClient, place: str) -> str:
    """The address of the table of a new indicator that is kept by hand, in a file of its own."""
    told = {
        "kind": "manual", "title_zh": f"{place} 算力", "title_en": f"Compute of {place}",
        "id": f"eflops_of_{place}", "unit": "eflops", "frequency": "monthly", "max": "1000",
        "definition_zh": "算力。", "definition_en": "Compute.", "source_zh": "经信局",
        "source_en": "Bureau", "url": "https://www.beijing.gov.cn/", "file": f"{place}.csv",
    }  # fmt: skip
    assert at.submit("/desk/indicators/new", **told, do="save").status_code == 303
    return f"/desk/indicators/eflops_of_{place}/table"


def test_a_table_kept_by_hand_is_judged_saved_and_taken_back(at: DeskClient, own: Settings) -> None:
    path = table_by_hand(at, "beijing")
    form = form_of(at, path)
    assert form["table"].startswith("日期,数值")
    table = "月份,数值,备注\n2026年1月,10.5,\n2026年2月,5000,\n"
    judged = seen(at.submit(path, table=table, base=form["base"], do="save"), 400)
    assert "第 3 行" in judged.text
    assert not (own.data / "manual" / "beijing.csv").exists()
    table = table.replace("5000", "11.5")
    checked = seen(at.submit(path, table=table, base=form["base"], do="check"))
    assert "读到 2 个数值" in checked.text
    sent = {"table": table, "base": form["base"], "why": "二月通报", "do": "save"}
    assert at.submit(path, **sent).status_code == 303
    assert (own.data / "manual" / "beijing.csv").read_text(encoding="utf-8") == table
    late = at.submit(path, **(sent | {"table": "月份,数值\n2026年1月,10.4\n"}))
    page = seen(late, 409)
    assert "10.4" in page.text
    assert "11.5" in page.text
    newer = form_of(at, path)
    more = table + "2026年3月,12,\n"
    assert at.submit(path, **(newer | {"table": more, "do": "save"})).status_code == 303
    change = re.findall(r'name="change" value="([^"]+)"', at.get(path).text)[0]
    assert at.submit(f"{path}/undo", change=change).status_code == 303
    assert (own.data / "manual" / "beijing.csv").read_text(encoding="utf-8") == table


def test_what_a_draft_cites_and_a_source_lists_is_taken_as_the_source_tells_it(
    own: Settings,
) -> None:
    cited = Reference(number=1, publisher="国家数据局", title=WAITS[2].title, date=None, use="出处")
    draft = bundled().model_copy(update={"references": (cited,)})
    _, (taken,) = review.take(own, ["key2"], Editor("王芳"), [draft])
    assert (taken.number, taken.url) == (WAITS[2].number, WAITS[2].url)
    with pytest.raises(SettingError):  # once; and by neither of its names
        review.take(own, [key_of(WAITS[2])], Editor("王芳"), [draft])


def test_candidates_are_taken_and_left_and_the_second_editor_is_told(
    at: DeskClient, own: Settings
) -> None:
    page = at.get("/desk/register").text
    assert page.count('name="key"') == 1  # what a bulletin cites; the others are not published yet
    taken = at.submit("/desk/register/decide", key="key0", do="take", why="昨夜新发")
    assert taken.status_code == 303
    assert any(one.number == "国数资源〔2026〕7号" for one in read_register(own.register))
    second = at.submit("/desk/register/decide", key="key0", do="take")
    assert "没有重复收录" in at.get(second.headers["location"]).text
    at.submit("/desk/register/decide", key="key1", do="leave")
    second = at.submit("/desk/register/decide", key="key1", do="leave")
    assert "已把这份文件标为不收录" in at.get(second.headers["location"]).text
    assert [line.command for line in audit_log(own).newest(2)] == [
        "etl candidates --leave key1", "etl candidates --take key0",
    ]  # fmt: skip
    nothing = at.submit("/desk/register/decide", do="take")
    assert "还没有选中" in at.get(nothing.headers["location"]).text


def test_a_row_of_the_register_is_found_edited_and_kept_from_a_second_hand(
    at: DeskClient, own: Settings
) -> None:
    page = at.get("/desk/register?q=29号").text
    key = re.findall(r"/desk/register/([0-9a-f]{10})\"", page)[0]
    path, before = f"/desk/register/{key}", own.register.read_bytes()
    form = form_of(at, path)
    assert form["title"] == "“十四五”数字经济发展规划"
    wrong = at.submit(path, **(form | {"date_published": "2022-13-40", "do": "save"}))
    assert "2022-13-40" in seen(wrong, 400).text
    sent = form | {
        "note": "核对过，原文在案",
        "visibility": "committee",
        "why": "补备注",
        "do": "save",
    }
    assert at.submit(path, **sent).status_code == 303
    (row,) = (one for one in read_register(own.register) if one.number == "国发〔2021〕29号")
    assert (row.note, row.visibility) == ("核对过，原文在案", "committee")
    late = seen(at.submit(path, **(form | {"note": "另一种说法", "do": "save"})), 409)
    assert "核对过，原文在案" in late.text
    assert "另一种说法" in late.text
    history = at.get("/desk/register/history").text
    assert "补备注" in history
    change = re.findall(r'name="change" value="([^"]+)"', history)[0]
    assert at.submit("/desk/register/undo", change=change).status_code == 303
    assert own.register.read_bytes() == before
    assert at.submit(path, **(form | {"do": "drop"})).status_code == 303
    assert len(read_register(own.register)) == before.decode().count("\n") - 2
    assert at.get(path).status_code == 400


def test_the_words_of_both_languages_fill_every_page(at: DeskClient) -> None:
    for path in ("/desk/indicators", "/desk/indicators/new?kind=company", "/desk/indicators/vix",
                 "/desk/register", "/desk/register/history"):  # fmt: skip
        for lang in ("zh", "en"):
            answer = at.get(path, params={"lang": lang})
            assert answer.status_code == 200, (path, lang, answer.text[:300])


def test_the_grid_has_its_scripts_and_only_these(at: DeskClient) -> None:
    page = at.get(table_by_hand(at, "hebei")).text
    scripts = [one for one in re.findall(r'<script src="([^"]+)"', page) if "/desk/grid/" in one]
    assert any("dash_ag_grid" in one for one in scripts)
    answer = at.get(scripts[0])
    assert answer.status_code == 200
    assert json.loads(at.get("/desk/grid/_dash-layout").text)
    assert at.get("/desk/grid/../../etc/passwd").status_code == 404
    at.leave()
    assert at.get("/desk/grid/_dash-layout").status_code == 303
    at.enter()


@pytest.mark.parametrize(
    ("page", "path", "typed"),
    [("/desk/indicators/phlx_semiconductor", "", {"short_zh": "<b>“半", "why": "半\n句"}),
     ("/desk/indicators/phlx_semiconductor", "/text", {"why": "改成整段", "do": "text"}),
     ("gansu", "", {"table": "月份,数值,备注\n2026年1月,10.5,“初步”\n", "do": "save"}),
     ("/desk/bulletin/2026-05-29", "", {"text": "标普500\n\n  收于 7,000 点。" * 8_000}),
     ("/desk/register", "/decide", {"why": "都要", "do": "leave"}),
     ("/desk/corrections", "", {"indicator": "vix", "evidence": "核对过 & 改了", "value": "17"}),
     ("/desk", "/note", {"about": "vix", "note": "等下午再看"})],
)  # fmt: skip
def test_whatever_form_is_sent_after_the_session_has_ended_it_can_be_sent_again_as_it_was(
    at: DeskClient, own: Settings, page: str, path: str, typed: dict[str, str]
) -> None:
    at.enter()
    page = page if page.startswith("/") else table_by_hand(at, page)
    before = own.catalog.read_bytes()
    fields = {n: v.replace("\r\n", "\n") for n, v in (form_of(at, page) | typed).items()}
    lost = at.leave().submit(page + path, **fields)
    assert lost.status_code == 401
    assert f'action="{page + path}"' in lost.text
    assert shown(lost.text) == fields
    kept = at.enter().post(page + path, data=shown(lost.text))  # of no session
    assert kept.status_code == 403
    assert shown(kept.text) == fields
    assert own.catalog.read_bytes() == before
    done = at.submit(page + path, **shown(kept.text))
    assert done.status_code in (200, 303, 400), done.text[:300]


def test_headlines_that_are_too_long_for_the_way_back_stay_in_their_address(at: DeskClient) -> None:
    address = f"/desk/wechat/2026-05-27?title_vix={'标' * 400}"
    answer = at.leave().get(address)
    at.enter()
    assert answer.status_code == 401
    assert "刷新这一页" in answer.text
