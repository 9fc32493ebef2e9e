"""What must be said with the data, in every format that can say it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from dashboard.address import ChartAddress
from dashboard.export.citation import citation, cite_as
from dashboard.export.csv import iso
from dashboard.export.licence import strictest
from dashboard.export.table import Column, Table, frozen, provenance
from dashboard.urls import Urls


def metadata(table: Table, urls: Urls) -> dict[str, Any]:
    """What must be said with the data: definitions, sources, licence, citation, checksum."""
    address, snapshot = table.address, table.snapshot
    vintages = [v for column in table.columns for v, _ in column.rows]
    dates = [v.date for v in vintages]
    as_of = address.as_of or snapshot.published_at
    first = table.columns[0].indicator
    indicators = [column.indicator for column in table.columns]
    lasting = urls.online.chart(frozen(table), ".csv")
    return {
        "id": address.id,
        "ids": list(address.ids),
        "indicators": [_described(column) for column in table.columns],
        "title": first.title.model_dump(),
        "definition": first.definition.model_dump(),
        "unit": table.columns[0].unit,
        "frequency": first.frequency,
        "aggregation": _aggregation(address),
        "licence": first.credit.licence.model_dump(),
        "reuse": strictest(indicators),
        "sources": [_credit(column, as_of, lasting) for column in table.columns],
        "first_date": min(dates).isoformat() if dates else None,
        "last_date": max(dates).isoformat() if dates else None,
        "rows": table.row_count,
        "as_of": iso(as_of),
        "reconstructed": snapshot.is_reconstructed(address.ids, address.as_of),
        "snapshot": snapshot.name,
        "sha256": table.sha256,
        "url": urls.online.chart(address, ".csv"),
        "frozen_url": lasting,
        "citation": citation(
            indicators, as_of, max((v.known_at for v in vintages), default=None), lasting
        ),
        "breaks": [
            {"indicator": i.id, "date": b.date.isoformat(), "note": b.note.model_dump()}
            for i in (snapshot.catalog[name] for name in address.ids)
            for b in i.breaks
        ],
        "notes": [
            f"{column.indicator.id}, {v.date}: {v.note}"
            for column in table.columns
            for v, _ in column.rows
            if v.note
        ],
    }


def _described(column: Column) -> dict[str, Any]:
    i = column.indicator
    return {
        "id": i.id,
        "title": i.title.model_dump(),
        "definition": i.definition.model_dump(),
        "unit": column.unit,
        "frequency": i.frequency,
        "rows": len(column),
    }


def _aggregation(address: ChartAddress) -> dict[str, str] | None:
    """How values were brought to another frequency, if they were."""
    return {"freq": address.freq, "agg": address.agg} if address.freq else None


def _credit(column: Column, as_of: datetime, link: str) -> dict[str, Any]:
    credit = column.indicator.credit
    return {
        "indicator": column.indicator.id,
        "name": credit.name.model_dump(),
        "licence": credit.licence.model_dump(),
        "reuse": credit.reuse,
        "url": credit.url,
        "rows_from": sorted({provenance(v) for v, _ in column.rows})[:20],
        "cite_as": cite_as(column.indicator, as_of, link),
    }
