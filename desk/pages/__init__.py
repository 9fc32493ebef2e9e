"""The pages of the desk, in the order of its navigation: one module each, with a `PAGE` and a
`router`. A new one is one more line here."""

from __future__ import annotations

from fastapi import APIRouter

from desk import grid
from desk.frame import DeskPage
from desk.pages import (
    alerts,
    bulletin,
    corrections,
    hand_tables,
    indicators,
    people,
    register,
    runs,
    today,
    wechat,
)

#: Each page with its routes.
PAGES: tuple[tuple[DeskPage, APIRouter], ...] = tuple(
    (one.PAGE, one.router)
    for one in (
        today,
        bulletin,
        wechat,
        corrections,
        alerts,
        indicators,
        register,
        runs,
        people,
    )
)
#: What stands below one of them.
BELOW: tuple[APIRouter, ...] = (hand_tables.router, grid.router)
