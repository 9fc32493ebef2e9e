"""/claims: the ledger of every statement of the bulletins, with the verdict of its day, the later
one, and when it was true."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from dashboard import formatting
from dashboard.address import AddressError, MovedError
from dashboard.data import queries
from dashboard.data.ledger import KINDS, VERDICTS, LedgerChoice, chosen
from dashboard.data.queries import LedgerEntry
from dashboard.pages.page import Page, PageRequest, wrong_parameter
from dashboard.pages.paging import Paged, paged
from dashboard.pages.parts.aftermath import AftermathWords
from dashboard.pages.parts.listing import further
from dashboard.pages.parts.marked import MARKS
from etl.claims.aftermath import Aftermath
from etl.claims.judging.case import without_verdict
from etl.claims.model import JudgedBy, Verdict

PATH = "/claims"
A_PAGE = 100
#: How many indicators are offered.
OFFERED = 200


@dataclass(frozen=True, slots=True)
class ShownVerdict:
    """A verdict: its sign, and what it is called; `words` say what it rests on, and `chart` shows
    it."""

    verdict: Verdict
    sign: str
    name: str
    words: str
    chart: str


@dataclass(frozen=True, slots=True)
class ShownStatement:
    """A statement of the ledger: where it stands, of what it speaks, and what came of it."""

    day: str
    href: str
    sentence: str
    title: str
    title_href: str
    kind: str
    verdict: ShownVerdict
    later: ShownVerdict | None
    true_when: str
    fate: str


def layout(request: PageRequest) -> Page:
    """The page; 400 or 404 in words where a parameter is wrong."""
    try:
        choice = chosen(request.query, request.snapshot.catalog, datetime.now(UTC))
        count = queries.ledger_count(request.snapshot, choice.asked)
        page = paged(request.query.get("page", ""), range(count), A_PAGE)
    except MovedError as error:
        there = request.urls.page(PATH, **{**request.query, "id": error.new})
        return Page(error.new, status=301, location=there)
    except AddressError as error:
        return wrong_parameter(request, error)
    found = queries.ledger(request.snapshot, choice.asked, page.first, A_PAGE)
    listed = StatementList(request, choice)
    return Page(
        title=request.say("claims_page"),
        template="claims",
        description=request.say("claims_lead"),
        context={
            "form": request.urls.form(PATH),
            "kept": listed.kept,
            "indicators": listed.indicators(),
            "choice_of": choice,
            "verdicts": listed.options("verdict", VERDICTS),
            "kinds": listed.options("kind", KINDS),
            "in_force": listed.in_force(),
            "found": listed.found(page),
            "statements": [listed.shown(choice.as_known(entry)) for entry in found],
            "whole": request.urls.page(PATH),
            "further": further(page, lambda n: listed.href(page=n), request.lang),
        },
    )


class StatementList:
    """Statements as rows, and the ways to ask for others."""

    def __init__(self, request: PageRequest, choice: LedgerChoice | None = None) -> None:
        self.request, self.said = request, dict(choice.said) if choice else {}
        self.as_of = choice.as_of if choice else None
        self.words = AftermathWords(request.snapshot, request.urls, self.as_of)

    def href(self, **changed: str) -> str:
        """This page with some of its parameters changed."""
        return self.request.urls.page(PATH, **{**self.said, **changed})

    @property
    def kept(self) -> list[tuple[str, str]]:
        """What the form of indicators and days must carry besides."""
        kept = {
            **self.request.display.kept,
            **{name: self.said[name] for name in ("verdict", "kind", "asof")},
        }
        return [(name, value) for name, value in kept.items() if value]

    def indicators(self) -> list[tuple[str, str, bool]]:
        """The indicators that statements were made of: id, name, and whether it is the one asked
        for."""
        catalog, now = self.request.snapshot.catalog, self.said["id"]
        names = queries.indicators_of_claims(self.request.snapshot, OFFERED)
        if now and now not in names:
            names.append(now)
        return [
            (name, catalog[name].title.in_(self.request.lang), name == now)
            for name in names
            if name in catalog
        ]

    def options(self, name: str, values: tuple[str, ...]) -> list[tuple[str, str, bool]]:
        """The values of a parameter as links, every value first."""
        say, now = self.request.say, self.said[name]
        every = say("every_verdict" if name == "verdict" else "every_claim_kind")
        prefix = "" if name == "verdict" else "claim_"
        links = [(say(f"{prefix}{one}"), self.href(**{name: one}), one == now) for one in values]
        return [(every, self.href(**{name: ""}), not now), *links]

    def in_force(self) -> list[tuple[str, str]]:
        """What narrows the list now, each with the link that takes it back."""
        colon = "：" if self.request.lang == "zh" else ": "
        catalog = self.request.snapshot.catalog
        return [
            (
                f"{self.request.say(f'filter_{name}')}{colon}"
                f"{catalog[value].short.in_(self.request.lang) if name == 'id' else value}",
                self.href(**{name: ""}),
            )
            for name in ("id", "since", "until", "asof")
            if (value := self.said[name])
        ]

    def found(self, page: Paged[int]) -> str:
        """How many there are."""
        count = self.request.say("found_claims", count=f"{page.all:,}")
        if self.as_of is None:
            return count
        moment = formatting.beijing(self.as_of, self.request.lang)
        return count + self.request.say("found_claims_as_of", moment=moment)

    def shown(self, entry: LedgerEntry) -> ShownStatement:
        """A statement as a row."""
        request, claim, basis = self.request, entry.placed.claim, entry.placed.judged_by
        indicator = request.snapshot.catalog[claim.indicator]
        after = self.words.values.aftermath(claim.indicator, basis)
        frozen = {"asof": self.said.get("asof", "")}
        return ShownStatement(
            day=str(entry.day),
            href=request.urls.page(
                f"/bulletins/{entry.day}", fragment=f"claim-{entry.number}", **frozen
            ),
            sentence=claim.sentence,
            title=indicator.short.in_(request.lang),
            title_href=request.urls.page(f"/indicators/{claim.indicator}"),
            kind=request.say(f"claim_{claim.kind}"),
            verdict=self._verdict(
                claim.verdict,
                without_verdict(claim.reason),
                request.urls.to(claim.evidence.chart) if claim.evidence else "",
            ),
            later=self._later(entry),
            true_when=self._true_when(claim.indicator, basis, after),
            fate=self.words.fate(claim, basis, after, entry.day)
            if after and after.has_ended
            else "",
        )

    def _later(self, entry: LedgerEntry) -> ShownVerdict | None:
        claim, basis, request = entry.placed.claim, entry.placed.judged_by, self.request
        if claim.later is None:
            return None
        catalog = request.snapshot.catalog
        indicator = catalog[claim.indicator]
        figure = formatting.figure(
            claim.later.value, indicator, catalog.unit(indicator), request.lang, exact=True
        )
        dated = (
            f"{formatting.day(basis.date, indicator, request.lang, year=True)} " if basis else ""
        )
        words = request.say(
            "later_verdict",
            value=f"{dated}{figure}",
            known_at=formatting.beijing(claim.later.known_at, request.lang),
        )
        chart = self.words.chart(claim.indicator, basis.date) if basis else ""
        return self._verdict(claim.later.verdict, words, chart)

    def _verdict(self, verdict: Verdict, words: str, chart: str) -> ShownVerdict:
        return ShownVerdict(verdict, MARKS[verdict], self.request.say(verdict), words, chart)

    def _true_when(self, name: str, basis: JudgedBy | None, after: Aftermath | None) -> str:
        """Since when and until when a statement is true."""
        if basis is None or after is None:
            return ""
        indicator, lang = self.request.snapshot.catalog[name], self.request.lang
        since, until, newest = (
            formatting.day(day, indicator, lang, year=True)
            for day in (basis.date, after.until, after.newest)
        )
        if after.has_ended:
            return self.request.say("true_until", day=until)
        return self.request.say("true_to_this_day", since=since, newest=newest)
