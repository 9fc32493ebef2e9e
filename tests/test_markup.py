"""Markup: written in templates alone, escaped, and with no link that would run a script."""

from __future__ import annotations

import ast
import re

import pytest
import yaml
from serving import tree

from dashboard.markup import TEMPLATES, template, words
from etl.files.strict_yaml import load_yaml
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
    """Markup is in templates; Dash is asked for what lives, in one module, and for its files."""
    asking = set()
    for path in (PROJECT / "dashboard").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "dash":
                asking.add(path.relative_to(PROJECT / "dashboard").as_posix())
                assert not {"html", "dash_table"} & {one.name for one in node.names}, path
            elif isinstance(node, ast.Import):
                assert not [one for one in node.names if one.name.split(".")[0] == "dash"], path
    assert asking == {"app.py", "http/dash_app.py", "http/routes/assets.py"}


@pytest.mark.parametrize("door", ["dashboard", "desk"])
def test_the_words_of_the_pages_are_the_same_in_both_languages(door: str) -> None:
    """Each has its counterpart, with the same blanks, but what one language leaves unsaid."""
    zh, en = (
        yaml.safe_load((PROJECT / f"{door}/texts/{lang}.yaml").read_text(encoding="utf-8"))
        for lang in ("zh", "en")
    )
    assert {kind: list(words) for kind, words in zh.items()} == {
        kind: list(words) for kind, words in en.items()
    }
    for kind, words_of in zh.items():
        for name, said in words_of.items():
            both = [said, en[kind][name]]
            assert all(isinstance(one, str) for one in both), name
            blanks = [set(re.findall(r"{(\w+)}", one)) for one in both if one]
            assert all(one == blanks[0] for one in blanks), name


@pytest.mark.parametrize("door", ["dashboard", "desk"])
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_no_text_stands_twice(door: str, lang: str) -> None:
    assert load_yaml(PROJECT / f"{door}/texts/{lang}.yaml").keys()
