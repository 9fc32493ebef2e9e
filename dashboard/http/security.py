"""What every answer tells the browser: what may run on a page, and who else may read the data."""

from __future__ import annotations

import re

from dashboard.assistants import PATH as ASSISTANT_PATH
from dashboard.chart_page.page import style_hash
from dashboard.http.asgi import RawHeaders
from dashboard.pages.draft import PATH as DRAFT_PATH
from etl.subscribers import LEAVE

CALLBACK_PATH = "/_dash-update-component"
#: How the addresses of scripts, styles and callbacks begin; no person writes them.
MACHINERY = ("/_", "/assets/", "/static/")
#: Where the editor's desk stands, in a process that has one, and how its addresses begin.
DESK = "/desk"
#: For those who run the site.
OPERATIONS = frozenset({"/healthz", "/readyz", "/metrics"})
METHODS, CALLBACK_METHODS = ("GET", "HEAD", "OPTIONS"), ("POST", "OPTIONS")
FORM_METHODS = ("GET", "HEAD", "POST", "OPTIONS")
#: Where forms are sent.
FORM_PATHS = frozenset({DRAFT_PATH, "/sign-out"})
#: Data, API, feeds and pictures: anyone may read them from a page of their own, errors included.
_OPEN = re.compile(
    r"/api/(?!docs)|/verify/|/oembed\Z|/(c|bulletins)/[^/]*\.[^/]*\Z|/[a-z]+\.(xml|jsonld|atom|txt|opml)\Z"
)
_OPEN_HEADERS: RawHeaders = [
    (b"access-control-allow-origin", b"*"),
    (
        b"access-control-expose-headers",
        b"Content-Disposition, ETag, Link, Retry-After, X-Request-ID, X-Row-Count, X-Snapshot",
    ),
]
_PREFLIGHT: RawHeaders = [
    (b"access-control-allow-methods", ", ".join(METHODS).encode()),
    (b"access-control-allow-headers", b"*"),
    (b"access-control-max-age", b"86400"),
]


def policy(**sources: str) -> str:
    """A content security policy: what these kinds of content may come from; all others from
    nowhere, and no page may be framed by another site unless it says so."""
    given = {
        "default_src": "'none'", "base_uri": "'none'", "form_action": "'none'",
        "frame_ancestors": "'self'", **sources,
    }  # fmt: skip
    return "; ".join(f"{name.replace('_', '-')} {value}" for name, value in given.items())


#: Where an answer names no policy of its own.
PAGES = policy(
    default_src="'self'",
    script_src="'self'",
    style_src="'self' 'unsafe-inline'",
    img_src="'self' data: blob:",
    connect_src="'self'",
    font_src="'self'",
    object_src="'none'",
    form_action="'self'",
)
#: Nothing runs on a chart page but its one script, and nothing is styled but by its one style.
CHART_PAGE = policy(
    img_src="'self'",
    style_src=f"'{style_hash()}'",
    script_src="'self'",
    connect_src="'self'",
    frame_src="'self'",
    object_src="'none'",
    form_action="'self'",
)
#: An embedded page may stand in a frame of any site; it holds no more than the page itself.
EMBEDDED = (
    CHART_PAGE.replace("frame-ancestors 'self'", "frame-ancestors *")
    .replace("frame-src 'self'", "frame-src 'none'")
    .replace("form-action 'self'", "form-action 'none'")
)
#: A page that is read, with a style of the site.
DOCUMENT = policy(style_src="'self'", img_src="'self'", frame_ancestors="'none'")
#: A file that is no page.
NOTHING = "default-src 'none'"
#: A picture may hold its own style, and nothing else.
PICTURE = "default-src 'none'; img-src 'self'; style-src 'unsafe-inline'; sandbox"
_RULES: RawHeaders = [
    (b"content-security-policy", PAGES.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"strict-origin-when-cross-origin"),
]


def is_open(path: str) -> bool:
    """Whether pages of other sites may read what this address answers."""
    return _OPEN.match(path) is not None


def is_of_the_desk(path: str) -> bool:
    """Whether an address belongs to the editor's desk."""
    return f"{path}/".startswith(f"{DESK}/")


def allowed(path: str) -> tuple[str, ...]:
    """The methods that an address answers."""
    if path in FORM_PATHS or is_of_the_desk(path) or path.startswith(f"{LEAVE}/"):
        return FORM_METHODS
    if path in (CALLBACK_PATH, ASSISTANT_PATH, f"{ASSISTANT_PATH}/"):
        return CALLBACK_METHODS
    return METHODS


def with_rules(headers: RawHeaders, path: str) -> RawHeaders:
    """The headers of an answer with those that every answer has."""
    named = {name for name, _ in headers}
    rules = [rule for rule in _RULES if rule[0] not in named]
    return [*headers, *rules, *(_OPEN_HEADERS if is_open(path) else ())]


def options(path: str) -> RawHeaders:
    """What OPTIONS is told of an address."""
    allow = (b"allow", ", ".join(allowed(path)).encode())
    return [allow, *(_PREFLIGHT if is_open(path) else ())]
