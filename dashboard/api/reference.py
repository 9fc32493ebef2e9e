"""What the page about the API says: every operation and every type of an OpenAPI document."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class KindWord:
    """A part of what a value is; `is_type` if it is the name of a type of ours."""

    words: str
    is_type: bool = False


Kind = list[KindWord]


@dataclass(frozen=True, slots=True)
class ApiField:
    """A field of a type; `example` is empty where there is none."""

    name: str
    kind: Kind
    words: str
    example: str


@dataclass(frozen=True, slots=True)
class ApiType:
    """A type of ours with its fields."""

    name: str
    words: str
    fields: list[ApiField]


@dataclass(frozen=True, slots=True)
class ApiOperation:
    """A question that may be asked: its parameters with what is said of each, what is answered and
    as which formats, and an address that answers; empty where a part of it is not known here."""

    path: str
    words: str
    parameters: list[tuple[str, str]]
    answer: Kind
    formats: list[str]
    example: str


def operations(document: Json, examples: Mapping[str, str]) -> list[ApiOperation]:
    """Every operation; `examples` are what may stand for the parts of a path."""
    return [
        _operation(path, methods["get"], examples)
        for path, methods in document["paths"].items()
        if "get" in methods
    ]


def types(document: Json) -> list[ApiType]:
    return [
        ApiType(name, schema.get("description", "").replace("\n", " "), list(_fields(schema)))
        for name, schema in document["components"]["schemas"].items()
    ]


def _operation(path: str, operation: Json, examples: Mapping[str, str]) -> ApiOperation:
    parameters = operation.get("parameters", [])
    content = operation["responses"]["200"]["content"]
    return ApiOperation(
        path,
        operation.get("description", ""),
        [(one["name"], _parameter(one)) for one in parameters],
        _kind(content["application/json"].get("schema", {})),
        list(content),
        _example(path, parameters, examples),
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
    return "; ".join(part for part in parts if part)


def _example(path: str, parameters: list[Json], examples: Mapping[str, str]) -> str:
    given = {p["name"]: p["example"] for p in parameters if p["in"] == "query" and "example" in p}
    for p in parameters:
        if p["in"] == "path":
            if p["name"] not in examples:
                return ""
            path = path.replace(f"{{{p['name']}}}", quote(examples[p["name"]]))
    return path + (f"?{urlencode(given, safe=':,.')}" if given else "")


def _fields(schema: Json) -> Iterator[ApiField]:
    for name, field in schema.get("properties", {}).items():
        example = next(iter(field.get("examples", ())), None)
        shown = "" if example in (None, [], "") else str(example)
        yield ApiField(name, _kind(field), field.get("description", ""), shown)


def _kind(schema: Json) -> Kind:
    """The type of a value in words."""
    if "$ref" in schema:
        return [KindWord(schema["$ref"].rpartition("/")[2], is_type=True)]
    if "anyOf" in schema:
        first, *others = map(_kind, schema["anyOf"])
        return [*first, *(word for other in others for word in (KindWord(" or "), *other))]
    if "enum" in schema:
        return [KindWord(" | ".join(map(str, schema["enum"])))]
    if schema.get("type") == "array":
        return [KindWord("list of "), *_kind(schema.get("items", {}))]
    return [KindWord(str(schema.get("format", schema.get("type", "any"))))]
