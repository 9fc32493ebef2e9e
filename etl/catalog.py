"""The catalog: everything said about an indicator, read from indicators.yaml into frozen types."""

from __future__ import annotations

import codecs
import gc
import json
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta
from datetime import date as Date
from functools import cached_property, lru_cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path, PurePosixPath
from typing import Annotated, Any, Literal, get_args
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from etl import calendars
from etl.calendars import CalendarName
from etl.document_scope import COUNTED_KINDS, DocumentScope, scope_of
from etl.errors import CatalogError, nearest, quoted
from etl.files.strict_model import StrictModel, faults, first_fault
from etl.files.strict_yaml import (
    MOST_BYTES,
    Path_,
    YamlRefused,
    YamlTable,
    line_of,
    load_yaml,
    parse_yaml,
)
from etl.formulas import NO_INPUTS, PARAMS, Quantity, inputs_of, misfit, wrong_number
from etl.frequency import Frequency
from etl.records import BEIJING, COMMITTEE, PUBLIC, Visibility, now
from etl.short_ids import short_id

#: Every source by name, and the parameters that an indicator must give it, with their types.
SOURCE_PARAMS: Mapping[str, Mapping[str, type]] = {
    "yahoo": {"ticker": str},
    "fred": {"series": str},
    "sec": {"cik": str, "concept": str},
    "eastmoney": {"secid": str},
    "world_bank": {"commodity": str},
    "cboe": {"index": str},
    "nasdaq": {"index": str},
    "treasury": {"tenor": str},
    "eia": {"series": str},
    "sina": {"symbol": str},
    "sge": {"series": str},
    "cfets": {"series": str},
    "csindex": {"code": str},
    "stats_gov_cn": {"cid": str, "indicator": str, "title": str},
    "nea": {"of": str},
    "figures": {"file": str},
    "register": {},
    "derived": {"formula": str},
    "manual": {},
    "table": {"address": str},
}
#: How the columns of a table are named, for the sources that read one.
_OF_TABLES: Mapping[str, type] = {
    "date": str, "value": str, "where": dict, "sheet": str, "unit": str, "encoding": str,
}  # fmt: skip
#: Optional parameters.
OPTIONAL_PARAMS: Mapping[str, Mapping[str, type]] = {
    "fred": {"window_years": int},
    "treasury": {"real": bool},
    "register": {"topics": list, "issuers": list, "kind": str},
    "sec": {"taxonomy": str, "unit": str, "also": list},
    "eastmoney": {"since": str},
    "stats_gov_cn": {"earlier": list, "from": str, "area": str, "root": str},
    "manual": {"file": str, "author": str, **_OF_TABLES},
    "table": {"open_end": bool, **_OF_TABLES},
    "derived": {"shares_each": int},
}
#: Parameters that are days.
DAYS = ("since", "base")
_TYPE_WORDS: Mapping[type, str] = {
    str: "a text in quotes", list: "a list like [one, other]", int: "a whole number",
    bool: "true or false", dict: "a mapping like {地区: 全国}",
}  # fmt: skip

#: How the status column of a download names what a source holds.
STATUS_OF_SOURCE: Mapping[str, str] = {
    "figures": "bundled",
    "register": "counted",
    "derived": "derived",
    "import": "imported",
    "manual": "imported",
}

#: What a licence allows with values; `Credit` says what each means.
Reuse = Literal["open", "credit", "view"]
Id = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{1,63}$")]
Words = Annotated[str, Field(min_length=1, max_length=2000)]


class Text(StrictModel):
    """The same words in both languages."""

    zh: Words
    en: Words

    def in_(self, lang: str) -> str:
        return self.en if lang == "en" else self.zh


class Unit(StrictModel):
    """How values are counted. `code` is used in data files; `zh_factor` converts a value to the
    unit Chinese readers use (billions into 亿). `adds_up` if the values of several periods may be
    added: documents of three months are those of a quarter, three prices are no price. `counted` if
    heads or pieces are counted, whose changes are told as so many more, not in per cent.
    `in_points` if per cent are shares or rates of growth: their changes are told in percentage
    points, those of interest in basis points."""

    code: Annotated[str, Field(pattern=r"^[ -~]+$")]
    label: Text
    zh_factor: Annotated[float, Field(gt=0)] = 1.0
    adds_up: bool = False
    counted: bool = False
    in_points: bool = False


class Group(StrictModel):
    title: Text


class Link(StrictModel):
    """One link of the chain that the bulletin follows, with its indicators; `missing` is shown
    while there are none."""

    title: Text
    missing: Text
    indicators: tuple[Id, ...] = ()


class Credit(StrictModel):
    """The attribution: name, licence, and where the original can be seen.

    `reuse` is what the licence allows with the values: `open` anything, `credit` to pass them on
    with the name of their source, `view` only to show them, so that downloads of them are refused.
    """

    name: Text
    licence: Text
    url: Annotated[str, Field(pattern=r"^https://")]
    reuse: Reuse = "credit"


class SourceRef(BaseModel):
    """One source of an indicator, with the parameters that source needs."""

    model_config = ConfigDict(extra="allow", frozen=True, strict=True)
    name: str

    @property
    def params(self) -> dict[str, Any]:
        return dict(self.model_extra or {})


class Dated(StrictModel):
    """A day, and a note about it."""

    date: date
    note: Text


class AuthoredEvent(StrictModel):
    """Something that happened and concerns an indicator: what, on which day, and who says so. It is
    known from its own day on, unless `known_at` says later."""

    date: date
    title: Text
    kind: Literal["results", "product", "policy", "market", "other"]
    source: Words
    url: Annotated[str, Field(pattern=r"^https://[!-~]+$", max_length=500)] | None = None
    known_at: datetime | None = None

    @property
    def known_on(self) -> Date:
        """The day in Beijing from which it is known."""
        return self.date if self.known_at is None else self.known_at.astimezone(BEIJING).date()


class Split(StrictModel):
    """A split of the shares: from its day on one share is `ratio` shares, and who says so. It goes
    before what a source tells of that day; a `ratio` of 1 says that nothing was split, as when a
    source tells a spin-off as a split."""

    date: date
    ratio: Annotated[float, Field(gt=0, le=1000, allow_inf_nan=False)]
    source: Words


class Target(StrictModel):
    """A target value; the label says who set it and for whom."""

    value: float
    announced: date
    label: Text


class Extreme(StrictModel):
    """The all-time high or low through a day: its value, the first day it was reached, and who says
    so."""

    value: Annotated[float, Field(allow_inf_nan=False)]
    through: date
    date: date
    source: Words


class Reach(StrictModel):
    """What is known about an indicator's history beyond the values held.

    `begins` is the day on which the quantity itself begins: values held without a gap from then on
    are all there ever were. `high` and `low` are the all-time extremes through a day, including
    years without held values. Anything uncertain is left out.
    """

    begins: date | None = None
    high: Extreme | None = None
    low: Extreme | None = None


class AlertRule(StrictModel):
    """A rule that is evaluated at each publication.

    `threshold`: the newest value is `above` or `below` a level. `record`: it is higher or lower
    than all earlier values held. `jump`: its change from the previous value is at least `percent`
    per cent, or `z` standard deviations of the `n` changes before it. `stale`: more sessions were
    missed than `expect.stale_after` allows.
    """

    kind: Literal["threshold", "record", "jump", "stale"]
    above: Annotated[float, Field(allow_inf_nan=False)] | None = None
    below: Annotated[float, Field(allow_inf_nan=False)] | None = None
    percent: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None
    z: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None
    n: Annotated[int, Field(ge=10, le=5000)] | None = None

    @property
    def window(self) -> int:
        """How many changes a z-score is measured against."""
        return self.n or USUAL_STEPS

    @property
    def given(self) -> tuple[str, ...]:
        """The keys that are set besides the kind, in a fixed order."""
        return tuple(name for name in ALERT_KEYS if getattr(self, name) is not None)

    @property
    def key(self) -> str:
        """What distinguishes a rule from the indicator's others: jump:percent=5."""
        said = ",".join(f"{name}={getattr(self, name):.10g}" for name in self.given)
        return f"{self.kind}:{said}" if said else self.kind


#: How many earlier changes a jump is compared with by default.
USUAL_STEPS = 60
ALERT_KEYS = ("above", "below", "percent", "z", "n")
#: The keys that each kind of rule takes; exactly one of the first group.
_ALERT_NEEDS: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "threshold": (("above", "below"), ()),
    "record": ((), ()),
    "jump": (("percent", "z"), ("n",)),
    "stale": ((), ()),
}


class Expectation(StrictModel):
    """What values may look like.

    `max_change_pct` bounds one step, except on the days in `facts`, whose values are known to be
    true. `max_repeats` bounds how often a value may repeat, `max_gap` how many sessions in a row
    may be missing. `stale_after` is how many missed sessions are acceptable. `revision_pct` bounds
    how much of a held value a source may revise without approval, `tolerance_pct` how far two
    sources may differ on a date before it is reported.
    """

    min: float
    max: float
    max_change_pct: float | None = None
    max_repeats: Annotated[int, Field(ge=1)] | None = None
    max_gap: Annotated[int, Field(ge=0)] | None = None
    facts: tuple[Dated, ...] = ()
    stale_after: int = 1
    revision_pct: float = 10.0
    tolerance_pct: float = 0.5

    @cached_property
    def fact_days(self) -> frozenset[date]:
        return frozenset(fact.date for fact in self.facts)


class Publication(StrictModel):
    """When a value becomes public.

    `close`: at the close of its session. `days` / `sessions`: `n` days / working days later at
    `at`. `next_month`: on day `n` of the month after its period. `period_end`: when its period is
    over. `words` describe it if the source itself says when.
    """

    rule: Literal["close", "days", "sessions", "next_month", "period_end"]
    n: Annotated[int, Field(ge=0, le=3660)] = 0
    at: Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")] = "09:00"
    zone: str = "America/New_York"
    words: Text | None = None

    def moment(self, day: date, calendar: str) -> datetime:
        """When the value of `day` became public, in UTC."""
        return _moment(self.rule, self.n, self.at, self.zone, calendar, day)

    @property
    def on_its_day(self) -> bool:
        """Whether the value of a day is public before that day ends."""
        return self.rule == "close" or (self.rule == "days" and self.n == 0)

    def on(self, day: date) -> datetime:
        """The hour of publication on `day`, in UTC."""
        return _hour(day, self.at, self.zone)


@lru_cache(maxsize=20_000)  # series of one rule have their days in common
def _moment(rule: str, n: int, at: str, zone: str, calendar: str, day: date) -> datetime:
    if rule == "close":
        return calendars.session_close(calendar, day)
    if rule == "days":
        return _hour(day + timedelta(days=n), at, zone)
    if rule == "sessions":
        return _hour(calendars.session_after(calendar, day, n), at, zone)
    end = calendars.period_end(calendar, day)
    return _hour(end + timedelta(days=n) if rule == "next_month" else end, at, zone)


def _hour(day: date, at: str, zone: str) -> datetime:
    return datetime.combine(day, time.fromisoformat(at), ZoneInfo(zone)).astimezone(UTC)


class Elsewhere(StrictModel):
    """How far what others report of the same name may lie from the value here, and why."""

    level_pct: Annotated[float, Field(ge=0, le=20)] = 0.0
    change_pct: Annotated[float, Field(ge=0, le=20)] = 0.0
    words: str = ""


class StatementRules(StrictModel):
    """How carefully statements of bulletins about an indicator are read and judged.

    `loose` are aliases that other quantities go by as well: nothing said of them is contradicted.
    `needs_cue` are aliases that mean it only in a sentence that speaks of its market, `actors`
    those that name who acts rather than the quantity. `places` are those it may be said of.
    `upper_of_range`: of a range the upper end is meant. A change is announced `announced_days`
    before the date of its value. `growth`: its values are rates of growth on the year before, so
    that 同比增长 5% tells one.
    """

    loose: tuple[Words, ...] = ()
    needs_cue: tuple[Words, ...] = ()
    actors: tuple[Words, ...] = ()
    places: tuple[Literal["us", "world", "cn"], ...] = ("us", "world")
    upper_of_range: bool = False
    growth: bool = False
    announced_days: Annotated[int, Field(ge=0, le=31)] = 0
    elsewhere: Elsewhere = Elsewhere()


class Indicator(StrictModel):
    """One defined quantity, as the catalog describes it."""

    id: Id
    title: Text
    short: Text
    group: str
    unit: str
    decimals: Annotated[int, Field(ge=0, le=6)]
    frequency: Frequency
    calendar: CalendarName
    definition: Text
    credit: Credit
    sources: Annotated[tuple[SourceRef, ...], Field(min_length=1)]
    expect: Expectation
    publication: Publication
    aliases: tuple[Words, ...] = ()
    not_in: tuple[Words, ...] = ()
    inverse: tuple[Words, ...] = ()
    parts: tuple[Words, ...] = ()
    statements: StatementRules = StatementRules()
    shown_with: tuple[str, ...] = ()
    milestones: tuple[float, ...] = ()
    records: bool = False
    headline: bool = False
    history: Reach = Reach()
    breaks: tuple[Dated, ...] = ()
    splits: tuple[Split, ...] = ()
    targets: tuple[Target, ...] = ()
    events: tuple[AuthoredEvent, ...] = ()
    events_of: tuple[str, ...] = ()
    alerts: tuple[AlertRule, ...] = ()
    old_ids: tuple[Id, ...] = ()
    checked: date | None = None
    visibility: Visibility = PUBLIC

    def public_at(self, day: date) -> datetime:
        """When the value of `day` became public, by the publication rule."""
        return self.publication.moment(day, self.calendar)

    @property
    def first_id(self) -> str:
        """Its first id, which identifies whatever must survive renaming."""
        return (*self.old_ids, self.id)[0]

    @cached_property
    def is_traded(self) -> bool:
        """Whether its values are market prices, which do not exist while a session runs."""
        return self.frequency == "daily" and self.calendar in calendars.MARKETS

    @property
    def may_split(self) -> bool:
        """Whether it is a price or count of shares, which splits change at once. Yahoo's prefixes
        and suffixes mark what is not a share: ^ an index, =F a future, =X a currency. SEC's numbers
        are counts of shares unless they have another unit."""
        yahoo, sec = self.ref("yahoo"), self.ref("sec")
        is_share = yahoo is not None and not {"^", "="} & {*str(yahoo.params.get("ticker"))}
        return is_share or (sec is not None and "unit" not in sec.params)

    def why_shut(self, day: date) -> str:
        """Why it can never have a value for `day`; '' if it can."""
        return calendars.why_shut(self.calendar, day) if self.is_traded else ""

    def why_none(self, day: date, moment: datetime) -> str:
        """Why it can have no value for `day` at `moment`; '' if it can."""
        if not self.is_traded:
            return ""
        return self.why_shut(day) or calendars.why_running(self.calendar, day, moment)

    @property
    def is_new_york_close(self) -> bool:
        """Whether a value is the close of a session in New York."""
        market = calendars.MARKETS.get(self.calendar)
        is_there = market is not None and market.zone is calendars.NEW_YORK
        return is_there and self.publication.on_its_day

    def ref(self, source: str) -> SourceRef | None:
        """The catalog's reference to one of its sources; None if it does not use that source."""
        return next((ref for ref in self.sources if ref.name == source), None)

    @property
    def documents(self) -> DocumentScope | None:
        """Which documents of the register it counts; None if it counts none."""
        ref = self.ref("register")
        return scope_of(**ref.params, for_committee=self.for_committee) if ref else None

    @property
    def for_committee(self) -> bool:
        """Whether only the committee sees it."""
        return self.visibility == COMMITTEE

    @property
    def inputs(self) -> tuple[str, ...]:
        """The ids of the indicators it is derived from, in the order of its formula."""
        ref = self.ref("derived")
        return inputs_of(ref.params) if ref else ()

    def rank(self, source: str) -> int:
        """The position of a source in the order of preference, from 0."""
        names = [ref.name for ref in self.sources]
        return names.index(source) if source in names else len(names)


class Catalog(StrictModel):
    """Every indicator in the order of the file, with its units and groups."""

    units: dict[str, Unit]
    groups: dict[str, Group]
    indicators: dict[str, Indicator]
    links: dict[str, Link] = Field(default_factory=dict)
    retired: tuple[Id, ...] = ()

    def __getitem__(self, indicator_id: str) -> Indicator:
        return self.indicators[indicator_id]

    def __contains__(self, indicator_id: object) -> bool:
        return indicator_id in self.indicators

    def __len__(self) -> int:
        return len(self.indicators)

    def all(self) -> Iterator[Indicator]:
        """The indicators in the order of the file."""
        yield from self.indicators.values()

    def unit(self, indicator: Indicator) -> Unit:
        return self.units[indicator.unit]

    @cached_property
    def companies(self) -> tuple[tuple[str, str], ...]:
        """Close and share count of each company, as named in market value formulas."""
        made = (ref.params for i in self.all() if (ref := i.ref("derived")) is not None)
        return tuple((p["close"], p["shares"]) for p in made if p.get("formula") == "market_cap")

    @cached_property
    def counts(self) -> frozenset[str]:
        """The indicators that count the shares of a company whose closes are held too."""
        return frozenset(shares for _, shares in self.companies)

    @cached_property
    def current_ids(self) -> Mapping[str, str]:
        """Old id -> the id that replaced it."""
        return {old: i.id for i in self.all() for old in i.old_ids}

    def resolve(self, name: str) -> str:
        """The present id for `name`: old ids map to new ones, anything else to itself, whether or
        not it is in the catalog. Everything that takes an id uses this."""
        return self.current_ids.get(name, name)

    def inputs_first(self, indicators: Iterable[Indicator]) -> list[Indicator]:
        """The indicators ordered so that derived ones follow their inputs, and share counts follow
        the prices that report splits; otherwise in their order."""
        return sorted(indicators, key=lambda one: (self._depths[one.id], one.id in self.counts))

    @cached_property
    def _depths(self) -> Mapping[str, int]:
        """The number of derivation steps of each indicator; 0 if it is not derived."""
        made_of = {i.id: i.inputs for i in self.all()}
        depths: dict[str, int] = {}
        for name in TopologicalSorter(made_of).static_order():
            depths[name] = 1 + max((depths[one] for one in made_of[name]), default=-1)
        return depths

    @cached_property
    def frequencies(self) -> tuple[Frequency, ...]:
        """The frequencies in use, most common first."""
        known = {i.frequency for i in self.all()}
        return tuple(name for name in get_args(Frequency) if name in known)


def load_catalog(path: Path) -> Catalog:
    """The catalog in `path`; a CatalogError names file, line and the nearest known name."""
    with _uncollected():
        document = load_yaml(path)
        try:
            catalog = catalog_of(_as_json(_with_ids(document)))
        except ValidationError as error:
            line, sentence = first_fault(document, error, Catalog, "indicators")
            raise CatalogError(f"{path}, line {line}: {sentence}") from None
        for where, problem in _contradictions(catalog):
            raise CatalogError(f"{path}, line {line_of(document, where)}: {problem}")
    return catalog


def examined(path: Path) -> tuple[Catalog | None, list[str]]:
    """The catalog as far as it can be read, and everything that is wrong with it, each a sentence
    with its line. Entries that are wrong in themselves are left out of what can be read, and none
    of it can be where the parts beside the entries are wrong."""
    catalog, found = _examined(load_yaml(path))
    return catalog, [f"{path}, line {line}: {sentence}" for line, sentence in found]


def examined_text(text: str) -> tuple[Catalog | None, list[tuple[int, str]]]:
    """The same of a text that is no file yet: each line with what is wrong there."""
    if len(text.encode()) > MOST_BYTES:
        return None, [(1, f"the catalog would be larger than {MOST_BYTES:,} bytes; no catalog is.")]
    try:
        document = parse_yaml(text)
    except YamlRefused as refused:
        return None, [(refused.line, str(refused))]
    if not isinstance(document, YamlTable):
        return None, [(1, "a mapping of keys was expected, not a bare value.")]
    return _examined(document)


def _examined(document: YamlTable) -> tuple[Catalog | None, list[tuple[int, str]]]:
    found: list[tuple[int, str]] = []
    with _uncollected():
        try:
            catalog = catalog_of(_as_json(_with_ids(document)))
        except ValidationError as error:
            told = faults(document, error, Catalog, "indicators")
            found = [(line, sentence) for _, line, sentence in told]
            wrong = {steps[1] for steps, _, _ in told if _is_of_entry(steps)}
            if any(not _is_of_entry(steps) for steps, _, _ in told):
                return None, _in_order(found)
            kept = {k: e for k, e in document["indicators"].items() if k not in wrong}
            catalog = catalog_of(_as_json(_with_ids({**document, "indicators": kept})))
        else:
            wrong = set()
        for where, problem in _contradictions(catalog):
            # An id is not unknown because its own entry has a fault.
            if not any(f"'{name}'" in problem for name in wrong):
                found.append((line_of(document, where), problem))
    return catalog, _in_order(found)


def _is_of_entry(steps: Path_) -> bool:
    return len(steps) > 1 and steps[0] == "indicators"


def _in_order(found: Iterable[tuple[int, str]]) -> list[tuple[int, str]]:
    return sorted(dict.fromkeys(found))


def line_in(path: Path, *where: str | int) -> int:
    """The line of a part of the catalog in `path`, found by its keys."""
    return line_of(load_yaml(path), where)


def catalog_of(text: str) -> Catalog:
    """The catalog from JSON text, as stored in a snapshot."""
    with _uncollected():
        return Catalog.model_validate_json(text)


def normal_alias(text: str) -> str:
    """The form in which aliases are compared: full-width folded, case folded, without spaces."""
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())


@contextmanager
def _uncollected() -> Iterator[None]:
    """No garbage collection in the block. It creates millions of small objects at once, which the
    collector would scan repeatedly: 10,000 entries took 16 s instead of 3."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _with_ids(data: Any) -> Any:
    """Each entry with its key as `id`, so that authors write the id once."""
    entries = data.get("indicators")
    if not isinstance(entries, dict):
        return data
    named = {k: {"id": k, **e} if isinstance(e, dict) else e for k, e in entries.items()}
    return {**data, "indicators": named}


def _as_json(data: Any) -> str:
    # JSON, because strict types then still accept dates and tuples in written form.
    return json.dumps(data, ensure_ascii=False)


def _contradictions(catalog: Catalog) -> Iterator[tuple[Path_, str]]:
    """Every place where well-formed entries do not fit together."""
    claimed: dict[str, str] = {}
    owners: dict[str, str] = {}
    yield from _short_id_problems(catalog)
    for name, link in catalog.links.items():
        for unknown in (i for i in link.indicators if i not in catalog):
            hint = _hint(catalog, unknown)
            yield ("links", name, "indicators"), f"links, {name}: unknown id '{unknown}'. {hint}"
    for indicator in catalog.all():
        here: Path_ = ("indicators", indicator.id)
        yield from _unknown_names(catalog, indicator, here)
        yield from _old_id_problems(catalog, indicator, here, owners)
        for index, ref in enumerate(indicator.sources):
            at: Path_ = (*here, "sources", index)
            wrong = [*_source_problems(indicator.id, ref, at)]
            yield from wrong
            if ref.name == "sec":
                yield from _filing_problems(catalog, indicator, ref, at)
            if ref.name == "derived" and indicator.ref("derived") is not ref:
                yield at, f"{indicator.id}: is derived twice; keep one formula."
            elif ref.name == "derived" and not wrong:
                yield from _derived_problems(catalog, indicator, ref, at)
        for index, alias in enumerate(indicator.aliases):
            owner = claimed.setdefault(normal_alias(alias), indicator.id)
            if owner != indicator.id:
                yield (
                    (*here, "aliases", index),
                    f"{indicator.id}: the alias '{alias}' is already claimed by {owner}; "
                    "a word means one indicator.",
                )
        for field in ("inverse", "parts"):
            for index, word in enumerate(getattr(indicator, field)):
                if word not in indicator.aliases:
                    yield (
                        (*here, field, index),
                        f"{indicator.id}: '{word}' in {field} is not one of its aliases.",
                    )
        for field in ("loose", "needs_cue", "actors"):
            for index, word in enumerate(getattr(indicator.statements, field)):
                if word not in indicator.aliases:
                    yield (
                        (*here, "statements", field, index),
                        f"{indicator.id}: '{word}' in {field} is not one of its aliases.",
                    )
        yield from _alert_problems(indicator, (*here, "alerts"))
        if indicator.frequency == "weekly":
            yield (
                (*here, "frequency"),
                f"{indicator.id}: weekly values cannot be held: there is no calendar of weeks.",
            )
        if indicator.checked is not None and indicator.calendar != "event":
            yield (
                (*here, "checked"),
                f"{indicator.id}: 'checked' is for the calendar event; by '{indicator.calendar}' "
                "one sees what is missing.",
            )
        yield from _history_problems(indicator, (*here, "history"))
        yield from _event_problems(indicator, (*here, "events"))
        if indicator.expect.min >= indicator.expect.max:
            yield (*here, "expect"), f"{indicator.id}: expect.min must be below expect.max."
    for index, name in enumerate(catalog.retired):
        if name in catalog:
            yield ("retired", index), f"retired: '{name}' is still in use."
    yield from _circles(catalog)


def _unknown_names(
    catalog: Catalog, indicator: Indicator, here: Path_
) -> Iterator[tuple[Path_, str]]:
    named: tuple[tuple[str, str, Mapping[str, object]], ...] = (
        ("group", indicator.group, catalog.groups),
        ("unit", indicator.unit, catalog.units),
        *(("shown_with", name, catalog.indicators) for name in indicator.shown_with),
        *(("events_of", name, catalog.indicators) for name in indicator.events_of),
    )
    for field, name, known in named:
        if name not in known:
            is_id = known is catalog.indicators
            hint = _hint(catalog, name) if is_id else nearest(name, known)
            yield (*here, field), f"{indicator.id}: unknown {field} '{name}'. {hint}"
    try:
        ZoneInfo(indicator.publication.zone)
    except (KeyError, ValueError, OSError):
        zone = indicator.publication.zone
        yield (*here, "publication", "zone"), f"{indicator.id}: unknown time zone '{zone}'."


def _hint(catalog: Catalog, name: str) -> str:
    """The nearest id to suggest for a word that is not one."""
    new = catalog.current_ids.get(name)
    return f"It is now '{new}'; write that." if new else nearest(name, catalog.indicators)


def _old_id_problems(
    catalog: Catalog, indicator: Indicator, here: Path_, owners: dict[str, str]
) -> Iterator[tuple[Path_, str]]:
    """Old ids that lead to two indicators, or name one that still exists."""
    for index, old in enumerate(indicator.old_ids):
        where: Path_ = (*here, "old_ids", index)
        owner = owners.setdefault(old, indicator.id)
        if old in catalog.indicators:
            yield where, f"{indicator.id}: the old id '{old}' is still in use."
        elif old in catalog.retired:
            yield where, f"{indicator.id}: the old id '{old}' stands under 'retired'; remove one."
        elif owner != indicator.id:
            yield (
                where,
                f"{indicator.id}: the old id '{old}' is already claimed by {owner}; an old id "
                "leads to one indicator.",
            )
        elif old in indicator.old_ids[:index]:
            yield where, f"{indicator.id}: the old id '{old}' stands twice; keep one."


def _short_id_problems(catalog: Catalog) -> Iterator[tuple[Path_, str]]:
    """Ids, present, former or given up, that a short link could not tell apart."""
    names: list[tuple[str, str, Path_]] = [
        (i.id, i.id, ("indicators", i.id)) for i in catalog.all()
    ]
    for indicator in catalog.all():
        for at, old in enumerate(indicator.old_ids):
            names.append((old, indicator.id, ("indicators", indicator.id, "old_ids", at)))
    names += [(name, name, ("retired", at)) for at, name in enumerate(catalog.retired)]
    seen: dict[bytes, tuple[str, str]] = {}
    for name, owner, where in names:
        other, its_owner = seen.setdefault(short_id(name), (name, owner))
        if other != name and its_owner != owner:
            yield where, (
                f"'{name}' and '{other}' have the same code in short links, so that one link "
                "would lead to either; choose another id for the newer one."
            )  # fmt: skip


def _filing_problems(
    catalog: Catalog, indicator: Indicator, ref: SourceRef, here: Path_
) -> Iterator[tuple[Path_, str]]:
    """Numbers of filings in another unit or at another frequency than the indicator has."""
    told, unit = ref.params.get("unit", "shares"), catalog.units.get(indicator.unit)
    if unit is not None and unit.code.removesuffix(" (flow)") != told:
        yield (
            (*here, "unit"),
            f"{indicator.id}: sec.unit is '{quoted(told)}', where the indicator is in "
            f"'{unit.code}'; both must say the same.",
        )
    if indicator.frequency not in ("event", "quarterly"):
        yield here, (
            f"{indicator.id}: numbers of filings are quarterly, or of the frequency event, not "
            f"{indicator.frequency}."
        )  # fmt: skip


def _derived_problems(
    catalog: Catalog, indicator: Indicator, ref: SourceRef, here: Path_
) -> Iterator[tuple[Path_, str]]:
    """Inputs that do not exist, appear twice or do not fit the formula."""
    formula, names = str(ref.params["formula"]), inputs_of(ref.params)
    said = f"{indicator.id}: {formula}"
    places: list[tuple[Path_, object]] = []
    for key, value in ref.params.items():
        if isinstance(value, list):
            places += [((*here, key, at), one) for at, one in enumerate(value)]
        elif key not in NO_INPUTS:
            places.append(((*here, key), value))
    for at, (where, name) in enumerate(places):
        if not isinstance(name, str) or name not in catalog:
            shown = quoted(name)
            yield where, f"{said}: unknown id '{shown}'. {_hint(catalog, shown)}"
            return
        if name in (one for _, one in places[:at]):
            yield where, f"{said}: '{name}' stands twice; name each input once."
            return
    wrong = wrong_number(formula, len(names))
    each = ref.params.get("shares_each", 1)
    if each != 1 and (formula != "market_cap" or each < 1):
        wrong = "shares_each says how many shares one receipt is in a market_cap, from 1 on."
    if not wrong:
        inputs = [_quantity(catalog, catalog[name]) for name in names]
        wrong = misfit(formula, _quantity(catalog, indicator), inputs)
    if wrong:
        yield here, f"{said}: {wrong}"
    if not indicator.for_committee and (hidden := [n for n in names if catalog[n].for_committee]):
        yield here, (
            f"{indicator.id} is public, and is derived from what is for the committee: "
            f"{', '.join(hidden)}. Write visibility: committee here as well."
        )  # fmt: skip


def _quantity(catalog: Catalog, indicator: Indicator) -> Quantity:
    unit = catalog.units.get(indicator.unit)
    code = unit.code if unit else indicator.unit
    return Quantity(indicator.id, code, indicator.frequency, indicator.calendar)


def _circles(catalog: Catalog) -> Iterator[tuple[Path_, str]]:
    """Indicators that are derived from themselves, directly or indirectly."""
    try:
        TopologicalSorter({i.id: i.inputs for i in catalog.all()}).prepare()
    except CycleError as error:
        circle: list[str] = error.args[1][::-1]  # each is made of the next
        where: Path_ = ("indicators", circle[0], "sources")
        yield where, f"{circle[0]} is derived from itself: {' from '.join(circle)}."


def _source_problems(indicator_id: str, ref: SourceRef, here: Path_) -> Iterator[tuple[Path_, str]]:
    if ref.name not in SOURCE_PARAMS:
        hint = nearest(ref.name, SOURCE_PARAMS)
        yield here, f"{indicator_id}: unknown source '{ref.name}'. {hint}"
        return
    needs = SOURCE_PARAMS[ref.name]
    if ref.name == "derived" and "formula" in ref.params:
        formula = ref.params["formula"]
        if not isinstance(formula, str) or formula not in PARAMS:
            said = f"unknown formula '{quoted(formula)}'. {nearest(str(formula), PARAMS)}"
            yield (*here, "formula"), f"{indicator_id}: {said}"
            return
        needs = {**needs, **PARAMS[formula]}
    known = {**needs, **OPTIONAL_PARAMS.get(ref.name, {})}
    for name in sorted(set(ref.params) - set(known)):
        hint = nearest(name, known)
        yield (*here, name), f"{indicator_id}: source {ref.name} takes no '{name}'. {hint}"
    for name, kind in known.items():
        if name not in ref.params:
            if name not in needs:
                continue
            yield here, f"{indicator_id}: source {ref.name} needs '{name}'."
        elif not isinstance(ref.params[name], kind):
            found = quoted(ref.params[name])
            words = f"{_TYPE_WORDS[kind]} was expected (found: {found})."
            yield (*here, name), f"{indicator_id}: {ref.name}.{name}: {words}"
        elif problem := _text_problem(ref.name, name, ref.params[name]):
            yield (*here, name), f"{indicator_id}: {ref.name}.{name}: {problem}"
    if ref.name == "register" and (kind_ := ref.params.get("kind", "issued")) not in COUNTED_KINDS:
        said = f"unknown kind '{quoted(kind_)}'. {nearest(str(kind_), COUNTED_KINDS)}"
        yield (*here, "kind"), f"{indicator_id}: register.kind: {said}"


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _text_problem(source: str, name: str, value: Any) -> str:
    """Why an address, a file, an encoding or a day cannot be used; nothing if it can."""
    if name in DAYS and not _is_day(value):
        return f"a day like '2025-02-24' was expected (found: {quoted(value)})."
    if (source, name) in (("table", "address"), ("manual", "file")):
        return _place_problem(value, may_be_address=source == "table")
    if name == "encoding":
        try:
            codecs.lookup(value)
        except LookupError:
            return f"unknown encoding '{quoted(value)}'; write utf-8 or gb18030."
    if name == "where" and not all(isinstance(text, str) for text in value.values()):
        return "write the texts in quotes."
    return ""


def _place_problem(place: str, *, may_be_address: bool) -> str:
    """Why something is neither an https address nor a path that stays below its folder."""
    path = PurePosixPath(place)
    if "://" in place and may_be_address:
        if "@" in place:  # it may hold a password, which is not repeated
            return "an address must not name a user."
        fits = place.startswith("https://") and urlsplit(place).hostname
        return "" if fits else f"'{quoted(place)}' is no https address."
    if not place or path.is_absolute() or ".." in path.parts or "\\" in place or "://" in place:
        return f"'{quoted(place)}' is no path below the folder; write it like 名单.xlsx."
    return ""


def _alert_problems(indicator: Indicator, here: Path_) -> Iterator[tuple[Path_, str]]:
    """Rules that cannot be evaluated, or appear twice."""
    seen: set[str] = set()
    for index, rule in enumerate(indicator.alerts):
        where, name = (*here, index), f"{indicator.id}: a rule of kind {rule.kind}"
        one_of, also = _ALERT_NEEDS[rule.kind]
        for key in rule.given:
            if key not in (*one_of, *also):
                takes = ", ".join((*one_of, *also)) or "nothing else"
                yield (*where, key), f"{name} takes no '{key}'; it takes {takes}."
        if one_of and len(set(one_of) & set(rule.given)) != 1:
            yield where, f"{name} needs either '{one_of[0]}' or '{one_of[1]}'."
        if rule.n is not None and rule.z is None:
            yield (*where, "n"), f"{name}: 'n' belongs to 'z'."
        if rule.key in seen:
            yield where, f"{indicator.id}: the rule '{rule.key}' stands twice; keep one."
        seen.add(rule.key)


def _event_problems(indicator: Indicator, here: Path_) -> Iterator[tuple[Path_, str]]:
    """Authored events that cannot be right, or stand twice."""
    today = now().astimezone(BEIJING).date()
    seen: set[tuple[date, str]] = set()
    for index, event in enumerate(indicator.events):
        where, said = (*here, index), f"{indicator.id}: the event '{quoted(event.title.zh)}'"
        if event.date > today:
            yield (*where, "date"), f"{said} is dated {event.date}, which is still to come."
        if event.known_at is not None and event.known_at.tzinfo is None:
            yield (
                (*where, "known_at"),
                f"{said}: known_at has no time zone; write for example 2026-05-27T09:00+08:00.",
            )
        elif event.known_on < event.date:
            yield (
                (*where, "known_at"),
                f"{said} cannot be known on {event.known_on}, before it happened ({event.date}).",
            )
        if (event.date, event.title.zh) in seen:
            yield where, f"{said} of {event.date} stands twice; keep one."
        seen.add((event.date, event.title.zh))


def _history_problems(indicator: Indicator, here: Path_) -> Iterator[tuple[Path_, str]]:
    """All-time extremes that cannot be right."""
    told, expect = indicator.history, indicator.expect
    today = now().astimezone(BEIJING).date()
    for side, extreme in (("high", told.high), ("low", told.low)):
        if extreme is None:
            continue
        where, name = (*here, side), f"{indicator.id}: history.{side}"
        if extreme.date > extreme.through:
            yield (
                (*where, "date"),
                f"{name}: it cannot stand on {extreme.date}, after the day through which it holds "
                f"({extreme.through}).",
            )
        if extreme.through > today:
            yield (
                (*where, "through"),
                f"{name}: {extreme.through} is still to come; nobody knows the values until then.",
            )
        if told.begins is not None and extreme.date < told.begins:
            yield (
                (*where, "date"),
                f"{name}: {extreme.date} lies before the history begins ({told.begins}).",
            )
        for change in indicator.breaks:
            if extreme.date < change.date <= extreme.through:
                yield (
                    (*where, "through"),
                    f"{name}: the definition changed on {change.date}, between {extreme.date} and "
                    f"{extreme.through}; give the extreme of one definition.",
                )
        if not expect.min <= extreme.value <= expect.max:
            yield (
                (*where, "value"),
                f"{name}: {extreme.value:g} lies outside what is expected, {expect.min:g} to "
                f"{expect.max:g}.",
            )
    if told.high is not None and told.low is not None and told.high.value <= told.low.value:
        yield (
            (*here, "high", "value"),
            f"{indicator.id}: history.high ({told.high.value:g}) must lie above history.low "
            f"({told.low.value:g}).",
        )
