"""Chart pages, light and whole, and the same as pictures and words: /c/ID[@ASOF]."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from starlette.concurrency import run_in_threadpool
from starlette.convertors import StringConvertor, register_url_convertor
from starlette.routing import Route

from dashboard.address import AddressError, ChartAddress, MovedError, as_named, parse, parse_query
from dashboard.chart.qr import qr
from dashboard.chart_page import page, short_links
from dashboard.chart_page.kit import as_html, as_zip, kit
from dashboard.chart_page.pictures import paper, png_of, svg_of
from dashboard.chart_page.view import View, of_chart, view
from dashboard.data.snapshot import Snapshot
from dashboard.export.table import to_json
from dashboard.http.limits import BusyError
from dashboard.http.made_once import answer, made
from dashboard.http.problems import answer_to, problem, status_of
from dashboard.http.responses import FROZEN, LIVE, caching
from dashboard.texts import text
from dashboard.urls import Urls
from etl.errors import XinzhiError

router = APIRouter(include_in_schema=False)
#: What looks like a page and is none of the files above or of the data files.
pages = APIRouter(include_in_schema=False)
METHODS = ["GET", "HEAD"]
#: Nothing runs on a chart page but its one script, and nothing is styled but by its one style.
PAGE_POLICY = (
    f"default-src 'none'; img-src 'self'; style-src '{page.style_hash()}'; script-src 'self'; "
    "connect-src 'self'; frame-src 'self'; object-src 'none'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'self'"
)
#: An embedded page may stand in a frame of any site; it holds no more than the page itself.
EMBED_POLICY = PAGE_POLICY.replace("frame-ancestors 'self'", "frame-ancestors *").replace(
    "frame-src 'self'", "frame-src 'none'"
)
#: A picture may hold its own style, and nothing else.
PICTURE_POLICY = "default-src 'none'; img-src 'self'; style-src 'unsafe-inline'; sandbox"
HTML, SVG, PNG, TEXT, ZIP = (
    "text/html; charset=utf-8", "image/svg+xml", "image/png", "text/plain; charset=utf-8",
    "application/zip",
)  # fmt: skip
SUFFIXES = ("svg", "png", "csv", "xlsx", "parquet", "json", "zip", "txt", "metadata.json",
            "qr.svg", "kit.zip", "kit.html")  # fmt: skip
#: What a picture can be read by from elsewhere.
OPEN = {"Access-Control-Allow-Origin": "*"}


@router.api_route("/static/{file}", methods=METHODS)
def script(request: Request, file: str) -> Response:
    """The scripts of these pages, which are whole without them."""
    for name in page.SCRIPTS:
        if request.url.path == page.script_url(name):
            headers = {"Cache-Control": FROZEN}
            return Response(page.script(name), media_type="text/javascript", headers=headers)
    return problem(404, f"{file[:64]}: there is no such file; the pages name the ones there are.")


@router.api_route("/c/{place}.qr.svg", methods=METHODS)
async def qr_file(request: Request, place: str) -> Response:
    """The link as a QR code: of a frozen chart its short form, of a live one its address."""
    urls: Urls = request.app.state.site.urls.online
    query = parse_query(request.url.query)

    def link(seen: View) -> bytes:
        is_frozen = seen.address.as_of is not None
        return qr(urls.short(seen.address) if is_frozen else urls.chart(seen.address)).encode()

    return await _picture(request, place, query, SVG, "qr", link)


@router.api_route("/c/{place}.kit.zip", methods=METHODS)
async def kit_file(request: Request, place: str) -> Response:
    """All that an editor inserts, in one file."""
    site, query = request.app.state.site, parse_query(request.url.query)
    name = re.sub("[^a-z0-9_-]", "_", place.lower())[:100]
    return await _picture(
        request, place, query, ZIP, "kit", lambda seen: as_zip(seen, site),
        {"Content-Disposition": f'attachment; filename="{name}_kit.zip"'},
    )  # fmt: skip


@router.api_route("/c/{place}.kit.html", methods=METHODS)
async def kit_html(request: Request, place: str) -> Response:
    """The rich form alone, for the WeChat editor."""
    site, query = request.app.state.site, parse_query(request.url.query)
    return await _picture(
        request, place, query, HTML, "kit", lambda seen: as_html(kit(seen, site)).encode()
    )


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
        request, place, query, TEXT, None, lambda seen: page.plain_text(seen, site).encode()
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
            lambda: page.since_page(view(snapshot, address), request.app.state.site).encode(),
        )  # fmt: skip
    except XinzhiError as error:
        return for_people(request, error)
    return answer(request, kept, LIVE, PAGE_POLICY)


@router.api_route("/s/{code}", methods=METHODS)
def short_link(request: Request, code: str) -> Response:
    """The frozen address behind a short code, for ever."""
    try:
        snapshot: Snapshot = request.app.state.snapshots.current()
        urls: Urls = request.app.state.site.urls
        target = urls.chart(short_links.address(code, snapshot.catalog))
    except XinzhiError as error:
        return for_people(request, error)
    return RedirectResponse(target, 301, {"Cache-Control": FROZEN})


@router.api_route("/embed/c/{place}", methods=METHODS)
async def embedded(request: Request, place: str) -> Response:
    """The chart for a frame on any site."""
    site = request.app.state.site
    try:
        snapshot, address = _asked(request, place, parse_query(request.url.query))
        kept = await made(
            request, snapshot, "sheet", ("embed", address), HTML,
            lambda: page.embed_page(view(snapshot, address), site).encode(),
        )  # fmt: skip
    except XinzhiError as error:
        return for_people(request, error)
    return answer(request, kept, caching(snapshot, address.ids, address.as_of), EMBED_POLICY)


@router.api_route("/oembed", methods=METHODS)
async def oembed(request: Request) -> Response:
    """How another site embeds a chart whose address it was given (oembed.com)."""
    query = parse_query(request.url.query)
    if query.get("format", "json") != "json":
        return problem(501, "format: only json is given.", parameter="format")
    urls: Urls = request.app.state.site.urls
    place, told = _within(query.get("url", ""), urls)
    current: Snapshot = request.app.state.snapshots.current()
    place, asked = as_named(place, parse_query(told), current.catalog)
    width, height = (_at_most(query, name, usual) for name, usual in
                     zip(("maxwidth", "maxheight"), page.EMBED, strict=True))  # fmt: skip
    snapshot, address = _asked(request, place, asked)
    seen = await run_in_threadpool(view, snapshot, address)
    document = {
        "version": "1.0",
        "type": "rich",
        "title": seen.words.headline,
        "provider_name": text("site", address.lang),
        "provider_url": urls.base,
        "cache_age": 3600,
        "width": width,
        "height": height,
        "html": page.embed_code(seen, urls, width, height),
        "thumbnail_url": urls.online.chart(address, ".png"),
        "thumbnail_width": 1200,
        "thumbnail_height": 628,
    }
    headers = {"Cache-Control": LIVE, **OPEN}
    return Response(to_json(document), media_type="application/json", headers=headers)


@pages.api_route("/c/{place}", methods=METHODS)
async def other_suffix(request: Request, place: str) -> Response:
    """What no route above has taken: a page that says what there is."""
    return for_people(request, _unknown_suffix(place))


async def whole_page(request: Request) -> Response:
    """One chart with its words, its table and its links."""
    place: str = request.path_params["place"]
    site = request.app.state.site
    try:
        snapshot, address = _asked(request, place, parse_query(request.url.query))
        kept = await made(
            request, snapshot, "sheet", address, HTML,
            lambda: page.page(view(snapshot, address), site).encode(),
        )  # fmt: skip
    except XinzhiError as error:
        return for_people(request, error)
    return answer(request, kept, caching(snapshot, address.ids, address.as_of), PAGE_POLICY)


async def _picture(
    request: Request,
    place: str,
    query: Mapping[str, str],
    kind: str,
    size: object,
    draw: Callable[[View], bytes],
    more: Mapping[str, str] | None = None,
) -> Response:
    snapshot, address = _asked(request, place, query)
    kept = await made(
        request, snapshot, "picture", (address, size), kind, lambda: draw(view(snapshot, address))
    )
    return answer(
        request,
        kept,
        caching(snapshot, address.ids, address.as_of),
        PICTURE_POLICY,
        {**OPEN, **(more or {})},
    )


def _asked(request: Request, place: str, query: Mapping[str, str]) -> tuple[Snapshot, ChartAddress]:
    """The snapshot to answer from, and what is asked of it."""
    snapshot: Snapshot = request.app.state.snapshots.current()
    return snapshot, of_chart(parse(place, query, snapshot.catalog, datetime.now(UTC)))


def _within(url: str, urls: Urls) -> tuple[str, str]:
    """The place and the parameters of a chart address of this site."""
    address = urls.within(url[:4000]) or ""
    path, _, query = address.partition("#")[0].partition("?")
    found = re.fullmatch("/c/([^/.]+)", path) if url.startswith("http") else None
    if found is None:
        raise AddressError(
            "url", f"url: '{url[:100]}' is no chart of this site. Allowed: {urls.base}/c/ID and "
            "its parameters.", 404,
        )  # fmt: skip
    return found[1], query


def _at_most(query: Mapping[str, str], name: str, usual: int) -> int:
    given = query.get(name, "")
    if not given:
        return usual
    if not re.fullmatch("[0-9]{2,5}", given, re.ASCII):
        raise AddressError(name, f"{name}: '{given[:40]}' is not a number of pixels.")
    return max(200, min(usual, int(given)))


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
    lang = "en" if re.search("(^|&)lang=en(&|$)", request.url.query[:2000]) else "zh"
    headers = {"Content-Security-Policy": PAGE_POLICY, "Cache-Control": "no-cache"}
    if status == 429:
        headers["Retry-After"] = str(BusyError.retry_after_s)
    parameter = error.parameter if isinstance(error, AddressError) else ""
    body = page.problem_page(status, str(error), request.app.state.site, lang, parameter)
    return Response(body, status, headers, HTML)


class _Place(StringConvertor):
    """ID or ID@ASOF, without a suffix."""

    regex = "[^/.]+"


register_url_convertor("place", _Place())
#: Asked for more than anything else, so it stands before all other routes: looking through them
#: takes longer than the answer.
PAGE_ROUTE = Route("/c/{place:place}", whole_page)
