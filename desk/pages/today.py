"""/desk: what came in overnight, and what waits for a person."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import Response

from dashboard.pages import status
from desk.frame import DeskPage
from desk.pages.runs import clock
from desk.request import Asked, Sent

PATH = "/desk"
PAGE = DeskPage(PATH, "desk_today")
router = APIRouter()


@router.get(PATH)
def today(ask: Asked) -> Response:
    """What waits for a person."""
    found = status.layout(ask.as_page(status.PATH), clock(ask)).context
    return ask.show("today", ask.say("desk_today"), waiting=found["waiting"],
                    accept=ask.urls.page(f"{PATH}/accept"))  # fmt: skip


@router.post(f"{PATH}/accept")
def accept(ask: Asked, form: Sent) -> Response:
    """Accept the held answers of an indicator."""
    name = form["indicator"]
    return ask.start(["accept", name], name)
