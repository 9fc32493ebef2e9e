"""What became of the statements of a bulletin, in words: the values of the days after, when a
record was broken, when a number was lost and won again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from dashboard import formatting
from dashboard.address import ChartAddress, Window
from dashboard.data.aftermath import LaterValues
from dashboard.data.snapshot import Snapshot
from dashboard.export.table import frozen_moment
from dashboard.texts import text
from dashboard.urls import Urls
from etl.bulletins.model import Bulletin
from etl.claims.aftermath import Aftermath, Turn
from etl.claims.check import texts
from etl.claims.model import Claim, JudgedBy, Placed
from etl.records import Vintage

#: After how many days of the bulletin its values are looked at again.
AFTER = (1, 7, 30)
#: How many turns of a statement are told; of more, the first and the last two.
TOLD, ENDS = 8, 2
#: How many letters of a statement are quoted.
QUOTED = 24


@dataclass(frozen=True, slots=True)
class LaterValue:
    """A value some days after the bulletin, and the frozen chart that shows it."""

    after: str
    figure: str
    day: str
    chart: str


@dataclass(frozen=True, slots=True)
class ShownAftermath:
    """What became of what a bulletin says of one value of an indicator: `fates` are the words of
    statements, with what became of them and the chart that shows it."""

    title: str
    href: str
    then: str
    values: list[LaterValue]
    fates: list[tuple[list[str], str, str]]


class AftermathWords:
    """Words and charts for what is known of later values at a moment, or now."""

    def __init__(self, snapshot: Snapshot, urls: Urls, as_of: datetime | None = None) -> None:
        self.snapshot, self.urls, self.lang = snapshot, urls, urls.display.lang
        self.values = LaterValues(snapshot, as_of)
        self._moment = as_of or frozen_moment(snapshot)

    def of_bulletin(self, bulletin: Bulletin, claims: Sequence[Placed]) -> list[ShownAftermath]:
        """What became of each value of which a bulletin said something true; nothing of those that
        nothing has come after."""
        said = {(part, number): words for part, number, words in texts(bulletin)}
        groups: dict[tuple[str, date], list[Placed]] = {}
        for placed in claims:
            basis = placed.judged_by
            if basis is not None and basis.low is not None:
                groups.setdefault((placed.claim.indicator, basis.date), []).append(placed)
        return [
            shown
            for (name, since), group in groups.items()
            if (shown := self._shown(name, since, group, bulletin.date, said)) is not None
        ]

    def _shown(
        self,
        name: str,
        since: date,
        group: Sequence[Placed],
        day: date,
        said: Mapping[tuple[str, int], str],
    ) -> ShownAftermath | None:
        found = [(days, self.values.days_after(name, day, since, days)) for days in AFTER]
        values = [self._value(name, since, days, row) for days, row in found if row is not None]
        fates: dict[str, tuple[list[str], str, str]] = {}
        for placed in group:
            after = self.values.aftermath(name, placed.judged_by)
            told = self.fate(placed.claim, placed.judged_by, after, day)
            if after is not None and told and after.newest > since:
                paragraph = said.get((placed.claim.section, placed.paragraph), "")
                words = _quoted(paragraph[placed.start : placed.stop])
                quoted, *_ = fates.setdefault(
                    told, ([], told, self.chart(name, since, after.newest))
                )
                quoted += [words] if words not in quoted else []
        if not values and not fates:
            return None
        then = self.values.on(name, since)
        return ShownAftermath(
            title=self.snapshot.catalog[name].short.in_(self.lang),
            href=self.urls.page(f"/indicators/{name}"),
            then=f"{self._day(name, since, day)} {self._figure(name, then.value)}" if then else "",
            values=values,
            fates=list(fates.values()),
        )

    def fate(self, claim: Claim, basis: JudgedBy | None, after: Aftermath | None, day: date) -> str:
        """What became of a statement in a few words; nothing of a plain level, which is of its day
        alone."""
        if after is None or basis is None:
            return ""
        way = _way(claim, basis)
        if not way:
            return ""
        if not after.has_ended:
            return self._say(f"stands_{way}", day=self._day(claim.indicator, after.newest, day))
        if way == "record":
            return self._turn("ends_record", claim.indicator, after.turns[0], day)
        told = [
            self._turn(f"{'resumes' if turn.is_true else 'ends'}_{way}", claim.indicator, turn, day)
            for turn in after.turns
        ]
        if len(told) > TOLD:
            left_out = self._say("more_turns", count=str(len(told) - 2 * ENDS))
            told = [*told[:ENDS], left_out, *told[-ENDS:]]
        return ("，" if self.lang == "zh" else ", ").join(told)

    def chart(self, name: str, since: date, until: date | None = None) -> str:
        """The chart of an indicator from a day on, as it is known at the moment, for ever."""
        window = Window("", since, until)
        return self.urls.chart(
            ChartAddress(name, as_of=self._moment, window=window, lang=self.lang)
        )

    def _value(self, name: str, since: date, days: int, row: Vintage) -> LaterValue:
        return LaterValue(
            self._say("days_after" if days > 1 else "day_after", days=str(days)),
            self._figure(name, row.value),
            self._day(name, row.date, since),
            self.chart(name, since, row.date),
        )

    def _turn(self, words: str, name: str, turn: Turn, day: date) -> str:
        return self._say(words, day=self._day(name, turn.date, day))

    def _figure(self, name: str, value: float) -> str:
        catalog = self.snapshot.catalog
        unit = catalog.unit(catalog[name])
        return str(formatting.figure(value, catalog[name], unit, self.lang))

    def _day(self, name: str, when: date, near: date) -> str:
        """A date, with its year where that is another than that of the bulletin."""
        indicator = self.snapshot.catalog[name]
        return formatting.day(when, indicator, self.lang, year=when.year != near.year)

    def _say(self, name: str, **values: str) -> str:
        return text(name, self.lang, **values)


def _way(claim: Claim, basis: JudgedBy) -> str:
    """Which words tell what became of a statement: of a record, or of the side of a number."""
    if claim.kind in ("record_high", "record_low"):
        return "record"
    assert basis.low is not None
    assert basis.high is not None
    if basis.high == float("inf"):
        return "above"
    return "below" if basis.low == float("-inf") else ""


def _quoted(words: str) -> str:
    return words if len(words) <= QUOTED else f"{words[:QUOTED]}…"
