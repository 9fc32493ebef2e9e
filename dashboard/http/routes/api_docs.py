"""/api/docs: the description of the API as a page, written from the same document as
/api/openapi.json. No script, nothing from elsewhere."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape
from typing import Any
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Request
from fastapi.responses import Response

from dashboard.data import queries
from dashboard.data.snapshot import Snapshot
from dashboard.export.table import to_json
from dashboard.http.cache import Content
from dashboard.http.responses import answered, current_snapshot, service_of
from dashboard.http.routes.api import description
from dashboard.http.security import DOCUMENT
from etl.errors import StorageError

router = APIRouter(prefix="/api")
Json = Mapping[str, Any]
HEADERS = {"Cache-Control": "public, max-age=300"}
PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title} · API</title>
<meta name="color-scheme" content="light dark">
<link rel="icon" href="/assets/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/assets/site.css">
</head>
<body>
<div class="site">
<main id="main" class="narrow">
<h1>API</h1>
<p>{title}. {description}</p>
<p><a href="/">首页 / Home</a> · <a href="/api/openapi.json">OpenAPI</a></p>
{operations}
<h2>Types</h2>
{types}
</main>
</div>
</body>
</html>
"""


@router.api_route("/openapi.json", methods=["GET", "HEAD"], include_in_schema=False)
async def openapi(request: Request) -> Response:
    """The description for programs."""

    def make() -> Content:
        return Content(to_json(description(request.app)), "application/json", HEADERS)

    return await answered(request, None, "openapi", make, service_of(request).files)


@router.api_route("/docs", methods=["GET", "HEAD"], include_in_schema=False)
async def docs(request: Request) -> Response:
    """The page."""
    try:
        snapshot = await current_snapshot(request)
    except StorageError:
        snapshot = None

    def make() -> Content:
        html = page(description(request.app), _examples(snapshot) if snapshot else {})
        return Content(html.encode(), "text/html; charset=utf-8",
                       {**HEADERS, "Content-Security-Policy": DOCUMENT})  # fmt: skip

    return await answered(request, snapshot, "docs", make, service_of(request).pages)


def _examples(snapshot: Snapshot) -> dict[str, str]:
    """What may stand for a part of a path: an id and a day that exist, where anything does."""
    days = queries.bulletin_days(snapshot)
    first = next((indicator.id for indicator in snapshot.catalog.all()), None)
    return {
        **({"id": first, "place": first, "suffix": "csv"} if first else {}),
        **({"date": days[-1].isoformat()} if days else {}),
    }


def page(document: Json, examples: Mapping[str, str]) -> str:
    """The whole page from an OpenAPI document."""
    info = document["info"]
    return PAGE.format(
        title=escape(info["title"]),
        description=escape(info.get("description", "")),
        operations="\n".join(
            _operation(path, methods["get"], examples)
            for path, methods in document["paths"].items()
            if "get" in methods
        ),
        types="\n".join(
            _type(name, schema) for name, schema in document["components"]["schemas"].items()
        ),
    )


def _operation(path: str, operation: Json, examples: Mapping[str, str]) -> str:
    parameters = operation.get("parameters", [])
    link = _example(path, parameters, examples)
    kinds = ", ".join(escape(kind) for kind in operation["responses"]["200"]["content"])
    rows = "".join(
        f"<dt><code>{escape(p['name'])}</code></dt><dd>{_parameter(p)}</dd>" for p in parameters
    )
    answer = operation["responses"]["200"]["content"]["application/json"].get("schema", {})
    return (
        f"<section><h2><code>GET {escape(path)}</code></h2>"
        f"<p>{escape(operation.get('description', ''))}</p>"
        f'<dl class="fact-list">{rows}<dt>answer</dt><dd>{_kind(answer)} ({kinds})</dd></dl>'
        + (f'<p><a href="{escape(link)}">{escape(link)}</a></p>' if link else "")
        + "</section>"
    )


def _parameter(parameter: Json) -> str:
    schema = parameter["schema"]
    allowed = ", ".join(word for word in schema.get("enum", ()) if word)
    parts = [
        parameter.get("description", ""),
        f"one of {allowed}" if allowed else "",
        f"like {schema['pattern']}" if "pattern" in schema else schema.get("format", ""),
        f"default {schema['default']}" if "default" in schema else "",
        "required" if parameter.get("required") else "",
    ]
    return escape("; ".join(part for part in parts if part))


def _example(path: str, parameters: list[Json], examples: Mapping[str, str]) -> str:
    """An address that answers; nothing where a part of it is not known here."""
    given = {p["name"]: p["example"] for p in parameters if p["in"] == "query" and "example" in p}
    for p in parameters:
        if p["in"] == "path":
            if p["name"] not in examples:
                return ""
            path = path.replace(f"{{{p['name']}}}", quote(examples[p["name"]]))
    return path + (f"?{urlencode(given, safe=':,.')}" if given else "")


def _type(name: str, schema: Json) -> str:
    rows = "".join(_fields(schema))
    words = escape(schema.get("description", "").replace("\n", " "))
    return (
        f'<section id="{escape(name)}"><h3>{escape(name)}</h3><p>{words}</p>'
        f'<dl class="fact-list">{rows}</dl></section>'
    )


def _fields(schema: Json) -> Iterator[str]:
    for name, field in schema.get("properties", {}).items():
        words = escape(field.get("description", ""))
        example = next(iter(field.get("examples", ())), None)
        shown = f" <code>{escape(str(example))}</code>" if example not in (None, [], "") else ""
        yield f"<dt><code>{escape(name)}</code></dt><dd>{_kind(field)} {words}{shown}</dd>"


def _kind(schema: Json) -> str:
    """The type of a value, with a link where it is one of ours."""
    if "$ref" in schema:
        name = escape(schema["$ref"].rpartition("/")[2])
        return f'<a href="#{name}">{name}</a>'
    if "anyOf" in schema:
        return " or ".join(_kind(each) for each in schema["anyOf"])
    if "enum" in schema:
        return escape(" | ".join(map(str, schema["enum"])))
    if schema.get("type") == "array":
        return f"list of {_kind(schema.get('items', {}))}"
    return escape(str(schema.get("format", schema.get("type", "any"))))
