"""Zip: data.csv with its description as a Frictionless data package, a README and the citation."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

from dashboard.export.table import Kind, Table, metadata, to_json
from dashboard.export.zip_archive import archive
from dashboard.urls import Urls

_TYPES: dict[Kind, str] = {
    "date": "date",
    "text": "string",
    "number": "number",
    "moment": "datetime",
}


def write(table: Table, urls: Urls) -> bytes:
    """The bytes of the file."""
    said = metadata(table, urls)
    return archive(
        {
            "data.csv": table.csv,
            "datapackage.json": to_json(_datapackage(table, said)),
            "README.md": _readme(table, said, urls).encode(),
            "citation.bib": said["citation"]["bibtex"].encode(),
        }
    )


def _datapackage(table: Table, said: dict[str, Any]) -> dict[str, Any]:
    return {
        "profile": "tabular-data-package",
        "name": table.address.id.replace("_", "-"),
        "title": said["title"]["zh"],
        "description": said["definition"]["zh"],
        "homepage": said["url"],
        "version": said["snapshot"],
        "licenses": [
            {"title": source["licence"]["en"], "path": source["url"]} for source in said["sources"]
        ],
        "sources": [
            {"title": source["name"]["en"], "path": source["url"]} for source in said["sources"]
        ],
        "resources": [_resource(table)],
        "xinzhi": said,
    }


def _resource(table: Table) -> dict[str, Any]:
    fields = zip(table.fields, table.header, strict=True)
    keys = table.header[:1] if table.is_wide else table.header[:2]
    return {
        "profile": "tabular-data-resource",
        "name": "data",
        "path": "data.csv",
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8-sig" if table.address.for_ == "excel" else "utf-8",
        "bytes": len(table.csv),
        "hash": f"sha256:{sha256(table.csv).hexdigest()}",
        "dialect": {"delimiter": ",", "lineTerminator": "\r\n", "header": True},
        "schema": {
            "fields": [
                {"name": name, "title": field.heading, "type": _TYPES[field.kind]}
                for field, name in fields
            ],
            "missingValues": [""],
            "primaryKey": list(keys),
        },
    }


def _readme(table: Table, said: dict[str, Any], urls: Urls) -> str:
    sources = "\n".join(
        f"- {s['name']['zh']}（{s['licence']['zh']}） <{s['url']}>" for s in said["sources"]
    )
    definitions = "\n\n".join(
        f"**{i['title']['zh']}** (`{i['id']}`, {i['unit']})\n\n{i['definition']['zh']}\n\n"
        f"{i['definition']['en']}"
        for i in said["indicators"]
    )
    columns = "\n".join(f"- `{name}`" for name in table.header)
    return f"""# {"、".join(i["title"]["zh"] for i in said["indicators"])}

{said["rows"]} 行，{said["first_date"] or "—"} 至 {said["last_date"] or "—"}。
截至 {said["as_of"]}（UTC）所知。

{definitions}

## 文件 / Files

- `data.csv`：数据，UTF-8；空格子是没有数值，不是零。时间为 UTC。
- `datapackage.json`：各列的名称与类型（Frictionless Data Package）。
- `citation.bib`：BibTeX。

列 / Columns:

{columns}

## 来源 / Sources

{sources}

## 引用 / Citation

{said["citation"]["gb_t_7714"]}

固定网址 / Frozen address: <{said["frozen_url"]}>

快照 / Snapshot: {said["snapshot"]}。`data.csv` 的 SHA-256：

    {said["sha256"]}

查验 / Verify: <{urls.online.verify(said["sha256"])}>
"""
