"""Chart pages, light and whole, and the same as pictures and words: /c/ID[@ASOF]."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from starlette.convertors import StringConvertor, register_url_convertor
from starlette.routing import Route

from dashboard import sheet, shortlinks
from dashboard.address import AddressError, ChartAddress, MovedError, parse, parse_query
from dashboard.downloads import address_url
from dashboard.pictures import paper, png_of, svg_of
from dashboard.routes.answers import FROZEN, LIVE, answer, caching, made
from dashboard.routes.problems import answer_to, status_of
from dashboard.snapshot import Snapshot
from dashboard.views import View, of_chart, view
from etl.errors import XinzhiError

router = APIRouter(include_in_schema=False)
METHODS = ["GET", "HEAD"]
#: Nothing runs on a chart page but its one script, and nothing is styled but by its one style.
PAGE_POLICY = (
    f"default-src 'none'; img-src 'self'; style-src '{sheet.style_hash()}'; script-src 'self'; "
    "connect-src 'self'; frame-src 'self'; object-src 'none'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'self'"
)
#: A picture may hold its own style, and nothing else.
PICTURE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
HTML, SVG, PNG, TEXT = (
    "text/html; charset=utf-8", "image/svg+xml", "image/png", "text/plain; charset=utf-8",
)  # fmt: skip
SUFFIXES = ("svg", "png", "csv", "xlsx", "parquet", "json", "zip", "txt", "metadata.json",
            "qr.svg")  # fmt: skip
#: What a picture can be read by from elsewhere.
OPEN = {"Access-Control-Allow-Origin": "*"}


@router.api_route(sheet.script_url(), methods=METHODS)
def script() -> Response:
    """The values under the pointer; the page is whole without it."""
    headers = {"Cache-Control": FROZEN}
    return Response(sheet.script(), media_type="text/javascript", headers=headers)


@router.api_route("/c/{place}.svg", methods=METHODS)
async def svg_file(request: Request, place: str) -> Response:
    """The chart as a vector picture, in the state of the link."""
    size, query = paper(parse_query(request.url.query))
    return await _picture(request, place, query, SVG, size,
                          lambda seen: svg_of(seen, size).encode())  # fmt: skip


@router.api_route("/c/{place}.png", methods=METHODS)
async def png_file(request: Request, place: str) -> Response:
    """The chart as pixels, drawn without a browser."""
    size, query = paper(parse_query(request.url.query))
    return await _picture(request, place, query, PNG, size, lambda seen: png_of(seen, size))


@router.api_route("/c/{place}.txt", methods=METHODS)
async def text_file(request: Request, place: str) -> Response:
    """The chart in words."""
    query = parse_query(request.url.query)
    site = request.app.state.site
    return await _picture(
        request, place, query, TEXT, None, lambda seen: sheet.plain_text(seen, site).encode()
    )


@router.api_route("/c/{place}/since", methods=METHODS)
async def since_page(request: Request, place: str) -> Response:
    """What has become of a frozen chart; it changes, so it is apart from the page that does not."""
    try:
        snapshot, address = _asked(request, place, parse_query(request.url.query))
        if address.as_of is None:
            raise AddressError("asof", f"asof: {address.id} is the live chart; write {address.id}@"
                               "2026-05-27 for one that is frozen.")  # fmt: skip
        kept = await made(
            request, snapshot, "sheet", ("since", address), HTML,
            lambda: sheet.since_page(view(snapshot, address)).encode(),
        )  # fmt: skip
    except XinzhiError as error:
        return for_people(request, error)
    return answer(request, kept, LIVE, PAGE_POLICY)


@router.api_route("/s/{code}", methods=METHODS)
def short_link(request: Request, code: str) -> Response:
    """The frozen address behind a short code, for ever."""
    try:
        snapshot: Snapshot = request.app.state.snapshots.current()
        target = address_url(shortlinks.address(code, snapshot.catalog), "", "")
    except XinzhiError as error:
        return for_people(request, error)
    return RedirectResponse(target, 301, {"Cache-Control": FROZEN})


@router.api_route("/c/{place}", methods=METHODS)
async def other_suffix(request: Request, place: str) -> Response:
    """What no route above has taken: a page that says what there is."""
    return for_people(request, _unknown_suffix(place))


async def chart_page(request: Request) -> Response:
    """One chart with its words, its table and its links."""
    place: str = request.path_params["place"]
    site = request.app.state.site
    try:
        snapshot, address = _asked(request, place, parse_query(request.url.query))
        kept = await made(
            request, snapshot, "sheet", address, HTML,
            lambda: sheet.page(view(snapshot, address), site).encode(),
        )  # fmt: skip
    except XinzhiError as error:
        return for_people(request, error)
    return answer(request, kept, caching(address), PAGE_POLICY)


async def _picture(
    request: Request,
    place: str,
    query: Mapping[str, str],
    kind: str,
    size: object,
    draw: Callable[[View], bytes],
) -> Response:
    snapshot, address = _asked(request, place, query)
    kept = await made(
        request, snapshot, "picture", (address, size), kind, lambda: draw(view(snapshot, address))
    )
    return answer(request, kept, caching(address), PICTURE_POLICY, OPEN)


def _asked(request: Request, place: str, query: Mapping[str, str]) -> tuple[Snapshot, ChartAddress]:
    """The snapshot to answer from, and what is asked of it."""
    snapshot: Snapshot = request.app.state.snapshots.current()
    return snapshot, of_chart(parse(place, query, snapshot.catalog, datetime.now(UTC)))


def _unknown_suffix(place: str) -> AddressError:
    name, _, suffix = place.partition(".")
    return AddressError(
        "suffix",
        f"suffix: '.{suffix[:40]}' is nothing that {name[:64]} comes as. Allowed: none for the "
        f"page, or {' '.join(f'.{known}' for known in SUFFIXES)}.",
        404,
    )


def for_people(request: Request, error: XinzhiError) -> Response:
    """A redirect to the new name, or a page that says what is wrong."""
    if isinstance(error, MovedError):
        return answer_to(request, error)
    status = status_of(error)
    lang = "en" if parse_query(request.url.query[:2000]).get("lang") == "en" else "zh"
    headers = {"Content-Security-Policy": PAGE_POLICY, "Cache-Control": "no-cache"}
    if status == 429:
        headers["Retry-After"] = "1"
    body = sheet.problem_page(status, str(error), lang)
    return Response(body, status, headers, HTML)


class _Place(StringConvertor):
    """ID or ID@ASOF, without a suffix."""

    regex = "[^/.]+"


register_url_convertor("place", _Place())
#: Asked for more than anything else, so it stands before all other routes: looking through them
#: takes longer than the answer.
PAGE_ROUTE = Route("/c/{place:place}", chart_page)
