"""Markup as plain HTML: what a reader sees before, or without, any script."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import Any

from dash import dcc
from dash.development.base_component import Component

_VOID = frozenset({"img", "br", "hr", "input"})
_ATTRIBUTES = {
    "className": "class",
    "colSpan": "colspan",
    "tabIndex": "tabindex",
    "htmlFor": "for",
}
_SKIPPED = frozenset({"children"})
#: Components that are elements of another name.
_TAGS = {"Link": "a", "ObjectEl": "object", "MapEl": "map"}


def to_html(node: Any) -> str:
    """The HTML of a tree of components; every text and attribute escaped."""
    return "".join(_pieces(node))


def _pieces(node: Any) -> Iterator[str]:
    if node is None:
        return
    if isinstance(node, list | tuple):
        for part in node:
            yield from _pieces(part)
    elif isinstance(node, dcc.Graph | dcc.Location | dcc.Store):
        return  # alive only with scripts; a still picture stands beside each graph
    elif isinstance(node, Component):
        yield from _element(node)
    else:
        yield escape(str(node))


def _element(node: Component) -> Iterator[str]:
    tag = _TAGS.get(node._type, node._type.lower())
    yield f"<{tag}{''.join(_attributes(node))}>"
    if tag not in _VOID:
        yield from _pieces(getattr(node, "children", None))
        yield f"</{tag}>"


def _attributes(node: Component) -> Iterator[str]:
    for name in node._prop_names:
        value = getattr(node, name, None)
        if name not in _SKIPPED and isinstance(value, str | int) and value is not False:
            yield f' {_ATTRIBUTES.get(name, name)}="{escape(str(value))}"'
        elif name == "style" and isinstance(value, dict):
            rules = ";".join(f"{rule}:{setting}" for rule, setting in value.items())
            yield f' style="{escape(rules)}"'
    for name in vars(node):
        if name.startswith(("data-", "aria-")):
            yield f' {name}="{escape(str(getattr(node, name)))}"'
