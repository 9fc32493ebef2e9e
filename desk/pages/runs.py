"""/desk/runs: start a run, watch how it goes on, read what it said, and what came before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fastapi import APIRouter
from fastapi.responses import Response

from dashboard import formatting
from dashboard.pages import status
from dashboard.pages.page import PageClock
from dashboard.pages.status import RunRow
from desk.frame import DeskPage
from desk.jobs import Job
from desk.request import Asked, DeskRequest, Sent
from etl.catalog import Catalog
from etl.errors import SettingError, StorageError, XinzhiError
from etl.ingest.run import Request, select
from etl.policies import candidates
from etl.records import now

PATH = "/desk/runs"
PAGE = DeskPage(PATH, "desk_runs")
router = APIRouter()
#: Sources that ask nobody: there is nothing of them to choose.
_AT_HOME = frozenset({"derived", "register", "figures", "manual"})
_LISTED = 30


@dataclass(frozen=True, slots=True)
class JobRow:
    """A command that was started here, in words."""

    href: str
    command: str
    who: str
    asked: str
    took: str
    state: str
    state_words: str


@router.get(PATH)
def runs(ask: Asked) -> Response:
    """The form, the commands started here, and the runs of the warehouse."""
    return _listed(ask)


@router.post(PATH)
def start(ask: Asked, form: Sent) -> Response:
    """Begin a run."""
    what, source, name = form["what"] or "all", form["source"], form["indicator"]
    offline = bool(form["offline"])
    try:
        catalog = ask.catalog()
        request = _request(ask, what, source, name, offline)
        subjects = subjects_of(catalog, request)
        arguments = _arguments(catalog, request)
        return ask.start(arguments, "", subjects)
    except SettingError as error:
        typed: dict[str, str | bool] = {
            "what": what,
            "source": source,
            "indicator": name,
            "offline": offline,
        }
        return _listed(ask, ask.in_words(error), typed, code=400)


@router.get(f"{PATH}/{{name}}")
def one(ask: Asked, name: str) -> Response:
    """A command: how it stands, and all that it has said."""
    job = _job(ask, name)
    return ask.show(
        "job", job.command, job=job, row=job_row(ask, job), poll=_poll(ask, job),
        stop=ask.urls.page(f"{PATH}/{name}/stop"), runs=ask.urls.page(PATH),
    )  # fmt: skip


@router.get(f"{PATH}/{{name}}/progress")
def progress(ask: Asked, name: str) -> Response:
    """The part of that page that changes while it goes on."""
    job = _job(ask, name)
    return ask.part("parts/job.html", job=job, row=job_row(ask, job), poll=_poll(ask, job))


@router.post(f"{PATH}/{{name}}/stop")
def stop(ask: Asked, form: Sent, name: str) -> Response:
    """Ask a command to end; what was stored and published before stays."""
    job = _job(ask, name)
    with ask.recorded(["stop", job.command], job.facts.about) as told:
        told.outcome = "asked to end" if ask.desk.jobs.stop(name) else "had ended already"
    return ask.back(f"{PATH}/{name}", ask.say("stop_asked"))


def subjects_of(catalog: Catalog, request: Request) -> list[str]:
    """What a run will name, one after the other."""
    chosen = select(catalog, request)
    finders = candidates.asked(catalog, request.ids, request.source, offline=request.offline)
    return [*(one.id for one in chosen), *(one.name for one in finders)]


def job_row(ask: DeskRequest, job: Job) -> JobRow:
    """A command in words."""
    until = job.ended_at or (now() if job.is_live else None)
    seconds = (until - job.asked_at).total_seconds() if until else None
    words = ask.say(f"job_{job.state}")
    if job.state == "done" and job.status == 1:
        words = ask.say("job_done_partly")
    return JobRow(
        href=ask.urls.page(f"{PATH}/{job.name}"),
        command=job.command,
        who=ask.called([job.facts.who])[job.facts.who],
        asked=formatting.minute(job.asked_at),
        took="—" if seconds is None else status.took(seconds, ask.lang),
        state=job.state,
        state_words=words,
    )


def past_runs(ask: DeskRequest) -> Sequence[RunRow]:
    """The runs that the snapshot knows of, the newest first; none without a snapshot."""
    try:
        request = ask.as_page(status.PATH)
    except StorageError:
        return ()
    return status.run_rows(request)


def clock(ask: DeskRequest) -> PageClock:
    """The minute, for pages that are judged by it."""
    snapshots, minute = ask.desk.snapshots, now().replace(second=0, microsecond=0)
    return PageClock(minute, snapshots.problem, snapshots.published())


def _listed(
    ask: DeskRequest,
    problem: str = "",
    typed: dict[str, str | bool] | None = None,
    code: int = 200,
) -> Response:
    catalog, wrong = None, ""
    try:
        catalog = ask.catalog()
    except XinzhiError as error:
        wrong = ask.in_words(error)
    return ask.show(
        "runs", ask.say("desk_runs"), code,
        problem=problem or wrong,
        typed=typed or {"what": "all", "source": "", "indicator": "", "offline": False},
        sources=_sources(ask, catalog) if catalog else [],
        indicators=[(one.id, one.title.in_(ask.lang)) for one in catalog.all()] if catalog else [],
        jobs=[job_row(ask, job) for job in ask.desk.jobs.newest(_LISTED)],
        past=past_runs(ask),
        action=ask.urls.page(PATH),
    )  # fmt: skip


def _sources(ask: DeskRequest, catalog: Catalog) -> list[tuple[str, str]]:
    """The sources of the catalog that are asked over the network, and what they are called."""
    used = {ref.name for one in catalog.all() for ref in one.sources} - _AT_HOME
    return [(name, ask.say(f"source_{name}")) for name in (*sorted(used), *candidates.FINDERS)]


def _request(ask: DeskRequest, what: str, source: str, name: str, offline: bool) -> Request:
    if what == "source":
        if not source:
            raise SettingError(ask.say("choose_source"))
        return Request(source=source, offline=offline)
    if what == "indicator":
        if not name:
            raise SettingError(ask.say("choose_indicator"))
        return Request((name,), offline=offline)
    return Request(offline=offline)


def _arguments(catalog: Catalog, request: Request) -> list[str]:
    given = ["run", *(catalog.resolve(name) for name in request.ids)]
    given += ["--source", request.source] if request.source else []
    return given + (["--offline"] if request.offline else [])


def _job(ask: DeskRequest, name: str) -> Job:
    job = ask.desk.jobs.find(name)
    if job is None:
        raise SettingError(ask.say("no_such_job"))
    return job


def _poll(ask: DeskRequest, job: Job) -> str:
    """Where a script asks how it goes on; empty when nothing changes any more."""
    return ask.urls.page(f"{PATH}/{job.name}/progress") if job.is_live else ""
