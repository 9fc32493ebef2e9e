"""/desk/wechat: what an article for WeChat is made of: its text, pictures, codes and captions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from urllib.parse import urlencode, urlsplit

from fastapi import APIRouter
from fastapi.responses import Response
from markupsafe import Markup

from dashboard import formatting
from dashboard.address import MAX_TITLE, AddressError, day_of
from dashboard.address import title as headline_of
from dashboard.chart.qr import qr_png
from dashboard.chart_page import kit
from dashboard.chart_page.kit import Kit
from dashboard.chart_page.page import lasting_address
from dashboard.chart_page.view import View
from dashboard.data.snapshot import Snapshot
from dashboard.display import Display
from dashboard.http.security import DESK
from dashboard.pages.draft import placed
from dashboard.pages.today import PreparedBulletin
from dashboard.static_copy.pack import (
    MOST_CHARTS,
    article,
    bulletin_kit,
    bulletin_views,
    once_each,
)
from desk.frame import DeskPage, asset
from desk.pages.bulletin import read_text
from desk.request import PRIVATE, Asked, DeskRequest
from etl.bulletins.mentions import mentions
from etl.bulletins.model import Bulletin
from etl.bulletins.read import read_bulletin
from etl.errors import SettingError
from etl.files.authored import bulletin_files
from etl.files.drafts import Drafts
from etl.sign_in import is_loopback

PATH = f"{DESK}/wechat"
PAGE = DeskPage(PATH, "desk_wechat")
router = APIRouter()
#: How the field of an editor's own headline is called, before the indicator.
TITLE = "title_"
#: Pictures that an article needs: what they are for, and the size of their address.
PICTURES = (("picture_insert", "og"), ("picture_square", "square"), ("picture_cover", "wechat"))


@dataclass(frozen=True, slots=True)
class WechatChart:
    """One chart of the article: its words, its pictures by what they are for, and its code."""

    id: str
    name: str
    own_title: str
    kit: Kit
    pictures: Sequence[tuple[str, str, str]]
    code: str
    page: str


@dataclass(frozen=True, slots=True)
class ToldBulletin:
    """The text of a day, of the draft where there is one, and the indicators of each part of it."""

    bulletin: Bulletin
    parts: Mapping[str, Sequence[str]]
    is_draft: bool


@router.get(PATH)
def newest(ask: Asked) -> Response:
    """The same for the newest day that has a text."""
    days = [one.day for one in Drafts(ask.settings).all()]
    days += bulletin_files(ask.settings)
    if not days:
        raise SettingError(ask.say("no_text_yet"))
    return _shown(ask, max(days))


@router.get(f"{PATH}/{{day}}")
def one(ask: Asked, day: str) -> Response:
    """Everything that is inserted with the bulletin of a day."""
    return _shown(ask, day_of("date", day))


def _shown(ask: DeskRequest, when: date) -> Response:
    snapshot = ask.snapshot()
    told, titles = _told(ask, snapshot, when), _titles(ask)
    views = _views(ask, snapshot, told, titles)
    shown = [seen.address.id for seen in views]
    here, query = f"{PATH}/{when}", {f"{TITLE}{name}": words for name, words in titles.items()}
    names = once_each(told.parts)
    host = urlsplit(ask.desk.site.urls.base).hostname or ""
    return ask.show(
        "wechat", ask.say("desk_wechat"), is_local=is_loopback(host),
        day=formatting.full_date(when, ask.lang), is_draft=told.is_draft, told=told,
        draft=ask.urls.page(f"{DESK}/bulletin/{when}"), action=ask.urls.form(here),
        kept={name: value for name, value in ask.urls.kept.items() if value}, most=MAX_TITLE,
        charts=[_chart(ask, when, seen, titles) for seen in views],
        waiting=[snapshot.catalog[name].short.in_(ask.lang) for name in names if name not in shown],
        zip=ask.urls.page(f"{here}/kit.zip", **query),
        article=Markup(article(told.bulletin, told.parts, views[:MOST_CHARTS], ask.desk.site)),
        style=asset(ask.urls, "bulletin.css"), script=asset(ask.urls, "bulletin.js"),
    )  # fmt: skip


@router.get(f"{PATH}/{{day}}/kit.zip")
def whole_kit(ask: Asked, day: str) -> Response:
    """The article and all that belongs to its charts, as one file."""
    when, snapshot = day_of("date", day), ask.snapshot()
    told = _told(ask, snapshot, when)
    body = bulletin_kit(snapshot, told.bulletin, Display(), ask.desk.site, told.parts, _titles(ask))
    name = f"wechat_{when}.zip"
    headers = {**PRIVATE, "Content-Disposition": f'attachment; filename="{name}"'}
    return Response(body, 200, headers, "application/zip")


@router.get(f"{PATH}/{{day}}/{{name}}/qr.png")
def code(ask: Asked, day: str, name: str) -> Response:
    """The code of one chart, which leads to its short link."""
    when, snapshot = day_of("date", day), ask.snapshot()
    told = _told(ask, snapshot, when)
    found = replace(told, parts={"": [one for one in once_each(told.parts) if one == name]})
    for seen in _views(ask, snapshot, found, _titles(ask)):
        link = kit.kit(seen, ask.desk.site).link
        headers = {**PRIVATE, "Content-Disposition": f'attachment; filename="{name}_qr.png"'}
        return Response(qr_png(link), 200, headers, "image/png")
    raise AddressError("name", ask.say("no_such_chart"), 404)


def _chart(ask: DeskRequest, when: date, seen: View, titles: Mapping[str, str]) -> WechatChart:
    name, own = seen.address.id, titles.get(seen.address.id, "")
    link = ask.urls.chart(lasting_address(seen), ".png")
    join = "&" if "?" in link else "?"
    mine = {f"{TITLE}{name}": own} if own else {}
    return WechatChart(
        id=name,
        name=seen.columns[0].indicator.title.in_(ask.lang),
        own_title=own,
        kit=kit.kit(seen, ask.desk.site),
        pictures=[
            (words, f"{link}{join}{urlencode({'size': size})}", f"{name}_{size}.png")
            for words, size in PICTURES
        ],
        code=ask.urls.page(f"{PATH}/{when}/{name}/qr.png", **mine),
        page=ask.urls.chart(seen.address),
    )


def _views(
    ask: DeskRequest, snapshot: Snapshot, told: ToldBulletin, titles: Mapping[str, str]
) -> list[View]:
    """The charts, in Chinese as the text is."""
    day = told.bulletin.date
    return bulletin_views(snapshot, day, once_each(told.parts), Display(), titles)


def _titles(ask: DeskRequest) -> Mapping[str, str]:
    """The editor's own headlines; an AddressError for one that is too long."""
    found = {}
    for name, words in ask.query.items():
        if name.startswith(TITLE) and (own := headline_of(words)):
            found[name.removeprefix(TITLE)] = own
    return found


def _told(ask: DeskRequest, snapshot: Snapshot, when: date) -> ToldBulletin:
    held = Drafts(ask.settings).read(when)
    if held is not None:
        bulletin = read_text(ask, when, held.text)
    elif when in bulletin_files(ask.settings):
        bulletin = read_bulletin(bulletin_files(ask.settings)[when]).bulletin
    else:
        raise AddressError("date", ask.say("no_text_of_day"), 404)
    found = PreparedBulletin(bulletin, placed(mentions(bulletin, snapshot.catalog)), (), {})
    return ToldBulletin(bulletin, found.mentioned, held is not None)
