"""What upstreams answer, as it comes, and what becomes of it; the network is played by a fake."""

from __future__ import annotations

import csv
import gzip
import json
import math
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import httpx
import pytest
from conftest import bundled, settings_of
from hypothesis import given
from hypothesis import strategies as st

from etl.calendars import LONDON, NEW_YORK, sessions
from etl.catalog import Catalog, Indicator
from etl.errors import FileProblem, SourceUnavailable, UnexpectedPayload
from etl.ingest import raw, upstream
from etl.ingest.run import accepted
from etl.ingest.upstream import Upstream
from etl.records import Observation
from etl.sources.figures import Figures
from etl.sources.fred import Fred
from etl.sources.sec import Sec
from etl.sources.yahoo import Yahoo

RECORDED = Path(__file__).parent / "recorded"
SEC_ANSWER = RECORDED / "sec/EntityCommonStockSharesOutstanding.json"
MISSING = ("", ".")
SINCE = date(2020, 1, 1)


@pytest.fixture
def dgs10(catalog: Catalog) -> Indicator:
    return catalog["us_10y_yield_pct"]


def _fred(payload: bytes, indicator: Indicator, series: str = "DGS10") -> list[Observation]:
    return list(Fred().parse(payload, indicator, {"series": series}))


def _sec(payload: bytes, catalog: Catalog) -> list[Observation]:
    params = {"cik": "0000723125", "concept": "EntityCommonStockSharesOutstanding"}
    return list(Sec().parse(payload, catalog["micron_shares_outstanding"], params))


@pytest.mark.parametrize("path", sorted(RECORDED.glob("fred/*.csv")), ids=lambda path: path.stem)
def test_a_recorded_answer_of_fred_becomes_its_rows_without_the_missing(
    path: Path, catalog: Catalog
) -> None:
    with open(path, encoding="utf-8", newline="") as lines:
        rows = list(csv.reader(lines))[1:]
    assert any(value in MISSING for _, value in rows)  # each recording holds a holiday
    expected = [(day, float(value)) for day, value in rows if value not in MISSING]
    found = _fred(path.read_bytes(), catalog["us_10y_yield_pct"], path.stem)
    assert [(o.date.isoformat(), o.value) for o in found] == expected


def test_the_recordings_hold_both_headers_and_both_marks_of_a_missing_value() -> None:
    texts = [path.read_text("utf-8") for path in RECORDED.glob("fred/*.csv")]
    assert {text.split(",")[0] for text in texts} == {"DATE", "observation_date"}
    assert any(",.\n" in text for text in texts)
    assert any(",\n" in text for text in texts)


@pytest.mark.parametrize("header", ["DATE", "observation_date"])
@pytest.mark.parametrize("missing", MISSING)
def test_any_header_goes_with_any_mark(header: str, missing: str, dgs10: Indicator) -> None:
    text = f"{header},DGS10\n2026-05-22,4.5\n2026-05-25,{missing}\n2026-05-26,4.4\n"
    found = _fred(text.encode(), dgs10)
    assert [o.date.day for o in found] == [22, 26]


@pytest.mark.parametrize(
    "payload",
    [
        b"<!DOCTYPE html><html><body>Bad gateway</body></html>",
        b"<!DOCTYPE html><html>" + b"x" * 300_000,
        b"",
        b"\x1f\x8b\x08\x00\xff\xfe",
        b"observation_date,SP500\n2026-05-26,7519.12\n",
        b"observation_date,DGS10,SP500\n2026-05-26,4.5,7519.12\n",
        b"observation_date,DGS10\n2026-05-26,4.5\n2026-05-2",
        b"observation_date,DGS10\n2026-05-26,four\n",
        b"observation_date,DGS10\n2026-05-26,-\n",
        b'observation_date,DGS10\n2026-05-26,"1,004.5"\n',
        b"observation_date,DGS10\n2026-05-26,1_0\n",
        b"observation_date,DGS10\n2026-05-26,nan\n",
        b"observation_date,DGS10\n2026-05-26,4.5\n2026-05-25,4.4\n",
        b"observation_date,DGS10\n2026-05-26,4.5\n2026-05-26,4.5\n",
        b"observation_date,DGS10\n2026-02-30,4.5\n",
        b'observation_date,DGS10\n2026-05-26,"' + b"4" * 300_000,
    ],
    ids=[
        "HTML", "a long HTML page", "nothing", "binary", "another series", "two series",
        "cut short", "a word", "a dash", "thousands", "an underscore", "not a number",
        "out of order", "a day twice", "a date that does not exist", "an endless cell",
    ],
)  # fmt: skip
def test_what_is_no_series_of_fred_is_refused_in_one_sentence(
    payload: bytes, dgs10: Indicator
) -> None:
    with pytest.raises(UnexpectedPayload, match="FRED") as refused:
        _fred(payload, dgs10)
    assert len(str(refused.value)) < 200


def _vintages(*answers: dict[str, object], first: str = "2005-06-28") -> bytes:
    texts = [json.dumps({"count": len(a), "observations": a}) for a in answers]
    return json.dumps({"series": "DGS10", "first": [first], "answers": texts}).encode()


def _told(day: str, value: str, start: str) -> dict[str, str]:
    return {"date": day, "value": value, "realtime_start": start, "realtime_end": "9999-12-31"}


def test_a_vintage_is_public_when_it_was_published_and_a_window_repeats_nothing(
    dgs10: Indicator,
) -> None:
    """What was there when the archive began is dated by the catalog's rule."""
    first = [_told("1990-01-02", "7.94", "2005-06-28"), _told("2026-05-22", "4.50", "2026-05-26")]
    second = [_told("1990-01-02", "7.94", "2026-06-01"), _told("2026-05-22", "4.52", "2026-06-03"),
              _told("2026-05-25", ".", "2026-06-01")]  # fmt: skip
    found = _fred(_vintages(first, second), dgs10)
    public = [o.public_at.astimezone(NEW_YORK).date() for o in found if o.public_at]
    assert [(o.date, o.value) for o in found] == [
        (date(1990, 1, 2), 7.94), (date(2026, 5, 22), 4.50), (date(2026, 5, 22), 4.52),
    ]  # fmt: skip
    assert public == [date(1990, 1, 3), date(2026, 5, 26), date(2026, 6, 3)]


@pytest.mark.parametrize(
    "payload",
    [b"{}", b"{", b'{"series": "SP500", "first": ["2005-06-28"], "answers": []}',
     _vintages([_told("2026-05-22", "four", "2026-05-26")]),
     _vintages([_told("2026-05-32", "4.5", "2026-05-26")]),
     _vintages([_told("2026-05-22", ".", "2026-05-26")]), _vintages()],
    ids=["empty", "cut", "another series", "a word", "no date", "nothing but gaps", "no answer"],
)  # fmt: skip
def test_what_are_no_vintages_is_refused_in_one_sentence(payload: bytes, dgs10: Indicator) -> None:
    with pytest.raises(UnexpectedPayload, match="FRED"):
        _fred(payload, dgs10)


def test_a_rate_that_holds_between_changes_is_kept_on_the_days_it_changed(
    catalog: Catalog,
) -> None:
    rows = "".join(f"2025-12-{day:02d},{4.0 if day < 11 else 3.75}\n" for day in range(1, 20))
    text = f"observation_date,DFEDTARU\n{rows}"
    found = _fred(text.encode(), catalog["fed_target_upper_pct"], "DFEDTARU")
    assert [(o.date.day, o.value) for o in found] == [(1, 4.0), (11, 3.75)]


def test_a_share_count_is_public_from_its_filing_date(catalog: Catalog) -> None:
    facts = json.loads(SEC_ANSWER.read_text("utf-8"))["units"]["shares"]
    found = _sec(SEC_ANSWER.read_bytes(), catalog)
    assert len(found) == len(facts)
    for fact, observation in zip(facts, found, strict=True):
        assert observation.date.isoformat() == fact["end"]
        assert observation.value == fact["val"]
        assert observation.public_at is not None
        assert observation.public_at.astimezone(NEW_YORK).date().isoformat() == fact["filed"]
        assert fact["form"] in observation.credit


def test_the_recorded_filings_are_those_of_the_bundled_figures(catalog: Catalog) -> None:
    held = bundled("micron_shares.csv", "micron_shares_outstanding")
    assert all(held[o.date] == o.value for o in _sec(SEC_ANSWER.read_bytes(), catalog))


@pytest.mark.parametrize(
    "payload",
    [
        SEC_ANSWER.read_bytes()[:-100],
        b"<html>Undeclared Automated Tool</html>",
        b"{}",
        b'{"units": {"USD": []}}',
        b'{"units": {"shares": [{"end": "2026-03-11", "val": 1}]}}',
        b'{"units": {"shares": [{"end": "2026-03-11", "val": "many", "filed": "2026-03-19", '
        b'"form": "10-Q"}]}}',
        b'{"cik": 723125, "tag": "EntityCommonStockSharesOutstanding", "units": {"shares": '
        b'[{"end": "2026-03-11", "val": "1127734051", "filed": "2026-03-19", "form": "10-Q"}]}}',
        b'{"cik": 723125, "tag": "EntityCommonStockSharesOutstanding", "units": {"shares": '
        b'[{"end": "2026-03-11", "val": 1127734051, "filed": "2025-03-19", "form": "10-Q"}]}}',
        b"[]",
        b"\xff\xfe",
    ],
    ids=["cut short", "HTML", "empty", "other unit", "no filing date", "a word",
         "a number as text", "filed before its date", "a list", "binary"],
)  # fmt: skip
def test_what_is_no_share_count_is_refused_in_one_sentence(
    payload: bytes, catalog: Catalog
) -> None:
    with pytest.raises(UnexpectedPayload, match="SEC"):
        _sec(payload, catalog)


YAHOO_ANSWER = RECORDED / "yahoo/MU.json"


def _chart(days: list[object], closes: object, **changed: object) -> bytes:
    """An answer of Yahoo's chart about daily bars of the S&P 500."""
    moments = [
        int(datetime(d.year, d.month, d.day, 9, 30, tzinfo=NEW_YORK).timestamp())
        if isinstance(d, date)
        else d
        for d in days
    ]
    meta = {"symbol": "^GSPC", "currency": "USD", "exchangeTimezoneName": "America/New_York"}
    quote = {"close": closes}
    result = {"meta": {**meta, **changed}, "timestamp": moments, "indicators": {"quote": [quote]}}
    return json.dumps({"chart": {"result": [result], "error": None}}).encode()


def _at(*parts: int, zone: ZoneInfo = NEW_YORK) -> int:
    """A moment as Yahoo stamps it."""
    return int(datetime(*parts, tzinfo=zone).timestamp())  # type: ignore[misc]


def _yahoo(payload: bytes, catalog: Catalog) -> list[Observation]:
    return list(Yahoo().parse(payload, catalog["sp500"], {"ticker": "^GSPC"}))


MONDAY, TUESDAY, WEDNESDAY = date(2026, 5, 25), date(2026, 5, 26), date(2026, 5, 27)


def test_the_recorded_answer_of_yahoo_becomes_closes_as_they_were_traded(catalog: Catalog) -> None:
    """Yahoo gives 40 for the eve of a two-for-one split: 80 were paid. A day without a close is
    left out; of the last day's two rows, the second is the price of now and no settled close."""
    payload = YAHOO_ANSWER.read_bytes()
    found = Yahoo().parse(payload, catalog["micron_close_usd"], {"ticker": "MU"})
    assert [(str(o.date), o.value) for o in found] == [
        ("2000-04-28", 80.0), ("2000-05-01", 82.0), ("2000-05-02", 40.5), ("2000-05-04", 42.0),
    ]  # fmt: skip
    actions = Yahoo().actions(payload, {"ticker": "MU"})
    assert [(str(a.date), a.kind, a.value) for a in actions] == [
        ("2000-05-01", "dividend", 0.05), ("2000-05-02", "split", 2.0),
    ]  # fmt: skip


@given(
    closes=st.lists(st.floats(0.01, 1e4), min_size=2, max_size=30),
    places=st.lists(
        st.tuples(st.integers(1, 29), st.integers(1, 20), st.integers(1, 20)), max_size=3
    ),
)
def test_whatever_was_split_the_closes_come_back_as_they_were_traded(
    closes: list[float], places: list[tuple[int, int, int]], catalog: Catalog
) -> None:
    days = sessions("XNYS", date(2026, 1, 5), date(2026, 3, 5))[: len(closes)]
    splits = {n: (new, old) for n, new, old in places if n < len(days)}
    divided = [
        close * math.prod(old / new for n, (new, old) in splits.items() if n > k)
        for k, close in enumerate(closes)
    ]
    answer = json.loads(_chart(list(days), divided))
    answer["chart"]["result"][0]["events"] = {"splits": {
        str(n): {"date": int(datetime(days[n].year, days[n].month, days[n].day, 9, 30,
                                      tzinfo=NEW_YORK).timestamp()),
                 "numerator": new, "denominator": old}
        for n, (new, old) in splits.items()
    }}  # fmt: skip
    found = _yahoo(json.dumps(answer).encode(), catalog)
    assert [o.value for o in found] == pytest.approx(closes)


@pytest.mark.parametrize(
    ("sent", "quoted"),
    [(895.8800048828125, 895.88), (26656.1796875, 26656.18), (7519.1201171875, 7519.12),
     (900.5, 900.5), (0.1, 0.1), (26655.891234567, 26655.891234567), (1e300, 1e300)],
)  # fmt: skip
def test_a_close_in_single_precision_is_read_in_the_digits_that_were_quoted(
    sent: float, quoted: float, catalog: Catalog
) -> None:
    (found,) = _yahoo(_chart([TUESDAY], [sent]), catalog)
    assert found.value == quoted


@pytest.mark.parametrize(
    ("changed", "said"),
    [({"symbol": "^IXIC"}, "sent \\^IXIC where \\^GSPC was asked for"),
     ({"currency": "EUR"}, "in EUR, not in USD"),
     ({"exchangeTimezoneName": "Mars/Olympus"}, "no closes of \\^GSPC"),
     ({"exchangeTimezoneName": None}, "no closes of \\^GSPC")],
)  # fmt: skip
def test_another_series_or_currency_is_refused_by_name(
    changed: dict[str, object], said: str, catalog: Catalog
) -> None:
    with pytest.raises(UnexpectedPayload, match=said):
        _yahoo(_chart([TUESDAY], [7519.12], **changed), catalog)


def test_a_session_that_has_not_closed_is_left_out(catalog: Catalog) -> None:
    now = datetime(2026, 5, 27, 15, tzinfo=UTC)  # eleven in the morning in New York
    found = _yahoo(_chart([TUESDAY, WEDNESDAY], [7519.12, 7600.0]), catalog)
    kept = accepted(catalog["sp500"], found, now)
    assert [o.date for o in kept] == [TUESDAY]
    kept = accepted(catalog["sp500"], found, now + timedelta(hours=6))
    assert [o.date for o in kept] == [TUESDAY, WEDNESDAY]


def test_a_future_has_closed_when_its_own_market_has(catalog: Catalog) -> None:
    """Oil and gold are traded for an hour after the stock exchange has closed."""
    indicator, found = catalog["gold_futures_usd_oz"], [Observation(TUESDAY, 4500.0)]
    four, five = (datetime(2026, 5, 26, hour, tzinfo=NEW_YORK) for hour in (16, 17))
    assert accepted(indicator, found, four) == []
    assert [o.date for o in accepted(indicator, found, five)] == [TUESDAY]


def test_a_bar_dated_before_its_midnight_belongs_to_the_day_that_follows(catalog: Catalog) -> None:
    moment = _at(2026, 5, 25, 23)
    assert [o.date for o in _yahoo(_chart([moment], [7519.12]), catalog)] == [TUESDAY]


#: Each kind of instrument: its indicator, ticker, what Yahoo says of it, and when its days begin.
KINDS: dict[str, tuple[str, str, dict[str, str], ZoneInfo, tuple[int, int]]] = {
    "share": ("micron_close_usd", "MU", {"instrumentType": "EQUITY"}, NEW_YORK, (9, 30)),
    "index": ("sp500", "^GSPC", {"instrumentType": "INDEX"}, NEW_YORK, (9, 30)),
    "volatility": ("vix", "^VIX", {"instrumentType": "INDEX"}, NEW_YORK, (9, 30)),
    "future": ("gold_futures_usd_oz", "GC=F", {"instrumentType": "FUTURE"}, NEW_YORK, (0, 0)),
    "currency": (
        "usd_cny", "CNY=X", {"instrumentType": "CURRENCY", "currency": "CNY"}, LONDON, (0, 0)
    ),
}  # fmt: skip
SETTLED, NOW_PRICE = 12.0, 12.5
Moment = tuple[int, ...]


def _answered(
    kind: str,
    settled: list[date],
    now: Moment | None,
    asked: Moment,
    catalog: Catalog,
    **changed: object,
) -> dict[date, float]:
    """What is stored of an answer with settled bars and, last, the price of a moment `now`, asked
    for at `asked`; both in New York."""
    name, ticker, said, zone, start = KINDS[kind]
    rows: list[tuple[int, float]] = [
        (_at(d.year, d.month, d.day, *start, zone=zone), SETTLED) for d in settled
    ]
    if now is not None:
        rows.append((_at(*now), NOW_PRICE))
    if changed.pop("reversed", False):
        rows.insert(0, rows.pop())
    meta = {
        "symbol": ticker, "exchangeTimezoneName": str(zone), "regularMarketPrice": NOW_PRICE,
        "dataGranularity": "1d", **({"regularMarketTime": _at(*now)} if now else {}),
        **said, **changed,
    }  # fmt: skip
    payload = _chart([moment for moment, _ in rows], [close for _, close in rows], **meta)
    found = Yahoo().parse(payload, catalog[name], {"ticker": ticker})
    kept = accepted(catalog[name], found, datetime(*asked, tzinfo=NEW_YORK))  # type: ignore[misc]
    return {o.date: o.value for o in kept}


MON, TUE, WED, THU, FRI, SUN = (date(2026, 11, day) for day in (16, 17, 18, 19, 20, 22))
PRICES_OF_NOW: dict[str, tuple[str, list[date], Moment, Moment, dict[date, float]]] = {
    "a share during its session": (
        "share", [MON], (2026, 11, 17, 11, 3, 7), (2026, 11, 17, 11, 3, 9), {MON: SETTLED}
    ),
    "a share a second after the bell": (
        "share", [MON], (2026, 11, 17, 16, 0, 1), (2026, 11, 17, 16, 20),
        {MON: SETTLED, TUE: NOW_PRICE},
    ),
    "a share at the bell to the second": (
        "share", [MON], (2026, 11, 17, 16, 0), (2026, 11, 17, 16, 20),
        {MON: SETTLED, TUE: NOW_PRICE},
    ),
    "a share that an answer of yesterday afternoon told": (
        "share", [MON], (2026, 11, 17, 15, 59, 58), (2026, 11, 18, 7, 30), {MON: SETTLED}
    ),
    "an index on a half day before one": (
        "index", [WED], (2026, 11, 27, 12, 59, 1), (2026, 11, 27, 12, 59, 9), {WED: SETTLED}
    ),
    "an index on a half day after one": (
        "index", [WED], (2026, 11, 27, 13, 0, 3), (2026, 11, 27, 13, 30),
        {WED: SETTLED, date(2026, 11, 27): NOW_PRICE},
    ),
    "volatility, which is made until a quarter past four": (
        "volatility", [MON], (2026, 11, 17, 16, 5, 2), (2026, 11, 17, 16, 6), {MON: SETTLED}
    ),
    "volatility after it": (
        "volatility", [MON], (2026, 11, 17, 16, 15, 1), (2026, 11, 17, 16, 30),
        {MON: SETTLED, TUE: NOW_PRICE},
    ),
    "a future in the evening, asked in Beijing in the morning": (
        "future", [MON], (2026, 11, 17, 20, 34, 10), (2026, 11, 17, 20, 34, 12), {MON: SETTLED}
    ),
    "a future in the evening to the hour": (
        "future", [MON], (2026, 11, 17, 22, 0), (2026, 11, 18, 17, 30), {MON: SETTLED}
    ),
    "a future in the evening beside the settled bar": (
        "future", [MON, TUE], (2026, 11, 17, 20, 34, 10), (2026, 11, 17, 20, 34, 12),
        {MON: SETTLED, TUE: SETTLED},
    ),
    "a future during the day": (
        "future", [MON], (2026, 11, 17, 11, 3, 7), (2026, 11, 17, 11, 3, 9), {MON: SETTLED}
    ),
    "a future whose session is over": (
        "future", [MON], (2026, 11, 17, 16, 59, 58), (2026, 11, 17, 17, 20),
        {MON: SETTLED, TUE: NOW_PRICE},
    ),
    "a future a moment before it is": (
        "future", [MON], (2026, 11, 17, 16, 59, 58), (2026, 11, 17, 16, 59, 59), {MON: SETTLED}
    ),
    "a future on Saturday": (
        "future", [THU], (2026, 11, 20, 16, 59, 58), (2026, 11, 21, 18, 30),
        {THU: SETTLED, FRI: NOW_PRICE},
    ),
    "a future on Sunday evening": (
        "future", [FRI], (2026, 11, 22, 18, 30, 5), (2026, 11, 22, 18, 30, 7), {FRI: SETTLED}
    ),
    "a future on Thanksgiving, whose trade is that of Friday": (
        "future", [WED], (2026, 11, 26, 11, 3, 7), (2026, 11, 26, 17, 30), {WED: SETTLED}
    ),
    "a future on Sunday after the clocks have changed": (
        "future", [date(2026, 10, 30)], (2026, 11, 1, 18, 30, 5), (2026, 11, 1, 18, 30, 7),
        {date(2026, 10, 30): SETTLED},
    ),
    "a future on a day of mourning, when it settles": (
        "future", [date(2025, 1, 8), date(2025, 1, 9)], (2025, 1, 9, 18, 30, 1),
        (2025, 1, 9, 18, 30, 2), {date(2025, 1, 8): SETTLED, date(2025, 1, 9): SETTLED},
    ),
    "the yuan at 07:30 in Beijing": (
        "currency", [MON], (2026, 11, 17, 18, 29, 58), (2026, 11, 17, 18, 30), {MON: SETTLED}
    ),
    "the yuan at 07:30 in Beijing in summer, when London has begun the next day": (
        "currency", [date(2026, 7, 20)], (2026, 7, 20, 19, 29, 58), (2026, 7, 20, 19, 30),
        {date(2026, 7, 20): SETTLED},
    ),
    "the yuan on Saturday": (
        "currency", [THU], (2026, 11, 20, 16, 54, 1), (2026, 11, 20, 18, 30),
        {THU: SETTLED, FRI: NOW_PRICE},
    ),
    "the yuan on Sunday": (
        "currency", [FRI], (2026, 11, 22, 18, 29, 58), (2026, 11, 22, 18, 30), {FRI: SETTLED}
    ),
}  # fmt: skip


@pytest.mark.parametrize("how", PRICES_OF_NOW.values(), ids=PRICES_OF_NOW.keys())
def test_the_price_of_now_is_a_close_only_when_its_session_is_over(
    how: tuple[str, list[date], Moment, Moment, dict[date, float]], catalog: Catalog
) -> None:
    kind, settled, now, asked, stored = how
    assert _answered(kind, settled, now, asked, catalog) == stored
    assert _answered(kind, settled, now, asked, catalog, reversed=True) == stored
    # Without the clock of the answer, a bar still tells by its odd second what it is.
    if now[-1] and len(now) == 6:
        assert _answered(kind, settled, now, asked, catalog, regularMarketTime=None) == stored


def test_the_hours_of_a_future_are_its_own_in_whatever_zone_it_is_dated(catalog: Catalog) -> None:
    now, asked = (2026, 11, 17, 20, 34, 10), (2026, 11, 17, 20, 34, 12)
    for zone in ("America/Chicago", "Europe/London", "Asia/Shanghai", "UTC"):
        found = _answered("future", [], now, asked, catalog, exchangeTimezoneName=zone)
        assert found == {}


def test_a_bar_that_is_stamped_as_the_day_but_holds_the_evening_is_no_close(
    catalog: Catalog,
) -> None:
    evening = {"regularMarketTime": _at(2026, 11, 17, 20, 34, 10), "regularMarketPrice": SETTLED}
    asked = (2026, 11, 17, 20, 34, 12)
    assert _answered("future", [MON, TUE], None, asked, catalog, **evening) == {MON: SETTLED}
    evening["regularMarketPrice"] = NOW_PRICE
    both = {MON: SETTLED, TUE: SETTLED}
    assert _answered("future", [MON, TUE], None, asked, catalog, **evening) == both


@pytest.mark.parametrize("kind", KINDS)
def test_a_bar_of_a_session_that_runs_is_no_close_however_it_is_stamped(
    kind: str, catalog: Catalog
) -> None:
    asked = (2026, 11, 17, 11, 3, 9)
    assert _answered(kind, [MON, TUE], None, asked, catalog) == {MON: SETTLED}


@pytest.mark.parametrize("kind", KINDS)
def test_a_bar_of_a_day_when_the_market_is_shut_is_left_out(kind: str, catalog: Catalog) -> None:
    saturday, asked = date(2026, 11, 21), (2026, 11, 30, 12)
    assert _answered(kind, [FRI, saturday, SUN], None, asked, catalog) == {FRI: SETTLED}


@pytest.mark.parametrize("granularity", ["3mo", "1mo", "1wk", "1h"])
def test_bars_that_are_not_of_days_are_refused_in_words(granularity: str, catalog: Catalog) -> None:
    payload = _chart([TUESDAY], [7519.12], dataGranularity=granularity)
    with pytest.raises(UnexpectedPayload, match=r"sent bars of .* a bar of each day was asked for"):
        _yahoo(payload, catalog)


@pytest.mark.parametrize(
    ("days", "closes", "said"),
    [([], [], "no row"), ([TUESDAY], [None], "no row"), ([TUESDAY], None, "no closes"),
     ([TUESDAY], [1.0, 2.0], "no closes"), (["tomorrow"], [1.0], "no number"),
     ([1e300], [1.0], "no time"), ([TUESDAY], ["7519.12"], "no number"),
     ([TUESDAY], [True], "no number"), ([TUESDAY], [float("nan")], "no closes"),
     ([TUESDAY, MONDAY], [1.0, 2.0], "out of order"),
     ([MONDAY, MONDAY, TUESDAY], [1.0, 1.0, 2.0], "two rows for 2026-05-25")],
)  # fmt: skip
def test_what_is_no_series_of_closes_is_refused_in_one_sentence(
    days: list[object], closes: object, said: str, catalog: Catalog
) -> None:
    with pytest.raises(UnexpectedPayload, match=said) as refused:
        _yahoo(_chart(days, closes), catalog)
    assert "^GSPC" in str(refused.value)


@pytest.mark.parametrize(
    "payload",
    [b"", b"[]", b"{}", b'{"chart": null}', b'{"chart": {"result": []}}', b"<html>", b"\xff",
     b'{"chart": {"result": [{"meta": {"symbol": "^GSPC"}}]}}'],
)  # fmt: skip
def test_what_is_no_chart_is_refused_in_one_sentence(payload: bytes, catalog: Catalog) -> None:
    with pytest.raises(UnexpectedPayload, match=r"Yahoo sent no closes of \^GSPC"):
        _yahoo(payload, catalog)


@pytest.mark.parametrize(("new", "old"), [(0, 1), (2, 0), (-2, 1), (5000, 1), ("2", 1), (None, 1)])
def test_a_split_that_cannot_be_is_refused(new: object, old: object, catalog: Catalog) -> None:
    answer = json.loads(_chart([TUESDAY], [7519.12]))
    split = {"date": 1779802200, "numerator": new, "denominator": old}
    answer["chart"]["result"][0]["events"] = {"splits": {"1779802200": split}}
    with pytest.raises(UnexpectedPayload, match=r"\^GSPC"):
        _yahoo(json.dumps(answer).encode(), catalog)


class _Asked:
    """A fake upstream that counts how often it was asked."""

    def __init__(self, answer: Callable[[httpx.Request], httpx.Response]) -> None:
        self.answer = answer
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        return self.answer(request)

    def out(
        self, folder: Path, *, waits: list[float] | None = None, **environment: str
    ) -> Upstream:
        """A client that answers from here and only notes how long it would wait."""
        noted: list[float] = [] if waits is None else waits
        settings = settings_of(folder, **environment)
        return Upstream(settings, httpx.MockTransport(self), sleep=noted.append)


class _Bytes(httpx.SyncByteStream):
    """Bytes as they come over the wire, before anything is decoded."""

    def __init__(self, content: bytes) -> None:
        self.content = content

    def __iter__(self) -> Iterator[bytes]:
        yield self.content


def _fetch(out: Upstream, indicator: Indicator) -> bytes:
    return Fred().fetch(indicator, {"series": "DGS10"}, SINCE, out)


def test_fred_is_asked_for_the_whole_series_by_name(tmp_path: Path, dgs10: Indicator) -> None:
    asked = _Asked(lambda request: httpx.Response(200, content=b"answer"))
    assert _fetch(asked.out(tmp_path), dgs10) == b"answer"
    (request,) = asked.requests
    assert request.url.params["id"] == "DGS10"
    assert request.url.params["cosd"] == "1776-07-04"


@pytest.mark.parametrize("status", [401, 403, 404, 500, 503])
def test_an_answer_that_is_no_200_names_its_number(
    status: int, tmp_path: Path, dgs10: Indicator
) -> None:
    asked = _Asked(lambda request: httpx.Response(status, content=b"<html>"))
    with pytest.raises(UnexpectedPayload, match=rf"fred\.stlouisfed\.org answered {status}"):
        _fetch(asked.out(tmp_path), dgs10)


@pytest.mark.parametrize(
    "error",
    [httpx.ConnectError("Name or service not known"), httpx.ReadTimeout("slow"),
     httpx.ConnectTimeout("slow"), httpx.ProxyError("403 Forbidden")],
    ids=lambda error: type(error).__name__,
)  # fmt: skip
def test_a_host_that_cannot_be_reached_is_asked_once_and_named(
    error: httpx.HTTPError, tmp_path: Path, dgs10: Indicator
) -> None:
    def fail(request: httpx.Request) -> httpx.Response:
        raise error

    asked = _Asked(fail)
    out = asked.out(tmp_path)
    for _ in range(3):
        with pytest.raises(SourceUnavailable, match=r"fred\.stlouisfed\.org could not be reached"):
            _fetch(out, dgs10)
    assert len(asked.requests) == 1
    assert list(out.unreachable) == ["fred.stlouisfed.org"]


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_what_may_pass_is_asked_for_again_later_each_time(
    status: int, tmp_path: Path, dgs10: Indicator
) -> None:
    answers = iter([httpx.Response(status), httpx.Response(status), httpx.Response(200, text="ok")])
    asked = _Asked(lambda request: next(answers))
    waits: list[float] = []
    assert _fetch(asked.out(tmp_path, waits=waits), dgs10) == b"ok"
    assert len(asked.requests) == 3
    assert 0 < waits[0] < waits[1]


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410])
def test_what_will_not_pass_is_asked_for_once(
    status: int, tmp_path: Path, dgs10: Indicator
) -> None:
    asked = _Asked(lambda request: httpx.Response(status))
    with pytest.raises(UnexpectedPayload):
        _fetch(asked.out(tmp_path), dgs10)
    assert len(asked.requests) == 1


def test_a_host_that_says_when_is_asked_then(tmp_path: Path, dgs10: Indicator) -> None:
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=2), usegmt=True)
    for said, least in (("2", 2.0), (later, 0.5)):
        answers = iter([httpx.Response(429, headers={"Retry-After": said}), httpx.Response(200)])
        waits: list[float] = []
        _fetch(_Asked(lambda request, a=answers: next(a)).out(tmp_path, waits=waits), dgs10)
        assert len(waits) == 1
        assert waits[0] >= least


def test_a_host_that_asks_for_an_hour_is_left_alone_for_this_run(
    tmp_path: Path, dgs10: Indicator
) -> None:
    asked = _Asked(lambda request: httpx.Response(429, headers={"Retry-After": "3600"}))
    waits: list[float] = []
    out = asked.out(tmp_path, waits=waits)
    for _ in range(3):
        with pytest.raises(SourceUnavailable, match=r"fred\.stlouisfed\.org answered 429"):
            _fetch(out, dgs10)
    assert (len(asked.requests), waits) == (1, [])


def test_a_host_is_waited_for_only_so_long_in_a_run(tmp_path: Path, dgs10: Indicator) -> None:
    asked = _Asked(lambda request: httpx.Response(503))
    waits: list[float] = []
    out = asked.out(tmp_path, waits=waits)
    for _ in range(20):
        with pytest.raises(UnexpectedPayload):
            _fetch(out, dgs10)
    assert sum(waits) <= upstream.MOST_WAITING_S
    assert len(asked.requests) < 20 * upstream.ATTEMPTS


def test_a_connection_that_is_cut_is_tried_again_and_then_left_alone(
    tmp_path: Path, dgs10: Indicator
) -> None:
    def cut(request: httpx.Request) -> httpx.Response:
        raise httpx.RemoteProtocolError("peer closed connection without sending complete body")

    asked = _Asked(cut)
    out = asked.out(tmp_path)
    for _ in range(3):
        with pytest.raises(SourceUnavailable, match="cut the connection"):
            _fetch(out, dgs10)
    assert len(asked.requests) == upstream.ATTEMPTS


def test_bytes_that_do_not_decompress_are_said_so(tmp_path: Path, dgs10: Indicator) -> None:
    headers = {"Content-Encoding": "gzip"}
    asked = _Asked(lambda request: httpx.Response(200, headers=headers, stream=_Bytes(b"garbage")))
    with pytest.raises(UnexpectedPayload, match="do not decompress"):
        _fetch(asked.out(tmp_path), dgs10)


def test_an_endless_answer_is_cut_off(
    tmp_path: Path, dgs10: Indicator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upstream, "MAX_BYTES", 1000)
    sent: list[int] = []

    def drops() -> Iterator[bytes]:
        for number in range(1000):
            sent.append(number)
            yield b"x" * 100

    asked = _Asked(lambda request: httpx.Response(200, content=drops()))
    with pytest.raises(UnexpectedPayload, match="more than 1,000 bytes"):
        _fetch(asked.out(tmp_path), dgs10)
    assert len(sent) < 100


def test_an_answer_that_drips_is_given_up_after_the_timeout(
    tmp_path: Path, dgs10: Indicator
) -> None:
    def drops() -> Iterator[bytes]:
        while True:
            time.sleep(0.02)
            yield b"x"

    asked = _Asked(lambda request: httpx.Response(200, content=drops()))
    with pytest.raises(SourceUnavailable, match="in time"):
        _fetch(asked.out(tmp_path, XINZHI_TIMEOUT="0.1"), dgs10)


def test_sec_is_not_asked_without_a_contact(tmp_path: Path, catalog: Catalog) -> None:
    asked = _Asked(lambda request: httpx.Response(200))
    indicator = catalog["micron_shares_outstanding"]
    with pytest.raises(SourceUnavailable, match="XINZHI_CONTACT"):
        Sec().fetch(indicator, indicator.sources[0].params, SINCE, asked.out(tmp_path))
    assert asked.requests == []


def test_sec_reads_the_contact_in_the_user_agent(tmp_path: Path, catalog: Catalog) -> None:
    asked = _Asked(lambda request: httpx.Response(200, content=b"{}"))
    indicator = catalog["micron_shares_outstanding"]
    out = asked.out(tmp_path, XINZHI_CONTACT="editor@example.org")
    Sec().fetch(indicator, indicator.sources[0].params, SINCE, out)
    (request,) = asked.requests
    assert "editor@example.org" in request.headers["User-Agent"]
    assert "CIK0000723125" in str(request.url)


def test_what_came_is_kept_byte_for_byte_and_only_when_it_changed(tmp_path: Path) -> None:
    moment = datetime(2026, 5, 27, tzinfo=UTC)
    answers = [b"one", b"one", b"two", b"two", b"one"]
    digests = [
        raw.FolderArchive(tmp_path).keep("fred", "sp500", answer, moment + timedelta(hours=hours))
        for hours, answer in enumerate(answers)
    ]
    files = sorted((tmp_path / "fred" / "sp500").iterdir())
    assert [gzip.decompress(path.read_bytes()) for path in files] == [b"one", b"two"]
    assert [raw.FolderArchive(tmp_path).held("fred", "sp500", d) for d in digests] == answers


HEADER = "indicator,date,value,source,public,basis,disputed,note\n"


def _figures(text: str, folder: Path, catalog: Catalog) -> list[Observation]:
    path = folder / "market.csv"
    path.write_text(text, encoding="utf-8")
    source, indicator, params = Figures(folder), catalog["sp500"], {"file": "market.csv"}
    with _Asked(lambda request: httpx.Response(500)).out(folder) as out:
        return list(source.parse(source.fetch(indicator, params, SINCE, out), indicator, params))


def test_a_figure_keeps_its_source_its_basis_and_its_doubts(
    tmp_path: Path, catalog: Catalog
) -> None:
    text = HEADER + "sp500,2026-05-26,7519.12,FRED,2026-05-28,final,yes,two values exist\n"
    (found,) = _figures(text, tmp_path, catalog)
    assert (found.credit, found.basis, found.disputed, found.note) == (
        "FRED", "final", True, "two values exist"
    )  # fmt: skip
    assert found.public_at is not None
    assert found.public_at.astimezone(NEW_YORK).date() == date(2026, 5, 28)


def test_a_figure_file_with_a_byte_order_mark_and_crlf_reads_the_same(
    tmp_path: Path, catalog: Catalog
) -> None:
    text = "\ufeff" + (HEADER + "sp500,2026-05-26,7519.12,FRED,,,,\n").replace("\n", "\r\n")
    assert [o.value for o in _figures(text, tmp_path, catalog)] == [7519.12]


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        (HEADER + "sp500,2026-05-26,7519.12,,,,,\n", 2, "source"),
        (HEADER + "sp500,2026-05-26,7519.12,FRED,2026-05-32,,,\n", 2, "2026-05-32"),
        (HEADER + "sp500,2026-05-26,7,519.12,FRED,,,,\n", 2, "cells"),
        (HEADER + "vix,2026-05-26,1,x,,,,\nsp500,2026-05-26,n/a,FRED,,,,\n", 3, "n/a"),
        (HEADER + 'sp500,2026-05-26,7519.12,"FRED,,,,\n', 2, "CSV"),
        (HEADER.replace("value", "valeu"), 1, "value"),
        (HEADER.replace("note", "value"), 1, "twice"),
        ('"' + HEADER + "sp500,2026-05-26,7519.12,FRED,,,,\n", 1, "CSV"),
    ],
    ids=["no source", "no such day of publication", "thousands separator", "a word", "open quote",
         "misspelt column", "repeated column", "open quote in the header"],
)  # fmt: skip
def test_a_wrong_figure_is_named_by_file_and_line(
    text: str, line: int, says: str, tmp_path: Path, catalog: Catalog
) -> None:
    with pytest.raises(FileProblem) as refused:
        _figures(text, tmp_path, catalog)
    assert str(refused.value).startswith(f"{tmp_path / 'market.csv'}, line {line}: ")
    assert says in str(refused.value)


def test_a_figure_of_a_day_when_its_market_is_shut_is_named_by_its_line(
    tmp_path: Path, catalog: Catalog
) -> None:
    text = HEADER + "sp500,2026-05-22,7473.47,FRED,,,,\nsp500,2026-05-25,7500.0,FRED,,,,\n"
    with pytest.raises(FileProblem, match="line 3: sp500: 2026-05-25 is a holiday"):
        _figures(text, tmp_path, catalog)
