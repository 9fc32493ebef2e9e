"""Drafts are shared by all editors, and nobody's work is lost."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from conftest import BUNDLED, Cli, settings_of

from etl.errors import StorageError
from etl.files import drafts as drafts_module
from etl.files.drafts import DraftConflict, Drafts, fingerprint
from etl.settings import load_settings

DAY = date(2026, 5, 28)
BASE = "一、美光\n\n市值 1.01 万亿美元。\n"
HERS = BASE.replace("1.01", "1.02")
HIS = BASE + "\n二、油价\n\n布伦特 61 美元。\n"


@pytest.fixture
def drafts(tmp_path: Path) -> Drafts:
    return Drafts(settings_of(tmp_path))


def test_a_draft_is_what_everyone_sees_until_it_is_put_away(drafts: Drafts):
    assert drafts.read(DAY) is None
    first = drafts.save(DAY, BASE, "", "李")
    again = drafts.save(DAY, HERS, first.fingerprint, "王")
    assert drafts.read(DAY) == again
    assert [one.note.author for one in drafts.all()] == ["王"]
    (before,) = drafts.earlier(DAY)
    assert (before.kind, before.note.author) == ("earlier", "李")
    assert drafts.text_of(DAY, before.kind, before.name) == BASE
    assert drafts.text_of(DAY, "earlier", "../2026-05-28.md") is None
    drafts.close(DAY)
    assert drafts.read(DAY) is None
    assert len(drafts.earlier(DAY)) == 2


def test_who_saves_over_a_newer_text_sees_both_changes_and_loses_nothing(drafts: Drafts):
    base = drafts.save(DAY, BASE, "", "李").fingerprint
    hers = drafts.save(DAY, HERS, base, "王")
    with pytest.raises(DraftConflict) as refused:
        drafts.save(DAY, HIS, base, "李")
    assert refused.value.held == hers
    assert refused.value.theirs == ["- 市值 1.01 万亿美元。", "+ 市值 1.02 万亿美元。"]
    assert "+ 布伦特 61 美元。" in refused.value.yours
    assert refused.value.kept.read_text(encoding="utf-8") == HIS
    assert drafts.read(DAY) == hers
    assert {one.kind for one in drafts.earlier(DAY)} == {"earlier", "refused"}
    # Having seen hers, he saves over it.
    assert drafts.save(DAY, HIS, hers.fingerprint, "李").text == HIS


def test_two_who_begin_at_once_are_told(drafts: Drafts):
    drafts.save(DAY, HERS, "", "王")
    with pytest.raises(DraftConflict):
        drafts.save(DAY, HIS, "", "李")
    assert drafts.save(DAY, HERS, "", "李").note.author == "王"  # the same text is no conflict


def test_without_the_common_text_both_are_compared_with_each_other(drafts: Drafts):
    drafts.save(DAY, HERS, "", "王")
    with pytest.raises(DraftConflict) as refused:
        drafts.save(DAY, BASE, fingerprint("lost"), "李")
    assert refused.value.theirs == ["- 市值 1.01 万亿美元。", "+ 市值 1.02 万亿美元。"]
    assert not refused.value.yours


def test_what_a_file_left_out_stays_with_its_draft(drafts: Drafts):
    first = drafts.save(DAY, BASE, "", "李", source="今天.docx", left_out=("headers (1 line)",))
    then = drafts.save(DAY, HERS, first.fingerprint, "王")
    assert then.note.left_out == ("headers (1 line)",)
    other = drafts.save(DAY, HIS, then.fingerprint, "王", source="b.docx")
    assert (other.note.source, other.note.left_out) == ("b.docx", ())


def test_earlier_texts_are_bounded(drafts: Drafts, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(drafts_module, "MOST_KEPT", 3)
    held = ""
    for number in range(6):
        held = drafts.save(DAY, f"第 {number} 稿", held, "李").fingerprint
    assert len(drafts.earlier(DAY)) == 3
    assert len(list((drafts.folder / "earlier").iterdir())) == 6  # each with its note


def test_a_text_written_past_the_desk_is_nobodys_save(drafts: Drafts):
    drafts.save(DAY, BASE, "", "李")
    (drafts.folder / f"{DAY}.md").write_text(HERS, encoding="utf-8")
    held = drafts.read(DAY)
    assert held is not None
    assert (held.text, held.note.author) == (HERS, "")


def test_a_folder_that_cannot_be_written_is_said_in_words(tmp_path: Path):
    (tmp_path / "file").write_text("")
    settings = replace(load_settings(), data=tmp_path / "file")
    with pytest.raises(StorageError, match="the text is still in your browser"):
        Drafts(settings).save(DAY, BASE, "", "李")


def test_the_command_saves_a_file_prints_a_draft_and_puts_it_away(data, cli: Cli, written):
    text = (BUNDLED / "bulletins" / "2026-05-27.md").read_text(encoding="utf-8")
    done = cli("draft", written(text, "a.md"), "--date", DAY, "--author", "李")
    assert (done.status, done.err) == (0, "")
    assert f"the draft of {DAY}" in done.out
    held = Drafts(settings_of(data)).read(DAY)
    assert held is not None
    assert (held.note.author, held.note.source) == ("李", "a.md")
    assert cli("draft", DAY).out == held.text
    assert cli("draft", DAY, "--close").status == 0
    for arguments, said in (([DAY], "There is no draft of"), (["a.md", "--close"], "is for a day")):
        done = cli("draft", *arguments)
        assert done.status == 2
        assert said in done.err


def test_what_becomes_the_bulletin_is_no_draft_any_more(data, cli: Cli, written):
    text = (BUNDLED / "bulletins" / "2026-05-27.md").read_text(encoding="utf-8")
    drafts = Drafts(settings_of(data))
    file = written(text, "a.md")
    cli("draft", file)
    sent = drafts.send(date(2026, 5, 27))
    assert cli("bulletin", sent, "--publish-anyway", "--date", "2026-05-27").status == 0
    assert drafts.read(date(2026, 5, 27)) is None
    cli("draft", file)
    other = written(text.replace("## 一、", "## 一、又 ", 1), "b.md")
    assert cli("bulletin", other, "--publish-anyway").status == 0
    assert drafts.read(date(2026, 5, 27)) is not None  # it says something else
