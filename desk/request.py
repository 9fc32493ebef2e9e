"""One editor asking for one page of the desk, or sending a form: what every page is given, and the
ways in which it answers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import PurePath
from typing import Annotated, Any

from fastapi import Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.datastructures import FormData, UploadFile

from dashboard.chart_page.page import SiteConfig
from dashboard.data.snapshot import Snapshot, Snapshots
from dashboard.display import Display, choices
from dashboard.pages.page import PageRequest
from dashboard.people import People, Person, csrf_token, has_word
from dashboard.people.changes import FIELD, HEADER
from dashboard.people.door import PEOPLE
from dashboard.urls import Urls
from desk.audit import ChangeTold, recorded
from desk.checking import DraftCheckers
from desk.flash import FlashMessages
from desk.frame import frame
from desk.jobs import Jobs
from desk.markup import render
from desk.texts import text
from etl.catalog import Catalog, load_catalog
from etl.errors import SettingError, XinzhiError, in_words, quoted
from etl.settings import Settings

#: Nobody keeps what the desk answers.
PRIVATE = {"Cache-Control": "private, no-store"}
MOST_FIELDS, MOST_FILES = 2_000, 20


@dataclass(frozen=True, slots=True)
class DeskService:
    """What the pages of a desk share; `request.app.state.desk`. `find_snapshots` gives those that
    editors read: what is for the committee is in them, from the first that is published on."""

    settings: Settings
    site: SiteConfig
    find_snapshots: Callable[[], Snapshots]
    jobs: Jobs
    flash: FlashMessages
    checkers: DraftCheckers

    @property
    def snapshots(self) -> Snapshots:
        """Those that editors read at this moment."""
        return self.find_snapshots()


class FormExpired(XinzhiError):
    """A form was sent without the mark of the session that it was made in; nothing was changed."""


@dataclass(frozen=True, slots=True)
class DeskFile:
    """A file that was sent with a form; `name` is the last part of what it was called."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class DeskForm:
    """What was sent: fields by name, each once or several times, and files."""

    fields: Mapping[str, Sequence[str]]
    files: Mapping[str, Sequence[DeskFile]]

    def __getitem__(self, name: str) -> str:
        """What stands in a field, without spaces around it; empty where it was not sent."""
        return self.typed(name).strip()

    def typed(self, name: str) -> str:
        """The same as it was typed."""
        return next(iter(self.fields.get(name, ())), "").replace("\r\n", "\n")

    def all(self, name: str) -> Sequence[str]:
        """Everything that was chosen in fields of this name."""
        return self.fields.get(name, ())

    def file(self, name: str) -> DeskFile | None:
        """The file of a field, if one was chosen; a SettingError in words where there are several,
        or where it holds nothing."""
        chosen = [one for one in self.files.get(name, ()) if one.name or one.content]
        if len(chosen) > 1:
            names = ", ".join(quoted(one.name) for one in chosen)
            raise SettingError(f"{len(chosen)} files were sent ({names}); send one.")
        if chosen and not chosen[0].content:
            raise SettingError(f"The file '{quoted(chosen[0].name)}' is empty.")
        return chosen[0] if chosen else None


@dataclass(frozen=True, slots=True)
class DeskRequest:
    """The request, who asks, and the links of the site in the way they chose to see it."""

    request: Request
    desk: DeskService
    person: Person
    urls: Urls

    @property
    def people(self) -> People:
        """Who may sign in here, and who has."""
        found: People = self.request.scope[PEOPLE]
        return found

    def called(self, names: Iterable[str]) -> Mapping[str, str]:
        """How those of these names are called who have signed in; the others by their names."""
        shown = {one.name: one.shown for one in self.people.everyone()}
        return {name: shown.get(name, name) for name in names}

    @property
    def settings(self) -> Settings:
        return self.desk.settings

    @property
    def lang(self) -> str:
        return self.urls.display.lang

    @property
    def query(self) -> Mapping[str, str]:
        return self.request.query_params

    @property
    def path(self) -> str:
        return self.request.url.path

    def say(self, name: str, **values: object) -> str:
        """The words called so, in the editor's language."""
        return text(name, self.lang, **{key: str(value) for key, value in values.items()})

    def in_words(self, said: XinzhiError | str) -> str:
        """What a program says, in the editor's language where that is known."""
        return in_words(str(said), self.lang)

    def catalog(self) -> Catalog:
        """The catalog as it stands in its file; a CatalogError in words where it is wrong."""
        return load_catalog(self.settings.catalog)

    def snapshot(self) -> Snapshot:
        """The newest snapshot; a StorageError in words where there is none."""
        return self.desk.snapshots.current()

    def as_page(self, path: str, **query: str) -> PageRequest:
        """The same editor asking the dashboard for one of its pages, of what is known now."""
        return PageRequest(self.snapshot(), path, query, self.urls, self.desk.site)

    def show(self, template: str, title: str, /, status: int = 200, **context: Any) -> Response:
        """The page that the template `pages/NAME.html` makes of `context`, in the desk's frame."""
        around = frame(self.person, self.urls, self.path, self.settings)
        body = render(
            f"pages/{template}.html", self.lang, title=title, frame=around, urls=self.urls,
            csrf=csrf_token(self.request.scope), said=self._said(), **context,
        )  # fmt: skip
        return HTMLResponse(body, status, PRIVATE)

    def part(self, template: str, /, **context: Any) -> Response:
        """A part of a page, for a script that puts it in its place."""
        body = render(
            template, self.lang, urls=self.urls, csrf=csrf_token(self.request.scope), **context
        )
        return HTMLResponse(body, 200, PRIVATE)

    def back(
        self,
        path: str,
        said: str = "",
        *,
        is_problem: bool = False,
        fragment: str = "",
        **query: str,
    ) -> Response:
        """To another page after something was done, with a sentence that it shows once."""
        token = self.desk.flash.keep(self.person.name, said, is_problem=is_problem) if said else ""
        link = self.urls.page(path, fragment=fragment, **query, said=token)
        return RedirectResponse(link, 303, PRIVATE)

    def recorded(
        self, command: Sequence[str], about: str = "", program: str = "etl"
    ) -> AbstractContextManager[ChangeTold]:
        """Around a change: it leaves one line in the audit log, however it ends."""
        return recorded(self.settings, self.person, command, about, program)

    def start(
        self, arguments: Sequence[str], about: str = "", subjects: Sequence[str] = ()
    ) -> Response:
        """Begin a command of `etl` in the background, and lead to the page that shows how it goes
        on."""
        name = self.desk.jobs.start(arguments, self.person.name, about, subjects, lang=self.lang)
        return RedirectResponse(self.urls.page(f"/desk/runs/{name}"), 303, PRIVATE)

    def _said(self) -> tuple[str, bool] | None:
        return self.desk.flash.take(self.person.name, self.query.get("said", ""))


def desk_request(request: Request) -> DeskRequest:
    """Who asks, and for what; the door has seen before that they may."""
    desk: DeskService = request.app.state.desk
    chosen = replace(desk.site.urls, display=_display(request))
    return DeskRequest(request, desk, request.scope["person"], chosen)


async def sent_form(request: Request) -> DeskForm:
    """The form that was sent, if it bears the mark of the session; FormExpired else."""
    async with request.form(max_files=MOST_FILES, max_fields=MOST_FIELDS) as form:
        found = await _read(form)
    person: Person = request.scope["person"]
    if not has_word(person, found[FIELD] or request.headers.get(HEADER, "")):
        raise FormExpired("The form was not sent from a page of this session.")
    return found


async def _read(form: FormData) -> DeskForm:
    fields: dict[str, list[str]] = {}
    files: dict[str, list[DeskFile]] = {}
    for name, value in form.multi_items():
        if isinstance(value, UploadFile):
            called = PurePath((value.filename or "").replace("\\", "/")).name
            files.setdefault(name, []).append(DeskFile(called, await value.read()))
        else:
            fields.setdefault(name, []).append(value)
    return DeskForm(fields, files)


def _display(request: Request) -> Display:
    return choices(dict(request.query_params))


#: What a page asks for: `def page(ask: Asked)`, and `def save(ask: Asked, form: Sent)`.
Asked = Annotated[DeskRequest, Depends(desk_request)]
Sent = Annotated[DeskForm, Depends(sent_form)]
