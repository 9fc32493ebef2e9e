"""The editor's desk: who is let in, what leaves a line, what two editors see, what runs."""

from __future__ import annotations

import ast
import inspect
import textwrap
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
import pytest
from conftest import authored, bundled, fill, settings_of
from fastapi.routing import APIRoute
from serving import Node, TestClient, tree

from dashboard.people import Role
from dashboard.people.people import Identity
from desk.conflict import (
    ConflictError,
    lines,
    merged_fields,
    merged_text,
    spelt,
    unspelt,
)
from desk.frame import page_at
from desk.jobs import FACTS, JobFacts, Jobs
from desk.pages import BELOW, PAGES
from desk.server import DeskServer, create_desk
from etl.errors import StorageError
from etl.settings import Settings
from etl.storage.audit import AuditFile, AuditLine, audit_log

PUE = "pue.csv"


class DeskClient(TestClient):
    """A browser of somebody who works at the desk."""

    csrf = ""

    @property
    def desk(self) -> DeskServer:
        assert isinstance(self.app, DeskServer)
        return self.app

    def enter(self, way: str = "link", name: str = "operator") -> DeskClient:
        """Sign in, as the one-time link does."""
        people = self.desk.people
        person, cookie = people.sign_in_by(way, Identity(name, name, (name,)), "a browser")
        self.cookies.set(people.cookies.session, cookie)
        self.csrf = person.csrf
        return self

    def leave(self) -> DeskClient:
        self.cookies.clear()
        return self

    def submit(self, path: str, **fields: str) -> httpx.Response:
        """Send a form of a page of this session."""
        return self.post(path, data={"csrf": self.csrf, **fields})

    def see(self, path: str, status: int = 200) -> Node:
        """A page of the desk."""
        return seen(self.get(path), status)


def seen(answer: httpx.Response, status: int = 200) -> Node:
    assert answer.status_code == status, answer.text[:500]
    assert answer.headers["cache-control"] in ("private, no-store", "no-store")
    return tree(answer.text).one("main")


@pytest.fixture(scope="module")
def desk_settings(published: Settings, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    folder = fill(authored(tmp_path_factory.mktemp("desk") / "data"), published.data)
    return settings_of(
        folder, XINZHI_SIGN_IN="link,proxy", XINZHI_TRUSTED_PROXY="10.9.8.7",
        XINZHI_ROLES="ed=editor,mem=member",
    )  # fmt: skip


@pytest.fixture(scope="module")
def server(desk_settings: Settings) -> DeskServer:
    return create_desk(desk_settings)


@pytest.fixture
def at_desk(server: DeskServer) -> DeskClient:
    """An operator at the desk."""
    base = server.desk.settings.base_url
    return DeskClient(
        server, base_url=base, raise_server_exceptions=False, follow_redirects=False
    ).enter()


def test_every_page_answers_an_operator_in_both_languages_and_is_kept_by_nobody(
    at_desk: DeskClient,
) -> None:
    for page, _ in PAGES:
        for lang, word in (("zh", "退出登录"), ("en", "Sign out")):
            answer = at_desk.get(f"{page.path}?lang={lang}")
            assert answer.status_code == 200, (page.path, answer.text[:300])
            assert answer.headers["cache-control"] == "private, no-store"
            assert "default-src 'self'" in answer.headers["content-security-policy"]
            assert word in answer.text
            tree(answer.text)


def test_who_has_not_signed_in_is_led_there_and_a_member_is_refused_in_words(
    at_desk: DeskClient,
) -> None:
    at_desk.leave()
    answer = at_desk.get("/desk/runs?lang=en")
    assert answer.status_code == 303
    assert answer.headers["location"].endswith("next=%2Fdesk%2Fruns%3Flang%3Den")
    at_desk.enter("proxy", "mem")
    assert "需要编辑" in seen(at_desk.get("/desk"), 403).text


def test_an_editor_sees_no_page_of_operators(at_desk: DeskClient) -> None:
    at_desk.leave().enter("proxy", "ed")
    for page, _ in PAGES:
        wanted = 200 if page.role <= Role.EDITOR else 403
        assert at_desk.get(page.path).status_code == wanted, page.path


#: What is sent to be read, checked or tried, and changes nothing; `_saved_or_refused` of a draft is
#: no change where it says what is saved already.
LOOKS = {"bulletin.read_over", "bulletin.check", "bulletin.preview"}


def posts() -> list[tuple[str, Role, Callable[..., object]]]:
    """Every address of the desk that takes a form: who may send it, and what answers."""
    found = []
    pages = [page for page, _ in PAGES]
    for router in (*(router for _, router in PAGES), *BELOW):
        for route in router.routes:
            if isinstance(route, APIRoute) and "POST" in route.methods:
                path = route.path.replace("{day}", "2026-05-28").replace("{name}", "vix")
                path = path.replace("{key}", "0123456789")
                found.append((path, page_at(path, pages).role, route.endpoint))
    return found


def test_no_form_of_the_desk_is_taken_without_role_and_mark_and_none_leaves_a_line_then(
    at_desk: DeskClient, desk_settings: Settings
) -> None:
    before = len(audit_log(desk_settings).newest(1000))
    for path, role, _ in posts():
        assert at_desk.post(path, data={"csrf": ""}).status_code == 403, path
        at_desk.leave()
        assert at_desk.post(path).status_code == 401, path
        at_desk.enter("proxy", "mem" if role <= Role.EDITOR else "ed")
        assert at_desk.submit(path).status_code == 403, path
        at_desk.leave().enter()
    assert len(audit_log(desk_settings).newest(1000)) == before


def calls_in(function: Callable[..., object]) -> set[str]:
    """The names of all methods that a function calls, through the functions of its module."""
    module = inspect.getmodule(function)
    found: set[str] = set()
    known, waiting = [function], [function]
    while waiting:
        tree = ast.parse(textwrap.dedent(inspect.getsource(waiting.pop())))
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                found.add(node.func.attr)
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                other = getattr(module, node.func.id, None)
                is_own = inspect.isfunction(other) and other.__module__ == function.__module__
                if is_own and other not in known:
                    known.append(other)
                    waiting.append(other)
    return found


def test_every_form_that_changes_something_leaves_its_line() -> None:
    for path, _, function in posts():
        name = f"{function.__module__.rpartition('.')[2]}.{function.__name__}"
        leaves = {"recorded", "start"} & calls_in(function)  # a command that is started writes it
        assert bool(leaves) == (name not in LOOKS), (path, name)


def test_the_dashboard_stands_on_the_same_port(at_desk: DeskClient) -> None:
    at_desk.leave()
    assert at_desk.get("/healthz").status_code == 200
    assert at_desk.get("/c/sp500.csv").status_code == 200


def test_a_form_without_the_mark_of_the_session_changes_nothing_and_gives_back_what_was_typed(
    at_desk: DeskClient,
) -> None:
    at_desk.csrf = "another"
    answer = at_desk.submit("/desk/runs", what="all", remark="整句的话")
    page = seen(answer, 403)
    assert "什么也没有改" in page.text
    assert "整句的话" in page.text


def test_a_session_that_ends_while_somebody_types_loses_nothing(at_desk: DeskClient) -> None:
    answer = at_desk.leave().submit("/desk/runs", what="all", remark="写了一半的句子")
    page = seen(answer, 401)
    assert "写了一半的句子" in page.text
    assert any("/sign-in" in href for href in page.hrefs())


def test_a_run_goes_on_beside_the_desk_and_leaves_its_log_and_its_line(
    at_desk: DeskClient, desk_settings: Settings
) -> None:
    answer = at_desk.submit("/desk/runs", what="indicator", indicator="pue_global_average",
                          offline="1")  # fmt: skip
    assert answer.status_code == 303
    page = answer.headers["location"]
    name = page.rpartition("/")[2]
    other = create_desk(desk_settings).desk.jobs  # as after the desk was started again
    until = time.monotonic() + 120
    while (job := other.find(name)) is not None and job.is_live and time.monotonic() < until:
        time.sleep(0.2)
    assert job is not None
    assert (job.state, job.status, job.done, job.total) == ("done", 0, 1, 1)
    told = at_desk.see(page).text
    assert "etl run pue_global_average --offline" in told
    assert "pue_global_average" in job.log
    assert "etl run pue_global_average --offline" in at_desk.see("/desk/runs").text
    line = audit_log(desk_settings).newest(1)[0]
    assert (line.who, line.command, line.failed) == (
        "link:operator", "etl run pue_global_average --offline", False
    )  # fmt: skip


def test_a_run_that_was_killed_leaves_its_line_too_and_once(tmp_path: Path) -> None:
    settings = settings_of(tmp_path)
    jobs, name = Jobs(settings), "20260601T010203-0a1b2c"
    jobs.folder.mkdir(parents=True)
    facts = JobFacts(name, ("run", "vix"), "王芳", "2026-06-01T01:02:03+00:00", "vix")
    (jobs.folder / f"{name}.json").write_bytes(FACTS.dump_json(facts))
    (jobs.folder / f"{name}.log").write_text("vix: asks\x1b[2J <b>cboe</b>\n")
    for listed in (jobs, Jobs(settings)):
        (job,) = listed.newest()
        assert job.state == "lost"
    (line,) = audit_log(settings).newest(9)
    assert (line.who, line.command, line.about, line.failed) == ("王芳", "etl run vix", "vix", True)
    assert line.outcome.startswith("ended without a word")
    assert "\x1b" not in line.outcome


def test_a_run_of_nothing_that_exists_is_refused_in_words(at_desk: DeskClient) -> None:
    answer = at_desk.submit("/desk/runs", what="indicator", indicator="sp5000")
    assert "“sp500”" in seen(answer, 400).text
    assert "请选一个来源" in seen(at_desk.submit("/desk/runs", what="source"), 400).text
    assert at_desk.get("/desk/runs/20260101T000000-abcdef").status_code == 400


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The commands that the desk would have started."""
    found: list[list[str]] = []

    def start(self: Jobs, arguments: Sequence[str], *given: object, **named: object) -> str:
        found.append(list(arguments))
        return "20260101T000000-abcdef"

    monkeypatch.setattr(Jobs, "start", start)
    return found


def test_today_has_what_came_and_what_waits_and_who_settled_it(
    at_desk: DeskClient, started: list[list[str]]
) -> None:
    page = at_desk.see("/desk?days=7&lang=en")
    assert "Failing" in page.text or "out of date" in page.text
    answer = at_desk.submit("/desk/note", about="sp500", words="等来源恢复")
    assert answer.status_code == 303
    told = at_desk.get(answer.headers["location"])
    assert "已记下" in told.text
    assert "等来源恢复" in told.text
    assert "已记下" not in at_desk.get(answer.headers["location"]).text  # said once
    assert at_desk.submit("/desk/again", about="sp500").status_code == 303
    assert at_desk.submit("/desk/again", about="fred").status_code == 303
    assert started == [["run", "sp500"], ["run", "--source", "fred"]]
    assert at_desk.submit("/desk/note", about="sp5000", words="?").status_code == 400
    assert at_desk.submit("/desk/note", about="sp500", words="").status_code == 400


def test_an_answer_that_waits_no_more_is_neither_accepted_nor_refused(
    at_desk: DeskClient, started: list[list[str]]
) -> None:
    sent = {"about": "sp500", "made_from": "of an answer that was there before", "reason": "no"}
    for what in ("accept", "refuse"):
        assert "刚刚有人处理过" in seen(at_desk.submit(f"/desk/{what}", **sent), 409).text
    assert started == []


def test_a_rule_is_tried_on_the_past(at_desk: DeskClient) -> None:
    path = "/desk/alerts?indicator=pue_global_average&kind=below&n=1.6&years=10"
    below = [value < 1.6 for _, value in sorted(bundled(PUE, "pue_global_average").items())]
    times = sum(now and not before for before, now in pairwise([False, *below]))
    assert f"过去 10 年会触发 {times} 次" in at_desk.see(path).text
    assert "would have fired 0 times" in at_desk.see(path.replace("1.6", "0.5") + "&lang=en").text
    assert "请写一个数" in at_desk.see(path.replace("1.6", "x"), 400).text
    assert at_desk.get("/desk/alerts?indicator=nothing").status_code == 400


def test_a_value_is_corrected_changed_and_left_as_it_was(
    at_desk: DeskClient, started: list[list[str]], desk_settings: Settings
) -> None:
    typed = {
        "indicator": "pue_global_average", "source": "figures",
        "value": "1.55", "reason": "抄录有误。", "reason_en": "Copied wrongly.",
        "evidence": "第 3 页",
    }  # fmt: skip
    day, value = max(bundled(PUE, "pue_global_average").items())
    typed["date"] = str(day)
    looked = seen(at_desk.submit("/desk/corrections", **typed), 400)
    assert f"{value:.15g}" in looked.text  # what the source gives is shown before it is saved
    typed["expected"] = f"{value:.15g}"
    assert at_desk.submit("/desk/corrections", **typed).status_code == 303
    again = seen(at_desk.submit("/desk/corrections", **typed), 400)
    assert "抄录有误。" in again.text  # it stands already, and what was typed is kept
    which = f"pue_global_average/{day}/figures"
    form = at_desk.see(f"/desk/corrections?edit={which}")
    base = next(n.text for n in form.all("textarea") if n.attributes.get("name") == "base")
    changed = {**typed, "value": "1.52", "replaces": which}
    assert at_desk.submit("/desk/corrections", **changed, base=base).status_code == 303
    other = {**changed, "value": "1.53"}
    told = seen(at_desk.submit("/desk/corrections", **other, base=base), 409)
    assert "+ 1.53" in told.text
    assert "− 1.52" in told.text
    newer = next(n.text for n in told.all("textarea") if n.attributes.get("name") == "base")
    assert at_desk.submit("/desk/corrections", **other, base=newer).status_code == 303
    text = (desk_settings.data / "corrections.yaml").read_text(encoding="utf-8")
    assert "value: 1.53" in text
    gone = at_desk.submit("/desk/corrections/end", which=which, base=base)
    assert gone.status_code == 409  # of one that was changed since
    assert started == [["run", "pue_global_average", "--offline"]] * 3


def test_a_token_is_shown_once_and_can_be_revoked(at_desk: DeskClient) -> None:
    answer = at_desk.submit("/desk/people/token", label="报表", scope="read", days="30")
    where = answer.headers["location"]
    first, second = at_desk.get(where).text, at_desk.get(where).text
    assert "xinzhi-token-" in first
    assert "xinzhi-token-" not in second
    made = at_desk.desk.people.tokens()[0]
    assert made.label == "报表"
    assert "xinzhi-token-" not in str(audit_log(at_desk.desk.desk.settings).newest(5))
    assert at_desk.submit("/desk/people/revoke", number=made.number).status_code == 303
    assert made.number not in {one.number for one in at_desk.desk.people.tokens()}
    assert at_desk.submit("/desk/people/token", label="x", scope="all", days="1").status_code == 400


def test_people_are_held_down_and_signed_out_but_nobody_locks_themselves_out(
    at_desk: DeskClient,
) -> None:
    people = at_desk.desk.people
    people.sign_in_by("proxy", Identity("wang", "王", ("ed",)), "a browser")
    held = at_desk.submit("/desk/people/hold", name="proxy:wang", role="member")
    assert held.status_code == 303
    assert {one.name: one.role for one in people.everyone()}["proxy:wang"] is Role.MEMBER
    assert at_desk.submit("/desk/people/sign-out", name="proxy:wang").status_code == 303
    assert people.sessions("proxy:wang") == []
    mine = at_desk.submit("/desk/people/hold", name="link:operator", role="reader")
    assert mine.status_code == 400
    assert at_desk.submit("/desk/people/sign-out", name="nobody").status_code == 400
    assert "people hold proxy:wang member" in at_desk.see("/desk/people").text


def test_lines_of_the_log_come_newest_first_and_a_cut_line_is_none(tmp_path: Path) -> None:
    log, moment = AuditFile(tmp_path / "state" / "audit.jsonl"), datetime(2026, 5, 27, tzinfo=UTC)
    said = [AuditLine(moment + timedelta(hours=n), "ed", f"etl accept i{n}", "ok", f"i{n}")
            for n in range(3)]  # fmt: skip
    for line in said:
        log.add(line)
    with open(log.path, "ab") as file:
        file.write(b'{"at": "2026')
    assert log.newest(2) == [said[2], said[1]]
    assert log.newest(9, about="i0") == [said[0]]


def test_a_change_that_could_leave_no_line_is_not_begun(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("no folder")
    with pytest.raises(StorageError, match="not made"):
        AuditFile(tmp_path / "state" / "audit.jsonl").require()


def test_two_changes_of_a_text_are_put_together_or_shown_side_by_side() -> None:
    told = {"label": "正文", "message": "别人刚刚改过。"}
    base = "一\n二\n三\n四"
    theirs = base.replace("一", "改过的一")
    assert merged_text(base, theirs, base.replace("四", "改过的四"), **told) == (
        "改过的一\n二\n三\n改过的四\n"
    )
    with pytest.raises(ConflictError) as caught:
        merged_text(base, theirs, base.replace("一", "另一个一"), **told)
    (field,) = caught.value.fields
    assert [(one.kind, one.text) for one in field.lines][:3] == [
        ("theirs", "改过的一"), ("mine", "另一个一"), ("same", "二"),
    ]  # fmt: skip
    assert merged_text(caught.value.base, theirs, "另一个一\n二", **told) == "另一个一\n二\n"
    with pytest.raises(ConflictError):
        merged_text("", theirs, base, **told)  # a form that does not say what it was made from


def test_two_changes_of_a_form_are_put_together_unless_they_are_of_one_field() -> None:
    base = {"name": "甲", "unit": "元", "note": ""}
    held, mine = base | {"name": "乙"}, base | {"note": "说明"}
    told: dict[str, Any] = {"labels": {n: n for n in base}, "message": "!", "carried": "held"}
    both = {"name": "乙", "unit": "元", "note": "说明"}
    assert merged_fields(base, held, mine, **told) == both
    assert merged_fields(base, held, mine | {"name": " 乙 "}, **told)["name"].strip() == "乙"
    with pytest.raises(ConflictError) as caught:
        merged_fields(base, held, mine | {"name": "丙"}, **told)
    assert [one.label for one in caught.value.fields] == ["name"]
    with pytest.raises(ConflictError):
        merged_fields({}, held, mine, **told)
    assert unspelt(spelt(base)) == base
    assert unspelt("{") == unspelt("[]") == {}


def test_lines_far_from_a_change_are_left_out() -> None:
    held = "\n".join(map(str, range(30)))
    kinds = [one.kind for one in lines(held, held.replace("15", "fifteen"))]
    assert kinds == ["cut", "same", "same", "theirs", "mine", "same", "same", "cut"]
