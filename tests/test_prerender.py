"""Markup as HTML: what a page is before its scripts, and what of it needs none."""

from __future__ import annotations

import pytest
from dash import dcc, html

from dashboard.prerender import stilled, to_html


@pytest.mark.parametrize(
    ("address", "shown"),
    [("javascript:alert(1)", "#"), (" JAVA\nscript:alert(1)", "#"), ("vbscript:x", "#"),
     ("\x01javascript:x", "#"), ("//[", "//["), ("/a:b", "/a:b"),
     ("/a?b=1&c", "/a?b=1&amp;c"), ("https://a.example/x", "https://a.example/x"),
     ("mailto:a@b.example", "mailto:a@b.example"), ("#section-1", "#section-1")],
)  # fmt: skip
def test_a_link_that_would_run_a_script_leads_nowhere(address: str, shown: str) -> None:
    link = html.A("x", href=address)
    assert to_html(link) == to_html(stilled(link)) == f'<a href="{shown}">x</a>'
    assert stilled(link).attributes["href"] == shown.replace("&amp;", "&")


def test_what_lives_stays_and_what_stands_still_is_sent_as_html() -> None:
    page = html.Section([html.H2("a<b"), html.Div([html.P(html.Img(src="data:,")), dcc.Graph()])])
    last = html.P([dcc.Link("c", href="/c"), None, "d"], className="e")
    held = stilled([page, last, "f"])
    section, paragraph, words = held
    assert [part._type for part in section.children] == ["Still", "Div"]
    assert [part._type for part in section.children[1].children] == ["Still", "Graph"]
    assert (paragraph.tag, paragraph.attributes) == ("p", {"className": "e"})
    assert (paragraph.html, words) == ('<a data-page href="/c">c</a>d', "f")
    assert to_html(held) == to_html([page, last, "f"])  # the same page, both ways
