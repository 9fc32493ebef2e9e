"""Downloads at lasting addresses: /c/ID[@ASOF] with the suffix of each format, and the question
whether a file came from here."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime
from hashlib import sha256

from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.convertors import StringConvertor, register_url_convertor

from dashboard.address import (
    AddressError,
    ChartAddress,
    as_of_in,
    one_of,
    parse,
    parse_query,
    pasted,
)
from dashboard.chart_page.short_links import MAX_CODE
from dashboard.data import queries
from dashboard.data.snapshot import Snapshot
from dashboard.export import provinces
from dashboard.export.csv import iso
from dashboard.export.formats import FORMATS, Format
from dashboard.export.receipts import Made, Receipts
from dashboard.export.table import disposition, of_data, table, to_json
from dashboard.http.cache import Content
from dashboard.http.caching import as_of, live
from dashboard.http.responses import (
    Service,
    answered,
    current_snapshot,
    meaning_of,
    service_of,
)

router = APIRouter()
_DIGEST = re.compile(r"[0-9a-f]{64}")
#: The place of a bulletin with all that belongs to it.
_PACK = re.compile(r"bulletins/(\d{4}-\d\d-\d\d)\.zip")


def _download(kind: Format) -> Callable[[Request, str], Awaitable[Response]]:
    async def download(request: Request, place: str) -> Response:
        snapshot = await current_snapshot(request)
        query = parse_query(request.scope["query_string"].decode("latin-1"))
        address = parse(place, query, snapshot.catalog, datetime.now(UTC))
        return await data_answer(request, snapshot, address, kind)

    download.__doc__ = f"The data of one address as {kind.name}."
    return download


# The longer suffix first: .metadata.json ends in .json too.
for _kind in sorted(FORMATS.values(), key=lambda kind: -len(kind.suffix)):
    router.add_api_route(
        f"/c/{{place}}{_kind.suffix}",
        _download(_kind),
        methods=["GET", "HEAD"],
        name=_kind.name,
        include_in_schema=False,
    )


def _of_provinces(suffix: str) -> Callable[[Request], Awaitable[Response]]:
    async def download(request: Request) -> Response:
        snapshot = await current_snapshot(request)
        query = parse_query(request.scope["query_string"].decode("latin-1"))
        as_of = as_of_in(query, datetime.now(UTC))
        for_excel = one_of("for", query.get("for", ""), ("", "excel")) == "excel"

        def made() -> Content:
            if suffix == ".csv":
                body = provinces.as_csv(snapshot, as_of, for_excel=for_excel)
            else:
                body = provinces.as_xlsx(snapshot, as_of)
            headers = {
                "X-Snapshot": snapshot.name,
                "X-Row-Count": str(sum(1 for _ in provinces.records(snapshot, as_of))),
                "Content-Disposition": f'attachment; filename="{provinces.NAME}{suffix}"',
            }
            return Content(body, FORMATS[suffix].media_type, live(snapshot), headers)

        what = f"provinces {suffix} {as_of} {for_excel}"
        return await answered(request, snapshot, what, made, service_of(request).files)

    download.__doc__ = f"The figures of provinces as {suffix.removeprefix('.')}."
    return download


for _suffix in (".csv", ".xlsx"):
    router.add_api_route(
        f"/provinces{_suffix}",
        _of_provinces(_suffix),
        methods=["GET", "HEAD"],
        name=f"provinces{_suffix}",
        include_in_schema=False,
    )


class _Digest(StringConvertor):
    """A SHA-256, or what is longer than the code of any chart: those are the page's."""

    regex = f"[0-9A-Fa-f]{{61,}}|[^/]{{{MAX_CODE + 1},}}"


register_url_convertor("digest", _Digest())


@router.api_route("/verify/{digest:digest}", methods=["GET", "HEAD"], include_in_schema=False)
def verify(request: Request, digest: str) -> Response:
    """Whether this site has made the file with this SHA-256: when, and at which address."""
    served = service_of(request).served
    wanted = digest.lower()
    if not _DIGEST.fullmatch(wanted):
        raise AddressError(
            "sha256", f"sha256: '{digest[:70]}' is not a SHA-256; write its 64 hexadecimal digits."
        )
    made = served.find(wanted)
    if made is None or not _may_be_told(made, service_of(request).snapshots.current()):
        raise AddressError("sha256", _unknown(served), 404)
    document = {
        "sha256": made.sha256,
        "detail": f"This site made this file on {iso(made.made_at)}.",
        "address": made.address,
        "snapshot": made.snapshot,
        "bytes": made.bytes,
        "first_made_at": iso(made.made_at),
    }
    return Response(to_json(document), media_type="application/json",
                    headers=live(None).headers)  # fmt: skip


def _may_be_told(made: Made, snapshot: Snapshot) -> bool:
    """Whether a snapshot knows every indicator of a file, by whatever name, or its bulletin: what
    is for the committee by now is not named to readers, whose files of it are still on record."""
    place, query = pasted(made.address)
    if packed := _PACK.search(place):
        day = date.fromisoformat(packed[1])
        return bool(queries.bulletin(snapshot, day) or queries.withdrawal(snapshot, day))
    catalog = snapshot.catalog
    known = {*catalog.indicators, *catalog.current_ids, *catalog.retired}
    if snapshot.has("unclaimed"):
        known.update(name for (name,) in snapshot.rows("select indicator from unclaimed"))
    # A table of many has all of its indicators in `ids`, and none in its place.
    first = query["ids"] if "ids" in query else re.split("[@.]", place)[0]
    return known.issuperset(filter(None, f"{first},{query.get('with', '')}".split(",")))


async def data_answer(
    request: Request, snapshot: Snapshot, address: ChartAddress, kind: Format
) -> Response:
    """The answer to a request for one format of one table."""
    service, address = service_of(request), of_data(address)
    what = f"{kind.suffix} {meaning_of(address)}"
    return await answered(
        request, snapshot, what, lambda: _file(snapshot, address, kind, service), service.files
    )


def _file(snapshot: Snapshot, address: ChartAddress, kind: Format, service: Service) -> Content:
    urls = service.site.urls
    found = snapshot.cached("table", address, lambda: table(snapshot, address))
    body = kind.write(found, urls)
    link = urls.online.chart(address, kind.suffix)
    made = Made(sha256(body).hexdigest(), link, snapshot.name, len(body), datetime.now(UTC))
    service.served.note(made)
    about = urls.online.chart(address, ".metadata.json")
    # The description names the snapshot, so it changes even where the data cannot.
    is_told = kind.suffix == ".metadata.json"
    ids = address.ids
    lasts = live(snapshot, ids) if is_told else as_of(snapshot, ids, address.as_of)
    headers = {
        "X-Snapshot": snapshot.name,
        "X-Row-Count": str(found.row_count),
        "Link": f'<{about}>; rel="describedby"; type="application/json"',
    }
    if not is_told:
        headers["Content-Disposition"] = disposition(found, kind.suffix)
    return Content(body, kind.media_type, lasts, headers)


def _unknown(served: Receipts) -> str:
    count, since = served.extent()
    kept = f"{count:,} files are on record" + (f", the first made on {since[:10]}" if since else "")
    return (
        f"sha256: no file with this SHA-256 is on record here. {kept}; at most {served.kept:,} are "
        "kept, and the oldest make room. A file that was opened and saved again has another digest."
    )
