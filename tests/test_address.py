"""The grammar of chart addresses: what parses, what is refused and in which words."""

from __future__ import annotations

from datetime import UTC, date, datetime
from urllib.parse import parse_qsl

import pytest
from conftest import examples
from hypothesis import given
from hypothesis import strategies as st
from serving import with_old_ids

from dashboard.address import (
    AddressError,
    ChartAddress,
    MovedError,
    Transform,
    Window,
    known_id,
    parse,
)
from etl.catalog import Catalog, load_catalog
from etl.settings import PROJECT

NOW = datetime(2026, 8, 1, 4, 0, tzinfo=UTC)  # noon in Beijing
RANGES = ("1m", "3m", "6m", "ytd", "1y", "3y", "5y", "10y", "max")
CHOICES = {
    "scale": ("linear", "log"),
    "lang": ("zh", "en"),
    "theme": ("auto", "light", "dark"),
    "updown": ("red", "green"),
    "shape": ("long", "wide"),
    "for": ("excel",),
    "scope": ("view", "full"),
}
FIELDS = [(name, value) for name, values in CHOICES.items() for value in values]
SPANS = {
    "2025-01-01..2026-05-26": (date(2025, 1, 1), date(2026, 5, 26)),
    "2025-01-01..": (date(2025, 1, 1), None),
    "..2026-05-26": (None, date(2026, 5, 26)),
    "2025-01-01..2025-01-01": (date(2025, 1, 1), date(2025, 1, 1)),
    "0001-01-01..9999-12-31": (date.min, date.max),
}
TRANSFORMS = {
    "level": Transform(),
    "diff": Transform("diff"),
    "pct": Transform("pct"),
    "mom": Transform("mom"),
    "yoy": Transform("yoy"),
    "index": Transform("index"),
    "index:2025-01-02": Transform("index", base=date(2025, 1, 2)),
    "ma:2": Transform("ma", n=2),
    "ma:5000": Transform("ma", n=5000),
    "drawdown": Transform("drawdown"),
    "z:20": Transform("z", n=20),
}
HOSTILE = (
    "nonsense",
    "1" * 10_000,
    "-1",
    "\x00",
    "1y\x00",
    "'",
    '"',
    "' or 1=1 --",
    "1y; drop table observations",
    "LEVEL",
    " ",
    "１ｙ",
    "level ",
    "../../etc/passwd",
    "<script>",
)
WRONG = {
    "t": (
        *HOSTILE,
        "2y",
        "-1y",
        "1Y",
        "max..",
        "2026-05-26..2025-01-01",
        "2026-02-30..",
        "..2026-13-01",
        "0000-01-01..",
        "10000-01-01..",
        "２０２５-01-01..",
        "2025-1-1..",
        "20250101..",
        "2025-01-01...2025-02-01",
        "2025-01-01",
    ),
    "u": (
        *HOSTILE,
        "ma",
        "ma:",
        "ma:1",
        "ma:0",
        "ma:-5",
        "ma:5001",
        "ma:99999999999999999999",
        "ma:２０",
        "ma:20.0",
        "ma:1e3",
        "z",
        "z:1",
        "z:5001",
        "index:",
        "index:2026-02-30",
        "index:０００１-01-01",
        "index:max",
        "level:1",
        "diff:2",
        "yoy:12",
        "log",
    ),
    "scale": (*HOSTILE, "ln", "Log"),
    "lang": (*HOSTILE, "fr", "zh-CN", "EN"),
    "theme": (*HOSTILE, "black"),
    "updown": (*HOSTILE, "blue"),
    "shape": (*HOSTILE, "tall"),
    "for": (*HOSTILE, "Excel", "numbers"),
    "scope": (*HOSTILE, "all"),
}
WRONG_VALUES = [(name, value) for name, values in WRONG.items() for value in values]
#: What a refusal must list, so that the reader can mend the address.
ALLOWED = {
    "t": "1m 3m 6m ytd 1y 3y 5y 10y max",
    "u": "level diff pct mom yoy index",
    "scale": "linear, log",
    "lang": "zh, en",
    "theme": "auto, light, dark",
    "updown": "red, green",
    "shape": "long, wide",
    "for": "excel",
    "scope": "view, full",
}
WRONG_MOMENTS = (
    "",
    "@2026-05-27",
    "2026-02-30",
    "2026-5-27",
    "２０２６-05-27",
    "2026-05-27T",
    "2026-05-27T9",
    "2026-05-27T2400",
    "2026-05-27T0960",
    "2026-05-27T09:00",
    "2026-05-27T0900Z",
    "0000-01-01",
    "0001-01-01T0000",
    "9999-12-31",
    "2026-05-27\x00",
    "2026-05-27 ",
    "now",
    "9" * 10_000,
)
BUNDLED_CATALOG = load_catalog(PROJECT / "indicators.yaml")


def read(place: str = "sp500", **query: str) -> ChartAddress:
    return parse(place, {name.rstrip("_"): v for name, v in query.items()}, BUNDLED_CATALOG, NOW)


def refusal(place: str = "sp500", **query: str) -> AddressError:
    with pytest.raises(AddressError) as refused:
        read(place, **query)
    return refused.value


@pytest.mark.parametrize("name", RANGES)
def test_each_named_range_is_read(name: str) -> None:
    assert read(t=name).window == Window(name)


@pytest.mark.parametrize("text", SPANS)
def test_each_span_of_dates_is_read(text: str) -> None:
    assert read(t=text).window == Window("", *SPANS[text])


def test_a_span_without_dates_is_the_whole_history() -> None:
    assert read(t="..").window == Window("max")


@pytest.mark.parametrize("text", TRANSFORMS)
def test_each_transform_is_read(text: str) -> None:
    assert read(u=text).transform == TRANSFORMS[text]


@pytest.mark.parametrize(("name", "value"), FIELDS)
def test_each_choice_is_read(name: str, value: str) -> None:
    field = "for_" if name == "for" else name
    assert getattr(read(**{name: value}), field) == value


@pytest.mark.parametrize("name", ALLOWED)
def test_an_empty_value_is_the_default(name: str) -> None:
    assert read(**{name: ""}) == read()


def test_an_address_without_parameters_has_the_defaults_of_the_contract() -> None:
    address = read()
    assert address.window == Window()
    assert address.transform == Transform("level")
    shown = (address.scale, address.lang, address.theme, address.updown)
    assert shown == ("linear", "zh", "auto", "red")
    assert (address.shape, address.for_, address.scope) == ("long", "", "view")
    assert address.query() == ""


def test_unknown_parameters_are_ignored() -> None:
    assert read(utm_source="x", T="nonsense", U="'") == read()


@pytest.mark.parametrize(("name", "value"), WRONG_VALUES)
def test_a_wrong_value_is_refused_by_the_name_of_its_parameter(name: str, value: str) -> None:
    error = refusal(**{name: value})
    assert error.parameter == name
    assert error.status == 400
    assert str(error).startswith(f"{name}: ")
    assert len(str(error)) < 300


@pytest.mark.parametrize("name", ALLOWED)
def test_a_refusal_lists_what_is_allowed(name: str) -> None:
    assert ALLOWED[name] in str(refusal(**{name: "nonsense"}))


def test_reversed_dates_are_refused_and_not_turned_round() -> None:
    assert "2026-05-26 is after 2025-01-01" in str(refusal(t="2026-05-26..2025-01-01"))


def test_three_more_ids_may_be_drawn_beside_the_first() -> None:
    address = read(with_="nasdaq_composite,vix,usd_cny")
    assert address.ids == ("sp500", "nasdaq_composite", "vix", "usd_cny")


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ("sp500", 400),
        ("vix,vix", 400),
        ("vix,usd_cny,nasdaq_composite,brent_spot_usd_bbl", 400),
        ("nothing_like_it", 404),
        ("vix,' or 1=1", 404),
        ("VIX", 404),
        ("ｖｉｘ", 404),
        ("a" * 10_000, 404),
        ("\x00", 404),
    ],
)
def test_wrong_further_ids_are_refused_as_with(more: str, status: int) -> None:
    error = refusal(with_=more)
    assert (error.parameter, error.status) == ("with", status)
    assert len(str(error)) < 1500


def test_too_many_further_ids_are_told_how_many_there_may_be() -> None:
    more = "vix,usd_cny,nasdaq_composite,brent_spot_usd_bbl"
    assert "4 ids; at most 3" in str(refusal(with_=more))


@pytest.mark.parametrize(
    "name", ["SP500", "sp500 ", "sp500\x00", "ｓｐ５００", "'", "a" * 10_000, "", "1"]
)
def test_an_unknown_id_is_not_found(name: str) -> None:
    error = refusal(name)
    assert (error.parameter, error.status) == ("id", 404)


def test_an_unknown_id_is_told_the_nearest_one() -> None:
    assert "Did you mean 'sp500'?" in str(refusal("sp50"))
    assert "Did you mean 'brent_spot_usd_bbl'?" in str(refusal("brent_spot_usd_bl"))


def test_an_old_id_has_moved_to_its_new_one(catalog: Catalog) -> None:
    moved = with_old_ids(catalog, {"brent_spot_usd_bbl": ("brent_usd_bbl",)})
    with pytest.raises(MovedError) as error:
        parse("brent_usd_bbl", {}, moved, NOW)
    assert error.value.new == "brent_spot_usd_bbl"
    with pytest.raises(MovedError):
        known_id("brent_usd_bbl", moved, "with")
    assert parse("brent_spot_usd_bbl", {}, moved, NOW).id == "brent_spot_usd_bbl"


def test_a_date_means_the_end_of_that_day_in_beijing() -> None:
    last = datetime(2026, 5, 27, 15, 59, 59, 999_999, tzinfo=UTC)
    assert read("sp500@2026-05-27").as_of == last


def test_a_date_with_a_time_is_a_time_in_beijing() -> None:
    assert read("sp500@2026-05-27T0900").as_of == datetime(2026, 5, 27, 1, tzinfo=UTC)
    assert read("sp500@2026-05-27T0000").as_of == datetime(2026, 5, 26, 16, tzinfo=UTC)


def test_an_address_without_a_moment_is_live() -> None:
    assert read("sp500").as_of is None


@pytest.mark.parametrize("moment", WRONG_MOMENTS)
def test_a_wrong_moment_is_refused_as_asof(moment: str) -> None:
    error = refusal(f"sp500@{moment}")
    assert (error.parameter, error.status) == ("asof", 400)
    assert str(error).startswith("asof: ")
    assert len(str(error)) < 300


def test_a_day_that_has_not_come_is_refused() -> None:
    assert "2026-08-02 has not come yet" in str(refusal("sp500@2026-08-02"))
    assert "has not come yet" in str(refusal("sp500@2026-08-02T0000"))


def test_a_moment_that_a_clock_ahead_has_given_is_taken() -> None:
    before_midnight = datetime(2026, 8, 1, 15, 55, tzinfo=UTC)
    found = parse("sp500@2026-08-02T0003", {}, BUNDLED_CATALOG, before_midnight)
    assert found.as_of == datetime(2026, 8, 1, 16, 3, tzinfo=UTC)
    with pytest.raises(AddressError, match="has not come yet"):
        parse("sp500@2026-08-02", {}, BUNDLED_CATALOG, before_midnight)


def test_today_in_beijing_has_come() -> None:
    assert read("sp500@2026-08-01").as_of == datetime(2026, 8, 1, 15, 59, 59, 999_999, UTC)


def test_the_day_that_began_in_beijing_alone_has_come() -> None:
    evening = datetime(2026, 7, 31, 17, 0, tzinfo=UTC)
    assert parse("sp500@2026-08-01", {}, BUNDLED_CATALOG, evening).as_of is not None


_DATES = st.dates(date(1900, 1, 1), date(2026, 7, 31))
_SPANS = st.tuples(_DATES, _DATES).map(lambda pair: "..".join(str(day) for day in sorted(pair)))
_WINDOWS = st.one_of(
    st.sampled_from(("", "..", *RANGES)),
    _SPANS,
    _DATES.map(lambda day: f"{day}.."),
    _DATES.map(lambda day: f"..{day}"),
)
_TRANSFORMS = st.one_of(
    st.sampled_from(("", *TRANSFORMS)),
    _DATES.map(lambda day: f"index:{day}"),
    st.builds("{}:{}".format, st.sampled_from(("ma", "z")), st.integers(2, 5000)),
)
_QUERIES = st.fixed_dictionaries(
    {"t": _WINDOWS, "u": _TRANSFORMS},
    optional={
        **{name: st.sampled_from(("", *values)) for name, values in CHOICES.items()},
        "with": st.lists(
            st.sampled_from([i for i in BUNDLED_CATALOG.indicators if i != "sp500"]),
            max_size=3,
            unique=True,
        ).map(",".join),
    },
)
_MOMENTS = st.one_of(
    st.just(""),
    st.dates(date(1992, 1, 1), date(2026, 8, 1)).map(lambda day: f"@{day}"),
    st.datetimes(datetime(1992, 1, 1), datetime(2026, 7, 31)).map(lambda m: f"@{m:%Y-%m-%dT%H%M}"),
)


@given(_MOMENTS, _QUERIES)
@examples(300)
def test_an_address_that_is_printed_reads_back_as_itself(
    moment: str, query: dict[str, str]
) -> None:
    address = parse(f"sp500{moment}", query, BUNDLED_CATALOG, NOW)
    printed = dict(parse_qsl(address.query()))
    assert parse(address.place, printed, BUNDLED_CATALOG, NOW) == address
    assert parse(address.place, printed, BUNDLED_CATALOG, NOW).query() == address.query()
