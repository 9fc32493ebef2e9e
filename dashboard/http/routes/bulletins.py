"""A bulletin as a file to take along: /bulletins/DATE.zip."""

from __future__ import annotations

from datetime import UTC, datetime
from hashlib import sha256

from fastapi import APIRouter, Request
from fastapi.responses import Response

from dashboard.address import AddressError, one_of, parse_query
from dashboard.api.answers import bulletin_of
from dashboard.data.snapshot import Snapshot
from dashboard.display import LANGS, THEMES, UPDOWNS, Display
from dashboard.export.receipts import Made, Served
from dashboard.http.made_once import answer, made
from dashboard.http.responses import LIVE
from dashboard.http.routes.charts import METHODS, OPEN, ZIP, for_people
from dashboard.static_copy.pack import pack

router = APIRouter(include_in_schema=False)
POLICY = "default-src 'none'"


@router.api_route("/bulletins/{day}.zip", methods=METHODS)
async def bulletin_pack(request: Request, day: str) -> Response:
    """The text with its charts, evidence, data and receipts."""
    state = request.app.state
    try:
        snapshot: Snapshot = state.snapshots.current()
        bulletin = bulletin_of(snapshot, day)
        chosen = _chosen(parse_query(request.url.query))

        def make() -> bytes:
            body = pack(snapshot, bulletin, chosen, state.site)
            served: Served = state.served
            link = state.site.urls.online.to(f"/bulletins/{bulletin.date}.zip")
            digest = sha256(body).hexdigest()
            served.note(Made(digest, link, snapshot.name, len(body), datetime.now(UTC)))
            return body

        kept = await made(request, snapshot, "picture", ("pack", day, chosen), ZIP, make)
    except AddressError as error:
        return for_people(request, error)
    name = f"bulletin_{bulletin.date}_{chosen.lang}.zip"
    headers = {**OPEN, "Content-Disposition": f'attachment; filename="{name}"; '
               f"filename*=UTF-8''{name}"}  # fmt: skip
    return answer(request, kept, LIVE, POLICY, headers)


def _chosen(query: dict[str, str]) -> Display:
    return Display(
        one_of("lang", query.get("lang", ""), LANGS),
        one_of("theme", query.get("theme", ""), THEMES),
        one_of("updown", query.get("updown", ""), UPDOWNS),
    )
