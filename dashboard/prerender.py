"""Markup as plain HTML: what a reader sees before, or without, any script; and what of the live
page stands still is sent as it is, for a browser takes a second to build it piece by piece."""

from __future__ import annotations

import re
from collections.abc import Iterator
from copy import copy
from html import escape
from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

_VOID = frozenset({"img", "br", "hr", "input", "source"})
_ATTRIBUTES = {
    "className": "class",
    "colSpan": "colspan",
    "tabIndex": "tabindex",
    "htmlFor": "for",
    "srcSet": "srcset",
}
_SKIPPED = frozenset({"children"})
_ADDRESSES = frozenset({"href", "src", "action"})
_SCHEME, _UNSEEN = re.compile(r"([a-zA-Z][a-zA-Z0-9+.-]*):"), re.compile(r"[\x00-\x20]")
_HARMLESS = frozenset({"http", "https", "mailto", "data"})
#: Components that are elements of another name.
_TAGS = {"Link": "a", "ObjectEl": "object", "MapEl": "map"}


class Still(Component):
    """An element whose inside is HTML; assets/still.js is its other half."""

    _namespace = "xinzhi"
    _type = "Still"

    def __init__(self, element: Component) -> None:
        self.written = "".join(_attributes(element))
        self._prop_names = self.available_properties = ["tag", "attributes", "html"]
        self._valid_wildcard_attributes: list[str] = []
        self.available_wildcard_properties: list[str] = []
        attributes = {
            name: _harmless(value) if name in _ADDRESSES else value
            for name, value in element.to_plotly_json()["props"].items()
            if name != "children"
        }
        inside = to_html(getattr(element, "children", None))
        super().__init__(tag=element._type.lower(), attributes=attributes, html=inside)


def stilled(node: Any) -> Any:
    """The same tree with every element in which nothing lives as one `Still`."""
    if isinstance(node, list | tuple):
        return [stilled(part) for part in node]
    if not isinstance(node, Component) or getattr(node, "children", None) is None:
        return node
    if _is_plain(node) and not _lives(node):
        return Still(node)
    changed = copy(node)
    changed.children = stilled(node.children)
    return changed


def to_html(node: Any) -> str:
    """The HTML of a tree of components; every text and attribute escaped."""
    pieces: list[str] = []
    _write(node, pieces)
    return "".join(pieces)


def _lives(node: Any) -> bool:
    if isinstance(node, list | tuple):
        return any(_lives(part) for part in node)
    if not isinstance(node, Component):
        return False
    is_element = _is_plain(node) or isinstance(node, dcc.Link | dcc.Input)
    return not is_element or _lives(getattr(node, "children", None))


def _is_plain(node: Component) -> bool:
    return bool(node._namespace == html.Div._namespace)


def _write(node: Any, pieces: list[str]) -> None:
    """One list for the whole page: generators within generators took twice as long."""
    if node is None:
        return
    if isinstance(node, list | tuple):
        for part in node:
            _write(part, pieces)
    elif isinstance(node, dcc.Graph | dcc.Location | dcc.Store):
        return  # alive only with scripts; a still picture stands beside each graph
    elif isinstance(node, Component):
        _write_element(node, pieces)
    else:
        pieces.append(escape(str(node)))


def _write_element(node: Component, pieces: list[str]) -> None:
    if isinstance(node, Still):
        pieces.append(f"<{node.tag}{node.written}>{node.html}</{node.tag}>")
        return
    tag = _TAGS.get(node._type, node._type.lower())
    pieces.append(f"<{tag}{''.join(_attributes(node))}>")
    if tag not in _VOID:
        _write(getattr(node, "children", None), pieces)
        pieces.append(f"</{tag}>")


def _attributes(node: Component) -> Iterator[str]:
    if isinstance(node, dcc.Link):
        yield " data-page"  # assets/links.js opens it without loading everything anew
    for name in node._prop_names:
        value = getattr(node, name, None)
        if name not in _SKIPPED and isinstance(value, str | int) and value is not False:
            value = _harmless(value) if name in _ADDRESSES else value
            yield f' {_ATTRIBUTES.get(name, name)}="{escape(str(value))}"'
        elif name == "style" and isinstance(value, dict):
            rules = ";".join(f"{rule}:{setting}" for rule, setting in value.items())
            yield f' style="{escape(rules)}"'
    for name in vars(node):
        if name.startswith(("data-", "aria-")):
            yield f' {name}="{escape(str(getattr(node, name)))}"'


def _harmless(address: Any) -> str:
    """An address that leads somewhere, or nowhere where it would run a script."""
    scheme = _SCHEME.match(_UNSEEN.sub("", str(address)))
    return str(address) if not scheme or scheme[1].lower() in _HARMLESS else "#"
