"""References as documents: what kind each is, what the register has of it, and what is proposed."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
from conftest import Cli, reference, served, settings_of
from conftest import bulletin as bulletin_of
from serving import client, still

from etl.policies.references import cited
from etl.policies.register import with_citations

pytestmark = pytest.mark.slow

DAY = date(2026, 5, 28)
TEXT = """---
title: 每日动态
date: 2026-05-28
publisher: 编辑部
summary: 今天
---

## 一、政策

一段话。

## 参考文献

1. 国家数据局：《国家数据局印发 2026 年数字经济发展工作要点》，2026-05-19，用作出处。
2. 国务院：《关于推进算力设施共享的指导意见》，2026-05-27，用作依据。
3. 美国能源信息署：《Europe Brent Spot Price FOB》，2026-05-26，用来核对油价。
4. Reuters：《Gold falls as inflation fears grow》，2026-05-26，用来说明行情。
"""


@pytest.mark.parametrize(
    ("publisher", "title", "kind"),
    [
        ("国务院", "关于推进算力设施共享的指导意见", "policy"),
        ("国家数据局", "国家数据局召开座谈会", "media"),
        ("ＥＩＡ", "Europe Brent Spot Price FOB", "data"),
        ("world bank", "Commodity Price Data (The Pink Sheet)", "data"),
        ("国家统计局", "2026 年 4 月份规模以上工业生产主要数据", "data"),
        ("SEC", "Form 10-Q, Micron Technology", "data"),
        ("Secretary Weekly", "A week in the office", "media"),
        ("光明网", "以人工智能创新生态赋能新质生产力发展", "media"),
    ],
)
def test_a_reference_is_a_policy_data_or_media(publisher: str, title: str, kind: str) -> None:
    told = bulletin_of(DAY, reference(publisher, title, DAY))
    (one,) = cited(told, with_citations((), [told]))
    assert one.kind == kind
    assert (one.document is not None) == (kind == "policy")


@pytest.fixture
def added(data: Path, tmp_path: Path, cli: Cli) -> str:
    """A bulletin was added and published; what the command said of it."""
    file = tmp_path / "today.md"
    file.write_text(TEXT, "utf-8")
    ended = cli("bulletin", file)
    assert ended.status == 0, ended.err
    assert cli("run", "--offline").status == 0
    return ended.out


def test_the_command_says_what_the_register_has_of_each_policy(added: str) -> None:
    lines = [line.strip() for line in added.splitlines() if "reference " in line]
    assert len(lines) == 2
    assert lines[0].startswith("reference 1: 《")
    assert lines[0].endswith("》 is in the register")
    assert (
        "reference 2: 《关于推进算力设施共享的指导意见》 is proposed to the register: " in lines[1]
    )


def test_a_proposal_is_taken_in_one_command_and_changes_no_count(
    added: str, data: Path, cli: Cli
) -> None:
    key = added.partition("candidates --take ")[2].split()[0]
    (listed,) = [c for c in json.loads(cli("candidates", "--json").out) if c["key"] == key]
    assert listed["sources"] == ["cited"]
    before = served(data, "policy_documents_monthly")
    assert cli("candidates", "--take", key).status == 0
    assert cli("run", "--offline").status == 0
    assert served(data, "policy_documents_monthly") == before
    assert key not in cli("candidates").out
    site = client(settings_of(data))
    (one,) = [p for p in site.get("/api/v1/policies").json()["policies"]
              if p["title"] == "关于推进算力设施共享的指导意见"]  # fmt: skip
    assert one["origin"] == "register"
    assert one["cited_by"] == ["2026-05-28"]
    assert one["note"] == "named by the bulletin of 2026-05-28"


def test_the_page_and_the_api_say_what_each_reference_is(added: str, data: Path) -> None:
    site = client(settings_of(data))
    told = site.get("/api/v1/bulletins/2026-05-28").json()["references"]
    assert [r["kind"] for r in told] == ["policy", "policy", "data", "media"]
    assert [r["document"] and r["document"]["origin"] for r in told] == [
        "register", "cited", None, None,
    ]  # fmt: skip
    listed = still(site.get("/bulletins/2026-05-28")).one(id="references")
    items = list(listed.all("li"))
    for item, words in zip(
        items, ("政策 · 已在登记册", "政策 · 待入登记册", "数据", "媒体"), strict=True
    ):
        assert item.text.endswith(words)
    for item, one in zip(items[:2], told, strict=False):
        (href,) = item.hrefs()
        assert one["document"]["title"] in still(site.get(href)).one(id="register").text
