"""The ways in at whose pages people sign in, one module each; links, headers of a proxy and tokens
need no page and are known to `people` itself."""

from __future__ import annotations

from collections.abc import Mapping

from dashboard.people.ways.way import Way
from etl.settings import Settings


def ways_of(settings: Settings) -> Mapping[str, Way]:
    """The providers that the settings name, in their order. Each is loaded where it is named."""
    found: dict[str, Way] = {}
    for name in settings.sign_in.ways:
        if name == "oidc" and settings.sign_in.oidc:
            from dashboard.people.ways.oidc import OpenId

            found[name] = OpenId(settings, settings.sign_in.oidc)
        if name == "wecom" and settings.sign_in.wecom:
            from dashboard.people.ways.wecom import Wecom

            found[name] = Wecom(settings, settings.sign_in.wecom)
    return found
