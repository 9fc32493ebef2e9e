"""What every source is: two steps, of which only the first leaves the program."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Protocol

from etl.catalog import Indicator
from etl.observation import Observation
from etl.upstream import Upstream

Params = Mapping[str, Any]


class Source(Protocol):
    """One upstream. `online` sources are left out of an offline run."""

    @property
    def name(self) -> str: ...

    @property
    def online(self) -> bool: ...

    def fetch(self, indicator: Indicator, params: Params, since: date, out: Upstream) -> bytes:
        """The answer as it came; SourceUnavailable or UnexpectedPayload in words."""
        ...

    def parse(self, payload: bytes, indicator: Indicator, params: Params) -> Sequence[Observation]:
        """What the answer says, in the order of dates; pure."""
        ...
