"""Which statements of earlier bulletins no longer hold, and what overtook them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from urllib.parse import urlencode

from etl.brief.known import EarlierStatement, Meeting, News
from etl.brief.model import Overtaken, Said
from etl.catalog import Catalog, Indicator, Unit
from etl.claims.aftermath import aftermath, values_from
from etl.claims.model import Claim, JudgedBy
from etl.events import changes_of
from etl.words import numbers
from etl.words.sentences import gap

_WORDS: Mapping[str, tuple[str, str]] = {
    "broken": (
        "{bulletin}一期说{title}“{words}”（{day}，{was}），已被 {when}的 {figure}打破。",
        "The bulletin of {bulletin} said “{words}” of {title} ({was}, {day}); broken on {when} at "
        "{figure}.",
    ),
    "lost": (
        "{bulletin}一期说{title}“{words}”（{day}，{was}），{when}跌回其下：{figure}。",
        "The bulletin of {bulletin} said “{words}” of {title} ({was}, {day}); back below on {when} "
        "at {figure}.",
    ),
    "regained": (
        "{bulletin}一期说{title}“{words}”（{day}，{was}），{when}升回其上：{figure}。",
        "The bulletin of {bulletin} said “{words}” of {title} ({was}, {day}); back above on {when} "
        "at {figure}.",
    ),
    "contradicted": (
        "{bulletin}一期说{title}“{words}”，当日无法核对；后来的值为 {figure}（{when}），与之不符。",
        "The bulletin of {bulletin} said “{words}” of {title}, which could not be checked that day;"
        " the value that came later, {figure} ({when}), contradicts it.",
    ),
    "revised": (
        "{bulletin}一期说{title}“{words}”，所依 {day}的值 {was}已改为 {figure}。",
        "The bulletin of {bulletin} said “{words}” of {title}; the value it rested on, {was} "
        "({day}), is now {figure}.",
    ),
}  # fmt: skip
#: How many letters of a statement are quoted.
QUOTED = 40
#: Digits that differ less than this are a rounding of the same value.
_NOTHING = 1e-9


def overtaken(catalog: Catalog, news: News, base_url: str, lang: str) -> Iterator[Overtaken]:
    """The statements that something new overtook, newest bulletin first; one of several that say
    the same of one value."""
    if news.meeting is None:
        return
    told: set[tuple[date, str, str, date]] = set()
    for one in news.meeting.statements:
        name = one.claim.indicator
        if name not in catalog:
            continue
        found = _why(catalog[name], one, news, news.meeting)
        if found is None or (one.day, name, found[0], found[1]) in told:
            continue
        why, day, value = found
        told.add((one.day, name, why, day))
        indicator, unit = catalog[name], catalog.unit(catalog[name])
        said = _said(indicator, unit, one, why, day, value, lang)
        query = urlencode({"t": f"{_judged(one)}..", **({"lang": lang} if lang == "en" else {})})
        link = f"{base_url}/c/{name}@{news.day}?{query}"
        yield Overtaken(
            one.day, name, why, value, unit.code, day, indicator.credit.name.in_(lang),
            Said(said, indicator.title.in_(lang), link),
        )  # fmt: skip


def _why(
    indicator: Indicator, one: EarlierStatement, news: News, meeting: Meeting
) -> tuple[str, date, float] | None:
    """What overtook a statement: in a word, with its date and value. None if it holds, or if it
    was known before that it does not."""
    later, name = one.claim.later, indicator.id
    if later is not None and later.verdict == "contradicted":
        is_new = news.since < later.known_at <= news.until
        return ("contradicted", _judged(one), later.value) if is_new else None
    splits = meeting.splits.get(name, ())
    values = values_from(one.values, _judged(one), changes_of(indicator, splits))
    after = aftermath(values, one.basis)
    turns = after.turns if after else ()
    if turns and one.basis is not None:
        way = _way(one.claim, one.basis)
        turn = turns[0] if way == "broken" else turns[-1]
        if way and not turn.is_true and (name, turn.date) in meeting.new:
            return way, turn.date, turn.value
    evidence = one.claim.evidence
    if evidence is None or any(split > evidence.date for split in splits):
        return None
    now = next((row for row in one.values if row.date == evidence.date), None)
    if now is None or (name, now.date) not in meeting.new:
        return None
    if abs(now.value - evidence.value) <= _NOTHING * abs(evidence.value):
        return None
    return "revised", now.date, now.value


def _way(claim: Claim, basis: JudgedBy) -> str:
    """How a statement that was true ends: a record is broken for good, a round number may be won
    and lost; nothing of a plain level, which is of its day alone."""
    if claim.kind in ("record_high", "record_low"):
        return "broken"
    if basis.high == float("inf"):
        return "lost"
    return "regained" if basis.low == float("-inf") else ""


def _judged(one: EarlierStatement) -> date:
    """The date of the value that a statement was judged by."""
    return one.basis.date if one.basis else one.day


def _said(
    indicator: Indicator,
    unit: Unit,
    one: EarlierStatement,
    why: str,
    day: date,
    value: float,
    lang: str,
) -> str:
    def figure(number: float) -> str:
        exact = why == "revised"
        found = numbers.figure(number, indicator, unit, lang, exact=exact)
        return numbers.spoken(found, unit)

    def told(when: date) -> str:
        return numbers.day(when, indicator, lang, year=when.year != one.day.year)

    evidence, title = one.claim.evidence, indicator.title.in_(lang)
    words = one.words if len(one.words) <= QUOTED else f"{one.words[:QUOTED]}…"
    return _WORDS[why][lang == "en"].format(
        bulletin=numbers.full_date(one.day, lang),
        title=title if lang == "en" else f"{title}{gap(title)}".rstrip(),
        words=words,
        day=told(_judged(one)),
        was=figure(evidence.value) if evidence else "",
        when=told(day),
        figure=figure(value),
    )
