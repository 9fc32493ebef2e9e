"""A bulletin as a file to take along: /bulletins/DATE.zip."""

from __future__ import annotations

from datetime import UTC, datetime
from hashlib import sha256

from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool

from dashboard.address import AddressError, one_of, parse_query
from dashboard.api.answers import bulletin_of
from dashboard.display import LANGS, THEMES, UPDOWNS, Display
from dashboard.export.receipts import Made
from dashboard.http.cache import Content
from dashboard.http.problems import page_for
from dashboard.http.responses import LIVE, answered, current_snapshot, service_of
from dashboard.http.security import NOTHING
from dashboard.static_copy.pack import pack

router = APIRouter(include_in_schema=False)


@router.api_route("/bulletins/{day}.zip", methods=["GET", "HEAD"])
async def bulletin_pack(request: Request, day: str) -> Response:
    """The text with its charts, evidence, data and receipts."""
    service = service_of(request)
    try:
        snapshot = await current_snapshot(request)
        bulletin = await run_in_threadpool(bulletin_of, snapshot, day)
        chosen = _chosen(parse_query(request.url.query))
        name = f"bulletin_{bulletin.date}_{chosen.lang}.zip"
        headers = {
            "Cache-Control": LIVE,
            "X-Snapshot": snapshot.name,
            "Content-Security-Policy": NOTHING,
            "Content-Disposition": f"attachment; filename=\"{name}\"; filename*=UTF-8''{name}",
        }

        def make() -> Content:
            body = pack(snapshot, bulletin, chosen, service.site)
            link = service.site.urls.online.to(f"/bulletins/{bulletin.date}.zip")
            digest, now = sha256(body).hexdigest(), datetime.now(UTC)
            service.served.note(Made(digest, link, snapshot.name, len(body), now))
            return Content(body, "application/zip", headers)

        return await answered(request, snapshot, f"pack {day} {chosen}", make, service.files)
    except AddressError as error:
        return page_for(request, error)


def _chosen(query: dict[str, str]) -> Display:
    return Display(
        one_of("lang", query.get("lang", ""), LANGS),
        one_of("theme", query.get("theme", ""), THEMES),
        one_of("updown", query.get("updown", ""), UPDOWNS),
    )
