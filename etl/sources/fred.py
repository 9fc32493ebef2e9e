"""FRED: with a key through its API, with the publication date of each value and revision; without
one as a whole series in CSV, from a host that lets most programs time out."""

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
from etl.errors import SourceUnavailable, UnexpectedPayload, quoted
from etl.ingest.upstream import Upstream
from etl.records import Observation
from etl.sources.base import FIRST_DAY, Params, Source, decimal, in_order, json_of

ADDRESS = "https://fred.stlouisfed.org/graph/fredgraph.csv?id={series}&cosd=1776-07-04"
API = "https://api.stlouisfed.org/fred/series/"
#: The name that the host of the CSV lets pass. What looks like a browser, or gives a version and a
#: contact, waits there until it gives up.
PLAIN = {"User-Agent": "xinzhi-indicators"}
A_KEY_HELPS = "FRED's API answers where this page does not: set XINZHI_FRED_API_KEY to a free key."
MISSING = ("", ".")  # empty since 2024-12, a dot before
#: The most vintages, and rows, that the API returns at once.
MOST_VINTAGES = 2000
MOST_ROWS = 100_000
MOST_PAGES = 40
#: How many days before a change are requested, so that it shows as one.
BASE_DAYS = 14
#: What the API says about a series without history.
NO_VINTAGES = b"does not exist in ALFRED"


@dataclass(frozen=True, slots=True)
class Fred(Source):
    """Federal Reserve Economic Data, St. Louis.

    Some series cover only a number of years: `window_years` in the catalog says so.
    """

    name: str = "fred"
    online: bool = True
    #: Whether the API is asked: it answers for the days since the last look, the CSV for all.
    has_key: bool = False

    @property
    def answers_in_china(self) -> bool:
        return False

    def fetch(self, indicator: Indicator, params: Params, since: date, out: Upstream) -> bytes:
        series = str(params["series"])
        if out.settings.fred_api_key:
            # The day before shows whether a value that holds between changes is a new one.
            before = timedelta(days=BASE_DAYS if indicator.frequency == "event" else 0)
            return _from_api(series, FIRST_DAY if since == FIRST_DAY else since - before, out)
        try:
            return out.get(ADDRESS.format(series=series), headers=PLAIN)
        except SourceUnavailable as error:
            raise SourceUnavailable(f"{error} {A_KEY_HELPS}", host=error.host) from None
        except UnexpectedPayload as error:
            if error.status in (401, 403, 429) or error.status >= 500:
                error.args = (f"{error} {A_KEY_HELPS}",)
            raise

    def parse(self, payload: bytes, indicator: Indicator, params: Params) -> Sequence[Observation]:
        series = str(params["series"])
        if payload.startswith(b"{"):
            return _from_answers(payload, indicator, series)
        observations = list(_from_csv(payload, series))
        if not observations:
            raise UnexpectedPayload(f"FRED sent {series} without a single value.")
        if indicator.frequency == "event":
            return _changes(observations)
        return observations

    def reaches_back_to(self, params: Params, since: date, today: date) -> date:
        years = params.get("window_years")
        # A year's grace: how the window moves is not written anywhere.
        first = today - timedelta(days=366 * (years - 1)) if years else date.min
        return max(first, since) if self.has_key else first


def _from_csv(payload: bytes, series: str) -> Iterator[Observation]:
    if payload and not payload.endswith(b"\n"):
        raise UnexpectedPayload(f"FRED sent {series} cut off in the middle of a line.")
    try:
        rows = list(csv.reader(io.StringIO(payload.decode("utf-8-sig", "replace"))))
    except csv.Error:
        rows = []
    if not rows or rows[0] not in (["observation_date", series], ["DATE", series]):
        head = quoted(",".join(rows[0])) if rows else "nothing"
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
        shown = quoted(",".join(row))
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


def _from_api(series: str, since: date, out: Upstream) -> bytes:
    """Every answer about a series from a day on, unchanged, in one document: with its vintages, or
    as it stands today if FRED keeps no history of it."""
    days = _days_of_vintages(series, since, out)
    pages = [
        page
        for start in range(0, len(days), MOST_VINTAGES)
        for page in _pages(series, since, days[start], _last_of(days, start), out)
    ] or list(_pages(series, since, "", "", out))
    answers = [page.decode("utf-8", "replace") for page in pages]
    whole = since == FIRST_DAY
    return json.dumps(
        {"series": series, "first": days[:1], "whole": whole, "answers": answers}
    ).encode()


def _days_of_vintages(series: str, since: date, out: Upstream) -> list[str]:
    """The days from `since` on on which FRED published something about a series; none if it keeps
    no history."""
    asked = {"series_id": series, "realtime_start": since.isoformat(), "limit": 10_000}
    try:
        dates = json_of(_ask("vintagedates", out, **asked))["vintage_dates"]
        days = sorted(date.fromisoformat(day) for day in dates)
    except UnexpectedPayload as error:
        if error.status == 400 and NO_VINTAGES in error.body:
            return []
        raise UnexpectedPayload(_reason(error)) from None
    except (ValueError, KeyError, TypeError):
        raise UnexpectedPayload(f"FRED sent no dates of the vintages of {series}.") from None
    return [day.isoformat() for day in days if day >= since]


def _last_of(days: Sequence[str], start: int) -> str:
    """The end of the real-time window that begins with a vintage."""
    if start + MOST_VINTAGES >= len(days):
        return "9999-12-31"
    return (date.fromisoformat(days[start + MOST_VINTAGES]) - timedelta(days=1)).isoformat()


def _pages(series: str, since: date, first: str, last: str, out: Upstream) -> Iterator[bytes]:
    """The answers for a real-time window, or for today."""
    asked: dict[str, Any] = {"series_id": series, "limit": MOST_ROWS}
    asked |= {"realtime_start": first, "realtime_end": last} if first else {}
    asked |= {"observation_start": since.isoformat()} if since != FIRST_DAY else {}
    for page in range(MOST_PAGES):
        try:
            answer = _ask("observations", out, **asked, offset=page * MOST_ROWS)
        except UnexpectedPayload as error:
            raise UnexpectedPayload(_reason(error)) from None
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
    except (ValueError, KeyError, TypeError, OverflowError):
        raise UnexpectedPayload(f"FRED sent no observations of {series}.") from None


def _reason(error: UnexpectedPayload) -> str:
    """FRED's own error message, or else that it did not answer as expected."""
    try:
        said = f"{error} {quoted(json_of(error.body)['error_message'])}"
    except (ValueError, KeyError, TypeError):
        said = str(error)
    return f"{said} Check XINZHI_FRED_API_KEY." if error.status in (400, 401, 403) else said


def _from_answers(payload: bytes, indicator: Indicator, series: str) -> list[Observation]:
    """Each value from the day it was first published on, in order of date."""
    try:
        document = json_of(payload)
        begin = [date.fromisoformat(day) for day in document["first"]]
        rows = sorted(
            (date.fromisoformat(o["date"]), date.fromisoformat(o["realtime_start"]), o["value"])
            for answer in document["answers"]
            for o in json_of(answer)["observations"]
        )
        same, whole = document["series"] == series, bool(document.get("whole", True))
    except (ValueError, KeyError, TypeError, AttributeError):
        raise UnexpectedPayload(f"FRED sent no observations of {series}.") from None
    if not same or not rows:
        raise UnexpectedPayload(f"FRED sent no observations of {series}.")
    found: list[Observation] = []
    for day, vintages in groupby(rows, key=lambda row: row[0]):
        told = [(start, text) for _, start, text in vintages]
        found += _growth(day, told, begin[0] if begin else None, indicator, series)
    if not found:
        raise UnexpectedPayload(f"FRED sent {series} without a single value.")
    if indicator.frequency == "event":
        return _changed(found, whole=whole)
    return found


def _changed(observations: Sequence[Observation], *, whole: bool) -> list[Observation]:
    """The vintages of the days on which a value that holds in between has changed. The first day of
    an answer about a part of the series shows none: it is what the others are compared with."""
    newest = {o.date: o for o in observations}
    days = [o.date for o in _changes(list(newest.values()))]
    changed = set(days if whole else days[1:])
    return [o for o in observations if o.date in changed]


def _growth(
    day: date,
    vintages: Sequence[tuple[date, str]],
    begin: date | None,
    indicator: Indicator,
    series: str,
) -> Iterator[Observation]:
    """The vintages of one day; without a history, the one that stands, public by the catalog's
    rule."""
    before: str | None = None
    for start, text in vintages:
        if text not in MISSING and text != before:
            value = decimal(text, f"FRED {series}, {day}")
            public_at = indicator.publication.on(start)
            if start == begin:
                public_at = min(public_at, indicator.public_at(day))
            credit = f"FRED {series}, vintage of {start}" if begin else f"FRED {series}"
            yield Observation(day, value, public_at if begin else None, credit=credit)
        before = text
