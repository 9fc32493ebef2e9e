"""Small catalogs for tests that need entries of their own."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from etl.settings import PROJECT

UNITS = """\
units:
  usd: {code: USD, label: {zh: 美元, en: USD}}
  usd_bn: {code: billion USD, label: {zh: 亿美元, en: bn USD}, zh_factor: 10}
  cny: {code: CNY, label: {zh: 元, en: CNY}}
  cny_bn: {code: billion CNY, label: {zh: 亿元, en: bn CNY}, zh_factor: 10}
  usd_oz: {code: USD/oz, label: {zh: 美元/盎司, en: USD/oz}}
  usd_bbl: {code: USD/bbl, label: {zh: 美元/桶, en: USD/bbl}}
  points: {code: points, label: {zh: 点, en: points}}
  percent: {code: percent, label: {zh: '%', en: '%'}}
  documents: {code: documents, label: {zh: 份, en: documents}, counted: true}
  shares: {code: shares, label: {zh: 亿股, en: shares}, zh_factor: 1.0e-8}
"""


def entry(name: str, **changed: object) -> str:
    """An indicator as the catalog has it: daily, each weekday, public at once; with what a test
    says otherwise. Each key stands on a line of its own."""
    told: dict[str, Any] = {
        "title": {"zh": f"标题 {name}", "en": f"Title {name}"},
        "short": {"zh": name, "en": name},
        "group": "g",
        "unit": "usd",
        "decimals": 2,
        "frequency": "daily",
        "calendar": "24/5",
        "definition": {"zh": "口径", "en": "definition"},
        "credit": {
            "name": {"zh": "来源", "en": "source"},
            "licence": {"zh": "公开", "en": "open"},
            "url": "https://example.org/",
        },
        "sources": [{"name": "yahoo", "ticker": "X"}],
        "expect": {"min": -1e300, "max": 1e300, "stale_after": 100_000},
        "publication": {"rule": "days", "n": 0, "at": "00:00", "zone": "Asia/Shanghai"},
        **changed,
    }
    lines = (f"    {key}: {json.dumps(value, ensure_ascii=False)}" for key, value in told.items())
    return f"  {name}:\n" + "\n".join(lines) + "\n"


def part_of_the_catalog(path: Path, *ids: str) -> Path:
    """Writes the project's catalog with these indicators only, without what they say of others: a
    run is quickly done with it."""
    whole = _whole()
    part = {
        "units": whole["units"],
        "groups": whole["groups"],
        "indicators": {name: _among(ids, whole["indicators"][name]) for name in ids},
    }
    path.write_text(json.dumps(part, ensure_ascii=False, default=str, indent=1), encoding="utf-8")
    return path


def _among(ids: Sequence[str], told: dict[str, Any]) -> dict[str, Any]:
    lists = {key: [one for one in told[key] if one in ids]
             for key in ("events_of", "shown_with") if key in told}  # fmt: skip
    return {**told, **lists}


@cache
def _whole() -> dict[str, Any]:
    """The project's catalog as its YAML says it."""
    text = (PROJECT / "indicators.yaml").read_text(encoding="utf-8")
    return dict(yaml.load(text, yaml.CSafeLoader))


def catalog_text(*entries: str, own: str = "") -> str:
    """A whole catalog of entries; `own` is the code of one more unit."""
    unit = f"  own: {{code: {own}, label: {{zh: 单位, en: unit}}}}\n" if own else ""
    groups = "groups:\n  g: {title: {zh: 组, en: Group}}\n"
    return UNITS + unit + groups + "indicators:\n" + "".join(entries)
