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

from dashboard.address import AddressError, ChartAddress, as_named, parse, parse_query
from dashboard.chart.picture import Paper
from dashboard.chart.qr import qr, qr_png
from dashboard.chart_page import page, short_links
from dashboard.chart_page.kit import as_html, as_zip, kit
from dashboard.chart_page.markdown import chart_markdown
from dashboard.chart_page.pictures import paper, png_of, svg_of
from dashboard.chart_page.view import View, of_chart, view
from dashboard.data.snapshot import Snapshot
from dashboard.export.licence import require_free
from dashboard.export.names import disposition
from dashboard.export.table import to_json
from dashboard.http.cache import Content
from dashboard.http.caching import Caching, as_of, frozen, live
from dashboard.http.problems import RefusedError, page_for, problem
from dashboard.http.responses import (
    answered,
    current_snapshot,
    meaning_of,
    service_of,
)
from dashboard.http.security import CHART_PAGE, EMBEDDED, PICTURE
from dashboard.texts import text
from dashboard.urls import Urls

router = APIRouter(include_in_schema=False)
#: What looks like a page and is none of the files above or of the data files.
pages = APIRouter(include_in_schema=False)
METHODS = ["GET", "HEAD"]
HTML, SVG, PNG, TEXT, ZIP = (
    "text/html; charset=utf-8",
    "image/svg+xml",
    "image/png",
    "text/plain; charset=utf-8",
    "application/zip",
)
MARKDOWN = "text/markdown; charset=utf-8"  # fmt: skip
#: How the name of each of these ends.
_SAVED = {HTML: ".html", SVG: ".svg", PNG: ".png", TEXT: ".txt", ZIP: ".zip", MARKDOWN: ".md"}
SUFFIXES = ("svg", "png", "csv", "xlsx", "parquet", "json", "zip", "txt", "md", "metadata.json",
            "qr.svg", "qr.png", "kit.zip", "kit.html")  # fmt: skip


@router.api_route("/c/{place}.qr.svg", methods=METHODS)
async def qr_file(request: Request, place: str) -> Response:
    """The link as a QR code: of a frozen chart its short form, of a live one its address."""
    query = parse_query(request.url.query)
    return await _picture(
        request, place, query, SVG, "qr", lambda seen: qr(_link(request, seen)).encode()
    )


@router.api_route("/c/{place}.qr.png", methods=METHODS)
async def qr_picture(request: Request, place: str) -> Response:
    """The same code as pixels, for editors that take no SVG."""
    query = parse_query(request.url.query)
    return await _picture(
        request, place, query, PNG, "qr", lambda seen: qr_png(_link(request, seen))
    )


@router.api_route("/c/{place}.kit.zip", methods=METHODS)
async def kit_file(request: Request, place: str) -> Response:
    """All that an editor inserts, in one file."""
    site, query = service_of(request).site, parse_query(request.url.query)
    return await _picture(
        request, place, query, ZIP, "kit", lambda seen: as_zip(seen, site), saved="attachment"
    )


@router.api_route("/c/{place}.kit.html", methods=METHODS)
async def kit_html(request: Request, place: str) -> Response:
    """The rich form alone, for the WeChat editor."""
    site, query = service_of(request).site, parse_query(request.url.query)
    return await _picture(
        request, place, query, HTML, "kit", lambda seen: as_html(kit(seen, site)).encode()
    )


@router.api_route("/c/{place}.svg", methods=METHODS)
async def svg_file(request: Request, place: str) -> Response:
    """The chart as a vector picture, in the state of the link."""
    urls, (size, query) = service_of(request).site.urls, paper(parse_query(request.url.query))
    return await _picture(request, place, query, SVG, size,
                          lambda seen: svg_of(seen, size, urls).encode())  # fmt: skip


@router.api_route("/c/{place}.png", methods=METHODS)
async def png_file(request: Request, place: str) -> Response:
    """The chart as pixels, drawn without a browser."""
    urls, (size, query) = service_of(request).site.urls, paper(parse_query(request.url.query))
    return await _picture(request, place, query, PNG, size, lambda seen: png_of(seen, size, urls))


@router.api_route("/c/{place}.txt", methods=METHODS)
async def text_file(request: Request, place: str) -> Response:
    """The chart in words."""
    query = parse_query(request.url.query)
    site = service_of(request).site

    def write(seen: View) -> bytes:
        require_free(seen.snapshot.catalog, seen.address.ids)
        return page.plain_text(seen, site).encode()

    return await _picture(request, place, query, TEXT, None, write)


@router.api_route("/c/{place}.md", methods=METHODS)
async def markdown_file(request: Request, place: str) -> Response:
    """The chart as Markdown, with its values."""
    query = parse_query(request.url.query)
    site = service_of(request).site

    def write(seen: View) -> bytes:
        require_free(seen.snapshot.catalog, seen.address.ids)
        return chart_markdown(seen, site).encode()

    return await _picture(request, place, query, MARKDOWN, None, write)


@router.api_route("/c/{place}/since", methods=METHODS)
async def since_page(request: Request, place: str) -> Response:
    """What has become of a frozen chart; it changes, so it is apart from the page that does not."""
    site = service_of(request).site
    snapshot, address = await _asked(request, place, parse_query(request.url.query))
    if address.as_of is None:
        raise AddressError("asof", f"asof: {address.id} is the live chart; write {address.id}@"
                           "2026-05-27 for one that is frozen.")  # fmt: skip
    return await _page(
        request, snapshot, f"since {meaning_of(address)}", live(snapshot, address.ids),
        CHART_PAGE,
        lambda: page.since_page(view(snapshot, address), site),
    )  # fmt: skip


@router.api_route("/s/{code}", methods=METHODS)
async def short_link(request: Request, code: str) -> Response:
    """The frozen address behind a short code, for ever."""
    snapshot = await current_snapshot(request)
    found = await run_in_threadpool(short_links.address, code, snapshot.catalog)
    target = service_of(request).site.urls.chart(found)
    return RedirectResponse(target, 301, frozen(found.ids).headers)


@router.api_route("/embed/c/{place}", methods=METHODS)
async def embedded(request: Request, place: str) -> Response:
    """The chart for a frame on any site."""
    site = service_of(request).site
    snapshot, address = await _asked(request, place, parse_query(request.url.query))
    return await _page(
        request, snapshot, f"embed {meaning_of(address)}",
        as_of(snapshot, address.ids, address.as_of), EMBEDDED,
        lambda: page.embed_page(view(snapshot, address), site),
    )  # fmt: skip


@router.api_route("/oembed", methods=METHODS)
async def oembed(request: Request) -> Response:
    """How another site embeds a chart whose address it was given (oembed.com)."""
    query = parse_query(request.url.query)
    if query.get("format", "json") != "json":
        return problem(501, "format: only json is given.", parameter="format")
    urls = service_of(request).site.urls
    place, told = _within(query.get("url", ""), urls)
    current = await current_snapshot(request)
    place, asked = as_named(place, parse_query(told), current.catalog)
    width, height = (_at_most(query, name, usual) for name, usual in
                     zip(("maxwidth", "maxheight"), page.EMBED, strict=True))  # fmt: skip
    snapshot, address = await _asked(request, place, asked)

    def make() -> Content:
        seen = view(snapshot, address)
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
        return Content(to_json(document), "application/json", live(snapshot, address.ids))

    what = f"oembed {width} {height} {meaning_of(address)}"
    return await answered(request, snapshot, what, make, service_of(request).pages)


@pages.api_route("/c/{place}", methods=METHODS)
async def other_suffix(request: Request, place: str) -> Response:
    """What no route above has taken: a page that says what there is."""
    return page_for(request, _unknown_suffix(place))


async def whole_page(request: Request) -> Response:
    """One chart with its words, its table and its links."""
    request.scope["route"] = PAGE_ROUTE
    place: str = request.path_params["place"]
    site = service_of(request).site
    snapshot, address = await _asked(request, place, parse_query(request.url.query))
    return await _page(
        request, snapshot, f"page {meaning_of(address)}",
        as_of(snapshot, address.ids, address.as_of), CHART_PAGE,
        lambda: page.page(view(snapshot, address), site),
    )  # fmt: skip


async def _page(
    request: Request,
    snapshot: Snapshot,
    what: str,
    lasts: Caching,
    policy: str,
    write: Callable[[], str],
) -> Response:
    headers = {
        "X-Snapshot": snapshot.name,
        "Content-Security-Policy": policy,
    }
    return await answered(
        request, snapshot, what, lambda: Content(write().encode(), HTML, lasts, headers),
        service_of(request).pages,
    )  # fmt: skip


def _link(request: Request, seen: View) -> str:
    if page.for_committee(seen):
        raise RefusedError("This chart is for the committee, and has no code to pass it on.", 403)
    return page.qr_link(seen, service_of(request).site.urls.online)


async def _picture(
    request: Request,
    place: str,
    query: Mapping[str, str],
    kind: str,
    size: object,
    draw: Callable[[View], bytes],
    saved: str = "inline",
) -> Response:
    snapshot, address = await _asked(request, place, query)
    lasts = as_of(snapshot, address.ids, address.as_of)
    headers = {
        "X-Snapshot": snapshot.name,
        "Content-Security-Policy": PICTURE,
        "Content-Disposition": _saved_as(address, snapshot, size, kind, saved),
    }
    return await answered(
        request, snapshot, f"{kind} {size} {meaning_of(address)}",
        lambda: Content(draw(view(snapshot, address)), kind, lasts, headers),
        service_of(request).pictures,
    )  # fmt: skip


def _saved_as(
    address: ChartAddress, snapshot: Snapshot, size: object, kind: str, saved: str
) -> str:
    """The name of a picture, of a text or of a kit."""
    more = [size] if isinstance(size, str) else []
    if isinstance(size, Paper):
        more = [f"{size.width}x{size.height}"]
        more += [f"@{size.density:g}x"] if size.density != 1 else []
    return disposition(address, snapshot.catalog, _SAVED[kind], more, saved)


async def _asked(
    request: Request, place: str, query: Mapping[str, str]
) -> tuple[Snapshot, ChartAddress]:
    """The snapshot to answer from, and what is asked of it."""
    snapshot = await current_snapshot(request)
    return snapshot, of_chart(parse(place, query, snapshot.catalog, datetime.now(UTC)))


def _within(url: str, urls: Urls) -> tuple[str, str]:
    """The place and the parameters of a chart address of this site."""
    address = (urls.within(url[:4000]) or "") if url.startswith("http") else ""
    path, _, query = address.partition("#")[0].partition("?")
    found = re.fullmatch("/c/([^/.]+)", path)
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


class _Place(StringConvertor):
    """ID or ID@ASOF, without a suffix."""

    regex = "[^/.]+"


register_url_convertor("place", _Place())
#: Asked for more than anything else, so it stands before all other routes: looking through them
#: takes longer than the answer.
PAGE_ROUTE = Route("/c/{place:place}", whole_page)
