"""A bulletin is taken back: its text is kept, the site says so, and a new text stands again."""

from __future__ import annotations

import json

from conftest import BUNDLED, Cli, is_one_sentence, settings_of
from serving import client, still

from etl.errors import FileProblem
from etl.files.authored import read_bulletins
from etl.storage.warehouse import lock

DAY = "2026-05-27"
REASON = "标普 500 的点位抄错。"


def test_a_bulletin_is_taken_back_and_a_new_text_of_its_day_stands_again(filled, cli: Cli):
    site = client(settings_of(filled))
    assert site.get(f"/bulletins/{DAY}").status_code == 200
    done = cli("withdraw", DAY, "--reason", REASON)
    assert (done.status, done.err) == (0, "")
    assert f"{DAY}: withdrawn; its text is kept as " in done.out
    assert "published" in done.out
    kept, told = sorted((filled / "bulletins" / "withdrawn").iterdir(), key=lambda p: p.suffix)[
        ::-1
    ]
    assert kept.read_bytes() == (BUNDLED / "bulletins" / f"{DAY}.md").read_bytes()
    assert json.loads(told.read_bytes())["reason"] == REASON

    site = client(settings_of(filled))
    page = still(site.get(f"/bulletins/{DAY}"), status=410)
    assert "已撤回：2026 年 5 月 27 日的每日动态" in page.text
    assert f"撤回，原因：{REASON}" in page.text
    assert DAY not in "".join(still(site.get("/bulletins")).hrefs())
    for address in (f"/api/v1/bulletins/{DAY}", f"/api/v1/bulletins/{DAY}/claims"):
        answer = site.get(address)
        assert answer.status_code == 410
        assert REASON in answer.json()["detail"]
    assert site.get(f"/bulletins/{DAY}.zip").status_code == 410
    assert site.get("/bulletins/2026-05-01").status_code == 404

    again = cli("withdraw", DAY, "--reason", REASON)
    assert again.status == 2
    assert "There is no bulletin of 2026-05-27" in again.err

    assert cli("bulletin", kept).status == 0
    found = read_bulletins(settings_of(filled))
    assert [str(one.date) for one in found.read] == [DAY]
    assert not found.withdrawn
    assert kept.exists()


def test_what_cannot_be_taken_back_is_one_sentence(filled, cli: Cli):
    for arguments, said in (
        ([DAY, "--reason", " "], "A reason is needed"),
        ([DAY, "--reason", "字" * 201], "more than 200 characters"),
        (["2026-05-26", "--reason", REASON], "There is no bulletin of 2026-05-26"),
    ):
        done = cli("withdraw", *arguments)
        assert done.status == 2
        assert is_one_sentence(done.err)
        assert said in done.err
    with lock(settings_of(filled).lock):
        assert "Another run" in cli("withdraw", DAY, "--reason", REASON).err
    assert not (filled / "bulletins" / "withdrawn").exists()


def test_a_record_of_a_withdrawal_that_cannot_be_read_is_a_problem_of_its_own(filled):
    folder = filled / "bulletins" / "withdrawn"
    folder.mkdir()
    (folder / f"{DAY}-20260528T000000.json").write_text("{")
    found = read_bulletins(settings_of(filled))
    assert [str(one.date) for one in found.read] == [DAY]
    (problem,) = found.problems
    assert isinstance(problem, FileProblem)
    assert "withdraw the bulletin again" in str(problem)
