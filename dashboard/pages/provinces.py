"""/provinces: the factors that the bulletin compares places by, province by province: each figure
with its period and source, and openly where there is none."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from dashboard.address import AddressError, one_of
from dashboard.data import queries
from dashboard.pages.page import Page, PageRequest, wrong_parameter
from etl.provinces import FACTORS, PROVINCES, ProvinceFigure, ProvinceYardstick

PATH = "/provinces"
#: The order that a column is sorted in backwards begins with it.
BACK = "-"


@dataclass(frozen=True, slots=True)
class YardstickHeading:
    """A column: the factor and how it is measured, and where it can be put in order, the link that
    does, or turns the order."""

    factor: str
    title: str
    period: str = ""
    href: str = ""
    order: str = ""


@dataclass(frozen=True, slots=True)
class PlaceCell:
    """A figure; nothing of it where no public one is known. `period` is said where those of its
    column differ, `rank` where the table is sorted by it."""

    label: str
    value: str = ""
    unit: str = ""
    period: str = ""
    rank: str = ""
    planned: bool = False


@dataclass(frozen=True, slots=True)
class PlaceRow:
    """A province, with the factors of which no public figure is known."""

    name: str
    cells: list[PlaceCell]
    lacks: str


@dataclass(frozen=True, slots=True)
class YardstickNotes:
    """How a factor is measured, and who said so: sources with their address, and remarks on single
    provinces."""

    factor: str
    title: str
    definition: str
    count: str
    status: str
    sources: list[tuple[str, str, str]]
    remarks: list[str]


def layout(request: PageRequest) -> Page:
    """The table that the address asks for; 400 in words where a parameter is wrong."""
    day = str(request.last_day) if request.as_of else ""
    held = [one for one in queries.provinces(request.snapshot, day) if one.figures]
    try:
        asked = _Asked.of(request, held)
    except AddressError as error:
        return wrong_parameter(request, error)
    figures = sum(len(one.figures) for one in held)
    count = request.say("provinces_count", figures=str(figures), places=str(len(PROVINCES)))
    lacking = [asked.factor_name(one) for one in FACTORS if not asked.yardsticks_of(one, held)]
    nowhere = request.say("provinces_nowhere", factors=asked.listed(lacking)) if lacking else ""
    urls = request.urls
    return Page(
        title=request.say("provinces"),
        template="provinces",
        description=request.say("provinces_lead"),
        told=(request.say("provinces_then"),) if request.as_of else (),
        paper=urls.online.page(PATH, **request.query),
        context={
            "lead": request.say("provinces_lead"),
            "count": " ".join(filter(None, (count, nowhere))),
            "factors": asked.factors(),
            "sorts": asked.sorts(),
            "headings": asked.headings(),
            "rows": asked.rows(),
            "notes": [asked.notes(one) for one in asked.shown],
            "files": [
                (urls.page(f"{PATH}.csv"), request.say("download_csv")),
                (urls.page(f"{PATH}.xlsx"), "XLSX"),
            ],
        },
    )


@dataclass(frozen=True, slots=True)
class _Asked:
    """What an address asks of the table: a factor or all, and the yardstick it is sorted by."""

    request: PageRequest
    shown: list[ProvinceYardstick]
    factor: str
    sort: str

    @classmethod
    def of(cls, request: PageRequest, held: Sequence[ProvinceYardstick]) -> _Asked:
        factor = one_of("group", request.query.get("group", ""), ("", *FACTORS))
        shown = [one for one in held if factor in ("", one.factor)]
        sorts = [f"{turn}{one.yardstick}" for one in shown if one.is_ranked for turn in ("", BACK)]
        sort = one_of("sort", request.query.get("sort", ""), ("", *sorts))
        return cls(request, shown, factor, sort)

    def listed(self, words: Iterable[str]) -> str:
        """The words one after the other."""
        return ("、" if self.request.lang == "zh" else ", ").join(words)

    def factor_name(self, factor: str) -> str:
        return FACTORS[factor] if self.request.lang == "en" else factor

    def yardsticks_of(
        self, factor: str, held: Sequence[ProvinceYardstick] | None = None
    ) -> list[ProvinceYardstick]:
        return [one for one in (self.shown if held is None else held) if one.factor == factor]

    def factors(self) -> list[tuple[str, str, bool]]:
        """Every factor as words, link and whether it is chosen."""
        return [
            (self.request.say("all"), self._href(group=""), not self.factor),
            *(
                (self.factor_name(one), self._href(group=one), one == self.factor)
                for one in FACTORS
            ),
        ]

    def sorts(self) -> list[tuple[str, str, bool]]:
        """The orders to choose from where there are no headings: words, link, whether chosen."""
        ranked = [one for one in self.shown if one.is_ranked]
        usual = (self.request.say("usual_order"), self._href(sort=""), not self.sort)
        found = [
            (
                self._title(one),
                self._href(sort=one.yardstick),
                self.sort.lstrip(BACK) == one.yardstick,
            )
            for one in ranked
        ]
        return [usual, *found] if found else []

    def headings(self) -> list[YardstickHeading]:
        """The columns, with an empty one for each factor that nothing is known of."""
        found = []
        for factor in self._wanted():
            name = self.factor_name(factor)
            yardsticks = self.yardsticks_of(factor)
            found += [self._heading(name, one) for one in yardsticks]
            if not yardsticks:
                found.append(YardstickHeading(name, self.request.say("no_public_figure")))
        return found

    def rows(self) -> list[PlaceRow]:
        """The provinces in the order of the statistics, or of a yardstick: those without a figure
        last."""
        by = next((one for one in self.shown if one.yardstick == self.sort.lstrip(BACK)), None)
        names = list(PROVINCES)
        ranks: dict[str, int] = {}
        if by is not None:
            values = {one.province: float(one.value) for one in by.figures}
            sign = 1 if self.sort.startswith(BACK) else -1
            names.sort(key=lambda name: (name not in values, sign * values.get(name, 0)))
            for name, value in values.items():
                ranks[name] = 1 + sum(sign * other < sign * value for other in values.values())
        return [self._row(name, by, ranks) for name in names]

    def notes(self, one: ProvinceYardstick) -> YardstickNotes:
        """What is said of a yardstick below the table."""
        say, lang = self.request.say, self.request.lang
        sources = dict.fromkeys((f.source, f.address, f.public) for f in one.figures)
        colon = "：" if lang == "zh" else ": "
        return YardstickNotes(
            factor=self.factor_name(one.factor),
            title=self._title(one),
            definition=one.definition_en if lang == "en" else one.definition,
            count=say("provinces_of", n=str(len(one.figures)), places=str(len(PROVINCES))),
            status=self.listed(dict.fromkeys(say(f"figure_{f.status}") for f in one.figures)),
            sources=[
                (source, address, say("published_on", day=public))
                for source, address, public in sources
            ],
            remarks=[f"{self._place(f.province)}{colon}{f.note}" for f in one.figures if f.note],
        )

    def _wanted(self) -> list[str]:
        return [one for one in FACTORS if self.factor in ("", one)]

    def _title(self, one: ProvinceYardstick) -> str:
        return one.title_en if self.request.lang == "en" else one.title

    def _place(self, name: str) -> str:
        return PROVINCES[name] if self.request.lang == "en" else name

    def _heading(self, factor: str, one: ProvinceYardstick) -> YardstickHeading:
        periods = sorted({figure.period for figure in one.figures})
        period = self._period(periods[0]) if len(periods) == 1 else ""
        if not one.is_ranked:
            return YardstickHeading(factor, self._title(one), period)
        turned = BACK if self.sort == one.yardstick else ""
        order = {one.yardstick: "descending", f"{BACK}{one.yardstick}": "ascending"}.get(
            self.sort, ""
        )
        return YardstickHeading(
            factor, self._title(one), period, self._href(sort=f"{turned}{one.yardstick}"), order
        )

    def _row(self, name: str, by: ProvinceYardstick | None, ranks: dict[str, int]) -> PlaceRow:
        cells, lacking = [], []
        for factor in self._wanted():
            yardsticks = self.yardsticks_of(factor)
            found = [self._cell(one, name, ranks if one is by else {}) for one in yardsticks]
            cells += found or [PlaceCell(self.factor_name(factor))]
            if not any(cell.value for cell in found):
                lacking.append(self.factor_name(factor))
        return PlaceRow(self._place(name), cells, self.listed(lacking))

    def _cell(self, one: ProvinceYardstick, name: str, ranks: dict[str, int]) -> PlaceCell:
        figure = next((figure for figure in one.figures if figure.province == name), None)
        if figure is None:
            return PlaceCell(self._title(one))
        own = self._own_period(one, figure)
        comma = "，" if self.request.lang == "zh" else ", "
        return PlaceCell(
            label=self._title(one) + ("" if own else comma + self._period(figure.period)),
            value=figure.value,
            unit=one.unit_en if self.request.lang == "en" else one.unit,
            period=own,
            rank=self.request.say("rank", n=str(ranks[name])) if name in ranks else "",
            planned=figure.status == "planned",
        )

    def _own_period(self, one: ProvinceYardstick, figure: ProvinceFigure) -> str:
        is_common = len({other.period for other in one.figures}) == 1
        return "" if is_common else self._period(figure.period)

    def _period(self, period: str) -> str:
        return self.request.say("in_year", year=period) if len(period) == 4 else period

    def _href(self, **changed: str) -> str:
        said = {"group": self.factor, "sort": self.sort, **changed}
        if "group" in changed:
            said["sort"] = ""
        return self.request.urls.page(
            PATH, **{name: value for name, value in said.items() if value}
        )
