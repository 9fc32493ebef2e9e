"""Zip: data.csv with its description as a Frictionless data package, a README and the citation."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

from dashboard.export.csv import Kind
from dashboard.export.metadata import metadata
from dashboard.export.table import Table, to_json
from dashboard.export.zip_archive import archive
from dashboard.markup import plain
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
            "README.md": plain(
                "readme.md", "zh", said=said, header=table.header, urls=urls
            ).encode(),
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
