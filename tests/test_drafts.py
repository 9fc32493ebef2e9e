"""A draft is checked before it is public: on the command line and on its page."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from bulletin_files import as_docx, bundled
from conftest import PROJECT, Cli, is_one_sentence, settings_of

from etl.claims.model import Claim
from etl.storage.warehouse import lock

DAY = "2026-05-27"
RIGHT = "标普500指数昨日收涨0.61%，报7519.12点，创历史新高。"
WRONG = "美光科技大跌 19%，市值约 1.01 万亿美元。"


def draft(*sentences: str, day: str = DAY) -> str:
    """A draft in Markdown whose summary are the sentences."""
    head = f'title: "每日动态"\ndate: {day}\npublisher: "编辑部"\nsummary: "{"".join(sentences)}"'
    return f"---\n{head}\n---\n\n## 一、其他\n\n今天天气很好。\n"


def held_in(folder: Path) -> dict[str, tuple[int, int]]:
    """Every file below a folder, with its size and the time of its last change."""
    return {
        str(path): (path.stat().st_size, path.stat().st_mtime_ns)
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_a_draft_is_checked_like_a_bulletin_and_nothing_is_stored(filled, cli: Cli, written):
    before = held_in(filled)
    done = cli("claims", written(draft(RIGHT, WRONG), "draft.md"))
    assert (done.status, done.err) == (1, "")
    assert "5 statements: 3 supported, 1 approximate, 1 contradicted, 0 unverifiable" in done.out
    assert cli("claims", written(draft(RIGHT), "draft.md")).status == 0
    assert held_in(filled) == before


def test_the_bundled_bulletin_as_a_draft_has_the_claims_that_were_published(
    filled, cli: Cli, written
):
    file = written(as_docx(bundled()), "今天.docx")
    told = cli("claims", DAY, "--json")
    assert json.loads(cli("claims", file, "--json").out) == json.loads(told.out)


def test_a_draft_is_checked_while_a_run_goes_on(filled, cli: Cli, written):
    with lock(settings_of(filled).lock):
        assert cli("claims", written(draft(RIGHT), "draft.md")).status == 0


def test_a_draft_is_checked_as_of_the_day_that_is_given(filled, cli: Cli, written):
    file = written(draft("标普500收于7519.12点。"), "draft.md")
    (then,) = json.loads(cli("claims", file, "--json", "--date", "2026-05-23").out)
    assert Claim.model_validate(then).verdict == "contradicted"
    (own,) = json.loads(cli("claims", file, "--json").out)
    assert Claim.model_validate(own).verdict == "supported"


def test_what_is_left_out_of_a_draft_is_said(filled, cli: Cli, written):
    def change(made):
        made.sections[0].footer.paragraphs[0].text = "1"

    assert "left out: headers" in cli("claims", written(as_docx(bundled(), change), "a.docx")).out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["x"], "neither a date that exists, like 2026-05-27, nor a file"),
        (["2026-02-30"], "neither a date"),
        (["字" * 4000], "neither a date"),
        ([DAY, "--why"], "--date and --why are for the file of a draft"),
        ([DAY, "--date", DAY], "--date and --why are for the file of a draft"),
    ],
)
def test_what_is_neither_a_day_nor_a_file_is_one_sentence(filled, cli: Cli, arguments, said):
    done = cli("claims", *arguments)
    assert done.status == 2
    assert is_one_sentence(done.err)
    assert said in done.err


def test_without_a_snapshot_a_draft_is_not_checked(data, cli: Cli, written):
    done = cli("claims", written(draft(RIGHT), "draft.md"))
    assert done.status == 2
    assert "etl run" in done.err


def test_a_draft_explains_how_each_sentence_was_read(filled, cli: Cli, written):
    text = draft(
        "标普500昨日涨0.61%，较上周五上涨约 0.6%。",
        "若油价回落，布伦特现货有望跌至 60 美元。",
        WRONG,
    )
    done = cli("claims", written(text, "draft.md"), "--why")
    assert done.status == 1
    lines = [" ".join(line.split()) for line in done.out.splitlines()]
    for line in (
        "summary: 标普500昨日涨0.61%，较上周五上涨约 0.6%。",
        "标普500 indicator: sp500",
        "昨日 time: 2026-05-26",
        "0.61% number: 0.61 percent",
        "较 compared with what follows",
        "约 how exact: about",
        "若 no fact: condition",
        "→ nothing is stated",
        "大跌 move: down large",
    ):
        assert line in lines, line
    (compared,) = [line for line in lines if line.startswith("→ “上涨约 0.6%”: change of sp500")]
    assert "period 2026-05-26; compared with 2026-05-22" in compared
    assert "✘ contradicted: 不符：2026-05-26 为 895.88 美元" in done.out


def test_a_bulletin_with_a_wrong_number_is_refused_and_nothing_is_stored(filled, cli: Cli, written):
    good = written(draft("今天天气很好。", day="2026-05-26"), "good.md")
    wrong = written(draft(RIGHT, WRONG), "wrong.md")
    before = held_in(filled)
    done = cli("bulletin", good, wrong)
    assert done.status == 2
    assert is_one_sentence(done.err)
    assert "1 statement is contradicted" in done.err
    assert "--publish-anyway" in done.err
    assert f"✘ {wrong}: “{WRONG}” micron_close_usd: 不符：2026-05-26 为 895.88 美元" in done.out
    assert held_in(filled) == before


def test_a_bulletin_with_a_wrong_number_is_added_where_that_is_meant(filled, cli: Cli, written):
    file = written(draft(WRONG), "wrong.md")
    done = cli("bulletin", file, "--publish-anyway")
    assert (done.status, done.err) == (0, "")
    assert done.out.startswith(f"✘ {file}")
    assert (filled / "bulletins" / f"{DAY}.md").exists()


def test_a_wrong_number_of_a_word_document_is_found_before_it_is_added(filled, cli: Cli, written):
    whole = bundled().model_copy(update={"summary": "标普 500 收于 7591.12 点。"})
    done = cli("bulletin", written(as_docx(whole), "今天.docx"))
    assert done.status == 2
    assert "✘" in done.out
    assert not list((filled / "bulletins").iterdir())
    assert cli("bulletin", written(as_docx(bundled()), "今天.docx")).status == 0


def test_before_anything_is_published_a_bulletin_is_added_unchecked(data, cli: Cli, written):
    done = cli("bulletin", written(draft(WRONG), "first.md"))
    assert done.status == 0
    assert done.out.startswith("the statements could not be checked: ")
    assert (data / "bulletins" / f"{DAY}.md").exists()


def test_the_example_of_an_explanation_is_what_the_command_says(filled, cli: Cli, written):
    page = (PROJECT / "docs" / "claims.md").read_text(encoding="utf-8")
    example = page.split("```text\n")[1].split("```")[0]
    done = cli("claims", written(draft("标普500昨日收涨0.61%。"), "draft.md"), "--why")
    assert done.out.strip() == example.strip()
