"""The page since a meeting as a file, /since/DATE.md and /since/DATE.csv."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool

from dashboard.address import one_of, parse_query
from dashboard.data import queries
from dashboard.display import LANGS
from dashboard.http.cache import Content
from dashboard.http.caching import as_of
from dashboard.http.responses import answered, current_snapshot, service_of
from dashboard.pages.since import PATH, file_of, span_of

router = APIRouter(include_in_schema=False)
MEDIA_TYPES = {".md": "text/markdown; charset=utf-8", ".csv": "text/csv; charset=utf-8"}


def _file(suffix: str, media_type: str) -> Callable[[Request, str], Awaitable[Response]]:
    async def answer(request: Request, day: str) -> Response:
        service, snapshot = service_of(request), await current_snapshot(request)
        query = parse_query(request.scope["query_string"].decode("latin-1"))
        lang = one_of("lang", query.get("lang", ""), LANGS)
        now = datetime.now(UTC).replace(second=0, microsecond=0)
        span = await run_in_threadpool(span_of, snapshot, day, query, now)
        every = list(queries.standings(snapshot))
        lasts = as_of(snapshot, every, span.as_of)
        moment = f"@{span.as_of:%Y-%m-%dT%H%M}" if span.as_of else ""
        name = f"since_{day}{moment}_{lang}{suffix}"
        headers = {
            "X-Snapshot": snapshot.name,
            "Content-Disposition": f"attachment; filename=\"{name}\"; filename*=UTF-8''{name}",
        }

        def make() -> Content:
            base = service.site.urls.base
            body = file_of(snapshot, span, suffix, base, lang).encode()
            return Content(body, media_type, lasts, headers)

        what = f"since{suffix} {day} {span.as_of or now} {lang}"
        return await answered(
            request, snapshot, what, make, service.files, by_the_clock=span.as_of is None
        )

    answer.__doc__ = f"What became known since the end of a day, as {suffix}."
    return answer


for _suffix, _media_type in MEDIA_TYPES.items():
    router.add_api_route(
        f"{PATH}/{{day}}{_suffix}", _file(_suffix, _media_type), methods=["GET", "HEAD"]
    )
