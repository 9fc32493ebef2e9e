"""Words of a bulletin that mean an indicator."""

from __future__ import annotations

import pytest
from conftest import BUNDLED, bulletin

from etl.bulletins.mentions import Mention, MentionFinder, mentions
from etl.bulletins.model import Bulletin, Section
from etl.bulletins.read import read_bulletin
from etl.catalog import Catalog


def _found(text: str, catalog: Catalog) -> list[tuple[str, str]]:
    from datetime import date

    found = mentions(bulletin(date(2026, 5, 27), summary=text), catalog)
    return [(text[m.start : m.stop], m.indicator) for m in found]


def test_the_longest_alias_wins(catalog: Catalog) -> None:
    assert _found("美光市值与美光股价", catalog) == [
        ("美光市值", "micron_market_cap_usd_bn"),
        ("美光", "micron_close_usd"),
    ]


def test_spot_and_futures_are_told_apart(catalog: Catalog) -> None:
    assert _found("布伦特现货高于布伦特", catalog) == [
        ("布伦特现货", "brent_spot_usd_bbl"),
        ("布伦特", "brent_futures_usd_bbl"),
    ]


def test_quotes_and_spaces_do_not_hide_a_word(catalog: Catalog) -> None:
    assert _found("2026 年“数据要素 ×”大赛的通知", catalog) == [
        ("数据要素 ×”大赛", "data_contest_tracks")
    ]


@pytest.mark.parametrize(
    "text", ["MUST", "MUX", "EMU", "MU2", "4MU", "SOXX", "VIXEN", "ＭＵＳＴ", "ＥＭＵ"]
)
def test_a_latin_word_is_not_found_inside_another(text: str, catalog: Catalog) -> None:
    assert _found(f"代码 {text} 收盘", catalog) == []


@pytest.mark.parametrize("text", ["MU", "（MU）", "股票MU收盘", "MU，", "mu", "ＭＵ"])
def test_a_latin_word_is_found_where_it_stands_alone(text: str, catalog: Catalog) -> None:
    assert [indicator for _, indicator in _found(text, catalog)] == ["micron_close_usd"]


def test_full_width_letters_are_read_like_others(catalog: Catalog) -> None:
    assert _found("ＰＵＥ 降到 1.1", catalog) == [("ＰＵＥ", "pue_global_average")]


@pytest.mark.parametrize(
    "text",
    ["光明网刊文", "黄金时代", "黄金期", "黄金周", "黄金股", "频道指数", "石油大学",
     "毛利率", "成品油价格", "资金价格", "长期金融债", "标普全球", "纳斯达克 100 期货",
     "12 年期美债收益率", "预算力度", "新赛道"],
)  # fmt: skip
def test_a_look_alike_is_no_mention(text: str, catalog: Catalog) -> None:
    assert _found(f"今天{text}走高。", catalog) == []


@pytest.mark.parametrize(
    ("text", "indicator"),
    [
        ("道指", "dow_jones"),
        ("纳斯达克 100", "nasdaq_100"),
        ("现货黄金", "gold_spot_usd_oz"),
        ("2 年期美债收益率", "us_2y_yield_pct"),
    ],
)
def test_a_neighbour_is_itself_and_not_the_one_it_sounds_like(
    text: str, indicator: str, catalog: Catalog
) -> None:
    assert _found(f"今天{text}走高。", catalog) == [(text, indicator)]


def test_a_look_alike_hides_only_what_lies_inside_it(catalog: Catalog) -> None:
    assert _found("黄金时代的黄金期货，近期金价", catalog) == [
        ("黄金期货", "gold_futures_usd_oz"),
        ("金价", "gold_futures_usd_oz"),
    ]


def test_marks_that_nobody_sees_do_not_hide_a_word(catalog: Catalog) -> None:
    assert _found("纳\u200b指", catalog) == [("纳\u200b指", "nasdaq_composite")]


def test_a_text_without_a_known_word_has_no_mention(catalog: Catalog) -> None:
    assert _found("今天天气很好。", catalog) == []


def test_every_alias_of_the_catalog_finds_its_own_indicator(catalog: Catalog) -> None:
    finder = MentionFinder(catalog)
    for indicator in catalog.all():
        for alias in indicator.aliases:
            assert [*finder.found(f"，{alias}。")] == [(1, 1 + len(alias), indicator.id)]


def test_each_part_of_a_bulletin_is_searched_and_positions_point_at_its_text(
    catalog: Catalog,
) -> None:
    from datetime import date

    text = Bulletin(
        date=date(2026, 5, 27),
        title="t",
        publisher="p",
        summary="美光",
        sections=(Section(number=1, title="油价", paragraphs=("无", "看 VIX 与金价")),),
        judgement=("无", "PUE"),
    )
    assert mentions(text, catalog) == (
        Mention("summary", 0, 0, 2, "micron_close_usd"),
        Mention("1", -1, 0, 2, "brent_futures_usd_bbl"),
        Mention("1", 1, 2, 5, "vix"),
        Mention("1", 1, 7, 9, "gold_futures_usd_oz"),
        Mention("judgement", 1, 0, 3, "pue_global_average"),
    )


def test_the_bundled_bulletin_mentions_what_it_speaks_of(catalog: Catalog) -> None:
    text = read_bulletin(BUNDLED / "bulletins/2026-05-27.md").bulletin
    found = {m.indicator for m in mentions(text, catalog)}
    assert {
        "micron_close_usd",
        "nasdaq_composite",
        "sp500",
        "brent_futures_usd_bbl",
        "gold_futures_usd_oz",
        "pue_global_average",
        "us_10y_breakeven_pct",
    } <= found
    assert "brent_spot_usd_bbl" not in found
