"""What is said once, on the page after something was done."""

from __future__ import annotations

import secrets
from collections import OrderedDict
from threading import Lock

#: How many sentences wait for their page; the oldest are dropped.
MOST = 500


class FlashMessages:
    """Sentences that wait for the page that shows them, each for one person. They are kept in
    memory: what was done stands in the audit log."""

    def __init__(self) -> None:
        self._waiting: OrderedDict[str, tuple[str, str, bool]] = OrderedDict()
        self._lock = Lock()

    def keep(self, who: str, sentence: str, *, is_problem: bool = False) -> str:
        """The mark under which the sentence waits."""
        mark = secrets.token_urlsafe(9)
        with self._lock:
            self._waiting[mark] = (who, sentence, is_problem)
            if len(self._waiting) > MOST:
                self._waiting.popitem(last=False)
        return mark

    def take(self, who: str, mark: str) -> tuple[str, bool] | None:
        """The sentence under a mark, and whether it tells of a problem; once, and only to the
        person whom it is for."""
        with self._lock:
            found = self._waiting.get(mark)
            if found is None or found[0] != who:
                return None
            del self._waiting[mark]
            return found[1], found[2]
