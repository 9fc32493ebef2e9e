"""/api/v1: the same data for programs. docs/api.md says what will not change."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import Response
from pydantic import BaseModel

from dashboard.address import (
    MAX_IDS,
    MAX_WITH,
    RANGES,
    TRANSFORMS,
    parse_observations,
    parse_query,
    schema_of,
)
from dashboard.api import answers, models
from dashboard.data.ledger import KINDS, VERDICTS
from dashboard.data.search import LONGEST
from dashboard.data.snapshot import Snapshot
from dashboard.export.formats import FORMATS
from dashboard.export.licence import require_free
from dashboard.http.cache import Content
from dashboard.http.caching import live
from dashboard.http.problems import problem
from dashboard.http.responses import answered, current_snapshot, service_of
from dashboard.http.routes.data import data_answer

router = APIRouter(prefix="/api", tags=["v1"])
Parameter = dict[str, Any]
Route = Callable[..., Awaitable[Response]]
_REFUSED: dict[str, Any] = {
    "description": "what is wrong, and what is allowed",
    "content": {"application/problem+json": {"schema": models.Problem.model_json_schema()}},
}


def _parameter(name: str, description: str, example: str, **more: Any) -> Parameter:
    """A parameter as OpenAPI describes it; what it takes, the grammar of addresses says."""
    return {
        "name": name,
        "in": "query",
        "required": False,
        "description": description,
        "schema": {**schema_of(name), **more},
        "example": example,
    }


SPAN = _parameter("t", f"the span: {' '.join(RANGES)}, or FROM..TO (either may be empty)", "3m",
                  default="1y")  # fmt: skip
TRANSFORM = _parameter(
    "u", f"the transform: {' '.join(TRANSFORMS)}; index:DATE, ma:N and z:N take a value", "yoy",
    default="level",
)  # fmt: skip
FREQUENCY = _parameter(
    "freq", "bring the values to weeks, months, quarters or years; never finer than they are held",
    "m",
)  # fmt: skip
AGGREGATE = _parameter(
    "agg", "what a period's value is: eop (its end), avg, min, max, or sum of what adds up", "avg",
)  # fmt: skip
SHAPE = _parameter("shape", "a row for each value, or one for each date", "wide")
OBSERVATIONS = (
    {**_parameter("ids", f"ids of indicators, separated by commas; at most {MAX_IDS}",
                  "sp500,vix"), "required": True},
    SPAN,
    TRANSFORM,
    FREQUENCY,
    AGGREGATE,
    _parameter("asof", "only what was known then: 2026-05-27 (the end of that day in Beijing) or "
               "2026-05-27T0900 (Beijing time)", "2026-05-27"),
    SHAPE,
    _parameter("format", "how the rows are written", "csv"),
)  # fmt: skip
INDICATORS = (
    _parameter("q", "names, aliases, pinyin, tickers, units, groups, events; every word must be "
               "found", "nvda", maxLength=LONGEST),
)  # fmt: skip
POLICIES = (
    _parameter("month", "documents that count in this month", "2026-05"),
    _parameter("topic", "documents with this topic", "数据要素"),
    _parameter("issuer", "documents whose issuer has this in its name", "国务院"),
)
CLAIMS = (
    _parameter("id", "statements of this indicator", "micron_market_cap_usd_bn"),
    _parameter("verdict", "statements with this verdict on their day", "supported",
               enum=list(VERDICTS)),
    _parameter("kind", "statements of this kind", "milestone", enum=list(KINDS)),
    _parameter("since", "bulletins from this day on", "2026-05-01", format="date"),
    _parameter("until", "bulletins up to this day", "2026-05-31", format="date"),
    _parameter("asof", "bulletins and what became of their statements as known then", "2026-07-31"),
)  # fmt: skip
EVENTS = (
    _parameter("id", "events of this indicator", "micron_market_cap_usd_bn"),
    _parameter("kind", "events of this kind", "milestone_up", enum=list(answers.EVENT_KINDS)),
    _parameter("since", "events from this day on", "2026-05-01", format="date"),
    _parameter("until", "events up to this day", "2026-05-31", format="date"),
)
FILES = (
    {**_parameter("place", "the id of an indicator; ID@ASOF for what was known then",
                  "sp500"), "in": "path", "required": True},
    {**_parameter("suffix", "the kind of file", "csv",
                  enum=[*(kind.name for kind in FORMATS.values()), "md"]),
     "in": "path", "required": True},
    _parameter("with", f"up to {MAX_WITH} more ids, separated by commas", "vix"),
    SPAN,
    TRANSFORM,
    FREQUENCY,
    AGGREGATE,
    _parameter("scale", "the scale that a log address refuses values for", "linear"),
    _parameter("lang", "the language of what is written for people", "en"),
    SHAPE,
    _parameter("for", "excel: with a byte order mark and Chinese headers", "excel"),
    _parameter("scope", "the span that is seen, or everything", "full"),
)  # fmt: skip


def description(app: FastAPI) -> dict[str, Any]:
    """The API as OpenAPI describes it, with the data files of chart addresses."""
    document = app.openapi()
    for methods in document["paths"].values():
        for parameter in methods["get"].get("parameters", ()):
            if parameter["in"] == "path":
                parameter["schema"] = schema_of(parameter["name"])
    kinds = [*(kind.media_type for kind in FORMATS.values()), "text/markdown"]
    content: dict[str, Any] = {kind.partition(";")[0]: {} for kind in kinds}
    refused = {str(status): _REFUSED for status in (400, 403, 404, 429, 503)}
    files = {
        "summary": "Data files",
        "description": "The rows of a chart address as a file.",
        "operationId": "data_file",
        "tags": ["files"],
        "parameters": list(FILES),
        "responses": {"200": {"description": "the file", "content": content}, **refused},
    }
    return {**document, "paths": {**document["paths"], "/c/{place}.{suffix}": {"get": files}}}


def _get(
    path: str,
    model: type[BaseModel],
    parameters: Sequence[Parameter] = (),
    also: Sequence[str] = (),
    also_refused: Sequence[int] = (),
) -> Callable[[Route], Route]:
    """Answer GET and HEAD; GET stands in the description, with its model and its errors."""
    given = {"model": model, "content": {kind: {} for kind in also}}

    def add(route: Route) -> Route:
        router.get(
            path,
            responses={200: given, **dict.fromkeys((*also_refused, 400, 404, 429, 503), _REFUSED)},
            openapi_extra={"parameters": list(parameters)} if parameters else None,
        )(route)
        router.head(path, include_in_schema=False)(route)
        return route

    return add


@_get("/v1/indicators", models.IndicatorList, INDICATORS)
async def indicators(request: Request) -> Response:
    """Every indicator in the order of the catalog, with its newest value; with `q`, those that its
    words mean, the nearest first."""
    urls, words = service_of(request).site.urls, _chosen(request, INDICATORS).get("q", "")
    return await _answered(
        request, f"indicators {words[:LONGEST + 1]}",
        lambda s: answers.indicators(s, words, urls), "indicators",
    )  # fmt: skip


@_get("/v1/indicators/{id}", models.IndicatorDetail)
async def indicator(request: Request, id: str) -> Response:
    """One indicator with all that the catalog says of it, and the addresses of its files."""
    urls = service_of(request).site.urls
    return await _answered(
        request, f"indicator {id}", lambda s: answers.indicator(s, id, urls), ids=[id]
    )


@_get(
    "/v1/observations",
    models.Observations,
    OBSERVATIONS,
    also=("text/csv", "application/vnd.apache.parquet"),
    also_refused=(403,),
)
async def observations(request: Request) -> Response:
    """The rows of one or more indicators, as JSON, CSV or Parquet."""
    snapshot = await current_snapshot(request)
    query = parse_query(request.url.query)
    address, name = parse_observations(query, snapshot.catalog, datetime.now(UTC))
    require_free(snapshot.catalog, address.ids, first="ids", more="ids")
    return await data_answer(request, snapshot, address, FORMATS[f".{name}"])


@router.api_route(
    "/v1/observations.metadata.json", methods=["GET", "HEAD"], include_in_schema=False
)
async def described(request: Request) -> Response:
    """What must be said with the rows of the same parameters."""
    snapshot = await current_snapshot(request)
    query = {**parse_query(request.url.query), "format": ""}
    address, _ = parse_observations(query, snapshot.catalog, datetime.now(UTC))
    return await data_answer(request, snapshot, address, FORMATS[".metadata.json"])


@_get("/v1/bulletins", models.BulletinList)
async def bulletins(request: Request) -> Response:
    """Every bulletin, newest first."""
    urls = service_of(request).site.urls
    return await _answered(request, "bulletins", lambda s: answers.bulletins(s, urls), "bulletins")


@_get("/v1/bulletins/{date}", models.BulletinDetail, also_refused=(410,))
async def bulletin(request: Request, date: str) -> Response:
    """One bulletin as plain text, with the indicators that each section mentions."""
    urls = service_of(request).site.urls
    return await _answered(
        request, f"bulletin {date}", lambda s: answers.bulletin(s, date, urls), day=date
    )


@_get("/v1/bulletins/{date}/claims", models.ClaimList, also_refused=(410,))
async def claims(request: Request, date: str) -> Response:
    """The statements of a bulletin, each checked on what was known by the end of its day."""
    urls = service_of(request).site.urls
    return await _answered(
        request, f"claims {date}", lambda s: answers.claims(s, date, urls), "claims", day=date
    )


@_get("/v1/claims", models.StatementLedger, CLAIMS)
async def ledger(request: Request) -> Response:
    """Every statement of the bulletins, its verdict of the day and the later one, and how long it
    was true."""
    query, now = _chosen(request, CLAIMS), datetime.now(UTC)
    urls = service_of(request).site.urls
    return await _answered(
        request, f"ledger {query}", lambda s: answers.ledger(s, query, now, urls), "claims"
    )


@_get("/v1/policies", models.PolicyList, POLICIES)
async def policies(request: Request) -> Response:
    """Policy documents, newest first: those of the register and those that bulletins cite."""
    query = _chosen(request, POLICIES)
    return await _answered(
        request, f"policies {query}", lambda s: answers.policies(s, query), "policies"
    )


@_get("/v1/events", models.EventList, EVENTS)
async def events(request: Request) -> Response:
    """Records and round numbers crossed, newest first."""
    query = _chosen(request, EVENTS)
    return await _answered(request, f"events {query}", lambda s: answers.events(s, query), "events")


@_get("/v1/corrections", models.CorrectionList)
async def corrections(request: Request) -> Response:
    """Values that a source gives wrongly and people corrected, newest first."""
    urls = service_of(request).site.urls
    return await _answered(
        request, "corrections", lambda s: answers.corrections(s, urls), "corrections"
    )


@_get("/v1/status", models.Status)
async def status(request: Request) -> Response:
    """How fresh each indicator is, by the sessions of its own calendar, and what went wrong."""
    now = datetime.now(UTC).replace(second=0, microsecond=0)
    warning = service_of(request).snapshots.problem
    return await _answered(
        request, f"status {now} {warning}", lambda s: answers.status(s, warning, now),
        "indicators", by_the_clock=True,
    )  # fmt: skip


@router.api_route("/{rest:path}", methods=["GET", "HEAD"], include_in_schema=False)
async def nothing_else(request: Request, rest: str) -> Response:
    """Dash would answer any path with a page; here what does not exist is said so."""
    return problem(404, f"There is no /api/{rest[:80]}. See /api/docs.")


def _chosen(request: Request, parameters: Sequence[Parameter]) -> dict[str, str]:
    """The parameters that this address knows and was given."""
    query = parse_query(request.url.query)
    names = [parameter["name"] for parameter in parameters]
    return {name: query[name] for name in names if query.get(name)}


async def _answered(
    request: Request,
    what: str,
    make: Callable[[Snapshot], BaseModel],
    rows: str = "",
    *,
    ids: Sequence[str] = (),
    day: str | None = None,
    by_the_clock: bool = False,
) -> Response:
    """The answer that `make` gives of the current snapshot, about indicators or the bulletin of a
    day where these are given; `rows` names its list."""
    snapshot = await current_snapshot(request)

    def content() -> Content:
        model = make(snapshot)
        headers = {
            "X-Snapshot": snapshot.name,
            "X-Row-Count": str(len(getattr(model, rows)) if rows else 1),
        }
        body, lasts = model.model_dump_json(indent=1).encode(), live(snapshot, ids, day)
        return Content(body, "application/json", lasts, headers)

    return await answered(
        request, snapshot, f"api {what}", content, service_of(request).files,
        by_the_clock=by_the_clock,
    )  # fmt: skip
