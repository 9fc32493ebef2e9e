"""Long lists in pages: which one an address asks for, and what stands on it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from dashboard.address import AddressError

_PAGE = re.compile(r"[1-9][0-9]{0,5}", re.ASCII)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Paged(Generic[T]):
    """One page of a list: its number, of how many, where it begins, and what stands on it."""

    number: int
    pages: int
    first: int
    shown: Sequence[T]
    #: How many there are on all pages.
    all: int


def paged(text: str, found: Sequence[T], most: int) -> Paged[T]:
    """The page of `found` that the parameter `page` names; an AddressError where there is none."""
    if text and not _PAGE.fullmatch(text):
        raise AddressError("page", f"page: '{text[:40]}' is no page; write a number from 1 on.")
    number, pages = int(text or 1), max(1, -(-len(found) // most))
    if number > pages:
        raise AddressError("page", f"page: {number} is beyond the last page, which is {pages}.")
    first = (number - 1) * most
    return Paged(number, pages, first, found[first : first + most], len(found))
