"""FRED: the whole of a series as keyless CSV; with a key, the first time, its vintages too."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from typing import Any
from urllib.parse import urlencode

from etl.catalog import Indicator
from etl.errors import UnexpectedPayload
from etl.ingest.upstream import Upstream
from etl.records import Observation
from etl.sources.base import FIRST_DAY, Params, Source, decimal, in_order, json_of

ADDRESS = "https://fred.stlouisfed.org/graph/fredgraph.csv?id={series}&cosd=1776-07-04"
API = "https://api.stlouisfed.org/fred/series/"
MISSING = ("", ".")  # empty since 2024-12, a dot before
#: The API answers for at most so many vintages, and so many rows, at once.
MOST_VINTAGES = 2000
MOST_ROWS = 100_000
MOST_PAGES = 40
#: What the API says of a series that it has without its history.
NO_VINTAGES = b"does not exist in ALFRED"


@dataclass(frozen=True, slots=True)
class Fred(Source):
    """Federal Reserve Economic Data, St. Louis.

    Some series are carried for a number of years only: `window_years` in the catalog says so.
    """

    name: str = "fred"
    online: bool = True

    def fetch(self, indicator: Indicator, params: Params, since: date, out: Upstream) -> bytes:
        series = str(params["series"])
        is_first = since == FIRST_DAY
        if out.settings.fred_api_key and is_first and indicator.frequency != "event":
            vintages = _vintages(series, out)
            if vintages:
                return vintages
        return out.get(ADDRESS.format(series=series))

    def parse(self, payload: bytes, indicator: Indicator, params: Params) -> Sequence[Observation]:
        series = str(params["series"])
        if payload.startswith(b"{"):
            return _from_vintages(payload, indicator, series)
        observations = list(_from_csv(payload, series))
        if not observations:
            raise UnexpectedPayload(f"FRED sent {series} without a single value.")
        if indicator.frequency == "event":
            return _changes(observations)
        return observations

    def reaches_back_to(self, params: Params, since: date, today: date) -> date:
        years = params.get("window_years")
        # A year's grace: how the window moves is not written anywhere.
        return today - timedelta(days=366 * (years - 1)) if years else date.min


def _from_csv(payload: bytes, series: str) -> Iterator[Observation]:
    if payload and not payload.endswith(b"\n"):
        raise UnexpectedPayload(f"FRED sent {series} cut off in the middle of a line.")
    try:
        rows = list(csv.reader(io.StringIO(payload.decode("utf-8-sig", "replace"))))
    except csv.Error:
        rows = []
    if not rows or rows[0] not in (["observation_date", series], ["DATE", series]):
        head = ",".join(rows[0])[:60] if rows else "nothing"
        raise UnexpectedPayload(f"FRED sent no CSV of {series} (it begins: {head}).")
    previous: date | None = None
    for line, row in enumerate(rows[1:], 2):
        if row:
            day, text = _cells(row, line, series)
            in_order(previous, day, f"FRED {series}")
            previous = day
            if text not in MISSING:
                value = decimal(text, f"FRED {series}, line {line}")
                yield Observation(day, value, credit=f"FRED {series}")


def _cells(row: list[str], line: int, series: str) -> tuple[date, str]:
    try:
        day, text = row
        return date.fromisoformat(day), text
    except ValueError:
        shown = ",".join(row)[:60]
        raise UnexpectedPayload(
            f"FRED {series}, line {line}: '{shown}' is no date and value."
        ) from None


def _changes(observations: Sequence[Observation]) -> list[Observation]:
    """Only the days on which a value that holds in between has changed."""
    kept: list[Observation] = []
    for observation in observations:
        if not kept or kept[-1].value != observation.value:
            kept.append(observation)
    return kept


def _vintages(series: str, out: Upstream) -> bytes:
    """Every answer about the vintages of a series, as they came, in one document; nothing if FRED
    keeps no history of it."""
    try:
        dates = json_of(_ask("vintagedates", out, series_id=series, limit=10_000))["vintage_dates"]
        days = [date.fromisoformat(day).isoformat() for day in dates]
    except UnexpectedPayload as error:
        if error.status == 400 and NO_VINTAGES in error.body:
            return b""
        raise UnexpectedPayload(f"{_reason(error)} Check XINZHI_FRED_API_KEY.") from None
    except (ValueError, KeyError, TypeError):
        raise UnexpectedPayload(f"FRED sent no dates of the vintages of {series}.") from None
    pages = [
        page
        for start in range(0, len(days), MOST_VINTAGES)
        for page in _pages(series, days[start], _last_of(days, start), out)
    ]
    answers = [page.decode("utf-8", "replace") for page in pages]
    return json.dumps({"series": series, "first": days[:1], "answers": answers}).encode()


def _last_of(days: Sequence[str], start: int) -> str:
    """The end of the real-time window that begins with a vintage."""
    if start + MOST_VINTAGES >= len(days):
        return "9999-12-31"
    return (date.fromisoformat(days[start + MOST_VINTAGES]) - timedelta(days=1)).isoformat()


def _pages(series: str, first: str, last: str, out: Upstream) -> Iterator[bytes]:
    for page in range(MOST_PAGES):
        answer = _ask(
            "observations", out, series_id=series, realtime_start=first, realtime_end=last,
            limit=MOST_ROWS, offset=page * MOST_ROWS,
        )  # fmt: skip
        yield answer
        if (page + 1) * MOST_ROWS >= _count(answer, series):
            return
    raise UnexpectedPayload(f"FRED has more than {MOST_PAGES * MOST_ROWS:,} rows of {series}.")


def _ask(what: str, out: Upstream, **query: Any) -> bytes:
    asked = {**query, "api_key": out.settings.fred_api_key, "file_type": "json"}
    return out.get(f"{API}{what}?{urlencode(asked)}")


def _count(answer: bytes, series: str) -> int:
    try:
        return int(json_of(answer)["count"])
    except (ValueError, KeyError, TypeError):
        raise UnexpectedPayload(f"FRED sent no vintages of {series}.") from None


def _reason(error: UnexpectedPayload) -> str:
    """What FRED itself says is wrong, else that it did not answer as it should."""
    try:
        said = str(json_of(error.body)["error_message"])
        return f"{error} {' '.join(said.split())[:160]}"
    except (ValueError, KeyError, TypeError):
        return str(error)


def _from_vintages(payload: bytes, indicator: Indicator, series: str) -> list[Observation]:
    """Each value from the day it was first published on, in the order of dates.

    A window of real time repeats what was known before it: only what changes is a vintage. What
    was there when the archive begins had been published before, by the catalog's rule.
    """
    try:
        document = json_of(payload)
        begin = [date.fromisoformat(day) for day in document["first"]]
        rows = sorted(
            (date.fromisoformat(o["date"]), date.fromisoformat(o["realtime_start"]), o["value"])
            for answer in document["answers"]
            for o in json_of(answer)["observations"]
        )
        same = document["series"] == series
    except (ValueError, KeyError, TypeError):
        raise UnexpectedPayload(f"FRED sent no vintages of {series}.") from None
    if not same or not rows:
        raise UnexpectedPayload(f"FRED sent no vintages of {series}.")
    found: list[Observation] = []
    for day, vintages in groupby(rows, key=lambda row: row[0]):
        found += _growth(day, [(start, text) for _, start, text in vintages], begin[0], indicator,
                         series)  # fmt: skip
    if not found:
        raise UnexpectedPayload(f"FRED sent {series} without a single value.")
    return found


def _growth(
    day: date,
    vintages: Sequence[tuple[date, str]],
    begin: date,
    indicator: Indicator,
    series: str,
) -> Iterator[Observation]:
    before: str | None = None
    for start, text in vintages:
        if text not in MISSING and text != before:
            value = decimal(text, f"FRED {series}, {day}")
            ruled = indicator.public_at(day)
            public_at = indicator.publication.on(start)
            yield Observation(
                day,
                value,
                public_at=min(public_at, ruled) if start == begin else public_at,
                credit=f"FRED {series}, vintage of {start}",
            )
        before = text
