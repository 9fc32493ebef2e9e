"""The list of pages: which path is answered by which layout."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from markupsafe import Markup

from dashboard.address import KNOWN, AddressError, as_of_in, parse_query
from dashboard.chart_page.page import SiteConfig
from dashboard.chart_page.paper import on_paper
from dashboard.data.snapshot import Snapshot, Snapshots
from dashboard.display import choices
from dashboard.markup import render
from dashboard.pages import (
    about,
    brief,
    bulletins,
    claims,
    compare,
    corrections,
    draft,
    events,
    export,
    indicator,
    indicators,
    policies,
    provinces,
    since,
    status,
    today,
    verify,
    wall,
)
from dashboard.pages.frame import frame
from dashboard.pages.page import Page, PageClock, PageRequest, message, wrong_parameter
from dashboard.pages.unknown import unknown, unknown_words
from dashboard.texts import text
from dashboard.urls import Urls
from etl.errors import StorageError
from etl.records import BEIJING

#: What is longer is not kept.
MAX_VALUE, MAX_PATH = 300, 100
#: A site of which only its own addresses are known.
NOWHERE = SiteConfig()
#: Pages that say something else as time goes by: kept for a minute, the others with the snapshot.
BY_THE_CLOCK: Mapping[str, Callable[[PageRequest, PageClock], Page]] = {
    "indicators": indicators.layout,
    "status": status.layout,
    "bulletins/new": brief.layout,
    "since": lambda request, clock: since.landing(request, clock.minute),
}


@dataclass(frozen=True, slots=True)
class Shown:
    """A page with its markup, as it stands in the document."""

    page: Page
    html: Markup
    lang: str


def resolve(
    snapshots: Snapshots, path: str, query: Mapping[str, str], site: SiteConfig = NOWHERE
) -> Shown:
    """The page of an address, in its frame; kept as long as it holds. Where there is no snapshot,
    or it cannot be read, the page that says so."""
    try:
        return _resolved(snapshots, path, query, site)
    except StorageError as error:
        shown = path if len(path) <= MAX_PATH else "/"
        return _no_snapshot(error, shown, _known(query), site)


def resolve_draft(
    snapshots: Snapshots, query: Mapping[str, str], sent: draft.SentDraft, site: SiteConfig
) -> Shown:
    """The page of a draft that was sent, in its frame; nothing of it is kept."""
    known = _known(query)
    known.pop("asof", None)  # a draft is of today
    urls, today = replace(site.urls, display=choices(known)), datetime.now(BEIJING).date()
    try:
        snapshot = snapshots.current()
        request = PageRequest(snapshot, draft.PATH, known, urls, site)
        return _shown(draft.layout(request, sent, today), request)
    except StorageError as error:
        return _no_snapshot(error, draft.PATH, known, site)


def in_frame(page: Page, request: PageRequest) -> Shown:
    """A page in its frame, as it stands in the document."""
    return _shown(page, request)


def meaning_of(path: str, search: str, problem: str) -> tuple[str, bool]:
    """What the address of a page asks for, and whether that lasts as long as its snapshot does."""
    lasts = _by_the_clock(path) is None
    moment = "" if lasts else f" {datetime.now(UTC):%Y-%m-%dT%H:%M} {problem}"
    return f"page {path} {sorted(_known(parse_query(search)).items())}{moment}", lasts


def wrong_address(error: AddressError, site: SiteConfig = NOWHERE) -> Shown:
    """The page that says what is wrong with an address of which nothing can be read."""
    urls = site.urls
    page = message(text("wrong_address", urls.display.lang), str(error), error.status)
    return framed(page, urls, "/", {}, None, site=site)


def _no_snapshot(
    error: StorageError, path: str, known: Mapping[str, str], site: SiteConfig
) -> Shown:
    urls = replace(site.urls, display=choices(known))
    page = message(text("no_snapshot", urls.display.lang), str(error), 503)
    return framed(page, urls, path, known, None, site=site)


def _resolved(snapshots: Snapshots, path: str, query: Mapping[str, str], site: SiteConfig) -> Shown:
    path = path if len(path) <= MAX_PATH else "/not-found"
    unsaid = unknown(path, query)
    path, known = _without_moment(path, _known(query))
    snapshot = snapshots.current()
    try:
        as_of = None if _is_of_a_chart(path, known) else as_of_in(known, datetime.now(UTC))
    except AddressError as error:
        known.pop("asof")
        request = _request(snapshot, path, known, site)
        return _shown(wrong_parameter(request, error), request)
    clock = _clock(snapshots) if _by_the_clock(path) else None
    request = replace(_request(snapshot, path, known, site, as_of), unknown=unsaid)
    if any(len(value) > MAX_VALUE for value in known.values()) or not KNOWN.issuperset(unsaid):
        return _made(request, clock)
    key = (path, tuple(sorted(known.items())), unsaid, clock, site.urls)
    return snapshot.cached("page", key, lambda: _made(request, clock))


def _without_moment(path: str, known: dict[str, str]) -> tuple[str, dict[str, str]]:
    """/indicators/ID@MOMENT is the page of ID as of that moment, unless `asof` names another."""
    place, _, moment = path.partition("@")
    if not moment or not path.startswith("/indicators/"):
        return path, known
    return place, {"asof": moment, **known}


def _is_of_a_chart(path: str, known: Mapping[str, str]) -> bool:
    """Whether `asof` belongs to the chart that a reader reports, and not to the page."""
    return path.strip("/") == "corrections" and "ids" in known


def _known(query: Mapping[str, str]) -> dict[str, str]:
    """The parameters that pages look at; others cannot fill the memory."""
    return {name: value for name, value in query.items() if name in KNOWN and value}


def _by_the_clock(path: str) -> Callable[[PageRequest, PageClock], Page] | None:
    """How a page is made that says something else as time goes by."""
    head, _, day = path.strip("/").partition("/")
    if head == "since" and day:
        return lambda request, clock: since.layout(request, day, clock.minute)
    return BY_THE_CLOCK.get(path.strip("/"))


def _clock(snapshots: Snapshots) -> PageClock:
    minute = datetime.now(UTC).replace(second=0, microsecond=0)
    return PageClock(minute, snapshots.problem, snapshots.published())


def _request(
    snapshot: Snapshot,
    path: str,
    query: Mapping[str, str],
    site: SiteConfig,
    as_of: datetime | None = None,
) -> PageRequest:
    urls = replace(site.urls, display=choices(query), as_of=as_of)
    return PageRequest(snapshot, path, query, urls, site)


def _made(request: PageRequest, clock: PageClock | None) -> Shown:
    by_the_clock = _by_the_clock(request.path)
    page = by_the_clock(request, clock) if by_the_clock and clock else _page(request)
    return _shown(page, request)


def _shown(page: Page, request: PageRequest) -> Shown:
    urls, said = request.urls, ""
    if request.unknown and page.status == 200:
        said = unknown_words(request.path, request.unknown, request.lang)
    return framed(
        page, urls, request.path, request.query, request.snapshot, said, site=request.site
    )


def framed(
    page: Page,
    urls: Urls,
    path: str,
    query: Mapping[str, str],
    snapshot: Snapshot | None,
    said: str = "",
    *,
    site: SiteConfig = NOWHERE,
) -> Shown:
    """A page with its frame around it."""
    lang = urls.display.lang
    around = frame(page, urls, path, query, snapshot, said, signs_in=site.signs_in)
    html = render(
        f"pages/{page.template}.html", lang, title=page.title, frame=around, urls=urls,
        paper=on_paper(page.paper, lang),
        **page.context,
    ) if page.template else Markup("")  # fmt: skip
    return Shown(replace(page, context={}), html, lang)  # the markup says what the context held


def _page(request: PageRequest) -> Page:
    head, _, rest = request.path.strip("/").partition("/")
    match head, rest:
        case "", "":
            return today.today(request)
        case "bulletins", "":
            return bulletins.layout(request)
        case "bulletins", day:
            return today.of_day(request, day)
        case "indicators", name if "/" not in name:
            return indicator.layout(request, name)
        case "compare", "":
            return compare.layout(request)
        case "provinces", "":
            return provinces.layout(request)
        case "wall", "":
            return wall.layout(request)
        case "export", "":
            return export.layout(request)
        case "claims", "":
            return claims.layout(request)
        case "policies", "":
            return policies.layout(request)
        case "corrections", "":
            return corrections.layout(request)
        case "events", "":
            return events.layout(request)
        case "verify", code if "/" not in code:
            return verify.layout(request, code)
        case "about", "":
            return about.layout(request)
    words = text("not_found_long", request.lang)
    return message(text("not_found", request.lang), words, 404)
