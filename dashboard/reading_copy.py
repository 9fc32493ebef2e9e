"""Every text of the site in both languages, side by side as Markdown, for an editor to read:
`make texts`. What code makes of values is shown with those of the snapshot that is served."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace

from dashboard.address import RANGES, ChartAddress, Transform, Window
from dashboard.chart_page.controls import SHOWN_TRANSFORMS
from dashboard.chart_page.view import view
from dashboard.data import queries
from dashboard.data.snapshot import Snapshot, Snapshots
from dashboard.texts import every_text
from etl.catalog import Catalog, load_catalog
from etl.errors import StorageError
from etl.settings import load_settings
from etl.storage.snapshots import store_of

Pair = tuple[str, str, str]


def reading_copy(catalog: Catalog, snapshot: Snapshot | None) -> Iterator[str]:
    """The lines of the page; without a snapshot, no sentences with values."""
    yield "# 本站全部文字 · Every text of this site\n"
    for heading, rows in (
        ("页面 · Pages", every_text()),
        ("指标 · Indicators", _of_catalog(catalog)),
        ("标题与说明 · Headlines and paragraphs", _said(snapshot) if snapshot else ()),
        ("提醒 · Alerts", _alerts(snapshot) if snapshot else ()),
    ):
        yield f"\n## {heading}\n"
        yield "| | 中文 | English |\n|---|---|---|"
        for row in rows:
            yield "| {} | {} | {} |".format(*map(_cell, row))


def _of_catalog(catalog: Catalog) -> Iterator[Pair]:
    for one in catalog.all():
        for name in ("title", "short", "definition"):
            words = getattr(one, name)
            yield f"{one.id} {name}", words.zh, words.en


def _said(snapshot: Snapshot) -> Iterator[Pair]:
    """The headline of every indicator in each range and transform, once; its paragraph as shown by
    default."""
    for name in snapshot.catalog.indicators:
        address = ChartAddress(name)
        asked = [replace(address, window=Window(t)) for t in RANGES]
        asked += [replace(address, transform=u) for u in SHOWN_TRANSFORMS if u != Transform()]
        found: dict[tuple[str, str], str] = {}
        for one in asked:
            zh, en = (view(snapshot, replace(one, lang=lang)).words for lang in ("zh", "en"))
            found.setdefault((zh.headline, en.headline), f"{name} {one.query()}")
        yield from ((where, *both) for both, where in found.items())
        zh, en = (view(snapshot, replace(address, lang=lang)).words for lang in ("zh", "en"))
        yield name, zh.paragraph("zh"), en.paragraph("en")


def _alerts(snapshot: Snapshot) -> Iterator[Pair]:
    for alert in queries.alerts(snapshot):
        yield (
            f"{alert.indicator} {alert.rule}",
            f"{alert.rule_zh}：{alert.zh}",
            (f"{alert.rule_en}: {alert.en}"),
        )


def _cell(words: str) -> str:
    return words.replace("|", "\\|").replace("\n", "<br>")


def main() -> int:
    """Write the page to standard output."""
    settings = load_settings()
    try:
        snapshot = Snapshots(store_of(settings)).current()
    except StorageError:
        snapshot = None
    for line in reading_copy(load_catalog(settings.catalog), snapshot):
        print(line)
    return 0


if __name__ == "__main__":
    sys.exit(main())
