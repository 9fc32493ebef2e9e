"""How many readers may have something costly made for them at once, in one process."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from etl.errors import XinzhiError


class BusyError(XinzhiError):
    """Too many at once; the same question will be answered in a moment."""


class Turnstile:
    """Lets so many in at once and turns the rest away. Counted on the event loop, so that those who
    are turned away cost nothing."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.inside = 0

    @contextmanager
    def entering(self) -> Iterator[None]:
        """The place of one reader; BusyError when all are taken."""
        if self.inside >= self.most:
            raise BusyError("Too much is being drawn at once; ask again in a second.")
        self.inside += 1
        try:
            yield
        finally:
            self.inside -= 1
