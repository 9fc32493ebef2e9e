"""A small site with something planted in it for the committee: an indicator from a file with a
correction, one that people keep, two that are fetched (one in vain), what is derived, a count, a
bulletin, one that was withdrawn, texts that were replaced, and two documents, in words and numbers
that stand nowhere else."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import httpx
from catalogs import catalog_text, entry
from conftest import settings_of

from etl.bulletins.model import Withdrawal
from etl.catalog import Catalog, load_catalog
from etl.ingest.run import Report, Request, run
from etl.ingest.upstream import Upstream
from etl.settings import Settings

SECRET, DERIVED, COUNT = "zhuque_margin_usd", "xuanwu_spread_usd", "qinglong_documents_monthly"
OLD = "zhuque_before_usd"
DAY, HIDDEN_DAY, PUBLIC_DAY = date(2026, 5, 28), date(2026, 5, 29), date(2026, 5, 28)
#: Of a bulletin for the committee that was taken back.
GONE_DAY = date(2026, 5, 26)
VALUE, EARLIER = 73519.4826, 61847.3951
#: Every word and number of which nothing may be in public.
WORDS = (
    SECRET, DERIVED, COUNT, OLD, "朱雀", "玄武价差", "青龙", "白虎", "麒麟", "Zhuque", "Xuanwu",
    "Qinglong", "zhuquelv", "yuanyang_unit", "鸳鸯", "73519", "73,519", "7.35 万", "61847",
    "61,847", "7.3519", "fenghuang", "Fenghuang", "凤凰", "55512", "kuafu", "Kuafu", "夸父",
    "77761", "bifang", "Bifang", "毕方", "饕餮", "taotie", "99955",
)  # fmt: skip
HEAD = (
    "title,issuer,date_issued,date_published,doc_no,topics,kind,verification,url,note,visibility\n"
)
REGISTER = HEAD + (
    "关于推进算力建设的通知,国家数据局,2026-05-06,2026-05-06,国数据〔2026〕1号,算力,issued,verified,,,\n"
    "关于朱雀专项安排的通知,国家数据局,2026-05-08,2026-05-08,国数据〔2026〕777号,青龙要务,issued,"
    "verified,https://example.org/baihu,白虎附注,committee\n"
)  # fmt: skip
HIDDEN_BULLETIN = f"""---
title: "朱雀内参"
date: {HIDDEN_DAY}
publisher: "麒麟研究组"
summary: "朱雀利润收于 73519.48 美元。"
visibility: committee
---

## 一、麒麟动向

朱雀利润收于 73519.48 美元。甲价收于 104 美元。

## 参考文献

1. 国家数据局：《关于推进算力建设的通知》，2026-05-06。
2. 国家数据局：《关于麒麟工程的意见》，2026-05-12。
"""
PUBLIC_BULLETIN = f"""---
title: "每日动态"
date: {PUBLIC_DAY}
publisher: "编者"
summary: "甲价收于 104 美元。"
---

## 一、行情

甲价收于 104 美元。

## 参考文献

1. 国家数据局：《关于推进算力建设的通知》，2026-05-06。
"""
#: Of the indicator that is fetched, and of the one that fails in words that name it.
FETCHED, FAILING = "kuafu_rate_usd", "bifang_rate_usd"
KEPT = "fenghuang_stock_own"
CORRECTIONS = f"""corrections:
  - indicator: {SECRET}
    date: 2026-05-01
    source: figures
    expected: {EARLIER}
    value: 99955.25
    reason: {{zh: 饕餮抄错。, en: taotie misread it.}}
    evidence: https://example.org/taotie
    since: 2026-05-29
"""
CREDIT = {
    "name": {"zh": "来源", "en": "source"}, "licence": {"zh": "公开", "en": "open"},
    "url": "https://example.org/",
}  # fmt: skip
EXPECT = {"min": -1e9, "max": 1e9, "stale_after": 100_000}
FIGURES = [{"name": "figures", "file": "planted.csv"}]


def catalog_of_the_site(path: Path, *more: str, **secret: object) -> Path:
    """Writes the catalog; `secret` says otherwise of the hidden indicator."""
    told = {
        "title": {"zh": "朱雀利润", "en": "Zhuque margin"},
        "short": {"zh": "朱雀", "en": "Zhuque"},
        "group": "hidden",
        "unit": "own",
        "definition": {"zh": "白虎口径", "en": "Zhuque definition"},
        "credit": {**CREDIT, "name": {"zh": "白虎来源", "en": "Zhuque source"}},
        "sources": FIGURES,
        "expect": EXPECT,
        "aliases": ["朱雀利润", "朱雀率"],
        "old_ids": [OLD],
        "milestones": [70000],
        "records": True,
        "alerts": [{"kind": "threshold", "above": 70000}],
        "events": [{"date": "2026-05-13", "title": {"zh": "白虎会议", "en": "Zhuque meeting"},
                    "kind": "other", "source": "麒麟"}],
        "visibility": "committee",
        **secret,
    }  # fmt: skip
    own = {"unit": "own", "group": "hidden", "visibility": "committee"}
    entries = [
        entry("jia_usd", sources=FIGURES, expect=EXPECT, aliases=["甲价"], records=True,
              title={"zh": "甲价", "en": "Jia"}, not_in=["朱雀率甲价"],
              shown_with=[told.get("id", SECRET)], events_of=[SECRET]),
        entry("yi_usd", sources=FIGURES, expect=EXPECT, title={"zh": "乙价", "en": "Yi"}),
        entry("documents_monthly", unit="documents", frequency="monthly", calendar="month",
              sources=[{"name": "register"}], expect={**EXPECT, "min": -1}, decimals=0,
              title={"zh": "文件数", "en": "Documents"}),
        entry(SECRET, **told),
        entry(DERIVED, **own, expect=EXPECT, title={"zh": "玄武价差", "en": "Xuanwu spread"},
              short={"zh": "玄武价差", "en": "Xuanwu"},
              sources=[{"name": "derived", "formula": "difference", "of": [SECRET, "jia_own"]}]),
        entry("jia_own", **own, sources=FIGURES, expect=EXPECT,
              title={"zh": "白虎甲价", "en": "Zhuque Jia"},
              short={"zh": "白虎甲", "en": "Zhuque J"}),
        entry(COUNT, unit="documents", frequency="monthly", calendar="month", group="hidden",
              sources=[{"name": "register"}], expect={**EXPECT, "min": -1}, decimals=0,
              visibility="committee", title={"zh": "青龙文件数", "en": "Qinglong documents"},
              short={"zh": "青龙文件", "en": "Qinglong"}),
        entry(KEPT, **own, expect=EXPECT, sources=[{"name": "manual", "file": "凤凰.csv"}],
              title={"zh": "凤凰库存", "en": "Fenghuang stock"},
              short={"zh": "凤凰", "en": "Fenghuang"}),
        *(entry(name, visibility="committee", group="hidden", expect=EXPECT,
                sources=[{"name": "fred", "series": name.upper()}],
                title={"zh": f"{zh}利率", "en": f"{en} rate"}, short={"zh": zh, "en": en})
          for name, zh, en in ((FETCHED, "夸父", "Kuafu"), (FAILING, "毕方", "Bifang"))),
        *more,
    ]  # fmt: skip
    text = catalog_text(*entries, own="yuanyang_unit").replace(
        "label: {zh: 单位", "label: {zh: 鸳鸯"
    )
    text = text.replace("groups:\n", "groups:\n  hidden: {title: {zh: 麒麟组, en: Zhuque group}}\n")
    links = ("links:\n  chain:\n    title: {zh: 链, en: Chain}\n    missing: {zh: 暂无, en: none}\n"
             f"    indicators: [jia_usd, {SECRET}]\n")  # fmt: skip
    path.write_text(text + links, encoding="utf-8")
    return path


def planted_folder(folder: Path) -> Path:
    """What people wrote, in a data folder of its own."""
    (folder / "figures").mkdir(parents=True)
    rows = ["indicator,date,value,source,public,basis,disputed,note"]
    days = [DAY - timedelta(days=back) for back in range(27, -1, -1)]
    for n, day in enumerate(day for day in days if day.weekday() < 5):
        secret = VALUE if day == DAY else EARLIER + n
        rows += [f"jia_usd,{day},{85 + n},甲所,,,,", f"yi_usd,{day},{50 + n},乙所,,,,",
                 f"{SECRET},{day},{secret},白虎台账,,,,麒麟注",
                 f"jia_own,{day},{0.5 + n},白虎台账,,,,"]  # fmt: skip
    (folder / "figures" / "planted.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    (folder / "policies.csv").write_text(REGISTER, encoding="utf-8")
    (folder / "corrections.yaml").write_text(CORRECTIONS, encoding="utf-8")
    taken_back = Withdrawal(date=GONE_DAY, withdrawn=GONE_DAY, reason="饕餮有误",
                            visibility="committee")  # fmt: skip
    quoting = PUBLIC_BULLETIN.replace("104", "毕方利率 99955")
    for path, text in {
        f"bulletins/{HIDDEN_DAY}.md": HIDDEN_BULLETIN,
        f"bulletins/{PUBLIC_DAY}.md": PUBLIC_BULLETIN,
        f"bulletins/replaced/{PUBLIC_DAY}-20260528T010000000000.md": quoting,
        f"drafts/{PUBLIC_DAY}.md": quoting,
        f"bulletins/withdrawn/{GONE_DAY}-20260526T010000000000.md": quoting,
        f"bulletins/withdrawn/{GONE_DAY}-20260526T010000000000.json": taken_back.model_dump_json(),
        "manual/凤凰.csv": "date,value\n2026-05-27,55512.25\n2026-05-28,55512.75\n",
    }.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    return folder


def planted_site(folder: Path) -> tuple[Settings, Catalog]:
    """The settings and the catalog of the site, which no run has filled yet."""
    planted_folder(folder / "data")
    path = catalog_of_the_site(folder / "indicators.yaml")
    settings = settings_of(folder / "data", XINZHI_CATALOG=str(path))
    return settings, load_catalog(path)


def run_planted(settings: Settings, catalog: Catalog) -> Report:
    """One run, for which FRED knows one series and nobody else answers."""
    out = Upstream(settings, httpx.MockTransport(_answer), sleep=lambda seconds: None)
    return run(settings, catalog, Request(), lambda outcome: None, out)


def _answer(asked: httpx.Request) -> httpx.Response:
    if asked.url.params.get("id") == FETCHED.upper():
        return httpx.Response(200, text=f"observation_date,{FETCHED.upper()}\n2026-05-28,77761.5\n")
    return httpx.Response(404, text=f"no {FAILING} 毕方")
