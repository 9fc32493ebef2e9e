"""The one way from here to the network: through the same proxy, certificates and bounds as all
that the sources ask."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from dashboard.people.roles import DoorError
from etl.errors import SourceError, UnexpectedPayload
from etl.ingest.upstream import Upstream
from etl.settings import Settings

_MOST = 1_000_000


class ProviderError(DoorError):
    """A provider said no: the error that it names."""

    def __init__(self, message: str, named: str) -> None:
        super().__init__("door_provider", message)
        self.named = named


def asked(
    settings: Settings,
    url: str,
    headers: Mapping[str, str] | None = None,
    posted: str | None = None,
) -> Mapping[str, Any]:
    """The JSON object that an address answers, a form being `posted` where one is given; a
    ProviderError where it names an error, a DoorError (503) where there is no such answer."""
    given = {"Accept": "application/json", **(headers or {})}
    try:
        with Upstream(settings) as out:
            if posted is None:
                body = out.get(url, headers=given)
            else:
                kind = {"Content-Type": "application/x-www-form-urlencoded"}
                body = out.post(url, posted.encode(), headers={**kind, **given})
    except UnexpectedPayload as error:
        named = _object(error.body).get("error")
        if isinstance(named, str):
            raise ProviderError(f"{error} It says: {named[:80]}.", named) from None
        raise _away(settings, error) from None
    except SourceError as error:
        raise _away(settings, error) from None
    found = _object(body)
    if not found:
        raise _away(settings, UnexpectedPayload("It answered no JSON object."))
    return found


def _object(body: bytes) -> Mapping[str, Any]:
    try:
        found = json.loads(body[:_MOST]) if body else {}
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _away(settings: Settings, error: SourceError) -> DoorError:
    why = settings.without_secrets(str(error))
    return DoorError("door_away", why, 503)
