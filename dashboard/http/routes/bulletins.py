"""A bulletin as a file to take along, /bulletins/DATE.zip; and a draft that is checked."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool

from dashboard.address import AddressError, one_of, parse_query
from dashboard.api.answers import bulletin_of
from dashboard.app import LivePages, document
from dashboard.data.snapshot import Snapshot
from dashboard.display import LANGS, THEMES, UPDOWNS, Display
from dashboard.export.receipts import Made
from dashboard.http.cache import Content
from dashboard.http.caching import NEVER, live
from dashboard.http.forms import FormField, form_fields
from dashboard.http.limits import ConcurrencyLimit
from dashboard.http.problems import answer_to, page_for
from dashboard.http.responses import answered, current_snapshot, service_of
from dashboard.http.security import NOTHING
from dashboard.pages.draft import PATH, SentDraft
from dashboard.static_copy.pack import bulletin_kit, pack
from etl.bulletins.model import Bulletin
from etl.errors import XinzhiError

router = APIRouter(include_in_schema=False)


@router.api_route("/bulletins/{day}.kit.zip", methods=["GET", "HEAD"])
async def bulletin_kit_file(request: Request, day: str) -> Response:
    """The pictures, words and codes of every chart of a bulletin."""
    service = service_of(request)

    def make(snapshot: Snapshot, bulletin: Bulletin, chosen: Display) -> bytes:
        return bulletin_kit(snapshot, bulletin, chosen, service.site)

    return await _zip(request, day, "kit", make, service.pictures)


@router.api_route("/bulletins/{day}.zip", methods=["GET", "HEAD"])
async def bulletin_pack(request: Request, day: str) -> Response:
    """The text with its charts, evidence, data and receipts."""
    service = service_of(request)

    def make(snapshot: Snapshot, bulletin: Bulletin, chosen: Display) -> bytes:
        body = pack(snapshot, bulletin, chosen, service.site)
        link = service.site.urls.online.to(f"/bulletins/{bulletin.date}.zip")
        digest, now = sha256(body).hexdigest(), datetime.now(UTC)
        service.served.note(Made(digest, link, snapshot.name, len(body), now))
        return body

    return await _zip(request, day, "", make, service.files)


async def _zip(
    request: Request,
    day: str,
    kind: str,
    make: Callable[[Snapshot, Bulletin, Display], bytes],
    limit: ConcurrencyLimit,
) -> Response:
    """A file made of a bulletin, as the reader chose the display."""
    try:
        snapshot = await current_snapshot(request)
        bulletin = await run_in_threadpool(bulletin_of, snapshot, day)
        chosen = _chosen(parse_query(request.url.query))
        parts = ("bulletin", str(bulletin.date), chosen.lang, kind)
        headers = _headers(snapshot, f"{'_'.join(filter(None, parts))}.zip")

        def content() -> Content:
            return Content(
                make(snapshot, bulletin, chosen),
                "application/zip",
                live(snapshot, day=str(bulletin.date)),
                headers,
            )

        what = f"{kind or 'pack'} {day} {chosen}"
        return await answered(request, snapshot, what, content, limit)
    except AddressError as error:
        return page_for(request, error)


def _headers(snapshot: Snapshot, name: str) -> dict[str, str]:
    return {
        "X-Snapshot": snapshot.name,
        "Content-Security-Policy": NOTHING,
        "Content-Disposition": f"attachment; filename=\"{name}\"; filename*=UTF-8''{name}",
    }


def _chosen(query: dict[str, str]) -> Display:
    return Display(
        one_of("lang", query.get("lang", ""), LANGS),
        one_of("theme", query.get("theme", ""), THEMES),
        one_of("updown", query.get("updown", ""), UPDOWNS),
    )


@router.post(PATH)
async def check_draft(request: Request) -> Response:
    """A draft, checked while its sender waits. Nothing is stored or changed, so that a form on
    another site could bring about nothing: there is no token against one."""
    live: LivePages = request.app.state.live
    service, body = service_of(request), await request.body()
    told, search = request.headers.get("content-type", ""), request.url.query

    def make() -> Response:
        shown = live.check(search, _sent(form_fields(told, body)))
        page = document(shown, live.site, scripts=("marks.js",))
        return Response(page, shown.page.status, media_type="text/html")

    try:
        answer = await service.drafts.run(lambda: _quietly(make), request.receive)
    except XinzhiError as error:
        answer = answer_to(request, error)
    answer.headers.update(NEVER.headers)
    return answer


def _sent(fields: Mapping[str, FormField]) -> SentDraft:
    nothing = FormField(b"")
    text, day, file = (fields.get(name, nothing) for name in ("text", "date", "file"))
    return SentDraft.of(day.text, text.text.replace("\r\n", "\n"), file.content, file.filename)


def _quietly(make: Callable[[], Response]) -> Response:
    """What is made; of an error that nobody foresaw its kind and its place alone: its words may be
    those of the draft, which belong in no log."""
    try:
        return make()
    except XinzhiError:
        raise
    except Exception as error:
        place = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{Path(place.filename).name}:{place.lineno}"
        raise RuntimeError(
            f"a draft could not be checked: {type(error).__name__}, {where}"
        ) from None
