"""/desk/alerts: the rules of the catalog and how they stand; a rule tried on the past."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from fastapi import APIRouter
from fastapi.responses import Response
from pydantic import ValidationError

from dashboard import formatting
from dashboard.address import ChartAddress, Window
from dashboard.data import queries
from dashboard.data.snapshot import Snapshot
from dashboard.pages.parts import alerts as parts
from dashboard.pages.parts.alerts import AlertWords
from desk.frame import DeskPage
from desk.request import Asked, DeskRequest
from etl.alerts.rules import TriedRule, tried
from etl.catalog import AlertRule, Catalog
from etl.errors import SettingError, nearest
from etl.records import BEIJING, now

PATH = "/desk/alerts"
PAGE = DeskPage(PATH, "desk_alerts")
router = APIRouter()
#: The kinds of rules that can be tried, each with the key of the catalog that takes its number.
KINDS: Mapping[str, tuple[str, str]] = {
    "above": ("threshold", "above"),
    "below": ("threshold", "below"),
    "percent": ("jump", "percent"),
    "z": ("jump", "z"),
    "record": ("record", ""),
}
YEARS = (1, 3, 5, 10)
USUAL_YEARS, MOST_SHOWN = 3, 200
_USUAL = {"indicator": "", "kind": "above", "n": "", "years": str(USUAL_YEARS)}


@dataclass(frozen=True, slots=True)
class RuleRow:
    """A rule of the catalog, how it stands, and where it is tried."""

    words: AlertWords
    try_it: str


@dataclass(frozen=True, slots=True)
class CrossingRow:
    """A day on which a rule would have started to hold."""

    day: str
    value: str
    words: str


@dataclass(frozen=True, slots=True)
class TrialShown:
    """What came of trying a rule: a sentence for all, the days, and how the catalog would say
    it."""

    title: str
    href: str
    chart: str
    sentence: str
    remark: str
    rows: list[CrossingRow]
    more: int
    entry: str


@router.get(PATH)
def alerts(ask: Asked) -> Response:
    """How the rules stand; with a rule in the address, what it would have done."""
    snapshot = ask.snapshot()
    asked = {name: ask.query.get(name, "").strip() for name in ("indicator", "kind", "n", "years")}
    trial, problem = None, ""
    if asked["indicator"]:
        try:
            trial = _trial(ask, snapshot, asked)
        except SettingError as error:
            problem = ask.in_words(error)
    found = parts.worst_first(queries.alerts(snapshot))
    catalog = snapshot.catalog
    return ask.show(
        "alerts", ask.say("desk_alerts"), 400 if problem else 200,
        problem=problem,
        asked={**_USUAL, **{name: value for name, value in asked.items() if value}},
        trial=trial,
        kinds=[(name, ask.say(f"kind_{name}")) for name in KINDS],
        years=[(str(n), ask.say("years_back", count=n)) for n in YEARS],
        indicators=[(one.id, one.title.in_(ask.lang)) for one in catalog.all()],
        rows=[
            RuleRow(words, _try_link(ask, catalog, alert.indicator, alert.rule))
            for alert, words in zip(found, parts.in_words(found, catalog, ask.urls), strict=True)
        ],
        action=ask.urls.form(PATH),
        kept=ask.urls.kept,
    )  # fmt: skip


def _try_link(ask: DeskRequest, catalog: Catalog, name: str, key: str) -> str:
    """Where a rule of the catalog is tried; empty for one that depends on the clock."""
    rule = next((one for one in catalog[name].alerts if one.key == key), None)
    if rule is None or rule.kind == "stale":
        return ""
    kind = next((k for k, (_, field) in KINDS.items() if field and field in rule.given), "record")
    value = getattr(rule, kind, None) if kind != "record" else None
    return ask.urls.page(
        PATH, indicator=name, kind=kind, n="" if value is None else f"{value:.10g}",
        years=str(USUAL_YEARS), fragment="trial",
    )  # fmt: skip


def _trial(ask: DeskRequest, snapshot: Snapshot, asked: Mapping[str, str]) -> TrialShown:
    """A rule tried; a SettingError in words where it is none."""
    catalog, lang = snapshot.catalog, ask.lang
    name = catalog.resolve(asked["indicator"])
    if name not in catalog:
        raise SettingError(f"Unknown indicator '{name}'. {nearest(name, catalog.indicators)}")
    rule = _rule(ask, asked["kind"] or "above", asked["n"])
    years = next((n for n in YEARS if str(n) == asked["years"]), USUAL_YEARS)
    today = now().astimezone(BEIJING).date()
    since = today - timedelta(days=round(years * 365.25))
    indicator, series = catalog[name], queries.series(snapshot, name)
    unit = catalog.unit(indicator)
    splits = [one.date for one in queries.actions(snapshot, name) if one.kind == "split"]
    found = tried(indicator, unit, rule, series, since, splits)
    shown = found.crossings[::-1][:MOST_SHOWN]
    comma = "，" if lang == "zh" else ", "
    title = indicator.title.in_(lang)
    return TrialShown(
        title=f"{title}{comma}{found.rule.in_(lang)}",
        href=ask.urls.page(f"/indicators/{name}"),
        chart=ask.urls.chart(ChartAddress(name, window=Window(f"{years}y"))),
        sentence=ask.say("would_fire", years=years, count=len(found.crossings)),
        remark=_remark(ask, found),
        rows=[
            CrossingRow(
                formatting.table_day(one.date, indicator, lang),
                str(formatting.figure(one.value, indicator, unit, lang)),
                one.en if lang == "en" else one.zh,
            )
            for one in shown
        ],
        more=len(found.crossings) - len(shown),
        entry=f"alerts: [{{{_entry(rule)}}}]",
    )


def _rule(ask: DeskRequest, kind: str, number: str) -> AlertRule:
    """The rule that a form describes."""
    if kind not in KINDS:
        raise SettingError(f"kind: '{kind[:40]}' is no kind of rule. {nearest(kind, KINDS)}")
    what, key = KINDS[kind]
    if not key:
        return AlertRule(kind="record")
    try:
        value = float(number.replace(",", "").replace("，", "").rstrip("%％"))
        given = json.dumps({"kind": what, key: value})
        return AlertRule.model_validate_json(given)
    except (ValueError, ValidationError):
        raise SettingError(ask.say(f"number_{kind}")) from None


def _remark(ask: DeskRequest, found: TriedRule) -> str:
    """What is to be known of it: on which values, and how many could not be decided."""
    if not found.values:
        return ask.say("nothing_held_then")
    left = found.values - found.decided
    undecided = ask.say("undecided", count=f"{left:,}") if left else ""
    return ask.say("tried_on", count=f"{found.values:,}") + undecided


def _entry(rule: AlertRule) -> str:
    """The rule as the catalog has it."""
    given = (f"{name}: {getattr(rule, name):.10g}" for name in rule.given)
    return ", ".join([f"kind: {rule.kind}", *given])
