"""Markup: written in templates alone, escaped, and with no link that would run a script."""

from __future__ import annotations

import ast
import re

import pytest
from serving import tree

from dashboard.markup import TEMPLATES, template, words
from etl.settings import PROJECT

MACRO = '{% from "parts/links.html" import link, file, outside with context %}'


def drawn(call: str, **context: object) -> str:
    """What a call of one of the link macros writes."""
    source = template("parts/links.html").environment.from_string(MACRO + call)
    return str(source.render(**words("zh"), **context))


@pytest.mark.parametrize(
    ("address", "shown"),
    [("javascript:alert(1)", "#"), (" JAVA\nscript:alert(1)", "#"), ("vbscript:x", "#"),
     ("\x01javascript:x", "#"), ("//[", "//["), ("/a:b", "/a:b"),
     ("/a?b=1&c", "/a?b=1&amp;c"), ("https://a.example/x", "https://a.example/x"),
     ("mailto:a@b.example", "mailto:a@b.example"), ("#section-1", "#section-1")],
)  # fmt: skip
def test_a_link_that_would_run_a_script_leads_nowhere(address: str, shown: str) -> None:
    for call in ('{{ link(a, "x") }}', '{{ file(a, "x") }}', '{{ outside(a, "x") }}'):
        assert f' href="{shown}"' in drawn(call, a=address)


def test_words_are_escaped_wherever_they_stand() -> None:
    bad = '"><script>alert(1)</script>'
    (link,) = tree(drawn("{{ link('/a', x, x, x) }}", x=bad)).all("a")
    assert (link.text, link.attributes["title"], link.attributes["class"]) == (bad, bad, bad)


def test_a_name_that_leads_nowhere_stays_as_words_of_its_size() -> None:
    assert drawn("{{ link('', 'x', 'card-name', 't') }}") == (
        '<span class="card-name" title="t">x</span>'
    )
    assert drawn("{{ link('', 'x') }}") == "x"
    assert drawn("{{ file('', 'x') }}") == ""


def test_every_template_is_read() -> None:
    names = [path.relative_to(TEMPLATES).as_posix() for path in TEMPLATES.rglob("*.html")]
    assert len(names) > 10
    for name in names:
        assert template(name).name == name


def test_no_template_holds_a_script_or_an_event_of_its_own() -> None:
    for path in TEMPLATES.rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"<script(?![^>]*(?:\bsrc=|application/ld\+json))", text), path.name
        assert not re.search(r"\son[a-z]+=", text), path.name
        assert "|safe" not in text.replace(" ", ""), path.name


def test_no_page_is_built_of_components() -> None:
    """Markup is in templates; Dash is asked for what lives, in one module."""
    for path in (PROJECT / "dashboard").rglob("*.py"):
        imported = {
            name.split(".")[0]
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            for name in (
                [node.module or ""] if isinstance(node, ast.ImportFrom) and not node.level
                else [one.name for one in node.names] if isinstance(node, ast.Import) else []
            )
        }  # fmt: skip
        assert "dash" not in imported or path.name == "app.py", path
